//! Which requests are sent, and what istio-gateway predicts of each.

mod exhaustive;

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context as _, Result};
use fastrand::Rng;
use handshake_conformance::{Issuer, Pki, TlsVersion};
use istio_gateway::{
    client_certificate::{
        ClientCertificate, ClientCertificatePolicy, Decision, Source, ValidationContext,
    },
    merged_gateway::{Answer, Bypass, ChainAction, Connection, FilterChain, Outcome, Request},
};

use crate::{
    backend,
    client::{Attempt, CLIENTS, Seen},
    config::{self, Ca},
    random::Revision,
};

/// The revisions of a workload: the gateway is updated from the first to the second.
pub struct Workload {
    pub number: usize,
    pub revisions: [Revision; 2],
}

/// A listener's name, and the revision that serves it, if one does.
pub struct Target<'a> {
    pub name: &'a str,
    pub address: SocketAddr,
    pub active: Option<usize>,
}

/// A prediction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Exactly(Seen),
    /// One of the two expects TLS, the other does not.
    WrongProtocol,
}

impl Expected {
    pub fn matches(&self, seen: &Seen) -> bool {
        match (self, seen) {
            (Self::Exactly(expected), seen) => expected == seen,
            (Self::WrongProtocol, Seen::Bytes { text, is_decrypted: false }) => {
                text.starts_with("HTTP/1.1 400 ")
            }
            (Self::WrongProtocol, seen) => matches!(seen, Seen::Closed | Seen::HandshakeFailed),
        }
    }
}

/// A request with what is predicted.
#[derive(Clone, Debug)]
pub struct Trial {
    pub workload: usize,
    /// The revision that serves the listener.
    pub revision: Option<usize>,
    /// The index of the backend that is asked for.
    pub backend: usize,
    /// Whether the listener is not for clients outside the pods.
    pub is_local: bool,
    pub attempt: Attempt,
    pub expected: Expected,
    /// Whether it is a bypass that the library reports, of this server.
    pub bypassed: Option<usize>,
    /// The number of the claim of its gateway that it is about, if it is: that clients which a server
    /// rejects do not get to a host's routes in another way.
    pub claim: Option<usize>,
    /// Whether it is a path to a host that the library reports.
    pub is_path: bool,
    pub is_wrong_on_purpose: bool,
}

impl Workload {
    /// The listeners after `phase` updates.
    pub fn targets(&self, network: u8, phase: usize) -> Result<Vec<Target<'_>>> {
        let mut targets: BTreeMap<&str, Target<'_>> = BTreeMap::new();
        for (number, revision) in self.revisions.iter().enumerate().take(phase + 1) {
            for target in targets.values_mut() {
                if !revision.merged.listeners.contains_key(target.name) {
                    target.active = None;
                }
            }
            for (name, listener) in &revision.merged.listeners {
                let address = config::address(network, self.number, listener)?;
                let target = targets.entry(name).or_insert(Target { name, address, active: None });
                if revision.merged.listener_rejection(listener, &revision.gateways()).is_none() {
                    target.active = Some(number);
                }
            }
        }
        Ok(targets.into_values().collect())
    }
}

/// What the server's policy sees of a client.
pub fn certificate(
    pki: &Pki,
    client: &str,
    policy: &ClientCertificatePolicy,
) -> Option<ClientCertificate> {
    let identity = pki.identity(client).ok()?;
    let nothing = ValidationContext::default();
    let context = policy.context().unwrap_or(&nothing);
    let ca = match context.trusted_ca.source() {
        Some(Source::MeshRoot) => Some(Ca::Other),
        Some(Source::Secret(name)) => config::ca_of(name),
        _ => None,
    };
    let issuer = ca.map(|ca| match ca {
        Ca::Root => Issuer::Root,
        Ca::Other => Issuer::OtherRoot,
    });
    Some(identity.seen_from(context, issuer, &[]))
}

/// Writes requests for a workload in a phase.
pub struct Planner<'a> {
    pub pki: &'a Pki,
    pub rng: &'a mut Rng,
    pub workload: &'a Workload,
    pub targets: &'a [Target<'a>],
    pub phase: usize,
}

