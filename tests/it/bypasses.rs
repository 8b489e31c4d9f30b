//! Ways around a client check, as `conformance/reach` saw them on a real Envoy.

use istio_gateway::{
    Gateway, Object, json,
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
    json!({"hosts": hosts, "gateways": ["edge"], "http": [to("backend")]})
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
    assert_eq!(found[0].host.as_deref(), Some("x-b.a.test"));
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
        "tls": [{"match": [{"sniHosts": ["*-b.a.test"]}], "route": [{"destination": {"host": "b"}}]}],
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
    let mut lax = https("lax", "SIMPLE", &["z.test"]);
    lax["port"]["number"] = 8443.into();
    servers.push(lax);
    let found = bypasses(&json!(servers), &web(&["*.test"]));
    let through: Vec<_> = found.iter().map(|one| (one.bypassed, one.through)).collect();
    assert_eq!(through, [(0, 601)]);
}

fn to(host: &str) -> Value {
    json!({"route": [{"destination": {"host": host}}]})
}

fn service(hosts: &[&str], gateways: &[&str], http: impl Into<Value>) -> Value {
    json!({"hosts": hosts, "gateways": gateways, "http": http.into()})
}

/// The servers of bypasses: each is the number of the Gateway, of which each has one server for each that it is
/// given.
fn between(gateways: &[(&str, Value)], services: &[Value]) -> Vec<(String, String)> {
    let specs: Vec<Gateway> = gateways
        .iter()
        .map(|(_, servers)| json::from_str(&json!({"servers": servers}).to_string()).unwrap())
        .collect();
    let named: Vec<_> = gateways
        .iter()
        .zip(&specs)
        .map(|((name, _), gateway)| NamedGateway {
            namespace: "infra",
            name,
            created: None,
            gateway,
        })
        .collect();
    let services: Vec<_> = services
        .iter()
        .enumerate()
        .map(|(number, spec)| {
            VirtualService::from_spec(&format!("v{number}"), "infra", None, spec).unwrap()
        })
        .collect();
    let merged = MergedGateway::build(&named, &services, &Workload::default());
    let name = |server: usize| {
        let server = &merged.servers[server];
        named[server.gateway].gateway.servers[server.server].port.as_ref().unwrap().name.clone()
    };
    let found = merged.bypasses(&named);
    found.iter().map(|one| (name(one.bypassed), name(one.through))).collect()
}

#[track_caller]
fn found(gateways: &[(&str, Value)], services: &[Value], want: &[(&str, &str)]) {
    let found = between(gateways, services);
    let found: Vec<_> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(found, want);
}

fn strict(hosts: &[&str]) -> Value {
    https("strict", "MUTUAL", hosts)
}

fn lax(hosts: &[&str]) -> Value {
    https("lax", "SIMPLE", hosts)
}

fn plain(number: u32, protocol: &str, hosts: &[&str]) -> Value {
    json!({"port": {"number": number, "name": "plain", "protocol": protocol}, "hosts": hosts})
}

const BYPASS: &[(&str, &str)] = &[("strict", "lax")];
const PLAIN: &[(&str, &str)] = &[("strict", "plain")];

/// The server name of a host leads to one server: a check of another one was never that host's.
#[test]
fn a_server_protects_only_hosts_whose_own_server_name_leads_to_it() {
    for hosts in ["*", "*.test"] {
        let edge = json!([strict(&[hosts]), lax(&["public.test"])]);
        found(&[("edge", edge.clone())], &[service(&["*.test"], &["edge"], json!([to("b")]))], &[]);
        let both = service(&["*.test", "public.test"], &["edge"], json!([to("b")]));
        found(&[("edge", edge.clone())], &[both], &[]);
        // A host below it is of the strict server, if the lax one has it by another port.
        let mut other = lax(&["public.test"]);
        other["port"]["number"] = 8443.into();
        let edge = json!([strict(&[hosts]), other]);
        found(&[("edge", edge)], &[service(&["*.test"], &["edge"], json!([to("b")]))], BYPASS);
    }
    let edge = json!([strict(&["admin.test"]), lax(&["*.test"])]);
    found(&[("edge", edge)], &[service(&["*.test"], &["edge"], json!([to("b")]))], BYPASS);
}

