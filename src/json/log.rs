//! What the decoder finds, and where it stands when it does.

use std::{cell::Cell, fmt, sync::OnceLock};

use super::decode::{Field, Number};
use crate::{
    diagnostic::{Diagnostic, FieldPath, Severity, Step},
    rule::{RuleId, decode as rule},
    tree,
};

/// So many diagnostics are enough: then only errors are added, and one for each list or map.
const ENOUGH: usize = 1000;

/// Where the decoder stands.
#[derive(Clone, Copy)]
#[doc(hidden)]
pub enum At<'a> {
    Top,
    /// A message's field.
    Field(&'a At<'a>, &'a str),
    /// A map's entry.
    Entry(&'a At<'a>, &'a str),
    /// A list's element.
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    fn path(self) -> FieldPath {
        fn push(at: At<'_>, steps: &mut Vec<Step>) {
            match at {
                At::Top => {}
                At::Field(up, key) | At::Entry(up, key) => {
                    push(*up, steps);
                    steps.push(Step::Key(key.to_owned()));
                }
                At::Index(up, index) => {
                    push(*up, steps);
                    steps.push(Step::Index(index));
                }
            }
        }
        let mut steps = Vec::new();
        push(self, &mut steps);
        steps.into_iter().collect()
    }
}

/// What was found so far.
#[derive(Default)]
#[doc(hidden)]
pub struct Log<'a> {
    pub(super) found: Vec<Diagnostic>,
    /// For each diagnostic the node of the source tree, where there is one.
    pub(super) nodes: Vec<u32>,
    /// The place of the last error in `found`.
    last_error: Option<usize>,
    /// The source tree's current node.
    cursor: Option<&'a Cell<u32>>,
    /// Whether the source lends a text exactly when it was written without escapes.
    pub(super) lends_unescaped: bool,
    /// Whether a minus zero was seen that only the text can tell from "-0.0".
    pub(super) saw_minus_zero: bool,
}

impl<'a> Log<'a> {
    pub(crate) fn of_text() -> Self {
        Self { lends_unescaped: true, ..Self::default() }
    }

    pub(super) fn of_tree(tree: &tree::Tree<'_>, cursor: &'a Cell<u32>) -> Self {
        let lends_unescaped = tree.lends_unescaped();
        Self { cursor: Some(cursor), lends_unescaped, ..Self::default() }
    }

    /// Whether a float is the integer "-0", which `serde_json` has as one. A tree has it as a signed
    /// zero, so there it is not.
    pub(crate) fn is_minus_zero(&mut self, v: Number) -> bool {
        let Number::Float(v) = v else { return false };
        let is = v == 0.0 && v.is_sign_negative() && self.cursor.is_none();
        self.saw_minus_zero |= is;
        is
    }

    pub(crate) fn node(&self) -> u32 {
        self.cursor.map_or(0, Cell::get)
    }

    #[cold]
    pub(crate) fn warn(&mut self, rule: RuleId, at: At<'_>, message: impl fmt::Display) {
        if self.found.len() < ENOUGH {
            let node = self.node();
            self.push(rule, Severity::Warning, at, message.to_string(), None, node);
        }
    }

    #[cold]
    pub(crate) fn unknown_field<'k>(
        &mut self,
        at: At<'_>,
        known: impl FnOnce() -> Option<&'k str>,
    ) {
        if self.found.len() < ENOUGH {
            let (help, node) = (known().map(did_you_mean), self.node());
            let message = "unknown field".to_owned();
            self.push(rule::UNKNOWN_FIELD, Severity::Warning, at, message, help, node);
        }
    }

    #[cold]
    pub(crate) fn error(&mut self, rule: RuleId, at: At<'_>, message: impl fmt::Display) {
        let node = self.node();
        self.push(rule, Severity::Error, at, message.to_string(), None, node);
    }

    #[cold]
    pub(crate) fn error_with(
        &mut self,
        rule: RuleId,
        at: At<'_>,
        message: impl fmt::Display,
        help: Option<String>,
    ) {
        let node = self.node();
        self.push(rule, Severity::Error, at, message.to_string(), help, node);
    }

    #[cold]
    pub(super) fn wrong<F: Field>(&mut self, got: impl fmt::Display, at: At<'_>, node: u32) {
        let message = format!("expected {}, found {got}", F::EXPECTED);
        self.push(rule::WRONG_TYPE, Severity::Error, at, message, None, node);
    }

    fn push(
        &mut self,
        rule: RuleId,
        severity: Severity,
        at: At<'_>,
        message: String,
        help: Option<String>,
        node: u32,
    ) {
        let path = at.path();
        if severity == Severity::Error {
            self.last_error = Some(self.found.len());
        }
        self.found.push(Diagnostic {
            rule,
            severity,
            path,
            message,
            help,
            position: None,
            end: None,
        });
        self.nodes.push(node);
    }

    /// Whether a map's only key says that the map is a number: so `serde_json` shows numbers where
    /// anyone in the build turns its feature `arbitrary_precision` on.
    #[inline]
    pub(crate) fn is_wrapped_number(&self, key: &str) -> bool {
        key == "$serde_json::private::Number" && self.cursor.is_none() && wraps_numbers()
    }

    /// How many diagnostics there are: for [`is_full`](Self::is_full), and to tell whether there are
    /// new ones.
    pub(crate) fn mark(&self) -> usize {
        self.found.len()
    }

    /// Whether a list or map that began at `mark` needs no more diagnostics.
    #[inline]
    pub(crate) fn is_full(&self, mark: usize) -> bool {
        self.found.len() >= ENOUGH && self.last_error.is_some_and(|error| error >= mark)
    }

    /// A value lost to a later one: so do its diagnostics, of which there are `count`. They are
    /// looked for from behind, and what is found once is not there any more: a key written again
    /// and again does not make this slow.
    #[cold]
    pub(crate) fn forget(&mut self, count: usize, at: At<'_>) {
        if count == 0 {
            return;
        }
        let path = at.path();
        let mut left = count;
        let is_first = |found: &Diagnostic| {
            left -= usize::from(found.path.starts_with(&path));
            left == 0
        };
        let start = self.found.iter().rposition(is_first).unwrap_or_default();
        let new = self.found.split_off(start);
        let nodes = self.nodes.split_off(start);
        let kept = new.into_iter().zip(nodes).filter(|(found, _)| !found.path.starts_with(&path));
        for (found, node) in kept {
            self.found.push(found);
            self.nodes.push(node);
        }
        self.last_error = self.found.iter().rposition(|d| d.severity == Severity::Error);
    }
}

#[cold]
fn wraps_numbers() -> bool {
    static WRAPS: OnceLock<bool> = OnceLock::new();
    // With the feature a number keeps its text.
    let keeps_text = || serde_json::from_str::<serde_json::Number>("1.00").map(|n| n.to_string());
    *WRAPS.get_or_init(|| keeps_text().is_ok_and(|text| text == "1.00"))
}

pub(crate) fn did_you_mean(name: &str) -> String {
    format!("did you mean {name:?}?")
}
