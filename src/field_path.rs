//! Paths to fields, as text and as steps.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// The path from a document's root to a field: `spec.servers[0].tls.mode`. It is parsed as it is written.
///
/// ```
/// use istio_gateway::FieldPath;
///
/// let path: FieldPath = r#"spec.selector["app.io/name"]"#.parse()?;
/// assert_eq!(path, FieldPath::root().key("spec").key("selector").key("app.io/name"));
/// # Ok::<(), istio_gateway::diagnostic::InvalidFieldPath>(())
/// ```
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

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is not a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFieldPath {
    offset: usize,
}

impl InvalidFieldPath {
    /// The byte offset of the first step that is invalid.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for InvalidFieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid field path at byte {}", self.offset)
    }
}

impl std::error::Error for InvalidFieldPath {}

/// The inverse of [`Display`](fmt::Display).
impl FromStr for FieldPath {
    type Err = InvalidFieldPath;

    fn from_str(text: &str) -> Result<Self, InvalidFieldPath> {
        let mut path = Self::root();
        let mut rest = text;
        while !rest.is_empty() {
            let error = InvalidFieldPath { offset: text.len() - rest.len() };
            let (step, after) = parse_step(rest, path.is_root()).ok_or(error)?;
            path.steps.push(step);
            rest = after;
        }
        Ok(path)
    }
}

/// The first step of a path, and the rest.
fn parse_step(text: &str, is_first: bool) -> Option<(Step, &str)> {
    if let Some(text) = text.strip_prefix("[\"") {
        let (key, rest) = parse_quoted(text)?;
        return Some((Step::Key(key), rest.strip_prefix(']')?));
    }
    if let Some(text) = text.strip_prefix('[') {
        let (index, rest) = text.split_once(']')?;
        let is_index = index.bytes().all(|b| b.is_ascii_digit());
        return Some((Step::Index(index.parse().ok().filter(|_| is_index)?), rest));
    }
    let text = if is_first { text } else { text.strip_prefix('.')? };
    let (key, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    is_plain(key).then(|| (Step::Key(key.to_owned()), rest))
}

/// A string with Rust's escapes, up to its closing quote, and the rest.
fn parse_quoted(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_at(rest.find(['"', '\\'])?);
        key.push_str(before);
        if let Some(rest) = after.strip_prefix('"') {
            return Some((key, rest));
        }
        let mut escape = after.get(1..)?.chars();
        key.push(match escape.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'u' => {
                let (digits, after) = escape.as_str().strip_prefix('{')?.split_once('}')?;
                key.push(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?);
                rest = after;
                continue;
            }
            c @ ('"' | '\\' | '\'') => c,
            _ => return None,
        });
        rest = escape.as_str();
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy as _;

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

    proptest::proptest! {
        #[test]
        fn a_path_is_parsed_as_it_is_written(
            steps in proptest::collection::vec(
                proptest::prop_oneof![
                    proptest::prelude::any::<usize>().prop_map(Step::Index),
                    ".{0,6}".prop_map(Step::Key),
                    "[a-z\"\\\\'.\\[\\]\u{0}-\u{a0}]{0,6}".prop_map(Step::Key),
                ],
                0..6,
            ),
        ) {
            let path: FieldPath = steps.into_iter().collect();
            proptest::prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn a_text_that_is_no_path_is_an_error_at_its_step() {
        for (text, offset) in [
            (".a", 0),
            ("a..b", 1),
            ("a[", 1),
            ("a[x]", 1),
            ("a[+1]", 1),
            ("a.b[\"c]", 3),
            ("a b", 0),
        ] {
            assert_eq!(text.parse::<FieldPath>(), Err(InvalidFieldPath { offset }), "{text}");
        }
    }
}