/// The host of a server in another namespace is a server name, although it is no virtual host.
#[test]
fn a_server_name_without_a_virtual_host_protects_a_host() {
    let edge = json!([strict(&["*.test", "n1/q.a.test"]), lax(&["*.a.test"])]);
    found(&[("edge", edge)], &[service(&["*.a.test"], &["edge"], json!([to("b")]))], BYPASS);
}

#[test]
fn a_lax_server_is_found_however_many_hosts_are_its_own() {
    let mut servers = vec![strict(&["*.test"])];
    for number in 0..600 {
        let mut server = lax(&[&format!("a{number}.test")]);
        server["port"]["name"] = format!("s{number}").into();
        servers.push(server);
    }
    servers.push(plain(80, "HTTP", &["*"]));
    found(&[("edge", json!(servers))], &[web(&["*.test"])], PLAIN);
}

/// Equal backends, by two VirtualServices.
#[test]
fn two_virtual_services_lead_to_one_backend() {
    let gateways = [("one", json!([strict(&["admin.test"])])), ("two", json!([lax(&["*.test"])]))];
    let own = service(&["admin.test"], &["one"], json!([to("admin")]));
    for hosts in ["admin.test", "*.test", "*"] {
        let other = |to: Value| service(&[hosts], &["two"], json!([to]));
        found(&gateways, &[own.clone(), other(to("admin"))], BYPASS);
        found(&gateways, &[own.clone(), other(to("admin.infra.svc.cluster.local"))], BYPASS);
        found(&gateways, &[own.clone(), other(to("public"))], &[]);
        let port = |number: u32| json!({"route": [{"destination": {"host": "admin", "port": {"number": number}}}]});
        // The only port of the service, or two of them.
        found(&gateways, &[own.clone(), other(port(80))], BYPASS);
        let with = service(&["admin.test"], &["one"], json!([port(9000)]));
        found(&gateways, &[with.clone(), other(port(80))], &[]);
        found(&gateways, &[with, other(port(9000))], BYPASS);
        let weighted = json!({"route": [
            {"destination": {"host": "public"}, "weight": 100},
            {"destination": {"host": "admin"}, "weight": 0},
        ]});
        found(&gateways, &[own.clone(), other(weighted)], &[]);
    }
    // The backend sees another host, which its VirtualService has on purpose.
    let www = service(&["www.test"], &["two"], json!([to("admin")]));
    found(&gateways, &[own, www], &[]);
}

/// Bytes may be any request.
#[test]
fn a_server_that_forwards_bytes_leads_to_the_backend_with_any_host() {
    let edge = json!([strict(&["admin.test"]), plain(9000, "TCP", &["db.test"])]);
    let http = service(&["admin.test"], &["edge"], json!([to("admin")]));
    let tcp = |host: &str| json!({"hosts": ["db.test"], "gateways": ["edge"], "tcp": [to(host)]});
    found(&[("edge", edge.clone())], &[http.clone(), tcp("admin")], PLAIN);
    found(&[("edge", edge)], &[http.clone(), tcp("db")], &[]);
    let pass = json!({
        "port": {"number": 443, "name": "lax", "protocol": "TLS"},
        "hosts": ["db.test"], "tls": {"mode": "PASSTHROUGH"},
    });
    let mut route = to("admin");
    route["match"] = json!([{"sniHosts": ["db.test"]}]);
    let tls = json!({"hosts": ["db.test"], "gateways": ["edge"], "tls": [route]});
    found(&[("edge", json!([strict(&["admin.test"]), pass]))], &[http, tls], BYPASS);
}

