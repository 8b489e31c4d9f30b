//! From Envoy's configuration to its effect on clients.

use crate::{
    client_certificate::{
        ClientCertificatePolicy, Crl, CrlState, Source, TrustedCa, ValidationContext,
    },
    proto::envoy::{
        config::core::v3::{DataSource, data_source::Specifier},
        extensions::transport_sockets::tls::v3::{
            CertificateValidationContext, CommonTlsContext, DownstreamTlsContext, SdsSecretConfig,
            SubjectAltNameMatcher,
            certificate_validation_context::TrustChainVerification,
            common_tls_context::{CombinedCertificateValidationContext, ValidationContextType},
        },
        r#type::matcher::v3::{StringMatcher, string_matcher::MatchPattern},
    },
};

/// The availability of the secrets of a context. By default, all of them are available and valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SecretAvailability {
    /// The secret with the server's certificate has not arrived.
    pub is_server_certificate_missing: bool,
    /// The secret with the CA has not arrived.
    pub is_ca_missing: bool,
    /// The CA secret contains no CA.
    pub is_ca_empty: bool,
    /// The CRL is expired, unreadable or of another CA.
    pub is_crl_unusable: bool,
}

/// The requirements of a listener with this context for client certificates.
///
/// ```
/// use istio_gateway::{
///     Port, Server, ServerTlsSettings,
///     client_certificate::Request,
///     envoy::{self, Options, SecretAvailability, Transport, client_certificate_policy},
/// };
///
/// let server = Server {
///     port: Some(Port { protocol: "HTTPS".to_owned(), ..Default::default() }),
///     tls: Some(ServerTlsSettings { credential_name: String::new(), ..ServerTlsSettings::mutual("") }),
///     ..Default::default()
/// };
/// let request = |transport| {
///     let options = Options { transport, ..Default::default() };
///     let context = envoy::translate_server(&server, &options).tls_context.unwrap();
///     client_certificate_policy(&context, SecretAvailability::default()).request()
/// };
/// assert_eq!(request(Transport::Tcp), Request::Required);
/// // Over HTTP/3 the same server requests no certificate.
/// assert_eq!(request(Transport::Quic), Request::NotRequested);
/// ```
#[must_use]
pub fn client_certificate_policy(
    context: &DownstreamTlsContext,
    states: SecretAvailability,
) -> ClientCertificatePolicy {
    let DownstreamTlsContext {
        common_tls_context,
        require_client_certificate,
        require_sni: _,
        session_ticket_keys_type: _,
        disable_stateful_session_resumption: _,
        session_timeout: _,
    } = context;
    let validation = common_tls_context.as_ref().and_then(|common| {
        let CommonTlsContext {
            tls_params: _,
            tls_certificate_sds_secret_configs: _,
            validation_context_type,
            alpn_protocols: _,
        } = common;
        validation_context_type.as_ref().map(|context| validation_context(context, states))
    });
    let requires = *require_client_certificate == Some(true);
    let policy = ClientCertificatePolicy::from_context(requires, validation);
    if states.is_server_certificate_missing {
        policy.with_server_certificate_pending()
    } else {
        policy
    }
}

fn validation_context(
    context: &ValidationContextType,
    states: SecretAvailability,
) -> ValidationContext {
    match context {
        ValidationContextType::ValidationContext(context) => written(context, states),
        ValidationContextType::ValidationContextSdsSecretConfig(secret) => ValidationContext {
            trusted_ca: fetched(secret, states),
            ..ValidationContext::default()
        },
        ValidationContextType::CombinedValidationContext(combined) => {
            let CombinedCertificateValidationContext {
                default_validation_context,
                validation_context_sds_secret_config,
            } = combined;
            let context = default_validation_context.as_ref();
            let mut context = context.map_or_else(Default::default, |c| written(c, states));
            if let Some(secret) = validation_context_sds_secret_config {
                context.trusted_ca = fetched(secret, states);
            }
            context
        }
    }
}

#[expect(deprecated, reason = "istiod sets it")]
fn written(
    context: &CertificateValidationContext,
    states: SecretAvailability,
) -> ValidationContext {
    let CertificateValidationContext {
        trusted_ca,
        verify_certificate_spki,
        verify_certificate_hash,
        match_typed_subject_alt_names,
        match_subject_alt_names,
        crl,
        allow_expired_certificate: _,
        trust_chain_verification,
        only_verify_leaf_cert_crl: _,
    } = context;
    let typed = match_typed_subject_alt_names
        .iter()
        .filter_map(|SubjectAltNameMatcher { san_type: _, matcher, oid: _ }| matcher.as_ref());
    let state = if states.is_crl_unusable { CrlState::Unusable } else { CrlState::Usable };
    let accepts = TrustChainVerification::AcceptUntrusted;
    ValidationContext {
        trusted_ca: trusted_ca.as_ref().map(source).map_or(TrustedCa::Absent, TrustedCa::Given),
        subject_alt_names: typed.chain(match_subject_alt_names).map(pattern).collect(),
        verify_certificate_spki: verify_certificate_spki.clone(),
        verify_certificate_hash: verify_certificate_hash.clone(),
        crl: crl.as_ref().map(|crl| Crl::new(source(crl), state)),
        accepts_untrusted: *trust_chain_verification == i32::from(accepts),
    }
}

fn fetched(secret: &SdsSecretConfig, states: SecretAvailability) -> TrustedCa {
    let SdsSecretConfig { name, sds_config: _ } = secret;
    let source = match (name.as_str(), name.strip_prefix("file-root:")) {
        ("ROOTCA", _) => Source::MeshRoot,
        (_, Some(path)) => Source::File(path.to_owned()),
        (name, None) => Source::Secret(name.to_owned()),
    };
    if states.is_ca_missing {
        TrustedCa::Pending(source)
    } else if states.is_ca_empty {
        TrustedCa::Absent
    } else {
        TrustedCa::Given(source)
    }
}

fn source(data: &DataSource) -> Source {
    match &data.specifier {
        Some(Specifier::Filename(path)) => Source::File(path.clone()),
        Some(
            Specifier::InlineBytes(_)
            | Specifier::InlineString(_)
            | Specifier::EnvironmentVariable(_),
        )
        | None => Source::Inline,
    }
}

/// The string of a matcher, without the kind of match.
fn pattern(matcher: &StringMatcher) -> String {
    match &matcher.match_pattern {
        Some(
            MatchPattern::Exact(text)
            | MatchPattern::Prefix(text)
            | MatchPattern::Suffix(text)
            | MatchPattern::Contains(text),
        ) => text.clone(),
        None => String::new(),
    }
}
