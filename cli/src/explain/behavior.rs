//! What a listener does with its clients: what all formats are made from.

use std::collections::BTreeMap;

use istio_gateway::{
    Server, Severity,
    client_certificate::{
        ClientCertificatePolicy, ClientOutcome, Decision, Forwarding, Rejection, XfccHeader,
    },
    envoy::{
        self, EnvoyRejection, SecretAvailability, ServerOutcome, SkipReason, TrafficMode,
        TranslatedServer, Translation, client_certificate_policy, translate_server,
    },
    tls_plan::TlsPlan,
};
use serde::Serialize;

/// What a listener does with its clients, as the parts of an explanation look at it.
pub(super) struct ServerBehavior<'a> {
    pub(super) server: &'a Server,
    pub(super) translation: Translation,
    /// What istiod makes of the TLS settings, where the gateway terminates TLS.
    pub(super) plan: Option<TlsPlan<'a>>,
    pub(super) policy: ClientCertificatePolicy,
    /// The clients that this server distinguishes.
    pub(super) rows: Vec<ClientOutcome>,
    /// Plain HTTP, and each request is sent to HTTPS.
    pub(super) redirects: bool,
    /// Why Envoy rejects the listener for this server; nothing if it does not.
    pub(super) envoy_rejections: Vec<String>,
    /// Why no client is accepted by this server, whatever it is made of, if none does.
    pub(super) absence: Option<Absence>,
}

/// Why a server has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// istiod leaves it out.
    Skipped(SkipReason),
    /// Envoy rejects its listener: for this server of its Gateway, or for itself.
    Rejected(Option<usize>),
    /// Envoy rejects its secrets.
    SecretsRejected,
    /// istiod leaves it out for a server of another Gateway.
    SkippedForOther,
    /// Envoy rejects its listener for a server of another Gateway.
    RejectedWithOther,
}

impl<'a> ServerBehavior<'a> {
    /// What it does by itself, as if it were alone.
    pub(super) fn alone(server: &'a Server, options: &envoy::Options) -> Self {
        Self::new(server, translate_server(server, options), None)
    }

    /// What it does among the servers of its Gateway, of which it has this index.
    pub(super) fn among(server: &'a Server, index: usize, translated: TranslatedServer) -> Self {
        let TranslatedServer { translation, outcome, .. } = translated;
        Self::new(server, translation, Absence::of(outcome, index))
    }

    pub(super) fn new(
        server: &'a Server,
        translation: Translation,
        absence: Option<Absence>,
    ) -> Self {
        let flow = translation.flow;
        let policy = match (flow, translation.effective_tls_context()) {
            (_, Some(context)) => client_certificate_policy(context, SecretAvailability::default()),
            (TrafficMode::HttpPlain, None) => ClientCertificatePolicy::from_context(false, None),
            (_, None) => ClientCertificatePolicy::passthrough(),
        };
        let errors = translation.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let mut envoy_rejections: Vec<String> = errors.map(|found| found.message.clone()).collect();
        if envoy_rejections.is_empty() {
            envoy_rejections.extend(policy.rejection().map(|rejection| rejection.to_string()));
        }
        let own = (!envoy_rejections.is_empty()).then(|| {
            let is_listener = translation.rejection == Some(EnvoyRejection::Listener);
            if is_listener || policy.rejection().is_some_and(Rejection::rejects_listener) {
                Absence::Rejected(None)
            } else {
                Absence::SecretsRejected
            }
        });
        let absence = absence.or(own);
        // Nobody listens, whatever else the policy says.
        let policy = match absence {
            None => policy,
            Some(_) if flow.terminates_tls() => policy.with_server_certificate_pending(),
            Some(_) => {
                ClientCertificatePolicy::from_context(false, None).with_server_certificate_pending()
            }
        };
        let mut rows = policy.outcomes();
        if flow == TrafficMode::HttpPlain {
            rows.retain(|row| row.certificate.is_none());
        }
        let is_redirect = server.tls.as_ref().is_some_and(|tls| tls.https_redirect);
        let redirects = flow == TrafficMode::HttpPlain && is_redirect;
        let plan = server.tls.as_ref().filter(|_| flow.terminates_tls()).map(TlsPlan::new);
        Self { server, translation, plan, policy, rows, redirects, envoy_rejections, absence }
    }

