//! The YAML crate by itself: reading into a value, a tree, a change of one value, writing.

use kubernetes_yaml::{Edit, Step, Tree, patch, write_yaml};
use serde_json::Value;

use super::{leak, servers};
use crate::{
    documents::manifest,
    runner::{Column, Operation, Suite, Target},
};

const READ: &str = "from_str";
const TREE: &str = "Tree::from_yaml";
const CHANGE: &str = "Tree::from_yaml, patch of one value";
const WRITE: &str = "write_yaml";
const SAPHYR: &str = "serde-saphyr 2, from_str";
/// libyaml, translated from C to Rust.
const YAML_NG: &str = "serde_yaml_ng 0.10, from_str";
const NORWAY: &str = "serde_norway 0.9, from_str";
const NG_WRITE: &str = "serde_yaml_ng 0.10, to_string";

/// Each reads into a `serde_json::Value`.
pub fn kubernetes_yaml(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(manifest("edge", n));
        let value: &'static Value = Box::leak(Box::new(kubernetes_yaml::from_str(text).unwrap()));
        let tree: &'static Tree<'_> = Box::leak(Box::new(Tree::from_yaml(text).unwrap()));
        assert_eq!(changed(text).matches("edge-2").count(), 1);
        assert_eq!(saphyr(text), *value);
        assert_eq!(serde_yaml_ng::from_str::<Value>(text).unwrap(), *value);
        let operations = vec![
            Operation::new(READ, || kubernetes_yaml::from_str::<Value>(text).unwrap()),
            Operation::new(SAPHYR, || saphyr(text)),
            Operation::new(YAML_NG, || serde_yaml_ng::from_str::<Value>(text).unwrap()),
            Operation::new(NORWAY, || serde_norway::from_str::<Value>(text).unwrap()),
            Operation::new(TREE, || Tree::from_yaml(text).unwrap()),
            Operation::new(CHANGE, || changed(text)),
            Operation::new(WRITE, || {
                let mut written = String::new();
                write_yaml(&Edit::Kept(tree.root()), &mut written);
                written
            }),
            Operation::new(NG_WRITE, || serde_yaml_ng::to_string(value).unwrap()),
        ];
        let name = format!("{} ({} KB)", servers(n), (text.len() + 500) / 1000);
        Column { name, servers: n, file: (format!("manifest-{n}.yaml"), text), operations }
    };
    let target =
        |slower, faster, at_least, text| Target { from: 0, text, slower, faster, at_least };
    Suite {
        name: "kubernetes-yaml",
        title: "The YAML crate, one document",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: READ,
        targets: vec![
            target(SAPHYR, READ, 1.5, "1.5 times as fast as serde-saphyr"),
            target(YAML_NG, READ, 1.0, "level with libyaml, translated"),
            target(NORWAY, READ, 1.0, "level with libyaml, translated"),
            target(NG_WRITE, WRITE, 1.0, "level with serde_yaml_ng's writer"),
        ],
    }
}

fn saphyr(text: &str) -> Value {
    // Its limits are made for smaller documents.
    let options = serde_saphyr::options! { budget: None };
    serde_saphyr::from_str_with_options(text, options).unwrap()
}

fn changed(text: &str) -> String {
    let tree = Tree::from_yaml(text).unwrap();
    let value = Tree::from_checked_json("\"edge-2\"").unwrap();
    let path = [Step::Key("metadata"), Step::Key("name")];
    let edit = Edit::set(tree.root(), &path, value.root()).unwrap();
    patch(text, &edit).unwrap()
}
