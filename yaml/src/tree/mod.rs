//! A document as a tree of nodes with their positions in the text.
//!
//! YAML text, JSON text and serde's data model all become this one tree, and the writers and the patch read it.
//! It is an arena: nodes are in document order, each with the index after its subtree, so building, walking and
//! dropping need no recursion, and a document of ten thousand levels is like any other.

mod build;
mod de;
mod from_json;
mod node;
mod scalars;
mod write;

use std::{borrow::Cow, collections::HashMap, sync::OnceLock};

use crate::{Error, Position, Quoted, Step};

pub(crate) use build::Builder;
pub use de::{DeserializeError, Deserializer, from_str};
pub use node::{Entries, Items, Ref};
pub(crate) use scalars::go_g32;
pub use scalars::{Escapes, JsonFloat, JsonInteger, append_json_string};
pub(crate) use write::{Children, Inline, Value, write_inline};
pub use write::{Edit, write_json};

/// A document: a value with everything in it, and the position of each part.
///
/// `'s` is the lifetime of the text, which strings are borrowed from where they are in it in one piece.
///
/// ```
/// use kubernetes_yaml::Tree;
///
/// let tree = Tree::from_yaml("a: [1, 0x10]\nb: yes\n")?;
/// assert_eq!(tree.root().to_json(), r#"{"a":[1,16],"b":true}"#);
/// assert!(Tree::default().root().is_null());
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
///
/// It also deserializes from any format of serde, then without positions:
///
/// ```
/// let tree: kubernetes_yaml::Tree<'static> = serde_json::from_str(r#"{"a":1}"#)?;
/// assert_eq!(tree.root().get("a").unwrap().position(), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tree<'s> {
    nodes: Vec<Node<'s>>,
    /// The entries of mappings with merge keys, as they count in the end: keys and values.
    merged: HashMap<u32, Vec<(u32, u32)>>,
    /// Whole numbers that YAML writes as floats: Go converts those to a string as floats.
    whole_floats: Vec<(u32, f64)>,
    /// Nodes that JSON cannot hold, and why; in document order.
    unfit: Vec<(u32, &'static str)>,
    text: Option<&'s str>,
    /// Where in the text the document ends.
    pub(crate) end: usize,
    /// Whether a string is borrowed exactly where the text has it without escapes, as in JSON.
    lends_unescaped: bool,
    /// The positions of bytes at equal distances, filled when the first position is requested.
    milestones: OnceLock<Vec<(usize, Position)>>,
}

/// How far apart milestones are, in bytes.
const MILE: usize = 4096;

#[derive(Clone, Debug)]
struct Node<'s> {
    kind: Kind<'s>,
    /// The node after this one's subtree; its children follow the node itself.
    next: u32,
    /// Of an alias, the collection that it stands for; of any other node, the node itself.
    target: u32,
    /// The bytes of the text.
    start: u32,
    end: u32,
}

/// The type of a node, and a scalar's value: the data model of JSON with Go's kinds of numbers.
///
/// Aliases and merge keys are resolved: an alias has the kind of its anchor's node. More kinds will not come,
/// so that `match` can be exhaustive.
///
/// ```
/// use kubernetes_yaml::{Kind, Tree};
///
/// let tree = Tree::from_yaml("[~, off, 010, -1, 1.5, 'off', [], {}]")?;
/// let kinds: Vec<_> = tree.root().items().map(|item| item.kind().clone()).collect();
/// let strings = Kind::String("off".into());
/// assert_eq!(kinds[..4], [Kind::Null, Kind::Bool(false), Kind::Unsigned(8), Kind::Signed(-1)]);
/// assert_eq!(kinds[4..], [Kind::Float(1.5), strings, Kind::Sequence, Kind::Mapping]);
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Kind<'s> {
    /// `null`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that is not negative.
    Unsigned(u64),
    /// A negative integer. `Signed(0)` is a JSON text's `-0`.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// A number of a JSON text beyond `f64`, as it is written.
    BigNumber(Cow<'s, str>),
    /// A string.
    String(Cow<'s, str>),
    /// A sequence.
    Sequence,
    /// A mapping. Its keys are strings, as in JSON.
    Mapping,
}

impl Kind<'_> {
    /// A scalar's value or the collection's type, for messages. Long strings are shortened.
    ///
    /// ```
    /// use kubernetes_yaml::Kind;
    ///
    /// assert_eq!(Kind::String("a".into()).describe(), "\"a\"");
    /// assert_eq!(Kind::Sequence.describe(), "a list");
    /// ```
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(v) => v.to_string(),
            Self::Unsigned(v) => v.to_string(),
            Self::Signed(v) => JsonInteger(*v).to_string(),
            Self::Float(v) => JsonFloat(*v).to_string(),
            Self::BigNumber(text) => Quoted(text).to_string(),
            Self::String(text) => Quoted(text).to_string(),
            Self::Sequence => "a list".to_owned(),
            Self::Mapping => "a map".to_owned(),
        }
    }

    fn to_owned(&self) -> Kind<'static> {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(v) => Kind::Bool(*v),
            Self::Unsigned(v) => Kind::Unsigned(*v),
            Self::Signed(v) => Kind::Signed(*v),
            Self::Float(v) => Kind::Float(*v),
            Self::BigNumber(text) => Kind::BigNumber(Cow::Owned(text.clone().into_owned())),
            Self::String(text) => Kind::String(Cow::Owned(text.clone().into_owned())),
            Self::Sequence => Kind::Sequence,
            Self::Mapping => Kind::Mapping,
        }
    }
}

