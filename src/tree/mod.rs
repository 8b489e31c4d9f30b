//! A document as a tree of nodes with their places in the text.
//!
//! JSON text, YAML text and serde's data model all become this one tree, and the decoder, the
//! lossless write-back and the writers all read it. It is an arena: nodes stand in document order,
//! each with the index behind its subtree, so building, walking and dropping need no recursion and
//! a document of ten thousand levels is like any other.

mod build;
mod de;
mod json;
mod node;
mod scalars;
mod write;

use std::{borrow::Cow, collections::HashMap, sync::OnceLock};

use crate::{
    Error, FieldPath,
    diagnostic::{Position, Quoted, Step},
};

pub(crate) use build::Builder;
pub(crate) use de::{Reader, TreeError};
pub(crate) use node::{Entries, Items, Ref};
pub(crate) use scalars::{Number, Signed, append_number, append_text, go_g32};
pub(crate) use write::{Edit, write_json, write_text};

/// A document. `'s` is the text's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree<'s> {
    nodes: Vec<Node<'s>>,
    /// The entries of maps with merge keys, as they count in the end: keys and values.
    merged: Vec<Vec<(u32, u32)>>,
    /// The whole numbers that YAML has as floats, which show where Go makes a string of one.
    whole_floats: Vec<(u32, f64)>,
    /// Nodes that JSON cannot hold, and why; in document order.
    unfit: Vec<(u32, &'static str)>,
    text: Option<&'s str>,
    /// Where in the text the document ends.
    pub(crate) end: usize,
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

    /// Adds an entry that is not in the text to a map.
    #[cfg(feature = "yaml")]
    pub(crate) fn add_entry(&mut self, map: u32, key: &str, value: &str) {
        let map = Ref { tree: self, at: map }.target();
        let mut entries: Vec<_> = map.entries().map(|(key, value)| (key.at, value.at)).collect();
        let start = self.node(map.at).map_or(0, |node| node.start);
        let (at, new) = (map.at, self.len());
        entries.push((new, new + 1));
        for text in [key, value] {
            let (kind, next) = (Kind::Text(Cow::Owned(text.to_owned())), self.len() + 1);
            self.nodes.push(Node { kind, next, start, end: start });
        }
        let index = u32::try_from(self.merged.len()).unwrap_or(u32::MAX);
        if let Some(map) = self.nodes.get_mut(at as usize) {
            map.kind = Kind::Merged(index);
            self.merged.push(entries);
        }
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

    /// Finds the nodes of many paths: what stands in a list or map is counted once.
    pub(crate) fn finder(&self) -> Finder<'_, 's> {
        Finder { root: self.root(), items: HashMap::new(), entries: HashMap::new() }
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

/// The nodes of paths, and what stands in the lists and maps on the way to them.
pub(crate) struct Finder<'t, 's> {
    root: Ref<'t, 's>,
    items: HashMap<u32, Vec<Ref<'t, 's>>>,
    entries: HashMap<u32, HashMap<&'t str, Ref<'t, 's>>>,
}

impl<'t, 's> Finder<'t, 's> {
    /// The node of a path; for a path that the document lacks, the nearest above it.
    pub(crate) fn find(&mut self, path: &FieldPath) -> Option<u32> {
        let mut at = self.root;
        for step in path.steps() {
            let Some(below) = self.step(at, step) else { break };
            at = below;
        }
        at.tree.node(at.at).map(|_| at.at)
    }

    fn step(&mut self, at: Ref<'t, 's>, step: &Step) -> Option<Ref<'t, 's>> {
        let node = at.target().at;
        match step {
            Step::Index(index) => {
                self.items.entry(node).or_insert_with(|| at.items().collect()).get(*index).copied()
            }
            Step::Key(key) => {
                let entries = || at.entries().map(|(key, value)| (key.text(), value)).collect();
                self.entries.entry(node).or_insert_with(entries).get(key.as_str()).copied()
            }
        }
    }
}

/// So many places are enough, and so many bytes of paths: each may be as long as the document.
const MAX_PLACES: usize = 1000;
const MAX_PATHS: usize = 1 << 20;
