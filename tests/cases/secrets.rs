//! What `check` says of Secrets, compared with istiod's own code, and with a real Envoy.

use std::{collections::BTreeMap, env, fs, path::Path};

use istio_gateway::{
    Diagnostic,
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
    find(objects).map(|found| (found.rule.to_string(), found.message)).collect()
}

fn find(objects: &[Value]) -> impl Iterator<Item = Diagnostic> {
    let options = Options::default().with_time("2026-11-29T00:00:00Z".parse().unwrap());
    let mut set = DocumentSet::new(&options);
    for (file, object) in objects.iter().enumerate() {
        for document in documents(&object.to_string(), &options) {
            assert_eq!(set.add(file, 0, &document.unwrap()), []);
        }
    }
    let found = set.finish().map(|found| found.diagnostic);
    found.filter(|found| found.rule.as_str() != "lint/no-selector")
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

/// Whether istiod gives the certificate and the CA of a credential to pods of a namespace.
#[test]
fn istiod_gives_secrets_of_the_same_namespaces() {
    let text = fs::read_to_string("tests/golden/secret_namespaces.ndjson").unwrap();
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let mut tls = json!({"mode": case["mode"], "credentialName": case["credential"]});
        if case["ca"].is_string() {
            tls["caCertCredentialName"] = case["ca"].clone();
        }
        let gateway = json!({
            "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
            "metadata": {"name": "edge", "namespace": "infra"},
            "spec": {"selector": {"istio": "edge"}, "servers": [{
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["*"],
                "tls": tls,
            }]},
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "edge", "namespace": case["pods"], "labels": {"istio": "edge"}},
        });
        let mut objects = vec![gateway, pod];
        // Without the Secrets, a ReferenceGrant may be missing because the files of its namespace are.
        for namespace in ["infra", "shop"] {
            for name in ["own", "edge-cert", "edge-cert-cacert"] {
                objects.push(json!({
                    "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                    "metadata": {"name": name, "namespace": namespace},
                }));
            }
        }
        if let Some(grant) = case["grant"].as_object() {
            objects.push(json!({
                "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
                "metadata": {"name": "grant", "namespace": grant["namespace"]},
                "spec": {"from": [grant["from"]], "to": [grant["to"]]},
            }));
        }
        let found = find(&objects).filter(|found| found.rule == lint::SECRET_NAMESPACE);
        let (of_ca, of_certificate): (Vec<_>, Vec<_>) = found.partition(|found| {
            found.path.to_string().ends_with(".caCertCredentialName")
                || found.message.contains("does not give the CA")
        });
        let is_allowed = case["allowed"] == true;
        assert_eq!(of_certificate.is_empty(), is_allowed, "{line}: {of_certificate:?}");
        // Without a certificate nothing is said about its CA.
        if is_allowed || case["ca"].is_string() {
            assert_eq!(of_ca.is_empty(), case["caAllowed"] != false, "{line}: {of_ca:?}");
        }
        *counts.entry((is_allowed, case["caAllowed"].as_bool())).or_insert(0_usize) += 1;
    }
    assert_eq!(text.lines().count(), 920);
    assert!(counts.values().all(|count| *count > 10) && counts.len() >= 5, "{counts:?}");
}

#[test]
#[ignore = "needs the cases that conformance/webhook/secrets makes"]
fn random_secrets() {
    let path = env::var("ISTIO_GATEWAY_SECRETS").expect("the file of the cases");
    println!("{} Secrets, 0 different from istiod", judge_as_istiod(Path::new(&path)));
}

/// Whether `check` says that Envoy, or istiod before it, does not use a certificate with its key, or a CA.
struct Said {
    pair: Option<String>,
    ca: Option<String>,
    /// Whether istiod reports the certificate.
    is_reported: bool,
}

impl Said {
    fn of(data: &Value) -> Self {
        let (mut pair, mut ca, mut is_reported) = (None, None, false);
        for (_, message) in check(data) {
            is_reported |= message.contains("(IST0161)");
            let is_of_ca =
                message.contains("CA for client certificates") || message.contains("CRL");
            let is_rejected = message.contains("so that no client can connect to this server");
            if is_rejected {
                *if is_of_ca { &mut ca } else { &mut pair } = Some(message);
            }
        }
        Self { pair, ca, is_reported }
    }
}

