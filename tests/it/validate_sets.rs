//! Findings across documents and files, and hostile documents.

use std::{fmt::Write as _, time::Duration};

use istio_gateway::{
    Diagnostic, Document, FieldPath, Gateway, Manifest, Object, Position, Server, Severity,
    rule::rules,
    validate::{
        CheckedDocument, FieldValidation, Options, Report, Stage, ValidGateway, Verdict, documents,
        set::{DocumentSet, SetFinding},
        validate, validate_gateway, validate_manifest,
    },
};
use proptest::prelude::*;

use crate::cpu_time::{cpu_time, within_cpu_seconds};

pub(crate) fn gateway(name: &str, selector: &str, port: &str, host: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: {name}}}\nspec:\n  \
         selector: {{istio: {selector}}}\n  servers:\n  - port: {port}\n    hosts: [{host}]\n"
    )
}

pub(crate) const HTTP: &str = "{number: 80, name: http, protocol: HTTP}";

pub(crate) fn check(files: &[String]) -> Vec<SetFinding> {
    let options = Options::default();
    let mut set = DocumentSet::new(&options);
    let mut found = Vec::new();
    for (file, text) in files.iter().enumerate() {
        for (index, document) in documents(text, &options).enumerate() {
            found.extend(set.add(file, index, &document.unwrap()));
        }
    }
    found.extend(set.finish());
    found
}

