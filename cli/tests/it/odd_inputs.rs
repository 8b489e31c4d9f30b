//! Odd documents, for every command: what kubectl reads is read as it is, and what it rejects is an error at
//! its position.

use crate::start::{Directory, Ran, istio_gateway, lines};

const ISTIO: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: a, namespace: shop}
spec:
  selector: {a: b}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [a.example.com]
    tls: {mode: MUTUAL, credentialName: c}
";

const GATEWAY_API: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: a, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: more, port: 81, protocol: HTTP}
";

/// What makes an odd text of a plain one.
type MakeText<'a> = &'a dyn Fn(&str) -> String;
type MakeBytes<'a> = &'a dyn Fn(&str) -> Vec<u8>;

const COMMANDS: [&[&str]; 6] = [
    &["check", "-"],
    &["explain", "-"],
    &["explain", "--diff", "plain.yaml", "-"],
    &["envoy", "-"],
    &["convert", "--to", "json", "-"],
    &["from-gateway-api", "-"],
];

/// Runs every command on a text that is made of a Gateway, `from-gateway-api` on one of Gateway API.
fn each_command(of: impl Fn(&str) -> Vec<u8>, mut judge: impl FnMut(&[&str], &Ran, &Ran)) {
    let directory = Directory::new(&[("plain.yaml", ISTIO)]);
    for args in COMMANDS {
        let text = if args[0] == "from-gateway-api" { GATEWAY_API } else { ISTIO };
        let plain = directory.istio_gateway(args).input(text).run();
        assert_eq!(plain.status, 0, "{args:?}: {}", plain.err);
        let odd = of(text);
        judge(args, &plain, &directory.istio_gateway(args).input(&odd).run());
    }
}

/// As one item of a list, indented.
fn item(text: &str, without_type: bool) -> String {
    let lines: Vec<_> = text.lines().skip(if without_type { 2 } else { 0 }).collect();
    format!("items:\n- {}\n", lines.join("\n  "))
}

/// Without what depends on the lines.
fn without_numbers(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[test]
fn what_kubectl_reads_is_read_by_every_command() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let odd: [(&str, MakeBytes<'_>); 9] = [
        ("two byte order marks", &|text| format!("\u{feff}\u{feff}{text}").into_bytes()),
        ("UTF-16", &|text| utf16(&format!("\u{feff}{text}"))),
        ("CRLF", &|text| text.replace('\n', "\r\n").into_bytes()),
        ("two ends", &|text| format!("---\n{text}...\n...\n").into_bytes()),
        ("empty documents", &|text| format!("---\n---\n# c\n---\n{text}---\n# d\n").into_bytes()),
        ("a mark behind a separator", &|text| format!("---\n---\n\u{feff}{text}").into_bytes()),
        ("a typed list", &|text| {
            let version = text.lines().next().unwrap();
            format!("{version}\nkind: GatewayList\n{}", item(text, true)).into_bytes()
        }),
        ("any kind with items", &|text| {
            format!("apiVersion: v1\nkind: ConfigMap\n{}", item(text, false)).into_bytes()
        }),
        ("a comment with a placeholder", &|text| text.replacen('\n', " # ${A}\n", 1).into_bytes()),
    ];
    for (name, of) in odd {
        each_command(of, |args, plain, odd| {
            assert_eq!((odd.status, odd.errors()), (0, plain.errors()), "{name}: {args:?}");
            // A list is converted as one document.
            let is_list = odd.out.contains("\"items\"");
            if args[0] != "convert" || !is_list {
                let (odd, plain) = (without_numbers(&odd.out), without_numbers(&plain.out));
                assert_eq!(odd, plain, "{name}: {args:?}");
            }
        });
    }
}

#[test]
fn what_kubectl_rejects_is_an_error_of_every_command_with_its_line() {
    let deep = |text: &str| format!("{text}  x: {}{}\n", "[".repeat(10_001), "]".repeat(10_001));
    let odd: [(&str, MakeText<'_>, usize); 7] = [
        ("an untyped item", &|text| format!("apiVersion: v1\nkind: List\n{}", item(text, true)), 4),
        ("depth", &deep, 10),
        (
            "a tab",
            &|text| {
                text.replacen("  selector", "\tselector", 1).replacen("  gatewayC", "\tgatewayC", 1)
            },
            5,
        ),
        ("NUL", &|text| text.replacen("name: a", "name: a\0", 1), 3),
        ("an unquoted star", &|text| format!("{text}  x: *.example.com\n"), 10),
        ("a mapping in a separator", &|text| format!("--- {{a: 1}}\n---\n{text}"), 1),
        ("a bracket", &|text| format!("{text}---\nx: [\n"), 11),
    ];
    for (name, of, line) in odd {
        each_command(
            |text| of(text).into_bytes(),
            |args, _, odd| {
                let told = format!("{}{}", odd.out, odd.err);
                // Gateway API's text is a line shorter.
                let lines = [line, line - 1].map(|line| format!("<stdin>:{line}:"));
                assert_eq!(odd.status, 1, "{name}: {args:?}: {told}");
                assert!(lines.iter().any(|line| told.contains(line)), "{name}: {args:?}: {told}");
            },
        );
    }
}

/// A dollar elsewhere hides nothing: found.md A.4.
#[test]
fn a_dollar_in_the_same_line_hides_no_error() {
    for text in [
        r#"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"a","annotations":{"a":"costs $a"}},"spec":{}}"#,
        r#"{"kind":"Gateway","metadata":{"name":"a","annotations":{"a":"$a"}},"spec":{"servers":[{"hosts":["a.b"]}]}}"#,
        r#"{"apiVersion":"networking.istio.io/v1","metadata":{"name":"a","annotations":{"a":"$a"}},"spec":{"servers":[{"hosts":["a.b"]}]}}"#,
        r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"a","annotations":{"a":"$a"}},"spec":{}}]}"#,
    ] {
        let ran = istio_gateway(&["check", "--format", "json", "-"]).input(text).run();
        assert_eq!(ran.status, 1, "{text}: {}", ran.out);
        assert!(!ran.out.contains("lint/template"), "{text}: {}", ran.out);
        let errors = ran.out.replace(' ', "").matches("\"severity\":\"error\"").count();
        assert!(errors > 0 && !lines(&ran.out).is_empty(), "{text}: {}", ran.out);
    }
}

/// What is misspelt is no other kind.
#[test]
fn a_misspelt_kind_of_gateway_api_is_reported() {
    for (old, new, at) in [
        ("kind: Gateway", "kind: Gatway", "11:7"),
        ("gateway.networking.k8s.io", "gateway.network.k8s.io", "10:13"),
    ] {
        let text = format!("{GATEWAY_API}---\n{}", GATEWAY_API.replace(old, new));
        let ran = istio_gateway(&["from-gateway-api", "-"]).input(&text).run();
        assert_eq!(ran.status, 0, "{}", ran.err);
        let found = format!("<stdin>:{at}: warning[lint/misspelt-type]: ");
        assert!(ran.err.contains(&found), "{}", ran.err);
    }
}
