//! Hosts and backends to which there is a new path, whatever file its server or VirtualService is in.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use istio_gateway::{
    client_certificate::{ClientCertificatePolicy, Effect},
    envoy::{self, Options, ServerOutcome},
    merged_gateway::VirtualService,
};

use super::{
    difference::Difference,
    host_matching::LONGEST_NAME,
    pair::{Pair, Side, Stored},
};
use crate::explain::{
    all::created,
    behavior::ServerBehavior,
    whole::{HostPath, Member, MemberServer, Reached, ServerId, Whole, WholeGateway},
};

/// Hosts that a server newly leads to, and to which none of the old paths accepted all clients that it does.
type Opened<'a> = BTreeMap<ServerId, Vec<(&'a str, &'a HostPath)>>;

/// A side, as one gateway for each pod.
pub(super) struct SideWhole {
    whole: Whole,
    /// The number of each Gateway, by where it is kept.
    numbers: HashMap<*const Stored, usize>,
    policies: HashMap<ServerId, ClientCertificatePolicy>,
}

impl SideWhole {
    pub(super) fn new(gateways: &[Stored], services: &[VirtualService], options: &Options) -> Self {
        let mut members = Vec::new();
        for stored in gateways {
            let Stored { of, manifest, judgement, filled, .. } = stored;
            let is_known = |index: usize| {
                let scope = judgement.unknown.scope(index);
                !(scope.traffic || scope.listener || scope.merge)
            };
            let mut spec = filled.clone();
            for (index, server) in spec.servers.iter_mut().enumerate() {
                if !is_known(index) || !judgement.refusals.is_empty() {
                    server.port = None;
                }
            }
            let servers = stored.outcomes.iter().enumerate().map(|(index, outcome)| MemberServer {
                accepted_clients: String::new(),
                is_rejected: matches!(outcome, ServerOutcome::ListenerRejected { by } if *by == index),
                is_certain: *outcome == ServerOutcome::Sent
                    && !judgement.unknown.scope(index).hides_answer(),
                client: None,
            });
            members.push(Member {
                file: &of.file,
                namespace: &of.namespace,
                name: &of.gateway,
                created: created(manifest),
                lines: stored.lines(),
                spec,
                servers: servers.collect(),
            });
        }
        let whole = Whole::to_compare(&members, services);
        let numbers =
            gateways.iter().enumerate().map(|(number, stored)| (&raw const *stored, number));
        let policies = gateways.iter().enumerate().flat_map(|(number, stored)| {
            let servers = stored.filled.servers.iter().enumerate();
            servers.map(move |(index, server)| {
                let translation = envoy::translate_server(server, options);
                ((number, index), ServerBehavior::new(server, translation, None).policy)
            })
        });
        Self { whole, numbers: numbers.collect(), policies: policies.collect() }
    }

    fn paths(&self) -> impl Iterator<Item = (&str, &HostPath)> {
        let hosts = self.whole.gateways.iter().flat_map(|gateway| &gateway.hosts);
        hosts.flat_map(|host| host.paths.iter().map(|path| (host.host.as_str(), path)))
    }

    fn hosts(&self) -> HashMap<&str, Vec<&HostPath>> {
        let mut hosts: HashMap<&str, Vec<&HostPath>> = HashMap::new();
        for (host, path) in self.paths() {
            hosts.entry(host).or_default().push(path);
        }
        hosts
    }

    fn number(&self, side: &Side<'_>) -> Option<ServerId> {
        Some((*self.numbers.get(&std::ptr::from_ref(side.gateway))?, side.index))
    }
}

/// The path that clients of `other` do not have: for each server of this side.
fn opened<'a>(side: &'a SideWhole, other: &SideWhole) -> Opened<'a> {
    let known = other.hosts();
    let mut opened = Opened::new();
    for (host, path) in side.paths() {
        // A host that was not reached at all is that of a new server or VirtualService.
        let Some(others) = paths_of(&known, host) else { continue };
        let Some(policy) = side.policies.get(&path.id) else { continue };
        let accepts_more = |other_path: &&HostPath| {
            let other = other.policies.get(&other_path.id);
            other.is_some_and(|other| policy.accepts_more_than(other))
        };
        if others.iter().all(accepts_more) {
            opened.entry(path.id).or_default().push((host, path));
        }
    }
    opened
}

/// The paths to a host, or to the narrowest wildcard that has it.
fn paths_of<'a, 'm>(
    hosts: &'m HashMap<&str, Vec<&'a HostPath>>,
    host: &str,
) -> Option<&'m Vec<&'a HostPath>> {
    host_or_wildcard(host, |host| hosts.get(host))
}

