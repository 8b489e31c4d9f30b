//! A server, and everything that there is to say of it: what all formats are made from.

use std::collections::{BTreeMap, HashMap};

use istio_gateway::{
    Diagnostic, Gateway, Manifest, Position, Server,
    client_certificate::{ClientCertificatePolicy, ClientOutcome, Forwarding},
    envoy::{self, DownstreamTlsContext, TrafficMode},
    merged_gateway::bypasses_within,
};
use serde::Serialize;

use super::{
    answer::{self, Answer},
    behavior::{Absence, ServerBehavior, Xfcc},
    client::{Asked, Verdict},
    diff, sentences,
    whole::MemberServer,
};
use crate::{
    gateways::{Finding, Judgement, Refusals, below_server, by_server, server_path},
    text::harmless,
    unknown::{Scope, ServerUnknown, Unknown},
};

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
    pub(super) rejected: Vec<Finding>,
    pub(super) pruned: Vec<Finding>,
    pub(super) if_not_pruned: Vec<String>,
    pub(super) answer: Answer,
    /// The placeholders that it depends on.
    pub(super) depends_on: Vec<Finding>,
    /// What has to be so for it to have an effect, since other servers have placeholders.
    pub(super) conditions: Vec<String>,
    /// Requests that reach its routes without its client check.
    pub(super) bypasses: Vec<String>,
    /// Whether it depends on placeholders which clients are accepted.
    #[serde(skip)]
    pub(super) is_unknown: bool,
    /// `unknown` if it depends on a placeholder.
    pub(super) flow: &'static str,
    pub(super) redirects_to_https: Option<bool>,
    pub(super) does: Vec<String>,
    pub(super) alpn: Option<Alpn>,
    pub(super) risks: Vec<String>,
    pub(super) still_enforced: Vec<String>,
    pub(super) dropped: Vec<Finding>,
    pub(super) client_certificate: Option<CertificateRequest>,
    pub(super) clients: Vec<Client>,
    /// What happens to the client of `--client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<Verdict>,
}

#[derive(Clone, PartialEq, Serialize)]
pub(super) struct PortOf {
    /// Nothing, if a placeholder stands for it.
    pub(super) number: Option<u32>,
    pub(super) name: String,
    pub(super) protocol: String,
}

impl PortOf {
    pub(super) fn of(server: &Server, scope: Scope) -> Self {
        let port = server.port.as_ref();
        let number = port.map_or(0, |port| port.number);
        Self {
            number: (number != 0 || !scope.listener).then_some(number),
            name: port.map_or_else(String::new, |port| port.name.clone()),
            protocol: port.map_or_else(String::new, |port| port.protocol.clone()),
        }
    }

    pub(super) fn number_text(&self) -> String {
        self.number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
    }
}

/// What is negotiated by ALPN, for programs.
#[derive(Serialize)]
pub(super) struct Alpn {
    offered: Vec<String>,
    /// What a client gets, by what it offers.
    negotiated: BTreeMap<String, Option<String>>,
}

impl Alpn {
    fn of(context: &DownstreamTlsContext) -> Self {
        let offers: [&[&str]; 4] = [&["h2", "http/1.1"], &["h2"], &["http/1.1"], &[]];
        let negotiated = offers.map(|offer| {
            let protocol = envoy::negotiated_protocol(context, offer);
            (offer.join(", "), protocol.map(str::to_owned))
        });
        Self { offered: sentences::offered(context), negotiated: negotiated.into() }
    }
}

/// The policy about clients' certificates, for programs.
#[derive(Serialize)]
pub(super) struct CertificateRequest {
    request: &'static str,
    verification: &'static str,
    ca: Option<String>,
    subject_alt_names: Vec<String>,
    verify_certificate_spki: Vec<String>,
    verify_certificate_hash: Vec<String>,
    crl: Option<String>,
}

