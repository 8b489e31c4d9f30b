//! Who gets in, and what can the backend trust? Said from what happens to each client, not from the
//! name of a mode.

use istio_gateway::{
    client_certificate::{
        Admission, ClientOutcome, Decision, Forwarding, RejectReason, XfccHeader,
    },
    envoy::TrafficMode,
};
use serde::Serialize;

use super::{behavior::ServerBehavior, sentences};
use crate::text::joined;

#[derive(Clone, Serialize)]
pub(super) struct Answer {
    pub(super) who_gets_in: String,
    pub(super) what_can_the_backend_trust: String,
}

pub(super) fn answer(
    behavior: &ServerBehavior<'_>,
    forwarding: Forwarding,
    is_refused: bool,
) -> Answer {
    let clients = Clients::of(behavior);
    let mut who = who(behavior, &clients);
    if is_refused {
        who = format!("Nothing changes: a cluster refuses this Gateway. Were it accepted: {who}");
    }
    Answer { who_gets_in: who, what_can_the_backend_trust: trust(behavior, &clients, forwarding) }
}

/// The clients by what happens to them.
struct Clients<'a> {
    behavior: &'a ServerBehavior<'a>,
    anonymous_with: Vec<&'a ClientOutcome>,
    verified: Vec<&'a ClientOutcome>,
    unverified: Vec<&'a ClientOutcome>,
    /// Those with a certificate.
    refused: Vec<&'a ClientOutcome>,
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
            refused: Vec::new(),
            none: None,
        };
        for row in &behavior.rows {
            match (&row.certificate, &row.decision) {
                (None, decision) => clients.none = Some(decision),
                (_, Decision::Accept(Admission::Verified)) => clients.verified.push(row),
                (_, Decision::Accept(Admission::Unverified(_))) => clients.unverified.push(row),
                (_, Decision::Accept(_)) => clients.anonymous_with.push(row),
                _ => clients.refused.push(row),
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
            return "Everybody who reaches the port, as far as a redirect to HTTPS.".to_owned();
        }
        TrafficMode::HttpPlain => {
            return "Everybody who reaches the port: there is no TLS, and nobody is asked for a certificate.".to_owned();
        }
        TrafficMode::OpaqueTcp => {
            return "Everybody who reaches the port. The gateway looks at nothing; the backend \
                    decides."
                .to_owned();
        }
        TrafficMode::Passthrough => {
            return "Everybody who speaks TLS and asks for one of the hosts. The gateway looks at \
                    no certificate; the backend decides."
                .to_owned();
        }
        _ => {}
    }
    if let (false, false, Some(Decision::Reject(refusal))) =
        (clients.lets_in_with(), clients.lets_in_without(), clients.none)
        && *refusal != RejectReason::NoCertificate
    {
        return format!("Nobody: {refusal}.");
    }
    if clients.verified.is_empty() && clients.unverified.is_empty() {
        return "Everybody: no client is asked for a certificate.".to_owned();
    }
    let names = |rows: &[&ClientOutcome], last| {
        let names: Vec<&str> = rows.iter().map(|row| row.client).collect();
        joined(&names, last)
    };
    let by_whom = clients.by_whom();
    let refused = names(&clients.refused, "or");
    match (clients.lets_in_without(), clients.unverified.is_empty()) {
        (true, true) => format!(
            "Everybody without a certificate, and everybody whose certificate passes verification \
             {by_whom}. Refused is who presents another one."
        ),
        (false, true) => format!(
            "Only who presents a certificate that passes verification {by_whom}. Everybody else is \
             refused."
        ),
        (without, false) => format!(
            "Everybody{}who presents a certificate, also one that fails verification: {}. Refused \
             is only {}one {refused}.",
            if without { " without a certificate, and everybody " } else { " " },
            names(&clients.unverified, "or"),
            if without { "" } else { "no certificate, and " },
        ),
    }
}

/// Where the gateway does not read HTTP.
const NO_HEADER: &str = "the gateway says nothing of the client, and an x-forwarded-client-cert \
                         within the bytes is the client's own text.";

fn trust(behavior: &ServerBehavior<'_>, clients: &Clients<'_>, forwarding: Forwarding) -> String {
    if behavior.absence.is_some() {
        return "Nothing reaches it here.".to_owned();
    }
    if behavior.redirects {
        return "No request reaches it here.".to_owned();
    }
    let is_all_verified = clients.unverified.is_empty()
        && clients.anonymous_with.is_empty()
        && !clients.lets_in_without()
        && !clients.verified.is_empty();
    let by_whom = clients.by_whom();
    match behavior.flow() {
        TrafficMode::Passthrough => {
            return format!(
                "What it verifies itself: the client's TLS reaches it unopened, and {NO_HEADER}"
            );
        }
        TrafficMode::OpaqueTcp => {
            return format!("Nothing but what it verifies itself: {NO_HEADER}");
        }
        TrafficMode::TlsTerminate if is_all_verified => {
            return format!(
                "That whoever is connected was verified {by_whom}; not who it is: {NO_HEADER}"
            );
        }
        TrafficMode::TlsTerminate => {
            return format!("Nothing about the client: {NO_HEADER}");
        }
        _ => {}
    }
    let header = |decision: &Decision, forges| decision.header(forwarding, forges);
    let none = clients.none.and_then(|decision| header(decision, true));
    // All who present a certificate and get in are treated alike, verified or not.
    let with = clients.unverified.first().or(clients.verified.first());
    let with = with.or(clients.anonymous_with.first());
    let with = with.and_then(|row| header(&row.decision, true));
    let forgers = match (none, with) {
        (Some(none), _) if none.is_forgeable() => "every client",
        (_, Some(with)) if with.is_forgeable() && clients.unverified.is_empty() => {
            "every client with a certificate that passes verification"
        }
        (_, Some(with)) if with.is_forgeable() => {
            "every client with any certificate, a self-made one will do,"
        }
        _ => "",
    };
    let vouched = if clients.unverified.is_empty() {
        format!("which was verified {by_whom}")
    } else {
        "of which the client has the key. Whether it passed verification cannot be seen: a \
         self-made one looks the same, so the backend has to verify it itself, or believe no name \
         in it"
            .to_owned()
    };
    let without = match (clients.lets_in_without(), none) {
        (true, Some(XfccHeader::Absent)) => {
            " Without the header, the client presented no certificate."
        }
        _ => "",
    };
    let arrival = if is_all_verified {
        format!(" Whoever gets this far was verified {by_whom}, whatever the header says.")
    } else {
        String::new()
    };
    match with.filter(|seen| *seen != XfccHeader::Absent).or(none) {
        Some(XfccHeader::ClientSuppliedAndGatewaySet) => format!(
            "Of x-forwarded-client-cert only what stands last: {forgers} can write what stands \
             before it. The last element is the gateway's, a certificate {vouched}.{without}"
        ),
        Some(XfccHeader::ClientSupplied) => format!(
            "Nothing in x-forwarded-client-cert: in the mode {forwarding} {forgers} can write it, \
             and the gateway never does.{arrival}"
        ),
        Some(XfccHeader::GatewaySet) => format!(
            "That x-forwarded-client-cert is the gateway's own word: it holds the certificate that \
             was presented, {vouched}.{without}"
        ),
        _ => format!(
            "Nothing about a certificate: no x-forwarded-client-cert reaches it, and one that a \
             client sends is removed.{arrival}"
        ),
    }
}
