//! Strings and numbers as JSON writes them.

use std::fmt;

/// Which characters of a string are escaped. See [`append_json_string`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// Those that JSON requires: `"`, `\\` and control characters.
    Json,
    /// Also `<`, `>`, `&`, U+2028 and U+2029, as Go's encoding/json does.
    Html,
}

/// Appends a string of JSON, in quotes.
///
/// ```
/// use kubernetes_yaml::{Escapes, append_json_string};
///
/// let mut json = String::new();
/// append_json_string("a\n<", Escapes::Html, &mut json);
/// assert_eq!(json, r#""a\n\u003c""#);
/// ```
#[inline]
pub fn append_json_string(text: &str, escapes: Escapes, json: &mut String) {
    json.push('"');
    if is_plain(text.as_bytes()) {
        json.push_str(text);
    } else {
        append_escaped(text, escapes, json);
    }
    json.push('"');
}

/// Whether a text can be copied as it is: it is ASCII without a control character, `"`, `&`, `<`, `>`
/// and `\\`. It is read in words of eight bytes, the last of which may overlap with the one before.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // Each byte's highest bit says whether it is special; a byte above one that is may say so, too.
    #[inline]
    fn is_special(word: u64) -> bool {
        let is = |word: u64, b: u8| (word ^ (ONES * u64::from(b))).wrapping_sub(ONES);
        let is_control = word.wrapping_sub(ONES * 0x20);
        // `"` and `&`, `<` and `>` differ in one bit.
        let is_html = is(word | (ONES * 4), b'&') | is(word | (ONES * 2), b'>');
        (word | is_control | is_html | is(word, b'\\')) & (ONES * 0x80) != 0
    }
    if let Some(last) = text.last_chunk() {
        let (words, _) = text.as_chunks();
        !is_special(u64::from_ne_bytes(*last))
            && !words.iter().any(|word| is_special(u64::from_ne_bytes(*word)))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let half = |bytes: &[u8; 4]| u64::from(u32::from_ne_bytes(*bytes));
        !is_special(half(first) << 32 | half(last))
    } else {
        text.iter().all(|&b| !is_special(u64::from(b) * ONES))
    }
}

/// Whether this byte is escaped, or begins a character that may be.
fn is_marked(b: u8, escapes: Escapes) -> bool {
    match b {
        0..0x20 | b'"' | b'\\' => true,
        b'<' | b'>' | b'&' | 0xe2 => escapes == Escapes::Html,
        _ => false,
    }
}

#[cold]
fn append_escaped(text: &str, escapes: Escapes, json: &mut String) {
    let mut rest = text;
    loop {
        let marked = rest.bytes().position(|b| is_marked(b, escapes)).unwrap_or(rest.len());
        let Some((plain, marked)) = rest.split_at_checked(marked) else { return };
        json.push_str(plain);
        let mut chars = marked.chars();
        let Some(c) = chars.next() else { return };
        rest = chars.as_str();
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                json.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    let digit = u32::from(c) >> shift & 15;
                    json.push(char::from_digit(digit, 16).unwrap_or('0'));
                }
            }
            c => json.push(c),
        }
    }
}

/// A float as Go's encoding/json writes it (`floatEncoder`): the shortest digits, with an exponent below
/// 1e-6 and from 1e21 on. What JSON cannot hold, such as infinity, is null.
///
/// ```
/// use kubernetes_yaml::JsonFloat;
///
/// assert_eq!(JsonFloat(1e20).to_string(), "100000000000000000000");
/// assert_eq!(JsonFloat(1e21).to_string(), "1e+21");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct JsonFloat(pub f64);

impl fmt::Display for JsonFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(number) = serde_json::Number::from_f64(self.0) else {
            return f.write_str("null");
        };
        let decimal = Decimal::of(&number.to_string());
        if (-5..=21).contains(&decimal.point) {
            write!(f, "{}", decimal.fixed())
        } else {
            write!(f, "{}e{:+}", decimal.mantissa(), decimal.point - 1)
        }
    }
}

/// The digits of a decimal number. Its value is `0.DIGITS` times ten to the power of `point`.
pub(super) struct Decimal {
    is_negative: bool,
    /// Without zeros at either end.
    digits: String,
    pub(super) point: i32,
}

impl Decimal {
    /// From a text such as `-12.5` or `1e-7`.
    pub(super) fn of(text: &str) -> Self {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        let leading_zeros = digits.len() - digits.trim_start_matches('0').len();
        let place = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let point = place(whole.len()) - place(leading_zeros);
        let digits = digits.trim_matches('0').to_owned();
        let point = if digits.is_empty() { 1 } else { point + exponent.parse().unwrap_or(0) };
        Self { is_negative: unsigned.len() < text.len(), digits, point }
    }

