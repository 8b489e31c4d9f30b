//! Which servers istiod keeps, and under which port and route. Source: pilot's `mergeGateways`.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    hash::Hash,
};

use super::SkipReason;
use crate::{Server, protocol::Protocol, traffic_mode::TrafficMode};

/// A server, and the Gateway that it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) server: &'a Server,
    pub(crate) gateway: &'a str,
    pub(crate) namespace: &'a str,
}

/// istiod's key of servers that it merges: the number, the protocol as it is written, the address.
pub(super) type ServerPort<T> = (u32, T, T);

/// A server with what istiod derives of it.
pub(super) struct Prepared<'a> {
    pub(super) server: &'a Server,
    pub(super) mode: TrafficMode,
    /// The hosts, with its namespace instead of `.`.
    pub(super) hosts: Vec<Cow<'a, str>>,
    /// The name of its route: empty if it has none.
    pub(super) route: String,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(candidate: Candidate<'a>) -> Self {
        let Candidate { server, namespace, .. } = candidate;
        let mode = TrafficMode::of(server);
        let hosts = sanitized(&server.hosts, namespace);
        Self { server, mode, hosts, route: route_name(candidate, mode) }
    }

    /// Whether the gateway expects TLS on its port.
    pub(super) fn is_tls(&self) -> bool {
        self.server.tls.is_some() && self.mode != TrafficMode::HttpPlain
    }
}

/// The texts of a server, of which the merge only compares which are equal. `None` is equal to no other one.
pub(super) struct Keys<T> {
    pub(super) hosts: Vec<Option<T>>,
    pub(super) route: Option<T>,
    pub(super) protocol: T,
    pub(super) bind: T,
}

impl<'a> Keys<Cow<'a, str>> {
    fn of(prepared: &Prepared<'a>) -> Self {
        let Prepared { server, hosts, route, .. } = prepared;
        let protocol = server.port.as_ref().map_or("", |port| &port.protocol);
        Self {
            hosts: hosts.iter().cloned().map(Some).collect(),
            route: Some(Cow::Owned(route.clone())),
            protocol: Cow::Borrowed(protocol),
            bind: Cow::Borrowed(&server.bind),
        }
    }
}

/// The servers of a port, by index, and the route that they share if they are plain HTTP.
pub(super) struct PortServers<T> {
    pub(super) servers: Vec<usize>,
    pub(super) route: Option<T>,
}

/// Servers so far. Values are their indexes. `T` is a text, or a hash of it.
pub(super) struct Merge<T> {
    /// In the order in which istiod adds them, which may add one twice.
    pub(super) ports: Vec<ServerPort<T>>,
    pub(super) servers: HashMap<ServerPort<T>, PortServers<T>>,
    pub(super) routes: HashMap<T, Vec<usize>>,
    numbers: HashSet<u32>,
    /// The one plain server of a port that counts, its protocol and address, and whether it is HTTP.
    plain: HashMap<u32, (usize, T, T, bool)>,
    claims: HashMap<(u32, T), (T, usize)>,
}

impl<T> Default for Merge<T> {
    fn default() -> Self {
        Self {
            ports: Vec::new(),
            servers: HashMap::new(),
            routes: HashMap::new(),
            numbers: HashSet::new(),
            plain: HashMap::new(),
            claims: HashMap::new(),
        }
    }
}

/// Why istiod leaves each server out, if it does.
#[cfg(feature = "envoy")]
pub(crate) fn skipped<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
) -> Vec<Option<SkipReason>> {
    merge(&candidates.into_iter().map(Prepared::new).collect::<Vec<_>>()).1
}

/// Merges servers in their order.
pub(super) fn merge<'a>(
    servers: &[Prepared<'a>],
) -> (Merge<Cow<'a, str>>, Vec<Option<SkipReason>>) {
    let mut merge = Merge::default();
    let mut skipped: Vec<Option<SkipReason>> = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let mut replaced = Vec::new();
        skipped.push(merge.add(index, server, Keys::of(server), &mut replaced).err());
        for other in replaced {
            if let Some(reason) = skipped.get_mut(other) {
                *reason = Some(SkipReason::Replaced { by: index });
            }
        }
    }
    (merge, skipped)
}

