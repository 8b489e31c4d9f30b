//! Help, its width, and its exit statuses.

#[cfg(unix)]
use std::{
    fs::{self, File},
    io::Read as _,
    thread,
};

use crate::start::{Directory, Ran, istio_gateway};

const COMMANDS: [&str; 7] =
    ["check", "rules", "convert", "crd", "envoy", "from-gateway-api", "explain"];

fn help(command: &str) -> String {
    let Ran { status, out, err } = istio_gateway(&[command, "--help"]).run();
    assert_eq!((status, err.as_str()), (0, ""));
    out
}

#[test]
fn help_teaches_and_fits() {
    for command in COMMANDS {
        let help = help(command);
        assert!(help.contains(&format!("istio-gateway {command} ")), "{help}");
        assert!(help.contains("Examples:"), "{help}");
        let long: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
        assert_eq!(long, [""; 0]);
        // The short help lists only the options.
        let short = istio_gateway(&[command, "-h"]).run().out;
        assert!(short.lines().count() <= 30 && !short.contains("Examples:"), "{short}");
    }
    assert!(istio_gateway(&["--help"]).run().out.contains("Exit status of every command:"));
}

/// A Gateway that all commands take.
const GOOD: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [a.example.com]
";

const OF_GATEWAY_API: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP}
";

/// What each command does in each case, as its help and docs/exit-status.md have it.
#[test]
fn exit_statuses() {
    let refused = GOOD.replace("servers:", "serverz:");
    let weaker = GOOD.replace("a.example.com", "\"*\"");
    let files = Directory::new(&[
        ("good.yaml", GOOD),
        ("refused.yaml", &refused),
        ("weaker.yaml", &weaker),
        ("broken.yaml", "kind: Gateway\nspec: {servers: [\n"),
        ("undecodable.yaml", "kind: Gateway\nspec: {servers: [{port: {number: x}}]}\n"),
        ("api.yaml", OF_GATEWAY_API),
        (
            "bad-api.yaml",
            &OF_GATEWAY_API.replace("HTTP}", "HTTPS, tls: {certificateRefs: [{name: absent}]}}"),
        ),
    ]);
    let cases: &[(i32, &[&str])] = &[
        (0, &["check", "good.yaml"]),
        (1, &["check", "refused.yaml"]),
        (1, &["check", "broken.yaml"]),
        (1, &["check", "--deny", "lint/", "refused.yaml"]),
        (2, &["check", "refused.yaml", "absent.yaml"]),
        (2, &["check", "--deny", "no-such-rule", "good.yaml"]),
        (0, &["rules", "lint/empty-tls"]),
        (2, &["rules", "lint/no-such-rule"]),
        (0, &["convert", "good.yaml"]),
        (0, &["convert", "refused.yaml"]),
        (1, &["convert", "broken.yaml"]),
        (1, &["convert", "undecodable.yaml"]),
        (2, &["convert", "absent.yaml"]),
        (0, &["crd"]),
        (2, &["crd", "--istio", "0.1"]),
        (0, &["envoy", "good.yaml"]),
        (0, &["envoy", "refused.yaml"]),
        (1, &["envoy", "broken.yaml"]),
        (2, &["envoy", "absent.yaml"]),
        (0, &["explain", "good.yaml"]),
        (0, &["explain", "refused.yaml"]),
        (1, &["explain", "broken.yaml"]),
        (1, &["explain", "undecodable.yaml"]),
        (2, &["explain", "absent.yaml"]),
        (0, &["explain", "--diff", "good.yaml", "weaker.yaml"]),
        (0, &["explain", "--diff", "--fail-on", "weaker", "weaker.yaml", "weaker.yaml"]),
        (1, &["explain", "--diff", "--fail-on", "weaker", "good.yaml", "weaker.yaml"]),
        (2, &["explain", "--diff", "good.yaml"]),
        (0, &["from-gateway-api", "api.yaml"]),
        (1, &["from-gateway-api", "bad-api.yaml"]),
        (1, &["from-gateway-api", "broken.yaml"]),
        (2, &["from-gateway-api", "absent.yaml"]),
        (2, &[]),
        (2, &["no-such-command"]),
        (0, &["--help"]),
        (0, &["--version"]),
    ];
    for (status, args) in cases {
        let ran = files.run(args);
        assert_eq!(ran.status, *status, "{args:?}: {}{}", ran.out, ran.err);
        // Exit status 2 comes with a reason and a suggestion.
        assert!(*status < 2 || !ran.err.is_empty(), "{args:?}");
    }
    // The help of each command lists each status, in the words of the table in the documentation.
    let table = include_str!("../../../docs/exit-status.md");
    for command in COMMANDS {
        let help = help(command);
        let (_, said) = help.split_once("Exit status:\n").unwrap();
        let mut statuses: Vec<(String, String)> = Vec::new();
        for line in said.lines() {
            match (line.trim().split_once("  "), statuses.last_mut()) {
                (Some((status, meaning)), _) => statuses.push((status.into(), meaning.into())),
                (None, Some((_, meaning))) => *meaning += &format!(" {}", line.trim()),
                (None, None) => panic!("{line}"),
            }
        }
        let of_cases = |status: &str| {
            cases.iter().any(|(s, args)| args.first() == Some(&command) && s.to_string() == status)
        };
        for (status, meaning) in &statuses {
            assert!(of_cases(status), "{command} never ends with {status}");
            let row = format!("| `{command}` | {status} | {meaning} |");
            assert!(table.contains(&row), "not in docs/exit-status.md: {row}");
        }
        let known = |status: i32| statuses.iter().any(|(said, _)| *said == status.to_string());
        let undocumented =
            cases.iter().find(|(s, args)| args.first() == Some(&command) && !known(*s));
        assert!(undocumented.is_none(), "{undocumented:?}");
    }
}

