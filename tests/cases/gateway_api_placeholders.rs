//! The translation from Gateway API: placeholders are not judged, hide nothing, and what depends on one has
//! no answer. Neither does a value of a wrong type hide what else is wrong.

use istio_gateway::{
    Severity,
    gateway_api::{Conversion, ListenerOutcome, Manifests, Options},
    rule::lint,
};

/// The errors of the set with their paths, and the conversions.
fn convert(text: &str) -> (Vec<String>, Vec<Conversion>) {
    let mut manifests = Manifests::default();
    let errors = manifests.add(text.as_bytes());
    let conversions: Vec<_> =
        manifests.convert(&Options::default()).map(|(_, conversion)| conversion).collect();
    let found = conversions.iter().flat_map(|conversion| &conversion.diagnostics);
    let objects = manifests.object_findings();
    let found = found.chain(objects.iter().flat_map(|found| &found.diagnostics));
    let found = found.filter(|found| found.severity == Severity::Error);
    let all = errors.iter().map(ToString::to_string).chain(found.map(ToString::to_string));
    (all.collect(), conversions)
}

const EXAMPLE: &str = include_str!("../../examples/gateway_api.yaml");

/// The example with another text in one place.
#[track_caller]
fn with(old: &str, new: &str) -> String {
    assert!(EXAMPLE.contains(old), "{old}");
    EXAMPLE.replacen(old, new, 1)
}

fn unknown(conversion: &Conversion) -> Vec<&str> {
    let listeners = conversion.listeners.iter();
    let unknown =
        listeners.filter(|listener| listener.outcome == ListenerOutcome::DependsOnPlaceholders);
    unknown.map(|listener| listener.name.as_str()).collect()
}

const ALL: &[&str] = &["https", "http", "partners"];

/// What is replaced in the example, and the listeners that depend on it.
const PLACES: &[(&str, &str, &[&str])] = &[
    // With port 80 it conflicts with the listener http, which has the same host name.
    ("port: 443", "port: $PORT", &["https", "http"]),
    ("protocol: HTTPS", "protocol: ${PROTOCOL}", &["https"]),
    ("name: edge-cert", "name: '{{ .Values.certificate }}'", &["https"]),
    ("certificateRefs:\n      - name: edge-cert", "mode: $MODE", &["https"]),
    ("tls:\n      certificateRefs:\n      - name: edge-cert", "tls: $TLS", &["https"]),
    ("mode: AllowInsecureFallback", "mode: $MODE", &["https", "partners"]),
    ("- port: 8443", "- port: $PORT", &["https", "partners"]),
    ("gatewayClassName: istio", "gatewayClassName: $CLASS", ALL),
    ("namespace: infra", "namespace: $NAMESPACE", ALL),
    // Objects to which it refers.
    ("name: clients, namespace: infra", "name: $CA, namespace: infra", &["https"]),
    (
        "name: edge-cert, namespace: infra",
        "name: edge-$A, namespace: infra",
        &["https", "partners"],
    ),
    ("name: partners, namespace: certs", "name: partners, namespace: $A", &["partners"]),
    ("    name: partners-cacert", "    name: $NAME", &["partners"]),
    ("ca.crt: |\n", "ca.crt: |\n    {{ .Values.clients }}\n", &["https"]),
    ("tls.key: |\n", "tls.key: |\n    ${KEY}\n", &["https", "partners"]),
];

#[test]
fn what_depends_on_a_placeholder_has_no_answer() {
    assert_eq!(convert(EXAMPLE).0, [""; 0]);
    for (old, new, want) in PLACES {
        let (errors, conversions) = convert(&with(old, new));
        assert_eq!(errors, [""; 0], "{new}");
        assert_eq!(unknown(&conversions[0]), *want, "{new}: {:?}", conversions[0]);
        assert!(conversions[0].conditions.is_empty() && !conversions[0].is_valid(), "{new}");
        assert_eq!(conversions[0].servers().count(), 3 - want.len(), "{new}");
    }
}

#[test]
fn each_placeholder_is_reported_with_its_position() {
    for (old, new, _) in PLACES {
        let mut manifests = Manifests::default();
        assert!(manifests.add(with(old, new).as_bytes()).is_empty());
        let (_, conversion) = manifests.convert(&Options::default()).next().unwrap();
        let objects = manifests.object_findings();
        let found = objects.iter().flat_map(|found| &found.diagnostics);
        let mut found = found.chain(&conversion.diagnostics).filter(|d| d.rule == lint::TEMPLATE);
        assert!(found.next().unwrap().position.is_some(), "{new}");
        assert_eq!(found.next(), None, "{new}");
    }
    let (_, conversions) = convert(&with("port: 443", "port: $PORT"));
    let found = conversions[0].diagnostics[0].to_string();
    assert_eq!(found, "9:11: spec.listeners[0].port: depends on $PORT");
}

