//! How sequences, mappings and nested messages are decoded and encoded.

use std::collections::BTreeMap;

use serde::{
    Serializer,
    de::{IgnoredAny, MapAccess, SeqAccess},
};

use super::{
    Message, Schema,
    decode::{Field, FieldVisitor, big_number, drain, wrong_type_at},
    encode::Json,
    log::{DecodeLog, PathRef},
};
use crate::{rule::decode as rule, tree::append_text};

impl<F: Field + Default> Field for Vec<F> {
    const EXPECTED: &'static str = "a list";
    const MESSAGE: Option<&'static Schema> = F::MESSAGE;

    fn clear(&mut self) {
        Vec::clear(self);
    }

    fn list<'de, A: SeqAccess<'de>>(
        &mut self,
        mut list: A,
        at: PathRef<'_>,
        log: &mut DecodeLog<'_>,
    ) -> Result<(), A::Error> {
        self.clear();
        let mark = log.mark();
        loop {
            if log.is_full(mark) {
                return drain(list);
            }
            let mut element = F::default();
            let at = PathRef::Index(&at, self.len());
            if list.next_element_seed(FieldVisitor { field: &mut element, at, log })?.is_none() {
                return Ok(());
            }
            self.push(element);
        }
    }

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

impl Field for BTreeMap<String, String> {
    const EXPECTED: &'static str = "a mapping of strings";

    fn clear(&mut self) {
        BTreeMap::clear(self);
    }

    fn map<'de, A: MapAccess<'de>>(
        &mut self,
        mut map: A,
        at: PathRef<'_>,
        log: &mut DecodeLog<'_>,
    ) -> Result<(), A::Error> {
        self.clear();
        let (start, node) = (log.mark(), log.node());
        // The number of diagnostics of each key, if there are any.
        let mut noted = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if log.is_full(start) {
                map.next_value::<IgnoredAny>()?;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(());
            }
            if log.is_wrapped_number(&key) {
                let number = big_number(&map.next_value::<String>()?);
                wrong_type_at::<Self>(node, number, at, log);
                return Ok(());
            }
            let at = PathRef::Entry(&at, &key);
            let mut mark = log.mark();
            if self.contains_key(&key) {
                log.forget(noted.remove(&key).unwrap_or_default(), at);
                mark = log.mark();
                log.warn(rule::DUPLICATE_FIELD, at, "repeated key: the last value is used");
            }
            let mut value = String::new();
            map.next_value_seed(FieldVisitor { field: &mut value, at, log })?;
            if log.mark() > mark {
                noted.insert(key.clone(), log.mark() - mark);
            }
            self.insert(key, value);
        }
        Ok(())
    }

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
    const EXPECTED: &'static str = M::EXPECTED;
    const MESSAGE: Option<&'static Schema> = M::MESSAGE;

    fn clear(&mut self) {
        *self = None;
    }

    fn map<'de, A: MapAccess<'de>>(
        &mut self,
        map: A,
        at: PathRef<'_>,
        log: &mut DecodeLog<'_>,
    ) -> Result<(), A::Error> {
        self.insert(M::default()).map(map, at, log)
    }

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
