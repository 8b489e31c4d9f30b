//! Every rule has a manifest that breaks only it, and one that barely keeps it.

use std::{collections::BTreeSet, fs, path::Path};

use istio_gateway::{
    Diagnostic,
    rule::Rule,
    validate::{FieldValidation, Options, documents, set::DocumentSet},
};

/// Rules that cannot be broken alone, with the rules that are always broken together with them, and
/// why.
const TOGETHER: [(&str, &[&str]); 10] = [
    // Each mistake for which Envoy rejects a listener has a rule of its own.
    ("lint/rejected-listener", &["lint/san-with-simple"]),
    // The webhook also checks the sources of certificates.
    ("cel/credential-names-or-tls-certificates", &["webhook/certificate-sources"]),
    // An empty value is not a namespace.
    ("webhook/host-empty-part", &["webhook/host-namespace"]),
    // The schema requires it first.
    ("webhook/port-required", &["schema/required"]),
    ("webhook/too-many-certificates", &["schema/max-items"]),
    // Only reachable in the passthrough modes, which warn about credentials.
    ("webhook/crl-with-credential", &["webhook/passthrough-certificates"]),
    ("lint/credential-on-http", &["webhook/passthrough-certificates"]),
    // The webhook has its own warning.
    ("webhook/old-version-ciphers", &["lint/old-tls"]),
    ("lint/cipher-name", &["webhook/invalid-ciphers"]),
    ("lint/tls13-cipher", &["webhook/invalid-ciphers"]),
];

/// For the newest Istio, or for the release in the first line.
fn options(text: &str) -> Options {
    let first = text.lines().next().unwrap_or_default();
    let version = first.strip_prefix("# istio-gateway check --istio ");
    let options =
        version.map_or_else(Options::default, |version| Options::istio(version.parse().unwrap()));
    options.with_time("2026-11-29T00:00:00Z".parse().unwrap())
}

fn check(text: &str) -> Vec<Diagnostic> {
    check_with(text, &options(text))
}

/// Advice without field validation is an error with it.
fn options_of(rule: &str, text: &str) -> Options {
    let is_about_names =
        ["lint/unknown-field", "lint/snake-case-field", "lint/newer-field"].contains(&rule);
    let mode = if is_about_names { FieldValidation::Ignore } else { FieldValidation::Strict };
    options(text).with_field_validation(mode)
}

fn check_with(text: &str, options: &Options) -> Vec<Diagnostic> {
    let mut set = DocumentSet::new(options);
    let mut found = Vec::new();
    for (index, document) in documents(text, options).enumerate() {
        let document = document.unwrap();
        found.extend(set.add(0, index, &document).into_iter().map(|found| found.diagnostic));
        found.extend(document.report.into_iter().flat_map(|report| report.findings));
    }
    found.extend(set.finish().map(|found| found.diagnostic));
    // It accompanies every schema error that prevents the evaluation of the CEL rules.
    found.retain(|found| found.rule != "cel/unchecked");
    found
}

/// The rules of validation.
fn rules() -> impl Iterator<Item = &'static Rule> {
    const NOT_HERE: [&str; 2] = ["lint/misspelt-type", "lint/gateway-api"];
    istio_gateway::rule::rules()
        .filter(|rule| GROUPS.contains(&rule.id.group()) && !NOT_HERE.contains(&rule.id.as_str()))
}

const GROUPS: [&str; 5] = ["field-validation", "schema", "cel", "webhook", "lint"];

fn broken(text: &str, options: &Options) -> BTreeSet<&'static str> {
    check_with(text, options).into_iter().map(|found| found.rule.as_str()).collect()
}

