//! The metadata accessors return what client-go's Gateway has through sigs.k8s.io/yaml.

use istio_gateway::{Manifest, Object};

#[track_caller]
fn names(metadata: &str, name: &str, namespace: &str) {
    let text =
        format!("kind: Gateway\napiVersion: networking.istio.io/v1\n{metadata}\nspec: {{}}\n");
    for object in
        [Object::from_yaml(&text).unwrap(), Manifest::from_yaml(&text).unwrap().object().clone()]
    {
        assert_eq!((object.name(), object.namespace()), (name, namespace), "{metadata}");
    }
}

#[test]
fn a_scalar_is_the_string_that_go_makes_of_it() {
    for (yaml, text) in [
        ("1e6", "1e+06"),
        ("16777217.0", "1.6777216e+07"),
        ("1e3", "1000"),
        ("1.5", "1.5"),
        ("0.1", "0.1"),
        ("-0.0", "-0"),
        ("-0", "0"),
        ("0x10", "16"),
        ("16777217", "16777217"),
        ("18446744073709551615", "18446744073709551615"),
        (".inf", "+Inf"),
        ("-.inf", "-Inf"),
        (".nan", "NaN"),
        ("yes", "true"),
        ("2026-01-31", "2026-01-31"),
    ] {
        names(&format!("metadata: {{name: {yaml}}}"), text, "");
        names(&format!("metadata: {{name: &a {yaml}, namespace: *a}}"), text, text);
    }
}

#[test]
fn keys_of_another_case_are_the_same_field() {
    names("metadata: {Name: a, NAMESPACE: b}", "a", "b");
    names("metadata: {NAME: a, name: b}", "b", "");
    names("metadata: {NAME: a, name: ~}", "a", "");
    names("Metadata: {name: a, namespace: c}\nmetadata: {name: b}", "b", "c");
    names("metadata: {name: a}\nMETADATA: ~", "a", "");
}

#[test]
fn maps_of_several_keys_are_added_up() {
    let labels = |text: &str| {
        let object = Object::from_yaml(text).unwrap();
        object.labels().into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(labels("metadata: {Labels: {a: 1e6}}"), ["a=1e+06"]);
    assert_eq!(
        labels("metadata: {LABELS: {a: b, c: d}, labels: {a: ~, 1e6: .inf}}"),
        ["1e+06=+Inf", "a=", "c=d"]
    );
    assert_eq!(labels("metadata: {LABELS: {a: b}, labels: ~}"), [""; 0]);
    assert_eq!(labels("Metadata: {labels: {a: b}}\nmetadata: {labels: {c: d}}"), ["a=b", "c=d"]);
}
