//! What was predicted wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use fastrand::Rng;
use istio_gateway::merged_gateway::{Bypass, ListenerRejection};

use crate::{
    backend,
    claims::{guards, has_path},
    client::Seen,
    plan::{Expected, Trial},
    run::{Loaded, Observed},
};

/// How many predictions of each kind are made wrong on purpose.
const WRONG_OF_A_KIND: usize = 3;
/// How many wrong predictions are shown.
const SHOWN: usize = 40;

/// Counts, and a line for each wrong prediction.
#[derive(Default)]
pub struct Report {
    pub envoy: String,
    pub seed: u64,
    pub elapsed: Duration,
    pub rejected_by_the_cluster: usize,
    gateways: usize,
    requests: usize,
    outcomes: BTreeMap<&'static str, usize>,
    bypasses: usize,
    witnesses: usize,
    paths: usize,
    claims: usize,
    /// Requests that would disprove a claim.
    held: usize,
    listeners: usize,
    rejected_at_start: usize,
    rejected_at_update: usize,
    commands: usize,
    wrong: Vec<String>,
    /// Predictions that were made wrong, and how many of them were found.
    on_purpose: (usize, usize),
}

/// Makes some predictions of each kind wrong, and returns how many.
pub fn make_wrong(phases: &mut [Vec<Trial>], rng: &mut Rng) -> usize {
    let mut count = 0;
    for trials in phases {
        let mut by_kind: BTreeMap<(&str, bool, bool, bool), Vec<usize>> = BTreeMap::new();
        for (index, trial) in trials.iter().enumerate() {
            let key = (
                kind(&trial.expected),
                trial.bypassed.is_some(),
                trial.is_path,
                trial.claim.is_some(),
            );
            by_kind.entry(key).or_default().push(index);
        }
        for mut indexes in by_kind.into_values() {
            rng.shuffle(&mut indexes);
            for index in indexes.into_iter().take(WRONG_OF_A_KIND) {
                let (own, workload) = (trials[index].expected.clone(), trials[index].workload);
                let others = trials.iter().filter(|trial| trial.workload == workload);
                let mut others: Vec<_> =
                    others.filter(|trial| is_other(&own, &trial.expected)).collect();
                rng.shuffle(&mut others);
                let other = others.first().map(|trial| trial.expected.clone());
                let closed = Expected::Exactly(Seen::Closed);
                let refused = Expected::Exactly(Seen::Refused);
                let otherwise = if is_other(&own, &closed) { closed } else { refused };
                trials[index].expected = other.unwrap_or(otherwise);
                trials[index].is_wrong_on_purpose = true;
                count += 1;
            }
        }
    }
    count
}

fn kind(expected: &Expected) -> &'static str {
    match expected {
        Expected::Exactly(seen) => seen.kind(),
        Expected::WrongProtocol => "TLS where none is expected, or none where it is",
    }
}

/// Whether nothing that is seen can be as both predictions say.
fn is_other(one: &Expected, other: &Expected) -> bool {
    match (one, other) {
        (Expected::Exactly(one), Expected::Exactly(other)) => one != other,
        (Expected::WrongProtocol, Expected::Exactly(seen))
        | (Expected::Exactly(seen), Expected::WrongProtocol) => {
            !Expected::WrongProtocol.matches(seen)
        }
        (Expected::WrongProtocol, Expected::WrongProtocol) => false,
    }
}

impl Report {
    pub fn new(observed: &Observed, on_purpose: usize, seed: u64) -> Self {
        let mut report = Self { seed, on_purpose: (on_purpose, 0), ..Self::default() };
        report.gateways = observed.workloads.len() * 2;
        report.bypasses = observed.bypasses.iter().flatten().map(Vec::len).sum();
        report.trials(observed);
        report.claims(observed);
        report.paths(observed);
        report.listeners(&observed.loaded);
        report.commands = observed.commands.executed;
        report.wrong.extend(observed.commands.wrong.iter().cloned());
        report.on_purpose.0 += observed.commands.on_purpose.0;
        report.on_purpose.1 += observed.commands.on_purpose.1;
        report
    }

    pub fn is_fine(&self) -> bool {
        let (made, found) = self.on_purpose;
        self.wrong.is_empty() && made == found
    }

    fn trials(&mut self, observed: &Observed) {
        for (trial, seen) in &observed.trials {
            self.requests += 1;
            self.witnesses += usize::from(trial.bypassed.is_some());
            self.paths += usize::from(trial.is_path);
            *self.outcomes.entry(seen.kind()).or_default() += 1;
            match (trial.expected.matches(seen), trial.is_wrong_on_purpose) {
                (true, false) => {}
                (false, true) => self.on_purpose.1 += 1,
                (true, true) => self.wrong.push(format!("wrong on purpose, not found: {trial:?}")),
                (false, false) => {
                    self.wrong.push(format!("{trial:?}\n    seen: {seen:?}"));
                }
            }
        }
    }

    /// Nothing reaches a host by another client check than those of its paths.
    fn paths(&mut self, observed: &Observed) {
        for (trial, seen) in &observed.trials {
            let workload = &observed.workloads[trial.workload];
            if let Some(revision) = trial.revision
                && !has_path(&workload.revisions[revision], trial, seen)
            {
                self.wrong
                    .push(format!("by no path that is reported: {trial:?}\n    seen: {seen:?}"));
            }
        }
    }

