//! Two configurations of many gateways on one Envoy, and all requests to them.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use fastrand::Rng;
use handshake_conformance::{Envoy, Pki, Process};
use istio_gateway::merged_gateway::{Bypass, ListenerRejection};
use serde_json::Value;

use crate::{
    backend,
    client::{Clients, Seen},
    commands::Commands,
    config::{self, Configuration},
    plan::{Planner, Trial, Workload},
    random::{MOST_BACKENDS, Random},
    report::Report,
};

/// How many requests are under way at once.
const CONCURRENCY: usize = 16;
/// The time limit for an update of all listeners.
const UPDATE: Duration = Duration::from_secs(60);

/// What a run is made of.
pub struct Options {
    pub seed: u64,
    pub gateways: usize,
    pub requests: usize,
    /// A workload whose resources are printed.
    pub shown: Option<usize>,
}

/// A listener of a revision, why Envoy is predicted to reject it, and why it did.
pub struct Loaded {
    pub name: String,
    pub phase: usize,
    pub predicted: Option<ListenerRejection>,
    pub seen: Option<String>,
}

/// All that was predicted and seen.
pub struct Observed {
    pub pki: Pki,
    pub workloads: Vec<Workload>,
    /// Of each workload's revisions.
    pub bypasses: Vec<[Vec<Bypass>; 2]>,
    pub loaded: Vec<Loaded>,
    pub trials: Vec<(Trial, Seen)>,
    pub commands: Commands,
}

/// Draws gateways, serves them and sends all requests.
pub fn run(options: &Options) -> Result<Report> {
    let start = Instant::now();
    let envoy = Envoy::from_environment()?;
    let pki = Pki::generate()?;
    let mut random = Random::new(options.seed, &pki);
    let mut workloads = Vec::new();
    for number in 0..options.gateways.div_ceil(2) {
        workloads.push(Workload { number, revisions: [random.revision()?, random.revision()?] });
    }
    for revision in
        options.shown.and_then(|shown| workloads.get(shown)).iter().flat_map(|one| &one.revisions)
    {
        println!("{}", revision.show());
    }
    let bypasses: Vec<_> = workloads
        .iter()
        .map(|workload| workload.revisions.each_ref().map(|of| of.merged.bypasses(&of.gateways())))
        .collect();
    let (network, _lock) = free_network()?;
    let mut phases = Vec::new();
    for phase in 0..2 {
        phases.push(plan(options, &pki, random.rng(), network, phase, &workloads, &bypasses)?);
    }
    let wrong_on_purpose = crate::report::make_wrong(&mut phases, random.rng());

    let directory = tempfile::Builder::new().prefix("istio-gateway-reach-").tempdir()?;
    let mut configurations = [Configuration::default(), Configuration::default()];
    for (number, configuration) in configurations.iter_mut().enumerate() {
        for workload in &workloads {
            let revision = &workload.revisions[number];
            configuration.add(network, workload.number, number, revision)?;
        }
    }
    let [first, second] = &mut configurations;
    first.share_secrets(second);
    let file = directory.path().join("listeners.json");
    fs::write(&file, first.discovery(0))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let backends = runtime.block_on(backend::start(MOST_BACKENDS))?;
    let process = envoy.start(&first.bootstrap(&pki, &backends, &file)?, directory.path())?;
    let clients = Arc::new(Clients::new(&pki)?);
    let (mut loaded, mut trials, mut commands) = (Vec::new(), Vec::new(), Commands::default());
    for (phase, planned) in phases.into_iter().enumerate() {
        if phase == 1 {
            let next = directory.path().join("next.json");
            fs::write(&next, second.discovery(1))?;
            fs::rename(&next, &file)?;
        }
        wait(&process, phase)?;
        loaded.extend(load(&process, phase, &workloads)?);
        trials.extend(runtime.block_on(send(&clients, planned))?);
        commands.execute(network, phase, &workloads, &bypasses)?;
    }
    let version = envoy.version()?;
    drop(process);
    let rejected = random.rejected;
    let observed = Observed { pki, workloads, bypasses, loaded, trials, commands };
    let mut report = Report::new(&observed, wrong_on_purpose, options.seed);
    report.envoy = version;
    report.rejected_by_the_cluster = rejected;
    report.elapsed = start.elapsed();
    Ok(report)
}

/// A network 127.N.0.0 that no other run uses, as long as the listener is there.
fn free_network() -> Result<(u8, TcpListener)> {
    for network in 64..=250 {
        let address = (Ipv4Addr::new(127, network, 255, 254), 9_999);
        if let Ok(listener) = TcpListener::bind(address) {
            return Ok((network, listener));
        }
    }
    bail!("no loopback network is free")
}