impl<T: Clone + Eq + Hash> Merge<T> {
    /// Adds the server with this index, and lists those that it replaces.
    pub(super) fn add(
        &mut self,
        index: usize,
        prepared: &Prepared<'_>,
        keys: Keys<T>,
        replaced: &mut Vec<usize>,
    ) -> Result<(), SkipReason> {
        let Prepared { server, mode, .. } = prepared;
        let Keys { hosts, route, protocol, bind } = keys;
        let Some(port) = &server.port else { return Err(SkipReason::NoPort) };
        let number = port.number;
        if server.tls.is_some() {
            self.claim_hosts(index, number, &bind, hosts)?;
        }
        let is_http = !prepared.route.is_empty();
        let key = (number, protocol, bind.clone());
        // Without TLS, it is the server of its port that counts.
        let plain = (!prepared.is_tls())
            .then(|| Protocol::parse(&port.protocol).is_some_and(Protocol::is_http));
        if self.numbers.insert(number) {
            self.replace(index, key, plain, is_http, route, replaced);
        } else if let Some((by, protocol, plain_bind, is_plain_port_http)) =
            self.plain.get(&number).cloned()
        {
            let is_same_bind = plain_bind == bind;
            if is_same_bind && !(*mode == TrafficMode::HttpPlain && is_plain_port_http) {
                return Err(SkipReason::ProtocolConflict { by });
            }
            let key = if is_same_bind { (number, protocol, bind) } else { key };
            let Some(known) = self.servers.get_mut(&key) else {
                self.replace(index, key, plain, is_http, route, replaced);
                return Ok(());
            };
            known.servers.push(index);
            if !is_same_bind {
                known.route.clone_from(&route);
            }
            if let Some(route) = route {
                self.routes.entry(route).or_default().push(index);
            }
        } else if plain.is_some() {
            self.replace(index, key, plain, is_http, route, replaced);
        } else {
            if let Some(route) = route.filter(|_| is_http) {
                if let Some(&by) = self.routes.get(&route).and_then(|known| known.first()) {
                    return Err(SkipReason::DuplicatePortName { by });
                }
                self.routes.insert(route, vec![index]);
            }
            if let Some(known) = self.servers.get_mut(&key) {
                known.servers.push(index);
            } else {
                self.ports.push(key.clone());
                self.servers.insert(key, PortServers { servers: vec![index], route: None });
            }
        }
        Ok(())
    }

    /// The server replaces those that have the same key. Source: pilot's `addPlainTextServer`.
    fn replace(
        &mut self,
        index: usize,
        key: ServerPort<T>,
        plain: Option<bool>,
        is_http: bool,
        route: Option<T>,
        replaced: &mut Vec<usize>,
    ) {
        let (number, protocol, bind) = key.clone();
        if let Some(is_http) = plain {
            self.plain.insert(number, (index, protocol, bind, is_http));
        }
        if let Some(route) = route.clone().filter(|_| is_http) {
            self.routes.insert(route, vec![index]);
        }
        self.ports.push(key.clone());
        let servers = PortServers { servers: vec![index], route };
        replaced.extend(self.servers.insert(key, servers).into_iter().flat_map(|old| old.servers));
    }

    /// Source: pilot's `CheckDuplicates`, which knows one address of each host.
    fn claim_hosts(
        &mut self,
        index: usize,
        number: u32,
        bind: &T,
        hosts: Vec<Option<T>>,
    ) -> Result<(), SkipReason> {
        for (host, name) in hosts.iter().enumerate() {
            let Some(name) = name else { continue };
            if let Some((known, by)) = self.claims.get(&(number, name.clone()))
                && known == bind
            {
                return Err(SkipReason::DuplicateHost { host, by: *by });
            }
        }
        self.claims.extend(
            hosts.into_iter().flatten().map(|name| ((number, name), (bind.clone(), index))),
        );
        Ok(())
    }
}

/// Source: pilot's `gatewayRDSRouteName`. An HTTPS server without TLS settings has a name, too.
fn route_name(candidate: Candidate<'_>, mode: TrafficMode) -> String {
    let Candidate { server, gateway, namespace } = candidate;
    let Some(port) = &server.port else { return String::new() };
    let bind = if server.bind.is_empty() { String::new() } else { format!(".{}", server.bind) };
    let number = port.number;
    if mode == TrafficMode::HttpPlain {
        format!("http.{number}{bind}")
    } else if Protocol::parse(&port.protocol) == Some(Protocol::Https)
        && mode != TrafficMode::Passthrough
    {
        format!("https.{number}.{}.{gateway}.{namespace}{bind}", port.name)
    } else {
        String::new()
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
