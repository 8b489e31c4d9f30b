//! Which servers istiod keeps, and under which port and route. Source: pilot's `mergeGateways`.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
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

/// istiod's key of servers that it merges: the number, the protocol as it is written, the address. See [`Keys`].
pub(super) type ServerPort = (u32, u64, u64);

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

/// The texts of a server, of which the merge only compares which are equal: their numbers, or hashes of them.
/// `None` is equal to no other one.
pub(super) struct Keys {
    pub(super) hosts: Vec<Option<u64>>,
    pub(super) route: Option<u64>,
    pub(super) protocol: u64,
    pub(super) bind: u64,
}

/// Texts and their numbers.
#[derive(Default)]
pub(super) struct Texts<'a> {
    numbers: HashMap<Cow<'a, str>, usize>,
    texts: Vec<Cow<'a, str>>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: Cow<'a, str>) -> u64 {
        let next = self.texts.len();
        let number = *self.numbers.entry(text.clone()).or_insert(next);
        if number == next {
            self.texts.push(text);
        }
        number as u64
    }

    /// The number of a text, if it has one.
    pub(super) fn find(&self, text: &str) -> Option<u64> {
        self.numbers.get(text).map(|number| *number as u64)
    }

    /// The text with this number.
    pub(super) fn get(&self, number: u64) -> &str {
        let text = usize::try_from(number).ok().and_then(|number| self.texts.get(number));
        text.map_or("", |text| text)
    }

    fn keys(&mut self, prepared: &Prepared<'a>) -> Keys {
        let Prepared { server, hosts, route, .. } = prepared;
        let protocol = server.port.as_ref().map_or("", |port| &port.protocol);
        Keys {
            hosts: hosts.iter().map(|host| Some(self.number(host.clone()))).collect(),
            route: Some(self.number(Cow::Owned(route.clone()))),
            protocol: self.number(Cow::Borrowed(protocol)),
            bind: self.number(Cow::Borrowed(&server.bind)),
        }
    }
}

/// The servers of a port, by index, and the route that they share if they are plain HTTP.
pub(super) struct PortServers {
    pub(super) servers: Vec<usize>,
    pub(super) route: Option<u64>,
}

/// Servers so far. Values are their indexes.
#[derive(Default)]
pub(super) struct Merge {
    /// In the order in which istiod adds them, which may add one twice.
    pub(super) ports: Vec<ServerPort>,
    pub(super) servers: HashMap<ServerPort, PortServers>,
    pub(super) routes: HashMap<u64, Vec<usize>>,
    numbers: HashSet<u32>,
    /// The one plain server of a port that counts, its protocol and address, and whether it is HTTP.
    plain: HashMap<u32, (usize, u64, u64, bool)>,
    claims: HashMap<(u32, u64), (u64, usize)>,
}

/// Why istiod leaves each server out, if it does.
#[cfg(feature = "envoy")]
pub(crate) fn skipped<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
) -> Vec<Option<SkipReason>> {
    merge(&candidates.into_iter().map(Prepared::new).collect::<Vec<_>>()).2
}

/// Merges servers in their order.
pub(super) fn merge<'a>(servers: &[Prepared<'a>]) -> (Merge, Texts<'a>, Vec<Option<SkipReason>>) {
    let (mut merge, mut texts) = (Merge::default(), Texts::default());
    let mut skipped: Vec<Option<SkipReason>> = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let mut replaced = Vec::new();
        skipped.push(merge.add(index, server, texts.keys(server), &mut replaced).err());
        for other in replaced {
            if let Some(reason) = skipped.get_mut(other) {
                *reason = Some(SkipReason::Replaced { by: index });
            }
        }
    }
    (merge, texts, skipped)
}

impl Merge {
    /// Adds the server with this index, and lists those that it replaces.
    pub(super) fn add(
        &mut self,
        index: usize,
        prepared: &Prepared<'_>,
        keys: Keys,
        replaced: &mut Vec<usize>,
    ) -> Result<(), SkipReason> {
        let Prepared { server, mode, .. } = prepared;
        let Keys { hosts, route, protocol, bind } = keys;
        let Some(port) = &server.port else { return Err(SkipReason::NoPort) };
        let number = port.number;
        if server.tls.is_some() {
            self.claim_hosts(index, number, bind, &hosts)?;
        }
        let is_http = !prepared.route.is_empty();
        let key = (number, protocol, bind);
        // Without TLS, it is the server of its port that counts.
        let plain = (!prepared.is_tls())
            .then(|| Protocol::parse(&port.protocol).is_some_and(Protocol::is_http));
        if self.numbers.insert(number) {
            self.replace(index, key, plain, is_http, route, replaced);
        } else if let Some((by, protocol, plain_bind, is_plain_port_http)) =
            self.plain.get(&number).copied()
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
                known.route = route;
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
                self.ports.push(key);
                self.servers.insert(key, PortServers { servers: vec![index], route: None });
            }
        }
        Ok(())
    }

    /// The server replaces those that have the same key. Source: pilot's `addPlainTextServer`.
    fn replace(
        &mut self,
        index: usize,
        key: ServerPort,
        plain: Option<bool>,
        is_http: bool,
        route: Option<u64>,
        replaced: &mut Vec<usize>,
    ) {
        let (number, protocol, bind) = key;
        if let Some(is_http) = plain {
            self.plain.insert(number, (index, protocol, bind, is_http));
        }
        if let Some(route) = route.filter(|_| is_http) {
            self.routes.insert(route, vec![index]);
        }
        self.ports.push(key);
        let servers = PortServers { servers: vec![index], route };
        if let Some(old) = self.servers.insert(key, servers) {
            replaced.extend(old.servers);
        }
    }

    /// Source: pilot's `CheckDuplicates`, which knows one address of each host.
    fn claim_hosts(
        &mut self,
        index: usize,
        number: u32,
        bind: u64,
        hosts: &[Option<u64>],
    ) -> Result<(), SkipReason> {
        for (host, name) in hosts.iter().enumerate() {
            let Some(name) = name else { continue };
            if let Some((known, by)) = self.claims.get(&(number, *name))
                && *known == bind
            {
                return Err(SkipReason::DuplicateHost { host, by: *by });
            }
        }
        for name in hosts.iter().flatten() {
            self.claims.insert((number, *name), (bind, index));
        }
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
