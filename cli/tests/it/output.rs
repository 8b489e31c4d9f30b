//! Output that cannot be written, and signals.

#![cfg(unix)]

use std::{
    fs::{self, File},
    io::pipe,
    os::unix::process::ExitStatusExt as _,
    process::Child,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::start::{Directory, istio_gateway};

const GATEWAY: &str = "examples/gateway.yaml";

/// Every command and format, help and the version.
const PRINTING: [&[&str]; 19] = [
    &["--help"],
    &["--version"],
    &["help", "check"],
    &["explain", "--help"],
    &["rules"],
    &["rules", "--format", "json"],
    &["crd"],
    &["convert", GATEWAY],
    &["convert", "--to", "binary", GATEWAY],
    &["envoy", GATEWAY],
    &["envoy", "--format", "ndjson", GATEWAY],
    &["explain", GATEWAY],
    &["explain", "--format", "html", GATEWAY],
    &["explain", "--format", "json", GATEWAY],
    &["explain", "--diff", GATEWAY, GATEWAY],
    &["check", GATEWAY],
    &["check", "--format", "json", GATEWAY],
    &["check", "--format", "sarif", GATEWAY],
    &["from-gateway-api", "examples/gateway_api.yaml"],
];

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    for args in PRINTING {
        // A full one, and a read-only one.
        for out in [File::options().write(true).open("/dev/full"), File::open("/dev/null")] {
            let ran = istio_gateway(args).run_into(out.unwrap());
            assert_eq!(ran.status, 2, "{args:?}: {}", ran.err);
            assert!(ran.err.contains("istio-gateway: standard output: "), "{args:?}: {}", ran.err);
        }
    }
}

#[test]
fn a_reader_that_stops_is_not_an_error() {
    for args in PRINTING.into_iter().filter(|args| args[0] != "from-gateway-api") {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let ran = istio_gateway(args).run_into(writer);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{args:?}");
    }
}

/// Sends a signal as soon as the file exists, if it does.
fn interrupt(mut child: Child, signal: Signal, is_there: impl Fn() -> bool) -> Option<i32> {
    let mut is_sent = false;
    loop {
        if !is_sent && is_there() {
            let _ = kill_process(Pid::from_child(&child), signal);
            is_sent = true;
        }
        if let Some(status) = child.try_wait().unwrap() {
            return status.signal();
        }
        sleep(Duration::from_micros(20));
    }
}

#[test]
fn a_signal_leaves_no_temporary_file() {
    let servers: String = (0..800)
        .map(|i| {
            format!(
                "  - {{port: {{number: {}, name: p{i}, protocol: HTTPS}}, hosts: [h{i}.example.com], \
                 tls: {{mode: MUTUAL, credentialName: c}}}}\n",
                i + 1
            )
        })
        .collect();
    let gateway = format!("kind: Gateway\nspec:\n  servers:\n{servers}");
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15), (Signal::HUP, 1)] {
        // The file exists only for a moment, which the test misses most of the time on a busy machine.
        let interrupted = (0..2000).any(|_| {
            let files = Directory::new(&[("many.yaml", &gateway), ("out/old.json", "old")]);
            let out = files.path("out");
            let args = ["explain", "--format", "json", "-o", "out/old.json", "many.yaml"];
            let child = files.istio_gateway(&args).cpu_seconds(60).spawn();
            let ended =
                interrupt(child, signal, || fs::read_dir(&out).is_ok_and(|all| all.count() > 1));
            assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "a temporary file is left");
            let old = fs::read_to_string(out.join("old.json")).unwrap();
            assert_eq!(old == "old", ended.is_some(), "{ended:?}");
            assert!(ended.is_none() || ended == Some(number), "{ended:?}");
            ended.is_some()
        });
        assert!(interrupted, "{signal:?}");
    }
}

/// The temporary file of `check --format json` has no name, so that nothing remains.
#[test]
fn a_signal_leaves_no_temporary_file_of_check() {
    let gateway: String = (0..4000)
        .map(|i| format!("---\nkind: Gateway\nmetadata: {{name: g{i}}}\nspec: {{}}\n"))
        .collect();
    let files = Directory::new(&[("many.yaml", &gateway)]);
    fs::create_dir(files.path("tmp")).unwrap();
    let check = files.istio_gateway(&["check", "--format", "json", "many.yaml", "-"]);
    let tmp = files.path("tmp");
    let check = check.envs(&[("TMPDIR", tmp.to_str().unwrap())]);
    let child = check.cpu_seconds(60).spawn();
    let begun = Instant::now();
    let ended = interrupt(child, Signal::TERM, || begun.elapsed() > Duration::from_secs(2));
    assert_eq!(ended, Some(15));
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
}
