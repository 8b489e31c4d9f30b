//! Every fact of the schema, compared with upstream's own descriptors.

use std::{collections::BTreeMap, fs};

use istio_gateway::FILE_DESCRIPTOR_SET;
use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    Value as Reflected,
};
use serde_json::{Value, json};

/// A fact by its subject, so that a difference shows its location.
type Facts = BTreeMap<String, String>;

fn golden() -> Value {
    let text = fs::read_to_string("tests/golden/descriptor.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

fn add(facts: &mut Facts, about: &str, value: &Value) {
    for (key, value) in value.as_object().unwrap() {
        if !matches!(key.as_str(), "name" | "fields" | "values" | "messages" | "enums" | "whole") {
            facts.insert(format!("{about}: {key}"), value.to_string());
        }
    }
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

fn upstream() -> Facts {
    let mut facts = Facts::new();
    for file in items(&golden(), "files") {
        add(&mut facts, file["path"].as_str().unwrap(), file);
        for message in items(file, "messages") {
            add(&mut facts, name(message), message);
            for field in items(message, "fields") {
                add(&mut facts, &format!("{}.{}", name(message), name(field)), field);
            }
        }
        for r#enum in items(file, "enums") {
            add(&mut facts, name(r#enum), r#enum);
            for value in items(r#enum, "values") {
                add(&mut facts, &format!("{}.{}", name(r#enum), name(value)), value);
            }
        }
    }
    facts
}

fn ours() -> Facts {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut facts = Facts::new();
    let files: Vec<_> =
        items(&golden(), "files").iter().map(|f| f["path"].as_str().unwrap().to_owned()).collect();
    for path in files {
        let file = pool.get_file_by_name(&path).unwrap_or_else(|| panic!("{path} is missing"));
        let about = json!({"path": path, "package": file.package_name(), "syntax": "proto3"});
        add(&mut facts, &path, &about);
        file.messages().for_each(|m| message(&mut facts, &m));
        file.enums().for_each(|e| enumeration(&mut facts, &e));
    }
    facts
}

fn message(facts: &mut Facts, message: &MessageDescriptor) {
    if message.is_map_entry() {
        return;
    }
    let proto = message.descriptor_proto();
    let about = json!({
        "deprecated": proto.options.as_ref().is_some_and(prost_types::MessageOptions::deprecated),
        "oneofs": message.oneofs().map(|o| o.name().to_owned()).collect::<Vec<_>>(),
        "reserved_names": message.reserved_names().collect::<Vec<_>>(),
        "reserved_ranges": message.reserved_ranges().map(|r| vec![r.start, r.end]).collect::<Vec<_>>(),
    });
    add(facts, message.full_name(), &about);
    // prost-reflect sorts fields by number; the file has them in the order that JSON follows.
    for (index, field) in proto.field.iter().enumerate() {
        let described = message.get_field_by_name(field.name()).unwrap();
        let about = field_facts(index, &described);
        add(facts, &format!("{}.{}", message.full_name(), field.name()), &about);
    }
    message.child_messages().for_each(|m| self::message(facts, &m));
    message.child_enums().for_each(|e| enumeration(facts, &e));
}

fn field_facts(index: usize, field: &FieldDescriptor) -> Value {
    let proto = field.field_descriptor_proto();
    let mut about = json!({
        "index": index,
        "number": field.number(),
        "json_name": field.json_name(),
        "type": proto.r#type().as_str_name(),
        "label": match field.cardinality() {
            Cardinality::Repeated => "LABEL_REPEATED",
            Cardinality::Required => "LABEL_REQUIRED",
            Cardinality::Optional => "LABEL_OPTIONAL",
        },
        "type_name": proto.type_name(),
        "has_presence": field.supports_presence(),
        "proto3_optional": proto.proto3_optional(),
        "is_map": field.is_map(),
        "deprecated": proto.options.as_ref().is_some_and(prost_types::FieldOptions::deprecated),
        "field_behavior": behavior(field),
    });
    if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
        let type_of = |f: FieldDescriptor| json!(f.field_descriptor_proto().r#type().as_str_name());
        about["map_key"] = type_of(entry.map_entry_key_field());
        about["map_value"] = type_of(entry.map_entry_value_field());
    }
    about
}

fn behavior(field: &FieldDescriptor) -> Vec<String> {
    let pool = field.parent_pool();
    let extension = pool.get_extension_by_name("google.api.field_behavior").unwrap();
    let options = field.options();
    let Reflected::List(values) = options.get_extension(&extension).into_owned() else { panic!() };
    let Kind::Enum(names) = extension.kind() else { panic!() };
    values
        .iter()
        .map(|v| names.get_value(v.as_enum_number().unwrap()).unwrap().name().to_owned())
        .collect()
}

fn enumeration(facts: &mut Facts, r#enum: &EnumDescriptor) {
    let proto = r#enum.enum_descriptor_proto();
    let about = json!({
        "deprecated": proto.options.as_ref().is_some_and(prost_types::EnumOptions::deprecated),
        // Enums of proto3 are open.
        "closed": false,
        "allow_alias": proto.options.as_ref().is_some_and(prost_types::EnumOptions::allow_alias),
        "reserved_names": r#enum.reserved_names().collect::<Vec<_>>(),
        "reserved_ranges": r#enum.reserved_ranges().map(|r| vec![*r.start(), *r.end()]).collect::<Vec<_>>(),
    });
    add(facts, r#enum.full_name(), &about);
    for (index, value) in proto.value.iter().enumerate() {
        let deprecated =
            value.options.as_ref().is_some_and(prost_types::EnumValueOptions::deprecated);
        let about = json!({"index": index, "number": value.number(), "deprecated": deprecated});
        add(facts, &format!("{}.{}", r#enum.full_name(), value.name()), &about);
    }
}

#[test]
fn every_fact_equals_upstream() {
    let (ours, upstream) = (ours(), upstream());
    assert!(upstream.len() > 500, "the golden file holds {} facts", upstream.len());
    let keys: std::collections::BTreeSet<_> = ours.keys().chain(upstream.keys()).collect();
    let differences: Vec<String> = keys
        .into_iter()
        .filter(|key| ours.get(*key) != upstream.get(*key))
        .map(|key| {
            let show = |facts: &Facts| facts.get(key).cloned().unwrap_or_else(|| "missing".into());
            format!("{key}: upstream {}, proto/ {}", show(&upstream), show(&ours))
        })
        .collect();
    assert!(differences.is_empty(), "proto/ differs from upstream:\n{}", differences.join("\n"));
}

#[test]
fn the_facts_are_those_of_the_newest_release() {
    let golden = golden();
    let source = golden["source"]["istio.io/api"].as_str().unwrap();
    assert_eq!(source.parse(), Ok(istio_gateway::IstioVersion::NEWEST));
}
