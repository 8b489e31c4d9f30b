//! A real API server's answers about `metadata`, recorded by `kube/tests/apiserver`.

use std::fs;

use istio_gateway::{
    Object,
    validate::{FieldValidation, Options, Stage, Verdict, validate},
};
use serde_json::Value;

/// The API server's answer to a create request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    /// The one message for a request that cannot be decoded; else each cause of the rejection,
    /// sorted.
    pub(crate) messages: Vec<String>,
    /// The texts of the headers `Warning`, sorted, if the object is created.
    pub(crate) warnings: Vec<String>,
}

/// The answer that `validate` predicts.
pub(crate) fn foretold(object: &str) -> Answer {
    foretold_by(object, &Options::default())
}

/// The same for a server with the CRD of another release.
pub(crate) fn foretold_by(object: &str, options: &Options) -> Answer {
    let object = Object::from_json(object).unwrap();
    // The server warns by default.
    let options = options.clone().with_field_validation(FieldValidation::Warn);
    let report = validate(&object, &options);
    // That CEL rules are not checked is a note here.
    use istio_gateway::Severity::{Error, Note, Warning};
    let of_server = |found: &&istio_gateway::Diagnostic| {
        ["field-validation", "schema", "cel"].contains(&found.rule.group())
    };
    let texts = |wanted: &[istio_gateway::Severity]| {
        let found = report.findings.iter().filter(of_server);
        let found = found.filter(|found| wanted.contains(&found.severity));
        let mut texts: Vec<_> = found.map(|found| found.message.clone()).collect();
        // The recorded answers leave out unknown fields, which field_validation.ndjson has.
        texts.retain(|text| !text.starts_with("unknown field"));
        texts.sort();
        // The server gives the same text once.
        texts.dedup();
        texts
    };
    if report.findings.iter().any(|found| found.rule == "schema/api-version") {
        // There is no such endpoint.
        return Answer { code: 404, messages: Vec::new(), warnings: Vec::new() };
    }
    if let Verdict::Rejected(Stage::Schema | Stage::Cel) = report.verdict() {
        // Without the rest of the object.
        let undecoded = report.findings.iter().find(|found| found.rule == "schema/metadata-type");
        let (code, messages) = match undecoded {
            Some(found) => (400, vec![found.message.clone()]),
            None => (422, texts(&[Error, Note])),
        };
        return Answer { code, messages, warnings: Vec::new() };
    }
    Answer { code: 201, messages: Vec::new(), warnings: texts(&[Warning]) }
}

/// A recorded object, in which `⟨x*300⟩` stands for 300 of the same.
pub(crate) fn expanded(object: &str) -> String {
    let mut text = String::new();
    for (index, part) in object.split(['⟨', '⟩']).enumerate() {
        match part.split_once('*').filter(|_| index % 2 == 1) {
            Some((repeated, times)) => text.push_str(&repeated.repeat(times.parse().unwrap())),
            None => text.push_str(part),
        }
    }
    text
}

pub(crate) fn recorded(case: &Value) -> Answer {
    let texts = |key: &str| {
        let texts = case[key].as_array().into_iter().flatten();
        texts.map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let code = case["code"].as_u64().unwrap().try_into().unwrap();
    Answer { code, messages: texts("messages"), warnings: texts("warnings") }
}

#[test]
fn validate_predicts_each_recorded_answer() {
    // From the library, and from the package of kube that shares this file.
    let paths = ["tests/golden/metadata.ndjson", "../tests/golden/metadata.ndjson"];
    let text = paths.into_iter().find_map(|path| fs::read_to_string(path).ok()).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        count += 1;
        let server = recorded(&case);
        let ours = foretold(&expanded(case["object"].as_str().unwrap()));
        if server != ours {
            wrong.push(format!("{}\n  server {server:?}\n  ours   {ours:?}", case["id"]));
        }
    }
    println!("{count} recorded answers, {} differ", wrong.len());
    assert!(count >= 500, "{count} cases");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}
