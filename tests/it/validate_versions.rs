//! The fields and values of each release's CRD, from the modules of istio.io/api.

use std::{collections::BTreeSet, fs};

use istio_gateway::{
    IstioVersion, Object,
    validate::{Options, Verdict, features, validate},
};
use serde_json::{Map, Value, json};

/// A document with every field of the list, each with an object or a string.
fn document(fields: &BTreeSet<&str>) -> Value {
    fn put(node: &mut Value, path: &str) {
        let (step, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
        let (key, is_list) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        let map = node.as_object_mut().unwrap();
        let value = map.entry(key).or_insert_with(|| json!("text"));
        let Some(rest) = rest else { return };
        if is_list {
            if !value.is_array() {
                *value = json!([{}]);
            }
            put(&mut value[0], rest);
        } else {
            if !value.is_object() {
                *value = Value::Object(Map::new());
            }
            put(value, rest);
        }
    }
    let mut spec = json!({});
    for field in fields {
        put(&mut spec, field);
    }
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "a"},
        "spec": spec,
    })
}

#[test]
fn each_release_knows_the_fields_that_its_module_has() {
    let text = fs::read_to_string("tests/golden/versions.json").unwrap();
    let modules: Vec<Value> = serde_json::from_str(&text).unwrap();
    let fields = |module: &Value| -> BTreeSet<String> {
        module["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f.as_str().unwrap().to_owned())
            .collect()
    };
    let all: BTreeSet<String> = modules.iter().flat_map(fields).collect();
    let all: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    let object = Object::from_json(document(&all).to_string()).unwrap();
    for module in &modules {
        let module_name = module["module"].as_str().unwrap();
        let version: IstioVersion = module_name.rsplit_once("@v").unwrap().1.parse().unwrap();
        let report = validate(&object, &Options::istio(version));
        let dropped: BTreeSet<String> =
            report.pruned.iter().map(|path| path.to_string().replace("[0]", "[]")).collect();
        let known = fields(module);
        // Nothing within a dropped field is reported.
        let want: BTreeSet<String> = all
            .iter()
            .filter(|field| !known.contains(**field) && !field.contains("tlsCertificates[]"))
            .map(|field| format!("spec.{field}"))
            .collect();
        assert_eq!(dropped, want, "{version}");
        for feature in features().iter().filter(|feature| all.contains(feature.name)) {
            let is_known = feature.since <= version.minor();
            assert_eq!(known.contains(feature.name), is_known, "{} in {version}", feature.name);
        }
        let serves_v1 = module["served"].as_array().unwrap().contains(&json!("v1"));
        let refused = report.findings.iter().any(|found| found.rule == "schema/api-version");
        assert_eq!(serves_v1, !refused, "{version}");
        assert_ne!(report.verdict(), Verdict::Accepted, "texts where lists are wanted");
        let since = |name: &str| features().iter().find(|f| f.name == name).unwrap().since;
        let has_rules = !module["rules"].as_array().unwrap().is_empty();
        assert_eq!(has_rules, since("CEL rules") <= version.minor(), "{version}");
        let has_bounds = module["bounds"].as_bool().unwrap();
        assert_eq!(has_bounds, since("numbers within 0..4294967295") <= version.minor());
    }
}
