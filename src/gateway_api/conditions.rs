//! The conditions in a Gateway's status.

use serde::Serialize;

/// A condition of a listener or a Gateway, without times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Condition {
    /// Its type: `Accepted`, `Programmed`, ...
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its status.
    pub status: ConditionStatus,
    /// The machine-readable reason.
    pub reason: &'static str,
    /// Istio's message.
    pub message: String,
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
}

impl ConditionStatus {
    /// `True` or `False`, as Kubernetes writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
        }
    }
}

/// The reason and message of a condition that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// Reasons that the translation also uses.
pub(super) mod reason {
    pub(crate) const INVALID_CERTIFICATE: &str = "InvalidCertificateRef";
    pub(crate) const INVALID_CA: &str = "InvalidCACertificateRef";
    pub(crate) const INVALID_CA_KIND: &str = "InvalidCACertificateKind";
    pub(crate) const NOT_PERMITTED: &str = "RefNotPermitted";
}

/// A condition that holds, or its problem.
fn condition(
    kind: &'static str,
    good: (&'static str, &str),
    problem: Option<Problem>,
) -> Condition {
    match problem {
        None => {
            let (reason, message) = (good.0, good.1.to_owned());
            Condition { kind, status: ConditionStatus::True, reason, message }
        }
        Some(Problem { reason, message }) => {
            Condition { kind, status: ConditionStatus::False, reason, message }
        }
    }
}

const NO_ERRORS: &str = "No errors found";

/// The state of a listener.
#[derive(Default)]
pub(super) struct ListenerState {
    /// The problem of its protocol.
    pub(super) protocol: Option<Problem>,
    /// The problem of its TLS.
    pub(super) tls: Option<Problem>,
    /// Whether it is of a `ListenerSet`, and has no TLS although its protocol needs it.
    pub(super) lacks_tls: bool,
    /// Whether it has route kinds that it does not support.
    pub(super) has_invalid_kinds: bool,
}

impl ListenerState {
    pub(super) fn is_valid(&self) -> bool {
        self.protocol.is_none() && self.tls.is_none()
    }

    /// Source: pilot's `buildListener` and `ReportListenerCondition`.
    pub(super) fn conditions(self) -> Vec<Condition> {
        let Self { protocol, tls, lacks_tls, has_invalid_kinds } = self;
        let is_about_ca = |problem: &&Problem| {
            let reasons = [reason::INVALID_CA, reason::INVALID_CA_KIND, reason::NOT_PERMITTED];
            reasons.contains(&problem.reason)
        };
        let ca = tls.as_ref().filter(is_about_ca);
        let ca = ca.map(|problem| Problem::new("NoValidCACertificate", &*problem.message));
        let is_bad = tls.is_some() || lacks_tls;
        let programmed = is_bad.then(|| Problem::new("Invalid", "Bad TLS configuration"));
        let resolved = if has_invalid_kinds { Some(invalid_kinds()) } else { tls };
        vec![
            // Of two problems, upstream reports the one that it checks last.
            condition("Accepted", ("Accepted", NO_ERRORS), protocol.or(ca)),
            Condition {
                kind: "Conflicted",
                status: ConditionStatus::False,
                reason: "NoConflicts",
                message: NO_ERRORS.to_owned(),
            },
            condition("Programmed", ("Programmed", NO_ERRORS), programmed),
            condition("ResolvedRefs", ("ResolvedRefs", NO_ERRORS), resolved),
        ]
    }
}

fn invalid_kinds() -> Problem {
    Problem::new("InvalidRouteKinds", "Invalid route kinds")
}

/// The condition of a conflicting listener.
pub(super) const CONFLICT: &str =
    "Listener has a conflict with another listener attached to the same Gateway";

/// Source: pilot's `ReportListenerConflict`.
pub(super) fn of_conflict(reason: &'static str, has_invalid_kinds: bool) -> Vec<Condition> {
    let problem = || Some(Problem::new(reason, CONFLICT));
    let mut conditions = vec![
        condition("Accepted", ("", ""), problem()),
        Condition {
            kind: "Conflicted",
            status: ConditionStatus::True,
            reason,
            message: CONFLICT.to_owned(),
        },
        condition("Programmed", ("", ""), problem()),
    ];
    if has_invalid_kinds {
        conditions.push(condition("ResolvedRefs", ("", ""), Some(invalid_kinds())));
    }
    conditions
}

/// The state of a `ListenerSet`.
pub(super) struct SetState {
    /// Why its Gateway is not accepted because of its addresses.
    pub(super) parent: Option<Problem>,
    /// Whether no address of the Gateway is left.
    pub(super) is_given_up: bool,
    pub(super) valid_listeners: usize,
}

impl SetState {
    /// The conditions, with `Programmed` only where it does not depend on the Services of a cluster.
    ///
    /// Source: pilot's `ReportListenerSetStatus`.
    pub(super) fn conditions(self) -> Vec<Condition> {
        let none = (!self.is_given_up && self.valid_listeners == 0).then(|| {
            let message = "None of the ListenerSet's listeners are valid";
            Problem::new("ListenersNotValid", message)
        });
        let no_address = || {
            let message = "Failed to assign to any requested addresses";
            Problem::new("UnsupportedAddress", message)
        };
        let of_parent = |Problem { reason, message }| {
            Problem::new(reason, format!("Parent not accepted: {message}"))
        };
        let programmed = none.clone().or_else(|| self.is_given_up.then(no_address));
        let accepted = self.parent.map(of_parent).or(none);
        let accepted = condition("Accepted", ("Accepted", "Resource accepted"), accepted);
        let programmed = programmed.map(|problem| condition("Programmed", ("", ""), Some(problem)));
        [accepted].into_iter().chain(programmed).collect()
    }
}

/// The conditions of a `ListenerSet` that does not attach.
///
/// Source: pilot's `listenerSetNotAllowedConditions`.
pub(super) fn of_set_not_allowed(message: &str) -> Vec<Condition> {
    let condition = |kind| condition(kind, ("", ""), Some(Problem::new("NotAllowed", message)));
    vec![condition("Accepted"), condition("Programmed")]
}

/// The state of a Gateway.
pub(super) struct GatewayState {
    /// Why it is not accepted, regardless of its listeners.
    pub(super) problem: Option<Problem>,
    /// The problem of the client certificate for backends.
    pub(super) backend: Option<Problem>,
    pub(super) listeners: usize,
    pub(super) valid_listeners: usize,
    /// Whether untrusted clients may be accepted.
    pub(super) is_insecure: bool,
}

impl GatewayState {
    /// All conditions except `Programmed`, which depends on the Services of a cluster.
    ///
    /// Source: pilot's `reportGatewayStatus`.
    pub(super) fn conditions(self) -> Vec<Condition> {
        let Self { problem, backend, listeners, valid_listeners, is_insecure } = self;
        let none = || {
            let message = "None of the Gateway's listeners are valid";
            Problem::new("ListenersNotValid", message)
        };
        let is_none = listeners > 0 && valid_listeners == 0;
        let good = if valid_listeners < listeners {
            ("ListenersNotValid", "One or more of the Gateway's listeners are invalid")
        } else {
            ("Accepted", "Resource accepted")
        };
        let problem = problem.or_else(|| is_none.then(none));
        let insecure = || Condition {
            kind: "InsecureFrontendValidationMode",
            status: ConditionStatus::True,
            reason: "ConfigurationChanged",
            message: "Gateway is operating in AllowInsecureFallback mode for frontend validation"
                .to_owned(),
        };
        let resolved = ("ResolvedRefs", "All references resolved");
        let mut all = vec![condition("Accepted", good, problem)];
        all.extend(is_insecure.then(insecure));
        all.push(condition("ResolvedRefs", resolved, backend));
        all
    }
}
