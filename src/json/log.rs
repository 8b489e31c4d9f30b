//! The diagnostics of the decoder, and its current location.

use std::{cell::Cell, fmt, sync::OnceLock};

use super::decode::{Field, Number};
use crate::{
    diagnostic::{Diagnostic, FieldPath, Severity, Step},
    rule::{RuleId, decode as rule},
    tree,
};

/// The maximum number of diagnostics. Beyond it only errors are added, and one for each sequence or
/// mapping.
const ENOUGH: usize = 1000;

/// The decoder's current location.
#[derive(Clone, Copy)]
#[doc(hidden)]
pub enum PathRef<'a> {
    Top,
    /// A field of a message.
    Field(&'a PathRef<'a>, &'a str),
    /// An entry of a mapping.
    Entry(&'a PathRef<'a>, &'a str),
    /// An item of a sequence.
    Index(&'a PathRef<'a>, usize),
}

impl PathRef<'_> {
    fn path(self) -> FieldPath {
        fn push(at: PathRef<'_>, steps: &mut Vec<Step>) {
            match at {
                PathRef::Top => {}
                PathRef::Field(up, key) | PathRef::Entry(up, key) => {
                    push(*up, steps);
                    steps.push(Step::Key(key.to_owned()));
                }
                PathRef::Index(up, index) => {
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

/// The diagnostics so far.
#[derive(Default)]
#[doc(hidden)]
pub struct DecodeLog<'a> {
    pub(super) found: Vec<Diagnostic>,
    /// The node of the source tree for each diagnostic, if there is one.
    pub(super) nodes: Vec<u32>,
    /// The index of the last error in `found`.
    last_error: Option<usize>,
    /// The current node of the source tree.
    cursor: Option<&'a Cell<u32>>,
    /// Whether the source lends a string exactly if it was written without escapes.
    pub(super) lends_unescaped: bool,
    /// Whether a string that holds a placeholder is not judged: the field stays unset.
    pub(super) is_template: bool,
    /// Whether there was a minus zero, which only the text distinguishes from "-0.0".
    pub(super) saw_minus_zero: bool,
}

impl<'a> DecodeLog<'a> {
    pub(crate) fn of_text() -> Self {
        Self { lends_unescaped: true, ..Self::default() }
    }

    pub(super) fn of_tree(tree: &tree::Tree<'_>, cursor: &'a Cell<u32>) -> Self {
        let lends_unescaped = tree.lends_unescaped();
        Self { cursor: Some(cursor), lends_unescaped, ..Self::default() }
    }

    /// Whether a float is the integer "-0": `serde_json` reads both as the same float. A tree keeps it
    /// as a signed zero.
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
    pub(crate) fn warn(&mut self, rule: RuleId, at: PathRef<'_>, message: impl fmt::Display) {
        if self.found.len() < ENOUGH {
            let node = self.node();
            self.push(rule, Severity::Warning, at, message.to_string(), None, node);
        }
    }

    #[cold]
    pub(crate) fn unknown_field<'k>(
        &mut self,
        at: PathRef<'_>,
        known: impl FnOnce() -> Option<&'k str>,
    ) {
        if self.found.len() < ENOUGH {
            let (help, node) = (known().map(did_you_mean), self.node());
            let message = "unknown field".to_owned();
            self.push(rule::UNKNOWN_FIELD, Severity::Warning, at, message, help, node);
        }
    }

    #[cold]
    pub(crate) fn error(&mut self, rule: RuleId, at: PathRef<'_>, message: impl fmt::Display) {
        let node = self.node();
        self.push(rule, Severity::Error, at, message.to_string(), None, node);
    }

    #[cold]
    pub(crate) fn error_with(
        &mut self,
        rule: RuleId,
        at: PathRef<'_>,
        message: impl fmt::Display,
        help: Option<String>,
    ) {
        let node = self.node();
        self.push(rule, Severity::Error, at, message.to_string(), help, node);
    }

    #[cold]
    pub(super) fn wrong<F: Field>(&mut self, got: impl fmt::Display, at: PathRef<'_>, node: u32) {
        let message = format!("expected {}, found {got}", F::EXPECTED);
        self.push(rule::WRONG_TYPE, Severity::Error, at, message, None, node);
    }

    fn push(
        &mut self,
        rule: RuleId,
        severity: Severity,
        at: PathRef<'_>,
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
            fix: None,
        });
        self.nodes.push(node);
    }

    /// Whether the only key of a map marks a number: `serde_json` represents numbers so if its feature
    /// `arbitrary_precision` is enabled anywhere in the build.
    #[inline]
    pub(crate) fn is_wrapped_number(&self, key: &str) -> bool {
        key == "$serde_json::private::Number" && self.cursor.is_none() && wraps_numbers()
    }

    /// The number of diagnostics, and the last error.
    #[inline]
    pub(super) fn state(&self) -> (usize, Option<usize>) {
        (self.found.len(), self.last_error)
    }

    /// Removes the diagnostics since `state`.
    #[cold]
    pub(super) fn restore(&mut self, (mark, last_error): (usize, Option<usize>)) {
        self.found.truncate(mark);
        self.nodes.truncate(mark);
        self.last_error = last_error;
    }

    /// The number of diagnostics, for [`is_full`](Self::is_full) and to detect new ones.
    pub(crate) fn mark(&self) -> usize {
        self.found.len()
    }

    /// Whether a sequence or mapping that began at `mark` needs no more diagnostics.
    #[inline]
    pub(crate) fn is_full(&self, mark: usize) -> bool {
        self.found.len() >= ENOUGH && self.last_error.is_some_and(|error| error >= mark)
    }

    /// Removes the `count` diagnostics of a value that a later one replaces. They are searched from the
    /// end and removed, so that a key that is repeated many times is not slow.
    #[cold]
    pub(crate) fn forget(&mut self, count: usize, at: PathRef<'_>) {
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
