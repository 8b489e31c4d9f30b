//! Translates a listener to a server.

use std::collections::{HashMap, HashSet};

use super::{
    Context,
    conditions::{ListenerState, Problem, of_conflict},
    findings::Findings,
    input::{AllowedRoutes, GROUP, Identity, LabelSelector, Listener, Metadata, RouteKind},
    outcome::{ConvertedListener, ListenerOutcome, UnusableServer},
    resources::Resources,
    selector,
};
use crate::{FieldPath, Port, Server, go::Quote, sort};

/// The reason of a listener whose protocol is not supported.
const UNSUPPORTED: &str = "UnsupportedProtocol";
pub(super) const TOO_MANY_LABELS: &str =
    "namespace selection would exceed the limit of compared labels";
const SUPPORTED: &str = "write HTTP, HTTPS, TLS or TCP";

/// The port name of every server: each one has its own Gateway in istiod.
pub(super) const PORT_NAME: &str = "default";

impl<R: Resources + ?Sized> Context<'_, R> {
    /// `port` is the problem of a listener that has no port.
    ///
    /// Source: pilot's `buildListener`.
    pub(super) fn listener(
        &self,
        listener: &Listener,
        port: Option<Problem>,
        at: &FieldPath,
        found: &mut Findings,
    ) -> ConvertedListener {
        let built = self.tls(listener, at, found);
        let protocol = protocol(&listener.protocol);
        if let Err(problem) = &protocol {
            found.protocol(&problem.message, at.clone().key("protocol"), SUPPORTED);
        }
        let has_invalid_kinds = !has_valid_kinds(listener);
        if has_invalid_kinds {
            found.route_kinds(at.clone().key("allowedRoutes").key("kinds"));
        }
        let (protocol, problem) = match protocol {
            Ok(protocol) => (protocol, port),
            Err(problem) => (String::new(), Some(problem)),
        };
        let needs_tls = matches!(listener.protocol.as_str(), "HTTPS" | "TLS");
        let lacks_tls = built.settings.is_none() && needs_tls;
        let mut state = ListenerState {
            protocol: problem,
            tls: built.problem,
            lacks_tls: lacks_tls && self.set.is_some(),
            has_invalid_kinds,
        };
        let server = if lacks_tls {
            if state.lacks_tls {
                let message =
                    format!("protocol is {} but no TLS section is defined", listener.protocol);
                found.protocol(&message, at.clone(), "add tls, or set the protocol to HTTP or TCP");
                state.protocol = Some(Problem::new(UNSUPPORTED, message));
            } else {
                found.no_tls(at.clone());
            }
            None
        } else {
            Some(Server {
                port: Some(Port {
                    // Converted to unsigned, as in Go.
                    number: listener.port.cast_unsigned(),
                    protocol,
                    name: PORT_NAME.to_owned(),
                    ..Port::default()
                }),
                hosts: self.hosts(listener, at, found),
                tls: built.settings,
                ..Server::default()
            })
        };
        let outcome = match (state.is_valid(), server) {
            (true, Some(server)) => ListenerOutcome::Programmed(server),
            (true, None) => ListenerOutcome::WithoutServer,
            (false, server) => ListenerOutcome::Rejected(server.map(UnusableServer::new)),
        };
        found.clients.conclude(&listener.name, &outcome);
        ConvertedListener { name: listener.name.clone(), outcome, conditions: state.conditions() }
    }

    /// Source: pilot's `buildHostnameMatch`.
    fn hosts(&self, listener: &Listener, at: &FieldPath, found: &mut Findings) -> Vec<String> {
        let hostname = listener.hostname.as_deref().unwrap_or("*");
        let at_namespaces = || at.clone().key("allowedRoutes").key("namespaces");
        let Some(namespaces) = self.route_namespaces(listener.allowed_routes.as_ref()) else {
            found.too_large(TOO_MANY_LABELS.to_owned(), at_namespaces().key("selector"));
            return Vec::new();
        };
        let bytes: usize = namespaces.iter().map(|name| name.len() + 1 + hostname.len()).sum();
        if !self.cache.take_host_bytes(bytes) {
            let message = "the translation would exceed the limit of host names".to_owned();
            found.too_large(message, at_namespaces());
            return Vec::new();
        }
        let hosts: Vec<_> = namespaces
            .iter()
            .filter(|namespace| !namespace.is_empty())
            .map(|namespace| format!("{namespace}/{hostname}"))
            .collect();
        if hosts.is_empty() {
            found.no_namespace(at_namespaces(), !self.resources.namespaces().is_empty());
            return vec![format!("~/{hostname}")];
        }
        hosts
    }

    /// `None` if it is too much work.
    ///
    /// Source: pilot's `namespacesFromSelector`.
    fn route_namespaces(&self, allowed: Option<&AllowedRoutes>) -> Option<Vec<String>> {
        let namespaces = allowed.and_then(|allowed| allowed.namespaces.as_ref());
        let from = namespaces.and_then(|namespaces| namespaces.from.as_deref());
        let selector = namespaces.and_then(|namespaces| namespaces.selector.as_ref());
        Some(match (from, selector) {
            (None | Some("Same"), _) => vec![self.owner().namespace.clone()],
            (Some("All"), _) | (_, None) => vec!["*".to_owned()],
            (_, Some(selector)) if selector::is_valid(selector) => {
                let mut names = self.selected_namespaces(selector)?;
                if self.assumed.is_usable("Namespace", "", "") {
                    names.push("unknown".to_owned());
                    sort::sort(&mut names);
                }
                names
            }
            _ => Vec::new(),
        })
    }

    /// The namespaces with these labels, sorted. `None` if it is too much work.
    pub(super) fn selected_namespaces(&self, selector: &LabelSelector) -> Option<Vec<String>> {
        let all = self.resources.namespaces();
        if !self.cache.take_labels(all.len().saturating_mul(selector::len(selector))) {
            return None;
        }
        let chosen = all.iter().filter(|n| selector::matches(selector, &n.metadata));
        let mut names: Vec<_> = chosen.map(|n| n.metadata.name.clone()).collect();
        sort::sort(&mut names);
        Some(names)
    }

    /// Source: pilot's `ReportListenerConflict`.
    pub(super) fn conflicting(
        &self,
        listener: &Listener,
        reason: &'static str,
        at: &FieldPath,
        found: &mut Findings,
    ) -> ConvertedListener {
        found.conflict(reason, at.clone());
        // Once the conflict is resolved, it looks them up.
        if let Some(frontend) = self.frontend(listener.port, at) {
            found.clients.used(frontend.entry);
        }
        ConvertedListener {
            name: listener.name.clone(),
            outcome: ListenerOutcome::Rejected(None),
            conditions: of_conflict(reason, !has_valid_kinds(listener)),
        }
    }
}

