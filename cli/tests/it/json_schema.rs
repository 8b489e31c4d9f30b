//! The part of JSON Schema that the schemas here use; a test fails if they use more.

use serde_json::{Map, Value};

/// The violations of the schema in `value`.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = match schema {
        Value::Bool(true) => return,
        Value::Bool(false) => return found.push(format!("{at}: not allowed")),
        schema => schema.as_object().unwrap(),
    };
    for (keyword, wanted) in schema {
        let is_met = match keyword.as_str() {
            "$schema" | "$id" | "$comment" | "title" | "description" | "$defs" | "definitions"
            | "format" => true,
            "$ref" => {
                let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(pointer).unwrap(), value, at, found);
                true
            }
            "type" => types(wanted).any(|name| is_type(value, name)),
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|v| v >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|v| v <= wanted.as_f64().unwrap()),
            "minItems" => {
                value.as_array().is_none_or(|v| v.len() as u64 >= wanted.as_u64().unwrap())
            }
            "maxItems" => {
                value.as_array().is_none_or(|v| v.len() as u64 <= wanted.as_u64().unwrap())
            }
            "allOf" => fitting(root, wanted, value) == wanted.as_array().unwrap().len(),
            "not" => {
                let mut found = Vec::new();
                check(root, wanted, value, "", &mut found);
                !found.is_empty()
            }
            "uniqueItems" => value.as_array().is_none_or(|items| {
                items.iter().enumerate().all(|(i, item)| !items[..i].contains(item))
            }),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}/{i}"), found);
                }
                true
            }
            "required" => value.as_object().is_none_or(|object| {
                wanted.as_array().unwrap().iter().all(|k| object.contains_key(k.as_str().unwrap()))
            }),
            "properties" => {
                for (key, schema) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        check(root, schema, value, &format!("{at}/{key}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if !has_property(schema, key) {
                        check(root, wanted, value, &format!("{at}/{key}"), found);
                    }
                }
                true
            }
            "anyOf" => fitting(root, wanted, value) > 0,
            "oneOf" => fitting(root, wanted, value) == 1,
            other => panic!("{at}: the keyword {other} is not implemented"),
        };
        if !is_met {
            found.push(format!("{at}: {keyword} {wanted} is not met by {value}"));
        }
    }
}

fn has_property(schema: &Map<String, Value>, key: &str) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(key).is_some())
}

fn fitting(root: &Value, schemas: &Value, value: &Value) -> usize {
    let fits = |schema: &&Value| {
        let mut found = Vec::new();
        check(root, schema, value, "", &mut found);
        found.is_empty()
    };
    schemas.as_array().unwrap().iter().filter(fits).count()
}

fn types(wanted: &Value) -> impl Iterator<Item = &str> {
    let one = wanted.as_str();
    one.into_iter().chain(wanted.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        // Also 1.0.
        "integer" => value.as_f64().is_some_and(|v| v.fract() == 0.0),
        other => panic!("no type of JSON Schema: {other}"),
    }
}
