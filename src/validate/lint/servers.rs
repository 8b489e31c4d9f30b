//! Conflicting servers of one Gateway. Linear in their number.

use std::collections::{HashMap, hash_map::Entry};

use crate::{
    Gateway, Server,
    merged_gateway::{Candidate, SkipReason, skipped},
    protocol::Protocol,
    rule,
    validate::findings::{Findings, Location},
};

/// Protocols that can share a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::validate) enum Class {
    Http,
    Tls,
    Other,
}

impl Class {
    /// The class of a server whose port has a known protocol.
    pub(in crate::validate) fn of(server: &Server) -> Option<Self> {
        Some(match Protocol::of_server(server)? {
            Protocol::Http => Self::Http,
            Protocol::Https | Protocol::Tls => Self::Tls,
            Protocol::Tcp => Self::Other,
        })
    }

    pub(in crate::validate) fn describe(self) -> &'static str {
        match self {
            Self::Http => "plain HTTP",
            Self::Tls => "TLS",
            Self::Other => "plain TCP",
        }
    }
}

pub(super) fn check(gateway: &Gateway, servers: &Location<'_, '_>, findings: &mut Findings) {
    let mut hosts = HashMap::new();
    let mut classes = HashMap::new();
    let mut names = HashMap::new();
    let mut conflicts = Vec::new();
    let mut nodes = servers.items();
    for (index, server) in gateway.servers.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
        if !server.name.is_empty() {
            check_name(server, index, &place, &mut names, findings);
        }
        let Some(port) = server.port.as_ref().filter(|port| port.number > 0) else { continue };
        let listener = (server.bind.as_str(), port.number);
        if let Some(class) = Class::of(server) {
            match classes.entry(listener) {
                Entry::Vacant(entry) => {
                    entry.insert((class, index));
                }
                Entry::Occupied(entry) => {
                    let &(other, first) = entry.get();
                    if other != class || class == Class::Other {
                        conflicts.push((index, class, first, other));
                    }
                }
            }
        }
        let host_places = place.field("hosts");
        let mut nodes = host_places.items();
        for (host_index, host) in server.hosts.iter().enumerate() {
            let place = nodes.next().unwrap_or_else(|| host_places.item(host_index, None));
            match hosts.entry((listener, host.as_str())) {
                Entry::Vacant(entry) => {
                    entry.insert(index);
                }
                Entry::Occupied(entry) => {
                    let message = format!(
                        "{} is already served on port {} by servers[{}]",
                        crate::diagnostic::Quoted(host),
                        port.number,
                        entry.get()
                    );
                    let help = "remove one of them".to_owned();
                    findings.warning(rule::lint::DUPLICATE_HOST, &place, message, help);
                }
            }
        }
    }
    check_conflicts(gateway, conflicts, servers, findings);
}

/// Servers that cannot share their port. Source: pilot's `mergeGateways`.
fn check_conflicts(
    gateway: &Gateway,
    conflicts: Vec<(usize, Class, usize, Class)>,
    servers: &Location<'_, '_>,
    findings: &mut Findings,
) {
    if conflicts.is_empty() {
        return;
    }
    let candidates = gateway.servers.iter();
    let skipped =
        skipped(candidates.map(|server| Candidate { server, gateway: "", namespace: "" }));
    let reason = |index: usize| skipped.get(index).copied().flatten();
    let places: Vec<_> = servers.items().collect();
    for (index, class, first, other) in conflicts {
        let effect = match (reason(index), reason(first)) {
            (Some(_), _) => "istiod drops this server".to_owned(),
            (None, Some(SkipReason::Replaced { .. })) => format!("istiod drops servers[{first}]"),
            (None, _) => "connections without TLS, and those with the server name (SNI) of no other server, come \
                          here, and istiod drops each later server with TLS on this port"
                .to_owned(),
        };
        let number = gateway.servers.get(index).and_then(|server| server.port.as_ref());
        let message = format!(
            "port {} is {} here and {} in servers[{first}]: {effect}",
            number.map_or(0, |port| port.number),
            class.describe(),
            other.describe()
        );
        let absent = servers.item(index, None);
        let port = places.get(index).unwrap_or(&absent).field("port");
        let help = "use different ports".to_owned();
        findings.warning(rule::lint::PORT_PROTOCOL, &port.field("protocol"), message, help);
    }
}

fn check_name<'a>(
    server: &'a Server,
    index: usize,
    place: &Location<'_, '_>,
    names: &mut HashMap<&'a str, usize>,
    findings: &mut Findings,
) {
    match names.entry(server.name.as_str()) {
        Entry::Vacant(entry) => {
            entry.insert(index);
        }
        Entry::Occupied(entry) => {
            let message = format!("servers[{}] already has this name", entry.get());
            let help = "use a different name".to_owned();
            findings.warning(
                rule::lint::DUPLICATE_SERVER_NAME,
                &place.field("name"),
                message,
                help,
            );
        }
    }
}
