//! Hosts, servers and Gateways that a change moves from one to another.

use serde_json::{Value, json};

use super::*;

/// The expected verdicts are derived from Envoy's rules: it selects the filter chain by the server
/// name (SNI), and the virtual host by the request's host: the exact name first, then the longest
/// wildcard, then `*`. So a server with a wildcard serves a host that loses its server, if the same
/// pods have one on that port.
#[test]
fn a_host_that_another_server_now_serves_is_compared() {
    const SIMPLE: &str = ", tls: {mode: SIMPLE, credentialName: c}";
    let mutual = format!(", tls: {MUTUAL}");
    let ingress = "{istio: ingressgateway}";
    let a = server(443, "a.example.com", &mutual);
    let wide = server(443, "'*.example.com'", SIMPLE);
    let all = server(443, "'*'", SIMPLE);
    let of = |servers: &[&str]| named("edge", ingress, servers);
    let (other, elsewhere) =
        (named("other", ingress, &[&all]), named("other", "{app: x}", &[&all]));
    let both = server(443, "a.example.com, '*/b.example.com'", &mutual);
    let b = server(443, "b.example.com", &mutual);
    let redirect = server(80, "a.example.com", ", tls: {httpsRedirect: true}");
    let plain = server(80, "'*'", "");
    let caught = "caught-by-another";
    // The complete list of verdicts; `--fail-on` checks whether a client gains access.
    for (name, old, new, want) in [
        (
            "server-gone",
            of(&[&a, &wide]),
            of(&[&wide]),
            // A client without a certificate is accepted, and a valid one is not looked at any more.
            vec![("weaker", caught), ("different", caught), ("stronger", "server-removed")],
        ),
        (
            "host-gone",
            of(&[&both, &all]),
            of(&[&b, &all]),
            vec![("weaker", caught), ("different", caught)],
        ),
        (
            "gateway-gone",
            of(&[&a]) + &other,
            other.clone(),
            vec![("stronger", "server-removed"), ("weaker", caught), ("different", caught)],
        ),
        // The other one is not on the same pods.
        (
            "other-pods",
            of(&[&a]) + &elsewhere,
            elsewhere.clone(),
            vec![("stronger", "server-removed")],
        ),
        (
            "redirect-gone",
            of(&[&redirect, &plain]),
            of(&[&plain]),
            vec![("weaker", caught), ("stronger", "server-removed")],
        ),
        // In the other direction, the clients of that host lose access.
        (
            "server-new",
            of(&[&all]),
            of(&[&a, &all]),
            vec![("weaker", "server-added"), ("stronger", caught), ("different", caught)],
        ),
        // Another wildcard is longer, with the same effect.
        (
            "same-policy",
            of(&[&a, &server(443, "'*.example.com'", &mutual), &all]),
            of(&[&server(443, "'*.example.com'", &mutual), &all]),
            vec![("stronger", "server-removed")],
        ),
        // Names are compared without regard to case.
        ("case", of(&[&a, &wide]), of(&[&server(443, "A.EXAMPLE.COM", &mutual), &wide]), vec![]),
    ] {
        let diff = compared(&old, &new);
        assert_eq!(differences(&diff), want, "{name}");
        for difference in diff["servers"].as_array().unwrap().iter().flat_map(|server| {
            server["differences"].as_array().unwrap().iter().filter(|d| d["id"] == caught)
        }) {
            assert_eq!(difference["values"], json!(["a.example.com"]), "{name}");
        }
    }
}

#[test]
fn added_and_removed_hosts_are_matched_as_by_envoy() {
    let of = |hosts: &str| gateway(&server(443, hosts, &format!(", tls: {MUTUAL}")));
    for (name, old, new, want) in [
        ("narrowed", "'*'", "a.b", vec![("stronger", "hosts-removed")]),
        ("widened", "a.b", "'*'", vec![("weaker", "hosts-added")]),
        ("covered", "'*', a.b", "'*'", vec![]),
        // The namespace before the slash selects the routes.
        ("more-namespaces", "./a.b", "'*/a.b'", vec![("weaker", "hosts-added")]),
        ("fewer-namespaces", "a.b", "./a.b", vec![("stronger", "hosts-removed")]),
        (
            "other-namespace",
            "x/a.b",
            "y/a.b",
            vec![("weaker", "hosts-added"), ("stronger", "hosts-removed")],
        ),
        ("all-namespaces", "a.b", "'*/a.b'", vec![]),
    ] {
        assert_eq!(differences(&compared(&of(old), &of(new))), want, "{name}");
    }
}

/// Each applied document replaces the previous one of the same name.
#[test]
fn the_last_gateway_of_a_name_is_compared() {
    let (mutual, simple) = (https(MUTUAL), https("{mode: SIMPLE, credentialName: c}"));
    let both = |first: &str, last: &str| format!("{first}---\n{last}");
    for (name, old, new, is_weaker, repeated) in [
        ("last-simple", mutual.clone(), both(&mutual, &simple), true, json!(["new"])),
        ("last-mutual", mutual.clone(), both(&simple, &mutual), false, json!(["new"])),
        ("old-mutual", both(&simple, &mutual), simple.clone(), true, json!(["old"])),
        ("old-simple", both(&mutual, &simple), simple.clone(), false, json!(["old"])),
        ("none", mutual.clone(), mutual.clone(), false, json!([])),
    ] {
        let diff = compared(&old, &new);
        assert_eq!(diff["weaker"] != 0, is_weaker, "{name}");
        let which = diff["repeated"].as_array().unwrap().iter();
        assert_eq!(which.map(|one| one["which"].clone()).collect::<Value>(), repeated, "{name}");
    }
    let files = Directory::new(&[]);
    let (old, new) = (files.write("a", &mutual), files.write("b", both(&mutual, &mutual)));
    let text = prints(&["--diff", &old, &new], "");
    assert!(text.starts_with("The new side has 2 Gateways ingress/edge."), "{text}");
    let html = prints(&["--diff", "--format", "html", &old, &new], "");
    assert!(html.contains("has 2 Gateways ingress/edge."));
}

/// A manifest without a namespace gets that of the client.
#[test]
fn a_missing_namespace_is_that_of_the_other_file() {
    let mutual = https(MUTUAL);
    let without = |text: &str| text.replace(", namespace: ingress", "");
    let in_other = mutual.replace("ingress}", "other}");
    let gone = [("stronger", "server-removed"), ("weaker", "server-added")];
    for (name, old, new, want) in [
        ("in-old", mutual.clone(), without(&mutual), &[][..]),
        ("in-new", without(&mutual), mutual.clone(), &[]),
        ("another", mutual.clone(), in_other.clone(), &gone),
        // Which of the two it is, is not known.
        (
            "two",
            format!("{mutual}---\n{in_other}"),
            without(&mutual),
            &[("weaker", "server-added"), gone[0], gone[0]],
        ),
    ] {
        assert_eq!(differences(&compared(&old, &new)), want, "{name}");
    }
}
