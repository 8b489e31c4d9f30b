//! From a Gateway of Istio's to one of Gateway API, where it can say the same.

use std::collections::BTreeMap;

use super::{
    input::{
        ALLOW_INSECURE_FALLBACK, AllowedRoutes, FrontendTls, GROUP, Gateway, GatewayTls, GrantFrom,
        GrantTo, LabelExpression, LabelSelector, Listener, ListenerTls, Metadata, ObjectReference,
        PortTls, ReferenceGrant, RouteNamespaces, SecretReference, TlsConfig, Validation,
    },
    listener::{PORT_NAME, Taken},
    references::CA_SUFFIX,
    rule,
    tls::{
        AUTO_PASSTHROUGH, CIPHER_SUITES, LISTENER_PROTOCOL, TERMINATE_MODE, is_auto_passthrough,
    },
};
use crate::{
    Diagnostic, FieldPath, Port, Server, ServerTlsSettings, Severity, TlsMode, ciphers,
    json::Quoted,
    validate::{is_ip, is_subdomain},
};

/// A Gateway of Gateway API that says what a Gateway of Istio's says, as far as that can be said.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Back {
    /// The Gateway, with a listener of each server that can be said.
    pub gateway: Gateway,
    /// The ReferenceGrants that it takes.
    pub reference_grants: Vec<ReferenceGrant>,
    /// For each server the name of its listener, if it has one.
    pub listeners: Vec<Option<String>>,
    /// What cannot be said (an error, and the server has no listener), and what is said otherwise and
    /// means the same (a note). Paths begin at the spec of Istio's Gateway. The rules are
    /// [`rule::UNSAID`] and [`rule::SAID_OTHERWISE`].
    pub diagnostics: Vec<Diagnostic>,
}

/// Says in Gateway API what a Gateway of Istio's says. `metadata` becomes the Gateway's.
///
/// A server of which nothing is told comes back the same from
/// [`convert`](super::convert()), where what it refers to exists; one with notes comes back with the
/// same meaning.
///
/// ```
/// use istio_gateway::{
///     gateway_api::{Metadata, from_istio},
///     json,
/// };
///
/// let gateway = json::from_str(
///     r#"{"servers": [{
///         "port": {"number": 443, "name": "default", "protocol": "HTTPS"},
///         "hosts": ["infra/shop.example.com"],
///         "tls": {
///             "mode": "OPTIONAL_MUTUAL",
///             "credentialName": "kubernetes-gateway://infra/edge-cert",
///             "caCertCredentialName": "configmap://infra/clients-cacert",
///             "insecureSkipVerify": true
///         }
///     }]}"#,
/// )?;
/// let mut metadata = Metadata::default();
/// (metadata.namespace, metadata.name) = ("infra".to_owned(), "edge".to_owned());
/// let back = from_istio(&gateway, metadata);
/// assert_eq!(back.diagnostics, []);
/// assert_eq!(
///     serde_json::to_value(&back.gateway.spec.tls).unwrap(),
///     serde_json::json!({"frontend": {"default": {"validation": {
///         "mode": "AllowInsecureFallback",
///         "caCertificateRefs": [{"kind": "ConfigMap", "name": "clients"}],
///     }}}}),
/// );
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn from_istio(gateway: &crate::Gateway, metadata: Metadata) -> Back {
    let mut back = Back {
        gateway: Gateway { metadata, ..Gateway::default() },
        reference_grants: Vec::new(),
        listeners: Vec::new(),
        diagnostics: Vec::new(),
    };
    "istio".clone_into(&mut back.gateway.spec.gateway_class_name);
    let crate::Gateway { servers, selector } = gateway;
    if !selector.is_empty() {
        let at = FieldPath::root().key("selector");
        back.note(at, "Gateway API binds to pods by a class or the address of a Service");
    }
    let mut ports = Ports::new();
    for (index, server) in servers.iter().enumerate() {
        let at = FieldPath::root().key("servers").index(index);
        let told = back.diagnostics.len();
        let said = back.server(server, &at);
        let is_unsaid = |found: &Diagnostic| found.severity == Severity::Error;
        let is_said = !back.diagnostics.iter().skip(told).any(is_unsaid);
        let said = said.filter(|said| is_said && back.fits(said, &at, &mut ports));
        let listener = said.map(|said| back.add(said.listener, index));
        back.listeners.push(listener);
    }
    back.set_frontend(&ports);
    back.grant();
    back
}