/// Source: pilot's `listenerProtocolToIstio`.
fn protocol(protocol: &str) -> Result<String, Problem> {
    const KNOWN: [&str; 5] = ["HTTP", "HTTPS", "TLS", "TCP", "HBONE"];
    let quoted = Quote(protocol);
    let upper = protocol.to_uppercase();
    let message = match protocol {
        "HTTP" | "HTTPS" | "TLS" | "TCP" => return Ok(protocol.to_owned()),
        "HBONE" => format!("protocol {quoted} is only supported for waypoint proxies"),
        _ if KNOWN.contains(&upper.as_str()) => {
            format!(
                "protocol {quoted} is unsupported. hint: \"{upper}\" (uppercase) may be supported"
            )
        }
        _ => format!("protocol {quoted} is unsupported"),
    };
    Err(Problem::new(UNSUPPORTED, message))
}

/// The port of a listener of a `ListenerSet`, or the problem if it has none.
///
/// Source: pilot's `ListenerEntryPortNumber`.
pub(super) fn port(listener: &Listener) -> Result<i32, Problem> {
    match (listener.port, listener.protocol.as_str()) {
        (0, "HTTP") => Ok(80),
        (0, "HTTPS") => Ok(443),
        (0, protocol) => {
            let message = format!("protocol {protocol} requires a port to be set");
            Err(Problem::new(UNSUPPORTED, message))
        }
        (port, _) => Ok(port),
    }
}

fn has_valid_kinds(listener: &Listener) -> bool {
    supported_kinds(listener).1
}

