//! `istio-gateway explain`, and the Gateways of the tests.

mod answer;
mod catch;
mod client;
mod command;
mod diff;
mod incomplete;
mod limits;
mod placeholders;
mod stored;
mod whole;

use serde_json::{Value, json};

use crate::{
    json_schema,
    start::{Directory, Ran, istio_gateway},
};

fn run(args: &[&str], input: &str) -> Ran {
    istio_gateway(&[&["explain"], args].concat()).input(input).run()
}

#[track_caller]
fn prints(args: &[&str], input: &str) -> String {
    let ran = run(args, input);
    assert_eq!((ran.status, ran.errors().as_str()), (0, ""), "{}", ran.out);
    ran.out
}

/// Validates with one of the schema's two roots, for precise errors.
fn keeps_schema(root: &str, value: &Value) {
    let mut schema: Value =
        serde_json::from_str(include_str!("../../../../docs/explain.schema.json")).unwrap();
    let schema = schema.as_object_mut().unwrap();
    schema.remove("anyOf");
    schema.insert("$ref".to_owned(), json!(format!("#/$defs/{root}")));
    let schema = Value::Object(schema.clone());
    assert_eq!(json_schema::violations(&schema, value), [""; 0]);
}

#[track_caller]
fn report(args: &[&str], input: &str) -> Value {
    let text = prints(&[args, &["--format", "json", "-"]].concat(), input);
    let report = serde_json::from_str(&text).unwrap();
    keeps_schema("report", &report);
    report
}

/// The comparison, with and without `--fail-on`.
#[track_caller]
fn compared(old: &str, new: &str) -> Value {
    let files = Directory::new(&[]);
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

/// A Gateway of a name with a selector.
fn named(name: &str, selector: &str, servers: &[&str]) -> String {
    let gateway = gateway(&servers.join("\n  - "));
    let gateway = gateway.replace("name: edge", &format!("name: {name}"));
    gateway.replace("{istio: ingressgateway}", selector) + "---\n"
}

fn server(port: u32, hosts: &str, more: &str) -> String {
    let protocol = if port == 80 { "HTTP" } else { "HTTPS" };
    // A unique name, as istiod requires.
    let own: String = hosts.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let name = format!("p{port}-{own}");
    format!(
        "{{port: {{number: {port}, name: {name}, protocol: {protocol}}}, hosts: [{hosts}]{more}}}"
    )
}

fn https(tls: &str) -> String {
    gateway(&format!(
        "{{port: {{number: 443, name: https, protocol: HTTPS}}, hosts: [a.example.com], tls: {tls}}}"
    ))
}

const EXAMPLE: &str = include_str!("../../../../examples/gateway.yaml");

const MUTUAL: &str = "{mode: MUTUAL, credentialName: c}";
