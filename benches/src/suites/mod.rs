//! The suites: which operations on which documents.

mod json;
mod kubernetes_yaml;
mod verdicts;
mod wire;
mod write_back;
mod yaml;

use crate::runner::Suite;

/// Makes a suite of the given numbers of servers.
pub type Make = fn(&[usize]) -> Suite;

/// All suites by name, made when they are wanted.
pub const SUITES: [(&str, Make); 12] = [
    ("json-decode", json::json_decode),
    ("json-encode", json::json_encode),
    ("kubernetes-yaml", kubernetes_yaml::kubernetes_yaml),
    ("yaml", yaml::yaml),
    ("yaml-stream", yaml::yaml_stream),
    ("wire-decode", wire::wire_decode),
    ("wire-encode", wire::wire_encode),
    ("write-back", write_back::write_back),
    ("write-back-all", write_back::write_back_all),
    ("validate", verdicts::validate),
    ("envoy", verdicts::envoy),
    ("explain", verdicts::explain),
];

/// How many servers a document has.
pub const SIZES: [usize; 4] = [1, 3, 100, 10_000];

fn servers(n: usize) -> String {
    match n {
        1 => "1 server".into(),
        1000.. => format!("{},{:03} servers", n / 1000, n % 1000),
        n => format!("{n} servers"),
    }
}

fn leak(text: String) -> &'static str {
    text.leak()
}
