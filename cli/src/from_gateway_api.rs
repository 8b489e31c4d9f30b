//! `istio-gateway from-gateway-api`: what istiod makes of Gateways of Gateway API.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use istio_gateway::{
    Error, IstioVersion, Manifest,
    gateway_api::{Condition, Conversion, ConvertedListener, GatewayManifest, Manifests, Options},
};
use serde::Serialize;

use crate::{
    Failure,
    check::severity_name,
    input::{Input, print},
    wording::harmless,
};

/// Translates Gateways of Gateway API as istiod does, and tells their conditions.
///
/// The files are a set: Gateways of gateway.networking.k8s.io with the Secrets, ConfigMaps,
/// ReferenceGrants and Namespaces that they refer to; other kinds are passed over. What is in none
/// of the files does not exist. What istiod makes of them is printed as Istio's Gateways, one of each
/// listener; a listener that is not valid has none. Conditions and findings go to standard error.
#[derive(Args)]
#[command(after_help = "\
Examples:
  istio-gateway from-gateway-api gateway.yaml secrets.yaml > istio.yaml
  istio-gateway from-gateway-api --format json gateway.yaml | jq '.[].listeners[].valid'
  kubectl get gateways.gateway.networking.k8s.io,secrets,configmaps,referencegrants,namespaces \\
    -A -o yaml | istio-gateway from-gateway-api -
  istio-gateway from-gateway-api *.yaml | istio-gateway envoy -
  istio-gateway rules gateway-api/                  what the findings mean, with examples

Output, yaml: Gateways of networking.istio.io/v1, named as istiod names them. Their selector is that
of the pods that istiod makes for the Gateway; istiod itself binds them by other means.

Output, json: a list with an object of each Gateway
  namespace, name, file, document
  listeners    name, valid, server and conditions of each. The server of a listener that is not valid
               is what istiod's builder had made by then: istiod never programs it, and it may ask
               clients for nothing. Do not use it.
  conditions   the Gateway's own: type, status, reason, message
  findings     rule, severity, path, line, column, message, help

Exit status: 0 when all is valid, 1 when a listener or the Gateway is not, or a document cannot be
read, 2 when the command is wrong or a file cannot be read.")]
pub(crate) struct FromGatewayApi {
    /// The release of istiod, such as 1.31; 1.32 looks for a ReferenceGrant before it looks further
    #[arg(long, value_name = "VERSION", default_value_t)]
    istio: IstioVersion,

    /// How to print what istiod makes of them
    #[arg(long, value_enum, default_value = "yaml")]
    format: Format,

    /// Files with manifests; - is standard input
    #[arg(required = true, value_name = "FILE|-")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

#[derive(Serialize)]
struct Gateway<'a> {
    namespace: &'a str,
    name: &'a str,
    file: &'a str,
    document: usize,
    listeners: &'a [ConvertedListener],
    conditions: &'a [Condition],
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    severity: &'static str,
    path: String,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    help: Option<&'a str>,
}

impl FromGatewayApi {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut manifests = Manifests::default();
        let (mut names, mut wrong) = (Vec::new(), Vec::new());
        for file in &self.files {
            let input = Input::read(file)?;
            let errors = if input.is_json() {
                manifests.add_json(&input.bytes)
            } else {
                manifests.add_yaml(input.text().map_err(Failure::Input)?)
            };
            wrong.extend(errors.iter().flat_map(|error: &Error| input.lines_of(error, 0)));
            names.push(input.name());
        }
        // A set with a part missing would be told of as though that part did not exist.
        if !wrong.is_empty() {
            return Err(Failure::Input(wrong));
        }
        if manifests.gateways().next().is_none() {
            let message = "no Gateway of gateway.networking.k8s.io in these files";
            return Err(Failure::Input(vec![message.to_owned()]));
        }
        let options = Options::istio(self.istio);
        let all: Vec<_> = manifests.convert(&options).collect();
        let name =
            |manifest: &GatewayManifest| names.get(manifest.source).map_or("", String::as_str);
        let text = match self.format {
            Format::Yaml => yaml(&all),
            Format::Json => {
                let all: Vec<_> = all.iter().map(|(m, c)| line(m, c, name(m))).collect();
                let text = serde_json::to_string_pretty(&all);
                text.map_err(|error| Failure::Usage(format!("standard output: {error}")))? + "\n"
            }
        };
        tell(&all, name);
        print(text.as_bytes())?;
        let is_valid = all.iter().all(|(_, conversion)| conversion.is_valid());
        Ok(ExitCode::from(u8::from(!is_valid)))
    }
}

type Converted<'a> = (&'a GatewayManifest, Conversion);

fn line<'a>(
    manifest: &'a GatewayManifest,
    conversion: &'a Conversion,
    file: &'a str,
) -> Gateway<'a> {
    let findings = conversion.diagnostics.iter().map(|found| Finding {
        rule: found.rule,
        severity: severity_name(found.severity),
        path: found.path.to_string(),
        line: found.position.map(|position| position.line),
        column: found.position.map(|position| position.column),
        message: &found.message,
        help: found.help.as_deref(),
    });
    Gateway {
        namespace: &manifest.gateway.metadata.namespace,
        name: &manifest.gateway.metadata.name,
        file,
        document: manifest.document,
        listeners: &conversion.listeners,
        conditions: &conversion.conditions,
        findings: findings.collect(),
    }
}

/// A Gateway of Istio's of each listener, as istiod makes them.
fn yaml(all: &[Converted<'_>]) -> String {
    let documents = all.iter().flat_map(|(manifest, conversion)| {
        conversion.gateways().map(|(listener, spec)| manifest.istio_manifest(listener, spec))
    });
    documents.map(|manifest: Manifest| manifest.to_yaml()).collect::<Vec<_>>().join("---\n")
}

/// Findings as `check` shows them to editors, and the conditions of each Gateway.
fn tell<'a>(all: &'a [Converted<'_>], name: impl Fn(&'a GatewayManifest) -> &'a str) {
    let mut text = String::new();
    for (manifest, conversion) in all {
        let file = name(manifest);
        for found in &conversion.diagnostics {
            let place = found.position.map_or_else(String::new, |at| format!(":{at}"));
            let severity = severity_name(found.severity);
            let (rule, what) = (found.rule, found.without_position());
            let (file, what) = (harmless(file), harmless(&what.to_string()));
            text += &format!("{file}{place}: {severity}[{rule}]: {what}\n");
        }
        let metadata = &manifest.gateway.metadata;
        let (namespace, name) = (harmless(&metadata.namespace), harmless(&metadata.name));
        text += &format!("Gateway {namespace}/{name}\n");
        text += &conditions(&conversion.conditions, "  ");
        for listener in &conversion.listeners {
            text += &format!("  listener {}\n", harmless(&listener.name));
            text += &conditions(&listener.conditions, "    ");
        }
    }
    // Nobody may be listening.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

fn conditions(all: &[Condition], indent: &str) -> String {
    let line = |condition: &Condition| {
        let Condition { kind, status, reason, message, .. } = condition;
        format!("{indent}{kind}={} {reason}: {}\n", status.as_str(), harmless(message))
    };
    all.iter().map(line).collect()
}
