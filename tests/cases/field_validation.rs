//! Unknown and repeated fields, compared with a real API server:
//! `conformance/apiserver/field_validation.py`.

use std::{env, fs};

use istio_gateway::{
    Object,
    validate::{FieldValidation, Options, Stage, Verdict, validate},
};
use serde_json::Value;

/// The differences between the server's answers and this crate's.
fn differences(case: &Value) -> Vec<String> {
    let object = Object::from_json(case["object"].as_str().unwrap()).unwrap();
    let report = |mode| validate(&object, &Options::default().with_field_validation(mode));
    let mut differences = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{what}:\n    server:     {theirs}\n    this crate: {ours}"));
        }
    };
    let strict = report(FieldValidation::Strict);
    let message = case["strict"]["message"].as_str().unwrap_or_default();
    let theirs = message.find("strict decoding error: ").and_then(|at| message.get(at..));
    let ours = strict.strict_decoding_error();
    same("strict", format!("{ours:?}"), format!("{theirs:?}"));
    let is_strict = strict.verdict() == Verdict::Rejected(Stage::FieldValidation);
    same("stage", is_strict.to_string(), theirs.is_some().to_string());

    let texts = |value: &Value| -> Vec<String> {
        let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let warn = report(FieldValidation::Warn);
    let found = warn.findings.iter().filter(|found| found.rule.group() == "field-validation");
    let mut ours: Vec<_> = found.map(|found| found.message.clone()).collect();
    let mut theirs = texts(&case["warn"]["warnings"]);
    // The server stops after a hundred errors, and where it cannot decode the metadata.
    let message = case["warn"]["message"].as_str().unwrap_or_default();
    if ours.len() <= 100 && !message.contains("cannot be handled as a Gateway") {
        ours.sort();
        theirs.sort();
        // Equal warnings are sent once.
        ours.dedup();
        same("warnings", format!("{ours:?}"), format!("{theirs:?}"));
    }
    let ignore = report(FieldValidation::Ignore);
    let is_told = ignore.findings.iter().any(|found| found.rule.group() == "field-validation");
    same(
        "ignore",
        is_told.to_string(),
        (!texts(&case["ignore"]["warnings"]).is_empty()).to_string(),
    );
    for (report, mode) in [(&warn, "warn"), (&ignore, "ignore")] {
        let is_refused = matches!(report.verdict(), Verdict::Rejected(Stage::Schema | Stage::Cel));
        same(mode, is_refused.to_string(), (case[mode]["code"] != 201).to_string());
    }
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
    let shown: Vec<_> = differing.iter().take(10).cloned().collect();
    assert!(count > 30, "{path} holds too few cases");
    assert!(differing.is_empty(), "{} of {count} differ:\n{}", differing.len(), shown.join("\n"));
}

#[test]
fn field_validation_equals_the_server() {
    agree("tests/golden/field_validation.ndjson");
}

#[test]
#[ignore = "needs cases from an API server: ISTIO_GATEWAY_FIELD_VALIDATION_CASES=FILE, see conformance/README.md"]
fn live_field_validation_cases_agree() {
    agree(&env::var("ISTIO_GATEWAY_FIELD_VALIDATION_CASES").expect("names a file of cases"));
}
