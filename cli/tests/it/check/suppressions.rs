//! Comments that suppress findings, and the configuration file.

use super::*;
use crate::{
    json_schema,
    start::{istio_gateway, root},
};

/// Two findings: a protocol in lower case, and an old version of TLS.
fn text(top: &str, port: &str, tls: &str) -> String {
    let server = format!(
        "  - hosts: [a.example.com]\n    port: {{number: 443, name: https, protocol: https}}{port}\n    \
         tls:\n      mode: SIMPLE\n{tls}      minProtocolVersion: TLSV1_1\n      credentialName: a\n      \
         cipherSuites: [ECDHE-RSA-AES128-SHA]\n"
    );
    format!("{top}{}", gateway("edge", &server))
}

const CASE: &str = "# istio-gateway: allow lint/protocol-case as upstream has it";

#[track_caller]
fn found(text: &str, args: &[&str], status: i32) -> Vec<String> {
    let tree = Directory::new(&[("edge.yaml", text)]);
    let documents = json(&tree, status, &[args, &["edge.yaml"]].concat());
    let all = documents.iter().flat_map(|document| document["findings"].as_array().unwrap());
    all.map(|found| found["rule"].as_str().unwrap().to_owned()).collect()
}

const OLD: &str = "lint/old-tls";

#[test]
fn a_comment_suppresses_on_its_line_the_next_one_or_the_document() {
    assert_eq!(found(&text("", "", ""), &[], 0), ["lint/protocol-case", OLD]);
    assert_eq!(found(&text("", &format!(" {CASE}"), ""), &[], 0), [OLD]);
    assert_eq!(found(&text(&format!("# head\n{CASE}\n"), "", ""), &[], 0), [OLD]);
    assert_eq!(
        found(&text(&format!("---\n{CASE}\n"), "", ""), &["--deny", "lint/protocol-case"], 0),
        [OLD]
    );
    let next = "      # istio-gateway: allow lint/old-tls,lint/protocol-case old devices until May\n      # more\n";
    assert_eq!(found(&text("", "", next), &[], 0), ["lint/protocol-case"]);
    let ignored = found(&text("", &format!(" {CASE}"), ""), &["--ignore-suppressions"], 0);
    assert_eq!(ignored, ["lint/protocol-case", OLD]);
}

#[test]
fn a_suppression_without_a_finding_is_reported() {
    let text = text("", "", &format!("      {CASE}\n"));
    assert_eq!(found(&text, &[], 0), ["lint/protocol-case", OLD, "lint/unused-suppression"]);
    assert_eq!(found(&text, &["--deny", "lint/unused-suppression"], 1).len(), 3);
    assert_eq!(found(&text, &["--allow", "lint/unused-suppression"], 0).len(), 2);
    let ran = istio_gateway(&["check", "-"]).input(&text).run();
    assert!(
        ran.out.contains("warning[lint/unused-suppression]: lint/protocol-case is not found here"),
        "{}",
        ran.out
    );
    // A rule that is disabled anyway is not unused.
    let text = self::text(&format!("{CASE}\n"), "", "");
    assert_eq!(found(&text, &["--allow", "lint/"], 0), [""; 0]);
}

#[test]
fn an_invalid_suppression_is_an_error() {
    for (comment, message) in [
        ("allow lint/protocol-cas why", "unknown rule lint/protocol-cas"),
        (
            "allow webhook/protocol why",
            "webhook/protocol is the cluster's verdict and cannot be allowed",
        ),
        ("allow lint/protocol-case", "a suppression without a reason has no effect"),
        ("allow", "a suppression without a rule has no effect"),
    ] {
        let text = text("", &format!(" # istio-gateway: {comment}"), "");
        let tree = Directory::new(&[("edge.yaml", &text)]);
        let documents = json(&tree, 1, &["edge.yaml"]);
        let all = documents[0]["findings"].as_array().unwrap();
        let wrong = all.iter().find(|found| found["rule"] == "document/suppression").unwrap();
        assert_eq!((&wrong["message"], &wrong["line"]), (&message.into(), &10.into()), "{comment}");
        // Nothing is suppressed.
        assert!(all.iter().any(|found| found["rule"] == "lint/protocol-case"));
    }
}

