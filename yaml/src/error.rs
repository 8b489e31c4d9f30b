//! Why a text is rejected, and where.

use std::{borrow::Cow, error, fmt};

use crate::Position;

/// Why a text is not a document that Kubernetes reads.
///
/// [`Display`](fmt::Display) writes the message after `line:column: `, where the position is known.
///
/// The messages are those of go-yaml v2 and sigs.k8s.io/yaml, apart from these, which name what is wrong more
/// exactly: `unclosed quote` and `unclosed bracket`, each at its beginning, for "found unexpected end of
/// stream" and what the grammar expected at the end; `nested too deeply`; `longer than 4 GiB`; and `cannot
/// decode "..." as the type of its tag`. Anchors are quoted with `"`, and long ones are shortened.
///
/// ```
/// use kubernetes_yaml::{Position, Tree};
///
/// let error = Tree::from_yaml("a: 1\nb: c: d\n").unwrap_err();
/// assert_eq!(error.to_string(), "2:5: mapping values are not allowed in this context");
/// assert_eq!(error.message(), "mapping values are not allowed in this context");
/// assert_eq!(error.position(), Some(Position::new(2, 5)));
/// assert!(!error.is_limit());
/// assert!(Tree::from_yaml(&"[".repeat(20_000)).unwrap_err().is_limit());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    message: Cow<'static, str>,
    position: Option<Position>,
    is_limit: bool,
}

impl Error {
    pub(crate) fn syntax(message: impl Into<Cow<'static, str>>, at: Option<Position>) -> Self {
        Self { message: message.into(), position: at, is_limit: false }
    }

    pub(crate) fn limit(message: &'static str, at: Option<Position>) -> Self {
        Self { message: message.into(), position: at, is_limit: true }
    }

    /// The message without the position.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the text reading stopped.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Whether the text may be valid YAML but is nested too deeply, is too long, or has aliases that expand to
    /// too much.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.is_limit
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl error::Error for Error {}
