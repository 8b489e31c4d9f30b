//! The webhook's rules for TLS settings: `validateTLSOptions`.

use std::collections::HashSet;

use super::{
    ciphers,
    findings::{Findings, Location},
    fixes::{Change, Proposal},
};
use crate::{
    ServerTlsSettings, TlsMode, TlsProtocol, rule, sort,
    tls_plan::{TlsField, TlsPlan},
};

pub(super) fn check(
    tls: &ServerTlsSettings,
    plan: &TlsPlan<'_>,
    place: &Location<'_, '_>,
    findings: &mut Findings,
) {
    check_ciphers(tls, place, findings);
    check_alpn(tls, place, findings);
    if plan.mode == Ok(TlsMode::IstioMutual) {
        return check_istio_mutual(plan, place, findings);
    }
    if let Ok(mode @ (TlsMode::Passthrough | TlsMode::AutoPassthrough)) = plan.mode
        && (CERTIFICATES.iter().any(|field| plan.is_set(*field)) || plan.is_set(TlsField::CaCrl))
    {
        let message = format!("{mode} mode does not use certificates, they will be ignored");
        let help = "write mode: SIMPLE to terminate TLS here, or remove them".to_owned();
        findings.warning(rule::webhook::PASSTHROUGH_CERTIFICATES, place, message, help);
    }
    let is_pair = plan.is_set(TlsField::ServerCertificate) && plan.is_set(TlsField::PrivateKey);
    let sources = [TlsField::CredentialName, TlsField::CredentialNames, TlsField::TlsCertificates];
    let sources = sources.iter().filter(|field| plan.is_set(**field)).count();
    if sources + usize::from(is_pair) > 1 {
        let message = "only one of credential_name, credential_names, \
                       server_certificate/private_key, tls_certificates should be specified";
        let help = if tls.server_certificate == "sds" {
            "remove serverCertificate and privateKey: \"sds\" was needed before Istio 1.5, \
             and credentialName is enough"
        } else {
            "keep one of them"
        };
        findings.error(rule::webhook::CERTIFICATE_SOURCES, place, message, help.to_owned());
    }
    check_terminating(tls, plan, place, findings);
}

/// The fields of certificates, in the order in which the webhook checks them.
const CERTIFICATES: [TlsField; 6] = [
    TlsField::ServerCertificate,
    TlsField::PrivateKey,
    TlsField::CaCertificates,
    TlsField::TlsCertificates,
    TlsField::CredentialName,
    TlsField::CredentialNames,
];

fn check_terminating(
    tls: &ServerTlsSettings,
    plan: &TlsPlan<'_>,
    place: &Location<'_, '_>,
    findings: &mut Findings,
) {
    let is_simple = plan.mode == Ok(TlsMode::Simple);
    let is_mutual = matches!(plan.mode, Ok(TlsMode::Mutual | TlsMode::OptionalMutual));
    if is_simple || is_mutual {
        if plan.uses_credentials() {
            return;
        }
        check_files(tls, is_mutual, place, findings);
    }
    if !tls.ca_crl.is_empty() {
        let crl = place.field("caCrl");
        if plan.is_set(TlsField::CredentialName) {
            let message = "CRL is not supported with credentialName. CRL has to be specified in the credential";
            let help = "remove caCrl, and add the CRL to the Secret as ca.crl".to_owned();
            findings.error(rule::webhook::CRL_WITH_CREDENTIAL, &crl, message, help);
        }
        if is_simple {
            let message = "CRL is not supported with SIMPLE TLS";
            let help =
                "remove caCrl, or write mode: MUTUAL to request client certificates".to_owned();
            findings.error(rule::webhook::CRL_WITH_SIMPLE, &crl, message, help);
        }
    }
}

