//! JSON text as Go's encoding/json reads it.
//!
//! The text is first read as it is. If that fails because of its encoding (invalid UTF-8, half of a
//! surrogate pair, a number beyond f64), it is sanitized and read again. If there are findings, it is
//! read once more as a tree with positions.

use std::{borrow::Cow, str};

use serde::de::IgnoredAny;

use super::{DecodeLog, Decoded, Message, decode};
use crate::{
    Error, FieldPath,
    diagnostic::{Diagnostic, Position, Severity},
    rule::decode as rule,
    tree::{self, Tree},
};

/// A message, and whether its text had to be sanitized.
pub(super) struct Read<T> {
    plain: decode::Plain<T>,
    is_mended: bool,
}

/// A text that `serde_json` can read, with the locations of replaced bytes.
#[derive(Default)]
pub(crate) struct Sanitized {
    text: String,
    /// Byte offsets of the replacement characters in `text`.
    replaced: Vec<usize>,
}

pub(super) fn read<T: Message>(json: &[u8]) -> Result<Read<T>, Error> {
    let read = str::from_utf8(json).ok().map(read_plain);
    // Only ignored or rejected values can be nested deeply, and both are reported.
    if !matches!(&read, Some(Ok(plain)) if plain.decoded.diagnostics.is_empty()) {
        check_depth(json)?;
    }
    let error = match read {
        Some(Ok(plain)) => return Ok(Read { plain, is_mended: false }),
        Some(Err(error)) if !error.is_syntax() => return Err(syntax_error(json, &error)),
        Some(Err(error)) => Some(error),
        None => None,
    };
    match (sanitize(json, true), error) {
        (None, Some(error)) => Err(syntax_error(json, &error)),
        (sanitized, _) => {
            let sanitized = sanitized.unwrap_or_default();
            let plain = read_plain(&sanitized.text)
                .map_err(|e| syntax_error(sanitized.text.as_bytes(), &e))?;
            Ok(Read { plain, is_mended: true })
        }
    }
}

fn read_plain<T: Message>(text: &str) -> Result<decode::Plain<T>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let plain = decode::decode(&mut deserializer, DecodeLog::of_text())?;
    deserializer.end()?;
    Ok(plain)
}

impl<T: Message> Read<T> {
    pub(super) fn into_lenient(self, json: &[u8]) -> Result<T, Error> {
        if self.plain.decoded.has_errors() || self.plain.saw_minus_zero {
            self.located(json)?.into_lenient()
        } else {
            Ok(self.plain.decoded.value)
        }
    }

    /// The same with the positions of the diagnostics, if there are any.
    pub(super) fn located(self, json: &[u8]) -> Result<Decoded<T>, Error> {
        let decode::Plain { decoded, saw_minus_zero } = self.plain;
        if !self.is_mended && decoded.diagnostics.is_empty() && !saw_minus_zero {
            return Ok(decoded);
        }
        // A tree needs more to be sanitized: serde_json does not fully check what it ignores.
        let (text, sanitized) = check(json)?;
        let tree = tree::from_checked_json(&text)?;
        let mut decoded: Decoded<T> = super::decode_node(&tree, tree.root(), &FieldPath::root());
        if let Some(sanitized) = &sanitized {
            decoded.diagnostics.extend(sanitized.diagnostics(&tree));
        }
        crate::diagnostic::sort_by_position(&mut decoded.diagnostics);
        Ok(decoded)
    }
}

/// A document's text, sanitized if necessary, which is one JSON value.
pub(crate) fn check(json: &[u8]) -> Result<(Cow<'_, str>, Option<Sanitized>), Error> {
    check_depth(json)?;
    let error = match str::from_utf8(json) {
        Ok(text) => match serde_json::from_str::<IgnoredAny>(text) {
            // Ignored values are not fully checked: half of a surrogate pair is accepted.
            Ok(IgnoredAny) if !text.contains("\\u") => return Ok((Cow::Borrowed(text), None)),
            Ok(IgnoredAny) => None,
            Err(error) => Some(error),
        },
        Err(_) => None,
    };
    // A tree keeps a number that does not fit f64.
    match (sanitize(json, false), error, str::from_utf8(json)) {
        (Some(sanitized), ..) => {
            serde_json::from_str::<IgnoredAny>(&sanitized.text)
                .map_err(|e| syntax_error(sanitized.text.as_bytes(), &e))?;
            Ok((Cow::Owned(sanitized.text.clone()), Some(sanitized)))
        }
        (None, None, Ok(text)) => Ok((Cow::Borrowed(text), None)),
        (None, Some(error), _) => Err(syntax_error(json, &error)),
        (None, None, Err(_)) => Err(Error::syntax("not UTF-8", None)),
    }
}

/// A document with its sanitized text.
pub(crate) struct CheckedJson<'s> {
    pub(crate) text: Cow<'s, str>,
    pub(crate) sanitized: Option<Sanitized>,
}

impl<'s> CheckedJson<'s> {
    pub(crate) fn check(json: &'s [u8]) -> Result<Self, Error> {
        let (text, sanitized) = check(json)?;
        Ok(Self { text, sanitized })
    }

