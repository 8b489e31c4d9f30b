//! What is not the same for a client before and after.

use std::collections::BTreeMap;

use istio_gateway::client_certificate::{Change, Decision, Effect};
use serde::Serialize;

use super::tls_changes;
use crate::{
    explain::behavior::{ServerBehavior, Xfcc},
    unknown::Scope,
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
    fn of(behavior: &ServerBehavior<'_>, decision: &Decision) -> Self {
        Self {
            outcome: behavior.outcome(decision),
            decision: behavior.decision_text(decision),
            xfcc: behavior.xfcc_by_mode(decision),
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

/// Whether it is weaker whatever the placeholders of these scopes stand for.
pub(super) fn is_surely_weaker(found: &Difference, scope: Scope) -> bool {
    let is_known = match found.id {
        "none" | "flow" | "redirect-off" | "server-added" => true,
        "minimum-version" | "maximum-version" => !scope.versions,
        "suites-added" => !(scope.suites || scope.versions),
        "hosts-added" | "caught-by-another" => !scope.merge,
        "selector" => !scope.selector,
        _ => !scope.verification,
    };
    found.effect == Effect::Weaker.id() && is_known && !scope.traffic && !scope.listener
}

/// What is not the same for a client that the one served before and the other does now.
pub(super) fn compared(before: &ServerBehavior<'_>, after: &ServerBehavior<'_>) -> Vec<Difference> {
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
    differences.extend(tls_changes::tls_differences(before, after));
    differences
}

fn client_sentence(change: &Change) -> String {
    if change.id == "none" { "no certificate".to_owned() } else { change.client.to_owned() }
}