#[track_caller]
pub(crate) fn finds(files: &[String], want: &[&str]) {
    let found: Vec<_> = check(files)
        .iter()
        .map(|found| {
            let other = found.other.map(|other| {
                format!(" ({}.{} {})", other.file, other.document, other.position.unwrap())
            });
            let diagnostic = &found.diagnostic;
            let (rule, path) = (diagnostic.rule, &diagnostic.path);
            let position = diagnostic.position.unwrap();
            format!(
                "{}.{} {rule} {path} {position}{}",
                found.file,
                found.document,
                other.unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(found, want);
}

#[test]
fn the_same_host_and_port_in_two_files() {
    let files = [
        gateway("a", "x", HTTP, "one.example.com"),
        gateway("b", "x", HTTP, "a.b, one.example.com"),
    ];
    finds(&files, &["1.0 lint/duplicate-host spec.servers[0].hosts[1] 8:18 (0.0 8:13)"]);
}

#[test]
fn other_pods_have_ports_of_their_own() {
    let files = [gateway("a", "x", HTTP, "a.b"), gateway("b", "z", HTTP, "a.b")];
    finds(&files, &[]);
}

#[test]
fn conflicting_protocols_of_a_port() {
    let tcp = "{number: 80, name: tcp, protocol: TCP}";
    let files = [gateway("a", "x", HTTP, "a.b"), gateway("b", "x", tcp, "c.d")];
    finds(&files, &["1.0 lint/port-protocol spec.servers[0].port.protocol 7:45 (0.0 7:46)"]);
}

/// `tests/cases/merge.rs` compares the dropped servers with pilot's for random sets.
#[test]
fn a_server_that_istiod_drops_is_found_whatever_the_spelling_of_its_host_and_selector() {
    let strict = |selector: &str, host: &str| {
        let text = tls_gateway("b", "x", host, "MUTUAL");
        text.replace("selector: {istio: x}", &format!("selector: {selector}"))
    };
    let lax = tls_gateway("a", "x", "admin.example.com", "SIMPLE");
    let want = ["1.0 lint/duplicate-host spec.servers[0].hosts[0] 8:13 (0.0 8:13)"];
    for host in ["\"*/admin.example.com\"", "admin.example.com"] {
        for selector in ["{istio: x}", "{istio: x, app: edge}", "{}"] {
            let all = check(&[lax.clone(), strict(selector, host)]);
            let found = all.iter().find(|found| found.diagnostic.rule == "lint/duplicate-host");
            let Some(found) = found else { panic!("{host} {selector}: {all:?}") };
            let message = &found.diagnostic.message;
            assert!(message.contains("istiod drops this server with all its hosts"), "{message}");
            assert!(message.contains("servers[0] of the Gateway \"infra/a\""), "{message}");
        }
    }
    finds(&[lax.clone(), strict("{istio: x}", "\"*/admin.example.com\"")], &want);
    // Another spelling is another host for istiod, and the same server name for Envoy.
    let found = check(&[lax.clone(), strict("{istio: x}", "Admin.example.com")]);
    assert!(found.iter().any(|found| found.diagnostic.rule == "lint/equal-filter-chains"));
    // Within one server, too.
    let found = check(&[tls_gateway("a", "x", "admin.example.com, Admin.example.com", "SIMPLE")]);
    assert!(found.iter().any(|found| found.diagnostic.rule == "lint/equal-filter-chains"));
    // Other pods.
    finds(&[lax, strict("{istio: z}", "admin.example.com")], &[]);
}

#[test]
fn tls_is_dropped_after_plain_http_of_a_gateway_for_all_pods() {
    let port = "{number: 443, name: http, protocol: HTTP}";
    let plain = gateway("a", "x", port, "\"*\"").replace("selector: {istio: x}", "selector: {}");
    let found = check(&[plain, tls_gateway("b", "x", "admin.example.com", "MUTUAL")]);
    let found: Vec<_> =
        found.iter().filter(|found| found.diagnostic.rule == "lint/port-protocol").collect();
    let [found] = found.as_slice() else { panic!("{found:?}") };
    let message = &found.diagnostic.message;
    assert!(message.starts_with("port 443 is TLS here and plain HTTP in servers[0]"), "{message}");
    assert!(message.contains("istiod drops this server, unless this Gateway is the older one"));
    assert_eq!((found.file, found.other.unwrap().file), (1, 0));
}

/// An unknown value of a server does not hide what istiod does because of its hosts.
#[test]
fn a_placeholder_elsewhere_in_a_server_hides_no_conflict() {
    let lax = tls_gateway("a", "x", "admin.example.com", "SIMPLE");
    let strict = tls_gateway("b", "x", "admin.example.com", "MUTUAL")
        .replace("credentialName: c", "credentialName: \"${C}\"");
    let found = check(&[lax, strict]);
    assert!(found.iter().any(|found| found.diagnostic.rule == "lint/duplicate-host"), "{found:?}");
}

#[test]
fn one_name_in_two_documents_of_a_file() {
    let both = |selector: &str| {
        vec![gateway("a", "x", HTTP, "a.b") + "---\n" + &gateway("a", selector, HTTP, "a.b")]
    };
    let want = ["0.1 lint/duplicate-name metadata.name 12:18 (0.0 3:18)"];
    finds(&both("z"), &want);
    // A boolean, so that the spec cannot be read.
    finds(&both("y"), &want);
}

#[test]
fn secrets_are_missing_only_if_there_are_others() {
    let port = "{number: 443, name: https, protocol: HTTPS}";
    let tls = |name: &str| format!("    tls: {{mode: SIMPLE, credentialName: {name}}}\n");
    let files = |name: &str| vec![gateway("a", "x", port, "a.b") + &tls(name)];
    finds(&files("edge"), &[]);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: edge, namespace: istio-system}\ntype: kubernetes.io/tls\n";
    let with_secret = |name: &str| [files(name), vec![secret.to_owned()]].concat();
    for known in ["edge", "kubernetes://edge", "kubernetes://istio-system/edge", "sds://else"] {
        finds(&with_secret(known), &[]);
        finds(&with_secret(known).into_iter().rev().collect::<Vec<_>>(), &[]);
    }
    let path = "spec.servers[0].tls.credentialName";
    finds(&with_secret("egde"), &[&format!("0.0 lint/missing-secret {path} 9:41")]);
    finds(
        &with_secret("kubernetes://other/edge"),
        &[&format!("0.0 lint/missing-secret {path} 9:41")],
    );
}

#[test]
fn objects_are_added_without_a_report() {
    let mut set = DocumentSet::new(&Options::default());
    let object = Object::from_yaml(&gateway("a", "x", HTTP, "a.b")).unwrap();
    assert_eq!(set.add_object(0, 0, &object), []);
    let found = set.add_object(1, 0, &object);
    let rules: Vec<_> = found.iter().map(|found| found.diagnostic.rule).collect();
    assert_eq!(rules, ["lint/duplicate-name"]);
    // One of the two replaces the other.
    assert_eq!(set.clone().finish().count(), 0);
    let other = Object::from_yaml(&gateway("b", "x", HTTP, "a.b")).unwrap();
    assert_eq!(set.add_object(2, 0, &other), []);
    let rules: Vec<_> = set.finish().map(|found| found.diagnostic.rule).collect();
    assert_eq!(rules, ["lint/duplicate-host"]);
}

/// An item has its own text and positions, if that text by itself means the same.
#[test]
fn items_of_a_list_keep_their_positions() {
    let item = |text: &str| {
        let Some(Ok(Document::Other(list))) = istio_gateway::documents(text).next() else {
            panic!("{text}")
        };
        match list.items().last() {
            Some(Ok(Document::Gateway(item))) => item,
            _ => panic!("{text}"),
        }
    };
    let host = FieldPath::root().key("spec").key("servers").index(0).key("hosts").index(1);
    let gateway =
        "- kind: Gateway\n  apiVersion: networking.istio.io/v1\n  metadata: {name: a} # why\n";
    let head =
        "apiVersion: v1\nkind: List\nitems:\n- kind: Service\n  spec: {ports: &ports [a, b]}\n";
    let own = item(&format!("# all\n{head}{gateway}  spec:\n    servers:\n    - hosts: [a, b]\n"));
    assert_eq!(own.position(&host).unwrap().to_string(), "12:18");
    assert!(own.to_yaml().contains("# why"));
    let report = validate_manifest(&own, &Options::default());
    assert_eq!(report.findings[0].position.unwrap().line, 12);
    // Its meaning depends on the previous item: no position is better than a wrong one.
    let other = item(&format!("{head}{gateway}  spec:\n    servers:\n    - hosts: *ports\n"));
    assert_eq!(other.spec().servers[0].hosts, ["a", "b"]);
    assert_eq!(other.position(&host), None);
    let report = validate_manifest(&other, &Options::default());
    assert!(report.findings.iter().all(|found| found.position.is_none()));
}

#[test]
fn items_of_a_list_are_checked_in_place() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.istio.io/v1\n  kind: \
                Gateway\n  metadata: {name: a}\n- kind: Service\n  apiVersion: v1\n";
    let found: Vec<_> = documents(text, &Options::default()).map(Result::unwrap).collect();
    let report = found[0].report.as_ref().unwrap();
    assert_eq!(report.findings[0].rule, "webhook/servers-required");
    assert_eq!(report.findings[0].position.unwrap().line, 4);
    assert!(found[1].report.is_none());
}

#[test]
fn each_version_has_its_fields() {
    let text = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  \
                selector: {a: b}\n  servers:\n  - port: {number: 443, name: a, protocol: HTTPS}\n    \
                hosts: [a.b]\n    tls: {mode: SIMPLE, credentialNames: [c], ecdhCurves: [P-256]}\n";
    let check = |version: &str| -> Report {
        let object = Object::from_yaml(text).unwrap();
        let options = Options::istio(version.parse().unwrap());
        validate(&object, &options.with_field_validation(FieldValidation::Warn))
    };
    let rules = |report: &Report| report.findings.iter().map(|f| f.rule).collect::<Vec<_>>();
    assert_eq!(rules(&check("1.32")), [""; 0]);
    assert_eq!(rules(&check("1.31")), ["field-validation/unknown-field"]);
    let old = check("1.25");
    assert_eq!(old.verdict(), Verdict::Rejected(Stage::Webhook), "credentialNames are dropped");
    assert_eq!(old.pruned.len(), 2);
    assert_eq!(rules(&check("1.21")), ["schema/api-version"]);
}

#[test]
fn a_changed_manifest_is_validated_as_it_is_now() {
    let text = gateway("a", "x", HTTP, "a.b");
    let mut manifest = Manifest::from_yaml(&text).unwrap();
    let options = Options::default();
    assert!(ValidGateway::new(manifest.clone(), &options).is_ok());
    manifest.spec_mut().servers[0].hosts = vec!["a".to_owned()];
    let report = validate_manifest(&manifest, &options);
    assert_eq!(report.findings[0].rule, "webhook/host-short-name");
    assert_eq!(report.findings[0].position.unwrap().line, 8);
    assert!(ValidGateway::new(manifest, &options).is_err());
}

#[test]
fn a_bare_gateway_has_no_positions() {
    let gateway = Gateway { servers: vec![Server::default()], ..Gateway::default() };
    let report = validate_gateway(&gateway, &Options::default());
    assert_eq!(report.verdict(), Verdict::Rejected(Stage::Schema));
    assert!(report.findings.iter().all(|found| found.position.is_none()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Damaged documents: validation always ends, and the verdict is what the findings say.
    #[test]
    fn no_document_is_too_odd(
        rule in 0..rules().count(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), "[ -~\n]{0,3}"), 0..6),
    ) {
        let mut text = rules().nth(rule).unwrap().bad.unwrap_or_default().to_owned();
        for (at, put) in damage {
            if text.is_empty() {
                continue;
            }
            let at = at.index(text.len());
            text.replace_range(at..at + 1, &put);
        }
        let options = Options::default();
        let mut set = DocumentSet::new(&options);
        for (index, document) in documents(&text, &options).enumerate() {
            let Ok(document) = document else { continue };
            let conflicts = set.add(0, index, &document);
            prop_assert!(conflicts.len() < 100);
            let Some(report) = &document.report else { continue };
            let has_error = report.findings.iter().any(|found| found.severity == Severity::Error);
            let depends = report.verdict() == Verdict::DependsOnPlaceholders;
            prop_assert_eq!(report.is_accepted(), !has_error && !depends);
            for found in &report.findings {
                prop_assert!(found.rule.rule().is_some(), "{}", found.rule);
                prop_assert!(found.end.is_none_or(|end| Some(end) > found.position));
            }
        }
        prop_assert!(set.finish().count() < 100);
    }
}

/// Each of these took more than linear time somewhere, or could have.
#[test]
fn hostile_documents_take_linear_time_and_little_memory() {
    let head = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  servers:\n";
    let servers = |count: usize, server: &str| {
        (0..count).fold(head.to_owned(), |mut text, i| {
            let _ = write!(text, "{}", server.replace("{i}", &i.to_string()));
            text
        })
    };
    let texts = [
        servers(
            20_000,
            "  - {port: {number: 443, name: p, protocol: HTTPS}, hosts: [a], tls: {x: 1}}\n",
        ),
        servers(
            20_000,
            "  - {port: {number: 80, name: p{i}, protocol: HTTP}, hosts: [h{i}.example.com]}\n",
        ),
        format!("{head}  - {{hosts: [{}]}}\n", "a,".repeat(100_000)),
        format!("{head}  - {{tls: {{cipherSuites: [{}]}}}}\n", "a,".repeat(100_000)),
        (0..20_000).fold(format!("{head}  - {{"), |mut text, i| {
            let _ = write!(text, "k{i}: 1,");
            text
        }) + "}\n",
        format!("{head}  - {{port: {}{}}}\n", "[".repeat(2000), "]".repeat(2000)),
        format!("{head}  - &a {{hosts: &h [a, b], port: *h}}\n{}", "  - *a\n".repeat(1000)),
    ];
    for text in texts {
        within_cpu_seconds(60, text.get(110..200).unwrap_or_default(), || {
            let options = Options::default();
            let mut set = DocumentSet::new(&options);
            for document in documents(&text, &options).flatten() {
                let report = document.report.as_ref().unwrap();
                assert!(report.findings.len() <= Report::MAX_FINDINGS);
                assert!(set.add(0, 0, &document).is_empty());
            }
            assert!(set.finish().next().is_none());
        });
    }
}

/// Positions in a long List are not counted from its beginning for every item.
#[test]
fn a_long_list_takes_linear_time() {
    const COUNT: usize = 3000;
    let item = r#"{
"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
"spec": {"selector": {"istio": "edge"}, "servers": [{
"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["a.example.com"],
"tls": {"mode": "SIMPLE", "credentialsName": "edge-cert"}}]}
}
"#;
    let options = Options::default();
    let timed =
        |text: &str| cpu_time(|| documents(text, &options).map(Result::unwrap).collect::<Vec<_>>());
    let (single, alone) = timed(&item.repeat(COUNT));
    let list = vec![item; COUNT].join(",");
    let (listed, together) =
        timed(&format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{list}]}}"));
    // With quadratic time it would take a hundred times as long.
    assert!(together < 10 * alone + Duration::from_secs(1), "{together:?}, alone {alone:?}");

    let places = |all: &[CheckedDocument], lines: usize| -> Vec<_> {
        let found = all.iter().flat_map(|checked| &checked.report.as_ref().unwrap().findings);
        let place = |position: Option<Position>| {
            position.map(|position| (position.line - lines, position.column))
        };
        found.map(|found| (found.rule, place(found.position), place(found.end))).collect()
    };
    // A comma precedes all items but the first, on a line with only a brace.
    let (first, second) = (places(&single, 0), places(&listed, 1));
    assert!(first.len() >= 2 * COUNT && first == second);
}