    pub(crate) fn tree(&self) -> Result<Tree<'_>, Error> {
        tree::from_checked_json(&self.text)
    }
}

impl Sanitized {
    pub(crate) fn diagnostics(&self, tree: &Tree<'_>) -> Vec<Diagnostic> {
        let diagnostic = |(path, position)| Diagnostic {
            rule: rule::BAD_TEXT,
            severity: Severity::Warning,
            path,
            message: "invalid Unicode: read as U+FFFD".to_owned(),
            help: None,
            position,
            end: None,
            fix: None,
        };
        tree::places(tree, &self.replaced).into_iter().map(diagnostic).collect()
    }
}

pub(crate) fn syntax_error(json: &[u8], error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&place).unwrap_or(&text);
    Error::syntax(message, position(json, error))
}

/// The position of an error in bytes. `serde_json` counts columns in bytes.
pub(crate) fn error_offset(json: &[u8], error: &serde_json::Error) -> usize {
    let mut lines = json.split_inclusive(|&b| b == b'\n');
    let before: usize = lines.by_ref().take(error.line() - 1).map(<[u8]>::len).sum();
    (before + error.column().saturating_sub(1)).min(json.len())
}

/// `serde_json` counts columns in bytes.
fn position(json: &[u8], error: &serde_json::Error) -> Option<Position> {
    let line = json.split(|&b| b == b'\n').nth(error.line().checked_sub(1)?)?;
    let before = line.get(..error.column().saturating_sub(1)).unwrap_or(line);
    Some(Position::new(error.line(), String::from_utf8_lossy(before).chars().count() + 1))
}

/// Go's scanner fails at 10,000 levels.
const MAX_DEPTH: u32 = 10_000;

pub(crate) fn check_depth(json: &[u8]) -> Result<(), Error> {
    // `[` and `{` differ in one bit. A sum over chunks takes a few instructions for each 16 bytes.
    let opening = |b: &u8| u8::from(b | 0x20 == b'{');
    let all = || json.chunks(128).map(|c| u32::from(c.iter().map(opening).sum::<u8>()));
    if json.len() <= MAX_DEPTH as usize || all().sum::<u32>() <= MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    for (offset, &b) in json.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let before = String::from_utf8_lossy(json.get(..offset).unwrap_or_default());
                    let position = Position::of(&before, before.len());
                    return Err(Error::limit(
                        "nested more than 10,000 levels deep",
                        Some(position),
                    ));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Replaces every invalid byte and every half of a surrogate pair with U+FFFD, and if `numbers` is set,
/// a number beyond f64 with one of the same length. `None` if nothing is replaced.
#[cold]
fn sanitize(json: &[u8], numbers: bool) -> Option<Sanitized> {
    let mut out = Vec::with_capacity(json.len());
    let (mut replaced, mut is_mended, mut in_string) = (Vec::new(), false, false);
    let mut rest = json;
    while let Some(&first) = rest.first() {
        let len = match first {
            b'\\' if in_string => match (unit(rest), rest.get(6..).and_then(unit)) {
                (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
                (Some(0xd800..0xe000), _) => {
                    replaced.push(out.len());
                    out.extend(b"\\ufffd");
                    rest = rest.get(6..).unwrap_or_default();
                    continue;
                }
                _ => 2,
            },
            b'"' => {
                in_string = !in_string;
                1
            }
            b'-' | b'0'..=b'9' if !in_string => {
                let is_part = |b: &&u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let len = rest.iter().take_while(is_part).count();
                let number = rest.get(..len).and_then(|n| str::from_utf8(n).ok());
                if numbers && number.is_some_and(is_beyond_f64) {
                    // The shortest such number is longer than "-1.0".
                    let sign = usize::from(first == b'-');
                    out.extend(rest.get(..sign).unwrap_or_default());
                    out.extend(b"1.");
                    out.extend(std::iter::repeat_n(b'0', len - sign - 2));
                    rest = rest.get(len..).unwrap_or_default();
                    is_mended = true;
                    continue;
                }
                len
            }
            0..0x80 => 1,
            lead => {
                let len = match lead {
                    0xf0.. => 4,
                    0xe0.. => 3,
                    _ => 2,
                };
                if rest.get(..len).is_none_or(|c| str::from_utf8(c).is_err()) {
                    replaced.push(out.len());
                    out.extend("\u{fffd}".as_bytes());
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                len
            }
        };
        let (copied, left) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        out.extend(copied);
        rest = left;
    }
    if !is_mended && replaced.is_empty() {
        return None;
    }
    // Invalid UTF-8 was replaced above, except for bytes that an escape skips.
    let text = String::from_utf8(out)
        .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
    Some(Sanitized { text, replaced })
}

/// Whether this is a number by JSON's grammar that does not fit f64. Rust's grammar is wider: it
/// accepts `01e309` and `1.e309`.
fn is_beyond_f64(number: &str) -> bool {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let has_digits_only = [whole, fraction, exponent]
        .iter()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    has_digits_only
        && (whole == "0" || !whole.starts_with('0'))
        && number.parse().is_ok_and(f64::is_infinite)
}

/// The code unit of a leading `\uXXXX`.
fn unit(json: &[u8]) -> Option<u32> {
    let digits = json.get(..6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}
