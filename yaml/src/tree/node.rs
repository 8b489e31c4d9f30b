//! The nodes of a tree.

use std::collections::HashMap;

use super::{Kind, Tree};
use crate::{Edit, Position, write_json};

/// A node of a tree: a scalar, a sequence, a mapping, or an alias of one of them.
///
/// `'t` is the tree's lifetime, `'s` the text's. Methods see through aliases but where they say so.
///
/// ```
/// use kubernetes_yaml::Tree;
///
/// let tree = Tree::from_yaml("hosts: &h [a, b]\nothers: *h\n")?;
/// let others = tree.root().get("others").unwrap();
/// assert!(others.is_sequence() && others.is_alias());
/// let hosts: Vec<_> = others.items().map(|item| item.text()).collect();
/// assert_eq!(hosts, ["a", "b"]);
/// assert_eq!(others.source(), "*h");
/// assert_eq!(others.position().unwrap().to_string(), "2:9");
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ref<'t, 's> {
    pub(super) tree: &'t Tree<'s>,
    pub(super) at: u32,
}

impl<'t, 's> Ref<'t, 's> {
    /// The type of the node, and a scalar's value. An empty tree is null.
    #[must_use]
    pub fn kind(self) -> &'t Kind<'s> {
        self.tree.node(self.at).map_or(&Kind::Null, |node| &node.kind)
    }

    /// The node that an alias of a collection stands for; of any other node, the node itself.
    #[must_use]
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

    /// Whether it is an alias of a collection. An alias of a scalar is a copy of it.
    #[must_use]
    pub fn is_alias(self) -> bool {
        self.target().at != self.at
    }

    /// Whether this is the same node of the same tree.
    #[must_use]
    pub fn is_same(self, other: Ref<'_, '_>) -> bool {
        self.at == other.at && std::ptr::addr_eq(self.tree, other.tree)
    }

    /// The index of the node in document order, for [`Tree::at`] and as a key in tables.
    #[must_use]
    pub fn index(self) -> u32 {
        self.at
    }

    /// The string; `""` for what is not a string. Mostly for keys, which are always strings.
    #[must_use]
    pub fn text(self) -> &'t str {
        self.as_str().unwrap_or_default()
    }

    /// The string, if the node is one.
    #[must_use]
    pub fn as_str(self) -> Option<&'t str> {
        match self.kind() {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar as a string, as sigs.k8s.io/yaml converts it for a field of type `string`
    /// (`convertToJSONableObject`): a float has the shortest digits of 32 bits. Null and collections are empty.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let tree = Tree::from_yaml("[yes, 0x10, 1e3, 1.10, a]")?;
    /// let strings: Vec<_> = tree.root().items().map(|item| item.to_text()).collect();
    /// assert_eq!(strings, ["true", "16", "1000", "1.1", "a"]);
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
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

    /// The bytes of the text that the node was read from, without its anchor and tag. `0..0` without a text. A
    /// block collection ends where its last line does or later, at the next token.
    #[must_use]
    pub fn span(self) -> std::ops::Range<usize> {
        self.tree.node(self.at).map_or(0..0, |node| node.start as usize..node.end as usize)
    }

    /// The text at its [`span`](Self::span); `""` without a text.
    #[must_use]
    pub fn source(self) -> &'t str {
        self.tree.text.and_then(|text| text.get(self.span())).unwrap_or_default()
    }

    /// The value as compact JSON. Of a key that is written more than once, the last value counts.
    #[must_use]
    pub fn to_json(self) -> String {
        let mut json = String::new();
        write_json(&Edit::Kept(self), &mut json);
        json
    }

    /// Where the node begins, if the tree was read from a text.
    #[must_use]
    pub fn position(self) -> Option<Position> {
        self.tree.position_of(self.tree.node(self.at)?.start as usize)
    }

    /// The items of a sequence; of anything else none.
    #[must_use]
    pub fn items(self) -> Items<'t, 's> {
        let list = self.target();
        match list.kind() {
            Kind::Sequence => list.children(),
            _ => Items { tree: self.tree, at: 0, end: 0 },
        }
    }

    /// An iterator over this node alone, to begin a walk over [`inner`](Self::inner) with.
    #[must_use]
    pub fn once(self) -> Items<'t, 's> {
        Items { tree: self.tree, at: self.at, end: (self.at + 1).min(self.tree.len()) }
    }

    /// The children as they are written: items, or keys and values in turn. Merge keys are not resolved.
    #[must_use]
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

    /// The entries of a mapping, including those of keys that come again; of anything else none. Merge keys
    /// (`<<`) are replaced by what they merge.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let tree = Tree::from_yaml("a: 1\nb: 2\na: 3\n")?;
    /// let keys: Vec<_> = tree.root().entries().map(|(key, _)| key.text()).collect();
    /// assert_eq!(keys, ["a", "b", "a"]);
    /// let last: Vec<_> = tree.root().distinct_entries().iter().map(|(_, v)| v.to_json()).collect();
    /// assert_eq!(last, ["2", "3"]);
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
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

    /// The entries of a mapping, of each key only the last: the ones that count.
    #[must_use]
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

    /// The value of a key, of several the last: the one that counts.
    #[must_use]
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

/// Nodes side by side: the items of a sequence, or the children of a collection.
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

/// The keys and values of a mapping.
#[derive(Clone, Debug)]
pub struct Entries<'t, 's>(Written<'t, 's>);

/// Where the entries are: side by side, or in the tree's table of merged ones.
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
