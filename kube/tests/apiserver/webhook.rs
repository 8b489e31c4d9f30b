//! The example `webhook`, called by the server's own admission plugin over TLS.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use http::Request;
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, Definition, V1, gateway},
    examples::path_of_example,
};

const DENIED: &str = "lint/skip-verify-";

fn dir() -> PathBuf {
    env::var_os("WEBHOOKS").expect("conformance/apiserver/run sets WEBHOOKS").into()
}

/// The command, built next to the examples' directory.
fn command() -> PathBuf {
    let path = path_of_example("webhook").with_file_name("../istio-gateway");
    assert!(path.exists(), "cargo build -p istio-gateway-cli comes first");
    path
}

/// The running example.
struct Webhook {
    child: Child,
    address: String,
}

impl Webhook {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(path_of_example("webhook"))
            .args(["--listen", "127.0.0.1:0", "--certificate"])
            .arg(dir().join("tls.crt"))
            .arg("--key")
            .arg(dir().join("tls.key"))
            .args(args)
            .env("ISTIO_GATEWAY", command())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));
        Self { address: address.to_owned(), child }
    }

    fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The configuration of `deploy.yaml` for a webhook on this machine.
fn configuration(address: &str) -> Value {
    let text = fs::read_to_string("examples/webhook/deploy.yaml").unwrap();
    let documents = istio_gateway_kube::istio_gateway::documents(&text);
    let mut objects = documents.filter_map(|document| match document.unwrap() {
        istio_gateway_kube::istio_gateway::Document::Other(object) => Some(object),
        _ => None,
    });
    let object = objects.find(|object| object.kind() == "ValidatingWebhookConfiguration").unwrap();
    let mut configuration: Value = serde_json::from_str(&object.to_json()).unwrap();
    let ca = Command::new("base64").arg("-w0").arg(dir().join("tls.crt")).output().unwrap();
    configuration["webhooks"][0]["clientConfig"] = json!({
        "url": format!("https://{address}/validate"),
        "caBundle": String::from_utf8(ca.stdout).unwrap(),
    });
    configuration
}

fn no_webhooks() -> Value {
    let mut configuration = configuration("127.0.0.1:1");
    configuration["webhooks"] = json!([]);
    configuration
}

/// Replaces the configuration, which the server polls.
fn configure(configuration: &Value) {
    let new = dir().join("new");
    fs::write(&new, configuration.to_string()).unwrap();
    fs::rename(new, dir().join("webhooks.yaml")).unwrap();
}