/// A Gateway of one server with TLS settings.
fn tls_gateway(name: &str, selector: &str, host: &str, mode: &str) -> String {
    let port = "{number: 443, name: https, protocol: HTTPS}";
    let tls = format!("    tls: {{mode: {mode}, credentialName: c}}\n");
    let text = gateway(name, selector, port, host) + &tls;
    text.replace(&format!("{{name: {name}}}"), &format!("{{name: {name}, namespace: infra}}"))
}

fn virtual_service(host: &str, gateways: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v, namespace: infra}}\n\
         spec:\n  hosts: [{host}]\n  gateways: [{gateways}]\n  http:\n  - route: [{{destination: {{host: v}}}}]\n"
    )
}

/// Facts of pilot and Envoy: the chain is chosen by SNI, and the VirtualService's hosts are in the route of
/// each server of each Gateway that it is bound to.
#[test]
fn a_client_check_is_bypassed_through_a_gateway_of_another_file() {
    let strict = tls_gateway("strict", "x", "admin.example.com", "MUTUAL");
    let lax = tls_gateway("lax", "x", "'*.example.com'", "SIMPLE");
    let both = virtual_service("admin.example.com", "strict, infra/lax");
    let want = "0.0 lint/client-check-bypass spec.servers[0].tls 9:5 (1.0 9:5)";
    finds(&[strict.clone(), lax.clone(), both.clone()], &[want]);
    let found = check(&[strict.clone(), lax.clone(), both.clone()]);
    assert_eq!(
        found[0].diagnostic.message,
        "the client check can be bypassed through servers[0] of the Gateway \"infra/lax\": a request to \
         0.0.0.0:443 with the server name (SNI) a.example.com and the Host admin.example.com reaches the \
         same backend, v.infra.svc.cluster.local, by the VirtualService \"infra/v\"",
    );
    // The order of the files does not matter.
    let last = "2.0 lint/client-check-bypass spec.servers[0].tls 9:5 (1.0 9:5)";
    finds(&[both.clone(), lax.clone(), strict.clone()], &[last]);
    // Without a VirtualService that is bound to both, the other Gateway answers 404.
    finds(&[strict.clone(), lax.clone()], &[]);
    let one = virtual_service("admin.example.com", "strict");
    finds(&[strict.clone(), lax.clone(), one], &[]);
    // Pods of its own, and equal settings.
    let elsewhere = tls_gateway("lax", "y", "'*.example.com'", "SIMPLE");
    finds(&[strict.clone(), elsewhere, both.clone()], &[]);
    let equal = tls_gateway("lax", "x", "'*.example.com'", "MUTUAL");
    finds(&[strict.clone(), equal, both.clone()], &[]);
    // A selector that is part of the other one selects its pods, too.
    let part = lax.replace("selector: {istio: x}", "selector: {}");
    finds(&[strict.clone(), part, both.clone()], &[want]);
    // The API server rejects it, so that it is in no cluster.
    let rejected = lax.replace("SIMPLE", "NONE");
    finds(&[strict.clone(), rejected, both.clone()], &[]);
    // Its port is not known.
    let unknown = lax.replace("number: 443", "number: $PORT");
    finds(&[strict.clone(), unknown, both.clone()], &[]);
    // The last one of a name is applied.
    let again = tls_gateway("lax", "x", "other.example.org", "SIMPLE");
    let found = check(&[strict, lax, again, both]);
    assert!(found.iter().all(|found| found.diagnostic.rule != "lint/client-check-bypass"));
}

