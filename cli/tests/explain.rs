//! `istio-gateway explain`, as a user runs it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod schema;

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn run(args: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_istio-gateway"))
        .arg("explain")
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Ran {
        status: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

#[track_caller]
fn prints(args: &[&str], input: &str) -> String {
    let ran = run(args, input);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    ran.out
}

/// What the schema says of one of its two roots, so that what is wrong is told.
fn keeps_schema(root: &str, value: &Value) {
    let mut schema: Value =
        serde_json::from_str(include_str!("../../docs/explain.schema.json")).unwrap();
    let schema = schema.as_object_mut().unwrap();
    schema.remove("anyOf");
    schema.insert("$ref".to_owned(), json!(format!("#/$defs/{root}")));
    let schema = Value::Object(schema.clone());
    assert_eq!(schema::violations(&schema, value), [""; 0]);
}

#[track_caller]
fn report(args: &[&str], input: &str) -> Value {
    let text = prints(&[args, &["--format", "json", "-"]].concat(), input);
    let report = serde_json::from_str(&text).unwrap();
    keeps_schema("report", &report);
    report
}

/// A Gateway with one server.
fn gateway(server: &str) -> String {
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: ingress}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - {server}
"
    )
}

fn https(tls: &str) -> String {
    gateway(&format!(
        "{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: [a.example.com], tls: {tls}}}"
    ))
}

fn rows(report: &Value) -> BTreeMap<String, Value> {
    let clients = report["servers"][0]["clients"].as_array().unwrap();
    clients.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row.clone())).collect()
}

const EXAMPLE: &str = include_str!("../../examples/gateway.yaml");

/// Lines are joined, so that a sentence can be looked for.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn allow_insecure_fallback_answers_who_and_what() {
    let text = prints(&["-"], EXAMPLE);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains('\u{1b}'), "colour without a terminal");
    let text = joined(&text);
    for sentence in [
        "<stdin>:11 Gateway ingress/edge, spec.servers[0] \"https\": port 443 HTTPS (https)",
        "Who gets in? Everybody without a certificate, and everybody who presents a certificate, \
         also one that fails verification: issued by another CA, self-signed,",
        "Whether it passed verification cannot be seen: a self-made one looks the same",
        "issued by the CA in the secret kubernetes://edge-cert-cacert, current and fit for clients",
        "Still refused: a certificate whose key usage forbids signing, presented without its key or \
         unreadable.",
        "self-signed in, UNVERIFIED certificate certificate",
        "presented without its key refused - -",
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/handshake.json");
    let golden: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
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
                "fatal" => "refused",
                "accept-nocert" => "anonymous",
                "accept-validated" => "verified",
                "accept-unvalidated" => "unverified",
                other => panic!("{other}"),
            };
            let seen = &row["xfcc"][text("xfcc")];
            let has_header = !matches!(seen["header"].as_str(), None | Some("none"));
            let got = json!([row["outcome"], has_header, seen["if_forged"]]);
            let forged = cell["forged"].as_str().filter(|id| !id.is_empty());
            let want = json!([outcome, cell["xfcc"], forged]);
            assert_eq!(got, want, "{} {client}", text("name"));
            compared += 1;
        }
    }
    println!("{compared} cells of {listeners} listeners compared");
    assert!(compared >= 200, "only {compared} cells");
}

#[test]
fn each_flow_says_what_it_is() {
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
        json!([server["flow"], first["outcome"], first["xfcc"]["ALWAYS_FORWARD_ONLY"]["if_forged"]])
    };
    let servers = report["servers"].as_array().unwrap();
    assert_eq!(
        servers.iter().map(about).collect::<Vec<_>>(),
        [
            json!(["http-plain", "redirected", null]),
            json!(["http-plain", "anonymous", "forged"]),
            json!(["https-terminate", "anonymous", "forged"]),
            json!(["tls-terminate", "refused", null]),
            json!(["passthrough", "passed-on", null]),
            json!(["passthrough", "passed-on", null]),
            json!(["opaque-tcp", "passed-on", null]),
            json!(["tls-terminate", "refused", null]),
        ]
    );
    // A redirect is what a plain port's settings are for.
    assert_eq!(servers[0]["dropped"], json!([]));
    assert_eq!(servers[1]["line"], 8);
    assert_eq!(servers[7]["client_certificate"]["ca"], "the mesh's root certificate");
}

