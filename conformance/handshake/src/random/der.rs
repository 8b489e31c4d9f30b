//! DER, written element by element, so that anything can be written.

/// An element.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    if content.len() < 0x80 {
        der.push(content.len() as u8);
    } else {
        let digits: Vec<u8> =
            content.len().to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
        der.push(0x80 | digits.len() as u8);
        der.extend(digits);
    }
    der.extend(content);
    der
}

pub(super) fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(super) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x31, &parts.concat())
}

/// An object identifier from its text.
pub(super) fn oid(text: &str) -> Vec<u8> {
    let numbers: Vec<u64> = text.split('.').map(|number| number.parse().unwrap_or(0)).collect();
    let (first, rest) = numbers.split_at(2.min(numbers.len()));
    let first = first.iter().copied().reduce(|a, b| 40 * a + b).unwrap_or(0);
    let mut content = Vec::new();
    for number in std::iter::once(&first).chain(rest) {
        let mut digits = vec![(number & 0x7f) as u8];
        let mut left = number >> 7;
        while left > 0 {
            digits.push(0x80 | (left & 0x7f) as u8);
            left >>= 7;
        }
        content.extend(digits.iter().rev());
    }
    tlv(6, &content)
}

pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    tlv(2, bytes)
}

pub(super) fn boolean(value: bool) -> Vec<u8> {
    tlv(1, &[if value { 0xff } else { 0 }])
}

pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(4, content)
}

/// A bit string without unused bits.
pub(super) fn bits(content: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], content].concat())
}

/// A bit string of flags, of which the first is the highest bit.
pub(super) fn flags(set: &[usize]) -> Vec<u8> {
    let Some(last) = set.iter().max() else { return tlv(3, &[0]) };
    let mut bytes = vec![0_u8; last / 8 + 1];
    for flag in set {
        bytes[flag / 8] |= 0x80 >> (flag % 8);
    }
    tlv(3, &[&[7 - (last % 8) as u8], &*bytes].concat())
}

/// A time, `UTCTime` where possible.
pub(super) fn time(seconds: i64) -> Vec<u8> {
    let time = time::OffsetDateTime::from_unix_timestamp(seconds)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if (1950..2050).contains(&year) {
        tlv(23, format!("{:02}{rest}", year % 100).as_bytes())
    } else {
        tlv(24, format!("{year:04}{rest}").as_bytes())
    }
}
