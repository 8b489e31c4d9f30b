//! The nodes of a tree and what stands in them.

use std::collections::HashMap;

use super::{Kind, Tree};
use crate::{Edit, Position, write_json};

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Ref<'t, 's> {
    pub(super) tree: &'t Tree<'s>,
    pub(super) at: u32,
}

impl<'t, 's> Ref<'t, 's> {
    /// What the node is; of an alias, what it stands for. An empty tree is null.
    pub fn kind(self) -> &'t Kind<'s> {
        self.tree.node(self.at).map_or(&Kind::Null, |node| &node.kind)
    }

    /// Of an alias the node that it stands for, else the node itself.
    pub fn target(self) -> Self {
        Ref { at: self.tree.node(self.at).map_or(self.at, |node| node.target), ..self }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self.kind(), Kind::Null)
    }

    /// Whether it is a mapping.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        matches!(self.kind(), Kind::Mapping)
    }

    /// Whether it is a sequence.
    #[must_use]
    pub fn is_sequence(self) -> bool {
        matches!(self.kind(), Kind::Sequence)
    }

    /// Whether the node stands for another one.
    pub fn is_alias(self) -> bool {
        self.target().at != self.at
    }

    /// Whether this is the same node of the same tree.
    pub fn is_same(self, other: Ref<'_, '_>) -> bool {
        self.at == other.at && std::ptr::addr_eq(self.tree, other.tree)
    }

    /// The index of the node in the tree.
    #[must_use]
    pub fn index(self) -> u32 {
        self.at
    }

    /// The text of a text, else nothing.
    pub fn text(self) -> &'t str {
        self.as_text().unwrap_or_default()
    }

    /// A string, if it is one.
    #[must_use]
    pub fn as_text(self) -> Option<&'t str> {
        match self.kind() {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar of YAML as a string, as sigs.k8s.io/yaml makes one where Go wants one: a float has the
    /// shortest digits of 32 bits.
    pub fn to_text(self) -> String {
        let node = self.target();
        let whole = self.tree.whole_floats.binary_search_by_key(&node.at, |(node, _)| *node);
        if let Some((_, value)) = whole.ok().and_then(|i| self.tree.whole_floats.get(i)) {
            return float_text(*value);
        }
        match self.kind() {
            Kind::String(text) => text.clone().into_owned(),
            Kind::Bool(v) => v.to_string(),
            Kind::Unsigned(v) => v.to_string(),
            Kind::Signed(v) => v.to_string(),
            Kind::Float(v) => float_text(*v),
            _ => String::new(),
        }
    }

    /// The bytes of the text that the node was read from.
    pub fn span(self) -> std::ops::Range<usize> {
        self.tree.node(self.at).map_or(0..0, |node| node.start as usize..node.end as usize)
    }

    /// The text that the node was read from, if there was one.
    pub fn source(self) -> &'t str {
        self.tree.text.and_then(|text| text.get(self.span())).unwrap_or_default()
    }

    /// The value as compact JSON.
    #[must_use]
    pub fn to_json(self) -> String {
        let mut json = String::new();
        write_json(&Edit::Kept(self), &mut json);
        json
    }

    /// Where the node begins, if the tree was read from a text.
    #[must_use]
    pub fn position(self) -> Option<Position> {
        self.tree.position(self.at)
    }

    /// A list's items; of anything else none.
    pub fn items(self) -> Items<'t, 's> {
        let list = self.target();
        match list.kind() {
            Kind::Sequence => list.children(),
            _ => Items { tree: self.tree, at: 0, end: 0 },
        }
    }

    /// The node alone.
    pub fn once(self) -> Items<'t, 's> {
        Items { tree: self.tree, at: self.at, end: (self.at + 1).min(self.tree.len()) }
    }

    /// What stands in a list or map: items, or keys and values in turn, as they are written.
    pub fn inner(self) -> Items<'t, 's> {
        let node = self.target();
        match node.kind() {
            Kind::Sequence | Kind::Mapping => node.children(),
            _ => Items { tree: self.tree, at: 0, end: 0 },
        }
    }

    pub(super) fn children(self) -> Items<'t, 's> {
        let end = self.tree.node(self.at).map_or(0, |node| node.next);
        Items { tree: self.tree, at: self.at + 1, end }
    }

    /// A map's entries as they are written, duplicates included; of anything else none.
    pub fn entries(self) -> Entries<'t, 's> {
        let map = self.target();
        Entries(match (map.kind(), self.tree.merged.get(&map.at)) {
            (Kind::Mapping, Some(entries)) => Written::Merged(self.tree, entries.iter()),
            (Kind::Mapping, None) => Written::Plain(map.children()),
            _ => Written::Plain(Items { tree: self.tree, at: 0, end: 0 }),
        })
    }

    /// Whether it is a mapping with merge keys.
    pub(crate) fn is_merged(self) -> bool {
        self.tree.merged.contains_key(&self.target().at)
    }

    /// A map's entries, of each key only the last.
    pub fn distinct_entries(self) -> Vec<(Self, Self)> {
        let all: Vec<_> = self.entries().collect();
        // Most maps are small, and comparing a few keys is cheaper than a table of them.
        if all.len() <= 16 {
            let is_later =
                |i: usize, key: &str| all.iter().skip(i + 1).any(|(k, _)| k.text() == key);
            let has_later = all.iter().enumerate().any(|(i, (key, _))| is_later(i, key.text()));
            if !has_later {
                return all;
            }
        }
        let mut last = HashMap::with_capacity(all.len());
        for (i, (key, _)) in all.iter().enumerate() {
            last.insert(key.text(), i);
        }
        if last.len() == all.len() {
            return all;
        }
        let is_last = |i: usize, key: &str| last.get(key) == Some(&i);
        all.into_iter().enumerate().filter(|(i, e)| is_last(*i, e.0.text())).map(|e| e.1).collect()
    }

    /// The last value of a key.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entries().filter(|(k, _)| k.text() == key).last().map(|(_, value)| value)
    }
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 32)`.
fn float_text(value: f64) -> String {
    match super::go_g32(value).as_str() {
        ".inf" => "+Inf".to_owned(),
        "-.inf" => "-Inf".to_owned(),
        ".nan" => "NaN".to_owned(),
        text => text.to_owned(),
    }
}

/// The nodes that stand side by side from one node to another.
#[derive(Clone, Debug)]
pub struct Items<'t, 's> {
    tree: &'t Tree<'s>,
    at: u32,
    end: u32,
}

impl<'t, 's> Iterator for Items<'t, 's> {
    type Item = Ref<'t, 's>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let item = Ref { tree: self.tree, at: self.at };
        self.at = self.tree.node(self.at)?.next;
        Some(item)
    }
}

/// A map's keys and values.
#[derive(Clone, Debug)]
pub struct Entries<'t, 's>(Written<'t, 's>);

/// Where entries are: side by side, or in the tree's list of merged ones.
#[derive(Clone, Debug)]
enum Written<'t, 's> {
    Plain(Items<'t, 's>),
    Merged(&'t Tree<'s>, std::slice::Iter<'t, (u32, u32)>),
}

impl<'t, 's> Iterator for Entries<'t, 's> {
    type Item = (Ref<'t, 's>, Ref<'t, 's>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Written::Plain(items) => Some((items.next()?, items.next()?)),
            Written::Merged(tree, entries) => {
                let &(key, value) = entries.next()?;
                Some((Ref { tree, at: key }, Ref { tree, at: value }))
            }
        }
    }
}
