//! `google.protobuf.Timestamp` with parsing and formatting.

use std::{fmt, str::FromStr};

/// A point in time: `google.protobuf.Timestamp`.
///
/// Strings are parsed and formatted as Go's protobuf does: RFC 3339 with a capital `T` and a fraction
/// of any length, of which nine digits are used; formatted in UTC with 0, 3, 6 or 9 digits.
///
/// ```
/// use istio_gateway::Timestamp;
///
/// let time: Timestamp = "2026-01-31T13:30:00.5+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-01-31T12:30:00.500Z");
/// # Ok::<(), istio_gateway::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Message)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds of the second, from 0 to 999,999,999, also before 1970.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// The error for a string that is not an RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTimestamp;

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a time in RFC 3339, such as 2026-01-31T12:00:00Z")
    }
}

impl std::error::Error for InvalidTimestamp {}

/// Like Go's `time.Parse` with `time.RFC3339Nano`: accepts a comma before the fraction and an hour of
/// one digit, but no leap second.
impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        parse(text).ok_or(InvalidTimestamp)
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    let rest = &mut rest.strip_prefix('-')?;
    let month = digits(rest, 2).filter(|m| (1..=12).contains(m))?;
    *rest = rest.strip_prefix('-')?;
    let day = digits(rest, 2).filter(|d| (1..=days_in(year, month)).contains(d))?;
    *rest = rest.strip_prefix('T')?;
    let hour_digits = if rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) { 2 } else { 1 };
    let hour = digits(rest, hour_digits).filter(|h| *h < 24)?;
    *rest = rest.strip_prefix(':')?;
    let minute = digits(rest, 2).filter(|m| *m < 60)?;
    *rest = rest.strip_prefix(':')?;
    let second = digits(rest, 2).filter(|s| *s < 60)?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, behind) = fraction.split_at_checked(len)?;
        let first: String = fraction.chars().chain("00000000".chars()).take(9).collect();
        nanos = if len > 0 { first.parse().ok()? } else { return None };
        *rest = behind;
    }
    let offset = if *rest == "Z" {
        0
    } else {
        let sign = if rest.starts_with('-') { -1 } else { 1 };
        *rest = rest.strip_prefix(['+', '-'])?;
        let hours = digits(rest, 2).filter(|h| *h <= 24)?;
        *rest = rest.strip_prefix(':')?;
        let minutes = digits(rest, 2).filter(|m| *m <= 60)?;
        if !rest.is_empty() {
            return None;
        }
        sign * (hours * 60 + minutes) * 60
    };
    let days = days_from_civil(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp { seconds, nanos })
}

/// Removes this many digits from the beginning.
fn digits(rest: &mut &str, len: usize) -> Option<i64> {
    let (number, behind) = rest.split_at_checked(len)?;
    *rest = behind;
    number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok())?
}

pub(crate) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const DAYS_IN_400_YEARS: i64 = 146_097;

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years begin in March here, so that the
/// leap day is the last day.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_IN_400_YEARS + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// Year, month and day from days since March 1 of year 0.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let (era, day) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// In UTC, with 0, 3, 6 or 9 digits of the second. Nanoseconds beyond a second, which Go rejects, are
/// carried over. Seconds beyond Go's calendar wrap as in Go.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BILLION: i64 = 1_000_000_000;
        let nanos = i64::from(self.nanos);
        let seconds = self.seconds.wrapping_add(nanos.div_euclid(BILLION));
        // Go counts unsigned seconds from March 1 of year -292277022400.
        let counted = seconds.cast_unsigned().wrapping_add(9_223_372_028_741_760_000);
        let (days, second) = ((counted / 86_400).cast_signed(), counted % 86_400);
        let (year, month, day) = civil_from_days(days);
        let year = year - 292_277_022_400;
        let (sign, year) = if year < 0 { ("-", -year) } else { ("", year) };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match nanos.rem_euclid(BILLION) {
            0 => {}
            n if n % 1_000_000 == 0 => write!(f, ".{:03}", n / 1_000_000)?,
            n if n % 1_000 == 0 => write!(f, ".{:06}", n / 1_000)?,
            n => write!(f, ".{n:09}")?,
        }
        f.write_str("Z")
    }
}

/// A string, as in proto3 JSON.
#[cfg(not(without_pbjson))]
mod plain {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    use super::Timestamp;

    impl Serialize for Timestamp {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Timestamp {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            <std::borrow::Cow<'_, str>>::deserialize(deserializer)?
                .parse()
                .map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, seconds: i64, nanos: i32, written: &str) {
        let time: Timestamp = text.parse().unwrap();
        assert_eq!((time.seconds, time.nanos), (seconds, nanos), "{text}");
        assert_eq!(time.to_string(), written);
    }

    #[test]
    fn times_are_read_and_written_as_go_does() {
        reads("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z");
        reads("1969-12-31T23:59:59.5Z", -1, 500_000_000, "1969-12-31T23:59:59.500Z");
        reads(
            "2000-02-29T3:04:05,1234+01:00",
            951_789_845,
            123_400_000,
            "2000-02-29T02:04:05.123400Z",
        );
        reads(
            "9999-12-31T23:59:59.9999999999Z",
            253_402_300_799,
            999_999_999,
            "9999-12-31T23:59:59.999999999Z",
        );
        reads("0000-01-01T00:00:00+24:60", -62_167_309_200, 0, "-0001-12-30T23:00:00Z");
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "",
            "2026-01-31",
            "2026-01-31t00:00:00Z",
            "2026-01-31T00:00:00z",
            "2026-02-29T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T00:00:60Z",
            "2026-01-31T00:00:00.Z",
            "2026-01-31T00:00:00",
            "2026-01-31T00:00:00+0100",
            "2026-01-31T00:00:00+25:00",
            "2026-01-31T00:00:00Z ",
            "+026-01-31T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn every_second_of_an_i64_can_be_written() {
        let time = |seconds| Timestamp { seconds, nanos: 0 }.to_string();
        assert_eq!(time(i64::MIN), "292277026596-12-04T15:30:08Z");
        assert_eq!(time(i64::MAX), "292277026596-12-04T15:30:07Z");
        assert_eq!(time(-9_223_372_028_741_760_000), "-292277022400-03-01T00:00:00Z");
    }
}
