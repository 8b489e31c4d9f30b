//! `istio-gateway envoy`: what istiod makes of each server, as JSON that Envoy loads.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use istio_gateway::{
    Diagnostic, IstioVersion, Manifest,
    envoy::{
        DownstreamTlsContext, HttpConnectionManager, Options, Translation, downstream_tls_context,
    },
};
use serde::Serialize;

use crate::{
    Failure,
    gateways::{Finding, Judgement, below_server, known_translation, read, server_path},
    input::Reading,
    output::{Layout, print_json},
};

/// Prints what istiod makes of each server: Envoy's TLS context, and what becomes of
/// x-forwarded-client-cert.
///
/// Every Gateway is translated, those in a List too; documents that are skipped are reported. A
/// server that a cluster refuses is translated all the same, and its findings say so. They also say what istiod drops or
/// replaces without saying so, and what Envoy then refuses.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway envoy gateway.yaml
  istio-gateway envoy --format ndjson gateway.yaml | jq -c 'select(.tls_context) | .tls_context'
  kubectl get gateways.networking.istio.io -A -o yaml | istio-gateway envoy -

Output: for each server an object with
  file, document   where the server is; documents are counted from 1
  server           its index in spec.servers, from 0
  flow             http-plain, https-terminate, tls-terminate, passthrough or opaque-tcp
  tls_context      the DownstreamTlsContext that Envoy gets; null where TLS does not end here
  xfcc             what an HTTP connection manager does with x-forwarded-client-cert
  findings         rule, severity, path, line, column, message, help

Exit status:
  0  all was translated
  1  a document is broken and was skipped: the others are translated
  2  the command is wrong, or something cannot be read or written")]
pub(crate) struct Envoy {
    /// The version of istiod: 1.31 or 1.32
    #[arg(long, value_name = "VERSION", default_value_t, value_parser = known_translation)]
    istio: IstioVersion,

    /// How the objects are written: json is one list, ndjson has one a line
    #[arg(long, value_enum, default_value = "json")]
    format: Format,

    /// Files and directories; - is standard input
    #[arg(default_value = "-", value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Ndjson,
}

#[derive(Serialize)]
struct Line {
    file: String,
    document: usize,
    server: usize,
    flow: &'static str,
    tls_context: Option<DownstreamTlsContext>,
    xfcc: HttpConnectionManager,
    findings: Vec<Finding>,
}

impl Envoy {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut reading = Reading::default();
        let options = Options { istio: self.istio, ..Options::default() };
        let mut lines = Vec::new();
        for found in read(&self.files, &mut reading)? {
            lines.extend(translated(&found.manifest, &found.file, found.document, &options));
        }
        if lines.is_empty() && !reading.is_complete() {
            return Ok(ExitCode::from(reading.finish()));
        }
        match self.format {
            Format::Json => print_json([&lines], Layout::Pretty)?,
            Format::Ndjson => print_json(&lines, Layout::Lines)?,
        }
        Ok(ExitCode::from(reading.finish()))
    }
}

/// So many of a cluster's reasons against the rest of the Gateway are told with each server.
const MOST_REFUSALS: usize = 20;

fn translated(manifest: &Manifest, file: &str, document: usize, options: &Options) -> Vec<Line> {
    let Judgement { refusals, ignored } = Judgement::of(manifest, options.istio);
    let servers = &manifest.spec().servers;
    let all: Vec<_> =
        servers.iter().map(|server| downstream_tls_context(server, options)).collect();
    let found = |(server, translation): (usize, &Translation)| -> Vec<Diagnostic> {
        let here = server_path(server);
        let is_own = |found: &&Diagnostic| found.path.starts_with(&here);
        let own = refusals.iter().filter(is_own);
        let others = refusals.iter().filter(|found| !is_own(found)).take(MOST_REFUSALS);
        let of_decoder = ignored.iter().filter(is_own);
        let of_server = translation.diagnostics.iter().map(|found| below_server(found, server));
        own.chain(others).chain(of_decoder).cloned().chain(of_server).collect()
    };
    let found: Vec<_> = all.iter().enumerate().map(found).collect();
    let lists: Vec<_> = found.iter().map(Vec::as_slice).collect();
    let found = Finding::of_lists(&lists, manifest);
    let line = |(server, (translation, findings)): (usize, (Translation, _))| Line {
        file: file.to_owned(),
        document,
        server,
        flow: translation.flow.as_str(),
        tls_context: translation.used_tls_context().cloned(),
        findings,
        xfcc: translation.xfcc,
    };
    all.into_iter().zip(found).enumerate().map(line).collect()
}
