//! The value of a scalar: go-yaml v2's `resolve`.
//!
//! YAML 1.1, with `0o` for octal and without base 60. A timestamp stays a string.

use std::borrow::Cow;

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};

use crate::tree::{Kind, go_g32};

/// What decides the type of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// The text: a plain scalar without a tag.
    Plain,
    /// It is a string: a quoted or block scalar without a tag, `!!str`, or an unknown tag.
    Str,
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Binary,
}

/// A scalar's value, or why there is none.
pub(super) fn resolve(text: Cow<'_, str>, tag: Tag) -> Result<Kind<'_>, String> {
    let kind = match tag {
        Tag::Str => return Ok(Kind::String(text)),
        Tag::Binary => return binary(&text).map(|text| Kind::String(Cow::Owned(text))),
        Tag::Timestamp if is_timestamp(&text) => return Ok(Kind::String(text)),
        _ => plain(&text),
    };
    match (tag, kind) {
        (Tag::Plain, None) => Ok(Kind::String(text)),
        (Tag::Plain, Some(kind)) => Ok(kind),
        (Tag::Null, Some(kind @ Kind::Null))
        | (Tag::Bool, Some(kind @ Kind::Bool(_)))
        | (Tag::Int, Some(kind @ (Kind::Unsigned(_) | Kind::Signed(_))))
        | (Tag::Float, Some(kind @ Kind::Float(_))) => Ok(kind),
        #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
        (Tag::Float, Some(Kind::Unsigned(v))) if i64::try_from(v).is_ok() => {
            Ok(Kind::Float(v as f64))
        }
        #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
        (Tag::Float, Some(Kind::Signed(v))) => Ok(Kind::Float(v as f64)),
        _ => {
            let shown: String = text.chars().take(60).collect();
            Err(format!("cannot decode {shown:?} as the type of its tag"))
        }
    }
}

/// The value of a plain scalar that is not a string.
pub(super) fn plain(text: &str) -> Option<Kind<'static>> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Kind::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Kind::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Kind::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Kind::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Kind::Float(f64::NEG_INFINITY),
        _ => return number(text),
    })
}

fn number(text: &str) -> Option<Kind<'static>> {
    match text.as_bytes().first()? {
        // Go's ParseFloat, which accepts underscores only between digits.
        b'.' => underscores_are_between_digits(text)
            .then(|| go_float(&text.replace('_', "")))?
            .map(Kind::Float),
        b'0'..=b'9' | b'+' | b'-' if is_timestamp(text) => None,
        b'0'..=b'9' | b'+' | b'-' => {
            let text = if text.contains('_') {
                Cow::Owned(text.replace('_', ""))
            } else {
                Cow::Borrowed(text)
            };
            let float = || yaml_float(&text).map(Kind::Float);
            integer(&text).or_else(float).or_else(|| binary_integer(&text))
        }
        _ => None,
    }
}

/// Go's `ParseInt` and `ParseUint` with base 0: a leading 0 is octal, as are 0o, and 0x and 0b.
fn integer(text: &str) -> Option<Kind<'static>> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (Some('-'), text.get(1..)?),
        b'+' => (Some('+'), text.get(1..)?),
        _ => (None, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // from_str_radix would accept a second sign.
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    match sign {
        Some('-') if number == 0 => Some(Kind::Unsigned(0)),
        Some('-') => 0i64.checked_sub_unsigned(number).map(Kind::Signed),
        // ParseUint accepts no sign.
        Some(_) => i64::try_from(number).ok().map(|_| Kind::Unsigned(number)),
        None => Some(Kind::Unsigned(number)),
    }
}

/// go-yaml's own base 2, with the sign after the prefix.
fn binary_integer(text: &str) -> Option<Kind<'static>> {
    let number = i64::from_str_radix(text.strip_prefix("0b")?, 2).ok()?;
    Some(u64::try_from(number).map_or(Kind::Signed(number), Kind::Unsigned))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, within the bounds of f64.
fn yaml_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let is_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        None => is_digits(mantissa),
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
    };
    let exponent_fits = exponent.is_none_or(|e| is_digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    if mantissa_fits && exponent_fits { go_float(text) } else { None }
}

/// Go's `ParseFloat` of decimal digits, which rejects what is too large.
fn go_float(text: &str) -> Option<f64> {
    let is_decimal = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    text.bytes().all(is_decimal).then(|| text.parse().ok())?.filter(|v: &f64| v.is_finite())
}

fn underscores_are_between_digits(text: &str) -> bool {
    let is_digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    bytes.iter().enumerate().filter(|(_, b)| **b == b'_').all(|(i, _)| {
        is_digit(i.checked_sub(1).and_then(|i| bytes.get(i))) && is_digit(bytes.get(i + 1))
    })
}