/// The kinds of routes that a listener supports, and whether it supports all that it lists.
///
/// Source: pilot's `GenerateGatewaySupportedKinds`.
pub(super) fn supported_kinds(listener: &Listener) -> (Vec<&'static str>, bool) {
    let is_terminated =
        listener.tls.as_ref().is_some_and(|tls| tls.mode.as_deref() == Some("Terminate"));
    let supported: &[&str] = match listener.protocol.as_str() {
        "HTTP" | "HTTPS" => &["HTTPRoute", "GRPCRoute"],
        "TCP" => &["TCPRoute"],
        "TLS" if is_terminated => &["TLSRoute", "TCPRoute"],
        "TLS" => &["TLSRoute"],
        _ => &[],
    };
    let kinds = listener.allowed_routes.as_ref().map(|allowed| &allowed.kinds);
    let Some(kinds) = kinds.filter(|kinds| !kinds.is_empty()) else {
        return (supported.to_vec(), true);
    };
    let is = |kind: &RouteKind, name: &str| {
        kind.kind == name && kind.group.as_deref().unwrap_or(GROUP) == GROUP
    };
    // Upstream counts a duplicate once, so it is treated like an unsupported kind.
    let named = supported.iter().filter(|name| kinds.iter().any(|kind| is(kind, name)));
    let named: Vec<_> = named.copied().collect();
    let is_valid = named.len() == kinds.len();
    (named, is_valid)
}

/// The names of an owner's conflicting listeners, each with the reason.
pub(super) type Conflicts = HashMap<String, &'static str>;

/// The conflicts of a Gateway and of `ListenerSet`s, by namespace and name: as in pilot, those of a
/// Gateway and of a `ListenerSet` of the same namespace and name are mixed up.
///
/// Source: pilot's `ComputeGatewayListenerConflicts`, which compares each with each; here it is a
/// lookup.
pub(super) fn conflicts<'a>(
    owners: impl Iterator<Item = (&'a Metadata, &'a [Listener])>,
) -> HashMap<Identity<'a>, Conflicts> {
    let mut ports: HashMap<i32, PortClaims> = HashMap::new();
    let mut conflicts: HashMap<_, Conflicts> = HashMap::new();
    for (metadata, listeners) in owners {
        for listener in listeners {
            if let Some(reason) = ports.entry(listener.port).or_default().take(listener) {
                let own = conflicts.entry(metadata.identity()).or_default();
                own.insert(listener.name.clone(), reason);
            }
        }
    }
    conflicts
}

const PROTOCOL_CONFLICT: &str = "ProtocolConflict";
pub(super) const HOSTNAME_CONFLICT: &str = "HostnameConflict";

/// The earlier listeners of a port.
#[derive(Default)]
pub(super) struct PortClaims {
    /// Whether a TCP or UDP listener uses the port.
    is_raw: bool,
    /// The host names of HTTP, HTTPS and TLS listeners, with the protocol.
    hosts: HashMap<String, String>,
    /// Other protocols.
    others: HashSet<String>,
}

impl PortClaims {
    /// Adds a listener, or returns the reason of its conflict.
    pub(super) fn take(&mut self, listener: &Listener) -> Option<&'static str> {
        let protocol = listener.protocol.as_str();
        match protocol {
            "TCP" | "UDP" => {
                if self.is_raw || !self.hosts.is_empty() {
                    return Some(PROTOCOL_CONFLICT);
                }
                self.is_raw = true;
            }
            "HTTP" | "HTTPS" | "TLS" => {
                if self.is_raw {
                    return Some(PROTOCOL_CONFLICT);
                }
                let host = listener.hostname.as_deref().filter(|host| !host.is_empty());
                let host = host.unwrap_or("*");
                match self.hosts.get(host) {
                    Some(taken) if *taken == protocol => return Some(HOSTNAME_CONFLICT),
                    Some(_) => return Some(PROTOCOL_CONFLICT),
                    None => {
                        self.hosts.insert(host.to_owned(), protocol.to_owned());
                    }
                }
            }
            _ => {
                if !self.others.insert(protocol.to_owned()) {
                    return Some(HOSTNAME_CONFLICT);
                }
            }
        }
        None
    }
}
