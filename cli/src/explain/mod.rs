//! `istio-gateway explain`: what happens to a client's certificate at each server, and which clients
//! gain or lose access by a change.

mod all;
mod answer;
mod behavior;
mod client;
mod diff;
mod html;
mod sentences;
mod server;
mod terminal;
mod whole;

use std::{path::PathBuf, process::ExitCode};

use anstream::adapter::strip_str;
use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use istio_gateway::{IstioVersion, Timestamp, client_certificate::Forwarding, envoy::Options};
use serde::Serialize;

use self::{
    all::All,
    client::{Asked, ClientOf},
    diff::Diff,
    server::{Explained, Pruned},
    whole::Whole,
};
use crate::{
    Failure,
    files::check_stdin_once,
    gateways::{known_translation, read_set},
    input::Reading,
    output::{Layout, print_colored, print_json, write_file, write_json},
    text::{DEFAULT_WIDTH, text_width},
};

/// Reports which clients are accepted, and what the backend can trust.
///
/// Gateways that select the same pods are merged, with the VirtualServices of the input: the output starts
/// with their listeners and what istiod leaves out, then who reaches each host by any path. Without a
/// VirtualService that is bound to a Gateway, one with all of its hosts is assumed.
///
/// For each server of each Gateway, those in a List too: what it does in plain words, what happens
/// to a client by its certificate, what the backend then sees in x-forwarded-client-cert, also if the
/// client spoofs it, the risks of insecureSkipVerify, and what istiod drops silently.
///
/// With --diff it reports which clients gain or lose access by a change of the manifests, and what
/// the backend sees differently: also hosts that a server of another file, or a VirtualService, opens
/// to clients that were rejected there. Servers are paired by Gateway, port, names and hosts; a host that
/// another server of its port serves now, such as a wildcard's, is compared with that one.
///
/// Each Gateway is judged as the API server stores it, without the fields that it drops: misspelt
/// ones, names in `snake_case`, fields of newer releases. They are reported, with what they would do.
///
/// Gateways are merged if they have the same selector, or one that is part of another one's. Secrets and
/// files are assumed to exist and to be valid.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway explain gateway.yaml
  istio-gateway explain --format html -o gateway.html gateway.yaml
  kubectl get gateways.networking.istio.io -A -o yaml | istio-gateway explain -
  istio-gateway explain --forwarding APPEND_FORWARD gateway.yaml
  istio-gateway explain --client client.pem gateway.yaml secrets.yaml
  istio-gateway explain --diff deployed.yaml changed.yaml
  istio-gateway explain --diff --format markdown --fail-on weaker old/ new/
  git show main:gateway.yaml | istio-gateway explain --diff --fail-on weaker - gateway.yaml

The outcome of a client is one of
  in, verified     its certificate passed every check
  in, UNVERIFIED   its certificate did not, and the backend cannot see that
  in, anonymous    it has no certificate, or none was requested
  rejected
  passthrough      the gateway does not terminate TLS: the backend decides

and its header at the backend
  certificate      set by the gateway: the certificate that was presented
  spoofed          what the client wrote
  spoofed + cert.  what the client wrote, then the certificate
  none             no such header

Each difference is
  weaker           more is accepted, trusted or sent in the clear than before
  stronger         less is
  different        neither is certain
Another CA is both. docs/explain.md has the rules, and docs/explain.schema.json the JSON.

Colors are shown on a terminal only; NO_COLOR and CLICOLOR are honored.

Exit status:
  0  everything is explained
  1  a document is invalid and was skipped (a comparison is then incomplete), or --fail-on found a
     difference
  2  usage error, or a file cannot be read or written")]
pub(crate) struct Explain {
    /// The version of istiod: 1.31 or 1.32
    #[arg(long, value_name = "VERSION", default_value_t, value_parser = known_translation)]
    istio: IstioVersion,

    /// What the mesh lets Envoy do with x-forwarded-client-cert: its
    /// gatewayTopology.forwardClientCertDetails
    #[arg(long, value_name = "MODE", default_value_t, value_parser = mode())]
    forwarding: Forwarding,

    /// How to write it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// Where to write it, instead of standard output: all of it or nothing, and only when all files are
    /// read, so that one of them may be replaced. Follows symlinks; the file is replaced atomically
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Answers for this client's certificate, followed by its intermediates
    ///
    /// What happens to it at each host of the whole gateway, and why. The CAs and CRLs are those of Secrets
    /// and ConfigMaps among the files; if one is elsewhere, the answer is unknown and names it. A private key
    /// in the file is ignored.
    #[arg(long, value_name = "PEM", conflicts_with = "diff")]
    client: Option<PathBuf>,

    /// More certificates that the client sends; may be repeated
    #[arg(long, value_name = "PEM", requires = "client", hide_short_help = true)]
    chain: Vec<PathBuf>,

    /// The time of the client's connection, in RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", requires = "client", hide_short_help = true)]
    at: Option<Timestamp>,

