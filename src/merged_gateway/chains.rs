//! The filter chains that clients reach, and the backends that each of them leads to.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
    rc::Rc,
};

use super::{
    ChainAction, Listener, MergedGateway, NamedGateway, VirtualHost,
    hosts::{best, is_partial, wildcards_above},
    listener::{ServerNames, lower},
};
use crate::{
    client_certificate::{Change, ClientCertificate, ClientCertificatePolicy, Decision, Source},
    sort,
    traffic_mode::TrafficMode,
};

/// How many chains of equal client checks are looked at for a host, until one has no narrower domain for it.
const MOST_TRIED: usize = 256;
/// As many are looked at in any case, of all hosts together.
const MOST_TRIED_TOGETHER: usize = 4_000_000;
/// The length of the longest label.
const LABEL: usize = 63;

/// A filter chain that takes connections, and the client check of its server.
pub(super) struct Chain<'a> {
    pub(super) server: usize,
    pub(super) listener: &'a Listener,
    pub(super) mode: TrafficMode,
    pub(super) policy: ClientCertificatePolicy,
    /// The same number for equal policies.
    pub(super) class: usize,
    /// Whether it rejects some clients.
    pub(super) may_reject: bool,
    /// A server name that Envoy gives to this chain; none if only a connection without one is.
    pub(super) server_name: Option<String>,
    pub(super) server_names: &'a [String],
    pub(super) leads: Leads<'a>,
    /// The index in its listener, and the server names of all.
    index: usize,
    names: Rc<ServerNames<'a>>,
}

/// Where a chain leads.
#[derive(Clone, Copy)]
pub(super) enum Leads<'a> {
    /// To the backends of the virtual host that the Host header selects.
    Http(&'a BTreeMap<String, VirtualHost>),
    /// To these backends, whatever the client sends, and the VirtualService that has the route.
    Bytes(&'a [usize], usize),
}

impl MergedGateway {
    /// The chains that take connections from outside the gateway's pods, but for those of `AUTO_PASSTHROUGH`.
    ///
    /// CAs of which `cas` knows that they are the same count as the first one of them, by whatever credential.
    pub(super) fn chains<'a>(
        &'a self,
        gateways: &'a [NamedGateway<'a>],
        cas: &dyn Fn(usize) -> Option<u64>,
    ) -> Vec<Chain<'a>> {
        let mut sources: HashMap<u64, Source> = HashMap::new();
        let mut classes: HashMap<ClientCertificatePolicy, usize> = HashMap::new();
        let mut rejecting = Vec::new();
        let mut chains = Vec::new();
        for listener in self.listeners.values() {
            if is_local(&listener.address) || self.listener_rejection(listener, gateways).is_some()
            {
                continue;
            }
            let names = Rc::new(ServerNames::new(listener));
            for (index, chain) in listener.chains.iter().enumerate() {
                let leads = match &chain.action {
                    ChainAction::Http { route } => self.routes.get(route).map(Leads::Http),
                    ChainAction::Tcp { virtual_service, backends } => {
                        Some(Leads::Bytes(backends, *virtual_service))
                    }
                    ChainAction::AutoPassthrough => None,
                };
                let server = self.servers.get(chain.server).and_then(|merged| {
                    gateways.get(merged.gateway)?.gateway.servers.get(merged.server)
                });
                let policy = self.client_certificate_policy(chain.server, gateways);
                let (Some(leads), Some(server), Some(mut policy)) = (leads, server, policy) else {
                    continue;
                };
                if let (Some(source), Some(ca)) = (policy.ca_source(), cas(chain.server)) {
                    source.clone_from(sources.entry(ca).or_insert_with(|| source.clone()));
                }
                let Some(server_name) = names.example(chain, index) else { continue };
                let next = classes.len();
                let class = *classes.entry(policy.clone()).or_insert(next);
                if class == next {
                    let outcomes = policy.outcomes();
                    let mut decisions = outcomes.iter().map(|outcome| &outcome.decision);
                    rejecting.push(decisions.any(|one| matches!(one, Decision::Reject(_))));
                }
                chains.push(Chain {
                    server: chain.server,
                    listener,
                    mode: TrafficMode::of(server),
                    class,
                    may_reject: rejecting.get(class).is_some_and(|rejects| *rejects),
                    policy,
                    server_name,
                    server_names: &chain.server_names,
                    leads,
                    index,
                    names: Rc::clone(&names),
                });
            }
        }
        chains
    }
}