/// The real VirtualServices decide, also within one Gateway.
#[test]
fn a_bypass_within_a_gateway_depends_on_its_virtual_services() {
    let strict = tls_gateway("edge", "x", "admin.example.com", "MUTUAL");
    let lax = "  - port: {number: 443, name: lax, protocol: HTTPS}\n    hosts: ['*.example.com']\n    tls: \
               {mode: SIMPLE, credentialName: c}\n";
    let edge = strict + lax;
    let want = "0.0 lint/client-check-bypass spec.servers[0].tls 9:5";
    finds(std::slice::from_ref(&edge), &[want]);
    finds(&[edge.clone(), virtual_service("admin.example.com", "edge")], &[want]);
    // It has no host of the strict server.
    finds(&[edge.clone(), virtual_service("www.example.com", "edge")], &[]);
    // It is for the port of no other server.
    let port = edge.replacen("number: 443, name: lax", "number: 8443, name: lax", 1);
    let limited = virtual_service("admin.example.com", "edge")
        .replace("- route:", "- match: [{port: 443}]\n    route:");
    finds(&[port.clone(), virtual_service("admin.example.com", "edge")], &[want]);
    finds(&[port, limited], &[]);
    let object = Object::from_yaml(&edge).unwrap();
    let found = &validate(&object, &Options::default()).findings[0];
    assert_eq!(
        (found.rule.as_str(), found.position.unwrap().line),
        ("lint/client-check-bypass", 9)
    );
}

