//! `istio-gateway convert`, as a user runs it.

use std::process::Output;

use crate::start::{Ran, istio_gateway};

fn output(args: &[&str], input: impl AsRef<[u8]>) -> Output {
    istio_gateway(&[&["convert"], args].concat()).input(&input).output()
}

#[track_caller]
fn converts(args: &[&str], input: impl AsRef<[u8]>, want: impl AsRef<[u8]>) {
    let output = output(args, input);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr, "");
    assert_eq!(output.status.code(), Some(0));
    let (got, want) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(want.as_ref()));
    assert_eq!(got, want);
}

/// Rejects some of the input with these lines.
#[track_caller]
fn refuses(args: &[&str], input: impl AsRef<[u8]>, lines: &[&str]) {
    let Ran { status, err, .. } = istio_gateway(&[&["convert"], args].concat()).input(&input).run();
    assert_eq!(err.lines().collect::<Vec<_>>(), lines);
    assert_eq!(status, 1);
}

const GATEWAY: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: \"yes\"
spec:
  servers:
  - hosts: [\"*\"]
    tls: {mode: SIMPLE, insecureSkipVerify: no, futureField: 0673}
";

const GATEWAY_JSON: &str = r#"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"yes"},"spec":{"servers":[{"hosts":["*"],"tls":{"mode":"SIMPLE","insecureSkipVerify":false,"futureField":443}}]}}"#;

#[test]
fn yaml_becomes_json_and_json_yaml() {
    converts(&["-"], GATEWAY, format!("{GATEWAY_JSON}\n"));
    let block = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: \"yes\"
spec:
  servers:
  - hosts:
    - \"*\"
    tls:
      mode: SIMPLE
      insecureSkipVerify: false
      futureField: 443
";
    converts(&["--from", "json"], GATEWAY_JSON, block);
    converts(&[], block, format!("{GATEWAY_JSON}\n"));
}

#[test]
fn other_kinds_and_several_documents_are_converted() {
    let yaml = format!(
        "# first\n{GATEWAY}---\nkind: Service\nspec: {{type: ClusterIP, on: on}}\n---\n# nothing\n"
    );
    let json = format!(
        "{GATEWAY_JSON}\n{}\n",
        r#"{"kind":"Service","spec":{"type":"ClusterIP","true":true}}"#
    );
    converts(&[], &yaml, &json);
    let back = output(&["--from", "json"], &json);
    converts(&[], back.stdout, &json);
}

#[test]
fn unchanged_yaml_is_left_as_it_is() {
    let yaml = format!("# a comment\n{GATEWAY}---\nkind: Service # another\n");
    converts(&["--to", "yaml"], &yaml, &yaml);
}

#[test]
fn binary_is_the_message_of_the_spec() {
    let spec = "servers: [{hosts: [a], tls: {mode: SIMPLE}}]";
    let bytes = [0x0a, 0x07, 0x12, 0x01, b'a', 0x1a, 0x02, 0x10, 0x01];
    converts(&["--to", "binary", "--type", "gateway"], spec, bytes);
    converts(&["--to", "binary"], format!("kind: Gateway\nspec: {{{spec}}}"), bytes);
    let json = r#"{"servers":[{"hosts":["a"],"tls":{"mode":"SIMPLE"}}]}"#;
    converts(
        &["--from", "binary", "--to", "json", "--type", "gateway"],
        bytes,
        format!("{json}\n"),
    );
    let manifest =
        format!(r#"{{"apiVersion":"networking.istio.io/v1","kind":"Gateway","spec":{json}}}"#);
    converts(&["--from", "binary", "--to", "json"], bytes, format!("{manifest}\n"));
}

#[test]
fn several_binary_messages_have_their_lengths_before_them() {
    let yaml = "kind: Gateway\nspec: {selector: {a: b}}\n---\nkind: Gateway\n---\nkind: Gateway\nspec: {selector: {a: c}}\n";
    let bytes = b"\x08\x12\x06\x0a\x01a\x12\x01b\x00\x08\x12\x06\x0a\x01a\x12\x01c";
    converts(&["--to", "binary"], yaml, bytes);
    let json = "{\"selector\":{\"a\":\"b\"}}\n{}\n{\"selector\":{\"a\":\"c\"}}\n";
    converts(&["--from", "binary", "--to", "json", "--type", "gateway"], bytes, json);
}

#[test]
fn the_items_of_a_list_are_messages_of_their_own() {
    let list = "kind: List\nitems:\n- kind: Gateway\n  spec: {selector: {a: b}}\n- kind: Gateway\n";
    converts(&["--to", "binary"], list, b"\x08\x12\x06\x0a\x01a\x12\x01b\x00");
}

#[test]
fn what_binary_cannot_represent_is_rejected_without_lossy() {
    let yaml = format!("{GATEWAY}---\nkind: Service\n");
    refuses(
        &["--to", "binary"],
        &yaml,
        &[
            "<stdin>:8:49: spec.servers[0].tls.futureField: unknown field; --lossy drops it",
            "<stdin>:10:1: Service is not an Istio Gateway and has no binary form; --lossy leaves it out",
        ],
    );
    let output = output(&["--to", "binary", "--lossy"], yaml);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, b"\x0a\x0a\x12\x01*\x1a\x05\x10\x01\x8a\x01\x00");
    refuses(
        &["--from", "binary", "--to", "json"],
        b"\x9a\x06\x00",
        &["<stdin>: unknown fields would be lost; --lossy drops them"],
    );
}

#[test]
fn a_bare_message_needs_no_envelope() {
    converts(&["--type", "tls"], "mode: MUTUAL\nx: z", "{\"mode\":\"MUTUAL\",\"x\":\"z\"}\n");
    converts(&["--type", "port", "--from", "json"], "{\"number\": 443}", "number: 443\n");
    converts(&["--type", "server", "--to", "yaml"], "hosts: [a] # c", "hosts:\n- a\n");
}

#[test]
fn every_mistake_is_reported_with_its_position() {
    refuses(
        &[],
        "kind: Gateway\nspec:\n  servers:\n  - tls: {mode: SIMPEL}\n  - port: {number: x}\n---\na: [\n",
        &[
            r#"<stdin>:4:17: spec.servers[0].tls.mode: unknown value "SIMPEL"; did you mean "SIMPLE"?"#,
            r#"<stdin>:5:20: spec.servers[1].port.number: expected a whole number from 0 to 4294967295, found "x""#,
            "<stdin>:7:4: unclosed bracket '['",
        ],
    );
    refuses(&["--from", "json"], "{}\n{\"a\": \n", &["<stdin>:3:1: EOF while parsing a value"]);
    refuses(&[], b"a: \xff", &["<stdin>:1:4: not UTF-8"]);
    refuses(
        &["--type", "tls"],
        "mode: 1\n---\nmode: []\n",
        &["<stdin>:3:7: mode: expected the name of an enum value, or a number, found a list"],
    );
}

#[test]
fn a_placeholder_is_left_as_it_is() {
    let gateway = "kind: Gateway\nspec: {servers: [{port: {number: $PORT}}]}\n";
    let Ran { status, out, err } = istio_gateway(&["convert"]).input(gateway).run();
    assert_eq!(status, 0);
    assert_eq!(
        out,
        "{\"kind\":\"Gateway\",\"spec\":{\"servers\":[{\"port\":{\"number\":\"$PORT\"}}]}}\n",
    );
    assert!(err.contains("<stdin>:2:34: spec.servers[0].port.number"), "{err}");
}

#[test]
fn a_dollar_alone_is_not_a_placeholder() {
    for value in ["$5", "443$", "$$PORT", "{{ port"] {
        let gateway =
            format!("kind: Gateway\nspec: {{servers: [{{port: {{number: '{value}'}}}}]}}\n");
        let Ran { status, err, .. } = istio_gateway(&["convert"]).input(&gateway).run();
        assert_eq!(status, 1, "{value}");
        assert!(err.starts_with("<stdin>:2:34: spec.servers[0].port.number: "), "{err}");
    }
}

#[test]
fn a_usage_error_exits_with_2() {
    for args in
        [&["convert", "--from", "xml"][..], &["convert", "/no/such/file"], &["unknown"], &[]]
    {
        let ran = istio_gateway(args).run();
        assert_eq!(ran.status, 2, "{args:?}");
        assert!(!ran.err.is_empty(), "{args:?}");
    }
    let ran = istio_gateway(&["convert", "/no/such/file"]).run();
    assert!(ran.err.starts_with("istio-gateway: /no/such/file: "), "{}", ran.err);
}

#[test]
fn help_teaches() {
    let Ran { status, out: help, .. } = istio_gateway(&["convert", "--help"]).run();
    assert_eq!(status, 0);
    for word in ["Examples:", "Exit status:", "--lossy", "YAML 1.1", "ServerTLSSettings"] {
        assert!(help.contains(word), "{word}\n{help}");
    }
}
