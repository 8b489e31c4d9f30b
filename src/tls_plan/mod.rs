//! istiod's interpretation of `ServerTLSSettings`: the mode, the source of certificates, the
//! verification of client certificates, and the fields that have no effect.
//!
//! [`TlsPlan::new`] is the only function that reads every field. The translation for Envoy,
//! [`ClientCertificatePolicy`](crate::client_certificate::ClientCertificatePolicy), the validation and
//! the command `explain` use the plan. They destructure it, so a new field fails to compile until each
//! of them handles it.
//!
//! ```
//! use istio_gateway::{
//!     ServerTlsSettings,
//!     tls_plan::{CaSource, CertificateSource, TlsField, TlsPlan},
//! };
//!
//! let tls = ServerTlsSettings { ca_crl: "/etc/ca.crl".into(), ..ServerTlsSettings::mutual("edge-cert") };
//! let plan = TlsPlan::new(&tls);
//! assert_eq!(plan.certificates, CertificateSource::Credentials(&["edge-cert".to_owned()]));
//! let validation = plan.validation.as_ref().unwrap();
//! assert_eq!(validation.ca, CaSource::OfCredential("edge-cert"));
//! // With a credential, the CRL comes from the Secret.
//! assert_eq!(validation.crl, None);
//! let ignored: Vec<_> = plan.ignored_fields().map(|(field, _)| field).collect();
//! assert_eq!(ignored, [TlsField::CaCrl]);
//! ```

mod credential_name;
#[cfg(any(feature = "envoy", feature = "validate"))]
mod findings;
mod parts;

use prost::UnknownEnumValue;

#[cfg(any(feature = "envoy", feature = "validate"))]
pub(crate) use self::parts::alpn_names;
pub use self::{
    credential_name::{CredentialName, CredentialScheme},
    parts::{
        CaSource, CertificateSource, ClientValidation, EnvoyRejection, FieldSet, IgnoreReason,
        TlsParameters,
    },
};
#[cfg(any(feature = "envoy", feature = "validate"))]
pub(crate) use findings::TlsFinding;

use crate::{ServerTlsSettings, TlsMode};

/// istiod's interpretation of `ServerTLSSettings` on a port whose protocol is not plain HTTP, on a TCP
/// listener, in the newest release that this crate knows.
///
/// Source: pilot's `buildGatewayListenerTLSContext`, `BuildListenerTLSContext`,
/// `ApplyCredentialSDSToServerCommonTLSContext` and `ApplyToCommonTLSContext`.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsPlan<'a> {
    /// The mode, or its number if it is unknown: istiod treats that as SIMPLE without
    /// [`parameters`](Self::parameters).
    pub mode: Result<TlsMode, UnknownEnumValue>,
    /// Whether plain HTTP is redirected to HTTPS. It applies only on a plain HTTP port.
    pub https_redirect: bool,
    /// The source of the gateway's certificate.
    pub certificates: CertificateSource<'a>,
    /// How client certificates are verified, if they are requested; or SANs without a CA, which Envoy
    /// rejects.
    pub validation: Option<ClientValidation<'a>>,
    /// Versions, cipher suites, curves and ALPN protocols, in the modes in which they apply.
    pub parameters: Option<TlsParameters<'a>>,
    /// The fields that are set.
    pub set: FieldSet,
}

