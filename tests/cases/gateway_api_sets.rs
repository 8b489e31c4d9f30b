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