    fn sign(&self) -> &'static str {
        if self.is_negative { "-" } else { "" }
    }

    /// Without an exponent.
    pub(super) fn fixed(&self) -> String {
        let Self { digits, point, .. } = self;
        let sign = self.sign();
        match usize::try_from(*point) {
            Err(_) | Ok(0) => {
                let zeros = "0".repeat(point.unsigned_abs() as usize);
                format!("{sign}0.{zeros}{digits}")
            }
            Ok(point) => match digits.split_at_checked(point) {
                Some((whole, fraction)) if !fraction.is_empty() => {
                    format!("{sign}{whole}.{fraction}")
                }
                _ => format!("{sign}{digits:0<point$}"),
            },
        }
    }

    /// With one digit before the point, for an exponent of `point - 1`.
    pub(super) fn mantissa(&self) -> String {
        match self.digits.split_at_checked(1) {
            Some((first, others)) if !others.is_empty() => {
                format!("{}{first}.{others}", self.sign())
            }
            _ => format!("{}{:0<1}", self.sign(), self.digits),
        }
    }
}

/// The number of a [`Kind::Signed`](crate::Kind::Signed): 0 is written as `-0`.
///
/// ```
/// use kubernetes_yaml::JsonInteger;
///
/// assert_eq!(JsonInteger(-1).to_string(), "-1");
/// assert_eq!(JsonInteger(0).to_string(), "-0");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct JsonInteger(pub i64);

impl fmt::Display for JsonInteger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("-0"),
            v => v.fmt(f),
        }
    }
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 32)`, infinities as YAML has them.
#[expect(clippy::cast_possible_truncation, reason = "as Go converts")]
pub(crate) fn go_g32(v: f64) -> String {
    let v = v as f32;
    if v.is_nan() {
        return ".nan".to_owned();
    }
    if v.is_infinite() {
        return if v > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // Rust's shortest digits round a tie up, Go's to even, as those of a given length do.
    let shortest = format!("{v:e}");
    let digits = shortest.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    let even = format!("{v:.*e}", digits.saturating_sub(1));
    let decimal = Decimal::of(if even.parse() == Ok(v) { &even } else { &shortest });
    match decimal.point - 1 {
        -4..6 => decimal.fixed(),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{}e{sign}{:02}", decimal.mantissa(), exponent.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Escapes, JsonFloat, append_json_string};

    fn appended(text: &str, escapes: Escapes) -> String {
        let mut json = String::new();
        append_json_string(text, escapes, &mut json);
        json
    }

    /// What Go makes of `serde_json`'s text.
    fn html(json: &str) -> String {
        let mut html = String::new();
        for c in json.chars() {
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    html.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                c => html.push(c),
            }
        }
        html
    }

    #[track_caller]
    fn check(text: &str) {
        let json = serde_json::to_string(text).unwrap();
        assert_eq!(appended(text, Escapes::Json), json);
        assert_eq!(appended(text, Escapes::Html), html(&json));
    }

    #[test]
    fn html_and_line_separators_are_escaped() {
        assert_eq!(
            appended("a<b>&\u{2028}\u{2029}\u{2026}é\u{7f}", Escapes::Html),
            "\"a\\u003cb\\u003e\\u0026\\u2028\\u2029\u{2026}é\u{7f}\""
        );
    }

    /// Each was written by Go's json.Marshal.
    #[test]
    fn floats_are_written_as_go_does() {
        for (v, text) in [
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (-1e-9, "-1e-9"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (123_456_789.125, "123456789.125"),
            (f64::from(1 << 20) * f64::from(1 << 29) + 0.25, "562949953421312.2"),
            (18_446_744_073_709_551_616.0, "18446744073709552000"),
            (0.0, "0"),
            (-0.0, "-0"),
        ] {
            assert_eq!(JsonFloat(v).to_string(), text);
        }
    }

    #[test]
    fn every_character_is_escaped_at_every_place() {
        let all = ('\0'..='\u{ff}').chain('\u{2000}'..='\u{2040}').chain(['\u{ffff}', '\u{1f680}']);
        for c in all {
            for len in 0..40 {
                let mut text: Vec<char> = vec!['a'; len];
                for at in 0..=len {
                    text.insert(at, c);
                    check(&text.iter().collect::<String>());
                    text.remove(at);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn texts_are_what_serde_json_writes(text in "([a-z]{0,20}|[\\x00-\\x7f]|\\PC|[<>&\"\\\\\u{2028}\u{2029}]){0,12}") {
            check(&text);
        }
    }
}
