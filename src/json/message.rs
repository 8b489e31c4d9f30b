//! Messages: a table of fields each, made by build.rs, and what is the same for all of them.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use super::{
    decode::{Field, big_number, wrong_type_at},
    log::{At, Log},
};
use crate::{diagnostic::nearest, rule::decode as rule};

/// The fields of a message in declaration order; of anything else, those that hold messages.
#[derive(Debug)]
pub struct Schema {
    pub(crate) fields: &'static [FieldSchema],
}

/// What a document can say of a field.
#[derive(Debug)]
pub struct FieldSchema {
    /// The name in the `.proto` file, in `snake_case`.
    pub(crate) proto: &'static str,
    /// The name in JSON, in camelCase.
    pub(crate) json: &'static str,
    /// What a message field, or a list of messages, holds.
    pub(crate) message: Option<&'static Schema>,
}

impl FieldSchema {
    /// The field of that name, with a message in it or a list of messages.
    #[must_use]
    pub const fn message<M: super::Message>(name: &'static str) -> Self {
        Self { proto: name, json: name, message: Some(M::SCHEMA) }
    }
}

impl Schema {
    /// A document with messages in these fields.
    #[must_use]
    pub const fn new(fields: &'static [FieldSchema]) -> Self {
        Self { fields }
    }

    /// The field of a name, in either spelling.
    pub(crate) fn field(&self, name: &str) -> Option<&'static FieldSchema> {
        self.fields.iter().find(|f| f.json == name || f.proto == name)
    }
}

/// The part of [`Message`](super::Message) that is nobody else's business.
pub trait Fields: Field {
    #[doc(hidden)]
    const SCHEMA: &'static Schema;

    /// Decodes the value of the `index`th field.
    #[doc(hidden)]
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        index: usize,
        map: &mut A,
        at: At<'_>,
        log: &mut Log<'_>,
    ) -> Result<(), A::Error>;
}

/// A key of a message, looked up. `guess` is where documents in declaration order have it.
struct Key<'a, 'log> {
    schema: &'static Schema,
    guess: usize,
    at: At<'a>,
    log: &'a mut Log<'log>,
}

enum Found {
    Field {
        index: usize,
        camel: bool,
    },
    Nothing,
    /// Not a message at all: a number that `serde_json` wraps in a map.
    Number,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Found;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, '_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    #[inline]
    fn visit_str<E>(self, key: &str) -> Result<Found, E> {
        let fields = self.schema.fields;
        let behind = fields.iter().enumerate().skip(self.guess);
        let before = fields.iter().enumerate().take(self.guess);
        if let Some((index, _)) = behind.chain(before).find(|(_, f)| f.json == key) {
            return Ok(Found::Field { index, camel: true });
        }
        if let Some(index) = fields.iter().position(|f| f.proto == key) {
            return Ok(Found::Field { index, camel: false });
        }
        if self.log.is_wrapped_number(key) {
            return Ok(Found::Number);
        }
        let known = || nearest(key, fields.iter().map(|f| f.json));
        self.log.unknown_field(At::Field(&self.at, key), known);
        Ok(Found::Nothing)
    }
}

