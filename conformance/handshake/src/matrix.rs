//! Every client on every listener: what `ClientCertificatePolicy` says, and what Envoy does.

mod cell;
mod golden;
mod listeners;

use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};

use crate::{Client, Envoy, Gateway, Identity, Pki, RunningGateway, Seen, TlsVersion};
use cell::Cell;
use golden::Golden;
use listeners::Listener;

/// What to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Predicts from a policy that verifies less than the gateway's: a self-check, in which wrong
    /// cells have to be found.
    pub is_sabotaged: bool,
}

/// What a run has found.
#[derive(Debug, Default)]
pub struct Report {
    /// Envoy's version.
    pub envoy: String,
    /// Listeners that Envoy took.
    pub listeners: usize,
    /// The different TLS contexts of them.
    pub contexts: usize,
    /// Listeners that Envoy refused in the words that the library has for it.
    pub refusals: usize,
    /// Clients, the one without a certificate included.
    pub clients: usize,
    /// Connections, each a cell: a client on a listener in a version of TLS.
    pub cells: usize,
    /// Cells by outcome.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Cells of `tests/golden/handshake.json` that were compared, and how many it has.
    pub golden: (usize, usize),
    /// What is wrong, a line each.
    pub wrong: Vec<String>,
    /// How long the connections took.
    pub elapsed: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wrong in &self.wrong {
            writeln!(f, "wrong: {wrong}")?;
        }
        writeln!(f, "Envoy {}", self.envoy)?;
        writeln!(f, "contexts accepted: {} ({} listeners)", self.contexts, self.listeners)?;
        writeln!(f, "listeners refused as predicted: {}", self.refusals)?;
        let outcomes = self.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}"));
        let outcomes = outcomes.collect::<Vec<_>>().join(", ");
        writeln!(
            f,
            "{} clients in 2 versions of TLS: {outcomes}, in {:.1} s",
            self.clients,
            self.elapsed.as_secs_f64()
        )?;
        let (compared, of) = self.golden;
        writeln!(f, "cells of handshake.json: {compared} of {of} compared")?;
        write!(f, "cells: {} predicted, {} wrong", self.cells, self.wrong.len())
    }
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

/// Runs the matrix.
///
/// # Errors
///
/// Where it cannot be run; what is predicted wrong is in the report.
pub fn run(options: Options) -> Result<Report> {
    let envoy = Envoy::from_environment()?;
    let pki = Pki::generate()?;
    let golden = Golden::read()?;
    let mut report = Report { envoy: envoy.version()?, ..Report::default() };

    listeners::refused(&pki, &envoy, &golden, &mut report)?;

    let mut gateway = Gateway::new(&pki)?;
    let mut listeners = listeners::all(&mut gateway, &pki)?;
    if options.is_sabotaged {
        listeners.iter_mut().for_each(Listener::sabotage);
    }
    (report.listeners, report.contexts) = gateway.counts();
    let gateway = gateway.start()?;

    let identities = std::iter::once(None).chain(pki.identities().map(Some));
    let contenders: Vec<_> =
        identities.map(|identity| Contender::new(&pki, identity)).collect::<Result<_>>()?;
    report.clients = contenders.len();
    let start = Instant::now();
    let connections = connect(&gateway, &listeners, &contenders)?;
    report.elapsed = start.elapsed();
    compare(&gateway, &golden, &connections, &mut report)?;
    Ok(report)
}

/// A listener, a client, a version, and what came of it.
type Connection<'a> = (&'a Listener, &'a Contender<'a>, TlsVersion, Seen);

/// Connects every client to every listener, on all processors.
fn connect<'a>(
    gateway: &RunningGateway,
    listeners: &'a [Listener],
    contenders: &'a [Contender<'a>],
) -> Result<Vec<Connection<'a>>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut connections = Vec::new();
        while let Some(listener) = listeners.get(next.fetch_add(1, Ordering::Relaxed)) {
            for contender in contenders {
                for (version, client) in &contender.clients {
                    let seen = gateway.connect(listener.endpoint, client).with_context(|| {
                        format!("{} on {}, {}", contender.name, listener.name, version.as_str())
                    })?;
                    connections.push((listener, contender, *version, seen));
                }
            }
        }
        Ok(connections)
    };
    let workers = thread::available_parallelism().map_or(2, Into::into);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut connections = Vec::new();
        for worker in workers {
            let done: Result<_> = worker.join().map_err(|_| anyhow!("a worker panicked"))?;
            connections.extend(done?);
        }
        Ok(connections)
    })
}

fn compare(
    gateway: &RunningGateway,
    golden: &Golden,
    connections: &[Connection<'_>],
    report: &mut Report,
) -> Result<()> {
    let log = gateway.access_log()?;
    let mut counters = BTreeMap::<_, (&Listener, BTreeMap<&'static str, u64>)>::new();
    let mut met = golden.none_met();
    for (listener, contender, version, seen) in connections {
        let cell = Cell::of(listener, contender.identity);
        let logged = log.get(&seen.server_name).cloned().unwrap_or_default();
        report.cells += 1;
        *report.outcomes.entry(seen.outcome.id()).or_default() += 1;
        let mut wrong = cell.wrong(seen, &logged, *version);
        wrong.extend(golden.wrong(listener, contender.name, &cell, &mut met));
        report.wrong.extend(wrong.into_iter().map(|what| {
            let (listener, client) = (&listener.name, contender.name);
            format!("{client} on {listener} in {}: {what}", version.as_str())
        }));
        let (_, counted) = counters.entry(listener.endpoint).or_insert((listener, BTreeMap::new()));
        for counter in cell.counters(*version) {
            *counted.entry(counter).or_default() += 1;
        }
    }
    for (listener, predicted) in counters.values() {
        let counted = gateway.ssl_counters(listener.endpoint)?;
        for counter in cell::COUNTERS {
            let predicted = predicted.get(counter).copied().unwrap_or_default();
            let counted = counted.get(counter).copied().unwrap_or_default();
            if predicted != counted {
                report.wrong.push(format!(
                    "{}: Envoy's ssl.{counter} is {counted}, predicted {predicted}",
                    listener.name
                ));
            }
        }
    }
    report.golden = golden.count(&met);
    Ok(())
}
