//! What a change opens and closes.

use serde_json::json;

use super::*;

#[test]
fn skip_is_weaker_for_each_certificate_error() {
    let new = https("{mode: MUTUAL, credentialName: c, insecureSkipVerify: true}");
    let diff = compared(&https(MUTUAL), &new);
    let flaws = [
        "unknown-issuer",
        "self-signed",
        "incomplete-chain",
        "expired",
        "not-yet-valid",
        "not-for-clients",
    ];
    assert_eq!(differences(&diff), flaws.map(|id| ("weaker", id)));
    let first = &diff["servers"][0]["differences"][0];
    assert_eq!(
        (&first["old"]["outcome"], &first["new"]["outcome"]),
        (&json!("rejected"), &json!("unverified"))
    );
    assert_eq!(first["old"]["xfcc"]["APPEND_FORWARD"], json!({"header": null, "if_spoofed": null}));
    assert_eq!(
        first["new"]["xfcc"]["APPEND_FORWARD"],
        json!({"header": "gateway-set", "if_spoofed": "client-supplied+gateway-set"})
    );

    let back = compared(&new, &https(MUTUAL));
    assert_eq!(differences(&back), flaws.map(|id| ("stronger", id)));
    assert_eq!(differences(&compared(&new, &new)), []);
}

#[test]
fn another_ca_is_weaker_and_stronger() {
    let new = https("{mode: MUTUAL, credentialName: c, caCertCredentialName: partner}");
    let diff = compared(&https(MUTUAL), &new);
    assert_eq!(differences(&diff), [("weaker", "new-ca"), ("stronger", "old-ca")]);
    let values: Vec<_> =
        (0..2).map(|i| diff["servers"][0]["differences"][i]["values"][0].clone()).collect();
    assert_eq!(values, ["the secret kubernetes://partner", "the secret kubernetes://c-cacert"]);
}

#[test]
fn tls_itself_can_be_weaker() {
    let tls = |tls: &str| https(&format!("{{mode: SIMPLE, credentialName: c{tls}}}"));
    for (name, old, new, want) in [
        ("minimum", ", minProtocolVersion: TLSV1_3", "", ("weaker", "minimum-version")),
        ("minimum-up", "", ", minProtocolVersion: TLSV1_3", ("stronger", "minimum-version")),
        ("maximum", "", ", maxProtocolVersion: TLSV1_2", ("weaker", "maximum-version")),
        // Writing Envoy's default explicitly is not a change.
        (
            "suites",
            ", cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]",
            ", cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256, AES128-SHA]",
            ("weaker", "suites-added"),
        ),
        (
            "default-suites",
            "",
            ", cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]",
            ("stronger", "suites-removed"),
        ),
    ] {
        assert_eq!(differences(&compared(&tls(old), &tls(new))), [want], "{name}");
    }
    let other = compared(&tls(""), &https("{mode: SIMPLE, credentialName: d}"));
    assert_eq!(differences(&other), [("different", "server-certificate")]);
    let same = compared(&tls(""), &tls(", minProtocolVersion: TLSV1_2"));
    assert_eq!(differences(&same), []);
}

/// TLS 1.3 has its own suites: a list has no effect if it is the only version.
#[test]
fn suites_count_up_to_tls_1_2() {
    let tls = |suites: &str| {
        let only = "minProtocolVersion: TLSV1_3";
        https(&format!("{{mode: SIMPLE, credentialName: c, {only}, cipherSuites: [{suites}]}}"))
    };
    let (one, two) = (tls("ECDHE-RSA-AES128-GCM-SHA256"), tls("AES128-SHA, AES256-SHA"));
    assert_eq!(differences(&compared(&one, &two)), []);
}

/// The decrypted bytes are forwarded unchanged, including a header that the client set.
#[test]
fn a_header_that_the_gateway_no_longer_sets_is_weaker() {
    let new = https(MUTUAL).replace("protocol: HTTPS", "protocol: TLS");
    assert_eq!(differences(&compared(&https(MUTUAL), &new)), [("weaker", "flow")]);
    assert_eq!(differences(&compared(&new, &https(MUTUAL))), [("different", "flow")]);
}

