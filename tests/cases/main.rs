//! Upstream's verdicts, case by case: the golden files and, in CI, new cases.
//!
//! This is a separate binary, because its golden files are too large to be packaged with the crate.
//!
//! `ISTIO_GATEWAY_CASES=DIR cargo test --test cases -- --ignored live` compares every file that
//! `conformance/dialect` wrote into DIR. What differs must be explained by an entry of
//! `tests/golden/known_differences.json`, and every entry must still differ.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(feature = "validate")]
mod analyze;
#[cfg(feature = "gateway-api")]
#[path = "../it/cpu_time.rs"]
mod cpu_time;
#[cfg(feature = "envoy")]
mod envoy;
#[cfg(feature = "envoy")]
mod envoy_descriptor;
#[cfg(feature = "envoy")]
mod envoy_live;
#[cfg(feature = "validate")]
mod field_validation;
#[cfg(feature = "gateway-api")]
mod gateway_api;
#[cfg(feature = "gateway-api")]
mod gateway_api_back;
#[cfg(feature = "gateway-api")]
mod gateway_api_clients;
#[cfg(feature = "gateway-api")]
mod gateway_api_files;
#[cfg(feature = "gateway-api")]
mod gateway_api_hostile;
#[cfg(feature = "gateway-api")]
mod gateway_api_placeholders;
#[cfg(all(feature = "gateway-api", feature = "validate"))]
mod gateway_api_rules;
#[cfg(feature = "gateway-api")]
mod gateway_api_sets;
mod handshake;
mod lists;
#[cfg(all(feature = "envoy", feature = "validate"))]
mod merge;
#[cfg(feature = "validate")]
mod metadata;
mod places;
#[cfg(feature = "validate")]
mod secrets;
#[cfg(feature = "envoy")]
mod servers;
mod streams;
#[cfg(feature = "validate")]
mod validate_cases;

use std::{collections::BTreeMap, env, fs, path::Path};

use istio_gateway::{Manifest, RuleId, json, proto, rule::decode as rule};
use serde_json::Value;

/// The result of upstream or of this crate for an input.
#[derive(Debug, PartialEq)]
enum Verdict {
    Refused,
    Accepted { json: String, wire: Vec<u8> },
}

macro_rules! for_type {
    ($name:expr, $f:ident($($arg:expr),*)) => {{
        use proto::{
            analysis::v1alpha1 as analysis, mesh::v1alpha1 as mesh, meta::v1alpha1 as meta,
            networking::v1alpha3 as networking,
        };
        match $name {
            "Gateway" => $f::<networking::Gateway>($($arg),*),
            "Server" => $f::<networking::Server>($($arg),*),
            "Port" => $f::<networking::Port>($($arg),*),
            "ServerTLSSettings" => $f::<networking::ServerTlsSettings>($($arg),*),
            "TLSCertificate" => $f::<networking::server_tls_settings::TlsCertificate>($($arg),*),
            "ClientTLSSettings" => $f::<networking::ClientTlsSettings>($($arg),*),
            "Topology" => $f::<mesh::Topology>($($arg),*),
            "IstioStatus" => $f::<meta::IstioStatus>($($arg),*),
            "IstioCondition" => $f::<meta::IstioCondition>($($arg),*),
            "AnalysisMessageBase" => $f::<analysis::AnalysisMessageBase>($($arg),*),
            other => panic!("no such type: {other}"),
        }
    }};
}

fn accepted<T: json::Message>(message: &T) -> Verdict {
    Verdict::Accepted { json: json::to_string(message), wire: message.encode_to_vec() }
}

fn from_json<T: json::Message>(input: &[u8]) -> Verdict {
    json::from_slice::<T>(input).map_or(Verdict::Refused, |message| accepted(&message))
}

fn from_wire<T: json::Message>(input: &[u8]) -> Verdict {
    T::decode(input).map_or(Verdict::Refused, |message| accepted(&message))
}

fn from_yaml(input: &str) -> Verdict {
    Manifest::from_yaml(input).map_or(Verdict::Refused, |manifest| accepted(manifest.spec()))
}

/// Upstream's wire, read and written by prost: it leaves out empty keys and values of map entries.
fn normal_wire<T: json::Message>(wire: &[u8]) -> Vec<u8> {
    T::decode(wire).unwrap().encode_to_vec()
}