impl<'s> Tree<'s> {
    /// The same document with strings of its own, but without text and positions.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let tree = Tree::from_yaml(&String::from("a: x"))?.to_owned();
    /// assert_eq!(tree.root().to_json(), r#"{"a":"x"}"#);
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn to_owned(&self) -> Tree<'static> {
        let nodes = self.nodes.iter().map(|node| Node { kind: node.kind.to_owned(), ..*node });
        Tree { nodes: nodes.collect(), merged: self.merged.clone(), ..Tree::default() }
    }

    /// Adds an entry with a string that is not in the text to the mapping with an [index](Ref::index). Its
    /// position is the mapping's.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let mut tree = Tree::from_yaml("items: [{a: 1}]")?;
    /// let item = tree.root().get("items").unwrap().items().next().unwrap().index();
    /// tree.add_entry(item, "kind", "Service");
    /// assert_eq!(tree.root().to_json(), r#"{"items":[{"a":1,"kind":"Service"}]}"#);
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    pub fn add_entry(&mut self, map: u32, key: &str, value: &str) {
        let map = Ref { tree: self, at: map }.target();
        let mut entries: Vec<_> = map.entries().map(|(key, value)| (key.at, value.at)).collect();
        let start = self.node(map.at).map_or(0, |node| node.start);
        let (at, new) = (map.at, self.len());
        entries.push((new, new + 1));
        for (target, text) in (new..).zip([key, value]) {
            let kind = Kind::String(Cow::Owned(text.to_owned()));
            self.nodes.push(Node { kind, next: target + 1, target, start, end: start });
        }
        self.merged.insert(at, entries);
    }

    /// The document's value; null if the text has none.
    #[must_use]
    pub fn root(&self) -> Ref<'_, 's> {
        Ref { tree: self, at: 0 }
    }

    /// Whether a string is borrowed from the text exactly where it was written without escapes: true for JSON.
    #[must_use]
    pub fn lends_unescaped(&self) -> bool {
        self.lends_unescaped
    }

    /// The text that the tree was read from, if there was one.
    #[must_use]
    pub fn text(&self) -> Option<&'s str> {
        self.text
    }

    /// The first [`Kind::BigNumber`] of the document.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let tree = Tree::from_checked_json("[1, 1e400]")?;
    /// assert_eq!(tree.big_number().unwrap().source(), "1e400");
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn big_number(&self) -> Option<Ref<'_, 's>> {
        let is_big = |node: &Node<'_>| matches!(node.kind, Kind::BigNumber(_));
        let index = self.nodes.iter().position(is_big)?;
        Some(self.at(u32::try_from(index).ok()?))
    }

    /// The node with an [index](Ref::index); null if there is none.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let tree = Tree::from_yaml("a: 1")?;
    /// let index = tree.root().get("a").unwrap().index();
    /// assert_eq!(tree.at(index).to_json(), "1");
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn at(&self, node: u32) -> Ref<'_, 's> {
        Ref { tree: self, at: node }
    }

    fn len(&self) -> u32 {
        // Each node takes more than one byte of a text of at most 4 GiB, or some of the memory.
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn node(&self, at: u32) -> Option<&Node<'s>> {
        self.nodes.get(at as usize)
    }

    /// The position of a byte of the text that the tree was read from, if there was one. After the first call it
    /// takes the same time anywhere in the text.
    ///
    /// ```
    /// use kubernetes_yaml::{Position, Tree};
    ///
    /// let tree = Tree::from_yaml("a: 1\nb: 2\n")?;
    /// assert_eq!(tree.position_of(8), Some(Position::new(2, 4)));
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn position_of(&self, offset: usize) -> Option<Position> {
        let text = self.text?;
        let milestones = self.milestones.get_or_init(|| {
            let (mut offset, mut position) = (0, Position::new(1, 1));
            let mut milestones = Vec::with_capacity(text.len() / MILE + 1);
            for mut next in (0..=text.len()).step_by(MILE) {
                while !text.is_char_boundary(next) {
                    next -= 1;
                }
                position = position.after(text.get(offset..next).unwrap_or_default());
                offset = next;
                milestones.push((offset, position));
            }
            milestones
        });
        let offset = offset.min(text.len());
        let &(start, position) = milestones.get(offset / MILE)?;
        Some(position.after(text.get(start..offset).unwrap_or_default()))
    }

    /// Rejects what JSON cannot hold, unless a later value of the same key replaces it or, of a number, a string
    /// is wanted there.
    pub(crate) fn check_fits(&self, is_text: impl Fn(&[Step<'_>]) -> bool) -> Result<(), Error> {
        if self.unfit.is_empty() {
            return Ok(());
        }
        let unfit = |node: Ref<'_, '_>| {
            let found = self.unfit.binary_search_by_key(&node.target().at, |(node, _)| *node);
            found.ok().and_then(|i| self.unfit.get(i)).map(|(_, message)| *message)
        };
        // The index of the step before, and the step: a whole path is made only for `is_text`.
        let mut steps: Vec<(usize, Step<'_>)> = Vec::new();
        let mut left = vec![(self.root(), usize::MAX)];
        while let Some((node, from)) = left.pop() {
            if let Some(message) = unfit(node) {
                let mut path = Vec::new();
                let mut at = from;
                while let Some((above, step)) = steps.get(at) {
                    path.push(*step);
                    at = *above;
                }
                path.reverse();
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
                steps.push((from, Step::Key(key.text())));
            }
        }
        Ok(())
    }

    /// The paths and positions of scalars that hold bytes of the text, for ascending offsets. Offsets in a row
    /// with the same path have one entry. At most 1,000 entries, or 1 MiB of paths, are returned.
    ///
    /// ```
    /// use kubernetes_yaml::{Position, Step, Tree};
    ///
    /// let tree = Tree::from_yaml("a: [x, y]\n")?;
    /// let path = vec![Step::Key("a"), Step::Index(1)];
    /// assert_eq!(tree.paths_at(&[7]), [(path, Some(Position::new(1, 8)))]);
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn paths_at<'t>(&'t self, offsets: &[usize]) -> Vec<(Vec<Step<'t>>, Option<Position>)> {
        /// A collection around a node: where it ends, and where in it the node is.
        struct Level<'t> {
            end: u32,
            is_map: bool,
            /// Items so far, or keys and values.
            count: usize,
            key: &'t str,
        }
        let (mut offsets, mut size) = (offsets.iter().copied().peekable(), 0);
        let mut levels: Vec<Level<'_>> = Vec::new();
        let mut places = Vec::<(Vec<Step<'_>>, _)>::new();
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
            if node.is_sequence() || node.is_mapping() {
                let end = self.node(at).map_or(0, |node| node.next);
                levels.push(Level { end, is_map: node.is_mapping(), count: 0, key: "" });
            } else if node.span().contains(&offset) {
                let step = |level: &Level<'t>| match level.is_map {
                    true => Step::Key(level.key),
                    false => Step::Index(level.count.saturating_sub(1)),
                };
                let path: Vec<_> = levels.iter().map(step).collect();
                size += levels.iter().map(|l| size_of::<String>() + l.key.len()).sum::<usize>();
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

/// Limits of `places`: entries, and bytes of paths, each of which may be as long as the document.
const MAX_PLACES: usize = 1000;
const MAX_PATHS: usize = 1 << 20;

#[cfg(test)]
mod tests;
