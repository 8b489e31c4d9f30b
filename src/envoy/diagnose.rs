//! Diagnoses settings that istiod drops or replaces silently.

use std::collections::HashSet;

use super::{Options, TrafficMode, Transport, alpn, params::OWN_CURVES_AND_ALPN, rule, secrets};
use crate::{
    Diagnostic, FieldPath, Port, RuleId, Server, ServerTlsSettings, Severity, TlsCertificate,
    TlsMode, TlsProtocol, ciphers,
    rule::webhook,
    tls_plan::{
        CaSource, CertificateSource, CredentialName, EnvoyRejection, IgnoreReason, TlsField,
        TlsFinding, TlsPlan,
    },
};

struct Findings<'a> {
    plan: &'a TlsPlan<'a>,
    options: &'a Options,
    found: Vec<Diagnostic>,
    rejection: Option<EnvoyRejection>,
}

/// Reports what istiod drops or replaces silently, and what Envoy rejects.
pub(super) fn diagnose(
    server: &Server,
    plan: &TlsPlan<'_>,
    options: &Options,
    flow: TrafficMode,
) -> (Vec<Diagnostic>, Option<EnvoyRejection>) {
    if flow == TrafficMode::HttpPlain {
        return (unused_settings(server).into_iter().collect(), None);
    }
    let mut findings = Findings { plan, options, found: Vec::new(), rejection: None };
    findings.all();
    (findings.found, findings.rejection)
}

/// TLS settings on a plain HTTP port.
#[expect(deprecated, reason = "every field is looked at")]
fn unused_settings(server: &Server) -> Option<Diagnostic> {
    let Server { port, bind: _, hosts: _, tls, default_endpoint: _, name: _ } = server;
    let tls = tls.as_ref()?;
    let protocol = port.as_ref().map_or("", |port| {
        let Port { number: _, protocol, name: _, target_port: _ } = port;
        protocol
    });
    // A redirect to HTTPS is the only setting for a plain HTTP port, and needs no mode.
    let redirect = ServerTlsSettings { https_redirect: true, ..Default::default() };
    let but = if tls.https_redirect { ", except httpsRedirect" } else { "" };
    let message = format!("has no effect{but}: the port's protocol is {protocol}");
    let path = FieldPath::root().key("tls");
    (*tls != redirect).then(|| finding(webhook::TLS_ON_HTTP, path, message))
}

fn finding(rule: RuleId, path: FieldPath, message: String) -> Diagnostic {
    Diagnostic::new(rule, Severity::Warning, path, message)
}

fn path(field: TlsField) -> FieldPath {
    FieldPath::root().key("tls").key(field.as_str())
}

