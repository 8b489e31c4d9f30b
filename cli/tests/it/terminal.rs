//! Nothing that a document, the name of a file or an argument has in it acts on a terminal, or on what
//! reads a format.

use serde_json::Value;

use crate::start::{Directory, Ran};

const HOSTILE: &str = "\u{1b}[31m\u{7}\u{9b}31m\u{202e}\u{200b}\u{7f}";

/// Lines of the command's own, without what a terminal would act on.
#[track_caller]
fn is_harmless(text: &str) {
    let acts = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    assert!(!text.contains(acts), "{text:?}");
}

/// Every command and format that is made from a document.
const FORMATS: [&[&str]; 15] = [
    &["check"],
    &["check", "--format", "json"],
    &["check", "--format", "sarif"],
    &["check", "--format", "github"],
    &["convert", "--to", "json"],
    &["convert", "--to", "yaml"],
    &["envoy"],
    &["envoy", "--format", "ndjson"],
    &["explain"],
    &["explain", "--format", "html"],
    &["explain", "--format", "json"],
    &["explain", "--diff", "other.yaml"],
    &["explain", "--diff", "--format", "html", "other.yaml"],
    &["explain", "--diff", "--format", "json", "other.yaml"],
    &["from-gateway-api", "--format", "json"],
];

const OTHER: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [a.b]}]}
";

/// A Gateway of Istio's and one of Gateway API, with a text in whatever can hold one.
fn hostile() -> String {
    let gateway = serde_json::json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": HOSTILE, "namespace": HOSTILE, "annotations": {HOSTILE: HOSTILE}},
        "spec": {HOSTILE: 1, "selector": {HOSTILE: HOSTILE}, "servers": [{
            HOSTILE: HOSTILE,
            "name": HOSTILE,
            "port": {"number": 443, "name": HOSTILE, "protocol": HOSTILE},
            "hosts": [HOSTILE, format!("{HOSTILE}/{HOSTILE}")],
            "bind": HOSTILE,
            "tls": {
                "mode": "MUTUAL",
                "credentialName": HOSTILE,
                "subjectAltNames": [HOSTILE],
                "cipherSuites": [HOSTILE],
                "verifyCertificateHash": [HOSTILE],
            },
        }]},
    });
    let of_gateway_api = serde_json::json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": HOSTILE, "namespace": HOSTILE},
        "spec": {"gatewayClassName": "istio", "listeners": [
            {"name": HOSTILE, "port": 443, "protocol": "HTTPS", "hostname": HOSTILE,
             "tls": {"certificateRefs": [{"name": HOSTILE}]}},
        ]},
    });
    format!("{gateway}\n{of_gateway_api}\n")
}

#[test]
fn no_format_contains_control_characters() {
    let files = Directory::new(&[("edge.json", &hostile()), ("other.yaml", OTHER)]);
    for args in FORMATS {
        let Ran { out, err, status } = files.run(&[args, &["edge.json"]].concat());
        is_harmless(&out);
        is_harmless(&err);
        assert!(status < 2 && !(out + &err).is_empty(), "{args:?}: {status}");
    }
}

/// It is escaped, and so the same for who reads the format.
#[test]
fn programs_read_the_original_text() {
    let files = Directory::new(&[("edge.json", &hostile())]);
    let convert = |args: &[&str]| files.run(&[&["convert"], args].concat()).out;
    let given: Vec<Value> =
        hostile().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let json = convert(&["--to", "json", "edge.json"]);
    let json: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json, given);
    files.write("edge.yaml", convert(&["--to", "yaml", "edge.json"]));
    let json = convert(&["edge.yaml"]);
    let json: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json, given);
    let check = files.run(&["check", "--format", "json", "edge.json"]).out;
    let check: Value = serde_json::from_str(check.lines().next().unwrap()).unwrap();
    assert_eq!(check["name"], HOSTILE);
}

