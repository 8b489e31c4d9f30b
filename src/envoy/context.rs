//! `ServerTLSSettings` to `DownstreamTlsContext`.

use super::{
    Options, Transport, alpn,
    flow::Protocol,
    kind::{Kind, has_credentials},
    params, secrets,
};
use crate::{
    ServerTlsSettings,
    proto::{
        envoy::{
            config::core::v3::{DataSource, data_source::Specifier},
            extensions::transport_sockets::tls::v3::{
                CertificateValidationContext, CommonTlsContext, DownstreamTlsContext,
                SdsSecretConfig,
                certificate_validation_context::TrustChainVerification,
                common_tls_context::{CombinedCertificateValidationContext, ValidationContextType},
            },
            r#type::matcher::v3::{StringMatcher, string_matcher::MatchPattern},
        },
        networking::v1alpha3::server_tls_settings::TlsCertificate,
    },
};

/// The context, none where TLS is passed on.
///
/// Source: pilot's `buildGatewayListenerTLSContext` and `BuildListenerTLSContext`.
pub(super) fn of(
    tls: &ServerTlsSettings,
    protocol: Protocol,
    options: &Options,
) -> Option<DownstreamTlsContext> {
    let kind = Kind::of(tls)?;
    let is_quic = options.transport == Transport::Quic;
    let requires = !is_quic && matches!(kind, Kind::Mutual | Kind::IstioMutual);
    let validates = requires || kind == Kind::OptionalMutual;
    let (certificates, validation) = match kind {
        Kind::IstioMutual => of_mesh(tls, options, validates),
        _ if has_credentials(tls) => of_credentials(tls, options, kind),
        _ => of_files(tls, options, validates),
    };
    let tls_params = if kind.has_parameters() { params::of(tls, options) } else { None };
    let common = CommonTlsContext {
        tls_params,
        tls_certificate_sds_secret_configs: certificates,
        validation_context_type: validation,
        alpn_protocols: alpn::of(tls, kind, protocol, options),
    };
    Some(DownstreamTlsContext {
        common_tls_context: Some(common),
        require_client_certificate: Some(requires),
        require_sni: None,
        session_ticket_keys_type: None,
        disable_stateful_session_resumption: false,
        session_timeout: None,
    })
}

type Parts = (Vec<SdsSecretConfig>, Option<ValidationContextType>);

/// Source: istiod's `ApplyCredentialSDSToServerCommonTLSContext`.
#[expect(deprecated, reason = "what istiod sets")]
fn of_credentials(tls: &ServerTlsSettings, options: &Options, kind: Kind) -> Parts {
    let names = match &*tls.credential_names {
        [] => std::slice::from_ref(&tls.credential_name),
        names => names,
    };
    let secret = |name: &str| secrets::credential(name, options);
    // Upstream's list has a nil for a name without a secret, which is an empty entry on the wire.
    let certificates = names.iter().map(|name| secret(name).unwrap_or_default()).collect();
    let validation = if matches!(kind, Kind::Mutual | Kind::OptionalMutual) {
        let first = names.first().map_or("", String::as_str);
        let ca = match tls.ca_cert_credential_name.as_str() {
            "" => secret(&format!("{first}-cacert")),
            name => secret(name),
        };
        let pinned = CertificateValidationContext {
            verify_certificate_spki: tls.verify_certificate_spki.clone(),
            verify_certificate_hash: tls.verify_certificate_hash.clone(),
            ..names_and_skip(tls)
        };
        Some(combined(pinned, ca))
    } else if tls.subject_alt_names.is_empty() {
        None
    } else {
        let names = CertificateValidationContext {
            match_subject_alt_names: exactly(&tls.subject_alt_names),
            ..CertificateValidationContext::default()
        };
        Some(ValidationContextType::ValidationContext(names))
    };
    (certificates, validation)
}

/// Source: istiod's `ApplyToCommonTLSContext`, with the files of the settings.
fn of_files(tls: &ServerTlsSettings, options: &Options, validates: bool) -> Parts {
    let node = &options.node;
    let certificates = match &*tls.tls_certificates {
        [] => vec![secrets::file_certificate(&tls.server_certificate, &tls.private_key, node)],
        certificates => certificates
            .iter()
            .map(|TlsCertificate { server_certificate, private_key, ca_certificates: _ }| {
                secrets::file_certificate(server_certificate, private_key, node)
            })
            .collect(),
    };
    let root = secrets::file_root(&tls.ca_certificates, node);
    let validation = validates.then(|| combined(with_crl(tls), Some(root)));
    (certificates, validation)
}

/// Source: istiod's `ApplyToCommonTLSContext`, with the files of the proxy.
fn of_mesh(tls: &ServerTlsSettings, options: &Options, validates: bool) -> Parts {
    let node = &options.node;
    let certificate =
        secrets::file_certificate(&node.tls_server_cert_chain, &node.tls_server_key, node);
    let root = secrets::file_root(&node.tls_server_root_cert, node);
    let validation = validates.then(|| combined(with_crl(tls), Some(root)));
    (vec![certificate], validation)
}

fn combined(
    context: CertificateValidationContext,
    ca: Option<SdsSecretConfig>,
) -> ValidationContextType {
    ValidationContextType::CombinedValidationContext(CombinedCertificateValidationContext {
        default_validation_context: Some(context),
        validation_context_sds_secret_config: ca,
    })
}

fn with_crl(tls: &ServerTlsSettings) -> CertificateValidationContext {
    let file = DataSource { specifier: Some(Specifier::Filename(tls.ca_crl.clone())) };
    CertificateValidationContext {
        crl: (!tls.ca_crl.is_empty()).then_some(file),
        ..names_and_skip(tls)
    }
}

#[expect(deprecated, reason = "what istiod sets")]
fn names_and_skip(tls: &ServerTlsSettings) -> CertificateValidationContext {
    let verification = if tls.insecure_skip_verify == Some(true) {
        TrustChainVerification::AcceptUntrusted
    } else {
        TrustChainVerification::VerifyTrustChain
    };
    CertificateValidationContext {
        match_subject_alt_names: exactly(&tls.subject_alt_names),
        trust_chain_verification: verification.into(),
        ..CertificateValidationContext::default()
    }
}

/// Source: pilot's `util.StringToExactMatch`.
fn exactly(names: &[String]) -> Vec<StringMatcher> {
    let exact = |name: &String| StringMatcher {
        match_pattern: Some(MatchPattern::Exact(name.clone())),
        ignore_case: false,
    };
    names.iter().map(exact).collect()
}
