//! Which clients are accepted, and what can the backend trust? Answered from what happens to each client, not from
//! the name of a mode.

use istio_gateway::{
    client_certificate::{
        Admission, ClientOutcome, Decision, Forwarding, RejectReason, XfccHeader,
    },
    envoy::TrafficMode,
};
use serde::Serialize;

use super::{behavior::ServerBehavior, sentences};
use crate::{text::joined, unknown::ServerUnknown};

#[derive(Clone, Serialize)]
pub(super) struct Answer {
    pub(super) accepted_clients: String,
    pub(super) what_can_the_backend_trust: String,
}

impl Answer {
    /// Of a server whose answer depends on placeholders.
    pub(super) fn unknown(unknown: &ServerUnknown) -> Self {
        let answer = unknown.answer();
        Self { accepted_clients: answer.clone(), what_can_the_backend_trust: answer }
    }
}

pub(super) fn answer(
    behavior: &ServerBehavior<'_>,
    forwarding: Forwarding,
    is_rejected: bool,
) -> Answer {
    let clients = Clients::of(behavior);
    let mut who = who(behavior, &clients);
    if is_rejected {
        who =
            format!("Nothing changes: a cluster rejects this Gateway. If it were accepted: {who}");
    }
    Answer {
        accepted_clients: who,
        what_can_the_backend_trust: trust(behavior, &clients, forwarding),
    }
}

/// The clients by what happens to them.
struct Clients<'a> {
    behavior: &'a ServerBehavior<'a>,
    anonymous_with: Vec<&'a ClientOutcome>,
    verified: Vec<&'a ClientOutcome>,
    unverified: Vec<&'a ClientOutcome>,
    /// Those with a certificate.
    rejected: Vec<&'a ClientOutcome>,
    /// What happens to one without a certificate.
    none: Option<&'a Decision>,
}

impl<'a> Clients<'a> {
    fn of(behavior: &'a ServerBehavior<'a>) -> Self {
        let mut clients = Self {
            behavior,
            anonymous_with: Vec::new(),
            verified: Vec::new(),
            unverified: Vec::new(),
            rejected: Vec::new(),
            none: None,
        };
        for row in &behavior.rows {
            match (&row.certificate, &row.decision) {
                (None, decision) => clients.none = Some(decision),
                (_, Decision::Accept(Admission::Verified)) => clients.verified.push(row),
                (_, Decision::Accept(Admission::Unverified(_))) => clients.unverified.push(row),
                (_, Decision::Accept(_)) => clients.anonymous_with.push(row),
                _ => clients.rejected.push(row),
            }
        }
        clients
    }

    fn lets_in_without(&self) -> bool {
        self.none.is_some_and(Decision::is_accepted)
    }

    fn lets_in_with(&self) -> bool {
        !(self.anonymous_with.is_empty() && self.verified.is_empty() && self.unverified.is_empty())
    }

    /// Who vouches for those who are verified.
    fn by_whom(&self) -> String {
        let context = self.behavior.policy.context();
        match context.and_then(|context| context.trusted_ca.source()) {
            Some(source) => format!("by {}", sentences::ca(source)),
            None => "by its pins and names alone, expired or not".to_owned(),
        }
    }
}

fn who(behavior: &ServerBehavior<'_>, clients: &Clients<'_>) -> String {
    if let Some(absence) = behavior.absence {
        return absence.sentence();
    }
    match behavior.flow() {
        TrafficMode::HttpPlain if behavior.redirects => {
            return "Every client that reaches the port, only to be redirected to HTTPS."
                .to_owned();
        }
        TrafficMode::HttpPlain => {
            return "Every client that reaches the port: there is no TLS, and no certificate is requested.".to_owned();
        }
        TrafficMode::OpaqueTcp => {
            return "Every client that reaches the port. The gateway checks nothing; the backend \
                    decides."
                .to_owned();
        }
        TrafficMode::Passthrough => {
            return "Every TLS client that requests one of the hosts. The gateway checks no \
                    certificate; the backend decides."
                .to_owned();
        }
        _ => {}
    }
    if let (false, false, Some(Decision::Reject(reason))) =
        (clients.lets_in_with(), clients.lets_in_without(), clients.none)
        && *reason != RejectReason::NoCertificate
    {
        return format!("No client: {reason}.");
    }
    if clients.verified.is_empty() && clients.unverified.is_empty() {
        return "Every client: no certificate is requested.".to_owned();
    }
    let names = |rows: &[&ClientOutcome], last| {
        let names: Vec<&str> = rows.iter().map(|row| row.client).collect();
        joined(&names, last)
    };
    let by_whom = clients.by_whom();
    let rejected = names(&clients.rejected, "or");
    match (clients.lets_in_without(), clients.unverified.is_empty()) {
        (true, true) => format!(
            "Clients without a certificate, and clients whose certificate passes verification \
             {by_whom}. All other certificates are rejected."
        ),
        (false, true) => format!(
            "Only clients that present a certificate that passes verification {by_whom}. All others \
             are rejected."
        ),
        (without, false) => format!(
            "Clients{}that present a certificate, also one that fails verification: {}. \
             Rejected: {}{rejected}.",
            if without { " without a certificate, and clients " } else { " " },
            names(&clients.unverified, "or"),
            if without { "" } else { "no certificate; " },
        ),
    }
}

