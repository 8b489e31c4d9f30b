//! See `--help`.

mod backend;
mod claims;
mod client;
mod commands;
mod config;
mod plan;
mod random;
mod report;
mod run;

use std::{env, process::ExitCode};

use run::Options;

const HELP: &str = "\
Serves random gateways on a real Envoy, sends requests of every kind to them, and compares the answers
with what istio-gateway predicts. See README.md.

Usage: conformance/reach/run [--seed N] [--gateways N] [--requests N] [--show N]

Options:
  --seed N      of the random numbers [default: 20261129]
  --gateways N  how many merged gateways, two revisions of a workload each [default: 520]
  --requests N  how many requests at least [default: 20800]
  --show N      print the resources of this workload, and what is made of them
  --help        this text

Output: a line `wrong: ...` for each wrong prediction, then the counts. Environment: ISTIO_GATEWAY_ENVOY is
the path of Envoy; `run` sets it.

Exit status: 0 if all is as predicted, 1 if something is not, 2 if it could not be run.
";

fn main() -> ExitCode {
    let mut options = Options { seed: 20_261_129, gateways: 520, requests: 20_800, shown: None };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--help" || argument == "-h" {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        let value = arguments.next().and_then(|value| value.parse::<usize>().ok());
        match (argument.as_str(), value) {
            ("--seed", Some(value)) => options.seed = value as u64,
            ("--gateways", Some(value)) if value > 0 => options.gateways = value,
            ("--requests", Some(value)) => options.requests = value,
            ("--show", Some(value)) => options.shown = Some(value),
            _ => {
                eprint!("error: unknown argument: {argument}\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    match run::run(&options) {
        Ok(report) => {
            println!("{report}");
            ExitCode::from(u8::from(!report.is_fine()))
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
