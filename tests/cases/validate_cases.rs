//! Upstream's verdicts on whole Gateways: schema, CEL, webhook and the whole cluster.

use std::{env, fs};

use istio_gateway::{
    Diagnostic, Object, Severity,
    validate::{FieldValidation, Options, Report, Stage, Verdict, validate, webhook_review},
};
use serde_json::Value;

/// Protobuf's texts vary in their blanks.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| folded(text.as_str().unwrap())).collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn messages(report: &Report, authority: &str, severity: Severity) -> Vec<String> {
    let is_one = |f: &&Diagnostic| f.rule.group() == authority && f.severity == severity;
    let found = report.findings.iter().filter(is_one);
    found.map(|found| folded(&found.message)).collect()
}

/// The differences between upstream's answers and this crate's.
fn differences(case: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{what}:\n    upstream:   {theirs}\n    this crate: {ours}"));
        }
    };
    let object = Object::from_json(case["object"].to_string()).unwrap();
    // The judge is istiod 1.31, without field validation.
    let options =
        Options::istio("1.31".parse().unwrap()).with_field_validation(FieldValidation::Ignore);
    let report = validate(&object, &options);
    let (crd, webhook, pipeline) = (&case["crd"], &case["webhook"], &case["pipeline"]);
    let stage = match report.verdict() {
        Verdict::Accepted => "",
        Verdict::Rejected(Stage::Schema | Stage::Cel) => "crd",
        Verdict::Rejected(Stage::Webhook) => "webhook",
        other => panic!("{other:?}"),
    };
    same("stage", format!("{stage:?}"), pipeline["stage"].to_string());
    same("allowed", report.is_accepted().to_string(), pipeline["allowed"].to_string());
    let mut schema = texts(&crd["schema"]);
    schema.extend(texts(&crd["metadata"]));
    schema.extend(crd["error"].as_str().map(folded));
    let ours = sorted(messages(&report, "schema", Severity::Error));
    same("schema", format!("{ours:?}"), format!("{:?}", sorted(schema)));
    let mut ours = messages(&report, "cel", Severity::Error);
    ours.extend(messages(&report, "cel", Severity::Note));
    let ours = sorted(ours);
    same("cel", format!("{ours:?}"), format!("{:?}", sorted(texts(&crd["cel"]))));
    let ours: Vec<_> = report.pruned.iter().map(ToString::to_string).collect();
    same("pruned", format!("{:?}", sorted(ours)), format!("{:?}", sorted(texts(&crd["unknown"]))));
    let ours = messages(&report, "webhook", Severity::Error);
    same("errors", format!("{ours:?}"), format!("{:?}", texts(&webhook["errors"])));
    let ours = messages(&report, "webhook", Severity::Warning);
    same("warnings", format!("{ours:?}"), format!("{:?}", texts(&webhook["warnings"])));
    let ours: Vec<_> = report.warnings().map(|found| folded(&found.message)).collect();
    same("pipeline's warnings", format!("{ours:?}"), format!("{:?}", texts(&pipeline["warnings"])));

    let raw = case.get("raw").unwrap_or(webhook);
    let review = webhook_review(&object);
    same("raw allowed", review.is_allowed.to_string(), raw["allowed"].to_string());
    let ours: Vec<_> = review.errors.iter().map(|text| folded(text)).collect();
    same("raw errors", format!("{ours:?}"), format!("{:?}", texts(&raw["errors"])));
    let ours: Vec<_> = review.warnings.iter().map(|text| folded(text)).collect();
    same("raw warnings", format!("{ours:?}"), format!("{:?}", texts(&raw["warnings"])));
    // istiod's message for a value that it cannot decode is Go's text, and not copied.
    let message = |text: &str| {
        let decoding = "error decoding configuration: ";
        folded(if text.starts_with(decoding) { decoding } else { text })
    };
    let ours = review.message.as_deref().map(message);
    let theirs = raw.get("message").and_then(Value::as_str).map(message);
    same("raw message", format!("{ours:?}"), format!("{theirs:?}"));
    differences
}

#[track_caller]
fn agree(path: &str) {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let (mut count, mut differing) = (0, Vec::new());
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        count += 1;
        let differences = differences(&case);
        if !differences.is_empty() {
            differing.push(format!("{}\n  {}", case["id"], differences.join("\n  ")));
        }
    }
    println!("{path}: {count} compared, {} differ", differing.len());
    let show = env::var("ISTIO_GATEWAY_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let shown: Vec<_> = differing.iter().take(show).cloned().collect();
    assert!(count > 0, "{path} holds no cases");
    assert!(differing.is_empty(), "{} of {count} differ:\n{}", differing.len(), shown.join("\n"));
}

#[test]
fn upstream_and_the_crate_agree_on_every_case() {
    agree("tests/golden/validate.ndjson");
}

#[test]
#[ignore = "needs cases from the live judge: ISTIO_GATEWAY_VALIDATE_CASES=FILE, see conformance/README.md"]
fn live_validate_cases_agree() {
    agree(&env::var("ISTIO_GATEWAY_VALIDATE_CASES").expect("names a file of cases"));
}
