//! The outcome of each server of one Gateway, given its other servers.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
};

use super::{
    Options, SecretAvailability, TrafficMode, Translation, client_certificate_policy, diagnose,
    rule, translate_server,
};
use crate::{
    Diagnostic, FieldPath, Gateway, Server, Severity, client_certificate::Rejection,
    protocol::Protocol,
};

/// A server of a Gateway: its translation, and whether it takes effect.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TranslatedServer {
    /// istiod's translation of the server by itself.
    pub translation: Translation,
    /// The outcome, given the other servers of its Gateway.
    pub outcome: ServerOutcome,
}

/// The outcome of a server, given the other servers of its Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerOutcome {
    /// istiod sends it to Envoy, and Envoy rejects its listener for no server of this Gateway.
    Sent,
    /// istiod drops it.
    Skipped(SkipReason),
    /// Envoy rejects the listener of its port and address because of this server of the Gateway,
    /// possibly itself. At startup the gateway has no such listener; a running one keeps its previous
    /// listener.
    ListenerRejected {
        /// The index of the server that Envoy rejects.
        by: usize,
    },
}

impl ServerOutcome {
    /// The outcome of the server with this index as a finding, unless it takes effect. The path starts
    /// at the document's root.
    #[must_use]
    pub fn to_diagnostic(self, server: usize) -> Option<Diagnostic> {
        let (rule, message) = match self {
            Self::Sent => return None,
            Self::Skipped(reason) => {
                (rule::SERVER_SKIPPED, format!("istiod drops this server: {reason}"))
            }
            Self::ListenerRejected { by } => (
                rule::LISTENER_REJECTED,
                format!(
                    "Envoy rejects the listener of this port and address because of \
                     spec.servers[{by}]: at startup the port is closed, a running gateway keeps its \
                     previous listener"
                ),
            ),
        };
        let path = FieldPath::root().key("spec").key("servers").index(server);
        Some(Diagnostic::new(rule, Severity::Error, path, message))
    }
}

/// Why istiod drops a server. The indexes are those of servers of the same Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// It has no port.
    NoPort,
    /// An earlier server with TLS settings has one of its hosts on the same port and address.
    DuplicateHost {
        /// The index of the host in the server's own hosts.
        host: usize,
        /// The server that has the host.
        by: usize,
    },
    /// A server of another protocol has the port and address.
    ProtocolConflict {
        /// That server.
        by: usize,
    },
    /// An earlier HTTPS server has the same port and port name.
    DuplicatePortName {
        /// That server.
        by: usize,
    },
    /// A later server without TLS settings replaces all servers of the port, address and
    /// protocol.
    Replaced {
        /// That server.
        by: usize,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPort => f.write_str("it has no port"),
            Self::DuplicateHost { host, by } => {
                write!(f, "spec.servers[{by}] has hosts[{host}] too, on the same port and address")
            }
            Self::ProtocolConflict { by } => {
                write!(f, "spec.servers[{by}] uses the same port and address with another protocol")
            }
            Self::DuplicatePortName { by } => {
                write!(f, "spec.servers[{by}] has the same port number and port name")
            }
            Self::Replaced { by } => write!(
                f,
                "spec.servers[{by}], which has no TLS settings, replaces it on the same port and address"
            ),
        }
    }
}

