//! `ListenerSet`s: what the comparison with pilot does not show, and input of any size.

use std::fmt::Write as _;

use istio_gateway::{
    Diagnostic, Severity,
    gateway_api::{
        Conversion, ConvertedListenerSet, ListenerOutcome, Manifests, ObjectFindings, Options,
    },
    rule::{gateway_api as rule, lint},
};

use crate::cpu_time::within_cpu_seconds;

fn convert(text: &str) -> (Vec<Conversion>, Vec<ObjectFindings>) {
    let mut manifests = Manifests::default();
    let errors = manifests.add(text.as_bytes());
    assert!(errors.is_empty(), "{errors:?}");
    let conversions = manifests.convert(&Options::default());
    (conversions.map(|(_, conversion)| conversion).collect(), manifests.object_findings())
}

fn gateway(listeners: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
         metadata: {{name: edge, namespace: infra}}\nspec:\n  gatewayClassName: istio\n  \
         allowedListeners: {{namespaces: {{from: All}}}}\n  listeners:\n{listeners}\n---\n"
    )
}

fn set(metadata: &str, listeners: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\nmetadata: {{{metadata}}}\n\
         spec:\n  parentRef: {{name: edge, namespace: infra}}\n  listeners:\n{listeners}\n---\n"
    )
}

const HTTP: &str = "  - {name: http, port: 80, protocol: HTTP, hostname: a.example.com}";
const OTHER: &str = "  - {name: other, port: 8080, protocol: HTTP, hostname: b.example.com}";

fn sets(conversion: &Conversion) -> Vec<(&str, bool)> {
    let sets = conversion.listener_sets.iter();
    sets.map(|set| (set.name.as_str(), set.is_valid())).collect()
}

fn depends(set: &ConvertedListenerSet) -> bool {
    let mut listeners = set.listeners.iter();
    listeners.all(|listener| listener.outcome == ListenerOutcome::DependsOnPlaceholders)
        && set.conditions.is_empty()
        && !set.is_valid()
        && set.gateways().count() == 0
}

fn texts(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

/// The older one wins, whatever its name is; without times, the one whose name comes first. A time may
/// have another zone.
#[test]
fn the_oldest_listener_set_wins() {
    let both = |a: &str, b: &str| {
        let text = gateway(OTHER)
            + &set(&format!("name: a, namespace: infra{a}"), HTTP)
            + &set(&format!("name: b, namespace: infra{b}"), HTTP);
        let (conversions, _) = convert(&text);
        sets(&conversions[0]).into_iter().map(|(name, valid)| (name.to_owned(), valid)).collect()
    };
    let first: Vec<(String, bool)> = both("", "");
    assert_eq!(first, [("a".to_owned(), true), ("b".to_owned(), false)]);
    let later = ", creationTimestamp: 2026-01-02T00:30:00Z";
    let earlier = ", creationTimestamp: 2026-01-02T01:00:00+02:00";
    let second: Vec<(String, bool)> = both(later, earlier);
    assert_eq!(second, [("b".to_owned(), true), ("a".to_owned(), false)]);
    let without_time: Vec<(String, bool)> = both(later, "");
    assert_eq!(without_time, [("b".to_owned(), true), ("a".to_owned(), false)]);
}

#[test]
fn findings_have_positions_in_the_document_of_the_listener_set() {
    let gateway = gateway(HTTP);
    let set = set("name: shop, namespace: infra", HTTP);
    let line = gateway.lines().count() + 7;
    for text in [gateway.clone() + &set, format!("{set}{gateway}")] {
        let (conversions, objects) = convert(&text);
        assert_eq!((conversions.len(), objects.len()), (1, 0));
        let found = &conversions[0].listener_sets[0].diagnostics;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].rule, rule::CONFLICT);
        let at = found[0].position.unwrap();
        let line = if text.starts_with(&set) { 7 } else { line };
        assert_eq!((at.line, at.column), (line, 5));
        assert!(!conversions[0].is_valid());
        assert!(conversions[0].diagnostics.is_empty());
    }
}

#[test]
fn one_without_a_gateway_is_reported() {
    let orphan = set("name: shop, namespace: infra", HTTP);
    let (conversions, objects) = convert(&orphan);
    assert!(conversions.is_empty());
    assert_eq!(objects[0].diagnostics[0].rule, rule::NO_PARENT);
    assert_eq!(objects[0].diagnostics[0].position.unwrap().line, 5);
    // An API server rejects the Gateway.
    let (conversions, objects) = convert(&(gateway("  - {name: http, port: 0}") + &orphan));
    assert!(objects.is_empty());
    let set = &conversions[0].listener_sets[0];
    assert_eq!(set.diagnostics[0].rule, rule::NO_PARENT);
    assert!(set.conditions.is_empty() && set.listeners.is_empty() && !set.is_valid());
}

