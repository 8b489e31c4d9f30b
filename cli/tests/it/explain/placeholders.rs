//! Placeholders are not judged: no finding about their value, no answer that guesses it, and no verdict
//! that is hidden by one.

use super::*;

/// Each of them is a pin or a curve when it is filled in.
const FILLED_IN_LATER: [&str; 3] = [
    "verifyCertificateHash: [\"$PIN\"]",
    "verifyCertificateSpki: [\"${PIN}\"]",
    "ecdhCurves: [\"{{ .curve }}\"]",
];

const SIMPLE: &str = "{mode: SIMPLE, credentialName: c}";

/// The comparison in JSON, and its exit status.
fn compare(old: &str, new: &str) -> (i32, Value) {
    let files = Directory::new(&[]);
    let (old, new) = (files.write("old.yaml", old), files.write("new.yaml", new));
    let ran = run(&["--diff", "--format", "json", &old, &new], "");
    let diff: Value = serde_json::from_str(&ran.out).unwrap();
    keeps_schema("diff", &diff);
    for format in ["text", "html"] {
        let other = run(&["--diff", "--format", format, &old, &new], "");
        assert_eq!(other.status, ran.status, "{}", other.out);
        let is_incomplete = other.out.contains("The comparison is incomplete");
        assert_eq!(is_incomplete, ran.status == 1, "{}", other.out);
    }
    (ran.status, diff)
}

fn who(server: &Value) -> &str {
    server["answer"]["accepted_clients"].as_str().unwrap()
}

#[test]
fn a_placeholder_is_not_what_envoy_rejects() {
    for field in FILLED_IN_LATER {
        let text = https(&format!("{{mode: MUTUAL, credentialName: c, {field}}}"));
        let told = prints(&["-"], &text);
        assert!(!told.contains("Envoy re"), "{field}: {told}");
        let ran = istio_gateway(&["envoy", "-"]).input(&text).run();
        assert!(!ran.out.contains("\"severity\": \"error\""), "{field}: {}", ran.out);
        assert!(ran.out.contains("\"tls_context\": null"), "{field}: {}", ran.out);
    }
}

#[test]
fn an_answer_that_depends_on_a_placeholder_is_unknown() {
    for field in [
        "mode: $MODE",
        "mode: MUTUAL, ecdhCurves: [\"$C\"]",
        "mode: MUTUAL, insecureSkipVerify: $SKIP",
        "mode: MUTUAL, minProtocolVersion: $V",
        "mode: MUTUAL, cipherSuites: [\"$S\"]",
        "mode: MUTUAL, verifyCertificateHash: [\"$P\"]",
    ] {
        let text = https(&format!("{{credentialName: c, {field}}}"));
        let found = report(&[], &text);
        let server = &found["servers"][0];
        let placeholder =
            format!("${}", field.split_once('$').unwrap().1.trim_end_matches(['"', ']']));
        let depends = format!("Unknown: it depends on {placeholder} at spec.servers[0].tls.");
        assert!(who(server).starts_with(&depends), "{field}: {server}");
        assert!(who(server).ends_with(", line 7."), "{server}");
        assert_eq!((&server["clients"], &server["client_certificate"]), (&json!([]), &Value::Null));
        assert_eq!(server["depends_on"][0]["line"], 7);
        for format in ["text", "html"] {
            let shown = prints(&["--format", format, "-"], &text);
            assert!(shown.contains("Unknown: it"), "{field}: {shown}");
            assert!(!shown.contains("no client accepted"), "{field}: {shown}");
        }
    }
    let whole = report(&[], &https("$TLS"));
    assert_eq!(whole["servers"][0]["flow"], "unknown");
}

/// They are shown as they are written, and decide nothing.
#[test]
fn a_name_does_not_hide_the_answer() {
    let found = report(&[], &https("{mode: SIMPLE, credentialName: $C}"));
    assert_eq!(who(&found["servers"][0]), "Every client: no certificate is requested.");
    assert_eq!(found["servers"][0]["depends_on"][0]["message"], "depends on $C");
}

#[test]
fn a_placeholder_does_not_hide_what_is_weaker() {
    // With a pin, Envoy requires a certificate also in OPTIONAL_MUTUAL.
    for (field, is_weaker) in FILLED_IN_LATER.into_iter().zip([false, false, true]) {
        let new = https(&format!("{{mode: OPTIONAL_MUTUAL, credentialName: c, {field}}}"));
        let (status, diff) = compare(&https(MUTUAL), &new);
        assert_eq!(differences(&diff).contains(&("weaker", "none")), is_weaker, "{field}: {diff}");
        assert_eq!((status, &diff["stronger"]), (1, &json!(0)));
    }
    let new = https("{mode: SIMPLE, credentialName: c, ecdhCurves: [\"$C\"]}");
    let (status, diff) = compare(&https(MUTUAL), &new);
    assert!(differences(&diff).contains(&("weaker", "none")), "{diff}");
    assert_eq!((status, &diff["stronger"], &diff["different"]), (1, &json!(0), &json!(0)));
    assert_eq!(diff["unknown"][0]["depends_on"], "$C at spec.servers[0].tls.ecdhCurves[0], line 7");
}

