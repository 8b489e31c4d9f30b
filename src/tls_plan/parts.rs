//! The parts of a plan.

use std::fmt;

use super::{CredentialName, TlsField};
use crate::TlsCertificate;

/// The source of the gateway's certificate. istiod uses only one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CertificateSource<'a> {
    /// None: the gateway does not terminate TLS.
    Passthrough,
    /// The proxy's mesh certificate.
    Proxy,
    /// Credentials, by name.
    Credentials(&'a [String]),
    /// Two files. If one of them is not set, the proxy's mesh certificate is used.
    Files {
        /// The certificate.
        certificate: &'a str,
        /// Its key.
        key: &'a str,
    },
    /// Several pairs of files, each of which is used like `Files`.
    FilePairs(&'a [TlsCertificate]),
}

/// How client certificates are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientValidation<'a> {
    /// Whether Envoy is configured to require a certificate.
    pub requires_certificate: bool,
    /// The CA that verifies client certificates.
    pub ca: CaSource<'a>,
    /// The SANs of which a certificate must have one.
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

/// The source of the CA that verifies client certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaSource<'a> {
    /// No CA.
    Absent,
    /// The proxy's CA, which is the mesh's unless its metadata name a file.
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

/// Parameters of the handshake. An empty list, and a version that is 0 or unknown, mean the default.
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

/// The ALPN protocols as Envoy reads them, or none if istiod's default applies.
///
/// istiod drops empty and too long names. Envoy splits names at commas, and negotiates nothing if one
/// part is empty.
#[cfg(any(feature = "envoy", feature = "validate"))]
pub(crate) fn alpn_names(protocols: &[String]) -> Vec<&str> {
    let kept = protocols.iter().filter(|name| (1..=255).contains(&name.len()));
    kept.flat_map(|name| name.split(',')).collect()
}

impl ClientValidation<'_> {
    /// Whether clients without a certificate are rejected: also if none is required but SANs or pins
    /// must match, which they cannot without a certificate.
    #[must_use]
    pub fn rejects_absent_certificate(&self) -> bool {
        let has_identity = !self.subject_alt_names.is_empty()
            || !self.verify_certificate_spki.is_empty()
            || !self.verify_certificate_hash.is_empty();
        self.requires_certificate || has_identity && !self.accepts_untrusted
    }
}

impl<'a> CertificateSource<'a> {
    /// The pairs of certificate file and key file.
    pub fn files(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (one, many) = match self {
            Self::Files { certificate, key } => (Some((certificate, key)), [].as_slice()),
            Self::FilePairs(pairs) => (None, pairs),
            Self::Passthrough | Self::Proxy | Self::Credentials(_) => (None, [].as_slice()),
        };
        let many = many.iter().map(|pair| {
            // The CA of a pair is never used, only that of the settings.
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
    /// The fields that are set.
    pub(super) fn from_array(fields: [(TlsField, bool); TlsField::ALL.len()]) -> Self {
        let bits = fields.into_iter().filter(|(_, is_set)| *is_set);
        Self(bits.fold(0, |bits, (field, _)| bits | 1 << field as u32))
    }

    /// Whether a field is in the set.
    #[must_use]
    pub fn contains(self, field: TlsField) -> bool {
        self.0 & (1 << field as u32) != 0
    }

    /// The fields, by number.
    pub fn iter(self) -> impl Iterator<Item = TlsField> {
        TlsField::ALL.into_iter().filter(move |field| self.contains(*field))
    }
}

/// Why a field that is set has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IgnoreReason {
    /// The mode is a passthrough mode.
    Passthrough,
    /// The certificate of this field is used.
    OtherCertificate(TlsField),
    /// The proxy's mesh certificate is used.
    ProxyCertificate,
    /// No client certificate is requested.
    NoCertificateRequested,
    /// The proxy's CA is used.
    ProxyCa,
    /// The CA of this field is used.
    OtherCa(TlsField),
    /// The CRL is that of the Secret.
    SecretCrl,
    /// `ISTIO_MUTUAL` does not use pins.
    PinsOfProxy,
    /// Pins apply only with a credential.
    PinsOfFiles,
    /// `ISTIO_MUTUAL` uses the mesh's parameters.
    ParametersOfMesh,
    /// istiod does not know the mode.
    UnknownMode,
}

impl fmt::Display for IgnoreReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passthrough => f.write_str("TLS passthrough"),
            Self::OtherCertificate(field) => write!(f, "{} is used", field.as_str()),
            Self::ProxyCertificate => f.write_str("the mesh's certificate is used"),
            Self::NoCertificateRequested => f.write_str("no client certificate is requested"),
            Self::ProxyCa => f.write_str("the mesh's CA is used"),
            Self::OtherCa(TlsField::CaCertificates) => {
                f.write_str("the CA in caCertificates is used")
            }
            Self::OtherCa(_) => f.write_str("the credential's CA is used"),
            Self::SecretCrl => f.write_str("with a credential, the CRL comes from the Secret"),
            Self::PinsOfProxy => f.write_str("ISTIO_MUTUAL does not use pins"),
            Self::PinsOfFiles => f.write_str("pins apply only with a credential"),
            Self::ParametersOfMesh => f.write_str("ISTIO_MUTUAL uses the mesh's parameters"),
            Self::UnknownMode => f.write_str("istiod does not know the mode"),
        }
    }
}

/// What Envoy rejects because of a server's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvoyRejection {
    /// The server's secrets: no client can connect to the server, and other servers of the listener work.
    Secrets,
    /// The listener, with all servers of its port.
    Listener,
}
