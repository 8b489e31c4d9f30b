//! Findings: what is wrong in a document, where, and what to write instead.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{Fix, RuleId, sort};

pub use crate::field_path::{FieldPath, InvalidFieldPath, Step};

/// One finding about a document.
///
/// [`Display`](fmt::Display) writes `path: message; help`, after `line:column: ` if the position is
/// known. It serializes with its fields' names, the rule and the path as strings.
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
    /// How to repair it, if that is known. Only findings of validation have it.
    pub fix: Option<Fix>,
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
    /// A finding without help and position, for a caller's own rule.
    ///
    /// ```
    /// use istio_gateway::{Diagnostic, FieldPath, Position, Severity, rule};
    ///
    /// let path: FieldPath = "spec.servers[0].hosts".parse()?;
    /// let found = Diagnostic::new(rule::lint::TEMPLATE, Severity::Note, path, "not our domain")
    ///     .with_help("use example.com")
    ///     .with_position(Position::new(4, 3));
    /// assert_eq!(found.to_string(), "4:3: spec.servers[0].hosts: not our domain; use example.com");
    /// # Ok::<(), istio_gateway::diagnostic::InvalidFieldPath>(())
    /// ```
    #[must_use]
    pub fn new(
        rule: RuleId,
        severity: Severity,
        path: FieldPath,
        message: impl Into<String>,
    ) -> Self {
        let (help, position, end, fix) = (None, None, None, None);
        Self { rule, severity, path, message: message.into(), help, position, end, fix }
    }

    /// The same finding with what to write instead.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same finding with a position.
    #[must_use]
    pub fn with_position(self, position: Position) -> Self {
        Self { position: Some(position), ..self }
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
        let fix = self.fix.map(|fix| fix.within(start));
        Self { position: within(self.position), end: within(self.end), fix, ..self }
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let Self { rule, severity, path, message, help, position, end, fix } = self;
        let mut fields = serializer.serialize_struct("Diagnostic", 8)?;
        fields.serialize_field("rule", rule)?;
        fields.serialize_field("severity", severity)?;
        fields.serialize_field("path", path)?;
        fields.serialize_field("message", message)?;
        fields.serialize_field("help", help)?;
        fields.serialize_field("position", position)?;
        fields.serialize_field("end", end)?;
        fields.serialize_field("fix", fix)?;
        fields.end()
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

impl Severity {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
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

    /// A position; lines and columns are counted from 1.
    #[must_use]
    pub fn new(line: usize, column: usize) -> Self {
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

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = serializer.serialize_struct("Position", 2)?;
        fields.serialize_field("line", &self.line)?;
        fields.serialize_field("column", &self.column)?;
        fields.end()
    }
}

pub(crate) use kubernetes_yaml::Quoted;

/// The entry of `known` that is most similar to `word`.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_of(word, &mut known.into_iter())
}

fn nearest_of<'a>(word: &str, known: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    // A longer word is not a typo, and would be slow to compare.
    if word.len() > 64 {
        return None;
    }
    let folded = fold(word);
    let length = folded.chars().count();
    let distance = |name: &'a str| {
        let most = name.len().max(word.len()) / 4 + usize::from(name.len() > 2);
        let other = fold(name);
        // It is at least the difference of the lengths.
        if other.chars().count().abs_diff(length) > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&folded, &other);
        (distance <= most).then_some((distance, name))
    };
    known.filter_map(distance).min_by_key(|&(distance, _)| distance).map(|(_, name)| name)
}

/// The entry of `known` that is certainly meant by `word`: no other one is nearly as similar.
#[cfg(feature = "validate")]
pub(crate) fn only_near<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    only_near_of(word, &known.collect::<Vec<_>>())
}

#[cfg(feature = "validate")]
fn only_near_of<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = nearest(word, known.iter().copied())?;
    let folded = fold(word);
    let distance = |name: &str| strsim::damerau_levenshtein(&folded, &fold(name));
    let most = distance(near);
    // A name that differs in case and underscores alone has no slip; any other one needs a margin.
    let margin = if most == 0 { 1 } else { 2 };
    let mut others = known.iter().filter(|name| **name != near);
    others.all(|name| distance(name) >= most + margin).then_some(near)
}

/// Spellings that differ only in case, dashes and underscores are similar.
fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// Sorts diagnostics by position; those without one come first.
pub(crate) fn sort_by_position(found: &mut [Diagnostic]) {
    sort::sort_by_key(found, |diagnostic| diagnostic.position);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_serializes_with_names() {
        let path = FieldPath::root().key("a").index(1);
        let found = Diagnostic::new(crate::rule::lint::TEMPLATE, Severity::Note, path, "m");
        let found = found.with_position(Position::new(2, 3));
        let want = serde_json::json!({
            "rule": "lint/template", "severity": "note", "path": "a[1]", "message": "m", "help": null,
            "position": {"line": 2, "column": 3}, "end": null,
            "fix": null,
        });
        assert_eq!(serde_json::to_value(found).unwrap(), want);
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

    #[test]
    #[cfg(feature = "validate")]
    fn a_name_between_two_others_is_not_certain() {
        let modes = ["SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"];
        let only = |word| only_near(word, modes.into_iter());
        assert_eq!(only("MUTAL"), Some("MUTUAL"));
        assert_eq!(only("optional-mutual"), Some("OPTIONAL_MUTUAL"));
        // A slip of ISTIO_MUTUAL and of OPTIONAL_MUTUAL.
        assert_eq!(only("OPTIO_MUTUAL"), None);
        let versions = ["TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"];
        assert_eq!(only_near("TLSv12", versions.into_iter()), Some("TLSV1_2"));
        assert_eq!(only_near("TLSV1_4", versions.into_iter()), None);
        assert_eq!(only_near("TLS1_2", versions.into_iter()), None);
    }
}
