//! A document as it is to be written: nodes of one tree, and what replaces some of them.
//! JSON and flow style are written here, block style in `write`.

use std::{fmt::Write as _, slice, vec};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::Step;

use super::{
    Items, Kind, Ref,
    scalars::{Escapes, JsonFloat, JsonInteger, append_json_string},
};

/// What a document is to become: nodes that stay, and new values instead of others.
///
/// [`patch`](crate::patch) makes the change in the text; [`write_json`](crate::write_json) and
/// [`write_yaml`](crate::write_yaml) write the whole document. [`set`](Self::set) and [`remove`](Self::remove)
/// make the usual changes; for others, the variants can be put together. It implements
/// [`Serialize`](serde::Serialize).
///
/// ```
/// use kubernetes_yaml::{Edit, Tree, patch};
///
/// let text = "- a # first\n- b\n";
/// let tree = Tree::from_yaml(text)?;
/// let mut items: Vec<_> = tree.root().items().map(Edit::Kept).collect();
/// items.reverse();
/// let edit = Edit::Sequence { origin: Some(tree.root()), items };
/// assert_eq!(patch(text, &edit)?, "- b\n- a # first\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub enum Edit<'a> {
    /// A node as it is.
    Kept(Ref<'a, 'a>),
    /// A mapping.
    Mapping {
        /// The mapping that this one replaces; `None` for a new one.
        origin: Option<Ref<'a, 'a>>,
        /// Keys and values. A key that the original mapping has keeps its position in the text.
        entries: Vec<(&'a str, Edit<'a>)>,
    },
    /// A sequence.
    Sequence {
        /// The sequence that this one replaces; `None` for a new one.
        origin: Option<Ref<'a, 'a>>,
        /// The items. Those that are nodes of the original sequence, or have one as their origin, keep their text.
        items: Vec<Edit<'a>>,
    },
    /// Another value instead of a node, whose comments it keeps.
    Replaced {
        /// The node that is replaced.
        origin: Ref<'a, 'a>,
        /// The new value.
        node: Ref<'a, 'a>,
    },
}

impl<'a> Edit<'a> {
    /// The document with `value` at a path from its root: it replaces the value there or is a new entry, and
    /// missing mappings on the way are added. `value` may be a node of another tree.
    ///
    /// `None` if the path leads into a scalar, or to an item that the sequence does not have.
    ///
    /// ```
    /// use kubernetes_yaml::{Edit, Step, Tree, patch};
    ///
    /// let text = "metadata:\n  name: a # the name\n";
    /// let tree = Tree::from_yaml(text)?;
    /// let value = Tree::from_checked_json("\"b\"")?;
    /// let path = [Step::Key("metadata"), Step::Key("labels"), Step::Key("app")];
    /// let edit = Edit::set(tree.root(), &path, value.root()).unwrap();
    /// let want = "metadata:\n  name: a # the name\n  labels:\n    app: b\n";
    /// assert_eq!(patch(text, &edit)?, want);
    /// assert!(Edit::set(tree.root(), &[Step::Index(0)], value.root()).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
                        // A mapping takes the place of null.
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
            // A document of comments alone.
            Step::Key(key) if root.is_null() && root.index() == 0 => {
                let entries = vec![(*key, Self::new_at(rest, value)?)];
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

    /// The document without the entry or item at a path. If there is none, the document as it is.
    ///
    /// ```
    /// use kubernetes_yaml::{Edit, Step, Tree, patch};
    ///
    /// let text = "a: 1\n# of b\nb: 2\nc: [3, 4] # of c\n";
    /// let tree = Tree::from_yaml(text)?;
    /// let edit = Edit::remove(tree.root(), &[Step::Key("b")]);
    /// assert_eq!(patch(text, &edit)?, "a: 1\nc: [3, 4] # of c\n");
    /// let edit = Edit::remove(tree.root(), &[Step::Key("c"), Step::Index(0)]);
    /// assert_eq!(patch(text, &edit)?, "a: 1\n# of b\nb: 2\nc: [4] # of c\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

/// A value to write: a node, or what an edit puts together.
#[derive(Clone, Copy)]
pub(crate) enum Value<'e, 'a> {
    Node(Ref<'a, 'a>),
    Mapping(&'e [(&'a str, Edit<'a>)]),
    Sequence(&'e [Edit<'a>]),
}

impl<'e, 'a> Value<'e, 'a> {
    pub(crate) fn of(edit: &'e Edit<'a>) -> Self {
        match edit {
            Edit::Kept(node) | Edit::Replaced { node, .. } => Self::Node(*node),
            Edit::Mapping { entries, .. } => Self::Mapping(entries),
            Edit::Sequence { items, .. } => Self::Sequence(items),
        }
    }

    /// Whether it is a collection that is not empty.
    pub(crate) fn is_nested(self) -> bool {
        match self {
            Self::Node(node) => node.entries().next().is_some() || node.items().next().is_some(),
            Self::Mapping(entries) => !entries.is_empty(),
            Self::Sequence(items) => !items.is_empty(),
        }
    }

    /// The items or entries of a collection, or the scalar that it is.
    pub(crate) fn children(self) -> Result<Children<'e, 'a>, &'a Kind<'a>> {
        Ok(match self {
            Self::Node(node) if node.is_mapping() => {
                Children::Entries(node.distinct_entries().into_iter())
            }
            Self::Node(node) if node.is_sequence() => Children::Items(node.items()),
            Self::Node(node) => return Err(node.kind()),
            Self::Mapping(entries) => Children::EditedEntries(entries.iter()),
            Self::Sequence(items) => Children::EditedItems(items.iter()),
        })
    }
}

/// What is left to write of a collection.
pub(crate) enum Children<'e, 'a> {
    Items(Items<'a, 'a>),
    Entries(vec::IntoIter<(Ref<'a, 'a>, Ref<'a, 'a>)>),
    EditedItems(slice::Iter<'e, Edit<'a>>),
    EditedEntries(slice::Iter<'e, (&'a str, Edit<'a>)>),
}

impl Children<'_, '_> {
    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self, Self::Entries(_) | Self::EditedEntries(_))
    }

    /// Whether they are nodes, as opposed to what an edit puts together.
    fn are_nodes(&self) -> bool {
        matches!(self, Self::Items(_) | Self::Entries(_))
    }
}

impl<'e, 'a> Iterator for Children<'e, 'a> {
    /// A value, in a mapping with its key.
    type Item = (Option<&'a str>, Value<'e, 'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Items(items) => items.next().map(|item| (None, Value::Node(item))),
            Self::Entries(entries) => {
                entries.next().map(|(key, value)| (Some(key.text()), Value::Node(value)))
            }
            Self::EditedItems(items) => items.next().map(|item| (None, Value::of(item))),
            Self::EditedEntries(entries) => {
                entries.next().map(|(key, value)| (Some(*key), Value::of(value)))
            }
        }
    }
}

