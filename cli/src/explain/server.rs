//! A server, and everything that there is to say of it: what all formats are made from.

use std::collections::BTreeMap;

use istio_gateway::{
    Diagnostic, Manifest, Position, Server, Severity,
    client_certificate::{ClientCertificatePolicy, Decision, Forwarding, HeaderSeen, Row},
    envoy::{
        self, Flow, SourceStates, Translation, client_certificate_policy, downstream_tls_context,
    },
};
use serde::Serialize;

use super::{
    answer::{self, Answer},
    words,
};
use crate::gateways::{Finding, Judgement, below_server, server_path};

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

#[derive(Serialize)]
pub(super) struct Explained {
    pub(super) file: String,
    pub(super) document: usize,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) server: usize,
    pub(super) name: String,
    pub(super) port: PortOf,
    pub(super) hosts: Vec<String>,
    pub(super) refused: Vec<Finding>,
    pub(super) answer: Answer,
    pub(super) flow: &'static str,
    pub(super) redirects_to_https: bool,
    pub(super) does: Vec<String>,
    pub(super) gives_away: Vec<String>,
    pub(super) keeps: Vec<String>,
    pub(super) dropped: Vec<Finding>,
    pub(super) client_certificate: Asked,
    pub(super) clients: Vec<Client>,
}

#[derive(Clone, PartialEq, Serialize)]
pub(super) struct PortOf {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) protocol: String,
}

impl PortOf {
    pub(super) fn of(server: &Server) -> Self {
        let port = server.port.as_ref();
        Self {
            number: port.map_or(0, |port| port.number),
            name: port.map_or_else(String::new, |port| port.name.clone()),
            protocol: port.map_or_else(String::new, |port| port.protocol.clone()),
        }
    }
}

/// The policy about clients' certificates, for programs.
#[derive(Serialize)]
pub(super) struct Asked {
    request: &'static str,
    verification: &'static str,
    ca: Option<String>,
    subject_alt_names: Vec<String>,
    verify_certificate_spki: Vec<String>,
    verify_certificate_hash: Vec<String>,
    crl: Option<String>,
}

impl Asked {
    fn of(policy: &ClientCertificatePolicy) -> Self {
        let context = policy.context().cloned().unwrap_or_default();
        Self {
            request: policy.request().id(),
            verification: policy.verification().id(),
            ca: context.trusted_ca.source().map(ToString::to_string),
            subject_alt_names: context.subject_alt_names,
            verify_certificate_spki: context.verify_certificate_spki,
            verify_certificate_hash: context.verify_certificate_hash,
            crl: context.crl.map(|crl| crl.source.to_string()),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) client: &'static str,
    pub(super) outcome: &'static str,
    pub(super) decision: String,
    pub(super) xfcc: BTreeMap<&'static str, Xfcc>,
}

/// So many reasons of a cluster's are shown with each server.
const MOST_REFUSALS: usize = 20;

/// Every server of a Gateway.
pub(super) fn explained(
    manifest: &Manifest,
    file: &str,
    document: usize,
    options: &envoy::Options,
    forwarding: Forwarding,
) -> Vec<Explained> {
    let Judgement { refusals, ignored } = Judgement::of(manifest, options.istio);
    // Each server shows them, and there may be thousands of both.
    let first = refusals.get(..MOST_REFUSALS).unwrap_or(&refusals);
    let refused = Finding::of(first, manifest);
    let servers = &manifest.spec().servers;
    let paths: Vec<_> = (0..servers.len()).map(server_path).collect();
    let places = manifest.positions(&paths);
    let dropped_of = |(index, seen): (usize, &Seen<'_>)| -> Vec<Diagnostic> {
        let here = server_path(index);
        let of_server = seen.translation.diagnostics.iter().map(|found| below_server(found, index));
        let of_decoder = ignored.iter().filter(|found| found.path.starts_with(&here)).cloned();
        of_decoder.chain(of_server).collect()
    };
    let seen: Vec<_> = servers.iter().map(|server| Seen::new(server, options)).collect();
    let dropped: Vec<_> = seen.iter().enumerate().map(dropped_of).collect();
    let dropped: Vec<_> = dropped.iter().map(Vec::as_slice).collect();
    let dropped = Finding::of_lists(&dropped, manifest);
    let explain = |(index, ((seen, place), dropped)): (usize, ((&Seen<'_>, _), _))| {
        let place: Option<Position> = place;
        Explained {
            file: file.to_owned(),
            document,
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            namespace: manifest.namespace().to_owned(),
            gateway: manifest.name().to_owned(),
            server: index,
            refused: refused.clone(),
            dropped,
            ..Explained::of(seen, forwarding, !refusals.is_empty())
        }
    };
    seen.iter().zip(places).zip(dropped).enumerate().map(explain).collect()
}

impl Explained {
    /// What there is to say without the document around it.
    fn of(seen: &Seen<'_>, forwarding: Forwarding, is_refused: bool) -> Self {
        let client = |row: &Row| Client {
            id: row.id,
            client: if seen.flow() == Flow::HttpPlain { "any client" } else { row.client },
            outcome: seen.outcome(&row.decision),
            decision: seen.decision_words(&row.decision),
            xfcc: seen.xfcc_by_mode(&row.decision),
        };
        let (gives_away, keeps) = words::given_away(seen);
        Self {
            file: String::new(),
            document: 0,
            line: None,
            column: None,
            namespace: String::new(),
            gateway: String::new(),
            server: 0,
            name: seen.server.name.clone(),
            port: PortOf::of(seen.server),
            hosts: seen.server.hosts.clone(),
            answer: answer::of(seen, forwarding, is_refused),
            refused: Vec::new(),
            flow: seen.flow().as_str(),
            redirects_to_https: seen.redirects,
            does: words::does(seen),
            gives_away,
            keeps,
            dropped: Vec::new(),
            client_certificate: Asked::of(&seen.policy),
            clients: seen.rows.iter().map(client).collect(),
        }
    }
}
