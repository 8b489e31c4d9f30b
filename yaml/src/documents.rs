//! Where a text's first document ends, and which texts have none.

use super::chars::{break_len, is_break, is_marker};
use crate::tree::Tree;

impl Tree<'_> {
    /// Splits `text`, which the tree was read from, after the tree's document and its `...`.
    ///
    /// ```
    /// use kubernetes_yaml::{Tree, is_blank};
    ///
    /// let (mut rest, mut documents) = ("a: 1\n---\nb: 2\n...\n# end\n", Vec::new());
    /// while !is_blank(rest) {
    ///     let tree = Tree::from_yaml(rest)?;
    ///     documents.push(tree.root().to_json());
    ///     rest = tree.split(rest).1;
    /// }
    /// assert_eq!(documents, [r#"{"a":1}"#, r#"{"b":2}"#]);
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn split<'t>(&self, text: &'t str) -> (&'t str, &'t str) {
        let (own, rest) = text.split_at_checked(self.end).unwrap_or((text, ""));
        let line = line_len(rest);
        let is_end = rest.get(..line).is_some_and(|line| is_marker(line, "...") && is_blank(line));
        text.split_at_checked(own.len() + if is_end { line } else { 0 }).unwrap_or((text, ""))
    }
}

/// Whether a text has only comments, blanks and document markers in it.
///
/// ```
/// use kubernetes_yaml::is_blank;
///
/// assert!(is_blank("# a comment\n---\n\n"));
/// assert!(!is_blank("--- a\n"));
/// ```
#[must_use]
pub fn is_blank(text: &str) -> bool {
    /// White space of YAML, breaks included.
    const BLANKS: [char; 7] = [' ', '\t', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(line_len(rest)).unwrap_or((rest, ""));
        let line = line.trim_start_matches('\u{feff}');
        let marker = ["---", "..."].into_iter().find(|marker| is_marker(line, marker));
        let line = line.strip_prefix(marker.unwrap_or_default()).unwrap_or(line);
        let line = line.trim_matches(BLANKS);
        if !line.is_empty() && !line.starts_with('#') {
            return false;
        }
        rest = after;
    }
    true
}

/// The length of a text's first line with its break.
fn line_len(text: &str) -> usize {
    text.find(is_break).map_or(text.len(), |end| end + break_len(text, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_markers_alone_are_blank() {
        assert!(is_blank("# a\n--- # b\n\n...\n..."));
        assert!(!is_blank("--- a"));
        // YAML's line breaks end a comment, whatever they are; other white space is a text.
        for line_break in ["\r", "\r\n", "\u{85}", "\u{2028}"] {
            assert!(!is_blank(&format!("# a{line_break}a: 1\n")));
            assert!(is_blank(&format!("# a{line_break}--- # b{line_break}\t\n")));
        }
        assert!(!is_blank("\u{a0}\n"));
    }

    #[test]
    fn the_first_document_ends_where_go_stops() {
        let split = |text| {
            let tree = Tree::from_yaml(text).unwrap();
            tree.split(text).1.to_owned()
        };
        assert_eq!(split("a: 1\n---\nb: 2\n"), "---\nb: 2\n");
        assert_eq!(split("# c\n---\na: 1\n"), "");
        assert_eq!(split("a: 1\n... # end\n...\nb: 2"), "...\nb: 2");
        assert_eq!(split("a: 1\n... b: 2\n"), "... b: 2\n");
        assert_eq!(split("{a: 1}\n# c\n{b: 2}\n"), "{b: 2}\n");
    }
}
