//! Input that is hostile, or large.

use serde_json::{Value, json};

use super::*;

/// What is printed in bounded processor time.
#[track_caller]
fn prints(args: &[&str], input: &str) -> String {
    let command = istio_gateway(&[&["explain"], args].concat()).input(input);
    let ran = command.cpu_seconds(20).run();
    assert_eq!((ran.status, ran.errors().as_str()), (0, ""), "{}", ran.out);
    ran.out
}

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title>",
    "\u{202e}gro.elpmaxe\u{2066}",
    "\u{1b}[31mred\u{7}\u{9b}",
    "&amp;&#60;",
];

fn hostile() -> String {
    let gateways = HOSTILE.iter().map(|&text| {
        let hosts: Vec<String> = (0..10_000).map(|n| format!("{text}{n}")).collect();
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": text, "namespace": text},
            "spec": {"selector": {"a": text}, "servers": [{
                "name": text,
                "port": {"number": 443, "name": text, "protocol": "HTTPS"},
                "hosts": hosts,
                "tls": {
                    "mode": "MUTUAL",
                    "credentialName": text,
                    "caCertCredentialName": text,
                    "subjectAltNames": hosts,
                    "cipherSuites": [text],
                    "insecureSkipVerify": true,
                    text: text,
                },
            }]},
        })
        .to_string()
    });
    gateways.collect::<Vec<_>>().join("\n")
}

