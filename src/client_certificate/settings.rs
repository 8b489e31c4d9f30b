//! The policy of `ServerTLSSettings`.

use super::{ClientCertificatePolicy, Crl, Source, TrustedCa, ValidationContext};
use crate::{
    ServerTlsSettings,
    tls_plan::{CaSource, CertificateSource, ClientValidation, CredentialName, TlsPlan},
};

impl ClientCertificatePolicy {
    /// The policy that istiod makes of these settings, on a listener for TCP.
    ///
    /// Secrets and files are taken to be there and in order; a revocation list within a Secret is
    /// not known here. Before Istio 1.31, `insecure_skip_verify` is not known to istiod and has no
    /// effect. A mode that istiod does not know is to it as SIMPLE.
    ///
    /// ```
    /// use istio_gateway::{
    ///     ServerTlsSettings,
    ///     client_certificate::{ClientCertificatePolicy, Request},
    /// };
    ///
    /// let mut tls = ServerTlsSettings::optional_mutual("edge-cert");
    /// tls.subject_alt_names.push("spiffe://cluster.local/ns/shop/sa/web".to_owned());
    /// // A client without a certificate has no such name: it is rejected.
    /// assert_eq!(ClientCertificatePolicy::from_settings(&tls).request(), Request::Required);
    /// ```
    ///
    /// Source: pilot's `BuildListenerTLSContext`,
    /// `ApplyCredentialSDSToServerCommonTLSContext` and `ApplyToCommonTLSContext`.
    #[must_use]
    pub fn from_settings(tls: &ServerTlsSettings) -> Self {
        let plan = TlsPlan::new(tls);
        let TlsPlan { mode: _, https_redirect: _, certificates, validation, parameters: _, set: _ } =
            &plan;
        if *certificates == CertificateSource::Passthrough {
            return Self::passthrough();
        }
        let Some(validation) = validation else { return Self::from_context(false, None) };
        let ClientValidation {
            requires_certificate,
            ca,
            subject_alt_names,
            verify_certificate_spki,
            verify_certificate_hash,
            crl,
            accepts_untrusted,
        } = validation;
        let context = ValidationContext {
            trusted_ca: match ca {
                CaSource::Absent => TrustedCa::Absent,
                CaSource::Proxy | CaSource::MeshRoot => TrustedCa::Given(Source::MeshRoot),
                CaSource::File(path) => TrustedCa::Given(Source::File((*path).to_owned())),
                CaSource::Credential(name) => TrustedCa::Given(secret(name)),
                CaSource::OfCredential(name) => {
                    TrustedCa::Given(secret(&CredentialName::ca_of(name)))
                }
            },
            subject_alt_names: subject_alt_names.to_vec(),
            verify_certificate_spki: verify_certificate_spki.to_vec(),
            verify_certificate_hash: verify_certificate_hash.to_vec(),
            crl: crl.map(|path| Crl::usable(Source::File(path.to_owned()))),
            accepts_untrusted: *accepts_untrusted,
        };
        Self::from_context(*requires_certificate, Some(context))
    }
}

/// The secret that a credential's name stands for.
///
/// Source: istiod's `credentials.ToResourceName` and `ConstructSdsSecretConfigForCredential`.
fn secret(name: &CredentialName<'_>) -> Source {
    if name.is_mesh_ca() { Source::MeshRoot } else { Source::Secret(name.resource_name()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_certificate::{Request, Verification};

    #[test]
    fn the_predicates_of_the_settings_say_the_same() {
        let list = |is_set: bool| if is_set { vec!["a".to_owned()] } else { Vec::new() };
        for bits in 0..64_u8 {
            let bit = |n: u8| bits & (1 << n) != 0;
            for mode in 0..6 {
                let tls = ServerTlsSettings {
                    mode,
                    credential_name: if bit(0) { "c".to_owned() } else { String::new() },
                    credential_names: list(bit(1)),
                    subject_alt_names: list(bit(2)),
                    verify_certificate_spki: list(bit(3)),
                    verify_certificate_hash: list(bit(4)),
                    insecure_skip_verify: bit(5).then_some(true),
                    ..Default::default()
                };
                let policy = ClientCertificatePolicy::from_settings(&tls);
                if policy.rejection().is_some() {
                    continue;
                }
                let (request, verification) = (policy.request(), policy.verification());
                assert_eq!(request != Request::NotTerminated, tls.terminates_tls(), "{tls:?}");
                assert_eq!(
                    matches!(request, Request::Optional | Request::Required),
                    tls.requests_client_certificate(),
                    "{tls:?}"
                );
                assert_eq!(
                    request == Request::Required,
                    tls.requires_client_certificate(),
                    "{tls:?}"
                );
                assert_eq!(
                    verification == Verification::Enforced,
                    tls.verifies_client_certificate(),
                    "{tls:?}"
                );
            }
        }
    }
}