/// Facts of pilot and Envoy: the namespace is not part of the server name, and Envoy rejects a listener as a
/// whole.
#[test]
fn a_server_takes_the_listener_of_another_file_with_it() {
    let shop = tls_gateway("shop", "x", "shop/www.example.com", "SIMPLE");
    let blog = tls_gateway("blog", "x", "blog/www.example.com", "SIMPLE");
    let want = "0.0 lint/equal-filter-chains spec.servers[0].hosts 9:5 (1.0 9:5)";
    finds(&[shop.clone(), blog.clone()], &[want]);
    finds(&[shop.clone(), blog.replace("istio: x", "istio: y")], &[]);
    let bad = tls_gateway("bad", "x", "bad.example.com", "SIMPLE, subjectAltNames: [a]");
    let only = |found: &str| found.starts_with("lint/rejected-listener");
    let found = check(&[bad.clone(), shop]);
    let lost = found.iter().find(|found| only(found.diagnostic.rule.as_str())).unwrap();
    assert_eq!(
        lost.diagnostic.message,
        "Envoy rejects these TLS settings, and with them the listener of port 443: servers[0] of the \
         Gateway \"infra/shop\" is lost, too",
    );
    assert_eq!((lost.file, lost.other.unwrap().file), (0, 1));
    finds(&[bad], &[]);
}

