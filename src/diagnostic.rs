//! Findings: what is wrong in a document, where, and what to write instead.

use std::fmt;

use crate::RuleId;

/// One finding about a document.
///
/// [`Display`](fmt::Display) writes `path: message; help`, after `line:column: ` if the position is
/// known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The rule of the finding, such as `decode/unknown-field`; see [`rule`](crate::rule).
    pub rule: RuleId,
    /// Whether Istio rejects the document because of it.
    pub severity: Severity,
    /// The field, from the root of what was decoded.
    pub path: FieldPath,
    /// What is wrong.
    pub message: String,
    /// What to write instead, if it is known.
    pub help: Option<String>,
    /// The position in the text, if there is a text.
    pub position: Option<Position>,
    /// The position after the end of the value. Only findings of validation have it.
    pub end: Option<Position>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        self.without_position().fmt(f)
    }
}

impl Diagnostic {
    /// A finding without help and position.
    pub(crate) fn new(
        rule: RuleId,
        severity: Severity,
        path: FieldPath,
        message: impl Into<String>,
    ) -> Self {
        let (help, position, end) = (None, None, None);
        Self { rule, severity, path, message: message.into(), help, position, end }
    }

    /// A warning about a field, without help and position, for a caller's own rule.
    #[must_use]
    pub fn warning(rule: RuleId, path: FieldPath, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Warning, path, message)
    }

    /// `path: message; help`, without the position. A message that starts with the path does not repeat
    /// it.
    #[must_use]
    pub fn without_position(&self) -> impl fmt::Display + '_ {
        WithoutPosition(self)
    }

    /// The same finding for a stream in which the text begins at `start`.
    pub(crate) fn within(self, start: Position) -> Self {
        let within = |place: Option<Position>| place.map(|place| place.within(start));
        Self { position: within(self.position), end: within(self.end), ..self }
    }
}

struct WithoutPosition<'a>(&'a Diagnostic);

impl fmt::Display for WithoutPosition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { path, message, help, .. } = self.0;
        let path = path.to_string();
        // Some upstream messages begin with the path.
        if !path.is_empty() && !message.starts_with(&path) {
            write!(f, "{path}: ")?;
        }
        f.write_str(message)?;
        match help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// The severity of a finding; more severe ones compare greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// For information; nothing needs to change.
    Note,
    /// Accepted, but something is lost, ignored or ambiguous. Strict reading rejects it.
    Warning,
    /// Rejected.
    Error,
}

/// A position in a text, in lines and characters counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters (Unicode scalar values), from 1.
    pub column: usize,
}

impl Position {
    /// The start of a text.
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    pub(crate) fn new(line: usize, column: usize) -> Self {
        Self { line, column }
    }

    pub(crate) fn from_tree(position: kubernetes_yaml::Position) -> Self {
        Self::new(position.line, position.column)
    }

    /// The position of a byte offset in `text`, limited to its end.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        Self::from_tree(kubernetes_yaml::Position::of(text, offset))
    }

    /// The position after `text`, which begins here.
    #[cfg(any(feature = "validate", feature = "gateway-api"))]
    pub(crate) fn after(self, text: &str) -> Self {
        Self::from_tree(kubernetes_yaml::Position::new(self.line, self.column).after(text))
    }

    /// The same position for a stream in which the text begins at `start`.
    pub(crate) fn within(self, start: Self) -> Self {
        let before = if self.line == 1 { start.column - 1 } else { 0 };
        Self { line: self.line + start.line - 1, column: self.column + before }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The path from a document's root to a field: `spec.servers[0].tls.mode`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    steps: Vec<Step>,
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// A field of a message, or an entry of a mapping.
    Key(String),
    /// An item of a sequence, from 0.
    Index(usize),
}

impl FieldPath {
    /// The empty path: the document itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// This path with a field or mapping key appended.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.steps.push(Step::Key(key.into()));
        self
    }

    /// This path with an index appended, from 0.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    /// The steps from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Whether this is the document itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether `prefix` is this path or one of its parents.
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.steps.starts_with(&prefix.steps)
    }
}

impl FromIterator<Step> for FieldPath {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self { steps: steps.into_iter().collect() }
    }
}

/// Keys that are not identifiers are written in brackets and quotes: `spec.selector["app.io/name"]`.
impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.steps.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_plain(key) => {
                    if i > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

pub(crate) use kubernetes_yaml::Quoted;

/// The entry of `known` that is most similar to `word`.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A longer word is not a typo, and would be slow to compare.
    if word.len() > 64 {
        return None;
    }
    let folded = fold(word);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&folded, &fold(name)), name))
        .filter(|&(distance, name)| {
            distance <= name.len().max(word.len()) / 4 + usize::from(name.len() > 2)
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// Spellings that differ only in case, dashes and underscores are similar.
fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_an_expression() {
        let path = FieldPath::root().key("spec").key("servers").index(0).key("tls");
        assert_eq!(path.to_string(), "spec.servers[0].tls");
        assert_eq!(
            FieldPath::root().key("spec").key("app.io/name").to_string(),
            r#"spec["app.io/name"]"#
        );
        assert!(path.starts_with(&FieldPath::root().key("spec")));
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(Position::of("a\nü: x", 5), Position::new(2, 3));
        assert_eq!(Position::of("ü", 1), Position::new(1, 1));
        assert_eq!(Position::of("a", 9), Position::new(1, 2));
    }

    #[test]
    fn nearest_finds_slips_and_nothing_else() {
        let known = ["credentialName", "credentialNames", "mode", "hosts", "port"];
        assert_eq!(nearest("credentialsName", known), Some("credentialName"));
        assert_eq!(nearest("credential_name", known), Some("credentialName"));
        assert_eq!(nearest("ports", known), Some("port"));
        assert_eq!(nearest("annotations", known), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
