//! What istiod makes of `ServerTLSSettings`: the mode, the source of certificates that is used, what
//! clients' certificates are verified with, and the fields that have no effect.
//!
//! [`TlsPlan::new`] is the one place that looks at every field. The translation to Envoy's configuration,
//! [`ClientCertificatePolicy`](crate::client_certificate::ClientCertificatePolicy), the validation and the
//! command `explain` stand on the plan. They destructure it, so that they do not compile until a new field
//! is decided there.
//!
//! ```
//! use istio_gateway::{
//!     ServerTlsSettings,
//!     tls_plan::{CaSource, CertificateSource, CredentialName, TlsField, TlsPlan},
//! };
//!
//! let tls = ServerTlsSettings { ca_crl: "/etc/ca.crl".into(), ..ServerTlsSettings::mutual("edge-cert") };
//! let plan = TlsPlan::new(&tls);
//! assert_eq!(plan.certificates, CertificateSource::Credentials(&["edge-cert".to_owned()]));
//! let validation = plan.validation.as_ref().unwrap();
//! assert_eq!(validation.ca, CaSource::Credential(CredentialName::from("edge-cert-cacert")));
//! // With a credential, the CRL is the Secret's.
//! assert_eq!(validation.crl, None);
//! let ignored: Vec<_> = plan.ignored_fields().map(|(field, _)| field).collect();
//! assert_eq!(ignored, [TlsField::CaCrl]);
//! ```

mod credential_name;
mod field;

use prost::UnknownEnumValue;

pub use self::{
    credential_name::{CredentialName, CredentialScheme},
    field::{FieldSet, IgnoreReason, TlsField},
};
use crate::{ServerTlsSettings, TlsCertificate, TlsMode};

/// What istiod makes of `ServerTLSSettings` on a port whose protocol is not plain HTTP, on a listener for
/// TCP, in the newest version that this crate knows.
///
/// Source: pilot's `buildGatewayListenerTLSContext`, `BuildListenerTLSContext`,
/// `ApplyCredentialSDSToServerCommonTLSContext` and `ApplyToCommonTLSContext`.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsPlan<'a> {
    /// The mode, or its number where it is unknown: istiod treats that as SIMPLE without
    /// [`parameters`](Self::parameters).
    pub mode: Result<TlsMode, UnknownEnumValue>,
    /// Whether plain HTTP is redirected to HTTPS. It counts on a port of plain HTTP only.
    pub https_redirect: bool,
    /// Where the gateway's own certificate comes from.
    pub certificates: CertificateSource<'a>,
    /// What clients' certificates are verified with, where they are requested; or names without a CA,
    /// which Envoy rejects.
    pub validation: Option<ClientValidation<'a>>,
    /// Versions, cipher suites, curves and ALPN protocols, in the modes in which they count.
    pub parameters: Option<TlsParameters<'a>>,
    /// The fields that are set.
    pub set: FieldSet,
}

/// Where the gateway's own certificate comes from. Of several sources istiod uses one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CertificateSource<'a> {
    /// None: the gateway does not terminate TLS.
    Passthrough,
    /// The proxy's own certificate of the mesh.
    Proxy,
    /// Credentials, by their names.
    Credentials(&'a [String]),
    /// Two files. The proxy's own certificate takes their place where one of them is not set.
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
    /// Whether Envoy is told to require a certificate.
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

impl<'a> TlsPlan<'a> {
    /// The plan of these settings.
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
                    "" => CredentialName::ca_of(first),
                    name => CredentialName::from(name),
                };
                Some(ClientValidation {
                    verify_certificate_spki,
                    verify_certificate_hash,
                    crl: None,
                    ..of_ca(CaSource::Credential(ca))
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

    /// Whether a client's certificate is requested.
    #[must_use]
    pub fn requests_client_certificate(&self) -> bool {
        matches!(self.mode, Ok(TlsMode::Mutual | TlsMode::IstioMutual | TlsMode::OptionalMutual))
    }

    /// Whether the gateway's certificate is that of a credential.
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