#[test]
fn more_addresses_and_more_pods_are_weaker() {
    let bind = |bind: &str| gateway(&server(443, "a.b", &format!("{bind}, tls: {MUTUAL}")));
    let pods = |selector: &str| {
        named("edge", selector, &[&server(443, "a.b", &format!(", tls: {MUTUAL}"))])
    };
    for (name, old, new, want) in [
        ("local-any", bind(", bind: 127.0.0.1"), bind(""), ("weaker", "bind")),
        ("local-all", bind(", bind: 127.0.0.1"), bind(", bind: 0.0.0.0"), ("weaker", "bind")),
        ("one-all", bind(", bind: 10.0.0.1"), bind(", bind: '::'"), ("weaker", "bind")),
        ("all-local", bind(""), bind(", bind: '::1'"), ("stronger", "bind")),
        ("one-other", bind(", bind: 10.0.0.1"), bind(", bind: 10.0.0.2"), ("different", "bind")),
        ("all-pods", pods("{a: b}"), pods("{}"), ("weaker", "selector")),
        ("more-pods", pods("{a: b, c: d}"), pods("{a: b}"), ("weaker", "selector")),
        ("less-pods", pods("{a: b}"), pods("{a: b, c: d}"), ("stronger", "selector")),
        ("other-pods", pods("{a: b, c: d}"), pods("{a: x}"), ("different", "selector")),
    ] {
        assert_eq!(differences(&compared(&old, &new)), [want], "{name}");
    }
}

#[test]
fn plain_http_and_a_missing_redirect_are_weaker() {
    let http = |tls: &str| {
        gateway(&format!(
            "{{port: {{number: 443, name: https, protocol: HTTP}}, hosts: [a.example.com]{tls}}}"
        ))
    };
    let redirect = http(", tls: {httpsRedirect: true}");
    let off = compared(&redirect, &http(""));
    assert_eq!(differences(&off), [("weaker", "redirect-off")]);
    let simple = https("{mode: SIMPLE, credentialName: c}");
    assert_eq!(differences(&compared(&simple, &http(""))), [("weaker", "flow")]);
    // And every rejected client is accepted.
    let opened = compared(&https(MUTUAL), &http(""));
    let found = differences(&opened);
    assert!(found.contains(&("weaker", "none")) && found.contains(&("weaker", "flow")));
    assert!(found.contains(&("different", "valid")), "{found:?}");
}

#[test]
fn added_and_removed_servers() {
    let server = |port: u32, name: &str, host: &str, tls: &str| {
        format!(
            "{{port: {{number: {port}, name: {name}, protocol: HTTPS}}, hosts: [{host}], tls: {tls}}}"
        )
    };
    let of = |servers: &[&str]| gateway(&servers.join("\n  - "));
    let a = server(443, "a", "a.b", MUTUAL);
    let moved = server(443, "z", "a.b", MUTUAL);
    let b = server(444, "b", "b.b", MUTUAL);
    let wide = server(443, "a", "'*.b'", MUTUAL);
    for (name, old, new, want) in [
        ("added", of(&[&a]), of(&[&b, &a]), vec![("weaker", "server-added")]),
        ("removed", of(&[&a, &b]), of(&[&b]), vec![("stronger", "server-removed")]),
        ("renamed", of(&[&a, &b]), of(&[&b, &moved]), vec![]),
        (
            "hosts",
            of(&[&a]),
            of(&[&wide]),
            // Requests for a.b are served as before.
            vec![("weaker", "hosts-added")],
        ),
        ("fewer-hosts", of(&[&wide]), of(&[&a]), vec![("stronger", "hosts-removed")]),
        (
            "selector",
            of(&[&a]),
            of(&[&a]).replace("ingressgateway", "other"),
            vec![("different", "selector")],
        ),
        (
            "another-gateway",
            of(&[&a]),
            of(&[&a]).replace("name: edge", "name: other"),
            vec![("stronger", "server-removed"), ("weaker", "server-added")],
        ),
    ] {
        let diff = compared(&old, &new);
        assert_eq!(differences(&diff), want, "{name}");
    }
}

#[test]
fn a_rejected_change_is_reported_as_without_effect() {
    let new = https("{mode: SIMPLE}");
    let diff = compared(&https(MUTUAL), &new);
    assert_eq!(diff["rejected"][0]["which"], "new");
    assert_ne!(diff["weaker"], 0);
    let files = Directory::new(&[]);
    let (old, new) = (files.write("a.yaml", https(MUTUAL)), files.write("b.yaml", &new));
    let text = prints(&["--diff", &old, &new], "");
    assert!(text.starts_with("A cluster rejects the new ingress/edge"));
}
