//! The translation from Gateway API: rules, versions, and bad input.

use std::collections::BTreeSet;

use istio_gateway::{
    Diagnostic, Gateway, IstioVersion, Severity, TlsMode,
    gateway_api::{
        Conversion, ListenerOutcome, Manifests, Metadata, Options, Resources as _, from_istio,
    },
    json,
    rule::{Rule, RuleId, gateway_api as rule},
    validate::{self, validate_manifest},
};

#[track_caller]
fn convert(text: &str, options: &Options) -> Vec<Conversion> {
    let mut manifests = Manifests::default();
    let errors = manifests.add(text.as_bytes());
    assert!(errors.is_empty(), "{errors:?}");
    manifests.convert(options).map(|(_, conversion)| conversion).collect()
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    istio_gateway::rule::rules().filter(|rule| rule.id.group() == "gateway-api")
}

fn found(text: &str) -> Vec<Diagnostic> {
    let mut manifests = Manifests::default();
    let errors = manifests.add(text.as_bytes());
    assert!(errors.is_empty(), "{errors:?}");
    let mut found = Vec::new();
    let conversions: Vec<_> = manifests.convert(&Options::default()).collect();
    let routes = manifests.routes(&conversions).objects.into_iter();
    found.extend(routes.flat_map(|object| object.diagnostics));
    for (_, conversion) in conversions {
        found.extend(conversion.diagnostics);
        found.extend(conversion.listener_sets.into_iter().flat_map(|set| set.diagnostics));
    }
    found.extend(manifests.object_findings().into_iter().flat_map(|object| object.diagnostics));
    found
}

fn broken(text: &str) -> BTreeSet<RuleId> {
    found(text).into_iter().map(|found| found.rule).collect()
}

/// Rules that cannot be broken alone, with the rules that are always broken together with them, and
/// why.
const TOGETHER: [(RuleId, RuleId); 8] = [
    // An API server rejects the Gateway, or drops the field, that the finding is about.
    (rule::PORT_REPEATED, rule::SCHEMA),
    (rule::OLD_VALIDATION, rule::UNKNOWN_FIELD),
    (rule::UNKNOWN_VALIDATION_MODE, rule::SCHEMA),
    (rule::UNKNOWN_TLS_MODE, rule::SCHEMA),
    (rule::PLAIN_TLS, rule::SCHEMA),
    // The invalid one of two is reported.
    (rule::FIRST_CERTIFICATE_LOST, rule::CERTIFICATE_DROPPED),
    // Both are about a reference that is not permitted.
    (rule::GRANT_NAME, rule::NOT_PERMITTED),
    (rule::NAMES_SWAPPED, rule::NOT_PERMITTED),
];

/// Rules of the reverse conversion, which no manifest of Gateway API breaks.
const BACK: [RuleId; 2] = [rule::NOT_REPRESENTABLE, rule::REPRESENTED_DIFFERENTLY];

