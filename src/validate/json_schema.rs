//! A JSON Schema of Gateways for editors, from the schema of the custom resource and the comments of `proto/`.

use std::collections::HashMap;

use prost::Message as _;
use serde_json::{Map, Value, json};

use crate::{
    FILE_DESCRIPTOR_SET, GROUP, IstioVersion, sort,
    structural::{Exclusive, served, spec_schema},
};

/// Returns a JSON Schema (draft 7) of Gateways in a release of Istio, for editors and validators of YAML.
///
/// It accepts what the API server accepts with strict field validation: the schema of [`crd`](crate::crd()), its CEL
/// rules, and no unknown field. Metadata is not described, and istiod's webhook has rules that a schema cannot
/// express: [`validate`](super::validate()) has the whole verdict. Descriptions are Markdown.
///
/// ```
/// use istio_gateway::{IstioVersion, validate::json_schema};
///
/// let schema = json_schema(IstioVersion::default());
/// let server = &schema["properties"]["spec"]["properties"]["servers"]["items"];
/// assert_eq!(server["required"], serde_json::json!(["port", "hosts"]));
/// assert!(server["properties"]["bind"]["description"].as_str().unwrap().starts_with("The address"));
/// ```
#[must_use]
pub fn json_schema(istio: IstioVersion) -> Value {
    let names: Vec<_> = served(istio).map(|name| format!("{GROUP}/{name}")).collect();
    let descriptions = Descriptions::new();
    let spec =
        optional(descriptions.schema(&spec_schema(istio), ".istio.networking.v1alpha3.Gateway"));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("Istio Gateway, Istio {istio}"),
        "type": "object",
        "required": ["apiVersion", "kind"],
        "additionalProperties": false,
        "properties": {
            "apiVersion": {"enum": names},
            "kind": {"enum": ["Gateway"]},
            "metadata": {"type": ["object", "null"]},
            "spec": spec,
            // It has its own endpoint, and is removed when the document is applied.
            "status": {},
        },
    })
}

/// A value that may be absent may be null: the API server removes it.
fn optional(mut schema: Value) -> Value {
    if let Some(kind) = schema.get_mut("type")
        && let Some(name) = kind.as_str()
    {
        *kind = json!([name, "null"]);
    }
    if let Some(Value::Array(names)) = schema.get_mut("enum") {
        names.push(Value::Null);
    }
    schema
}

/// The comments of messages and fields.
struct Descriptions {
    /// The comment of a field and the type of its message, by the message's type and the field's JSON name.
    fields: HashMap<(String, String), (String, String)>,
}

impl Descriptions {
    fn new() -> Self {
        // The set is part of the crate, and tested.
        let set = FileSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
        let mut fields = HashMap::new();
        for file in set.file {
            let mut comments = file.source_code_info.unwrap_or_default().location;
            sort::sort_by(&mut comments, |one, other| one.path.cmp(&other.path));
            let package = format!(".{}", file.package);
            let mut open: Vec<_> = (0_i32..)
                .zip(file.message_type)
                .map(|(index, message)| (package.clone(), vec![MESSAGES, index], message))
                .collect();
            while let Some((scope, path, message)) = open.pop() {
                let name = format!("{scope}.{}", message.name);
                for (index, field) in (0..).zip(message.field) {
                    let at = [path.as_slice(), &[FIELDS, index]].concat();
                    let comment = comments.binary_search_by(|location| location.path.cmp(&at));
                    let comment = comment.ok().and_then(|index| comments.get(index));
                    let comment = comment.map(|of| plain(&of.leading_comments)).unwrap_or_default();
                    fields.insert((name.clone(), field.json_name), (comment, field.type_name));
                }
                open.extend((0..).zip(message.nested_type).map(|(index, nested)| {
                    (name.clone(), [path.as_slice(), &[NESTED, index]].concat(), nested)
                }));
            }
        }
        Self { fields }
    }