/// The answer to a request, when the configuration is in effect: `wait` decides.
async fn until(cluster: &Cluster, object: &Value, wait: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let path = format!("{V1}/namespaces/n/gateways?dryRun=All");
        let (_, answer) = cluster.send("POST", &path, object).await;
        if wait(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the configuration has no effect after 10 s");
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().unwrap_or_default()
}

fn mutual(mode: &str, credential: &str) -> Value {
    json!({"mode": mode, "credentialName": credential})
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_webhook_rejects_what_the_command_rejects() {
    let cluster = Cluster::with(&Definition::Upstream.object()).await;
    let gateways = format!("{V1}/namespaces/n/gateways");
    let insecure =
        json!({"mode": "OPTIONAL_MUTUAL", "credentialName": "c", "insecureSkipVerify": true});
    let insecure = |name| gateway(name, &insecure);
    // Before the webhook exists, everything is accepted.
    let (code, answer) = cluster.send("POST", &gateways, &insecure("old")).await;
    assert_eq!(code, 201, "{answer}");

    let webhook = Webhook::start(&["--deny", DENIED]);
    configure(&configuration(&webhook.address));
    let answer = until(&cluster, &insecure("a"), |answer| answer["code"].is_number()).await;
    let rejection = "admission webhook \"gateways.istio-gateway.example.com\" denied the request: \
                     spec.servers[0].tls.insecureSkipVerify: ";
    assert!(message(&answer).starts_with(rejection), "{answer}");
    assert!(message(&answer).contains("[lint/skip-verify-optional]"), "{answer}");

    // istiod's webhook is not installed here, and its verdict is part of the command's.
    let (code, answer) =
        cluster.send("POST", &gateways, &gateway("a", &json!({"mode": "SIMPLE"}))).await;
    assert!(code == 400 && message(&answer).contains("[webhook/"), "{code} {answer}");

    let (code, answer) =
        cluster.send("POST", &gateways, &gateway("a", &mutual("MUTUAL", "c"))).await;
    assert_eq!(code, 201, "{answer}");
    // Each change with the message about what is weaker; None if the change is accepted.
    let a = format!("{gateways}/a");
    let changes = [
        (json!({"metadata": {"labels": {"a": "b"}}}), None),
        (
            json!({"spec": {"servers": [gateway("a", &mutual("OPTIONAL_MUTUAL", "c"))["spec"]["servers"][0]]}}),
            Some("no certificate: rejected"),
        ),
        (
            json!({"spec": {"servers": [gateway("a", &mutual("MUTUAL", "other"))["spec"]["servers"][0]]}}),
            Some("weaker than before"),
        ),
        (json!({"spec": {"selector": {"istio": "other"}}}), None),
        (
            json!({"spec": {"servers": [gateway("a", &insecure("a")["spec"]["servers"][0]["tls"])["spec"]["servers"][0]]}}),
            Some(DENIED),
        ),
        (
            json!({"spec": {"servers": [gateway("a", &json!({"mode": "MUTUAL", "credentialName": "c", "minProtocolVersion": "TLSV1_3"}))["spec"]["servers"][0]]}}),
            None,
        ),
    ];
    for (patch, want) in &changes {
        for dry_run in ["?dryRun=All", ""] {
            let (code, answer) = cluster.send("PATCH", &format!("{a}{dry_run}"), patch).await;
            match want {
                None => assert_eq!(code, 200, "{patch}: {answer}"),
                Some(want) => assert!(
                    (400..500).contains(&code) && message(&answer).contains(want),
                    "{patch}: {code} {answer}"
                ),
            }
        }
    }
    // The other versions are converted.
    let path = "/apis/networking.istio.io/v1alpha3/namespaces/n/gateways";
    let mut old_version = insecure("b");
    old_version["apiVersion"] = json!("networking.istio.io/v1alpha3");
    let (code, answer) = cluster.send("POST", path, &old_version).await;
    assert!(code == 400 && message(&answer).contains(DENIED), "{code} {answer}");

    // An object from before the webhook keeps its spec, and can be labelled and deleted.
    let old = format!("{gateways}/old");
    let (code, answer) =
        cluster.send("PATCH", &old, &json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(code, 200, "{answer}");
    let (code, answer) =
        cluster.send("PATCH", &old, &json!({"spec": {"selector": {"a": "c"}}})).await;
    assert!(code == 400 && message(&answer).contains(DENIED), "{code} {answer}");
    let (code, answer) = cluster.send("DELETE", &old, &Value::Null).await;
    assert_eq!(code, 200, "{answer}");

    // Fail closed: a CA that did not issue the certificate, and no webhook at all.
    let harmless = gateway("c", &mutual("MUTUAL", "c"));
    let mut other_ca = configuration(&webhook.address);
    let ca = env::var("KUBECONFIG").unwrap();
    let kubeconfig = fs::read_to_string(ca).unwrap();
    let (_, ca) = kubeconfig.split_once("certificate-authority-data: ").unwrap();
    other_ca["webhooks"][0]["clientConfig"]["caBundle"] =
        ca.split('}').next().unwrap().trim().into();
    configure(&other_ca);
    let answer = until(&cluster, &harmless, |answer| answer["code"].is_number()).await;
    assert!(message(&answer).contains("failed calling webhook"), "{answer}");
    assert!(message(&answer).contains("certificate"), "{answer}");
    configure(&configuration(&webhook.address));
    until(&cluster, &harmless, |answer| answer["kind"] == "Gateway").await;
    webhook.stop();
    let (code, answer) = cluster.send("POST", &gateways, &harmless).await;
    assert!(code == 500 && message(&answer).contains("failed calling webhook"), "{code} {answer}");
    configure(&no_webhooks());
    until(&cluster, &harmless, |answer| answer["kind"] == "Gateway").await;
}

/// The manifests in a directory, without subdirectories.
fn manifests(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

/// The server and the webhook reject a manifest if and only if `check` does.
#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_webhook_agrees_with_check() {
    let cluster = Cluster::with(&Definition::Upstream.object()).await;
    let webhook = Webhook::start(&["--deny=lint/"]);
    configure(&configuration(&webhook.address));
    let insecure = gateway(
        "a",
        &json!({"mode": "OPTIONAL_MUTUAL", "credentialName": "c", "insecureSkipVerify": true}),
    );
    until(&cluster, &insecure, |answer| answer["code"].is_number()).await;

    let mut files = Vec::new();
    for dir in ["valid/lint", "valid/webhook", "invalid/lint", "invalid/webhook", "mistakes"] {
        manifests(&Path::new("../tests/manifests").join(dir), &mut files);
    }
    files.sort();
    let (mut accepted, mut rejected, mut by_webhook) = (0, 0, 0);
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let check = Command::new(command())
            .args([
                "check",
                "--no-config",
                "--ignore-suppressions",
                "--deny=lint/",
                "--format=json",
            ])
            .arg(file)
            .output()
            .unwrap();
        let answers = String::from_utf8(check.stdout).unwrap();
        let answers: Vec<Value> =
            answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        // One Gateway, as a request has, and readable as the server reads it.
        let [answer] = answers.as_slice() else { continue };
        let (Some(_), false) = (answer["name"].as_str(), text.contains("\n---")) else { continue };
        let version = ["v1beta1", "v1alpha3"].into_iter().find(|version| text.contains(version));
        let path = format!(
            "/apis/networking.istio.io/{}/namespaces/{}/gateways?dryRun=All&fieldValidation=Strict",
            version.unwrap_or("v1"),
            answer["namespace"].as_str().filter(|namespace| !namespace.is_empty()).unwrap_or("n"),
        );
        let request =
            Request::post(path).header("Content-Type", "application/yaml").body(text.into_bytes());
        let response = cluster.exchange(request.unwrap()).await;
        let is_accepted = response.status().as_u16() == 201;
        assert_eq!(
            is_accepted,
            check.status.code() == Some(0),
            "{}: {}\n{}",
            file.display(),
            response.body(),
            answers[0]
        );
        accepted += usize::from(is_accepted);
        rejected += usize::from(!is_accepted);
        by_webhook += usize::from(message(response.body()).starts_with("admission webhook"));
    }
    configure(&no_webhooks());
    until(&cluster, &insecure, |answer| answer["kind"] == "Gateway").await;
    webhook.stop();
    println!(
        "{accepted} manifests accepted, {rejected} rejected, {by_webhook} of them by the webhook"
    );
    assert!(accepted > 30 && by_webhook > 30);
}

/// Wrong options and requests that are not the API server's.
#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_webhook_reports_bad_input() {
    let run = |args: &[&str]| {
        let output = Command::new(path_of_example("webhook"))
            .args(args)
            .env("ISTIO_GATEWAY", command())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let (certificate, key) = (dir().join("tls.crt"), dir().join("tls.key"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    assert!(run(&[]).contains("--certificate is missing"));
    assert!(run(&["--deny"]).contains("--deny is unknown, or has no value"));
    assert!(run(&["--certificate", "/nonexistent", "--key", key]).contains("No such file"));
    let unknown = run(&["--certificate", certificate, "--key", key, "--deny", "lint/nothing"]);
    assert!(unknown.contains("unknown rule"), "{unknown}");

    let webhook = Webhook::start(&[]);
    let curl = |args: &[&str]| {
        let output = Command::new("curl")
            .args(["-s", "--cacert", certificate, "-w", " %{http_code}", "--max-time", "20"])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let url = |path: &str| format!("https://{}{path}", webhook.address);
    assert_eq!(curl(&[&url("/healthz")]), "ok 200");
    assert!(curl(&[&url("/validate")]).ends_with(" 404"));
    for body in ["", "{}", "[]", "{\"request\": {}}", "nonsense"] {
        let answer = curl(&["-d", body, &url("/validate")]);
        assert!(answer.contains("\"allowed\":false") && answer.ends_with(" 200"), "{answer}");
    }
    let large = env::temp_dir().join(format!("webhook-large-{}", std::process::id()));
    fs::write(&large, vec![b' '; 9 << 20]).unwrap();
    let answer = curl(&["--data-binary", &format!("@{}", large.display()), &url("/validate")]);
    fs::remove_file(&large).unwrap();
    assert!(answer.ends_with(" 413"), "{answer}");
    webhook.stop();
}
