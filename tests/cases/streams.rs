//! Streams, compared with apimachinery's `YAMLOrJSONDecoder` by `conformance/stream`.

use std::{env, fs};

use istio_gateway::stream::split_documents;
use serde_json::Value;

use crate::base64;

#[test]
fn streams_are_read_as_by_kubectl() {
    let (count, _) = compare(&fs::read_to_string("tests/golden/streams.ndjson").unwrap());
    assert!(count > 1000, "{count}");
}

#[test]
#[ignore = "needs streams of conformance/stream: ISTIO_GATEWAY_STREAMS=FILE"]
fn random_streams() {
    let file = env::var("ISTIO_GATEWAY_STREAMS").expect("ISTIO_GATEWAY_STREAMS names a file");
    let (count, documents) = compare(&fs::read_to_string(file).unwrap());
    println!("{count} streams with {documents} documents, 0 differences");
}

/// How many streams and documents are equal. Further errors after the first are not compared, since
/// kubectl stops there.
fn compare(cases: &str) -> (usize, usize) {
    let (mut streams, mut documents, mut different) = (0, 0, 0);
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = base64(case["b64"].as_str().unwrap());
        let want = case["documents"].as_array().unwrap().iter().cloned().map(normal).collect();
        let want: (Vec<_>, _) = (want, case.get("err").is_some());
        let got = read(&text);
        streams += 1;
        documents += want.0.len();
        if got != want {
            different += 1;
            if different <= 20 {
                let text = String::from_utf8_lossy(&text);
                let text: String = text.chars().take(2000).collect();
                println!(
                    "{}: {text:?}\n  here  {got:?}\n  there {want:?} {}",
                    case["id"], case["err"]
                );
            }
        }
    }
    assert_eq!(different, 0, "of {streams} streams");
    (streams, documents)
}

/// The documents before the first error, and whether there is one.
fn read(stream: &[u8]) -> (Vec<Value>, bool) {
    let mut documents = Vec::new();
    for document in split_documents(stream) {
        let json = document.and_then(|document| document.to_json().0);
        let Ok(json) = json else { return (documents, true) };
        documents.push(normal(serde_json::from_str(&json).unwrap()));
    }
    (documents, false)
}

/// A value whose numbers do not depend on their notation.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, normal(value))).collect(),
        value => value,
    }
}
