//! The error type of the crate.

use std::{borrow::Cow, error, fmt};

use crate::diagnostic::{Diagnostic, Position};

/// An error while reading a text, a document or a message.
///
/// The predicates return what went wrong. [`Display`](fmt::Display) writes one line, after
/// `line:column: ` if the position is known.
pub struct Error(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Syntax { message: String, position: Option<Position> },
    Decode { diagnostics: Vec<Diagnostic> },
    OtherResource { api_version: String, kind: String, position: Option<Position> },
    Limit { message: Cow<'static, str>, position: Option<Position> },
    NotUtf8 { position: Position },
    IgnoredText { position: Position },
    Io(std::io::Error),
}

impl Error {
    pub(crate) fn syntax(message: impl Into<String>, position: Option<Position>) -> Self {
        Self(Box::new(Kind::Syntax { message: message.into(), position }))
    }

    pub(crate) fn limit(message: impl Into<Cow<'static, str>>, position: Option<Position>) -> Self {
        Self(Box::new(Kind::Limit { message: message.into(), position }))
    }

    pub(crate) fn from_tree(error: &kubernetes_yaml::Error) -> Self {
        let (message, position) = (error.message(), error.position().map(Position::from_tree));
        Self(Box::new(if error.is_limit() {
            Kind::Limit { message: message.to_owned().into(), position }
        } else {
            Kind::Syntax { message: message.to_owned(), position }
        }))
    }

    pub(crate) fn decode(diagnostics: Vec<Diagnostic>) -> Self {
        Self(Box::new(Kind::Decode { diagnostics }))
    }

    pub(crate) fn other_resource(
        api_version: &str,
        kind: &str,
        position: Option<Position>,
    ) -> Self {
        let (api_version, kind) = (api_version.to_owned(), kind.to_owned());
        Self(Box::new(Kind::OtherResource { api_version, kind, position }))
    }

    /// The same error without any content of the document, which may be secret.
    #[cfg(feature = "gateway-api")]
    pub(crate) fn without_values(mut self) -> Self {
        if let Kind::Decode { diagnostics } = &mut *self.0 {
            for diagnostic in diagnostics {
                "invalid Secret".clone_into(&mut diagnostic.message);
            }
        }
        self
    }

    pub(crate) fn io(error: std::io::Error) -> Self {
        Self(Box::new(Kind::Io(error)))
    }

    pub(crate) fn not_utf8(text: &[u8], offset: usize) -> Self {
        let before = String::from_utf8_lossy(text.get(..offset).unwrap_or_default());
        Self(Box::new(Kind::NotUtf8 { position: Position::of(&before, before.len()) }))
    }

    pub(crate) fn ignored_text(position: Position) -> Self {
        Self(Box::new(Kind::IgnoredText { position }))
    }

    /// The same error for a stream in which the text begins at `start`.
    pub(crate) fn within(mut self, start: Position) -> Self {
        match &mut *self.0 {
            Kind::Syntax { position, .. }
            | Kind::OtherResource { position, .. }
            | Kind::Limit { position, .. } => *position = position.map(|p| p.within(start)),
            Kind::NotUtf8 { position } | Kind::IgnoredText { position } => {
                *position = position.within(start);
            }
            Kind::Decode { diagnostics } => {
                let moved = std::mem::take(diagnostics).into_iter().map(|d| d.within(start));
                *diagnostics = moved.collect();
            }
            Kind::Io(_) => {}
        }
        self
    }

    /// Whether the text is not valid JSON or YAML.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        matches!(*self.0, Kind::Syntax { .. })
    }

    /// Whether a value does not fit its field; see [`diagnostics`](Self::diagnostics).
    #[must_use]
    pub fn is_decode(&self) -> bool {
        matches!(*self.0, Kind::Decode { .. })
    }

    /// Whether the document is another resource than an Istio Gateway.
    #[must_use]
    pub fn is_other_resource(&self) -> bool {
        matches!(*self.0, Kind::OtherResource { .. })
    }

    /// Whether the text is nested too deeply, is too long, or its aliases expand to too many values.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(*self.0, Kind::Limit { .. })
    }

    /// Whether a YAML text is not UTF-8.
    #[must_use]
    pub fn is_not_utf8(&self) -> bool {
        matches!(*self.0, Kind::NotUtf8 { .. })
    }

    /// Whether a text contains more after its first document, without `---` between them: Kubernetes
    /// reads the first document and silently drops the rest. The document itself was read.
    #[must_use]
    pub fn is_ignored_text(&self) -> bool {
        matches!(*self.0, Kind::IgnoredText { .. })
    }

    /// Whether reading failed.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(*self.0, Kind::Io(_))
    }

    /// The position at which reading stopped, or that of the first diagnostic.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match &*self.0 {
            Kind::Syntax { position, .. }
            | Kind::OtherResource { position, .. }
            | Kind::Limit { position, .. } => *position,
            Kind::NotUtf8 { position } | Kind::IgnoredText { position } => Some(*position),
            Kind::Decode { diagnostics } => diagnostics.first().and_then(|d| d.position),
            Kind::Io(_) => None,
        }
    }

    /// The diagnostics of all fields; empty unless [`is_decode`](Self::is_decode).
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match &*self.0 {
            Kind::Decode { diagnostics } => diagnostics,
            _ => &[],
        }
    }

    /// The message without the position.
    #[must_use]
    pub fn without_position(&self) -> impl fmt::Display + '_ {
        Message(self)
    }
}

struct Message<'a>(&'a Error);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0.0 {
            Kind::Syntax { message, .. } => f.write_str(message),
            Kind::Limit { message, .. } => f.write_str(message),
            Kind::OtherResource { api_version, kind, .. } => {
                let none = |s: &str| if s.is_empty() { "(none)".to_owned() } else { s.to_owned() };
                write!(
                    f,
                    "not an Istio Gateway: apiVersion {}, kind {}",
                    none(api_version),
                    none(kind)
                )
            }
            Kind::Decode { diagnostics } => {
                let mut rest = diagnostics.iter();
                if let Some(first) = rest.next() {
                    first.without_position().fmt(f)?;
                }
                match rest.len() {
                    0 => Ok(()),
                    more => write!(f, " (and {more} more)"),
                }
            }
            Kind::NotUtf8 { .. } => f.write_str("not UTF-8"),
            Kind::IgnoredText { .. } => f.write_str(
                "a document ends before this: Kubernetes drops the rest silently; separate documents \
                 by a line with ---",
            ),
            Kind::Io(_) => f.write_str("cannot read"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position() {
            write!(f, "{position}: ")?;
        }
        Message(self).fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Kind::Io(error) => Some(error),
            _ => None,
        }
    }
}
