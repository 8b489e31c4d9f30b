//! `istio-gateway to-gateway-api`, as a user runs it.

use serde_json::{Value, json};

use crate::start::{Ran, istio_gateway};

#[track_caller]
fn gives(args: &[&str], input: &str, want: i32) -> (String, String) {
    let Ran { status, out, err } =
        istio_gateway(&[&["to-gateway-api"], args].concat()).input(input).run();
    assert_eq!(status, want, "{err}");
    (out, err)
}

const GATEWAY: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  servers:
  - port: {number: 80, name: default, protocol: HTTP}
    hosts: [infra/shop.example.com]
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [infra/shop.example.com]
    tls:
      mode: OPTIONAL_MUTUAL
      credentialName: kubernetes-gateway://infra/edge-cert
      caCertCredentialName: configmap://infra/clients-cacert
      insecureSkipVerify: true
";

#[test]
fn a_gateway_is_translated_and_translated_back() {
    let (out, err) = gives(&["-"], GATEWAY, 0);
    assert_eq!(
        err,
        "<stdin>:8:31: note[gateway-api/represented-differently]: spec.servers[1].port.name: the port \
         of every listener has the name default\n"
    );
    assert!(out.starts_with("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"), "{out}");
    assert!(out.contains("mode: AllowInsecureFallback\n"), "{out}");
    let back = istio_gateway(&["from-gateway-api", "--format", "json", "-"]).input(&out).run();
    let all: Value = serde_json::from_str(&back.out).unwrap();
    let servers: Vec<_> = all[0]["listeners"].as_array().unwrap().iter().collect();
    assert_eq!(servers.len(), 2);
    assert_eq!(servers[0]["valid"], true);
    assert_eq!(servers[0]["server"]["hosts"], json!(["infra/shop.example.com"]));
    assert_eq!(
        servers[0]["server"]["port"],
        json!({"number": 80, "name": "default", "protocol": "HTTP"})
    );
    // The Secret is not in the set.
    assert_eq!(servers[1]["valid"], false);
}

#[test]
fn a_server_that_cannot_be_represented_is_reported_with_its_position() {
    let text = GATEWAY.replace(
        "      mode: OPTIONAL_MUTUAL",
        "      mode: MUTUAL\n      maxProtocolVersion: TLSV1_2",
    );
    let (out, err) = gives(&["--format", "json", "-"], &text, 1);
    let all: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(err, "");
    assert_eq!(all[0]["listeners"][1], Value::Null);
    assert!(all[0]["listeners"][0].is_string());
    let found = all[0]["findings"].as_array().unwrap();
    assert!(
        found.iter().any(|found| found["rule"] == "gateway-api/not-representable"
            && found["path"] == "spec.servers[1].tls.maxProtocolVersion"
            && found["line"] == 12),
        "{out}"
    );
    let (out, err) = gives(&["-"], &text, 1);
    assert!(err.contains("<stdin>:12:27: error[gateway-api/not-representable]: "), "{err}");
    assert_eq!(out.matches("\n  - ").count(), 1, "{out}");
}

#[test]
fn a_bare_credential_name_requires_the_namespace_of_the_pods() {
    let text = GATEWAY.replace("kubernetes-gateway://infra/edge-cert", "edge-cert");
    let (_, err) = gives(&["-"], &text, 1);
    assert!(err.contains("<stdin>:12:23: error[gateway-api/not-representable]: "), "{err}");
    let (out, _) = gives(&["--credential-namespace", "istio-ingress", "-"], &text, 0);
    let same = text.replace("edge-cert", "kubernetes-gateway://istio-ingress/edge-cert");
    assert_eq!(gives(&["-"], &same, 0).0, out);
    assert!(out.contains("kind: ReferenceGrant\n"), "{out}");
    // The API server accepts it.
    let Ran { err, .. } = istio_gateway(&["from-gateway-api", "-"]).input(&out).run();
    assert!(!err.contains("gateway-api/schema"), "{err}");
}

#[test]
fn what_the_api_server_drops_is_not_translated() {
    let text = GATEWAY.replace("insecureSkipVerify", "insecure_skip_verify");
    let (out, err) = gives(&["-"], &text, 0);
    assert!(!out.contains("AllowInsecureFallback"), "{out}");
    assert!(err.contains("insecure_skip_verify"), "{err}");
}

#[test]
fn placeholders_and_broken_documents_are_reported_and_the_rest_is_translated() {
    let template = GATEWAY.replace("infra/shop.example.com", "infra/$HOST");
    let text = format!("{template}---\na: [\n---\n{GATEWAY}");
    let (out, err) = gives(&["-"], &text, 1);
    assert_eq!(out.matches("kind: Gateway\n").count(), 1, "{out}");
    assert!(
        err.contains(
            "<stdin>: not translated: it depends on infra/$HOST at spec.servers[0].hosts[0], line 7"
        ),
        "{err}"
    );
    assert!(err.contains("unclosed bracket"), "{err}");
}
