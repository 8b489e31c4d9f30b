//! Servers of the same pods that are in each other's way, in little memory.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
};

use super::{
    Candidate, SkipReason,
    merge::{Keys, Merge, Prepared},
};
use crate::{protocol::Protocol, sort};

/// A server, and another one that is in its way: their indexes in what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) server: usize,
    pub(crate) other: usize,
    pub(crate) kind: ConflictKind,
    /// Of the server, and of the other one.
    pub(crate) classes: (PortClass, PortClass),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ConflictKind {
    /// istiod drops the server, since the other one has this host.
    DroppedForHost(usize),
    /// istiod drops the server, since the other one has the port.
    DroppedForPort,
    /// Both have this host, and take effect; or the server has it twice.
    SharedHost(usize),
    /// The server, without TLS, has the port and address of the other one, with TLS.
    PlainBesideTls,
}

/// What a server expects on its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PortClass {
    Http,
    Tls,
    Tcp,
}

impl PortClass {
    fn of(prepared: &Prepared<'_>) -> Self {
        match Protocol::of_server(prepared.server) {
            _ if prepared.is_tls() => Self::Tls,
            Some(Protocol::Http) => Self::Http,
            _ => Self::Tcp,
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Http => "plain HTTP",
            Self::Tls => "TLS",
            Self::Tcp => "plain TCP",
        }
    }
}

/// Finds conflicts of servers. Each is added twice, in istiod's order: first to know the texts that two servers
/// have, so that of the others nothing is kept.
#[derive(Default)]
pub(crate) struct Conflicts {
    hasher: RandomState,
    /// Halves of hashes of texts: at first of all, then of those that two servers have.
    texts: Vec<u32>,
    merge: Merge,
    servers: Vec<PortClass>,
    /// The server, the other one, and why.
    dropped: Vec<(usize, usize, ConflictKind)>,
    /// Found while servers were added, unless one of the two is dropped in the end.
    found: Vec<(usize, usize, ConflictKind)>,
    /// The first server with a host, address and port, of plain HTTP; and with TLS, of an address and port.
    hosts: HashMap<u64, usize>,
    with_tls: HashMap<u64, usize>,
}

#[expect(clippy::cast_possible_truncation, reason = "half of a hash is one")]
fn half(hash: u64) -> u32 {
    hash as u32
}

/// The hashes of a server's hosts, if it has TLS settings and if it is plain HTTP, and of its route.
struct Hashes {
    claims: Vec<u64>,
    plain: Vec<u64>,
    route: Option<u64>,
}

impl Conflicts {
    fn hashes(&self, prepared: &Prepared<'_>, class: PortClass) -> Hashes {
        let server = prepared.server;
        let number = server.port.as_ref().map_or(0, |port| port.number);
        let hash =
            |tag: u8, bind: &str, text: &str| self.hasher.hash_one((tag, number, bind, text));
        let all = |is_used: bool, tag, bind: &str| -> Vec<u64> {
            let hosts = prepared.hosts.iter().filter(|_| is_used);
            hosts.map(|host| hash(tag, bind, host)).collect()
        };
        Hashes {
            // istiod looks for a host on all addresses.
            claims: all(server.tls.is_some(), 0, ""),
            plain: all(class == PortClass::Http, 1, &server.bind),
            route: (!prepared.route.is_empty()).then(|| hash(2, "", &prepared.route)),
        }
    }

    /// Prepares for a server, in any order.
    pub(crate) fn prepare(&mut self, candidate: Candidate<'_>) {
        let prepared = Prepared::new(candidate);
        let class = PortClass::of(&prepared);
        let Hashes { claims, plain, route } = self.hashes(&prepared, class);
        // The routes of plain HTTP are in no server's way.
        let route = route.filter(|_| class == PortClass::Tls);
        self.texts.extend(claims.into_iter().chain(plain).chain(route).map(half));
    }

