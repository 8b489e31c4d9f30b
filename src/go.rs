//! Formats values as Go does in upstream's messages.

use std::fmt::{self, Write as _};

/// A string as `%q` formats it.
pub(crate) struct Quote<'a>(pub(crate) &'a str);

impl fmt::Display for Quote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\u{7}' => f.write_str("\\a")?,
                '\u{8}' => f.write_str("\\b")?,
                '\u{c}' => f.write_str("\\f")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\u{b}' => f.write_str("\\v")?,
                ' '..='~' => f.write_char(c)?,
                c if c < ' ' || c == '\u{7f}' => write!(f, "\\x{:02x}", u32::from(c))?,
                c if is_printable(c) => f.write_char(c)?,
                c if u32::from(c) < 0x10000 => write!(f, "\\u{:04x}", u32::from(c))?,
                c => write!(f, "\\U{:08x}", u32::from(c))?,
            }
        }
        f.write_char('"')
    }
}

/// Rust and Go use the same Unicode categories: letters, marks, numbers, punctuation and symbols. Rust
/// escapes a mark only at the beginning of a string.
fn is_printable(c: char) -> bool {
    let mut text = String::from("a");
    text.push(c);
    text.escape_debug().count() == 2
}

/// A string as protobuf's text format writes it.
#[cfg(feature = "validate")]
pub(crate) struct ProtoText<'a>(pub(crate) &'a str);

#[cfg(feature = "validate")]
impl fmt::Display for ProtoText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c < ' ' || c == '\u{7f}' => write!(f, "\\x{:02x}", u32::from(c))?,
                c if ('\u{80}'..='\u{9f}').contains(&c) => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// A float as `%v` formats it: shortest, with an exponent below -4 and from 7 digits on.
#[cfg(feature = "validate")]
pub(crate) struct Float(pub(crate) f64);

#[cfg(feature = "validate")]
impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shortest = format!("{:e}", self.0);
        let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
        let exponent: i32 = exponent.parse().unwrap_or_default();
        if (-4..6).contains(&exponent) {
            return write!(f, "{}", self.0);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "{digits}e{sign}{:02}", exponent.unsigned_abs())
    }
}

#[cfg(all(test, feature = "validate"))]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        assert_eq!(Quote("a\"b\n\u{1}\u{7f}").to_string(), r#""a\"b\n\x01\x7f""#);
        assert_eq!(Quote("bücher\u{301}").to_string(), "\"bücher\u{301}\"");
        assert_eq!(Quote("\u{feff}\u{e000}\u{10ffff}").to_string(), r#""\ufeff\ue000\U0010ffff""#);
        assert_eq!(ProtoText("a\u{1}ü\"").to_string(), r#""a\x01ü\"""#);
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        assert_eq!(Float(443.5).to_string(), "443.5");
        assert_eq!(Float(4294967296.0).to_string(), "4.294967296e+09");
        assert_eq!(Float(1e21).to_string(), "1e+21");
        assert_eq!(Float(0.00001).to_string(), "1e-05");
    }
}
