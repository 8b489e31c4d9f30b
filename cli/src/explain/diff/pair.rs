//! Which server of the one file is which of the other.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry};

use istio_gateway::{
    Gateway, Manifest, Server,
    diagnostic::Step,
    envoy::{self, Options, ServerOutcome, SkipReason, TranslatedServer},
};

use super::GatewayOf;
use crate::{
    explain::behavior::{Absence, ServerBehavior},
    gateways::{Found, Judgement, server_path},
    unknown::{Scope, ServerUnknown, is_unknown_text, sentence},
};

/// A Gateway, what the API server stores of it, and what becomes of each server.
pub(super) struct Stored {
    pub(super) of: GatewayOf,
    pub(super) manifest: Manifest,
    pub(super) judgement: Judgement,
    pub(super) outcomes: Vec<ServerOutcome>,
    /// The spec with valid values for those that are unknown.
    pub(super) filled: Gateway,
}

impl Stored {
    pub(super) fn of(found: Found, which: &'static str, options: &Options) -> Self {
        let Found { file, manifest, .. } = found;
        let (namespace, gateway) = (manifest.namespace().to_owned(), manifest.name().to_owned());
        let of = GatewayOf { which, file, namespace, gateway };
        let judgement = Judgement::of(&manifest, options.istio);
        let (filled, servers) =
            judgement.unknown.translate(&judgement.spec, manifest.namespace(), options);
        let servers = servers.into_iter();
        let outcomes = servers.map(|TranslatedServer { outcome, .. }| outcome).collect();
        Self { of, manifest, judgement, outcomes, filled }
    }

    /// The line of each server.
    pub(super) fn lines(&self) -> Vec<Option<usize>> {
        let paths: Vec<_> = (0..self.filled.servers.len()).map(server_path).collect();
        let positions = self.manifest.positions(&paths).into_iter();
        positions.map(|position| position.map(|position| position.line)).collect()
    }

    /// The servers that istiod leaves out.
    pub(super) fn skipped(&self) -> impl Iterator<Item = (usize, SkipReason)> {
        self.outcomes.iter().enumerate().filter_map(|(index, outcome)| match outcome {
            ServerOutcome::Skipped(reason) => Some((index, *reason)),
            _ => None,
        })
    }
}

/// A server before and after; only one of them if it was added or removed.
pub(super) struct Pair<'a> {
    pub(super) namespace: &'a str,
    pub(super) gateway: &'a str,
    pub(super) old: Option<Side<'a>>,
    pub(super) new: Option<Side<'a>>,
    /// Of a server that is gone: the one for which Envoy rejects the new listener of its port and
    /// address, so that the old one stays.
    pub(super) kept_by: Option<usize>,
    /// Whether the Gateway is known to be in one file only, or is in both.
    pub(super) is_compared: bool,
    /// What it depends on, if not all of what is not the same is known.
    pub(super) depends_on: Option<String>,
    /// Whether it has no counterpart that is known, and may have one.
    pub(super) is_unplaced: bool,
    /// Whether one of the sides has an effect only if placeholders of other servers allow it.
    pub(super) is_conditional: bool,
}

impl<'a> Pair<'a> {
    /// What depends on placeholders of either side.
    pub(super) fn scope(&self) -> Scope {
        let sides = [&self.old, &self.new].into_iter().flatten();
        let scopes = sides.map(|side| {
            let selector = !side.gateway.judgement.unknown.selector.is_empty();
            Scope { selector, ..side.scope() }
        });
        let scope = scopes.fold(Scope::default(), Scope::or);
        // The same placeholder on both sides has the same value.
        let of_listener = |side: &Side<'a>| side.placeholders(|scope| scope.listener);
        let listener = match (&self.old, &self.new) {
            (Some(old), Some(new)) if of_listener(old) == of_listener(new) => false,
            _ => scope.listener,
        };
        Scope { listener, ..scope }
    }

    /// Whether it is unknown which hosts, of which port, one of the servers serves.
    pub(super) fn has_unknown_hosts(&self) -> bool {
        [&self.old, &self.new].into_iter().flatten().any(|side| {
            let scope = side.scope();
            scope.merge || scope.listener || scope.traffic
        })
    }

