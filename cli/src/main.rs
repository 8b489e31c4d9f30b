//! The command line of the crate `istio-gateway`.

mod convert;
mod envoy;
mod input;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tools for Istio's Gateway resources.
#[derive(Parser)]
#[command(name = "istio-gateway", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Convert(convert::Convert),
    Envoy(envoy::Envoy),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Convert(convert) => convert.run(),
        Command::Envoy(envoy) => envoy.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Why a command ends without success.
enum Failure {
    /// The input is not what it should be: one line for each thing that is wrong.
    Input(Vec<String>),
    /// The command cannot be carried out as it was given, or a file cannot be read or written.
    Usage(String),
}

impl Failure {
    fn report(self) -> ExitCode {
        match self {
            Self::Input(lines) => {
                for line in lines {
                    eprintln!("{line}");
                }
                ExitCode::from(1)
            }
            Self::Usage(message) => {
                eprintln!("istio-gateway: {message}");
                ExitCode::from(2)
            }
        }
    }
}
