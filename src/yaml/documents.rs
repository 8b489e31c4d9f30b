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
        self.text.lines().all(|line| {
            let line = line.trim_start_matches('\u{feff}');
            let line = line.strip_prefix("---").filter(|_| is_marker(line, "---")).unwrap_or(line);
            let line = line.trim();
            line.is_empty() || line.starts_with('#')
        })
    }
}

/// Cuts a YAML stream at its document markers, as go-yaml's decoder does: what stands behind `...`
/// begins the next document. There is always at least one.
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
            let is_alone = {
                let behind = behind.trim();
                behind.is_empty() || behind.starts_with('#')
            };
            if is_alone || only_prefix {
                let behind = at + line.len();
                return (behind, behind);
            }
            return (at, at + line.len() - behind.len());
        } else if only_prefix {
            let content = content.trim();
            only_prefix = content.is_empty() || content.starts_with(['#', '%']);
        }
        at += line.len();
    }
    (text.len(), text.len())
}

/// Refuses a control character behind the first document where Go would have read it: it reads four
/// characters on from the next document's marker.
pub(crate) fn check_read_ahead(text: &str, to: usize) -> Result<(), Error> {
    let Some(rest) = text.get(to..).filter(|rest| !rest.is_empty()) else {
        return Ok(());
    };
    let Some(at) = find_control(rest).map(|at| to + at) else { return Ok(()) };
    let needed = to + rest.chars().take(4).map(char::len_utf8).sum::<usize>();
    if needed <= block_start(text, at) {
        return Ok(());
    }
    let position = Position::of(text, at);
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
    }
}
