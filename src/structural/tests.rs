//! The table of fields against the `.proto` file and the table of versions.

use super::shape::{SPEC, Shape, TLS};
use crate::{
    IstioVersion, ServerTlsSettings,
    json::{Schema, internal::Fields},
    validate::features,
};

/// Every field that the custom resource has, with its path: `servers[].tls.mode`.
fn walk(shape: &Shape, path: &str, found: &mut Vec<(String, &'static str, u8)>) {
    match shape {
        Shape::Object { fields, .. } => {
            for field in *fields {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", field.name);
                walk(&field.shape, &path, found);
                found.push((path, field.snake, field.since));
            }
        }
        Shape::List { of, .. } => walk(of, &format!("{path}[]"), found),
        _ => {}
    }
}

fn walk_proto(schema: &Schema, path: &str, found: &mut Vec<(String, &'static str)>) {
    for field in schema.fields {
        let is_list = matches!(field.json, "servers" | "tlsCertificates");
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", field.json);
        if let Some(message) = field.message {
            walk_proto(message, &format!("{path}{}", if is_list { "[]" } else { "" }), found);
        }
        found.push((path, field.proto));
    }
}

#[test]
fn the_custom_resource_has_the_fields_of_the_proto() {
    let (mut ours, mut proto) = (Vec::new(), Vec::new());
    walk(&SPEC, "", &mut ours);
    walk_proto(<crate::Gateway as Fields>::SCHEMA, "", &mut proto);
    let mut names: Vec<_> = ours.iter().map(|(path, snake, _)| (path.clone(), *snake)).collect();
    // Required fields have names of one word.
    names.sort();
    proto.sort();
    assert_eq!(names, proto);
    assert_eq!(TLS.len(), <ServerTlsSettings as Fields>::SCHEMA.fields.len());
}

#[test]
fn the_table_of_versions_and_the_schema_say_the_same() {
    let mut ours = Vec::new();
    walk(&SPEC, "", &mut ours);
    for (path, _, since) in ours {
        let feature = features().iter().find(|feature| feature.name == path);
        let table = feature.map_or(0, |feature| feature.since);
        let asked = if table > IstioVersion::OLDEST.minor() { table } else { 0 };
        assert_eq!(since, asked, "{path}");
    }
}