    /// The same for the whole gateway: what other Gateways do to it comes last.
    pub(super) fn in_whole(self, absence: Option<Absence>) -> Self {
        match absence.filter(|_| self.absence.is_none()) {
            Some(absence) => Self::new(self.server, self.translation, Some(absence)),
            None => self,
        }
    }

    pub(super) fn flow(&self) -> TrafficMode {
        self.translation.flow
    }

    /// A decision, for programs.
    pub(super) fn outcome(&self, decision: &Decision) -> &'static str {
        if self.redirects && self.absence.is_none() { "redirected" } else { decision.id() }
    }

    /// A decision and its reason.
    pub(super) fn decision_text(&self, decision: &Decision) -> String {
        if self.redirects && self.absence.is_none() {
            "redirected to HTTPS".to_owned()
        } else {
            match self.absence {
                None => decision.to_string(),
                Some(Absence::Skipped(_) | Absence::SkippedForOther) => {
                    "rejected: istiod leaves the server out".to_owned()
                }
                Some(Absence::Rejected(_) | Absence::RejectedWithOther) => {
                    "rejected: Envoy rejects the listener".to_owned()
                }
                Some(Absence::SecretsRejected) => {
                    "rejected: Envoy rejects the server's secrets".to_owned()
                }
            }
        }
    }

    fn xfcc(&self, decision: &Decision, forwarding: Forwarding) -> Xfcc {
        let has_requests = self.flow().is_http() && !self.redirects;
        let id = |sends_header| {
            let behavior = decision.header(forwarding, sends_header).filter(|_| has_requests);
            behavior.map(XfccHeader::id)
        };
        Xfcc { header: id(false), if_spoofed: id(true) }
    }

    pub(super) fn xfcc_by_mode(&self, decision: &Decision) -> BTreeMap<&'static str, Xfcc> {
        let of = |mode: Forwarding| (mode.as_str(), self.xfcc(decision, mode));
        Forwarding::ALL.into_iter().map(of).collect()
    }
}

impl Absence {
    /// Of the server with this index.
    pub(super) fn of(outcome: ServerOutcome, index: usize) -> Option<Self> {
        match outcome {
            ServerOutcome::Skipped(reason) => Some(Self::Skipped(reason)),
            ServerOutcome::ListenerRejected { by } => {
                Some(Self::Rejected((by != index).then_some(by)))
            }
            _ => None,
        }
    }

    /// A sentence that begins with what it means for clients.
    pub(super) fn sentence(self) -> String {
        const RUNNING: &str =
            "A running gateway keeps its previous listener; one that starts has none.";
        match self {
            Self::Skipped(reason) => {
                format!("No client by this server: istiod leaves it out, since {reason}.")
            }
            Self::SkippedForOther => {
                "No client by this server: istiod leaves it out for a server of another Gateway of the same \
                 pods."
                    .to_owned()
            }
            Self::RejectedWithOther => format!(
                "No client: Envoy rejects the listener of this port and address, given all servers of these \
                 pods. {RUNNING}"
            ),
            Self::SecretsRejected => {
                "No client: Envoy rejects the server's secrets when they arrive. Clients of servers with the \
                 same secrets may be rejected, too."
                    .to_owned()
            }
            Self::Rejected(None) => format!("No client: Envoy rejects the listener. {RUNNING}"),
            Self::Rejected(Some(by)) => format!(
                "No client: Envoy rejects the listener of this port and address because of \
                 spec.servers[{by}]. {RUNNING}"
            ),
        }
    }
}

/// What the backend finds in `x-forwarded-client-cert`: null where no request reaches it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Xfcc {
    /// Of a client that sends no such header.
    pub(super) header: Option<&'static str>,
    /// Of a client that sends one.
    pub(super) if_spoofed: Option<&'static str>,
}
