//! What istiod does without saying so.

use std::collections::HashSet;

use super::{
    Flow, Options, Transport, alpn,
    kind::{Kind, has_credentials},
    params::OWN_CURVES_AND_ALPN,
    rule, secrets,
};

use crate::{
    Diagnostic, FieldPath, Port, RuleId, Server, ServerTlsSettings, Severity, TlsProtocol, ciphers,
    client_certificate::{Rejection, check_hash, check_spki},
    curves::{self, CurveError},
    proto::networking::v1alpha3::server_tls_settings::TlsCertificate,
};

/// Where the server's certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    PassedOn,
    Mesh,
    Credentials,
    Files,
}

struct Findings<'a> {
    tls: &'a ServerTlsSettings,
    options: &'a Options,
    kind: Option<Kind>,
    origin: Origin,
    found: Vec<Diagnostic>,
}

#[expect(deprecated, reason = "every field is looked at")]
pub(super) fn of(server: &Server, options: &Options, flow: Flow) -> Vec<Diagnostic> {
    let Server { port, bind: _, hosts: _, tls, default_endpoint: _, name: _ } = server;
    let Some(tls) = tls else { return Vec::new() };
    if flow == Flow::HttpPlain {
        let protocol = port.as_ref().map_or("", |port| {
            let Port { number: _, protocol, name: _, target_port: _ } = port;
            protocol
        });
        // A redirect to HTTPS is what a plain port's settings are for, and needs no mode.
        let redirect = ServerTlsSettings { https_redirect: true, ..Default::default() };
        if *tls == redirect {
            return Vec::new();
        }
        let but = if tls.https_redirect { " but httpsRedirect" } else { "" };
        let message = format!("the port's protocol is {protocol}: nothing of this{but} is used");
        return vec![finding(rule::SETTINGS_UNUSED, FieldPath::root().key("tls"), message, None)];
    }
    let kind = Kind::of(tls);
    let origin = match kind {
        None => Origin::PassedOn,
        Some(Kind::IstioMutual) => Origin::Mesh,
        Some(_) if has_credentials(tls) => Origin::Credentials,
        Some(_) => Origin::Files,
    };
    let mut findings = Findings { tls, options, kind, origin, found: Vec::new() };
    findings.all();
    findings.found
}

/// Whether Envoy accepts the listener and rejects the server's secrets when they arrive, for what the
/// rule reports, so that other servers of the listener are served.
#[must_use]
pub fn rejects_secrets(rule: RuleId) -> bool {
    matches!(rule, rule::PIN_INVALID | rule::PARAMETERS_REJECTED)
}

fn finding(rule: RuleId, path: FieldPath, message: String, help: Option<&str>) -> Diagnostic {
    let severity = match rule {
        rule::REFUSED_BY_ENVOY | rule::CREDENTIAL_EMPTY => Severity::Error,
        rule if rejects_secrets(rule) => Severity::Error,
        _ => Severity::Warning,
    };
    let help = help.map(str::to_owned);
    Diagnostic { help, ..Diagnostic::new(rule, severity, path, message) }
}

