//! What every command reads, and what it reports about the rest.

use crate::start::{Directory, istio_gateway, lines};

const GATEWAY: &str = r#"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"NAME","namespace":"n"},"spec":{"selector":{"a":"b"},"servers":[{"port":{"number":80,"name":"http","protocol":"HTTP"},"hosts":["NAME.example.com"]}]}}"#;

fn gateway(name: &str) -> String {
    GATEWAY.replace("NAME", name)
}

/// How many Gateways each command finds in a text on standard input.
fn counts(text: &[u8]) -> [usize; 4] {
    let run = |args: &[&str]| istio_gateway(args).input(text).run().out;
    let of = |args: &[&str]| lines(&run(args)).len();
    let explained: serde_json::Value =
        serde_json::from_str(&run(&["explain", "--format", "json", "-"])).unwrap();
    [
        of(&["check", "--format", "json", "-"]),
        explained["servers"].as_array().unwrap().len(),
        of(&["envoy", "--format", "ndjson", "-"]),
        of(&["convert", "--to", "json", "-"]),
    ]
}

#[test]
fn every_command_finds_the_documents_that_kubectl_finds() {
    let [a, b] = [gateway("a"), gateway("b")];
    let utf16: Vec<u8> =
        format!("\u{feff}{a}\n---\n{b}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(counts(&utf16), [2; 4]);
    for text in [
        format!("{a}{b}"),
        format!("{a}\n{b}\n"),
        format!("{a}\n---\n{b}"),
        format!(
            "{a}\n---\nkind: Gateway\napiVersion: networking.istio.io/v1\nspec: {{servers: [{{hosts: [x]}}]}}\n"
        ),
        format!("{a} # c\n---\n{b}"),
        format!(
            "\u{feff}---\n{a}\n---\n\u{feff}kind: Gateway\nspec: {{servers: [{{hosts: [x]}}]}}\n"
        ),
    ] {
        assert_eq!(counts(text.as_bytes()), [2; 4], "{text}");
    }
    let [a, b] = [&a, &b].map(|text| {
        text.replacen(r#""apiVersion":"networking.istio.io/v1","kind":"Gateway","#, "", 1)
    });
    let list = format!(
        r#"{{"apiVersion":"networking.istio.io/v1","kind":"GatewayList","items":[{a},{b}]}}"#
    );
    assert_eq!(counts(list.as_bytes()), [2, 2, 2, 1]);
}

#[test]
fn what_kubernetes_drops_is_an_error() {
    let [a, b] = [gateway("a"), gateway("b")];
    for text in [format!("# c\n{a}\n{b}\n"), format!("---\n{a}\n...\n{b}\n")] {
        for command in ["check", "explain", "envoy", "convert"] {
            let ran = istio_gateway(&[command, "-"]).input(&text).run();
            assert_eq!(ran.status, 1, "{command}: {}", ran.err);
            let told = ran.out + &ran.err;
            assert!(told.contains("Kubernetes drops the rest silently"), "{command}: {told}");
        }
    }
    let ran = istio_gateway(&["check", "-"]).input(&format!("---\n{a}\n...\n...\n")).run();
    assert_eq!(ran.status, 0, "{}", ran.out);
}

/// Braces alone do not make an invalid document a template.
#[test]
fn other_errors_are_not_templates() {
    let check = |input: &[u8]| istio_gateway(&["check", "-"]).input(input).run();
    let ran = check(b"\x00\xff{{\xfe}}");
    assert_eq!(ran.status, 1, "{}", ran.out);
    assert!(ran.out.contains("document/not-utf-8"), "{}", ran.out);
    let ran = check(format!("---\n{}\n...\nkind: {{{{ x }}}}\n", gateway("a")).as_bytes());
    assert_eq!(ran.status, 1, "{}", ran.out);
    assert!(ran.out.contains("document/ignored-text"), "{}", ran.out);
}

#[test]
fn a_broken_document_is_skipped_and_the_rest_is_read() {
    let [a, b] = [gateway("a"), gateway("b")];
    let tree = Directory::new(&[
        ("all.yaml", &format!("{a}\n---\n: [broken\n---\n{b}\n")),
        ("mode.yaml", &gateway("c").replace("\"hosts\"", "\"tls\":{\"mode\":\"SIMPL\"},\"hosts\"")),
    ]);
    for args in [&["explain"][..], &["envoy"], &["convert", "--to", "json"]] {
        let ran = tree.run(&[args, &["."]].concat());
        assert_eq!(ran.status, 1, "{args:?}");
        assert!(ran.err.contains("./all.yaml:3:"), "{}", ran.err);
        assert!(ran.err.contains("./mode.yaml:1:"), "{}", ran.err);
        assert!(ran.out.contains("a.example.com") || args[0] == "envoy", "{}", ran.out);
        assert!(!ran.out.is_empty());
    }
    let ran = tree.run(&["explain", "--diff", ".", "all.yaml"]);
    assert_eq!(ran.status, 1);
    // The items of a converted list can be read.
    let list = format!(
        r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#,
        gateway("d").replace("80", "\"x\"")
    );
    let ran = istio_gateway(&["convert", "-"]).input(&list).run();
    assert_eq!((ran.status, ran.out.as_str()), (1, ""), "{}", ran.err);
}

#[test]
fn what_looks_like_a_gateway_is_reported() {
    for (version, kind) in [
        ("networking.istio.io/v1", "Gatway"),
        ("networking.istio.io/v1", "gateway"),
        ("networking.istio/v1", "Gateway"),
        ("networking.istio.io", "Gateway"),
    ] {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n");
        for command in ["explain", "envoy", "convert"] {
            let ran = istio_gateway(&[command, "-"]).input(&text).run();
            assert!(ran.err.contains("did you mean"), "{kind} {version}: {}", ran.err);
        }
        let ran = istio_gateway(&["check", "-"]).input(&text).run();
        assert!(ran.out.contains("lint/misspelt-type"), "{}", ran.out);
    }
    let text = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\n";
    assert!(istio_gateway(&["check", "-"]).input(text).run().out.contains("from-gateway-api"));
    assert!(istio_gateway(&["explain", "-"]).input(text).run().err.contains("from-gateway-api"));
    let ran = istio_gateway(&["envoy", "-"]).input("kind: Service\n---\nreplicaCount: 1\n").run();
    assert_eq!(
        ran.err,
        "istio-gateway: skipped 2 documents of other kinds: Service 1, no kind 1\n"
    );
}

/// kubectl applies nothing of the first, and the item of the second: `tests/golden/lists.ndjson`.
#[test]
fn a_gateway_with_items_is_lost() {
    for (items, count) in [("[]", 0), (&format!("[{}]", gateway("b"))[..], 1)] {
        let text = gateway("a").replacen('{', &format!("{{\"items\":{items},"), 1);
        for command in ["check", "explain", "envoy", "convert"] {
            let ran = istio_gateway(&[command, "-"]).input(&text).run();
            assert_eq!(ran.status, 1, "{command}: {}", ran.out);
            let told = format!("{}{}", ran.out, ran.err);
            assert!(told.contains("silently drops the Gateway"), "{command}: {told}");
            assert!(!told.contains("a.example.com") || command == "check", "{command}: {told}");
        }
        let ran = istio_gateway(&["envoy", "--format", "ndjson", "-"]).input(&text).run();
        assert_eq!(lines(&ran.out).len(), count, "{}", ran.out);
    }
}

#[test]
fn an_array_of_gateways_is_an_error() {
    let text = format!("[{}]", gateway("a"));
    for command in ["check", "explain", "envoy", "convert"] {
        let ran = istio_gateway(&[command, "-"]).input(&text).run();
        let told = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.status, 1, "{command}: {told}");
        assert!(told.contains("expected a "), "{command}: {told}");
    }
}

/// The API server, and with it kubectl, reads numbers as floats of 64 bits.
#[test]
fn a_number_beyond_64_bits_in_json_is_an_error() {
    let text = gateway("a").replace("\"spec\":{", "\"spec\":{\n\"x\":[1e309],");
    for command in ["check", "explain", "envoy", "convert"] {
        let ran = istio_gateway(&[command, "-"]).input(&text).run();
        assert_eq!(ran.status, 1, "{command}: {}", ran.out);
        let told = format!("{}{}", ran.out, ran.err);
        let want = "cannot unmarshal number 1e309 into Go value of type float64";
        assert!(told.contains("<stdin>:2:6") && told.contains(want), "{command}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_devices_and_empty_input_are_rejected() {
    use std::process::Command;
    let tree = Directory::new(&[("a.yaml", &gateway("a"))]);
    assert!(Command::new("mkfifo").arg(tree.path("pipe.yaml")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", tree.path("zero.yaml")).unwrap();
    for command in ["check", "explain", "envoy", "convert", "from-gateway-api"] {
        for path in [".", "pipe.yaml", "zero.yaml"] {
            let ran = tree.run(&[command, path]);
            assert_eq!(ran.status, 2, "{command} {path}: {}", ran.err);
            assert!(ran.err.contains(" cannot be read; use `-`"), "{command} {path}: {}", ran.err);
        }
        let ran = istio_gateway(&[command, "-"]).input("").run();
        assert_eq!(ran.status, 2, "{command}");
        assert!(ran.err.starts_with("istio-gateway: <stdin>: empty"), "{command}: {}", ran.err);
        let closed = format!("{} {command} - <&-", env!("CARGO_BIN_EXE_istio-gateway"));
        let closed = Command::new("sh").args(["-c", &closed]).output().unwrap();
        assert_eq!(closed.status.code(), Some(2), "{command}");
    }
}
