//! Conflicting servers of one Gateway. Linear in their number.

use std::collections::{HashMap, hash_map::Entry};

use crate::{
    Gateway, Server,
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
                Entry::Occupied(entry) if entry.get().0 == class => {}
                Entry::Occupied(entry) => {
                    let (other, first) = entry.get();
                    let message = format!(
                        "port {} is {} here and {} in servers[{first}]: istiod keeps only the first",
                        port.number,
                        class.describe(),
                        other.describe()
                    );
                    let help = "use different ports".to_owned();
                    let port = place.field("port");
                    findings.warning(
                        rule::lint::PORT_PROTOCOL,
                        &port.field("protocol"),
                        message,
                        help,
                    );
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