/// What is known of a host, or of the narrowest wildcard that has it.
fn host_or_wildcard<T>(host: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    if let Some(found) = find(host) {
        return Some(found);
    }
    let suffix = host.strip_prefix('*').unwrap_or(host);
    let dots = suffix.match_indices('.').filter(|(at, _)| suffix.len() - at <= LONGEST_NAME);
    let starts = dots.map(|(start, _)| start).chain([suffix.len()]);
    let mut wildcards = starts.map(|start| format!("*{}", suffix.get(start..).unwrap_or_default()));
    wildcards.find_map(|wildcard| find(&wildcard))
}

/// What the pods of one side reach: by the service, and by the host or as bytes.
type Known<'a> = HashMap<&'a str, OfService<'a>>;

#[derive(Default)]
struct OfService<'a> {
    by_host: BTreeMap<Option<&'a str>, Vec<&'a Reached>>,
    servers: HashSet<ServerId>,
}

/// How many servers are compared of those that lead other hosts to a backend. Fewer of them hide no new path.
const MOST_OF_OTHER_HOSTS: usize = 64;

fn known(gateway: &WholeGateway) -> Known<'_> {
    let mut known = Known::new();
    for reached in &gateway.reached {
        let of_service = known.entry(reached.service.as_str()).or_default();
        of_service.by_host.entry(reached.host.as_deref()).or_default().push(reached);
        of_service.servers.extend(&reached.servers);
    }
    known
}

/// Servers by which clients reached the same backend.
struct Earlier<'a> {
    of_service: &'a OfService<'a>,
    servers: Vec<ServerId>,
    /// Whether by other hosts.
    is_other_host: bool,
}

/// By the host, else by any host. Bytes reach each host.
fn earlier<'a>(of_service: &'a OfService<'a>, reached: &Reached) -> Vec<Earlier<'a>> {
    let by_host = &of_service.by_host;
    let has_port = |other: &&&Reached| {
        other.port == reached.port || other.port.is_none() || reached.port.is_none()
    };
    let servers = |found: &[&Reached]| -> Vec<ServerId> {
        found.iter().filter(has_port).flat_map(|found| &found.servers).copied().collect()
    };
    let of = |servers, is_other_host| Earlier { of_service, servers, is_other_host };
    let Some(host) = &reached.host else {
        return by_host.values().map(|found| of(servers(found), false)).collect();
    };
    let of_host = host_or_wildcard(host, |host| {
        let found = servers(by_host.get(&Some(host))?);
        (!found.is_empty()).then_some(found)
    });
    let found = of_host.map(|servers| of(servers, false)).unwrap_or_else(|| {
        let others = by_host.values().flatten().filter(has_port);
        let others = others.flat_map(|found| &found.servers).take(MOST_OF_OTHER_HOSTS);
        of(others.copied().collect(), true)
    });
    vec![found]
}

/// The backends to which a server newly leads clients that were rejected on each path to them.
fn opened_backends<'a>(
    side: &'a SideWhole,
    other: &SideWhole,
    counterparts: &HashMap<ServerId, ServerId>,
) -> HashMap<ServerId, Vec<&'a Reached>> {
    let of_other: Vec<_> =
        other.whole.gateways.iter().map(|gateway| (&gateway.selector, known(gateway))).collect();
    let mut opened: HashMap<ServerId, Vec<&Reached>> = HashMap::new();
    for gateway in &side.whole.gateways {
        // Without pods of the same labels on the other side, any of them may be the same.
        let is_same = |of_other: &&(&BTreeMap<_, _>, _)| *of_other.0 == gateway.selector;
        let has_same = of_other.iter().any(|of_other| is_same(&of_other));
        let candidates = || of_other.iter().filter(|of_other| !has_same || is_same(of_other));
        for reached in &gateway.reached {
            let of_service = candidates().filter_map(|(_, known)| known.get(&*reached.service));
            let of_service: Vec<_> = of_service.collect();
            let lists: Vec<Earlier<'_>> =
                of_service.iter().flat_map(|of| earlier(of, reached)).collect();
            for server in &reached.servers {
                let counterpart = counterparts.get(server);
                let is_opened = |earlier: &Earlier<'_>| {
                    let Earlier { of_service, servers: list, is_other_host } = earlier;
                    if *is_other_host
                        && counterpart.is_some_and(|one| of_service.servers.contains(one))
                    {
                        return false;
                    }
                    // A server that leads there before and after has differences of its own.
                    !list.is_empty()
                        && list.iter().all(|other_server| {
                            Some(other_server) != counterpart
                                && side.accepts_more(*server, other, *other_server)
                        })
                };
                // What nobody reached is opened around a server that was there.
                let is_around = |strict: &ServerId| {
                    counterparts.contains_key(strict) && side.accepts_more(*server, side, *strict)
                };
                let is_new = lists.iter().all(|earlier| earlier.servers.is_empty());
                if lists.iter().any(is_opened) || is_new && reached.servers.iter().any(is_around) {
                    opened.entry(*server).or_default().push(reached);
                }
            }
        }
    }
    opened
}