/// What is said of each port.
type Ports = BTreeMap<i32, PortState>;

#[derive(Default)]
struct PortState {
    taken: Taken,
    /// What it asks of clients, once a listener that ends TLS is there.
    wanted: Option<Option<Validation>>,
}

/// A server in Gateway API's words.
struct Said {
    listener: Listener,
    /// What its port has to ask of clients, if it has to ask for something or for nothing.
    wanted: Option<Option<Validation>>,
}

impl Back {
    fn tell(&mut self, rule: &'static str, severity: Severity, path: FieldPath, message: String) {
        let (help, position, end) = (None, None, None);
        self.diagnostics.push(Diagnostic { rule, severity, path, message, help, position, end });
    }

    fn unsaid(&mut self, path: FieldPath, message: impl Into<String>) {
        self.tell(rule::UNSAID, Severity::Error, path, message.into());
    }

    fn note(&mut self, path: FieldPath, message: impl Into<String>) {
        self.tell(rule::SAID_OTHERWISE, Severity::Note, path, message.into());
    }

    fn namespace(&self) -> &str {
        &self.gateway.metadata.namespace
    }

    fn add(&mut self, mut listener: Listener, index: usize) -> String {
        listener.name = format!("server-{index}");
        let name = listener.name.clone();
        self.gateway.spec.listeners.push(listener);
        name
    }

    /// Whether there is room for a listener beside those that are there.
    fn fits(&mut self, said: &Said, at: &FieldPath, ports: &mut Ports) -> bool {
        let state = ports.entry(said.listener.port).or_default();
        let is_other =
            said.wanted.is_some() && state.wanted.is_some() && said.wanted != state.wanted;
        if is_other {
            let message = "Gateway API asks the same of all clients of a port, and another server \
                           of this port asks for something else";
            self.unsaid(at.clone().key("tls").key("mode"), message);
            return false;
        }
        if state.taken.take(&said.listener).is_some() {
            self.unsaid(at.clone(), "another listener has the port and the host name");
            return false;
        }
        state.wanted = state.wanted.take().or_else(|| said.wanted.clone());
        true
    }

    fn server(&mut self, server: &Server, at: &FieldPath) -> Option<Said> {
        let Server { port, bind, hosts, tls, default_endpoint, name } = server;
        for (field, is_set) in
            [("bind", !bind.is_empty()), ("defaultEndpoint", !default_endpoint.is_empty())]
        {
            if is_set {
                self.unsaid(at.clone().key(field), "a listener has no such thing");
            }
        }
        if !name.is_empty() {
            self.note(at.clone().key("name"), "a server's name says nothing but in messages");
        }
        let Some(port) = port else {
            self.unsaid(at.clone().key("port"), "a listener needs a port");
            return None;
        };
        let mut listener = Listener::default();
        self.port(port, &mut listener, &at.clone().key("port"));
        self.hosts(hosts, &mut listener, &at.clone().key("hosts"));
        let wanted = match tls {
            Some(tls) => self.tls(tls, &mut listener, &at.clone().key("tls")),
            None if matches!(listener.protocol.as_str(), "HTTPS" | "TLS") => {
                self.unsaid(at.clone().key("tls"), "a listener of HTTPS or TLS needs tls");
                None
            }
            None => None,
        };
        Some(Said { listener, wanted })
    }