pub(crate) fn decode_fields<'de, M: Fields, A: MapAccess<'de>>(
    message: &mut M,
    mut map: A,
    at: At<'_>,
    log: &mut Log<'_>,
) -> Result<(), A::Error> {
    // One bit a field: build.rs would have to meet a message of more than 64 fields.
    const { assert!(M::SCHEMA.fields.len() <= 64) }
    let (mut camels, mut snakes) = (0u64, 0u64);
    let (node, mut guess) = (log.node(), 0);
    // How many diagnostics there are of each field; empty as long as there are none.
    let mut noted: Vec<usize> = Vec::new();
    while let Some(found) = map.next_key_seed(Key { schema: M::SCHEMA, guess, at, log })? {
        match found {
            Found::Field { index, camel } => {
                let bit = 1 << index;
                let is_lost = !camel && camels & bit != 0;
                let mut mark = log.mark();
                if (camels | snakes) & bit != 0 {
                    let name = M::SCHEMA.fields.get(index).map_or("", |f| f.json);
                    let at = At::Field(&at, name);
                    if !is_lost {
                        log.forget(noted.get_mut(index).map_or(0, std::mem::take), at);
                        mark = log.mark();
                    }
                    let (rule, message) = match camel {
                        _ if is_lost => {
                            (rule::BOTH_SPELLINGS, "written in camelCase too, which is what counts")
                        }
                        true if camels & bit == 0 => (
                            rule::BOTH_SPELLINGS,
                            "written in snake_case too, which does not count",
                        ),
                        _ => (rule::DUPLICATE_FIELD, "written more than once; the last one counts"),
                    };
                    log.warn(rule, at, message);
                }
                if is_lost {
                    map.next_value::<IgnoredAny>()?;
                } else {
                    *(if camel { &mut camels } else { &mut snakes }) |= bit;
                    message.field(index, &mut map, at, log)?;
                    guess = index + 1;
                }
                if log.mark() > mark {
                    noted.resize(M::SCHEMA.fields.len(), 0);
                    if let Some(noted) = noted.get_mut(index) {
                        *noted += log.mark() - mark;
                    }
                }
            }
            Found::Nothing => {
                map.next_value::<IgnoredAny>()?;
            }
            Found::Number => {
                let number = big_number(&map.next_value::<String>()?);
                wrong_type_at::<M>(node, number, at, log);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Writes one field of a message, where it is set.
pub(crate) fn write_field<F: Field, S: serde::ser::SerializeMap>(
    map: &mut S,
    name: &'static str,
    field: &F,
) -> Result<(), S::Error> {
    if field.is_unset() { Ok(()) } else { map.serialize_entry(name, &super::encode::Json(field)) }
}

/// What the type of a message's field says of the messages in it.
pub(crate) const fn schema_of<M, F: Field>(_: fn(&M) -> &F) -> Option<&'static Schema> {
    F::MESSAGE
}

/// Implements [`Message`](super::Message) from a table that build.rs writes:
/// `message! { Path, "full.name" { ident "proto_name" "jsonName", mode "mode" "mode" ["A" = 0], } }`.
/// An enum's field is followed by the names of its values.
macro_rules! message {
    ($M:path, $full_name:literal {
        $($field:ident $proto:literal $json:literal $([$($name:literal = $number:literal,)*])?,)*
    }) => {
        impl crate::json::Message for $M {}

        const _: () = {
            use crate::json::internal::*;

            impl Fields for $M {
                const SCHEMA: &'static Schema = &Schema {
                    fields: &[$(FieldSchema {
                        proto: $proto,
                        json: $json,
                        message: crate::json::message!(@schema $M, $field $([$($name)*])?),
                    },)*],
                };

                #[allow(deprecated, non_camel_case_types, unused, reason = "so for some messages alone")]
                #[inline]
                fn field<'de, A: MapAccess<'de>>(
                    &mut self,
                    index: usize,
                    map: &mut A,
                    at: At<'_>,
                    log: &mut Log<'_>,
                ) -> Result<(), A::Error> {
                    enum Index { $($field,)* }
                    $(if index == Index::$field as usize {
                        let at = At::Field(&at, $json);
                        return crate::json::message!(@decode self.$field, map, at, log $([$($name = $number)*])?);
                    })*
                    map.next_value::<IgnoredAny>().map(|_| ())
                }
            }

            impl Field for $M {
                const EXPECTED: &'static str = concat!("a map (", $full_name, ")");
                const MESSAGE: Option<&'static Schema> = Some(Self::SCHEMA);

                fn clear(&mut self) {
                    *self = Self::default();
                }

                fn map<'de, A: MapAccess<'de>>(
                    &mut self,
                    map: A,
                    at: At<'_>,
                    log: &mut Log<'_>,
                ) -> Result<(), A::Error> {
                    decode_fields(self, map, at, log)
                }

                fn is_unset(&self) -> bool {
                    false
                }

                #[allow(deprecated, unused, reason = "so for some messages alone")]
                fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    // Does not compile where the table lacks a field of the struct.
                    let Self { $($field,)* } = self;
                    let mut map = serializer.serialize_map(None)?;
                    $(write_field(
                        &mut map,
                        $json,
                        crate::json::message!(@value $field $([$($name = $number)*])?),
                    )?;)*
                    map.end()
                }

                #[allow(deprecated, unused, reason = "so for some messages alone")]
                fn append(&self, json: &mut String) {
                    let Self { $($field,)* } = self;
                    let start = json.len();
                    $(append_field(
                        json,
                        start,
                        [concat!("{\"", $json, "\":"), concat!(",\"", $json, "\":")],
                        crate::json::message!(@value $field $([$($name = $number)*])?),
                    );)*
                    append_end(json, start);
                }
            }
        };
    };
    (@schema $M:path, $field:ident [$($name:literal)*]) => { None };
    (@schema $M:path, $field:ident) => {{
        #[allow(deprecated, reason = "so for some fields alone")]
        const MESSAGE: Option<&'static Schema> = schema_of(|m: &$M| &m.$field);
        MESSAGE
    }};
    (@decode $place:expr, $map:ident, $at:ident, $log:ident) => {
        $map.next_value_seed(Slot { field: &mut $place, at: $at, log: $log })
    };
    (@decode $place:expr, $map:ident, $at:ident, $log:ident [$($name:literal = $number:literal)*]) => {{
        let mut open = Open { number: $place, values: &[$(($name, $number)),*] };
        $map.next_value_seed(Slot { field: &mut open, at: $at, log: $log })?;
        $place = open.number;
        Ok(())
    }};
    (@value $field:ident) => { $field };
    (@value $field:ident [$($name:literal = $number:literal)*]) => {
        &Open { number: *$field, values: &[$(($name, $number)),*] }
    };
}
pub(crate) use message;
