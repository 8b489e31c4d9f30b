//! `ServerTLSSettings` to `DownstreamTlsContext`.

use super::{Options, Transport, alpn, params, secrets};
use crate::{
    proto::envoy::{
        config::core::v3::{DataSource, data_source::Specifier},
        extensions::transport_sockets::tls::v3::{
            CertificateValidationContext, CommonTlsContext, DownstreamTlsContext, SdsSecretConfig,
            certificate_validation_context::TrustChainVerification,
            common_tls_context::{CombinedCertificateValidationContext, ValidationContextType},
        },
        r#type::matcher::v3::{StringMatcher, string_matcher::MatchPattern},
    },
    protocol::Protocol,
    tls_plan::{CaSource, CertificateSource, ClientValidation, CredentialName, TlsPlan},
};

/// The TLS context; `None` if the gateway does not terminate TLS.
///
/// Source: pilot's `buildGatewayListenerTLSContext` and `BuildListenerTLSContext`.
pub(super) fn build_tls_context(
    plan: &TlsPlan<'_>,
    protocol: Option<Protocol>,
    options: &Options,
) -> Option<DownstreamTlsContext> {
    let TlsPlan { mode, https_redirect: _, certificates, validation, parameters, set: _ } = plan;
    if !plan.terminates_tls() {
        return None;
    }
    let is_quic = options.transport == Transport::Quic;
    let requires = validation.as_ref().is_some_and(|validation| validation.requires_certificate);
    let common = CommonTlsContext {
        tls_params: parameters.and_then(|parameters| params::build(parameters, options)),
        tls_certificate_sds_secret_configs: secret_configs(*certificates, options),
        validation_context_type: validation.as_ref().and_then(|validation| {
            // Over QUIC, istiod does not require the certificates that it verifies with files.
            let is_left_out = is_quic && requires && !plan.uses_credentials();
            (!is_left_out).then(|| validation_context(validation, options))
        }),
        alpn_protocols: alpn::offered(*mode, *parameters, protocol, options),
    };
    Some(DownstreamTlsContext {
        common_tls_context: Some(common),
        require_client_certificate: Some(requires && !is_quic),
        require_sni: None,
        session_ticket_keys_type: None,
        disable_stateful_session_resumption: false,
        session_timeout: None,
    })
}

/// Source: istiod's `ApplyCredentialSDSToServerCommonTLSContext` and `ApplyToCommonTLSContext`.
fn secret_configs(certificates: CertificateSource<'_>, options: &Options) -> Vec<SdsSecretConfig> {
    let node = &options.node;
    match certificates {
        CertificateSource::Passthrough => Vec::new(),
        CertificateSource::Proxy => {
            vec![secrets::file_certificate(&node.tls_server_cert_chain, &node.tls_server_key, node)]
        }
        CertificateSource::Credentials(names) => {
            // Upstream's list has nil for a name without a secret, which is an empty entry on the wire.
            let secret = |name: &String| {
                secrets::credential(&CredentialName::from(name.as_str()), options)
                    .unwrap_or_default()
            };
            names.iter().map(secret).collect()
        }
        CertificateSource::Files { .. } | CertificateSource::FilePairs(_) => {
            let files = certificates.files();
            files.map(|(file, key)| secrets::file_certificate(file, key, node)).collect()
        }
    }
}

/// Source: istiod's `ApplyCredentialSDSToServerCommonTLSContext` and `ApplyToCommonTLSContext`.
#[expect(deprecated, reason = "istiod sets it")]
fn validation_context(
    validation: &ClientValidation<'_>,
    options: &Options,
) -> ValidationContextType {
    let ClientValidation {
        requires_certificate: _,
        ca,
        subject_alt_names,
        verify_certificate_spki,
        verify_certificate_hash,
        crl,
        accepts_untrusted,
    } = validation;
    let node = &options.node;
    let secret = match ca {
        CaSource::Absent => {
            let names = CertificateValidationContext {
                match_subject_alt_names: exactly(subject_alt_names),
                ..CertificateValidationContext::default()
            };
            return ValidationContextType::ValidationContext(names);
        }
        CaSource::Proxy => Some(secrets::file_root(&node.tls_server_root_cert, node)),
        CaSource::MeshRoot => Some(secrets::file_root("", node)),
        CaSource::File(path) => Some(secrets::file_root(path, node)),
        CaSource::Credential(name) => secrets::credential(name, options),
        CaSource::OfCredential(name) => secrets::credential(&CredentialName::ca_of(name), options),
    };
    let file = |path: &str| DataSource { specifier: Some(Specifier::Filename(path.to_owned())) };
    let verification = if *accepts_untrusted {
        TrustChainVerification::AcceptUntrusted
    } else {
        TrustChainVerification::VerifyTrustChain
    };
    let context = CertificateValidationContext {
        match_subject_alt_names: exactly(subject_alt_names),
        verify_certificate_spki: verify_certificate_spki.to_vec(),
        verify_certificate_hash: verify_certificate_hash.to_vec(),
        crl: crl.map(file),
        trust_chain_verification: verification.into(),
        ..CertificateValidationContext::default()
    };
    ValidationContextType::CombinedValidationContext(CombinedCertificateValidationContext {
        default_validation_context: Some(context),
        validation_context_sds_secret_config: secret,
    })
}

/// Source: pilot's `util.StringToExactMatch`.
fn exactly(names: &[String]) -> Vec<StringMatcher> {
    let exact = |name: &String| StringMatcher {
        match_pattern: Some(MatchPattern::Exact(name.clone())),
        ignore_case: false,
    };
    names.iter().map(exact).collect()
}