    /// No client gets past a server that rejects it, except by a reported bypass.
    fn claims(&mut self, observed: &Observed) {
        let claims = observed
            .trials
            .iter()
            .filter_map(|(trial, _)| Some((trial.workload, trial.revision?, trial.claim?)));
        self.claims = claims.collect::<BTreeSet<_>>().len();
        let mut forgotten: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (trial, seen) in &observed.trials {
            let Some(revision) = trial.revision else { continue };
            let bypasses = &observed.bypasses[trial.workload][revision];
            let is_reached = reached(seen).is_some();
            let wrong = unreported(observed, bypasses, trial, seen);
            for server in wrong {
                self.wrong.push(format!(
                    "server {server} of workload {}, revision {revision} is bypassed, unreported, by \
                     {trial:?}",
                    trial.workload
                ));
            }
            let workload = &observed.workloads[trial.workload];
            let guards = guards(&observed.pki, workload, bypasses, trial, seen);
            if !is_reached && guards.iter().any(|(_, is_reported)| !is_reported) {
                self.held += 1;
            }
            if let (Some(server), true) = (trial.bypassed, !trial.is_wrong_on_purpose) {
                forgotten.entry((trial.workload, revision)).or_insert(server);
            }
        }
        // The claim that these servers are not bypassed is wrong.
        for ((workload, revision), server) in forgotten.into_iter().take(WRONG_OF_A_KIND) {
            let bypasses = observed.bypasses[workload][revision].iter();
            let bypasses: Vec<Bypass> =
                bypasses.filter(|bypass| bypass.bypassed != server).cloned().collect();
            let of_gateway = observed.trials.iter().filter(|(trial, _)| {
                trial.workload == workload && trial.revision == Some(revision)
            });
            let mut wrong =
                of_gateway.flat_map(|(trial, seen)| unreported(observed, &bypasses, trial, seen));
            self.on_purpose.0 += 1;
            self.on_purpose.1 += usize::from(wrong.any(|found| found == server));
        }
    }

    fn listeners(&mut self, loaded: &[Loaded]) {
        let (mut accepted, mut rejected) = (0, 0);
        for listener in loaded {
            self.listeners += 1;
            if listener.seen.is_some() {
                match listener.phase {
                    0 => self.rejected_at_start += 1,
                    _ => self.rejected_at_update += 1,
                }
            }
            let Loaded { name, phase, predicted, seen } = listener;
            if !is_as_predicted(*predicted, seen.as_deref()) {
                self.wrong.push(format!(
                    "listener {name}, revision {phase}: predicted {predicted:?}, Envoy says {seen:?}"
                ));
            }
            // The opposite is wrong.
            let (opposite, count) = match predicted {
                Some(_) => (None, &mut rejected),
                None => (Some(ListenerRejection::EqualServerNames(0, 0)), &mut accepted),
            };
            if *count < WRONG_OF_A_KIND {
                *count += 1;
                self.on_purpose.0 += 1;
                self.on_purpose.1 += usize::from(!is_as_predicted(opposite, seen.as_deref()));
            }
        }
    }
}

/// The servers that a request got past although they reject its client, and no bypass says so.
fn unreported(observed: &Observed, bypasses: &[Bypass], trial: &Trial, seen: &Seen) -> Vec<usize> {
    if reached(seen) != Some(trial.backend) {
        return Vec::new();
    }
    let workload = &observed.workloads[trial.workload];
    let guards = guards(&observed.pki, workload, bypasses, trial, seen);
    guards.into_iter().filter(|(_, is_reported)| !is_reported).map(|(server, _)| server).collect()
}

/// The backend that was reached.
fn reached(seen: &Seen) -> Option<usize> {
    match seen {
        Seen::Reached { service, .. } => service.parse().ok(),
        Seen::Bytes { text, .. } => backend::number(text),
        _ => None,
    }
}

fn is_as_predicted(predicted: Option<ListenerRejection>, seen: Option<&str>) -> bool {
    match (predicted, seen) {
        (None, None) => true,
        (Some(ListenerRejection::EqualServerNames(..)), Some(seen)) => {
            seen.contains("matching rules")
        }
        (Some(ListenerRejection::PartialWildcard { .. }), Some(seen)) => {
            seen.contains("partial wildcards are not supported")
        }
        (Some(ListenerRejection::TlsSettings { rejection, .. }), Some(seen)) => {
            seen.contains(rejection.envoy_message())
        }
        _ => false,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wrong in self.wrong.iter().take(SHOWN) {
            writeln!(f, "wrong: {wrong}")?;
        }
        writeln!(f, "Envoy {}, seed {}, {:.0?}", self.envoy, self.seed, self.elapsed)?;
        for (kind, count) in &self.outcomes {
            writeln!(f, "{count:>8} {kind}")?;
        }
        writeln!(
            f,
            "{:>8} requests of clients that a server rejects, by no reported bypass: none got to its routes",
            self.held
        )?;
        let Self { listeners, rejected_at_start, rejected_at_update, .. } = self;
        writeln!(
            f,
            "{listeners:>8} listeners, rejected: {rejected_at_start} at startup, {rejected_at_update} at an \
             update"
        )?;
        writeln!(
            f,
            "{:>8} Gateways that a cluster rejects, drawn again",
            self.rejected_by_the_cluster
        )?;
        let (made, found) = self.on_purpose;
        write!(
            f,
            "{} gateways, {} requests, {} witnesses of {} bypasses, {} commands, {} paths, {} claims of no bypass, {} rejected \
             listeners, {} predicted wrong, {found}/{made} wrong on purpose found",
            self.gateways,
            self.requests,
            self.witnesses,
            self.bypasses,
            self.commands,
            self.paths,
            self.claims,
            rejected_at_start + rejected_at_update,
            self.wrong.len(),
        )
    }
}
