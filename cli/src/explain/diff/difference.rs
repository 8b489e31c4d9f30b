//! What is not the same at a server before and after.

use std::{cmp::Ordering, collections::BTreeMap, net::IpAddr};

use istio_gateway::{
    client_certificate::{Change, Decision, Effect, Forwarding},
    envoy::Options,
};
use serde::Serialize;

use super::{
    catch::Caught,
    pair::{Pair, Side},
    tls,
};
use crate::explain::{
    answer,
    server::{Seen, Xfcc},
};

#[derive(Serialize)]
pub(in crate::explain) struct Difference {
    /// `weaker`, `stronger` or `different`.
    pub(in crate::explain) effect: &'static str,
    /// `client`, `server` or `tls`.
    pub(in crate::explain) kind: &'static str,
    pub(in crate::explain) id: &'static str,
    pub(in crate::explain) what: String,
    /// Names, hosts, suites and so on that it is about.
    pub(in crate::explain) values: Vec<String>,
    /// What happens to the client, of the kind `client` only.
    pub(in crate::explain) old: Option<State>,
    pub(in crate::explain) new: Option<State>,
}

/// What happens to a client, and what the backend sees of it.
#[derive(Serialize)]
pub(in crate::explain) struct State {
    pub(in crate::explain) outcome: &'static str,
    pub(in crate::explain) decision: String,
    pub(in crate::explain) xfcc: BTreeMap<&'static str, Xfcc>,
}

impl State {
    fn of(seen: &Seen<'_>, decision: &Decision) -> Self {
        Self {
            outcome: seen.outcome(decision),
            decision: seen.decision_words(decision),
            xfcc: seen.xfcc_by_mode(decision),
        }
    }
}

impl Difference {
    /// One that is not about a client's certificate.
    pub(super) fn new(
        effect: Effect,
        kind: &'static str,
        id: &'static str,
        what: impl Into<String>,
        values: Vec<String>,
    ) -> Self {
        Self { effect: effect.id(), kind, id, what: what.into(), values, old: None, new: None }
    }
}

pub(super) fn of(pair: &Pair<'_>, caught: Caught, options: &Options) -> Vec<Difference> {
    let Caught { added, removed, from_others } = caught;
    let mut differences = match (&pair.old, &pair.new) {
        (None, Some(new)) => vec![alone(new, options, "server-added")],
        (Some(old), None) => vec![alone(old, options, "server-removed")],
        (Some(old), Some(new)) => {
            let mut differences =
                compared(&Seen::new(old.server, options), &Seen::new(new.server, options));
            differences.extend(around(old, new, added, removed));
            differences
        }
        (None, None) => Vec::new(),
    };
    differences.extend(from_others);
    let rank = |difference: &Difference| match difference.effect {
        "weaker" => 0,
        "stronger" => 1,
        _ => 2,
    };
    differences.sort_by_key(rank);
    differences
}

/// A server that has no counterpart.
fn alone(side: &Side<'_>, options: &Options, id: &'static str) -> Difference {
    let seen = Seen::new(side.server, options);
    let is_open = seen.rows.iter().any(|row| !matches!(row.decision, Decision::Refused(_)));
    // The sentence about who gets in is the same in every mode.
    let who = answer::of(&seen, Forwarding::default(), false).who_gets_in;
    let (effect, what) = match (id, is_open) {
        ("server-added", true) => (Effect::Weaker, format!("A new door. Who gets in: {who}")),
        ("server-added", false) => (Effect::Different, format!("A new server. {who}")),
        (_, true) => (Effect::Stronger, format!("A door is gone. Who got in: {who}")),
        (_, false) => (Effect::Different, "A server that let nobody in is gone.".to_owned()),
    };
    Difference::new(effect, "server", id, what, Vec::new())
}

/// What is not the same for a client that the one served before and the other does now.
pub(super) fn compared(before: &Seen<'_>, after: &Seen<'_>) -> Vec<Difference> {
    let client = |change: Change| Difference {
        effect: change.effect().id(),
        kind: "client",
        id: change.id,
        what: client_sentence(&change),
        old: Some(State::of(before, &change.old)),
        new: Some(State::of(after, &change.new)),
        values: change.values,
    };
    let mut differences: Vec<_> =
        before.policy.compare(&after.policy).into_iter().map(client).collect();
    differences.extend(tls::of(before, after));
    differences
}

fn client_sentence(change: &Change) -> String {
    if change.id == "none" { "no certificate".to_owned() } else { change.client.to_owned() }
}

/// What the server is for, and where.
fn around(
    old: &Side<'_>,
    new: &Side<'_>,
    added: Vec<String>,
    removed: Vec<String>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    if !added.is_empty() {
        found.push(Difference::new(Effect::Weaker, "server", "hosts-added", "More hosts", added));
    }
    if !removed.is_empty() {
        let what = "Hosts less";
        found.push(Difference::new(Effect::Stronger, "server", "hosts-removed", what, removed));
    }
    if old.server.bind != new.server.bind {
        let values = vec![old.server.bind.clone(), new.server.bind.clone()];
        let effect = by_order(reach(&old.server.bind).cmp(&reach(&new.server.bind)));
        let what = "It listens on another address";
        found.push(Difference::new(effect, "server", "bind", what, values));
    }
    let (was, is) = (&old.spec.selector, &new.spec.selector);
    if was != is {
        let words = |side: &Side<'_>| {
            let mut labels: Vec<_> =
                side.spec.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
            labels.sort_unstable();
            labels.join(",")
        };
        // Pods have to have all labels: with less of them there are more.
        let has_all = was.iter().all(|(key, value)| is.get(key) == Some(value));
        let is_part = is.iter().all(|(key, value)| was.get(key) == Some(value));
        let effect = match (is_part, has_all) {
            (true, false) => Effect::Weaker,
            (false, true) => Effect::Stronger,
            _ => Effect::Different,
        };
        let what = "Other gateways serve it";
        let values = vec![words(old), words(new)];
        found.push(Difference::new(effect, "server", "selector", what, values));
    }
    found
}

fn by_order(order: Ordering) -> Effect {
    match order {
        Ordering::Less => Effect::Weaker,
        Ordering::Equal => Effect::Different,
        Ordering::Greater => Effect::Stronger,
    }
}

/// From how far an address is reached: from the same machine (a Unix socket too), from the network of
/// one address, from all of them.
fn reach(bind: &str) -> u8 {
    match bind.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => 0,
        Ok(address) if address.is_unspecified() => 2,
        Ok(_) => 1,
        Err(_) if bind.is_empty() => 2,
        Err(_) if bind.starts_with("unix:") || bind == "localhost" => 0,
        Err(_) => 1,
    }
}
