//! The translation from Gateway API: input of any size has a fast and short answer.

use std::{fmt::Write as _, fs};

use istio_gateway::{
    gateway_api::{
        Conversion, Gateway, InMemory, ListenerOutcome, Manifests, Metadata, Options,
        ReferenceGrant, Resources as _, convert, from_istio,
    },
    json,
    rule::gateway_api as rule,
};
use serde_json::{Value, json};

use crate::cpu_time::{cpu_time, within_cpu_seconds};

fn of_library(gateway: &Value, resources: &InMemory) -> Conversion {
    let gateway: Gateway = serde_json::from_value(gateway.clone()).unwrap();
    convert(&gateway, resources, &Options::default())
}

fn of_manifests(text: &str) -> Vec<Conversion> {
    let mut manifests = Manifests::default();
    let errors = manifests.add(text.as_bytes());
    assert!(errors.is_empty(), "{errors:?}");
    manifests.convert(&Options::default()).map(|(_, conversion)| conversion).collect()
}

fn gateway() -> Value {
    json!({
        "metadata": {"name": "edge", "namespace": "infra"},
        "spec": {
            "gatewayClassName": "istio",
            "listeners": [{
                "name": "https", "port": 443, "protocol": "HTTPS",
                "tls": {"certificateRefs": [{"name": "pair"}]},
            }],
            "tls": {"frontend": {"default": {"validation": {"caCertificateRefs": [
                {"group": "", "kind": "ConfigMap", "name": "ca"},
            ]}}}},
        },
    })
}

/// A location in a Gateway, the largest allowed value, a value that is too large, and the API
/// server's message.
///
/// Source: the custom resources of Gateway API 1.6, and apimachinery's `TooMany` and `TooLong`.
#[test]
fn what_an_api_server_rejects_is_not_translated() {
    let many = |count: usize, item: &Value| Value::from(vec![item.clone(); count]);
    let long = |length: usize| Value::from("ä".repeat(length));
    let listener = json!({"name": "a", "port": 80, "protocol": "HTTP"});
    let port = json!({"port": 443, "tls": {}});
    let reference = json!({"group": "", "kind": "ConfigMap", "name": "ca"});
    let too_many = |most: usize| format!("Too many: {}: must have at most {most} items", most + 1);
    let too_long = |most: usize| format!("Too long: may not be more than {most} bytes");
    let frontend = "spec.tls.frontend.default.validation.caCertificateRefs";
    let (names, kinds) = (json!({"name": "pair"}), json!({"kind": "HTTPRoute"}));
    let lists = [
        ("spec.listeners".to_owned(), 64, &listener),
        ("spec.listeners[0].tls.certificateRefs".to_owned(), 64, &names),
        ("spec.listeners[0].allowedRoutes.kinds".to_owned(), 8, &kinds),
        ("spec.tls.frontend.perPort".to_owned(), 64, &port),
        (frontend.to_owned(), 16, &reference),
    ];
    let texts = [
        ("spec.gatewayClassName".to_owned(), 253),
        ("spec.listeners[0].name".to_owned(), 253),
        ("spec.listeners[0].hostname".to_owned(), 253),
        ("spec.listeners[0].protocol".to_owned(), 255),
        ("spec.listeners[0].tls.certificateRefs[0].name".to_owned(), 253),
        ("spec.listeners[0].tls.certificateRefs[0].namespace".to_owned(), 63),
        (format!("{frontend}[0].name"), 253),
        (format!("{frontend}[0].kind"), 63),
    ];
    let lists = lists
        .into_iter()
        .map(|(path, most, item)| (path, many(most, item), many(most + 1, item), too_many(most)));
    let texts =
        texts.into_iter().map(|(path, most)| (path, long(most), long(most + 1), too_long(most)));
    for (path, most, more, message) in lists.chain(texts) {
        let put = |value: Value| {
            let mut gateway = gateway();
            let pointer = path.replace(['.', '['], "/").replace(']', "");
            let mut at = &mut gateway;
            for key in pointer.split('/') {
                at = match key.parse::<usize>() {
                    Ok(index) => &mut at[index],
                    Err(_) => &mut at[key],
                };
            }
            *at = value;
            of_library(&gateway, &InMemory::default())
        };
        let refused = put(more);
        let told: Vec<_> = refused.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(told[0], format!("{path}: {message}"));
        assert_eq!(refused.diagnostics[0].rule, rule::TOO_LARGE);
        assert!(!refused.is_valid() && refused.listeners.is_empty(), "{path}");
        let taken = put(most);
        assert!(taken.diagnostics.iter().all(|found| found.rule != rule::TOO_LARGE), "{path}");
    }
}

/// How many bytes an answer has, its findings included.
fn size(conversions: &[Conversion]) -> usize {
    let conditions = |conversion: &Conversion| serde_json::to_string(&conversion.conditions);
    let size = |conversion: &Conversion| {
        let found = conversion.diagnostics.iter().map(|found| found.to_string().len());
        serde_json::to_string(&conversion.listeners).unwrap().len()
            + conditions(conversion).unwrap().len()
            + found.sum::<usize>()
    };
    conversions.iter().map(size).sum()
}

