//! A comparison of which one side cannot be read in full, and whose files are directories.

use super::*;

const BROKEN: &str = "---\nkind: Gateway\nspec: {servers: [\n";

/// A comparison with this exit status.
#[track_caller]
fn incomplete(old: &str, new: &str, status: i32) -> Value {
    let ran = run(&["--diff", "--format", "json", old, new], "");
    assert_eq!(ran.status, status, "{}", ran.err);
    let diff: Value = serde_json::from_str(&ran.out).unwrap();
    keeps_schema("diff", &diff);
    let text = run(&["--diff", old, new], "");
    assert_eq!(text.status, status);
    assert!(text.out.starts_with("The comparison is incomplete"), "{}", text.out);
    let last = text.out.lines().last().unwrap();
    assert!(last.starts_with("INCOMPLETE: ") && !last.contains(" 0 "), "{}", text.out);
    let html = run(&["--diff", "--format", "html", old, new], "");
    assert_eq!(html.status, status);
    assert!(html.out.contains("The comparison is incomplete"), "{}", html.out);
    assert!(!html.out.contains("Nothing changes"), "{}", html.out);
    diff
}

fn not_compared(diff: &Value) -> Vec<(&str, &str)> {
    let all = diff["not_compared"].as_array().unwrap().iter();
    all.map(|g| (g["which"].as_str().unwrap(), g["gateway"].as_str().unwrap())).collect()
}

#[test]
fn a_gateway_that_may_be_in_a_broken_document_is_neither_added_nor_removed() {
    let files = Directory::new(&[]);
    let other = named("other", "{a: b}", &[&server(443, "b.b", ", tls: {mode: SIMPLE}")]);
    let edge = https(MUTUAL) + "---\n";
    let whole = files.write("whole.yaml", format!("{edge}{other}"));
    let broken = files.write("broken.yaml", format!("{edge}{BROKEN}"));

    let removed = incomplete(&whole, &broken, 1);
    assert_eq!(differences(&removed), []);
    assert_eq!(not_compared(&removed), [("old", "other")]);
    assert_eq!(removed["unread"][0]["which"], "new");
    let problem = removed["unread"][0]["problems"][0].as_str().unwrap();
    assert!(problem.starts_with(&broken), "{problem}");
    assert_eq!(removed["unchanged"], 1);

    let added = incomplete(&broken, &whole, 1);
    assert_eq!(differences(&added), []);
    assert_eq!(not_compared(&added), [("new", "other")]);
    // What both sides have is compared.
    let skips = https("{mode: MUTUAL, credentialName: c, insecureSkipVerify: true}");
    let skips = files.write("skips.yaml", format!("{skips}{BROKEN}"));
    assert!(differences(&incomplete(&whole, &skips, 1)).contains(&("weaker", "self-signed")));
}

#[test]
fn an_unreadable_file_makes_the_comparison_incomplete() {
    let files = Directory::new(&[]);
    let file = files.write("a.yaml", https(MUTUAL));
    for (old, new, which) in
        [(&*file, "/nonexistent.yaml", "old"), ("/nonexistent.yaml", &*file, "new")]
    {
        let diff = incomplete(old, new, 2);
        assert_eq!(differences(&diff), []);
        assert_eq!(not_compared(&diff), [(which, "edge")]);
    }
}

/// A missing server or host may be in the unread document.
#[test]
fn hosts_that_another_gateway_may_serve_are_not_stronger() {
    let files = Directory::new(&[]);
    let (a, b) =
        (server(443, "a.b", ", tls: {mode: SIMPLE, credentialName: c}"), server(80, "a.b", ""));
    let two = files.write("two.yaml", gateway(&format!("{a}\n  - {b}")));
    let one = files.write("one.yaml", gateway(&a) + BROKEN);
    assert_eq!(differences(&incomplete(&two, &one, 1)), [("different", "server-removed")]);
    let hosts = files.write("hosts.yaml", gateway(&a.replace("[a.b]", "[a.b, c.b]")));
    assert_eq!(differences(&incomplete(&hosts, &one, 1)), [("different", "hosts-removed")]);
    // An unknown mode makes the document unreadable, too.
    let unknown = files.write("unknown.yaml", https("{mode: MUTUEL, credentialName: c}"));
    let known = files.write("known.yaml", https(MUTUAL));
    assert_eq!(differences(&incomplete(&known, &unknown, 1)), []);
}

