//! A document as it is to be written: nodes of one tree, and what replaces some of them.

use std::fmt::Write as _;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{
    Entries, Items, Kind, Number, Ref, Signed,
    scalars::{Escapes, append_with},
};

/// A value to write: kept as it is, or put together anew.
#[derive(Clone, Debug)]
pub(crate) enum Edit<'a> {
    Kept(Ref<'a, 'a>),
    /// `origin` is the node that this is made of, where there is one.
    Map {
        origin: Option<Ref<'a, 'a>>,
        entries: Vec<(&'a str, Edit<'a>)>,
    },
    List {
        origin: Option<Ref<'a, 'a>>,
        items: Vec<Edit<'a>>,
    },
    /// Another value in the place of `origin`.
    Replaced {
        origin: Ref<'a, 'a>,
        node: Ref<'a, 'a>,
    },
}

impl Serialize for Edit<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Kept(node) | Self::Replaced { node, .. } => node.serialize(serializer),
            Self::List { items, .. } => serializer.collect_seq(items),
            Self::Map { entries, .. } => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Writes compact JSON.
pub(crate) fn write_json(value: &Edit<'_>, out: &mut String) {
    match value {
        Edit::Kept(node) | Edit::Replaced { node, .. } => write_node(*node, out),
        Edit::Map { entries, .. } => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write_json(value, out);
            }
            out.push('}');
        }
        Edit::List { items, .. } => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
    }
}

/// What is left to write of an open list or map.
enum Open<'a> {
    List(Items<'a, 'a>),
    Map(Entries<'a, 'a>),
    /// A map with duplicate keys, of which only the last count.
    Distinct(std::vec::IntoIter<(Ref<'a, 'a>, Ref<'a, 'a>)>),
}

/// Without recursion: a document may be ten thousand levels deep.
fn write_node(root: Ref<'_, '_>, out: &mut String) {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut next = Some(root);
    loop {
        if let Some(node) = next {
            match node.kind() {
                Kind::List => {
                    out.push('[');
                    open.push(Open::List(node.items()));
                }
                Kind::Map | Kind::Merged(_) => {
                    out.push('{');
                    open.push(if has_duplicates(node) {
                        Open::Distinct(node.distinct_entries().into_iter())
                    } else {
                        Open::Map(node.entries())
                    });
                }
                scalar => write_scalar(scalar, out),
            }
        }
        let Some(innermost) = open.last_mut() else { return };
        let is_first =
            matches!(out.as_bytes().last(), Some(b'[' | b'{')) && next.is_some_and(is_container);
        let (entry, end) = match innermost {
            Open::List(items) => (items.next().map(|item| (None, item)), ']'),
            Open::Map(entries) => (entries.next().map(|(key, value)| (Some(key), value)), '}'),
            Open::Distinct(entries) => (entries.next().map(|(key, value)| (Some(key), value)), '}'),
        };
        match entry {
            None => {
                out.push(end);
                open.pop();
                next = None;
            }
            Some((key, value)) => {
                if !is_first {
                    out.push(',');
                }
                if let Some(key) = key {
                    write_text(key.text(), out);
                    out.push(':');
                }
                next = Some(value);
            }
        }
    }
}

fn is_container(node: Ref<'_, '_>) -> bool {
    matches!(node.kind(), Kind::List | Kind::Map | Kind::Merged(_))
}

fn has_duplicates(map: Ref<'_, '_>) -> bool {
    // Most maps are small, and comparing a few keys is cheaper than a table of them.
    let keys: Vec<&str> = map.entries().map(|(key, _)| key.text()).collect();
    match keys.len() {
        0 | 1 => false,
        len if len <= 16 => {
            keys.iter().enumerate().any(|(i, key)| keys.iter().skip(i + 1).any(|k| k == key))
        }
        len => keys.into_iter().collect::<std::collections::HashSet<_>>().len() < len,
    }
}

fn write_scalar(scalar: &Kind<'_>, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = match scalar {
        Kind::Bool(v) => write!(out, "{v}"),
        Kind::Unsigned(v) => write!(out, "{v}"),
        Kind::Signed(v) => write!(out, "{}", Signed(*v)),
        Kind::Float(v) => write!(out, "{}", Number(*v)),
        Kind::Huge(text) => write!(out, "{text}"),
        Kind::Text(text) => {
            write_text(text, out);
            Ok(())
        }
        _ => write!(out, "null"),
    };
}

pub(crate) fn write_text(text: &str, out: &mut String) {
    append_with(text, Escapes::Json, out);
}