#[test]
fn the_answer_follows_the_mode_of_forwarding() {
    let trust = |forwarding: &str, tls: &str| {
        let report = report(&["--forwarding", forwarding], &https(tls));
        report["servers"][0]["answer"]["what_can_the_backend_trust"].as_str().unwrap().to_owned()
    };
    let mutual = "{mode: MUTUAL, credentialName: c}";
    let fallback = "{mode: OPTIONAL_MUTUAL, credentialName: c, insecureSkipVerify: true}";
    let simple = "{mode: SIMPLE, credentialName: c}";
    for (forwarding, tls, words) in [
        ("SANITIZE_SET", mutual, "which was verified by the CA in the secret"),
        ("SANITIZE_SET", fallback, "Whether it passed verification cannot be seen"),
        ("SANITIZE", mutual, "Whoever gets this far was verified"),
        ("SANITIZE", fallback, "no x-forwarded-client-cert reaches it"),
        (
            "FORWARD_ONLY",
            mutual,
            "every client with a certificate that passes verification can write",
        ),
        ("FORWARD_ONLY", fallback, "a self-made one will do, can write it"),
        ("APPEND_FORWARD", fallback, "only what stands last"),
        ("ALWAYS_FORWARD_ONLY", simple, "every client can write it"),
        ("FORWARD_ONLY", simple, "no x-forwarded-client-cert reaches it"),
    ] {
        let said = trust(forwarding, tls);
        assert!(said.contains(words), "{forwarding} {tls}: {said}");
    }
}

#[test]
fn what_a_cluster_or_envoy_refuses_is_said_first() {
    let input = https("{mode: SIMPLE}");
    let report_of = report(&[], &input);
    let server = &report_of["servers"][0];
    assert_eq!(server["refused"][0]["rule"], "webhook/server-certificate");
    let who = server["answer"]["who_gets_in"].as_str().unwrap();
    assert!(who.starts_with("Nothing changes: a cluster refuses this Gateway."), "{who}");
    let text = prints(&["-"], &input);
    let at = |words: &str| text.find(words).unwrap();
    assert!(at("A cluster refuses this Gateway") < at("Who gets in?"));

    // A pin that Envoy cannot read: a cluster takes it, and nobody can connect.
    let server = https("{mode: MUTUAL, credentialName: c, verifyCertificateHash: [abc]}");
    let report = report(&[], &server);
    let server = &report["servers"][0];
    assert_eq!(server["refused"], json!([]));
    assert_eq!(server["answer"]["who_gets_in"], "Nobody: Envoy refuses the listener.");
    let clients = server["clients"].as_array().unwrap();
    assert!(clients.iter().all(|client| client["outcome"] == "refused"));
}

/// Envoy takes a listener with all its filter chains or not at all.
#[test]
fn a_listener_that_envoy_refuses_is_of_all_its_servers() {
    let good = server(443, "a.b", &format!(", tls: {MUTUAL}"));
    let bad = "{mode: MUTUAL, credentialName: c, verifyCertificateHash: [abc]}";
    let bad = server(443, "b.b", &format!(", tls: {bad}"));
    let elsewhere = server(444, "a.b", &format!(", tls: {MUTUAL}"));
    let report = report(&[], &named("edge", "{a: b}", &[&good, &bad, &elsewhere]));
    let says = |i: usize| {
        let does = report["servers"][i]["does"].as_array().unwrap().iter();
        does.filter(|does| does.as_str().unwrap().contains("for spec.servers[1]")).count()
    };
    assert_eq!([says(0), says(1), says(2)], [1, 0, 0], "{report:#}");
}

#[test]
fn pins_and_names_are_told_with_what_becomes_of_them() {
    let input = https(
        "{mode: OPTIONAL_MUTUAL, serverCertificate: /c, privateKey: /k, caCertificates: /ca, \
         subjectAltNames: [v, w], verifyCertificateSpki: [abc], insecureSkipVerify: true}",
    );
    let report = report(&[], &input);
    let server = &report["servers"][0];
    assert_eq!(server["dropped"][0]["rule"], "envoy/pins-ignored");
    let gives = joined(&server["gives_away"].to_string());
    assert!(gives.contains("Nobody is kept out by 2 subject alternative names"), "{gives}");
    assert_eq!(rows(&report)["other-name"]["outcome"], "unverified");
    assert!(!rows(&report).contains_key("not-pinned"));
}

struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        Self(root)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The comparison, with and without `--fail-on`.
#[track_caller]
fn compared(name: &str, old: &str, new: &str) -> Value {
    let files = Files::new(name);
    let (old, new) = (files.write("old.yaml", old), files.write("new.yaml", new));
    let text = prints(&["--diff", "--format", "json", &old, &new], "");
    let diff: Value = serde_json::from_str(&text).unwrap();
    keeps_schema("diff", &diff);
    let failing = run(&["--diff", "--fail-on", "weaker", &old, &new], "");
    assert_eq!(failing.status, i32::from(diff["weaker"] != 0), "{}", failing.out);
    assert!(failing.out.lines().all(|line| line.chars().count() <= 80), "{}", failing.out);
    diff
}

/// Each difference's effect and id.
fn differences(diff: &Value) -> Vec<(&str, &str)> {
    let servers = diff["servers"].as_array().unwrap();
    let all = servers.iter().flat_map(|server| server["differences"].as_array().unwrap());
    all.map(|d| (d["effect"].as_str().unwrap(), d["id"].as_str().unwrap())).collect()
}

const MUTUAL: &str = "{mode: MUTUAL, credentialName: c}";

#[test]
fn skip_is_weaker_for_each_flaw() {
    let new = https("{mode: MUTUAL, credentialName: c, insecureSkipVerify: true}");
    let diff = compared("skip", &https(MUTUAL), &new);
    let flaws = [
        "unknown-issuer",
        "self-signed",
        "incomplete-chain",
        "expired",
        "not-yet-valid",
        "not-for-clients",
    ];
    assert_eq!(differences(&diff), flaws.map(|id| ("weaker", id)));
    let first = &diff["servers"][0]["differences"][0];
    assert_eq!(
        (&first["old"]["outcome"], &first["new"]["outcome"]),
        (&json!("refused"), &json!("unverified"))
    );
    assert_eq!(first["old"]["xfcc"]["APPEND_FORWARD"], json!({"header": null, "if_forged": null}));
    assert_eq!(
        first["new"]["xfcc"]["APPEND_FORWARD"],
        json!({"header": "own", "if_forged": "forged+own"})
    );

    let back = compared("skip-back", &new, &https(MUTUAL));
    assert_eq!(differences(&back), flaws.map(|id| ("stronger", id)));
    assert_eq!(differences(&compared("same", &new, &new)), []);
}

#[test]
fn another_ca_opens_and_closes() {
    let new = https("{mode: MUTUAL, credentialName: c, caCertCredentialName: partner}");
    let diff = compared("ca", &https(MUTUAL), &new);
    assert_eq!(differences(&diff), [("weaker", "new-ca"), ("stronger", "old-ca")]);
    let values: Vec<_> =
        (0..2).map(|i| diff["servers"][0]["differences"][i]["values"][0].clone()).collect();
    assert_eq!(values, ["the secret kubernetes://partner", "the secret kubernetes://c-cacert"]);
}

#[test]
fn tls_itself_can_be_weaker() {
    let tls = |tls: &str| https(&format!("{{mode: SIMPLE, credentialName: c{tls}}}"));
    for (name, old, new, want) in [
        ("minimum", ", minProtocolVersion: TLSV1_3", "", ("weaker", "minimum-version")),
        ("minimum-up", "", ", minProtocolVersion: TLSV1_3", ("stronger", "minimum-version")),
        ("maximum", "", ", maxProtocolVersion: TLSV1_2", ("weaker", "maximum-version")),
        // What Envoy speaks by itself is no change.
        (
            "suites",
            ", cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]",
            ", cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256, AES128-SHA]",
            ("weaker", "suites-added"),
        ),
        (
            "default-suites",
            "",
            ", cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]",
            ("stronger", "suites-removed"),
        ),
    ] {
        assert_eq!(differences(&compared(name, &tls(old), &tls(new))), [want], "{name}");
    }
    let other = compared("certificate", &tls(""), &https("{mode: SIMPLE, credentialName: d}"));
    assert_eq!(differences(&other), [("different", "server-certificate")]);
    let same = compared("same-minimum", &tls(""), &tls(", minProtocolVersion: TLSV1_2"));
    assert_eq!(differences(&same), []);
}

