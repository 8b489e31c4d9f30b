//! The three-way merge: the document, the message as it was read from it, the message as it is.

use std::collections::HashMap;

use super::align::align;
use crate::{
    FieldPath,
    json::{self, Decoded, Schema},
    tree::{Edit, Ref, Tree},
};

/// Calls `write` with a node as it is to be written now that its message is `current`.
pub(crate) fn edited<T: json::Message, R>(
    tree: &Tree<'_>,
    node: Ref<'_, '_>,
    current: &T,
    write: impl FnOnce(&Edit<'_>) -> R,
) -> R {
    // Both sides are written by one encoder, so that equal parts have equal texts.
    let read: Decoded<T> = json::decode_node(tree, node, &FieldPath::root());
    let before = json::to_string(&read.value);
    let after = json::to_string(current);
    if before == after {
        return write(&Edit::Kept(node));
    }
    match (Tree::from_checked_json(&before), Tree::from_checked_json(&after)) {
        (Ok(before), Ok(after)) => write(&message(node, before.root(), after.root(), T::SCHEMA)),
        // Not reached before a message is 4 GiB long.
        _ => write(&Edit::Kept(node)),
    }
}

fn message<'a>(
    original: Ref<'a, 'a>,
    before: Ref<'a, 'a>,
    after: Ref<'a, 'a>,
    schema: &'static Schema,
) -> Edit<'a> {
    let mut entries = Vec::new();
    let is_written = |name: &'static str, written: &mut Vec<&'static str>| {
        let is_written = written.contains(&name);
        written.push(name);
        is_written
    };
    let mut written = Vec::new();
    for (key, value) in original.distinct_entries() {
        let Some(field) = schema.field(key.text()) else {
            entries.push((key.text(), Edit::Kept(value)));
            continue;
        };
        let (was, is) = (before.get(field.json), after.get(field.json));
        if was.map(Ref::source) == is.map(Ref::source) {
            written.push(field.json);
            entries.push((key.text(), Edit::Kept(value)));
        } else if let Some(is) = is
            && !is_written(field.json, &mut written)
        {
            // Of two spellings the camelCase one is what was read.
            let value = original.get(field.json).unwrap_or(value);
            entries.push((field.json, changed(value, was, is, field.message)));
        }
    }
    for (key, value) in after.entries() {
        if !written.contains(&key.text()) {
            entries.push((key.text(), Edit::Kept(value)));
        }
    }
    Edit::Map { origin: Some(original), entries }
}

/// A field's value that is not what it was.
fn changed<'a>(
    original: Ref<'a, 'a>,
    before: Option<Ref<'a, 'a>>,
    after: Ref<'a, 'a>,
    schema: Option<&'static Schema>,
) -> Edit<'a> {
    let Some(before) = before else { return Edit::Kept(after) };
    match schema {
        Some(schema) if after.is_list() && original.is_list() => {
            messages(original, before, after, schema)
        }
        Some(schema) if after.is_map() && original.is_map() => {
            message(original, before, after, schema)
        }
        None if after.is_map() && original.is_map() => map(original, before, after),
        None if after.is_list() && original.is_list() => texts(original, before, after),
        _ => Edit::Kept(after),
    }
}

fn messages<'a>(
    original: Ref<'a, 'a>,
    before: Ref<'a, 'a>,
    after: Ref<'a, 'a>,
    schema: &'static Schema,
) -> Edit<'a> {
    // The decoder makes one message of each item, so the two stand in parallel.
    let list = original;
    let original: Vec<_> = list.items().collect();
    let before: Vec<_> = before.items().collect();
    let after: Vec<_> = after.items().collect();
    let origins = align(&before, &after);
    let item = |(after, origin): (Ref<'a, 'a>, Option<usize>)| {
        let origin = origin.and_then(|i| Some((*original.get(i)?, *before.get(i)?)));
        match origin {
            Some((original, before)) if before.source() == after.source() => Edit::Kept(original),
            Some((original, before)) if original.is_map() => {
                message(original, before, after, schema)
            }
            _ => Edit::Kept(after),
        }
    };
    let items = after.iter().copied().zip(origins).map(item).collect();
    Edit::List { origin: Some(list), items }
}

/// A list of texts: those that were there are the same.
fn texts<'a>(original: Ref<'a, 'a>, before: Ref<'a, 'a>, after: Ref<'a, 'a>) -> Edit<'a> {
    let old: Vec<_> = original.items().collect();
    let before: Vec<_> = before.items().collect();
    let after: Vec<_> = after.items().collect();
    let items = after.iter().zip(align(&before, &after)).map(|(new, origin)| {
        let same = origin.filter(|i| before.get(*i).map(|b| b.source()) == Some(new.source()));
        Edit::Kept(same.and_then(|i| old.get(i)).copied().unwrap_or(*new))
    });
    Edit::List { origin: Some(original), items: items.collect() }
}

/// A map of strings: its order is kept.
fn map<'a>(original: Ref<'a, 'a>, before: Ref<'a, 'a>, after: Ref<'a, 'a>) -> Edit<'a> {
    // A map can be large, and finding a key in a node takes a walk over all of them.
    let values = |map: Ref<'a, 'a>| -> HashMap<&'a str, Ref<'a, 'a>> {
        map.entries().map(|(key, value)| (key.text(), value)).collect()
    };
    let (was, is) = (values(before), values(after));
    let mut entries = Vec::new();
    for (key, value) in original.distinct_entries() {
        let key = key.text();
        match is.get(key) {
            Some(is) if was.get(key).is_none_or(|was| was.source() != is.source()) => {
                entries.push((key, Edit::Kept(*is)));
            }
            Some(_) => entries.push((key, Edit::Kept(value))),
            None => {}
        }
    }
    let new = after.entries().filter(|(key, _)| !was.contains_key(key.text()));
    entries.extend(new.map(|(key, value)| (key.text(), Edit::Kept(value))));
    Edit::Map { origin: Some(original), entries }
}
