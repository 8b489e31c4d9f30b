//! `istio-gateway envoy`: what istiod makes of each server, as JSON that Envoy loads.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use istio_gateway::{
    Diagnostic, Document, Error, FieldPath, IstioVersion, Manifest, Severity, documents,
    documents_from_json,
    envoy::{DownstreamTlsContext, HttpConnectionManager, Options, downstream_tls_context},
    validate::{self, validate_manifest},
};
use serde::Serialize;

use crate::{
    Failure,
    input::{Input, print},
};

/// Prints what istiod makes of each server: Envoy's TLS context, and what becomes of
/// x-forwarded-client-cert.
///
/// Every Gateway of the file is translated, those in a List too; other kinds are passed over. A
/// server that a cluster refuses is translated all the same, and its findings say so. They also say what istiod drops or
/// replaces without saying so, and what Envoy then refuses.
#[derive(Args)]
#[command(after_help = "\
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

Exit status: 0 when all was translated, 1 when the input is wrong (nothing is written then),
2 when the command is, or a file cannot be read.")]
pub(crate) struct Envoy {
    /// The version of istiod: 1.31 or 1.32
    #[arg(long, value_name = "VERSION", default_value_t, value_parser = known_translation)]
    istio: IstioVersion,

    /// How the objects are written: json is one list, ndjson has one a line
    #[arg(long, value_enum, default_value = "json")]
    format: Format,

    /// The file to read; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
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

#[derive(Serialize)]
struct Finding {
    rule: &'static str,
    severity: &'static str,
    path: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    help: Option<String>,
}

/// Of older releases it is not known how they translate.
fn known_translation(text: &str) -> Result<IstioVersion, String> {
    let version = text.parse::<IstioVersion>().ok().filter(|version| version.minor() >= 31);
    version.ok_or_else(|| "not a version whose translation is known: 1.31 or 1.32".to_owned())
}

impl Envoy {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let input = Input::read(&self.file)?;
        let mut lines = Vec::new();
        let mut wrong = Vec::new();
        let options = Options { istio: self.istio, ..Options::default() };
        let read = flat(read(&input, &self.file).map_err(Failure::Input)?);
        for (number, document) in (1..).zip(read) {
            match document {
                Ok(Document::Gateway(manifest)) => {
                    lines.extend(translated(&manifest, &input.name(), number, &options));
                }
                Ok(_) => {}
                Err(error) => wrong.extend(input.lines_of(&error, 0)),
            }
        }
        if !wrong.is_empty() {
            return Err(Failure::Input(wrong));
        }
        let text = self.format.write(&lines);
        let text = text.map_err(|error| Failure::Usage(format!("standard output: {error}")))?;
        print(text.as_bytes())
    }
}

impl Format {
    fn write(self, lines: &[Line]) -> serde_json::Result<String> {
        match self {
            Self::Json => serde_json::to_string_pretty(lines).map(|text| text + "\n"),
            Self::Ndjson => {
                lines.iter().map(|line| Ok(serde_json::to_string(line)? + "\n")).collect()
            }
        }
    }
}

type Documents = Vec<Result<Document, Error>>;

fn read(input: &Input, path: &Path) -> Result<Documents, Vec<String>> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json" | "ndjson" | "jsonl") => Ok(documents_from_json(&input.bytes).collect()),
        _ => Ok(documents(input.text()?).collect()),
    }
}

/// With a list's items in its place.
fn flat(documents: Documents) -> Documents {
    let items = |document: Result<Document, Error>| -> Documents {
        let list: Documents = match &document {
            Ok(Document::Other(object)) => object.items().collect(),
            _ => Vec::new(),
        };
        if list.is_empty() { vec![document] } else { flat(list) }
    };
    documents.into_iter().flat_map(items).collect()
}

fn translated(manifest: &Manifest, file: &str, document: usize, options: &Options) -> Vec<Line> {
    let judged = judge(manifest, options);
    let servers = FieldPath::root().key("spec").key("servers");
    let translate = |(server, message)| {
        let translation = downstream_tls_context(message, options);
        let here = servers.clone().index(server);
        let below = |found: &Diagnostic| {
            let mut found = found.clone();
            found.path = here.steps().iter().chain(found.path.steps()).cloned().collect();
            found
        };
        let concerns = |found: &&Diagnostic| {
            found.severity == Severity::Error || found.path.starts_with(&here)
        };
        let of_server = judged.iter().filter(concerns).cloned();
        let findings = of_server.chain(translation.diagnostics.iter().map(below));
        Line {
            file: file.to_owned(),
            document,
            server,
            flow: translation.flow.as_str(),
            tls_context: translation.used_tls_context().cloned(),
            findings: findings.map(|found| finding(found, manifest)).collect(),
            xfcc: translation.xfcc,
        }
    };
    manifest.spec().servers.iter().enumerate().map(translate).collect()
}

/// Why a cluster refuses the document, which refuses each of its servers; and what its decoder
/// ignores. Paths begin at the document's root.
fn judge(manifest: &Manifest, options: &Options) -> Vec<Diagnostic> {
    let report = validate_manifest(manifest, &validate::Options::istio(options.istio));
    let refused = !report.is_accepted();
    let errors = report.findings.into_iter().filter(|found| found.severity == Severity::Error);
    let ignored = manifest.diagnostics().iter().cloned();
    errors.filter(|_| refused).chain(ignored).collect()
}

fn finding(found: Diagnostic, manifest: &Manifest) -> Finding {
    let position = found.position.or_else(|| manifest.position(&found.path));
    Finding {
        rule: found.rule,
        severity: match found.severity {
            Severity::Error => "error",
            _ => "warning",
        },
        path: found.path.to_string(),
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
        message: found.message,
        help: found.help,
    }
}