impl Findings<'_> {
    fn all(&mut self) {
        let ServerTlsSettings {
            https_redirect: _,
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
        } = self.tls;
        if self.kind == Some(Kind::Unknown) {
            let message = format!("{mode} is no mode that istiod knows: it does as for SIMPLE");
            self.add(rule::MODE_UNKNOWN, "mode", message, None);
        }
        self.certificate("serverCertificate", !server_certificate.is_empty());
        self.certificate("privateKey", !private_key.is_empty());
        self.certificate("tlsCertificates", !tls_certificates.is_empty());
        self.certificate("credentialName", !credential_name.is_empty());
        self.certificate("credentialNames", !credential_names.is_empty());
        self.sources(tls_certificates, credential_names);
        self.ca(ca_certificates, ca_cert_credential_name);
        self.crl(!ca_crl.is_empty());
        self.names(!subject_alt_names.is_empty());
        self.pins("verifyCertificateSpki", verify_certificate_spki, check_spki);
        self.pins("verifyCertificateHash", verify_certificate_hash, check_hash);
        if *insecure_skip_verify == Some(true) && !self.requests() {
            self.ignored(rule::SKIP_IGNORED, "insecureSkipVerify", "no certificate is asked for");
        }
        self.version("minProtocolVersion", *min_protocol_version);
        self.version("maxProtocolVersion", *max_protocol_version);
        self.suites(cipher_suites);
        self.curves(ecdh_curves);
        self.alpn(alpn_protocols);
        self.quic();
    }

    fn requests(&self) -> bool {
        self.kind.is_some_and(Kind::requests)
    }

    fn path(&self, field: &str) -> FieldPath {
        FieldPath::root().key("tls").key(field)
    }

    fn add(&mut self, rule: RuleId, field: &str, message: String, help: Option<&str>) {
        self.found.push(finding(rule, self.path(field), message, help));
    }

    fn ignored(&mut self, rule: RuleId, field: &str, why: &str) {
        let why = if self.origin == Origin::PassedOn { "TLS is passed on" } else { why };
        self.add(rule, field, format!("ignored: {why}"), None);
    }

    /// A source of the server's certificate, and the one that wins over it.
    fn certificate(&mut self, field: &str, is_set: bool) {
        let is_used = match field {
            "credentialNames" => self.origin == Origin::Credentials,
            "credentialName" => {
                self.origin == Origin::Credentials && self.tls.credential_names.is_empty()
            }
            "tlsCertificates" => self.origin == Origin::Files,
            _ => self.origin == Origin::Files && self.tls.tls_certificates.is_empty(),
        };
        if !is_set || is_used {
            return;
        }
        let winner = match self.origin {
            Origin::Mesh => "the mesh's own certificate is used",
            Origin::Credentials if self.tls.credential_names.is_empty() => "credentialName is used",
            Origin::Credentials => "credentialNames is used",
            Origin::Files | Origin::PassedOn => "tlsCertificates is used",
        };
        self.ignored(rule::CERTIFICATE_IGNORED, field, winner);
    }

    /// What is used, and is not what it seems.
    fn sources(&mut self, certificates: &[TlsCertificate], credentials: &[String]) {
        const MESH: &str = "the mesh's own certificate takes its place: not both a certificate and \
                            a key are given";
        let is_pair = |certificate: &str, key: &str| !certificate.is_empty() && !key.is_empty();
        match self.origin {
            Origin::Files if certificates.is_empty() => {
                if !is_pair(&self.tls.server_certificate, &self.tls.private_key) {
                    self.add(rule::CERTIFICATE_REPLACED, "serverCertificate", MESH.into(), None);
                }
            }
            Origin::Files => {
                for (i, certificate) in certificates.iter().enumerate() {
                    let TlsCertificate { server_certificate, private_key, ca_certificates } =
                        certificate;
                    let path = self.path("tlsCertificates").index(i);
                    if !is_pair(server_certificate, private_key) {
                        let rule = rule::CERTIFICATE_REPLACED;
                        self.found.push(finding(rule, path.clone(), MESH.into(), None));
                    }
                    if !ca_certificates.is_empty() {
                        self.found.push(finding(
                            rule::CA_IGNORED,
                            path.key("caCertificates"),
                            "ignored: only the CA beside tlsCertificates counts".to_owned(),
                            Some("write it in tls.caCertificates"),
                        ));
                    }
                }
            }
            Origin::Credentials if credentials.is_empty() => {
                let path = self.path("credentialName");
                self.credential(&self.tls.credential_name, path);
            }
            Origin::Credentials => {
                for (i, name) in credentials.iter().enumerate() {
                    self.credential(name, self.path("credentialNames").index(i));
                }
            }
            Origin::PassedOn | Origin::Mesh => {}
        }
    }

    fn credential(&mut self, name: &str, path: FieldPath) {
        if secrets::credential(name, self.options).is_some() {
            return;
        }
        let message = if name.is_empty() {
            "Envoy refuses the listener: the secret of an empty name has none"
        } else {
            "Envoy refuses the listener: the mesh's provider of secrets cannot be reached"
        };
        self.found.push(finding(rule::CREDENTIAL_EMPTY, path, message.to_owned(), None));
    }

    fn ca(&mut self, file: &str, credential: &str) {
        let why = match (self.requests(), self.origin) {
            (false, _) => "no certificate is asked for",
            (_, Origin::Mesh) => "the mesh's own CA is used",
            (_, Origin::Credentials) => "the credential's CA is used",
            (_, Origin::Files | Origin::PassedOn) => "the CA in caCertificates is used",
        };
        let is_used = |by: Origin| self.requests() && self.origin == by;
        let (is_file_used, is_credential_used) =
            (is_used(Origin::Files), is_used(Origin::Credentials));
        if !file.is_empty() && !is_file_used {
            self.ignored(rule::CA_IGNORED, "caCertificates", why);
        }
        if !credential.is_empty() && !is_credential_used {
            self.ignored(rule::CA_IGNORED, "caCertCredentialName", why);
        }
        if file.is_empty() && is_file_used {
            let message = "the mesh's own CA takes its place: every workload of the mesh gets in";
            self.add(rule::CA_REPLACED, "caCertificates", message.to_owned(), None);
        }
    }

    fn crl(&mut self, is_set: bool) {
        if !is_set {
        } else if !self.requests() {
            self.ignored(rule::CRL_IGNORED, "caCrl", "no certificate is asked for");
        } else if self.origin == Origin::Credentials {
            let message = "ignored: with a credential the revocation list is the Secret's";
            let help = Some("write it into the Secret, under the key ca.crl");
            self.add(rule::CRL_IGNORED, "caCrl", message.to_owned(), help);
        }
    }

    fn names(&mut self, are_set: bool) {
        if !are_set || self.requests() {
        } else if self.origin == Origin::Credentials {
            let message = "Envoy refuses the listener: no CA says whose names they are";
            let help = Some("remove them, or use MUTUAL or OPTIONAL_MUTUAL");
            self.add(rule::REFUSED_BY_ENVOY, "subjectAltNames", message.to_owned(), help);
        } else {
            self.ignored(rule::NAMES_IGNORED, "subjectAltNames", "no certificate is asked for");
        }
    }

    fn pins(&mut self, field: &str, pins: &[String], check: fn(&str) -> Result<(), Rejection>) {
        if pins.is_empty() {
            return;
        }
        if !(self.requests() && self.origin == Origin::Credentials) {
            let why = match (self.requests(), self.origin) {
                (true, Origin::Mesh) => "pins do not count with ISTIO_MUTUAL",
                (true, _) => "pins count with a credential only",
                (false, _) => "no certificate is asked for",
            };
            return self.ignored(rule::PINS_IGNORED, field, why);
        }
        for (i, pin) in pins.iter().enumerate() {
            let Err(rejection) = check(pin) else { continue };
            let pin = crate::diagnostic::Quoted(pin);
            let (rule, message) = if rejection.refuses_listener() {
                (rule::REFUSED_BY_ENVOY, format!("Envoy refuses the listener: {pin} is no pin"))
            } else {
                let what = "Envoy rejects the server's secrets, and refuses every client";
                (rule::PIN_INVALID, format!("{what}: {pin} is no pin"))
            };
            let help = if field == "verifyCertificateSpki" {
                "base64 of a SHA-256, 44 characters"
            } else {
                "a SHA-256 in 64 hex digits, or the same with colons"
            };
            let path = self.path(field).index(i);
            self.found.push(finding(rule, path, message, Some(help)));
        }
    }

    /// Whether versions, suites and curves count.
    fn has_parameters(&mut self, field: &str) -> bool {
        let why = match self.kind {
            Some(Kind::Simple | Kind::Mutual | Kind::OptionalMutual) => return true,
            Some(Kind::IstioMutual) => "ISTIO_MUTUAL has the mesh's own",
            Some(Kind::Unknown) | None => "istiod does not know the mode",
        };
        self.ignored(rule::PARAMETERS_IGNORED, field, why);
        false
    }

    fn version(&mut self, field: &str, number: i32) {
        if number == 0 || !self.has_parameters(field) {
            return;
        }
        if TlsProtocol::try_from(number).is_err() {
            let message = format!("{number} is no version of TLS: Envoy's default is used");
            self.add(rule::VERSION_UNKNOWN, field, message, None);
        }
    }

    fn suites(&mut self, suites: &[String]) {
        if suites.is_empty() || !self.has_parameters("cipherSuites") {
            return;
        }
        let mut known = HashSet::new();
        for (i, suite) in suites.iter().enumerate() {
            let is_second = !known.insert(suite);
            let why = match ciphers::is_valid(suite) {
                true if is_second => "it is there twice",
                true => continue,
                false => "istiod does not know it",
            };
            let path = self.path("cipherSuites").index(i);
            self.found.push(finding(rule::SUITE_DROPPED, path, format!("dropped: {why}"), None));
        }
    }

    /// Whether a parameter that came with Istio 1.32 counts.
    fn has_new_parameters(&mut self, field: &str) -> bool {
        let is_known = self.options.istio >= OWN_CURVES_AND_ALPN;
        if !is_known {
            self.ignored(rule::PARAMETERS_IGNORED, field, "it needs Istio 1.32");
        }
        is_known && self.has_parameters(field)
    }

    fn curves(&mut self, names: &[String]) {
        if names.is_empty() || !self.has_new_parameters("ecdhCurves") {
            return;
        }
        for (i, error) in curves::errors(names) {
            let (name, what) = match error {
                CurveError::Unknown(name) => (name, "is not a curve that it knows"),
                CurveError::Duplicate(name) => (name, "is there twice"),
            };
            let name = crate::diagnostic::Quoted(name);
            let message = format!(
                "Envoy rejects the server's secrets, and refuses every client: {name} {what}"
            );
            let path = self.path("ecdhCurves").index(i);
            self.found.push(finding(rule::PARAMETERS_REJECTED, path, message, None));
        }
    }

    fn alpn(&mut self, names: &[String]) {
        if names.is_empty() || !self.has_new_parameters("alpnProtocols") {
            return;
        }
        if self.options.transport == Transport::Quic {
            let why = "over QUIC the protocol is h3";
            return self.ignored(rule::PARAMETERS_IGNORED, "alpnProtocols", why);
        }
        for (i, name) in names.iter().enumerate().filter(|(_, name)| !alpn::is_name(name)) {
            let what = if name.is_empty() { "is empty" } else { "is longer than 255 bytes" };
            let path = self.path("alpnProtocols").index(i);
            let message = format!("dropped: the name {what}");
            self.found.push(finding(rule::ALPN_DROPPED, path, message, None));
        }
        if !alpn::fits_envoy(names) {
            let message = "Envoy rejects the server's secrets, and refuses every client: with commas between them, the names have \
                           more than 65534 bytes";
            self.add(rule::PARAMETERS_REJECTED, "alpnProtocols", message.to_owned(), None);
        }
    }

    fn quic(&mut self) {
        if self.options.transport != Transport::Quic {
            return;
        }
        let message = match (self.kind, self.origin) {
            (Some(Kind::Mutual), Origin::Credentials) => {
                "over QUIC a client gets in without a certificate"
            }
            (Some(Kind::Mutual | Kind::IstioMutual), _) => "over QUIC no certificate is asked for",
            _ => return,
        };
        self.add(rule::QUIC_WEAKER, "mode", message.to_owned(), None);
    }
}