fn theirs(case: &Case, answer: &Value) -> Verdict {
    if answer["ok"] == false {
        return Verdict::Refused;
    }
    let known = answer["known"].as_str().or(answer["hex"].as_str()).unwrap();
    Verdict::Accepted {
        // Upstream cannot write every message that it reads from the wire.
        json: answer["json"].as_str().unwrap_or_default().to_owned(),
        wire: hex(known).unwrap_or_else(|| panic!("{}: not hex", case.id())),
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2).map(|i| text.get(i..i + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

fn base64(text: &str) -> Vec<u8> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.decode(text).unwrap()
}

struct Case(Value);

enum Input {
    Json(Vec<u8>),
    Wire(Vec<u8>),
    Yaml(String),
    /// YAML that is not UTF-8, which this crate rejects.
    Bytes,
}

impl Case {
    fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }

    fn type_name(&self) -> &str {
        self.0["type"].as_str().unwrap_or("Gateway")
    }

    fn input(&self) -> Input {
        let text = |key: &str| self.0[key].as_str();
        let is_json = self.0.get("std").is_some();
        match (text("json"), text("b64"), text("hex"), text("yaml")) {
            (Some(json), ..) => Input::Json(json.as_bytes().to_vec()),
            (_, Some(b64), ..) if is_json => Input::Json(base64(b64)),
            (_, Some(_), ..) => Input::Bytes,
            (.., Some(bytes), _) => Input::Wire(hex(bytes).unwrap()),
            (.., Some(yaml)) => Input::Yaml(yaml.to_owned()),
            _ => panic!("no input in {}", self.0),
        }
    }

    /// The results of this crate and of upstream, and the reason for a known difference.
    fn compare(&self) -> Option<Result<(), Difference>> {
        let name = self.type_name();
        let (ours, want, shown) = match self.input() {
            Input::Json(json) => (
                for_type!(name, from_json(&json)),
                &self.0["std"],
                String::from_utf8_lossy(&json).into_owned(),
            ),
            Input::Wire(wire) => {
                (for_type!(name, from_wire(&wire)), &self.0["want"], format!("{wire:02x?}"))
            }
            Input::Yaml(yaml) => (from_yaml(&yaml), &self.0["want"], yaml),
            Input::Bytes => return None,
        };
        let theirs = theirs(self, want);
        if ours == theirs {
            return Some(self.compare_metadata());
        }
        Some(Err(Difference {
            reason: self.explain(&ours, &theirs),
            text: format!(
                "{} {name} {:?}\n  upstream: {theirs:?} {}\n  this crate: {ours:?} {}",
                self.id(),
                shown.chars().take(300).collect::<String>(),
                want["err"],
                self.error(),
            ),
        }))
    }

    /// Whether the metadata accessors return what client-go's Gateway has.
    fn compare_metadata(&self) -> Result<(), Difference> {
        let (Input::Yaml(yaml), Some(object)) = (self.input(), self.0["want"]["object"].as_str())
        else {
            return Ok(());
        };
        let Ok(manifest) = Manifest::from_yaml(&yaml) else { return Ok(()) };
        let theirs: Value = serde_json::from_str(object).unwrap();
        let theirs = &theirs["metadata"];
        let text = |key: &str| theirs[key].as_str().unwrap_or_default().to_owned();
        let map = |key: &str| {
            let map = theirs[key].as_object().into_iter().flatten();
            map.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
        };
        let theirs = (text("name"), text("namespace"), map("labels"), map("annotations"));
        let object = manifest.object();
        let names = (object.name().to_owned(), object.namespace().to_owned());
        let ours: (_, _, BTreeMap<_, _>, BTreeMap<_, _>) =
            (names.0, names.1, object.labels(), object.annotations());
        if ours == theirs {
            return Ok(());
        }
        let text = format!(
            "{} metadata {:?}\n  upstream: {theirs:?}\n  this crate: {ours:?}",
            self.id(),
            yaml.chars().take(300).collect::<String>(),
        );
        Err(Difference { reason: None, text })
    }

    fn error(&self) -> String {
        let error = match self.input() {
            Input::Json(json) => for_type!(self.type_name(), json_error(&json)),
            Input::Wire(wire) => for_type!(self.type_name(), wire_error(&wire)),
            Input::Yaml(yaml) => Manifest::from_yaml(&yaml).err().map(|e| e.to_string()),
            Input::Bytes => None,
        };
        error.unwrap_or_default()
    }

    /// The entry of `known_differences.json` that this case is an instance of.
    fn explain(&self, ours: &Verdict, theirs: &Verdict) -> Option<&'static str> {
        let name = self.type_name();
        let their_error =
            self.0["std"]["err"].as_str().or(self.0["want"]["err"].as_str()).unwrap_or_default();
        match (self.input(), ours, theirs) {
            (Input::Json(_) | Input::Yaml(_), Verdict::Accepted { .. }, Verdict::Refused)
                if their_error.contains("extension field") =>
            {
                Some("json/linked-extension")
            }
            (Input::Json(json), Verdict::Accepted { .. }, Verdict::Refused)
                if for_type!(name, has_rule(&json, rule::NOT_A_NUMBER)) =>
            {
                Some("json/observed-generation")
            }
            (Input::Yaml(yaml), Verdict::Accepted { .. }, Verdict::Refused)
                if Manifest::from_yaml(&yaml).is_ok_and(|m| {
                    m.diagnostics().iter().any(|d| d.rule == rule::NOT_A_NUMBER)
                }) =>
            {
                Some("json/observed-generation")
            }
            (Input::Yaml(yaml), Verdict::Refused, Verdict::Accepted { .. })
                if Manifest::from_yaml(&yaml).is_err_and(|e| e.is_other_resource()) =>
            {
                Some("yaml/other-resource")
            }
            (
                Input::Json(_) | Input::Yaml(_) | Input::Wire(_),
                Verdict::Accepted { json, wire },
                Verdict::Accepted { json: their_json, wire: their_wire },
            ) if json == their_json && *wire == for_type!(name, normal_wire(their_wire)) => {
                Some("wire/empty-map-entry")
            }
            (Input::Wire(_), Verdict::Refused, Verdict::Accepted { .. }) => {
                let error = self.error();
                let has = |text: &str| error.contains(text);
                if has("invalid wire type") || has("unexpected wire type") {
                    Some("wire/wrong-wire-type")
                } else if has("recursion limit") {
                    Some("wire/deep-groups")
                } else if has("invalid key value") {
                    Some("wire/large-field-number")
                } else {
                    None
                }
            }
            (
                Input::Wire(_),
                Verdict::Accepted { wire, .. },
                Verdict::Accepted { wire: their_wire, .. },
            ) if self.0["want"]["json_err"].is_string() && wire == their_wire => {
                Some("wire/nanos-out-of-range")
            }
            _ => None,
        }
    }
}

