//! The encoder: plain `serde_json`, then one pass for the escapes that Go adds for HTML.

use serde::{Serialize, Serializer};

use super::{Message, decode::Field};

/// A field, written in the dialect.
pub(crate) struct Json<'a, F>(pub(crate) &'a F);

impl<F: Field> Serialize for Json<'_, F> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

pub(super) fn to_string<T: Message>(message: &T) -> String {
    // Every key is a string and a String takes every byte, so there is no error to lose.
    escape_html(serde_json::to_string(&Json(message)).unwrap_or_default())
}

/// `<`, `>`, `&`, U+2028 and U+2029 as encoding/json writes them. They occur within strings only,
/// and seldom: the check is one pass without a branch. (A `serde_json` Formatter costs 30% more.)
fn escape_html(json: String) -> String {
    // `<` and `>` differ in one bit.
    let is_marked = |b: u8| u8::from(b | 2 == b'>') | u8::from(b == b'&') | u8::from(b == 0xe2);
    let marked = |chunk: &[u8]| chunk.iter().fold(0, |any, &b| any | is_marked(b)) != 0;
    let (chunks, rest) = json.as_bytes().as_chunks::<64>();
    if !chunks.iter().any(|chunk| marked(chunk)) && !marked(rest) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape_html;

    #[test]
    fn html_and_line_separators_are_escaped() {
        assert_eq!(
            escape_html("a<b>&\u{2028}\u{2029}\u{2026}é".into()),
            "a\\u003cb\\u003e\\u0026\\u2028\\u2029\u{2026}é"
        );
    }
}
