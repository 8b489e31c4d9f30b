//! Upstream's verdicts, case by case: the golden files, and in CI fresh ones from the live judge.
//!
//! `ISTIO_GATEWAY_CASES=FILE cargo test --test it -- --ignored live` compares a file that
//! `conformance/dialect` wrote.

use std::{collections::BTreeMap, fs, path::Path};

use istio_gateway::{json, prost::Message as _, proto};
use serde_json::Value;

/// What upstream or this crate makes of an input.
#[derive(Debug, PartialEq)]
enum Verdict {
    Refused,
    Accepted { json: String, wire: Vec<u8> },
}

macro_rules! for_type {
    ($name:expr, $f:ident($($arg:expr),*)) => {{
        use proto::{analysis::v1alpha1 as analysis, mesh::v1alpha1 as mesh,
            meta::v1alpha1 as meta, networking::v1alpha3 as networking};
        match $name {
            "Gateway" => $f::<networking::Gateway>($($arg),*),
            "Server" => $f::<networking::Server>($($arg),*),
            "Port" => $f::<networking::Port>($($arg),*),
            "ServerTLSSettings" => $f::<networking::ServerTlsSettings>($($arg),*),
            "TLSCertificate" | "ServerTLSSettings_TLSCertificate" | "ServerTLSSettings.TLSCertificate" =>
                $f::<networking::server_tls_settings::TlsCertificate>($($arg),*),
            "ClientTLSSettings" => $f::<networking::ClientTlsSettings>($($arg),*),
            "Topology" => $f::<mesh::Topology>($($arg),*),
            "IstioStatus" => $f::<meta::IstioStatus>($($arg),*),
            "IstioCondition" => $f::<meta::IstioCondition>($($arg),*),
            "AnalysisMessageBase" => $f::<analysis::AnalysisMessageBase>($($arg),*),
            other => panic!("no such type: {other}"),
        }
    }};
}

fn ours<T: json::Message>(input: &[u8]) -> Verdict {
    match json::from_slice::<T>(input) {
        Ok(message) => {
            Verdict::Accepted { json: json::to_string(&message), wire: message.encode_to_vec() }
        }
        Err(_) => Verdict::Refused,
    }
}

/// Upstream's wire, read and written by prost: it leaves out empty keys and values of map entries.
fn normal_wire<T: json::Message>(wire: &[u8]) -> Vec<u8> {
    T::decode(wire).unwrap().encode_to_vec()
}

fn theirs(case: &Value, answer: &Value) -> Verdict {
    if answer["ok"] == false {
        return Verdict::Refused;
    }
    let wire = hex(answer["hex"].as_str().unwrap());
    Verdict::Accepted {
        json: answer["json"].as_str().unwrap().to_owned(),
        wire: for_type!(case["type"].as_str().unwrap_or("Gateway"), normal_wire(&wire)),
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("not base64"),
    };
    let mut bits = 0u32;
    let mut out = Vec::new();
    for (i, c) in text.bytes().filter(|c| *c != b'=').enumerate() {
        bits = bits << 6 | u32::from(digit(c));
        if i % 4 != 0 {
            out.push((bits >> (6 - 2 * (i % 4))) as u8);
        }
    }
    out
}

fn input(case: &Value) -> Vec<u8> {
    match (case["json"].as_str(), case["b64"].as_str()) {
        (Some(json), _) => json.as_bytes().to_vec(),
        (_, Some(b64)) => base64(b64),
        _ => panic!("no input in {case}"),
    }
}

fn lines(path: impl AsRef<Path>) -> Vec<Value> {
    let path = path.as_ref();
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.split('\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn json_differences(cases: &[Value]) -> BTreeMap<String, String> {
    let mut differences = BTreeMap::new();
    for case in cases {
        let input = input(case);
        let got = for_type!(case["type"].as_str().unwrap(), ours(&input));
        let want = theirs(case, &case["std"]);
        if got != want {
            let id = case["id"].as_str().unwrap().to_owned();
            let input = String::from_utf8_lossy(&input).chars().take(200).collect::<String>();
            differences.insert(
                id,
                format!("{input}\n  upstream {want:?}\n  we {got:?}\n  {}", case["std"]["err"]),
            );
        }
    }
    differences
}

fn our_yaml(input: &str) -> Verdict {
    match istio_gateway::Manifest::parse(input) {
        Ok(manifest) => Verdict::Accepted {
            json: json::to_string(manifest.spec()),
            wire: manifest.spec().encode_to_vec(),
        },
        Err(_) => Verdict::Refused,
    }
}

fn yaml_differences(cases: &[Value]) -> BTreeMap<String, String> {
    let mut differences = BTreeMap::new();
    for case in cases {
        let Some(input) = case["yaml"].as_str() else { continue };
        let (got, want) = (our_yaml(input), theirs(case, &case["want"]));
        if got != want {
            let id = case["id"].as_str().unwrap().to_owned();
            let why = istio_gateway::Manifest::parse(input).err().map(|e| e.to_string());
            differences.insert(id, format!("{} {input:?}\n  upstream {want:?}\n  we {got:?} {why:?}\n  {}", case["class"], case["want"]["err"]));
        }
    }
    differences
}

#[test]
fn yaml_is_read_as_upstream_does() {
    let file = std::env::var("ISTIO_GATEWAY_CASES").unwrap_or("tests/golden/yaml.ndjson".into());
    let cases = lines(file);
    let differences = yaml_differences(&cases);
    for d in differences.iter().take(60) { println!("{} {}", d.0, d.1); }
    println!("{} of {}", differences.len(), cases.len());
    assert!(differences.is_empty());
}

#[test]
fn json_is_read_and_written_as_upstream_does() {
    let file = std::env::var("ISTIO_GATEWAY_CASES").unwrap_or("tests/golden/json.ndjson".into());
    let cases = lines(file);
    let differences = json_differences(&cases);
    for d in differences.iter().take(60) {
        println!("{} {}", d.0, d.1);
    }
    println!("{} of {}", differences.len(), cases.len());
    assert!(differences.is_empty());
}
