//! `istio-gateway crd`, as a user runs it.

use std::fs;

use istio_gateway::Object;
use serde_json::Value;

use crate::start::{Ran, istio_gateway, lines, root};

#[track_caller]
fn run(args: &[&str], code: i32) -> (String, String) {
    let Ran { status, out, err } = istio_gateway(&[&["crd"], args].concat()).run();
    assert_eq!(status, code, "{out}{err}");
    (out, err)
}

/// Upstream's definition in a release, without its descriptions.
fn upstream(release: &str) -> Value {
    let text = fs::read_to_string(root().join("tests/golden/crd.ndjson")).unwrap();
    let module = format!("istio.io/api@{release}");
    let mut lines = lines(&text).into_iter();
    lines.find(|line| line["module"] == module.as_str()).unwrap()["crd"].take()
}

fn read(yaml: &str) -> Value {
    serde_json::from_str(&Object::from_yaml(yaml).unwrap().to_json()).unwrap()
}

#[test]
fn it_prints_upstreams_definition() {
    let (yaml, err) = run(&[], 0);
    assert_eq!((read(&yaml), err.as_str()), (upstream("v1.32.0"), ""));
    assert_eq!(yaml, run(&["--istio", "1.32"], 0).0);
    let (yaml, _) = run(&["--istio", "1.31"], 0);
    assert_eq!(read(&yaml), upstream("v1.31.4"));
    let (yaml, _) = run(&["--istio", "1.30.8"], 0);
    assert_eq!(read(&yaml), upstream("v1.30.8"));
    let (json, _) = run(&["--istio", "1.24", "--format", "json"], 0);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), upstream("v1.24.2"));
}

#[test]
fn a_usage_error_exits_with_2() {
    let (out, err) = run(&["--istio", "1.99"], 2);
    assert_eq!(out, "");
    assert!(err.contains("unknown release of Istio \"1.99\": supported are 1.20 to 1.32"), "{err}");
    run(&["--format", "xml"], 2);
}