/// TLS 1.3 has its own suites: a list says nothing where only it is spoken.
#[test]
fn suites_count_up_to_tls_1_2() {
    let tls = |suites: &str| {
        let only = "minProtocolVersion: TLSV1_3";
        https(&format!("{{mode: SIMPLE, credentialName: c, {only}, cipherSuites: [{suites}]}}"))
    };
    let (one, two) = (tls("ECDHE-RSA-AES128-GCM-SHA256"), tls("AES128-SHA, AES256-SHA"));
    assert_eq!(differences(&compared("only-1-3", &one, &two)), []);
}

/// Bytes within TLS are passed on as they are, and with them a header that the client wrote.
#[test]
fn a_header_that_the_gateway_no_more_writes_is_weaker() {
    let new = https(MUTUAL).replace("protocol: HTTPS", "protocol: TLS");
    assert_eq!(differences(&compared("tls", &https(MUTUAL), &new)), [("weaker", "flow")]);
    assert_eq!(differences(&compared("https", &new, &https(MUTUAL))), [("different", "flow")]);
}

#[test]
fn more_addresses_and_more_pods_are_weaker() {
    let bind = |bind: &str| gateway(&server(443, "a.b", &format!("{bind}, tls: {MUTUAL}")));
    let pods = |selector: &str| {
        named("edge", selector, &[&server(443, "a.b", &format!(", tls: {MUTUAL}"))])
    };
    for (name, old, new, want) in [
        ("local-any", bind(", bind: 127.0.0.1"), bind(""), ("weaker", "bind")),
        ("local-all", bind(", bind: 127.0.0.1"), bind(", bind: 0.0.0.0"), ("weaker", "bind")),
        ("one-all", bind(", bind: 10.0.0.1"), bind(", bind: '::'"), ("weaker", "bind")),
        ("all-local", bind(""), bind(", bind: '::1'"), ("stronger", "bind")),
        ("one-other", bind(", bind: 10.0.0.1"), bind(", bind: 10.0.0.2"), ("different", "bind")),
        ("all-pods", pods("{a: b}"), pods("{}"), ("weaker", "selector")),
        ("more-pods", pods("{a: b, c: d}"), pods("{a: b}"), ("weaker", "selector")),
        ("less-pods", pods("{a: b}"), pods("{a: b, c: d}"), ("stronger", "selector")),
        ("other-pods", pods("{a: b, c: d}"), pods("{a: x}"), ("different", "selector")),
    ] {
        assert_eq!(differences(&compared(name, &old, &new)), [want], "{name}");
    }
}

#[test]
fn plain_http_is_weaker_and_so_is_no_redirect() {
    let http = |tls: &str| {
        gateway(&format!(
            "{{port: {{number: 443, name: https, protocol: HTTP}}, hosts: [a.example.com]{tls}}}"
        ))
    };
    let redirect = http(", tls: {httpsRedirect: true}");
    let off = compared("redirect", &redirect, &http(""));
    assert_eq!(differences(&off), [("weaker", "redirect-off")]);
    let simple = https("{mode: SIMPLE, credentialName: c}");
    assert_eq!(differences(&compared("http", &simple, &http(""))), [("weaker", "flow")]);
    // And every client that was refused gets in.
    let opened = compared("mutual-http", &https(MUTUAL), &http(""));
    let found = differences(&opened);
    assert!(found.contains(&("weaker", "none")) && found.contains(&("weaker", "flow")));
    assert!(found.contains(&("different", "valid")), "{found:?}");
}