/// The certificates of a mode that requires them, if they are files.
fn check_files(
    tls: &ServerTlsSettings,
    is_mutual: bool,
    place: &Location<'_, '_>,
    findings: &mut Findings,
) {
    let mode = if is_mutual { "MUTUAL TLS" } else { "SIMPLE TLS" };
    if is_mutual && tls.ca_certificates.is_empty() {
        let message = format!("{mode} requires a client CA bundle");
        let help =
            "add credentialName, whose Secret also contains the CA, or caCertificates".to_owned();
        findings.error(rule::webhook::CLIENT_CA, &place.field("caCertificates"), message, help);
    }
    if tls.tls_certificates.len() > 2 {
        let message = format!("{mode} can support up to 2 server certificates");
        let help = "keep an ECDSA and an RSA certificate".to_owned();
        findings.warning(
            rule::webhook::TOO_MANY_CERTIFICATES,
            &place.field("tlsCertificates"),
            message,
            help,
        );
    }
    let mut check_pair = |certificate: &str, key: &str, place: &Location<'_, '_>| {
        if certificate.is_empty() {
            let message = format!("{mode} requires a server certificate");
            let help = "add credentialName, the name of a Secret in the namespace of the gateway's \
                        pods, or serverCertificate";
            findings.error(
                rule::webhook::SERVER_CERTIFICATE,
                &place.field("serverCertificate"),
                message,
                help.to_owned(),
            );
        }
        if key.is_empty() {
            let message = format!("{mode} requires a private key");
            let help = "add credentialName, or privateKey".to_owned();
            findings.error(rule::webhook::PRIVATE_KEY, &place.field("privateKey"), message, help);
        }
    };
    if tls.tls_certificates.is_empty() {
        return check_pair(&tls.server_certificate, &tls.private_key, place);
    }
    let certificates = place.field("tlsCertificates");
    let mut nodes = certificates.items();
    for (index, certificate) in tls.tls_certificates.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| certificates.item(index, None));
        check_pair(&certificate.server_certificate, &certificate.private_key, &place);
    }
}

fn check_istio_mutual(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    for field in CERTIFICATES {
        if plan.is_set(field) {
            let what = match field {
                TlsField::ServerCertificate => "server certificate",
                TlsField::PrivateKey => "private key",
                TlsField::CaCertificates => "CA bundle",
                other => other.as_str(),
            };
            let message = format!("ISTIO_MUTUAL TLS cannot have associated {what}");
            let help = "remove it, since the mesh's certificates are used; or write mode: MUTUAL"
                .to_owned();
            findings.error(
                rule::webhook::ISTIO_MUTUAL,
                &place.field(field.as_str()),
                message,
                help,
            );
        }
    }
}

fn check_ciphers(tls: &ServerTlsSettings, place: &Location<'_, '_>, findings: &mut Findings) {
    let is_old = [TlsProtocol::Tlsv10, TlsProtocol::Tlsv11]
        .iter()
        .any(|old| tls.min_protocol_version == i32::from(*old));
    if is_old && tls.cipher_suites.is_empty() {
        let message = "TLS version below TLSV1_2 require setting compatible ciphers as by default \
                       they no longer include compatible ciphers.";
        let help =
            "write minProtocolVersion: TLSV1_2, or add cipherSuites such as ECDHE-RSA-AES128-SHA";
        findings.warning(
            rule::webhook::OLD_VERSION_CIPHERS,
            &place.field("minProtocolVersion"),
            message,
            help.to_owned(),
        );
    }
    let mut valid = HashSet::new();
    let (mut invalid, mut twice) = (Vec::new(), Vec::new());
    let mut repeated = Vec::new();
    for (index, suite) in tls.cipher_suites.iter().enumerate() {
        if !ciphers::is_valid(suite) {
            invalid.push(suite.as_str());
        } else if !valid.insert(suite.as_str()) {
            twice.push(suite.as_str());
            repeated.push(index);
        }
    }
    let suites = place.field("cipherSuites");
    sort::sort_and_dedup(&mut invalid);
    sort::sort_and_dedup(&mut twice);
    if !invalid.is_empty() {
        let message = format!("ignoring invalid cipher suites: [{}]", invalid.join(" "));
        let help = format!("use the OpenSSL names: {}", ciphers::NAMES.join(", "));
        findings.warning(rule::webhook::INVALID_CIPHERS, &suites, message, help);
    }
    if !twice.is_empty() {
        let message = format!("ignoring duplicate cipher suites: [{}]", twice.join(" "));
        findings.with_fix(Proposal::same(Change::RemoveItems(repeated)), |findings| {
            let help = "keep one of each".to_owned();
            findings.warning(rule::webhook::DUPLICATE_CIPHERS, &suites, message, help);
        });
    }
}

/// Source: istio/istio#61597, which no published module of istiod has yet. That such names are rejected
/// is known; the text and the order among the other checks are assumed.
fn check_alpn(tls: &ServerTlsSettings, place: &Location<'_, '_>, findings: &mut Findings) {
    let names = place.field("alpnProtocols");
    let mut nodes = names.items();
    for (index, name) in tls.alpn_protocols.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| names.item(index, None));
        if !(1..=255).contains(&name.len()) {
            let message = format!("invalid ALPN protocol {}", crate::diagnostic::Quoted(name));
            let help = "a name has 1 to 255 bytes, such as h2 and http/1.1".to_owned();
            findings.error(rule::webhook::ALPN_PROTOCOL, &place, message, help);
        }
    }
}
