//! A document as a tree of nodes with their places in the text.
//!
//! JSON text, YAML text and serde's data model all become this one tree, and the decoder, the
//! lossless write-back and the writers all read it. It is an arena: nodes stand in document order,
//! each with the index behind its subtree, so building, walking and dropping need no recursion and
//! a document of ten thousand levels is like any other.

mod build;
mod de;
mod json;
mod scalars;
mod write;

use std::{borrow::Cow, collections::HashMap, sync::OnceLock};

use crate::{
    Error, FieldPath,
    diagnostic::{Position, Quoted, Step},
};

pub(crate) use build::Builder;
pub(crate) use de::{Reader, TreeError};
pub(crate) use scalars::{Number, Signed, append_number, append_text};
pub(crate) use write::{Edit, write_json, write_text};

/// A document. `'s` is the text's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree<'s> {
    nodes: Vec<Node<'s>>,
    /// The entries of maps with merge keys, as they count in the end: keys and values.
    merged: Vec<Vec<(u32, u32)>>,
    /// Nodes that JSON cannot hold, and why; in document order.
    unfit: Vec<(u32, &'static str)>,
    text: Option<&'s str>,
    /// Whether a text is borrowed exactly where it was written without escapes, as in JSON.
    lends_unescaped: bool,
    /// The places of bytes that stand at equal distances, from the first time that one is asked for.
    milestones: OnceLock<Vec<(usize, Position)>>,
}

/// How far apart milestones are, in bytes.
pub(crate) const MILE: usize = 4096;

#[derive(Clone, Debug)]
struct Node<'s> {
    kind: Kind<'s>,
    /// The node behind this one's subtree; its children follow the node itself.
    next: u32,
    /// The bytes of the text.
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'s> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// A number that no f64 can hold, as it is written.
    Huge(Cow<'s, str>),
    Text(Cow<'s, str>),
    List,
    /// Keys and values in turn; a key is a text.
    Map,
    /// A map with merge keys: an index into `merged`.
    Merged(u32),
    /// What stands elsewhere: its node.
    Alias(u32),
}

impl Kind<'_> {
    /// What it is, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Null | Self::Alias(_) => "null".to_owned(),
            Self::Bool(v) => v.to_string(),
            Self::Unsigned(v) => v.to_string(),
            Self::Signed(v) => Signed(*v).to_string(),
            Self::Float(v) => Number(*v).to_string(),
            Self::Huge(text) => Quoted(text).to_string(),
            Self::Text(text) => Quoted(text).to_string(),
            Self::List => "a list".to_owned(),
            Self::Map | Self::Merged(_) => "a map".to_owned(),
        }
    }

    fn to_owned(&self) -> Kind<'static> {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(v) => Kind::Bool(*v),
            Self::Unsigned(v) => Kind::Unsigned(*v),
            Self::Signed(v) => Kind::Signed(*v),
            Self::Float(v) => Kind::Float(*v),
            Self::Huge(text) => Kind::Huge(Cow::Owned(text.clone().into_owned())),
            Self::Text(text) => Kind::Text(Cow::Owned(text.clone().into_owned())),
            Self::List => Kind::List,
            Self::Map => Kind::Map,
            Self::Merged(index) => Kind::Merged(*index),
            Self::Alias(node) => Kind::Alias(*node),
        }
    }
}

