//! DER as BoringSSL's `CBS` reads it.
//!
//! [`certificates`](crate::certificates) has Go's reader, which accepts other encodings.

use crate::timestamp::{days_from_civil, days_in};

const CONSTRUCTED: u32 = 0x2000_0000;

pub(super) const BOOLEAN: u32 = 1;
pub(super) const INTEGER: u32 = 2;
pub(super) const BIT_STRING: u32 = 3;
pub(super) const OCTET_STRING: u32 = 4;
pub(super) const NULL: u32 = 5;
pub(super) const OID: u32 = 6;
pub(super) const ENUMERATED: u32 = 10;
pub(super) const UTF8_STRING: u32 = 12;
pub(super) const UTC_TIME: u32 = 23;
pub(super) const GENERALIZED_TIME: u32 = 24;
pub(super) const UNIVERSAL_STRING: u32 = 28;
pub(super) const BMP_STRING: u32 = 30;
pub(super) const SEQUENCE: u32 = CONSTRUCTED | 16;
pub(super) const SET: u32 = CONSTRUCTED | 17;

/// The tag `[n]` of a primitive value.
pub(super) const fn context(n: u32) -> u32 {
    0x8000_0000 | n
}

/// The tag `[n]` of a value that contains others.
pub(super) const fn explicit(n: u32) -> u32 {
    CONSTRUCTED | context(n)
}

/// An element: its tag, its content, and all of its bytes.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u32,
    pub(super) content: Reader<'a>,
    pub(super) whole: &'a [u8],
}

/// The bytes that are not read yet.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

/// The bits of a bit string.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) unused: u8,
}

impl<'a> Reader<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn tag(&mut self) -> Option<u32> {
        let first = u32::from(self.byte()?);
        let class = (first & 0xe0) << 24;
        if first & 0x1f != 0x1f {
            let number = first & 0x1f;
            // The end of an indefinite length is not an element.
            return (class & !CONSTRUCTED != 0 || number != 0).then_some(class | number);
        }
        let number = self.base128()?;
        (0x1f..=0x1fff_ffff).contains(&number).then(|| class | u32::try_from(number).unwrap_or(0))
    }

    fn base128(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        loop {
            let byte = self.byte()?;
            if value >> 57 != 0 || value == 0 && byte == 0x80 {
                return None;
            }
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    fn length(&mut self) -> Option<usize> {
        let first = self.byte()?;
        if first & 0x80 == 0 {
            return Some(usize::from(first));
        }
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return None;
        }
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
        // The shortest encoding is the only one.
        (length >= 0x80 && digits.first() != Some(&0)).then_some(length)
    }

    /// The next element.
    pub(super) fn element(&mut self) -> Option<Element<'a>> {
        let start = self.0;
        let mut rest = *self;
        let (tag, length) = (rest.tag()?, rest.length()?);
        let (content, after) = rest.0.split_at_checked(length)?;
        self.0 = after;
        let whole = start.get(..start.len() - after.len())?;
        Some(Element { tag, content: Self(content), whole })
    }

    /// Whether the next element has this tag.
    pub(super) fn peek(mut self, tag: u32) -> bool {
        self.tag() == Some(tag)
    }

    /// The content of the next element, if it has this tag.
    pub(super) fn read(&mut self, tag: u32) -> Option<Self> {
        self.element().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// The content of the next element, if it has this tag; `Some(None)`, if it has another.
    pub(super) fn optional(&mut self, tag: u32) -> Option<Option<Self>> {
        if self.peek(tag) { self.read(tag).map(Some) } else { Some(None) }
    }

    /// The elements up to the end, each read by a function.
    pub(super) fn all<T>(mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        while !self.is_empty() {
            all.push(read(&mut self)?);
        }
        Some(all)
    }

    /// The bytes of an integer in its shortest encoding.
    pub(super) fn integer(&mut self) -> Option<&'a [u8]> {
        self.read(INTEGER).and_then(Self::as_integer)
    }

    pub(super) fn as_integer(self) -> Option<&'a [u8]> {
        match *self.0 {
            [] => None,
            [0, next, ..] if next & 0x80 == 0 => None,
            [0xff, next, ..] if next & 0x80 != 0 => None,
            _ => Some(self.0),
        }
    }

    /// The bytes of an object identifier.
    pub(super) fn oid(&mut self) -> Option<&'a [u8]> {
        self.read(OID).and_then(Self::as_oid)
    }

    pub(super) fn as_oid(self) -> Option<&'a [u8]> {
        let mut is_first = true;
        for byte in self.0 {
            if is_first && *byte == 0x80 {
                return None;
            }
            is_first = byte & 0x80 == 0;
        }
        (!self.0.is_empty() && is_first).then_some(self.0)
    }

    pub(super) fn as_boolean(self) -> Option<bool> {
        match self.0 {
            [0] => Some(false),
            [0xff] => Some(true),
            _ => None,
        }
    }

    /// A boolean that is false if absent. Within certificates BoringSSL accepts any byte.
    pub(super) fn flag(&mut self, tag: u32) -> Option<bool> {
        self.optional(tag)?.map_or(Some(false), |value| match value.0 {
            [byte] => Some(*byte != 0),
            _ => None,
        })
    }

    pub(super) fn bits(&mut self) -> Option<Bits<'a>> {
        self.read(BIT_STRING).and_then(Self::as_bits)
    }

    pub(super) fn as_bits(self) -> Option<Bits<'a>> {
        let (&unused, bytes) = self.0.split_first()?;
        let mask = u8::try_from((1_u16 << unused.min(8)) - 1).unwrap_or(u8::MAX);
        let is_clean = bytes.last().map_or(unused == 0, |last| last & mask == 0);
        (unused <= 7 && is_clean).then_some(Bits { bytes, unused })
    }
}

