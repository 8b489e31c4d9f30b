//! Positions of findings.

use super::Text;
use crate::{
    Diagnostic, FieldPath, Position,
    diagnostic::Step,
    gateway_api::rule,
    manifest::tree,
    tree::{Ref, Tree, locate},
};

impl Text {
    /// Sets the positions of findings about objects of the text.
    pub(super) fn locate(&self, found: Vec<Found<'_>>) {
        if found.is_empty() {
            return;
        }
        // The text was read before, so reading it again cannot fail.
        let Ok(tree) = tree(&self.text, self.is_yaml) else { return };
        locate_in(&tree, found, self.start);
    }
}

/// The path of an object, and a finding about it.
pub(super) type Found<'a> = (&'a FieldPath, &'a mut Diagnostic);

/// Sets the positions of diagnostics, each with the path of the object to which its own path is
/// relative.
pub(super) fn locate_in(tree: &Tree<'_>, found: Vec<Found<'_>>, start: Position) {
    let mut spans = Vec::new();
    let mut diagnostics = Vec::new();
    for (root, diagnostic) in found {
        let steps = root.steps().iter().chain(diagnostic.path.steps()).cloned();
        // An unknown field is located by its name, not its value.
        let wants_key = diagnostic.rule == rule::UNKNOWN_FIELD;
        spans.push(shown(tree.root(), steps, wants_key));
        diagnostics.push(diagnostic);
    }
    locate(tree, &spans, &mut |index, position, is_end| {
        if let Some(diagnostic) = diagnostics.get_mut(index) {
            let place = if is_end { &mut diagnostic.end } else { &mut diagnostic.position };
            *place = Some(position.within(start));
        }
    });
}

/// The bytes to underline: a scalar, the key of a larger value, or the closest parent.
fn shown(root: Ref<'_, '_>, steps: impl Iterator<Item = Step>, wants_key: bool) -> (usize, usize) {
    let is_scalar = |node: Ref<'_, '_>| !wants_key && !node.is_mapping() && !node.is_sequence();
    let whole = |node: Ref<'_, '_>| (node.span().start, node.span().end);
    let (mut at, mut span) = (root, (root.span().start, root.span().start));
    for step in steps {
        let below = match &step {
            Step::Key(name) => {
                let entry = at.entries().filter(|(key, _)| key.text() == name).last();
                entry.map(|(key, value)| {
                    (value, if is_scalar(value) { whole(value) } else { whole(key) })
                })
            }
            Step::Index(index) => at.items().nth(*index).map(|item| {
                let start = item.span().start;
                (item, if is_scalar(item) { whole(item) } else { (start, start) })
            }),
        };
        let Some((node, found)) = below else { break };
        (at, span) = (node, found);
    }
    span
}
