//! The body of a server-side apply.
//!
//! A manager applies all fields that it owns: the server removes fields that it applied before and
//! omits now. So the body has the changes and the fields that the manager owns. client-go's
//! `Extract` functions also read these from `metadata.managedFields`.

use serde_json::{Map, Value};

/// The metadata that the server sets, which no manager applies.
const OF_THE_SERVER: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The changes, and the fields that the manager owns, of an object or its subresource.
pub(super) fn body(
    original: &Value,
    current: &Value,
    manager: &str,
    subresource: Option<&str>,
) -> Value {
    let mut body = changed(original, current).unwrap_or_else(|| Value::Object(Map::new()));
    for fields in owned(original, manager, subresource) {
        if let Some(picked) = pick(current, fields) {
            add(&mut body, picked);
        }
    }
    if let Value::Object(body) = &mut body {
        match subresource {
            Some(subresource) => body.retain(|key, _| key == subresource),
            None => drop(body.remove("status")),
        }
    }
    if let Some(Value::Object(metadata)) = body.get_mut("metadata") {
        metadata.retain(|key, _| !OF_THE_SERVER.contains(&key.as_str()));
    }
    body
}

/// Whether the managers of an object are known. An object that does not come from a server has
/// none.
pub(super) fn is_owner_known(object: &Value) -> bool {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    object.pointer("/metadata/uid").is_none() || entries.is_some_and(|entries| !entries.is_empty())
}

/// Sets the value at a path of keys.
pub(super) fn put(into: &mut Value, keys: &[&str], value: Value) {
    match (keys, into) {
        ([], into) => *into = value,
        ([key, rest @ ..], Value::Object(map)) => {
            let inner = map.entry(*key).or_insert_with(|| Value::Object(Map::new()));
            put(inner, rest, value);
        }
        _ => {}
    }
}

/// New and changed values; lists are included as a whole.
fn changed(before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        (before, after) if before == after => None,
        (Value::Object(before), Value::Object(after)) => {
            let entries = after.iter().filter_map(|(key, value)| {
                let value = match before.get(key) {
                    Some(old) => changed(old, value)?,
                    None => value.clone(),
                };
                Some((key.clone(), value))
            });
            let map: Map<_, _> = entries.collect();
            if map.is_empty() { None } else { Some(Value::Object(map)) }
        }
        _ => Some(after.clone()),
    }
}

/// The sets of fields that a manager has applied.
fn owned<'v>(
    object: &'v Value,
    manager: &str,
    subresource: Option<&str>,
) -> impl Iterator<Item = &'v Value> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(move |entry| {
        let text = |key| entry.get(key).and_then(Value::as_str);
        let is_owned = text("manager") == Some(manager)
            && text("operation") == Some("Apply")
            && text("subresource").filter(|name| !name.is_empty()) == subresource;
        if is_owned { entry.get("fieldsV1") } else { None }
    })
}

/// The part of a value that a set of fields selects. In a set `f:` is a key, `k:` the keys of an
/// element and their values, `v:` an element, `i:` its index, `.` the value itself.
fn pick(value: &Value, fields: &Value) -> Option<Value> {
    let fields = fields.as_object().filter(|fields| !fields.is_empty());
    let Some(fields) = fields else { return Some(value.clone()) };
    match value {
        Value::Object(map) => {
            let entries = fields.iter().filter_map(|(name, below)| {
                let key = name.strip_prefix("f:")?;
                Some((key.to_owned(), pick(map.get(key)?, below)?))
            });
            let entries: Map<_, _> = entries.collect();
            let is_something = !entries.is_empty() || fields.contains_key(".");
            if is_something { Some(Value::Object(entries)) } else { None }
        }
        Value::Array(items) => {
            let of_item = |index: usize, item: &Value| {
                let below = fields.iter().find(|(name, _)| names(name, index, item));
                below.and_then(|(_, below)| pick(item, below))
            };
            let items = items.iter().enumerate();
            Some(items.filter_map(|(index, item)| of_item(index, item)).collect())
        }
        scalar => Some(scalar.clone()),
    }
}

/// Whether a name in a set of fields selects a list item.
fn names(name: &str, index: usize, item: &Value) -> bool {
    let Some((kind, text)) = name.split_once(':') else { return false };
    let read = || serde_json::from_str::<Value>(text).ok();
    match kind {
        "i" => text.parse() == Ok(index),
        "v" => read().as_ref() == Some(item),
        "k" => match read() {
            Some(Value::Object(keys)) => {
                keys.iter().all(|(key, value)| item.get(key) == Some(value))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Adds missing values.
fn add(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        for (key, value) in from {
            match into.get_mut(&key) {
                Some(there) => add(there, value),
                None => drop(into.insert(key, value)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_manager_owns_is_picked_by_its_fields() {
        let value = json!({
            "labels": {"a": "1", "b": "2"},
            "finalizers": ["x", "y"],
            "ownerReferences": [{"uid": "1", "name": "n"}, {"uid": "2", "name": "m"}],
            "list": [10, 20],
            "empty": {"c": 1},
        });
        let fields = json!({
            "f:labels": {"f:b": {}},
            "f:finalizers": {".": {}, "v:\"y\"": {}},
            "f:ownerReferences": {"k:{\"uid\":\"2\"}": {}},
            "f:list": {"i:1": {}},
            "f:empty": {".": {}},
            "f:gone": {},
        });
        let want = json!({
            "labels": {"b": "2"},
            "finalizers": ["y"],
            "ownerReferences": [{"uid": "2", "name": "m"}],
            "list": [20],
            "empty": {},
        });
        assert_eq!(pick(&value, &fields), Some(want));
    }
}
