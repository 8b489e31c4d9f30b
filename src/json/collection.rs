//! How sequences, mappings and optional messages are decoded and encoded.

use std::collections::BTreeMap;

use serde::{
    Deserializer, Serializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess},
};

use super::{
    Message, Schema,
    decode::{Decode, Entries, FieldVisitor, Items, big_number, drain, drain_map},
    encode::{Encode, Json},
    log::{DecodeLog, PathRef},
    message::Field,
};
use crate::{rule::decode as rule, tree::append_text};

impl<F: Field + Default> Field for Vec<F> {
    const MESSAGE: Option<&'static Schema> = F::MESSAGE;
}

impl<F: Decode + Default> Decode for Vec<F> {
    fn expected(&self) -> &'static str {
        "a list"
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }

    fn items(&mut self) -> Option<&mut dyn Items> {
        self.clear();
        Some(self)
    }
}

impl<F: Decode + Default> Items for Vec<F> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn add(&mut self) -> Option<&mut dyn Decode> {
        self.push(F::default());
        self.last_mut().map(|item| item as &mut dyn Decode)
    }
}

pub(super) fn decode_items<'de, A: SeqAccess<'de>>(
    items: &mut dyn Items,
    mut list: A,
    at: PathRef<'_>,
    log: &mut DecodeLog<'_>,
) -> Result<(), A::Error> {
    let mark = log.mark();
    while !log.is_full(mark) {
        if list.next_element_seed(NewItem { items, at, log })?.is_none() {
            return Ok(());
        }
    }
    drain(list)
}

/// An item that is added if there is a value for it.
struct NewItem<'a, 'log> {
    items: &'a mut dyn Items,
    at: PathRef<'a>,
    log: &'a mut DecodeLog<'log>,
}

impl<'de> DeserializeSeed<'de> for NewItem<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { items, at, log } = self;
        let at = PathRef::Index(&at, items.len());
        match items.add() {
            Some(field) => FieldVisitor { field, at, log }.deserialize(deserializer),
            None => Ok(()),
        }
    }
}

impl<F: Encode> Encode for Vec<F> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Json))
    }

    fn append(&self, json: &mut String) {
        json.push('[');
        for (i, element) in self.iter().enumerate() {
            if i > 0 {
                json.push(',');
            }
            element.append(json);
        }
        json.push(']');
    }
}

impl Field for BTreeMap<String, String> {}

const TEXTS: &str = "a mapping of strings";

impl Decode for BTreeMap<String, String> {
    fn expected(&self) -> &'static str {
        TEXTS
    }

    fn clear(&mut self) {
        BTreeMap::clear(self);
    }

    fn entries(&mut self) -> Option<Entries<'_>> {
        self.clear();
        Some(Entries::Texts(self))
    }
}

pub(super) fn decode_texts<'de, A: MapAccess<'de>>(
    texts: &mut BTreeMap<String, String>,
    mut map: A,
    at: PathRef<'_>,
    log: &mut DecodeLog<'_>,
) -> Result<(), A::Error> {
    let (start, node) = (log.mark(), log.node());
    // The number of diagnostics of each key, if there are any.
    let mut noted = BTreeMap::new();
    while let Some(key) = map.next_key::<String>()? {
        if log.is_full(start) {
            map.next_value::<IgnoredAny>()?;
            return drain_map(map);
        }
        if log.is_wrapped_number(&key) {
            let number = big_number(&map.next_value::<String>()?);
            log.wrong(TEXTS, &number, at, node);
            return Ok(());
        }
        let at = PathRef::Entry(&at, &key);
        let mut mark = log.mark();
        if texts.contains_key(&key) {
            log.forget(noted.remove(&key).unwrap_or_default(), at);
            mark = log.mark();
            let message = format_args!("repeated key: the last value is used");
            log.warn(rule::DUPLICATE_FIELD, at, message);
        }
        let mut value = String::new();
        map.next_value_seed(FieldVisitor { field: &mut value, at, log })?;
        if log.mark() > mark {
            noted.insert(key.clone(), log.mark() - mark);
        }
        texts.insert(key, value);
    }
    Ok(())
}

impl Encode for BTreeMap<String, String> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }

    fn append(&self, json: &mut String) {
        json.push('{');
        for (i, (key, value)) in self.iter().enumerate() {
            if i > 0 {
                json.push(',');
            }
            append_text(key, json);
            json.push(':');
            append_text(value, json);
        }
        json.push('}');
    }
}

impl<M: Message + Field> Field for Option<M> {
    const MESSAGE: Option<&'static Schema> = M::MESSAGE;
}

impl<M: Message> Decode for Option<M> {
    fn expected(&self) -> &'static str {
        M::default().expected()
    }

    fn clear(&mut self) {
        *self = None;
    }

    fn entries(&mut self) -> Option<Entries<'_>> {
        Some(Entries::Message(self.insert(M::default())))
    }
}

impl<M: Message> Encode for Option<M> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(message) => message.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    #[inline]
    fn append(&self, json: &mut String) {
        match self {
            Some(message) => message.append(json),
            None => json.push_str("null"),
        }
    }
}