/// The pair of a curve whose keys take the longest to check.
fn p521() -> (String, String) {
    let pairs = fs::read_to_string("tests/golden/key_pairs.ndjson").unwrap();
    let mut pairs = pairs.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let pair = pairs.find(|pair| pair["id"] == "p521/pkcs8").unwrap();
    let text = |key: &str| pair[key].as_str().unwrap().to_owned();
    (text("cert"), text("key"))
}

const HEAD: &str = "apiVersion: gateway.networking.k8s.io/v1\nkind: ";

/// This many Gateways in a list, each with the same valid pair of another namespace, this many
/// grants in that one, so many namespaces, and a Gateway that selects all of them.
fn set(count: usize) -> String {
    let (cert, key) = p521();
    let mut text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: pair, namespace: certs}}\n\
         data: {{tls.crt: {cert}, tls.key: {key}}}\n"
    );
    for i in 0..count {
        write!(
            text,
            "---\n{HEAD}Gateway\nmetadata: {{name: edge{i}, namespace: ns{i}}}\nspec:\n  \
             gatewayClassName: istio\n  listeners:\n  - {{name: a, port: 443, protocol: HTTPS, tls: \
             {{certificateRefs: [{{name: pair, namespace: certs}}]}}}}\n---\n{HEAD}ReferenceGrant\n\
             metadata: {{name: grant{i}, namespace: certs}}\nspec:\n  from: [{{group: \
             gateway.networking.k8s.io, kind: Gateway, namespace: ns{i}}}]\n  to: [{{group: '', kind: \
             Secret, name: pair}}]\n---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: ns{i}}}\n"
        )
        .unwrap();
    }
    text + &selecting(64, "a")
}

/// A Gateway with listeners that select every namespace.
fn selecting(listeners: usize, host: &str) -> String {
    let mut text = format!(
        "---\n{HEAD}Gateway\nmetadata: {{name: all, namespace: a}}\nspec:\n  gatewayClassName: \
         istio\n  listeners:\n"
    );
    for i in 0..listeners {
        writeln!(
            text,
            "  - {{name: l{i}, port: {}, protocol: HTTP, hostname: {host}, allowedRoutes: \
             {{namespaces: {{from: Selector, selector: {{}}}}}}}}",
            1000 + i
        )
        .unwrap();
    }
    text
}

/// Four times the input takes about four times the time and memory, not sixteen times.
#[test]
fn time_and_memory_grow_as_the_input_does() {
    let measure = |count: usize| {
        let text = set(count);
        let (conversions, took) = cpu_time(|| of_manifests(&text));
        assert_eq!(conversions.len(), count + 1);
        assert!(conversions.iter().all(Conversion::is_valid));
        assert!(conversions.iter().all(|conversion| conversion.diagnostics.is_empty()));
        (took.as_secs_f64(), size(&conversions))
    };
    let (time, bytes) = measure(500);
    let (more_time, more_bytes) = measure(2000);
    println!("{time:.2} s, {bytes} bytes; {more_time:.2} s, {more_bytes} bytes");
    assert!(more_time < 9.0 * time.max(0.05), "{time} s, then {more_time} s");
    assert!(more_bytes < 5 * bytes, "{bytes} bytes, then {more_bytes}");
}

/// Inputs that led to hundreds of millions of texts and host names.
#[test]
fn few_megabytes_are_answered_in_few_megabytes() {
    within_cpu_seconds(20, "all", few_megabytes);
}

fn few_megabytes() {
    let mut namespaces = String::new();
    for i in 0..20_000 {
        write!(namespaces, "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{i}}}\n")
            .unwrap();
    }
    for (listeners, host) in [(20_000, "a".to_owned()), (64, "h".repeat(253))] {
        let conversions = of_manifests(&(selecting(listeners, &host) + &namespaces));
        assert_eq!(conversions[0].diagnostics[0].rule, rule::TOO_LARGE);
        assert!(conversions[0].diagnostics[0].position.is_some());
        assert!(size(&conversions) < 1000, "{}", size(&conversions));
        assert!(!conversions[0].is_valid());
    }

    let mut long = gateway();
    long["spec"]["tls"]["frontend"]["default"]["validation"]["caCertificateRefs"][0]["name"] =
        "x".repeat(1 << 20).into();
    assert!(size(&[of_library(&long, &InMemory::default())]) < 1000);

    let kind = "X".repeat(1 << 19);
    let pem = format!("-----BEGIN {kind}-----\nYQ==\n-----END {kind}-----\n");
    let mut resources = InMemory::default();
    resources.add_secret(
        serde_json::from_value(json!({
            "metadata": {"name": "pair", "namespace": "infra"},
            "stringData": {"tls.crt": pem, "tls.key": pem},
        }))
        .unwrap(),
    );
    let mut many = gateway();
    many["spec"]["listeners"] = (0..64)
        .map(|i| {
            let mut listener = gateway()["spec"]["listeners"][0].clone();
            (listener["name"], listener["port"]) = (format!("l{i}").into(), (443 + i).into());
            listener
        })
        .collect();
    let conversion = of_library(&many, &resources);
    let message = &conversion.listeners[0].conditions[3].message;
    assert!(message.contains("PEM blocks of the following types: [XXX"), "{message}");
    assert!(message.ends_with("XXX..."), "{message}");
    assert!(size(&[conversion]) < 64 * 4000);
}

