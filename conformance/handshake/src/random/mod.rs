//! Random certificates: `istio_gateway::x509` compared with Envoy.

mod certificate;
mod client;
mod der;
mod keys;
mod lab;
mod mutations;
mod report;
mod rng;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, anyhow};
use istio_gateway::{
    Timestamp,
    client_certificate::{
        Admission, CertificateError, ClientCertificate, Decision, Encoding, KeyUsage, RejectReason,
    },
    x509::{self, ClientChain, Verification},
};

use crate::{Client, Envoy, Gateway, Logged, Outcome, Pki, RunningGateway, Seen, TlsVersion};
use client::{Fixed, RandomClient};
use keys::Keys;
use lab::Listener;
pub use report::Report;
use rng::Rng;

/// Listeners to which each client connects.
const LISTENERS_EACH: usize = 4;

/// A connection: a client, a listener, and the outcome.
struct Connection {
    client: usize,
    listener: usize,
    version: TlsVersion,
    seen: Seen,
    logged: Logged,
}

/// Runs the comparison with this many clients.
///
/// # Errors
///
/// Where it cannot be run; what is predicted wrong is in the report.
pub fn run(count: usize, seed: u64) -> Result<Report> {
    let mut rng = Rng(seed);
    let keys = Keys::generate(&mut rng)?;
    let fixed = Fixed::new(&mut rng, &keys)?;
    let clients: Vec<_> = (0..count)
        .map(|number| RandomClient::new(number, &mut rng, &keys, &fixed))
        .collect::<Result<_>>()?;
    let pki = Pki::generate()?;
    let mut gateway = Gateway::new(&pki)?;
    let listeners = lab::listeners(&mut gateway, &mut rng, &fixed, &clients)?;
    let mut plan: Vec<(usize, usize)> = Vec::new();
    for client in 0..count {
        // Half of them trust most of the authorities.
        let mut left: Vec<usize> = (0..listeners.len()).collect();
        for number in 0..LISTENERS_EACH {
            let wide: Vec<usize> =
                left.iter().copied().filter(|index| listeners[*index].is_wide).collect();
            let listener = rng.pick(if number % 2 == 0 { &wide } else { &left });
            left.retain(|index| *index != listener);
            plan.push((client, listener));
        }
    }
    let gateway = gateway.start()?;
    let mut report =
        Report { envoy: Envoy::from_environment()?.version()?, seed, ..Report::default() };
    (report.clients, report.listeners) = (clients.len(), listeners.len());
    let start = Instant::now();
    let connections = observe(&gateway, &pki, &clients, &listeners, &plan)?;
    report.elapsed = start.elapsed();
    let start = Instant::now();
    let predictions = predict(&connections, &clients, &listeners)?;
    report.predicting = start.elapsed();
    let cells = || connections.iter().zip(&predictions);
    compare(cells(), &clients, &listeners, &mut report, |_| true, true);
    for what in report::SELF_CHECKS {
        let mut found = Report::default();
        compare(cells(), &clients, &listeners, &mut found, |error| error != what, true);
        report.self_checks.push((what.id(), found.wrong.len()));
    }
    let mut found = Report::default();
    compare(cells(), &clients, &listeners, &mut found, |_| true, false);
    report.self_checks.push((report::FORWARDING, found.wrong.len()));
    Ok(report)
}

fn observe(
    gateway: &RunningGateway,
    pki: &Pki,
    clients: &[RandomClient],
    listeners: &[Listener],
    plan: &[(usize, usize)],
) -> Result<Vec<Connection>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut connections = Vec::new();
        loop {
            let Some(&(client, listener)) = plan.get(next.fetch_add(1, Ordering::Relaxed)) else {
                return Ok(connections);
            };
            for version in TlsVersion::ALL {
                let key = clients[client].certified_key(version);
                let presenting = Client::presenting(pki, Some(key), version)?;
                let seen = gateway.connect(listeners[listener].endpoint, &presenting);
                let seen =
                    seen.with_context(|| describe(&clients[client], &listeners[listener]))?;
                let logged = Logged::default();
                connections.push(Connection { client, listener, version, seen, logged });
            }
        }
    };
    let mut connections = thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(2, Into::into);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut connections = Vec::new();
        for worker in workers {
            let done: Result<_> = worker.join().map_err(|_| anyhow!("a worker panicked"))?;
            connections.extend(done?);
        }
        anyhow::Ok(connections)
    })?;
    let log = gateway.access_log()?;
    for connection in &mut connections {
        let logged = log.get(&connection.seen.server_name);
        connection.logged = logged.context("Envoy has not logged a connection")?.clone();
    }
    connections.sort_by_key(|c| (c.client, c.listener, c.version));
    Ok(connections)
}

fn describe(client: &RandomClient, listener: &Listener) -> String {
    format!("client {} ({}) on {}", client.number, client.odd.join(", "), listener.name)
}

/// What the library finds for each connection.
fn predict(
    connections: &[Connection],
    clients: &[RandomClient],
    listeners: &[Listener],
) -> Result<Vec<Verification>> {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let at = Timestamp { seconds: now, nanos: 0 };
    let chains: Vec<_> =
        clients.iter().map(|client| ClientChain::from_der(client.chain.clone())).collect();
    let verify = |connection: &Connection| {
        let listener = &listeners[connection.listener];
        let version = match connection.version {
            TlsVersion::V1_2 => x509::TlsVersion::V1_2,
            TlsVersion::V1_3 => x509::TlsVersion::V1_3,
        };
        let chain = &chains[connection.client];
        Ok(chain.verify(&listener.policy, listener.authorities.as_ref(), at, version)?)
    };
    connections.iter().map(verify).collect()
}

