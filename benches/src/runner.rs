//! The harness: samples in turn, medians, ratios.
//!
//! Other harnesses finish one benchmark before the next one begins, so that the load of a shared
//! machine changes the ratio; and none of them measures a child process. Here each round takes one
//! sample of every candidate, and a ratio is the median of the rounds' ratios. Time is the
//! process's own processor time, which excludes waiting for a processor.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::go::Go;

/// Something to be measured.
pub struct Operation {
    pub name: &'static str,
    pub run: Run,
}

pub enum Run {
    Here(Box<dyn FnMut()>),
    /// An operation of conformance/bench.
    Go(&'static str),
}

impl Operation {
    pub fn new<T>(name: &'static str, mut run: impl FnMut() -> T + 'static) -> Self {
        let run = move || {
            std::hint::black_box(run());
        };
        Self { name, run: Run::Here(Box::new(run)) }
    }

    pub fn go(name: &'static str, operation: &'static str) -> Self {
        Self { name, run: Run::Go(operation) }
    }
}

/// Operations on the same document.
pub struct Column {
    /// Such as "100 servers".
    pub name: String,
    /// How many these are.
    pub servers: usize,
    /// The document's name and text, for the child.
    pub file: (String, &'static str),
    pub operations: Vec<Operation>,
}

/// The same operations on documents of several sizes.
pub struct Suite {
    pub name: &'static str,
    pub title: &'static str,
    pub columns: Vec<Column>,
    /// What the ratios are to.
    pub baseline: &'static str,
    pub targets: Vec<Target>,
}

/// `slower` takes at least so many times as long as `faster`, from the `from`th column on.
pub struct Target {
    pub from: usize,
    pub text: &'static str,
    pub slower: &'static str,
    pub faster: &'static str,
    pub at_least: f64,
}

pub struct Settings {
    pub rounds: usize,
    /// The least time of a sample.
    pub least: Duration,
}

/// The samples of each operation, in nanoseconds; none if it cannot be run.
pub fn measure(
    column: &mut Column,
    go: &mut Option<Go>,
    settings: &Settings,
) -> Vec<(&'static str, Vec<f64>)> {
    let file = &column.file.0;
    let mut samples: Vec<_> = column.operations.iter().map(|o| (o.name, Vec::new())).collect();
    let mut times = vec![0; column.operations.len()];
    // A sample that takes a second is already an average.
    let rounds =
        if column.file.1.len() > 1 << 20 { settings.rounds.min(11) } else { settings.rounds };
    for round in 0..rounds {
        for turn in 0..column.operations.len() {
            // The order rotates, so that no candidate always follows the same one and its cache
            // contents.
            let i = (turn + round) % column.operations.len();
            let sample = match (&mut column.operations[i].run, go.as_mut()) {
                (Run::Here(run), _) => {
                    if times[i] == 0 {
                        times[i] = calibrate(run, settings.least);
                    }
                    time(run, times[i]).as_nanos() as f64 / times[i] as f64
                }
                (Run::Go(operation), Some(go)) => match go.sample(operation, file) {
                    Ok(sample) => sample,
                    Err(e) => panic!("{operation} of {file}: {e}"),
                },
                (Run::Go(_), None) => continue,
            };
            samples[i].1.push(sample);
        }
    }
    samples
}

fn time(run: &mut dyn FnMut(), times: u32) -> Duration {
    let start = processor_time();
    for _ in 0..times {
        run();
    }
    processor_time().saturating_sub(start)
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The number of runs in a sample. It also warms up.
fn calibrate(run: &mut dyn FnMut(), least: Duration) -> u32 {
    let mut times = 1;
    while time(run, times) < least {
        times *= 2;
    }
    times
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of the rounds' ratios.
pub fn ratio(samples: &[f64], baseline: &[f64]) -> f64 {
    median(samples.iter().zip(baseline).map(|(a, b)| a / b).collect())
}

/// The results of a suite.
pub struct Measured {
    pub name: &'static str,
    pub title: &'static str,
    /// In Markdown.
    pub table: String,
    /// For each operation the medians in nanoseconds by the number of servers, where it is known.
    pub lines: Vec<(&'static str, Vec<(usize, f64)>)>,
}

/// Measures a suite and prints it as a table in Markdown; targets and growth go to standard error.
pub fn report(mut suite: Suite, go: &mut Option<Go>, settings: &Settings) -> Measured {
    println!("## {}\n\nRelative to `{}`; µs in parentheses.\n", suite.title, suite.baseline);
    let columns: Vec<_> = suite.columns.iter_mut().map(|c| measure(c, go, settings)).collect();
    let names = suite.columns.iter().map(|c| format!(" {} |", c.name));
    let aligned = "---:|".repeat(columns.len());
    let mut table = format!("| |{}\n|---|{aligned}\n", names.collect::<String>());
    let samples_of = |column: &[(&str, Vec<f64>)], name: &str| -> Vec<f64> {
        column.iter().find(|(n, _)| *n == name).map(|(_, s)| s.clone()).unwrap_or_default()
    };
    for (name, _) in &columns[0] {
        let cells = columns.iter().map(|column| {
            let (samples, baseline) =
                (samples_of(column, name), samples_of(column, suite.baseline));
            if samples.is_empty() {
                return " - |".to_owned();
            }
            format!(" {:.2} ({}) |", ratio(&samples, &baseline), micros(median(samples)))
        });
        table.push_str(&format!("| {name} |{}\n", cells.collect::<String>()));
    }
    println!("{table}");
    for target in &suite.targets {
        let ratios: Vec<_> = columns
            .iter()
            .skip(target.from)
            .map(|c| ratio(&samples_of(c, target.slower), &samples_of(c, target.faster)))
            .collect();
        let is_met = ratios.iter().all(|r| *r >= target.at_least);
        let shown = ratios.iter().map(|r| format!("{r:.2}")).collect::<Vec<_>>().join(", ");
        let verdict = if ratios.iter().any(|r| r.is_nan()) {
            "not measured"
        } else if is_met {
            "met"
        } else {
            "NOT MET"
        };
        eprintln!(
            "- {}: `{}` / `{}` is {shown}; target {:.2}: {verdict}",
            target.text, target.slower, target.faster, target.at_least
        );
    }
    let line = |name: &'static str| {
        let point = |(column, samples): (&Column, &Vec<_>)| {
            let samples = samples_of(samples, name);
            (!samples.is_empty()).then(|| (column.servers, median(samples)))
        };
        (name, suite.columns.iter().zip(&columns).filter_map(point).collect())
    };
    let names = columns[0].iter().map(|(name, _)| *name);
    let lines: Vec<_> = names.map(line).collect();
    print_growth(&lines);
    Measured { name: suite.name, title: suite.title, table, lines }
}

/// The time per server of the largest document, relative to 100 servers: 1 if time is linear.
fn print_growth(lines: &[(&str, Vec<(usize, f64)>)]) {
    const FEW: usize = 100;
    let growth = |(name, points): &(&str, Vec<(usize, f64)>)| {
        let each = |&(servers, ns): &(usize, f64)| ns / servers as f64;
        let few = points.iter().find(|(servers, _)| *servers == FEW)?;
        let many = points.iter().max_by_key(|(servers, _)| *servers).filter(|m| m.0 > FEW)?;
        Some((many.0, format!("{:.2} `{name}`", each(many) / each(few))))
    };
    let all: Vec<_> = lines.iter().filter_map(growth).collect();
    if let Some((servers, _)) = all.first() {
        let all: Vec<_> = all.iter().map(|(_, text)| text.as_str()).collect();
        eprintln!("- time per server, {servers} relative to {FEW}: {}", all.join(", "));
    }
    eprintln!();
}

fn micros(ns: f64) -> String {
    let us = ns / 1000.0;
    match us {
        0.0..10.0 => format!("{us:.2}"),
        10.0..100.0 => format!("{us:.1}"),
        _ => format!("{us:.0}"),
    }
}
