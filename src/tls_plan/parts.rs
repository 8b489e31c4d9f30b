//! The parts of a plan.

use std::fmt;

use super::{CredentialName, TlsField};
use crate::TlsCertificate;

/// Where the gateway's own certificate comes from. Of several sources istiod uses one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CertificateSource<'a> {
    /// None: the gateway does not terminate TLS.
    Passthrough,
    /// The proxy's own certificate of the mesh.
    Proxy,
    /// Credentials, by their names.
    Credentials(&'a [String]),
    /// Two files. The proxy's own certificate is used instead where one of them is not set.
    Files {
        /// The certificate.
        certificate: &'a str,
        /// Its key.
        key: &'a str,
    },
    /// Several pairs of files, each of which the same holds for.
    FilePairs(&'a [TlsCertificate]),
}

/// What clients' certificates are verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientValidation<'a> {
    /// Whether Envoy is configured to require a certificate.
    pub requires_certificate: bool,
    /// The CA that issues clients' certificates.
    pub ca: CaSource<'a>,
    /// The names of which a certificate must have one.
    pub subject_alt_names: &'a [String],
    /// Pinned public keys.
    pub verify_certificate_spki: &'a [String],
    /// Pinned certificates.
    pub verify_certificate_hash: &'a [String],
    /// The file with the CRL.
    pub crl: Option<&'a str>,
    /// Whether a certificate that fails verification is accepted anyway (`insecureSkipVerify`).
    pub accepts_untrusted: bool,
}

/// Where the CA comes from that issues clients' certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaSource<'a> {
    /// There is none.
    Absent,
    /// The proxy's own CA, which is the mesh's unless its metadata name a file.
    Proxy,
    /// The mesh's root certificate.
    MeshRoot,
    /// A file.
    File(&'a str),
    /// A credential.
    Credential(CredentialName<'a>),
    /// The credential that belongs to the one of the gateway's certificate, which has this name.
    OfCredential(&'a str),
}

/// What a handshake may use. An empty list, and a version that is 0 or unknown, mean the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsParameters<'a> {
    /// The number of the oldest version.
    pub min_protocol_version: i32,
    /// The number of the newest version.
    pub max_protocol_version: i32,
    /// The cipher suites of TLS 1.2 and older, also those that istiod drops.
    pub cipher_suites: &'a [String],
    /// The curves, from Istio 1.32 on.
    pub ecdh_curves: &'a [String],
    /// The ALPN protocols, from Istio 1.32 on.
    pub alpn_protocols: &'a [String],
}

impl ClientValidation<'_> {
    /// Whether a client without a certificate is rejected. It is also where none is required but names or
    /// pins must match: without a certificate, nothing does.
    #[must_use]
    pub fn rejects_absent_certificate(&self) -> bool {
        let has_identity = !self.subject_alt_names.is_empty()
            || !self.verify_certificate_spki.is_empty()
            || !self.verify_certificate_hash.is_empty();
        self.requires_certificate || has_identity && !self.accepts_untrusted
    }
}

impl<'a> CertificateSource<'a> {
    /// The pairs of a certificate's file and its key's.
    pub fn files(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (one, many) = match self {
            Self::Files { certificate, key } => (Some((certificate, key)), [].as_slice()),
            Self::FilePairs(pairs) => (None, pairs),
            Self::Passthrough | Self::Proxy | Self::Credentials(_) => (None, [].as_slice()),
        };
        let many = many.iter().map(|pair| {
            // The CA of a pair is never used: that of the settings is.
            let TlsCertificate { server_certificate, private_key, ca_certificates: _ } = pair;
            (server_certificate.as_str(), private_key.as_str())
        });
        one.into_iter().chain(many)
    }
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
            Self::Passthrough => f.write_str("TLS passthrough"),
            Self::OtherCertificate(field) => write!(f, "{} is used", field.as_str()),
            Self::ProxyCertificate => f.write_str("the mesh's own certificate is used"),
            Self::NoCertificateRequested => f.write_str("no certificate is requested"),
            Self::ProxyCa => f.write_str("the mesh's own CA is used"),
            Self::OtherCa(TlsField::CaCertificates) => {
                f.write_str("the CA in caCertificates is used")
            }
            Self::OtherCa(_) => f.write_str("the credential's CA is used"),
            Self::SecretCrl => f.write_str("with a credential the CRL is the Secret's"),
            Self::PinsOfProxy => f.write_str("pins do not count with ISTIO_MUTUAL"),
            Self::PinsOfFiles => f.write_str("pins count with a credential only"),
            Self::ParametersOfMesh => f.write_str("ISTIO_MUTUAL has the mesh's own"),
            Self::UnknownMode => f.write_str("istiod does not know the mode"),
        }
    }
}
