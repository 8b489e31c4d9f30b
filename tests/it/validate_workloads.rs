//! Pods and Services among the documents.

use crate::{
    cpu_time::within_cpu_seconds,
    validate_sets::{HTTP, check, finds, gateway},
};

fn with_pods(pod: &str, service: &str) -> Vec<String> {
    let pod =
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n, labels: {pod}}}\n");
    let service = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: n}}\nspec: {service}\n"
    );
    vec![gateway("a", "x", HTTP, "a.b"), pod, service]
}

/// A port, a label or a namespace that may be another one is not judged.
#[test]
fn ports_and_labels_that_are_not_known_are_not_judged() {
    let want = ["0.0 lint/port-without-service spec.servers[0].port.number 7:20"];
    let other = "{selector: {istio: x}, ports: [{port: 81}]}";
    finds(&with_pods("{istio: x}", other), &want);
    for service in [
        "{selector: {istio: x}, ports: [{port: 81}, {port: 82, targetPort: 80}]}",
        "{selector: {istio: x}, ports: [{port: 81, targetPort: http}]}",
        "{selector: {istio: x}, ports: [{port: $PORT}]}",
        "{selector: {istio: $NAME}, ports: [{port: 81}]}",
        "{ports: [{port: 81}]}",
        "{selector: {istio: z}, ports: [{port: 81}]}",
    ] {
        finds(&with_pods("{istio: x}", service), &[]);
    }
    let udp = "{selector: {istio: x}, ports: [{port: 80, protocol: UDP}]}";
    finds(&with_pods("{istio: x}", udp), &want);
    finds(&with_pods("{istio: z}", other), &["0.0 lint/selector-without-pods spec.selector 5:3"]);
    finds(&with_pods("{istio: $NAME}", other), &[]);
    let mut files = with_pods("{istio: z}", other);
    files[0] = gateway("a", "$NAME", HTTP, "a.b");
    finds(&files, &[]);
    // What makes pods may not be all that there is.
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {metadata: {labels: {istio: z}}}}\n";
    finds(&[gateway("a", "x", HTTP, "a.b"), deployment.to_owned()], &[]);
}

/// Very many selectors, pods and Services.
#[test]
fn many_pods_and_services_take_little_time() {
    let mut files = Vec::new();
    for number in 0..2000 {
        files.push(
            gateway(
                &format!("g{number}"),
                &format!("x, n: {number}"),
                HTTP,
                &format!("h{number}.b"),
            )
            .replace("istio: x, n", "n"),
        );
        let labels = format!("{{istio: x, n: '{number}'}}");
        files.push(format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: n, labels: {labels}}}\n"));
        files.push(format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s{number}, namespace: n}}\nspec: {{selector: {{istio: x}}, ports: [{{port: 80}}]}}\n"
        ));
    }
    let found = within_cpu_seconds(15, "2,000 Gateways, pods and Services", || check(&files));
    assert!(found.iter().all(|found| found.diagnostic.rule != "lint/port-without-service"));
}
