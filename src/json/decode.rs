//! The decoder: one visitor for all types, which collects diagnostics instead of stopping.
//!
//! The field's type decides how each kind of value is decoded. A value that does not fit is reported
//! and skipped, and decoding continues. The path is a linked list on the stack and is rendered only for
//! a diagnostic, so a clean document has no cost for it.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Serializer,
    de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    Decoded, Message, Schema,
    log::{DecodeLog, PathRef},
};
use crate::{
    diagnostic::{FieldPath, Quoted},
    is_placeholder,
    rule::decode as rule,
    tree::{self, JsonInteger},
};

pub(super) fn decode<'de, T: Message, D: Deserializer<'de>>(
    deserializer: D,
    mut log: DecodeLog<'_>,
) -> Result<Plain<T>, D::Error> {
    let mut value = T::default();
    FieldVisitor { field: &mut value, at: PathRef::Top, log: &mut log }
        .deserialize(deserializer)?;
    let decoded = Decoded { value, diagnostics: log.found };
    Ok(Plain { decoded, saw_minus_zero: log.saw_minus_zero })
}

/// A message as serde reads it.
pub(super) struct Plain<T> {
    pub(super) decoded: Decoded<T>,
    /// Whether the text has to be inspected, since serde hides some details.
    pub(super) saw_minus_zero: bool,
}

pub(super) fn decode_node<T: Message>(
    mut value: T,
    tree: &tree::Tree<'_>,
    node: tree::Ref<'_, '_>,
    within: &FieldPath,
    is_template: bool,
) -> Decoded<T> {
    let cursor = Cell::new(node.index());
    let mut log = DecodeLog::of_tree(tree, &cursor);
    log.is_template = is_template;
    let slot = FieldVisitor { field: &mut value, at: PathRef::Top, log: &mut log };
    // A tree was checked when it was built, so reading it cannot fail.
    let _: Result<(), tree::DeserializeError> =
        slot.deserialize(tree::Deserializer::new(node, &cursor));
    let mut diagnostics = log.found;
    for (diagnostic, node) in diagnostics.iter_mut().zip(log.nodes) {
        let path = std::mem::take(&mut diagnostic.path);
        diagnostic.path = within.steps().iter().cloned().chain(path.into_steps()).collect();
        diagnostic.position = tree::position(tree.at(node));
    }
    Decoded { value, diagnostics }
}

/// A number as in the source.
#[derive(Clone, Copy)]
#[doc(hidden)]
pub enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(v) => v.fmt(f),
            Self::Signed(v) => JsonInteger(*v).fmt(f),
            Self::Float(v) if v.is_finite() => fmt::Debug::fmt(v, f),
            Self::Float(_) => f.write_str("an infinite number"),
        }
    }
}

/// A string, and whether it is known to have escapes.
#[doc(hidden)]
pub struct Text<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) escaped: bool,
}

/// Decodes a field's value in place. Every kind of value is accepted: one that does not fit is reported
/// and skipped.
pub trait Field: Sized {
    /// The expected type, for messages.
    #[doc(hidden)]
    const EXPECTED: &'static str;

    /// The schema of messages in the field, if there are any.
    #[doc(hidden)]
    const MESSAGE: Option<&'static Schema> = None;

    /// Sets the field to the value for null: unset.
    #[doc(hidden)]
    fn clear(&mut self);

    /// Whether the field is omitted when it is written.
    #[doc(hidden)]
    fn is_unset(&self) -> bool;

    /// Writes the field through a serializer.
    #[doc(hidden)]
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Appends the result of [`write`](Self::write) as compact JSON with Go's escapes.
    #[doc(hidden)]
    fn append(&self, json: &mut String);

    #[doc(hidden)]
    fn bool(&mut self, v: bool, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        log.wrong::<Self>(v, at, log.node());
    }

    #[doc(hidden)]
    fn number(&mut self, v: Number, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        log.wrong::<Self>(v, at, log.node());
    }

    #[doc(hidden)]
    fn text(&mut self, v: Text<'_>, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        log.wrong::<Self>(Quoted(&v.text), at, log.node());
    }