    /// What the servers depend on, unless they are the same template.
    fn find_dependency(&self) -> Option<String> {
        let sides = || [&self.old, &self.new].into_iter().flatten();
        let selector_of = |side: &Side<'a>| side.gateway.judgement.unknown.selector.as_slice();
        let texts =
            |side: &Side<'a>| selector_of(side).iter().map(|value| (&value.path, &value.text));
        let is_same_selector = match (&self.old, &self.new) {
            (Some(old), Some(new)) if sides().any(|side| !selector_of(side).is_empty()) => {
                texts(old).eq(texts(new)) && old.spec.selector == new.spec.selector
            }
            _ => true,
        };
        if let (Some(old), Some(new)) = (&self.old, &self.new)
            && is_same_selector
            && old.server == new.server
            && old.placeholders(|_| true) == new.placeholders(|_| true)
        {
            return None;
        }
        let named = sides().filter_map(|side| {
            let unknown = side.gateway.judgement.unknown.server(side.index)?;
            unknown.scope.is_any().then(|| unknown.dependency(Scope::is_any))
        });
        let selectors = sides()
            .filter(|_| !is_same_selector)
            .filter_map(|side| selector_of(side).first().map(sentence));
        let mut named: Vec<String> = named.chain(selectors).collect();
        named.dedup();
        (!named.is_empty()).then(|| named.join(" and "))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) gateway: &'a Stored,
    pub(super) spec: &'a Gateway,
    pub(super) server: &'a Server,
    pub(super) index: usize,
    pub(super) line: Option<usize>,
    outcome: ServerOutcome,
    filled: &'a Server,
}

impl<'a> Side<'a> {
    pub(super) fn behavior(&self, options: &Options) -> ServerBehavior<'a> {
        let translation = envoy::translate_server(self.filled, options);
        ServerBehavior::new(self.filled, translation, Absence::of(self.outcome, self.index))
    }

    /// What depends on its placeholders.
    pub(super) fn scope(&self) -> Scope {
        self.gateway.judgement.unknown.scope(self.index)
    }

    /// Its placeholders, if the accepted clients depend on them.
    pub(super) fn unknown(&self) -> Option<&'a ServerUnknown> {
        let unknown = self.gateway.judgement.unknown.server(self.index)?;
        unknown.scope.hides_answer().then_some(unknown)
    }

    /// Its placeholders, with their paths from the server on.
    fn placeholders(&self, of: impl Fn(Scope) -> bool) -> Vec<(&'a [Step], &'a str)> {
        let gateway: &'a Stored = self.gateway;
        let unknown = gateway.judgement.unknown.server(self.index);
        unknown.map(|unknown| unknown.relative(of)).unwrap_or_default()
    }

    fn is_conditional(&self) -> bool {
        !self.gateway.judgement.unknown.conditions(self.index, self.server).is_empty()
    }

    /// The server for which Envoy rejects the listener.
    pub(super) fn rejected_by(&self) -> Option<usize> {
        match self.outcome {
            ServerOutcome::ListenerRejected { by } => Some(by),
            _ => None,
        }
    }

    /// What Envoy listens on.
    pub(super) fn listener(&self) -> (&'a str, u32) {
        // Istio's own address where none is given.
        let bind = self.server.bind.as_str();
        let bind = if bind.is_empty() { "0.0.0.0" } else { bind };
        (bind, self.server.port.as_ref().map_or(0, |port| port.number))
    }
}

type Sides<'a> = Vec<Side<'a>>;

/// The Gateways of a side without those that one of the same name replaces: the last one counts. And
/// which of them are there more than once, with how often.
pub(super) fn last_of_each(gateways: Vec<Found>) -> (Vec<Found>, Vec<(usize, usize)>) {
    let mut counts: HashMap<(String, String), (usize, usize)> = HashMap::new();
    let owned = |Found { manifest, .. }: &Found| {
        (manifest.namespace().to_owned(), manifest.name().to_owned())
    };
    for (i, gateway) in gateways.iter().enumerate() {
        let (count, last) = counts.entry(owned(gateway)).or_default();
        (*count, *last) = (*count + 1, i);
    }
    let mut kept = Vec::new();
    let mut repeated = Vec::new();
    for (i, gateway) in gateways.into_iter().enumerate() {
        let (count, last) = counts.get(&owned(&gateway)).copied().unwrap_or((1, i));
        // Those without a name get one each (generateName).
        if gateway.manifest.name().is_empty() || count == 1 {
            kept.push(gateway);
        } else if last == i {
            repeated.push((kept.len(), count));
            kept.push(gateway);
        }
    }
    (kept, repeated)
}