/// Where the gateway does not read HTTP.
const NO_HEADER: &str = "the gateway reports nothing about the client, and an \
                         x-forwarded-client-cert within the bytes is set by the client.";

fn trust(behavior: &ServerBehavior<'_>, clients: &Clients<'_>, forwarding: Forwarding) -> String {
    if behavior.absence.is_some() {
        return "No request reaches it by this server.".to_owned();
    }
    if behavior.redirects {
        return "No request reaches it by this server.".to_owned();
    }
    let is_all_verified = clients.unverified.is_empty()
        && clients.anonymous_with.is_empty()
        && !clients.lets_in_without()
        && !clients.verified.is_empty();
    let by_whom = clients.by_whom();
    match behavior.flow() {
        TrafficMode::Passthrough => {
            return format!(
                "What it verifies itself: it terminates the client's TLS, and {NO_HEADER}"
            );
        }
        TrafficMode::OpaqueTcp => {
            return format!("Only what it verifies itself: {NO_HEADER}");
        }
        TrafficMode::TlsTerminate if is_all_verified => {
            return format!(
                "That the client was verified {by_whom}; not which client it is: {NO_HEADER}"
            );
        }
        TrafficMode::TlsTerminate => {
            return format!("Nothing about the client: {NO_HEADER}");
        }
        _ => {}
    }
    let header = |decision: &Decision, spoofs| decision.header(forwarding, spoofs);
    let none = clients.none.and_then(|decision| header(decision, true));
    // All accepted clients with a certificate are treated alike, verified or not.
    let with = clients.unverified.first().or(clients.verified.first());
    let with = with.or(clients.anonymous_with.first());
    let with = with.and_then(|row| header(&row.decision, true));
    let spoofers = match (none, with) {
        (Some(none), _) if none.is_spoofable() => "every client",
        (_, Some(with)) if with.is_spoofable() && clients.unverified.is_empty() => {
            "every client with a certificate that passes verification"
        }
        (_, Some(with)) if with.is_spoofable() => {
            "every client with any certificate, even a self-signed one,"
        }
        _ => "",
    };
    let vouched = if clients.unverified.is_empty() {
        format!("which was verified {by_whom}")
    } else {
        "of which the client has the key. A self-signed certificate is indistinguishable: verify it \
         in the backend, or ignore its names"
            .to_owned()
    };
    let without = match (clients.lets_in_without(), none) {
        (true, Some(XfccHeader::Absent)) => {
            " Without the header, the client presented no certificate."
        }
        _ => "",
    };
    let arrival = if is_all_verified {
        format!(" Every client was verified {by_whom}, whatever the header contains.")
    } else {
        String::new()
    };
    match with.filter(|seen| *seen != XfccHeader::Absent).or(none) {
        Some(XfccHeader::ClientSuppliedAndGatewaySet) => format!(
            "Only the last element of x-forwarded-client-cert: {spoofers} can write the elements \
             before it. The gateway sets the last one: a certificate {vouched}.{without}"
        ),
        Some(XfccHeader::ClientSupplied) => format!(
            "Nothing in x-forwarded-client-cert: in the mode {forwarding}, {spoofers} can write it, \
             and the gateway never sets it.{arrival}"
        ),
        Some(XfccHeader::GatewaySet) => format!(
            "x-forwarded-client-cert is set by the gateway: it holds the certificate that was \
             presented, {vouched}.{without}"
        ),
        _ => format!(
            "Nothing about a certificate: no x-forwarded-client-cert reaches it, and one that a \
             client sends is removed.{arrival}"
        ),
    }
}
