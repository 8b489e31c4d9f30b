//! Conflicting servers of one Gateway, and the texts of all conflicts. Linear in the number of servers.

use std::collections::{HashMap, hash_map::Entry};

use crate::{
    Gateway, Server,
    diagnostic::Quoted,
    merged_gateway::{Candidate, Conflict, ConflictKind, Conflicts},
    protocol::Protocol,
    rule::{self, RuleId},
    validate::findings::{Findings, Location},
};

/// Whether servers of two Gateways are merged in a known order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::validate) enum Order {
    Known,
    /// The Gateways have no `creationTimestamp`.
    ByName,
}

/// The rule, the message and the help of a conflict of a server.
pub(in crate::validate) fn describe(
    conflict: &Conflict,
    server: &Server,
    other: &str,
    order: Order,
) -> (RuleId, String, &'static str) {
    let Conflict { kind, classes: (own, of_other), .. } = *conflict;
    let port = server.port.as_ref().map_or(0, |port| port.number);
    let unless = match order {
        Order::Known => "",
        Order::ByName if conflict.other < conflict.server => {
            ", unless this Gateway is the older one"
        }
        Order::ByName => ", unless this Gateway is the younger one",
    };
    let (rule, message) = match kind {
        ConflictKind::SharedHost(host) | ConflictKind::DroppedForHost(host) => {
            let host = server.hosts.get(host).map_or("", String::as_str);
            let effect = match kind {
                ConflictKind::DroppedForHost(_) => ": istiod drops this server with all its hosts",
                _ => "",
            };
            let unless = if effect.is_empty() { "" } else { unless };
            let host = Quoted(host);
            let message =
                format!("{host} is already served on port {port} by {other}{effect}{unless}");
            (rule::lint::DUPLICATE_HOST, message)
        }
        ConflictKind::DroppedForPort | ConflictKind::PlainBesideTls => {
            let effect = match kind {
                ConflictKind::DroppedForPort => "istiod drops this server",
                _ => {
                    "connections without TLS, and those with the server name (SNI) of no other server, come \
                      here, and istiod drops each later server with TLS on this port"
                }
            };
            let (own, of_other) = (own.describe(), of_other.describe());
            let message = match own == of_other {
                true => format!("port {port} is {own} in {other}, too: {effect}{unless}"),
                false => {
                    format!("port {port} is {own} here and {of_other} in {other}: {effect}{unless}")
                }
            };
            (rule::lint::PORT_PROTOCOL, message)
        }
    };
    let help = match rule == rule::lint::DUPLICATE_HOST {
        true => "remove one of them",
        false => "use different ports",
    };
    (rule, message, help)
}

/// The servers that istiod merges, by their indexes: those with a port and a protocol that Istio knows.
pub(in crate::validate) fn mergeable(gateway: &Gateway) -> impl Iterator<Item = (usize, &Server)> {
    let is_mergeable = |server: &Server| {
        let has_port = server.port.as_ref().is_some_and(|port| port.number > 0);
        has_port && Protocol::of_server(server).is_some()
    };
    gateway.servers.iter().enumerate().filter(move |(_, server)| is_mergeable(server))
}

pub(super) fn check(
    gateway: &Gateway,
    namespace: &str,
    servers: &Location<'_, '_>,
    findings: &mut Findings,
) {
    let mut conflicts = Conflicts::default();
    let candidate = |server| Candidate { server, gateway: "", namespace };
    mergeable(gateway).for_each(|(_, server)| conflicts.prepare(candidate(server)));
    conflicts.prepared();
    let mut indexes = Vec::new();
    for (index, server) in mergeable(gateway) {
        indexes.push(index);
        conflicts.add(candidate(server));
    }
    let conflicts = conflicts.finish();
    if conflicts.is_empty() {
        return;
    }
    let places: Vec<_> = servers.items().collect();
    for conflict in conflicts {
        let (Some(&index), Some(other)) =
            (indexes.get(conflict.server), indexes.get(conflict.other))
        else {
            continue;
        };
        let absent = servers.item(index, None);
        let place = places.get(index).unwrap_or(&absent);
        let other = format!("servers[{other}]");
        let Some(server) = gateway.servers.get(index) else { continue };
        let (rule, message, help) = describe(&conflict, server, &other, Order::Known);
        let help = help.to_owned();
        match conflict.kind {
            ConflictKind::SharedHost(host) | ConflictKind::DroppedForHost(host) => {
                if server.hosts.get(host).is_some_and(|host| !host.is_empty()) {
                    let hosts = place.field("hosts");
                    let node = hosts.items().nth(host);
                    let place = node.unwrap_or_else(|| hosts.item(host, None));
                    findings.warning(rule, &place, message, help);
                }
            }
            ConflictKind::DroppedForPort | ConflictKind::PlainBesideTls => {
                findings.warning(rule, &place.field("port").field("protocol"), message, help);
            }
        }
    }
}

pub(super) fn check_names(gateway: &Gateway, servers: &Location<'_, '_>, findings: &mut Findings) {
    let mut names = HashMap::new();
    let mut nodes = servers.items();
    for (index, server) in gateway.servers.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
        if server.name.is_empty() {
            continue;
        }
        match names.entry(server.name.as_str()) {
            Entry::Vacant(entry) => {
                entry.insert(index);
            }
            Entry::Occupied(entry) => {
                let message = format!("servers[{}] already has this name", entry.get());
                let help = "use a different name".to_owned();
                let rule = rule::lint::DUPLICATE_SERVER_NAME;
                findings.warning(rule, &place.field("name"), message, help);
            }
        }
    }
}