/// They are in the result as they are written.
#[test]
fn names_and_host_names_are_shown_as_they_are_written() {
    let text = with("hostname: shop.example.com", "hostname: $HOST");
    let text = text.replace("{name: edge,", "{name: $EDGE, labels: {app: $APP},");
    let mut manifests = Manifests::default();
    assert!(manifests.add(text.as_bytes()).is_empty());
    let (manifest, conversion) = manifests.convert(&Options::default()).next().unwrap();
    assert!(conversion.is_valid(), "{conversion:?}");
    assert_eq!(conversion.servers().next().unwrap().1.hosts, ["infra/$HOST"]);
    let (listener, spec) = conversion.gateways().next().unwrap();
    let istio = manifest.istio_manifest(listener, spec, &Options::default()).unwrap();
    assert_eq!(istio.name(), "$EDGE-istio-autogenerated-k8s-gateway-https");
    let found: Vec<_> =
        conversion.diagnostics.iter().filter(|d| d.rule == lint::TEMPLATE).collect();
    assert_eq!(found.len(), 2, "not the label: {found:?}");
}

#[test]
fn a_listener_that_may_conflict_depends_on_the_host_name() {
    for (one, other, depends) in [
        ("$HOST", "shop.example.com", true),
        ("shop.$DOMAIN", "shop.example.com", true),
        ("shop.$DOMAIN", "partners.example.com", false),
        ("shop.$DOMAIN", "partners.$DOMAIN", false),
    ] {
        let text = EXAMPLE.replace("port: 8443", "port: 443");
        let text = text.replacen("shop.example.com", one, 1).replace("partners.example.com", other);
        let (errors, conversions) = convert(&text);
        assert_eq!(errors, [""; 0]);
        let want: &[&str] = if depends { &["partners"] } else { &[] };
        assert_eq!(unknown(&conversions[0]), want, "{one} {other}: {:?}", conversions[0]);
    }
    // The same placeholder is the same value: a conflict in any case.
    let text = with("port: 8443", "port: 443");
    let text = text.replace("shop.example.com", "$HOST").replace("partners.example.com", "$HOST");
    let (errors, _) = convert(&text.replace("port: 80\n", "port: 81\n"));
    assert!(errors.iter().any(|error| error.contains("must be unique")), "{errors:?}");
}

/// What is wrong whatever the placeholder stands for.
const WRONG: &[(&str, &str, &str)] = &[
    ("port: 80", "port: 80000", "should be less than or equal to 65535"),
    ("protocol: HTTP\n", "protocol: http\n", "is unsupported. hint"),
    ("name: http\n", "name: https\n", "Listener name must be unique within the Gateway"),
    ("name: http\n", "nmae: http\n", "unknown field"),
    ("name: edge-cert\n  - name: http", "name: key\n  - name: http", "secret infra/key not found"),
    ("name: edge, namespace", "name: 5, namespace", "expected a string"),
];

/// Values that are not known: placeholders, and wrong types.
const UNKNOWN: &[(&str, &str)] = &[
    ("hostname: partners.example.com", "hostname: $HOST"),
    ("port: 8443\n    protocol", "port: $PORT\n    protocol"),
    ("from: Same", "from: $FROM"),
    ("mode: AllowInsecureFallback", "mode: $MODE"),
    ("name: clients\n          mode", "name: $CA\n          mode"),
];

#[test]
fn a_placeholder_hides_no_error() {
    for (old, new, want) in WRONG {
        for (place, unknown) in UNKNOWN {
            let text = with(old, new).replacen(place, unknown, 1);
            let (errors, _) = convert(&text);
            assert!(errors.iter().any(|error| error.contains(want)), "{new} {unknown}: {errors:?}");
            assert!(errors.iter().all(|error| !error.contains('$')), "{new} {unknown}: {errors:?}");
            let alone = convert(&with(old, new)).0;
            assert_eq!(errors.len(), alone.len(), "{new} {unknown}: {errors:?}, alone {alone:?}");
        }
    }
}

#[test]
fn a_wrong_type_hides_no_error() {
    for (old, new, want) in WRONG {
        for (place, wrong) in [
            ("port: 8443\n", "port: \"8443\"\n"),
            ("hostname: partners.example.com", "hostname: [a]"),
        ] {
            let (errors, conversions) = convert(&with(old, new).replacen(place, wrong, 1));
            let has = |text: &str| errors.iter().filter(|error| error.contains(text)).count();
            // The API server evaluates no rule of a list in which a type is wrong.
            let is_rule = want.contains("unique");
            assert_eq!(has(want), usize::from(!is_rule), "{new} {wrong}: {errors:?}");
            assert_eq!(has("must be of type"), 1, "{new} {wrong}: {errors:?}");
            assert!(conversions[0].listeners.is_empty(), "the API server rejects it");
        }
    }
}

/// The text of a Secret is not in a finding.
#[test]
fn a_finding_about_a_secret_does_not_show_it() {
    let text = with("tls.key: |\n", "tls.key: |\n    c2VjcmV0 ${KEY}\n");
    let mut manifests = Manifests::default();
    assert!(manifests.add(text.as_bytes()).is_empty());
    let found = manifests.object_findings()[0].diagnostics[0].to_string();
    assert!(found.contains("has placeholders") && !found.contains("c2VjcmV0"), "{found}");
}

/// A script in a ConfigMap is not a template.
#[test]
fn what_istiod_does_not_read_does_not_matter() {
    let text = with("data:\n  ca.crt", "data:\n  run.sh: echo $HOME\n  ca.crt");
    let text = text
        .replace("name: edge-cert, namespace", "name: edge-cert, labels: {app: $APP}, namespace");
    let (errors, conversions) = convert(&text);
    assert_eq!(errors, [""; 0]);
    assert!(conversions[0].is_valid() && unknown(&conversions[0]).is_empty());
}
