//! Files, directories, standard input, and what is in them.

use serde_json::{Value, json};

use super::*;
use crate::start::istio_gateway;

#[test]
fn an_invalid_document_does_not_affect_others() {
    let text = format!("{}---\na: [1\n---\n{}", good("one"), gateway("two", ISTIO_MUTUAL));
    let tree = Directory::new(&[("all.yaml", &text)]);
    let documents = json(&tree, 1, &["all.yaml"]);
    let want = [
        ("all.yaml#1".to_owned(), vec![]),
        ("all.yaml#2".to_owned(), vec!["document/syntax"]),
        ("all.yaml#3".to_owned(), vec!["webhook/istio-mutual"]),
    ];
    assert_eq!(rules(&documents), want);
    assert_eq!(documents[1]["verdict"], "rejected");
    assert_eq!(documents[1]["rejected_by"], Value::Null);
    assert_eq!(documents[1]["findings"][0]["line"], 13);
    assert_eq!(documents[2]["findings"][0]["line"], 27);
}

#[test]
fn a_file_that_is_not_utf_8_is_reported_and_the_others_are_checked() {
    let tree = Directory::new(&[]);
    tree.write("a.yaml", format!("# \n{}", good("one")));
    let mut bytes = b"# ok\n# \xe4\nkind: Gateway\n---\n".to_vec();
    bytes.extend(good("two").bytes());
    tree.write("b.yaml", &bytes);
    let documents = json(&tree, 1, &["."]);
    let want = [
        ("./a.yaml#1".to_owned(), vec![]),
        ("./b.yaml#1".to_owned(), vec!["document/not-utf-8"]),
        ("./b.yaml#2".to_owned(), vec![]),
    ];
    assert_eq!(rules(&documents), want);
    let found = &documents[1]["findings"][0];
    assert_eq!((&found["line"], &found["column"]), (&json!(2), &json!(3)));
}

