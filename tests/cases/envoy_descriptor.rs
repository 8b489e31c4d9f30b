//! The subset of Envoy's messages, compared with all of them.

use std::fs;

use istio_gateway::proto::envoy::FILE_DESCRIPTOR_SET;
use prost_reflect::{Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind};
use serde_json::{Value, json};

fn golden() -> Value {
    let text = fs::read_to_string("tests/golden/envoy_descriptor.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

fn facts(field: &FieldDescriptor) -> Value {
    let (kind, type_name) = match field.kind() {
        Kind::Message(message) => ("message".to_owned(), Some(message.full_name().to_owned())),
        Kind::Enum(r#enum) => ("enum".to_owned(), Some(r#enum.full_name().to_owned())),
        scalar => (format!("{scalar:?}"), None),
    };
    let mut facts = json!({
        "name": field.name(),
        "number": field.number(),
        "json_name": field.json_name(),
        "type": kind,
        "label": match field.cardinality() {
            Cardinality::Optional => "optional",
            Cardinality::Required => "required",
            Cardinality::Repeated => "repeated",
        },
    });
    if let Some(name) = type_name {
        facts["type_name"] = name.into();
    }
    if let Some(oneof) = field.containing_oneof() {
        facts["oneof"] = oneof.name().into();
    }
    let options = field.field_descriptor_proto().options.as_ref();
    if options.is_some_and(|options| options.deprecated == Some(true)) {
        facts["deprecated"] = true.into();
    }
    facts
}

fn values(r#enum: &EnumDescriptor) -> Value {
    r#enum.values().map(|v| json!({"name": v.name(), "number": v.number()})).collect()
}

#[test]
fn every_field_is_envoy_s() {
    let (golden, pool) = (golden(), DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap());
    assert_eq!(golden["source"]["github.com/envoyproxy/go-control-plane/envoy"], "v1.40.0");
    let (mut fields, mut messages, mut wrong) = (0, 0, Vec::new());
    let is_envoy_s = |name: &str| name.starts_with("envoy.");
    for message in pool.all_messages().filter(|m| is_envoy_s(m.full_name())) {
        messages += 1;
        let upstream = golden["messages"][message.full_name()].as_array();
        let upstream = upstream.unwrap_or_else(|| panic!("{} is not Envoy's", message.full_name()));
        for field in message.fields() {
            fields += 1;
            if !upstream.contains(&facts(&field)) {
                wrong.push(format!("{}: {}", field.full_name(), facts(&field)));
            }
        }
    }
    let mut enums = 0;
    for r#enum in pool.all_enums().filter(|e| is_envoy_s(e.full_name())) {
        enums += 1;
        if golden["enums"][r#enum.full_name()] != values(&r#enum) {
            wrong.push(r#enum.full_name().to_owned());
        }
    }
    println!("{fields} fields of {messages} messages and {enums} enums are Envoy's");
    assert!(wrong.is_empty(), "not Envoy's:\n{}", wrong.join("\n"));
    assert_eq!(messages, golden["messages"].as_object().unwrap().len());
    assert_eq!(enums, golden["enums"].as_object().unwrap().len());
}