/// A selector needs the labels of the namespaces.
#[test]
fn missing_namespaces_are_reported() {
    let gateway = gateway(HTTP);
    let gateway =
        gateway.replace("{from: All}", "{from: Selector, selector: {matchLabels: {team: shop}}}");
    let text = gateway + &set("name: shop, namespace: shop", OTHER);
    let (conversions, _) = convert(&text);
    let found = &conversions[0].listener_sets[0].diagnostics[0];
    assert_eq!((found.rule, found.severity), (rule::LISTENER_SET, Severity::Error));
    assert!(found.help.as_ref().unwrap().contains("there are none among the input"));
    let namespace = |team: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{team: {team}}}}}\n"
        )
    };
    let (conversions, _) = convert(&(text.clone() + &namespace("other")));
    let found = &conversions[0].listener_sets[0].diagnostics[0];
    assert!(!found.help.as_ref().unwrap().contains("there are none"));
    let (conversions, _) = convert(&(text + &namespace("shop")));
    assert_eq!(sets(&conversions[0]), [("shop", true)]);
    // The same for the namespaces of a listener's routes.
    let selecting = HTTP.replace(
        "hostname",
        "allowedRoutes: {namespaces: {from: Selector, selector: {}}}, hostname",
    );
    let text = self::gateway(OTHER) + &set("name: shop, namespace: shop", &selecting);
    let (conversions, _) = convert(&text);
    let found = &conversions[0].listener_sets[0].diagnostics[0];
    assert_eq!(found.rule, rule::NO_NAMESPACE);
    assert!(found.help.as_ref().unwrap().contains("there are none among the input"));
}

/// What of a Gateway or ListenerSet has a placeholder, and whether the ListenerSet then has an answer.
#[test]
fn what_depends_on_a_placeholder_has_no_answer() {
    let good = gateway(HTTP) + &set("name: shop, namespace: infra", OTHER);
    let (conversions, objects) = convert(&good);
    assert_eq!((sets(&conversions[0]), objects.len()), (vec![("shop", true)], 0));
    for (old, new, is_known) in [
        ("port: 80,", "port: $PORT,", false),
        ("hostname: a.example.com", "hostname: $HOST", false),
        ("{from: All}", "{from: $FROM}", false),
        ("gatewayClassName: istio", "gatewayClassName: $CLASS", false),
        ("name: http", "name: $NAME", false),
        ("namespace: infra}\nspec", "namespace: infra, annotations: {a: $A}}\nspec", true),
    ] {
        let text = good.replacen(old, new, 1);
        assert_ne!(text, good, "{old}");
        let (conversions, _) = convert(&text);
        let set = &conversions[0].listener_sets[0];
        assert_eq!((depends(set), set.is_valid()), (!is_known, is_known), "{new}: {set:?}");
    }
    // One of two has a placeholder: it may be in the way of the other.
    let unknown = set("name: a, namespace: infra", HTTP).replace("port: 80,", "port: $PORT,");
    let (conversions, objects) = convert(&(good.clone() + &unknown));
    assert_eq!(objects[0].diagnostics[0].rule, lint::TEMPLATE);
    assert!(depends(&conversions[0].listener_sets[0]));
    assert!(conversions[0].listeners[0].is_valid());
    // If it has the name of the Gateway, it may also replace its listener.
    let (conversions, _) = convert(&(good + &unknown.replace("name: a,", "name: edge,")));
    assert_eq!(conversions[0].listeners[0].outcome, ListenerOutcome::DependsOnPlaceholders);
}

/// A Secret with placeholders: only the listener that uses it is unknown.
#[test]
fn a_secret_with_placeholders_makes_its_listener_unknown() {
    let tls =
        "\n  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: pair}]}}";
    let text = gateway(HTTP)
        + &set("name: shop, namespace: infra", &format!("{OTHER}{tls}"))
        + "apiVersion: v1\nkind: Secret\nmetadata: {name: pair, namespace: infra}\n\
           stringData: {tls.crt: $CERT, tls.key: $KEY}\n";
    let (conversions, _) = convert(&text);
    let set = &conversions[0].listener_sets[0];
    assert!(set.listeners[0].is_valid() && set.conditions.is_empty());
    assert_eq!(set.listeners[1].outcome, ListenerOutcome::DependsOnPlaceholders);
    assert_eq!(conversions[0].listeners.iter().filter(|listener| listener.is_valid()).count(), 1);
    assert!(texts(&set.diagnostics).is_empty());
}

