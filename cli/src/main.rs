//! The command line of the crate `istio-gateway`.

mod arguments;
mod check;
mod config;
mod convert;
mod crd;
mod envoy;
mod explain;
mod files;
mod from_gateway_api;
mod gateways;
mod input;
mod output;
mod progress;
mod rules;
mod schema;
mod shell;
mod text;
mod to_gateway_api;
mod unknown;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anstream::ColorChoice;
use clap::{Parser, Subcommand, ValueEnum};

use self::text::harmless;

/// Checks, explains and converts Istio's Gateway resources.
#[derive(Parser)]
#[command(name = "istio-gateway", version, about, arg_required_else_help = true)]
#[command(after_long_help = "\
Start with:
  istio-gateway check gateway.yaml    does a cluster accept it, and is it safe?
  istio-gateway explain gateway.yaml  which clients are accepted, and what can the backend trust?
  istio-gateway help check            options, examples and exit statuses of a command

Exit status of every command:
  0  success
  1  the input is invalid, or the command found what it looks for
  2  usage error, or a file cannot be read or written")]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to use colors: auto, always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    #[arg(hide_short_help = true, hide_possible_values = true, hide_default_value = true)]
    color: Color,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

#[derive(Subcommand)]
enum Command {
    Check(check::Check),
    Rules(rules::Rules),
    Convert(convert::Convert),
    Crd(crd::Crd),
    Schema(schema::Schema),
    Envoy(envoy::Envoy),
    FromGatewayApi(from_gateway_api::FromGatewayApi),
    ToGatewayApi(to_gateway_api::ToGatewayApi),
    Explain(explain::Explain),
    Completions(shell::Completions),
    Man(shell::Man),
}

fn main() -> ExitCode {
    let command = match arguments::parsed() {
        Ok(Cli { command, color }) => {
            ColorChoice::from(color).write_global();
            command
        }
        Err(status) => return status,
    };
    let outcome = match command {
        Command::Check(check) => check.run(),
        Command::Rules(rules) => rules.run().map(|()| ExitCode::SUCCESS),
        Command::Convert(convert) => convert.run(),
        Command::Crd(crd) => crd.run().map(|()| ExitCode::SUCCESS),
        Command::Schema(schema) => schema.run().map(|()| ExitCode::SUCCESS),
        Command::Envoy(envoy) => envoy.run(),
        Command::FromGatewayApi(convert) => convert.run(),
        Command::ToGatewayApi(convert) => convert.run(),
        Command::Explain(explain) => explain.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    outcome.unwrap_or_else(Failure::report)
}

/// The error of a command.
enum Failure {
    /// The command is invalid, or a file cannot be read or written.
    Usage(String),
}

impl Failure {
    fn report(self) -> ExitCode {
        let Self::Usage(message) = self;
        tell(&format!("istio-gateway: {message}"));
        ExitCode::from(2)
    }
}

/// Writes a line to standard error: one line, whatever untrusted text is in it. If standard error is
/// closed, the exit status still reports the error.
fn tell(line: &str) {
    progress::clear();
    let _ = writeln!(io::stderr(), "{}", harmless(line));
}