#[test]
fn every_rule_is_broken_alone_and_barely_kept() {
    let mut wrong = Vec::new();
    for rule in rules().filter(|rule| !BACK.contains(&rule.id)) {
        let (id, bad, good) = (rule.id, rule.bad.unwrap(), rule.good.unwrap());
        let together = TOGETHER.iter().filter(|(rule, _)| *rule == id).map(|(_, with)| *with);
        let want: BTreeSet<_> = together.chain([id]).collect();
        if broken(bad) != want {
            wrong.push(format!("invalid/{id}: {:?} instead of {want:?}", broken(bad)));
        }
        for found in found(bad) {
            if found.rule == id && found.severity != rule.severity {
                wrong.push(format!("{id}: severity {:?}", found.severity));
            }
            if found.position.is_none() {
                wrong.push(format!("{id}: no position: {found}"));
            }
        }
        // A usable certificate for backends is not used.
        let is_unused = id == rule::CLIENT_CERTIFICATE
            && broken(good) == [rule::CLIENT_CERTIFICATE_UNUSED].into();
        if !broken(good).is_empty() && !is_unused {
            wrong.push(format!("valid/{id} breaks {:?}", broken(good)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_manifest_belongs_to_a_rule() {
    for kind in ["invalid", "valid"] {
        for file in std::fs::read_dir(format!("tests/manifests/{kind}/gateway-api")).unwrap() {
            let path = file.unwrap().path();
            let id = format!("gateway-api/{}", path.file_stem().unwrap().to_str().unwrap());
            assert!(rules().any(|rule| rule.id == *id), "{} belongs to no rule", path.display());
        }
    }
}

/// An error reports a rejected listener, Gateway or reference.
#[test]
fn errors_are_what_istiod_rejects() {
    // A route has no translation of its own.
    let others = |rule: &&Rule| !BACK.contains(&rule.id) && rule.id != rule::ROUTE;
    for rule in rules().filter(others) {
        let conversions = convert(rule.bad.unwrap(), &Options::default());
        let is_refused = conversions.iter().any(|conversion| !conversion.is_valid());
        let has_error = broken_severities(rule.bad.unwrap()).contains(&Severity::Error);
        assert_eq!(is_refused, has_error, "{}", rule.id);
    }
}

fn broken_severities(text: &str) -> Vec<Severity> {
    found(text).into_iter().map(|found| found.severity).collect()
}

const STRANGE_CA: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: istio
  listeners:
  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: a, namespace: other}]}}
";

#[test]
fn istio_1_32_checks_the_grant_first() {
    let reason = |version: &str| {
        let options = Options::istio(version.parse::<IstioVersion>().unwrap());
        let conversion = convert(STRANGE_CA, &options).remove(0);
        let conditions = &conversion.listeners[0].conditions;
        conditions.iter().find(|c| c.kind == "ResolvedRefs").unwrap().clone()
    };
    assert_eq!(
        reason("1.31").message,
        "invalid certificate reference //a.other, secret other/a not found"
    );
    assert_eq!(reason("1.31").reason, "InvalidCertificateRef");
    assert_eq!(reason("1.32").reason, "RefNotPermitted");
    assert_eq!(
        reason("1.32").message,
        "certificateRef a/other not accessible to a Gateway in namespace \"infra\" (missing a \
         ReferenceGrant?)"
    );
}

/// What upstream has half built asks clients for nothing. It is to be seen, and not to be had.
#[test]
fn a_rejected_listener_has_no_server() {
    let bad = rules().find(|r| r.id == rule::CA_CERTIFICATE).unwrap().bad.unwrap();
    let conversion = convert(bad, &Options::default()).remove(0);
    let listener = &conversion.listeners[0];
    assert_eq!(listener.server(), None);
    assert_eq!(conversion.servers().count() + conversion.gateways().count(), 0);
    assert!(matches!(listener.outcome, ListenerOutcome::Rejected(Some(_))));
    let shown = serde_json::to_value(listener).unwrap();
    assert_eq!(shown["valid"], false);
    assert_eq!(shown["server"]["tls"]["mode"], "SIMPLE");
    assert_eq!(shown["server"]["tls"].get("caCertCredentialName"), None);
}

#[test]
fn the_older_form_is_reported_and_ignored() {
    let old = rules().find(|r| r.id == rule::OLD_VALIDATION).unwrap().bad.unwrap();
    let conversion = convert(old, &Options::default()).remove(0);
    let is_old = |found: &&Diagnostic| found.rule == rule::OLD_VALIDATION;
    let found = conversion.diagnostics.iter().find(is_old).unwrap();
    assert_eq!(found.path.to_string(), "spec.listeners[0].tls.frontendValidation");
    let help = found.help.as_deref().unwrap();
    assert!(help.contains("spec.tls.frontend.default.validation"), "{help}");
    let tls = conversion.listeners[0].server().unwrap().tls.clone().unwrap();
    assert_eq!(tls.mode(), TlsMode::Simple);
}

/// How many Istio manifests a set results in, and why a cluster would reject some of them; but for
/// as predicted by a finding of the translation.
fn judged(manifests: &Manifests) -> (usize, Vec<String>) {
    const FORETOLD: [(&[RuleId], &[&str]); 2] = [
        (
            &[rule::NO_CERTIFICATE, rule::FIRST_CERTIFICATE_LOST],
            &["webhook/server-certificate", "webhook/private-key", "webhook/client-ca"],
        ),
        (&[rule::PLAIN_TLS], &["webhook/tls-on-http", "webhook/tls-on-tcp"]),
    ];
    let mut options = Options::default();
    options.selector.insert("istio".to_owned(), "ingressgateway".to_owned());
    let (mut count, mut refused) = (0, Vec::new());
    for (manifest, conversion) in manifests.convert(&options) {
        let foretold: Vec<_> = FORETOLD
            .iter()
            .filter(|(rules, _)| conversion.diagnostics.iter().any(|d| rules.contains(&d.rule)))
            .flat_map(|(_, refusals)| *refusals)
            .collect();
        for (listener, spec) in conversion.gateways() {
            let istio = manifest.istio_manifest(listener, spec, &options).unwrap();
            assert!(!istio.spec().selector.is_empty());
            let report = validate_manifest(&istio, &validate::Options::default());
            count += 1;
            let errors = report.findings.iter().filter(|found| {
                found.severity == Severity::Error && !foretold.contains(&&found.rule.as_str())
            });
            refused.extend(errors.map(|found| format!("{found}\n{}", istio.to_yaml())));
        }
    }
    (count, refused)
}

/// A cluster accepts the output of the command for a valid set.
#[test]
fn istios_manifests_are_accepted() {
    let example = std::fs::read_to_string("examples/gateway_api.yaml").unwrap();
    let good = rules().filter_map(|rule| rule.good);
    let good: Vec<_> = good.chain([example.as_str()]).collect();
    let good = good.into_iter().map(|text| {
        let mut manifests = Manifests::default();
        assert!(manifests.add(text.as_bytes()).is_empty());
        manifests
    });
    // Of the golden Gateways, an API server rejects some.
    for (sets, least) in [(good.collect(), 25), (super::gateway_api::golden_manifests(), 70)] {
        let all: Vec<_> = sets.iter().map(judged).collect();
        let count: usize = all.iter().map(|(count, _)| count).sum();
        let refused: Vec<_> = all.into_iter().flat_map(|(_, refused)| refused).collect();
        assert!(count > least, "{count}");
        assert!(refused.is_empty(), "{count}: {}", refused.join("\n"));
    }
}

/// A selector that selects nothing gives hosts without a namespace; names are composed of two
/// names.
#[test]
fn istios_manifests_are_accepted_whatever_the_listener_is_called() {
    let long = "l".repeat(253);
    let manifests = |listener: &str| {
        let mut manifests = Manifests::default();
        let text = STRANGE_CA.split_once("  - {").unwrap().0;
        let text = format!(
            "{text}  - {{name: {listener}, port: 80, protocol: HTTP, allowedRoutes: {{namespaces: \
             {{from: Selector, selector: {{matchLabels: {{no: where}}}}}}}}}}\n"
        );
        let errors = manifests.add(text.as_bytes());
        assert!(errors.is_empty(), "{errors:?}");
        manifests
    };
    let mut names = BTreeSet::new();
    for listener in ["http", "a.b", "a-b", &long, &long[1..]] {
        let manifests = manifests(listener);
        assert_eq!(judged(&manifests), (1, Vec::new()));
        let options = Options::default();
        let (manifest, conversion) = manifests.convert(&options).next().unwrap();
        let (name, spec) = conversion.gateways().next().unwrap();
        assert_eq!(spec.servers[0].hosts, ["~/*"]);
        let istio = manifest.istio_manifest(name, spec, &options).unwrap();
        // A VirtualService refers to it, and istiod accepts only labels there.
        assert!(istio.name().len() <= 63 && !istio.name().contains('.'), "{}", istio.name());
        assert_eq!(istio.object().annotations()["internal.istio.io/gateway-semantics"], "gateway");
        names.insert(istio.name().to_owned());
    }
    assert_eq!(names.len(), 5, "{names:?}");
}

#[test]
fn a_gateway_whose_pods_are_not_known_has_no_manifest_without_a_selector() {
    let bad = rules().find(|r| r.id == rule::NO_SELECTOR).unwrap().bad.unwrap();
    let mut manifests = Manifests::default();
    assert!(manifests.add(bad.as_bytes()).is_empty());
    let mut options = Options::default();
    let (manifest, conversion) = manifests.convert(&options).next().unwrap();
    let (name, spec) = conversion.gateways().next().unwrap();
    assert_eq!(conversion.diagnostics[0].path.to_string(), "spec.addresses");
    assert!(manifest.istio_manifest(name, spec.clone(), &options).is_none());
    options.selector.insert("istio".to_owned(), "ingressgateway".to_owned());
    let (_, conversion) = manifests.convert(&options).next().unwrap();
    assert_eq!(conversion.diagnostics, []);
    let istio = manifest.istio_manifest(name, spec, &options).unwrap();
    assert_eq!(istio.spec().selector, [("istio".to_owned(), "ingressgateway".to_owned())].into());
}

#[test]
fn locations_are_found_in_streams_and_lists() {
    let gateway = STRANGE_CA.replace('\n', "\n  ");
    let list =
        format!("# a stream\nkind: Service\n---\napiVersion: v1\nkind: List\nitems:\n- {gateway}");
    let found = found(&list);
    assert_eq!(found[0].to_string().split(": ").next(), Some("13:73"), "{}", found[0]);
    assert_eq!(found[0].path.to_string(), "spec.listeners[0].tls.certificateRefs[0]");
    let mut manifests = Manifests::default();
    assert!(manifests.add(list.as_bytes()).is_empty());
    assert_eq!(manifests.gateways().next().unwrap().document, 2);
}

/// Kubernetes' own clients know what the items of a typed list are.
#[test]
fn lists_of_all_kinds_are_read_or_rejected() {
    let item = STRANGE_CA.split_once("metadata").unwrap().1.replace('\n', "\n  ");
    let list = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayList\nitems:\n- metadata{item}"
    );
    let found = found(&list);
    assert_eq!(found[0].to_string().split(": ").next(), Some("8:73"), "{}", found[0]);
    let secrets = "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a, namespace: b}\n";
    let mut manifests = Manifests::default();
    assert!(manifests.add(secrets.as_bytes()).is_empty());
    assert!(manifests.resources().secret("b", "a").is_some());
    refused(
        "apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n",
        "4:3: items[0]: no kind, and the kind of the list does not determine one",
    );
    refused(
        "kind: List\nitems:\n- kind: Secret\n- kind: List\n  items: []\n",
        "4:3: items[1]: a list inside a list, for which kubectl rejects the whole document: move its items \
         to the outer list",
    );
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let mut manifests = Manifests::default();
    let errors: Vec<_> = manifests.add(text.as_bytes()).iter().map(ToString::to_string).collect();
    assert_eq!(errors, [message]);
    assert_eq!(manifests.gateways().count(), 0);
}