#[test]
fn servers_come_and_go() {
    let server = |port: u32, name: &str, host: &str, tls: &str| {
        format!(
            "{{port: {{number: {port}, name: {name}, protocol: HTTPS}}, hosts: [{host}], tls: {tls}}}"
        )
    };
    let of = |servers: &[&str]| gateway(&servers.join("\n  - "));
    let a = server(443, "a", "a.b", MUTUAL);
    let moved = server(443, "z", "a.b", MUTUAL);
    let b = server(444, "b", "b.b", MUTUAL);
    let wide = server(443, "a", "'*.b'", MUTUAL);
    for (name, old, new, want) in [
        ("added", of(&[&a]), of(&[&b, &a]), vec![("weaker", "server-added")]),
        ("removed", of(&[&a, &b]), of(&[&b]), vec![("stronger", "server-removed")]),
        ("renamed", of(&[&a, &b]), of(&[&b, &moved]), vec![]),
        (
            "hosts",
            of(&[&a]),
            of(&[&wide]),
            // Whoever asks for a.b is served as before.
            vec![("weaker", "hosts-added")],
        ),
        ("fewer-hosts", of(&[&wide]), of(&[&a]), vec![("stronger", "hosts-removed")]),
        (
            "selector",
            of(&[&a]),
            of(&[&a]).replace("ingressgateway", "other"),
            vec![("different", "selector")],
        ),
        (
            "another-gateway",
            of(&[&a]),
            of(&[&a]).replace("name: edge", "name: other"),
            vec![("stronger", "server-removed"), ("weaker", "server-added")],
        ),
    ] {
        let diff = compared(name, &old, &new);
        assert_eq!(differences(&diff), want, "{name}");
    }
}

/// A Gateway of a name with a selector.
fn named(name: &str, selector: &str, servers: &[&str]) -> String {
    let gateway = gateway(&servers.join("\n  - "));
    let gateway = gateway.replace("name: edge", &format!("name: {name}"));
    gateway.replace("{istio: ingressgateway}", selector) + "---\n"
}

fn server(port: u32, hosts: &str, more: &str) -> String {
    let protocol = if port == 80 { "HTTP" } else { "HTTPS" };
    format!("{{port: {{number: {port}, name: p, protocol: {protocol}}}, hosts: [{hosts}]{more}}}")
}

/// The verdicts are reasoned, not printed: Envoy picks the filter chain by the server name (SNI) that
/// a client asks for, and the virtual host by the request's host: the exact name first, then the
/// longest wildcard, then `*`. So a host that loses its server is caught by a wildcard's, if the same
/// pods have one on that port.
#[test]
fn a_host_that_another_server_catches_is_compared() {
    const SIMPLE: &str = ", tls: {mode: SIMPLE, credentialName: c}";
    let mutual = format!(", tls: {MUTUAL}");
    let ingress = "{istio: ingressgateway}";
    let a = server(443, "a.example.com", &mutual);
    let wide = server(443, "'*.example.com'", SIMPLE);
    let all = server(443, "'*'", SIMPLE);
    let of = |servers: &[&str]| named("edge", ingress, servers);
    let (other, elsewhere) =
        (named("other", ingress, &[&all]), named("other", "{app: x}", &[&all]));
    let both = server(443, "a.example.com, '*/b.example.com'", &mutual);
    let b = server(443, "b.example.com", &mutual);
    let redirect = server(80, "a.example.com", ", tls: {httpsRedirect: true}");
    let plain = server(80, "'*'", "");
    let caught = "caught-by-another";
    // The whole list of verdicts; whether a door opens is what --fail-on looks at.
    for (name, old, new, want) in [
        (
            "server-gone",
            of(&[&a, &wide]),
            of(&[&wide]),
            // No certificate gets in, and a valid one is not looked at any more.
            vec![("weaker", caught), ("different", caught), ("stronger", "server-removed")],
        ),
        (
            "host-gone",
            of(&[&both, &all]),
            of(&[&b, &all]),
            vec![("weaker", caught), ("different", caught)],
        ),
        (
            "gateway-gone",
            of(&[&a]) + &other,
            other.clone(),
            vec![("stronger", "server-removed"), ("weaker", caught), ("different", caught)],
        ),
        // The other one is not on the same pods.
        (
            "other-pods",
            of(&[&a]) + &elsewhere,
            elsewhere.clone(),
            vec![("stronger", "server-removed")],
        ),
        (
            "redirect-gone",
            of(&[&redirect, &plain]),
            of(&[&plain]),
            vec![("weaker", caught), ("stronger", "server-removed")],
        ),
        // The other way: the door of that host closes.
        (
            "server-new",
            of(&[&all]),
            of(&[&a, &all]),
            vec![("weaker", "server-added"), ("stronger", caught), ("different", caught)],
        ),
        // Another wildcard is longer, and does the same.
        (
            "same-policy",
            of(&[&a, &server(443, "'*.example.com'", &mutual), &all]),
            of(&[&server(443, "'*.example.com'", &mutual), &all]),
            vec![("stronger", "server-removed")],
        ),
        // Names are compared without regard to case.
        ("case", of(&[&a, &wide]), of(&[&server(443, "A.EXAMPLE.COM", &mutual), &wide]), vec![]),
    ] {
        let diff = compared(name, &old, &new);
        assert_eq!(differences(&diff), want, "{name}");
        for difference in diff["servers"].as_array().unwrap().iter().flat_map(|server| {
            server["differences"].as_array().unwrap().iter().filter(|d| d["id"] == caught)
        }) {
            assert_eq!(difference["values"], json!(["a.example.com"]), "{name}");
        }
    }
}

