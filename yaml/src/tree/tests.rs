//! What a tree holds. `conformance/yamlwrite` compares the JSON texts below with those of sigs.k8s.io/yaml.

use std::{collections::BTreeMap, io::Write as _};

use serde::Deserialize;

use crate::{
    Deserializer, Edit, Entries, Error, Items, Kind, PatchError, Position, Ref, Tree, from_str,
    write_yaml,
};

/// Compares, and appends the case to the file in the environment's `KUBERNETES_YAML_VALUES`, if there is one, for
/// `conformance/yamlwrite`.
#[track_caller]
fn reads(yaml: &str, json: &str) {
    if let Some(path) = std::env::var_os("KUBERNETES_YAML_VALUES") {
        let line = format!("{}\n", serde_json::json!({"yaml": yaml, "json": json}));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
    assert_eq!(Tree::from_yaml(yaml).unwrap().root().to_json(), json, "{yaml}");
}

#[test]
fn scalars_have_the_types_of_yaml_1_1() {
    reads("[yes, No, ON, off, y, n, true, FALSE]", "[true,false,true,false,true,false,true,false]");
    reads("[~, null, NULL, '', ]", r#"[null,null,null,""]"#);
    reads("[0673, 0o673, 0x1BB, 0b11, 1_000, +1, -0]", "[443,443,443,3,1000,1,0]");
    reads("[1e3, 1.50, .5, 1e21, -1e-7]", "[1000,1.5,0.5,1e+21,-1e-7]");
    reads("[12:30, 2001-02-03, 1e, 08, 0b2, 0x]", r#"["12:30","2001-02-03","1e",8,"0b2","0x"]"#);
    reads("[!!str yes, !!int '1', !!float 1, !!binary aGk=, ! 1]", r#"["yes",1,1,"hi","1"]"#);
}

#[test]
fn a_document_of_one_string_is_written_and_read() {
    for text in ["x\ny\n", "x\ny", " x\ny\n", "\nx\n", "x\n\n", "- a\n- b\n", "--- a\n# b\n"] {
        let json = serde_json::to_string(text).unwrap();
        let tree = Tree::from_checked_json(&json).unwrap();
        let mut written = String::new();
        write_yaml(&Edit::Kept(tree.root()), &mut written);
        reads(&written, &json);
    }
}

#[test]
fn keys_become_strings() {
    reads(
        "{1: a, yes: b, 1.5: c, 1e6: d, 0x10: e}",
        r#"{"1":"a","true":"b","1.5":"c","1e+06":"d","16":"e"}"#,
    );
}

#[test]
fn of_equal_keys_the_last_counts() {
    reads("a: 1\nb: 2\na: 3\n", r#"{"b":2,"a":3}"#);
}

#[test]
fn merge_keys_merge_where_they_are() {
    reads("a: &a {x: 1, z: 2}\nb: {<<: *a, x: 3}\n", r#"{"a":{"x":1,"z":2},"b":{"z":2,"x":3}}"#);
    reads("a: &a {x: 1}\nb: {x: 3, <<: *a}\n", r#"{"a":{"x":1},"b":{"x":1}}"#);
    reads(
        "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n",
        r#"{"a":{"x":1},"b":{"x":2,"z":3},"c":{"z":3,"x":1}}"#,
    );
}

#[test]
fn only_the_first_document_is_read() {
    reads("a: 1\n---\n'", r#"{"a":1}"#);
    reads("# c\n---\n---\n", "null");
    reads("", "null");
}

#[test]
fn aliases_have_the_values_of_their_anchors() {
    reads("- &a [1]\n- *a\n- &b x\n- *b\n", r#"[[1],[1],"x","x"]"#);
    let tree = Tree::from_yaml("a: &a [1]\nb: *a\n").unwrap();
    let (a, b) = (tree.root().get("a").unwrap(), tree.root().get("b").unwrap());
    assert!(b.is_alias() && !a.is_alias() && b.target().is_same(a) && !b.is_same(a));
    assert_eq!((a.source(), b.source()), ("[1]", "*a"));
}

#[test]
fn errors_have_positions() {
    for (yaml, message) in [
        ("a: [1\n", "1:4: unclosed bracket '['"),
        ("a: *b\n", "1:4: unknown anchor \"b\" referenced"),
        ("a: &a [*a]\n", "1:8: anchor \"a\" value contains itself"),
        ("{[a]: 1}\n", "1:2: invalid map key"),
        ("a: .nan\n", "1:4: json: unsupported value"),
        ("%YAML 1.2\n---\n", "1:1: found incompatible YAML document"),
    ] {
        assert_eq!(Tree::from_yaml(yaml).unwrap_err().to_string(), message, "{yaml}");
    }
}

#[test]
fn aliases_that_expand_to_too_much_are_a_limit() {
    let mut yaml = "a: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for i in 0..10 {
        let alias = format!("*x{i}, ").repeat(10);
        yaml.push_str(&format!("a{i}: &x{} [{alias}]\n", i + 1));
    }
    let error = Tree::from_yaml(&yaml).unwrap_err();
    assert!(
        error.is_limit() && error.message() == "document contains excessive aliasing",
        "{error}"
    );
}

#[test]
fn depth_is_no_recursion() {
    let yaml = format!("{}{}", "[".repeat(9_999), "]".repeat(9_999));
    let tree = Tree::from_yaml(&yaml).unwrap();
    assert_eq!(tree.root().to_json(), yaml);
    let mut written = String::new();
    crate::write_yaml(&Edit::Kept(tree.root()), &mut written);
    assert_eq!(Tree::from_yaml(&written).unwrap().root().to_json(), yaml);
    assert!(serde_json::to_string(&tree.root()).is_err());
}

#[test]
fn public_types_can_be_shared_between_threads() {
    fn check<T: Send + Sync + std::fmt::Debug>() {}
    check::<Tree<'_>>();
    check::<Ref<'_, '_>>();
    check::<Items<'_, '_>>();
    check::<Entries<'_, '_>>();
    check::<Edit<'_>>();
    check::<Kind<'_>>();
    check::<Error>();
    check::<PatchError>();
    check::<Position>();
    fn debug<T: std::fmt::Debug>() {}
    debug::<Deserializer<'_, '_, '_>>();
}

#[derive(Debug, PartialEq, Deserialize)]
enum Variant {
    Unit,
    Newtype(u8),
    Tuple(u8, u8),
    Struct { a: u8 },
}

#[test]
fn types_are_read_with_serde() {
    let read: Vec<Variant> =
        from_str("[Unit, {Newtype: 1}, {Tuple: [1, 2]}, {Struct: {a: 1}}]").unwrap();
    let want = [Variant::Unit, Variant::Newtype(1), Variant::Tuple(1, 2), Variant::Struct { a: 1 }];
    assert_eq!(read, want);
    for yaml in ["[None]", "[1]", "[{Unit: 1, Newtype: 2}]", "[{Newtype: x}]", "[[]]"] {
        let error = from_str::<Vec<Variant>>(yaml).unwrap_err();
        assert!(error.position().is_some(), "{yaml}: {error}");
    }
    let read: BTreeMap<String, Option<f32>> = from_str("a: 1\na: ~\nb: 0.5\n").unwrap();
    assert_eq!(read, BTreeMap::from([("a".to_owned(), None), ("b".to_owned(), Some(0.5))]));
}
