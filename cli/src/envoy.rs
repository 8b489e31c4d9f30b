//! `istio-gateway envoy`: what istiod makes of each server, as JSON that Envoy loads.

use std::{collections::HashMap, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use istio_gateway::{
    Diagnostic, IstioVersion, Manifest, Severity,
    envoy::{
        DownstreamTlsContext, HttpConnectionManager, Options, ServerOutcome, TranslatedServer,
    },
    rule,
};
use serde::Serialize;

use crate::{
    Failure,
    gateways::{
        Finding, Judgement, Refusals, below_server, by_server, known_translation, read, server_path,
    },
    input::Reading,
    output::{Layout, print_json},
    text::harmless,
    unknown::ServerUnknown,
};

/// Prints the TLS context that istiod generates for each server, and how Envoy handles
/// x-forwarded-client-cert.
///
/// Every Gateway is translated, those in a List too; documents that are skipped are reported. A
/// server that a cluster rejects is translated anyway, and its findings report it. They also report what istiod
/// silently drops or replaces, and what Envoy then rejects.
///
/// Each Gateway is translated as the API server stores it, without the fields that it drops: misspelt
/// ones, names in `snake_case`, fields of newer releases. The findings name them; those outside of
/// servers are reported on standard error.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway envoy gateway.yaml
  istio-gateway envoy --format ndjson gateway.yaml | jq -c 'select(.tls_context) | .tls_context'
  kubectl get gateways.networking.istio.io -A -o yaml | istio-gateway envoy -

Output: for each server an object with
  file, document   where the server is; documents are counted from 1
  server           its index in spec.servers, from 0
  flow             http-plain, https-terminate, tls-terminate, passthrough, opaque-tcp, or
                   unknown if it depends on a placeholder
  tls_context      the DownstreamTlsContext that Envoy gets; null where TLS is not terminated,
                   where istiod leaves the server out, and where it depends on a placeholder
  xfcc             what an HTTP connection manager does with x-forwarded-client-cert
  findings         rule, severity, path, line, column, message, help

Exit status:
  0  every document was translated
  1  a document is invalid and was skipped; the others are translated
  2  usage error, or a file cannot be read or written")]
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

/// What the API server drops outside of servers, a line each.
fn warn_of_pruned(pruned: &[&Diagnostic], file: &str) {
    const MOST: usize = 20;
    for found in pruned.iter().take(MOST) {
        let position = found.position.map(|position| format!(":{position}")).unwrap_or_default();
        let text = found.without_position().to_string();
        eprintln!("{}{position}: warning: {}", harmless(file), harmless(&text));
    }
    if pruned.len() > MOST {
        eprintln!("{}: warning: and {} more fields", harmless(file), pruned.len() - MOST);
    }
}

fn translated(manifest: &Manifest, file: &str, document: usize, options: &Options) -> Vec<Line> {
    let Judgement { refusals, pruned, ignored, spec, unknown } =
        Judgement::of(manifest, options.istio);
    let (_, all) = unknown.translate(&spec, manifest.namespace(), options);
    let (pruned, other_pruned) = by_server(&pruned);
    warn_of_pruned(&other_pruned, file);
    let refusals = Refusals::new(&refusals);
    let (ignored, _) = by_server(&ignored);
    let found = |(server, translated): (usize, &TranslatedServer)| -> Vec<Diagnostic> {
        let of = |found: &HashMap<usize, Vec<&Diagnostic>>| {
            let own = found.get(&server).into_iter().flatten();
            own.map(|found| (*found).clone()).collect::<Vec<_>>()
        };
        let of_server =
            translated.translation.diagnostics.iter().map(|found| below_server(found, server));
        let of_server = of_server.filter(|found| unknown.is_known(found, server));
        let of_template = unknown.server(server).map(ServerUnknown::findings).unwrap_or_default();
        let conditions =
            spec.servers.get(server).filter(|_| translated.outcome == ServerOutcome::Sent);
        let conditions = conditions.map(|own| unknown.conditions(server, own)).unwrap_or_default();
        let conditions = conditions.into_iter().map(|condition| {
            Diagnostic::new(rule::lint::TEMPLATE, Severity::Warning, server_path(server), condition)
        });
        let outcome = translated.outcome.to_diagnostic(server);
        let findings = refusals.of(server).into_iter().chain(of(&pruned)).chain(of(&ignored));
        findings.chain(outcome).chain(of_server).chain(of_template).chain(conditions).collect()
    };
    let found: Vec<_> = all.iter().enumerate().map(found).collect();
    let lists: Vec<_> = found.iter().map(Vec::as_slice).collect();
    let found = Finding::of_lists(&lists, manifest);
    let line = |(server, (translated, findings)): (usize, (TranslatedServer, _))| {
        let TranslatedServer { translation, outcome, .. } = translated;
        let scope = unknown.scope(server);
        let is_sent = !matches!(outcome, ServerOutcome::Skipped(_));
        Line {
            file: file.to_owned(),
            document,
            server,
            flow: if scope.traffic { "unknown" } else { translation.flow.as_str() },
            tls_context: translation
                .effective_tls_context()
                .filter(|_| is_sent && !scope.hides_answer())
                .cloned(),
            findings,
            xfcc: translation.xfcc,
        }
    };
    all.into_iter().zip(found).enumerate().map(line).collect()
}