/// A request before it is predicted.
struct Draft {
    target: usize,
    tls: Option<Option<String>>,
    client: &'static str,
    host: String,
    backend: usize,
}

impl<'a> Planner<'a> {
    /// Witnesses of all bypasses and paths, requests that would disprove the claims, and `count` others.
    pub fn trials(&mut self, bypasses: &[Bypass], count: usize) -> Result<Vec<Trial>> {
        let mut trials = Vec::new();
        for bypass in bypasses {
            self.witness(bypass, &mut trials)?;
        }
        self.paths(&mut trials)?;
        self.claims(&mut trials)?;
        for _ in 0..if self.targets.is_empty() { 0 } else { count } {
            let draft = self.draft();
            trials.push(self.trial(draft)?);
        }
        Ok(trials)
    }

    fn revision(&self, target: &Target<'_>) -> &'a Revision {
        &self.workload.revisions[target.active.unwrap_or(self.phase)]
    }

    /// The requests that a bypass is about: through the lax server, with the outcome that the bypass
    /// states, and at the server that is bypassed.
    fn witness(&mut self, bypass: &Bypass, trials: &mut Vec<Trial>) -> Result<()> {
        let revision = &self.workload.revisions[self.phase];
        let gateways = revision.gateways();
        let policy = |server| {
            let policy = revision.merged.client_certificate_policy(server, &gateways);
            policy.context("a bypass of an unknown server")
        };
        let (strict, lax) = (policy(bypass.bypassed)?, policy(bypass.through)?);
        let (address, port) = &bypass.listener;
        let name = format!("{address}_{port}");
        let target = self.targets.iter().position(|target| target.name == name);
        let target = target.context("a bypass through an unknown listener")?;
        let accepts = |policy: &ClientCertificatePolicy, client: &str| {
            let decision = policy.decide(certificate(self.pki, client, policy).as_ref());
            !matches!(decision, Decision::Reject(_))
        };
        let clients =
            CLIENTS.iter().filter(|client| !accepts(&strict, client) && accepts(&lax, client));
        let clients: Vec<_> = clients.copied().collect();
        for client in clients.into_iter().take(3) {
            let tls = bypass.is_tls.then(|| bypass.server_name.clone());
            let host = bypass.host.clone().unwrap_or_else(|| "any.host".to_owned());
            let backend = bypass.backend;
            let draft = Draft { target, tls, client, host: host.clone(), backend };
            let mut trial = self.trial(draft)?;
            // The bypass alone says what is expected.
            trial.expected = self.reached(&name, bypass.through, client, backend)?;
            trial.bypassed = Some(bypass.bypassed);
            trials.push(trial);
            if let Some((target, name)) = self.entry(bypass.bypassed) {
                let tls = Some(name);
                trials.push(self.trial(Draft { target, tls, client, host, backend })?);
            }
        }
        Ok(())
    }

    /// The client gets through the server's filter chain to the backend.
    fn reached(
        &self,
        listener: &str,
        server: usize,
        client: &str,
        backend: usize,
    ) -> Result<Expected> {
        let revision = &self.workload.revisions[self.phase];
        let policy = revision.merged.client_certificate_policy(server, &revision.gateways());
        let policy = policy.context("no such server")?;
        let of_listener = revision.merged.listeners.get(listener).context("no such listener")?;
        let chain = of_listener.chains.iter().position(|chain| chain.server == server);
        let of_server = chain.and_then(|chain| of_listener.chains.get(chain));
        if let Some(of_server) = of_server
            && let ChainAction::Tcp { .. } = of_server.action
        {
            let is_opaque = config::is_opaque(revision, of_server);
            let is_tls = is_opaque && config::is_passthrough(revision, of_server);
            let text = backend::answer(backend, is_tls);
            return Ok(Expected::Exactly(Seen::Bytes { text, is_decrypted: !is_opaque }));
        }
        let name = config::listener_name(self.workload.number, listener);
        let decision = policy.decide(certificate(self.pki, client, &policy).as_ref());
        Ok(Expected::Exactly(Seen::Reached {
            chain: config::chain_name(&name, self.phase, chain.context("no such filter chain")?),
            service: backend.to_string(),
            certificate: decision.has_certificate().then(|| self.hash(client)).flatten(),
        }))
    }

    fn hash(&self, client: &str) -> Option<String> {
        self.pki.identity(client).ok().map(|identity| identity.hash().to_owned())
    }

    /// A listener and a server name by which a client reaches the server's own filter chain.
    fn entry(&mut self, server: usize) -> Option<(usize, Option<String>)> {
        let merged = &self.workload.revisions[self.phase].merged;
        let targets = self.targets.iter().enumerate();
        let mut active = targets.filter(|(_, target)| target.active == Some(self.phase));
        active.find_map(|(index, target)| {
            let listener = merged.listeners.get(target.name)?;
            let chain = listener.chains.iter().find(|chain| chain.server == server)?;
            Some((index, server_name(listener, chain)?))
        })
    }

    fn draft(&mut self) -> Draft {
        let mut target = self.rng.usize(..self.targets.len());
        // Few need to learn that nothing listens.
        if self.targets[target].active.is_none() {
            target = self.rng.usize(..self.targets.len());
        }
        let client = CLIENTS[self.rng.usize(..CLIENTS.len())];
        let revision = self.revision(&self.targets[target]);
        let listener = revision.merged.listeners.get(self.targets[target].name);
        let chains = listener.map_or(&[][..], |listener| &listener.chains);
        let names = revision.names();
        let is_plain = |chain: &FilterChain| {
            chain.server_names.is_empty() && config::is_opaque(revision, chain)
        };
        let mut wants_tls = !chains.iter().any(is_plain);
        let mut backend = self.rng.usize(..revision.merged.backends.len().max(1));
        let mut name = names.get(self.rng.usize(..names.len().max(1))).copied().unwrap_or("*");
        let mut host = names.get(self.rng.usize(..names.len().max(1))).copied().unwrap_or("*");
        // Half of the requests are meant to get somewhere.
        if !chains.is_empty() && self.rng.bool() {
            let chain = &chains[self.rng.usize(..chains.len())];
            if let Some(one) =
                chain.server_names.get(self.rng.usize(..chain.server_names.len().max(1)))
            {
                name = one;
            }
            if let ChainAction::Http { route } = &chain.action
                && let Some(hosts) = revision.merged.routes.get(route)
                && let Some((domain, of)) = hosts.iter().nth(self.rng.usize(..hosts.len().max(1)))
            {
                host = domain;
                if let Some(one) = of.backends.first() {
                    backend = *one;
                }
            }
        }
        if self.rng.u8(0..20) == 0 {
            wants_tls = !wants_tls;
        }
        let server_name = match self.rng.u8(0..10) {
            0 | 1 => None,
            _ => Some(self.concrete(name)),
        };
        let host = match (&server_name, self.rng.u8(0..10)) {
            (Some(name), 0 | 1) => name.clone(),
            _ => {
                let host = self.concrete(host);
                self.odd(host)
            }
        };
        Draft { target, tls: wants_tls.then_some(server_name), client, host, backend }
    }

    /// A name that the pattern may match.
    fn concrete(&mut self, pattern: &str) -> String {
        let pattern = pattern.rsplit('/').next().unwrap_or(pattern);
        let Some(suffix) = pattern.strip_prefix('*') else { return pattern.to_owned() };
        if suffix.is_empty() {
            return "some.where".to_owned();
        }
        match self.rng.u8(0..6) {
            0 => format!("q.r{suffix}"),
            1 => format!("x{suffix}"),
            2 => format!("x-b{suffix}"),
            3 if suffix.starts_with('.') => suffix.trim_start_matches('.').to_owned(),
            _ => format!("q{suffix}"),
        }
    }

    /// The Host in another spelling.
    fn odd(&mut self, host: String) -> String {
        match self.rng.u8(0..12) {
            0 => host.to_uppercase(),
            1 => format!("{host}:443"),
            2 => format!("{host}:9"),
            3 => format!("{host}."),
            _ => host,
        }
    }

    fn trial(&mut self, draft: Draft) -> Result<Trial> {
        let Draft { target, tls, client, host, backend } = draft;
        let target = self.targets.get(target).context("no such listener")?;
        let revision = self.revision(target);
        let expected = match target.active {
            None => Expected::Exactly(Seen::Refused),
            Some(number) => self.predict(revision, number, target, &tls, client, &host, backend)?,
        };
        let versions = TlsVersion::ALL;
        Ok(Trial {
            workload: self.workload.number,
            revision: target.active,
            backend,
            is_local: crate::claims::is_local(target.name),
            attempt: Attempt {
                address: target.address,
                tls,
                client,
                version: versions[self.rng.usize(..versions.len())],
                is_http2: self.rng.bool(),
                host,
                path: config::path(backend),
                claims_https: self.rng.u8(0..4) == 0,
            },
            expected,
            bypassed: None,
            claim: None,
            is_path: false,
            is_wrong_on_purpose: false,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "a request has as many parts")]
    fn predict(
        &self,
        revision: &Revision,
        number: usize,
        target: &Target<'_>,
        tls: &Option<Option<String>>,
        client: &str,
        host: &str,
        backend: usize,
    ) -> Result<Expected> {
        let (merged, gateways) = (&revision.merged, revision.gateways());
        let listener = merged.listeners.get(target.name).context("no such listener")?;
        let server_name = tls.as_ref().and_then(Option::as_deref);
        let chain = listener.chain_for(server_name);
        let policy =
            chain.and_then(|chain| merged.client_certificate_policy(chain.server, &gateways));
        let certificate = policy.as_ref().and_then(|policy| certificate(self.pki, client, policy));
        let connection = match tls {
            None => Connection::PlainText,
            Some(_) => Connection::Tls { server_name, certificate: certificate.as_ref() },
        };
        let request = Request { listener: target.name, connection, host };
        let Answer { chain, outcome, .. } = merged.answer(&gateways, &request);
        let index = chain.and_then(|chain| listener.chains.iter().position(|one| one == chain));
        let listener = config::listener_name(self.workload.number, target.name);
        let chain_name = config::chain_name(&listener, number, index.unwrap_or_default());
        let status = |status| Seen::Status { status, chain: chain_name.clone() };
        let seen = match outcome {
            Outcome::NoListener => Seen::Refused,
            Outcome::NoFilterChain => Seen::Closed,
            Outcome::WrongProtocol => return Ok(Expected::WrongProtocol),
            Outcome::ClientRejected(_) => Seen::HandshakeFailed,
            Outcome::RedirectedToHttps => status(301),
            Outcome::Routed(of) if of.backends.contains(&backend) => {
                let decision = policy.map(|policy| policy.decide(certificate.as_ref()));
                let is_seen = tls.is_some() && decision.is_some_and(|one| one.has_certificate());
                Seen::Reached {
                    chain: chain_name,
                    service: backend.to_string(),
                    certificate: is_seen.then(|| self.hash(client)).flatten(),
                }
            }
            Outcome::NoVirtualHost | Outcome::Routed(_) => status(404),
            Outcome::Forwarded { .. } => {
                let Some(ChainAction::Tcp { backends, .. }) = chain.map(|chain| &chain.action)
                else {
                    anyhow::bail!("bytes are forwarded by no chain");
                };
                let backend = *backends.first().context("no backend")?;
                let is_opaque = chain.is_some_and(|chain| config::is_opaque(revision, chain));
                Seen::Bytes {
                    text: backend::answer(backend, is_opaque && tls.is_some()),
                    is_decrypted: !is_opaque,
                }
            }
            other => anyhow::bail!("an outcome that is not drawn: {other:?}"),
        };
        Ok(Expected::Exactly(seen))
    }
}

/// A server name that Envoy gives to the chain, or none if the chain takes connections without one.
pub fn server_name(
    listener: &istio_gateway::merged_gateway::Listener,
    chain: &FilterChain,
) -> Option<Option<String>> {
    let takes = |name: Option<&str>| listener.chain_for(name) == Some(chain);
    if chain.server_names.is_empty() {
        return takes(None).then_some(None);
    }
    let labels = ["q", "q.r", "x", "x-b", "n.o.b.o.d.y"];
    chain.server_names.iter().find_map(|pattern| match pattern.strip_prefix('*') {
        None => takes(Some(pattern)).then(|| Some(pattern.clone())),
        Some(suffix) => labels
            .iter()
            .map(|label| format!("{label}{suffix}"))
            .find(|name| takes(Some(name)))
            .map(Some),
    })
}