impl<'s> Tree<'s> {
    /// The same tree without its text: nodes that own what they say, and have no positions.
    pub(crate) fn to_owned(&self) -> Tree<'static> {
        let nodes = self.nodes.iter().map(|node| Node { kind: node.kind.to_owned(), ..*node });
        Tree { nodes: nodes.collect(), merged: self.merged.clone(), ..Tree::default() }
    }

    /// The document's root.
    pub(crate) fn root(&self) -> Ref<'_, 's> {
        Ref { tree: self, at: 0 }
    }

    pub(crate) fn lends_unescaped(&self) -> bool {
        self.lends_unescaped
    }

    /// The text that the tree was read from, if there was one.
    #[cfg(feature = "validate")]
    pub(crate) fn text(&self) -> Option<&'s str> {
        self.text
    }

    /// A node by its index.
    pub(crate) fn at(&self, node: u32) -> Ref<'_, 's> {
        Ref { tree: self, at: node }
    }

    fn len(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn node(&self, at: u32) -> Option<&Node<'s>> {
        self.nodes.get(at as usize)
    }

    /// Where a node begins, if the tree was made from a text.
    pub(crate) fn position(&self, node: u32) -> Option<Position> {
        self.position_of(self.node(node)?.start as usize)
    }

    /// The position of a byte of the text.
    pub(crate) fn position_of(&self, offset: usize) -> Option<Position> {
        let text = self.text?;
        let milestones = self.milestones.get_or_init(|| {
            let (mut offset, mut position) = (0, Position::new(1, 1));
            let mut milestones = Vec::with_capacity(text.len() / MILE + 1);
            for mut next in (0..=text.len()).step_by(MILE) {
                while !text.is_char_boundary(next) {
                    next -= 1;
                }
                position = position.behind(text.get(offset..next).unwrap_or_default());
                offset = next;
                milestones.push((offset, position));
            }
            milestones
        });
        let offset = offset.min(text.len());
        let &(start, position) = milestones.get(offset / MILE)?;
        Some(position.behind(text.get(start..offset).unwrap_or_default()))
    }

    /// The node of a path.
    pub(crate) fn get(&self, path: &FieldPath) -> Option<Ref<'_, 's>> {
        path.steps().iter().try_fold(self.root(), Ref::step)
    }

    /// The node of a path; for a path that the document lacks, the nearest above it.
    pub(crate) fn find(&self, path: &FieldPath) -> Option<u32> {
        let mut at = self.root();
        for step in path.steps() {
            let Some(below) = at.step(step) else { break };
            at = below;
        }
        self.node(at.at).map(|_| at.at)
    }

    /// Refuses what JSON cannot hold, unless a later value of the same key has replaced it or, of a
    /// number, a text is wanted there.
    pub(crate) fn check_fits(&self, is_text: impl Fn(&FieldPath) -> bool) -> Result<(), Error> {
        if self.unfit.is_empty() {
            return Ok(());
        }
        let unfit = |node: Ref<'_, '_>| {
            let found = self.unfit.binary_search_by_key(&node.target().at, |(node, _)| *node);
            found.ok().and_then(|i| self.unfit.get(i)).map(|(_, message)| *message)
        };
        // Where each step leads from, and the step: a path is made only to ask about it.
        let mut steps: Vec<(usize, Step)> = Vec::new();
        let mut left = vec![(self.root(), usize::MAX)];
        while let Some((node, from)) = left.pop() {
            if let Some(message) = unfit(node) {
                let mut path = Vec::new();
                let mut at = from;
                while let Some((above, step)) = steps.get(at) {
                    path.push(step.clone());
                    at = *above;
                }
                let path =
                    path.into_iter().rev().fold(FieldPath::root(), |path, step| match step {
                        Step::Index(index) => path.index(index),
                        Step::Key(key) => path.key(key),
                    });
                if !is_text(&path) {
                    return Err(Error::syntax(message, node.position()));
                }
            }
            for (index, item) in node.items().enumerate() {
                left.push((item, steps.len()));
                steps.push((from, Step::Index(index)));
            }
            if let Some((key, message)) = node.entries().find_map(|(k, _)| Some((k, unfit(k)?))) {
                return Err(Error::syntax(message, key.position()));
            }
            for (key, value) in node.distinct_entries() {
                left.push((value, steps.len()));
                steps.push((from, Step::Key(key.text().to_owned())));
            }
        }
        Ok(())
    }

    /// The places of bytes within texts, each with its node's path. A path that several bytes in a
    /// row share is told of once; the list ends where it has grown long.
    pub(crate) fn places(&self, offsets: &[usize]) -> Vec<(FieldPath, Option<Position>)> {
        /// A list or map around a node: where it ends, and where in it the node is.
        struct Level<'t> {
            end: u32,
            is_map: bool,
            /// Items so far, or keys and values.
            count: usize,
            key: &'t str,
        }
        let (mut offsets, mut size) = (offsets.iter().copied().peekable(), 0);
        let mut levels: Vec<Level<'_>> = Vec::new();
        let mut places = Vec::<(FieldPath, _)>::new();
        for at in 0..self.len() {
            let Some(&offset) = offsets.peek() else { break };
            while levels.pop_if(|level| level.end <= at).is_some() {}
            let node = self.at(at);
            if let Some(level) = levels.last_mut() {
                if level.is_map && level.count % 2 == 0 {
                    level.key = node.text();
                }
                level.count += 1;
            }
            if node.is_list() || node.is_map() {
                let end = self.node(at).map_or(0, |node| node.next);
                levels.push(Level { end, is_map: node.is_map(), count: 0, key: "" });
            } else if node.span().contains(&offset) {
                let step = |level: &Level<'_>| match level.is_map {
                    true => Step::Key(level.key.to_owned()),
                    false => Step::Index(level.count.saturating_sub(1)),
                };
                let path: FieldPath = levels.iter().map(step).collect();
                size += levels.iter().map(|l| size_of::<Step>() + l.key.len()).sum::<usize>();
                if places.last().is_none_or(|(last, _)| *last != path) {
                    places.push((path, self.position_of(offset)));
                }
                if places.len() >= MAX_PLACES || size > MAX_PATHS {
                    break;
                }
                while offsets.next_if(|offset| node.span().contains(offset)).is_some() {}
            }
        }
        places
    }
}

/// So many places are enough, and so many bytes of paths: each may be as long as the document.
const MAX_PLACES: usize = 1000;
const MAX_PATHS: usize = 1 << 20;

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ref<'t, 's> {
    tree: &'t Tree<'s>,
    at: u32,
}

