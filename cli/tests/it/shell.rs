//! Completions, man pages, colors, and the files for other programs.

use std::fs;

use crate::start::{Directory, istio_gateway, root};

const BAD: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: http}
    hosts: [a.example.com]
    tsl: {}
";

#[test]
fn completions_know_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = istio_gateway(&["completions", shell]).run();
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        for word in ["from-gateway-api", "unsafe-fixes"] {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(istio_gateway(&["completions", "tcsh"]).run().status, 2);
}

/// What bash itself completes.
#[test]
#[cfg(unix)]
fn bash_completes() {
    let script = istio_gateway(&["completions", "bash"]).run().out;
    let tree = Directory::new(&[("complete.bash", &script)]);
    let code = "source complete.bash; COMP_WORDS=(istio-gateway check --un); COMP_CWORD=2; \
                $(complete -p istio-gateway | sed \"s/.*-F \\([^ ]*\\).*/\\1/\") istio-gateway --un check; echo \"${COMPREPLY[*]}\"";
    let output = std::process::Command::new("bash")
        .args(["-c", code])
        .current_dir(tree.path("."))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "--unsafe-fixes");
}

#[test]
fn each_command_has_a_man_page() {
    let tree = Directory::new(&[]);
    assert_eq!(tree.run(&["man", "man1"]).status, 0);
    let mut pages: Vec<_> = fs::read_dir(tree.path("man1"))
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort_unstable();
    assert!(pages.contains(&"istio-gateway.1".to_owned()), "{pages:?}");
    assert_eq!(pages.len(), 12, "{pages:?}");
    let check = fs::read_to_string(tree.path("man1/istio-gateway-check.1")).unwrap();
    assert!(check.starts_with(".ie"), "{check}");
    assert!(
        check.contains("\\-\\-unsafe\\-fixes") && check.contains("istio\\-gateway\\-check"),
        "{check}"
    );
    let ran = tree.run(&["man", "man1/istio-gateway.1"]);
    assert_eq!(ran.status, 2);
}

#[test]
fn colors_are_chosen_by_an_option() {
    let check =
        |args: &[&str]| istio_gateway(&[&["check", "-"], args].concat()).input(BAD).run().out;
    assert!(!check(&[]).contains('\u{1b}'));
    assert!(check(&["--color", "always"]).contains('\u{1b}'));
    assert!(!check(&["--color=never"]).contains('\u{1b}'));
    let ran = istio_gateway(&["--color", "always", "explain", "examples/gateway.yaml"]).run();
    assert!(ran.status == 0 && ran.out.contains('\u{1b}'), "{}", ran.out);
}

#[test]
fn formats_are_for_people_and_programs() {
    let tree = Directory::new(&[("edge.yaml", BAD)]);
    let check = |args: &[&str]| tree.run(&[&["check", "edge.yaml"], args].concat()).out;
    let lines = "edge.yaml:9:5: error[field-validation/unknown-field] strict decoding error: unknown field \"spec.servers[0].tsl\"\n\
                 edge.yaml:7:46: note[lint/protocol-case] spec.servers[0].port.protocol: protocols are written in upper case; Istio \
                 accepts lower case, other tools may not\n";
    assert_eq!(check(&["--format", "concise", "--quiet"]), lines);
    let counted = check(&["--format", "concise", "--statistics"]);
    assert!(
        counted.contains("     1  lint/protocol-case                 Protocol in lower case\n"),
        "{counted}"
    );
    assert!(counted.contains("1 file, 1 document, 1 error, 0 warnings"), "{counted}");
    let markdown = check(&["--format", "markdown"]);
    let want = "### Istio Gateways: 1 error, 0 warnings\n\n| | where | rule | what |\n|---|---|---|---|\n\
                | error | edge.yaml&#58;9 | `field-validation/unknown-field` | strict decoding error&#58; unknown field \
                \"spec.servers\\[0\\].tsl\"<br>did you mean \"tls\"? |\n";
    assert!(markdown.starts_with(want), "{markdown}");
    let junit = check(&["--format", "junit"]);
    assert!(junit.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"istio-gateway check\">\n  \
        <testsuite name=\"edge.yaml\" tests=\"2\" failures=\"1\" errors=\"0\">\n"), "{junit}");
    assert!(junit.contains("<failure type=\"field-validation/unknown-field\" message=\"strict decoding error: unknown field &quot;"), "{junit}");
    assert!(check(&["--format", "sarif"]).contains("Examples: istio-gateway rules lint/empty-tls"));
}

/// As the action runs it.
#[test]
#[cfg(unix)]
fn the_action_annotates_and_summarizes() {
    let tree = Directory::new(&[("a b/edge.yaml", BAD), ("-odd.yaml", BAD)]);
    let run = |paths: &str, args: &str| {
        let output = std::process::Command::new("bash")
            .arg(root().join("action/check.sh"))
            .current_dir(tree.path("."))
            .env("INPUT_PATHS", paths)
            .env("INPUT_ARGS", args)
            .env("INPUT_SARIF", "out.sarif")
            .env("INPUT_BINARY", env!("CARGO_BIN_EXE_istio-gateway"))
            .env("GITHUB_STEP_SUMMARY", tree.path("summary.md"))
            .env("GITHUB_OUTPUT", tree.path("output"))
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let read = |file: &str| fs::read_to_string(tree.path(file)).unwrap();
    let (status, out) = run("a b\n-odd.yaml\n", "");
    assert_eq!(status, 1);
    assert!(
        out.contains("::error file=a b/edge.yaml,line=9,col=5") && out.contains("file=./-odd.yaml"),
        "{out}"
    );
    assert!(read("summary.md").contains("### Istio Gateways: 2 errors"));
    assert!(read("out.sarif").contains("\"field-validation/unknown-field\""));
    assert_eq!(read("output"), "status=1\n");
    let (status, out) = run("a b", "--field-validation=ignore\n--allow=lint/\n");
    assert_eq!((status, out.as_str()), (0, ""));
    assert_eq!(run("none.yaml", "").0, 2);
    assert_eq!(run("\n", "").0, 2);
    // An argument is one argument, and no command.
    assert_eq!(run("a b; echo hacked", "").0, 2);
}

/// The files name what exists: inputs and the arguments of the hooks.
#[test]
fn files_for_others_are_consistent() {
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let (action, script) = (read("action.yml"), read("action/check.sh"));
    for input in ["paths", "args", "sarif", "summary", "binary"] {
        assert!(action.contains(&format!("  {input}:\n")), "{input}");
        assert!(
            action.contains(&format!("INPUT_{}: ${{{{ inputs.{input} }}}}", input.to_uppercase())),
            "{input}"
        );
        assert!(script.contains(&format!("INPUT_{}", input.to_uppercase())), "{input}");
    }
    // No input is text of a command.
    assert!(
        action.lines().filter(|line| line.contains("run:")).all(|line| !line.contains("inputs."))
    );
    let container = read("Containerfile");
    assert!(container.contains("cargo build --release --locked -p istio-gateway-cli"));
}