#[test]
fn hosts_come_and_go_as_envoy_matches_them() {
    let of = |hosts: &str| gateway(&server(443, hosts, &format!(", tls: {MUTUAL}")));
    for (name, old, new, want) in [
        ("narrowed", "'*'", "a.b", vec![("stronger", "hosts-removed")]),
        ("widened", "a.b", "'*'", vec![("weaker", "hosts-added")]),
        ("covered", "'*', a.b", "'*'", vec![]),
        // The part before the slash says whose routes may have it.
        ("more-namespaces", "./a.b", "'*/a.b'", vec![("weaker", "hosts-added")]),
        ("fewer-namespaces", "a.b", "./a.b", vec![("stronger", "hosts-removed")]),
        (
            "other-namespace",
            "x/a.b",
            "y/a.b",
            vec![("weaker", "hosts-added"), ("stronger", "hosts-removed")],
        ),
        ("all-namespaces", "a.b", "'*/a.b'", vec![]),
    ] {
        assert_eq!(differences(&compared(name, &of(old), &of(new))), want, "{name}");
    }
}

/// Each document that is applied replaces the one of the same name before.
#[test]
fn the_last_gateway_of_a_name_counts() {
    let (mutual, simple) = (https(MUTUAL), https("{mode: SIMPLE, credentialName: c}"));
    let both = |first: &str, last: &str| format!("{first}---\n{last}");
    for (name, old, new, is_weaker, repeated) in [
        ("last-simple", mutual.clone(), both(&mutual, &simple), true, json!(["new"])),
        ("last-mutual", mutual.clone(), both(&simple, &mutual), false, json!(["new"])),
        ("old-mutual", both(&simple, &mutual), simple.clone(), true, json!(["old"])),
        ("old-simple", both(&mutual, &simple), simple.clone(), false, json!(["old"])),
        ("none", mutual.clone(), mutual.clone(), false, json!([])),
    ] {
        let diff = compared(name, &old, &new);
        assert_eq!(diff["weaker"] != 0, is_weaker, "{name}");
        let which = diff["repeated"].as_array().unwrap().iter();
        assert_eq!(which.map(|one| one["which"].clone()).collect::<Value>(), repeated, "{name}");
    }
    let files = Files::new("repeated");
    let (old, new) = (files.write("a", &mutual), files.write("b", &both(&mutual, &mutual)));
    let text = prints(&["--diff", &old, &new], "");
    assert!(text.starts_with("The new file has 2 Gateways ingress/edge."), "{text}");
    let html = prints(&["--diff", "--format", "html", &old, &new], "");
    assert!(html.contains("has 2 Gateways ingress/edge."));
}

/// The namespace of a manifest without one is that of whoever applies it.
#[test]
fn a_namespace_that_one_file_does_not_say_is_the_other_s() {
    let mutual = https(MUTUAL);
    let without = |text: &str| text.replace(", namespace: ingress", "");
    let in_other = mutual.replace("ingress}", "other}");
    let gone = [("stronger", "server-removed"), ("weaker", "server-added")];
    for (name, old, new, want) in [
        ("in-old", mutual.clone(), without(&mutual), &[][..]),
        ("in-new", without(&mutual), mutual.clone(), &[]),
        ("another", mutual.clone(), in_other.clone(), &gone),
        // Which of the two it is cannot be told.
        (
            "two",
            format!("{mutual}---\n{in_other}"),
            without(&mutual),
            &[("weaker", "server-added"), gone[0], gone[0]],
        ),
    ] {
        assert_eq!(differences(&compared(name, &old, &new)), want, "{name}");
    }
}

