//! `istio-gateway rules`, and the examples that it shows.

use crate::start::{Ran, istio_gateway, lines};

fn rules(args: &[&str]) -> Ran {
    istio_gateway(&[&["rules"], args].concat()).run()
}

#[test]
fn rules_are_listed_and_explained() {
    let listed = rules(&[]);
    assert_eq!((listed.status, listed.err.as_str()), (0, ""));
    let all = lines(&rules(&["--format", "json"]).out);
    assert_eq!(listed.out.lines().count(), all.len());
    for rule in &all {
        let id = rule["rule"].as_str().unwrap();
        assert!(listed.out.lines().any(|line| line.starts_with(id)), "{id}");
        assert!(!rule["title"].as_str().unwrap().is_empty(), "{id}");
        assert!(!rule["explanation"].as_str().unwrap().is_empty(), "{id}");
    }
    let one = rules(&["document/no-object"]);
    let want = "\
document/no-object (error)
Not a Kubernetes object

apiVersion and kind must be strings. Without them Kubernetes cannot identify the
resource. A document with a kind and `items` is a list: kubectl applies its
items and silently drops its other fields.

Bad:

    apiVersion: 1
    kind: Gateway
    metadata: {name: edge}

Good:

    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: edge}
    spec:
      selector: {istio: ingressgateway}
      servers:
      - port: {number: 443, name: https, protocol: HTTPS}
        hosts: [shop.example.com]
        tls: {mode: SIMPLE, credentialName: edge-cert}
";
    assert_eq!(one.out, want);
    let absent = rules(&["lint/nothing"]);
    assert_eq!(
        (absent.status, absent.err.as_str()),
        (2, "istio-gateway: unknown rule lint/nothing (istio-gateway rules lists all)\n")
    );
}

/// Every example does what it is an example of.
#[test]
fn examples_break_or_satisfy_their_rule() {
    for rule in lines(&rules(&["--format", "json"]).out) {
        let id = rule["rule"].as_str().unwrap();
        for (kind, is_bad) in [("bad", true), ("good", false)] {
            let Some(example) = rule[kind].as_str() else { continue };
            let command = match id.split('/').next().unwrap() {
                "gateway-api" => "from-gateway-api",
                "envoy" => "envoy",
                // tests/it/decode_rules.rs: these ids are of the library.
                "decode" => continue,
                _ => "check",
            };
            // An example that needs an older Istio begins with the command that selects it.
            let first = example.lines().next().unwrap();
            let command = first.strip_prefix("# istio-gateway ").unwrap_or(command);
            // Advice without field validation is an error with it.
            let ignore = ["lint/unknown-field", "lint/snake-case-field", "lint/newer-field"];
            let lenient = ignore.contains(&id).then_some(["--field-validation", "ignore"]);
            let lenient = lenient.into_iter().flatten();
            let args: Vec<_> =
                command.split(' ').chain(lenient).chain(["--format", "json", "-"]).collect();
            let ran = istio_gateway(&args).input(example).run();
            let has = ran.out.replace(' ', "").contains(&format!("\"rule\":\"{id}\""));
            assert_eq!(has, is_bad, "{id}: the {kind} example\n{}", ran.out);
        }
    }
}