#[test]
fn what_kubernetes_rejects_is_rejected_with_its_location() {
    let rejected =
        &convert(&STRANGE_CA.replace("port: 443", "port: \"443\""), &Options::default())[0];
    assert!(rejected.listeners.is_empty() && !rejected.is_valid());
    assert_eq!(
        rejected.diagnostics[0].to_string(),
        "7:25: spec.listeners[0].port: Invalid value: \"string\": must be of type integer: \"string\"",
    );
    refused(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  tls.key: hunter2\n",
        "5:12: data[\"tls.key\"]: invalid Secret",
    );
    refused("kind: [\n", "1:7: unclosed bracket '['");
}

/// found.md A.7: a value of another type hides nothing else.
#[test]
fn a_wrong_type_hides_no_other_finding() {
    let text =
        STRANGE_CA.replace("port: 443, protocol: HTTPS", "port: \"443\", portt: 1, protocol: 5");
    let paths: Vec<_> = found(&text).iter().map(|found| found.path.to_string()).collect();
    for path in ["spec.listeners[0].port", "spec.listeners[0].portt", "spec.listeners[0].protocol"]
    {
        assert!(paths.iter().any(|found| found == path), "{path}: {paths:?}");
    }
}

#[test]
fn nulls_unknown_and_repeated_fields_are_read_as_by_kubernetes() {
    let text = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, labels: null, managedFields: [{}], name: edge2}