#[test]
fn a_refused_change_is_said_to_change_nothing() {
    let new = https("{mode: SIMPLE}");
    let diff = compared("refused", &https(MUTUAL), &new);
    assert_eq!(diff["refused"][0]["which"], "new");
    assert_ne!(diff["weaker"], 0);
    let files = Files::new("refused-text");
    let (old, new) = (files.write("a.yaml", &https(MUTUAL)), files.write("b.yaml", &new));
    let text = prints(&["--diff", &old, &new], "");
    assert!(text.starts_with("A cluster refuses the new ingress/edge, so that nothing changes"));
}

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title>",
    "\u{202e}gro.elpmaxe\u{2066}",
    "\u{1b}[31mred\u{7}\u{9b}",
    "&amp;&#60;",
];

fn hostile() -> String {
    let gateways = HOSTILE.iter().map(|&text| {
        let hosts: Vec<String> = (0..10_000).map(|n| format!("{text}{n}")).collect();
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": text, "namespace": text},
            "spec": {"selector": {"a": text}, "servers": [{
                "name": text,
                "port": {"number": 443, "name": text, "protocol": "HTTPS"},
                "hosts": hosts,
                "tls": {
                    "mode": "MUTUAL",
                    "credentialName": text,
                    "caCertCredentialName": text,
                    "subjectAltNames": hosts,
                    "cipherSuites": [text],
                    "insecureSkipVerify": true,
                    text: text,
                },
            }]},
        })
        .to_string()
    });
    gateways.collect::<Vec<_>>().join("\n")
}

