//! DER, element by element, as strict as Go's `cryptobyte`.
//!
//! The crate `der` is not used: it rejects tags that it does not know, which Go skips.

use crate::timestamp::{days_from_civil, days_in};

/// Tags, with class and form.
pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;

/// The tag `[n]` of a primitive value.
pub(super) const fn context(n: u8) -> u8 {
    0x80 | n
}

/// The tag `[n]` of a value that contains another.
pub(super) const fn explicit(n: u8) -> u8 {
    0xa0 | n
}

/// The number of bytes of an encoded length, and the length.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let (&first, rest) = bytes.split_first()?;
    if first & 0x80 == 0 {
        return Some((1, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return None;
    }
    let digits = rest.get(..count)?;
    let len = digits.iter().fold(0_usize, |len, digit| len << 8 | usize::from(*digit));
    // The shortest encoding is the only one.
    let is_short = len >= 0x80 && digits.first() != Some(&0);
    is_short.then_some((1 + count, len))
}

/// Whether the bytes of an integer are those of one above zero.
pub(super) fn is_positive(integer: &[u8]) -> bool {
    integer.first().is_some_and(|first| first & 0x80 == 0) && integer != [0]
}

/// The bytes that are not read yet.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn peek(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next element's tag, the length of its header, and that of its content, which may exceed the
    /// input.
    fn header(self) -> Option<(u8, usize, usize)> {
        let (&tag, rest) = self.0.split_first()?;
        // `cryptobyte` rejects tags of several bytes.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (bytes, len) = length(rest)?;
        Some((tag, 1 + bytes, len))
    }

    /// As [`header`](Self::header), as Go's `encoding/asn1` reads it: a tag may have several bytes.
    #[cfg(feature = "gateway-api")]
    fn field_header(self) -> Option<(u8, usize, usize)> {
        let (&tag, rest) = self.0.split_first()?;
        if tag & 0x1f != 0x1f {
            return self.header();
        }
        let digits = rest.iter().take(5).position(|digit| digit & 0x80 == 0)? + 1;
        let (number, rest) = rest.split_at_checked(digits)?;
        let value = number.iter().fold(0_u64, |value, digit| value << 7 | u64::from(digit & 0x7f));
        let is_minimal = number.first() != Some(&0x80) && value >= 0x1f;
        if !is_minimal || value > u64::from(i32::MAX.unsigned_abs()) {
            return None;
        }
        let (bytes, len) = length(rest)?;
        Some((tag, 1 + digits + bytes, len))
    }

    /// The next element: its tag, its content, and all of it.
    fn next(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (tag, header, len) = self.header()?;
        let whole = self.0.get(..header.checked_add(len)?)?;
        self.0 = self.0.get(whole.len()..)?;
        Some((tag, whole.get(header..)?, whole))
    }

    /// The tag and the content of the next element.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        self.next().map(|(tag, content, _)| (tag, content))
    }

    /// The next element with its header.
    pub(super) fn any_whole(&mut self) -> Option<&'a [u8]> {
        self.next().map(|(_, _, whole)| whole)
    }

    /// The content of the next element, if it has this tag.
    pub(super) fn read(&mut self, tag: u8) -> Option<Self> {
        self.next().filter(|(found, ..)| *found == tag).map(|(_, content, _)| Self(content))
    }

    /// The content of the next element, if it has this tag; `Some(None)`, if it has another.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Option<Self>> {
        if self.peek(tag) { self.read(tag).map(Some) } else { Some(None) }
    }

    /// As [`optional`](Self::optional), as Go's `encoding/asn1` reads it: another element must have a
    /// valid header.
    #[cfg(feature = "gateway-api")]
    pub(super) fn optional_field(&mut self, tag: u8) -> Option<Option<Self>> {
        if self.is_empty() {
            return Some(None);
        }
        self.field_header()?;
        self.optional(tag)
    }

    /// The content of an optional element in a tag `[n]`, whose length is ignored.
    #[cfg(feature = "gateway-api")]
    pub(super) fn explicit_field(&mut self, n: u8, tag: u8) -> Option<Option<Self>> {
        if self.is_empty() {
            return Some(None);
        }
        let (outer, header, len) = self.field_header()?;
        let mut inner = Self(self.0.get(header..).filter(|rest| !rest.is_empty())?);
        if outer & !0x20 != context(n) || outer != explicit(n) && len > 0 {
            return Some(None);
        }
        if len == 0 {
            return None;
        }
        if inner.field_header()?.0 != tag {
            return Some(None);
        }
        let content = inner.read(tag)?;
        *self = inner;
        Some(Some(content))
    }

    /// The bytes of an integer in its shortest encoding.
    pub(super) fn integer(&mut self) -> Option<&'a [u8]> {
        self.integer_of(INTEGER)
    }

    fn integer_of(&mut self, tag: u8) -> Option<&'a [u8]> {
        let Self(bytes) = self.read(tag)?;
        match *bytes {
            [] => None,
            [0, next, ..] if next & 0x80 == 0 => None,
            [0xff, next, ..] if next & 0x80 != 0 => None,
            _ => Some(bytes),
        }
    }

    pub(super) fn small_integer(&mut self) -> Option<i64> {
        self.small_integer_of(INTEGER)
    }

    pub(super) fn small_integer_of(&mut self, tag: u8) -> Option<i64> {
        let bytes = self.integer_of(tag)?;
        let sign = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
        (bytes.len() <= 8).then(|| bytes.iter().fold(sign, |n, b| n << 8 | i64::from(*b)))
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.read(BOOLEAN)?.0 {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// The bytes of an object identifier.
    pub(super) fn oid(&mut self) -> Option<&'a [u8]> {
        oid(self.read(OID)?)
    }

    /// The bits of a bit string.
    pub(super) fn bits(&mut self) -> Option<Vec<u8>> {
        bits(self.read(BIT_STRING)?)
    }

    /// A time, in seconds since 1970. `None` if it is not valid.
    pub(super) fn time(&mut self, tag: u8) -> Option<i64> {
        let Self(text) = self.read(tag)?;
        if tag == GENERALIZED_TIME {
            return time(text, 4, true);
        }
        time(text, 2, true).or_else(|| time(text, 2, false))
    }
}

