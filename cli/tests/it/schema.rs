//! The JSON Schema for editors has the verdict of the custom resource.

use std::fs;

use istio_gateway::{
    IstioVersion, Object,
    validate::{FieldValidation, Options, Stage, Verdict, json_schema, validate},
};
use serde_json::Value;

use crate::{
    json_schema::violations,
    start::{istio_gateway, lines, root},
};

/// Without the rejection of unknown fields, which field validation decides.
fn open(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            if entries.get("additionalProperties") == Some(&Value::Bool(false)) {
                entries.remove("additionalProperties");
            }
            entries.values_mut().for_each(open);
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        _ => {}
    }
}

/// Upstream's own verdicts, of its schema and its CEL rules.
#[test]
fn it_has_upstreams_verdict_on_all_cases() {
    let mut schema = json_schema(IstioVersion::default());
    open(&mut schema);
    // What the API server requires of metadata is not part of it.
    let spec = &schema["properties"]["spec"];
    let cases = lines(&fs::read_to_string(root().join("tests/golden/validate.ndjson")).unwrap());
    let (mut compared, mut rejected) = (0, 0);
    for case in &cases {
        let found = |name: &str| case["crd"][name].as_array().map_or(0, Vec::len);
        // Rules of metadata are not in the schema, and with such errors upstream evaluates no CEL rule.
        if case["crd"]["error"].is_string() || found("metadata") > 0 {
            continue;
        }
        compared += 1;
        let is_rejected = found("schema") + found("cel") > 0;
        let about = violations(spec, &case["object"]["spec"]);
        assert_eq!(!about.is_empty(), is_rejected, "{}: {about:?} {}", case["id"], case["crd"]);
        rejected += usize::from(is_rejected);
    }
    assert!(rejected > 30 && compared > 450, "{rejected} of {compared} of {}", cases.len());
}

/// The same for every manifest of the rules and for upstream's samples: strict field validation, and each release.
#[test]
fn it_has_the_verdict_of_the_library_in_each_release() {
    let mut manifests = Vec::new();
    for kind in ["valid", "invalid"] {
        let groups = fs::read_dir(root().join("tests/manifests").join(kind)).unwrap();
        for group in groups {
            let group = group.unwrap().path();
            let name = group.file_name().unwrap().to_str().unwrap().to_owned();
            if ["field-validation", "schema", "cel", "webhook", "lint"].contains(&name.as_str()) {
                let files = fs::read_dir(group).unwrap();
                manifests
                    .extend(files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()));
            }
        }
    }
    let (mut accepted, mut rejected) = (0, 0);
    for version in ["1.24", "1.29", "1.32"] {
        let version: IstioVersion = version.parse().unwrap();
        let schema = json_schema(version);
        let options = Options::istio(version).with_field_validation(FieldValidation::Strict);
        for text in &manifests {
            // The schema is about one document without placeholders and about the spec.
            let Ok(object) = Object::from_yaml(text) else { continue };
            if text.contains("\n---") || object.kind() != "Gateway" {
                continue;
            }
            let report = validate(&object, &options);
            let is_about_metadata = |path: String| path.starts_with("metadata") || path.is_empty();
            let errors = report.findings.iter().filter(|found| found.severity.as_str() == "error");
            let mut errors = errors.filter(|found| {
                ["field-validation", "schema", "cel"].contains(&found.rule.group())
                    && !is_about_metadata(found.path.to_string())
                    && found.rule != "field-validation/duplicate-field"
            });
            if report.verdict() == Verdict::DependsOnPlaceholders || !report.placeholders.is_empty()
            {
                continue;
            }
            let is_rejected = errors.next().is_some();
            let value: Value = serde_json::from_str(&object.to_json()).unwrap();
            let about = violations(&schema, &value);
            assert_eq!(
                !about.is_empty(),
                is_rejected,
                "{version}: {about:?} {:?}\n{text}",
                report.findings
            );
            assert!(is_rejected || report.verdict() != Verdict::Rejected(Stage::Cel));
            *if is_rejected { &mut rejected } else { &mut accepted } += 1;
        }
    }
    assert!(accepted > 200 && rejected > 30, "{accepted} {rejected}");
}

#[test]
fn the_command_prints_it() {
    let ran = istio_gateway(&["schema", "--istio", "1.30"]).run();
    let schema: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["title"], "Istio Gateway, Istio 1.30");
    let tls = &schema["properties"]["spec"]["properties"]["servers"]["items"]["properties"]["tls"];
    assert!(tls["properties"]["mode"]["description"].is_string());
    // Fields of a later release.
    assert!(tls["properties"]["ecdhCurves"].is_null());
    assert_eq!(istio_gateway(&["schema", "--istio", "9.9"]).run().status, 2);
}
