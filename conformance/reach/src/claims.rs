//! What istio-gateway claims of client checks: that a rejected client reaches nothing but what a
//! reported bypass leads to.

use handshake_conformance::Pki;
use istio_gateway::{
    client_certificate::{ClientCertificate, ClientCertificatePolicy, Decision},
    merged_gateway::{Bypass, ChainAction, Connection, Outcome, Request},
};

use crate::{
    client::Seen,
    config::{chain_name, listener_name},
    plan::{Trial, Workload, certificate, server_name},
    random::Revision,
};

/// The servers of the revision whose client check rejects the trial's client for the backend that it asks for,
/// each with whether a bypass is reported by which this client is accepted.
pub fn guards(
    pki: &Pki,
    workload: &Workload,
    bypasses: &[Bypass],
    trial: &Trial,
    seen: &Seen,
) -> Vec<(usize, bool)> {
    let Some(revision) = trial.revision.and_then(|number| workload.revisions.get(number)) else {
        return Vec::new();
    };
    if trial.is_local {
        return Vec::new();
    }
    let servers = rejecting(pki, revision, trial, seen);
    let gateways = revision.gateways();
    let accepts = |server| {
        let policy = revision.merged.client_certificate_policy(server, &gateways);
        policy.is_some_and(|policy| {
            let certificate = certificate(pki, trial.attempt.client, &policy);
            !matches!(policy.decide(certificate.as_ref()), Decision::Reject(_))
        })
    };
    let is_reported =
        |server| bypasses.iter().any(|bypass| bypass.bypassed == server && accepts(bypass.through));
    servers.into_iter().map(|server| (server, is_reported(server))).collect()
}

/// Whether a path is reported by which the request got where it did, if it did.
pub fn has_path(revision: &Revision, trial: &Trial, seen: &Seen) -> bool {
    let Seen::Reached { chain, service: reached, .. } = seen else { return true };
    if trial.is_local {
        return true;
    }
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
        one.backends.iter().any(|backend| backend.to_string() == *reached)
            && has_host(&one.host)
            && one.paths.iter().any(|path| policy(path.server) == policy(server))
    })
}

/// Whether the server rejects nobody: not those without a certificate, or with one of their own.
fn is_open(pki: &Pki, policy: &ClientCertificatePolicy) -> bool {
    ["none", "self_signed"]
        .iter()
        .any(|client| policy.decide(certificate(pki, client, policy).as_ref()).is_accepted())
}

fn rejecting(pki: &Pki, revision: &Revision, trial: &Trial, seen: &Seen) -> Vec<usize> {
    let (merged, gateways) = (&revision.merged, revision.gateways());
    let has_certificate = matches!(seen, Seen::Reached { certificate: Some(_), .. });
    let host = trial.attempt.host.to_lowercase();
    let host = host.split(':').next().unwrap_or_default();
    let mut servers = Vec::new();
    for (name, listener) in merged.listeners.iter().filter(|(_, one)| !is_local(&one.address)) {
        for chain in &listener.chains {
            let policy = merged.client_certificate_policy(chain.server, &gateways);
            let Some(policy) = policy else { continue };
            let presented = certificate(pki, trial.attempt.client, &policy);
            let decision = policy.decide(presented.as_ref());
            if !matches!(decision, Decision::Reject(_))
                || is_open(pki, &policy) && !has_certificate
                || server_name(listener, chain).is_none()
                || merged.listener_rejection(listener, &gateways).is_some()
            {
                continue;
            }
            let is_guarded = match &chain.action {
                ChainAction::Tcp { backends, .. } => backends.contains(&trial.backend),
                // Where a client that the server accepts gets with this host.
                _ => {
                    let connection = Connection::Tls {
                        server_name: Some(host),
                        certificate: Some(&ClientCertificate::VALID),
                    };
                    let request = Request { listener: name, connection, host };
                    let answer = merged.answer(&gateways, &request);
                    let is_own = answer.chain == Some(chain);
                    matches!(answer.outcome, Outcome::Routed(to)
                        if is_own && to.backends.contains(&trial.backend))
                }
            };
            if is_guarded {
                servers.push(chain.server);
            }
        }
    }
    servers
}

/// Whether the listener is not for clients outside the pods.
pub fn is_local(address: &str) -> bool {
    address.starts_with("127.")
}
