//! Which server catches a host before and after, as the servers of a port share its hosts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, hash_map::Entry},
    ptr,
};

use istio_gateway::{Server, client_certificate::Effect, envoy::Options, prost::Message as _};

use super::{
    difference::{self, Difference, is_surely_weaker},
    pair::{Pair, Side},
    terminal::sentence,
};
use crate::{
    explain::{behavior::ServerBehavior, terminal},
    text::{counted, joined},
    unknown::is_unknown_text,
};

/// What a pair has to do with hosts.
#[derive(Default)]
pub(super) struct Caught {
    /// Hosts that nobody served before.
    pub(super) added: Vec<String>,
    /// Hosts that nobody serves any more.
    pub(super) removed: Vec<String>,
    /// What is not the same for the hosts that another server served before.
    pub(super) from_others: Vec<Difference>,
}

/// Longer names do not exist.
pub(super) const LONGEST_NAME: usize = 255;

/// The hosts of a listener, and the server that is the first to have each.
#[derive(Default)]
struct Hosts {
    exact: HashMap<String, usize>,
    /// By what follows the asterisk.
    below: HashMap<String, usize>,
}

impl Hosts {
    fn add(&mut self, host: &str, server: usize) {
        match host.strip_prefix('*') {
            Some(rest) => self.below.entry(rest.to_owned()),
            None => self.exact.entry(host.to_owned()),
        }
        .or_insert(server);
    }

    /// The server with the most specific match: the name itself, else the longest suffix. A
    /// wildcard stands for a name below it that nobody has.
    ///
    /// Source: Envoy's documentation of `FilterChainMatch.server_names` and `VirtualHost.domains`.
    fn catcher(&self, host: &str) -> Option<usize> {
        let rest = match host.strip_prefix('*') {
            Some(rest) => {
                if let Some(server) = self.below.get(rest) {
                    return Some(*server);
                }
                rest
            }
            None => {
                if let Some(server) = self.exact.get(host) {
                    return Some(*server);
                }
                host
            }
        };
        let start = rest.len().saturating_sub(LONGEST_NAME);
        let suffixes = rest.match_indices('.').filter(|(at, _)| *at >= start);
        let found = suffixes.filter_map(|(at, _)| rest.get(at..)).find_map(|s| self.below.get(s));
        found.or_else(|| self.below.get("")).copied()
    }
}

/// A host without the namespace whose routes may have it.
fn name_of(host: &str) -> String {
    host.split_once('/').map_or(host, |(_, name)| name).to_ascii_lowercase()
}

/// Whether the routes of every namespace may have it.
fn is_of_all_namespaces(host: &str) -> bool {
    host.split_once('/').is_none_or(|(namespace, _)| namespace == "*")
}

/// What servers have in common whose hosts are matched together: the pods, the address, the port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    selector: usize,
    bind: &'a str,
    port: u32,
}

/// Numbers for selectors, so that a large one is looked at once.
#[derive(Default)]
struct Selectors<'a> {
    of_gateway: HashMap<*const istio_gateway::Gateway, usize>,
    numbers: HashMap<Vec<(&'a str, &'a str)>, usize>,
}

impl<'a> Selectors<'a> {
    fn place(&mut self, side: &Side<'a>) -> Place<'a> {
        let selector = match self.of_gateway.entry(ptr::from_ref(side.spec)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                let labels = side.spec.selector.iter();
                let mut labels: Vec<_> = labels.map(|(k, v)| (k.as_str(), v.as_str())).collect();
                labels.sort_unstable();
                let next = self.numbers.len();
                *unknown.insert(*self.numbers.entry(labels).or_insert(next))
            }
        };
        let (bind, port) = side.listener();
        Place { selector, bind, port }
    }
}

type Listeners<'a> = BTreeMap<Place<'a>, Hosts>;

/// The old servers and their hosts for which the same is not the same.
type OfAll = (Effect, BTreeSet<usize>, Vec<String>);

