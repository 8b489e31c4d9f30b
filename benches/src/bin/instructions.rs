//! Instructions per operation.
//!
//! `instructions SUITE [TEXT]` counts those of the operations of the suite whose "size: name"
//! contains the text. `instructions --repeat N SUITE TEXT` only runs the first such operation N
//! times, for any profiler.

use std::env;

use istio_gateway_benches::callgrind::{instructions, operations, repeat};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (suite, text) = match args[..] {
        ["--repeat", times, suite, text] => return repeat(times, suite, text),
        [suite] => (suite, ""),
        [suite, text] => (suite, text),
        _ => {
            eprintln!("instructions SUITE [TEXT]\ninstructions --repeat N SUITE TEXT");
            std::process::exit(2);
        }
    };
    println!("| {suite} | thousand instructions |\n|---|---:|");
    for (name, mut run) in operations(suite, text) {
        println!("| {name} | {:.1} |", instructions(suite, &name, &mut run) / 1000.0);
    }
}