#[test]
fn each_line_of_a_comparison_of_directories_has_its_file() {
    let bad = gateway(
        "{hosts: [a.b], name: x, port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE}, subject_alt_names: []}",
    );
    let files = Directory::new(&[("old/a.yaml", &https(MUTUAL)), ("new/b.yaml", &bad)]);
    let (old, new) = (files.path("old"), files.path("new"));
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let (old_file, new_file) = (format!("{old}/a.yaml"), format!("{new}/b.yaml"));
    let text = prints(&["--diff", "--format", "json", old, new], "");
    let diff: Value = serde_json::from_str(&text).unwrap();
    keeps_schema("diff", &diff);
    assert_eq!(diff["servers"][0]["old"]["file"], old_file);
    assert_eq!(diff["servers"][0]["new"]["file"], new_file);
    assert_eq!(diff["rejected"][0]["file"], new_file);
    assert_eq!(diff["pruned"][0]["file"], new_file);
    for format in ["text", "html"] {
        let out = prints(&["--diff", "--format", format, old, new], "");
        let out: String = out.split_whitespace().collect();
        assert!(out.contains(&format!("{old_file}:7")), "{out}");
        // The server, the reasons of the rejection, the dropped field.
        assert!(out.matches(&new_file).count() >= 3, "{out}");
    }
}

/// A cluster rejects the new document, and keeps the Gateway that it has.
#[test]
fn a_misspelt_kind_is_not_stronger() {
    let old = https(MUTUAL);
    for (from, to) in
        [("kind: Gateway", "kind: Gatway"), ("networking.istio.io", "networking.istio")]
    {
        let files = Directory::new(&[]);
        let new = files.write("new.yaml", old.replace(from, to));
        let old = files.write("old.yaml", &old);
        let diff = incomplete(&old, &new, 1);
        assert_eq!(differences(&diff), [], "{to}");
        assert_eq!(diff["stronger"], 0, "{to}: {diff}");
    }
}

/// The items of a typed list have places, although they have no kind of their own.
#[test]
fn an_item_without_a_kind_has_places() {
    let list = |mode: &str| {
        format!(
            "\
apiVersion: networking.istio.io/v1
kind: GatewayList
items:
- metadata: {{name: edge}}
  spec:
    selector: {{istio: ingressgateway}}
    servers:
    - port: {{number: 443, name: https, protocol: HTTPS}}
      hosts: [a.test]
      tls:
        credentialName: c
        mode: {mode}
"
        )
    };
    let flow = list("MUTUAL").lines().take(3).map(|line| format!("{line}\n")).collect::<String>()
        + "- {metadata: {name: edge}, spec: {selector: {istio: ingressgateway}, servers: [\n\
           {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.test], tls: {credentialName: c,\n\
           mode: SIMPLE}}]}}\n";
    for (new, line) in [(list("SIMPLE"), 12), (flow, 6)] {
        let diff = compared(&list("MUTUAL"), &new);
        let fields = &diff["servers"][0]["fields"];
        assert_eq!(fields[0]["field"], "tls.mode", "{diff}");
        assert_eq!((&fields[0]["old_line"], &fields[0]["new_line"]), (&json!(12), &json!(line)));
        assert_eq!(
            diff["servers"][0]["new"]["line"].as_u64(),
            Some(if line == 12 { 8 } else { 5 })
        );
    }
}
