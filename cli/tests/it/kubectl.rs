//! The command as a plugin of kubectl. `conformance/kubectl/run` does the same with kubectl itself.

use std::{os::unix::fs::symlink, path::PathBuf};

use crate::start::{Directory, Ran, lines, program};

/// What `kubectl get gateways -A -o json` prints: a List, with what a cluster adds to an object.
const LIST: &str = r#"{
  "apiVersion": "v1",
  "items": [
    {
      "apiVersion": "networking.istio.io/v1",
      "kind": "Gateway",
      "metadata": {
        "creationTimestamp": "2026-11-30T02:00:00Z", "generation": 1, "name": "plain", "namespace": "ingress",
        "resourceVersion": "123", "uid": "00000000-0000-4000-8000-000000000000"
      },
      "spec": {
        "selector": {"istio": "ingressgateway"},
        "servers": [{"hosts": ["a.example.com"], "port": {"name": "http", "number": 80, "protocol": "HTTP"}}]
      }
    },
    {
      "apiVersion": "networking.istio.io/v1",
      "kind": "Gateway",
      "metadata": {"name": "tls", "namespace": "ingress"},
      "spec": {
        "selector": {"istio": "ingressgateway"},
        "servers": [{"hosts": ["b.example.com"], "port": {"name": "https", "number": 443, "protocol": "HTTPS"}}]
      }
    }
  ],
  "kind": "List",
  "metadata": {"resourceVersion": ""}
}
"#;

/// The command with this name.
fn named(name: &str) -> (Directory, PathBuf) {
    let directory = Directory::new(&[]);
    let path = directory.path(name);
    symlink(env!("CARGO_BIN_EXE_istio-gateway"), &path).unwrap();
    (directory, path)
}

#[test]
fn usage_has_the_name_that_was_typed() {
    let (_directory, plugin) = named("kubectl-istio_gateway");
    for (args, usage) in [
        (&["check", "-h"][..], "Usage: kubectl istio-gateway check [OPTIONS] <FILE|DIR|->..."),
        (&["-h"], "Usage: kubectl istio-gateway [OPTIONS] <COMMAND>"),
    ] {
        let Ran { status, out, err } = program(&plugin, args).run();
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.lines().any(|line| line == usage), "{out}");
    }
    let Ran { status, err, .. } = program(&plugin, &["check"]).run();
    assert_eq!(status, 2);
    assert!(err.contains("Usage: kubectl istio-gateway check"), "{err}");
    // Another name is the user's own.
    let (_directory, other) = named("gw");
    let out = program(&other, &["check", "-h"]).run().out;
    assert!(out.contains("\nUsage: gw check ["), "{out}");
}

#[test]
fn a_list_of_kubectl_is_checked_item_by_item() {
    let (_directory, plugin) = named("kubectl-istio_gateway");
    let ran = program(&plugin, &["check", "--format", "json", "-"]).input(LIST).run();
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let verdicts: Vec<_> = lines(&ran.out)
        .iter()
        .map(|document| (document["name"].clone(), document["verdict"].clone()))
        .collect();
    assert_eq!(verdicts, [("plain".into(), "accepted".into()), ("tls".into(), "rejected".into())]);
    let explained = program(&plugin, &["explain", "-"]).input(LIST).run();
    assert!(explained.out.contains("ingress/plain"), "{}{}", explained.out, explained.err);
}