spec:
  gatewayClassName: istio
  addresses: null
  future: {a: 1}
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: null, tls: null, allowedRoutes: {kinds: null}}
status: {listeners: 5}
";
    let mut manifests = Manifests::default();
    assert!(manifests.add(text.as_bytes()).is_empty());
    let (manifest, conversion) = manifests.convert(&Options::default()).next().unwrap();
    assert_eq!(manifest.gateway.metadata.name, "edge2");
    assert_eq!(manifest.gateway.metadata.namespace, "default");
    assert_eq!(conversion.servers().next().unwrap().1.hosts, ["default/*"]);
    let found: Vec<_> =
        conversion.diagnostics.iter().map(|f| (f.rule, f.path.to_string())).collect();
    assert_eq!(found, [(rule::UNKNOWN_FIELD, "spec.future".to_owned())]);
}

#[test]
fn secrets_are_not_shown() {
    let text = r#"{"metadata": {"name": "a"}, "stringData": {"tls.key": "hunter2"}}"#;
    let secret: istio_gateway::gateway_api::Secret = serde_json::from_str(text).unwrap();
    assert!(!format!("{secret:?}").contains("hunter2"));
    assert!(!format!("{secret:?}").contains("104"), "{secret:?}");
}

#[test]
fn what_cannot_be_converted_back_is_listed() {
    let gateway: Gateway = json::from_str(
        r#"{
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["shop.example.com"],
                 "tls": {"mode": "SIMPLE", "credentialName": "edge-cert", "minProtocolVersion": "TLSV1_2"}},
                {"port": {"number": 8443, "name": "default", "protocol": "HTTPS"}, "hosts": ["*/a.example.com"],
                 "tls": {"mode": "MUTUAL", "credentialName": "kubernetes-gateway://infra/a",
                         "caCertCredentialName": "configmap://certs/ca-cacert"}},
                {"port": {"number": 8443, "name": "default", "protocol": "HTTPS"}, "hosts": ["*/b.example.com"],
                 "tls": {"mode": "SIMPLE", "credentialName": "kubernetes-gateway://infra/a"}}
            ]
        }"#,
    )
    .unwrap();
    let mut metadata = Metadata::default();
    metadata.namespace = "infra".to_owned();
    let back = from_istio(&gateway, metadata);
    let told: Vec<_> = back.diagnostics.iter().map(|d| (d.path.to_string(), d.severity)).collect();
    let (error, note) = (Severity::Error, Severity::Note);
    let want = [
        ("selector", note),
        ("servers[0].port.name", note),
        ("servers[0].hosts[0]", note),
        ("servers[0].tls.minProtocolVersion", error),
        ("servers[0].tls.credentialName", error),
        ("servers[1].tls.insecureSkipVerify", note),
        ("servers[2].tls.mode", error),
    ];
    assert_eq!(told, want.map(|(path, severity)| (path.to_owned(), severity)));
    assert_eq!(back.listeners, [None, Some("server-1".to_owned()), None]);
    let grants = serde_json::to_value(&back.reference_grants).unwrap();
    assert_eq!(grants[0]["metadata"]["namespace"], "certs");
    assert_eq!(grants[0]["spec"]["to"][0]["name"], "ca-cacert");
}

