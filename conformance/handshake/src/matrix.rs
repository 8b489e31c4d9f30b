//! Every client on every listener: `ClientCertificatePolicy` compared with Envoy.

mod cell;
mod golden;
mod listener;
mod listeners;
mod report;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};

use crate::{
    Client, Counters, Envoy, Gateway, Identity, Logged, Pki, RunningGateway, Seen, TlsVersion,
};
use cell::Cell;
use golden::Golden;
use listener::{Listener, SABOTAGES};
pub use report::Report;

/// How much to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every client on every way to request a certificate; the five modes of
    /// `x-forwarded-client-cert` with one way of each TLS mode.
    Reduced,
    /// All that is in `Reduced`, and every way in each of the five modes.
    Full,
}

/// A client of the matrix: none has no identity.
struct Contender<'a> {
    name: &'a str,
    identity: Option<&'a Identity>,
    clients: [(TlsVersion, Client); 2],
}

impl<'a> Contender<'a> {
    fn new(pki: &Pki, identity: Option<&'a Identity>) -> Result<Self> {
        let client = |version| anyhow::Ok((version, Client::new(pki, identity, version)?));
        let [first, second] = TlsVersion::ALL;
        Ok(Self {
            name: identity.map_or("none", Identity::name),
            identity,
            clients: [client(first)?, client(second)?],
        })
    }
}

/// The outcome of a client on a listener.
struct Connection<'a> {
    /// The index of the listener.
    listener: usize,
    contender: &'a Contender<'a>,
    version: TlsVersion,
    seen: Seen,
    logged: Logged,
}

/// What was seen of a gateway.
struct Observed<'a> {
    connections: Vec<Connection<'a>>,
    /// `ssl.*` of each listener.
    counters: Vec<Counters>,
    elapsed: Duration,
}

/// Runs the matrix.
///
/// # Errors
///
/// Where it cannot be run; what is predicted wrong is in the report.
pub fn run(extent: Extent) -> Result<Report> {
    let envoy = Envoy::from_environment()?;
    let pki = Pki::generate()?;
    let golden = Golden::read()?;
    let mut report = Report { envoy: envoy.version()?, ..Report::default() };
    listeners::refused::all(&pki, &envoy, &golden, &mut report)?;

    let mut gateway = Gateway::new(&pki)?;
    let listeners = listeners::all(&mut gateway, &pki, extent)?;
    (report.listeners, report.contexts) = gateway.counts();
    let gateway = gateway.start()?;
    let identities = std::iter::once(None).chain(pki.identities().map(Some));
    let contenders: Vec<_> =
        identities.map(|identity| Contender::new(&pki, identity)).collect::<Result<_>>()?;
    report.clients = contenders.len();

    let observed = observe(&gateway, &listeners, &contenders)?;
    report.elapsed = observed.elapsed;
    compare(&observed, &listeners, &golden, &mut report);
    // The same observations, and predictions that are wrong on purpose.
    for (what, sabotage) in SABOTAGES {
        let sabotaged: Vec<_> = listeners.iter().map(sabotage).collect();
        let mut found = Report::default();
        compare(&observed, &sabotaged, &golden, &mut found);
        report.sabotages.push((what, found.wrong.len()));
    }
    Ok(report)
}

/// Connects every client to every listener, on all processors.
fn observe<'a>(
    gateway: &RunningGateway,
    listeners: &[Listener],
    contenders: &'a [Contender<'a>],
) -> Result<Observed<'a>> {
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut connections = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(listener) = listeners.get(number) else { return Ok(connections) };
            for contender in contenders {
                for (version, client) in &contender.clients {
                    let seen = gateway.connect(listener.endpoint, client).with_context(|| {
                        format!("{} on {}, {}", contender.name, listener.name, version.as_str())
                    })?;
                    connections.push(Connection {
                        listener: number,
                        contender,
                        version: *version,
                        seen,
                        logged: Logged::default(),
                    });
                }
            }
        }
    };
    let workers = thread::available_parallelism().map_or(2, Into::into);
    let mut connections = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut connections = Vec::new();
        for worker in workers {
            let done: Result<_> = worker.join().map_err(|_| anyhow!("a worker panicked"))?;
            connections.extend(done?);
        }
        anyhow::Ok(connections)
    })?;
    let elapsed = start.elapsed();
    let log = gateway.access_log()?;
    for connection in &mut connections {
        let logged = log.get(&connection.seen.server_name);
        connection.logged = logged.context("Envoy has not logged a connection")?.clone();
    }
    Ok(Observed { connections, counters: gateway.ssl_counters()?, elapsed })
}

/// Puts into the report how predictions and observations differ.
fn compare(observed: &Observed<'_>, listeners: &[Listener], golden: &Golden, report: &mut Report) {
    let mut predicted = vec![BTreeMap::<&str, u64>::new(); listeners.len()];
    let mut met = golden::Met::new();
    for Connection { listener: number, contender, version, seen, logged } in &observed.connections {
        let (Some(listener), Some(counters)) = (listeners.get(*number), predicted.get_mut(*number))
        else {
            continue;
        };
        let cell = Cell::of(listener, contender.identity);
        let mut wrong = cell.wrong(seen, logged, *version);
        wrong.extend(golden.wrong(&listener.golden, contender.name, &cell, &mut met));
        if !wrong.is_empty() {
            let what = wrong.join("; ");
            let (client, version) = (contender.name, version.as_str());
            report.wrong.push(format!("{client} on {} in {version}: {what}", listener.name));
        }
        for counter in cell.counters(*version) {
            *counters.entry(counter).or_default() += 1;
        }
        report.cells += 1;
        *report.outcomes.entry(seen.outcome.id()).or_default() += 1;
    }
    for ((listener, predicted), counted) in listeners.iter().zip(&predicted).zip(&observed.counters)
    {
        for counter in cell::COUNTERS {
            let predicted = predicted.get(counter).copied().unwrap_or_default();
            let counted = counted.get(counter).copied().unwrap_or_default();
            if predicted != counted {
                report.wrong.push(format!(
                    "{}: Envoy's ssl.{counter} is {counted}, predicted: {predicted}",
                    listener.name
                ));
            }
        }
    }
    report.golden = golden.count(&met);
}