impl<'t, 's> Ref<'t, 's> {
    /// What the node is; of an alias, what it stands for. An empty tree is null.
    pub(crate) fn kind(self) -> &'t Kind<'s> {
        match self.tree.node(self.at).map(|n| &n.kind) {
            Some(Kind::Alias(target)) => {
                self.tree.node(*target).map_or(&Kind::Null, |node| &node.kind)
            }
            Some(kind) => kind,
            None => &Kind::Null,
        }
    }

    fn step(self, step: &Step) -> Option<Self> {
        match step {
            Step::Index(index) => self.items().nth(*index),
            Step::Key(key) => self.get(key),
        }
    }

    fn target(self) -> Self {
        match self.tree.node(self.at).map(|n| &n.kind) {
            Some(Kind::Alias(target)) => Ref { at: *target, ..self },
            _ => self,
        }
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self.kind(), Kind::Null)
    }

    pub(crate) fn is_map(self) -> bool {
        matches!(self.kind(), Kind::Map | Kind::Merged(_))
    }

    pub(crate) fn is_list(self) -> bool {
        matches!(self.kind(), Kind::List)
    }

    /// Whether the node stands for another one.
    pub(crate) fn is_alias(self) -> bool {
        matches!(self.tree.node(self.at).map(|n| &n.kind), Some(Kind::Alias(_)))
    }

    /// Whether this is the same node of the same tree.
    pub(crate) fn is_same(self, other: Ref<'_, '_>) -> bool {
        self.at == other.at && std::ptr::addr_eq(self.tree, other.tree)
    }

    pub(crate) fn index(self) -> u32 {
        self.at
    }

    /// The text of a text, else nothing.
    pub(crate) fn text(self) -> &'t str {
        self.as_text().unwrap_or_default()
    }

    pub(crate) fn as_text(self) -> Option<&'t str> {
        match self.kind() {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar as a text, as Go's client makes one where it wants one.
    pub(crate) fn to_text(self) -> String {
        match self.kind() {
            Kind::Text(text) => text.clone().into_owned(),
            scalar @ (Kind::Bool(_) | Kind::Unsigned(_) | Kind::Signed(_) | Kind::Float(_)) => {
                scalar.describe()
            }
            _ => String::new(),
        }
    }

    /// The bytes of the text that the node was read from.
    pub(crate) fn span(self) -> std::ops::Range<usize> {
        self.tree.node(self.at).map_or(0..0, |node| node.start as usize..node.end as usize)
    }

    /// The text that the node was read from, if there was one.
    pub(crate) fn source(self) -> &'t str {
        self.tree.text.and_then(|text| text.get(self.span())).unwrap_or_default()
    }

    pub(crate) fn position(self) -> Option<Position> {
        self.tree.position(self.at)
    }

    /// A list's items; of anything else none.
    pub(crate) fn items(self) -> Items<'t, 's> {
        let list = self.target();
        match list.kind() {
            Kind::List => list.children(),
            _ => Items { tree: self.tree, at: 0, end: 0 },
        }
    }

    /// The node alone.
    pub(crate) fn once(self) -> Items<'t, 's> {
        Items { tree: self.tree, at: self.at, end: (self.at + 1).min(self.tree.len()) }
    }

    /// What stands in a list or map: items, or keys and values in turn, as they are written.
    pub(crate) fn inner(self) -> Items<'t, 's> {
        let node = self.target();
        match node.kind() {
            Kind::List | Kind::Map | Kind::Merged(_) => node.children(),
            _ => Items { tree: self.tree, at: 0, end: 0 },
        }
    }

    fn children(self) -> Items<'t, 's> {
        let end = self.tree.node(self.at).map_or(0, |node| node.next);
        Items { tree: self.tree, at: self.at + 1, end }
    }

    /// A map's entries as they are written, duplicates included; of anything else none.
    pub(crate) fn entries(self) -> Entries<'t, 's> {
        let map = self.target();
        match map.kind() {
            Kind::Map => Entries::Plain(map.children()),
            Kind::Merged(index) => {
                let entries = self.tree.merged.get(*index as usize);
                Entries::Merged(self.tree, entries.map(Vec::as_slice).unwrap_or_default().iter())
            }
            _ => Entries::Plain(Items { tree: self.tree, at: 0, end: 0 }),
        }
    }

    /// A map's entries, of each key only the last.
    pub(crate) fn distinct_entries(self) -> Vec<(Self, Self)> {
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
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.entries().filter(|(k, _)| k.text() == key).last().map(|(_, value)| value)
    }
}

/// The nodes that stand side by side from one node to another.
#[derive(Clone, Debug)]
pub(crate) struct Items<'t, 's> {
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
pub(crate) enum Entries<'t, 's> {
    Plain(Items<'t, 's>),
    Merged(&'t Tree<'s>, std::slice::Iter<'t, (u32, u32)>),
}

impl<'t, 's> Iterator for Entries<'t, 's> {
    type Item = (Ref<'t, 's>, Ref<'t, 's>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Plain(items) => Some((items.next()?, items.next()?)),
            Self::Merged(tree, entries) => {
                let &(key, value) = entries.next()?;
                Some((Ref { tree, at: key }, Ref { tree, at: value }))
            }
        }
    }
}
