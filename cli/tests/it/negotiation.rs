//! `alpnProtocols` and `ecdhCurves` of Istio 1.32, through every command.

use istio_gateway::Object;
use serde_json::{Value, json};

use crate::start::{Ran, istio_gateway, root};

fn example() -> String {
    std::fs::read_to_string(root().join("examples/negotiation.yaml")).unwrap()
}

#[track_caller]
fn run(args: &[&str], input: &str) -> String {
    let Ran { status, out, err } = istio_gateway(args).input(input).run();
    assert_eq!(status, 0, "{out}{err}");
    out
}

#[test]
fn check_accepts_it_since_1_32() {
    let accepted = run(&["check", "-"], &example());
    assert!(accepted.starts_with("1 file, 1 document, 0 errors, 0 warnings"), "{accepted}");
    let older = ["check", "--istio", "1.31", "--field-validation"];
    let ignored = run(&[&older[..], &["ignore", "-"]].concat(), &example());
    assert_eq!(ignored.matches("warning[lint/newer-field]").count(), 2, "{ignored}");
    let strict = istio_gateway(&[&older[..], &["strict", "-"]].concat()).input(&example()).run();
    assert_eq!(strict.out.matches("error[field-validation/unknown-field]").count(), 2);
    assert_eq!(strict.status, 1);
}

#[test]
fn convert_keeps_it() {
    let json = run(&["convert", "--to", "json", "-"], &example());
    let tls = &serde_json::from_str::<Value>(&json).unwrap()["spec"]["servers"][0]["tls"];
    assert_eq!(tls["alpnProtocols"], json!(["http/1.1"]));
    assert_eq!(tls["ecdhCurves"], json!(["X25519MLKEM768", "X25519"]));
    let read = |text: &str| Object::from_yaml(text).unwrap().to_json();
    assert_eq!(read(&run(&["convert", "--to", "yaml", "-"], &json)), read(&example()));
}

#[test]
fn envoy_has_it_since_1_32() {
    let common = |version: &str| {
        let json = run(&["envoy", "--istio", version, "-"], &example());
        serde_json::from_str::<Value>(&json).unwrap()[0]["tls_context"]["common_tls_context"].take()
    };
    let new = common("1.32");
    assert_eq!(new["alpn_protocols"], json!(["http/1.1"]));
    assert_eq!(new["tls_params"]["ecdh_curves"], json!(["X25519MLKEM768", "X25519"]));
    let old = common("1.31");
    assert_eq!(old["alpn_protocols"], json!(["h2", "http/1.1"]));
    assert_eq!(old["tls_params"]["ecdh_curves"], Value::Null);
}

#[test]
fn explain_predicts_what_is_negotiated() {
    let explain = |format: &str| run(&["explain", "--format", format, "-"], &example());
    let report: Value = serde_json::from_str(&explain("json")).unwrap();
    assert_eq!(
        report["servers"][0]["alpn"],
        json!({
            "offered": ["http/1.1"],
            "negotiated": {"": null, "h2": null, "http/1.1": "http/1.1", "h2, http/1.1": "http/1.1"},
        })
    );
    let text = explain("text").split_whitespace().collect::<Vec<_>>().join(" ");
    let html = explain("html");
    for sentence in [
        "Key exchange by X25519MLKEM768, X25519.",
        "By ALPN the gateway offers http/1.1. A client that offers h2 and http/1.1 gets http/1.1, \
         one with h2 alone no protocol, one with http/1.1 alone http/1.1.",
    ] {
        assert!(text.contains(sentence), "{text}");
        assert!(html.contains(sentence), "{html}");
    }
}

#[test]
fn a_difference_of_it_is_reported() {
    let files = crate::start::Directory::new(&[("new.yaml", &example())]);
    let is_new = |line: &&str| line.contains("alpnProtocols") || line.contains("ecdhCurves");
    let old: Vec<_> = example().lines().filter(|line| !is_new(line)).map(str::to_owned).collect();
    files.write("old.yaml", old.join("\n"));
    let args =
        ["explain", "--diff", "--fail-on", "weaker", "--format", "json", "old.yaml", "new.yaml"];
    let ran = files.run(&args);
    assert_eq!(ran.status, 0, "{}", ran.err);
    for (id, values) in
        [("ecdh-curves", json!(["X25519MLKEM768", "X25519"])), ("alpn", json!(["http/1.1"]))]
    {
        let found: Value = serde_json::from_str(&ran.out).unwrap();
        let found = found.to_string();
        assert!(found.contains(&format!("\"id\":\"{id}\"")), "{found}");
        assert!(found.contains(&values.to_string()), "{found}");
    }
}

#[test]
fn crd_has_it_since_1_32() {
    let knows = |version: &str| {
        let json = run(&["crd", "--istio", version, "--format", "json"], "");
        ["alpnProtocols", "ecdhCurves"].map(|field| json.contains(&format!("\"{field}\"")))
    };
    assert_eq!(knows("1.32"), [true; 2]);
    assert_eq!(knows("1.31"), [false; 2]);
}

/// The listener stays, and so do the other servers of the port.
#[test]
fn no_client_connects_to_a_server_with_an_unknown_curve() {
    let second = "  - port: {number: 443, name: b, protocol: HTTPS}
    hosts: [b.example.com]
    tls: {mode: SIMPLE, credentialName: other}
";
    let input = example().replace("[X25519MLKEM768, X25519]", "[secp256r1]") + second;
    let report = run(&["explain", "--format", "json", "-"], &input);
    let report: Value = serde_json::from_str(&report).unwrap();
    let who =
        |server: usize| report["servers"][server]["answer"]["accepted_clients"].as_str().unwrap();
    assert!(who(0).starts_with("No client: Envoy rejects the server's secrets"), "{}", who(0));
    assert_eq!(who(1), "Every client: no certificate is requested.");
    assert!(!report["servers"][1]["does"].to_string().contains("reject"), "{report}");
    let checked = run(&["check", "-"], &input);
    assert!(checked.contains("warning[lint/curve-name]"), "{checked}");
    assert!(checked.contains("= help: write P-256"), "{checked}");
}