    #[expect(deprecated, reason = "every field is looked at")]
    fn port(&mut self, port: &Port, listener: &mut Listener, at: &FieldPath) {
        let Port { number, protocol, name, target_port } = port;
        match i32::try_from(*number) {
            Ok(number @ 1..=65535) => listener.port = number,
            _ => self.unsaid(at.clone().key("number"), "no port from 1 to 65535"),
        }
        if matches!(protocol.as_str(), "HTTP" | "HTTPS" | "TLS" | "TCP") {
            listener.protocol.clone_from(protocol);
        } else {
            let message = format!("a listener cannot have the protocol {}", Quoted(protocol));
            self.unsaid(at.clone().key("protocol"), message);
        }
        if name != PORT_NAME {
            let message = format!("every listener's port is called {PORT_NAME}");
            self.note(at.clone().key("name"), message);
        }
        if *target_port != 0 {
            self.unsaid(at.clone().key("targetPort"), "a listener has no such thing");
        }
    }

    /// One host name, and the namespaces in front of it.
    fn hosts(&mut self, hosts: &[String], listener: &mut Listener, at: &FieldPath) {
        let mut namespaces = Vec::new();
        let mut names = Vec::new();
        for (index, host) in hosts.iter().enumerate() {
            let (namespace, name) = match host.split_once('/') {
                Some((".", name)) => {
                    self.note(at.clone().index(index), "the namespace is named");
                    (self.namespace().to_owned(), name)
                }
                Some((namespace, name)) => (namespace.to_owned(), name),
                None => {
                    self.note(at.clone().index(index), "every namespace is said with */");
                    ("*".to_owned(), host.as_str())
                }
            };
            namespaces.push(namespace);
            names.push(name);
        }
        let Some(&name) = names.first() else {
            return self.unsaid(at.clone(), "a listener needs a host");
        };
        if names.iter().any(|other| *other != name) {
            return self.unsaid(at.clone(), "a listener has one host name: split the server");
        }
        if name.contains('/') || name.is_empty() {
            return self.unsaid(at.clone().index(0), "no host name");
        }
        if name != "*" && !is_hostname(name) {
            let message = "not as Gateway API writes a host name: lower case, at most a whole \
                           label of *, and no IP address";
            return self.unsaid(at.clone().index(0), message);
        }
        if name != "*" {
            listener.hostname = Some(name.to_owned());
        }
        let routes = match namespaces.as_slice() {
            [own] if own == self.namespace() && !own.is_empty() => return,
            [any] if any == "*" => {
                RouteNamespaces { from: Some("All".to_owned()), ..RouteNamespaces::default() }
            }
            names if !names.iter().all(|name| is_namespace(name)) => {
                return self.unsaid(at.clone(), "namespaces that no selector of names selects");
            }
            names if !names.is_sorted_by(|a, b| a < b) => {
                return self
                    .unsaid(at.clone(), "a selector gives its namespaces sorted, each once");
            }
            names => RouteNamespaces {
                from: Some("Selector".to_owned()),
                selector: Some(LabelSelector {
                    match_expressions: vec![LabelExpression {
                        key: "kubernetes.io/metadata.name".to_owned(),
                        operator: "In".to_owned(),
                        values: names.to_vec(),
                    }],
                    ..LabelSelector::default()
                }),
            },
        };
        listener.allowed_routes =
            Some(AllowedRoutes { namespaces: Some(routes), ..AllowedRoutes::default() });
    }

