//! Runs all suites, or those whose names begin with an argument.

use std::{
    env,
    error::Error,
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use istio_gateway_benches::{
    allocations::{self, Counting},
    callgrind::{instructions, operations, repeat},
    go::Go,
    plot,
    runner::{Run, Settings, Suite, report},
    suites::{SIZES, SUITES},
};

const USAGE: &str = "\
istio-gateway-benches [--rounds N] [--least MILLISECONDS] [--no-go] [--docs DIR] [SUITE ...]
istio-gateway-benches --repeat N SUITE TEXT

Suites: counts json-decode json-encode kubernetes-yaml yaml yaml-stream wire-decode wire-encode
write-back write-back-all validate envoy explain; a prefix selects all that begin with it. The
tables go to standard output, targets and growth to standard error. `counts` needs valgrind.
--docs replaces the tables of DIR/performance.md and the plots in DIR/plots.
--repeat runs the first operation whose \"size: name\" contains TEXT, for any profiler.";

/// The suite of instructions and allocations.
const COUNTS: &str = "counts";

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let mut settings = Settings { rounds: 41, least: Duration::from_millis(5) };
    let (mut with_go, mut wanted, mut docs) = (true, Vec::new(), None::<PathBuf>);
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok()).unwrap_or_else(|| usage(2));
        match arg.as_str() {
            "--rounds" => settings.rounds = number(),
            "--least" => settings.least = Duration::from_millis(number() as u64),
            "--no-go" => with_go = false,
            "--docs" => docs = Some(PathBuf::from(args.next().unwrap_or_else(|| usage(2)))),
            "--repeat" => {
                let args: Vec<_> = args.collect();
                let [times, suite, text] = args.as_slice() else { usage(2) };
                return repeat(times, suite, text);
            }
            "--help" | "-h" => usage(0),
            _ if arg.starts_with('-') => usage(2),
            _ => wanted.push(arg),
        }
    }
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.starts_with(w.as_str()));
    keep_memory();
    let names = || SUITES.iter().map(|(name, _)| *name).chain([COUNTS]);
    if !wanted.iter().all(|w| names().any(|name| name.starts_with(w.as_str()))) {
        usage(2);
    }
    let mut tables = Vec::new();
    for (_, make) in SUITES.iter().filter(|(name, _)| is_wanted(name)) {
        let suite = make(&SIZES);
        let mut go = if with_go { start_go(&suite) } else { None };
        let measured = report(suite, &mut go, &settings);
        if let Some(dir) = docs.as_ref().map(|dir| dir.join("plots")) {
            plot::write(&measured, &dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        }
        tables.push((measured.name, measured.table));
    }
    if is_wanted(COUNTS) {
        tables.push((COUNTS, counts()));
    }
    if let Some(path) = docs.map(|dir| dir.join("performance.md")) {
        replace_tables(&path, &tables).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}

/// Replaces the table after each `<!-- table: SUITE -->`.
fn replace_tables(path: &Path, tables: &[(&str, String)]) -> Result<(), Box<dyn Error>> {
    let mut text = fs::read_to_string(path)?;
    for (name, table) in tables {
        let marker = format!("<!-- table: {name} -->\n\n");
        let start = text.find(&marker).ok_or(format!("it has no {}", marker.trim()))?;
        let start = start + marker.len();
        let end = text[start..].find("\n\n").map_or(text.len(), |end| start + end + 1);
        text.replace_range(start..end, table);
    }
    Ok(fs::write(path, text)?)
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

/// Instructions and allocations of one run of each operation on 100 servers.
fn counts() -> String {
    println!("## Instructions and allocations, 100 servers\n");
    let mut table =
        "| | | thousand instructions | allocations | bytes |\n|---|---|---:|---:|---:|\n"
            .to_owned();
    for (suite, _) in SUITES {
        for (name, mut run) in operations(suite, "100 servers") {
            let (number, bytes) = allocations::of(&mut run);
            let instructions = instructions(suite, &name, &mut run) / 1000.0;
            let name = name.split_once(": ").map_or(name.as_str(), |(_, name)| name);
            let row = format!("| {suite} | {name} | {instructions:.1} | {number} | {bytes} |\n");
            table.push_str(&row);
        }
    }
    println!("{table}");
    table
}