    /// To be called when all servers are prepared.
    pub(crate) fn prepared(&mut self) {
        self.texts.sort_unstable();
        let mut repeated: Vec<u32> = self
            .texts
            .iter()
            .zip(self.texts.iter().skip(1))
            .filter(|(a, b)| a == b)
            .map(|(a, _)| *a)
            .collect();
        repeated.dedup();
        self.texts = repeated;
    }

    /// Adds the next server.
    pub(crate) fn add(&mut self, candidate: Candidate<'_>) {
        let index = self.servers.len();
        let prepared = Prepared::new(candidate);
        let server = candidate.server;
        let (number, protocol) =
            server.port.as_ref().map_or((0, ""), |port| (port.number, &port.protocol));
        let class = PortClass::of(&prepared);
        self.servers.push(class);
        let mut names = HashSet::new();
        // With the host */*, istiod reads no other one.
        let index_of = |host| match prepared.hosts.len() == server.hosts.len() {
            true => host,
            false => server.hosts.iter().position(|host| host == "*/*").unwrap_or(host),
        };
        let repeated = prepared.hosts.iter().position(|host| !names.insert(&**host));
        if let Some(host) = repeated {
            self.found.push((index, index, ConflictKind::SharedHost(host)));
        }
        let Hashes { claims, plain, route } = self.hashes(&prepared, class);
        let known = |hash: &u64| self.texts.binary_search(&half(*hash)).is_ok();
        let keys = Keys {
            hosts: claims.into_iter().map(|hash| Some(hash).filter(known)).collect(),
            route: route.filter(known),
            protocol: self.hasher.hash_one(protocol),
            bind: self.hasher.hash_one(&server.bind),
        };
        let plain: Vec<Option<u64>> =
            plain.into_iter().map(|hash| Some(hash).filter(known)).collect();
        let mut replaced = Vec::new();
        match self.merge.add(index, &prepared, keys, &mut replaced) {
            Ok(()) => {}
            Err(SkipReason::DuplicateHost { host, by }) => {
                self.dropped.push((index, by, ConflictKind::DroppedForHost(index_of(host))));
                return;
            }
            Err(
                SkipReason::ProtocolConflict { by }
                | SkipReason::DuplicatePortName { by }
                | SkipReason::Replaced { by },
            ) => {
                self.dropped.push((index, by, ConflictKind::DroppedForPort));
                return;
            }
            Err(SkipReason::NoPort) => return,
        }
        let dropped = replaced.into_iter().map(|old| (old, index, ConflictKind::DroppedForPort));
        self.dropped.extend(dropped);
        let key = self.hasher.hash_one((&server.bind, number));
        if class == PortClass::Tls {
            self.with_tls.entry(key).or_insert(index);
            return;
        }
        if let Some(&other) = self.with_tls.get(&key) {
            self.found.push((index, other, ConflictKind::PlainBesideTls));
        }
        for (host, hash) in plain.into_iter().enumerate() {
            let Some(hash) = hash else { continue };
            let other = *self.hosts.entry(hash).or_insert(index);
            if other != index {
                self.found.push((index, other, ConflictKind::SharedHost(index_of(host))));
            }
        }
    }

    /// The conflicts, each server's together.
    pub(crate) fn finish(self) -> Vec<Conflict> {
        let Self { servers, mut dropped, found, .. } = self;
        sort::sort_by_key(&mut dropped, |(server, ..)| *server);
        let is_kept =
            |server: usize| dropped.binary_search_by_key(&server, |(of, ..)| *of).is_err();
        let found = found
            .into_iter()
            .filter(|&(server, other, _)| server == other || is_kept(server) && is_kept(other));
        let all = found.chain(dropped.iter().copied());
        let class = |server: usize| servers.get(server).copied();
        let conflict = |(server, other, kind)| {
            Some(Conflict { server, other, kind, classes: (class(server)?, class(other)?) })
        };
        let mut all: Vec<Conflict> = all.filter_map(conflict).collect();
        sort::sort_by_key(&mut all, |conflict| (conflict.server, conflict.kind));
        all
    }
}
