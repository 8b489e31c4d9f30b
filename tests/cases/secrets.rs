//! What `check` says of Secrets, compared with istiod's own code, and with a real Envoy.

use std::{collections::BTreeMap, env, fs, path::Path};

use istio_gateway::{
    rule::lint,
    validate::{Options, documents, set::DocumentSet},
};
use serde_json::{Value, json};

/// The findings about the Secret of a server that requires client certificates.
fn check(data: &Value) -> Vec<(String, String)> {
    let gateway = json!({
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "infra"},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [{
            "port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["*"],
            "tls": {"mode": "MUTUAL", "credentialName": "edge-cert"},
        }]},
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "edge-cert", "namespace": "istio-system"}, "data": data,
    });
    check_set(&[gateway, secret])
}

fn check_set(objects: &[Value]) -> Vec<(String, String)> {
    let options = Options::default().with_time("2026-11-29T00:00:00Z".parse().unwrap());
    let mut set = DocumentSet::new(&options);
    for (file, object) in objects.iter().enumerate() {
        for document in documents(&object.to_string(), &options) {
            assert_eq!(set.add(file, 0, &document.unwrap()), []);
        }
    }
    let found = set.finish().map(|found| found.diagnostic);
    let found = found.filter(|found| found.rule.as_str() != "lint/no-selector");
    found.map(|found| (found.rule.to_string(), found.message)).collect()
}

fn judge_as_istiod(path: &Path) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let found = check(&case["data"]);
        let says = |rule: &str, start: &str| {
            let of = |(id, message): &&(String, String)| id == rule && message.starts_with(start);
            found.iter().find(of).map_or("", |(_, message)| message.as_str())
        };
        let server = says(lint::SECRET_KEYS.as_str(), "istiod finds no certificate");
        let ca = says(lint::SECRET_KEYS.as_str(), "istiod finds no CA");
        let unreadable = says(lint::SECRET_CERTIFICATE.as_str(), "the certificate");
        let error = |field: &str| case[field].as_str().unwrap().to_owned();
        let is_same =
            |said: &str, error: &str| said.is_empty() == error.is_empty() && said.ends_with(error);
        let is_right = is_same(server, &error("server"))
            && is_same(ca, &error("ca"))
            && unreadable.is_empty() == (case["certificate"] == true || !server.is_empty());
        if !is_right {
            wrong.push(format!("{}: {found:?}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    text.lines().count()
}

#[test]
fn istiod_finds_the_same_in_secrets() {
    assert_eq!(judge_as_istiod(Path::new("tests/golden/secrets.ndjson")), 300);
}

/// Whether istiod gives a credential to pods of a namespace.
#[test]
fn istiod_gives_secrets_of_the_same_namespaces() {
    let text = fs::read_to_string("tests/golden/secret_namespaces.ndjson").unwrap();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let gateway = json!({
            "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "infra"},
            "spec": {"selector": {"istio": "edge"}, "servers": [{
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["*"],
                "tls": {"mode": "SIMPLE", "credentialName": case["credential"]},
            }]},
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "edge", "namespace": case["pods"], "labels": {"istio": "edge"}},
        });
        let found = check_set(&[gateway, pod]);
        let is_denied = found.iter().any(|(rule, _)| rule == "lint/secret-namespace");
        assert_eq!(is_denied, case["allowed"] == false, "{line}: {found:?}");
    }
    assert_eq!(text.lines().count(), 20);
}

#[test]
#[ignore = "needs the cases that conformance/webhook/secrets makes"]
fn random_secrets() {
    let path = env::var("ISTIO_GATEWAY_SECRETS").expect("the file of the cases");
    println!("{} Secrets, 0 different from istiod", judge_as_istiod(Path::new(&path)));
}

/// Each pair that `check` calls unusable is rejected by Envoy. Envoy also rejects some that it does not find:
/// they are counted.
#[test]
#[ignore = "needs the cases and answers of conformance/secrets"]
fn envoy_rejects_what_is_found() {
    let read = |name: &str| {
        let path = env::var(name).expect("the file of the cases");
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let (pairs, answers) = (read("ISTIO_GATEWAY_PAIRS"), read("ISTIO_GATEWAY_ENVOY_ANSWERS"));
    assert_eq!(pairs.len(), answers.len());
    let golden = fs::read_to_string("tests/golden/secrets.ndjson").unwrap();
    let golden = golden.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut cas = golden.filter(|case| case["ca"] == "").map(|case| case["data"]["ca.crt"].clone());
    let ca = cas.find(|ca| ca.is_string() && check(&json!({"ca.crt": ca})).len() == 1).unwrap();
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::new());
    for (pair, answer) in pairs.iter().zip(&answers) {
        assert_eq!(pair["id"], answer["id"]);
        let found = check(&json!({"tls.crt": pair["cert"], "tls.key": pair["key"], "ca.crt": ca}));
        let accepts = answer["pair"] == true;
        let says = |rule: &str| found.iter().any(|(id, _)| id == rule);
        let said = match () {
            () if says("lint/secret-private-key") => "rejected",
            () if says("lint/secret-certificate") => "unreadable",
            () if says("lint/secret-keys") => "empty",
            () => "nothing",
        };
        *counts.entry((said, accepts)).or_insert(0_usize) += 1;
        let is_wrong = accepts && matches!(said, "rejected" | "empty");
        if is_wrong || !accepts && said == "nothing" {
            let id = pair["id"].as_str().unwrap();
            let text = format!(
                "{id}: said {said}, and Envoy {}",
                if accepts { "accepts" } else { "rejects" }
            );
            if is_wrong { wrong.push(text) } else { println!("not found: {text}") }
        }
    }
    println!("{} pairs: {counts:?} (what is said, whether Envoy accepts)", pairs.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts[&("rejected", false)] > 100 && counts[&("nothing", true)] > 20, "{counts:?}");
}
