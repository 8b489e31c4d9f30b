//! See `--help`.

use std::{env, process::ExitCode};

use handshake_conformance::{
    alpn,
    matrix::{self, Extent},
    random,
};

const HELP: &str = "\
Connects clients with certificates of every kind to a real Envoy, which istio-gateway configures,
and compares what Envoy and a backend see with what istio-gateway predicts.

Usage: conformance/handshake/run [--full | --random [COUNT [SEED]] | --help]

Options:
  --full  every way to ask for a certificate in each mode of x-forwarded-client-cert; otherwise
          every mode with one way
  --random  only COUNT clients (1000) with random certificates from SEED, each on four of the listeners
          of another kind, compared with what istio_gateway::x509 finds
  --help  this text

Then clients that offer h2, http/1.1, both and others by ALPN connect to servers with and without
alpnProtocols, and what was negotiated is compared with what istio-gateway foretells.

Output: a line `wrong: CLIENT on LISTENER in VERSION: ...` for each cell that was predicted wrong,
then the counts. Environment: ISTIO_GATEWAY_ENVOY is the path of Envoy; `run` sets it.

Exit status: 0 all is as predicted, 1 something is not, 2 it could not be run.
";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let extent = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Extent::Reduced,
        ["--full"] => Extent::Full,
        ["--random", ref rest @ ..] => return random_clients(rest),
        ["--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("error: unknown arguments: {}\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    match matrix::run(extent).and_then(|report| Ok((report, alpn::run()?))) {
        Ok((report, alpn)) => {
            println!("{report}\n{alpn}");
            ExitCode::from(u8::from(!(report.is_fine() && alpn.is_fine())))
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn random_clients(arguments: &[&str]) -> ExitCode {
    let numbers: Option<Vec<u64>> = arguments.iter().map(|number| number.parse().ok()).collect();
    let (count, seed) = match numbers.as_deref() {
        Some([]) => (1000, 1),
        Some([count]) => (*count, 1),
        Some([count, seed]) => (*count, *seed),
        _ => {
            eprint!("error: not COUNT and SEED: {}\n\n{HELP}", arguments.join(" "));
            return ExitCode::from(2);
        }
    };
    match random::run(usize::try_from(count).unwrap_or(usize::MAX), seed) {
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