/// Puts into the report how predictions and observations differ. An error of a chain that is not
/// considered is as if it were none.
fn compare<'a>(
    cells: impl Iterator<Item = (&'a Connection, &'a Verification)>,
    clients: &[RandomClient],
    listeners: &[Listener],
    report: &mut Report,
    is_considered: impl Fn(CertificateError) -> bool,
    is_forwarding_considered: bool,
) {
    for (Connection { client, listener, version, seen, logged }, verification) in cells {
        let (client, listener) = (&clients[*client], &listeners[*listener]);
        let found = ClientCertificate { has_key: client.has_key, ..*verification.certificate() };
        let mut decision = verification.policy().decide(Some(&found));
        if let Decision::Reject(RejectReason::InvalidCertificate(errors)) = &decision
            && let Some(first) = errors.first()
            && !is_considered(*first)
        {
            decision = Decision::Accept(Admission::Verified);
        }
        let is_blocked = listener.forwards && client.breaks_forwarding();
        let predicted = match &decision {
            Decision::Accept(_) if is_blocked && is_forwarding_considered => Outcome::Unavailable,
            Decision::Accept(Admission::Anonymous) => Outcome::Anonymous,
            Decision::Accept(Admission::Verified) => Outcome::Verified,
            Decision::Accept(_) => Outcome::Unverified,
            _ => Outcome::Refused,
        };
        report.cells += 1;
        *report.outcomes.entry(seen.outcome.id()).or_default() += 1;
        let what = || format!("{} in {}", describe(client, listener), version.as_str());
        if predicted != seen.outcome {
            report.wrong.push(format!(
                "{}: Envoy: {} ({}), predicted: {decision}",
                what(),
                seen.outcome.id(),
                logged.failure.as_deref().unwrap_or("no failure"),
            ));
            continue;
        }
        if let Decision::Reject(RejectReason::InvalidCertificate(errors)) = &decision {
            // Envoy's own addition to BoringSSL's words.
            const ADDED: &str = "certificate_revocation_check_against_provided_CRLs_failed:_";
            let failure = logged.failure.as_deref().unwrap_or_default().replace(ADDED, "");
            let (error, words) = reason(errors, &found, verification, *version);
            *report.errors.entry(error.id()).or_default() += 1;
            if !words.iter().any(|words| failure.contains(&words.replace(' ', "_"))) {
                report.wrong.push(format!("{}: Envoy: {failure}, predicted: {words:?}", what()));
            }
            if let Some(failure) = verification.failure()
                && failure.error == error
            {
                *report.messages.entry(failure.message).or_default() += 1;
            }
        }
        if seen.outcome != Outcome::Refused {
            *report.accepted_keys.entry(client.key.name()).or_default() += 1;
        }
    }
}

/// Envoy's words for a key usage without `digitalSignature`, and for one that cannot be read.
const KEY_USAGE: [&str; 2] = ["KEY_USAGE_BIT_INCORRECT", "CANNOT_PARSE_LEAF_CERT"];

/// The error that ends the handshake, and Envoy's words for it.
fn reason(
    errors: &[CertificateError],
    found: &ClientCertificate,
    verification: &Verification,
    version: TlsVersion,
) -> (CertificateError, Vec<String>) {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match found.encoding {
        Encoding::TooLong => {
            return (CertificateError::ChainTooLong, words(&["EXCESSIVE_MESSAGE_SIZE"]));
        }
        Encoding::Malformed => {
            // In TLS 1.3 the key usage is looked at before the rest is parsed.
            let parsing = [
                "CANNOT_PARSE_LEAF_CERT",
                "DECODE_ERROR",
                "KEY_USAGE_BIT_INCORRECT",
                "public key routines",
                "elliptic curve routines",
                "RSA routines",
            ];
            return (CertificateError::BadEncoding, words(&parsing));
        }
        _ => {}
    }
    if found.key_usage == KeyUsage::NoSigning && version == TlsVersion::V1_3 {
        return (CertificateError::InvalidKeyUsage, words(&KEY_USAGE));
    }
    let waived = errors.iter().all(|error| error.is_never_waived());
    if let Some(failure) = verification.failure().filter(|_| !waived) {
        let text = format!("error at depth {}: {}", failure.depth, failure.message);
        return (failure.error, vec![text]);
    }
    let late = [
        (CertificateError::NotValidForName, &["SAN matcher"][..]),
        (CertificateError::NotPinned, &["cert hash and spki"]),
        (CertificateError::InvalidKeyUsage, &KEY_USAGE),
        (CertificateError::UnsupportedKey, &["WRONG_SIGNATURE_TYPE"]),
        (CertificateError::NoKey, &["BAD_SIGNATURE"]),
    ];
    let late = late.into_iter().find(|(error, _)| errors.contains(error));
    late.map_or((CertificateError::BadEncoding, Vec::new()), |(error, text)| (error, words(text)))
}
