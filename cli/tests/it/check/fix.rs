//! `--fix`, `--diff` and `--unsafe-fixes`.

use std::fs;

use super::*;
use crate::start::istio_gateway;

const BAD: &str = "{mode: MUTAL, credential_name: edge-cert, insecure_skip_verify: true} # yes";

fn bad() -> String {
    server(BAD)
}

fn server(tls: &str) -> String {
    gateway(
        "edge",
        &format!(
            "  - port: {{number: 443, name: https, protocol: HTTPS}}\n    hosts: [a.example.com]\n    tls: {tls}\n"
        ),
    )
}

fn read(tree: &Directory, file: &str) -> String {
    fs::read_to_string(tree.path(file)).unwrap()
}

fn safe() -> String {
    server("{mode: MUTUAL, credentialName: edge-cert, insecure_skip_verify: true} # yes")
}

fn all() -> String {
    server("{mode: MUTUAL, credentialName: edge-cert, insecureSkipVerify: true} # yes")
}

#[test]
fn a_diff_is_printed_and_nothing_is_written() {
    let tree = Directory::new(&[("edge.yaml", &bad()), ("good.yaml", &all())]);
    let ran = tree.run(&["check", "--diff", "edge.yaml", "good.yaml"]);
    let want = "-    tls: {mode: MUTAL, credential_name: edge-cert, insecure_skip_verify: true} # yes\n\
                +    tls: {mode: MUTUAL, credentialName: edge-cert, insecure_skip_verify: true} # yes\n";
    assert!(ran.out.starts_with("--- edge.yaml\n+++ edge.yaml\n@@ "), "{}", ran.out);
    assert!(ran.out.ends_with(want), "{}", ran.out);
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (1, "istio-gateway: would repair 2 findings in 1 file\n")
    );
    assert_eq!(read(&tree, "edge.yaml"), bad());
    let ran = tree.run(&["check", "--diff", "good.yaml"]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let ran = tree.run(&["check", "--diff", "good.yaml", "none.yaml"]);
    assert_eq!(ran.status, 2);
}

#[test]
fn fixed_files_are_checked_again() {
    let tree =
        Directory::new(&[("a/edge.yaml", &bad()), ("a/crlf.yaml", &bad().replace('\n', "\r\n"))]);
    let ran = tree.run(&["check", "--fix", "a"]);
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (1, "istio-gateway: repaired 4 findings in 2 files\n")
    );
    assert!(
        ran.out
            .ends_with("2 can be repaired with --fix --unsafe-fixes; --diff shows the changes\n"),
        "{}",
        ran.out
    );
    assert_eq!(read(&tree, "a/edge.yaml"), safe());
    assert_eq!(read(&tree, "a/crlf.yaml"), safe().replace('\n', "\r\n"));
    let ran = tree.run(&["check", "--fix", "--unsafe-fixes", "--format", "json", "a/edge.yaml"]);
    assert_eq!(read(&tree, "a/edge.yaml"), all());
    let found = &lines(&ran.out)[0];
    assert_eq!((ran.status, &found["verdict"]), (0, &"accepted".into()));
    // Nothing is left.
    let ran = tree.run(&["check", "--fix", "--unsafe-fixes", "a/edge.yaml"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(read(&tree, "a/edge.yaml"), all());
}

#[test]
fn standard_input_is_printed_fixed() {
    let ran = istio_gateway(&["check", "--fix", "-"]).input(&bad()).run();
    assert_eq!((ran.status, ran.out.as_str()), (1, safe().as_str()));
    assert!(ran.err.contains("insecure_skip_verify"), "{}", ran.err);
    let ran = istio_gateway(&["check", "--fix", "-"]).input(&all()).run();
    assert_eq!((ran.status, ran.out), (0, all()));
    // What is not UTF-8 is passed on.
    let output = istio_gateway(&["check", "--fix", "-"]).input(b"a: \xff\n").output();
    assert_eq!(output.stdout, b"a: \xff\n");
}

/// A rule that is not reported is not repaired.
#[test]
fn an_allowed_rule_is_not_repaired() {
    let text =
        server("{mode: SIMPLE, credentialName: a}").replace("protocol: HTTPS", "protocol: https");
    let tree = Directory::new(&[("edge.yaml", &text)]);
    let ran = tree.run(&["check", "--fix", "--allow", "lint/protocol-case", "edge.yaml"]);
    assert_eq!((ran.status, read(&tree, "edge.yaml")), (0, text));
    let ran = tree.run(&["check", "--unsafe-fixes", "edge.yaml"]);
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (2, "istio-gateway: --unsafe-fixes needs --fix or --diff\n")
    );
}

#[cfg(unix)]
#[test]
fn links_modes_and_read_only_files_are_respected() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let tree = Directory::new(&[("real.yaml", &bad()), ("locked.yaml", &bad())]);
    let path = |name: &str| tree.path(name);
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    let set = |name: &str, mode| {
        fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    symlink("real.yaml", path("link.yaml")).unwrap();
    set("real.yaml", 0o640);
    set("locked.yaml", 0o444);
    let ran = tree.run(&["check", "--fix", "link.yaml", "locked.yaml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("locked.yaml: not repaired: the file is read-only\n"), "{}", ran.err);
    assert!(fs::symlink_metadata(path("link.yaml")).unwrap().is_symlink());
    assert_eq!((read(&tree, "real.yaml"), mode("real.yaml")), (safe(), 0o640));
    assert_eq!((read(&tree, "locked.yaml"), mode("locked.yaml")), (bad(), 0o444));
    // Nothing else is in the directory.
    assert_eq!(fs::read_dir(tree.path(".")).unwrap().count(), 3);
}

/// The lines around a change are not shown if they may be those of a Secret.
#[test]
fn a_diff_shows_no_secret() {
    let text = format!("kind: Secret\napiVersion: v1\ndata: {{a: c2VjcmV0}}\n---\n{}", bad());
    let ran = istio_gateway(&["check", "--diff", "-"]).input(&text).run();
    assert_eq!(ran.status, 1);
    assert!(!ran.out.contains("c2VjcmV0") && ran.out.contains("+    tls:"), "{}", ran.out);
}

#[test]
fn sarif_has_the_edits() {
    let tree = Directory::new(&[("edge.yaml", &bad())]);
    let ran = tree.run(&["check", "--format", "sarif", "edge.yaml"]);
    let sarif: Value = serde_json::from_str(&ran.out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let fixes: Vec<_> = results.iter().filter_map(|result| result.get("fixes")).collect();
    assert_eq!(fixes.len(), 3);
    let texts: Vec<_> =
        fixes.iter().map(|fix| fix[0]["description"]["text"].as_str().unwrap()).collect();
    assert!(texts.contains(&"rename to insecureSkipVerify (unsafe)"), "{texts:?}");
    let change = &fixes[0][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "edge.yaml");
    assert_eq!(change["replacements"][0]["insertedContent"]["text"], "credentialName");
}
