//! The effects of the options, and their `--help`.

use serde_json::Value;

use super::*;
use crate::start::istio_gateway;

#[test]
fn a_denied_rule_fails_and_an_allowed_one_is_silent() {
    let tree = Directory::new(&[("edge.yaml", &gateway("edge", TYPO))]);
    let severity = |status, args: &[&str]| {
        let lenient = ["--field-validation", "ignore", "edge.yaml"];
        let documents = json(&tree, status, &[&lenient, args].concat());
        assert_eq!(documents[0]["verdict"], "accepted");
        documents[0]["findings"][0]["severity"].clone()
    };
    assert_eq!(severity(0, &[]), "warning");
    assert_eq!(severity(1, &["--deny", "lint/unknown-field"]), "error");
    assert_eq!(severity(1, &["--deny", "lint/"]), "error");
    assert_eq!(severity(0, &["--allow", "lint/"]), Value::Null);
    assert_eq!(severity(0, &["--deny", "lint/", "--allow", "lint/unknown-field"]), Value::Null);
    assert_eq!(severity(1, &["--allow", "lint", "--deny", "lint/unknown-field"]), "error");
    let refused = |args: &[&str], want: &str| {
        let ran = tree.run(&[&["check", "edge.yaml"], args].concat());
        assert_eq!((ran.status, ran.out.as_str()), (2, ""));
        assert_eq!(ran.err, want);
    };
    refused(
        &["--allow", "webhook/istio-mutual"],
        "istio-gateway: --allow webhook/istio-mutual: webhook/istio-mutual is the cluster's \
         verdict and cannot be allowed; only rules of lint/ can\n",
    );
    refused(
        &["--deny", "unkown-field"],
        "istio-gateway: --deny unkown-field: unknown rule; did you mean field-validation/unknown-field? \
         (istio-gateway rules lists all)\n",
    );
    refused(
        &["--allow", "gateway-api/no-selectr"],
        "istio-gateway: --allow gateway-api/no-selectr: unknown rule (istio-gateway rules lists all)\n",
    );
    refused(
        &["--allow", "no-selector"],
        "istio-gateway: --allow no-selector: unknown rule; did you mean lint/no-selector? \
         (istio-gateway rules lists all)\n",
    );
    refused(
        &["--deny", "lint/", "--allow", "lint/"],
        "istio-gateway: lint/ is both denied and allowed\n",
    );
}

/// What plain `kubectl apply` rejects is not accepted.
#[test]
fn field_validation_is_what_the_client_requests() {
    let tree = Directory::new(&[("edge.yaml", &gateway("edge", TYPO))]);
    let check = |status, mode: &[&str]| {
        let documents = json(&tree, status, &[mode, &["edge.yaml"]].concat());
        let finding = &documents[0]["findings"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let found =
            [&finding["rule"], &finding["severity"], &documents[0]["rejected_by"]].map(text);
        (found, text(&finding["message"]))
    };
    let rule = "field-validation/unknown-field".to_owned();
    let (found, message) = check(1, &[]);
    assert_eq!(found, [rule.clone(), "error".to_owned(), "field-validation".to_owned()]);
    assert!(
        message.starts_with("strict decoding error: unknown field \"spec.servers[0]."),
        "{message}"
    );
    let (found, message) = check(0, &["--field-validation", "warn"]);
    assert_eq!(found, [rule, "warning".to_owned(), String::new()]);
    assert!(message.starts_with("unknown field \"spec.servers[0]."), "{message}");
    let (found, _) = check(0, &["--field-validation", "ignore"]);
    assert_eq!(found[0], "lint/unknown-field");
    let ran =
        tree.run(&["check", "--field-validation=warn", "--deny", "field-validation/", "edge.yaml"]);
    let want = "1 file, 1 document, 1 error (1 by --deny), 0 warnings; the Gateway would be accepted \
                (field validation: warn)\n\
                1 can be repaired with --fix --unsafe-fixes; --diff shows the changes\n";
    assert!(ran.out.ends_with(want), "{}", ran.out);
    assert_eq!(ran.status, 1);
}

/// found.md B.2: what the API server drops of the metadata, it drops for every client.
#[test]
fn unknown_fields_of_metadata_are_reported_to_every_client() {
    let text = gateway("edge", SERVER).replace("metadata:\n", "metadata:\n  label: {a: b}\n");
    let tree = Directory::new(&[("edge.yaml", &text)]);
    for (status, mode, rule) in [
        (1, "strict", "field-validation/unknown-field"),
        (0, "warn", "field-validation/unknown-field"),
        (0, "ignore", "lint/unknown-field"),
    ] {
        let documents = json(&tree, status, &["--field-validation", mode, "edge.yaml"]);
        let finding = &documents[0]["findings"][0];
        assert_eq!((&finding["rule"], &finding["path"]), (&rule.into(), &"metadata.label".into()));
        assert_eq!(finding["help"], "did you mean \"labels\"?");
    }
}

/// The API server decodes the metadata before it looks for unknown fields.
#[test]
fn a_type_error_in_metadata_comes_before_field_validation() {
    let text = gateway("edge", TYPO).replace("metadata:\n", "metadata:\n  finalizers: x\n");
    let tree = Directory::new(&[("edge.yaml", &text)]);
    let documents = json(&tree, 1, &["edge.yaml"]);
    assert_eq!(documents[0]["rejected_by"], "schema");
    let rules = &rules(&documents)[0].1;
    for rule in ["schema/metadata-type", "field-validation/unknown-field"] {
        assert!(rules.contains(&rule), "{rules:?}");
    }
}

#[test]
fn an_older_istio_has_fewer_fields() {
    let newer = SERVER.replace("credentialName: edge-cert", "credentialNames: [edge-cert]");
    let tree = Directory::new(&[("edge.yaml", &gateway("edge", &newer))]);
    let newest = json(&tree, 0, &["edge.yaml"]);
    assert_eq!(newest[0]["verdict"], "accepted");
    let older = json(&tree, 1, &["--istio", "1.24", "edge.yaml"]);
    assert!(rules(&older)[0].1.contains(&"field-validation/unknown-field"), "{older:?}");
    let older = json(&tree, 1, &["--istio", "1.24", "--field-validation=ignore", "edge.yaml"]);
    assert!(rules(&older)[0].1.contains(&"lint/newer-field"), "{older:?}");
    let ran = tree.run(&["check", "--istio", "2", "edge.yaml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("unknown release of Istio"), "{}", ran.err);
}

#[test]
fn standard_input_is_read_once() {
    let ran = istio_gateway(&["check", "-", "-"]).input("kind: Service\n").run();
    let want = "istio-gateway: standard input can be read only once: remove the second -\n";
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (2, "", want));
}

#[test]
fn help_teaches() {
    let help = istio_gateway(&["check", "--help"]).run();
    assert_eq!(help.status, 0);
    for taught in ["helm template . | istio-gateway check -", "--deny lint/", "Exit status:"] {
        assert!(help.out.contains(taught), "{taught}");
    }
    // The rules that the examples name are there.
    let rules = istio_gateway(&["rules"]).run().out;
    let mut words = help.out.split(|c: char| !(c.is_ascii_alphanumeric() || "/-".contains(c)));
    let is_rule = |word: &&str| {
        let (group, name) = word.split_once('/').unwrap_or_default();
        ["lint", "webhook", "cel", "schema"].contains(&group) && !name.is_empty()
    };
    let unknown = words.by_ref().filter(is_rule).find(|word| !rules.contains(word));
    assert_eq!(unknown, None);
    assert_eq!(istio_gateway(&["check"]).run().status, 2);
}
