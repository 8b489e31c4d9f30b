//! The output of `check`, compared with upstream's verdicts.

use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::start::{joined, root};

/// Verdicts and texts are upstream's, on all its cases, to whoever reads them from the command.
#[test]
fn json_equals_upstreams_verdict() {
    let cases = lines(&fs::read_to_string(root().join("tests/golden/validate.ndjson")).unwrap());
    let objects: String = cases.iter().map(|case| format!("{}\n", case["object"])).collect();
    let tree = Directory::new(&[("cases.ndjson", &objects)]);
    let documents = json(&tree, 1, &["--field-validation", "ignore", "cases.ndjson"]);
    assert_eq!(documents.len(), cases.len());
    for (case, document) in cases.iter().zip(&documents) {
        let id = &case["id"];
        let is_allowed = case["pipeline"]["allowed"] == true;
        assert_eq!(document["verdict"], if is_allowed { "accepted" } else { "rejected" }, "{id}");
        let has = |name: &str| case["crd"][name].as_array().is_some_and(|found| !found.is_empty());
        let stage = match case["pipeline"]["stage"].as_str().unwrap() {
            "" => Value::Null,
            "webhook" => json!("webhook"),
            _ if has("schema") || has("metadata") || case["crd"]["error"].is_string() => {
                json!("schema")
            }
            _ => json!("cel"),
        };
        assert_eq!(document["rejected_by"], stage, "{id}");
        let texts = |names: &[&Value]| {
            let texts = names.iter().flat_map(|value| match value {
                Value::String(text) => vec![text.as_str()],
                value => value.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
            });
            let mut texts: Vec<_> = texts.map(joined).collect();
            texts.sort();
            texts
        };
        let found = |group: &str, severity: &str| {
            let found = document["findings"].as_array().unwrap().iter().filter(|found| {
                found["rule"].as_str().unwrap().starts_with(group) && found["severity"] == severity
            });
            let mut found: Vec<_> =
                found.map(|found| joined(found["message"].as_str().unwrap())).collect();
            found.sort();
            found
        };
        let (crd, webhook) = (&case["crd"], &case["webhook"]);
        let schema = texts(&[&crd["schema"], &crd["metadata"], &crd["error"]]);
        assert_eq!(found("schema/", "error"), schema, "{id}");
        // That the rules were not evaluated is a note.
        let mut cel = [found("cel/", "error"), found("cel/", "note")].concat();
        cel.sort();
        assert_eq!(cel, texts(&[&crd["cel"]]), "{id}");
        if webhook.is_object() {
            assert_eq!(found("webhook/", "error"), texts(&[&webhook["errors"]]), "{id}");
        }
        if webhook["allowed"] == true {
            assert_eq!(found("webhook/", "warning"), texts(&[&webhook["warnings"]]), "{id}");
        }
    }
}
