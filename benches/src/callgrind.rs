//! Instructions per operation, counted by callgrind: independent of the load of the machine.

use std::{env, process::Command, time::Instant};

use crate::{
    runner::{Operation, Run},
    suites::{SIZES, SUITES},
};

/// The operations of a suite that run in this process and whose "size: name" contains the text. If
/// the text begins with a number of servers, only documents of that size are generated.
pub fn operations(suite: &str, text: &str) -> impl Iterator<Item = (String, Box<dyn FnMut()>)> {
    let (_, make) = SUITES.iter().find(|(name, _)| *name == suite).expect("no such suite");
    let digits: String =
        text.chars().filter(|c| *c != ',').take_while(char::is_ascii_digit).collect();
    let size = digits.parse().map_or(SIZES.to_vec(), |size| vec![size]);
    let columns = make(&size).columns.into_iter();
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

/// Instructions of one run of an operation. Runs this program again, with the arguments `--repeat
/// TIMES SUITE NAME`.
pub fn instructions(suite: &str, name: &str, run: &mut dyn FnMut()) -> f64 {
    // About 20 ms, or a second in valgrind.
    run();
    let start = Instant::now();
    run();
    let took = start.elapsed().as_micros().max(1);
    let times = u64::try_from(20_000 / took).unwrap_or(1).clamp(1, 2000);
    let counted = collected(1 + times, suite, name) - collected(1, suite, name);
    counted as f64 / times as f64
}

/// Implements `--repeat`: runs the first operation of a suite whose name contains a text.
pub fn repeat(times: &str, suite: &str, text: &str) {
    let (_, mut run) = operations(suite, text).next().expect("no such operation");
    let times: u64 = times.parse().expect("not a number");
    (0..times).for_each(|_| run());
}

/// Callgrind's count for a number of runs of an operation.
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