#[test]
fn what_depends_on_a_placeholder_is_not_compared() {
    for (old, new) in [
        ("{mode: SIMPLE, credentialName: c}", "{mode: $MODE, credentialName: c}"),
        ("{mode: $MODE, credentialName: c}", "{mode: MUTUAL, credentialName: c}"),
        ("{mode: $A, credentialName: c}", "{mode: $B, credentialName: c}"),
        (MUTUAL, "{mode: MUTUAL, credentialName: $C}"),
        (MUTUAL, "{mode: MUTUAL, credentialName: c, subjectAltNames: [\"$S\"]}"),
        (
            "{mode: MUTUAL, credentialName: c, subjectAltNames: [a]}",
            "{mode: MUTUAL, credentialName: c, subjectAltNames: [\"$S\"]}",
        ),
        (MUTUAL, "$TLS"),
        (SIMPLE, "{mode: SIMPLE, credentialName: c, cipherSuites: [\"$S\"]}"),
        (
            "{mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_2}",
            "{mode: SIMPLE, credentialName: c, minProtocolVersion: $V}",
        ),
    ] {
        let (status, diff) = compare(&https(old), &https(new));
        assert_eq!((status, differences(&diff)), (1, vec![]), "{old} {new}: {diff}");
        assert_eq!((&diff["unchanged"], diff["unknown"].as_array().unwrap().len()), (&json!(0), 1));
    }
    let (old, new) = (https(MUTUAL), https(MUTUAL).replace("number: 443", "number: $PORT"));
    let (status, diff) = compare(&old, &new);
    assert_eq!((status, differences(&diff)), (1, vec![]), "{diff}");
    let new = https(MUTUAL).replace("a.example.com", "$HOST");
    let (status, diff) = compare(&old, &new);
    assert_eq!((status, differences(&diff)), (1, vec![]), "{diff}");
    let (status, diff) = compare(&old, &old.replace("name: edge", "name: $NAME"));
    assert_eq!((status, differences(&diff)), (1, vec![]), "{diff}");
}

/// One that stands in both files is filled in alike.
#[test]
fn the_same_template_is_unchanged() {
    let text = https("{mode: $MODE, credentialName: $C, ecdhCurves: [\"$D\"]}");
    let (status, diff) = compare(&text, &text);
    assert_eq!((status, &diff["unchanged"], &diff["unknown"]), (0, &json!(1), &json!([])));
}

#[test]
fn a_server_beside_a_placeholder_is_explained() {
    for unknown in [
        server(443, "a.b", ", tls: {mode: $MODE, credentialName: c}"),
        server(443, "a.b", ", tls: $TLS"),
        server(443, "a.b", ", tls: {mode: SIMPLE, credentialName: c}").replace("443,", "$PORT,"),
        server(443, "a.b", ", tls: {mode: MUTUAL, credentialName: c, insecureSkipVerify: $S}"),
    ] {
        let text = gateway(&format!("{unknown}\n  - {}", server(80, "c.d", "")));
        let ran = run(&["-"], &text);
        assert!(ran.out.contains("hosts: c.d"), "{}{}", ran.out, ran.err);
        assert_eq!(ran.status, 0);
        let ran = istio_gateway(&["envoy", "--format", "ndjson", "-"]).input(&text).run();
        assert_eq!((ran.status, ran.out.lines().count()), (0, 2), "{}{}", ran.out, ran.err);
    }
}

#[test]
fn a_neighbour_of_a_placeholder_has_a_condition() {
    let tls = ", tls: {mode: MUTUAL, credentialName: c, verifyCertificateHash: [\"$PIN\"]}";
    let both = format!(
        "{}\n  - {}\n  - {}",
        server(443, "a.b", tls),
        server(443, "c.d", &format!(", tls: {SIMPLE}")),
        server(80, "e.f", "")
    );
    let found = report(&[], &gateway(&both));
    let conditions = |server: usize| found["servers"][server]["conditions"].as_array().unwrap();
    let condition = "Only if Envoy does not reject the listener because of spec.servers[0], which \
                     depends on $PIN at spec.servers[0].tls.verifyCertificateHash[0], line 7.";
    assert_eq!(conditions(1), &[json!(condition)]);
    let want = format!("Every client: no certificate is requested. {condition}");
    assert_eq!(who(&found["servers"][1]), want);
    assert_eq!(conditions(2).len(), 0, "another port");
}

/// A pin that is wrong whatever the other is.
#[test]
fn a_placeholder_hides_no_rejection() {
    let tls = "{mode: MUTUAL, credentialName: c, verifyCertificateHash: [bad, \"$PIN\"]}";
    let found = report(&[], &https(tls));
    assert!(who(&found["servers"][0]).starts_with("No client: Envoy rejects"), "{found}");
    let ran = istio_gateway(&["envoy", "-"]).input(&https(tls)).run();
    assert!(ran.out.contains("\"severity\": \"error\""), "{}", ran.out);
}

/// The same placeholder on both sides has the same value.
#[test]
fn a_port_that_both_sides_do_not_know_hides_nothing() {
    let old = https(MUTUAL).replace("number: 443", "number: $PORT");
    let new = https(SIMPLE).replace("number: 443", "number: $PORT");
    let (status, diff) = compare(&old, &new);
    assert!(differences(&diff).contains(&("weaker", "none")), "{diff}");
    assert_eq!((status, &diff["stronger"]), (1, &json!(0)));
    let (status, diff) = compare(&new, &old);
    assert_eq!((status, &diff["stronger"]), (1, &json!(0)), "{diff}");
}
