//! Diagnoses settings that istiod drops or replaces silently.

use std::collections::HashSet;

use super::{Options, TrafficMode, Transport, alpn, params::OWN_CURVES_AND_ALPN, rule, secrets};
use crate::{
    Diagnostic, FieldPath, Port, RuleId, Server, ServerTlsSettings, Severity, TlsCertificate,
    TlsMode, TlsProtocol, ciphers,
    client_certificate::{Rejection, check_hash, check_spki},
    curves::{self, CurveError},
    diagnostic::Quoted,
    tls_plan::{CaSource, CertificateSource, CredentialName, IgnoreReason, TlsField, TlsPlan},
};

struct Findings<'a> {
    plan: &'a TlsPlan<'a>,
    options: &'a Options,
    found: Vec<Diagnostic>,
}

/// Reports what istiod drops or replaces silently, and what Envoy rejects.
pub(super) fn diagnose(
    server: &Server,
    plan: &TlsPlan<'_>,
    options: &Options,
    flow: TrafficMode,
) -> Vec<Diagnostic> {
    if flow == TrafficMode::HttpPlain {
        return unused_settings(server).into_iter().collect();
    }
    let mut findings = Findings { plan, options, found: Vec::new() };
    findings.all();
    findings.found
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
    (*tls != redirect).then(|| finding(rule::SETTINGS_UNUSED, path, message, None))
}

/// Whether a finding of this rule means that Envoy accepts the listener but rejects the server's
/// secrets, so that other servers of the listener work.
#[must_use]
pub fn rejects_secrets(rule: RuleId) -> bool {
    matches!(rule, rule::PIN_INVALID | rule::PARAMETERS_REJECTED)
}

fn finding(rule: RuleId, path: FieldPath, message: String, help: Option<&str>) -> Diagnostic {
    let severity = match rule {
        rule::SETTINGS_REJECTED | rule::CREDENTIAL_EMPTY => Severity::Error,
        rule if rejects_secrets(rule) => Severity::Error,
        _ => Severity::Warning,
    };
    let help = help.map(str::to_owned);
    Diagnostic { help, ..Diagnostic::new(rule, severity, path, message) }
}

fn path(field: TlsField) -> FieldPath {
    FieldPath::root().key("tls").key(field.as_str())
}

