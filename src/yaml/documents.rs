//! A stream cut into its documents, each read on its own: a bad one does not spoil the rest.

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

/// Cuts a YAML stream at its document markers. There is always at least one document.
///
/// YAML forbids a line that begins with a marker everywhere but between documents, within a
/// quoted or block scalar too: so cutting needs no parser.
pub fn split(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = Some((text, 0));
    std::iter::from_fn(move || {
        let (text, lines) = rest.take()?;
        let (own, left) = text.split_at_checked(end_of_first(text))?;
        if !left.is_empty() {
            rest = Some((left, lines + own.bytes().filter(|&b| b == b'\n').count()));
        }
        Some(Chunk { text: own, lines })
    })
}

/// Where the first document ends, and the next one begins.
fn end_of_first(text: &str) -> usize {
    let mut at = 0;
    // Blank lines, comments and directives belong to the document that they stand before.
    let mut only_prefix = true;
    for line in text.split_inclusive('\n') {
        let content = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if is_marker(content, "---") {
            if !only_prefix {
                return at;
            }
            only_prefix = false;
        } else if is_marker(content, "...") {
            return at + line.len();
        } else {
            let content = content.trim();
            only_prefix &= content.is_empty() || content.starts_with(['#', '%']);
        }
        at += line.len();
    }
    text.len()
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
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
