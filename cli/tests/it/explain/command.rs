//! Files in and out, and what is told of bad ones.

use std::fs;

use super::*;

#[test]
fn bad_input_and_bad_commands_say_so() {
    let ran = run(&["-"], "kind: Gateway\nspec: {servers: [{tls: {mode: SIMPEL}}]}\n");
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(ran.err.starts_with("<stdin>:2:"), "{}", ran.err);
    let ran = run(&["-"], "kind: Gateway\nspec: {servers: [\n");
    assert_eq!((ran.status, ran.out.as_str()), (1, ""), "{}", ran.err);
    for args in [
        &[] as &[&str],
        &["--diff", "-"],
        &["--diff", "-", "-"],
        &["-", "-"],
        &["--fail-on", "weaker", "-"],
        &["--forwarding", "SANITISE", "-"],
        &["--istio", "1.12", "-"],
        &["/nonexistent.yaml"],
        &["-o", "/nonexistent/a.html", "-"],
    ] {
        let ran = run(args, EXAMPLE);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn files_lists_and_the_output_file() {
    let files = Directory::new(&[]);
    let item = EXAMPLE.lines().filter(|line| !line.starts_with('#'));
    let item: Vec<String> = item.map(|line| format!("  {line}")).collect();
    let list = format!("kind: List\nitems:\n-\n{}\n", item.join("\n"));
    let (a, b) = (files.write("a.yaml", EXAMPLE), files.write("b.yaml", &list));
    let out = files.path("out.html");
    let text = prints(&["-o", out.to_str().unwrap(), "--format", "html", &a, &b], "");
    assert_eq!(text, "");
    let html = fs::read_to_string(&out).unwrap();
    assert_eq!(html.matches("<article").count(), 2, "{list}");
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
    assert!(!html.contains("http://") && !html.contains("https://"), "something to fetch");
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(files.path("")).unwrap().count(), 3);
    let none = prints(&["-"], "kind: Service\n");
    assert!(none.starts_with("0 servers"), "{none}");
}