impl Findings<'_> {
    fn all(&mut self) {
        if let Err(number) = self.plan.mode {
            let message = format!("unknown mode {}: istiod treats it as SIMPLE", number.0);
            self.add(rule::MODE_UNKNOWN, path(TlsField::Mode), message, None);
        }
        self.sources();
        for field in self.plan.set.iter() {
            match self.ignored(field) {
                Some(message) => {
                    let help = (field == TlsField::CaCrl
                        && self.plan.requests_client_certificate())
                    .then_some("add it to the Secret under the key ca.crl");
                    self.add(ignored_rule(field), path(field), format!("ignored: {message}"), help);
                }
                None => self.used(field),
            }
        }
        self.quic();
    }

    fn add(&mut self, rule: RuleId, path: FieldPath, message: String, help: Option<&str>) {
        self.found.push(finding(rule, path, message, help));
    }

    /// Why a field that is set has no effect with these options, if so.
    fn ignored(&self, field: TlsField) -> Option<String> {
        let is_new = matches!(field, TlsField::EcdhCurves | TlsField::AlpnProtocols);
        let is_quic = self.options.transport == Transport::Quic;
        match self.plan.ignore_reason(field) {
            Some(reason @ IgnoreReason::Passthrough) => Some(reason.to_string()),
            _ if is_new && self.options.istio < OWN_CURVES_AND_ALPN => {
                Some("it requires Istio 1.32".to_owned())
            }
            Some(reason) => Some(reason.to_string()),
            None if field == TlsField::AlpnProtocols && is_quic => {
                Some("over QUIC the protocol is h3".to_owned())
            }
            None => None,
        }
    }

    /// Values of a used field that are dropped, or for which Envoy rejects the server.
    fn used(&mut self, field: TlsField) {
        let validation = self.plan.validation.as_ref();
        match field {
            TlsField::HttpsRedirect
            | TlsField::Mode
            | TlsField::ServerCertificate
            | TlsField::PrivateKey
            | TlsField::CaCertificates
            | TlsField::CaCrl
            | TlsField::CredentialName
            | TlsField::CredentialNames
            | TlsField::CaCertCredentialName
            | TlsField::TlsCertificates
            | TlsField::InsecureSkipVerify => {}
            TlsField::SubjectAltNames => {
                if validation.is_some_and(|validation| validation.ca == CaSource::Absent) {
                    let message = "Envoy rejects the listener: no CA verifies the names";
                    let help = Some("remove them, or use MUTUAL or OPTIONAL_MUTUAL");
                    self.add(rule::SETTINGS_REJECTED, path(field), message.to_owned(), help);
                }
            }
            TlsField::VerifyCertificateSpki => {
                let pins = validation.map_or([].as_slice(), |of| of.verify_certificate_spki);
                self.pins(
                    field,
                    pins,
                    check_spki,
                    "write a base64 encoded SHA-256 of 44 characters",
                );
            }
            TlsField::VerifyCertificateHash => {
                let pins = validation.map_or([].as_slice(), |of| of.verify_certificate_hash);
                let help = "write a SHA-256 of 64 hexadecimal digits, optionally with colons";
                self.pins(field, pins, check_hash, help);
            }
            TlsField::MinProtocolVersion
            | TlsField::MaxProtocolVersion
            | TlsField::CipherSuites
            | TlsField::EcdhCurves
            | TlsField::AlpnProtocols => self.parameters(field),
        }
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
                    self.add(rule::CERTIFICATE_REPLACED, path, MESH.into(), None);
                }
            }
            CertificateSource::FilePairs(pairs) => {
                for (i, pair) in pairs.iter().enumerate() {
                    let TlsCertificate { server_certificate, private_key, ca_certificates } = pair;
                    let path = path(TlsField::TlsCertificates).index(i);
                    if !is_pair(server_certificate, private_key) {
                        self.add(rule::CERTIFICATE_REPLACED, path.clone(), MESH.into(), None);
                    }
                    if !ca_certificates.is_empty() {
                        let message = "ignored: only tls.caCertificates is used".to_owned();
                        let help = Some("write it in tls.caCertificates");
                        self.add(rule::CA_IGNORED, path.key("caCertificates"), message, help);
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
            self.add(rule::CA_REPLACED, path, message.to_owned(), None);
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
        self.add(rule::CREDENTIAL_EMPTY, path, message.to_owned(), None);
    }

    fn pins(
        &mut self,
        field: TlsField,
        pins: &[String],
        check: fn(&str) -> Result<(), Rejection>,
        help: &str,
    ) {
        for (i, pin) in pins.iter().enumerate() {
            let Err(rejection) = check(pin) else { continue };
            let (rule, what) = if rejection.rejects_listener() {
                (rule::SETTINGS_REJECTED, "Envoy rejects the listener")
            } else {
                (rule::PIN_INVALID, REJECTED)
            };
            let message = format!("{what}: invalid pin {}", Quoted(pin));
            self.add(rule, path(field).index(i), message, Some(help));
        }
    }

    /// Dropped versions, cipher suites, curves and ALPN protocols, and those that Envoy rejects.
    fn parameters(&mut self, field: TlsField) {
        let Some(parameters) = self.plan.parameters else { return };
        let number = match field {
            TlsField::MinProtocolVersion => parameters.min_protocol_version,
            TlsField::MaxProtocolVersion => parameters.max_protocol_version,
            TlsField::CipherSuites => return self.suites(parameters.cipher_suites),
            TlsField::EcdhCurves => return self.curves(parameters.ecdh_curves),
            TlsField::AlpnProtocols => return self.alpn(parameters.alpn_protocols),
            _ => return,
        };
        if TlsProtocol::try_from(number).is_err() {
            let message = format!("unknown TLS version {number}: Envoy's default is used");
            self.add(rule::VERSION_UNKNOWN, path(field), message, None);
        }
    }

    fn suites(&mut self, suites: &[String]) {
        let mut known = HashSet::new();
        for (i, suite) in suites.iter().enumerate() {
            let is_second = !known.insert(suite);
            let why = match ciphers::is_valid(suite) {
                true if is_second => "duplicate cipher suite",
                true => continue,
                false => "unknown cipher suite",
            };
            let path = path(TlsField::CipherSuites).index(i);
            self.add(rule::SUITE_DROPPED, path, format!("dropped: {why}"), None);
        }
    }

    fn curves(&mut self, names: &[String]) {
        for (i, error) in curves::errors(names) {
            let (name, what) = match error {
                CurveError::Unknown(name) => (name, "is unknown"),
                CurveError::Duplicate(name) => (name, "is repeated"),
            };
            let message = format!("{REJECTED}: curve {} {what}", Quoted(name));
            let path = path(TlsField::EcdhCurves).index(i);
            self.add(rule::PARAMETERS_REJECTED, path, message, None);
        }
    }

    fn alpn(&mut self, names: &[String]) {
        let at = path(TlsField::AlpnProtocols);
        for (i, name) in names.iter().enumerate().filter(|(_, name)| !alpn::is_name(name)) {
            let what = if name.is_empty() { "is empty" } else { "is longer than 255 bytes" };
            let message = format!("dropped: the name {what}");
            self.add(rule::ALPN_DROPPED, at.clone().index(i), message, None);
        }
        if !alpn::fits_envoy(names) {
            let why = "joined with commas, the names have more than 65534 bytes";
            self.add(rule::PARAMETERS_REJECTED, at, format!("{REJECTED}: {why}"), None);
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
        self.add(rule::QUIC_WEAKER, path(TlsField::Mode), message.to_owned(), None);
    }
}

const REJECTED: &str = "Envoy rejects the server's secrets, so that no client can connect";

/// The rule for a field that is set and has no effect.
fn ignored_rule(field: TlsField) -> RuleId {
    match field {
        TlsField::ServerCertificate
        | TlsField::PrivateKey
        | TlsField::TlsCertificates
        | TlsField::CredentialName
        | TlsField::CredentialNames => rule::CERTIFICATE_IGNORED,
        TlsField::CaCertificates | TlsField::CaCertCredentialName => rule::CA_IGNORED,
        TlsField::CaCrl => rule::CRL_IGNORED,
        TlsField::SubjectAltNames => rule::NAMES_IGNORED,
        TlsField::VerifyCertificateSpki | TlsField::VerifyCertificateHash => rule::PINS_IGNORED,
        TlsField::InsecureSkipVerify => rule::SKIP_IGNORED,
        TlsField::MinProtocolVersion
        | TlsField::MaxProtocolVersion
        | TlsField::CipherSuites
        | TlsField::EcdhCurves
        | TlsField::AlpnProtocols => rule::PARAMETERS_IGNORED,
        // These are never ignored on a TLS port.
        TlsField::HttpsRedirect | TlsField::Mode => rule::SETTINGS_UNUSED,
    }
}
