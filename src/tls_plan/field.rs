//! The fields of `ServerTLSSettings`, and why one that is set has no effect.

use std::fmt;

use super::{CertificateSource, TlsPlan};
use crate::TlsMode;

macro_rules! fields {
    ($($Field:ident $name:literal)*) => {
        /// A field of `ServerTLSSettings`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TlsField {
            $(#[doc = concat!("`", $name, "`.")] $Field,)*
        }

        impl TlsField {
            /// All fields, by their numbers.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$Field),*];

            /// The name in JSON and YAML.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$Field => $name,)*
                }
            }
        }
    };
}

fields! {
    HttpsRedirect "httpsRedirect"
    Mode "mode"
    ServerCertificate "serverCertificate"
    PrivateKey "privateKey"
    CaCertificates "caCertificates"
    CaCrl "caCrl"
    CredentialName "credentialName"
    CredentialNames "credentialNames"
    CaCertCredentialName "caCertCredentialName"
    TlsCertificates "tlsCertificates"
    SubjectAltNames "subjectAltNames"
    VerifyCertificateSpki "verifyCertificateSpki"
    VerifyCertificateHash "verifyCertificateHash"
    MinProtocolVersion "minProtocolVersion"
    MaxProtocolVersion "maxProtocolVersion"
    CipherSuites "cipherSuites"
    InsecureSkipVerify "insecureSkipVerify"
    EcdhCurves "ecdhCurves"
    AlpnProtocols "alpnProtocols"
}

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldSet(u32);

impl FieldSet {
    /// The fields that are set, of all.
    pub(super) fn from_array(fields: [(TlsField, bool); TlsField::ALL.len()]) -> Self {
        let bits = fields.into_iter().filter(|(_, is_set)| *is_set);
        Self(bits.fold(0, |bits, (field, _)| bits | 1 << field as u32))
    }

    /// Whether a field is in the set.
    #[must_use]
    pub fn contains(self, field: TlsField) -> bool {
        self.0 & (1 << field as u32) != 0
    }

    /// The fields, by their numbers.
    pub fn iter(self) -> impl Iterator<Item = TlsField> {
        TlsField::ALL.into_iter().filter(move |field| self.contains(*field))
    }
}

/// Why a field that is set has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IgnoreReason {
    /// The mode is a passthrough.
    Passthrough,
    /// The certificate of this field is used.
    OtherCertificate(TlsField),
    /// The proxy's own certificate is used.
    ProxyCertificate,
    /// No client's certificate is requested.
    NoCertificateRequested,
    /// The proxy's own CA is used.
    ProxyCa,
    /// The CA of this field is used.
    OtherCa(TlsField),
    /// The CRL is that of the Secret.
    SecretCrl,
    /// Pins do not count with `ISTIO_MUTUAL`.
    PinsOfProxy,
    /// Pins count with a credential only.
    PinsOfFiles,
    /// `ISTIO_MUTUAL` has the mesh's own parameters.
    ParametersOfMesh,
    /// istiod does not know the mode.
    UnknownMode,
}

impl fmt::Display for IgnoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passthrough => f.write_str("TLS is passed on"),
            Self::OtherCertificate(field) => write!(f, "{} is used", field.as_str()),
            Self::ProxyCertificate => f.write_str("the mesh's own certificate is used"),
            Self::NoCertificateRequested => f.write_str("no certificate is asked for"),
            Self::ProxyCa => f.write_str("the mesh's own CA is used"),
            Self::OtherCa(TlsField::CaCertificates) => {
                f.write_str("the CA in caCertificates is used")
            }
            Self::OtherCa(_) => f.write_str("the credential's CA is used"),
            Self::SecretCrl => f.write_str("with a credential the revocation list is the Secret's"),
            Self::PinsOfProxy => f.write_str("pins do not count with ISTIO_MUTUAL"),
            Self::PinsOfFiles => f.write_str("pins count with a credential only"),
            Self::ParametersOfMesh => f.write_str("ISTIO_MUTUAL has the mesh's own"),
            Self::UnknownMode => f.write_str("istiod does not know the mode"),
        }
    }
}

impl TlsPlan<'_> {
    /// The fields that are set and have no effect, by their numbers, and why.
    pub fn ignored_fields(&self) -> impl Iterator<Item = (TlsField, IgnoreReason)> {
        self.set.iter().filter_map(|field| Some((field, self.ignore_reason(field)?)))
    }

    /// Why a field has no effect where it is set, if it has none.
    #[must_use]
    pub fn ignore_reason(&self, field: TlsField) -> Option<IgnoreReason> {
        use TlsField as F;
        let requests = self.requests_client_certificate();
        let is_proxy = self.certificates == CertificateSource::Proxy;
        let unless = |is_used: bool, reason| (!is_used).then_some(reason);
        match field {
            F::HttpsRedirect | F::Mode => None,
            _ if !self.terminates_tls() => Some(IgnoreReason::Passthrough),
            F::ServerCertificate
            | F::PrivateKey
            | F::TlsCertificates
            | F::CredentialName
            | F::CredentialNames => self.other_certificate(field),
            F::CaCertificates | F::CaCertCredentialName if !requests => {
                Some(IgnoreReason::NoCertificateRequested)
            }
            F::CaCertificates | F::CaCertCredentialName if is_proxy => Some(IgnoreReason::ProxyCa),
            F::CaCertificates => {
                unless(!self.uses_credentials(), IgnoreReason::OtherCa(F::CredentialName))
            }
            F::CaCertCredentialName => {
                unless(self.uses_credentials(), IgnoreReason::OtherCa(F::CaCertificates))
            }
            F::CaCrl if requests => unless(!self.uses_credentials(), IgnoreReason::SecretCrl),
            // Without a CA, Envoy rejects names from a context with a credential.
            F::SubjectAltNames => {
                unless(requests || self.uses_credentials(), IgnoreReason::NoCertificateRequested)
            }
            F::VerifyCertificateSpki | F::VerifyCertificateHash if requests => unless(
                self.uses_credentials(),
                if is_proxy { IgnoreReason::PinsOfProxy } else { IgnoreReason::PinsOfFiles },
            ),
            F::CaCrl | F::VerifyCertificateSpki | F::VerifyCertificateHash => {
                Some(IgnoreReason::NoCertificateRequested)
            }
            F::InsecureSkipVerify => unless(requests, IgnoreReason::NoCertificateRequested),
            F::MinProtocolVersion
            | F::MaxProtocolVersion
            | F::CipherSuites
            | F::EcdhCurves
            | F::AlpnProtocols => match self.mode {
                Ok(TlsMode::IstioMutual) => Some(IgnoreReason::ParametersOfMesh),
                Ok(_) => None,
                Err(_) => Some(IgnoreReason::UnknownMode),
            },
        }
    }

    /// The certificate that is used instead of the one of a field.
    fn other_certificate(&self, field: TlsField) -> Option<IgnoreReason> {
        let used = match self.certificates {
            CertificateSource::Passthrough => return Some(IgnoreReason::Passthrough),
            CertificateSource::Proxy => return Some(IgnoreReason::ProxyCertificate),
            CertificateSource::Credentials(_) if self.is_set(TlsField::CredentialNames) => {
                TlsField::CredentialNames
            }
            CertificateSource::Credentials(_) => TlsField::CredentialName,
            CertificateSource::FilePairs(_) => TlsField::TlsCertificates,
            CertificateSource::Files { .. } => return None,
        };
        (field != used).then_some(IgnoreReason::OtherCertificate(used))
    }
}