impl SideWhole {
    /// How many selectors have too many Gateways and VirtualServices to merge them.
    pub(super) fn omitted(&self) -> usize {
        self.whole.omitted
    }

    /// Whether a server accepts clients that a server of the other side rejects. False if one is not known.
    fn accepts_more(&self, server: ServerId, other: &Self, of_other: ServerId) -> bool {
        match (self.policies.get(&server), other.policies.get(&of_other)) {
            (Some(policy), Some(of_other)) => {
                policy != of_other && policy.accepts_more_than(of_other)
            }
            _ => false,
        }
    }
}

/// For each pair, the hosts that its new server opens, and those to which its old one was a weaker path.
pub(super) fn find_opened(
    pairs: &[Pair<'_>],
    old: &SideWhole,
    new: &SideWhole,
) -> Vec<Vec<Difference>> {
    let (opens, closes) = (opened(new, old), opened(old, new));
    let (of_old, of_new) = (old.hosts(), new.hosts());
    let ids = |pair: &Pair<'_>| {
        let old = pair.old.as_ref().and_then(|side| old.number(side));
        (old, pair.new.as_ref().and_then(|side| new.number(side)))
    };
    let of_both = || pairs.iter().filter_map(|pair| ids(pair).0.zip(ids(pair).1));
    let backends = (
        opened_backends(new, old, &of_both().map(|(old, new)| (new, old)).collect()),
        opened_backends(old, new, &of_both().collect()),
    );
    let mut all = Vec::new();
    for pair in pairs {
        let ids = ids(pair);
        let mut found = Vec::new();
        let sides = [
            (ids.1, ids.0, &opens, &of_old, "host-opened", Effect::Weaker),
            (ids.0, ids.1, &closes, &of_new, "host-closed", Effect::Stronger),
        ];
        for (own, counterpart, hosts, of_other, id, effect) in sides {
            let hosts = own.and_then(|own| hosts.get(&own)).into_iter().flatten();
            // A server that leads there before and after has differences of its own.
            let is_of_other = |host: &str| {
                paths_of(of_other, host)
                    .is_some_and(|paths| paths.iter().any(|path| Some(path.id) == counterpart))
            };
            let hosts: Vec<_> = hosts.filter(|(host, _)| !is_of_other(host)).collect();
            let Some((_, first)) = hosts.first() else { continue };
            let what = match effect {
                Effect::Weaker => format!(
                    "New path to hosts for clients that were rejected there, by {}",
                    first.way()
                ),
                _ => format!(
                    "Path to hosts gone for clients that are rejected there, by {}",
                    first.way()
                ),
            };
            let mut values: Vec<_> = hosts.iter().map(|(host, _)| (*host).to_owned()).collect();
            values.dedup();
            found.push(Difference::new(effect, "server", id, what, values));
        }
        let sides = [
            (ids.1, &backends.0, "backend-opened", Effect::Weaker),
            (ids.0, &backends.1, "backend-closed", Effect::Stronger),
        ];
        for (own, backends, id, effect) in sides {
            let backends = own.and_then(|own| backends.get(&own));
            // The path to the host says the same.
            let is_reported = found.iter().any(|found: &Difference| found.effect == effect.id());
            let Some([first, ..]) = backends.map(Vec::as_slice).filter(|_| !is_reported) else {
                continue;
            };
            let what = match effect {
                Effect::Weaker => {
                    format!("New path to {} for clients that were rejected there", first.service)
                }
                _ => format!("Path to {} gone for clients that are rejected there", first.service),
            };
            let hosts = backends.into_iter().flatten().filter_map(|reached| reached.host.clone());
            let hosts: BTreeSet<String> = hosts.collect();
            found.push(Difference::new(effect, "server", id, what, hosts.into_iter().collect()));
        }
        all.push(found);
    }
    all
}
