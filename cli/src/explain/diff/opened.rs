//! Hosts to which there is a new path, whatever file its server or VirtualService is in.

use std::collections::{BTreeMap, HashMap};

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
    whole::{FoundBypass, HostPath, Member, MemberServer, ServerId, Whole},
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
        let whole = Whole::new(&members, services);
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
    if let Some(paths) = hosts.get(host) {
        return Some(paths);
    }
    let suffix = host.strip_prefix('*').unwrap_or(host);
    let dots = suffix.match_indices('.').filter(|(at, _)| suffix.len() - at <= LONGEST_NAME);
    let starts = dots.map(|(start, _)| start).chain([suffix.len()]);
    let mut wildcards = starts.map(|start| format!("*{}", suffix.get(start..).unwrap_or_default()));
    wildcards.find_map(|wildcard| hosts.get(wildcard.as_str()))
}

/// A bypass of a server's client check, by the server and what the bypass goes through.
type Bypassed<'a> = HashMap<ServerId, Vec<&'a FoundBypass>>;

impl SideWhole {
    fn bypasses(&self) -> Bypassed<'_> {
        let mut bypasses = Bypassed::new();
        for bypass in self.whole.gateways.iter().flat_map(|gateway| &gateway.bypasses) {
            bypasses.entry(bypass.ids.0).or_default().push(bypass);
        }
        bypasses
    }

    /// Whether a server accepts clients that a server of the other side rejects. False if one is not known.
    fn accepts_more(&self, server: ServerId, other: &Self, of_other: ServerId) -> bool {
        match (self.policies.get(&server), other.policies.get(&of_other)) {
            (Some(policy), Some(of_other)) => policy.accepts_more_than(of_other),
            _ => false,
        }
    }

    /// A bypass of a server by which clients pass that neither the server of the other side nor a bypass of it
    /// accepted.
    fn new_bypass<'a>(
        &self,
        bypasses: &Bypassed<'a>,
        server: ServerId,
        (other, of_other, counterpart): (&Self, &Bypassed<'_>, ServerId),
    ) -> Option<&'a FoundBypass> {
        let others = of_other.get(&counterpart);
        let is_new = |bypass: &&&FoundBypass| {
            let through = bypass.ids.1;
            let mut known = others.into_iter().flatten().map(|known| known.ids.1);
            self.accepts_more(through, other, counterpart)
                && known.all(|known| self.accepts_more(through, other, known))
        };
        bypasses.get(&server)?.iter().find(is_new).copied()
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
    let bypasses = (old.bypasses(), new.bypasses());
    // The new path to the host is reported at the server that it leads through.
    let is_reported = |opened: &Opened<'_>, bypass: &FoundBypass| {
        let hosts = opened.get(&bypass.ids.1).into_iter().flatten();
        hosts.map(|(host, _)| *host).any(|host| Some(host) == bypass.host.as_deref())
    };
    let mut all = Vec::new();
    for pair in pairs {
        let ids = (
            pair.old.as_ref().and_then(|side| old.number(side)),
            pair.new.as_ref().and_then(|side| new.number(side)),
        );
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
        if let (Some(was), Some(is)) = ids {
            let opened = new.new_bypass(&bypasses.1, is, (old, &bypasses.0, was));
            found.extend(opened.filter(|bypass| !is_reported(&opens, bypass)).map(|bypass| {
                let what = format!(
                    "The client check can be bypassed: {} reaches the same backend through {}",
                    bypass.request,
                    bypass.through.sentence()
                );
                Difference::new(Effect::Weaker, "server", "bypass-opened", what, Vec::new())
            }));
            let closed = old.new_bypass(&bypasses.0, was, (new, &bypasses.1, is));
            found.extend(closed.filter(|bypass| !is_reported(&closes, bypass)).map(|bypass| {
                let what = format!(
                    "The client check can no longer be bypassed by {} through {}",
                    bypass.request,
                    bypass.through.sentence()
                );
                Difference::new(Effect::Stronger, "server", "bypass-closed", what, Vec::new())
            }));
        }
        all.push(found);
    }
    all
}