impl CertificateRequest {
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

/// What there is to say about a Gateway.
pub(super) struct ExplainedGateway {
    /// Fields that are dropped and belong to none of the servers.
    pub(super) pruned: Option<Pruned>,
    pub(super) servers: Vec<Explained>,
    /// What the whole gateway is made of: nothing if a cluster rejects it.
    pub(super) spec: Option<Gateway>,
    pub(super) members: Vec<MemberServer>,
    /// Bypasses among its own servers, as sentences.
    pub(super) own_bypasses: HashMap<usize, Vec<String>>,
}

/// Fields of a Gateway that the API server drops, outside of its servers.
#[derive(Serialize)]
pub(super) struct Pruned {
    pub(super) file: String,
    pub(super) document: usize,
    pub(super) namespace: String,
    pub(super) gateway: String,
    pub(super) fields: Vec<Finding>,
}

/// Every server of a Gateway, as the API server stores it. `absence` is what other Gateways do to a server.
pub(super) fn explained(
    manifest: &Manifest,
    file: &str,
    document: usize,
    options: &envoy::Options,
    forwarding: Forwarding,
    asked: Option<&Asked>,
    absence: &dyn Fn(usize) -> Option<Absence>,
) -> ExplainedGateway {
    let Judgement { refusals, pruned, ignored, spec, unknown } =
        Judgement::of(manifest, options.istio);
    let is_rejected = !refusals.is_empty();
    let refusals = Refusals::new(&refusals);
    let servers = &spec.servers;
    let paths: Vec<_> = (0..servers.len()).map(server_path).collect();
    let places = manifest.positions(&paths);
    let (filled, translated) = unknown.translate(&spec, manifest.namespace(), options);
    let behavior = filled.servers.iter().zip(translated).enumerate();
    let behavior: Vec<_> = behavior
        .map(|(index, (server, translated))| {
            ServerBehavior::among(server, index, translated).in_whole(absence(index))
        })
        .collect();
    let (ignored, _) = by_server(&ignored);
    let dropped_of = |(index, behavior): (usize, &ServerBehavior<'_>)| -> Vec<Diagnostic> {
        let of_server =
            behavior.translation.diagnostics.iter().map(|found| below_server(found, index));
        let of_server = of_server.filter(|found| unknown.is_known(found, index));
        let of_decoder = ignored.get(&index).into_iter().flatten().copied().cloned();
        of_decoder.chain(of_server).collect()
    };
    let dropped: Vec<_> = behavior.iter().enumerate().map(dropped_of).collect();
    let dropped: Vec<_> = dropped.iter().map(Vec::as_slice).collect();
    let dropped = Finding::of_lists(&dropped, manifest);
    let rejected: Vec<_> = (0..servers.len()).map(|index| refusals.of(index)).collect();
    let rejected: Vec<_> = rejected.iter().map(Vec::as_slice).collect();
    let rejected = Finding::of_lists(&rejected, manifest);
    let (of_servers, of_gateway) = by_server(&pruned);
    let own_bypasses = bypasses(&filled, &behavior, &unknown);
    let members = behavior.iter().enumerate().map(|(index, behavior)| MemberServer {
        accepted_clients: answer::answer(behavior, forwarding, false).accepted_clients,
        is_rejected: matches!(behavior.absence, Some(Absence::Rejected(None))),
        is_certain: is_certain(index, behavior, &unknown),
        client: asked.map(|asked| asked.verdict(behavior, forwarding)),
    });
    let members = members.collect();
    let spec = (!is_rejected).then(|| {
        let mut spec = filled.clone();
        for (index, server) in spec.servers.iter_mut().enumerate() {
            let scope = unknown.scope(index);
            if scope.traffic || scope.listener || scope.merge {
                server.port = None;
            }
        }
        spec
    });
    let findings = |found: &[&Diagnostic]| -> Vec<Finding> {
        found.iter().map(|found| Finding::at(found, found.position)).collect()
    };
    let explain = |(index, (((behavior, place), dropped), rejected)): (
        usize,
        (((&ServerBehavior<'_>, _), _), _),
    )| {
        let place: Option<Position> = place;
        let rejected: Vec<Finding> = rejected;
        let own = of_servers.get(&index).map(Vec::as_slice).unwrap_or_default();
        let written = manifest.spec().servers.get(index).filter(|_| !own.is_empty());
        let depends_on = unknown.server(index).map(ServerUnknown::findings).unwrap_or_default();
        let conditions = if behavior.absence.is_none() {
            unknown.conditions(index, behavior.server)
        } else {
            Vec::new()
        };
        let explained = Explained {
            depends_on: depends_on.iter().map(|found| Finding::at(found, found.position)).collect(),
            conditions,
            bypasses: Vec::new(),
            file: file.to_owned(),
            document,
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            namespace: manifest.namespace().to_owned(),
            gateway: manifest.name().to_owned(),
            server: index,
            rejected,
            pruned: findings(own),
            if_not_pruned: written.map_or_else(Vec::new, |written| {
                diff::what_differs(
                    &ServerBehavior::alone(behavior.server, options),
                    &ServerBehavior::alone(written, options),
                )
            }),
            dropped,
            client: asked.map(|asked| asked.verdict(behavior, forwarding)),
            ..Explained::of(behavior, forwarding, is_rejected)
        };
        let server = servers.get(index).unwrap_or(behavior.server);
        explained.without_unknown(behavior, server, unknown.server(index))
    };
    let servers = behavior.iter().zip(places).zip(dropped).zip(rejected).enumerate();
    let servers = servers.map(explain).collect();
    let pruned = (!of_gateway.is_empty()).then(|| Pruned {
        file: file.to_owned(),
        document,
        namespace: manifest.namespace().to_owned(),
        gateway: manifest.name().to_owned(),
        fields: findings(&of_gateway),
    });
    ExplainedGateway { pruned, servers, spec, members, own_bypasses }
}

/// Whether what the server does depends on no placeholder, and it has an effect.
fn is_certain(index: usize, behavior: &ServerBehavior<'_>, unknown: &Unknown) -> bool {
    let hides = |unknown: &ServerUnknown| unknown.scope.hides_answer() || unknown.scope.merge;
    behavior.absence.is_none() && !unknown.server(index).is_some_and(hides)
}

/// A sentence for each request that reaches the backend of a server without its client check.
fn bypasses(
    gateway: &Gateway,
    behavior: &[ServerBehavior<'_>],
    unknown: &Unknown,
) -> HashMap<usize, Vec<String>> {
    let is_certain =
        |index: usize| behavior.get(index).is_some_and(|own| is_certain(index, own, unknown));
    let mut sentences: HashMap<usize, Vec<String>> = HashMap::new();
    for bypass in bypasses_within(gateway) {
        if is_certain(bypass.bypassed) && is_certain(bypass.through) {
            let sentence = format!(
                "This check can be bypassed: {bypass} reaches the same backend through spec.servers[{}]. Try \
                 it: {}",
                bypass.through,
                bypass.command()
            );
            sentences.entry(bypass.bypassed).or_default().push(harmless(&sentence));
        }
    }
    sentences
}

impl Explained {
    /// The same with the requests that bypass its client check.
    pub(super) fn bypassed_by(&mut self, bypasses: Vec<String>) {
        for bypass in &bypasses {
            self.answer.accepted_clients += " ";
            self.answer.accepted_clients += bypass;
        }
        self.bypasses = bypasses;
    }

    /// What there is to say without the document around it.
    fn of(behavior: &ServerBehavior<'_>, forwarding: Forwarding, is_rejected: bool) -> Self {
        let client = |row: &ClientOutcome| Client {
            id: row.id,
            client: if behavior.flow() == TrafficMode::HttpPlain {
                "any client"
            } else {
                row.client
            },
            outcome: behavior.outcome(&row.decision),
            decision: behavior.decision_text(&row.decision),
            xfcc: behavior.xfcc_by_mode(&row.decision),
        };
        let (risks, still_enforced) = sentences::risks_of_skipping(behavior);
        Self {
            file: String::new(),
            document: 0,
            line: None,
            column: None,
            namespace: String::new(),
            gateway: String::new(),
            server: 0,
            name: behavior.server.name.clone(),
            port: PortOf::of(behavior.server, Scope::default()),
            hosts: behavior.server.hosts.clone(),
            answer: answer::answer(behavior, forwarding, is_rejected),
            depends_on: Vec::new(),
            conditions: Vec::new(),
            bypasses: Vec::new(),
            is_unknown: false,
            rejected: Vec::new(),
            pruned: Vec::new(),
            if_not_pruned: Vec::new(),
            flow: behavior.flow().as_str(),
            redirects_to_https: Some(behavior.redirects && behavior.absence.is_none()),
            does: sentences::does(behavior),
            alpn: behavior.translation.effective_tls_context().map(Alpn::of),
            risks,
            still_enforced,
            dropped: Vec::new(),
            client_certificate: Some(CertificateRequest::of(&behavior.policy)),
            clients: behavior.rows.iter().map(client).collect(),
            client: None,
        }
    }

    /// The same without what depends on placeholders, and with what has to be so for the rest.
    fn without_unknown(
        mut self,
        behavior: &ServerBehavior<'_>,
        server: &Server,
        unknown: Option<&ServerUnknown>,
    ) -> Self {
        for condition in &self.conditions {
            self.answer.accepted_clients += " ";
            self.answer.accepted_clients += condition;
        }
        let Some(unknown) = unknown else { return self };
        self.port = PortOf::of(server, unknown.scope);
        if !unknown.scope.hides_answer() {
            return self;
        }
        // No client is accepted, whatever the placeholders stand for.
        if behavior.absence.is_none() || unknown.scope.traffic {
            self.answer = Answer::unknown(unknown);
            self.is_unknown = true;
            let answer = unknown.answer();
            self.client = self.client.map(|_| Verdict::plain("unknown", answer));
        }
        if unknown.scope.traffic {
            self.flow = "unknown";
            self.redirects_to_https = None;
        }
        let unshown = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        (self.does, self.risks, self.still_enforced, self.if_not_pruned) = unshown;
        (self.alpn, self.client_certificate, self.clients) = (None, None, Vec::new());
        self
    }
}
