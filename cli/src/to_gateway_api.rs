//! `istio-gateway to-gateway-api`: Istio's Gateways as Gateways of Gateway API.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use istio_gateway::{
    Diagnostic, FieldPath, IstioVersion, Object, Severity,
    gateway_api::{GROUP, Gateway, Metadata, ReferenceGrant, ReverseConversion, from_istio},
};
use serde::Serialize;

use crate::{
    Failure,
    from_gateway_api::{Format, findings, report},
    gateways::{Finding, Found, Judgement, known_translation, read},
    input::Reading,
    output::{Layout, print, print_json},
    unknown::sentence,
};

/// Translates Istio's Gateways to Gateway API, as far as it can represent them.
///
/// Each server becomes a listener of one Gateway, and its client certificate settings become
/// spec.tls.frontend. A server that Gateway API cannot represent has no listener: the findings report why.
/// Translated back by from-gateway-api, each listener becomes a server with the same meaning. HTTP and
/// TLS routes are not translated.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway to-gateway-api gateway.yaml > gateway-api.yaml
  istio-gateway to-gateway-api --format json gateway.yaml | jq '.[].findings[].message'
  kubectl get gateways.networking.istio.io -A -o yaml | istio-gateway to-gateway-api -
  istio-gateway rules gateway-api/                  explain the findings

Output, yaml: Gateways of gateway.networking.k8s.io/v1, each with the ReferenceGrants that it requires.
Findings go to standard error.

Output, json: an array with an object for each Gateway
  file, document    where the Gateway is; documents are counted from 1
  gateway           the Gateway of Gateway API
  referenceGrants   the ReferenceGrants that it requires
  listeners         the listener of each server of the Istio Gateway, null if it has none
  findings          rule, severity, path, line, column, message, help

Exit status:
  0  every server was translated
  1  Gateway API cannot represent a server, a cluster rejects a Gateway, it has placeholders, or a
     document is invalid and was skipped
  2  usage error, or a file cannot be read or written")]
pub(crate) struct ToGatewayApi {
    /// The version of Istio, whose API server decides which fields are stored: 1.31 or 1.32
    #[arg(long, value_name = "VERSION", default_value_t, value_parser = known_translation)]
    istio: IstioVersion,

    /// The namespace of the gateway's pods, to which a credentialName without a namespace belongs.
    /// Gateway API cannot name it: without this option such a server is an error
    #[arg(long, value_name = "NAMESPACE")]
    credential_namespace: Option<String>,

    /// The output format
    #[arg(long, value_enum, default_value = "yaml")]
    format: Format,

    /// Files and directories; - is standard input
    #[arg(default_value = "-", value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
}

/// An object as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Typed<T> {
    api_version: String,
    kind: &'static str,
    #[serde(flatten)]
    object: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    file: String,
    document: usize,
    gateway: Typed<Gateway>,
    reference_grants: Vec<Typed<ReferenceGrant>>,
    listeners: Vec<Option<String>>,
    findings: Vec<Finding>,
    #[serde(skip)]
    diagnostics: Vec<Diagnostic>,
}

impl ToGatewayApi {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut reading = Reading::default();
        let mut lines = Vec::new();
        for found in read(&self.files, &mut reading)? {
            if let Some(value) = found.manifest.placeholders().first() {
                let line =
                    format!("{}: not translated: it depends on {}", found.file, sentence(value));
                reading.incomplete(&[line]);
            } else {
                lines.push(self.translated(found));
            }
        }
        let is_error = |found: &Diagnostic| found.severity == Severity::Error;
        let is_sound = !lines.iter().flat_map(|line| &line.diagnostics).any(is_error);
        match self.format {
            Format::Yaml => {
                let mut documents = Vec::new();
                for line in &lines {
                    report(&findings(&line.diagnostics, &line.file));
                    // A Gateway without listeners is invalid.
                    if !line.gateway.object.spec.listeners.is_empty() {
                        documents.push(yaml(&line.gateway)?);
                        let grants: Result<Vec<_>, _> =
                            line.reference_grants.iter().map(yaml).collect();
                        documents.extend(grants?);
                    }
                }
                print(documents.join("---\n").as_bytes())?;
            }
            Format::Json => print_json([&lines], Layout::Pretty)?,
        }
        Ok(ExitCode::from(reading.finish().max(u8::from(!is_sound))))
    }

    /// The Gateway that a cluster stores, translated. The findings are also those of the cluster.
    fn translated(&self, found: Found) -> Line {
        let Found { file, document, manifest } = found;
        let Judgement { refusals, pruned, ignored, mut spec, .. } =
            Judgement::of(&manifest, self.istio);
        if let Some(namespace) = &self.credential_namespace {
            qualify(&mut spec, namespace);
        }
        let mut metadata = Metadata::default();
        manifest.name().clone_into(&mut metadata.name);
        manifest.namespace().clone_into(&mut metadata.namespace);
        let ReverseConversion { gateway, reference_grants, listeners, diagnostics, .. } =
            from_istio(&spec, metadata);
        let below_spec = |mut found: Diagnostic| {
            let spec = FieldPath::root().key("spec");
            found.path = spec.steps().iter().chain(found.path.steps()).cloned().collect();
            found
        };
        let findings = refusals.into_iter().chain(pruned).chain(ignored);
        let mut diagnostics: Vec<_> =
            findings.chain(diagnostics.into_iter().map(below_spec)).collect();
        let paths: Vec<_> = diagnostics.iter().map(|found| found.path.clone()).collect();
        for (found, position) in diagnostics.iter_mut().zip(manifest.positions(&paths)) {
            found.position = found.position.or(position);
        }
        Line {
            findings: diagnostics.iter().map(|found| Finding::at(found, found.position)).collect(),
            diagnostics,
            file,
            document,
            gateway: Typed { api_version: format!("{GROUP}/v1"), kind: "Gateway", object: gateway },
            reference_grants: reference_grants
                .into_iter()
                .map(|object| Typed {
                    api_version: format!("{GROUP}/v1beta1"),
                    kind: "ReferenceGrant",
                    object,
                })
                .collect(),
            listeners,
        }
    }
}

/// Adds a namespace to the names of Secrets that have none.
fn qualify(spec: &mut istio_gateway::Gateway, namespace: &str) {
    let settings = spec.servers.iter_mut().filter_map(|server| server.tls.as_mut());
    for tls in settings {
        let names = [&mut tls.credential_name, &mut tls.ca_cert_credential_name];
        for name in names.into_iter().chain(&mut tls.credential_names) {
            if !name.is_empty() && !name.contains("://") {
                *name = format!("kubernetes-gateway://{namespace}/{name}");
            }
        }
    }
}

fn yaml<T: Serialize>(object: &Typed<T>) -> Result<String, Failure> {
    let json = serde_json::to_string(object).map_err(|error| Failure::Usage(error.to_string()))?;
    let object = Object::from_json(json).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(object.to_yaml())
}
