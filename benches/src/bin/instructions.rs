//! Instructions per operation, as valgrind counts them: a number that a busy machine does not move.
//!
//! `instructions SUITE [TEXT]` runs itself under callgrind, twice for each operation of the suite
//! whose "size: name" contains the text; the difference of the two counts is the operation's own.
//! `instructions --repeat N SUITE TEXT` only runs the first such operation N times, for any profiler.

use std::{env, process::Command, time::Instant};

use istio_gateway_benches::{
    runner::{Operation, Run},
    suites::SUITES,
};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["--repeat", times, suite, text] => {
            let (_, mut run) = operations(suite, text).next().expect("no such operation");
            let times: u64 = times.parse().expect("not a number");
            (0..times).for_each(|_| run());
        }
        [suite] => count_all(suite, ""),
        [suite, text] => count_all(suite, text),
        _ => {
            eprintln!("instructions SUITE [TEXT]\ninstructions --repeat N SUITE TEXT");
            std::process::exit(2);
        }
    }
}

/// The operations of a suite that run in this process, named "size: name".
fn operations(suite: &str, text: &str) -> impl Iterator<Item = (String, Box<dyn FnMut()>)> {
    let (_, make) = SUITES.iter().find(|(name, _)| *name == suite).expect("no such suite");
    let columns = make().columns.into_iter();
    let all = columns.flat_map(|column| {
        let named = move |o: Operation| match o.run {
            Run::Here(run) => Some((format!("{}: {}", column.name, o.name), run)),
            Run::Go(_) => None,
        };
        column.operations.into_iter().filter_map(named)
    });
    let text = text.to_owned();
    all.filter(move |(name, _)| name.contains(&text))
}

fn count_all(suite: &str, text: &str) {
    println!("| {suite} | thousand instructions |\n|---|---:|");
    for (name, mut run) in operations(suite, text) {
        // About 20 ms, which valgrind makes a second of.
        run();
        let start = Instant::now();
        run();
        let took = start.elapsed().as_micros().max(1);
        let times = u64::try_from(20_000 / took).unwrap_or(1).clamp(1, 2000);
        let counted = collected(1 + times, suite, &name) - collected(1, suite, &name);
        println!("| {name} | {:.1} |", counted as f64 / times as f64 / 1000.0);
    }
}

/// What callgrind counts of so many runs of an operation.
fn collected(times: u64, suite: &str, name: &str) -> u64 {
    let program = env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--repeat", &times.to_string(), suite, name])
        .output()
        .expect("valgrind cannot be run");
    let said = String::from_utf8_lossy(&output.stderr);
    let count =
        said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.unwrap_or_else(|| panic!("valgrind says {said}"))
}
