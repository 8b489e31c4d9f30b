//! `istio-gateway envoy`, as a user runs it.

use serde_json::{Value, json};

use crate::start::{Ran, istio_gateway, lines};

fn run(args: &[&str], input: &str) -> Ran {
    istio_gateway(&[&["envoy"], args].concat()).input(input).run()
}

#[track_caller]
fn prints(args: &[&str], input: &str) -> String {
    let ran = run(args, input);
    assert_eq!((ran.status, ran.errors().as_str()), (0, ""));
    ran.out
}

const GATEWAYS: &str = "\
kind: Service
---
kind: Gateway
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: b}
spec:
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [a.example.com]
    tls: {mode: OPTIONAL_MUTUAL, credentialName: c, insecureSkipVerify: true, caCertificates: /ca, new: 1}
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [a.example.com]
---
kind: List
items:
- kind: Gateway
  spec: {servers: [{port: {number: 1, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}}]}
";

#[test]
fn each_server_is_an_object() {
    let text = prints(&["--format", "ndjson", "-"], GATEWAYS);
    let lines = lines(&text);
    let about = |line: &Value| json!([line["document"], line["server"], line["flow"]]);
    assert_eq!(
        lines.iter().map(about).collect::<Vec<_>>(),
        [
            json!([2, 0, "https-terminate"]),
            json!([2, 1, "http-plain"]),
            json!([3, 0, "passthrough"])
        ]
    );
    let context = &lines[0]["tls_context"];
    assert_eq!(context["require_client_certificate"], false);
    let combined = &context["common_tls_context"]["combined_validation_context"];
    assert_eq!(
        combined["default_validation_context"],
        json!({"trust_chain_verification": "ACCEPT_UNTRUSTED"})
    );
    assert!(lines[1]["tls_context"].is_null() && lines[2]["tls_context"].is_null());
    assert_eq!(lines[0]["xfcc"]["forward_client_cert_details"], "SANITIZE_SET");
    let keys = ["{\"file\":\"<stdin>\",\"document\":2,\"server\":0,\"flow\":", ",\"tls_context\":"];
    assert!(keys.iter().all(|part| text.contains(part)));
}

#[test]
fn findings_have_the_position_in_the_document() {
    let first = &lines(&prints(&["--format", "ndjson", "-"], GATEWAYS))[0];
    let about = |f: &Value| json!([f["rule"], f["severity"], f["path"], f["line"], f["column"]]);
    let findings = first["findings"].as_array().unwrap();
    assert_eq!(
        findings.iter().map(about).collect::<Vec<_>>(),
        [
            json!(["lint/unknown-field", "warning", "spec.servers[0].tls.new", 10, 100]),
            json!(["lint/ca-ignored", "warning", "spec.servers[0].tls.caCertificates", 10, 95]),
        ]
    );
}

#[test]
fn what_the_api_server_drops_is_not_translated() {
    let gateway = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: a, namespace: b}
spec:
  selectors: {a: b}
  servers:
  - {port: {number: 443, name: a, protocol: TLS}, hosts: [a.b], tls: {mode: MUTUAL, credentialName: c, subject_alt_names: [d]}}
  - {port: {number: 443, name: b, protocol: TLS}, hosts: [a.b], tls: {mode: SIMPLE, credentialName: c}}
";
    let Ran { status, out, err } = run(&["--format", "ndjson"], gateway);
    assert_eq!(status, 0);
    assert_eq!(
        err,
        "<stdin>:5:3: warning: spec.selectors: unknown field: the API server drops it; did you \
         mean \"selector\"?\n"
    );
    let lines = lines(&out);
    let context = &lines[0]["tls_context"]["common_tls_context"]["combined_validation_context"];
    assert_eq!(context["default_validation_context"], json!({}));
    let about = |line: &Value| -> Vec<Value> {
        line["findings"].as_array().unwrap().iter().map(|found| found["rule"].clone()).collect()
    };
    assert_eq!(about(&lines[0]), ["lint/snake-case-field"]);
    // istiod leaves out the second server of the host.
    assert_eq!(about(&lines[1]), ["lint/duplicate-host"]);
    assert_eq!(lines[1]["tls_context"], Value::Null);
}

#[test]
fn a_rejected_server_is_translated_and_reported() {
    let gateway = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: a, namespace: b}
spec:
  servers:
  - {port: {number: 443, name: a, protocol: TLS}, hosts: [a.b], tls: {mode: SIMPLE}}
  - {port: {number: 444, name: b, protocol: TLS}, hosts: [a.b], tls: {mode: SIMPLE, credentialName: c}}
";
    let lines = lines(&prints(&["--format", "ndjson"], gateway));
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert!(line["tls_context"].is_object());
        // The cluster rejects the Gateway, and so both servers.
        let refusal = &line["findings"][0];
        assert_eq!(refusal["severity"], "error");
        assert!(refusal["rule"].as_str().unwrap().starts_with("webhook/"), "{refusal}");
    }
}

#[test]
fn json_is_the_same_in_one_list() {
    let list: Value = serde_json::from_str(&prints(&["-"], GATEWAYS)).unwrap();
    let lines = lines(&prints(&["--format", "ndjson", "-"], GATEWAYS));
    assert_eq!(list, Value::Array(lines));
}

#[test]
fn the_version_is_istiod_s() {
    let gateway = "\
kind: Gateway
spec: {servers: [{port: {protocol: TLS}, tls: {mode: SIMPLE, credentialName: c, ecdhCurves: [X25519]}}]}
";
    let curves = |version: &str| {
        let line = prints(&["--format", "ndjson", "--istio", version], gateway);
        let line: Value = serde_json::from_str(&line).unwrap();
        line["tls_context"]["common_tls_context"]["tls_params"]["ecdh_curves"].clone()
    };
    assert_eq!(curves("1.31"), Value::Null);
    assert_eq!(curves("1.32"), json!(["X25519"]));
    assert_eq!(run(&["--istio", "1.12"], gateway).status, 2);
}

#[test]
fn unreadable_input_is_an_error() {
    let ran = run(&["-"], "kind: Gateway\nspec: {servers: [{tls: {mode: SIMPEL}}]}\n");
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(ran.err.starts_with("<stdin>:2:"), "{}", ran.err);
}