/// The servers of the same Gateway, by namespace and name; those of the new side in their order,
/// then those that are gone. Where a name is there once on each side, a namespace that only one of
/// them states is the other's as well. And the Gateways of one side that may be in what could not be
/// read of the other.
pub(super) fn pair_servers<'a>(
    old: &'a [Stored],
    new: &'a [Stored],
    is_complete: [bool; 2],
) -> (Vec<Pair<'a>>, Vec<GatewayOf>) {
    let (of_old, of_new) = (namespaces(old), namespaces(new));
    let own = |manifest: &'a Stored, others: &HashMap<&str, Option<&'a str>>| {
        let (namespace, name) = key(manifest);
        let is_alone = |of: &HashMap<&str, Option<&'a str>>| matches!(of.get(name), Some(Some(_)));
        match others.get(name) {
            Some(Some(other)) if namespace.is_empty() && is_alone(&of_old) && is_alone(&of_new) => {
                (*other, name)
            }
            _ => (namespace, name),
        }
    };
    let mut gateways: BTreeMap<(&str, &str), [Vec<&Stored>; 2]> = BTreeMap::new();
    for gateway in old {
        let [old, _] = gateways.entry(own(gateway, &of_new)).or_default();
        old.push(gateway);
    }
    for gateway in new {
        let [_, new] = gateways.entry(own(gateway, &of_old)).or_default();
        new.push(gateway);
    }
    let mut not_compared = Vec::new();
    let mut pairs = Vec::new();
    for ((namespace, gateway), of_sides) in gateways {
        let is_compared = of_sides
            .iter()
            .zip(is_complete)
            .all(|(of_side, is_complete)| is_complete || !of_side.is_empty());
        if !is_compared {
            not_compared.extend(of_sides.iter().flatten().map(|gateway| gateway.of.clone()));
        }
        let [old, new] =
            of_sides.map(|of_side| of_side.into_iter().flat_map(sides).collect::<Vec<_>>());
        let rejected: HashMap<_, _> =
            new.iter().filter_map(|side| Some((side.listener(), side.rejected_by()?))).collect();
        let first = pairs.len();
        pairs.extend(paired(&old, &new).into_iter().map(|(old, new)| {
            let listener = old.as_ref().filter(|_| new.is_none()).map(Side::listener);
            let kept_by = listener.and_then(|listener| rejected.get(&listener).copied());
            let is_conditional = [&old, &new].into_iter().flatten().any(Side::is_conditional);
            let (depends_on, is_unplaced) = (None, false);
            let mut pair = Pair {
                namespace,
                gateway,
                old,
                new,
                kept_by,
                is_compared,
                depends_on,
                is_unplaced,
                is_conditional,
            };
            pair.depends_on = pair.find_dependency();
            pair
        }));
        depend_on_unplaced(pairs.get_mut(first..).unwrap_or_default());
    }
    (pairs, not_compared)
}

/// A Gateway that the other side does not have, and whose name or namespace is a placeholder: it may be any
/// of the other side's.
pub(super) fn find_unknown_name(old: &[Stored], new: &[Stored]) -> Option<(&'static str, String)> {
    let keys = |gateways: &'_ [Stored]| -> HashSet<(String, String)> {
        gateways.iter().map(|g| (g.of.namespace.clone(), g.of.gateway.clone())).collect()
    };
    let (of_old, of_new) = (keys(old), keys(new));
    let unknown = |gateways: &[Stored], others: &HashSet<(String, String)>| {
        let mut names = gateways.iter().map(|gateway| &gateway.of);
        let of = names.find(|GatewayOf { namespace, gateway, .. }| {
            [namespace, gateway].into_iter().any(|name| is_unknown_text(name))
                && !others.contains(&(namespace.clone(), gateway.clone()))
        })?;
        let name = of.name();
        Some((of.which, format!("the name of the {name} depends on a placeholder")))
    };
    unknown(old, &of_new).or_else(|| unknown(new, &of_old))
}

