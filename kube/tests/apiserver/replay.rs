//! Replays exchanges that were recorded with a real API server and upstream's definition, with each
//! definition: the codes, texts and objects are the same.

use std::{collections::HashMap, fs};

use http::Request;
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, DEFINITIONS_OF, newer},
    verdicts::{causes, foretold},
};

/// The exchanges that are not replayed, and why.
const SKIPPED: [(&str, &str); 3] = [
    ("crd-status", "no exchange"),
    ("watch-event", "no exchange; see watches.rs"),
    ("discovery-root", "it was recorded before the server served /apis"),
];

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn each_recorded_exchange_is_the_same() {
    let text = fs::read_to_string("tests/golden/apiserver.ndjson").unwrap();
    for definition in DEFINITIONS_OF {
        let plain = definition.object();
        let newer = newer(plain.clone());
        let cluster = Cluster::with(&plain).await;
        let mut is_newer = false;
        let mut renamed = Renamed::default();
        let (mut same, mut skipped, mut foretold_alike) = (0, 0, 0);
        let mut differences = Vec::new();
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            let record: Value = serde_json::from_str(line).unwrap();
            let case = record["case"].as_str().unwrap();
            if SKIPPED.iter().any(|(name, _)| *name == case) {
                skipped += 1;
                continue;
            }
            // These were recorded with a definition that has one field more.
            if case.starts_with("newer-schema") != is_newer {
                is_newer = !is_newer;
                cluster.replace_definition(if is_newer { &newer } else { &plain }).await;
            }
            let request = request(&record, &renamed);
            let is_plain_create = !is_newer && is_create(&record);
            let body = String::from_utf8(request.body().clone()).unwrap();
            let (parts, answer) = cluster.exchange(request).await.into_parts();
            renamed.learn(&record["response"], &answer);
            let warnings: Vec<_> =
                parts.headers.get_all("warning").iter().map(|w| w.to_str().unwrap()).collect();
            let warnings = if warnings.is_empty() { Value::Null } else { json!(warnings) };
            let is = json!([parts.status.as_u16(), warnings, scrubbed(&answer)]);
            let was = json!([record["code"], record["warning"], scrubbed(&record["response"])]);
            if is == was {
                same += 1;
            } else {
                differences.push(format!("{case}\n was {was}\n is  {is}"));
            }
            if is_plain_create && [201, 422].contains(&parts.status.as_u16()) {
                let asked = (parts.status.as_u16(), causes(&answer));
                assert_eq!(asked, foretold(&body), "{case}");
                foretold_alike += 1;
            }
        }
        println!(
            "{definition:?}: {same} recorded exchanges are the same, {} differ, {skipped} are no \
             exchanges; validate foretells {foretold_alike}",
            differences.len()
        );
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        assert_eq!((same, skipped), (152, 7));
        assert!(foretold_alike > 50);
    }
}

/// Whether an object is created from JSON, and only the schema and the rules can reject it.
fn is_create(record: &Value) -> bool {
    let is_json = record["contentType"] == "application/json";
    let path = record["path"].as_str().unwrap_or_default();
    let kind = match &record["request"] {
        // Recorded as it was sent, for the spelling of a number.
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null)["kind"].take(),
        object => object["kind"].clone(),
    };
    record["method"] == "POST" && is_json && path.ends_with("/gateways") && kind == "Gateway"
}

fn request(record: &Value, renamed: &Renamed) -> Request<Vec<u8>> {
    let text = |key: &str| record[key].as_str();
    let mut request = Request::builder()
        .method(text("method").unwrap())
        .uri(text("path").unwrap())
        // The default field manager is the part before the slash.
        .header("User-Agent", "Python-urllib/3");
    if let Some(content) = text("contentType") {
        request = request.header("Content-Type", content);
    }
    if record["case"] == "table" {
        request = request.header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    }
    let body = match &record["request"] {
        Value::Null => Vec::new(),
        // Recorded as a string: it is not JSON, or not only JSON.
        Value::String(text) => text.clone().into_bytes(),
        body => {
            let mut body = body.clone();
            renamed.rename(&mut body);
            body.to_string().into_bytes()
        }
    };
    request.body(body).unwrap()
}

/// The ids and versions of this run, by those that were recorded.
#[derive(Default)]
struct Renamed(HashMap<(String, String), String>);

const RENAMED: [&str; 2] = ["uid", "resourceVersion"];

impl Renamed {
    fn learn(&mut self, recorded: &Value, answer: &Value) {
        for key in RENAMED {
            let text = |object: &Value| object["metadata"][key].as_str().map(str::to_owned);
            if let (Some(was), Some(is)) = (text(recorded), text(answer)) {
                self.0.insert((key.to_owned(), was), is);
            }
        }
    }

    fn rename(&self, object: &mut Value) {
        for key in RENAMED {
            if let Some(Value::String(text)) = object.pointer_mut(&format!("/metadata/{key}"))
                && let Some(is) = self.0.get(&(key.to_owned(), text.clone()))
            {
                text.clone_from(is);
            }
        }
    }
}

/// Keys whose values differ from run to run.
const VARYING: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "time", "continue"];

/// An answer without the values that vary from run to run.
fn scrubbed(answer: &Value) -> Value {
    match answer {
        Value::Object(map) => {
            let is_generated = map.contains_key("generateName");
            let scrub = |(key, value): (&String, &Value)| {
                let varies = VARYING.contains(&key.as_str()) || is_generated && key == "name";
                let value = match value {
                    Value::String(_) if varies => json!("..."),
                    // In the order of a Go map, or of seconds that may be the same or not.
                    Value::Array(items) if key == "causes" || key == "managedFields" => {
                        let mut items: Vec<_> = items.iter().map(scrubbed).collect();
                        items.sort_by_key(ToString::to_string);
                        Value::Array(items)
                    }
                    // A name and an age.
                    Value::Array(cells) if key == "cells" => json!(cells[0]),
                    Value::String(text) if key == "message" => message(text),
                    value => scrubbed(value),
                };
                (key.clone(), value)
            };
            Value::Object(map.iter().map(scrub).collect())
        }
        // The recording server had no other custom resources.
        Value::Array(items) => {
            let is_other = |item: &&Value| {
                let name = item["name"].as_str().and_then(|name| name.split('/').next());
                item.get("singularName").is_some() && name != Some("gateways")
            };
            items.iter().filter(|item| !is_other(item)).map(scrubbed).collect()
        }
        value => value.clone(),
    }
}

/// A message's parts, sorted: several errors come in the order of a Go map. An object that it quotes
/// is left out, since that has ids, times and an order that vary.
fn message(text: &str) -> Value {
    const QUOTED: (&str, &str) = ("Invalid value: \"{", "}\": ");
    let mut text = text.to_owned();
    if let Some(start) = text.find(QUOTED.0)
        && let Some(end) = text.rfind(QUOTED.1)
    {
        text.replace_range(start + QUOTED.0.len()..end, "...");
    }
    let mut parts: Vec<_> = text.split(", ").map(|part| part.trim_matches(['[', ']'])).collect();
    parts.sort_unstable();
    json!(parts)
}