fn lines_of(variable: &str) -> Vec<Value> {
    let path = env::var(variable).expect("the file of the cases");
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `check` says of the same pairs and CAs as Envoy that they are not used.
#[test]
#[ignore = "needs the cases and answers of conformance/secrets"]
fn envoy_uses_what_is_not_found() {
    let (pairs, answers) =
        (lines_of("ISTIO_GATEWAY_PAIRS"), lines_of("ISTIO_GATEWAY_ENVOY_ANSWERS"));
    assert_eq!(pairs.len(), answers.len());
    let good = pairs.iter().find(|pair| pair["id"] == "p256/pkcs8").unwrap();
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::new());
    for (pair, answer) in pairs.iter().zip(&answers) {
        assert_eq!(pair["id"], answer["id"]);
        let data = json!({"tls.crt": pair["cert"], "tls.key": pair["key"], "ca.crt": good["cert"]});
        let Said { pair: of_pair, is_reported, .. } = Said::of(&data);
        // Of a certificate that Envoy rejects it is not said, and of the golden ones not known.
        let id = pair["id"].as_str().unwrap();
        let is_asked = id.starts_with("random/") || id.starts_with("envoy/");
        if answer["pair"] == true && is_asked {
            *counts.entry(("reported by istiod", is_reported)).or_insert(0_usize) += 1;
            if is_reported != pair["unread"].is_string() {
                wrong.push(format!("{}: reported {is_reported}, {}", pair["id"], pair["unread"]));
            }
        }
        let data = json!({"tls.crt": good["cert"], "tls.key": good["key"], "ca.crt": pair["cert"]});
        let of_ca = Said::of(&data).ca;
        for (kind, said) in [("pair", of_pair), ("ca", of_ca)] {
            let accepts = answer[kind] == true;
            *counts.entry((kind, accepts)).or_insert(0_usize) += 1;
            if accepts == said.is_some() {
                wrong
                    .push(format!("{} {kind}: Envoy accepts {accepts}, said {said:?}", pair["id"]));
            }
        }
    }
    println!("{} pairs, {} different from Envoy: {counts:?}", pairs.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.len() == 6 && counts.values().all(|count| *count > 5), "{counts:?}");
}

/// `check` says of the same CRLs as Envoy that they are not used, and that clients below a CA are rejected.
#[test]
#[ignore = "needs the cases and answers of conformance/secrets"]
fn envoy_rejects_clients_without_a_crl() {
    let (cases, answers) = (lines_of("ISTIO_GATEWAY_CRLS"), lines_of("ISTIO_GATEWAY_CRL_ANSWERS"));
    assert_eq!(cases.len(), answers.len());
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::new());
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(case["id"], answer["id"]);
        let said = Said::of(&case["data"]).ca;
        let accepts = answer["ca"] == true;
        *counts.entry(("secret", accepts)).or_insert(0_usize) += 1;
        if accepts == said.is_some() {
            wrong.push(format!("{}: Envoy accepts {accepts}, said {said:?}", case["id"]));
        }
        let found = check(&case["data"]).into_iter().filter(|(rule, _)| rule == "lint/secret-crl");
        let found: Vec<String> = found.map(|(_, message)| message).collect();
        let is_below = |ca: &Value| {
            let name = format!("\"CN={}\"", ca.as_str().unwrap());
            found.iter().any(|message| message.contains(&name))
        };
        let clients = case["clients"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_clients = answer["clients"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (client, accepts) in clients.iter().zip(of_clients) {
            let accepts = *accepts == true;
            let path = client["path"].as_array().unwrap();
            *counts.entry(("client", accepts)).or_insert(0_usize) += 1;
            if accepts == path.iter().any(is_below) {
                wrong.push(format!(
                    "{} {path:?}: Envoy accepts {accepts}, said {found:?}",
                    case["id"]
                ));
            }
        }
    }
    println!("{} CAs with CRLs, {} different from Envoy: {counts:?}", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.len() == 4 && counts.values().all(|count| *count > 5), "{counts:?}");
}