fn plan(
    options: &Options,
    pki: &Pki,
    rng: &mut Rng,
    network: u8,
    phase: usize,
    workloads: &[Workload],
    bypasses: &[[Vec<Bypass>; 2]],
) -> Result<Vec<Trial>> {
    let count = options.requests.div_ceil(options.gateways);
    let mut trials = Vec::new();
    for (workload, bypasses) in workloads.iter().zip(bypasses) {
        let targets = workload.targets(network, phase)?;
        let mut planner = Planner { pki, rng, workload, targets: &targets, phase };
        let planned = planner.trials(&bypasses[phase], count);
        trials.extend(planned.with_context(|| format!("workload {}", workload.number))?);
    }
    Ok(trials)
}

/// A counter or gauge of Envoy.
fn statistic(process: &Process, name: &str) -> Result<u64> {
    let text = process.ask(&format!("/stats?filter=^{}$", name.replace('.', "%5C.")))?;
    Ok(text.rsplit(' ').next().unwrap_or_default().trim().parse()?)
}

/// Waits until Envoy has read the listeners this many times after the first, and its workers serve them.
fn wait(process: &Process, phase: usize) -> Result<()> {
    let deadline = Instant::now() + UPDATE;
    let mut last = None;
    loop {
        let read = statistic(process, "listener_manager.lds.update_attempt")?;
        let mut counts = [0; 4];
        for (count, name) in counts.iter_mut().zip([
            "total_listeners_warming",
            "listener_create_success",
            "listener_in_place_updated",
            "total_filter_chains_draining",
        ]) {
            *count = statistic(process, &format!("listener_manager.{name}"))?;
        }
        if read > phase as u64 && counts[0] == 0 && last == Some(counts) {
            return Ok(());
        }
        last = Some(counts);
        if Instant::now() > deadline {
            bail!("Envoy has not read its listeners after {UPDATE:?}: {read} reads, {counts:?}");
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// Which listeners Envoy rejected.
fn load(process: &Process, phase: usize, workloads: &[Workload]) -> Result<Vec<Loaded>> {
    let dump = process.ask("/config_dump?resource=dynamic_listeners&mask=name,error_state")?;
    let dump: Value = serde_json::from_str(&dump)?;
    let mut errors = BTreeMap::new();
    for listener in dump["configs"].as_array().context("no listeners")? {
        // A listener that was never accepted has no other name.
        let failed = &listener["error_state"]["failed_configuration"]["name"];
        let name = listener["name"].as_str().or(failed.as_str());
        let name = name.with_context(|| format!("no name: {listener}"))?;
        if let Some(details) = listener["error_state"]["details"].as_str() {
            errors.insert(name, details);
        }
    }
    let mut loaded = Vec::new();
    for workload in workloads {
        let revision = &workload.revisions[phase];
        for (name, listener) in &revision.merged.listeners {
            let predicted = revision.merged.listener_rejection(listener, &revision.gateways());
            let name = config::listener_name(workload.number, name);
            let seen = errors.get(name.as_str()).map(|&error| error.to_owned());
            loaded.push(Loaded { name, phase, predicted, seen });
        }
    }
    Ok(loaded)
}

/// Sends all requests, and returns them with what was seen.
async fn send(clients: &Arc<Clients>, trials: Vec<Trial>) -> Result<Vec<(Trial, Seen)>> {
    let next = Arc::new(AtomicUsize::new(0));
    let seen: Arc<Mutex<Vec<Option<Seen>>>> = Arc::new(Mutex::new(vec![None; trials.len()]));
    let trials = Arc::new(trials);
    let mut tasks = Vec::new();
    for _ in 0..CONCURRENCY {
        let (clients, next) = (Arc::clone(clients), Arc::clone(&next));
        let (trials, seen) = (Arc::clone(&trials), Arc::clone(&seen));
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(trial) = trials.get(number) else { return anyhow::Ok(()) };
                let one = clients.send(&trial.attempt).await;
                let one = one.with_context(|| format!("{trial:?}"))?;
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(place) = seen.get_mut(number) {
                    *place = Some(one);
                }
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    let trials = Arc::try_unwrap(trials).ok().context("a request is still under way")?;
    let pairs = trials.into_iter().zip(seen);
    pairs.map(|(trial, seen)| Ok((trial, seen.context("a request was not sent")?))).collect()
}