    fn tls(
        &mut self,
        settings: &ServerTlsSettings,
        listener: &mut Listener,
        at: &FieldPath,
    ) -> Option<Option<Validation>> {
        self.unsaid_settings(settings, at);
        let mut tls = ListenerTls::default();
        let Ok(mode) = settings.tls_mode() else {
            self.unsaid(at.clone().key("mode"), "no mode");
            return None;
        };
        let is_ended = !matches!(mode, TlsMode::Passthrough | TlsMode::AutoPassthrough);
        tls.mode = Some(if is_ended { "Terminate" } else { "Passthrough" }.to_owned());
        let is_builtin = settings.credential_name == "builtin://";
        let is_plain = !is_ended || is_builtin || mode == TlsMode::IstioMutual;
        let option = match mode {
            TlsMode::Simple if is_builtin => Some((TERMINATE_MODE, "ISTIO_SIMPLE")),
            TlsMode::IstioMutual => Some((TERMINATE_MODE, "ISTIO_MUTUAL")),
            TlsMode::AutoPassthrough => Some((LISTENER_PROTOCOL, AUTO_PASSTHROUGH)),
            _ => None,
        };
        let mut wanted = None;
        if is_plain {
            let has_name = match option {
                Some((_, "ISTIO_SIMPLE")) => false,
                _ => !settings.credential_name.is_empty(),
            };
            for (field, is_set) in [
                ("credentialName", has_name),
                ("credentialNames", !settings.credential_names.is_empty()),
                ("caCertCredentialName", !settings.ca_cert_credential_name.is_empty()),
                ("insecureSkipVerify", settings.insecure_skip_verify.is_some()),
            ] {
                if is_set {
                    self.unsaid(at.clone().key(field), "not with this mode");
                }
            }
            if is_ended && !settings.cipher_suites.is_empty() {
                self.unsaid(at.clone().key("cipherSuites"), "not with this mode");
            }
        } else {
            self.certificates(settings, &mut tls, at);
            if tls.certificate_refs.is_empty() && !settings.cipher_suites.is_empty() {
                let message = "the option has no effect without a certificate";
                self.unsaid(at.clone().key("cipherSuites"), message);
            }
            wanted = Some(self.clients(settings, mode, &mut tls, at));
        }
        if let Some((option, value)) = option {
            tls.options.insert(option.to_owned(), value.to_owned());
        }
        let labels = &self.gateway.metadata.labels;
        if mode == TlsMode::Passthrough && is_auto_passthrough(labels, listener.port, &tls) {
            let message = "with its labels, a Gateway has AUTO_PASSTHROUGH on this port";
            self.unsaid(at.clone().key("mode"), message);
        }
        self.suites(&settings.cipher_suites, &mut tls, &at.clone().key("cipherSuites"));
        listener.tls = Some(tls);
        wanted
    }

    /// What Gateway API has no word for.
    fn unsaid_settings(&mut self, settings: &ServerTlsSettings, at: &FieldPath) {
        let ServerTlsSettings {
            https_redirect,
            mode: _,
            server_certificate,
            private_key,
            ca_certificates,
            ca_crl,
            credential_name: _,
            credential_names: _,
            ca_cert_credential_name: _,
            tls_certificates,
            subject_alt_names,
            verify_certificate_spki,
            verify_certificate_hash,
            min_protocol_version,
            max_protocol_version,
            cipher_suites: _,
            insecure_skip_verify: _,
            ecdh_curves,
        } = settings;
        for (field, is_set) in [
            ("httpsRedirect", *https_redirect),
            ("serverCertificate", !server_certificate.is_empty()),
            ("privateKey", !private_key.is_empty()),
            ("caCertificates", !ca_certificates.is_empty()),
            ("caCrl", !ca_crl.is_empty()),
            ("tlsCertificates", !tls_certificates.is_empty()),
            ("subjectAltNames", !subject_alt_names.is_empty()),
            ("verifyCertificateSpki", !verify_certificate_spki.is_empty()),
            ("verifyCertificateHash", !verify_certificate_hash.is_empty()),
            ("minProtocolVersion", *min_protocol_version != 0),
            ("maxProtocolVersion", *max_protocol_version != 0),
            ("ecdhCurves", !ecdh_curves.is_empty()),
        ] {
            if is_set {
                self.unsaid(at.clone().key(field), "Gateway API has no such thing");
            }
        }
    }

