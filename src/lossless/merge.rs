//! The three-way merge of the document, the value as it was read, and the value as it is now.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use serde::{Serialize, Serializer, ser::Error as _};

use super::{Mergeable, align::align};
use crate::{
    json::Schema,
    tree::{self, DeserializeError, Deserializer, Edit, Ref, Tree},
};

/// Reads a value from a node.
pub(crate) fn read<T: Mergeable>(node: Ref<'_, '_>) -> Result<T, DeserializeError> {
    T::read(Deserializer::new(node, &Cell::new(node.index())))
}

/// Calls `write` with a node as it is to be written, given that its value is now `current`.
///
/// # Errors
/// If a value cannot be written, which does not happen for messages.
pub(crate) fn edited<T: Mergeable, R>(
    node: Ref<'_, '_>,
    current: &T,
    write: impl FnOnce(&Edit<'_>) -> R,
) -> Result<R, serde_json::Error> {
    let before: T = read(node).map_err(serde_json::Error::custom)?;
    edited_since(node, &before, current, write)
}

/// Like [`edited`], for a node whose value was `before`.
pub(crate) fn edited_since<T: Mergeable, R>(
    node: Ref<'_, '_>,
    before: &T,
    current: &T,
    write: impl FnOnce(&Edit<'_>) -> R,
) -> Result<R, serde_json::Error> {
    // Both sides are written by the same encoder, so equal parts have equal texts.
    written(before, |before| {
        written(current, |after| {
            let (before, after) = (before.root(), after.root());
            if before.source() == after.source() {
                write(&Edit::Kept(node))
            } else {
                write(&object(node, Some(before), after, T::SCHEMA))
            }
        })
    })?
}

/// Calls `then` with the written form of a value that has no document.
pub(super) fn written_new<T: Mergeable, R>(
    value: &T,
    then: impl FnOnce(&Tree<'_>) -> R,
) -> Result<R, serde_json::Error> {
    as_tree(&New(value), then)
}

fn written<T: Mergeable, R>(
    value: &T,
    then: impl FnOnce(&Tree<'_>) -> R,
) -> Result<R, serde_json::Error> {
    as_tree(&Written(value), then)
}

fn as_tree<R>(
    value: &impl Serialize,
    then: impl FnOnce(&Tree<'_>) -> R,
) -> Result<R, serde_json::Error> {
    let text = serde_json::to_string(value)?;
    // Fails only for more than 4 GiB.
    tree::from_checked_json(&text).map(|tree| then(&tree)).map_err(serde_json::Error::custom)
}

struct New<'a, T>(&'a T);

impl<T: Mergeable> Serialize for New<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write_new(serializer)
    }
}

struct Written<'a, T>(&'a T);

impl<T: Mergeable> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// A mapping whose keys are fields. Keys that the previous value did not write are unknown fields.
fn object<'a>(
    original: Ref<'a, 'a>,
    before: Option<Ref<'a, 'a>>,
    after: Ref<'a, 'a>,
    schema: &'static Schema,
) -> Edit<'a> {
    let mut entries = Vec::new();
    let mut written = Vec::new();
    for (key, value) in original.distinct_entries() {
        // An unknown field has one name, and is kept unless the value has it.
        let field = schema.field(key.text());
        let name = field.map_or(key.text(), |field| field.json);
        let (was, is) = (before.and_then(|before| before.get(name)), after.get(name));
        if was.map(Ref::source) == is.map(Ref::source) {
            written.push(name);
            entries.push((key.text(), Edit::Kept(value)));
        } else if let Some(is) = is {
            written.push(name);
            // If both spellings are present, camelCase was read, and is changed.
            let is_read = key.text() == name || original.get(name).is_none();
            let value = if is_read {
                changed(value, was, is, field.and_then(|field| field.message))
            } else {
                Edit::Kept(value)
            };
            entries.push((key.text(), value));
        }
    }
    for (key, value) in after.entries() {
        // A value that the encoder writes although the document does not have it is not a change.
        let was = before.and_then(|before| before.get(key.text()));
        if !written.contains(&key.text()) && was.map(Ref::source) != Some(value.source()) {
            entries.push((key.text(), Edit::Kept(value)));
        }
    }
    Edit::Mapping { origin: Some(original), entries }
}

/// The changed value of a field.
fn changed<'a>(
    original: Ref<'a, 'a>,
    before: Option<Ref<'a, 'a>>,
    after: Ref<'a, 'a>,
    schema: Option<&'static Schema>,
) -> Edit<'a> {
    if after.is_sequence() && original.is_sequence() {
        return match before {
            Some(before) => list(original, before, after, schema),
            None => Edit::Kept(after),
        };
    }
    match schema {
        _ if !after.is_mapping() || !original.is_mapping() => Edit::Kept(after),
        Some(schema) => object(original, before, after, schema),
        None => map(original, before, after),
    }
}

fn list<'a>(
    original: Ref<'a, 'a>,
    before: Ref<'a, 'a>,
    after: Ref<'a, 'a>,
    schema: Option<&'static Schema>,
) -> Edit<'a> {
    // There is one value for each item, so both have the same order.
    let list = original;
    let original: Vec<_> = list.items().collect();
    let before: Vec<_> = before.items().collect();
    let after: Vec<_> = after.items().collect();
    let origins = align(&before, &after);
    let item = |(after, origin): (Ref<'a, 'a>, Option<usize>)| {
        let origin = origin.and_then(|i| Some((*original.get(i)?, *before.get(i)?)));
        match origin {
            Some((original, before)) if before.source() == after.source() => Edit::Kept(original),
            Some((original, before)) => match changed(original, Some(before), after, schema) {
                Edit::Kept(node) => Edit::Replaced { origin: original, node },
                edit => edit,
            },
            None => Edit::Kept(after),
        }
    };
    let items = after.iter().copied().zip(origins).map(item).collect();
    Edit::Sequence { origin: Some(list), items }
}

/// A mapping whose keys are data: its order is kept.
fn map<'a>(original: Ref<'a, 'a>, before: Option<Ref<'a, 'a>>, after: Ref<'a, 'a>) -> Edit<'a> {
    // A mapping can be large, and finding a key in a node is linear.
    let values = |map: Ref<'a, 'a>| -> HashMap<&'a str, Ref<'a, 'a>> {
        map.entries().map(|(key, value)| (key.text(), value)).collect()
    };
    let (was, is) = (before.map(values).unwrap_or_default(), values(after));
    let mut entries = Vec::new();
    let mut written = HashSet::new();
    for (key, value) in original.distinct_entries() {
        let key = key.text();
        let (was, is) = (was.get(key).copied(), is.get(key).copied());
        if was.map(Ref::source) == is.map(Ref::source) {
            entries.push((key, Edit::Kept(value)));
        } else if let Some(is) = is {
            entries.push((key, changed(value, was, is, None)));
        }
        written.insert(key);
    }
    let new = after.entries().filter(|(key, value)| {
        let was = was.get(key.text()).map(|was| was.source());
        !written.contains(key.text()) && was != Some(value.source())
    });
    entries.extend(new.map(|(key, value)| (key.text(), Edit::Kept(value))));
    Edit::Mapping { origin: Some(original), entries }
}