/// The example of Gateway API's documentation, and others: the listeners with the condition and its reason.
#[test]
fn overlapping_tls_is_found_as_gateway_api_defines_it() {
    let pems = crate::gateway_api::golden_pems();
    let secret = |name: &str| {
        let text = serde_json::json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "infra"},
            "stringData": {"tls.crt": pems["cert-1"], "tls.key": pems["key-1"]},
        });
        format!("{text}\n---\n")
    };
    let secrets: String = ["a", "b", "c", "d"].into_iter().map(secret).collect();
    let listener = |name: &str, rest: &str, secret: &str| {
        format!(
            "  - {{name: {name}, protocol: HTTPS, {rest}, tls: {{certificateRefs: [{{name: {secret}}}]}}}}\n"
        )
    };
    let reasons = |own: &str, of_set: &str| {
        let set = if of_set.is_empty() {
            String::new()
        } else {
            set("name: s, namespace: infra", of_set)
        };
        let (conversions, _) = convert(&(gateway(own) + &set + &secrets));
        let conversion = &conversions[0];
        let of_set = conversion.listener_sets.iter().flat_map(|set| &set.diagnostics);
        let all = conversion.diagnostics.iter().chain(of_set);
        let found: Vec<_> = all.filter(|found| found.rule == rule::OVERLAPPING_TLS).collect();
        assert!(found.iter().all(|found| found.position.is_some()));
        let of = |found: &&Diagnostic| {
            let (_, rest) = found.message.split_once("OverlappingTLSConfig (").unwrap();
            (found.path.to_string(), rest.split_once(')').unwrap().0.to_owned())
        };
        found.iter().map(of).collect::<Vec<_>>()
    };
    let host =
        |index: usize| (format!("spec.listeners[{index}]"), "OverlappingHostnames".to_owned());
    let a = listener("a", "port: 443, hostname: foo.example.com", "a");
    let b = listener("b", "port: 443, hostname: foo.example.org", "b");
    let c = listener("c", "port: 443, hostname: \"*.example.com\"", "c");
    assert_eq!(reasons(&(a.clone() + &b + &c), ""), [host(0), host(2)]);
    // In a ListenerSet, too.
    assert_eq!(reasons(&(a.clone() + &b), &c), [host(0), host(0)]);
    // Any host name; another port; the host names of a label; passthrough.
    assert_eq!(reasons(&(a.clone() + &listener("d", "port: 443", "d")), ""), [host(0), host(1)]);
    assert_eq!(reasons(&(a.clone() + &listener("d", "port: 8443", "d")), ""), []);
    assert_eq!(reasons(&(a.clone() + &b), ""), []);
    let passthrough =
        c.replace("HTTPS", "TLS").replace("certificateRefs: [{name: c}]", "mode: Passthrough");
    assert_eq!(reasons(&(a.clone() + &passthrough), ""), []);
    // One certificate.
    let same = b.replace("[{name: b}]", "[{name: a}]");
    let certificates = |index: usize| (host(index).0, "OverlappingCertificates".to_owned());
    assert_eq!(reasons(&(a + &same), ""), [certificates(0), certificates(1)]);
}

/// A route is in the VirtualServices of all its listeners and hosts, which are many times larger than itself.
#[test]
fn the_virtual_services_of_routes_are_bounded() {
    let listeners: String =
        (1..=64).map(|n| format!("  - {{name: l{n}, port: {n}, protocol: HTTP}}\n")).collect();
    let route = |name: usize, rules: usize| {
        let rule = "  - backendRefs: [{name: a, port: 80}]\n";
        let hosts: Vec<_> = (0..16).map(|n| format!("h{n}.example.com")).collect();
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{name}, \
             namespace: infra}}\nspec:\n  parentRefs: [{{name: edge}}]\n  hostnames: [{}]\n  rules:\n{}",
            hosts.join(", "),
            rule.repeat(rules)
        )
    };
    let convert = |text: &str| {
        let mut manifests = Manifests::default();
        assert!(manifests.add(text.as_bytes()).is_empty());
        let conversions: Vec<_> = manifests.convert(&Options::default()).collect();
        let routes = manifests.routes(&conversions);
        let found: Vec<_> =
            routes.objects.iter().flat_map(|object| &object.diagnostics).map(|d| d.rule).collect();
        (routes.virtual_services.len(), found)
    };
    let one = gateway(&listeners) + &route(0, 16);
    assert_eq!(convert(&one), (64 * 16, vec![]));
    let mut many = gateway(&listeners);
    (0..200).for_each(|name| many.push_str(&route(name, 16)));
    let (count, found) = within_cpu_seconds(20, "many routes", || convert(&many));
    assert_eq!(count, 64 * 16);
    assert!(!found.is_empty() && found.iter().all(|found| *found == rule::TOO_LARGE), "{found:?}");
}

