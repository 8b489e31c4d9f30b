//! A stream cut into its documents, each read on its own: a bad one does not spoil the rest.

use super::chars::{block_start, break_len, find_control, has_other_breaks, is_break, is_marker};
use crate::{Error, diagnostic::Position};

/// The text of one document of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chunk<'s> {
    /// The text, its own `---` line and directives included.
    pub text: &'s str,
    /// How many lines of the stream stand before it.
    pub lines: usize,
}

impl Chunk<'_> {
    /// Whether there is nothing but comments in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let mut rest = self.text;
        while !rest.is_empty() {
            let (line, behind) = rest.split_at_checked(any_line(rest)).unwrap_or((rest, ""));
            let line = line.trim_start_matches('\u{feff}');
            let line = line.strip_prefix("---").filter(|_| is_marker(line, "---")).unwrap_or(line);
            if !is_blank_line(line) {
                return false;
            }
            rest = behind;
        }
        true
    }
}

/// Cuts a YAML stream at its document markers: what stands behind `...` begins the next document. There
/// is always at least one.
///
/// It is what go-yaml's decoder does, but for one thing: a directive behind a document belongs to the
/// next one there, and here only behind `...`, where YAML wants it.
///
/// YAML forbids a line that begins with a marker everywhere but between documents, within a
/// quoted or block scalar too: so cutting needs no parser.
pub fn split(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = Some((text, 0));
    let line_end =
        if text.contains('\r') || has_other_breaks(text) { any_line } else { plain_line };
    std::iter::from_fn(move || {
        let (text, lines) = rest.take()?;
        let (end, behind) = first(text, line_end);
        let (own, left) = text.split_at_checked(behind)?;
        if !left.is_empty() {
            rest = Some((left, lines + own.bytes().filter(|&b| b == b'\n').count()));
        }
        Some(Chunk { text: text.get(..end)?, lines })
    })
}

/// The length of a text's first line with its break, where all breaks are line feeds.
fn plain_line(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |i| i + 1)
}

/// The same with every break that YAML 1.1 has.
fn any_line(text: &str) -> usize {
    text.find(is_break).map_or(text.len(), |end| end + break_len(text, end))
}

/// What may stand around a line's text: no other white space is any in YAML.
const BLANKS: [char; 7] = [' ', '\t', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// Whether there is nothing but a comment in a line.
fn is_blank_line(line: &str) -> bool {
    let line = line.trim_matches(BLANKS);
    line.is_empty() || line.starts_with('#')
}

/// The first document's end, and where the next one begins.
fn first(text: &str, line_len: fn(&str) -> usize) -> (usize, usize) {
    let mut at = 0;
    // Blank lines, comments and directives belong to the document that they stand before.
    let mut only_prefix = true;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.get(..line_len(rest)).unwrap_or(rest);
        let content = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if is_marker(content, "---") {
            if !only_prefix {
                return (at, at);
            }
            only_prefix = false;
        } else if is_marker(content, "...") {
            let behind = content.get(3..).unwrap_or_default();
            if is_blank_line(behind) || only_prefix {
                let behind = at + line.len();
                return (behind, behind);
            }
            return (at, at + line.len() - behind.len());
        } else if only_prefix {
            only_prefix =
                is_blank_line(content) || content.trim_start_matches(BLANKS).starts_with('%');
        }
        at += line.len();
    }
    (text.len(), text.len())
}

/// The text of a stream's first document. Refused is a control character behind it where Go would have
/// read it: it reads four characters on from the next document's marker.
///
/// # Errors
/// [`is_syntax`](Error::is_syntax), with the place.
pub(crate) fn first_document(stream: &str) -> Result<&str, Error> {
    let text = split(stream).next().map_or("", |chunk| chunk.text);
    let behind = stream.get(text.len()..).unwrap_or_default();
    let Some(at) = find_control(behind).map(|at| text.len() + at) else { return Ok(text) };
    let needed = text.len() + behind.chars().take(4).map(char::len_utf8).sum::<usize>();
    if needed <= block_start(stream, at) {
        return Ok(text);
    }
    let position = Position::of(stream, at);
    Err(Error::syntax("control characters are not allowed", Some(position)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn splits(text: &str, want: &[(&str, usize)]) {
        let got: Vec<_> = split(text).map(|c| (c.text, c.lines)).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn documents_are_cut_at_markers() {
        splits("a: 1\n---\nb: 2\n", &[("a: 1\n", 0), ("---\nb: 2\n", 1)]);
        splits("# c\n---\na: 1\n", &[("# c\n---\na: 1\n", 0)]);
        splits("a: 1\n...\nb: 2", &[("a: 1\n...\n", 0), ("b: 2", 2)]);
        splits("a: |\n  x\n --- y\n---- z", &[("a: |\n  x\n --- y\n---- z", 0)]);
        splits("--- {a: 1}\r\n--- # c\r\n", &[("--- {a: 1}\r\n", 0), ("--- # c\r\n", 1)]);
        splits("", &[("", 0)]);
    }

    #[test]
    fn comments_alone_are_blank() {
        assert!(split("# a\n--- # b\n\n").all(|c| c.is_blank()));
        assert!(!split("--- a").all(|c| c.is_blank()));
        // YAML's line breaks end a comment, whatever they are; other white space is a text.
        for line_break in ["\r", "\r\n", "\u{85}", "\u{2028}"] {
            assert!(!split(&format!("# a{line_break}a: 1\n")).all(|c| c.is_blank()));
            assert!(
                split(&format!("# a{line_break}--- # b{line_break}\t\n")).all(|c| c.is_blank())
            );
        }
        assert!(!split("\u{a0}\n").all(|c| c.is_blank()));
        splits("\u{a0}\n---\na: 1\n", &[("\u{a0}\n", 0), ("---\na: 1\n", 1)]);
    }
}
