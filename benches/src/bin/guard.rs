//! Compares the instructions and allocations of the hot paths with `benches/guard.tsv`, and fails
//! if a count grew by 5%.
//!
//! `guard` compares, `guard --record` writes the file. Counts depend on the compiler, which the
//! file names; with another one, 25% is allowed.

use std::{env, fmt::Write as _, fs, path::Path, process::Command};

use istio_gateway_benches::{
    allocations::{self, Counting},
    callgrind::{instructions, operations, repeat},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A suite, and the prefix of an operation's name.
const GUARDED: [(&str, &str); 16] = [
    ("json-decode", "100 servers: json::from_slice"),
    ("json-decode", "100 servers: json::decode_slice, strict"),
    ("json-encode", "100 servers: json::to_string"),
    ("kubernetes-yaml", "100 servers (39 KB): Tree::from_yaml, patch"),
    ("kubernetes-yaml", "100 servers (39 KB): write_yaml"),
    ("yaml", "100 servers (39 KB): Manifest::from_yaml"),
    ("wire-decode", "100 servers: Gateway::decode"),
    ("wire-encode", "100 servers: Gateway::encode_to_vec"),
    ("write-back", "100 servers: Lossless::from_json, to_json"),
    ("write-back", "100 servers: Manifest::from_yaml, to_yaml"),
    ("write-back-all", "100 servers: Lossless::from_json, to_json"),
    ("validate", "100 servers (39 KB): validate::documents"),
    ("validate", "100 servers (39 KB): validate_manifest"),
    ("envoy", "100 servers: translate_server"),
    ("envoy", "100 servers: the same, as JSON"),
    ("explain", "100 servers: the table"),
];

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("guard.tsv");
    match args[..] {
        ["--repeat", times, suite, text] => repeat(times, suite, text),
        ["--record"] => {
            let mut text = format!("{}\toperation\tinstructions\tallocations\n", compiler());
            for (suite, name, now) in counts() {
                writeln!(text, "{suite}\t{name}\t{}\t{}", now[0], now[1]).expect("a text");
            }
            fs::write(&path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        }
        [] => {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            if !compare(&text) {
                eprintln!("if it has to be so: guard --record, and say why");
                std::process::exit(1);
            }
        }
        _ => {
            eprintln!("guard [--record]");
            std::process::exit(2);
        }
    }
}

/// Prints the counts next to the recorded ones; returns whether all are within bounds.
fn compare(recorded: &str) -> bool {
    let is_same = recorded.split('\t').next() == Some(&compiler());
    let bound = if is_same { 1.05 } else { 1.25 };
    if !is_same {
        println!("recorded with another compiler: {bound} times is allowed");
    }
    let (mut passed, mut failed) = (0, 0);
    for (suite, name, now) in counts() {
        let line = recorded.lines().find_map(|line| {
            let rest = line.strip_prefix(suite)?.strip_prefix('\t')?.strip_prefix(&name)?;
            let mut numbers = rest.strip_prefix('\t')?.split('\t');
            Some([numbers.next()?.parse::<u64>().ok()?, numbers.next()?.parse().ok()?])
        });
        let Some(was) = line else {
            println!("{suite}, {name}: not recorded");
            failed += 1;
            continue;
        };
        let ratio = |i: usize| now[i] as f64 / was[i].max(1) as f64;
        let is_fine = (0..2).all(|i| now[i] as f64 <= was[i] as f64 * bound);
        *(if is_fine { &mut passed } else { &mut failed }) += 1;
        println!(
            "{} {suite}, {name}: {} instructions ({:.3}), {} allocations ({:.3})",
            if is_fine { "ok  " } else { "MORE" },
            now[0],
            ratio(0),
            now[1],
            ratio(1),
        );
    }
    println!("{passed} passed, {failed} failed");
    failed == 0
}

/// Instructions and allocations of every operation that is guarded.
fn counts() -> impl Iterator<Item = (&'static str, String, [u64; 2])> {
    GUARDED.into_iter().map(|(suite, begin)| {
        let mut found = operations(suite, begin).filter(|(name, _)| name.starts_with(begin));
        let (name, mut run) = found.next().unwrap_or_else(|| panic!("no {suite}, {begin}"));
        let (allocations, _) = allocations::of(&mut run);
        let instructions = instructions(suite, &name, &mut run).round() as u64;
        (suite, name, [instructions, allocations])
    })
}

fn compiler() -> String {
    let said = Command::new("rustc").arg("--version").output().expect("rustc cannot be run");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}