    /// The schema of a value, of a message of this type if it is one.
    fn schema(&self, openapi: &Value, message: &str) -> Value {
        let Value::Object(old) = openapi else { return openapi.clone() };
        let mut schema = Map::new();
        for (key, value) in old {
            match key.as_str() {
                "properties" => {
                    let required = old.get("required").and_then(Value::as_array);
                    let is_required = |name: &String| {
                        required.is_some_and(|required| required.iter().any(|one| one == name))
                    };
                    let mut properties = Map::new();
                    for (name, value) in value.as_object().unwrap_or(&Map::new()) {
                        let key = (message.to_owned(), name.clone());
                        let (comment, message) =
                            self.fields.get(&key).map_or(("", ""), |(text, of)| (text, of));
                        let mut schema = self.schema(value, message);
                        if let (Some(schema), false) = (schema.as_object_mut(), comment.is_empty())
                        {
                            schema.insert("description".to_owned(), comment.into());
                        }
                        let schema = if is_required(name) { schema } else { optional(schema) };
                        properties.insert(name.clone(), schema);
                    }
                    schema.insert(key.clone(), properties.into());
                    schema.insert("additionalProperties".to_owned(), false.into());
                }
                "items" => {
                    schema.insert(key.clone(), self.schema(value, message));
                }
                "additionalProperties" => {
                    schema.insert(key.clone(), optional(value.clone()));
                }
                "x-kubernetes-validations" => {
                    schema.insert("allOf".to_owned(), exclusive());
                }
                key if key == "nullable" || key.starts_with("x-kubernetes-") => {}
                _ => {
                    schema.insert(key.clone(), value.clone());
                }
            }
        }
        schema.into()
    }
}

/// The CEL rules: of two fields, one at most is set.
fn exclusive() -> Value {
    let set = || json!({"not": {"type": "null"}});
    let rules = Exclusive::RULES.iter().map(|rule| {
        let [one, other] = rule.fields;
        let properties = json!({one: set(), other: set()});
        // What is not an object meets `required`.
        json!({"not": {"type": "object", "required": [one, other], "properties": properties}})
    });
    rules.collect()
}

/// A comment without the space at the beginning of its lines.
fn plain(comment: &str) -> String {
    let lines = comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The numbers of `message_type`, `field` and `nested_type` in descriptor.proto, for paths.
const MESSAGES: i32 = 4;
const FIELDS: i32 = 2;
const NESTED: i32 = 3;

/// What is needed of descriptor.proto: prost-types would be a dependency of every consumer.
#[derive(Clone, PartialEq, prost::Message)]
struct FileSet {
    #[prost(message, repeated, tag = "1")]
    file: Vec<File>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct File {
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "4")]
    message_type: Vec<MessageType>,
    #[prost(message, optional, tag = "9")]
    source_code_info: Option<SourceCodeInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct MessageType {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    field: Vec<FieldType>,
    #[prost(message, repeated, tag = "3")]
    nested_type: Vec<MessageType>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FieldType {
    #[prost(string, tag = "6")]
    type_name: String,
    #[prost(string, tag = "10")]
    json_name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SourceCodeInfo {
    #[prost(message, repeated, tag = "1")]
    location: Vec<SourceLocation>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SourceLocation {
    #[prost(int32, repeated, tag = "1")]
    path: Vec<i32>,
    #[prost(string, tag = "3")]
    leading_comments: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field of the schema has a description.
    #[test]
    fn each_field_is_described() {
        fn check(schema: &Value, path: &str) {
            for (name, value) in schema["properties"].as_object().into_iter().flatten() {
                assert!(value["description"].is_string(), "{path}.{name}");
                check(value, &format!("{path}.{name}"));
                check(&value["items"], &format!("{path}.{name}[]"));
            }
        }
        check(&json_schema(IstioVersion::default())["properties"]["spec"], "spec");
    }
}