/// A selector with many conditions, evaluated for many namespaces.
#[test]
fn comparing_labels_is_bounded() {
    let mut resources = InMemory::default();
    for i in 0..20_000 {
        let metadata = json!({"metadata": {"name": format!("n{i}"), "labels": {"a": "b"}}});
        resources.add_namespace(serde_json::from_value(metadata).unwrap());
    }
    assert_eq!(resources.namespaces().len(), 20_000);
    let mut gateway = gateway();
    let condition = json!({"key": "a", "operator": "In", "values": vec!["c"; 5000]});
    gateway["spec"]["listeners"][0]["allowedRoutes"] =
        json!({"namespaces": {"from": "Selector", "selector": {"matchExpressions": [condition]}}});
    let conversion = within_cpu_seconds(5, "labels", || of_library(&gateway, &resources));
    assert!(conversion.diagnostics.iter().any(|found| found.rule == rule::TOO_LARGE));
    assert!(!conversion.is_valid() && conversion.listeners.is_empty());
}

/// An API server rejects it, so it grants nothing.
#[test]
fn grants_that_are_too_large_grant_nothing() {
    let from =
        json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "infra"});
    let grant = |count: usize| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "ReferenceGrant",
            "metadata": {"name": "grant", "namespace": "certs"},
            "spec": {"from": vec![from.clone(); count], "to": [{"group": "", "kind": "Secret"}]},
        })
    };
    let mut gateway = gateway();
    gateway["spec"]["listeners"][0]["tls"]["certificateRefs"][0]["namespace"] = "certs".into();
    for (count, reason) in [(16, "InvalidCertificateRef"), (17, "RefNotPermitted")] {
        let mut resources = InMemory::default();
        let grant: ReferenceGrant = serde_json::from_value(grant(count)).unwrap();
        resources.add_reference_grant(grant);
        let gateway: Gateway = serde_json::from_value(gateway.clone()).unwrap();
        let options = Options::istio("1.32".parse().unwrap());
        let conversion = convert(&gateway, &resources, &options);
        assert_eq!(conversion.listeners[0].conditions[3].reason, reason);
    }
    let mut manifests = Manifests::default();
    let text = serde_json::to_string_pretty(&grant(17)).unwrap();
    let errors: Vec<_> = manifests.add(text.as_bytes()).iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].ends_with("spec.from: Too many: 17: must have at most 16 items"),
        "{errors:?}"
    );
}

#[test]
fn thousands_of_servers_are_converted_back() {
    let servers: Vec<_> = (0..20_000)
        .map(|i| json!({"hosts": [format!("h{i}")], "port": {"number": 80, "protocol": "HTTP"}}))
        .collect();
    let gateway = json::from_str(&json!({"servers": servers}).to_string()).unwrap();
    let back = within_cpu_seconds(20, "back", || from_istio(&gateway, Metadata::default()));
    assert_eq!(back.listeners.len(), 20_000);
}

/// A template of the largest size that an API server accepts, in a set of unknown objects.
#[test]
fn a_large_template_is_answered_within_bounds() {
    let mut gateway = gateway();
    gateway["apiVersion"] = "gateway.networking.k8s.io/v1".into();
    gateway["kind"] = "Gateway".into();
    gateway["spec"]["listeners"] = (0..64)
        .map(|i| {
            let references = vec![json!({"name": format!("$CERTIFICATE{i}")}); 64];
            json!({
                "name": format!("$NAME{i}"), "port": format!("$PORT{i}"), "protocol": "HTTPS",
                "hostname": format!("$HOST{i}"), "tls": {"certificateRefs": references},
            })
        })
        .collect();
    let mut text = format!("---\n{gateway}\n").repeat(20);
    for i in 0..2000 {
        write!(text, "---\nkind: Secret\napiVersion: v1\nmetadata: {{name: $S{i}}}\n").unwrap();
    }
    let conversions = within_cpu_seconds(60, "templates", || of_manifests(&text));
    assert_eq!(conversions.len(), 20);
    let depends = conversions[0].listeners.iter();
    let depends = depends.filter(|own| own.outcome == ListenerOutcome::DependsOnPlaceholders);
    assert_eq!(depends.count(), 64);
    assert!(size(&conversions) < 20 * 500_000, "{}", size(&conversions));
}