#[test]
fn hostile_text_is_harmless() {
    let input = hostile();
    let files = Directory::new(&[]);
    let (old, new) = (files.write("old.yaml", https(MUTUAL)), files.write("new.json", &input));
    for args in [vec![new.as_str()], vec!["--diff", old.as_str(), new.as_str()]] {
        let text = prints(&args, "");
        let bad = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{2069}').contains(&c);
        assert!(!text.contains(bad), "{args:?}");
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        let html = prints(&[&["--format", "html"][..], &args].concat(), "");
        for begin in ["<script", "<img", "</style></title>", "onerror=alert(1)>"] {
            let count = html.matches(begin).count();
            assert_eq!(count, 0, "{begin}");
        }
        assert_eq!((html.matches("<title>").count(), html.matches("<style>").count()), (1, 1));
        assert!(!html.contains(bad) && html.len() < 200_000, "{} bytes", html.len());
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
}

#[test]
fn many_servers_take_linear_time() {
    let server = |i: usize| {
        json!({
            "port": {"number": 443, "name": format!("n{i}"), "protocol": "HTTPS"},
            "hosts": [format!("h{i}.b")],
            // A CRL that is dropped: each server has a finding with a location. And no certificate,
            // so that each has errors.
            "tls": {"mode": "MUTUAL", "credentialName": if i.is_multiple_of(2) { "c" } else { "" }, "caCrl": "/x"},
        })
    };
    let servers: Vec<_> = (0..3000).map(server).collect();
    let input = json!({"kind": "Gateway", "apiVersion": "networking.istio.io/v1", "metadata": {"name": "a"}, "spec": {"servers": servers}});
    let input = input.to_string();
    for format in ["text", "html", "json"] {
        assert!(prints(&["--format", format, "-"], &input).contains("caCrl"));
    }
    let files = Directory::new(&[]);
    let (old, new) = (
        files.write("a.json", &input),
        files.write("b.json", input.replace("MUTUAL", "OPTIONAL_MUTUAL")),
    );
    let diff = prints(&["--diff", &old, &new], "");
    assert!(diff.contains("3000 servers changed, 0 unchanged"), "{}", diff.len());
}

/// It reports how many servers of each kind are omitted.
#[test]
fn a_page_is_bounded() {
    let one = |i: usize| server(443, &format!("h{i}.b"), ", tls: {mode: MUTUAL, caCrl: /x}");
    let servers: Vec<_> = (0..1500).map(one).collect();
    let input = gateway(&servers.join("\n  - "));
    let html = prints(&["--format", "html", "-"], &input);
    let shown = html.matches("<article").count();
    assert!((100..1400).contains(&shown) && html.len() < 5_000_000, "{shown}: {}", html.len());
    assert!(html.contains(&format!("{} of 1500 servers are not on this page", 1500 - shown)));
    assert!(html.contains("rejected by a cluster</span> ") && html.contains("--all-servers"));
    assert_eq!(html.matches("<li><a href").count(), shown);
    let html = prints(&["--format", "html", "--all-servers", "-"], &input);
    assert_eq!(html.matches("<article").count(), 1500);
    assert!(!html.contains("not on this page"));
    let files = Directory::new(&[]);
    let (old, new) =
        (files.write("a.yaml", &input), files.write("b.yaml", input.replace("MUTUAL", "SIMPLE")));
    let html = prints(&["--diff", "--format", "html", &old, &new], "");
    assert!(html.contains("of 1500 servers are not on this page"), "{}", html.len());
    assert!(html.len() < 5_000_000, "{}", html.len());
}

/// What is folded is counted, and had with an option.
#[test]
fn a_page_has_all_of_a_gateway_with_an_option() {
    let one = |i: usize| {
        format!(
            "{{port: {{number: 443, name: n{i}, protocol: HTTPS}}, hosts: [h{i}.example.com], tls: {{mode: SIMPLE, \
             credentialName: c}}}}"
        )
    };
    let servers: Vec<_> = (0..250).map(one).collect();
    let input = gateway(&servers.join("\n  - "));
    let html = prints(&["--format", "html", "-"], &input);
    assert!(html.contains("and 238 more filter chains"));
    assert!(html.contains("and 50 more. <code>--all-servers</code> makes a page of all."));
    let html = prints(&["--format", "html", "--all-servers", "-"], &input);
    assert!(!html.contains(" more filter chains") && !html.contains(" more. <code>"));
    let hosts = html.split("<dl class=\"hosts\">").nth(1).unwrap().split("</dl>").next().unwrap();
    assert_eq!(hosts.matches("<dt>").count(), 250, "{hosts}");
}

/// Lists that are long on both sides, and a comparison for each host.
#[test]
fn long_lists_take_linear_time() {
    let server = |i: usize, hosts: &[String], tls: Value| json!({"port": {"number": 443, "name": format!("n{i}"), "protocol": "HTTPS"}, "hosts": hosts, "tls": tls});
    let gateway = |servers: Vec<Value>| {
        json!({"kind": "Gateway", "apiVersion": "networking.istio.io/v1", "metadata": {"name": "a"}, "spec": {"servers": servers}}).to_string()
    };
    let names: Vec<_> = (0..6000).map(|i| format!("h{i}.b")).collect();
    let tls = |names: &[String]| json!({"mode": "MUTUAL", "credentialName": "c", "subjectAltNames": names});
    let files = Directory::new(&[]);
    let one = files.write("one.json", gateway(vec![server(0, &names, tls(&names))]));
    let each = names.chunks(1).enumerate().map(|(i, name)| server(i, name, tls(name)));
    let each = files.write("each.json", gateway(each.collect()));
    let suites: Vec<_> = (0..64_000).map(|i| format!("-A{i}")).collect();
    let tls = json!({"mode": "SIMPLE", "credentialName": "c", "cipherSuites": suites});
    let suites = files.write("suites.json", gateway(vec![server(0, &names, tls)]));
    let diff = prints(&["--diff", "--format", "json", &one, &each], "");
    assert!(diff.contains("too much to compare"));
    assert!(prints(&["--diff", &one, &suites], "").contains("weaker"));
}

/// Thousands of servers of which nothing is known, and so many that placeholders are not searched to the end.
#[test]
fn many_placeholders_take_linear_time() {
    let server = |i: usize| {
        json!({
            "port": {"number": format!("$PORT{i}"), "name": format!("${{NAME{i}}}"), "protocol": "HTTPS"},
            "hosts": [format!("{{{{ .host{i} }}}}")],
            "tls": {"mode": "$MODE", "credentialName": "c", "cipherSuites": ["$SUITE"]},
        })
    };
    let gateway = |servers: Vec<Value>| {
        json!({"kind": "Gateway", "apiVersion": "networking.istio.io/v1", "metadata": {"name": "a"}, "spec": {"servers": servers}}).to_string()
    };
    let known = |i: usize| {
        json!({
            "port": {"number": 443, "name": format!("n{i}"), "protocol": "HTTPS"}, "hosts": [format!("h{i}.b")],
            "tls": {"mode": "MUTUAL", "credentialName": "c", "cipherSuites": ["$SUITE"]},
        })
    };
    let files = Directory::new(&[]);
    let alone = files.write("alone.json", gateway((0..1900).map(server).collect()));
    let mixed = (0..1900).map(|i| if i % 2 == 0 { server(i) } else { known(i) });
    let mixed = files.write("mixed.json", gateway(mixed.collect()));
    let many = files.write("many.json", gateway((0..4000).map(server).collect()));
    for file in [&alone, &mixed] {
        for (format, most) in [("text", 8_000_000), ("html", 5_000_000), ("json", 16_000_000)] {
            let out = prints(&["--format", format, file], "");
            assert!(out.contains("Unknown: it") && out.len() < most, "{}", out.len());
        }
        let envoy = istio_gateway(&["envoy", "--format", "ndjson", file]).cpu_seconds(20).run();
        assert_eq!((envoy.status, envoy.out.lines().count()), (0, 1900), "{}", envoy.err);
        assert!(envoy.out.len() < 16_000_000, "{}", envoy.out.len());
        let converted = istio_gateway(&["convert", "--to", "yaml", file]).cpu_seconds(20).run();
        assert_eq!(converted.status, 0);
    }
    let diff = istio_gateway(&["explain", "--diff", &alone, &mixed]).cpu_seconds(20).run();
    assert_eq!(diff.status, 1, "{}", diff.err);
    assert!(diff.out.contains("The comparison is incomplete") && diff.out.len() < 5_000_000);
    let lost = istio_gateway(&["explain", &many]).cpu_seconds(20).run();
    assert_eq!(lost.status, 1);
    assert!(lost.err.contains("the servers depend on ") && lost.err.len() < 1000, "{}", lost.err);
    // A server after them is checked.
    let mut servers: Vec<_> = (0..1900).map(server).collect();
    servers.push(json!({"port": {"number": 1, "name": "n", "protocol": "TPC"}, "hosts": ["a.b"]}));
    let wrong = files.write("wrong.json", gateway(servers));
    let check = istio_gateway(&["check", &wrong]).cpu_seconds(20).run();
    assert!(check.status == 1 && check.out.contains("TPC"), "{}", check.out);
    let check = istio_gateway(&["check", &alone, &mixed, &many]).cpu_seconds(60).run();
    assert_eq!(check.status, 0, "{}", check.out);
    assert!(check.out.len() < 1_000_000, "{}", check.out.len());
}