/// RFC 9113, section 9.1.1: the certificate decides which connection a browser uses.
#[test]
fn browsers_use_a_connection_for_a_host_of_another_server() {
    let shop = tls_gateway("shop", "x", "shop.example.com", "SIMPLE");
    let blog = tls_gateway("blog", "x", "blog.example.com", "SIMPLE");
    let want = "1.0 lint/connection-coalescing spec.servers[0].tls 9:5 (0.0 9:5)";
    let files = |blog: &str| [blog.to_owned(), shop.clone()];
    finds(&files(&blog), &[want]);
    // A connection with a client certificate is not shared; the other one is.
    let strict = tls_gateway("blog", "x", "blog.example.com", "MUTUAL");
    finds(&files(&strict), &["0.0 lint/connection-coalescing spec.servers[0].tls 9:5 (1.0 9:5)"]);
    // Another certificate, pods or port, no HTTP/2, or a route for the other host.
    finds(&files(&blog.replace("credentialName: c", "credentialName: d")), &[]);
    finds(&files(&blog.replace("istio: x", "istio: y")), &[]);
    finds(&files(&blog.replace("443", "8443")), &[]);
    let http = "SIMPLE, alpnProtocols: [http/1.1]";
    let old = [shop.replace("SIMPLE", http), blog.replace("SIMPLE", http)];
    finds(&old, &[]);
    finds(&files(&blog.replace("blog.example.com", "'*'")), &[]);
}

