//! All that is not the same of a pair of servers: for its clients, around it, and at the hosts that it
//! catches now.

use std::{cmp::Ordering, net::IpAddr};

use istio_gateway::{
    client_certificate::{Decision, Effect, Forwarding},
    envoy::Options,
};

use super::{
    difference::{Difference, compared, is_surely_weaker},
    host_matching::Caught,
    pair::{Pair, Side},
};
use crate::explain::answer;

pub(super) fn find_differences(
    pair: &Pair<'_>,
    caught: Caught,
    options: &Options,
    is_complete: bool,
) -> Vec<Difference> {
    let Caught { added, removed, mut from_others } = caught;
    if !pair.is_compared {
        from_others.retain(|difference| difference.effect == "weaker");
        return from_others;
    }
    if let Some(rejected) = rejected(pair).filter(|_| pair.depends_on.is_none()) {
        return rejected;
    }
    let mut differences = match (&pair.old, &pair.new) {
        (None, Some(new)) => vec![alone(new, options, "server-added")],
        (Some(old), None) => vec![alone(old, options, "server-removed")],
        (Some(old), Some(new)) => {
            let mut differences = compared(&old.behavior(options), &new.behavior(options));
            differences.extend(around(old, new, added, removed));
            differences
        }
        (None, None) => Vec::new(),
    };
    differences.extend(from_others);
    if !is_complete {
        // What is gone here may be in what could not be read.
        for difference in &mut differences {
            let is_of_all = ["server-removed", "hosts-removed", "caught-by-another"];
            if is_of_all.contains(&difference.id) && difference.effect == "stronger" {
                difference.effect = Effect::Different.id();
            }
        }
    }
    if pair.depends_on.is_some() {
        let scope = pair.scope();
        differences.retain(|found| !pair.is_unplaced && is_surely_weaker(found, scope));
    } else if pair.is_conditional {
        let stronger = differences.iter_mut().filter(|d| d.effect == Effect::Stronger.id());
        stronger.for_each(|difference| difference.effect = Effect::Different.id());
    }
    differences.sort_by_key(rank);
    differences
}

fn rank(difference: &Difference) -> u8 {
    match difference.effect {
        "weaker" => 0,
        "stronger" => 1,
        _ => 2,
    }
}

/// Adds the hosts that the server newly leads to, and those to which it was a weaker path.
pub(super) fn add_opened(
    pair: &Pair<'_>,
    mut opened: Vec<Difference>,
    is_complete: bool,
    differences: &mut Vec<Difference>,
) {
    if !pair.is_compared || pair.depends_on.is_some() || opened.is_empty() {
        return;
    }
    if !is_complete {
        // What is gone here may be in what could not be read.
        let stronger = opened.iter_mut().filter(|found| found.effect == Effect::Stronger.id());
        stronger.for_each(|found| found.effect = Effect::Different.id());
    }
    differences.extend(opened);
    differences.sort_by_key(rank);
}

/// Where Envoy rejects the new listener, a gateway that runs keeps the old one: nothing changes.
fn rejected(pair: &Pair<'_>) -> Option<Vec<Difference>> {
    let of_new = pair.new.as_ref().and_then(Side::rejected_by);
    let by = of_new.or(pair.kept_by)?;
    if let (Some(old), Some(new)) = (&pair.old, &pair.new)
        && old.rejected_by().is_some()
        && old.server == new.server
        && old.spec.selector == new.spec.selector
    {
        return Some(Vec::new());
    }
    let what = format!(
        "Envoy rejects the new listener of this port and address because of spec.servers[{by}]. A \
         running gateway keeps its old listener; one that starts has none, and accepts no client"
    );
    let difference =
        Difference::new(Effect::Different, "server", "listener-rejected", what, Vec::new());
    Some(vec![difference])
}

/// A server that has no counterpart.
fn alone(side: &Side<'_>, options: &Options, id: &'static str) -> Difference {
    let behavior = side.behavior(options);
    let is_open = behavior.rows.iter().any(|row| !matches!(row.decision, Decision::Reject(_)));
    // The sentence about accepted clients is the same in every mode.
    let who = answer::answer(&behavior, Forwarding::default(), false).accepted_clients;
    let (effect, what) = match (id, is_open) {
        ("server-added", true) => {
            (Effect::Weaker, format!("Server added. Accepted clients: {who}"))
        }
        ("server-added", false) => (Effect::Different, format!("Server added. {who}")),
        (_, true) => (Effect::Stronger, format!("Server removed. Accepted clients: {who}")),
        (_, false) => (Effect::Different, "Server removed, which accepted no client.".to_owned()),
    };
    Difference::new(effect, "server", id, what, Vec::new())
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
        found.push(Difference::new(Effect::Weaker, "server", "hosts-added", "Hosts added", added));
    }
    if !removed.is_empty() {
        let what = "Hosts removed";
        found.push(Difference::new(Effect::Stronger, "server", "hosts-removed", what, removed));
    }
    if old.server.bind != new.server.bind {
        let values = vec![old.server.bind.clone(), new.server.bind.clone()];
        let effect = by_order(reach(&old.server.bind).cmp(&reach(&new.server.bind)));
        let what = "Another address";
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
        let what = "Other gateways";
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
