//! The decoder: one visitor for all types, which collects diagnostics instead of stopping.
//!
//! The field's type decides how each kind of value is decoded. A value that does not fit is reported
//! and skipped, and decoding continues. The path is a linked list on the stack and is rendered only for
//! a diagnostic, so a clean document has no cost for it.

use std::{borrow::Cow, cell::Cell, collections::BTreeMap, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{
    Decoded, Message,
    collection::{decode_items, decode_texts},
    log::{DecodeLog, PathRef},
    message::{DecodeMessage, decode_message},
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
    let visitor = FieldVisitor { field: &mut value, at: PathRef::Top, log: &mut log };
    // A tree was checked when it was built, so reading it cannot fail.
    let _: Result<(), tree::DeserializeError> =
        visitor.deserialize(tree::Deserializer::new(node, &cursor));
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

/// A field that a value is decoded into. Every kind of value is accepted: one that does not fit is
/// reported and skipped.
///
/// It is used as `dyn Decode`, so that the decoder is compiled once for each source instead of once for
/// each type.
pub trait Decode {
    /// The expected type, for diagnostics.
    #[doc(hidden)]
    fn expected(&self) -> &'static str;

    /// Sets the field to the value for null: unset.
    #[doc(hidden)]
    fn clear(&mut self);

    #[doc(hidden)]
    fn bool(&mut self, v: bool, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        log.wrong(self.expected(), &v, at, log.node());
    }

    #[doc(hidden)]
    fn number(&mut self, v: Number, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        log.wrong(self.expected(), &v, at, log.node());
    }

    #[doc(hidden)]
    fn text(&mut self, v: Text<'_>, at: PathRef<'_>, log: &mut DecodeLog<'_>) {
        log.wrong(self.expected(), &Quoted(&v.text), at, log.node());
    }

    /// The items of a field that is a sequence. Earlier ones are removed.
    #[doc(hidden)]
    fn items(&mut self) -> Option<&mut dyn Items> {
        None
    }

    /// The entries of a field that is a map in JSON. Earlier entries are removed, but for those of
    /// a message that is not optional.
    #[doc(hidden)]
    fn entries(&mut self) -> Option<Entries<'_>> {
        None
    }
}

/// A field that is a sequence.
#[doc(hidden)]
pub trait Items {
    fn len(&self) -> usize;

    /// Adds an unset item and returns it.
    fn add(&mut self) -> Option<&mut dyn Decode>;
}

/// A field that is a map in JSON.
#[doc(hidden)]
pub enum Entries<'a> {
    Message(&'a mut dyn DecodeMessage),
    Texts(&'a mut BTreeMap<String, String>),
}

pub(crate) fn drain<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

pub(crate) fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
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
pub(crate) struct FieldVisitor<'a, 'log> {
    pub(crate) field: &'a mut dyn Decode,
    pub(crate) at: PathRef<'a>,
    pub(crate) log: &'a mut DecodeLog<'log>,
}

impl<'de> DeserializeSeed<'de> for FieldVisitor<'_, '_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl FieldVisitor<'_, '_> {
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

impl<'de> Visitor<'de> for FieldVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.expected())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.field.clear();
        if let PathRef::Index(..) | PathRef::Entry(..) = self.at {
            let message = format_args!("null: read as an empty value");
            self.log.warn(rule::NULL_ELEMENT, self.at, message);
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
        let Self { field, at, log } = self;
        match field.items() {
            Some(items) => decode_items(items, list, at, log),
            None => {
                log.wrong(field.expected(), &"a list", at, log.node());
                drain(list)
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { field, at, log } = self;
        match field.entries() {
            Some(Entries::Message(message)) => return decode_message(message, map, at, log),
            Some(Entries::Texts(texts)) => {
                return decode_texts(texts, map, at, log);
            }
            None => {}
        }
        let node = log.node();
        let Some(key) = map.next_key::<Cow<'_, str>>()? else {
            log.wrong(field.expected(), &"a map", at, node);
            return Ok(());
        };
        if log.is_wrapped_number(&key) {
            field.number(big_number(&map.next_value::<String>()?), at, log);
            return Ok(());
        }
        log.wrong(field.expected(), &"a map", at, node);
        map.next_value::<IgnoredAny>()?;
        drain_map(map)
    }
}