#[test]
fn every_rule_is_broken_alone_and_barely_kept() {
    let mut wrong = Vec::new();
    for Rule { id, severity, bad, good, .. } in rules().copied() {
        let id = id.as_str();
        let (Some(bad), Some(good)) = (bad, good) else {
            // The command reports suppressions.
            let without = [
                "cel/unchecked",
                "field-validation/duplicate-field",
                "lint/certificate-expiring",
                "lint/unused-suppression",
            ];
            assert!(without.contains(&id), "{id} has no manifests");
            continue;
        };
        let options = options_of(id, bad);
        let together =
            TOGETHER.iter().find(|(rule, _)| *rule == id).map_or(&[][..], |(_, with)| with);
        let want: BTreeSet<_> = together.iter().copied().chain([id]).collect();
        if broken(bad, &options) != want {
            wrong.push(format!("invalid/{id}: {:?} instead of {want:?}", broken(bad, &options)));
        }
        if broken(good, &options).contains(id) {
            wrong.push(format!("valid/{id} breaks it"));
        }
        if let Some(other) = check_with(bad, &options)
            .iter()
            .find(|found| found.rule == id && found.severity != severity)
        {
            wrong.push(format!("{id}: severity {:?} instead of {severity:?}", other.severity));
        }
        for found in check_with(bad, &options).iter().filter(|found| found.position.is_none()) {
            wrong.push(format!("{id}: no position: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_examples_break_no_rule() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let found = check(rule.good.unwrap_or_default());
        wrong
            .extend(found.iter().map(|found| format!("valid/{}: {} {found}", rule.id, found.rule)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// With `http/1.1` there would be no finding about ALPN.
#[test]
fn a_finding_that_depends_on_a_placeholder_is_not_reported() {
    let manifest = |alpn: &str| {
        format!(
            "apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - port: {{number: 443, name: https, protocol: HTTPS}}
    hosts: [shop.example.com]
    tls: {{mode: SIMPLE, credentialName: edge-cert, alpnProtocols: {alpn}}}
"
        )
    };
    let rules = |alpn: &str| -> Vec<_> {
        check(&manifest(alpn)).into_iter().map(|found| found.rule.as_str()).collect()
    };
    assert_eq!(rules("[other]"), ["lint/alpn-protocol"]);
    assert_eq!(rules("[$ALPN]"), ["lint/template"]);
    assert_eq!(rules("[h2, $ALPN]"), ["lint/template"]);
}

#[test]
fn every_manifest_belongs_to_a_rule() {
    let ids: BTreeSet<_> =
        istio_gateway::rule::rules().map(|rule| rule.id.as_str().to_owned()).collect();
    for kind in ["invalid", "valid"] {
        for authority in GROUPS.into_iter().chain(["document", "decode", "envoy"]) {
            for file in
                fs::read_dir(Path::new("tests/manifests").join(kind).join(authority)).unwrap()
            {
                let path = file.unwrap().path();
                let id = format!("{authority}/{}", path.file_stem().unwrap().to_str().unwrap());
                assert!(ids.contains(&id), "{} belongs to no rule", path.display());
            }
        }
    }
}

/// The mistakes of `tests/manifests/mistakes`, seen in public threads: the finding that a person
/// needs, its path and line.
#[test]
fn mistakes_get_useful_diagnoses() {
    const TLS: &str = "spec.servers[0].tls";
    let cases = [
        ("allow-insecure-conflict", "lint/skip-verify-mutual", ".insecureSkipVerify", 17),
        ("credential-without-mode", "lint/mode-absent", "", 14),
        ("credentialnames-mutual", "lint/credential-names-mutual", ".credentialNames", 16),
        ("credentials-name-typo", "field-validation/unknown-field", ".credentialsName", 16),
        ("duplicate-port-name", "webhook/port-name-unique", "spec.servers[1].port.name", 16),
        ("empty-tls-block", "lint/empty-tls", "", 14),
        ("fake-cipher", "webhook/invalid-ciphers", ".cipherSuites", 17),
        ("hosts-and-port-split", "schema/required", "spec.servers[0].port", 9),
        ("hosts-and-port-split", "schema/required", "spec.servers[1].hosts", 10),
        ("iana-cipher-names", "lint/tls13-cipher", ".cipherSuites[0]", 17),
        ("iana-cipher-names", "lint/cipher-name", ".cipherSuites[1]", 17),
        ("istio-mutual-with-credential", "webhook/istio-mutual", ".credentialName", 16),
        ("lowercase-grpc-no-selector", "lint/no-selector", "spec", 5),
        ("lowercase-grpc-no-selector", "lint/protocol-case", "spec.servers[0].port.protocol", 10),
        ("maistra-tls-version-spelling", "schema/enum", ".minProtocolVersion", 17),
        ("passthrough-min-version", "lint/passthrough-settings", ".minProtocolVersion", 16),
        ("passthrough-min-version", "lint/passthrough-settings", ".maxProtocolVersion", 17),
        ("san-with-simple", "lint/san-with-simple", ".subjectAltNames", 17),
        ("sds-placeholder-plus-credential", "webhook/certificate-sources", "", 14),
        ("simple-without-cert", "webhook/server-certificate", ".serverCertificate", 15),
        ("skip-verify-simple", "lint/skip-verify-no-effect", ".insecureSkipVerify", 17),
        ("tls-on-http-port", "webhook/tls-on-http", "", 14),
        ("tls-on-tcp-port", "webhook/tls-on-tcp", "", 14),
        ("unknown-newer-field", "field-validation/unknown-field", ".ecdhCurves", 18),
    ];
    let mut wrong = Vec::new();
    for (file, rule, path, line) in cases {
        let text = fs::read_to_string(format!("tests/manifests/mistakes/{file}.yaml")).unwrap();
        let path = if path.starts_with("spec") { path.to_owned() } else { format!("{TLS}{path}") };
        let found = check(&text);
        let is_it = |found: &Diagnostic| {
            found.rule == rule
                && found.path.to_string() == path
                && found.position.is_some_and(|position| position.line == line)
        };
        if !found.iter().any(is_it) {
            let found: Vec<_> = found.iter().map(|f| format!("{} {f}", f.rule)).collect();
            wrong.push(format!(
                "{file}: no {rule} at {path} in line {line}:\n  {}",
                found.join("\n  ")
            ));
        }
    }
    let count = fs::read_dir("tests/manifests/mistakes").unwrap().count();
    let named: BTreeSet<_> = cases.iter().map(|case| case.0).collect();
    assert_eq!(named.len(), count, "every mistake has its case");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A JSON key that is repeated is one fact, with one id: the API server's where the client requests
/// field validation.
#[test]
fn a_repeated_key_is_reported_once() {
    let text = r#"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"edge"},
        "spec":{"selector":{"istio":"ingressgateway"},"servers":[{"hosts":["a.example.com"],
        "port":{"number":80,"name":"a","name":"http","protocol":"HTTP"}}]}}"#;
    for (mode, id) in [
        (FieldValidation::Strict, "field-validation/duplicate-field"),
        (FieldValidation::Warn, "field-validation/duplicate-field"),
        (FieldValidation::Ignore, "lint/duplicate-key"),
    ] {
        let options = Options::default().with_field_validation(mode);
        let found: Vec<_> = check_with(text, &options).into_iter().map(|f| f.rule).collect();
        assert_eq!(found, [id], "{mode}");
    }
}
