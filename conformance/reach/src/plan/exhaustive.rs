//! Requests for all that the library reports about hosts, and for all that it excludes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use istio_gateway::{client_certificate::Decision, merged_gateway::FilterChain};

use super::{ChainAction, Draft, Planner, Trial, certificate, server_name};
use crate::{client::CLIENTS, config, random::Revision};

impl Planner<'_> {
    /// Each path to each host, by a client that is accepted.
    pub(super) fn paths(&mut self, trials: &mut Vec<Trial>) -> Result<()> {
        let revision = &self.workload.revisions[self.phase];
        let gateways = revision.gateways();
        for host in &revision.paths {
            let name = match host.host.strip_prefix('*') {
                // No host of the sets has this label.
                Some("") => "z.z".to_owned(),
                Some(suffix) => format!("z{suffix}"),
                None => host.host.clone(),
            };
            for path in &host.paths {
                let policy = revision.merged.client_certificate_policy(path.server, &gateways);
                let policy = policy.context("a path through an unknown server")?;
                let mut clients = CLIENTS.to_vec();
                self.rng.shuffle(&mut clients);
                let is_accepted = |client: &&str| {
                    let decision = policy.decide(certificate(self.pki, client, &policy).as_ref());
                    !matches!(decision, Decision::Reject(_))
                };
                let Some(client) = clients.into_iter().find(|client| is_accepted(client)) else {
                    continue;
                };
                let (address, port) = &path.listener;
                let listener = format!("{address}_{port}");
                let target = self.targets.iter().position(|target| target.name == listener);
                let target = target.context("a path through an unknown listener")?;
                let tls = path.is_tls.then(|| path.server_name.clone());
                let of_listener = revision.merged.listeners.get(&listener);
                let chain = of_listener
                    .and_then(|listener| listener.chain_for(path.server_name.as_deref()));
                let reached = chain.map(|chain| backends(revision, chain, &name));
                let reached = reached.unwrap_or_default();
                let backend = host.backends.iter().find(|backend| reached.contains(backend));
                let backend = *backend.context("a path that leads nowhere")?;
                let draft = Draft { target, tls, client, host: name.clone(), backend };
                let mut trial = self.trial(draft)?;
                // The path alone says what is expected.
                trial.expected = self.reached(&listener, path.server, client, backend)?;
                trial.is_path = true;
                trials.push(trial);
            }
        }
        Ok(())
    }

    /// For each server that rejects clients, each domain and VirtualService of its route: such a client at
    /// every other filter chain.
    pub(super) fn claims(&mut self, trials: &mut Vec<Trial>) -> Result<()> {
        let revision = &self.workload.revisions[self.phase];
        let (merged, gateways) = (&revision.merged, revision.gateways());
        let mut ways = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            let served = target.active.and_then(|number| self.workload.revisions.get(number));
            let listener = served.and_then(|served| served.merged.listeners.get(target.name));
            let (Some(served), Some(listener)) = (served, listener) else { continue };
            for chain in &listener.chains {
                let Some(name) = server_name(listener, chain) else { continue };
                let is_plain = name.is_none() && config::is_opaque(served, chain);
                ways.push((index, chain, (!is_plain).then_some(name)));
            }
        }
        let (targets, phase) = (self.targets, self.phase);
        let mut claim = 0;
        for (_, strict, name) in ways.iter().filter(|way| targets[way.0].active == Some(phase)) {
            let policy = merged.client_certificate_policy(strict.server, &gateways);
            let (Some(policy), Some(_)) = (policy, name) else { continue };
            let is_rejected = |client: &&&'static str| {
                let decision = policy.decide(certificate(self.pki, client, &policy).as_ref());
                matches!(decision, Decision::Reject(_))
            };
            let rejected: Vec<&'static str> = CLIENTS.iter().filter(is_rejected).copied().collect();
            if rejected.is_empty() {
                continue;
            }
            let nothing = BTreeMap::new();
            let mut protected: Vec<(Option<String>, usize)> = Vec::new();
            match &strict.action {
                ChainAction::Http { route } => {
                    let hosts = merged.routes.get(route).unwrap_or(&nothing);
                    for (domain, host) in hosts.iter().filter(|(domain, _)| !domain.contains('/')) {
                        let backends = host.backends.iter();
                        let host = self.concrete(domain);
                        protected.extend(backends.map(|&backend| (Some(host.clone()), backend)));
                    }
                }
                ChainAction::Tcp { backends, .. } => {
                    protected.extend(backends.iter().map(|&backend| (None, backend)));
                }
                _ => {}
            }
            for (own, backend) in protected {
                for (target, chain, tls) in ways.iter().filter(|(_, chain, _)| *chain != *strict) {
                    let host = match &own {
                        Some(host) => host.clone(),
                        None => {
                            let domain = self.domain_for(chain, backend);
                            self.concrete(&domain)
                        }
                    };
                    let client = rejected[self.rng.usize(..rejected.len())];
                    let (target, tls) = (*target, tls.clone());
                    let mut trial = self.trial(Draft { target, tls, client, host, backend })?;
                    trial.claim = Some(claim);
                    trials.push(trial);
                }
                claim += 1;
            }
        }
        Ok(())
    }

    /// A domain by which the chain leads to the backend, if there is one.
    fn domain_for(&self, chain: &FilterChain, backend: usize) -> String {
        let merged = &self.workload.revisions[self.phase].merged;
        let hosts = match &chain.action {
            ChainAction::Http { route } => merged.routes.get(route),
            _ => None,
        };
        let mut hosts = hosts.into_iter().flatten();
        let found = hosts.find(|(_, host)| host.backends.contains(&backend));
        found.map_or_else(|| "any.host".to_owned(), |(domain, _)| domain.clone())
    }
}

/// What a request with this Host reaches by the chain.
fn backends(revision: &Revision, chain: &FilterChain, host: &str) -> Vec<usize> {
    let of_route = match &chain.action {
        ChainAction::Tcp { backends, .. } => return backends.to_vec(),
        ChainAction::Http { route } => revision.merged.routes.get(route),
        _ => None,
    };
    let has_host = |domain: &&String| match domain.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix) && host.len() > suffix.len(),
        None => host == domain.as_str(),
    };
    let domains = of_route.into_iter().flat_map(|hosts| hosts.keys()).filter(has_host);
    let longest = domains.max_by_key(|domain| (domain.as_str() == host, domain.len()));
    let found = longest.and_then(|domain| of_route?.get(domain));
    found.map_or_else(Vec::new, |host| host.backends.to_vec())
}