    fn certificates(
        &mut self,
        settings: &ServerTlsSettings,
        tls: &mut ListenerTls,
        at: &FieldPath,
    ) {
        let (one, many) = (&settings.credential_name, &settings.credential_names);
        let names: Vec<(FieldPath, &String)> = match (one.as_str(), many.len()) {
            ("", 0) if settings.ca_cert_credential_name.is_empty() => Vec::new(),
            ("", 2) => {
                let at = at.clone().key("credentialNames");
                many.iter().enumerate().map(|(i, name)| (at.clone().index(i), name)).collect()
            }
            (_, 0) => vec![(at.clone().key("credentialName"), one)],
            _ => {
                let message = "a listener has one certificate, or two in credentialNames";
                return self.unsaid(at.clone().key("credentialNames"), message);
            }
        };
        for (at, name) in names {
            let Some((namespace, name)) = resource(name, "kubernetes-gateway") else {
                let message = "a Secret is named as kubernetes-gateway://NAMESPACE/NAME: a bare \
                               name is in the namespace of the pods, which Gateway API cannot name";
                self.unsaid(at, message);
                continue;
            };
            let namespace = self.unless_own(namespace);
            let name = name.to_owned();
            tls.certificate_refs.push(SecretReference { name, namespace, ..Default::default() });
        }
    }

    fn unless_own(&self, namespace: &str) -> Option<String> {
        (namespace != self.namespace()).then(|| namespace.to_owned())
    }

    /// What is asked of clients: a validation of the port, and an option of the listener.
    fn clients(
        &mut self,
        settings: &ServerTlsSettings,
        mode: TlsMode,
        tls: &mut ListenerTls,
        at: &FieldPath,
    ) -> Option<Validation> {
        let skip = settings.insecure_skip_verify;
        let at_skip = at.clone().key("insecureSkipVerify");
        let name = &settings.ca_cert_credential_name;
        let mut option = None;
        let validation = if name.is_empty() {
            option = match mode {
                TlsMode::Mutual => Some("MUTUAL"),
                TlsMode::OptionalMutual => Some("OPTIONAL_MUTUAL"),
                _ => None,
            };
            if skip.is_some() {
                self.unsaid(at_skip, "without caCertCredentialName nothing sets it");
            }
            None
        } else {
            let reference = ["configmap", "kubernetes-gateway"].into_iter().find_map(|scheme| {
                let (namespace, name) = resource(name, scheme)?;
                let kind = if scheme == "configmap" { "ConfigMap" } else { "Secret" };
                Some((kind, namespace, name.strip_suffix(CA_SUFFIX)?))
            });
            let Some((kind, namespace, name)) = reference.filter(|(.., name)| !name.is_empty())
            else {
                let message = format!("a CA is named as configmap://NAMESPACE/NAME{CA_SUFFIX}");
                self.unsaid(at.clone().key("caCertCredentialName"), message);
                return None;
            };
            let mut validation = Validation::default();
            validation.ca_certificate_refs.push(ObjectReference {
                group: String::new(),
                kind: kind.to_owned(),
                name: name.to_owned(),
                namespace: self.unless_own(namespace),
            });
            match (mode, skip) {
                (TlsMode::OptionalMutual, Some(true)) => {
                    ALLOW_INSECURE_FALLBACK.clone_into(&mut validation.mode);
                }
                (TlsMode::Mutual, Some(false)) => {}
                (TlsMode::OptionalMutual, Some(false)) => option = Some("OPTIONAL_MUTUAL"),
                (TlsMode::Mutual | TlsMode::OptionalMutual, None) => {
                    self.note(at_skip, "false is said where nothing is: they mean the same");
                    option = (mode == TlsMode::OptionalMutual).then_some("OPTIONAL_MUTUAL");
                }
                (TlsMode::Mutual, Some(true)) => {
                    self.unsaid(at_skip, "only OPTIONAL_MUTUAL has it");
                }
                _ => {
                    let message = "a CA makes the mode MUTUAL or OPTIONAL_MUTUAL";
                    self.unsaid(at.clone().key("mode"), message);
                }
            }
            Some(validation)
        };
        if let Some(option) = option {
            tls.options.insert(TERMINATE_MODE.to_owned(), option.to_owned());
        }
        validation
    }

