//! Ways around a client check, as `conformance/reach` saw them on a real Envoy.

use istio_gateway::{
    Gateway, json,
    merged_gateway::{
        Bypass, ListenerRejection, MergedGateway, NamedGateway, VirtualService, Workload,
    },
};
use serde_json::{Value, json};

fn build<T>(
    servers: &Value,
    service: &Value,
    look: impl FnOnce(&MergedGateway, &[NamedGateway<'_>]) -> T,
) -> T {
    let gateway: Gateway = json::from_str(&json!({"servers": servers}).to_string()).unwrap();
    let gateways =
        [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    let services = [VirtualService::from_spec("web", "infra", None, service).unwrap()];
    look(&MergedGateway::build(&gateways, &services, &Workload::default()), &gateways)
}

fn bypasses(servers: &Value, service: &Value) -> Vec<Bypass> {
    build(servers, service, MergedGateway::bypasses)
}

fn https(name: &str, mode: &str, hosts: &[&str]) -> Value {
    json!({
        "port": {"number": 443, "name": name, "protocol": "HTTPS"},
        "hosts": hosts, "tls": {"mode": mode, "credentialName": "c"},
    })
}

fn web(hosts: &[&str]) -> Value {
    json!({"hosts": hosts, "gateways": ["edge"], "http": [{"route": []}]})
}

/// Envoy redirects no request that came by TLS.
#[test]
fn a_redirect_of_an_https_server_stops_nothing() {
    let mut strict = https("strict", "MUTUAL", &["admin.test"]);
    let mut lax = https("lax", "SIMPLE", &["*.test"]);
    let service = web(&["admin.test"]);
    for (strict_redirects, lax_redirects) in [(false, true), (true, false), (true, true)] {
        strict["tls"]["httpsRedirect"] = strict_redirects.into();
        lax["tls"]["httpsRedirect"] = lax_redirects.into();
        let found = bypasses(&json!([strict, lax]), &service);
        assert_eq!(found.len(), 1, "{strict_redirects} {lax_redirects}");
    }
    let plain = |tls: Value| {
        let port = json!({"number": 80, "name": "http", "protocol": "HTTP"});
        json!([strict, {"port": port, "hosts": ["*"], "tls": tls}])
    };
    assert_eq!(bypasses(&plain(json!({"httpsRedirect": true})), &service), []);
    assert_eq!(bypasses(&plain(Value::Null), &service).len(), 1);
}

/// A server is a way to a host, whatever it redirects, unless it is without TLS; so is a partial wildcard.
#[test]
fn all_ways_to_a_host_are_listed() {
    let mut lax = https("lax", "SIMPLE", &["*.a.test"]);
    lax["tls"]["httpsRedirect"] = true.into();
    let servers = json!([https("strict", "MUTUAL", &["x-b.a.test"]), lax]);
    let hosts = build(&servers, &web(&["*-b.a.test"]), MergedGateway::host_paths);
    let of_host = hosts.iter().find(|host| host.host == "x-b.a.test").unwrap();
    let servers: Vec<usize> = of_host.paths.iter().map(|path| path.server).collect();
    assert_eq!(servers, [1, 0]);
}

/// A VirtualService may have a wildcard for a part of a label.
#[test]
fn a_partial_wildcard_of_a_virtual_service_is_a_domain() {
    let strict = https("strict", "MUTUAL", &["x-b.a.test"]);
    let servers = json!([strict, https("lax", "SIMPLE", &["*.a.test"])]);
    let found = bypasses(&servers, &web(&["*-b.a.test"]));
    assert_eq!(found[0].host, "x-b.a.test");
    assert_eq!((found[0].bypassed, found[0].through), (0, 1));
}

#[test]
fn envoy_rejects_a_listener_with_a_partial_wildcard() {
    let servers = json!([{
        "port": {"number": 443, "name": "tls", "protocol": "TLS"},
        "hosts": ["*.a.test"], "tls": {"mode": "PASSTHROUGH"},
    }]);
    let service = json!({
        "hosts": ["*-b.a.test"], "gateways": ["edge"],
        "tls": [{"match": [{"sniHosts": ["*-b.a.test"]}], "route": [{}]}],
    });
    let rejection = build(&servers, &service, |merged, gateways| {
        merged.listener_rejection(&merged.listeners["0.0.0.0_443"], gateways)
    });
    assert_eq!(rejection, Some(ListenerRejection::PartialWildcard { server: 0 }));
}

/// Nothing gets through a listener that does not exist.
#[test]
fn there_is_no_bypass_through_a_rejected_listener() {
    let mut strict = https("strict", "MUTUAL", &["admin.test"]);
    strict["port"]["number"] = 8443.into();
    let servers = |names: Value| {
        let mut other = https("other", "SIMPLE", &["other.test"]);
        other["tls"]["subjectAltNames"] = names;
        json!([strict, https("lax", "SIMPLE", &["*.test"]), other])
    };
    let service = web(&["admin.test"]);
    assert_eq!(bypasses(&servers(json!([])), &service).len(), 1);
    // Names without a CA.
    assert_eq!(bypasses(&servers(json!(["client.test"])), &service), []);
}

/// However many servers with the client check of the strict one are in between.
#[test]
fn a_lax_server_is_found_among_many_strict_ones() {
    let mut servers = vec![https("strict", "MUTUAL", &["*.test"])];
    for number in 0..600 {
        servers.push(https(&format!("s{number}"), "MUTUAL", &[&format!("a{number}.test")]));
    }
    servers.push(https("lax", "SIMPLE", &["z.test"]));
    let found = bypasses(&json!(servers), &web(&["*.test"]));
    let through: Vec<_> = found.iter().map(|one| (one.bypassed, one.through)).collect();
    assert_eq!(through, [(0, 601)]);
}
