//! `istio-gateway check`, and the Gateways that the tests show it.

mod fix;
mod input;
mod options;
mod output;
mod secrets;
mod suppressions;
mod together;
mod upstream;

use serde_json::Value;

use crate::start::{Directory, lines};

/// What `check --format json` prints.
fn json(tree: &Directory, status: i32, args: &[&str]) -> Vec<Value> {
    let ran = tree.run(&[&["check", "--format", "json"], args].concat());
    assert_eq!((ran.status, ran.errors().as_str()), (status, ""), "{}", ran.out);
    lines(&ran.out)
}

/// Each document's file and number, and the rules of its findings.
fn rules(documents: &[Value]) -> Vec<(String, Vec<&str>)> {
    documents
        .iter()
        .map(|document| {
            let place = format!("{}#{}", document["file"].as_str().unwrap(), document["document"]);
            let findings = document["findings"].as_array().unwrap();
            (place, findings.iter().map(|found| found["rule"].as_str().unwrap()).collect())
        })
        .collect()
}

/// A Gateway of pods of its own, so that several do not get in each other's way.
fn gateway(name: &str, server: &str) -> String {
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: {name}
  namespace: infra
spec:
  selector: {{istio: '{name}'}}
  servers:
{server}"
    )
}

const SERVER: &str = "  \
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls: {mode: SIMPLE, credentialName: edge-cert}
";

const ISTIO_MUTUAL: &str = "  \
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls:
      mode: ISTIO_MUTUAL
      credentialName: edge-cert
";

const TYPO: &str = "  \
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls: {mode: SIMPLE, credentialName: edge-cert, cipherSuite: [ECDHE-RSA-AES128-GCM-SHA256]}
";

fn good(name: &str) -> String {
    gateway(name, SERVER)
}
