//! What kubectl applies of objects with `items`: `conformance/lists`.

use istio_gateway::{Document, Error, Manifest, documents};
use serde_json::Value;

/// The objects of a document, without those that no client can apply, and what is wrong.
fn read(yaml: &str) -> (Vec<[String; 3]>, Vec<Error>) {
    let (mut objects, mut errors) = (Vec::new(), Vec::new());
    for document in documents(yaml) {
        let items = match document {
            Ok(Document::Other(object)) if object.is_list() => object.items().collect(),
            document => vec![document],
        };
        for item in items {
            match item {
                Ok(item) => {
                    let object = item.object();
                    let texts = [object.api_version(), object.kind(), object.name()];
                    objects.push(texts.map(str::to_owned));
                }
                Err(error) => errors.push(error),
            }
        }
    }
    (objects, errors)
}

/// Differences, on purpose: a Gateway that kubectl drops silently is an error here; a null among the items, of
/// which kubectl makes an object without a name, is one; and where one item makes kubectl reject the whole
/// document, the other items are read.
#[test]
fn lists_are_read_as_by_kubectl() {
    let text = std::fs::read_to_string("tests/golden/lists.ndjson").unwrap();
    let (mut count, mut differing) = (0, Vec::new());
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let yaml = case["yaml"].as_str().unwrap();
        let theirs: Vec<[String; 3]> = serde_json::from_value(case["objects"].clone()).unwrap();
        let (ours, errors) = read(yaml);
        // The API server has no such API, and wants a name: validation reports both.
        let is_valid =
            |[api_version, _, name]: &[String; 3]| !api_version.is_empty() && !name.is_empty();
        let (theirs, unnamed): (Vec<_>, Vec<_>) = theirs.into_iter().partition(is_valid);
        let (ours, untyped): (Vec<_>, Vec<_>) = ours.into_iter().partition(is_valid);
        let is_error = case["err"].is_string() || !unnamed.is_empty();
        let lost = |error: &&Error| error.to_string().contains("silently drops");
        let lost = errors.iter().filter(lost).count();
        let is_rejected = errors.len() > lost || !untyped.is_empty();
        let is_lost = yaml.contains("kind: Gateway\n") && case["err"].is_null();
        let is_whole = case["err"].is_string() && theirs.is_empty();
        count += 1;
        if is_rejected != is_error || ours != theirs && !is_whole || is_lost && lost == 0 {
            differing.push(format!("{yaml}kubectl: {case}\nours: {ours:?} {errors:?}"));
        }
    }
    println!("{count} compared, {} differ", differing.len());
    assert!(count > 200 && differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn a_gateway_with_items_is_no_manifest() {
    let error = Manifest::from_yaml("kind: Gateway\nspec: {}\nitems: []\n").unwrap_err();
    assert!(error.to_string().contains("silently drops the Gateway"), "{error}");
}
