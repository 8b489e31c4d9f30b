//! Documents as trees of nodes with positions, read by `kubernetes-yaml`, with this crate's errors,
//! paths and positions: the public API has no type of that crate.

use std::collections::HashMap;

use crate::{Error, FieldPath, Position, diagnostic};

pub(crate) use kubernetes_yaml::{
    DeserializeError, Deserializer, Edit, Escapes, JsonInteger, Kind, Ref, Step, Tree,
    append_json_string, write_json, write_yaml,
};
#[cfg(feature = "validate")]
pub(crate) use kubernetes_yaml::{Entries, Items, JsonFloat};

/// The tree of the first document of a YAML text; null if it is empty.
pub(crate) fn from_yaml(text: &str) -> Result<Tree<'_>, Error> {
    Tree::from_yaml(text).map_err(|error| Error::from_tree(&error))
}

/// Like [`from_yaml`], but numbers beyond JSON's are accepted where `is_string` returns that a string
/// is expected.
pub(crate) fn from_yaml_object(
    text: &str,
    is_string: impl Fn(&[Step<'_>]) -> bool,
) -> Result<Tree<'_>, Error> {
    Tree::from_yaml_object(text, is_string).map_err(|error| Error::from_tree(&error))
}

/// The tree of a text that `serde_json` accepts.
pub(crate) fn from_checked_json(text: &str) -> Result<Tree<'_>, Error> {
    Tree::from_checked_json(text).map_err(|error| Error::from_tree(&error))
}

/// Appends a string in quotes, with Go's escapes.
#[inline]
pub(crate) fn append_text(text: &str, json: &mut String) {
    append_json_string(text, Escapes::Html, json);
}

/// Appends a string in quotes.
pub(crate) fn write_text(text: &str, json: &mut String) {
    append_json_string(text, Escapes::Json, json);
}

/// The start of a node, if its tree was read from a text.
pub(crate) fn position(node: Ref<'_, '_>) -> Option<Position> {
    node.position().map(Position::from_tree)
}

/// The node of a path.
pub(crate) fn get<'t, 's>(root: Ref<'t, 's>, path: &FieldPath) -> Option<Ref<'t, 's>> {
    path.steps().iter().try_fold(root, |node, step| match step {
        diagnostic::Step::Index(index) => node.items().nth(*index),
        diagnostic::Step::Key(key) => node.get(key),
    })
}

/// The paths and positions of bytes within strings.
pub(crate) fn places(tree: &Tree<'_>, offsets: &[usize]) -> Vec<(FieldPath, Option<Position>)> {
    let step = |step| match step {
        Step::Key(key) => diagnostic::Step::Key(str::to_owned(key)),
        Step::Index(index) => diagnostic::Step::Index(index),
    };
    let paths = tree.paths_at(offsets).into_iter();
    let place = |(path, at): (Vec<_>, Option<_>)| {
        (path.into_iter().map(step).collect(), at.map(Position::from_tree))
    };
    paths.map(place).collect()
}

/// Converts byte offsets in the tree's text, if it has one, to lines and columns. `found` is called
/// with the index of a span, a position, and whether it is the end's.
#[cfg(any(feature = "validate", feature = "gateway-api"))]
pub(crate) fn locate(
    tree: &Tree<'_>,
    spans: &[(usize, usize)],
    found: &mut dyn FnMut(usize, Position, bool),
) {
    /// Beyond this distance in bytes, a position is looked up instead of counted.
    const FAR: usize = 4096;
    let Some(text) = tree.text() else { return };
    let ends = spans.iter().enumerate().flat_map(|(i, &(start, end))| {
        [(start, i, false)].into_iter().chain((end > start).then_some((end, i, true)))
    });
    let mut wanted: Vec<_> = ends.collect();
    wanted.sort_unstable();
    let (mut at, mut position) = (0, Position::new(1, 1));
    for (offset, index, is_end) in wanted {
        // A near position is counted from the last one. A far one is looked up: a text may hold a
        // `List` of many documents, each of which begins here.
        let far = (offset - at > FAR)
            .then(|| tree.position_of(offset))
            .flatten()
            .map(Position::from_tree);
        position = far.unwrap_or_else(|| position.after(text.get(at..offset).unwrap_or_default()));
        at = offset;
        found(index, position, is_end);
    }
}

/// The nodes of many paths: items of a sequence and entries of a mapping are collected once.
pub(crate) struct Finder<'t, 's> {
    root: Ref<'t, 's>,
    items: HashMap<u32, Vec<Ref<'t, 's>>>,
    entries: HashMap<u32, HashMap<&'t str, Ref<'t, 's>>>,
}

impl<'t, 's> Finder<'t, 's> {
    pub(crate) fn new(root: Ref<'t, 's>) -> Self {
        Self { root, items: HashMap::new(), entries: HashMap::new() }
    }

    /// The node of a path; if the document does not have it, the closest parent.
    pub(crate) fn find(&mut self, path: &FieldPath) -> Ref<'t, 's> {
        let mut at = self.root;
        for step in path.steps() {
            let Some(below) = self.step(at, step) else { break };
            at = below;
        }
        at
    }

    fn step(&mut self, at: Ref<'t, 's>, step: &diagnostic::Step) -> Option<Ref<'t, 's>> {
        let node = at.target().index();
        match step {
            diagnostic::Step::Index(index) => {
                self.items.entry(node).or_insert_with(|| at.items().collect()).get(*index).copied()
            }
            diagnostic::Step::Key(key) => {
                let entries = || at.entries().map(|(key, value)| (key.text(), value)).collect();
                self.entries.entry(node).or_insert_with(entries).get(key.as_str()).copied()
            }
        }
    }
}
