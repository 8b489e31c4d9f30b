//! Real manifests, which are not part of the project: nothing in them is lost or changed.
//!
//! `ISTIO_GATEWAY_CORPUS=DIR cargo test --test it -- --ignored corpus`. With
//! `ISTIO_GATEWAY_YAML=FILE` each document's YAML, as it was and as it is written again, is
//! written to FILE with its JSON, for `conformance/yamlwrite` to compare by upstream's reader.

use std::{env, fs, io::Write as _, path::PathBuf};

use istio_gateway::{
    Document, Gateway, Manifest, Object, documents, json, prost::Message as _,
    stream::split_documents,
};
use serde_json::Value;

fn files() -> Vec<PathBuf> {
    let dir = env::var("ISTIO_GATEWAY_CORPUS").expect("ISTIO_GATEWAY_CORPUS names a folder");
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|e| ["yaml", "yml", "json"].iter().any(|w| e == *w))
        })
        .collect();
    files.sort();
    files
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
#[ignore = "needs a folder of manifests: ISTIO_GATEWAY_CORPUS=DIR"]
fn corpus_goes_through_json_and_wire_and_back() {
    let mut to_judge =
        env::var("ISTIO_GATEWAY_YAML").ok().map(|path| fs::File::create(path).unwrap());
    let (mut count, mut gateways, files) = (0, 0, files());
    assert!(!files.is_empty(), "no manifests");
    for file in &files {
        let name = file.display();
        let text = fs::read_to_string(file).unwrap();
        let texts = split_documents(&text).map(Result::unwrap);
        for (document, text) in documents(&text).zip(texts).filter(|(_, text)| !text.is_blank()) {
            let document = match document {
                // A placeholder instead of a number: not a Gateway yet, and kept anyway.
                Err(e) if e.to_string().contains("\"$") => {
                    Document::Other(Box::new(Object::of_stream(&text).unwrap()))
                }
                document => document.unwrap_or_else(|e| panic!("{name}:{e}")),
            };
            let as_json = document.to_json();
            let as_yaml = Object::from_json(&as_json).unwrap().to_yaml();
            let again =
                Object::from_yaml(&as_yaml).unwrap_or_else(|e| panic!("{name}: {e}\n{as_yaml}"));
            assert_eq!(value(&again.to_json()), value(&as_json), "{name}");
            // A file of JSON is written as YAML.
            if !name.to_string().ends_with(".json") {
                assert_eq!(
                    document.to_yaml(),
                    document.object().text(),
                    "{name}: unchanged YAML is left as it is"
                );
            }
            count += 1;
            if let Document::Gateway(a) = &document {
                assert_eq!(*a.spec(), Manifest::from_yaml(&as_yaml).unwrap().into_spec(), "{name}");
                let from_json = documents(&as_json).next().unwrap().unwrap();
                let Document::Gateway(from_json) = from_json else { panic!("{name}") };
                assert_eq!(a.spec(), from_json.spec(), "{name}");
                let wire = a.spec().encode_to_vec();
                assert_eq!(Gateway::decode(&*wire).unwrap(), *a.spec(), "{name}");
                let dialect = json::to_string(a.spec());
                assert_eq!(json::from_str::<Gateway>(&dialect).unwrap(), *a.spec(), "{name}");
                gateways += 1;
            }
            if let Some(out) = &mut to_judge {
                for yaml in [document.object().text(), &as_yaml] {
                    let line = serde_json::json!({"yaml": yaml, "json": as_json});
                    writeln!(out, "{line}").unwrap();
                }
            }
        }
    }
    println!("{} files, {count} documents, {gateways} gateways", files.len());
}