impl Findings<'_> {
    fn all(&mut self) {
        if let Err(number) = self.plan.mode {
            let message = format!("unknown mode {}: istiod treats it as SIMPLE", number.0);
            self.add(rule::MODE_UNKNOWN, path(TlsField::Mode), message);
        }
        self.sources();
        for found in self.plan.findings() {
            if self.is_ignored_here(found.field).is_none() {
                self.shared(found);
            }
        }
        for field in self.plan.set.iter() {
            let reason = self.plan.ignore_reason(field);
            match (self.is_ignored_here(field), reason) {
                (Some(message), _) => {
                    let message = format!("ignored: {message}");
                    self.add(rule::PARAMETERS_IGNORED, path(field), message);
                }
                (None, Some(reason)) if self.plan.ignored(field, reason).is_none() => {
                    self.add(ignored_rule(reason), path(field), format!("ignored: {reason}"));
                }
                (None, Some(_)) => {}
                (None, None) => self.parameters(field),
            }
        }
        self.quic();
    }

    fn add(&mut self, rule: RuleId, path: FieldPath, message: String) {
        self.found.push(finding(rule, path, message));
    }

    fn reject(&mut self, rejection: EnvoyRejection, found: Diagnostic) {
        self.rejection = self.rejection.max(Some(rejection));
        self.found.push(Diagnostic { severity: Severity::Error, ..found });
    }

    /// A fact that the validation reports, too.
    fn shared(&mut self, found: TlsFinding) {
        let TlsFinding { rule, field, item, part, message, help, rejection } = found;
        let mut path = path(field);
        if let Some(item) = item {
            path = path.index(item);
        }
        if let Some(part) = part {
            path = path.key(part);
        }
        let found = Diagnostic { help: Some(help), ..finding(rule, path, message) };
        match rejection {
            Some(rejection) => self.reject(rejection, found),
            None => self.found.push(found),
        }
    }

    /// Why a field has no effect with these options, although it has one in the newest release over TCP.
    fn is_ignored_here(&self, field: TlsField) -> Option<&'static str> {
        if self.plan.ignore_reason(field) == Some(IgnoreReason::Passthrough) {
            return None;
        }
        let is_new = matches!(field, TlsField::EcdhCurves | TlsField::AlpnProtocols);
        if is_new && self.options.istio < OWN_CURVES_AND_ALPN {
            return Some("it requires Istio 1.32");
        }
        let is_alpn = field == TlsField::AlpnProtocols && self.plan.ignore_reason(field).is_none();
        (is_alpn && self.options.transport == Transport::Quic)
            .then_some("over QUIC the protocol is h3")
    }

    /// Replaced or ignored sources of certificates.
    fn sources(&mut self) {
        const MESH: &str = "the mesh's certificate is used instead: a certificate and a key are \
                            required";
        let is_pair = |certificate: &str, key: &str| !certificate.is_empty() && !key.is_empty();
        match self.plan.certificates {
            CertificateSource::Files { certificate, key } => {
                if !is_pair(certificate, key) {
                    let path = path(TlsField::ServerCertificate);
                    self.add(rule::CERTIFICATE_REPLACED, path, MESH.into());
                }
            }
            CertificateSource::FilePairs(pairs) => {
                for (i, pair) in pairs.iter().enumerate() {
                    let TlsCertificate { server_certificate, private_key, ca_certificates: _ } =
                        pair;
                    if !is_pair(server_certificate, private_key) {
                        let path = path(TlsField::TlsCertificates).index(i);
                        self.add(rule::CERTIFICATE_REPLACED, path, MESH.into());
                    }
                }
            }
            CertificateSource::Credentials(names) => {
                let is_list = self.plan.is_set(TlsField::CredentialNames);
                for (i, name) in names.iter().enumerate() {
                    let path = match is_list {
                        true => path(TlsField::CredentialNames).index(i),
                        false => path(TlsField::CredentialName),
                    };
                    self.credential(name, path);
                }
            }
            CertificateSource::Passthrough | CertificateSource::Proxy => {}
        }
        let validation = self.plan.validation.as_ref();
        if validation.is_some_and(|validation| validation.ca == CaSource::MeshRoot) {
            let message = "the mesh's CA is used instead: every workload of the mesh is accepted";
            let path = path(TlsField::CaCertificates);
            self.add(rule::CA_REPLACED, path, message.to_owned());
        }
    }

    fn credential(&mut self, name: &str, path: FieldPath) {
        if secrets::has_secret(&CredentialName::from(name), self.options) {
            return;
        }
        let message = if name.is_empty() {
            "Envoy rejects the listener: the secret name is empty"
        } else {
            "Envoy rejects the listener: the mesh's secret provider cannot be reached"
        };
        let found = finding(rule::CREDENTIAL_EMPTY, path, message.to_owned());
        self.reject(EnvoyRejection::Listener, found);
    }

    /// Dropped versions, cipher suites and ALPN protocols, and those that Envoy rejects.
    fn parameters(&mut self, field: TlsField) {
        let Some(parameters) = self.plan.parameters else { return };
        let number = match field {
            TlsField::MinProtocolVersion => parameters.min_protocol_version,
            TlsField::MaxProtocolVersion => parameters.max_protocol_version,
            TlsField::CipherSuites => return self.suites(parameters.cipher_suites),
            TlsField::AlpnProtocols => return self.alpn(parameters.alpn_protocols),
            _ => return,
        };
        if TlsProtocol::try_from(number).is_err() {
            let message = format!("unknown TLS version {number}: Envoy's default is used");
            self.add(rule::VERSION_UNKNOWN, path(field), message);
        }
    }

    fn suites(&mut self, suites: &[String]) {
        let mut known = HashSet::new();
        for (i, suite) in suites.iter().enumerate() {
            let is_second = !known.insert(suite);
            let (rule, why) = match ciphers::is_valid(suite) {
                true if is_second => (webhook::DUPLICATE_CIPHERS, "duplicate cipher suite"),
                true => continue,
                false => (webhook::INVALID_CIPHERS, "unknown cipher suite"),
            };
            let path = path(TlsField::CipherSuites).index(i);
            self.add(rule, path, format!("dropped: {why}"));
        }
    }

    fn alpn(&mut self, names: &[String]) {
        let at = path(TlsField::AlpnProtocols);
        for (i, name) in names.iter().enumerate().filter(|(_, name)| !alpn::is_name(name)) {
            let what = if name.is_empty() { "is empty" } else { "is longer than 255 bytes" };
            let message = format!("dropped: the name {what}");
            self.add(webhook::ALPN_PROTOCOL, at.clone().index(i), message);
        }
        if !alpn::fits_envoy(names) {
            let why = "joined with commas, the names have more than 65534 bytes";
            let found = finding(rule::ALPN_REJECTED, at, format!("{REJECTED}: {why}"));
            self.reject(EnvoyRejection::Secrets, found);
        }
    }

    fn quic(&mut self) {
        if self.options.transport != Transport::Quic {
            return;
        }
        let message = match self.plan.mode {
            Ok(TlsMode::Mutual) if self.plan.uses_credentials() => {
                "over QUIC a client without a certificate is accepted"
            }
            Ok(TlsMode::Mutual | TlsMode::IstioMutual) => "over QUIC no certificate is requested",
            _ => return,
        };
        self.add(rule::QUIC_WEAKER, path(TlsField::Mode), message.to_owned());
    }
}

const REJECTED: &str = "Envoy rejects the server's secrets, so that no client can connect";

/// The rule for a field that is set and has no effect, and about which lint has no rule.
fn ignored_rule(reason: IgnoreReason) -> RuleId {
    match reason {
        IgnoreReason::Passthrough => webhook::PASSTHROUGH_CERTIFICATES,
        IgnoreReason::ProxyCertificate | IgnoreReason::ProxyCa => webhook::ISTIO_MUTUAL,
        IgnoreReason::OtherCertificate(_) => webhook::CERTIFICATE_SOURCES,
        _ => rule::PARAMETERS_IGNORED,
    }
}
