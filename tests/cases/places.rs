//! Lists of fields that no compiler looks at.

use std::fs;

use serde_json::Value;

/// Random tests never draw a field that their words and lists do not have.
#[test]
fn every_tls_field_is_in_the_lists_of_the_random_tests() {
    let text = fs::read_to_string("tests/golden/descriptor.json").unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let items = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let files = items(&golden, "files");
    let mut messages = files.iter().flat_map(|file| items(file, "messages"));
    let settings = "istio.networking.v1alpha3.ServerTLSSettings";
    let settings = messages.find(|message| message["name"] == settings).unwrap();
    let fields = items(&settings, "fields");
    assert!(fields.len() >= 19);
    let mut missing = Vec::new();
    for (file, key) in [
        ("fuzz/words.dict", "json_name"),
        ("conformance/webhook/random.go", "json_name"),
        ("benches/src/derived.rs", "name"),
    ] {
        let text = fs::read_to_string(file).unwrap();
        for field in &fields {
            let name = field[key].as_str().unwrap();
            let is_there = match key {
                "name" => text.contains(&format!("pub {name}: ")),
                _ => text.contains(&format!("\"{name}\"")),
            };
            if !is_there {
                missing.push(format!("{file}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
