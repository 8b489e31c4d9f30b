//! A tree from JSON text, which `serde_json` has checked.

use std::borrow::Cow;

use super::{Builder, Kind, Tree};
use crate::Error;

impl<'s> Tree<'s> {
    /// Reads a JSON text that a JSON parser has already accepted; it is not checked again.
    ///
    /// ```
    /// use kubernetes_yaml::Tree;
    ///
    /// let text = serde_json::json!({"a": [1, "x"]}).to_string();
    /// let tree = Tree::from_checked_json(&text)?;
    /// assert_eq!(tree.root().get("a").unwrap().items().count(), 2);
    /// # Ok::<(), kubernetes_yaml::Error>(())
    /// ```
    ///
    /// # Errors
    /// A text of 4 GiB or more. A text that is not JSON is an error or some tree.
    pub fn from_checked_json(text: &'s str) -> Result<Self, Error> {
        let mut builder = Builder::of_text(text)?;
        builder.lends_unescaped();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&b) = bytes.get(at) {
            let rest = bytes.get(at..).unwrap_or_default();
            let len = match b {
                b'{' => {
                    builder.open(Kind::Mapping, at);
                    1
                }
                b'[' => {
                    builder.open(Kind::Sequence, at);
                    1
                }
                b'}' | b']' => {
                    builder.close(at + 1);
                    1
                }
                b'"' => {
                    let len = string_len(rest);
                    let token = text.get(at..at + len).unwrap_or_default();
                    builder.leaf(Kind::String(unescape(token)?), at, at + len);
                    len
                }
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => 1,
                _ => {
                    let is_end =
                        |b: &u8| matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
                    let len = rest.iter().position(is_end).unwrap_or(rest.len());
                    let token = text.get(at..at + len).unwrap_or_default();
                    builder.leaf(literal(token), at, at + len);
                    len
                }
            };
            at += len;
        }
        Ok(builder.finish())
    }
}

/// The length of the string that `json` begins with, quotes included.
fn string_len(json: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&b) = json.get(at) {
        at += match b {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    json.len()
}

fn unescape(token: &str) -> Result<Cow<'_, str>, Error> {
    if token.contains('\\') {
        serde_json::from_str(token).map(Cow::Owned).map_err(|e| Error::syntax(e.to_string(), None))
    } else {
        let inner = token.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        Ok(Cow::Borrowed(inner.unwrap_or(token)))
    }
}

fn literal(token: &str) -> Kind<'_> {
    match token {
        "null" => Kind::Null,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        "-0" => Kind::Signed(0),
        _ => match (token.parse(), token.parse(), token.parse::<f64>()) {
            (Ok(v), ..) => Kind::Unsigned(v),
            (_, Ok(v), _) => Kind::Signed(v),
            (.., Ok(v)) if v.is_finite() => Kind::Float(v),
            _ => Kind::BigNumber(Cow::Borrowed(token)),
        },
    }
}
