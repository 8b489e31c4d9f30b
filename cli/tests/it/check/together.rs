//! Gateways and VirtualServices of several files, which are one gateway.

use serde_json::json;

use super::*;

fn server(host: &str, mode: &str) -> String {
    format!(
        "  - port: {{number: 443, name: https, protocol: HTTPS}}\n    hosts: ['{host}']\n    \
         tls: {{mode: {mode}, credentialName: c}}\n"
    )
}

fn edge(name: &str, host: &str, mode: &str) -> String {
    gateway(name, &server(host, mode)).replace(&format!("istio: '{name}'"), "istio: edge")
}

const SERVICE: &str = "\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: admin, namespace: infra}
spec:
  hosts: [admin.example.com, www.example.org]
  gateways: [strict, lax]
  http: [{route: [{destination: {host: admin}}]}]
";

#[test]
fn a_bypass_through_another_file_names_both_places() {
    let strict = edge("strict", "admin.example.com", "MUTUAL");
    let lax = edge("lax", "*.example.com", "SIMPLE");
    let files = [("a.yaml", strict.as_str()), ("b.yaml", &lax), ("c.yaml", SERVICE)];
    let documents = json(&Directory::new(&files), 0, &["."]);
    let want = [
        ("./a.yaml#1".to_owned(), vec!["lint/client-check-bypass"]),
        ("./b.yaml#1".to_owned(), vec![]),
        ("./c.yaml#1".to_owned(), vec!["lint/virtual-service-host"]),
    ];
    assert_eq!(rules(&documents), want);
    let found = &documents[0]["findings"][0];
    assert_eq!((&found["line"], &found["path"]), (&json!(11), &json!("spec.servers[0].tls")));
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("Gateway \"infra/lax\""), "{message}");
    assert!(message.ends_with("(the other: ./b.yaml:11:5)"), "{message}");
    assert_eq!(documents[2]["verdict"], "skipped");
    let tree = Directory::new(&files);
    let text = tree.run(&["check", "."]);
    assert!(text.out.contains("see ./b.yaml:11:5"), "{}", text.out);
    let denied = tree.run(&["check", "--deny", "lint/client-check-bypass", "."]);
    assert_eq!(denied.status, 1);
    // One stream is as good as files.
    let stream = [&*lax, SERVICE, &*strict].join("---\n");
    let documents = json(&Directory::new(&[("all.yaml", &stream)]), 0, &["all.yaml"]);
    assert_eq!(documents[2]["findings"][0]["rule"], "lint/client-check-bypass");
}

#[test]
fn a_virtual_service_without_a_finding_is_not_printed() {
    let lax = edge("lax", "*.example.com", "SIMPLE");
    let service = SERVICE.replace(", www.example.org", "").replace("strict, ", "");
    let documents = json(&Directory::new(&[("a.yaml", &lax), ("b.yaml", &service)]), 0, &["."]);
    assert_eq!(rules(&documents), [("./a.yaml#1".to_owned(), vec![])]);
}
