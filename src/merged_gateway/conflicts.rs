//! Servers of the same pods that are in each other's way, in little memory.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    hash::{BuildHasher as _, RandomState},
};

use super::{
    Candidate, SkipReason,
    merge::{Merge, Prepared},
};
use crate::protocol::Protocol;

/// A server, and another one that is in its way: their indexes in what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) server: usize,
    pub(crate) other: usize,
    pub(crate) kind: ConflictKind,
    /// Of the server, and of the other one.
    pub(crate) classes: (PortClass, PortClass),
    pub(crate) port: u32,
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

/// Finds conflicts of servers that are added in istiod's order: a few dozen bytes are kept for each host.
#[derive(Default)]
pub(crate) struct Conflicts {
    merge: Merge<u64>,
    hasher: RandomState,
    servers: Vec<(PortClass, u32)>,
    dropped: BTreeMap<usize, (usize, ConflictKind)>,
    /// Found while servers were added, unless one of the two is dropped in the end.
    found: Vec<(usize, usize, ConflictKind)>,
    /// The first server with a host, address and port, of plain HTTP; and with TLS, of an address and port.
    hosts: HashMap<u64, usize>,
    with_tls: HashMap<u64, usize>,
}

impl Conflicts {
    /// Adds the next server.
    pub(crate) fn add(&mut self, candidate: Candidate<'_>) {
        let index = self.servers.len();
        let prepared = Prepared::new(candidate);
        let server = candidate.server;
        let number = server.port.as_ref().map_or(0, |port| port.number);
        let class = PortClass::of(&prepared);
        self.servers.push((class, number));
        let mut names = HashSet::new();
        // With the host */*, istiod reads no other one.
        let index_of = |host| match prepared.hosts.len() == server.hosts.len() {
            true => host,
            false => server.hosts.iter().position(|host| host == "*/*").unwrap_or(host),
        };
        let repeated = prepared.hosts.iter().position(|host| !names.insert(host));
        if let Some(host) = repeated {
            self.found.push((index, index, ConflictKind::SharedHost(host)));
        }
        let Self { merge, hasher, .. } = self;
        let mut replaced = Vec::new();
        let hash = |text: Cow<'_, str>| hasher.hash_one(text.as_ref());
        match merge.add(index, &prepared, hash, &mut replaced) {
            Ok(()) => {}
            Err(SkipReason::DuplicateHost { host, by }) => {
                self.dropped.insert(index, (by, ConflictKind::DroppedForHost(index_of(host))));
                return;
            }
            Err(
                SkipReason::ProtocolConflict { by }
                | SkipReason::DuplicatePortName { by }
                | SkipReason::Replaced { by },
            ) => {
                self.dropped.insert(index, (by, ConflictKind::DroppedForPort));
                return;
            }
            Err(SkipReason::NoPort) => return,
        }
        let dropped = replaced.into_iter().map(|old| (old, (index, ConflictKind::DroppedForPort)));
        self.dropped.extend(dropped);
        let listener = (&server.bind, number);
        let key = self.hasher.hash_one(listener);
        if class == PortClass::Tls {
            self.with_tls.entry(key).or_insert(index);
            return;
        }
        if let Some(&other) = self.with_tls.get(&key) {
            self.found.push((index, other, ConflictKind::PlainBesideTls));
        }
        if class != PortClass::Http {
            return;
        }
        for (host, name) in prepared.hosts.iter().enumerate() {
            match self.hosts.entry(self.hasher.hash_one((listener, name))) {
                Entry::Vacant(entry) => {
                    entry.insert(index);
                }
                Entry::Occupied(entry) if *entry.get() == index => {}
                Entry::Occupied(entry) => {
                    let other = *entry.get();
                    self.found.push((index, other, ConflictKind::SharedHost(index_of(host))));
                }
            }
        }
    }

    /// The conflicts, each server's together.
    pub(crate) fn finish(self) -> Vec<Conflict> {
        let Self { servers, dropped, found, .. } = self;
        let found = found.into_iter().filter(|(server, other, _)| {
            server == other || !dropped.contains_key(server) && !dropped.contains_key(other)
        });
        let all =
            found.chain(dropped.iter().map(|(server, (other, kind))| (*server, *other, *kind)));
        let class = |server: usize| servers.get(server).copied();
        let conflict = |(server, other, kind)| {
            let ((own, port), (of_other, _)) = (class(server)?, class(other)?);
            Some(Conflict { server, other, kind, classes: (own, of_other), port })
        };
        let mut all: Vec<Conflict> = all.filter_map(conflict).collect();
        all.sort_by_key(|conflict| (conflict.server, conflict.kind));
        all
    }
}
