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

/// istiod's key of servers that it merges: the number, the protocol as it is written, the address.
pub(super) type ServerPort<'a> = (u32, &'a str, &'a str);

/// The servers of a port, by index, and the route that they share if they are plain HTTP.
#[derive(Default)]
pub(super) struct PortServers {
    pub(super) servers: Vec<usize>,
    pub(super) route: String,
}

/// Servers so far. Values are their indexes.
#[derive(Default)]
pub(super) struct Merge<'a> {
    /// In the order in which istiod adds them, which may add one twice.
    pub(super) ports: Vec<ServerPort<'a>>,
    pub(super) servers: HashMap<ServerPort<'a>, PortServers>,
    pub(super) routes: HashMap<String, Vec<usize>>,
    /// The hosts of each server, with its namespace instead of `.`.
    pub(super) hosts: Vec<Vec<Cow<'a, str>>>,
    /// The name of each server's route: empty if it has none.
    pub(super) route_names: Vec<String>,
    numbers: HashSet<u32>,
    /// The one plain server of a port that counts, and its protocol and address.
    plain: HashMap<u32, (usize, &'a str, &'a str)>,
    claims: HashMap<(u32, Cow<'a, str>), (&'a str, usize)>,
}

/// Why istiod leaves each server out, if it does.
#[cfg(any(feature = "envoy", feature = "validate"))]
pub(crate) fn skipped<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
) -> Vec<Option<SkipReason>> {
    merge(candidates).1
}

/// Merges servers in their order.
pub(super) fn merge<'a>(
    candidates: impl IntoIterator<Item = Candidate<'a>>,
) -> (Merge<'a>, Vec<Option<SkipReason>>) {
    let mut merge = Merge::default();
    let mut skipped: Vec<Option<SkipReason>> = Vec::new();
    for (index, candidate) in candidates.into_iter().enumerate() {
        let mut replaced = Vec::new();
        skipped.push(merge.add(index, candidate, &mut replaced).err());
        for other in replaced {
            if let Some(reason) = skipped.get_mut(other) {
                *reason = Some(SkipReason::Replaced { by: index });
            }
        }
    }
    (merge, skipped)
}

impl<'a> Merge<'a> {
    fn add(
        &mut self,
        index: usize,
        candidate: Candidate<'a>,
        replaced: &mut Vec<usize>,
    ) -> Result<(), SkipReason> {
        let Candidate { server, namespace, .. } = candidate;
        self.hosts.push(sanitized(&server.hosts, namespace));
        let mode = TrafficMode::of(server);
        let route = route_name(candidate, mode);
        self.route_names.push(route.clone());
        let Some(port) = &server.port else { return Err(SkipReason::NoPort) };
        let (number, bind) = (port.number, server.bind.as_str());
        if server.tls.is_some() {
            self.claim_hosts(index, number, bind)?;
        }
        let is_tls = server.tls.is_some() && mode != TrafficMode::HttpPlain;
        let is_http = mode == TrafficMode::HttpPlain || !route.is_empty();
        let key = (number, port.protocol.as_str(), bind);
        if self.numbers.insert(number) {
            self.replace(index, key, is_tls, route, replaced);
        } else if let Some(&(by, protocol, plain_bind)) = self.plain.get(&number) {
            let is_same_bind = plain_bind == bind;
            let can_merge = mode == TrafficMode::HttpPlain
                && Protocol::parse(protocol).is_some_and(Protocol::is_http);
            if is_same_bind && !can_merge {
                return Err(SkipReason::ProtocolConflict { by });
            }
            let key = if is_same_bind { (number, protocol, plain_bind) } else { key };
            let Some(known) = self.servers.get_mut(&key) else {
                self.replace(index, key, is_tls, route, replaced);
                return Ok(());
            };
            known.servers.push(index);
            if !is_same_bind {
                known.route.clone_from(&route);
            }
            self.routes.entry(route).or_default().push(index);
        } else if !is_tls {
            self.replace(index, key, is_tls, route, replaced);
        } else {
            if is_http {
                if let Some(&by) = self.routes.get(&route).and_then(|known| known.first()) {
                    return Err(SkipReason::DuplicatePortName { by });
                }
                self.routes.insert(route, vec![index]);
            }
            if !self.servers.contains_key(&key) {
                self.ports.push(key);
            }
            self.servers.entry(key).or_default().servers.push(index);
        }
        Ok(())
    }

    /// The server replaces those that have the same key. Source: pilot's `addPlainTextServer`.
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
            self.routes.insert(route.clone(), vec![index]);
        }
        self.ports.push(key);
        let servers = PortServers { servers: vec![index], route };
        replaced.extend(self.servers.insert(key, servers).into_iter().flat_map(|old| old.servers));
    }

    /// Source: pilot's `CheckDuplicates`, which knows one address of each host.
    fn claim_hosts(&mut self, index: usize, number: u32, bind: &'a str) -> Result<(), SkipReason> {
        let Some(hosts) = self.hosts.get(index) else { return Ok(()) };
        for (host, name) in hosts.iter().enumerate() {
            if let Some(&(known, by)) = self.claims.get(&(number, name.clone()))
                && known == bind
            {
                return Err(SkipReason::DuplicateHost { host, by });
            }
        }
        self.claims.extend(hosts.iter().map(|name| ((number, name.clone()), (bind, index))));
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
