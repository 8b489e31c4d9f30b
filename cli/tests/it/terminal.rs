//! Nothing that a document or the name of a file has in it acts on a terminal.

use crate::start::{Directory, Ran};

const HOSTILE: &str = "\u{1b}[31m\u{7}\u{9b}31m\u{202e}";

/// Lines of the command's own, without what a terminal would act on.
#[track_caller]
fn is_harmless(text: &str) {
    let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(acts), "{text:?}");
}

#[test]
fn documents_do_not_act_on_it() {
    let text = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - \"\\e[31mred\": 1 # \u{85}\u{202e}
    hosts: [\"\u{202e}x\", \"\\u009b31mx\"]
";
    let files = Directory::new(&[("edge.yaml", text)]);
    for command in ["check", "explain", "from-gateway-api"] {
        let Ran { out, err, .. } = files.run(&[command, "edge.yaml"]);
        is_harmless(&(out + &err));
    }
}

#[test]
#[cfg(unix)]
fn names_of_files_do_not_act_on_it() {
    let (bad, absent) = (format!("a{HOSTILE}\n.yaml"), format!("b{HOSTILE}\n.yaml"));
    let gateway = "kind: Gateway\nspec: {servers: [{port: {number: x}}]}\n";
    let files = Directory::new(&[(&bad, gateway)]);
    for command in ["check", "convert", "envoy", "explain", "from-gateway-api"] {
        let Ran { out, err, .. } = files.run(&[command, &bad]);
        is_harmless(&format!("{out}{err}"));
        // It is one line's name.
        assert!(format!("{out}{err}").contains("\\u{a}.yaml") || command == "from-gateway-api");
        let Ran { status, out, err } = files.run(&[command, &absent]);
        is_harmless(&format!("{out}{err}"));
        assert_eq!((status, err.lines().count()), (2, 1), "{err}");
    }
}