/// Translates all servers of a Gateway, and reports which of them take effect.
///
/// Pass the Gateway that the API server stores ([`StoredGateway`](crate::StoredGateway)). Other
/// Gateways of the same pods are not considered, although they share listeners with this one; nor is a
/// Service that maps the port to another one.
///
/// Source: pilot's `mergeGateways` and `CheckDuplicates`, and Envoy, which accepts or rejects a
/// listener as a whole.
///
/// ```
/// use istio_gateway::{
///     Gateway,
///     envoy::{Options, ServerOutcome, SkipReason, translate_gateway},
///     json,
/// };
///
/// let gateway: Gateway = json::from_str(
///     r#"{"servers": [
///         {"port": {"number": 443, "name": "a", "protocol": "HTTPS"}, "hosts": ["x.test"],
///          "tls": {"mode": "SIMPLE", "credentialName": "c"}},
///         {"port": {"number": 443, "name": "b", "protocol": "HTTPS"}, "hosts": ["y.test", "x.test"],
///          "tls": {"mode": "MUTUAL", "credentialName": "c"}}
///     ]}"#,
/// )?;
/// let servers = translate_gateway(&gateway, "shop", &Options::default());
/// assert_eq!(servers[0].outcome, ServerOutcome::Sent);
/// // The whole second server is dropped, including y.test.
/// let skipped = ServerOutcome::Skipped(SkipReason::DuplicateHost { host: 1, by: 0 });
/// assert_eq!(servers[1].outcome, skipped);
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn translate_gateway(
    gateway: &Gateway,
    namespace: &str,
    options: &Options,
) -> Vec<TranslatedServer> {
    let skipped = skipped(gateway, namespace);
    let translations: Vec<_> =
        gateway.servers.iter().map(|server| translate_server(server, options)).collect();
    let mut rejected: HashMap<(&str, u32), usize> = HashMap::new();
    for (index, (server, translation)) in gateway.servers.iter().zip(&translations).enumerate() {
        let is_sent = skipped.get(index) == Some(&None);
        if is_sent && is_rejected(translation) {
            rejected.entry(listener(server)).or_insert(index);
        }
    }
    let outcome = |(server, skipped): (&Server, Option<SkipReason>)| match (
        skipped,
        rejected.get(&listener(server)),
    ) {
        (Some(reason), _) => ServerOutcome::Skipped(reason),
        (None, Some(by)) => ServerOutcome::ListenerRejected { by: *by },
        (None, None) => ServerOutcome::Sent,
    };
    let outcomes: Vec<_> = gateway.servers.iter().zip(skipped).map(outcome).collect();
    let servers = translations.into_iter().zip(outcomes);
    servers.map(|(translation, outcome)| TranslatedServer { translation, outcome }).collect()
}

/// Whether Envoy rejects the listener because of the server.
fn is_rejected(translation: &Translation) -> bool {
    let refuses = |found: &Diagnostic| {
        found.severity == Severity::Error && !diagnose::rejects_secrets(found.rule)
    };
    translation.diagnostics.iter().any(refuses)
        || translation.effective_tls_context().is_some_and(|context| {
            let policy = client_certificate_policy(context, SecretAvailability::default());
            policy.rejection().is_some_and(Rejection::rejects_listener)
        })
}

/// The address of a listener.
fn listener(server: &Server) -> (&str, u32) {
    let bind = if server.bind.is_empty() { "0.0.0.0" } else { &server.bind };
    (bind, server.port.as_ref().map_or(0, |port| port.number))
}

/// istiod's key of servers that it merges: port number, protocol as written, address.
type ServerPort<'a> = (u32, &'a str, &'a str);

/// The state of pilot's `mergeGateways`. Values are indexes of servers.
#[derive(Default)]
struct Merged<'a> {
    ports: HashSet<u32>,
    /// The plain server of a port that is kept, with its protocol and address.
    plain: HashMap<u32, (usize, &'a str, &'a str)>,
    routes: HashMap<String, usize>,
    hosts: HashMap<(u32, Cow<'a, str>), (&'a str, usize)>,
    servers: HashMap<ServerPort<'a>, Vec<usize>>,
}

/// Why istiod drops each server, if it does.
fn skipped(gateway: &Gateway, namespace: &str) -> Vec<Option<SkipReason>> {
    let mut merged = Merged::default();
    let mut skipped: Vec<_> = Vec::with_capacity(gateway.servers.len());
    for (index, server) in gateway.servers.iter().enumerate() {
        let mut replaced = Vec::new();
        skipped.push(merged.add(index, server, namespace, &mut replaced).err());
        for other in replaced {
            if let Some(reason) = skipped.get_mut(other) {
                *reason = Some(SkipReason::Replaced { by: index });
            }
        }
    }
    skipped
}

