//! Which clients a server accepts, and what the backend can trust.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use super::*;
use crate::start::{joined, root};

fn rows(report: &Value) -> BTreeMap<String, Value> {
    let clients = report["servers"][0]["clients"].as_array().unwrap();
    clients.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row.clone())).collect()
}

#[test]
fn allow_insecure_fallback_is_explained() {
    let text = prints(&["-"], EXAMPLE);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains('\u{1b}'), "colour without a terminal");
    let text = joined(&text);
    for sentence in [
        "<stdin>:11 Gateway ingress/edge, spec.servers[0] \"https\": port 443 HTTPS (https)",
        "Which clients are accepted? Clients without a certificate, and clients that present a certificate, also one \
         that fails verification: issued by another CA, self-signed,",
        "A self-signed certificate is indistinguishable: verify it in the backend",
        "issued by the CA in the secret kubernetes://edge-cert-cacert, current and valid for clientAuth",
        "Rejected certificates: keyUsage lacks digitalSignature, presented without its key or \
         unreadable.",
        "self-signed in, UNVERIFIED certificate certificate",
        "presented without its key rejected - -",
    ] {
        assert!(text.contains(sentence), "{sentence}\nis not in\n{text}");
    }
}

/// The golden file's client for a row, where every listener has one. It has none for a client
/// without its key and for one that cannot be read.
const CLIENTS: [(&str, &str); 10] = [
    ("none", "none"),
    ("valid", "valid"),
    ("untrusted", "unknown-issuer"),
    ("self_signed", "self-signed"),
    ("int_incomplete", "incomplete-chain"),
    ("expired", "expired"),
    ("not_yet", "not-yet-valid"),
    ("no_eku_client", "not-for-clients"),
    ("no_digsig_ku", "not-for-signing"),
    ("wrong_san", "other-name"),
];