/// The bytes of an object identifier, each of whose numbers is below 2^31.
pub(super) fn oid(content: Der<'_>) -> Option<&[u8]> {
    let Der(bytes) = content;
    let mut number = None;
    for &byte in bytes {
        let (before, is_first) = number.map_or((0_u32, true), |number| (number, false));
        if before >= 1 << 24 || is_first && byte == 0x80 {
            return None;
        }
        let value = before << 7 | u32::from(byte & 0x7f);
        number = (byte & 0x80 != 0).then_some(value);
    }
    (!bytes.is_empty() && number.is_none()).then_some(bytes)
}

/// The bytes of a bit string, moved so that the last bit is the last of a byte.
pub(super) fn bits(content: Der<'_>) -> Option<Vec<u8>> {
    let (&padding, bytes) = content.0.split_first()?;
    let unused = (1_u16 << padding.min(8)) - 1;
    let is_clean = bytes.last().map_or(padding == 0, |last| u16::from(*last) & unused == 0);
    if padding > 7 || !is_clean {
        return None;
    }
    if padding == 0 {
        return Some(bytes.to_vec());
    }
    let mut before = 0;
    let moved = bytes.iter().map(|byte| {
        let moved = byte >> padding | before << (8 - padding);
        before = *byte;
        moved
    });
    Some(moved.collect())
}

/// The seconds since 1970 of a year, month, day, hour, minute, an optional second, and an offset.
fn time(text: &[u8], year_digits: usize, has_seconds: bool) -> Option<i64> {
    let mut rest = text;
    let year = number(&mut rest, year_digits)?;
    let year = match (year_digits, year) {
        (2, 50..) => 1900 + year,
        (2, _) => 2000 + year,
        _ => year,
    };
    let mut two = || number(&mut rest, 2);
    let (month, day, hour, minute) = (two()?, two()?, two()?, two()?);
    let second = if has_seconds { two()? } else { 0 };
    let is_valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let offset = match rest {
        b"Z" => 0,
        // An offset of 0 is written Z.
        [b'+' | b'-', b'0', b'0', b'0', b'0'] => return None,
        [sign, digits @ ..] if matches!(sign, b'+' | b'-') && digits.len() == 4 => {
            rest = digits;
            let (hours, minutes) = (number(&mut rest, 2)?, number(&mut rest, 2)?);
            if hours > 24 || minutes >= 60 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    is_valid.then(|| days * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// Removes this many digits from the beginning.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (found, after) = rest.split_at_checked(digits)?;
    *rest = after;
    let is_number = found.iter().all(u8::is_ascii_digit);
    is_number.then(|| found.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
}