#[test]
fn hosts_of_virtual_services_that_no_server_has() {
    let edge = tls_gateway("edge", "x", "'*.example.com'", "SIMPLE");
    let path = "spec.hosts[0]";
    let want = format!("1.0 lint/virtual-service-host {path} 5:11");
    let is = |host: &str, gateways: &str, want: &[&str]| {
        finds_alone(&[edge.clone(), virtual_service(host, gateways)], want);
    };
    is("example.com", "edge", &[&want]);
    for known in ["a.example.com", "'*.example.com'", "'*'", "'*.a.example.com'", "$HOST"] {
        is(known, "edge", &[]);
    }
    // Gateways that are not known, and the mesh.
    is("example.com", "edge, other", &[]);
    is("example.com", "edge, mesh", &[]);
    is("example.com", "other", &[]);
}

#[test]
fn a_virtual_service_of_another_namespace_names_a_gateway_without_its_namespace() {
    let edge = tls_gateway("edge", "x", "a.example.com", "SIMPLE");
    let service = virtual_service("a.example.com", "edge");
    let elsewhere = service.replace("namespace: infra", "namespace: shop");
    let want = "1.0 lint/virtual-service-gateway spec.gateways[0] 6:14";
    finds_alone(&[edge.clone(), elsewhere.clone()], &[want]);
    finds_alone(&[edge.clone(), service], &[]);
    finds_alone(&[edge.clone(), elsewhere.replace("[edge]", "[infra/edge]")], &[]);
    // What is not known: namespaces, and which of two.
    finds_alone(&[edge.replace(", namespace: infra", ""), elsewhere.clone()], &[]);
    let third = edge.replace("infra", "third");
    finds_alone(&[edge.clone(), elsewhere.clone(), third], &[]);
}

#[track_caller]
fn finds_alone(files: &[String], want: &[&str]) {
    let found: Vec<_> = check(files)
        .iter()
        .filter(|found| found.diagnostic.rule.as_str().starts_with("lint/virtual-service"))
        .map(|found| {
            let Diagnostic { rule, path, position, .. } = &found.diagnostic;
            format!("{}.{} {rule} {path} {}", found.file, found.document, position.unwrap())
        })
        .collect();
    assert_eq!(found, want);
}
