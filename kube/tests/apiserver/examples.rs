//! The examples, run as a user runs them, over HTTPS with a kubeconfig.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::cluster::{Cluster, Definition, V1, gateway, newer};

const CONDITION: &str = "example.com/ClientsVerified";

/// Next to the tests' directory.
pub(crate) fn path_of_example(name: &str) -> PathBuf {
    let mut path = env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    assert!(path.exists(), "cargo build -p istio-gateway-kube --examples comes first");
    path
}

fn example(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(path_of_example(name));
    command.args(args);
    command
}

#[track_caller]
fn run(name: &str, args: &[&str], code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = example(name, args).output().unwrap();
    let (out, err) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(code), "{out}{err}");
    (out, err)
}

async fn get(cluster: &Cluster, name: &str) -> Value {
    let path = format!("{V1}/namespaces/n/gateways/{name}");
    let (code, object) = cluster.send("GET", &path, &Value::Null).await;
    assert_eq!(code, 200, "{object}");
    object
}

async fn create(cluster: &Cluster, object: &Value) {
    let (code, answer) = cluster.send("POST", &format!("{V1}/namespaces/n/gateways"), object).await;
    assert_eq!(code, 201, "{answer}");
}

async fn set_status(cluster: &Cluster, name: &str, status: Value) {
    let path = format!("{V1}/namespaces/n/gateways/{name}/status");
    let (code, answer) = cluster.send("PATCH", &path, &json!({"status": status})).await;
    assert_eq!(code, 200, "{answer}");
}

fn insecure() -> Value {
    json!({
        "mode": "OPTIONAL_MUTUAL",
        "credentialName": "cert",
        "insecureSkipVerify": true,
        "futureField": {"x": 1},
    })
}

/// A Gateway that accepts every client, and one that does not.
async fn cluster() -> Cluster {
    let cluster = Cluster::with(&newer(Definition::Ours.object())).await;
    create(&cluster, &gateway("a", &insecure())).await;
    create(&cluster, &gateway("b", &json!({"mode": "SIMPLE", "credentialName": "cert"}))).await;
    cluster
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn watch_reports_policies_and_what_cannot_be_decoded() {
    let cluster = cluster().await;
    create(&cluster, &gateway("c", &json!({}))).await;
    set_status(&cluster, "c", json!({"validation_messages": "none"})).await;
    let (out, err) = run("watch", &["--once"], 0);
    let mut lines: Vec<_> = out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "n/a: servers[0] (*.example.com): a certificate is requested and optional; what fails \
             verification is accepted anyway",
            "n/b: servers[0] (*.example.com): no certificate is requested; nothing is verified",
        ]
    );
    let want =
        "n/c: cannot be decoded: status.validationMessages: expected a list, found \"none\"\n";
    assert_eq!(err, want);
    let (_, err) = run("watch", &["--twice"], 1);
    assert!(err.contains("expected --once"), "{err}");
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn verify_turns_it_off_and_changes_nothing_else() {
    let cluster = cluster().await;
    let before = get(&cluster, "a").await;
    let (out, err) = run("verify", &[], 0);
    assert_eq!(
        (out.as_str(), err.as_str()),
        ("n/a: insecureSkipVerify: is on; use --write to turn it off\n", "")
    );
    assert_eq!(get(&cluster, "a").await, before);

    let (out, err) = run("verify", &["--write"], 0);
    assert_eq!((out.as_str(), err.as_str()), ("n/a: insecureSkipVerify: turned off\n", ""));
    let mut want = before["spec"].clone();
    want["servers"][0]["tls"]["insecureSkipVerify"] = json!(false);
    assert_eq!(get(&cluster, "a").await["spec"], want);

    set_status(&cluster, "b", json!({"validation_messages": "none"})).await;
    let (out, _) = run("verify", &["--write"], 1);
    assert!(out.starts_with("n/b: insecureSkipVerify: the object cannot be decoded"), "{out}");
}

fn condition(object: &Value) -> Option<&Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == CONDITION)
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_controller_sets_a_condition_and_keeps_others() {
    let cluster = cluster().await;
    let theirs = json!({"type": "Theirs", "status": "True"});
    set_status(&cluster, "a", json!({"conditions": [theirs], "futureField": 1})).await;
    let (out, err) = run("controller", &["--once"], 0);
    assert_eq!((out.lines().count(), err.as_str()), (2, ""), "{out}");
    let a = get(&cluster, "a").await;
    let is = condition(&a).unwrap();
    assert_eq!((&is["status"], &is["reason"]), (&json!("False"), &json!("InsecureSkipVerify")));
    assert_eq!(is["observedGeneration"], "1");
    assert_eq!(a["status"]["conditions"][0], theirs);
    assert_eq!(a["status"]["futureField"], 1);
    assert_eq!(condition(&get(&cluster, "b").await).unwrap()["status"], "True");
    // The second run prints nothing.
    assert_eq!(run("controller", &["--once"], 0), (String::new(), String::new()));

    // It reports changes while it runs.
    let mut controller = example("controller", &[]).stdout(Stdio::null()).spawn().unwrap();
    create(&cluster, &gateway("d", &insecure())).await;
    let mut is = None;
    for _ in 0..100 {
        is = condition(&get(&cluster, "d").await).cloned();
        if is.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    controller.kill().unwrap();
    controller.wait().unwrap();
    assert_eq!(is.expect("a condition within 10 s")["status"], "False");
}

/// The example of the READMEs: it prints the Gateways, and exits if there is no server to watch.
#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_controller_of_the_readme_reports_what_goes_wrong() {
    let cluster = cluster().await;
    set_status(&cluster, "b", json!({"validation_messages": "none"})).await;
    let mut controller = example("readme", &[]);
    let mut controller = controller.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(controller.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(
        line.contains("OptionalMutual") || line.contains("credential_name: \"cert\""),
        "{line}"
    );
    let mut err = BufReader::new(controller.stderr.take().unwrap());
    line.clear();
    err.read_line(&mut line).unwrap();
    assert!(line.starts_with("cannot decode a Gateway: status.validationMessages: "), "{line}");
    // The definition was deleted, and the watch reports it.
    cluster.delete_definition().await;
    line.clear();
    err.read_line(&mut line).unwrap();
    assert!(
        line.contains("WatchFailed") || line.contains("InitialListFailed") || line.contains("404"),
        "{line}"
    );
    controller.kill().unwrap();
    controller.wait().unwrap();
    err.read_to_string(&mut line).unwrap();

    // No definition, and then no server: each is an immediate error.
    let started = Instant::now();
    let (out, err) = run("readme", &[], 1);
    assert!(out.is_empty() && err.contains("404"), "{out}{err}");
    let kubeconfig = fs::read_to_string(env::var_os("KUBECONFIG").unwrap()).unwrap();
    let (_, address) = kubeconfig.split_once("https://").unwrap();
    let end = address.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    let dead = kubeconfig.replace(&address[..end.unwrap()], "127.0.0.1:1");
    let path = env::temp_dir().join(format!("kubeconfig-{}", std::process::id()));
    fs::write(&path, dead).unwrap();
    let Output { status, stderr, .. } =
        example("readme", &[]).env("KUBECONFIG", &path).output().unwrap();
    fs::remove_file(&path).unwrap();
    let err = String::from_utf8(stderr).unwrap();
    assert!(status.code() == Some(1) && err.contains("Connection refused"), "{status}: {err}");
    assert!(started.elapsed() < Duration::from_secs(30));
}
