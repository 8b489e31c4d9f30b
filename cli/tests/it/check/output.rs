//! What is printed, in each format.

use serde_json::{Value, json};

use super::*;
use crate::json_schema;

#[test]
fn text_shows_the_line_and_the_help() {
    let tree = Directory::new(&[("edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "edge.yaml"]);
    let want = "\
error[webhook/istio-mutual]: ISTIO_MUTUAL TLS cannot have associated credentialName
  --> edge.yaml:13:23
   |
13 |       credentialName: edge-cert
   |                       ^^^^^^^^^
   |
   = field: spec.servers[0].tls.credentialName
   = help: remove it, since the mesh's certificates are used; or write mode: MUTUAL

1 file, 1 document, 1 error, 0 warnings; the Gateway would be rejected (field validation: strict)
";
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    assert_eq!(ran.out, want);
}

#[test]
fn what_is_accepted_is_one_line() {
    let tree = Directory::new(&[("edge.yaml", &good("edge"))]);
    let ran = tree.run(&["check", "edge.yaml"]);
    let want = "1 file, 1 document, 0 errors, 0 warnings; the Gateway would be accepted \
                (field validation: strict)\n";
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, want, ""));
}

#[test]
fn json_is_a_line_for_each_gateway() {
    let tree = Directory::new(&[("edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "--format", "json", "edge.yaml"]);
    let want = concat!(
        r#"{"file":"edge.yaml","document":1,"namespace":"infra","name":"edge","#,
        r#""verdict":"rejected","rejected_by":"webhook","findings":[{"#,
        r#""rule":"webhook/istio-mutual","severity":"error","#,
        r#""path":"spec.servers[0].tls.credentialName","line":13,"column":23,"#,
        r#""message":"ISTIO_MUTUAL TLS cannot have associated credentialName","#,
        r#""help":"remove it, since the mesh's certificates are used; or write mode: MUTUAL","fix":null}]}"#,
        "\n",
    );
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (1, want, ""));
}

#[test]
fn github_gets_annotations() {
    let tree = Directory::new(&[("a,b:c.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let ran = tree.run(&["check", "--format", "github", "a,b:c.yaml"]);
    let want = "::error file=a%2Cb%3Ac.yaml,line=13,col=23,endColumn=31,\
                title=webhook/istio-mutual::spec.servers[0].tls.credentialName: \
                ISTIO_MUTUAL TLS cannot have associated credentialName%0A\
                help: remove it, since the mesh's certificates are used; or write mode: MUTUAL\n";
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (1, want, ""));
}

#[test]
fn sarif_has_the_results() {
    let tree = Directory::new(&[("a b/edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
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
                "text": "ISTIO_MUTUAL TLS cannot have associated credentialName\nhelp: remove it, \
                         since the mesh's certificates are used; or write mode: MUTUAL",
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
fn of_all_kinds() -> Directory {
    let tree = Directory::new(&[
        ("a/edge.yaml", &(gateway("edge", ISTIO_MUTUAL) + "---\n" + &gateway("typo", TYPO))),
        ("a/broken.yaml", "a: [1\n---\nkind: Service\napiVersion: v1\n"),
        ("b/same.yaml", &gateway("edge", SERVER)),
        ("b/schema.yaml", &gateway("schema", "  - hosts: [\"*\"]\n")),
        ("b/template.yaml", &good("{{ .Release.Name }}")),
    ]);
    tree.write("b/latin.yaml", b"# \xe4\nkind: Gateway\napiVersion: networking.istio.io/v1\n");
    tree
}

#[test]
fn json_keeps_its_schema() {
    let schema = include_str!("../../../../docs/check.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let tree = of_all_kinds();
    let documents = json(&tree, 1, &["."]);
    assert_eq!(documents.len(), 7);
    for document in &documents {
        assert_eq!(json_schema::violations(&schema, document), [""; 0], "{document}");
    }
    // A check that cannot fail is none.
    let mut wrong = documents[0].clone();
    wrong["findings"][0]["line"] = json!(0);
    wrong["verdict"] = json!("maybe");
    wrong["more"] = json!(1);
    assert_eq!(json_schema::violations(&schema, &wrong).len(), 3);
}

#[test]
fn sarif_keeps_the_schema_of_oasis() {
    let schema = include_str!("../sarif-2.1.0.json");
    let schema = serde_json::from_str(schema).unwrap();
    let tree = of_all_kinds();
    let ran = tree.run(&["check", "--format", "sarif", ".", "absent.yaml"]);
    assert_eq!(ran.status, 2);
    let mut sarif: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json_schema::violations(&schema, &sarif), [""; 0]);
    assert!(sarif["runs"][0]["results"].as_array().unwrap().len() > 5);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].clone();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap();
        assert_eq!(rules[usize::try_from(index).unwrap()]["id"], result["ruleId"]);
    }
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
    sarif["runs"][0]["results"][0]["level"] = json!("fatal");
    sarif["runs"][0]["results"][0]["column"] = json!(1);
    assert_eq!(json_schema::violations(&schema, &sarif).len(), 2);
}

#[test]
fn color_is_for_terminals_and_those_who_force_it() {
    let tree = Directory::new(&[("edge.yaml", &gateway("edge", ISTIO_MUTUAL))]);
    let colored = |variables: &[(&str, &str)]| {
        tree.istio_gateway(&["check", "edge.yaml"]).envs(variables).run().out.contains('\x1b')
    };
    assert!(!colored(&[]));
    assert!(colored(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[("NO_COLOR", "1")]));
    assert!(!colored(&[("CLICOLOR", "1")]));
    let json = tree.istio_gateway(&["check", "--format", "json", "edge.yaml"]);
    let json = json.envs(&[("CLICOLOR_FORCE", "1")]).run();
    assert!(!json.out.contains('\x1b'));
}

/// It is not standard output that is to blame.
#[test]
#[cfg(unix)]
fn a_temporary_file_that_cannot_be_made_is_named() {
    let all: String = (0..20_000).map(|n| format!("{}---\n", good(&format!("edge-{n}")))).collect();
    let tree = Directory::new(&[("all.yaml", &all)]);
    let check = tree.istio_gateway(&["check", "--format", "json", "all.yaml"]);
    let ran = check.envs(&[("TMPDIR", "/no/such")]).run();
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with("istio-gateway: temporary file in /no/such: "), "{}", ran.err);
}