/// One finding is one command of the workflow's, whatever is in it.
#[test]
fn a_workflow_reads_no_command_of_a_documents() {
    let name = "x%0A::set-output name=a::b\r\n::error::c%";
    let gateway = serde_json::json!({
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
        "spec": {name: 1, "servers": [{
            "port": {"number": 443, "name": "a", "protocol": "HTTPS"}, "hosts": [name],
            "tls": {"mode": name},
        }]},
    });
    let files = Directory::new(&[("edge.json", &gateway.to_string())]);
    let out = files.run(&["check", "--format", "github", "edge.json", "absent%\n::error::"]).out;
    assert!(out.lines().count() >= 3, "{out}");
    for line in out.lines() {
        assert!(
            ["::error ", "::warning ", "::notice "].iter().any(|it| line.starts_with(it)),
            "{line}"
        );
        // The runner turns these back, so that none may have been written by the document.
        let own = ["%0Ahelp: ", "%25", "%2C", "%3A"];
        let rest = own.iter().fold(line.to_owned(), |rest, own| rest.replace(own, ""));
        assert!(!rest.contains('%'), "{line}");
    }
}

#[test]
fn shown_comments_and_lines_do_not_control_the_terminal() {
    let text = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - \"\\e[31mred\": 1 # \u{85}\u{202e}\u{200b}\u{2028}
    hosts: [\"\u{202e}x\", \"\\u009b31mx\"]
";
    let files = Directory::new(&[("edge.yaml", text)]);
    for command in ["check", "explain", "from-gateway-api"] {
        let Ran { out, err, .. } = files.run(&[command, "edge.yaml"]);
        is_harmless(&(out + &err));
    }
}

#[test]
fn arguments_do_not_control_the_terminal() {
    let files = Directory::new(&[("edge.yaml", OTHER)]);
    let option = format!("--{HOSTILE}");
    let long = "x".repeat(100_000);
    for args in [
        &[HOSTILE] as &[&str],
        &["check", &option],
        &["check", "--format", HOSTILE, "edge.yaml"],
        &["check", "--istio", HOSTILE, "edge.yaml"],
        &["check", "--deny", HOSTILE, "edge.yaml"],
        &["check", "--allow", HOSTILE, "edge.yaml"],
        &["explain", "--forwarding", "a\nerror: b", "edge.yaml"],
        &["explain", "-o", &format!("{HOSTILE}/x"), "edge.yaml"],
        &["from-gateway-api", "--selector", HOSTILE, "edge.yaml"],
        &["rules", HOSTILE],
        &["rules", &long],
        &["convert", "--from", &long, "edge.yaml"],
    ] {
        let Ran { status, out, err } = files.run(args);
        is_harmless(&err);
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}");
        assert!(!err.contains("\nerror: b") && err.len() < 2000, "{} bytes", err.len());
    }
}

#[test]
#[cfg(unix)]
fn file_names_do_not_control_the_terminal() {
    let (bad, absent) = (format!("a{HOSTILE}\n.yaml"), format!("b{HOSTILE}\n.yaml"));
    let gateway = "kind: Gateway\nspec: {servers: [{port: {number: x}}]}\n";
    let files = Directory::new(&[(&bad, gateway), ("other.yaml", OTHER)]);
    for command in ["check", "convert", "envoy", "explain", "from-gateway-api"] {
        let Ran { out, err, .. } = files.run(&[command, &bad]);
        is_harmless(&format!("{out}{err}"));
        // It is one line's name.
        assert!(format!("{out}{err}").contains("\\u{a}.yaml") || command == "from-gateway-api");
        let Ran { status, out, err } = files.run(&[command, &absent]);
        is_harmless(&format!("{out}{err}"));
        assert_eq!((status, err.lines().count()), (2, 1), "{err}");
    }
    for args in FORMATS {
        let Ran { out, err, .. } = files.run(&[args, &[&bad]].concat());
        is_harmless(&format!("{out}{err}"));
    }
}
