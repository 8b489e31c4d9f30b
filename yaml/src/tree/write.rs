//! A document as it is to be written: nodes of one tree, and what replaces some of them.

use std::fmt::Write as _;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::Step;

use super::{
    Entries, Items, Kind, Ref,
    scalars::{Escapes, JsonFloat, JsonInteger, append_json_string},
};

/// A value to write: kept as it is, or put together anew.
#[derive(Clone, Debug)]
pub enum Edit<'a> {
    /// A node as it is.
    Kept(Ref<'a, 'a>),
    /// A mapping.
    Mapping {
        /// The node that this is made of, where there is one.
        origin: Option<Ref<'a, 'a>>,
        /// Keys and values.
        entries: Vec<(&'a str, Edit<'a>)>,
    },
    /// A sequence.
    Sequence {
        /// The node that this is made of, where there is one.
        origin: Option<Ref<'a, 'a>>,
        /// Its items.
        items: Vec<Edit<'a>>,
    },
    /// Another value in the place of `origin`.
    Replaced {
        /// The item that is replaced.
        origin: Ref<'a, 'a>,
        /// The new value.
        node: Ref<'a, 'a>,
    },
}

impl<'a> Edit<'a> {
    /// A document whose value at `path` becomes `value`: it replaces what is there, or is a new entry of the
    /// mapping that the path's last key is missing in. Mappings missing on the way are added.
    ///
    /// `None`: the path leads into a scalar, or to an item that the sequence does not have.
    #[must_use]
    pub fn set(root: Ref<'a, 'a>, path: &[Step<'a>], value: Ref<'a, 'a>) -> Option<Self> {
        let Some((step, rest)) = path.split_first() else { return Some(Self::Kept(value)) };
        match step {
            Step::Index(index) => {
                let mut items: Vec<_> = root.items().map(Self::Kept).collect();
                let item = items.get_mut(*index)?;
                let Self::Kept(old) = *item else { return None };
                *item = match Self::set(old, rest, value)? {
                    Self::Kept(node) => Self::Replaced { origin: old, node },
                    edit => edit,
                };
                Some(Self::Sequence { origin: Some(root), items })
            }
            Step::Key(key) if root.is_mapping() => {
                let entries = root.distinct_entries().into_iter();
                let mut entries: Vec<_> = entries.map(|(k, v)| (k.text(), Self::Kept(v))).collect();
                match entries.iter_mut().find(|(name, _)| name == key) {
                    Some((_, entry)) => {
                        let Self::Kept(old) = *entry else { return None };
                        // Of null a mapping can be made.
                        let is_new = old.is_null() && !rest.is_empty();
                        *entry = if is_new {
                            Self::new_at(rest, value)?
                        } else {
                            Self::set(old, rest, value)?
                        };
                    }
                    None => entries.push((key, Self::new_at(rest, value)?)),
                }
                Some(Self::Mapping { origin: Some(root), entries })
            }
            Step::Key(_) => None,
        }
    }

    /// A value within new mappings, one for each key.
    fn new_at(path: &[Step<'a>], value: Ref<'a, 'a>) -> Option<Self> {
        path.iter().rev().try_fold(Self::Kept(value), |value, step| match step {
            Step::Key(key) => Some(Self::Mapping { origin: None, entries: vec![(key, value)] }),
            Step::Index(_) => None,
        })
    }

    /// The document without an entry of a mapping or an item of a sequence. Without it already: as it is.
    #[must_use]
    pub fn remove(root: Ref<'a, 'a>, path: &[Step<'a>]) -> Self {
        let Some((step, rest)) = path.split_first() else { return Self::Kept(root) };
        let below = |old: Ref<'a, 'a>| (!rest.is_empty()).then(|| Self::remove(old, rest));
        let origin = Some(root);
        match step {
            Step::Index(index) if root.items().nth(*index).is_some() => {
                let items = root.items().enumerate();
                let item =
                    |(i, item)| if i == *index { below(item) } else { Some(Self::Kept(item)) };
                Self::Sequence { origin, items: items.filter_map(item).collect() }
            }
            Step::Key(name) if root.get(name).is_some() => {
                let entry = |(key, value): (Ref<'a, 'a>, Ref<'a, 'a>)| {
                    let edit =
                        if key.text() == *name { below(value) } else { Some(Self::Kept(value)) };
                    Some((key.text(), edit?))
                };
                let entries = root.distinct_entries().into_iter().filter_map(entry).collect();
                Self::Mapping { origin, entries }
            }
            _ => Self::Kept(root),
        }
    }
}

impl Serialize for Edit<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Kept(node) | Self::Replaced { node, .. } => node.serialize(serializer),
            Self::Sequence { items, .. } => serializer.collect_seq(items),
            Self::Mapping { entries, .. } => {
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
pub fn write_json(value: &Edit<'_>, out: &mut String) {
    match value {
        Edit::Kept(node) | Edit::Replaced { node, .. } => write_node(*node, out),
        Edit::Mapping { entries, .. } => {
            out.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                append_json_string(key, Escapes::Json, out);
                out.push(':');
                write_json(value, out);
            }
            out.push('}');
        }
        Edit::Sequence { items, .. } => {
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
                Kind::Sequence => {
                    out.push('[');
                    open.push(Open::List(node.items()));
                }
                Kind::Mapping | Kind::MergedMapping(_) => {
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
                    append_json_string(key.text(), Escapes::Json, out);
                    out.push(':');
                }
                next = Some(value);
            }
        }
    }
}

fn is_container(node: Ref<'_, '_>) -> bool {
    matches!(node.kind(), Kind::Sequence | Kind::Mapping | Kind::MergedMapping(_))
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
        Kind::Signed(v) => write!(out, "{}", JsonInteger(*v)),
        Kind::Float(v) => write!(out, "{}", JsonFloat(*v)),
        Kind::BigNumber(text) => write!(out, "{text}"),
        Kind::String(text) => {
            append_json_string(text, Escapes::Json, out);
            Ok(())
        }
        _ => write!(out, "null"),
    };
}