    #[doc(hidden)]
    fn list<'de, A: SeqAccess<'de>>(
        &mut self,
        list: A,
        at: PathRef<'_>,
        log: &mut DecodeLog<'_>,
    ) -> Result<(), A::Error> {
        log.wrong::<Self>("a list", at, log.node());
        drain(list)
    }

    #[doc(hidden)]
    fn map<'de, A: MapAccess<'de>>(
        &mut self,
        mut map: A,
        at: PathRef<'_>,
        log: &mut DecodeLog<'_>,
    ) -> Result<(), A::Error> {
        let node = log.node();
        let Some(key) = map.next_key::<Cow<'_, str>>()? else {
            log.wrong::<Self>("a map", at, node);
            return Ok(());
        };
        if log.is_wrapped_number(&key) {
            self.number(big_number(&map.next_value::<String>()?), at, log);
            return Ok(());
        }
        log.wrong::<Self>("a map", at, node);
        map.next_value::<IgnoredAny>()?;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

pub(crate) fn wrong_type<F: Field>(
    got: impl fmt::Display,
    at: PathRef<'_>,
    log: &mut DecodeLog<'_>,
) {
    log.wrong::<F>(got, at, log.node());
}

pub(crate) fn wrong_type_at<F: Field>(
    node: u32,
    got: impl fmt::Display,
    at: PathRef<'_>,
    log: &mut DecodeLog<'_>,
) {
    log.wrong::<F>(got, at, node);
}

pub(crate) fn drain<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cold]
pub(crate) fn big_number(text: &str) -> Number {
    match (text, text.parse(), text.parse()) {
        ("-0", ..) => Number::Float(-0.0),
        (_, Ok(v), _) => Number::Unsigned(v),
        (_, _, Ok(v)) => Number::Signed(v),
        _ => Number::Float(text.parse().unwrap_or(f64::NAN)),
    }
}

/// The visitor: a field to decode into, and the context for diagnostics.
pub(crate) struct FieldVisitor<'a, 'log, F> {
    pub(crate) field: &'a mut F,
    pub(crate) at: PathRef<'a>,
    pub(crate) log: &'a mut DecodeLog<'log>,
}

impl<'de, F: Field> DeserializeSeed<'de> for FieldVisitor<'_, '_, F> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<F: Field> FieldVisitor<'_, '_, F> {
    #[inline]
    fn text(self, text: Text<'_>) {
        let Self { field, at, log } = self;
        let before = log.is_template.then(|| (log.state(), text.text.clone()));
        field.text(text, at, log);
        if let Some((state, text)) = before
            && log.state() != state
            && is_placeholder(&text)
        {
            log.restore(state);
        }
    }
}

impl<'de, F: Field> Visitor<'de> for FieldVisitor<'_, '_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::EXPECTED)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.field.clear();
        if let PathRef::Index(..) | PathRef::Entry(..) = self.at {
            self.log.warn(rule::NULL_ELEMENT, self.at, "null: read as an empty value");
        }
        Ok(())
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, v: bool) -> Result<(), E> {
        self.field.bool(v, self.at, self.log);
        Ok(())
    }

    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        self.field.number(Number::Unsigned(v), self.at, self.log);
        Ok(())
    }

    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        // A signed zero is the "-0" of a tree.
        let number = if v > 0 { Number::Unsigned(v.unsigned_abs()) } else { Number::Signed(v) };
        self.field.number(number, self.at, self.log);
        Ok(())
    }

    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        self.field.number(Number::Float(v), self.at, self.log);
        Ok(())
    }

    #[inline]
    fn visit_str<E>(self, v: &str) -> Result<(), E> {
        let escaped = self.log.lends_unescaped;
        self.text(Text { text: Cow::Borrowed(v), escaped });
        Ok(())
    }

    #[inline]
    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<(), E> {
        self.text(Text { text: Cow::Borrowed(v), escaped: false });
        Ok(())
    }

    fn visit_string<E>(self, v: String) -> Result<(), E> {
        self.text(Text { text: Cow::Owned(v), escaped: false });
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.field.list(list, self.at, self.log)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.field.map(map, self.at, self.log)
    }
}