/// Seen on Envoy: a chain for every server name, and a server name in capitals.
#[test]
fn a_server_for_every_name_is_bypassed() {
    let mut db = strict(&["*"]);
    db["port"]["protocol"] = "TLS".into();
    let tcp = json!({"hosts": ["db.test"], "gateways": ["edge"], "tcp": [to("db")]});
    found(&[("edge", json!([db, plain(9000, "TCP", &["db.test"])]))], &[tcp], PLAIN);
    let servers = json!([strict(&["*.x.test", "n1/Q.A.test"]), lax(&["*.a.test"])]);
    let found = bypasses(&servers, &web(&["*.a.test"]));
    assert!(found.iter().all(|one| one.host.as_deref() != Some("Q.A.test")), "{found:?}");
}

#[test]
fn a_server_that_forwards_bytes_is_bypassed() {
    let mut db = strict(&["db.test"]);
    db["port"]["protocol"] = "TLS".into();
    let tcp = json!({"hosts": ["db.test"], "gateways": ["edge"], "tcp": [to("db")]});
    let edge = json!([db, plain(9000, "TCP", &["db.test"])]);
    found(&[("edge", edge)], std::slice::from_ref(&tcp), PLAIN);
    let edge = json!([db, plain(80, "HTTP", &["www.test"])]);
    let www = |host: &str| service(&["www.test"], &["edge"], json!([to(host)]));
    found(&[("edge", edge.clone())], &[tcp.clone(), www("db")], PLAIN);
    found(&[("edge", edge)], &[tcp, www("www")], &[]);
}

/// pilot makes only the routes for the port and the Gateway, and none after one that takes every request.
#[test]
fn a_route_that_is_not_for_the_lax_server_is_no_way() {
    let edge = json!([strict(&["admin.test"]), plain(80, "HTTP", &["*"])]);
    let matched = |one: Value, route: Value| {
        let mut route = route;
        route["match"] = json!([one]);
        route
    };
    let redirect = json!({"redirect": {"scheme": "https"}});
    let response = json!({"directResponse": {"status": 403}});
    for (http, want) in [
        (json!([to("a")]), PLAIN),
        (json!([matched(json!({"port": 443}), to("a"))]), &[]),
        (json!([matched(json!({"port": 443}), to("a")), to("b")]), &[]),
        (json!([matched(json!({"port": 443}), to("a")), to("a")]), PLAIN),
        (json!([matched(json!({"port": 80}), redirect.clone()), to("a")]), &[]),
        (
            json!([
                matched(json!({"port": 80, "uri": {"prefix": "/x"}}), redirect.clone()),
                to("a")
            ]),
            PLAIN,
        ),
        (
            json!([
                matched(json!({"port": 80, "uri": {"prefix": "/"}}), redirect.clone()),
                to("a")
            ]),
            &[],
        ),
        (
            json!([
                matched(json!({"port": 80, "uri": {"regex": ".*"}}), redirect.clone()),
                to("a")
            ]),
            &[],
        ),
        (
            json!([
                matched(json!({"port": 80, "method": {"exact": "GET"}}), redirect.clone()),
                to("a")
            ]),
            PLAIN,
        ),
        (json!([matched(json!({"port": 80, "headers": {}}), redirect.clone()), to("a")]), &[]),
        (json!([matched(json!({"uri": {"prefix": "/x"}}), to("a")), response.clone()]), PLAIN),
        (json!([redirect, to("a")]), &[]),
        (json!([response.clone()]), &[]),
    ] {
        println!("{http}");
        found(&[("edge", edge.clone())], &[service(&["admin.test"], &["edge"], http)], want);
    }
    let gateways = [("one", json!([strict(&["admin.test"])])), ("two", json!([lax(&["*.test"])]))];
    let own = matched(json!({"gateways": ["one"]}), to("a"));
    let both = |http: Value| service(&["admin.test"], &["one", "two"], http);
    found(&gateways, &[both(json!([own.clone()]))], &[]);
    found(&gateways, &[both(json!([own.clone(), to("b")]))], &[]);
    found(&gateways, &[both(json!([own, to("a")]))], BYPASS);
}

