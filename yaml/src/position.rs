//! Positions in a text, paths to values, and excerpts for messages.

use std::fmt;

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
    /// A position; lines and columns are counted from 1.
    ///
    /// ```
    /// assert_eq!(kubernetes_yaml::Position::new(2, 3).to_string(), "2:3");
    /// ```
    #[must_use]
    pub fn new(line: usize, column: usize) -> Self {
        Self { line, column }
    }

    /// The position of a byte offset in `text`; beyond its end, the end. Only `\n` ends a line.
    ///
    /// ```
    /// use kubernetes_yaml::Position;
    ///
    /// assert_eq!(Position::of("a\nü: x", 5), Position::new(2, 3));
    /// ```
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        Self::new(1, 1).after(text.get(..offset).unwrap_or_default())
    }

    /// The position after `text`, which begins here.
    ///
    /// ```
    /// use kubernetes_yaml::Position;
    ///
    /// assert_eq!(Position::new(2, 3).after("ab"), Position::new(2, 5));
    /// assert_eq!(Position::new(2, 3).after("a\nb"), Position::new(3, 2));
    /// ```
    #[must_use]
    pub fn after(self, text: &str) -> Self {
        let lines = text.bytes().filter(|&b| b == b'\n').count();
        match text.rfind('\n').and_then(|i| text.get(i + 1..)) {
            Some(last) => Self::new(self.line + lines, last.chars().count() + 1),
            None => Self { column: self.column + text.chars().count(), ..self },
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One step of the path from a document's root to a value. See [`Edit::set`](crate::Edit::set).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step<'a> {
    /// To the value of a key of a mapping.
    Key(&'a str),
    /// To an item of a sequence, from 0.
    Index(usize),
}

/// Shows a string in quotes for a message, at most its first 60 characters.
///
/// ```
/// use kubernetes_yaml::Quoted;
///
/// assert_eq!(Quoted("a\n").to_string(), r#""a\n""#);
/// assert_eq!(Quoted(&"x".repeat(100)).to_string().len(), 60 + 5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(60) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}...", self.0.get(..end).unwrap_or_default()),
        }
    }
}
