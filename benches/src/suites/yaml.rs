//! YAML against other readers and Go.

use istio_gateway::{Document, Manifest, documents as read_documents};
use serde::Deserialize;

use super::{leak, servers};
use crate::{
    derived,
    documents::{gateway, manifest, stream},
    runner::{Column, Operation, Suite, Target},
};

const PARSE: &str = "Manifest::from_yaml";
const DOCUMENTS: &str = "documents";
const SAPHYR: &str = "serde-derived structs, serde-saphyr 2";
/// libyaml, translated from C to Rust.
const YAML_NG: &str = "serde-derived structs, serde_yaml_ng 0.10";
const NORWAY: &str = "serde-derived structs, serde_norway 0.9";
const GO_YAML: &str = "Go sigs.k8s.io/yaml, client-go";

pub fn yaml(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(manifest("edge", n));
        // Its limits are made for smaller documents.
        let options = serde_saphyr::options! { budget: None };
        let derived: derived::Object = serde_saphyr::from_str_with_options(text, options).unwrap();
        let ours = Manifest::from_yaml_strict(text).unwrap();
        assert_eq!(derived.spec.servers.len(), n);
        assert_eq!(*ours.spec(), gateway(n));
        let operations = vec![
            Operation::new(PARSE, || Manifest::from_yaml(text).unwrap()),
            Operation::new(SAPHYR, || {
                let options = serde_saphyr::options! { budget: None };
                serde_saphyr::from_str_with_options::<derived::Object>(text, options).unwrap()
            }),
            Operation::new(YAML_NG, || serde_yaml_ng::from_str::<derived::Object>(text).unwrap()),
            Operation::new(NORWAY, || serde_norway::from_str::<derived::Object>(text).unwrap()),
            Operation::go(GO_YAML, "yaml_decode"),
        ];
        let name = format!("{} ({} KB)", servers(n), (text.len() + 500) / 1000);
        Column { name, servers: n, file: (format!("manifest-{n}.yaml"), text), operations }
    };
    Suite {
        name: "yaml",
        title: "YAML, one document",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: PARSE,
        targets: yaml_targets(PARSE, 5.0, "5 times as fast as Go"),
    }
}

fn yaml_targets(faster: &'static str, go: f64, text: &'static str) -> Vec<Target> {
    let target = |slower, at_least, text| Target { from: 0, text, slower, faster, at_least };
    vec![
        target(GO_YAML, go, text),
        target(SAPHYR, 2.0, "twice as fast as serde-saphyr"),
        target(YAML_NG, 1.0, "level with libyaml, translated"),
        target(NORWAY, 1.0, "level with libyaml, translated"),
    ]
}

pub fn yaml_stream(_: &[usize]) -> Suite {
    let n = 10_000;
    let text = leak(stream(n));
    let ours = || read_documents(text).filter(|d| matches!(d, Ok(Document::Gateway(_)))).count();
    assert_eq!(ours(), n);
    let operations = vec![
        Operation::new(DOCUMENTS, ours),
        Operation::new(SAPHYR, move || {
            // Its limits are made for one document.
            let options = serde_saphyr::options! { budget: None };
            let all: Vec<derived::Object> =
                serde_saphyr::from_multiple_with_options(text, options).unwrap();
            assert_eq!(all.len(), n);
        }),
        Operation::new(YAML_NG, move || {
            let all = serde_yaml_ng::Deserializer::from_str(text);
            assert_eq!(all.filter_map(|d| derived::Object::deserialize(d).ok()).count(), n);
        }),
        Operation::new(NORWAY, move || {
            let all = serde_norway::Deserializer::from_str(text);
            assert_eq!(all.filter_map(|d| derived::Object::deserialize(d).ok()).count(), n);
        }),
        Operation::go(GO_YAML, "yaml_stream_decode"),
    ];
    let name = format!("10,000 documents ({:.1} MB)", text.len() as f64 / 1e6);
    Suite {
        name: "yaml-stream",
        title: "YAML, a stream",
        columns: vec![Column { name, servers: n, file: ("stream.yaml".into(), text), operations }],
        baseline: DOCUMENTS,
        targets: yaml_targets(DOCUMENTS, 4.0, "4 times as fast as Go"),
    }
}