/// Whether only the pods themselves connect to the address: a loopback address or a Unix socket.
fn is_local(address: &str) -> bool {
    address.starts_with("unix:")
        || address.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

impl<'a> Chain<'a> {
    /// The virtual hosts that have routes. Envoy redirects only requests that came without TLS.
    pub(super) fn routed_hosts(
        &self,
    ) -> impl Iterator<Item = (&'a String, &'a VirtualHost)> + use<'a> {
        let redirects = self.mode == TrafficMode::HttpPlain;
        let hosts = match self.leads {
            Leads::Http(hosts) => Some(hosts),
            Leads::Bytes(..) => None,
        };
        let hosts = hosts.into_iter().flatten();
        hosts.filter(move |(_, host)| !(host.is_redirect && redirects))
    }

    /// The domain whose virtual host takes requests with this Host.
    pub(super) fn domain(&self, host: &str) -> Option<&'a str> {
        match self.leads {
            Leads::Http(hosts) => best(hosts, host),
            Leads::Bytes(..) => None,
        }
    }

    /// The backends that requests with this Host reach.
    pub(super) fn backends(&self, host: &str) -> &'a [usize] {
        match self.leads {
            Leads::Bytes(backends, _) => backends,
            Leads::Http(hosts) => {
                let host = best(hosts, host).and_then(|domain| hosts.get(domain));
                let redirects = self.mode == TrafficMode::HttpPlain;
                let host = host.filter(|host| !(host.is_redirect && redirects));
                host.map_or(&[], |host| &host.backends)
            }
        }
    }

    /// Whether Envoy gives a connection with this server name to the chain.
    pub(super) fn takes(&self, server_name: &str) -> bool {
        self.names.find(Some(server_name)) == Some(self.index)
    }

    /// The chain of these, which are of its listener, to which Envoy gives a connection with this server name.
    pub(super) fn neighbour<'c>(&self, chains: &'c [Self], server_name: &str) -> Option<&'c Self> {
        let index = self.names.find(Some(server_name))?;
        chains.get(chains.binary_search_by_key(&index, |chain| chain.index).ok()?)
    }

    /// Whether the client speaks TLS: to the gateway, or to what it forwards to.
    pub(super) fn is_tls(&self) -> bool {
        self.mode.terminates_tls() || self.mode == TrafficMode::Passthrough
    }

    /// The server name that a request for the host has: the host itself wherever this is possible.
    pub(super) fn server_name_for(&self, host: &str) -> Option<String> {
        let has_host = !self.server_names.is_empty() && self.takes(host);
        if has_host { Some(host.to_owned()) } else { self.server_name.clone() }
    }

    /// The clients that this chain rejects and the other one accepts.
    ///
    /// A chain that accepts clients without a certificate, or with any that they make themselves, rejects nobody.
    /// Then only a certificate counts that the other one forwards to the backend, and that this one rejects: a
    /// backend may trust it.
    pub(super) fn gained_by(&self, lax: &Self) -> Vec<Change> {
        const OWN_MADE: ClientCertificate =
            ClientCertificate { is_pinned: false, ..ClientCertificate::SELF_SIGNED };
        let own = &self.policy;
        let is_open = own.decide(None).is_accepted() || own.decide(Some(&OWN_MADE)).is_accepted();
        let changes = own.compare(&lax.policy).into_iter().filter(|change| {
            let is_rejected = matches!(change.old, Decision::Reject(_));
            let is_accepted = change.new.is_accepted() || change.new == Decision::Passthrough;
            is_rejected && is_accepted && (!is_open || change.new.has_certificate())
        });
        changes.collect()
    }
}

/// The chains of each listener that has one which rejects clients.
pub(super) fn listeners<'c, 'a>(chains: &'c [Chain<'a>]) -> Vec<&'c [Chain<'a>]> {
    chains
        .chunk_by(|one, other| std::ptr::eq(one.listener, other.listener))
        .filter(|chains| chains.iter().any(|chain| chain.may_reject))
        .collect()
}

