//! Requests for all that the library reports about hosts, and for all that it excludes.

use anyhow::{Context as _, Result};

use super::{ChainAction, Draft, Planner, Trial, certificate, server_name};
use crate::{client::CLIENTS, config};

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
                    policy.decide(certificate(self.pki, client, &policy).as_ref()).is_accepted()
                };
                let Some(client) = clients.into_iter().find(|client| is_accepted(client)) else {
                    continue;
                };
                let (address, port) = &path.listener;
                let listener = format!("{address}_{port}");
                let target = self.targets.iter().position(|target| target.name == listener);
                let target = target.context("a path through an unknown listener")?;
                let tls = path.is_tls.then(|| path.server_name.clone());
                let service = host.virtual_service;
                let draft = Draft { target, tls, client, host: name.clone(), service };
                let mut trial = self.trial(draft)?;
                // The path alone says what is expected.
                trial.expected = self.reached(&listener, path.server, client, service)?;
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
            let ChainAction::Http { route } = &strict.action else { continue };
            let policy = merged.client_certificate_policy(strict.server, &gateways);
            let (Some(policy), Some(_), Some(hosts)) = (policy, name, merged.routes.get(route))
            else {
                continue;
            };
            let is_rejected = |client: &&&'static str| {
                !policy.decide(certificate(self.pki, client, &policy).as_ref()).is_accepted()
            };
            let rejected: Vec<&'static str> = CLIENTS.iter().filter(is_rejected).copied().collect();
            if rejected.is_empty() {
                continue;
            }
            for (domain, virtual_host) in hosts.iter().filter(|(domain, _)| !domain.contains('/')) {
                for &service in &virtual_host.virtual_services {
                    for (target, _, tls) in ways.iter().filter(|(_, chain, _)| *chain != *strict) {
                        let host = self.concrete(domain);
                        let client = rejected[self.rng.usize(..rejected.len())];
                        let (target, tls) = (*target, tls.clone());
                        let mut trial = self.trial(Draft { target, tls, client, host, service })?;
                        trial.claim = Some(claim);
                        trials.push(trial);
                    }
                    claim += 1;
                }
            }
        }
        Ok(())
    }
}
