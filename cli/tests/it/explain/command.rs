//! Input and output files, and the errors of bad ones.

use std::fs;

use super::*;

#[test]
fn bad_input_and_usage_errors_are_reported() {
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
    assert_eq!(html.matches("<article id=\"server-").count(), 2, "{list}");
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
    assert!(!html.contains("http://") && !html.contains("https://"), "something to fetch");
    // No temporary file remains.
    assert_eq!(fs::read_dir(files.path("")).unwrap().count(), 3);
    let none = prints(&["-"], "kind: Service\n");
    assert!(none.starts_with("0 servers"), "{none}");
}

/// The output may replace an input, and the target of a symlink.
#[test]
#[cfg(unix)]
fn the_output_file_may_be_a_link_and_an_input() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let files = Directory::new(&[("real/edge.yaml", EXAMPLE)]);
    let (real, link) = (files.path("real/edge.yaml"), files.path("edge.yaml"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/edge.yaml", &link).unwrap();
    let link = link.to_str().unwrap();
    assert_eq!(prints(&["-o", link, "--format", "html", link], ""), "");
    assert!(fs::symlink_metadata(link).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().ends_with("</html>\n"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    // It was read as a whole, or else nothing is written.
    let ran = run(&["-o", link, link], "");
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(fs::read_to_string(&real).unwrap().ends_with("</html>\n"));
    // A link to a file that does not exist yet.
    symlink("real/new.txt", files.path("new.txt")).unwrap();
    assert_eq!(prints(&["-o", files.path("new.txt").to_str().unwrap(), "-"], EXAMPLE), "");
    assert!(
        fs::read_to_string(files.path("real/new.txt"))
            .unwrap()
            .contains("Which clients are accepted?")
    );
    // A new file has the user's default permissions, and no temporary file remains.
    let other = files.write("other.txt", "");
    let made = files.path("real/made.txt");
    assert_eq!(prints(&["-o", made.to_str().unwrap(), "-"], EXAMPLE), "");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&made), mode(other.as_ref()));
    assert_eq!(fs::read_dir(files.path("real")).unwrap().count(), 3);
}