/// The chains with equal client checks by which requests reach a backend.
#[derive(Clone, Copy)]
pub(super) struct Reaching {
    pub(super) class: usize,
    /// The first of them.
    pub(super) number: usize,
    /// How many there are.
    pub(super) count: usize,
}

/// Sorts by class, and keeps the first one of each with the count of all.
pub(super) fn keep_first_of_class(found: &mut Vec<Reaching>, count: fn(usize, usize) -> usize) {
    sort::sort_by_key(found, |one| one.class);
    found.dedup_by(|next, first| {
        let is_same = next.class == first.class;
        if is_same {
            first.count = count(first.count, next.count);
        }
        is_same
    });
}

/// The numbers of chains with equal client checks, by the class of these.
type Classes = HashMap<usize, Vec<usize>>;

/// The chains by what they lead to.
pub(super) struct Index<'a> {
    /// By the backend, and the domain of the virtual host that leads to it.
    domains: HashMap<(usize, &'a str), Classes>,
    /// By the backend to which they forward bytes.
    bytes: HashMap<usize, Classes>,
    /// For each backend, one chain of each class that routes HTTP to it, and the domain.
    any: HashMap<usize, Vec<(usize, &'a str)>>,
    /// The listeners that have a chain which rejects clients and has this domain, in order.
    listeners: HashMap<&'a str, Vec<usize>>,
    /// The same for chains that forward bytes, by the backend.
    bytes_listeners: HashMap<usize, Vec<usize>>,
    /// All domains and server names.
    names: HashSet<Cow<'a, str>>,
    /// Whether a wildcard is for a part of a label. Hosts of VirtualServices may be such.
    has_partial: bool,
    /// How many more chains are tried, beyond the least number for each host.
    tries: Cell<usize>,
}

impl<'a> Index<'a> {
    pub(super) fn new(chains: &[Chain<'a>], listeners: &[&[Chain<'a>]]) -> Self {
        let mut index = Self {
            listeners: HashMap::new(),
            bytes_listeners: HashMap::new(),
            domains: HashMap::new(),
            bytes: HashMap::new(),
            any: HashMap::new(),
            names: HashSet::new(),
            has_partial: false,
            tries: Cell::new(MOST_TRIED_TOGETHER),
        };
        let mut reached: HashSet<(usize, usize)> = HashSet::new();
        for (number, chain) in chains.iter().enumerate() {
            index.names.extend(chain.server_names.iter().map(|name| lower(name)));
            if let Leads::Bytes(backends, _) = chain.leads {
                for &backend in backends {
                    let classes = index.bytes.entry(backend).or_default();
                    classes.entry(chain.class).or_default().push(number);
                }
            }
            for (domain, host) in chain.routed_hosts() {
                index.names.insert(Cow::Borrowed(domain));
                index.has_partial |= is_partial(domain);
                for &backend in host.backends.iter() {
                    let classes = index.domains.entry((backend, domain)).or_default();
                    classes.entry(chain.class).or_default().push(number);
                    if reached.insert((backend, chain.class)) {
                        index.any.entry(backend).or_default().push((number, domain));
                    }
                }
            }
        }
        for any in index.any.values_mut() {
            sort::sort_by_key(any, |(number, _)| chains.get(*number).map(|chain| chain.class));
        }
        for (number, chains) in listeners.iter().enumerate() {
            for chain in chains.iter().filter(|chain| chain.may_reject) {
                let add = |numbers: &mut Vec<usize>| {
                    if numbers.last() != Some(&number) {
                        numbers.push(number);
                    }
                };
                for (domain, _) in chain.routed_hosts() {
                    add(index.listeners.entry(domain).or_default());
                }
                if let Leads::Bytes(backends, _) = chain.leads {
                    for &backend in backends {
                        add(index.bytes_listeners.entry(backend).or_default());
                    }
                }
            }
        }
        index
    }

    /// The listeners with a chain that rejects clients, and that may route requests with this Host or forwards
    /// bytes to one of these backends, in order.
    pub(super) fn listeners_for(&self, host: &str, backends: &[usize]) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for name in self.names_of(host) {
            let listeners = self.listeners.get(name.as_str());
            found.extend_from_slice(listeners.map_or(&[], Vec::as_slice));
        }
        for backend in backends {
            let listeners = self.bytes_listeners.get(backend);
            found.extend_from_slice(listeners.map_or(&[], Vec::as_slice));
        }
        sort::sort_and_dedup(&mut found);
        found
    }

    /// The domains that match the host.
    fn names_of(&self, host: &str) -> impl Iterator<Item = String> {
        [host.to_owned()].into_iter().chain(wildcards_above(host, self.has_partial))
    }

    /// The domains that lead to backends.
    pub(super) fn domains(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.domains.keys().copied()
    }

    /// The backends to which servers forward all bytes, in order.
    pub(super) fn bytes_backends(&self) -> Vec<usize> {
        let mut backends: Vec<usize> = self.bytes.keys().copied().collect();
        sort::sort(&mut backends);
        backends
    }

    /// A host that the pattern matches, and no narrower domain or server name.
    pub(super) fn example(&self, pattern: &str) -> Option<String> {
        if !pattern.starts_with('*') {
            return Some(pattern.to_owned());
        }
        example_of(pattern, |host| {
            let above = wildcards_above(host, self.has_partial);
            let mut narrower = above.take_while(|wildcard| wildcard != pattern);
            let is_known = |name: &str| self.names.contains(name);
            !is_known(host) && !narrower.any(|wildcard| is_known(&wildcard))
        })
    }

    /// The chains by which requests with this Host reach the backend: the first of each class, and the number of
    /// all.
    pub(super) fn reaching(
        &self,
        chains: &[Chain<'a>],
        backend: usize,
        host: &str,
    ) -> Vec<Reaching> {
        let mut found: Vec<Reaching> = Vec::new();
        for name in self.names_of(host) {
            for (&class, numbers) in
                self.domains.get(&(backend, name.as_str())).into_iter().flatten()
            {
                // A chain that has a narrower domain has other routes for the host.
                let has_host = |number: &&usize| {
                    self.tries.set(self.tries.get().saturating_sub(1));
                    let chain = chains.get(**number);
                    chain.is_some_and(|chain| chain.domain(host) == Some(name.as_str()))
                };
                let most = self.tries.get().max(MOST_TRIED);
                if let Some(&number) = numbers.iter().take(most).find(has_host) {
                    found.push(Reaching { class, number, count: numbers.len() });
                }
            }
        }
        for (&class, numbers) in self.bytes.get(&backend).into_iter().flatten() {
            if let Some(&number) = numbers.first() {
                found.push(Reaching { class, number, count: numbers.len() });
            }
        }
        keep_first_of_class(&mut found, usize::saturating_add);
        found
    }

    /// A chain of each class that leads to the backend, and the domain by which it does if it routes HTTP.
    pub(super) fn reaching_any(&self, backend: usize) -> Vec<(usize, Option<&'a str>)> {
        let mut bytes: Vec<(usize, usize)> = Vec::new();
        for (&class, numbers) in self.bytes.get(&backend).into_iter().flatten() {
            bytes.extend(numbers.first().map(|number| (class, *number)));
        }
        sort::sort(&mut bytes);
        let mut found: Vec<_> = bytes.into_iter().map(|(_, number)| (number, None)).collect();
        for &(number, domain) in self.any.get(&backend).map_or(&[][..], Vec::as_slice) {
            found.push((number, Some(domain)));
        }
        found
    }
}

/// A name that the pattern matches and that is wanted.
pub(super) fn example_of(pattern: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    let Some(suffix) = pattern.strip_prefix('*') else {
        return is_wanted(pattern).then(|| pattern.to_owned());
    };
    let suffix = if suffix.is_empty() { ".example" } else { suffix };
    let labels = ["a", "b", "www", "other", "another"].map(str::to_owned);
    let labels = labels.into_iter().chain((0..MOST_TRIED).map(|number| format!("name-{number}")));
    // Nobody is likely to use the last one.
    let labels = labels.chain(["x".repeat(LABEL)]);
    let mut names = labels.map(|label| format!("{label}{suffix}"));
    names.find(|name| is_wanted(name))
}
