//! How each field type is decoded and encoded.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use super::{
    decode::{Field, Number, Text, wrong_type},
    log::{DecodeLog, PathRef, did_you_mean},
};
use crate::{
    Timestamp,
    diagnostic::{Quoted, nearest},
    rule::decode as rule,
    tree::append_text,
};

impl Field for String {
    const EXPECTED: &'static str = "a string";

    fn clear(&mut self) {
        String::clear(self);
    }

    #[inline]
    fn text(&mut self, v: Text<'_>, _: PathRef<'_>, _: &mut DecodeLog<'_>) {
        *self = v.text.into_owned();
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    #[inline]
    fn append(&self, json: &mut String) {
        append_text(self, json);
    }
}

impl Field for bool {
    const EXPECTED: &'static str = "true or false";

    fn clear(&mut self) {
        *self = false;
    }

    fn bool(&mut self, v: bool, _: PathRef<'_>, _: &mut DecodeLog<'_>) {
        *self = v;
    }

    fn is_unset(&self) -> bool {
        !self
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    #[inline]
    fn append(&self, json: &mut String) {
        json.push_str(if *self { "true" } else { "false" });
    }
}

/// A `google.protobuf.BoolValue`: unset, false and true are three values.
impl Field for Option<bool> {
    const EXPECTED: &'static str = bool::EXPECTED;

    fn clear(&mut self) {
        *self = None;
    }

    fn bool(&mut self, v: bool, _: PathRef<'_>, _: &mut DecodeLog<'_>) {
        *self = Some(v);
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    #[inline]
    fn append(&self, json: &mut String) {
        match self {
            Some(v) => v.append(json),
            None => json.push_str("null"),
        }
    }
}

/// The digits of an integer as JSON writes it, with a sign if `signed`.
fn is_json_integer(text: &str, signed: bool) -> bool {
    let digits = if signed { text.strip_prefix('-').unwrap_or(text) } else { text };
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0'))
}

impl Field for u32 {
    const EXPECTED: &'static str = "a whole number from 0 to 4294967295";

    fn clear(&mut self) {
        *self = 0;
    }

    fn number(&mut self, v: Number, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        match v {
            Number::Unsigned(v) => match v.try_into() {
                Ok(v) => *self = v,
                Err(_) => {
                    log.error(
                        rule::OUT_OF_RANGE,
                        at,
                        format_args!("{v} is greater than 4294967295"),
                    );
                }
            },
            Number::Signed(v) => {
                log.error(rule::OUT_OF_RANGE, at, format_args!("{v} is less than 0"));
            }
            Number::Float(_) => wrong_type::<Self>(v, at, log),
        }
    }

    fn text(&mut self, v: Text<'_>, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        // Go parses the content of the quotes as JSON, in which a string has no other white space.
        let text = v.text.trim_matches(' ');
        match text.parse() {
            _ if v.escaped => wrong_type::<Self>("a string with escapes", at, log),
            Ok(number) if is_json_integer(text, false) => {
                *self = number;
                log.warn(rule::QUOTED_NUMBER, at, "number in quotes");
            }
            _ if text == "null" => {
                *self = 0;
                log.warn(rule::QUOTED_NUMBER, at, "null in quotes is read as 0");
            }
            _ => wrong_type::<Self>(Quoted(&v.text), at, log),
        }
    }

    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self)
    }

    #[inline]
    fn append(&self, json: &mut String) {
        append_number(*self, json);
    }
}

/// `observedGeneration`, the only such field. Its schema in a cluster is int-or-string, so an API
/// server stores "abc", and upstream's client fails to read it: here it is unset.
impl Field for i64 {
    const EXPECTED: &'static str =
        "a whole number from -9223372036854775808 to 9223372036854775807";

    fn clear(&mut self) {
        *self = 0;
    }

    fn number(&mut self, v: Number, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        match v {
            Number::Signed(v) => *self = v,
            Number::Unsigned(v) => match v.try_into() {
                Ok(v) => *self = v,
                Err(_) => {
                    log.error(
                        rule::OUT_OF_RANGE,
                        at,
                        format_args!("{v} is greater than 9223372036854775807"),
                    );
                }
            },
            Number::Float(_) if log.is_minus_zero(v) => *self = 0,
            Number::Float(_) => wrong_type::<Self>(v, at, log),
        }
    }

