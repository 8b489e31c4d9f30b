//! Fixes of findings, as edits of the text: comments, quotes and layout stay.
//!
//! A finding has a [`Fix`] if what was meant is known: see [`Diagnostic::fix`](crate::Diagnostic::fix).
//! [`apply`] makes the changes. Each fix was tried before it is reported: the text was edited and read
//! again, and nothing but the value that the fix is about differs.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::Position;

/// A change of the text that repairs what a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fix {
    /// Whether the fix can be applied without a review.
    pub applicability: Applicability,
    /// What the fix does, such as ``rename to `credentialName` ``.
    pub title: String,
    /// The edits of the text. They belong together.
    pub edits: Vec<TextEdit>,
}

/// Whether a fix can be applied without a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Applicability {
    /// It changes what a cluster does that accepts the document, or accepts more than before.
    Unsafe,
    /// A cluster rejects the document because of the finding, or does the same after the fix.
    Safe,
}

impl Applicability {
    /// `safe` or `unsafe`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

impl Serialize for Applicability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A part of a text and what replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct TextEdit {
    /// The position of the first character that is replaced.
    pub start: Position,
    /// The position after the last one; the start if something is inserted.
    pub end: Position,
    /// The new text.
    pub content: String,
}

impl Fix {
    /// The same fix for a stream in which the text begins at `start`.
    pub(crate) fn within(mut self, start: Position) -> Self {
        for edit in &mut self.edits {
            (edit.start, edit.end) = (edit.start.within(start), edit.end.within(start));
        }
        self
    }
}

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { applicability, title, edits } = self;
        let mut fields = serializer.serialize_struct("Fix", 3)?;
        fields.serialize_field("applicability", applicability)?;
        fields.serialize_field("title", title)?;
        fields.serialize_field("edits", edits)?;
        fields.end()
    }
}

impl Serialize for TextEdit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { start, end, content } = self;
        let mut fields = serializer.serialize_struct("TextEdit", 3)?;
        fields.serialize_field("start", start)?;
        fields.serialize_field("end", end)?;
        fields.serialize_field("content", content)?;
        fields.end()
    }
}

/// Applies fixes to the text in which the findings were made, and returns the new text and the number
/// of fixes that were applied. Of two fixes that edit the same part differently, the second one is left
/// out: check the new text again for it. A byte order mark at the beginning is not counted and stays.
///
/// ```
/// # #[cfg(feature = "validate")] {
/// use istio_gateway::{
///     fix::apply,
///     validate::{Options, documents},
/// };
///
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// spec:
///   servers:
///   - port: {number: 443, name: https, protocol: HTTPS}
///     hosts: [shop.example.com]
///     tls:
///       mode: SIMPLE
///       credential_name: edge-cert # rotated monthly
/// ";
/// let checked = documents(text, &Options::default()).next().unwrap()?;
/// let findings = checked.report.unwrap().findings;
/// let (fixed, count) = apply(text, findings.iter().filter_map(|found| found.fix.as_ref()));
/// assert_eq!(count, 1);
/// assert!(fixed.contains("      credentialName: edge-cert # rotated monthly\n"));
/// # }
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn apply<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> (String, usize) {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut edits: BTreeSet<&TextEdit> = BTreeSet::new();
    let mut count = 0;
    for fix in fixes {
        if fix.edits.iter().all(|edit| edits.contains(edit) || is_free(edit, &edits)) {
            edits.extend(&fix.edits);
            count += 1;
        }
    }
    let mut fixed = text.get(..text.len() - body.len()).unwrap_or_default().to_owned();
    let mut cursor = Cursor { text: body, at: 0, position: Position::START };
    for TextEdit { start, end, content } in edits {
        let kept = cursor.at;
        let from = cursor.advance(*start);
        fixed.push_str(body.get(kept..from).unwrap_or_default());
        fixed.push_str(content);
        cursor.advance(*end);
    }
    fixed.push_str(body.get(cursor.at..).unwrap_or_default());
    (fixed, count)
}

/// Whether an edit overlaps no other one. The edits of a set do not overlap.
fn is_free(edit: &TextEdit, edits: &BTreeSet<&TextEdit>) -> bool {
    let after = edits.range::<&TextEdit, _>(edit..).next();
    let before = edits.range::<&TextEdit, _>(..edit).next_back();
    after.is_none_or(|after| edit.end <= after.start)
        && before.is_none_or(|before| before.end <= edit.start)
}

/// Converts positions in ascending order to byte offsets.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
    position: Position,
}

impl Cursor<'_> {
    fn advance(&mut self, to: Position) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (offset, character) in rest.char_indices() {
            if self.position >= to {
                self.at += offset;
                return self.at;
            }
            if character == '\n' {
                self.position = Position::new(self.position.line + 1, 1);
            } else {
                self.position.column += 1;
            }
        }
        self.at = self.text.len();
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(edits: &[(usize, usize, usize, usize, &str)]) -> Fix {
        let edit = |&(line, column, end_line, end_column, content): &(
            usize,
            usize,
            usize,
            usize,
            &str,
        )| TextEdit {
            start: Position::new(line, column),
            end: Position::new(end_line, end_column),
            content: content.to_owned(),
        };
        let edits = edits.iter().map(edit).collect();
        Fix { applicability: Applicability::Safe, title: String::new(), edits }
    }

    #[test]
    fn edits_are_applied_in_order_of_the_text() {
        let fixes = [fix(&[(2, 1, 2, 3, "B")]), fix(&[(1, 2, 1, 2, "+")])];
        assert_eq!(apply("\u{feff}üa\r\nbbb\n", &fixes), ("\u{feff}ü+a\r\nBb\n".to_owned(), 2));
    }

    #[test]
    fn of_overlapping_fixes_the_first_one_is_applied() {
        let fixes = [
            fix(&[(1, 2, 1, 4, "x")]),
            fix(&[(1, 3, 1, 5, "y")]),
            fix(&[(1, 1, 1, 3, "z")]),
            // An equal edit, as of a value with two aliases.
            fix(&[(1, 2, 1, 4, "x")]),
        ];
        assert_eq!(apply("abcdef", &fixes), ("axdef".to_owned(), 2));
    }

    #[test]
    fn positions_after_the_end_are_the_end() {
        assert_eq!(apply("a\n", &[fix(&[(9, 9, 9, 9, "b")])]), ("a\nb".to_owned(), 1));
        assert_eq!(apply("", &[]), (String::new(), 0));
    }
}
