//! Building a tree, node by node in document order.

use super::{Kind, Node, Tree};
use crate::Error;

/// A tree under construction.
#[derive(Debug)]
pub(crate) struct Builder<'s> {
    tree: Tree<'s>,
    open: Vec<Open>,
}

/// A collection that has not ended.
#[derive(Debug)]
struct Open {
    node: u32,
    is_map: bool,
    /// In a mapping: whether a key comes next.
    wants_key: bool,
}

impl<'s> Builder<'s> {
    /// A builder of a tree without a text.
    pub(crate) fn new() -> Self {
        Self { tree: Tree::default(), open: Vec::new() }
    }

    /// A builder of a tree whose positions are in `text`.
    pub(crate) fn of_text(text: &'s str) -> Result<Self, Error> {
        if u32::try_from(text.len()).is_err() {
            return Err(Error::limit("longer than 4 GiB", None));
        }
        let mut builder = Self::new();
        builder.tree.text = Some(text);
        Ok(builder)
    }

    /// Sets that strings are borrowed exactly where they are written without escapes.
    pub(crate) fn lends_unescaped(&mut self) {
        self.tree.lends_unescaped = true;
    }

    /// Whether the next node is a key.
    pub(crate) fn wants_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_map && open.wants_key)
    }

    /// The index that the next node will have.
    pub(crate) fn next(&self) -> u32 {
        self.tree.len()
    }

    /// The innermost open collection.
    pub(crate) fn parent(&self) -> Option<u32> {
        self.open.last().map(|open| open.node)
    }

    /// Adds a node that has no children.
    pub(crate) fn leaf(&mut self, kind: Kind<'s>, start: usize, end: usize) {
        let next = self.next() + 1;
        self.push(kind, next, start, end);
    }

    /// Adds an alias of a collection.
    pub(crate) fn alias(&mut self, target: u32, start: usize, end: usize) {
        debug_assert!(self.is_closed(target), "a collection contains itself");
        let kind = self.tree.at(target).kind().clone();
        self.leaf(kind, start, end);
        if let Some(node) = self.tree.nodes.last_mut() {
            node.target = target;
        }
    }

    /// Adds a collection; the next nodes are in it.
    pub(crate) fn open(&mut self, kind: Kind<'s>, start: usize) {
        let (node, is_map) = (self.next(), kind == Kind::Mapping);
        self.push(kind, 0, start, start);
        self.open.push(Open { node, is_map, wants_key: true });
    }

    /// Remembers that JSON cannot hold the next node, if it counts in the end.
    pub(crate) fn unfit(&mut self, message: &'static str) {
        let node = self.next();
        self.tree.unfit.push((node, message));
    }

    /// Remembers that the next node, a whole number, is written as a float.
    pub(crate) fn whole_float(&mut self, value: f64) {
        let node = self.next();
        self.tree.whole_floats.push((node, value));
    }

    /// Ends the innermost collection.
    pub(crate) fn close(&mut self, end: usize) {
        let next = self.next();
        if let Some(open) = self.open.pop()
            && let Some(node) = self.tree.nodes.get_mut(open.node as usize)
        {
            (node.next, node.end) = (next, offset(end));
        }
    }

    /// Sets where in the text the document ends.
    pub(crate) fn end_document(&mut self, at: usize) {
        self.tree.end = at;
    }

    /// Whether a node has ended.
    pub(crate) fn is_closed(&self, node: u32) -> bool {
        self.tree.node(node).is_some_and(|n| n.next != 0)
    }

    /// Gives a mapping with merge keys the entries that count.
    pub(crate) fn set_merged(&mut self, mapping: u32, entries: Vec<(u32, u32)>) {
        self.tree.merged.insert(mapping, entries);
    }

    /// Gives a key the text of another one.
    pub(crate) fn rename_key(&mut self, key: u32, like: u32) {
        let text = self.tree.node(like).map(|node| node.kind.clone());
        if let (Some(text), Some(key)) = (text, self.tree.nodes.get_mut(key as usize)) {
            key.kind = text;
        }
    }

    /// The tree so far.
    pub(crate) fn tree(&self) -> &Tree<'s> {
        &self.tree
    }

    /// The tree.
    pub(crate) fn finish(self) -> Tree<'s> {
        self.tree
    }

    fn push(&mut self, kind: Kind<'s>, next: u32, start: usize, end: usize) {
        if let Some(open) = self.open.last_mut() {
            open.wants_key = !open.wants_key;
        }
        let (target, start, end) = (self.next(), offset(start), offset(end));
        self.tree.nodes.push(Node { kind, next, target, start, end });
    }
}

/// A byte offset, which `of_text` has checked to fit.
fn offset(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
