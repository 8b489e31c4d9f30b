//! What a listener does with its clients, before anything is said of it.

use std::collections::BTreeMap;

use istio_gateway::{
    Server, Severity,
    client_certificate::{ClientCertificatePolicy, Decision, Forwarding, HeaderSeen, Row},
    envoy::{
        self, Flow, SourceStates, Translation, client_certificate_policy, downstream_tls_context,
    },
};
use serde::Serialize;

/// What a listener does with its clients, as the parts of an explanation look at it.
pub(super) struct Seen<'a> {
    pub(super) server: &'a Server,
    pub(super) translation: Translation,
    pub(super) policy: ClientCertificatePolicy,
    /// The clients that can be told from each other here.
    pub(super) rows: Vec<Row>,
    /// Plain HTTP, and each request is sent to HTTPS.
    pub(super) redirects: bool,
    /// Why Envoy refuses the listener; nothing if it does not.
    pub(super) envoy_refuses: Vec<String>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(server: &'a Server, options: &envoy::Options) -> Self {
        let translation = downstream_tls_context(server, options);
        let flow = translation.flow;
        let policy = match (flow, translation.used_tls_context()) {
            (_, Some(context)) => client_certificate_policy(context, SourceStates::default()),
            (Flow::HttpPlain, None) => ClientCertificatePolicy::from_context(false, None),
            (_, None) => ClientCertificatePolicy::passed_on(),
        };
        let errors = translation.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let mut envoy_refuses: Vec<String> = errors.map(|found| found.message.clone()).collect();
        if envoy_refuses.is_empty() {
            envoy_refuses.extend(policy.rejection().map(|rejection| rejection.to_string()));
        }
        // Nobody listens, whatever else the policy says.
        let policy = if envoy_refuses.is_empty() {
            policy
        } else {
            policy.with_server_certificate_pending()
        };
        let mut rows = policy.table();
        if flow == Flow::HttpPlain {
            rows.retain(|row| row.certificate.is_none());
        }
        let is_redirect = server.tls.as_ref().is_some_and(|tls| tls.https_redirect);
        let redirects = flow == Flow::HttpPlain && is_redirect;
        Self { server, translation, policy, rows, redirects, envoy_refuses }
    }

    pub(super) fn flow(&self) -> Flow {
        self.translation.flow
    }

    /// A decision, for programs.
    pub(super) fn outcome(&self, decision: &Decision) -> &'static str {
        if self.redirects { "redirected" } else { decision.id() }
    }

    /// A decision and its reason.
    pub(super) fn decision_words(&self, decision: &Decision) -> String {
        if self.redirects {
            "redirected to HTTPS".to_owned()
        } else if self.envoy_refuses.is_empty() {
            decision.to_string()
        } else {
            "refused: Envoy refuses the listener".to_owned()
        }
    }

    fn xfcc(&self, decision: &Decision, forwarding: Forwarding) -> Xfcc {
        let has_requests = self.flow().is_http() && !self.redirects;
        let id = |sends_header| {
            let seen = decision.header(forwarding, sends_header).filter(|_| has_requests);
            seen.map(HeaderSeen::id)
        };
        Xfcc { header: id(false), if_forged: id(true) }
    }

    pub(super) fn xfcc_by_mode(&self, decision: &Decision) -> BTreeMap<&'static str, Xfcc> {
        let of = |mode: Forwarding| (mode.as_str(), self.xfcc(decision, mode));
        Forwarding::ALL.into_iter().map(of).collect()
    }
}

/// What the backend finds in `x-forwarded-client-cert`: null where no request reaches it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Xfcc {
    /// Of a client that sends no such header.
    pub(super) header: Option<&'static str>,
    /// Of a client that sends one.
    pub(super) if_forged: Option<&'static str>,
}
