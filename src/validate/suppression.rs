//! Comments that suppress findings: `# istio-gateway: allow RULE reason`.

use std::sync::Arc;

use crate::{
    Diagnostic, Position,
    tree::{Kind, Ref, Tree},
};

/// A comment `# istio-gateway: allow RULE reason`, with several rules as `RULE,RULE`.
///
/// At the end of a line it is about the findings of this line, on a line of its own about those of the
/// next line that is not a comment, and at the top of a document about all of the document, which may be a
/// list. Validation reports findings anyway: see [`allows`](Self::allows). JSON has no comments.
///
/// ```
/// use istio_gateway::validate::{Options, documents};
///
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// ## istio-gateway: allow lint/no-selector there is one gateway
/// spec:
///   servers:
///   - port: {number: 80, name: http, protocol: HTTP}
///     hosts: [\"*\"]
/// ";
/// let checked = documents(text, &Options::default()).next().unwrap()?;
/// let suppression = &checked.suppressions[0];
/// assert_eq!(suppression.rules, ["lint/no-selector"]);
/// assert_eq!(suppression.reason, "there is one gateway");
/// assert!(suppression.allows(&checked.report.unwrap().findings[0]));
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suppression {
    /// The ids of the rules as they are written, which may not exist.
    pub rules: Vec<String>,
    /// Why; empty if it is missing.
    pub reason: String,
    /// The position of the comment in the stream.
    pub position: Position,
    /// The line of the stream that it is about; `None` for all of the document.
    pub line: Option<usize>,
}

impl Suppression {
    /// Whether a finding is suppressed.
    #[must_use]
    pub fn allows(&self, found: &Diagnostic) -> bool {
        let is_there =
            self.line.is_none_or(|line| found.position.is_some_and(|at| at.line == line));
        is_there && self.rules.iter().any(|rule| found.rule == rule.as_str())
    }
}

const MARK: &str = "istio-gateway:";

/// The suppressions of a text that begins at `start` in the stream.
pub(super) fn suppressions(text: &str, tree: &Tree<'_>, start: Position) -> Arc<[Suppression]> {
    if tree.lends_unescaped() || !text.contains(MARK) {
        return Arc::new([]);
    }
    let root = tree.root();
    let content = root.span().start;
    let mut found: Vec<(usize, Suppression)> = Vec::new();
    // How many at the end wait for the next line that is not a comment.
    let mut waiting = 0;
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let number = index + 1;
        let indent = line.len() - line.trim_start().len();
        let is_comment = line.trim_start().starts_with('#');
        let before = found.len();
        if let Some((at, rules, reason)) = parse(line) {
            let column = line.get(..at).unwrap_or_default().chars().count() + 1;
            let position = Position::new(number, column).within(start);
            let line = (!is_comment).then_some(position.line);
            let suppression = Suppression { rules, reason, position, line };
            found.push((offset + at, suppression));
        }
        if is_comment {
            waiting += found.len() - before;
        } else if !line.trim().is_empty() {
            // Comments before the first value are about the document.
            let is_first = offset + indent <= content;
            let about = (!is_first).then(|| Position::new(number, 1).within(start).line);
            for (_, waiting) in found.iter_mut().take(before).rev().take(waiting) {
                waiting.line = about;
            }
            waiting = 0;
        }
        offset += line.len();
    }
    drop_strings(&mut found, root);
    found.into_iter().map(|(_, suppression)| suppression).collect()
}

/// The position, the rules and the reason of a suppression in a line.
fn parse(line: &str) -> Option<(usize, Vec<String>, String)> {
    let is_start =
        |at: usize| line.get(..at).is_some_and(|b| b.is_empty() || b.ends_with([' ', '\t']));
    let (at, rest) = line.match_indices('#').find_map(|(at, _)| {
        let rest = line.get(at + 1..)?.trim_start().strip_prefix(MARK)?;
        is_start(at).then_some((at, rest))
    })?;
    let rest = rest.trim().strip_prefix("allow")?;
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let (rules, reason) = match rest.trim().split_once(char::is_whitespace) {
        Some((rules, reason)) => (rules, reason.trim()),
        None => (rest.trim(), ""),
    };
    let rules = rules.split(',').filter(|rule| !rule.is_empty()).map(str::to_owned).collect();
    Some((at, rules, reason.to_owned()))
}

/// Removes what is in a string.
fn drop_strings(found: &mut Vec<(usize, Suppression)>, root: Ref<'_, '_>) {
    let mut open = vec![root.once()];
    while let Some(level) = open.last_mut() {
        let Some(node) = level.next() else {
            open.pop();
            continue;
        };
        if node.is_alias() {
            continue;
        }
        match node.kind() {
            Kind::Mapping | Kind::Sequence => open.push(node.inner()),
            _ => {
                let span = node.span();
                let from = found.partition_point(|(at, _)| *at < span.start);
                let to = found.partition_point(|(at, _)| *at < span.end);
                if from < to {
                    found.drain(from..to);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(text: &str) -> Vec<(String, String, String, Option<usize>)> {
        let tree = crate::tree::from_yaml(text).unwrap();
        let found = suppressions(text, &tree, Position::new(11, 1));
        let parts =
            |s: &Suppression| (s.rules.join("+"), s.reason.clone(), s.position.to_string(), s.line);
        found.iter().map(parts).collect()
    }

    fn one(
        rules: &str,
        reason: &str,
        position: &str,
        line: Option<usize>,
    ) -> (String, String, String, Option<usize>) {
        (rules.to_owned(), reason.to_owned(), position.to_owned(), line)
    }

    #[test]
    fn a_comment_is_about_its_line_the_next_one_or_the_document() {
        let text = "\
# istio-gateway: allow lint/a all of it
#istio-gateway:allow lint/b,lint/c

a: 1 # istio-gateway: allow lint/d  the line \r
# istio-gateway: allow lint/e one

# another
b:
  - x
";
        assert_eq!(
            found(text),
            [
                one("lint/a", "all of it", "11:1", None),
                one("lint/b+lint/c", "", "12:1", None),
                one("lint/d", "the line", "14:6", Some(14)),
                one("lint/e", "one", "15:1", Some(18)),
            ]
        );
    }

    #[test]
    fn only_a_comment_suppresses() {
        let text = "\
a: \"x # istio-gateway: allow lint/a r\"
b: |
  # istio-gateway: allow lint/a r
c: x#istio-gateway:allow lint/a r
d: 1 # istio-gateway: the main one
e: 1 # istio-gateway: allowed lint/a
";
        assert_eq!(found(text), []);
        assert_eq!(found("a: 'ü' # istio-gateway: allow"), [one("", "", "11:8", Some(11))]);
    }

    #[test]
    fn after_the_document_marker_it_is_about_the_document() {
        assert_eq!(
            found("--- # istio-gateway: allow lint/b r\n# istio-gateway: allow lint/a r\na: 1\n"),
            [one("lint/b", "r", "11:5", Some(11)), one("lint/a", "r", "12:1", None)]
        );
    }
}
