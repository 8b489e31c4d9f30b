//! The policy of `ServerTLSSettings`.

use super::{ClientCertificatePolicy, Crl, Source, TrustedCa, ValidationContext};
use crate::{
    ServerTlsSettings, TlsMode, proto::networking::v1alpha3::server_tls_settings::TlsCertificate,
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
    /// // Nothing has that name: whoever presents no certificate is refused.
    /// assert_eq!(ClientCertificatePolicy::of(&tls).request(), Request::Required);
    /// ```
    ///
    /// Source: pilot's `BuildListenerTLSContext`,
    /// `ApplyCredentialSDSToServerCommonTLSContext` and `ApplyToCommonTLSContext`.
    #[must_use]
    pub fn of(tls: &ServerTlsSettings) -> Self {
        let ServerTlsSettings {
            https_redirect: _,
            mode,
            server_certificate: _,
            private_key: _,
            ca_certificates,
            ca_crl,
            credential_name,
            credential_names,
            ca_cert_credential_name,
            tls_certificates,
            subject_alt_names,
            verify_certificate_spki,
            verify_certificate_hash,
            min_protocol_version: _,
            max_protocol_version: _,
            cipher_suites: _,
            insecure_skip_verify,
            ecdh_curves: _,
            alpn_protocols: _,
        } = tls;
        // A certificate's own CA is never looked at.
        for TlsCertificate { server_certificate: _, private_key: _, ca_certificates: _ } in
            tls_certificates
        {}
        let first_credential =
            credential_names.first().or(Some(credential_name).filter(|name| !name.is_empty()));
        let accepts_untrusted = *insecure_skip_verify == Some(true);
        let of_files = |ca: &str| ValidationContext {
            trusted_ca: TrustedCa::Given(match ca {
                "" => Source::MeshRoot,
                path => Source::File(path.to_owned()),
            }),
            subject_alt_names: subject_alt_names.clone(),
            verify_certificate_spki: Vec::new(),
            verify_certificate_hash: Vec::new(),
            crl: (!ca_crl.is_empty()).then(|| Crl::usable(Source::File(ca_crl.clone()))),
            accepts_untrusted,
        };
        let of_credential = |first: &str| ValidationContext {
            trusted_ca: TrustedCa::Given(match ca_cert_credential_name.as_str() {
                "" => secret(&format!("{first}-cacert")),
                name => secret(name),
            }),
            subject_alt_names: subject_alt_names.clone(),
            verify_certificate_spki: verify_certificate_spki.clone(),
            verify_certificate_hash: verify_certificate_hash.clone(),
            crl: None,
            accepts_untrusted,
        };
        match (TlsMode::try_from(*mode), first_credential) {
            (Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough), _) => Self::passed_on(),
            (Ok(TlsMode::IstioMutual), _) => Self::from_context(true, Some(of_files(""))),
            (Ok(mode @ (TlsMode::Mutual | TlsMode::OptionalMutual)), first) => {
                let context = first.map_or_else(|| of_files(ca_certificates), |f| of_credential(f));
                Self::from_context(mode == TlsMode::Mutual, Some(context))
            }
            (Ok(TlsMode::Simple) | Err(_), Some(_)) if !subject_alt_names.is_empty() => {
                // Names and no CA, which Envoy refuses.
                let context = ValidationContext {
                    subject_alt_names: subject_alt_names.clone(),
                    ..ValidationContext::default()
                };
                Self::from_context(false, Some(context))
            }
            (Ok(TlsMode::Simple) | Err(_), _) => Self::from_context(false, None),
        }
    }
}

/// The secret that a credential's name stands for.
///
/// Source: istiod's `credentials.ToResourceName` and `ConstructSdsSecretConfigForCredential`.
fn secret(name: &str) -> Source {
    match name {
        "builtin://-cacert" => Source::MeshRoot,
        _ => Source::Secret(resource_name(name)),
    }
}

/// The name by which a gateway asks for a credential.
///
/// Source: istiod's `credentials.ToResourceName`, and what `builtin://` alone becomes.
pub(crate) fn resource_name(name: &str) -> String {
    const KEPT: [&str; 3] = ["kubernetes://", "kubernetes-gateway://", "configmap://"];
    if name.starts_with("builtin://") {
        return "default".to_owned();
    }
    if name.starts_with("invalid://") {
        return "invalid://".to_owned();
    }
    if KEPT.iter().any(|scheme| name.starts_with(scheme)) {
        return name.to_owned();
    }
    // Without a server for it, the scheme of an external one is no scheme.
    format!("kubernetes://{}", name.strip_prefix("sds://").unwrap_or(name))
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
                let policy = ClientCertificatePolicy::of(&tls);
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
