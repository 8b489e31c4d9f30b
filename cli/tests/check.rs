//! `istio-gateway check` and `istio-gateway rules`, as a user runs them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod schema;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

/// A directory of a test's own, with files in it.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        let tree = Self(root);
        fs::create_dir_all(&tree.0).unwrap();
        for (file, text) in files {
            tree.write(file, text.as_bytes());
        }
        tree
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "", &[])
    }

    fn run_with(&self, args: &[&str], input: &str, variables: &[(&str, &str)]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_istio-gateway"))
            .args(args)
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses its arguments does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        Ran {
            status: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// What `check --format json` prints.
    fn json(&self, status: i32, args: &[&str]) -> Vec<Value> {
        let ran = self.run(&[&["check", "--format", "json"], args].concat());
        assert_eq!((ran.status, ran.err.as_str()), (status, ""), "{}", ran.out);
        lines(&ran.out)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Each document's file and number, and the rules of its findings.
fn rules(documents: &[Value]) -> Vec<(String, Vec<&str>)> {
    documents
        .iter()
        .map(|document| {
            let place = format!("{}#{}", document["file"].as_str().unwrap(), document["document"]);
            let findings = document["findings"].as_array().unwrap();
            (place, findings.iter().map(|found| found["rule"].as_str().unwrap()).collect())
        })
        .collect()
}

/// A Gateway of pods of its own, so that several do not get in each other's way.
fn gateway(name: &str, server: &str) -> String {
    format!(
        "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: {name}
  namespace: infra
spec:
  selector: {{istio: '{name}'}}
  servers:
{server}"
    )
}

const SERVER: &str = "  \
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls: {mode: SIMPLE, credentialName: edge-cert}
";

const ISTIO_MUTUAL: &str = "  \
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls:
      mode: ISTIO_MUTUAL
      credentialName: edge-cert
";

const TYPO: &str = "  \
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls: {mode: SIMPLE, credentialName: edge-cert, cipherSuite: [ECDHE-RSA-AES128-GCM-SHA256]}
";

fn good(name: &str) -> String {
    gateway(name, SERVER)
}

#[test]
fn text_shows_the_line_and_the_help() {
    let tree = Tree::new("text", &[("edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "edge.yaml"]);
    let want = "\
error[webhook/istio-mutual]: ISTIO_MUTUAL TLS cannot have associated credentialName
  --> edge.yaml:13:23
   |
13 |       credentialName: edge-cert
   |                       ^^^^^^^^^
   |
   = field: spec.servers[0].tls.credentialName
   = help: remove it: the mesh's own certificates are used; or write mode: MUTUAL

1 file, 1 document, 1 error, 0 warnings; the Gateway would be rejected
";
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    assert_eq!(ran.out, want);
}

#[test]
fn what_is_accepted_is_one_line() {
    let tree = Tree::new("accepted", &[("edge.yaml", &good("edge"))]);
    let ran = tree.run(&["check", "edge.yaml"]);
    let want = "1 file, 1 document, 0 errors, 0 warnings; the Gateway would be accepted\n";
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, want, ""));
}

#[test]
fn json_is_a_line_for_each_gateway() {
    let tree = Tree::new("json", &[("edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "--format", "json", "edge.yaml"]);
    let want = concat!(
        r#"{"file":"edge.yaml","document":1,"namespace":"infra","name":"edge","#,
        r#""verdict":"rejected","rejected_by":"webhook","findings":[{"#,
        r#""rule":"webhook/istio-mutual","severity":"error","#,
        r#""path":"spec.servers[0].tls.credentialName","line":13,"column":23,"#,
        r#""message":"ISTIO_MUTUAL TLS cannot have associated credentialName","#,
        r#""help":"remove it: the mesh's own certificates are used; or write mode: MUTUAL"}]}"#,
        "\n",
    );
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (1, want, ""));
}

#[test]
fn github_gets_annotations() {
    let tree = Tree::new("github", &[("a,b:c.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "--format", "github", "a,b:c.yaml"]);
    let want = "::error file=a%2Cb%3Ac.yaml,line=13,col=23,endColumn=31,\
                title=webhook/istio-mutual::spec.servers[0].tls.credentialName: \
                ISTIO_MUTUAL TLS cannot have associated credentialName%0A\
                help: remove it: the mesh's own certificates are used; or write mode: MUTUAL\n";
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (1, want, ""));
}

#[test]
fn sarif_has_the_results() {
    let tree = Tree::new("sarif", &[("a b/edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "--format", "sarif", "a b"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let sarif: Value = serde_json::from_str(&ran.out).unwrap();
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let index = rules.iter().position(|rule| rule["id"] == "webhook/istio-mutual").unwrap();
    assert_eq!(
        run["results"],
        json!([{
            "ruleId": "webhook/istio-mutual",
            "ruleIndex": index,
            "level": "error",
            "message": {
                "text": "ISTIO_MUTUAL TLS cannot have associated credentialName\nhelp: remove it: \
                         the mesh's own certificates are used; or write mode: MUTUAL",
            },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": {"uri": "a%20b/edge.yaml"},
                    "region": {"startLine": 13, "startColumn": 23, "endLine": 13, "endColumn": 32},
                },
                "logicalLocations": [{
                    "fullyQualifiedName": "spec.servers[0].tls.credentialName",
                    "kind": "member",
                }],
            }],
        }]),
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
}

/// Documents with everything in them that an output has to show.
fn of_all_kinds(name: &str) -> Tree {
    let tree = Tree::new(
        name,
        &[
            ("a/edge.yaml", &(gateway("edge", ISTIO_MUTUAL) + "---\n" + &gateway("typo", TYPO))),
            ("a/broken.yaml", "a: [1\n---\nkind: Service\napiVersion: v1\n"),
            ("b/same.yaml", &gateway("edge", SERVER)),
            ("b/schema.yaml", &gateway("schema", "  - hosts: [\"*\"]\n")),
            ("b/template.yaml", &good("{{ .Release.Name }}")),
        ],
    );
    tree.write("b/latin.yaml", b"# \xe4\nkind: Gateway\napiVersion: networking.istio.io/v1\n");
    tree
}

#[test]
fn json_keeps_its_schema() {
    let schema = include_str!("../../docs/check.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let tree = of_all_kinds("json-schema");
    let documents = tree.json(1, &["."]);
    assert_eq!(documents.len(), 7);
    for document in &documents {
        assert_eq!(schema::violations(&schema, document), [""; 0], "{document}");
    }
    // A check that cannot fail is none.
    let mut wrong = documents[0].clone();
    wrong["findings"][0]["line"] = json!(0);
    wrong["verdict"] = json!("maybe");
    wrong["more"] = json!(1);
    assert_eq!(schema::violations(&schema, &wrong).len(), 3);
}

#[test]
fn sarif_keeps_the_schema_of_oasis() {
    let schema = include_str!("schema/sarif-2.1.0.json");
    let schema = serde_json::from_str(schema).unwrap();
    let tree = of_all_kinds("sarif-schema");
    let ran = tree.run(&["check", "--format", "sarif", ".", "absent.yaml"]);
    assert_eq!(ran.status, 2);
    let mut sarif: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema::violations(&schema, &sarif), [""; 0]);
    assert!(sarif["runs"][0]["results"].as_array().unwrap().len() > 5);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].clone();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap();
        assert_eq!(rules[usize::try_from(index).unwrap()]["id"], result["ruleId"]);
    }
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
    sarif["runs"][0]["results"][0]["level"] = json!("fatal");
    sarif["runs"][0]["results"][0]["column"] = json!(1);
    assert_eq!(schema::violations(&schema, &sarif).len(), 2);
}

#[test]
fn a_broken_document_spoils_no_other() {
    let text = format!("{}---\na: [1\n---\n{}", good("one"), gateway("two", ISTIO_MUTUAL));
    let tree = Tree::new("broken", &[("all.yaml", &text)]);
    let documents = tree.json(1, &["all.yaml"]);
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
fn what_is_not_utf_8_is_told_and_the_rest_goes_on() {
    let tree = Tree::new("latin", &[]);
    tree.write("a.yaml", format!("# \n{}", good("one")).as_bytes());
    let mut bytes = b"# ok\n# \xe4\nkind: Gateway\n---\n".to_vec();
    bytes.extend(good("two").as_bytes());
    tree.write("b.yaml", &bytes);
    let documents = tree.json(1, &["."]);
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
fn an_absent_file_is_told_and_the_rest_goes_on() {
    let tree = Tree::new("absent", &[("b.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "--format", "json", "a.yaml", "b.yaml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("istio-gateway: a.yaml: "), "{}", ran.err);
    assert_eq!(lines(&ran.out).len(), 1);
    let ran = tree.run(&["check", "--format", "github", "a.yaml"]);
    assert!(ran.out.starts_with("::error title=istio-gateway::a.yaml: "), "{}", ran.out);
}

#[test]
fn a_directory_is_walked_in_order() {
    let tree = Tree::new(
        "walk",
        &[
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
        ],
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("..", tree.0.join("a/loop")).unwrap();
        std::os::unix::fs::symlink("../b.yml", tree.0.join("c/link.yaml")).unwrap();
    }
    let documents = tree.json(1, &["."]);
    let files: Vec<_> = documents.iter().map(|d| d["file"].as_str().unwrap()).collect();
    let mut want = vec!["./.hidden.yaml", "./a/a.yaml", "./a/z.json", "./b.yml"];
    if cfg!(unix) {
        want.push("./c/link.yaml");
    }
    assert_eq!(files, want);
    let ran = tree.run(&["check", "c/service.yaml", "c/values.yaml"]);
    let want = "2 files, 2 documents, 0 errors, 0 warnings; no Gateway among them\n";
    assert_eq!((ran.status, ran.out.as_str()), (0, want));
}

#[test]
fn standard_input_is_yaml_or_json() {
    let tree = Tree::new("stdin", &[]);
    let check = |input: &str| {
        let ran = tree.run_with(&["check", "--format", "json", "-"], input, &[]);
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
    assert_eq!(check("").1.len(), 0);
    assert_eq!(check("{").1[0]["findings"][0]["rule"], "document/syntax");
}

#[test]
fn the_items_of_a_list_are_checked_at_their_places() {
    let item = gateway("edge", ISTIO_MUTUAL);
    let item: String = item.lines().map(|line| format!("  {line}\n")).collect();
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- kind: Service\n  apiVersion: v1\n-{}",
        &item[1..]
    );
    let tree = Tree::new("list", &[("list.yaml", &list)]);
    let ran = tree.run(&["check", "list.yaml"]);
    assert!(ran.out.contains("--> list.yaml:18:25\n"), "{}", ran.out);
    assert!(ran.out.contains("18 |         credentialName: edge-cert\n"), "{}", ran.out);
    assert!(
        ran.out
            .ends_with("1 file, 2 documents, 1 error, 0 warnings; the Gateway would be rejected\n")
    );
    assert_eq!(tree.json(1, &["list.yaml"])[0]["document"], 2);
}

#[test]
fn a_template_is_named_as_such() {
    let chart = good("{{ .Release.Name }}\n{{- if .Values.tls }}");
    let quoted = gateway("edge", &SERVER.replace("443", "'{{ .Values.port }}'"));
    let variable = gateway("inner", &SERVER.replace("443", "$PORT"));
    let tree = Tree::new(
        "template",
        &[
            ("chart.yaml", &chart),
            ("quoted.yaml", &quoted),
            ("service.yaml", "kind: Service\nmetadata: {{ .x }}\n"),
            ("variable.yaml", &variable),
        ],
    );
    let documents = tree.json(0, &["."]);
    let want = [
        ("./chart.yaml#1".to_owned(), vec!["lint/template"]),
        ("./quoted.yaml#1".to_owned(), vec!["lint/template"]),
        ("./variable.yaml#1".to_owned(), vec!["lint/template"]),
    ];
    assert_eq!(rules(&documents), want);
    assert_eq!(documents[1]["findings"][0]["path"], "spec.servers[0].port.number");
    assert!(documents.iter().all(|d| d["verdict"] == "accepted"));
    assert_eq!(documents[0]["findings"][0]["line"], 4);
    assert_eq!(tree.json(0, &["service.yaml"]).len(), 1, "named, so told");
    assert_eq!(tree.run(&["check", "--deny", "lint/template", "chart.yaml"]).status, 1);
    assert_eq!(tree.json(0, &["--allow", "lint/template", "chart.yaml"])[0]["findings"], json!([]));
}

#[test]
fn a_denied_rule_fails_and_an_allowed_one_is_silent() {
    let tree = Tree::new("policy", &[("edge.yaml", &gateway("edge", TYPO))]);
    let severity = |status, args: &[&str]| {
        let documents = tree.json(status, &[&["edge.yaml"], args].concat());
        assert_eq!(documents[0]["verdict"], "accepted");
        documents[0]["findings"][0]["severity"].clone()
    };
    assert_eq!(severity(0, &[]), "warning");
    assert_eq!(severity(1, &["--deny", "lint/unknown-field"]), "error");
    assert_eq!(severity(1, &["--deny", "lint/"]), "error");
    assert_eq!(severity(0, &["--allow", "lint/"]), Value::Null);
    assert_eq!(severity(0, &["--deny", "lint/", "--allow", "lint/unknown-field"]), Value::Null);
    assert_eq!(severity(1, &["--allow", "lint", "--deny", "lint/unknown-field"]), "error");
    let refused = |args: &[&str], want: &str| {
        let ran = tree.run(&[&["check", "edge.yaml"], args].concat());
        assert_eq!((ran.status, ran.out.as_str()), (2, ""));
        assert_eq!(ran.err, want);
    };
    refused(
        &["--allow", "webhook/istio-mutual"],
        "istio-gateway: --allow webhook/istio-mutual: webhook/istio-mutual is the cluster's own \
         verdict, which cannot be allowed; only rules of lint/ can\n",
    );
    refused(
        &["--deny", "unkown-field"],
        "istio-gateway: --deny unkown-field: no such rule; did you mean lint/unknown-field? \
         (istio-gateway rules lists them)\n",
    );
    refused(
        &["--deny", "lint/", "--allow", "lint/"],
        "istio-gateway: lint/ is both denied and allowed\n",
    );
}

#[test]
fn an_older_istio_knows_less() {
    let newer = SERVER.replace("credentialName: edge-cert", "credentialNames: [edge-cert]");
    let tree = Tree::new("version", &[("edge.yaml", &gateway("edge", &newer))]);
    let newest = tree.json(0, &["edge.yaml"]);
    assert_eq!(newest[0]["verdict"], "accepted");
    let older = tree.json(1, &["--istio", "1.24", "edge.yaml"]);
    assert!(rules(&older)[0].1.contains(&"lint/newer-field"), "{older:?}");
    let ran = tree.run(&["check", "--istio", "2", "edge.yaml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("no known release of Istio"), "{}", ran.err);
}

#[test]
fn files_are_seen_together() {
    let tree = Tree::new(
        "set",
        &[("a.yaml", &good("edge")), ("b.yaml", &format!("# first\n---\n{}", good("edge")))],
    );
    let documents = tree.json(0, &["."]);
    let found = documents[1]["findings"].as_array().unwrap();
    let found = found.iter().find(|found| found["rule"] == "lint/duplicate-name").unwrap();
    assert!(found["message"].as_str().unwrap().contains("./a.yaml"), "{found}");
    assert!(found["line"].as_u64().unwrap() > 2, "{found}");
    let ran = tree.run(&["check", "."]);
    assert!(ran.out.contains("lint/duplicate-name"), "{}", ran.out);
    assert!(ran.out.contains("   = note: the other is at ./a.yaml:"), "{}", ran.out);
}

#[test]
fn color_is_for_terminals_and_those_who_force_it() {
    let tree = Tree::new("color", &[("edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let colored = |variables: &[(&str, &str)]| {
        tree.run_with(&["check", "edge.yaml"], "", variables).out.contains('\x1b')
    };
    assert!(!colored(&[]));
    assert!(colored(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[("NO_COLOR", "1")]));
    assert!(!colored(&[("CLICOLOR", "1")]));
    let json =
        tree.run_with(&["check", "--format", "json", "edge.yaml"], "", &[("CLICOLOR_FORCE", "1")]);
    assert!(!json.out.contains('\x1b'));
}

#[test]
fn terminals_are_not_written_to_by_documents() {
    let text = gateway("edge", "  - \"\\e[31mred\": 1\n    hosts: [\"\u{202e}x\"]\n");
    let tree = Tree::new("escape", &[("edge.yaml", &text)]);
    let ran = tree.run(&["check", "edge.yaml"]);
    assert!(!ran.out.contains(['\x1b', '\u{202e}']), "{}", ran.out);
}

#[test]
fn rules_are_listed_and_explained() {
    let tree = Tree::new("rules", &[]);
    let listed = tree.run(&["rules"]);
    assert_eq!((listed.status, listed.err.as_str()), (0, ""));
    let rules = lines(&tree.run(&["rules", "--format", "json"]).out);
    assert_eq!(listed.out.lines().count(), rules.len());
    for rule in &rules {
        let id = rule["rule"].as_str().unwrap();
        assert!(listed.out.lines().any(|line| line.starts_with(id)), "{id}");
        assert!(!rule["title"].as_str().unwrap().is_empty(), "{id}");
        assert!(!rule["explanation"].as_str().unwrap().is_empty(), "{id}");
    }
    let one = tree.run(&["rules", "document/no-object"]);
    let want = "\
document/no-object (error)
apiVersion or kind that is no text

What Kubernetes is to take it for cannot be told.

Bad:

    apiVersion: 1
    kind: Gateway
    metadata: {name: edge}

Good:

    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: edge}
    spec:
      selector: {istio: ingressgateway}
      servers:
      - port: {number: 443, name: https, protocol: HTTPS}
        hosts: [shop.example.com]
        tls: {mode: SIMPLE, credentialName: edge-cert}
";
    assert_eq!(one.out, want);
    let absent = tree.run(&["rules", "lint/nothing"]);
    assert_eq!((absent.status, absent.err.as_str()), (2, "istio-gateway: no rule lint/nothing\n"));
}

/// Every example does what it is an example of.
#[test]
fn bad_and_good_examples_are_so() {
    let tree = Tree::new("examples", &[]);
    for rule in lines(&tree.run(&["rules", "--format", "json"]).out) {
        let id = rule["rule"].as_str().unwrap();
        for (kind, is_bad) in [("bad", true), ("good", false)] {
            let Some(example) = rule[kind].as_str() else { continue };
            let command = if id.starts_with("gateway-api/") { "from-gateway-api" } else { "check" };
            let ran = tree.run_with(&[command, "--format", "json", "-"], example, &[]);
            let has = ran.out.replace(' ', "").contains(&format!("\"rule\":\"{id}\""));
            assert_eq!(has, is_bad, "{id}: the {kind} example\n{}", ran.out);
        }
    }
}

#[test]
fn help_teaches() {
    let tree = Tree::new("help", &[]);
    let help = tree.run(&["check", "--help"]);
    assert_eq!(help.status, 0);
    for taught in ["helm template . | istio-gateway check -", "--deny lint/", "Exit status:"] {
        assert!(help.out.contains(taught), "{taught}");
    }
    // The rules that the examples name are there.
    let rules = tree.run(&["rules"]).out;
    let mut words = help.out.split(|c: char| !(c.is_ascii_alphanumeric() || "/-".contains(c)));
    let is_rule = |word: &&str| {
        let (group, name) = word.split_once('/').unwrap_or_default();
        ["lint", "webhook", "cel", "schema"].contains(&group) && !name.is_empty()
    };
    let unknown = words.by_ref().filter(is_rule).find(|word| !rules.contains(word));
    assert_eq!(unknown, None);
    assert_eq!(tree.run(&["check"]).status, 2);
}

/// What the documentation shows is what the command prints. `ISTIO_GATEWAY_UPDATE=1` writes it anew.
#[test]
fn screens_of_the_documentation_are_true() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for document in ["docs/check.md", "docs/mistakes.md"] {
        let path = top.join(document);
        let text = fs::read_to_string(&path).unwrap();
        let mut true_text = String::new();
        let mut lines = text.lines();
        let mut screens = 0;
        while let Some(line) = lines.next() {
            true_text.push_str(line);
            true_text.push('\n');
            if line != "```console" {
                continue;
            }
            let command = lines.next().unwrap();
            let args: Vec<_> =
                command.strip_prefix("$ istio-gateway ").unwrap().split(' ').collect();
            let output = Command::new(env!("CARGO_BIN_EXE_istio-gateway"))
                .args(args)
                .current_dir(top.join("tests/manifests/mistakes"))
                .env_remove("CLICOLOR_FORCE")
                .output()
                .unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            assert_ne!(printed, "", "{command}");
            true_text.push_str(&format!("{command}\n{}\n```\n", printed.trim_end()));
            lines.by_ref().find(|line| *line == "```").unwrap();
            screens += 1;
        }
        assert!(screens > 0, "{document}");
        if std::env::var_os("ISTIO_GATEWAY_UPDATE").is_some() {
            fs::write(&path, true_text).unwrap();
        } else {
            assert!(text == true_text, "{document} is not what the command prints");
        }
    }
}

/// Verdicts and texts are upstream's, on all its cases, to whoever reads them from the command.
#[test]
fn json_says_what_upstream_says() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/validate.ndjson");
    let cases = lines(&fs::read_to_string(golden).unwrap());
    let objects: String = cases.iter().map(|case| format!("{}\n", case["object"])).collect();
    let tree = Tree::new("cases", &[("cases.ndjson", &objects)]);
    let documents = tree.json(1, &["cases.ndjson"]);
    assert_eq!(documents.len(), cases.len());
    for (case, document) in cases.iter().zip(&documents) {
        let id = &case["id"];
        let is_allowed = case["pipeline"]["allowed"] == true;
        assert_eq!(document["verdict"], if is_allowed { "accepted" } else { "rejected" }, "{id}");
        let has = |name: &str| case["crd"][name].as_array().is_some_and(|found| !found.is_empty());
        let stage = match case["pipeline"]["stage"].as_str().unwrap() {
            "" => Value::Null,
            "webhook" => json!("webhook"),
            _ if has("schema") || has("metadata") || case["crd"]["error"].is_string() => {
                json!("schema")
            }
            _ => json!("cel"),
        };
        assert_eq!(document["rejected_by"], stage, "{id}");
        let texts = |names: &[&Value]| {
            let texts = names.iter().flat_map(|value| match value {
                Value::String(text) => vec![text.as_str()],
                value => value.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
            });
            let mut texts: Vec<_> = texts.map(folded).collect();
            texts.sort();
            texts
        };
        let found = |group: &str, severity: &str| {
            let found = document["findings"].as_array().unwrap().iter().filter(|found| {
                found["rule"].as_str().unwrap().starts_with(group) && found["severity"] == severity
            });
            let mut found: Vec<_> =
                found.map(|found| folded(found["message"].as_str().unwrap())).collect();
            found.sort();
            found
        };
        let (crd, webhook) = (&case["crd"], &case["webhook"]);
        let schema = texts(&[&crd["schema"], &crd["metadata"], &crd["error"]]);
        assert_eq!(found("schema/", "error"), schema, "{id}");
        assert_eq!(found("cel/", "error"), texts(&[&crd["cel"]]), "{id}");
        if webhook.is_object() {
            assert_eq!(found("webhook/", "error"), texts(&[&webhook["errors"]]), "{id}");
        }
        if webhook["allowed"] == true {
            assert_eq!(found("webhook/", "warning"), texts(&[&webhook["warnings"]]), "{id}");
        }
    }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