/// For each pair.
pub(super) fn match_hosts(pairs: &[Pair<'_>], options: &Options) -> Vec<Caught> {
    let mut selectors = Selectors::default();
    let before = listeners(pairs, &mut selectors, |pair| pair.old.as_ref());
    let after = listeners(pairs, &mut selectors, |pair| pair.new.as_ref());
    let mut caught: Vec<Caught> = pairs
        .iter()
        .map(|pair| {
            let (Some(old), Some(new)) = (&pair.old, &pair.new) else { return Caught::default() };
            let (was, is) = (selectors.place(old), selectors.place(new));
            Caught {
                added: beyond(old, new, before.get(&is), was != is),
                removed: beyond(new, old, after.get(&was), was != is),
                from_others: Vec::new(),
            }
        })
        .collect();
    let mut compared = Compared::new(pairs, options);
    // By the server that catches now, then by what is not the same.
    let mut found: BTreeMap<(usize, u8, String), OfAll> = BTreeMap::new();
    // Where Envoy rejects the new listener, the old one stays.
    let is_rejected = |new: &usize| {
        let new = pairs.get(*new).and_then(|pair| pair.new.as_ref());
        new.is_some_and(|new| new.rejected_by().is_some())
    };
    let moved = moved(&before, &after).into_iter().filter(|((_, new), _)| !is_rejected(new));
    for ((old, new), hosts) in moved {
        for (rank, effect, what) in compared.told(old, new) {
            let entry = found.entry((new, rank, what));
            let (_, servers, of_all) =
                entry.or_insert_with(|| (effect, BTreeSet::new(), Vec::new()));
            servers.insert(old);
            of_all.extend(hosts.iter().cloned());
        }
    }
    for ((new, _, what), (effect, servers, mut hosts)) in found {
        hosts.sort_unstable();
        hosts.dedup();
        let first = servers.first().and_then(|first| pairs.get(*first));
        let first = first.and_then(|pair| Some(name(pair, pair.old.as_ref()?)));
        let others = match servers.len() {
            0 | 1 => String::new(),
            many => format!(" and {}", counted(many - 1, "other")),
        };
        let first = first.unwrap_or_default();
        let what =
            format!("Served by {first}{others} before, and by this server now; {what}. Hosts");
        if let Some(caught) = caught.get_mut(new) {
            let id = "caught-by-another";
            caught.from_others.push(Difference::new(effect, "server", id, what, hosts));
        }
    }
    caught
}

fn listeners<'a>(
    pairs: &[Pair<'a>],
    selectors: &mut Selectors<'a>,
    side: impl for<'p> Fn(&'p Pair<'a>) -> Option<&'p Side<'a>>,
) -> Listeners<'a> {
    let sides = pairs.iter().enumerate().filter_map(|(i, pair)| Some((i, pair, side(pair)?)));
    let mut sides: Vec<_> = sides.filter(|(_, _, side)| !side.scope().listener).collect();
    // Of two with the same host the first of its Gateway has it.
    sides.sort_by_key(|(_, pair, side)| (pair.namespace, pair.gateway, side.index));
    let mut listeners = Listeners::new();
    for (i, _, side) in sides {
        let hosts = listeners.entry(selectors.place(side)).or_default();
        let known = side.server.hosts.iter().filter(|host| !is_unknown_text(host));
        known.for_each(|host| hosts.add(&name_of(host), i));
    }
    listeners
}

/// The hosts of `more` that neither `less` has nor another server of its listener.
fn beyond(
    less: &Side<'_>,
    more: &Side<'_>,
    others: Option<&Hosts>,
    has_moved: bool,
) -> Vec<String> {
    let known: HashSet<&str> = less.server.hosts.iter().map(String::as_str).collect();
    let rest = more.server.hosts.iter();
    let rest = rest.filter(|host| !known.contains(host.as_str()) && !is_unknown_text(host));
    let mut rest = rest.peekable();
    if rest.peek().is_none() {
        return Vec::new();
    }
    // Each name, and whether every namespace's routes may have it.
    let mut own: HashMap<String, bool> = HashMap::new();
    let mut own_hosts = Hosts::default();
    for host in &less.server.hosts {
        let name = name_of(host);
        own_hosts.add(&name, 0);
        *own.entry(name).or_default() |= is_of_all_namespaces(host);
    }
    rest.filter(|host| {
        let name = name_of(host);
        match own.get(&name) {
            Some(is_of_all) => !is_of_all,
            None => {
                others.and_then(|others| others.catcher(&name)).is_none()
                    && !(has_moved && own_hosts.catcher(&name).is_some())
            }
        }
    })
    .cloned()
    .collect()
}

/// The hosts whose server is another one now, by the pairs of both servers.
fn moved(before: &Listeners<'_>, after: &Listeners<'_>) -> BTreeMap<(usize, usize), Vec<String>> {
    let mut moved: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (place, new) in after {
        let Some(old) = before.get(place) else { continue };
        let mut probe = |host: String| {
            if let (Some(was), Some(is)) = (old.catcher(&host), new.catcher(&host))
                && was != is
            {
                moved.entry((was, is)).or_default().push(host);
            }
        };
        for hosts in [old, new] {
            hosts.exact.keys().cloned().for_each(&mut probe);
            hosts.below.keys().map(|rest| format!("*{rest}")).for_each(&mut probe);
        }
    }
    moved
}

/// `server 0 of ns/gateway`
fn name(pair: &Pair<'_>, side: &Side<'_>) -> String {
    format!("server {} of {}", side.index, terminal::gateway_name(pair.namespace, pair.gateway))
}

