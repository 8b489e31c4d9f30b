//! The verdict of `validate`, compared with the server's.

use std::{collections::BTreeMap, env, fs};

use http::Request;
use istio_gateway_kube::istio_gateway::{
    Object,
    validate::{FieldValidation, Options, Stage, Verdict, validate},
};
use serde_json::Value;

use crate::cluster::{Cluster, DEFINITIONS_OF};

/// What the server says of an object: its code, and of a refusal each cause.
pub(crate) async fn ask(cluster: &Cluster, path: &str, object: &str) -> (u16, Vec<String>) {
    let request = Request::post(path)
        .header("Content-Type", "application/json")
        .body(object.as_bytes().to_vec())
        .unwrap();
    let (parts, answer) = cluster.exchange(request).await.into_parts();
    (parts.status.as_u16(), causes(&answer))
}

pub(crate) fn causes(answer: &Value) -> Vec<String> {
    let causes = answer["details"]["causes"].as_array();
    let text = |cause: &Value, key: &str| cause[key].as_str().unwrap_or_default().to_owned();
    let causes = causes.into_iter().flatten();
    let mut causes: Vec<_> = causes
        .map(|cause| format!("{}: {}", text(cause, "field"), text(cause, "message")))
        .collect();
    causes.sort();
    causes
}

/// What `validate` says that the server will say.
pub(crate) fn foretold(object: &str) -> (u16, Vec<String>) {
    let object = Object::from_json(object).unwrap();
    let report =
        validate(&object, &Options::default().with_field_validation(FieldValidation::Warn));
    if !matches!(report.verdict(), Verdict::Rejected(Stage::Schema | Stage::Cel)) {
        return (201, Vec::new());
    }
    if report.findings.iter().any(|found| found.rule == "schema/api-version") {
        // There is no such endpoint.
        return (404, Vec::new());
    }
    let of_server = report
        .findings
        .into_iter()
        .filter(|found| found.rule.starts_with("schema/") || found.rule.starts_with("cel/"));
    let mut messages: Vec<_> = of_server.map(|found| found.message).collect();
    messages.sort();
    (422, messages)
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn validate_foretells_the_server() {
    let text = fs::read_to_string("../tests/golden/validate.ndjson").unwrap();
    // More of them, made by conformance/webhook.
    let more =
        env::var("ISTIO_GATEWAY_VALIDATE_CASES").map(|path| fs::read_to_string(path).unwrap());
    let cases = text.split('\n').chain(more.iter().flat_map(|more| more.split('\n')));
    for definition in DEFINITIONS_OF {
        let cluster = Cluster::with(&definition.object()).await;
        let mut counts = BTreeMap::<u16, usize>::new();
        for line in cases.clone().filter(|line| !line.is_empty()) {
            let case: Value = serde_json::from_str(line).unwrap();
            let version = case["object"]["apiVersion"].as_str().unwrap();
            let path = format!("/apis/{version}/namespaces/infra/gateways?dryRun=All");
            let object = case["object"].to_string();
            let asked = ask(&cluster, &path, &object).await;
            assert_eq!(asked, foretold(&object), "{}", case["id"]);
            *counts.entry(asked.0).or_default() += 1;
        }
        println!(
            "{definition:?}: Gateways by the server's code, each as validate says: {counts:?}"
        );
        assert!(counts[&201] >= 498 && counts[&422] >= 63);
    }
}
