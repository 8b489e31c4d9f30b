//! The lines of a text, and which of them are comments.

use std::ops::Range;

use crate::chars::{break_len, is_break};

/// What replaces a range of the text.
pub(super) type Change = (Range<usize>, String);

/// White space of YAML, breaks included.
pub(super) fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break(c)
}

/// What a line holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Blank,
    /// A comment, indented so far.
    Comment(usize),
    /// Anything else, indented so far.
    Content(usize),
}

#[derive(Clone, Copy)]
pub(super) struct Text<'t>(pub(super) &'t str);

impl<'t> Text<'t> {
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn get(self, range: Range<usize>) -> Option<&'t str> {
        self.0.get(range)
    }

    pub(super) fn byte(self, at: usize) -> u8 {
        self.0.as_bytes().get(at).copied().unwrap_or_default()
    }

    /// The break of the text's first line.
    pub(super) fn line_break(self) -> &'static str {
        match self.0.find(['\r', '\n']) {
            Some(at) if self.0.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) => "\r\n",
            Some(at) if self.byte(at) == b'\r' => "\r",
            _ => "\n",
        }
    }

    pub(super) fn line_start(self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or_default();
        before.rfind(is_break).map_or(0, |i| i + break_len(self.0, i))
    }

    /// The end of the line that a byte is on, its break included.
    pub(super) fn line_end(self, at: usize) -> usize {
        let rest = self.0.get(at..).and_then(|rest| rest.find(is_break));
        rest.map_or(self.len(), |i| at + i + break_len(self.0, at + i))
    }

    /// Whether there is nothing but white space before a byte of its line.
    pub(super) fn starts_line(self, at: usize) -> bool {
        self.0
            .get(self.line_start(at)..at)
            .is_some_and(|before| before.trim_matches(is_white).is_empty())
    }

    pub(super) fn column(self, at: usize) -> usize {
        self.0.get(self.line_start(at)..at).map_or(0, |before| before.chars().count())
    }

    /// The line that begins at a byte; none after the last one.
    pub(super) fn line(self, start: usize) -> Option<Line> {
        let line = self.0.get(start..self.line_end(start)).filter(|line| !line.is_empty())?;
        let text = line.trim_start_matches([' ', '\t']);
        let column = line.len() - text.len();
        Some(match text.chars().next() {
            None => Line::Blank,
            Some(c) if is_break(c) => Line::Blank,
            Some('#') => Line::Comment(column),
            Some(_) => Line::Content(column),
        })
    }

    /// The first byte from `at` on that is neither white space nor in a comment.
    pub(super) fn skip(self, mut at: usize) -> usize {
        while let Some(rest) = self.0.get(at..) {
            let trimmed = rest.trim_start_matches(is_white);
            at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                break;
            }
            at = self.line_end(at);
        }
        at
    }

    /// The colon after a key.
    pub(super) fn colon(self, key_end: usize) -> Option<usize> {
        let rest = self.0.get(key_end..)?;
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        (self.byte(key_end + blanks) == b':').then_some(key_end + blanks)
    }

    /// The end of the lines that belong to what begins in a column and whose last byte is before `end`: its
    /// last line, comment lines below that are indented deeper, and those directly below that are not the
    /// next one's.
    pub(super) fn tail(self, end: usize, column: usize) -> usize {
        let end = self.deeper(end, column);
        let mut foot = end;
        while matches!(self.line(foot), Some(Line::Comment(at)) if at == column) {
            foot = self.line_end(foot);
        }
        match self.line(foot) {
            Some(Line::Comment(at) | Line::Content(at)) if at >= column => end,
            _ => foot,
        }
    }

    /// The end of a line and of the comment lines below it that are indented deeper than a column.
    pub(super) fn deeper(self, end: usize, column: usize) -> usize {
        let mut end = self.line_end(end);
        let mut probe = end;
        while let Some(line) = self.line(probe) {
            probe = match line {
                Line::Blank => self.line_end(probe),
                Line::Comment(at) if at > column => {
                    end = self.line_end(probe);
                    end
                }
                _ => break,
            };
        }
        end
    }

    /// Where the comment lines begin that stand directly above a line, down from `lowest`.
    pub(super) fn head(self, line: usize, lowest: usize, column: usize) -> usize {
        let mut start = line;
        while start > lowest {
            // Before the break that ends the line above.
            let Some(above) = self.0.get(..start).map(|t| t.trim_end_matches(is_break)) else {
                break;
            };
            let blank = self.0.get(above.len()..start).unwrap_or_default();
            if blank.chars().filter(|c| is_break(*c)).count()
                > usize::from(blank.starts_with("\r\n")) + 1
            {
                break;
            }
            let line = self.line_start(above.len());
            match self.line(line) {
                Some(Line::Comment(at)) if line >= lowest && at <= column => start = line,
                _ => break,
            }
        }
        start
    }
}