#[test]
fn the_table_is_what_a_real_envoy_did() {
    let golden = fs::read_to_string(root().join("tests/golden/handshake.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let (mut compared, mut listeners) = (0, 0);
    for listener in golden["listeners"].as_array().unwrap() {
        if listener["group"] == "rbac" {
            continue;
        }
        let text = |key: &str| listener[key].as_str().unwrap();
        let names = match text("config") {
            "plain" => "",
            "san" | "san_deprecated" => ", subjectAltNames: [spiffe://lab/ns/a/sa/good]",
            _ => continue,
        };
        let skip = match text("insecureSkipVerify") {
            "unset" => "",
            "true" => ", insecureSkipVerify: true",
            _ => ", insecureSkipVerify: false",
        };
        // Names without a CA are another configuration.
        let names = if text("mode") == "SIMPLE" { "" } else { names };
        let input = https(&format!("{{mode: {}, credentialName: c{skip}{names}}}", text("mode")));
        let rows = rows(&report(&["--forwarding", text("xfcc")], &input));
        listeners += 1;
        for (client, row) in CLIENTS {
            let Some(cell) = listener["results"][client].as_u64() else { continue };
            let cell = &golden["cells"][usize::try_from(cell).unwrap()];
            // A row that is not there is as without a flaw.
            let row = rows.get(row).unwrap_or_else(|| &rows["valid"]);
            let outcome = match cell["outcome"].as_str().unwrap() {
                "fatal" => "rejected",
                "accept-nocert" => "anonymous",
                "accept-validated" => "verified",
                "accept-unvalidated" => "unverified",
                other => panic!("{other}"),
            };
            let seen = &row["xfcc"][text("xfcc")];
            let has_header = !matches!(seen["header"].as_str(), None | Some("none"));
            let got = json!([row["outcome"], has_header, seen["if_spoofed"]]);
            // The golden file's names for what the backend sees.
            let spoofed = match cell["forged"].as_str().unwrap_or_default() {
                "" => None,
                "own" => Some("gateway-set"),
                "forged" => Some("client-supplied"),
                "forged+own" => Some("client-supplied+gateway-set"),
                other => Some(other),
            };
            let want = json!([outcome, cell["xfcc"], spoofed]);
            assert_eq!(got, want, "{} {client}", text("name"));
            compared += 1;
        }
    }
    println!("{compared} cells of {listeners} listeners compared");
    assert!(compared >= 200, "only {compared} cells");
}

#[test]
fn each_traffic_mode_is_described() {
    let input = gateway(
        "{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.b], tls: {httpsRedirect: true}}
  - {port: {number: 81, name: plain, protocol: HTTP}, hosts: [a.b]}
  - {port: {number: 443, name: a, protocol: HTTPS}, hosts: [a.b], tls: {mode: SIMPLE, credentialName: c}}
  - {port: {number: 444, name: b, protocol: TLS}, hosts: [a.b], tls: {mode: MUTUAL, credentialName: c}}
  - {port: {number: 445, name: c, protocol: TLS}, hosts: [a.b], tls: {mode: PASSTHROUGH}}
  - {port: {number: 446, name: d, protocol: TLS}, hosts: ['*.b'], tls: {mode: AUTO_PASSTHROUGH}}
  - {port: {number: 447, name: e, protocol: TCP}, hosts: [a.b]}
  - {port: {number: 448, name: f, protocol: TLS}, hosts: [a.b], tls: {mode: ISTIO_MUTUAL}}",
    );
    let report = report(&[], &input);
    let about = |server: &Value| {
        let first = &server["clients"][0];
        json!([
            server["flow"],
            first["outcome"],
            first["xfcc"]["ALWAYS_FORWARD_ONLY"]["if_spoofed"]
        ])
    };
    let servers = report["servers"].as_array().unwrap();
    assert_eq!(
        servers.iter().map(about).collect::<Vec<_>>(),
        [
            json!(["http-plain", "redirected", null]),
            json!(["http-plain", "anonymous", "client-supplied"]),
            json!(["https-terminate", "anonymous", "client-supplied"]),
            json!(["tls-terminate", "rejected", null]),
            json!(["passthrough", "passthrough", null]),
            json!(["passthrough", "passthrough", null]),
            json!(["opaque-tcp", "passthrough", null]),
            json!(["tls-terminate", "rejected", null]),
        ]
    );
    // The settings of a plain port are only for the redirect.
    assert_eq!(servers[0]["dropped"], json!([]));
    assert_eq!(servers[1]["line"], 8);
    assert_eq!(servers[7]["client_certificate"]["ca"], "the mesh's root certificate");
}

#[test]
fn the_answer_depends_on_the_forwarding_mode() {
    let trust = |forwarding: &str, tls: &str| {
        let report = report(&["--forwarding", forwarding], &https(tls));
        report["servers"][0]["answer"]["what_can_the_backend_trust"].as_str().unwrap().to_owned()
    };
    let mutual = "{mode: MUTUAL, credentialName: c}";
    let fallback = "{mode: OPTIONAL_MUTUAL, credentialName: c, insecureSkipVerify: true}";
    let simple = "{mode: SIMPLE, credentialName: c}";
    for (forwarding, tls, words) in [
        ("SANITIZE_SET", mutual, "which was verified by the CA in the secret"),
        ("SANITIZE_SET", fallback, "A self-signed certificate is indistinguishable"),
        ("SANITIZE", mutual, "Every client was verified"),
        ("SANITIZE", fallback, "no x-forwarded-client-cert reaches it"),
        (
            "FORWARD_ONLY",
            mutual,
            "every client with a certificate that passes verification can write",
        ),
        ("FORWARD_ONLY", fallback, "even a self-signed one, can write it"),
        ("APPEND_FORWARD", fallback, "Only the last element"),
        ("ALWAYS_FORWARD_ONLY", simple, "every client can write it"),
        ("FORWARD_ONLY", simple, "no x-forwarded-client-cert reaches it"),
    ] {
        let said = trust(forwarding, tls);
        assert!(said.contains(words), "{forwarding} {tls}: {said}");
    }
}

#[test]
fn a_rejection_by_a_cluster_or_envoy_comes_first() {
    let input = https("{mode: SIMPLE}");
    let report_of = report(&[], &input);
    let server = &report_of["servers"][0];
    assert_eq!(server["rejected"][0]["rule"], "webhook/server-certificate");
    let who = server["answer"]["accepted_clients"].as_str().unwrap();
    assert!(who.starts_with("Nothing changes: a cluster rejects this Gateway."), "{who}");
    let text = prints(&["-"], &input);
    let at = |words: &str| text.find(words).unwrap();
    assert!(at("A cluster rejects this Gateway") < at("Which clients are accepted?"));

    // A pin that Envoy cannot read: a cluster accepts it, and no client can connect.
    let server = https("{mode: MUTUAL, credentialName: c, verifyCertificateHash: [abc]}");
    let report = report(&[], &server);
    let server = &report["servers"][0];
    assert_eq!(server["rejected"], json!([]));
    assert_eq!(
        server["answer"]["accepted_clients"],
        "No client: Envoy rejects the listener. A running gateway keeps its previous listener; one that \
         starts has none."
    );
    let clients = server["clients"].as_array().unwrap();
    assert!(clients.iter().all(|client| client["outcome"] == "rejected"));
}

/// Envoy accepts a listener with all its filter chains, or rejects it.
#[test]
fn a_rejected_listener_affects_all_its_servers() {
    let good = server(443, "a.b", &format!(", tls: {MUTUAL}"));
    let bad = "{mode: MUTUAL, credentialName: c, verifyCertificateHash: [abc]}";
    let bad = server(443, "b.b", &format!(", tls: {bad}"));
    let elsewhere = server(444, "a.b", &format!(", tls: {MUTUAL}"));
    let report = report(&[], &named("edge", "{a: b}", &[&good, &bad, &elsewhere]));
    let says = |i: usize| {
        let who = report["servers"][i]["answer"]["accepted_clients"].as_str().unwrap();
        [who.contains("because of spec.servers[1]"), who.starts_with("No client")]
    };
    let said = [says(0), says(1), says(2)];
    assert_eq!(said, [[true, true], [false, true], [false, false]], "{report:#}");
}

#[test]
fn pins_and_names_are_reported_with_their_effect() {
    let input = https(
        "{mode: OPTIONAL_MUTUAL, serverCertificate: /c, privateKey: /k, caCertificates: /ca, \
         subjectAltNames: [v, w], verifyCertificateSpki: [abc], insecureSkipVerify: true}",
    );
    let report = report(&[], &input);
    let server = &report["servers"][0];
    assert_eq!(server["dropped"][0]["rule"], "lint/pins-ignored");
    let gives = joined(&server["risks"].to_string());
    assert!(gives.contains("Not enforced either: 2 subject alternative names"), "{gives}");
    assert_eq!(rows(&report)["other-name"]["outcome"], "unverified");
    assert!(!rows(&report).contains_key("not-pinned"));
}

/// A Gateway with a strict server and one more.
fn strict_and(server: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: infra}}\n\
         spec:\n  selector: {{istio: edge}}\n  servers:\n  - port: {{number: 443, name: a, protocol: HTTPS}}\n    \
         hosts: [admin.example.com]\n    tls: {{mode: MUTUAL, credentialName: c}}\n  - {server}\n"
    )
}