impl Element<'_> {
    /// Whether the content is one of the tag's type.
    ///
    /// Source: BoringSSL's `asn1_parse_any` and `asn1_parse_any_as_string`.
    pub(super) fn is_valid(&self) -> bool {
        if !self.has_form() {
            return false;
        }
        let Reader(bytes) = self.content;
        let is_text = |width: usize, check: fn(u32) -> bool| {
            bytes.len().is_multiple_of(width)
                && bytes.chunks(width).all(|unit| {
                    check(unit.iter().fold(0, |point, byte| point << 8 | u32::from(*byte)))
                })
        };
        match self.tag {
            BOOLEAN => self.content.as_boolean().is_some(),
            INTEGER | ENUMERATED => self.content.as_integer().is_some(),
            BIT_STRING => self.content.as_bits().is_some(),
            NULL => bytes.is_empty(),
            OID => self.content.as_oid().is_some(),
            UTF8_STRING => std::str::from_utf8(bytes).is_ok(),
            UNIVERSAL_STRING => is_text(4, is_character),
            BMP_STRING => is_text(2, is_character),
            UTC_TIME | GENERALIZED_TIME => Time::parse(self.tag, bytes, true).is_some(),
            _ => true,
        }
    }

    /// Whether the element contains others if its universal type does.
    fn has_form(&self) -> bool {
        const NUMBER: u32 = 0x1fff_ffff;
        let is_constructed = self.tag & CONSTRUCTED != 0;
        match self.tag & NUMBER {
            _ if self.tag & !(CONSTRUCTED | NUMBER) != 0 => true,
            // `EXTERNAL`, `EMBEDDED PDV`, `SEQUENCE`, `SET` and `CHARACTER STRING`.
            8 | 11 | 16 | 17 | 29 => is_constructed,
            15 => true,
            0..=36 => !is_constructed,
            number => number <= 0xff,
        }
    }
}

/// Whether a code point may stand in a string.
///
/// Source: BoringSSL's `is_valid_code_point`.
fn is_character(point: u32) -> bool {
    char::from_u32(point).is_some()
        && point & 0xfffe != 0xfffe
        && !(0xfdd0..=0xfdef).contains(&point)
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    /// Seconds since 1970; `None` with an offset, which BoringSSL parses and does not compare.
    pub(super) seconds: Option<i64>,
}

impl Time {
    pub(super) fn read(der: &mut Reader<'_>, allows_offset: bool) -> Option<Self> {
        let Element { tag, content, .. } = der.element()?;
        Self::parse(tag, content.0, allows_offset)
    }

    fn parse(tag: u32, text: &[u8], allows_offset: bool) -> Option<Self> {
        let year_digits = match tag {
            UTC_TIME => 2,
            GENERALIZED_TIME => 4,
            _ => return None,
        };
        let mut rest = text;
        let year = match (year_digits, number(&mut rest, year_digits)?) {
            (2, year @ 50..) => 1900 + year,
            (2, year) => 2000 + year,
            (_, year) => year,
        };
        let mut two = || number(&mut rest, 2);
        let (month, day) = (two()?, two()?);
        let (hour, minute, second) = (two()?, two()?, two()?);
        let is_valid = (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        is_valid.then_some(())?;
        let days = days_from_civil(year, month, day);
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
        match *rest {
            [b'Z'] => Some(Self { seconds: Some(seconds) }),
            [b'+' | b'-', ..] if allows_offset && tag == UTC_TIME => {
                let mut rest = rest.get(1..)?;
                let (hours, minutes) = (number(&mut rest, 2)?, number(&mut rest, 2)?);
                (rest.is_empty() && hours < 24 && minutes < 60).then_some(Self { seconds: None })
            }
            _ => None,
        }
    }
}

/// Removes this many digits from the beginning.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (found, after) = rest.split_at_checked(digits)?;
    *rest = after;
    let is_number = found.iter().all(u8::is_ascii_digit);
    is_number.then(|| found.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')))
}
