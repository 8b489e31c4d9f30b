//! Which servers of a Gateway pilot keeps, compared with what `conformance/webhook/servers` asked it.

use std::{env, fs};

use istio_gateway::{
    Gateway,
    envoy::{Options, ServerOutcome, translate_gateway},
    json,
};
use serde_json::Value;

fn compare(path: &str) -> usize {
    let text = fs::read_to_string(path).unwrap();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let gateway: Gateway = json::from_str(&case["gateway"].to_string()).unwrap();
        let servers = translate_gateway(&gateway, "infra", &Options::default());
        let is_kept = |outcome| !matches!(outcome, ServerOutcome::Skipped(_));
        let kept: Vec<_> =
            (0..servers.len()).filter(|index| is_kept(servers[*index].outcome)).collect();
        assert_eq!(Value::from(kept), case["kept"], "{line}\n{servers:?}");
    }
    text.lines().count()
}

#[test]
fn istiod_keeps_the_same_servers() {
    let count = compare("tests/golden/servers.ndjson");
    println!("{count} Gateways, of each the servers that pilot keeps");
    assert!(count >= 331);
}

#[test]
#[ignore = "needs pilot's answers: .ci/run"]
fn random_servers() {
    let path = env::var("ISTIO_GATEWAY_SERVERS").unwrap();
    println!("{} random Gateways, of each the servers that pilot keeps", compare(&path));
}
