//! A text rewritten for the YAML 1.2 scanner where YAML 1.1 means the same by other characters.

use std::{borrow::Cow, collections::BTreeMap};

use granit_parser::{ErrorKind, ScanError};

use super::check::{is_uri, is_word};

/// How many bytes are read again and again to mend one text. Each round finds at least one place.
const BUDGET: usize = 4 << 20;

/// What is written otherwise: from a byte of the text, how many bytes, and by what.
#[derive(Debug)]
pub(super) struct Mend<'s> {
    text: &'s str,
    changes: BTreeMap<usize, (usize, Cow<'static, str>)>,
    budget: usize,
}

/// The rewritten text, and where it comes from.
#[derive(Debug)]
pub(super) struct Mended {
    pub(super) text: String,
    /// Where both texts meet again behind each change: here and in the original.
    meets: Vec<(usize, usize)>,
}

impl<'s> Mend<'s> {
    pub(super) fn of(text: &'s str) -> Self {
        let mut mend = Self { text, changes: BTreeMap::new(), budget: BUDGET.max(text.len()) };
        if has_other_breaks(text) {
            mend.line_breaks();
        }
        mend
    }

    /// NEL, LS and PS end a line in YAML 1.1. A blank before the line feed keeps every offset; in
    /// folding it is dropped. LS and PS are not folded: two line feeds leave one in the value.
    fn line_breaks(&mut self) {
        let mut backslashes = 0;
        for (at, c) in self.text.char_indices() {
            let is_escaped = backslashes % 2 == 1;
            match c {
                '\u{85}' => self.change(at, 2, if is_escaped { "\n " } else { " \n" }),
                '\u{2028}' | '\u{2029}' => {
                    self.change(at, 3, if is_escaped { "\n  " } else { " \n\n" });
                }
                '\\' => {
                    backslashes += 1;
                    continue;
                }
                _ => {}
            }
            backslashes = 0;
        }
    }

    /// Whether nothing is to be rewritten.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Writes something else in place of some bytes of the original.
    pub(super) fn change(&mut self, at: usize, len: usize, by: impl Into<Cow<'static, str>>) {
        self.changes.entry(at).or_insert((len, by.into()));
    }

    /// Whether there are more changes than there were, and one more round is within bounds.
    pub(super) fn again(&mut self, before: usize) -> bool {
        if self.changes.len() == before {
            return false;
        }
        let left = self.budget.checked_sub(self.text.len().max(1));
        self.budget = left.unwrap_or_default();
        left.is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(super) fn apply(&self) -> Mended {
        let mut mended = Mended { text: String::new(), meets: Vec::new() };
        let mut done = 0;
        for (&at, (len, by)) in &self.changes {
            // What overlaps an earlier change is left out.
            let Some(kept) = self.text.get(done..at) else { continue };
            mended.text.push_str(kept);
            mended.text.push_str(by);
            done = at + len;
            mended.meets.push((mended.text.len(), done));
        }
        mended.text.push_str(self.text.get(done..).unwrap_or_default());
        mended
    }

    /// Mends what the scanner refused and Go does not.
    pub(super) fn refused(&mut self, error: &ScanError, at: usize) {
        let rest = self.text.get(at..).unwrap_or_default();
        match error.kind() {
            ErrorKind::PlainScalarStartsWithDashFlowIndicator if rest.starts_with('-') => {
                self.change(at, 1, "'-'");
            }
            ErrorKind::CommentNotSeparated if rest.starts_with('#') => self.change(at, 0, " "),
            // A comment of any indentation ends a block scalar; at the line's beginning it does here.
            ErrorKind::InvalidBlockScalarIndent if rest.starts_with('#') => {
                let before = self.text.get(..at).unwrap_or_default();
                let indent = before.len() - before.trim_end_matches(' ').len();
                self.change(at - indent, indent, "");
            }
            ErrorKind::UnknownQuotedScalarEscape if rest.starts_with('"') => {
                let mut at = at + 1;
                while let Some(found) = self.text.get(at..).and_then(|t| t.find(['\\', '"'])) {
                    at += found;
                    match self.text.get(at..).unwrap_or_default().as_bytes() {
                        [b'\\', b'\'', ..] => self.change(at, 2, "\\x27"),
                        [b'\\', ..] => {}
                        _ => break,
                    }
                    // The escaped character may be a backslash or a quote itself.
                    at += 1 + self.text.get(at + 1..).map_or(0, char_len);
                }
            }
            // A block scalar on a line of its own may begin in the column of the key.
            ErrorKind::SimpleKeyExpected
                if rest.starts_with(['|', '>'])
                    && self
                        .text
                        .get(..at)
                        .is_some_and(|before| before.trim_end().ends_with(':')) =>
            {
                self.change(at, 0, " ");
            }
            ErrorKind::MismatchedFlowCollectionEnd { .. } => {
                // The bracket may belong to a tag. In quotes it would not.
                let plain = rest.get(..rest.find(['"', '\'', '#']).unwrap_or(rest.len()));
                let tags = plain.unwrap_or_default().match_indices(" !").map(|(i, _)| at + i + 1);
                for tag in tags.take(16) {
                    self.tag(tag);
                }
            }
            ErrorKind::MissingTagUri if rest.starts_with('!') => self.tag(at),
            ErrorKind::InvalidTagTerminator if rest.starts_with('!') => self.tag(at),
            ErrorKind::TabInBlockIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar => self.tabs(at),
            _ => {}
        }
    }

    /// Escapes what ends a tag in YAML 1.2 and is part of it in YAML 1.1.
    pub(super) fn tag(&mut self, at: usize) {
        let tag = self.text.get(at..).unwrap_or_default();
        let word = tag.strip_prefix('!').and_then(|rest| rest.find(|c| !is_word(c)));
        let handle =
            word.filter(|len| tag.get(len + 1..).is_some_and(|rest| rest.starts_with('!')));
        let suffix = handle.map_or(1, |len| len + 2);
        for (i, c) in tag.char_indices().take_while(|(_, c)| is_uri(*c)) {
            if i >= suffix && matches!(c, ',' | '[' | ']' | '!' | '\'' | '(' | ')' | '*') {
                self.change(at + i, 1, format!("%{:02X}", u32::from(c)));
            }
        }
    }

    /// Blanks for the tabs that a line begins with. Whether Go takes them is checked elsewhere.
    fn tabs(&mut self, at: usize) {
        let start = self.text.get(..at).and_then(|t| t.rfind(['\n', '\r'])).map_or(0, |i| i + 1);
        let line = self.text.get(start..).unwrap_or_default();
        for (i, c) in line.char_indices().take_while(|(_, c)| matches!(c, ' ' | '\t')) {
            if c == '\t' {
                self.change(start + i, 1, " ");
            }
        }
    }
}

impl Mended {
    /// The byte of the original that a byte of this text stands for.
    pub(super) fn original(&self, offset: usize) -> usize {
        let behind = self.meets.partition_point(|(here, _)| *here <= offset);
        match behind.checked_sub(1).and_then(|i| self.meets.get(i)) {
            Some((here, there)) => there + (offset - here),
            None => offset,
        }
    }
}

/// Whether a text has line breaks that YAML 1.2 does not know.
pub(super) fn has_other_breaks(text: &str) -> bool {
    !text.is_ascii() && ['\u{85}', '\u{2028}', '\u{2029}'].iter().any(|c| text.contains(*c))
}

fn char_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}