/// Whether go-yaml would read the string as a timestamp: one of its four formats.
fn is_timestamp(text: &str) -> bool {
    fn run(rest: &str, lens: std::ops::RangeInclusive<usize>, max: u32) -> Option<(u32, &str)> {
        let len = rest.bytes().take_while(u8::is_ascii_digit).count().min(*lens.end());
        let (digits, rest) = rest.split_at_checked(len)?;
        let number = digits.parse().ok().filter(|n| *n <= max)?;
        lens.contains(&len).then_some((number, rest))
    }
    fn check(text: &str) -> Option<()> {
        let (year, rest) = run(text, 4..=4, 9999)?;
        let (month, rest) = run(rest.strip_prefix('-')?, 1..=2, 12)?;
        let (day, rest) = run(rest.strip_prefix('-')?, 1..=2, 31)?;
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            0 => return None,
            2 => 28 + u32::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if day == 0 || day > days {
            return None;
        }
        if rest.is_empty() {
            return Some(());
        }
        let has_zone = rest.starts_with(['T', 't']);
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        // Go accepts any number of blanks where the format has one.
        let rest = if has_zone { rest } else { rest.trim_start_matches(' ') };
        let (_, rest) = run(rest, 1..=2, 23)?;
        let (_, rest) = run(rest.strip_prefix(':')?, 1..=2, 59)?;
        let (_, mut rest) = run(rest.strip_prefix(':')?, 1..=2, 59)?;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
            rest = fraction.get(len..).filter(|_| len > 0)?;
        }
        if !has_zone {
            return rest.is_empty().then_some(());
        }
        if rest == "Z" {
            return Some(());
        }
        let (_, rest) = run(rest.strip_prefix(['+', '-'])?, 2..=2, 24)?;
        let (_, rest) = run(rest.strip_prefix(':')?, 2..=2, 60)?;
        rest.is_empty().then_some(())
    }
    // Every one of the formats begins with a year of four digits.
    text.as_bytes().get(4) == Some(&b'-') && check(text).is_some()
}

/// `!!binary`: the bytes as a string; bytes that are not UTF-8 are U+FFFD, as in Go's JSON.
fn binary(text: &str) -> Result<String, String> {
    let text: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    // Go ignores the bits before the padding, too.
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    match GeneralPurpose::new(&alphabet::STANDARD, config).decode(text) {
        Ok(bytes) => Ok(replace_bad_bytes(&bytes)),
        Err(_) => Err("!!binary value contains invalid base64 data".to_owned()),
    }
}

/// One U+FFFD for each bad byte, as Go has it.
fn replace_bad_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

/// A key as sigs.k8s.io/yaml writes it.
pub(super) fn key<'s>(kind: &Kind<'s>) -> Result<Cow<'s, str>, &'static str> {
    match kind {
        Kind::String(text) => Ok(text.clone()),
        Kind::Bool(v) => Ok(Cow::Borrowed(if *v { "true" } else { "false" })),
        Kind::Unsigned(v) if i64::try_from(*v).is_ok() => Ok(v.to_string().into()),
        Kind::Unsigned(_) => Err("unsupported map key of type: uint64"),
        Kind::Signed(v) => Ok(v.to_string().into()),
        Kind::Float(v) => Ok(go_g32(*v).into()),
        Kind::Null => Err("unsupported map key of type: <nil>"),
        _ => Err("invalid map key"),
    }
}

/// A float on the way through JSON: a whole number below 1e21 loses its fraction.
pub(super) fn through_json(kind: Kind<'_>) -> Kind<'_> {
    match kind {
        // This is `-0` in a tree.
        Kind::Float(v) if v == 0.0 && v.is_sign_negative() => Kind::Signed(0),
        // JSON has the shortest digits, followed by zeros.
        Kind::Float(v) if v.fract() == 0.0 && v.abs() < 1e21 => {
            let text = v.to_string();
            match (text.parse(), text.parse()) {
                (Ok(v), _) => Kind::Unsigned(v),
                (_, Ok(v)) => Kind::Signed(v),
                _ => Kind::Float(v),
            }
        }
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, want: impl Into<Option<Kind<'static>>>) {
        assert_eq!(plain(text), want.into(), "{text}");
    }

    #[test]
    fn plain_scalars_are_yaml_1_1() {
        is("yes", Some(Kind::Bool(true)));
        is("0673", Some(Kind::Unsigned(443)));
        is("0x1bb", Some(Kind::Unsigned(443)));
        is("1_000", Some(Kind::Unsigned(1000)));
        is("-1", Some(Kind::Signed(-1)));
        is("4.43e2", Some(Kind::Float(443.0)));
        is("12:30", None);
        is("2001-02-03", None);
        is("1e400", None);
        is("--1", None);
        is("a", None);
    }

    #[test]
    fn float_keys_are_written_as_go_does() {
        for (v, text) in [
            (1e3, "1000"),
            (1e6, "1e+06"),
            (1.5, "1.5"),
            (1e-5, "1e-05"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (1_048_576.25, "1.0485762e+06"),
            (32_875.062_5, "32875.062"),
            (0.0, "0"),
            (-0.0, "-0"),
        ] {
            assert_eq!(go_g32(v), text);
        }
    }
}