    /// Shows all servers; by default a page has at most 4 MB, and counts the rest
    #[arg(long)]
    all_servers: bool,

    /// Compares two files or directories: the old one, then the new one
    #[arg(long)]
    diff: bool,

    /// Makes the exit status 1 when a difference is of this kind
    #[arg(long, value_enum, value_name = "EFFECT", requires = "diff")]
    fail_on: Option<FailOn>,

    /// Files and directories; - is standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, as wide as the terminal (60 to 100 columns, else 80)
    Text,
    /// One page that needs nothing else
    Html,
    /// For programs (docs/explain.schema.json)
    Json,
    /// Of --diff, for a comment on a pull request
    Markdown,
}

fn mode() -> impl TypedValueParser<Value = Forwarding> {
    PossibleValuesParser::new(Forwarding::ALL.map(Forwarding::as_str))
        .try_map(|text| text.parse::<Forwarding>())
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// More is accepted, trusted or sent in the clear than before
    Weaker,
}

/// All servers of all files.
#[derive(Serialize)]
struct Report {
    istio: String,
    forwarding: &'static str,
    /// The client of `--client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<ClientOf>,
    #[serde(flatten)]
    whole: Whole,
    /// Fields outside of servers that the API server drops.
    pruned: Vec<Pruned>,
    servers: Vec<Explained>,
    /// How many hosts of a gateway are shown for the client.
    #[serde(skip)]
    most: usize,
}

/// So many Gateways may take more than two seconds.
const MANY: usize = 200;

impl Explain {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        check_stdin_once(&self.files)?;
        if self.format == Format::Markdown && !self.diff {
            let message = "--format markdown is for --diff: use text, html or json";
            return Err(Failure::Usage(message.to_owned()));
        }
        if self.diff { self.compare() } else { self.explain() }
    }

    fn options(&self) -> Options {
        Options { istio: self.istio, ..Options::default() }
    }

    fn explain(self) -> Result<ExitCode, Failure> {
        let options = self.options();
        let mut reading = Reading::of_silent_command();
        let asked = match &self.client {
            Some(path) => Some(Asked::read(path, &self.chain, self.at)?),
            None => None,
        };
        let mut cas = Vec::new();
        let wanted = asked.is_some().then_some(&mut cas);
        let (found, services) = read_set(&self.files, &mut reading, wanted)?;
        let asked = asked.map(|asked| asked.with_cas(cas));
        if found.len() >= MANY {
            reading.progress.announce(|| format!("explaining {} Gateways", found.len()));
        }
        let All { whole, pruned, servers } =
            All::new(&found, &services, &options, self.forwarding, asked.as_ref());
        // A file is written as a whole or not at all.
        if !reading.is_complete() && (servers.is_empty() || self.output.is_some()) {
            return Ok(ExitCode::from(reading.finish()));
        }
        let (istio, forwarding) = (self.istio.to_string(), self.forwarding.as_str());
        let client = asked.as_ref().map(Asked::client);
        let most = if self.all_servers { usize::MAX } else { 50 };
        let report = Report { istio, forwarding, client, whole, pruned, servers, most };
        match self.format {
            Format::Text | Format::Markdown => {
                self.write(&terminal::report(&report, self.width()))?;
            }
            Format::Html => self.write(&html::report(&report, self.most_of_page()))?,
            Format::Json => self.write_json(&report)?,
        }
        Ok(ExitCode::from(reading.finish()))
    }

    fn compare(self) -> Result<ExitCode, Failure> {
        let [old, new] = &*self.files else {
            let message = "--diff takes two files: istio-gateway explain --diff OLD NEW";
            return Err(Failure::Usage(message.to_owned()));
        };
        let mut reading = Reading::of_silent_command();
        let diff = Diff::of([old, new], &self.options(), self.forwarding, &mut reading)?;
        if !reading.is_complete() && self.output.is_some() {
            return Ok(ExitCode::from(reading.finish()));
        }
        match self.format {
            Format::Text => self.write(&diff::text(&diff, self.width()))?,
            Format::Html => self.write(&html::diff(&diff, self.most_of_page()))?,
            Format::Json => self.write_json(&diff)?,
            Format::Markdown => self.write(&diff::markdown(&diff))?,
        }
        let fails = self.fail_on == Some(FailOn::Weaker) && diff.weaker > 0;
        Ok(ExitCode::from(reading.finish().max(u8::from(fails))))
    }

    /// How wide text is.
    fn width(&self) -> usize {
        // A file has no terminal's width.
        if self.output.is_some() { DEFAULT_WIDTH } else { text_width() }
    }

    /// How long a page may get.
    fn most_of_page(&self) -> usize {
        if self.all_servers { usize::MAX } else { html::MOST }
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        match &self.output {
            Some(path) => write_file(path, |out| write!(out, "{}", strip_str(text))),
            None => print_colored(text),
        }
    }

    fn write_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        match &self.output {
            Some(path) => write_file(path, |out| write_json(out, [value], Layout::Pretty)),
            None => print_json([value], Layout::Pretty),
        }
    }
}
