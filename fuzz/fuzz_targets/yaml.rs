//! Text as YAML: a manifest or a stream; what is read is written with the same data.

#![no_main]

use fuzz::same_data;
use istio_gateway::{Document, Lossless, Manifest, documents};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    if let Ok(manifest) = Manifest::from_yaml(text) {
        check(manifest);
    }
    for document in documents(text).take(50) {
        match document {
            Ok(Document::Gateway(manifest)) => check(*manifest),
            Ok(other) => {
                let json = other.to_json();
                let object = other.object();
                let _ = (object.labels(), object.annotations(), object.items().take(50).count());
                again(&json, &other.to_yaml());
            }
            Err(error) => drop(error.to_string()),
        }
    }
    let _ = Lossless::<istio_gateway::Server>::from_yaml(text).map(|server| {
        let (json, yaml) = (server.to_json(), server.to_yaml());
        assert_eq!(*Lossless::<istio_gateway::Server>::from_json(json).unwrap(), *server);
        assert_eq!(
            *Lossless::<istio_gateway::Server>::from_yaml(&yaml).unwrap(),
            *server,
            "{yaml}"
        );
    });
});

fn check(mut manifest: Manifest) {
    let json = manifest.to_json();
    let read = Manifest::from_yaml(&manifest.to_yaml()).expect("it is the text itself");
    assert_eq!(read.spec(), manifest.spec());
    let read = Manifest::from_json(&json);
    // Go's YAML reader converts a number in the metadata to a string. JSON keeps the number, which
    // Go rejects.
    let Ok(read) = read else { return };
    assert_eq!(read.spec(), manifest.spec(), "{json}");
    assert_eq!(read.status(), manifest.status());
    again(&json, &read.to_yaml());

    // After a change, the writer writes the whole document.
    let mut servers = manifest.spec().servers.clone();
    servers.push(istio_gateway::Server { name: "new".into(), ..Default::default() });
    manifest.spec_mut().servers = servers.clone();
    let yaml = manifest.to_yaml();
    let read = Manifest::from_yaml(&yaml).expect("it was written here");
    assert_eq!(read.spec().servers, servers, "{yaml}");
    assert_eq!(read.spec(), manifest.spec(), "{yaml}");
}

/// The written YAML and JSON have the same data.
fn again(json: &str, yaml: &str) {
    let object = documents(yaml).next();
    let read = match &object {
        Some(document) => document.as_ref().expect("it was written here").to_json(),
        None => "null".to_owned(),
    };
    // Beyond 128 levels, serde_json rejects both.
    if let (Ok(a), Ok(b)) = (serde_json::from_str(json), serde_json::from_str(&read)) {
        assert!(same_data(&a, &b), "{yaml}\n{json}\n{read}");
        let _: Value = a;
    }
}
