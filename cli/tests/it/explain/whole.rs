//! What all Gateways and VirtualServices of the input are together. The expectations are facts of pilot's merge
//! and of Envoy's choice of a filter chain and a virtual host.

use serde_json::{Value, json};

use super::keeps_schema;
use crate::start::{Directory, joined};

const STRICT: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: strict, namespace: infra}
spec:
  selector: {istio: edge}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [admin.example.com]
    tls: {mode: MUTUAL, credentialName: c}
";

const LAX: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: lax, namespace: infra}
spec:
  selector: {istio: edge}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ['*.example.com']
    tls: {mode: SIMPLE, credentialName: c}
";

const BOTH: &str = "\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: admin, namespace: infra}
spec:
  hosts: [admin.example.com]
  gateways: [strict, lax]
  http: [{route: [{destination: {host: admin}}]}]
";

fn tree(files: &[(&str, &str)]) -> Directory {
    Directory::new(files)
}

fn report(files: &[(&str, &str)]) -> Value {
    let ran = tree(files).run(&["explain", "--format", "json", "."]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    let report = serde_json::from_str(&ran.out).unwrap();
    keeps_schema("report", &report);
    report
}

#[test]
fn a_bypass_through_a_gateway_of_another_file_is_in_the_answer() {
    let files = [("a.yaml", STRICT), ("b.yaml", LAX), ("c.yaml", BOTH)];
    let report = report(&files);
    let gateway = &report["gateways"][0];
    assert_eq!(gateway["selector"], json!({"istio": "edge"}));
    assert_eq!(gateway["gateways"], json!(["infra/strict", "infra/lax"]));
    let listener = &gateway["listeners"][0];
    assert_eq!((&listener["port"], &listener["rejected"]), (&json!(443), &Value::Null));
    let names: Vec<&Value> =
        listener["chains"].as_array().unwrap().iter().map(|chain| &chain["server_names"]).collect();
    // By age, then by name.
    assert_eq!(names, [&json!(["*.example.com"]), &json!(["admin.example.com"])]);
    let host = &gateway["hosts"][0];
    assert_eq!((&host["host"], &host["is_bypassed"]), (&json!("admin.example.com"), &json!(true)));
    assert_eq!(host["virtual_service"], "infra/admin");
    let paths = host["paths"].as_array().unwrap();
    let servers: Vec<&Value> = paths.iter().map(|path| &path["server"]["file"]).collect();
    assert_eq!(servers, ["./b.yaml", "./a.yaml"]);
    assert_eq!(paths[0]["accepted_clients"], "Every client: no certificate is requested.");
    let bypass = &gateway["bypasses"][0];
    assert_eq!((&bypass["through"]["line"], &bypass["bypassed"]["line"]), (&json!(7), &json!(7)));
    let sentence = report["servers"][0]["bypasses"][0].as_str().unwrap();
    assert!(sentence.contains(", by the VirtualService infra/admin, through"), "{sentence}");
    assert!(sentence.contains("spec.servers[0] of infra/lax (./b.yaml:7)"), "{sentence}");
    let answer = report["servers"][0]["answer"]["accepted_clients"].as_str().unwrap();
    assert!(answer.ends_with(sentence), "{answer}");
    let text = tree(&files).run(&["explain", "."]).out;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let text = joined(&text);
    for sentence in [
        "The gateway of pods with istio=edge: infra/strict, infra/lax",
        "admin.example.com (VirtualService infra/admin): its client check can be bypassed",
        "SNI *.example.com: spec.servers[0] of infra/lax (./b.yaml:7)",
    ] {
        assert!(text.contains(sentence), "{sentence}\nis not in\n{text}");
    }
}

#[test]
fn without_a_virtual_service_one_of_each_gateway_is_assumed() {
    let report = report(&[("a.yaml", STRICT), ("b.yaml", LAX)]);
    let gateway = &report["gateways"][0];
    assert_eq!(gateway["bypasses"], json!([]));
    let assumption = gateway["assumptions"][0].as_str().unwrap();
    let bound = "No VirtualService of the input is bound to infra/strict, infra/lax";
    assert!(assumption.starts_with(bound), "{assumption}");
    assert_eq!(gateway["hosts"][0]["virtual_service"], Value::Null);
}

#[test]
fn a_server_that_istiod_leaves_out_names_the_one_that_stays() {
    // istiod drops a server that has a host of an older one on the same port.
    let late = LAX.replace("'*.example.com'", "admin.example.com").replace("lax", "younger");
    let late = late.replace("infra}", "infra, creationTimestamp: '2026-01-02T00:00:00Z'}");
    let report = report(&[("a.yaml", &late), ("b.yaml", STRICT)]);
    let left_out = &report["gateways"][0]["left_out"][0];
    assert_eq!(left_out["server"]["gateway"], "younger");
    assert_eq!(left_out["by"]["file"], "./b.yaml");
    let answer = report["servers"][0]["answer"]["accepted_clients"].as_str().unwrap();
    assert!(answer.starts_with("No client by this server: istiod leaves it out"), "{answer}");
    let answer = report["servers"][1]["answer"]["accepted_clients"].as_str().unwrap();
    assert!(answer.starts_with("Only clients that present a certificate"), "{answer}");
}

#[test]
fn a_listener_is_lost_to_equal_filter_chains_and_to_a_bad_server_of_another_gateway() {
    // Hosts of two namespaces are different for istiod, and the same server name for Envoy.
    let first = STRICT.replace("[admin.example.com]", "[a/admin.example.com]");
    let second = LAX.replace("'*.example.com'", "b/admin.example.com");
    let report_of = report(&[("a.yaml", &first), ("b.yaml", &second)]);
    let rejected = report_of["gateways"][0]["listeners"][0]["rejected"].as_str().unwrap();
    assert!(rejected.starts_with("two filter chains match the same server name"), "{rejected}");
    let answer = report_of["servers"][0]["answer"]["accepted_clients"].as_str().unwrap();
    assert!(answer.starts_with("No client: Envoy rejects the listener"), "{answer}");
    let bad = LAX.replace("credentialName: c", "credentialName: c, subjectAltNames: [a]");
    let report_of = report(&[("a.yaml", STRICT), ("b.yaml", &bad)]);
    let rejected = report_of["gateways"][0]["listeners"][0]["rejected"].as_str().unwrap();
    assert!(rejected.contains("spec.servers[0] of infra/lax (./b.yaml:7)"), "{rejected}");
    let answer = report_of["servers"][0]["answer"]["accepted_clients"].as_str().unwrap();
    assert!(answer.contains("given all servers of these pods"), "{answer}");
}

#[test]
fn the_page_has_a_picture_with_the_bypass_in_red() {
    let files = [("a.yaml", STRICT), ("b.yaml", LAX), ("c.yaml", BOTH)];
    let ran = tree(&files).run(&["explain", "--format", "html", "."]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(ran.out.matches("<svg class=\"picture\"").count(), 1);
    assert!(ran.out.contains("class=\"way red\""));
    assert!(ran.out.contains("admin.example.com: bypasses a client check"));
    assert!(!ran.out.contains("<script"));
    let hostile = LAX.replace("'*.example.com'", "'*.<script>\"&'");
    let ran = tree(&[("a.yaml", &hostile)]).run(&["explain", "--format", "html", "."]);
    assert!(!ran.out.contains("<script"));
}

fn diff(old: &[(&str, &str)], new: &[(&str, &str)]) -> Value {
    let files: Vec<(String, &str)> = [("old", old), ("new", new)]
        .into_iter()
        .flat_map(|(side, files)| {
            files.iter().map(move |(name, text)| (format!("{side}/{name}"), *text))
        })
        .collect();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let ran = tree(&files).run(&["explain", "--diff", "--format", "json", "old", "new"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    let diff = serde_json::from_str(&ran.out).unwrap();
    keeps_schema("diff", &diff);
    diff
}

/// The servers with a difference of this id, and its hosts.
fn of_id(diff: &Value, id: &str) -> Vec<String> {
    let servers = diff["servers"].as_array().unwrap().iter();
    servers
        .flat_map(|server| {
            let differences = server["differences"].as_array().unwrap().iter();
            let of_id = differences.filter(|difference| difference["id"] == id);
            of_id.map(|difference| {
                format!("{} {} {}", server["gateway"], difference["effect"], difference["values"])
            })
        })
        .collect()
}

#[test]
fn a_lax_server_or_a_virtual_service_in_any_file_that_opens_a_strict_host_is_weaker() {
    let own = BOTH.replace("[strict, lax]", "[strict]");
    let strict_alone = [("a.yaml", STRICT), ("c.yaml", BOTH)];
    let open = [("a.yaml", STRICT), ("b.yaml", LAX), ("c.yaml", BOTH)];
    let bound_to_strict = [("a.yaml", STRICT), ("b.yaml", LAX), ("c.yaml", &own)];
    let opened = "\"lax\" \"weaker\" [\"admin.example.com\"]";
    // A new server in another file.
    assert_eq!(of_id(&diff(&strict_alone, &open), "host-opened"), [opened]);
    // A VirtualService that is bound to one more Gateway: no server changes.
    let bound = diff(&bound_to_strict, &open);
    assert_eq!(of_id(&bound, "host-opened"), [opened]);
    assert_eq!((&bound["weaker"], &bound["stronger"]), (&json!(1), &json!(0)));
    let closed = "\"lax\" \"stronger\" [\"admin.example.com\"]";
    assert_eq!(of_id(&diff(&open, &bound_to_strict), "host-closed"), [closed]);
    // Nothing changes.
    let same = diff(&open, &open);
    assert_eq!((&same["weaker"], &same["unchanged"]), (&json!(0), &json!(2)));
    // Other pods have the same routes, as the VirtualService is bound to both Gateways.
    let elsewhere = LAX.replace("istio: edge", "istio: other");
    let new = [("a.yaml", STRICT), ("b.yaml", elsewhere.as_str()), ("c.yaml", BOTH)];
    assert_eq!(of_id(&diff(&strict_alone, &new), "host-opened"), [opened]);
    // The same client check opens nothing.
    let equal = LAX.replace("SIMPLE", "MUTUAL");
    let new = [("a.yaml", STRICT), ("b.yaml", equal.as_str()), ("c.yaml", BOTH)];
    assert_eq!(of_id(&diff(&strict_alone, &new), "host-opened"), [""; 0]);
}

/// What changes in a set in which only the spec of one VirtualService differs.
fn changed_service(strict: &str, lax: &str, others: &[&str], old: &str, new: &str) -> Value {
    let gateway = |name: &str, server: &str| {
        format!(
            "{{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {{name: {name}, namespace: infra}}, \
             spec: {{selector: {{istio: edge}}, servers: [{server}]}}}}\n---\n"
        )
    };
    let service = |name: &str, spec: &str| {
        format!(
            "{{apiVersion: networking.istio.io/v1, kind: VirtualService, \
             metadata: {{name: {name}, namespace: infra}}, spec: {spec}}}\n---\n"
        )
    };
    let set = |changed: &str| {
        let others = others.iter().enumerate();
        let others: String = others.map(|(i, spec)| service(&format!("s{i}"), spec)).collect();
        gateway("strict", strict) + &gateway("lax", lax) + &others + &service("t", changed)
    };
    let (old, new) = (set(old), set(new));
    diff(&[("a.yaml", old.as_str())], &[("a.yaml", new.as_str())])
}

#[test]
fn a_virtual_service_that_leads_to_the_backend_of_a_strict_server_is_weaker() {
    const HTTPS: &str = "{port: {number: 443, name: https, protocol: HTTPS}, hosts: [admin.example.com], \
                         tls: {mode: MUTUAL, credentialName: c}}";
    const TLS: &str = "{port: {number: 5432, name: tls, protocol: TLS}, hosts: [db.example.com], \
                       tls: {mode: MUTUAL, credentialName: c}}";
    const HTTP: &str = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}";
    const TCP: &str = "{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}";
    const PASSTHROUGH: &str = "{port: {number: 8443, name: tls, protocol: TLS}, hosts: ['*.example.com'], \
                               tls: {mode: PASSTHROUGH}}";
    const ADMIN: &str = "{hosts: [admin.example.com], gateways: [strict], http: [{route: [{destination: {host: admin}}]}]}";
    const DB: &str = "{hosts: [db.example.com], gateways: [strict], tcp: [{route: [{destination: {host: db}}]}]}";
    let http =
        |routes: &str| format!("{{hosts: [admin.example.com], gateways: [lax], http: [{routes}]}}");
    let route = |host: &str| format!("{{route: [{{destination: {{host: {host}}}}}]}}");
    let acme = "{match: [{uri: {prefix: /.well-known}}], route: [{destination: {host: acme}}]}";
    let tcp = |host: &str| format!("{{hosts: ['*'], gateways: [lax], tcp: [{}]}}", route(host));
    let tls = |host: &str| {
        format!(
            "{{hosts: [a.example.com], gateways: [lax], \
             tls: [{{match: [{{sniHosts: [a.example.com]}}], route: [{{destination: {{host: {host}}}}}]}}]}}"
        )
    };
    let rest = format!("{acme}, {}", route("admin"));
    let namespaced = "{match: [{uri: {prefix: /x}}, {sourceNamespace: infra}], route: [{destination: {host: admin}}]}";
    let partial = "{match: [{uri: {prefix: /x}}], route: [{destination: {host: other}}]}";
    let exported =
        |to: &str| http(&route("admin")).replace("hosts", &format!("exportTo: ['{to}'], hosts"));
    let http_of_db = http(&route("db"));
    for (strict, lax, own, old, new) in [
        (HTTPS, HTTP, ADMIN, http(&route("landing")), http(&route("admin"))),
        (HTTPS, HTTP, ADMIN, http(acme), http(&rest)),
        (HTTPS, HTTP, ADMIN, http(partial), http(namespaced)),
        (HTTPS, TCP, ADMIN, tcp("landing"), tcp("admin")),
        (HTTPS, PASSTHROUGH, ADMIN, tls("landing"), tls("admin")),
        (TLS, TCP, DB, tcp("landing"), tcp("db")),
        (TLS, PASSTHROUGH, DB, tls("landing"), tls("db")),
        (TLS, HTTP, DB, http(&route("landing")), http_of_db),
    ] {
        let opened = changed_service(strict, lax, &[own], &old, &new);
        assert_eq!((&opened["weaker"], &opened["stronger"]), (&json!(1), &json!(0)), "{new}");
        let found = [of_id(&opened, "backend-opened"), of_id(&opened, "host-opened")].concat();
        assert_eq!(found.len(), 1, "{new}");
        let closed = changed_service(strict, lax, &[own], &new, &old);
        assert_eq!((&closed["weaker"], &closed["stronger"]), (&json!(0), &json!(1)), "{new}");
        let found = [of_id(&closed, "backend-closed"), of_id(&closed, "host-closed")].concat();
        assert_eq!(found.len(), 1, "{new}");
        let same = changed_service(strict, lax, &[own], &new, &new);
        assert_eq!((&same["weaker"], &same["stronger"]), (&json!(0), &json!(0)), "{new}");
    }
    let landing = http(&route("landing"));
    let opened = changed_service(HTTPS, HTTP, &[ADMIN], &landing, &http(&route("admin")));
    let want = "\"lax\" \"weaker\" [\"admin.example.com\"]";
    assert_eq!(of_id(&opened, "backend-opened"), [want]);
    // Also if another host of the strict server is open before, and if the strict path is gone after.
    let blog = "{hosts: [admin.example.com], gateways: [strict, lax], \
                http: [{match: [{uri: {prefix: /status}}], route: [{destination: {host: status}}]}]}";
    let opened = changed_service(HTTPS, HTTP, &[ADMIN, blog], &landing, &http(&route("admin")));
    assert_eq!(of_id(&opened, "backend-opened"), [want]);
    let other = blog.replace(", lax", "");
    let opened = changed_service(HTTPS, HTTP, &[&other], ADMIN, &http(&route("admin")));
    assert_eq!(of_id(&opened, "host-opened"), [want]);
    // What everybody reached before is not opened.
    let strict = ADMIN.replace("admin}", "landing}");
    let opened = changed_service(HTTPS, HTTP, &[&landing], ADMIN, &strict);
    assert_eq!((&opened["weaker"], &opened["unchanged"]), (&json!(0), &json!(2)));
    let opened = changed_service(HTTPS, HTTP, &[ADMIN], &exported("~"), &exported("."));
    assert_eq!(of_id(&opened, "host-opened"), ["\"lax\" \"weaker\" [\"admin.example.com\"]"]);
}

#[test]
fn a_strict_server_that_another_file_displaces_is_weaker() {
    // istiod keeps the older server of the same host and port: the one without a client check.
    let older = LAX.replace("'*.example.com'", "admin.example.com");
    let strict = STRICT.replace("infra}", "infra, creationTimestamp: '2026-01-02T00:00:00Z'}");
    let old = [("a.yaml", strict.as_str()), ("c.yaml", BOTH)];
    let new = [("a.yaml", strict.as_str()), ("b.yaml", &older), ("c.yaml", BOTH)];
    let opened = "\"lax\" \"weaker\" [\"admin.example.com\"]";
    assert_eq!(of_id(&diff(&old, &new), "host-opened"), [opened]);
}

#[test]
fn a_comment_on_a_pull_request_has_no_markup_of_its_own() {
    let files = tree(&[
        ("old/a.yaml", STRICT),
        ("old/c.yaml", BOTH),
        ("new/a.yaml", STRICT),
        ("new/@team.yaml", LAX),
        ("new/c.yaml", BOTH),
    ]);
    let args = ["explain", "--diff", "--format", "markdown", "--fail-on", "weaker", "old", "new"];
    let ran = files.run(&args);
    assert_eq!(ran.status, 1, "{}", ran.err);
    assert!(ran.out.starts_with("### Which clients the gateway accepts\n"), "{}", ran.out);
    assert!(ran.out.contains("**Weaker**"), "{}", ran.out);
    assert!(ran.out.contains("New path to hosts"), "{}", ran.out);
    assert!(!ran.out.contains('@'), "{}", ran.out);
    let ran = files.run(&["explain", "--format", "markdown", "old"]);
    assert_eq!(ran.status, 2);
}