#[test]
fn hostile_text_is_harmless() {
    let input = hostile();
    let start = Instant::now();
    let files = Files::new("hostile");
    let (old, new) = (files.write("old.yaml", &https(MUTUAL)), files.write("new.json", &input));
    for args in [vec![new.as_str()], vec!["--diff", old.as_str(), new.as_str()]] {
        let text = prints(&args, "");
        let bad = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{2069}').contains(&c);
        assert!(!text.contains(bad), "{args:?}");
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        let html = prints(&[&["--format", "html"][..], &args].concat(), "");
        for begin in ["<script", "<img", "</style></title>", "onerror=alert(1)>"] {
            let count = html.matches(begin).count();
            assert_eq!(count, 0, "{begin}");
        }
        assert_eq!((html.matches("<title>").count(), html.matches("<style>").count()), (1, 1));
        assert!(!html.contains(bad) && html.len() < 200_000, "{} bytes", html.len());
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn many_servers_take_no_long_time() {
    let server = |i: usize| {
        json!({
            "port": {"number": 443, "name": format!("n{i}"), "protocol": "HTTPS"},
            "hosts": [format!("h{i}.b")],
            // A list that is dropped: each server has a finding with a place. And no certificate,
            // so that each has errors.
            "tls": {"mode": "MUTUAL", "credentialName": if i.is_multiple_of(2) { "c" } else { "" }, "caCrl": "/x"},
        })
    };
    let servers: Vec<_> = (0..3000).map(server).collect();
    let input = json!({"kind": "Gateway", "apiVersion": "networking.istio.io/v1", "metadata": {"name": "a"}, "spec": {"servers": servers}});
    let input = input.to_string();
    let start = Instant::now();
    for format in ["text", "html", "json"] {
        assert!(prints(&["--format", format, "-"], &input).contains("caCrl"));
    }
    let files = Files::new("many");
    let (old, new) = (
        files.write("a.json", &input),
        files.write("b.json", &input.replace("MUTUAL", "OPTIONAL_MUTUAL")),
    );
    let diff = prints(&["--diff", &old, &new], "");
    assert!(diff.contains("3000 servers changed, 0 unchanged"), "{}", diff.len());
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// Lists that are long on both sides, and a comparison for each host.
#[test]
fn long_lists_take_no_long_time() {
    let server = |i: usize, hosts: &[String], tls: Value| json!({"port": {"number": 443, "name": format!("n{i}"), "protocol": "HTTPS"}, "hosts": hosts, "tls": tls});
    let gateway = |servers: Vec<Value>| {
        json!({"kind": "Gateway", "apiVersion": "networking.istio.io/v1", "metadata": {"name": "a"}, "spec": {"servers": servers}}).to_string()
    };
    let names: Vec<_> = (0..6000).map(|i| format!("h{i}.b")).collect();
    let tls = |names: &[String]| json!({"mode": "MUTUAL", "credentialName": "c", "subjectAltNames": names});
    let files = Files::new("long");
    let one = files.write("one.json", &gateway(vec![server(0, &names, tls(&names))]));
    let each = names.chunks(1).enumerate().map(|(i, name)| server(i, name, tls(name)));
    let each = files.write("each.json", &gateway(each.collect()));
    let suites: Vec<_> = (0..64_000).map(|i| format!("-A{i}")).collect();
    let tls = json!({"mode": "SIMPLE", "credentialName": "c", "cipherSuites": suites});
    let suites = files.write("suites.json", &gateway(vec![server(0, &names, tls)]));
    let start = Instant::now();
    let diff = prints(&["--diff", "--format", "json", &one, &each], "");
    assert!(diff.contains("too much to compare"));
    assert!(prints(&["--diff", &one, &suites], "").contains("weaker"));
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn bad_input_and_bad_commands_say_so() {
    let ran = run(&["-"], "kind: Gateway\nspec: {servers: [{tls: {mode: SIMPEL}}]}\n");
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(ran.err.starts_with("<stdin>:2:"), "{}", ran.err);
    let ran = run(&["-"], "kind: Gateway\nspec: {servers: [\n");
    assert_eq!((ran.status, ran.out.as_str()), (1, ""), "{}", ran.err);
    for args in [
        &[] as &[&str],
        &["--diff", "-"],
        &["--diff", "-", "-"],
        &["-", "-"],
        &["--fail-on", "weaker", "-"],
        &["--forwarding", "SANITISE", "-"],
        &["--istio", "1.12", "-"],
        &["/nonexistent.yaml"],
        &["-o", "/nonexistent/a.html", "-"],
    ] {
        let ran = run(args, EXAMPLE);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn files_lists_and_the_output_file() {
    let files = Files::new("files");
    let item = EXAMPLE.lines().filter(|line| !line.starts_with('#'));
    let item: Vec<String> = item.map(|line| format!("  {line}")).collect();
    let list = format!("kind: List\nitems:\n-\n{}\n", item.join("\n"));
    let (a, b) = (files.write("a.yaml", EXAMPLE), files.write("b.yaml", &list));
    let out = files.0.join("out.html");
    let text = prints(&["-o", out.to_str().unwrap(), "--format", "html", &a, &b], "");
    assert_eq!(text, "");
    let html = fs::read_to_string(&out).unwrap();
    assert_eq!(html.matches("<article").count(), 2, "{list}");
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
    assert!(!html.contains("http://") && !html.contains("https://"), "something to fetch");
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(&files.0).unwrap().count(), 3);
    let none = prints(&["-"], "kind: Service\n");
    assert!(none.starts_with("0 servers"), "{none}");
}

/// What the README shows is what is printed.
#[test]
fn the_readme_is_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let shown = |command: &str| {
        let (_, rest) = readme.split_once(&format!("$ istio-gateway {command}\n")).unwrap();
        rest.split_once("\n```").unwrap().0
    };
    let explained = prints(&["-"], EXAMPLE).replace("<stdin>", "examples/gateway.yaml");
    let begins = shown("explain examples/gateway.yaml");
    assert!(explained.starts_with(begins) && begins.lines().count() > 10, "{explained}");

    let files = Files::new("readme");
    let old: String = EXAMPLE
        .lines()
        .filter(|line| !line.contains("insecureSkipVerify"))
        .map(|line| format!("{line}\n"))
        .collect();
    let (old, new) = (files.write("old.yaml", &old), files.write("gateway.yaml", EXAMPLE));
    let diff = prints(&["--diff", &old, &new], "").replace(&new, "examples/gateway.yaml");
    let begins = shown("explain --diff --fail-on weaker old.yaml examples/gateway.yaml");
    assert!(diff.starts_with(begins) && begins.lines().count() > 5, "{diff}");
}