fn json_error<T: json::Message>(json: &[u8]) -> Option<String> {
    json::from_slice::<T>(json).err().map(|e| e.to_string())
}

fn wire_error<T: json::Message>(wire: &[u8]) -> Option<String> {
    T::decode(wire).err().map(|e| e.to_string())
}

fn has_rule<T: json::Message>(json: &[u8], rule: RuleId) -> bool {
    json::decode_slice::<T>(json).is_ok_and(|d| d.diagnostics.iter().any(|d| d.rule == rule))
}

struct Difference {
    reason: Option<&'static str>,
    text: String,
}

fn cases(path: impl AsRef<Path>) -> Vec<Case> {
    let path = path.as_ref();
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    // Strings hold other line separators.
    text.split('\n')
        .filter(|l| !l.is_empty())
        .map(|l| Case(serde_json::from_str(l).unwrap()))
        .collect()
}

/// Compares a file of cases and prints the counts; fails if a difference has no explanation.
#[track_caller]
fn agree(path: impl AsRef<Path>) {
    let path = path.as_ref();
    let (mut equal, mut unexplained) = (0, Vec::new());
    let (mut explained, mut skipped) = (BTreeMap::<&str, usize>::new(), 0);
    for case in cases(path) {
        match case.compare() {
            None => skipped += 1,
            Some(Ok(())) => equal += 1,
            Some(Err(Difference { reason: Some(reason), .. })) => {
                *explained.entry(reason).or_default() += 1;
            }
            Some(Err(difference)) => unexplained.push(difference.text),
        }
    }
    let known: usize = explained.values().sum();
    println!(
        "{}: {} compared, {equal} equal, {known} known differences {explained:?}, {} unexplained, {skipped} not UTF-8",
        path.display(),
        equal + known + unexplained.len(),
        unexplained.len(),
    );
    let shown: Vec<_> = unexplained.iter().take(show()).cloned().collect();
    assert!(
        unexplained.is_empty(),
        "{} unexplained differences:\n{}",
        unexplained.len(),
        shown.join("\n")
    );
}

/// How many differences to show.
fn show() -> usize {
    env::var("ISTIO_GATEWAY_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

#[test]
fn json_is_read_and_written_as_upstream_does() {
    agree("tests/golden/json.ndjson");
}

#[test]
fn wire_is_read_and_written_as_upstream_does() {
    agree("tests/golden/wire.ndjson");
}

#[test]
fn yaml_is_read_as_upstream_does() {
    agree("tests/golden/yaml.ndjson");
}

#[test]
#[ignore = "needs cases from the live judge: ISTIO_GATEWAY_CASES=DIR, see conformance/README.md"]
fn live_cases_agree_with_upstream() {
    let dir = env::var("ISTIO_GATEWAY_CASES").expect("ISTIO_GATEWAY_CASES names a folder of cases");
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no cases");
    for file in files {
        agree(file);
    }
}

#[test]
fn every_known_difference_still_differs() {
    let text = fs::read_to_string("tests/golden/known_differences.json").unwrap();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    for entry in entries {
        let id = entry["id"].as_str().unwrap();
        assert!(!entry["reason"].as_str().unwrap().is_empty(), "{id} has no reason");
        if entry.get("key_pairs").is_some() {
            // `gateway_api::wording_of_certificates_still_differs`
            continue;
        }
        let examples = entry["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{id} has no example");
        for example in examples {
            let case = Case(example.clone());
            match case.compare() {
                Some(Err(difference)) => {
                    assert_eq!(difference.reason, Some(id), "{}", difference.text);
                }
                _ => panic!("{id} no longer differs: {example}"),
            }
        }
    }
}
