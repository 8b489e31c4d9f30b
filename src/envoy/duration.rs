//! `google.protobuf.Duration` with parsing and formatting.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration: `google.protobuf.Duration`. In JSON it is a string in seconds, with 0, 3, 6 or 9 digits
/// after the point.
///
/// ```
/// use istio_gateway::envoy::Duration;
///
/// assert_eq!(Duration::from_secs(15).to_string(), "15s");
/// assert_eq!("0.5s".parse(), Ok(Duration { seconds: 0, nanos: 500_000_000 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Message)]
pub struct Duration {
    /// Whole seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds in addition, of the same sign.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Duration {
    /// A duration of this many seconds.
    #[must_use]
    pub fn from_secs(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.seconds < 0 || self.nanos < 0 { "-" } else { "" };
        let (seconds, nanos) = (self.seconds.unsigned_abs(), self.nanos.unsigned_abs());
        match nanos {
            0 => write!(f, "{sign}{seconds}s"),
            n if n % 1_000_000 == 0 => write!(f, "{sign}{seconds}.{:03}s", n / 1_000_000),
            n if n % 1_000 == 0 => write!(f, "{sign}{seconds}.{:06}s", n / 1_000),
            n => write!(f, "{sign}{seconds}.{n:09}s"),
        }
    }
}

/// The error for a string that is not a duration in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidDuration;

impl fmt::Display for InvalidDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a duration in seconds, such as 15s or 0.250s")
    }
}

impl std::error::Error for InvalidDuration {}

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        parse(text).ok_or(InvalidDuration)
    }
}

fn parse(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number),
    };
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) || fraction.len() > 9 || seconds.is_empty() {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    // Ten thousand years, protobuf's limit.
    let is_in_range = seconds <= 315_576_000_000;
    is_in_range.then_some(Duration { seconds: sign * seconds, nanos: sign as i32 * nanos })
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration in seconds, such as \"15s\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_there_and_back() {
        for (text, seconds, nanos) in [
            ("0s", 0, 0),
            ("15s", 15, 0),
            ("0.001s", 0, 1_000_000),
            ("1.000001s", 1, 1_000),
            ("-3.000000001s", -3, -1),
            ("-0.500s", 0, -500_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Duration { seconds, nanos }));
            assert_eq!(Duration { seconds, nanos }.to_string(), text);
        }
        for text in ["", "s", "1", "1m", "+1s", "1.0000000001s", ".5s", "315576000001s", "1e3s"] {
            assert_eq!(text.parse::<Duration>(), Err(InvalidDuration), "{text}");
        }
    }
}