const CLASSES: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: CLASS}
spec: {controllerName: CONTROLLER}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: NAMED
  listeners:
  - {name: http, port: 80, protocol: HTTP}
";

/// The GatewayClass in the set decides whether istiod translates the Gateway.
#[test]
fn a_gateway_of_another_controller_is_not_translated() {
    let converted = |class: &str, controller: &str, named: &str| {
        let text = CLASSES.replace("CLASS", class).replace("CONTROLLER", controller);
        let conversion = convert(&text.replace("NAMED", named), &Options::default()).remove(0);
        let found: Vec<_> = conversion
            .diagnostics
            .iter()
            .map(|f| (f.rule, f.severity, f.message.clone()))
            .collect();
        (conversion.servers().count(), found)
    };
    let of = |severity, message: &str| vec![(rule::CLASS, severity, message.to_owned())];
    assert_eq!(converted("edge", "istio.io/gateway-controller", "edge"), (1, vec![]));
    assert_eq!(
        converted("edge", "example.com/controller", "edge"),
        (
            0,
            of(
                Severity::Warning,
                "not translated: the Gateway is managed by the controller \
                 \"example.com/controller\""
            )
        )
    );
    assert_eq!(
        converted("edge", "istio.io/mesh-controller", "edge"),
        (
            0,
            of(
                Severity::Warning,
                "not translated: the controller \"istio.io/mesh-controller\" is not for gateways"
            )
        )
    );
    // istiod needs no object with this name, and so ignores one of another controller.
    assert_eq!(
        converted("istio", "example.com/controller", "istio"),
        (
            1,
            of(
                Severity::Warning,
                "the controllerName of the GatewayClass \"istio\" is \"example.com/controller\", and \
                 istiod treats the class as its own anyway"
            )
        )
    );
    assert_eq!(
        converted("other", "example.com/controller", "edge"),
        (
            1,
            of(
                Severity::Note,
                "the GatewayClass \"edge\" is missing: its controllerName is assumed to be \
                 istio.io/gateway-controller"
            )
        )
    );
}