/// A server of one side may be one of the other whose port, address, names or hosts are unknown.
fn depend_on_unplaced(pairs: &mut [Pair<'_>]) {
    let unplaced = |is_old: bool| {
        let alone = pairs
            .iter()
            .filter(|pair| pair.old.is_none() != is_old && pair.new.is_none() == is_old);
        alone
            .filter(|pair| pair.scope().listener || pair.scope().merge)
            .find_map(|pair| pair.depends_on.clone())
    };
    let (of_old, of_new) = (unplaced(true), unplaced(false));
    for pair in pairs.iter_mut().filter(|pair| pair.depends_on.is_none()) {
        let of_other = match (&pair.old, &pair.new) {
            (Some(_), None) => &of_new,
            (None, Some(_)) => &of_old,
            _ => continue,
        };
        pair.depends_on.clone_from(of_other);
        pair.is_unplaced = of_other.is_some();
    }
}

/// The namespace of each name; none of one that is there more than once.
fn namespaces(gateways: &[Stored]) -> HashMap<&str, Option<&str>> {
    let mut of_names = HashMap::new();
    for manifest in gateways {
        let (namespace, name) = key(manifest);
        let of_name = of_names.entry(name);
        of_name.and_modify(|known| *known = None).or_insert(Some(namespace));
    }
    of_names
}

fn key(Stored { manifest, .. }: &Stored) -> (&str, &str) {
    (manifest.namespace(), manifest.name())
}

/// The servers that istiod does not leave out.
fn sides(gateway: &Stored) -> Sides<'_> {
    let Stored { manifest, judgement: Judgement { spec, .. }, outcomes, filled, .. } = gateway;
    let paths: Vec<_> = (0..spec.servers.len()).map(server_path).collect();
    let places = manifest.positions(&paths);
    let servers = spec.servers.iter().zip(&filled.servers).zip(places).zip(outcomes).enumerate();
    let sent = servers.filter(|(_, (_, outcome))| !matches!(outcome, ServerOutcome::Skipped(_)));
    let side = |(index, (((server, filled), place), outcome))| {
        let place: Option<istio_gateway::Position> = place;
        let (line, outcome): (_, &ServerOutcome) = (place.map(|place| place.line), outcome);
        Side { gateway, spec, server, index, line, outcome: *outcome, filled }
    };
    sent.map(side).collect()
}

/// What two servers have to have in common, from the strictest on: each of the old ones finds the
/// first new one that is still free.
fn paired<'a>(old: &[Side<'a>], new: &[Side<'a>]) -> Vec<(Option<Side<'a>>, Option<Side<'a>>)> {
    let number = |side: &Side<'_>| side.server.port.as_ref().map_or(0, |port| port.number);
    let port_name =
        |side: &Side<'_>| side.server.port.as_ref().map_or_else(String::new, |p| p.name.clone());
    let hosts = |side: &Side<'_>| {
        let mut hosts = side.server.hosts.clone();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    };
    let one = |text: String| vec![vec![text]];
    type Keys = Vec<Vec<String>>;
    let passes: [&dyn Fn(&Side<'_>) -> Keys; 5] = [
        // All three; the port and the hosts; the port and a name; the port and any host; the port.
        &|side| {
            let mut key = vec![number(side).to_string(), side.server.name.clone(), port_name(side)];
            key.extend(hosts(side));
            vec![key]
        },
        &|side| {
            let mut key = vec![number(side).to_string()];
            key.extend(hosts(side));
            vec![key]
        },
        &|side| {
            let names = [side.server.name.clone(), port_name(side)].into_iter().enumerate();
            let named = names.filter(|(_, name)| !name.is_empty());
            named.map(|(i, name)| vec![number(side).to_string(), i.to_string(), name]).collect()
        },
        &|side| {
            let host = |host: String| vec![number(side).to_string(), host];
            hosts(side).into_iter().map(host).collect()
        },
        &|side| one(number(side).to_string()),
    ];
    let mut partner: Vec<Option<usize>> = vec![None; new.len()];
    let mut is_free = vec![true; old.len()];
    for keys in passes {
        let mut free: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for (i, side) in new.iter().enumerate().rev() {
            if partner.get(i).is_some_and(Option::is_none) {
                keys(side).into_iter().for_each(|key| free.entry(key).or_default().push(i));
            }
        }
        for (i, side) in old
            .iter()
            .enumerate()
            .filter(|(i, _)| is_free.get(*i) == Some(&true))
            .collect::<Vec<_>>()
        {
            let found = keys(side).into_iter().find_map(|key| match free.entry(key) {
                Entry::Occupied(mut waiting) => {
                    let is_taken = |at: &usize| partner.get(*at).is_none_or(Option::is_some);
                    while waiting.get().last().is_some_and(is_taken) {
                        waiting.get_mut().pop();
                    }
                    waiting.get_mut().pop()
                }
                Entry::Vacant(_) => None,
            });
            if let Some(at) = found {
                partner.get_mut(at).into_iter().for_each(|place| *place = Some(i));
                is_free.get_mut(i).into_iter().for_each(|place| *place = false);
            }
        }
    }
    let of_new = new
        .iter()
        .zip(&partner)
        .map(|(side, partner)| (partner.and_then(|at| old.get(at)).copied(), Some(*side)));
    let gone = old.iter().zip(&is_free).filter(|(_, is_free)| **is_free);
    of_new.chain(gone.map(|(side, _)| (Some(*side), None))).collect()
}