    fn suites(&mut self, suites: &[String], tls: &mut ListenerTls, at: &FieldPath) {
        let mut seen = std::collections::HashSet::new();
        for (index, suite) in suites.iter().enumerate() {
            let is_kept = ciphers::is_valid(suite)
                && seen.insert(suite)
                && suite.trim() == suite
                && !suite.is_empty()
                && !suite.contains(',');
            if !is_kept {
                self.unsaid(at.clone().index(index), "the option would drop it");
            }
        }
        if !suites.is_empty() {
            tls.options.insert(CIPHER_SUITES.to_owned(), suites.join(","));
        }
    }

    /// One default where all ports ask the same, else an entry of each port that asks for something.
    fn set_frontend(&mut self, ports: &Ports) {
        let wanted = ports.iter().filter_map(|(port, state)| Some((*port, state.wanted.clone()?)));
        let wanted: Vec<_> = wanted.collect();
        let Some((_, first)) = wanted.first() else { return };
        let mut frontend = FrontendTls::default();
        if wanted.iter().all(|(_, other)| other == first) {
            frontend.default = TlsConfig { validation: first.clone() };
        } else {
            for (port, validation) in wanted.into_iter().filter(|(_, wanted)| wanted.is_some()) {
                frontend.per_port.push(PortTls { port, tls: TlsConfig { validation } });
            }
        }
        if frontend != FrontendTls::default() {
            self.gateway.spec.tls =
                Some(GatewayTls { frontend: Some(frontend), ..GatewayTls::default() });
        }
    }

    /// A ReferenceGrant in each other namespace that is referred to.
    fn grant(&mut self) {
        let mut wanted: BTreeMap<String, Vec<GrantTo>> = BTreeMap::new();
        let mut want = |namespace: &Option<String>, kind: &str, name: String| {
            if let Some(namespace) = namespace {
                let to = GrantTo { group: String::new(), kind: kind.to_owned(), name: Some(name) };
                let all = wanted.entry(namespace.clone()).or_default();
                if !all.contains(&to) {
                    all.push(to);
                }
            }
        };
        let spec = &self.gateway.spec;
        let settings = spec.listeners.iter().filter_map(|listener| listener.tls.as_ref());
        for reference in settings.flat_map(|tls| &tls.certificate_refs) {
            want(&reference.namespace, "Secret", reference.name.clone());
        }
        let frontend = spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        let configs = frontend.iter().flat_map(|frontend| {
            let ports = frontend.per_port.iter().map(|entry| &entry.tls);
            std::iter::once(&frontend.default).chain(ports)
        });
        let validations = configs.filter_map(|config| config.validation.as_ref());
        for reference in validations.flat_map(|validation| &validation.ca_certificate_refs) {
            let name = format!("{}{CA_SUFFIX}", reference.name);
            want(&reference.namespace, &reference.kind, name);
        }
        let from = GrantFrom {
            group: GROUP.to_owned(),
            kind: "Gateway".to_owned(),
            namespace: self.namespace().to_owned(),
        };
        let name = format!("gateway-{}-{}", self.namespace(), self.gateway.metadata.name);
        self.reference_grants = wanted
            .into_iter()
            .map(|(namespace, to)| {
                let mut grant = ReferenceGrant::default();
                (grant.metadata.namespace, grant.metadata.name) = (namespace, name.clone());
                (grant.spec.from, grant.spec.to) = (vec![from.clone()], to);
                grant
            })
            .collect();
    }
}

/// A lowercase name of RFC 1123, perhaps behind `*.`, and no IP address.
///
/// Source: Gateway API's type `Hostname`.
fn is_hostname(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    host.len() <= 253 && is_subdomain(name) && !is_ip(name)
}

/// A lowercase label of RFC 1123: a selector of anything else is not valid.
fn is_namespace(name: &str) -> bool {
    name.len() <= 63 && is_subdomain(name) && !name.contains('.')
}

/// Namespace and name of a resource that is named with this scheme.
fn resource<'a>(text: &'a str, scheme: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(scheme)?.strip_prefix("://")?;
    let (namespace, name) = rest.split_once('/')?;
    let is_named = !namespace.is_empty() && !name.is_empty() && !name.contains('/');
    (is_named && !name.starts_with("builtin://")).then_some((namespace, name))
}