/// The first route that takes every request is the last one that Envoy looks at, of whatever VirtualService.
#[test]
fn a_route_of_an_earlier_virtual_service_hides_one() {
    let gateways = [("one", json!([strict(&["admin.test"])])), ("two", json!([lax(&["*.test"])]))];
    let redirect = service(&["admin.test"], &["two"], json!([{"redirect": {"scheme": "https"}}]));
    let both = service(&["admin.test"], &["one", "two"], json!([to("a")]));
    found(&gateways, &[redirect, both.clone()], &[]);
    let mut limited = to("a");
    limited["match"] = json!([{"uri": {"prefix": "/a"}}]);
    let redirect = json!({"redirect": {"scheme": "https"}});
    let all = service(&["admin.test"], &["two"], json!([redirect]));
    let both = service(&["admin.test"], &["one", "two"], json!([limited]));
    found(&gateways, &[all, both], BYPASS);
}

/// What nobody is rejected by cannot be bypassed; a certificate that the backend may trust can be forged.
#[test]
fn a_server_that_accepts_everybody_has_no_check() {
    let servers = |own: Value, other: Value| [("edge", json!([own, other]))];
    let services = [web(&["*.test"])];
    let optional = || https("strict", "OPTIONAL_MUTUAL", &["admin.test"]);
    let mut any = strict(&["admin.test"]);
    any["tls"]["insecureSkipVerify"] = true.into();
    found(&servers(optional(), lax(&["*.test"])), &services, &[]);
    found(&servers(any.clone(), lax(&["*.test"])), &services, &[]);
    found(&servers(any.clone(), plain(80, "HTTP", &["*"])), &services, &[]);
    // A certificate of another CA, and one that nobody verified.
    let mut other = https("lax", "OPTIONAL_MUTUAL", &["*.test"]);
    found(&servers(optional(), other.clone()), &services, &[]);
    other["tls"]["credentialName"] = "another".into();
    found(&servers(optional(), other), &services, BYPASS);
    let mut unverified = https("lax", "OPTIONAL_MUTUAL", &["*.test"]);
    unverified["tls"]["insecureSkipVerify"] = true.into();
    found(&servers(optional(), unverified.clone()), &services, BYPASS);
    found(&servers(any.clone(), unverified), &services, &[]);
    // insecureSkipVerify waives pins, too.
    any["tls"]["verifyCertificateSpki"] = json!(["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]);
    found(&servers(any, lax(&["*.test"])), &services, &[]);
}

/// Only the pods themselves connect to such an address.
#[test]
fn a_server_on_a_loopback_address_is_no_way() {
    for (bind, want) in [
        ("", BYPASS),
        ("10.0.0.1", BYPASS),
        ("::", BYPASS),
        ("127.0.0.1", &[]),
        ("127.1.2.3", &[]),
        ("::1", &[]),
        ("::ffff:127.0.0.1", &[]),
    ] {
        let mut other = lax(&["*.test"]);
        other["bind"] = bind.into();
        found(&[("edge", json!([strict(&["admin.test"]), other]))], &[web(&["*.test"])], want);
    }
    let mut other = lax(&["*.test"]);
    other["bind"] = "unix:///tmp/gateway".into();
    other["port"]["number"] = 0.into();
    found(&[("edge", json!([strict(&["admin.test"]), other]))], &[web(&["*.test"])], &[]);
}

/// A route applies if the pods' namespace and labels are those of its match. Source: pilot's `sourceMatchHTTP`.
#[test]
fn a_route_for_pods_that_are_not_known_may_apply() {
    let edge = json!([strict(&["admin.test"]), plain(80, "HTTP", &["*"])]);
    let own = json!({"match": [{"port": 443}], "route": to("a")["route"]});
    for (one, want) in [
        (json!({"port": 80, "sourceNamespace": "infra"}), PLAIN),
        (json!({"port": 80, "sourceLabels": {"app": "edge"}}), PLAIN),
        (json!({"port": 8080, "sourceNamespace": "infra"}), &[]),
        (json!({"gateways": ["other"], "sourceNamespace": "infra"}), &[]),
    ] {
        let matched = json!({"match": [one], "route": to("a")["route"]});
        // It may apply, and so it hides no later route.
        let later = json!({"match": [one], "redirect": {"scheme": "https"}});
        for http in [json!([own, matched, to("b")]), json!([own, later, matched])] {
            let services = [service(&["admin.test"], &["edge"], http)];
            found(&[("edge", edge.clone())], &services, want);
        }
    }
    let gateway = json!({"selector": {"app": "edge"}, "servers": edge}).to_string();
    let gateway: Gateway = json::from_str(&gateway).unwrap();
    let gateways =
        [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    for (namespace, labels, count) in [
        ("", json!({}), 1),
        ("infra", json!({}), 1),
        ("shop", json!({}), 0),
        ("", json!({"app": "edge"}), 1),
        ("", json!({"app": "other"}), 0),
        ("infra", json!({"tier": "edge"}), 0),
        ("infra", json!({"tier": ""}), 0),
        ("", json!({"tier": ""}), 1),
    ] {
        let one = json!({"port": 80, "sourceNamespace": "infra", "sourceLabels": labels});
        let http = json!([own, {"match": [one], "route": to("a")["route"]}]);
        let spec = service(&["admin.test"], &["edge"], http);
        let services = [VirtualService::from_spec("web", "infra", None, &spec).unwrap()];
        let mut workload = Workload::default();
        workload.namespace = namespace.to_owned();
        workload.labels.insert("app".to_owned(), "edge".to_owned());
        let merged = MergedGateway::build(&gateways, &services, &workload);
        assert_eq!(merged.bypasses(&gateways).len(), count, "{namespace} {labels}");
    }
}

/// Private VirtualServices come first, then exported ones, then public ones; of the routes of Gateway API those in the
/// pods' namespace. Source: pilot's `VirtualServicesForGateway`.
#[test]
fn a_virtual_service_that_comes_first_in_the_namespace_of_the_pods_has_the_routes() {
    let gateway = json!({"servers": [
        strict(&["admin.test"]), plain(80, "HTTP", &["*"]), plain(90, "TCP", &["*"]),
    ]});
    let gateway: Gateway = json::from_str(&gateway.to_string()).unwrap();
    let gateways =
        [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    let object = |name: &str, namespace: &str, more: Value, spec: Value| {
        let mut object = json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        });
        object["spec"]["gateways"] = json!(["infra/edge"]);
        for (key, value) in more.as_object().unwrap() {
            match key.as_str() {
                "exportTo" => object["spec"]["exportTo"] = value.clone(),
                _ => object["metadata"][key] = value.clone(),
            }
        }
        let object = Object::from_json(object.to_string()).unwrap();
        VirtualService::from_object(&object).unwrap()
    };
    let route = |host: &str, port: u32| json!({"match": [{"port": port}], "route": [{"destination": {"host": format!("{host}.infra.svc")}}]});
    let own = json!({"hosts": ["admin.test"], "http": [route("admin", 443)]});
    let http = |host: &str| json!({"hosts": ["admin.test"], "http": [route(host, 80)]});
    let tcp = |host: &str| json!({"hosts": ["*"], "tcp": [route(host, 90)]});
    let dated = |year: u32, more: Value| {
        let mut more = more;
        more["creationTimestamp"] = format!("{year}-01-01T00:00:00Z").into();
        more
    };
    let routes = json!({"annotations": {"internal.istio.io/route-semantics": "gateway"}});
    let private = json!({"exportTo": ["."]});
    for spec in [&http as &dyn Fn(&str) -> Value, &tcp] {
        // (first, second, whether there is a bypass for pods in infra, in shop, and in an unknown namespace).
        for (first, second, want) in [
            // The older one is the first.
            (dated(2020, json!({})), dated(2024, json!({})), [false, false, false]),
            (dated(2024, json!({})), dated(2020, json!({})), [true, true, true]),
            (dated(2020, json!({})), dated(2024, private.clone()), [true, false, true]),
            (dated(2020, private.clone()), dated(2024, json!({})), [false, true, true]),
            (dated(2020, json!({})), dated(2024, routes.clone()), [true, false, true]),
            (dated(2020, routes.clone()), dated(2024, routes.clone()), [false, false, false]),
        ] {
            let services = [
                object("own", "infra", json!({}), own.clone()),
                object("landing", "infra", first.clone(), spec("landing")),
                object("admin", "infra", second.clone(), spec("admin")),
            ];
            let found = ["infra", "shop", ""].map(|namespace| {
                let mut workload = Workload::default();
                workload.namespace = namespace.to_owned();
                let merged = MergedGateway::build(&gateways, &services, &workload);
                !merged.bypasses(&gateways).is_empty()
            });
            assert_eq!(found, want, "{first} {second}");
        }
    }
}

/// The first VirtualService has the filter chain of a server name.
#[test]
fn a_virtual_service_that_may_be_invisible_hides_no_passthrough() {
    let port = json!({"number": 8443, "name": "lax", "protocol": "TLS"});
    let lax = json!({"port": port, "hosts": ["*.test"], "tls": {"mode": "PASSTHROUGH"}});
    let tls = |host: &str, to_export: &[&str]| {
        json!({
            "hosts": ["admin.test"], "gateways": ["edge"], "exportTo": to_export,
            "tls": [{"match": [{"sniHosts": ["admin.test"], "port": 8443}], "route": to(host)["route"]}],
        })
    };
    let servers = json!([strict(&["admin.test"]), lax]);
    let own = service(&["admin.test"], &["edge"], json!([to("a")]));
    for (first, want) in [(tls("decoy", &["team"]), BYPASS), (tls("decoy", &[]), &[][..])] {
        found(&[("edge", servers.clone())], &[own.clone(), first, tls("a", &[])], want);
    }
}

/// Source: pilot's `buildGatewayNetworkFiltersFromTCPRoutes`.
#[test]
fn the_routes_of_a_tlsroute_are_those_of_servers_that_terminate_tls() {
    let tls = |name: &str, number: u32, mode: &str| {
        json!({
            "port": {"number": number, "name": name, "protocol": "TLS"},
            "hosts": ["db.test"], "tls": {"mode": mode, "credentialName": "c"},
        })
    };
    let gateway = json!({"servers": [tls("strict", 443, "MUTUAL"), tls("lax", 444, "SIMPLE")]});
    let gateway: Gateway = json::from_str(&gateway.to_string()).unwrap();
    let gateways =
        [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    for (parents, count) in [("TLSRoute/db.infra", 1), ("TCPRoute/db.infra", 0), ("", 0)] {
        let object = json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {
                "name": "db", "namespace": "infra",
                "annotations": {"internal.istio.io/parents": parents},
            },
            "spec": {
                "hosts": ["db.test"], "gateways": ["edge"],
                "tls": [{"match": [{"sniHosts": ["db.test"]}], "route": to("db")["route"]}],
            },
        });
        let object = Object::from_json(object.to_string()).unwrap();
        let services = [VirtualService::from_object(&object).unwrap()];
        let merged = MergedGateway::build(&gateways, &services, &Workload::default());
        assert_eq!(merged.bypasses(&gateways).len(), count, "{parents}");
    }
}

#[test]
fn a_host_of_any_length_takes_linear_time() {
    let host = "a.".repeat(500_000) + "test";
    let edge = json!([strict(&["admin.test"]), plain(80, "HTTP", &["*"])]);
    let services = [web(&["admin.test"]), web(&[&host])];
    found(&[("edge", edge)], &services, PLAIN);
    let edge = json!([strict(&[&host]), plain(80, "HTTP", &["*"])]);
    found(&[("edge", edge)], &[web(&[&host])], PLAIN);
}