impl<'a> Merged<'a> {
    fn add(
        &mut self,
        index: usize,
        server: &'a Server,
        namespace: &str,
        replaced: &mut Vec<usize>,
    ) -> Result<(), SkipReason> {
        let Some(port) = &server.port else { return Err(SkipReason::NoPort) };
        let (number, bind) = (port.number, server.bind.as_str());
        if server.tls.is_some() {
            self.claim_hosts(index, server, number, namespace)?;
        }
        let flow = TrafficMode::of(server);
        let is_tls = server.tls.is_some() && flow != TrafficMode::HttpPlain;
        // istiod treats an HTTPS server without TLS settings as HTTP, but its webhook rejects it.
        let is_https =
            port.protocol.eq_ignore_ascii_case("https") && flow != TrafficMode::Passthrough;
        let route = match flow {
            TrafficMode::HttpPlain => format!("http.{number}.{bind}"),
            _ if is_https => format!("https.{number}.{}.{bind}", port.name),
            _ => String::new(),
        };
        let key = (number, port.protocol.as_str(), bind);
        if self.ports.insert(number) {
            self.replace(index, key, is_tls, route, replaced);
        } else if let Some(&(by, protocol, plain_bind)) = self.plain.get(&number) {
            let is_same_bind = plain_bind == bind;
            let can_merge = flow == TrafficMode::HttpPlain
                && Protocol::parse(protocol).is_some_and(Protocol::is_http);
            if is_same_bind && (!can_merge || route.is_empty()) {
                return Err(SkipReason::ProtocolConflict { by });
            }
            if is_same_bind {
                self.servers.entry((number, protocol, plain_bind)).or_default().push(index);
            } else if self.servers.contains_key(&key) {
                self.servers.entry(key).or_default().push(index);
            } else {
                self.replace(index, key, is_tls, route, replaced);
            }
        } else if !is_tls {
            self.replace(index, key, is_tls, route, replaced);
        } else {
            if is_https {
                if let Some(&by) = self.routes.get(&route) {
                    return Err(SkipReason::DuplicatePortName { by });
                }
                self.routes.insert(route, index);
            }
            self.servers.entry(key).or_default().push(index);
        }
        Ok(())
    }

    /// The server replaces those with the same key, as in pilot's `addPlainTextServer`.
    fn replace(
        &mut self,
        index: usize,
        key: ServerPort<'a>,
        is_tls: bool,
        route: String,
        replaced: &mut Vec<usize>,
    ) {
        let (number, protocol, bind) = key;
        if !is_tls {
            self.plain.insert(number, (index, protocol, bind));
        }
        if !route.is_empty() {
            self.routes.insert(route, index);
        }
        replaced.extend(self.servers.insert(key, vec![index]).into_iter().flatten());
    }

    /// Source: pilot's `CheckDuplicates`, which keeps one address of each host.
    fn claim_hosts(
        &mut self,
        index: usize,
        server: &'a Server,
        number: u32,
        namespace: &str,
    ) -> Result<(), SkipReason> {
        let bind = server.bind.as_str();
        let hosts = sanitized(&server.hosts, namespace);
        for (host, name) in hosts.iter().enumerate() {
            if let Some(&(known, by)) = self.hosts.get(&(number, name.clone()))
                && known == bind
            {
                return Err(SkipReason::DuplicateHost { host, by });
            }
        }
        self.hosts.extend(hosts.into_iter().map(|name| ((number, name), (bind, index))));
        Ok(())
    }
}

/// Source: pilot's `sanitizeServerHostNamespace`.
fn sanitized<'a>(hosts: &'a [String], namespace: &str) -> Vec<Cow<'a, str>> {
    if hosts.iter().any(|host| host == "*/*") {
        return vec![Cow::Borrowed("*")];
    }
    let sanitized = |host: &'a String| match host.split_once('/') {
        Some((".", name)) => Cow::Owned(format!("{namespace}/{name}")),
        Some(("*", name)) => Cow::Borrowed(name),
        _ => Cow::Borrowed(host.as_str()),
    };
    hosts.iter().map(sanitized).collect()
}