/// How a value is written on one line.
pub(crate) trait Inline {
    /// What separates the items or entries of a collection.
    const COMMA: &str;

    /// Writes a key with its colon. `is_in_node`: of a node's mapping, not of one that an edit puts together.
    fn key(key: &str, is_in_node: bool, out: &mut String);

    fn scalar(scalar: &Kind<'_>, is_in_node: bool, out: &mut String);
}

/// Writes a value on one line, without recursion: a document may be ten thousand levels deep.
pub(crate) fn write_inline<I: Inline>(value: Value<'_, '_>, out: &mut String) {
    let mut open: Vec<Children<'_, '_>> = Vec::new();
    let (mut next, mut is_in_node) = (Some(value), false);
    loop {
        let mut is_first = false;
        match next.map(Value::children) {
            None => {}
            Some(Err(scalar)) => I::scalar(scalar, is_in_node, out),
            Some(Ok(children)) => {
                out.push(if children.is_mapping() { '{' } else { '[' });
                open.push(children);
                is_first = true;
            }
        }
        let Some(innermost) = open.last_mut() else { return };
        let child = innermost.next();
        is_in_node = innermost.are_nodes();
        if let Some((key, _)) = child {
            if !is_first {
                out.push_str(I::COMMA);
            }
            if let Some(key) = key {
                I::key(key, is_in_node, out);
            }
        } else {
            out.push(if innermost.is_mapping() { '}' } else { ']' });
            open.pop();
        }
        next = child.map(|(_, value)| value);
    }
}

/// Compact JSON.
struct Json;

impl Inline for Json {
    const COMMA: &str = ",";

    fn key(key: &str, _: bool, out: &mut String) {
        append_json_string(key, Escapes::Json, out);
        out.push(':');
    }

    fn scalar(scalar: &Kind<'_>, _: bool, out: &mut String) {
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
}

/// Appends compact JSON. Of a key that is written more than once, the last value counts.
///
/// ```
/// use kubernetes_yaml::{Edit, Tree, write_json};
///
/// let tree = Tree::from_yaml("a: 1e3\nb: [on]\n")?;
/// let mut json = String::new();
/// write_json(&Edit::Kept(tree.root()), &mut json);
/// assert_eq!(json, r#"{"a":1000,"b":[true]}"#);
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
pub fn write_json(value: &Edit<'_>, out: &mut String) {
    write_inline::<Json>(Value::of(value), out);
}