/// What the comparison with pilot, which has typed objects, does not show.
#[test]
fn a_route_with_a_value_of_a_wrong_type_is_reported() {
    let text = gateway(HTTP)
        + "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, namespace: infra}\n\
           spec:\n  parentRefs: [{name: edge}]\n  rules:\n  - matches: [{path: {value: 1}}]\n";
    let mut manifests = Manifests::default();
    assert!(manifests.add(text.as_bytes()).is_empty());
    let conversions: Vec<_> = manifests.convert(&Options::default()).collect();
    let routes = manifests.routes(&conversions);
    assert!(routes.virtual_services.is_empty());
    let found = &routes.objects[0].diagnostics[0];
    assert_eq!(found.path.to_string(), "spec.rules[0].matches[0].path.value");
    assert_eq!(
        (found.severity, found.position.unwrap().line),
        (Severity::Error, text.lines().count())
    );
    // Of a route with placeholders nothing is known.
    let text = text.replace("value: 1", "value: $PATH");
    let mut manifests = Manifests::default();
    assert!(manifests.add(text.as_bytes()).is_empty());
    assert_eq!(manifests.object_findings()[0].diagnostics[0].rule, lint::TEMPLATE);
}

#[test]
fn thousands_are_answered_in_seconds() {
    const COUNT: usize = 5_000;
    let list = |items: String| format!("apiVersion: v1\nkind: List\nitems:\n{items}");
    let item = |name: &str, kind: &str, spec: &str| {
        format!(
            "- {{apiVersion: gateway.networking.k8s.io/v1, kind: {kind}, \
             metadata: {{name: {name}, namespace: infra}}, spec: {spec}}}\n"
        )
    };
    let edge = "{gatewayClassName: istio, allowedListeners: {namespaces: {from: All}}, \
                listeners: [{name: a, port: 80, protocol: HTTP}]}";
    let of_edge = "{parentRef: {name: edge}, listeners: [{name: a, port: 80, protocol: HTTP}]}";
    let all = |gateways: usize| {
        let mut items = item("edge", "Gateway", edge).repeat(gateways);
        for number in 0..COUNT {
            items.push_str(&item(&format!("set{number}"), "ListenerSet", of_edge));
        }
        list(items)
    };
    // All conflict with the Gateway, in one list, which is read once for all positions.
    let (conversions, _) = within_cpu_seconds(20, "sets in the way", || convert(&all(1)));
    let sets = &conversions[0].listener_sets;
    assert_eq!(sets.len(), COUNT);
    assert!(sets.iter().all(|set| set.diagnostics[0].position.is_some() && !set.is_valid()));
    // Only the last of equal Gateways has them.
    let (conversions, _) = within_cpu_seconds(40, "equal Gateways", || convert(&all(COUNT)));
    let counts = conversions.iter().map(|conversion| conversion.listener_sets.len());
    assert_eq!(counts.sum::<usize>(), COUNT);
    // As many without a Gateway.
    let (_, objects) = within_cpu_seconds(20, "sets alone", || convert(&all(0)));
    assert_eq!(objects.len(), COUNT);
    let mut too_large = "spec:\n  parentRef: {name: edge}\n  listeners:\n".to_owned();
    for number in 0..20_000 {
        writeln!(too_large, "  - {{name: l{number}, port: 80, protocol: HTTP}}").unwrap();
    }
    let text = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\nmetadata: {{name: a}}\n{too_large}"
    );
    let mut manifests = Manifests::default();
    let errors = within_cpu_seconds(10, "a large set", || manifests.add(text.as_bytes()));
    assert!(errors[0].to_string().contains("Too many: 20000"), "{errors:?}");
}
