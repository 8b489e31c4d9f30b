//! Go's `time.Parse` with `time.RFC3339`, with the texts of its errors.

use std::fmt::Write as _;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";

/// Validates a time; its value is not needed.
///
/// # Errors
/// The text of Go's `ParseError`.
pub(super) fn parse(text: &str) -> Result<(), String> {
    let mut reader = Reader { all: text, rest: text.as_bytes() };
    let year = reader.number("2006", 4, 4, 0..=9999, "")?;
    reader.skip("-")?;
    let month = reader.number("01", 2, 2, 1..=12, "month")?;
    reader.skip("-")?;
    let day = reader.number("02", 2, 2, 0..=99, "")?;
    reader.skip("T")?;
    reader.number("15", 1, 2, 0..=23, "hour")?;
    reader.skip(":")?;
    reader.number("04", 2, 2, 0..=59, "minute")?;
    reader.skip(":")?;
    reader.number("05", 2, 2, 0..=59, "second")?;
    reader.fraction();
    reader.zone()?;
    if !reader.rest.is_empty() {
        return Err(reader.out_of(&format!("extra text: {}", quote(reader.rest))));
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if (1..=days).contains(&day) { Ok(()) } else { Err(reader.out_of("day out of range")) }
}

struct Reader<'a> {
    all: &'a str,
    rest: &'a [u8],
}

impl Reader<'_> {
    /// A number with this many digits.
    fn number(
        &mut self,
        element: &str,
        least: usize,
        most: usize,
        range: std::ops::RangeInclusive<u32>,
        name: &str,
    ) -> Result<u32, String> {
        let len = self.rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        let Some((digits, rest)) = self.rest.split_at_checked(len).filter(|_| len >= least) else {
            return Err(self.cannot_parse(self.rest, element));
        };
        self.rest = rest;
        let number = digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.out_of(&format!("{name} out of range")))
        }
    }

    fn skip(&mut self, prefix: &str) -> Result<(), String> {
        self.rest = self
            .rest
            .strip_prefix(prefix.as_bytes())
            .ok_or_else(|| self.cannot_parse(self.rest, prefix))?;
        Ok(())
    }

    /// A fraction of seconds: the layout does not have it, but Go accepts it.
    fn fraction(&mut self) {
        if let [b'.' | b',', rest @ ..] = self.rest {
            let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if len > 0 {
                self.rest = rest.get(len..).unwrap_or_default();
            }
        }
    }

    fn zone(&mut self) -> Result<(), String> {
        let start = self.rest;
        if let [b'Z', rest @ ..] = start {
            self.rest = rest;
            return Ok(());
        }
        let bad = |reader: &Self| Err(reader.cannot_parse(start, "Z07:00"));
        let [sign, h1, h2, b':', m1, m2, rest @ ..] = start else { return bad(self) };
        let two = |a: &u8, b: &u8| {
            let is_number = a.is_ascii_digit() && b.is_ascii_digit();
            is_number.then(|| (a - b'0') * 10 + (b - b'0'))
        };
        self.rest = rest;
        let (hours, minutes) = (two(h1, h2), two(m1, m2));
        if hours.is_some_and(|hours| hours > 24) {
            return Err(self.out_of("time zone offset hour out of range"));
        }
        // Go does not parse the minutes if the hours are not a number.
        if hours.is_some() && minutes.is_some_and(|minutes| minutes > 60) {
            return Err(self.out_of("time zone offset minute out of range"));
        }
        let is_read = hours.is_some() && minutes.is_some() && matches!(sign, b'+' | b'-');
        if is_read { Ok(()) } else { bad(self) }
    }

    fn cannot_parse(&self, rest: &[u8], element: &str) -> String {
        let (all, rest) = (quote(self.all.as_bytes()), quote(rest));
        format!("parsing time {all} as \"{LAYOUT}\": cannot parse {rest} as \"{element}\"")
    }

    fn out_of(&self, message: &str) -> String {
        format!("parsing time {}: {message}", quote(self.all.as_bytes()))
    }
}

/// A string as Go's package `time` quotes it.
fn quote(text: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=0x7f => quoted.push(char::from(*byte)),
            // Writing to a String never fails.
            _ => drop(write!(quoted, "\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    proptest! {
        #[test]
        fn it_takes_what_the_timestamp_takes(
            text in "[0-9]{3,5}[-:][0-9]{1,3}-[0-9]{2}[Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}([.,][0-9]{0,12})?(Z|z|[-+ x][0-9]{1,2}:?[0-9]{2}|)[ Zé\n]?",
        ) {
            prop_assert_eq!(parse(&text).is_ok(), text.parse::<Timestamp>().is_ok(), "{}", text);
        }

        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,30}") {
            prop_assert_eq!(parse(&text).is_ok(), text.parse::<Timestamp>().is_ok(), "{}", text);
        }
    }
}