/// Findings about the whole gateway are suppressed where they are, and a list is one text.
#[test]
fn findings_across_documents_and_lists_are_suppressed() {
    let server = "  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com]}\n";
    let one = gateway("edge", server);
    let head = "# istio-gateway: allow lint/duplicate-name both are generated\n";
    let stream = format!("{one}---\n{head}{one}");
    let all = found(&format!("{one}---\n{one}"), &[], 0);
    assert!(all.contains(&"lint/duplicate-name".to_owned()), "{all:?}");
    let rest = found(&stream, &[], 0);
    assert!(!rest.contains(&"lint/duplicate-name".to_owned()), "{rest:?}");
    assert!(!rest.contains(&"lint/unused-suppression".to_owned()), "{rest:?}");
    let item = |name: &str, comment: &str| {
        let text = text("", comment, "").replace("name: edge", &format!("name: {name}"));
        text.lines()
            .map(|line| format!("  {line}\n"))
            .collect::<String>()
            .replacen("  api", "- api", 1)
    };
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}{}",
        item("a", ""),
        item("b", &format!(" {CASE}"))
    );
    let rest = found(&list, &[], 0);
    assert_eq!(rest.iter().filter(|rule| *rule == "lint/protocol-case").count(), 1, "{rest:?}");
    assert!(!rest.contains(&"lint/unused-suppression".to_owned()), "{rest:?}");
}

/// What is suppressed is not repaired, and the summary counts it.
#[test]
fn what_is_suppressed_stays() {
    let text = text("", &format!(" {CASE}"), "");
    let ran = istio_gateway(&["check", "--fix", "-"]).input(&text).run();
    assert_eq!((ran.status, ran.out), (0, text));
    assert!(
        ran.err.contains("1 warning, 1 suppressed; the Gateway would be accepted"),
        "{}",
        ran.err
    );
}

#[test]
fn options_come_from_a_file_above() {
    let config =
        "# defaults\nallow: [lint/protocol-case]\ndeny: [lint/old-tls]\nfieldValidation: warn\n";
    let tree =
        Directory::new(&[(".istio-gateway.yaml", config), ("a/edge.yaml", &text("", "", ""))]);
    let run = |args: &[&str]| {
        tree.istio_gateway(&[&["check", "edge.yaml"], args].concat())
            .in_directory(&tree.path("a"))
            .run()
    };
    let ran = run(&[]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.out.contains("error[lint/old-tls]") && !ran.out.contains("protocol-case"),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("(field validation: warn)\n"), "{}", ran.out);
    // Options are more important.
    let ran = run(&["--allow", "lint/old-tls", "--field-validation", "strict"]);
    assert!(ran.out.ends_with("(field validation: strict)\n") && ran.status == 0, "{}", ran.out);
    let ran = run(&["--no-config"]);
    assert!(ran.status == 0 && ran.out.contains("protocol-case"), "{}", ran.out);
    tree.write("other.yaml", "istio: \"1.29\"\nallow: [lint/]\n");
    assert_eq!(run(&["--config", "../other.yaml"]).status, 0);
    for (config, message) in [
        ("alow: []", "unknown field `alow`, expected one of"),
        ("allow: [webhook/protocol]", "webhook/protocol is the cluster's verdict"),
        ("deny: [lint/nothing]", "bad.yaml: deny lint/nothing: unknown rule"),
        ("istio: '9.9'", "bad.yaml: istio: "),
        (
            "fieldValidation: strikt",
            "bad.yaml: fieldValidation: not a field validation: strict, warn or ignore",
        ),
        ("deny: lint/", "invalid type: string"),
        ("- a", "bad.yaml: "),
        ("a: [", "bad.yaml: "),
    ] {
        tree.write("bad.yaml", config);
        let ran = run(&["--config", "../bad.yaml"]);
        assert!(
            ran.status == 2 && ran.err.contains(message) && ran.out.is_empty(),
            "{config}: {}",
            ran.err
        );
    }
    tree.write("empty.yaml", "# nothing\n");
    assert_eq!(run(&["--config", "../empty.yaml"]).status, 0);
    assert_eq!(run(&["--config", "../none.yaml"]).status, 2);
}

#[test]
fn the_published_schema_has_every_key() {
    let schema = std::fs::read_to_string(root().join("docs/config.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let keys: Vec<_> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let tree = Directory::new(&[("bad.yaml", "unknown: 1\n"), ("edge.yaml", "")]);
    let ran = tree.run(&["check", "--config", "bad.yaml", "edge.yaml"]);
    let known: Vec<_> = ran.err.split('`').skip(3).step_by(2).collect();
    let mut sorted = known.clone();
    sorted.sort_unstable();
    assert_eq!(keys, sorted);
    let good = serde_json::json!({
        "istio": "1.29", "fieldValidation": "warn", "gatewayNamespace": "istio-ingress", "expiring": 30,
        "deny": ["lint/"], "allow": ["lint/no-selector"],
    });
    assert_eq!(json_schema::violations(&schema, &good), [""; 0]);
    assert_eq!(json_schema::violations(&schema, &serde_json::json!({"alow": []})).len(), 1);
}