impl<'a> TlsPlan<'a> {
    /// The plan for these settings.
    #[must_use]
    pub fn new(tls: &'a ServerTlsSettings) -> Self {
        let ServerTlsSettings {
            https_redirect,
            mode,
            server_certificate,
            private_key,
            ca_certificates,
            ca_crl,
            credential_name,
            credential_names,
            ca_cert_credential_name,
            tls_certificates,
            subject_alt_names,
            verify_certificate_spki,
            verify_certificate_hash,
            min_protocol_version,
            max_protocol_version,
            cipher_suites,
            insecure_skip_verify,
            ecdh_curves,
            alpn_protocols,
        } = tls;
        let set = FieldSet::from_array([
            (TlsField::HttpsRedirect, *https_redirect),
            (TlsField::Mode, *mode != 0),
            (TlsField::ServerCertificate, !server_certificate.is_empty()),
            (TlsField::PrivateKey, !private_key.is_empty()),
            (TlsField::CaCertificates, !ca_certificates.is_empty()),
            (TlsField::CaCrl, !ca_crl.is_empty()),
            (TlsField::CredentialName, !credential_name.is_empty()),
            (TlsField::CredentialNames, !credential_names.is_empty()),
            (TlsField::CaCertCredentialName, !ca_cert_credential_name.is_empty()),
            (TlsField::TlsCertificates, !tls_certificates.is_empty()),
            (TlsField::SubjectAltNames, !subject_alt_names.is_empty()),
            (TlsField::VerifyCertificateSpki, !verify_certificate_spki.is_empty()),
            (TlsField::VerifyCertificateHash, !verify_certificate_hash.is_empty()),
            (TlsField::MinProtocolVersion, *min_protocol_version != 0),
            (TlsField::MaxProtocolVersion, *max_protocol_version != 0),
            (TlsField::CipherSuites, !cipher_suites.is_empty()),
            (TlsField::InsecureSkipVerify, *insecure_skip_verify == Some(true)),
            (TlsField::EcdhCurves, !ecdh_curves.is_empty()),
            (TlsField::AlpnProtocols, !alpn_protocols.is_empty()),
        ]);
        let mode = tls.tls_mode();
        let certificates = match mode {
            Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough) => CertificateSource::Passthrough,
            Ok(TlsMode::IstioMutual) => CertificateSource::Proxy,
            _ if !credential_names.is_empty() => CertificateSource::Credentials(credential_names),
            _ if !credential_name.is_empty() => {
                CertificateSource::Credentials(std::slice::from_ref(credential_name))
            }
            _ if !tls_certificates.is_empty() => CertificateSource::FilePairs(tls_certificates),
            _ => CertificateSource::Files { certificate: server_certificate, key: private_key },
        };
        let of_ca = |ca: CaSource<'a>| ClientValidation {
            requires_certificate: matches!(mode, Ok(TlsMode::Mutual | TlsMode::IstioMutual)),
            ca,
            subject_alt_names,
            verify_certificate_spki: &[],
            verify_certificate_hash: &[],
            crl: (!ca_crl.is_empty()).then_some(ca_crl),
            accepts_untrusted: *insecure_skip_verify == Some(true),
        };
        let validation = match (mode, certificates) {
            (_, CertificateSource::Passthrough) => None,
            (_, CertificateSource::Proxy) => Some(of_ca(CaSource::Proxy)),
            (
                Ok(TlsMode::Mutual | TlsMode::OptionalMutual),
                CertificateSource::Credentials(names),
            ) => {
                let first = names.first().map_or("", String::as_str);
                let ca = match ca_cert_credential_name.as_str() {
                    "" => CaSource::OfCredential(first),
                    name => CaSource::Credential(CredentialName::from(name)),
                };
                Some(ClientValidation {
                    verify_certificate_spki,
                    verify_certificate_hash,
                    crl: None,
                    ..of_ca(ca)
                })
            }
            (Ok(TlsMode::Mutual | TlsMode::OptionalMutual), _) => {
                Some(of_ca(match ca_certificates.as_str() {
                    "" => CaSource::MeshRoot,
                    path => CaSource::File(path),
                }))
            }
            (_, CertificateSource::Credentials(_)) if !subject_alt_names.is_empty() => {
                let names = of_ca(CaSource::Absent);
                Some(ClientValidation { crl: None, accepts_untrusted: false, ..names })
            }
            _ => None,
        };
        let parameters = TlsParameters {
            min_protocol_version: *min_protocol_version,
            max_protocol_version: *max_protocol_version,
            cipher_suites,
            ecdh_curves,
            alpn_protocols,
        };
        let has_parameters =
            matches!(mode, Ok(TlsMode::Simple | TlsMode::Mutual | TlsMode::OptionalMutual));
        Self {
            mode,
            https_redirect: *https_redirect,
            certificates,
            validation,
            parameters: has_parameters.then_some(parameters),
            set,
        }
    }

    /// Whether the gateway terminates TLS. In an unknown mode, it does.
    #[must_use]
    pub fn terminates_tls(&self) -> bool {
        self.certificates != CertificateSource::Passthrough
    }

    /// Whether client certificates are requested.
    #[must_use]
    pub fn requests_client_certificate(&self) -> bool {
        matches!(self.mode, Ok(TlsMode::Mutual | TlsMode::IstioMutual | TlsMode::OptionalMutual))
    }

    /// Whether the gateway's certificate is from a credential.
    #[must_use]
    pub fn uses_credentials(&self) -> bool {
        matches!(self.certificates, CertificateSource::Credentials(_))
    }

    /// Whether a field is set.
    #[must_use]
    pub fn is_set(&self, field: TlsField) -> bool {
        self.set.contains(field)
    }
}

impl TlsPlan<'_> {
    /// The fields that are set and have no effect, by number, with the reason.
    pub fn ignored_fields(&self) -> impl Iterator<Item = (TlsField, IgnoreReason)> {
        self.set.iter().filter_map(|field| Some((field, self.ignore_reason(field)?)))
    }

    /// Why a field has no effect if it is set, or `None` if it has one.
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
            // Without a CA, Envoy rejects SANs in a context with a credential.
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

    /// The certificate that is used instead of that of a field.
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

macro_rules! fields {
    ($($Field:ident $name:literal)*) => {
        /// A field of `ServerTLSSettings`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TlsField {
            $(#[doc = concat!("`", $name, "`.")] $Field,)*
        }

        impl TlsField {
            /// All fields, by number.
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
