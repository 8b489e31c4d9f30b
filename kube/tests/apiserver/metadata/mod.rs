//! The server's answers about `metadata`, compared with those recorded in
//! `tests/golden/metadata.ndjson` and, for random objects, with `validate`.
//!
//! `ISTIO_GATEWAY_UPDATE=1` rewrites the file.

// The library's own test compares the same answers with the file, without a server.
#[path = "../../../../tests/cases/metadata.rs"]
pub(crate) mod answers;
mod cases;
mod random;

use std::{collections::BTreeMap, env, fs};

use http::Request;
use serde_json::{Value, json};

use self::answers::{Answer, expanded, foretold, recorded};
use crate::{
    cluster::{Cluster, DEFINITIONS_OF, Definition},
    verdicts::causes,
};

const GOLDEN: &str = "../tests/golden/metadata.ndjson";

async fn ask(cluster: &Cluster, object: &str) -> Answer {
    let parsed: Value = serde_json::from_str(object).unwrap();
    let version = parsed["apiVersion"].as_str().unwrap();
    // A client sends the request to the object's namespace, or to its own.
    let namespace = parsed["metadata"]["namespace"].as_str().filter(|text| !text.is_empty());
    let namespace: String = namespace
        .unwrap_or("infra")
        .bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    let request =
        Request::post(format!("/apis/{version}/namespaces/{namespace}/gateways?dryRun=All"))
            .header("Content-Type", "application/json")
            .body(object.as_bytes().to_vec())
            .unwrap();
    let (parts, answer) = cluster.exchange(request).await.into_parts();
    let code = parts.status.as_u16();
    let mut messages = match code {
        201 => Vec::new(),
        422 => causes(&answer),
        _ => vec![answer["message"].as_str().unwrap_or_default().to_owned()],
    };
    // The five random characters of a generated name.
    let is_generated = parsed["metadata"]["name"].as_str().is_none_or(str::is_empty);
    const NAME: &str = "metadata.name: Invalid value: \"";
    for message in messages.iter_mut().filter(|text| is_generated && text.starts_with(NAME)) {
        let end = message.find("\": ").unwrap();
        message.replace_range(end - 5..end, "xxxxx");
    }
    messages.sort();
    let mut warnings = Vec::new();
    if code == 201 {
        for header in parts.headers.get_all("warning") {
            let text = String::from_utf8_lossy(header.as_bytes());
            let text = text.trim_start_matches("299 - ");
            warnings.push(serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()));
        }
        // Another test covers warnings about dropped fields.
        warnings.retain(|text: &String| !text.starts_with("unknown field"));
        warnings.sort();
    }
    Answer { code, messages, warnings }
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn each_answer_about_metadata_is_the_recorded_one() {
    if env::var_os("ISTIO_GATEWAY_UPDATE").is_some() {
        let cluster = Cluster::with(&Definition::Upstream.object()).await;
        let mut golden = String::new();
        for (id, object) in cases::directed() {
            let Answer { code, messages, warnings } = ask(&cluster, &expanded(&object)).await;
            let mut case = json!({"id": id, "object": object, "code": code});
            for (key, texts) in [("messages", messages), ("warnings", warnings)] {
                if !texts.is_empty() {
                    case[key] = json!(texts);
                }
            }
            golden.push_str(&format!("{case}\n"));
        }
        fs::write(GOLDEN, golden).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap();
    for definition in DEFINITIONS_OF {
        let cluster = Cluster::with(&definition.object()).await;
        let (mut counts, mut wrong) = (BTreeMap::<u16, usize>::new(), Vec::new());
        for line in golden.split('\n').filter(|line| !line.is_empty()) {
            let case: Value = serde_json::from_str(line).unwrap();
            let was = recorded(&case);
            let is = ask(&cluster, &expanded(case["object"].as_str().unwrap())).await;
            *counts.entry(is.code).or_default() += 1;
            if was != is {
                wrong.push(format!("{}\n  was {was:?}\n  is  {is:?}", case["id"]));
            }
        }
        println!(
            "{definition:?}: recorded answers about metadata, asked again, by code: {counts:?}"
        );
        assert!(counts.values().sum::<usize>() >= 500);
        assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn validate_predicts_the_server_for_random_metadata() {
    // For manual runs with more or other cases.
    let number = |name, default| env::var(name).map_or(default, |text| text.parse().unwrap());
    let count = number("ISTIO_GATEWAY_COUNT", 500);
    let mut random = random::Random::new(number("ISTIO_GATEWAY_SEED", 20_261_124));
    let cluster = Cluster::with(&Definition::Upstream.object()).await;
    let (mut counts, mut wrong) = (BTreeMap::<u16, usize>::new(), Vec::new());
    for _ in 0..count {
        let object = random.object();
        let (server, ours) = (ask(&cluster, &object).await, foretold(&object));
        *counts.entry(server.code).or_default() += 1;
        if server != ours {
            wrong.push(format!("{object}\n  server {server:?}\n  ours   {ours:?}"));
        }
    }
    println!("random metadata, each as validate says, by code: {counts:?}");
    let shown: Vec<_> = wrong.iter().take(20).cloned().collect();
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), shown.join("\n"));
    assert!([201, 400, 422].iter().all(|code| counts.get(code).is_some_and(|n| *n >= 50)));
}
