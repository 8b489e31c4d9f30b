//! What istio-gateway claims of client checks: that a rejected client reaches nothing but what a
//! reported bypass leads to.

use handshake_conformance::Pki;
use istio_gateway::{
    client_certificate::ClientCertificate,
    merged_gateway::{Bypass, ChainAction, Connection, Outcome, Request},
};

use crate::{
    client::Seen,
    config::{chain_name, listener_name},
    plan::{Trial, Workload, certificate, server_name},
    random::Revision,
};

/// The servers of the revision whose client check rejects the trial's client for the routes that it asks
/// for, each with whether a bypass is reported by which this client is accepted.
pub fn guards(
    pki: &Pki,
    workload: &Workload,
    bypasses: &[Bypass],
    trial: &Trial,
) -> Vec<(usize, bool)> {
    let Some(revision) = trial.revision.and_then(|number| workload.revisions.get(number)) else {
        return Vec::new();
    };
    let servers = rejecting(pki, revision, trial);
    let gateways = revision.gateways();
    let accepts = |server| {
        let policy = revision.merged.client_certificate_policy(server, &gateways);
        policy.is_some_and(|policy| {
            policy.decide(certificate(pki, trial.attempt.client, &policy).as_ref()).is_accepted()
        })
    };
    let is_reported =
        |server| bypasses.iter().any(|bypass| bypass.bypassed == server && accepts(bypass.through));
    servers.into_iter().map(|server| (server, is_reported(server))).collect()
}

/// Whether a path is reported by which the request got where it did, if it did.
pub fn has_path(revision: &Revision, trial: &Trial, seen: &Seen) -> bool {
    let Seen::Reached { chain, .. } = seen else { return true };
    let gateways = revision.gateways();
    let listeners = revision.merged.listeners.iter();
    let chains = listeners.flat_map(|(name, listener)| {
        let name = listener_name(trial.workload, name);
        let number = trial.revision.unwrap_or_default();
        let chains = listener.chains.iter().enumerate();
        chains.map(move |(index, of)| (chain_name(&name, number, index), of.server))
    });
    let mut server = chains.filter(|(name, _)| name == chain).map(|(_, server)| server);
    let Some(server) = server.next() else { return false };
    let policy = |server| revision.merged.client_certificate_policy(server, &gateways);
    let host = trial.attempt.host.to_lowercase();
    let host = host.split(':').next().unwrap_or_default();
    let has_host = |domain: &str| match domain.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix) && host.len() > suffix.len(),
        None => host == domain,
    };
    revision.paths.iter().any(|one| {
        one.virtual_service == trial.service
            && has_host(&one.host)
            && one.paths.iter().any(|path| policy(path.server) == policy(server))
    })
}

fn rejecting(pki: &Pki, revision: &Revision, trial: &Trial) -> Vec<usize> {
    let (merged, gateways) = (&revision.merged, revision.gateways());
    let mut servers = Vec::new();
    for (name, listener) in &merged.listeners {
        for chain in &listener.chains {
            let ChainAction::Http { .. } = chain.action else { continue };
            let Some(server_name) = server_name(listener, chain) else { continue };
            let policy = merged.client_certificate_policy(chain.server, &gateways);
            let Some(policy) = policy else { continue };
            let presented = certificate(pki, trial.attempt.client, &policy);
            if policy.decide(presented.as_ref()).is_accepted() {
                continue;
            }
            // Where a client that the server accepts gets with the same Host.
            let connection = Connection::Tls {
                server_name: server_name.as_deref(),
                certificate: Some(&ClientCertificate::VALID),
            };
            let request = Request { listener: name, connection, host: &trial.attempt.host };
            if let Outcome::Routed(host) = merged.answer(&gateways, &request).outcome
                && host.virtual_services.contains(&trial.service)
            {
                servers.push(chain.server);
            }
        }
    }
    servers
}
