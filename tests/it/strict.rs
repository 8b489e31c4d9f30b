//! Strict decoding: reports everything that Istio would ignore, at once, each with its location.

use istio_gateway::{Gateway, Manifest, Server, ServerTlsSettings, documents, json};

#[track_caller]
fn finds(error: &istio_gateway::Error, want: &[(&str, &str)]) {
    let got: Vec<_> =
        error.diagnostics().iter().map(|d| (d.rule.as_str(), d.to_string())).collect();
    let want: Vec<_> = want.iter().map(|(rule, text)| (*rule, (*text).to_owned())).collect();
    assert_eq!(got, want);
}

#[test]
fn yaml_is_reported_with_path_line_and_nearest_name() {
    let text = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: edge
spec:
  servers:
  - port: {number: \"443\", name: https, name: web, protocol: HTTPS}
    hosts: [a, ~]
    tls:
      credentialsName: edge
      minProtocolVersion: 9
      private_key: a
      privateKey: b
  selectors: {}
extra: 1
";
    assert!(Manifest::from_yaml(text).is_ok(), "Istio takes it");
    finds(
        &Manifest::from_yaml_strict(text).unwrap_err(),
        &[
            ("decode/quoted-number", "7:20: spec.servers[0].port.number: number in quotes"),
            (
                "decode/duplicate-field",
                "7:40: spec.servers[0].port.name: repeated field: the last value is used",
            ),
            ("decode/null-element", "8:16: spec.servers[0].hosts[1]: null: read as an empty value"),
            (
                "decode/unknown-field",
                "10:7: spec.servers[0].tls.credentialsName: unknown field; did you mean \"credentialName\"?",
            ),
            (
                "decode/unknown-enum-number",
                "11:27: spec.servers[0].tls.minProtocolVersion: unknown enum number 9: kept",
            ),
            (
                "decode/both-spellings",
                "13:7: spec.servers[0].tls.privateKey: also present in snake_case, which is ignored",
            ),
            (
                "decode/unknown-field",
                "14:3: spec.selectors: unknown field; did you mean \"selector\"?",
            ),
            ("decode/unknown-envelope-key", "15:1: extra: unknown top-level key"),
        ],
    );
}

#[test]
fn json_is_reported_in_the_same_way() {
    let text = "{\n  \"name\": \"a\\ud800\",\n  \"hosts\": [\"x\", null],\n  \"prt\": {}\n}";
    let decoded = json::decode_str::<Server>(text).unwrap();
    assert_eq!(decoded.value.name, "a\u{fffd}");
    finds(
        &decoded.into_strict().unwrap_err(),
        &[
            ("decode/bad-text", "2:13: name: invalid Unicode: read as U+FFFD"),
            ("decode/null-element", "3:18: hosts[1]: null: read as an empty value"),
            ("decode/unknown-field", "4:3: prt: unknown field; did you mean \"port\"?"),
        ],
    );
}

#[test]
fn all_errors_are_reported_at_once() {
    let text = r#"{"mode": "SIMPEL", "insecureSkipVerify": "true", "cipherSuites": {}, "minProtocolVersion": 4.5}"#;
    let error = json::from_str::<ServerTlsSettings>(text).unwrap_err();
    assert!(error.is_decode());
    finds(
        &error,
        &[
            (
                "decode/unknown-enum-name",
                "1:10: mode: unknown value \"SIMPEL\"; did you mean \"SIMPLE\"?",
            ),
            (
                "decode/wrong-type",
                "1:42: insecureSkipVerify: expected true or false, found \"true\"",
            ),
            ("decode/wrong-type", "1:66: cipherSuites: expected a list, found a map"),
            (
                "decode/wrong-type",
                "1:92: minProtocolVersion: expected the name of an enum value, or a number, found 4.5",
            ),
        ],
    );
    assert_eq!(
        error.to_string(),
        "1:10: mode: unknown value \"SIMPEL\"; did you mean \"SIMPLE\"? (and 3 more)",
    );
}

#[test]
fn an_overridden_value_is_not_reported() {
    let text = r#"{"port": {"number": "x"}, "port": {"number": 1}}"#;
    let decoded = json::decode_str::<Server>(text).unwrap();
    assert_eq!(decoded.value.port.as_ref().unwrap().number, 1);
    finds(
        &decoded.into_strict().unwrap_err(),
        &[("decode/duplicate-field", "1:27: port: repeated field: the last value is used")],
    );
}

#[test]
fn positions_are_relative_to_the_stream() {
    let text = "kind: Gateway\n---\n# c\nkind: Gateway\nspec: {servers: [{tls: {mode: X}}]}\n---\nkind: Gateway\nspecs: 1\n";
    let all: Vec<_> = documents(text).collect();
    assert_eq!(all.len(), 3);
    assert!(all[0].is_ok());
    let error = all[1].as_ref().unwrap_err();
    assert_eq!(error.position().unwrap().to_string(), "5:31");
    let istio_gateway::Document::Gateway(last) = all[2].as_ref().unwrap() else { panic!() };
    assert_eq!(
        last.diagnostics()[0].to_string(),
        "8:1: specs: unknown top-level key; did you mean \"spec\"?"
    );
}

#[test]
fn a_clean_document_is_strict() {
    let text = std::fs::read_to_string("tests/golden/tls/MUTUAL-true.json").unwrap();
    assert!(json::decode_str::<Gateway>(&text).unwrap().diagnostics.is_empty());
}

/// The verdicts are sigs.k8s.io/yaml's.
#[test]
fn what_yaml_1_1_rejects_is_rejected_with_its_position() {
    for (text, position) in [("k: %x\n", "1:4"), ("k:\n- %x\n", "2:3"), ("{k: %x}\n", "1:5")] {
        let error = Manifest::from_yaml(text).unwrap_err();
        assert!(error.is_syntax(), "{text}: {error}");
        assert_eq!(error.position().unwrap().to_string(), position, "{text}");
    }
    for text in ["k: a%x\n", "k: \"%x\"\n", "k:\n- |-\n  a\n  \tb\n"] {
        assert!(Manifest::from_yaml(text).is_ok(), "{text}");
    }
}
