//! Runs all suites, or those whose names begin with an argument.

use std::{
    env, os::unix::process::CommandExt as _, path::PathBuf, process::Command, time::Duration,
};

use istio_gateway_benches::{
    allocations::{self, Counting},
    go::Go,
    plot,
    runner::{Run, Settings, Suite, report},
    suites::{SIZES, SUITES},
};

const USAGE: &str = "\
istio-gateway-benches [--rounds N] [--least MILLISECONDS] [--no-go] [--plots DIR] [SUITE ...]

Suites: allocations json-decode json-encode yaml yaml-stream wire-decode wire-encode write-back
write-back-all validate envoy explain; a prefix selects all that begin with it. The tables go to
standard output, targets and growth to standard error. --plots writes plots of each suite as SVG.";

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    keep_memory();
    let mut settings = Settings { rounds: 41, least: Duration::from_millis(5) };
    let (mut with_go, mut wanted, mut plots) = (true, Vec::new(), None);
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok()).unwrap_or_else(|| usage(2));
        match arg.as_str() {
            "--rounds" => settings.rounds = number(),
            "--least" => settings.least = Duration::from_millis(number() as u64),
            "--no-go" => with_go = false,
            "--plots" => plots = Some(PathBuf::from(args.next().unwrap_or_else(|| usage(2)))),
            "--help" | "-h" => usage(0),
            _ if arg.starts_with('-') => usage(2),
            _ => wanted.push(arg),
        }
    }
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.starts_with(w.as_str()));
    if !wanted.iter().all(|w| {
        SUITES.iter().any(|(name, _)| name.starts_with(w.as_str()))
            || "allocations".starts_with(w.as_str())
    }) {
        usage(2);
    }
    if is_wanted("allocations") {
        count_allocations();
    }
    for (_, make) in SUITES.iter().filter(|(name, _)| is_wanted(name)) {
        let suite = make(&SIZES);
        let mut go = if with_go { start_go(&suite) } else { None };
        let measured = report(suite, &mut go, &settings);
        if let Some(dir) = &plots {
            plot::write(&measured, dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        }
    }
}

/// Restarts the program with settings that make the system's allocator keep freed memory, as in a
/// long-running process. Otherwise it depends on earlier operations whether a large document is
/// written to fresh pages, which changes the time by a factor of two.
fn keep_memory() {
    const SETTINGS: [(&str, &str); 3] = [
        ("MALLOC_MMAP_THRESHOLD_", "33554432"),
        ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
        ("MALLOC_TOP_PAD_", "268435456"),
    ];
    if SETTINGS.iter().all(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let program = env::current_exe().unwrap_or_else(|e| panic!("the program's own path: {e}"));
    let error = Command::new(program).args(env::args_os().skip(1)).envs(SETTINGS).exec();
    panic!("starting it once more: {error}");
}

fn usage(code: i32) -> ! {
    eprintln!("{USAGE}");
    std::process::exit(code)
}

fn start_go(suite: &Suite) -> Option<Go> {
    let is_go = |column: &istio_gateway_benches::runner::Column| {
        column.operations.iter().any(|o| matches!(o.run, Run::Go(_)))
    };
    let files: Vec<_> = suite.columns.iter().filter(|c| is_go(c)).map(|c| c.file.clone()).collect();
    if files.is_empty() {
        return None;
    }
    Go::start(&files).inspect_err(|e| eprintln!("Go is skipped: {e}")).ok()
}

/// How often each JSON decoder and encoder allocates.
fn count_allocations() {
    println!("## Allocations, 100 servers\n");
    println!("| | number | bytes |\n|---|---:|---:|");
    let hot = ["json-decode", "json-encode", "yaml", "validate", "envoy", "explain"];
    for (_, make) in SUITES.iter().filter(|(name, _)| hot.contains(name)) {
        let suite = make(&[100]);
        let column = suite.columns.into_iter().find(|c| c.name.starts_with("100 servers"));
        for operation in column.into_iter().flat_map(|c| c.operations) {
            if let Run::Here(mut run) = operation.run {
                let (number, bytes) = allocations::of(&mut run);
                println!("| {} | {number} | {bytes} |", operation.name);
            }
        }
    }
    println!();
}