#[test]
fn a_missing_file_is_reported_and_the_others_are_checked() {
    let tree = Directory::new(&[("b.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "--format", "json", "a.yaml", "b.yaml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("istio-gateway: a.yaml: "), "{}", ran.err);
    assert_eq!(lines(&ran.out).len(), 1);
    let ran = tree.run(&["check", "--format", "github", "a.yaml"]);
    assert!(ran.out.starts_with("::error title=istio-gateway::a.yaml: "), "{}", ran.out);
}

#[test]
fn a_directory_is_walked_in_order() {
    let tree = Directory::new(&[
        ("b.yml", &good("b")),
        (
            "a/z.json",
            r#"{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"z"},"spec":{}}"#,
        ),
        ("a/a.yaml", &good("a")),
        ("a/notes.txt", "kind: ["),
        ("a/tsconfig.json", "// with a comment\n{}"),
        (".git/hidden.yaml", &good("hidden")),
        (".hidden.yaml", &good("seen")),
        ("c/values.yaml", "servers: 3\n"),
        ("c/playbook.yaml", "- hosts: all\n"),
        ("c/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"),
        (
            "c/other-api.yaml",
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n",
        ),
    ]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("..", tree.path("a/loop")).unwrap();
        std::os::unix::fs::symlink("../b.yml", tree.path("c/link.yaml")).unwrap();
    }
    let documents = json(&tree, 1, &["."]);
    let files: Vec<_> = documents.iter().map(|d| d["file"].as_str().unwrap()).collect();
    let mut want = vec!["./.hidden.yaml", "./a/a.yaml", "./a/z.json", "./b.yml"];
    if cfg!(unix) {
        want.push("./c/link.yaml");
    }
    want.push("./c/other-api.yaml");
    assert_eq!(files, want);
    let ran = tree.run(&["check", "c/service.yaml", "c/values.yaml"]);
    let want = "2 files, 2 documents, 0 errors, 0 warnings; no Gateways found\n";
    assert_eq!((ran.status, ran.out.as_str()), (0, want));
}

#[test]
fn standard_input_is_yaml_or_json() {
    let check = |input: &str| {
        let ran = istio_gateway(&["check", "--format", "json", "-"]).input(input).run();
        assert_eq!(ran.err, "");
        (ran.status, lines(&ran.out))
    };
    let (status, documents) = check(&gateway("edge", ISTIO_MUTUAL));
    assert_eq!((status, &documents[0]["file"]), (1, &json!("<stdin>")));
    let json = "\n{\"apiVersion\":\"networking.istio.io/v1\",\"kind\":\"Gateway\",\
                \"metadata\":{\"name\":\"n\"},\"spec\":{}}\n";
    let (status, documents) = check(&json.repeat(2));
    assert_eq!((status, documents.len()), (1, 2));
    assert_eq!(documents[1]["document"], 2);
    let flow = "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: n}}";
    assert_eq!(check(flow).1.len(), 1);
    assert_eq!(check("{").1[0]["findings"][0]["rule"], "document/syntax");
}

#[test]
fn the_items_of_a_list_are_checked_with_their_positions() {
    let item = gateway("edge", ISTIO_MUTUAL);
    let item: String = item.lines().map(|line| format!("  {line}\n")).collect();
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- kind: Service\n  apiVersion: v1\n-{}",
        &item[1..]
    );
    let tree = Directory::new(&[("list.yaml", &list)]);
    let ran = tree.run(&["check", "list.yaml"]);
    assert!(ran.out.contains("--> list.yaml:18:25\n"), "{}", ran.out);
    assert!(ran.out.contains("18 |         credentialName: edge-cert\n"), "{}", ran.out);
    assert!(ran.out.ends_with("; the Gateway would be rejected (field validation: strict)\n"));
    assert_eq!(json(&tree, 1, &["list.yaml"])[0]["document"], 2);
}

#[test]
fn a_template_is_named_as_such() {
    let chart = good("{{ .Release.Name }}\n{{- if .Values.tls }}");
    let quoted = gateway("edge", &SERVER.replace("443", "'{{ .Values.port }}'"));
    let variable = gateway("inner", &SERVER.replace("443", "$PORT"));
    let tree = Directory::new(&[
        ("chart.yaml", &chart),
        ("quoted.yaml", &quoted),
        ("service.yaml", "kind: Service\nmetadata: {{ .x }}\n"),
        ("variable.yaml", &variable),
    ]);
    let documents = json(&tree, 0, &["."]);
    let want = [
        ("./chart.yaml#1".to_owned(), vec!["lint/template"]),
        ("./quoted.yaml#1".to_owned(), vec!["lint/template"]),
        ("./variable.yaml#1".to_owned(), vec!["lint/template"]),
    ];
    assert_eq!(rules(&documents), want);
    assert_eq!(documents[1]["findings"][0]["path"], "spec.servers[0].port.number");
    let verdicts: Vec<_> = documents.iter().map(|d| d["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["depends-on-placeholders"; 3]);
    assert_eq!(documents[0]["findings"][0]["line"], 4);
    assert_eq!(json(&tree, 0, &["service.yaml"]).len(), 1, "named, so told");
    assert_eq!(tree.run(&["check", "--deny", "lint/template", "chart.yaml"]).status, 1);
    assert_eq!(
        json(&tree, 0, &["--allow", "lint/template", "chart.yaml"])[0]["findings"],
        json!([])
    );
}

/// A template that is not YAML whatever it renders to.
#[test]
fn a_template_hides_no_syntax_error() {
    let broken = good("edge").replace("  servers:", "  servers: [");
    let template = good("{{ .Release.Name }}");
    for (text, status) in [
        (broken.clone(), 1),
        (format!("# {{{{ .Values.comment }}}}\n{broken}"), 1),
        (broken.replace("edge", "{{ .Release.Name }}"), 1),
        (broken.replace("edge", "\"{% name %}\""), 1),
        (format!("{{% if a %}}\n{}{{% endif %}}\n", good("edge")), 0),
        (format!("{{{{- if .Values.a }}}}\n{template}{{{{- end }}}}\n"), 0),
        (
            format!(
                "{template}  {{{{- with .Values.more }}}}\n{{{{ toYaml . | nindent 2 }}}}\n  {{{{- end }}}}\n"
            ),
            0,
        ),
    ] {
        let ran = istio_gateway(&["check", "-"]).input(&text).run();
        assert_eq!(ran.status, status, "{text}: {}{}", ran.out, ran.err);
    }
    let text = broken.replace("edge", "{{ .Release.Name }}");
    let ran = istio_gateway(&["check", "-"]).input(&text).run();
    let plain =
        istio_gateway(&["check", "-"]).input(&broken.replace("edge", "xxxxxxxxxxxxxxxxxxx")).run();
    let place = |out: &str| out.lines().find(|line| line.contains("-->")).map(str::to_owned);
    assert_eq!(place(&ran.out), place(&plain.out), "{}", ran.out);
}

/// A placeholder is a property of the value, not of the line.
#[test]
fn a_dollar_elsewhere_hides_no_error() {
    let one_line = "{\"apiVersion\":\"networking.istio.io/v1\",\"kind\":\"Gateway\",\
                    \"metadata\":{\"name\":\"n\",\"annotations\":{\"a\":\"costs $a\"}}}\n";
    let commented =
        "apiVersion: networking.istio.io/v1 # ${ENV}\nkind: Gateway\nmetadata: {name: edge}\n";
    let both = gateway(
        "edge",
        &SERVER
            .replace("443", "$PORT")
            .replace("HTTPS", "$P")
            .replace("    hosts", "    bind: here\n    hosts"),
    );
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: kubernetes.io/tls\n---\n"
        .to_owned()
        + &gateway("east", &SERVER.replace("edge-cert", "$CREDENTIAL_NAME"));
    let tree = Directory::new(&[
        ("a.json", one_line),
        ("b.yaml", commented),
        ("c.yaml", &both),
        ("d.yaml", &secret),
    ]);
    let documents = json(&tree, 1, &["."]);
    let want = [
        ("./a.json#1".to_owned(), vec!["webhook/servers-required"]),
        ("./b.yaml#1".to_owned(), vec!["webhook/servers-required"]),
        (
            "./c.yaml#1".to_owned(),
            vec!["lint/template", "webhook/bind-address", "lint/missing-secret"],
        ),
        ("./d.yaml#2".to_owned(), vec!["lint/template"]),
    ];
    assert_eq!(rules(&documents), want);
    let verdicts: Vec<_> = documents.iter().map(|d| d["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["rejected", "rejected", "rejected", "accepted"]);
}

/// A schema error hides no other findings, and causes none.
#[test]
fn everything_is_found_at_once() {
    let server = "  \
  - port: {number: 99999, name: a, protocol: TPC}
    hosts: [shop.example.com, short]
    tls: {mode: SIMPL, credentialName: edge-cert, cipherSuites: [NOT_A_SUITE]}
";
    let tree = Directory::new(&[("edge.yaml", &gateway("edge", server))]);
    let documents = json(&tree, 1, &["edge.yaml"]);
    let rules = rules(&documents);
    let want = [
        "schema/enum",
        "cel/unchecked",
        "webhook/host-short-name",
        "webhook/protocol",
        "webhook/port-number",
        "webhook/invalid-ciphers",
    ];
    assert_eq!(rules[0].1, want);
    assert_eq!(documents[0]["findings"][1]["severity"], "note");
    assert_eq!(documents[0]["findings"][3]["help"], "write TCP");
}

/// The help names the intended value.
#[test]
fn help_names_the_intended_value() {
    let help = |text: &str| {
        let tree = Directory::new(&[("edge.yaml", text)]);
        let documents = json(&tree, 1, &["edge.yaml"]);
        let findings = documents[0]["findings"].as_array().unwrap().iter();
        findings
            .map(|found| found["help"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let with = |from: &str, to: &str| help(&gateway("edge", &SERVER.replace(from, to)));
    let version = with("credentialName: edge-cert", "credentialName: e, minProtocolVersion: 1.2");
    assert_eq!(version[..2], ["write TLSV1_2", "write TLSV1_2"]);
    let quoted = help("kind: Gateway\nspec:\n  hosts:\n  - *.example.com\n");
    assert_eq!(quoted, ["write it in quotes: \"*.example.com\""]);
    let tabs = help("kind: Gateway\nspec:\n\thosts: []\n");
    assert_eq!(tabs, ["indent with spaces: YAML does not allow tabs"]);
    let map = help(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {servers: {port: {}}}\n",
    );
    assert!(map.iter().any(|help| help.starts_with("write a sequence: ")), "{map:?}");
    let beside = with("    tls:", "    mode: SIMPLE\n    tls:");
    assert!(beside.contains(&"\"mode\" is a field of spec.servers[].tls".to_owned()), "{beside:?}");
    let under = help(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec:\n  servers:\n  - port: {number: 443, name: https, protocol: TPC, tls: {mode: SIMPLE}}\n    hosts: [a.b]\n",
    );
    assert!(under.contains(&"\"tls\" is a field of spec.servers[]".to_owned()), "{under:?}");
    assert!(under.contains(&"write TCP".to_owned()), "{under:?}");
}

/// kubectl rejects them: "Object 'Kind' is missing", and what is not an object.
#[test]
fn an_item_of_a_list_without_a_kind_is_an_error() {
    for item in ["{metadata: {name: a}, spec: {servers: []}}", "5", "~", "[]", "{}"] {
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {item}\n");
        let ran = istio_gateway(&["check", "-"]).input(&list).run();
        assert_eq!(ran.status, 1, "{item}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn files_are_checked_together() {
    let tree = Directory::new(&[
        ("a.yaml", &good("edge")),
        ("b.yaml", &format!("# first\n---\n{}", good("edge"))),
    ]);
    let documents = json(&tree, 0, &["."]);
    let found = documents[1]["findings"].as_array().unwrap();
    let found = found.iter().find(|found| found["rule"] == "lint/duplicate-name").unwrap();
    assert!(found["message"].as_str().unwrap().contains("./a.yaml"), "{found}");
    assert!(found["line"].as_u64().unwrap() > 2, "{found}");
    let ran = tree.run(&["check", "."]);
    assert!(ran.out.contains("lint/duplicate-name"), "{}", ran.out);
    assert!(ran.out.contains(" = note: see ./a.yaml:"), "{}", ran.out);
}