    fn text(&mut self, v: Text<'_>, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        let text = v.text.trim_matches(' ');
        match text.parse() {
            // Proto3 JSON writes this type as a number in quotes.
            Ok(number) if is_json_integer(text, true) && !v.escaped => *self = number,
            _ if text == "null" && !v.escaped => *self = 0,
            _ => {
                *self = 0;
                log.warn(
                    rule::NOT_A_NUMBER,
                    at,
                    format_args!("{} is not a number: read as unset", Quoted(&v.text)),
                );
            }
        }
    }

    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn append(&self, json: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(json, "\"{self}\"");
    }
}

impl Field for Option<Timestamp> {
    const EXPECTED: &'static str = "a time such as \"2026-01-31T12:00:00Z\"";

    fn clear(&mut self) {
        *self = None;
    }

    fn text(&mut self, v: Text<'_>, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        match v.text.parse() {
            Ok(timestamp) => *self = Some(timestamp),
            Err(_) => wrong_type::<Self>(Quoted(&v.text), at, log),
        }
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(timestamp) => serializer.collect_str(timestamp),
            None => serializer.serialize_none(),
        }
    }

    fn append(&self, json: &mut String) {
        let _ = match self {
            Some(timestamp) => write!(json, "\"{timestamp}\""),
            None => json.write_str("null"),
        };
    }
}

/// The names of an enum's values and their numbers.
pub(crate) type EnumValues = &'static [(&'static str, i32)];

/// An enum field. Enums are open, so any number is kept.
pub(crate) struct EnumField {
    pub(crate) number: i32,
    pub(crate) values: EnumValues,
}

impl Field for EnumField {
    const EXPECTED: &'static str = "the name of an enum value, or a number";

    fn clear(&mut self) {
        self.number = 0;
    }

    fn number(&mut self, v: Number, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        let number = match v {
            Number::Unsigned(v) => i32::try_from(v).ok(),
            Number::Signed(v) => i32::try_from(v).ok(),
            Number::Float(_) if log.is_minus_zero(v) => Some(0),
            Number::Float(_) => None,
        };
        let Some(number) = number else { return wrong_type::<Self>(v, at, log) };
        self.number = number;
        if name_of(self.values, number).is_none() {
            log.warn(
                rule::UNKNOWN_ENUM_NUMBER,
                at,
                format_args!("unknown enum number {number}: kept"),
            );
        }
    }

    fn text(&mut self, v: Text<'_>, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        match self.values.iter().find(|(name, _)| *name == v.text) {
            Some((_, number)) if !v.escaped => self.number = *number,
            Some(_) => wrong_type::<Self>("a name with escapes", at, log),
            None => {
                let names = || self.values.iter().map(|(name, _)| *name);
                let help = match nearest(&v.text, names()) {
                    Some(name) => did_you_mean(name),
                    None => format!("use one of {}", names().collect::<Vec<_>>().join(", ")),
                };
                log.error_with(
                    rule::UNKNOWN_ENUM_NAME,
                    at,
                    format_args!("unknown value {}", Quoted(&v.text)),
                    Some(help),
                );
            }
        }
    }

    fn is_unset(&self) -> bool {
        self.number == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match name_of(self.values, self.number) {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_i32(self.number),
        }
    }

    #[inline]
    fn append(&self, json: &mut String) {
        match name_of(self.values, self.number) {
            Some(name) => {
                json.push('"');
                json.push_str(name);
                json.push('"');
            }
            None => {
                let _ = write!(json, "{}", self.number);
            }
        }
    }
}

fn name_of(values: EnumValues, number: i32) -> Option<&'static str> {
    values.iter().find(|(_, n)| *n == number).map(|(name, _)| *name)
}

/// Appends a number.
#[inline]
fn append_number(number: u32, json: &mut String) {
    let mut unit = 10u32.pow(number.checked_ilog10().unwrap_or(0));
    while unit > 0 {
        json.push(char::from_digit(number / unit % 10, 10).unwrap_or('0'));
        unit /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_what_serde_json_writes(number: u32) {
            for number in [number, number % 1000, 0, 9, 10, u32::MAX] {
                let mut json = String::new();
                super::append_number(number, &mut json);
                prop_assert_eq!(json, number.to_string());
            }
        }
    }
}