/// Servers that were looked at once, and what the one does that the other does not.
struct Compared<'a> {
    pairs: &'a [Pair<'a>],
    options: &'a Options,
    /// What two servers have in common that do the same to clients, numbered.
    kinds: HashMap<String, usize>,
    /// The number of each server, by its address.
    numbers: HashMap<*const Server, usize>,
    behaviors: HashMap<usize, ServerBehavior<'a>>,
    known: HashMap<(usize, usize), Told>,
    /// So many bytes of settings are still compared.
    budget: usize,
}

/// What is weaker, what is stronger and what is another thing, in words.
type Told = Vec<(u8, Effect, String)>;

/// So many bytes of settings are compared: enough for any real file. With more than that each comparison
/// costs, and there may be one for each host.
const BUDGET: usize = 64_000_000;

impl<'a> Compared<'a> {
    fn new(pairs: &'a [Pair<'a>], options: &'a Options) -> Self {
        let (kinds, numbers, behaviors, known) = Default::default();
        Self { pairs, options, kinds, numbers, behaviors, known, budget: BUDGET }
    }

    fn kind(&mut self, side: &Side<'a>) -> usize {
        let address = std::ptr::from_ref(side.server);
        if let Some(&number) = self.numbers.get(&address) {
            return number;
        }
        let port = side.server.port.as_ref().map(|port| (port.number, &port.protocol));
        let next = self.kinds.len();
        let rejected = side.rejected_by();
        let kind = format!("{port:?} {rejected:?} {:?} {:?}", side.server.tls, side.scope());
        let kind = *self.kinds.entry(kind).or_insert(next);
        self.behaviors.entry(kind).or_insert_with(|| side.behavior(self.options));
        self.numbers.insert(address, kind);
        kind
    }

    fn told(&mut self, old: usize, new: usize) -> Told {
        let pairs = self.pairs;
        let old = pairs.get(old).and_then(|pair| pair.old.as_ref());
        let new = pairs.get(new).and_then(|pair| pair.new.as_ref());
        let (Some(old), Some(new)) = (old, new) else { return Told::new() };
        let kinds = (self.kind(old), self.kind(new));
        if let Some(told) = self.known.get(&kinds) {
            return told.clone();
        }
        let (Some(before), Some(after)) =
            (self.behaviors.get(&kinds.0), self.behaviors.get(&kinds.1))
        else {
            return Told::new();
        };
        let told = match self.budget.checked_sub(size(old) + size(new)) {
            // A client may gain access: the opposite must not be reported.
            None => {
                let what = "there is too much to compare: treated as weaker";
                vec![(0, Effect::Weaker, what.to_owned())]
            }
            Some(rest) => {
                self.budget = rest;
                let mut found = difference::compared(before, after);
                let scope = old.scope().or(new.scope());
                if scope.is_any() {
                    found.retain(|found| is_surely_weaker(found, scope));
                }
                by_effect(&found)
            }
        };
        self.known.insert(kinds, told.clone());
        told
    }
}

/// How much there is to compare.
fn size(side: &Side<'_>) -> usize {
    side.server.tls.as_ref().map_or(1, |tls| 1 + tls.encoded_len())
}

/// What two servers do differently, in words.
pub(in crate::explain) fn what_differs(
    old: &ServerBehavior<'_>,
    new: &ServerBehavior<'_>,
) -> Vec<String> {
    let told = by_effect(&difference::compared(old, new)).into_iter();
    told.map(|(_, effect, what)| format!("{}: {what}", effect.id())).collect()
}

fn by_effect(differences: &[Difference]) -> Told {
    let effects = [Effect::Weaker, Effect::Stronger, Effect::Different];
    let told = (0..).zip(effects).filter_map(|(rank, effect)| {
        let what = in_words(differences.iter().filter(|found| found.effect == effect.id()));
        (!what.is_empty()).then_some((rank, effect, what))
    });
    told.collect()
}

/// `rejected -> in, anonymous: no certificate and self-signed; HTTPS terminated here becomes ...`
fn in_words<'a>(differences: impl Iterator<Item = &'a Difference>) -> String {
    let mut clients: Vec<(String, Vec<String>)> = Vec::new();
    let mut others = Vec::new();
    for found in differences {
        let sentence = sentence(found);
        let (Some(old), Some(new)) = (&found.old, &found.new) else {
            others.push(sentence);
            continue;
        };
        let states =
            format!("{} -> {}", terminal::outcome(old.outcome), terminal::outcome(new.outcome));
        match clients.iter_mut().find(|(known, _)| *known == states) {
            Some((_, clients)) => clients.push(sentence),
            None => clients.push((states, vec![sentence])),
        }
    }
    let clients = clients.into_iter().map(|(states, clients)| {
        let clients: Vec<&str> = clients.iter().map(String::as_str).collect();
        format!("{states}: {}", joined(&clients, "and"))
    });
    clients.chain(others).collect::<Vec<_>>().join("; ")
}