#[test]
fn an_answer_is_not_that_all_others_are_rejected_where_another_server_is_a_bypass() {
    for (server, request) in [
        (
            "{port: {number: 443, name: b, protocol: HTTPS}, hosts: ['*.example.com'], tls: {mode: SIMPLE, \
             credentialName: c}}",
            "with the server name (SNI) a.example.com and the Host admin.example.com",
        ),
        (
            "{port: {number: 8443, name: b, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE, \
             credentialName: c}}",
            "without a server name (SNI) and the Host admin.example.com",
        ),
        (
            "{port: {number: 80, name: b, protocol: HTTP}, hosts: ['*/admin.example.com']}",
            "without TLS and the Host admin.example.com",
        ),
    ] {
        let text = strict_and(server);
        let report: Value =
            serde_json::from_str(&prints(&["--format", "json", "-"], &text)).unwrap();
        keeps_schema("report", &report);
        let bypasses = report["servers"][0]["bypasses"].as_array().unwrap();
        assert_eq!(bypasses.len(), 1, "{server}");
        let sentence = bypasses[0].as_str().unwrap();
        assert!(sentence.contains(request) && sentence.contains("curl "), "{sentence}");
        let answer = report["servers"][0]["answer"]["accepted_clients"].as_str().unwrap();
        assert!(answer.ends_with(sentence), "{answer}");
        let printed = joined(&prints(&["-"], &text));
        assert!(printed.contains("This check can be bypassed: a request to 0.0.0.0:"), "{printed}");
        assert_eq!(report["servers"][1]["bypasses"], json!([]));
    }
    for server in [
        "{port: {number: 443, name: b, protocol: HTTPS}, hosts: ['*.example.com'], tls: {mode: MUTUAL, \
         credentialName: c}}",
        "{port: {number: 443, name: b, protocol: HTTPS}, hosts: [www.example.com], tls: {mode: SIMPLE, \
         credentialName: c}}",
        "{port: {number: 80, name: b, protocol: HTTP}, hosts: ['*'], tls: {httpsRedirect: true}}",
        "{port: {number: 443, name: b, protocol: HTTPS}, hosts: ['*.example.com'], tls: {mode: $MODE, \
         credentialName: c}}",
    ] {
        let report = prints(&["--format", "json", "-"], &strict_and(server));
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["servers"][0]["bypasses"], json!([]), "{server}");
    }
}

#[test]
fn a_command_holds_no_command_of_a_documents() {
    let text = strict_and("{port: {number: 80, name: b, protocol: HTTP}, hosts: ['*']}")
        .replace("admin.example.com", "\"a'`id`'\"");
    let report: Value = serde_json::from_str(&prints(&["--format", "json", "-"], &text)).unwrap();
    let sentence = report["servers"][0]["bypasses"][0].as_str().unwrap();
    let url = r"'http://a'\''`id`'\'':80/'";
    assert!(sentence.ends_with(&format!("curl --connect-to ::$GATEWAY:80 {url}")), "{sentence}");
}