/// A terminal for a command, and what is written to it once that has ended.
#[cfg(unix)]
fn terminal(columns: u16) -> (File, thread::JoinHandle<String>) {
    use rustix::{
        pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
        termios::{Winsize, tcsetwinsize},
    };

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).unwrap();
    let end = File::options().read(true).write(true).open(name).unwrap();
    let mut terminal = File::from(terminal);
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        // It fails once the other end is closed.
        let _ = terminal.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    });
    (end, reader)
}

/// Long work shows its progress on a terminal, and removes it. Short work shows none.
#[test]
#[cfg(unix)]
fn progress_is_shown_on_a_terminal_only() {
    let gateway = |index: usize| {
        let text = fs::read_to_string(crate::start::root().join("examples/gateway.yaml")).unwrap();
        text.replace("name: edge\n", &format!("name: edge-{index}\n"))
    };
    let many: String = (0..300).map(|index| format!("---\n{}", gateway(index))).collect();
    let directory = Directory::new(&[("few.yaml", &gateway(0)), ("many.yaml", &many)]);
    let shown = |args: &[&str]| {
        let (end, reader) = terminal(80);
        assert_eq!(directory.istio_gateway(args).run_with_errors_into(end), 0);
        reader.join().unwrap()
    };
    assert_eq!(shown(&["explain", "-o", "report", "few.yaml"]), "");
    let removed = "\r\u{1b}[K";
    for (args, progress) in [
        (&["explain", "-o", "report", "many.yaml"] as &[&str], "explaining 300 Gateways"),
        (&["explain", "--diff", "-o", "report", "few.yaml", "many.yaml"], "comparing 301 Gateways"),
    ] {
        let shown = shown(args);
        assert!(shown.ends_with(&format!("{removed}{progress}{removed}")), "{shown:?}");
    }
    let ran = directory.istio_gateway(&["explain", "many.yaml"]).run();
    assert!(!ran.err.contains("explaining"), "{}", ran.err);
}

/// As wide as the terminal, within bounds.
#[test]
#[cfg(unix)]
fn text_is_as_wide_as_the_terminal() {
    let widest = |columns: u16, args: &[&str]| {
        let (end, reader) = terminal(columns);
        let ran = istio_gateway(args).envs(&[("NO_COLOR", "1")]).run_into(end);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        let text = reader.join().unwrap();
        text.lines().map(|line| line.chars().count()).max().unwrap()
    };
    for args in [
        &["explain", "examples/gateway.yaml"] as &[&str],
        &[
            "explain",
            "--diff",
            "conformance/browser/manifests/servers.yaml",
            "conformance/browser/manifests/changed.yaml",
        ],
        &["explain", "--help"],
        &["rules", "lint/empty-tls"],
    ] {
        let widths = [20, 72, 90, 300].map(|columns| widest(columns, args));
        let fits = widths.iter().zip([60, 72, 90, 100]).all(|(width, most)| *width <= most);
        assert!(fits && widths.is_sorted() && widths[0] < widths[3], "{args:?}: {widths:?}");
    }
}