/// The checks of an API server before istiod sees a Gateway.
#[test]
fn what_the_schema_rejects_or_drops_is_reported_with_its_location() {
    let found = |text: &str| {
        let conversion = convert(text, &Options::default()).remove(0);
        assert!(!conversion.is_valid(), "{text}");
        let found: Vec<_> = conversion.diagnostics.iter().map(ToString::to_string).collect();
        (conversion.listeners.len() + conversion.conditions.len(), found)
    };
    let text = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP}
";
    assert_eq!(
        found(&text.replace("listeners", "listener")),
        (
            0,
            vec![
                "6:3: spec.listener: unknown field: the API server drops it, and kubectl apply \
                 rejects the object; did you mean \"listeners\"?"
                    .to_owned(),
                "4:1: spec.listeners: Required value; add \"listeners\"".to_owned(),
            ]
        )
    );
    // The rest is translated in spite of dropped fields.
    let (count, all) = found(&text.replace("name: http", "name: http, hostnames: a.example.com"));
    assert_eq!((count, all.len()), (3, 1), "{all:?}");
    assert!(all[0].ends_with("did you mean \"hostname\"?"), "{all:?}");
    let one = |text: &str, want: &str| {
        let (count, found) = found(text);
        assert_eq!((count, found.len()), (0, 1), "{found:?}");
        assert!(found[0].contains(want), "{found:?}");
    };
    one(
        &text.replace("port: 80", "port: 70000"),
        "7:24: spec.listeners[0].port: Invalid value: 70000: should be less than or equal to 65535",
    );
    one(
        &text.replace("name: http", "name: HTTP"),
        "spec.listeners[0].name: Invalid value: \"HTTP\"",
    );
    one(&text.replace("k8s.io/v1", "k8s.io/v2"), "apiVersion: Gateway API does not serve");
    one(
        &text.replace("protocol: HTTP", "protocol: HTTP, hostname: \"*.*.a\""),
        "spec.listeners[0].hostname: Invalid value: \"*.*.a\": should match ",
    );
    let twice = format!("{text}  - {{name: http, port: 81, protocol: HTTP}}\n");
    let (_, all) = found(&twice);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[0].contains("spec.listeners[1]: Duplicate value: name \"http\""), "{all:?}");
    assert!(all[1].contains("Listener name must be unique within the Gateway"), "{all:?}");
}

/// Gateway API 1.7: known, and without effect.
#[test]
fn experimental_fields_are_not_unknown() {
    let text = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: istio
  defaultScope: None
  addresses: [{value: 1.2.3.4, routability: Private}]
  listeners:
  - {name: http, port: 80, protocol: HTTP, filters: {requests: [{type: ExternalAuth}]}}
";
    let conversion = convert(text, &Options::default()).remove(0);
    let found: Vec<_> =
        conversion.diagnostics.iter().map(|f| (f.rule, f.path.to_string())).collect();
    let at = |path: &str| (rule::EXPERIMENTAL_FIELD, path.to_owned());
    assert_eq!(
        found,
        [
            at("spec.defaultScope"),
            at("spec.addresses[0].routability"),
            // Neither empty, `Cluster` nor with a prefix.
            at("spec.addresses[0].routability"),
            at("spec.listeners[0].filters"),
            // Without externalAuth.
            at("spec.listeners[0].filters.requests[0]"),
        ]
    );
    assert!(conversion.is_valid());
}

/// istiod reads CAs only from Secrets and ConfigMaps.
#[test]
fn a_cluster_trust_bundle_is_not_supported() {
    let bad = rules().find(|r| r.id == rule::CA_CERTIFICATE).unwrap().good.unwrap();
    let text = bad.replace(
        "- group: \"\"\n            kind: ConfigMap",
        "- group: certificates.k8s.io\n            kind: ClusterTrustBundle",
    );
    assert_ne!(text, bad);
    let found = found(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].message,
        "invalid CA certificate reference certificates.k8s.io/ClusterTrustBundle/clients., only \
         secret and configmap are allowed"
    );
    assert_eq!(found[0].severity, Severity::Error);
}
