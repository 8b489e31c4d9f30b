//! The CRD, compared with upstream's.

use std::{collections::BTreeMap, fs};

use istio_gateway::{IstioVersion, crd};
use serde_json::Value;

#[test]
fn it_equals_upstream_except_for_descriptions() {
    let text = fs::read_to_string("tests/golden/crd.ndjson").unwrap();
    let mut modules = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let module = line["module"].as_str().unwrap().to_owned();
        let version = module.rsplit_once("@v").unwrap().1.parse().unwrap();
        assert_eq!(crd(version), line["crd"], "{module}");
        modules.insert(module, version);
    }
    assert_eq!(modules.len(), 4);
    assert!(modules.values().any(|version| *version == IstioVersion::default()));
}
