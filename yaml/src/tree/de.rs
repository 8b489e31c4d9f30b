//! serde's data model from a tree, and a tree from serde's data model.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Deserialize, Serialize, Serializer,
    de::{
        self, DeserializeSeed, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
    ser::{Error as _, SerializeMap, SerializeSeq},
};

use super::{Builder, Items, Kind, Ref, Tree};
use crate::Error;

/// Reads the first document of a YAML text into a type. Of a key that is written more than once, the last value
/// counts, as for Kubernetes.
///
/// Keys must match as they are: Go's `encoding/json`, which Kubernetes decodes with, ignores their case.
///
/// ```
/// #[derive(Debug, PartialEq, serde::Deserialize)]
/// struct Port {
///     number: u16,
///     protocol: Protocol,
/// }
///
/// #[derive(Debug, PartialEq, serde::Deserialize)]
/// enum Protocol {
///     Http,
///     Https,
/// }
///
/// let port: Port = kubernetes_yaml::from_str("number: 0x1bb\nprotocol: Https\n")?;
/// assert_eq!(port, Port { number: 443, protocol: Protocol::Https });
///
/// let error = kubernetes_yaml::from_str::<Port>("protocol: Http\nnumber: -1\n").unwrap_err();
/// assert_eq!(error.to_string(), "2:9: invalid value: integer `-1`, expected u16");
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
///
/// # Errors
/// As [`Tree::from_yaml`], and a value that does not fit the type, with its position.
pub fn from_str<T: de::DeserializeOwned>(yaml: &str) -> Result<T, Error> {
    let (tree, cursor) = (Tree::from_yaml(yaml)?, Cell::new(0));
    T::deserialize(Deserializer::last_of_each_key(tree.root(), &cursor))
        .map_err(|error| Error::syntax(error.0, tree.at(cursor.get()).position()))
}

/// What a type's `Deserialize` implementation reports. [`Deserializer`] itself has no errors.
#[derive(Debug)]
pub struct DeserializeError(String);

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DeserializeError {}

impl de::Error for DeserializeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Deserializes a node with serde. It stores the index of the node that it reads in a cell, where the caller
/// finds the position of what is rejected.
///
/// ```
/// use std::{cell::Cell, collections::BTreeMap};
///
/// use kubernetes_yaml::{Deserializer, Tree};
/// use serde::Deserialize;
///
/// let tree = Tree::from_yaml("ports: {http: 80, https: x}\n")?;
/// let (ports, cursor) = (tree.root().get("ports").unwrap(), Cell::new(0));
/// let deserializer = Deserializer::last_of_each_key(ports, &cursor);
/// let error = BTreeMap::<String, u16>::deserialize(deserializer).unwrap_err();
/// assert_eq!(error.to_string(), "invalid type: string \"x\", expected u16");
/// assert_eq!(tree.at(cursor.get()).position().unwrap().to_string(), "1:26");
/// # Ok::<(), kubernetes_yaml::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deserializer<'t, 's, 'c> {
    node: Ref<'t, 's>,
    cursor: &'c Cell<u32>,
    /// Whether of a key that is written more than once only the last is visited.
    is_distinct: bool,
}

impl<'t, 's, 'c> Deserializer<'t, 's, 'c> {
    /// A deserializer that visits every entry of a mapping, including those of keys that come again.
    #[must_use]
    pub fn new(node: Ref<'t, 's>, cursor: &'c Cell<u32>) -> Self {
        Self { node, cursor, is_distinct: false }
    }

    /// A deserializer that visits of each key only the last, which counts for Kubernetes. Derived code rejects a
    /// key that comes twice.
    #[must_use]
    pub fn last_of_each_key(node: Ref<'t, 's>, cursor: &'c Cell<u32>) -> Self {
        Self { node, cursor, is_distinct: true }
    }
}

impl<'de> de::Deserializer<'de> for Deserializer<'de, '_, '_> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        let Self { node, cursor, is_distinct } = self;
        cursor.set(node.at);
        match node.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(v) => visitor.visit_bool(*v),
            Kind::Unsigned(v) => visitor.visit_u64(*v),
            Kind::Signed(v) => visitor.visit_i64(*v),
            Kind::Float(v) => visitor.visit_f64(*v),
            Kind::BigNumber(text) => visitor.visit_f64(text.parse().unwrap_or(f64::INFINITY)),
            Kind::String(Cow::Owned(text)) if node.tree.lends_unescaped => visitor.visit_str(text),
            Kind::String(text) => visitor.visit_borrowed_str(text),
            Kind::Sequence => visitor.visit_seq(List { items: node.items(), cursor, is_distinct }),
            Kind::Mapping if is_distinct => {
                let entries = node.distinct_entries().into_iter();
                visitor.visit_map(Map { entries, value: None, cursor, is_distinct })
            }
            Kind::Mapping => {
                let entries = node.entries();
                visitor.visit_map(Map { entries, value: None, cursor, is_distinct })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeserializeError> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        visitor.visit_newtype_struct(self)
    }

    /// An ignored value is not walked.
    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        visitor.visit_unit()
    }

    /// A variant is a string, or a mapping with one key, as in JSON.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeserializeError> {
        let Self { node, cursor, is_distinct } = self;
        cursor.set(node.at);
        match node.kind() {
            Kind::String(text) => visitor.visit_enum(text.as_ref().into_deserializer()),
            Kind::Mapping if node.distinct_entries().len() == 1 => {
                let entries = node.distinct_entries().into_iter();
                let map = Map { entries, value: None, cursor, is_distinct };
                visitor.visit_enum(MapAccessDeserializer::new(map))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

struct List<'t, 's, 'c> {
    items: Items<'t, 's>,
    cursor: &'c Cell<u32>,
    is_distinct: bool,
}

impl<'t> SeqAccess<'t> for List<'t, '_, '_> {
    type Error = DeserializeError;

    fn next_element_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeserializeError> {
        let Self { cursor, is_distinct, .. } = *self;
        let item = self.items.next();
        item.map(|node| seed.deserialize(Deserializer { node, cursor, is_distinct })).transpose()
    }
}

struct Map<'t, 's, 'c, E> {
    entries: E,
    value: Option<Ref<'t, 's>>,
    cursor: &'c Cell<u32>,
    is_distinct: bool,
}

impl<'t, 's, E: Iterator<Item = (Ref<'t, 's>, Ref<'t, 's>)>> MapAccess<'t> for Map<'t, 's, '_, E> {
    type Error = DeserializeError;

    fn next_key_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DeserializeError> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        let Self { cursor, is_distinct, .. } = *self;
        seed.deserialize(Deserializer { node: key, cursor, is_distinct }).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DeserializeError> {
        let Self { cursor, is_distinct, .. } = *self;
        match self.value.take() {
            Some(node) => seed.deserialize(Deserializer { node, cursor, is_distinct }),
            None => Err(de::Error::custom("a value is read before its key")),
        }
    }
}

/// How deep a tree that is serialized may be: serde recurses.
const MAX_SERIALIZED_DEPTH: usize = 500;

impl Serialize for Ref<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Nested(*self, 0).serialize(serializer)
    }
}

struct Nested<'t, 's>(Ref<'t, 's>, usize);

impl Serialize for Nested<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(node, depth) = *self;
        if depth > MAX_SERIALIZED_DEPTH {
            return Err(S::Error::custom("nested too deeply to be serialized"));
        }
        match node.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(v) => serializer.serialize_bool(*v),
            Kind::Unsigned(v) => serializer.serialize_u64(*v),
            Kind::Signed(0) => serializer.serialize_f64(-0.0),
            Kind::Signed(v) => serializer.serialize_i64(*v),
            Kind::Float(v) => serializer.serialize_f64(*v),
            Kind::BigNumber(text) => {
                Err(S::Error::custom(format_args!("{text} is not in the range of f64")))
            }
            Kind::String(text) => serializer.serialize_str(text),
            Kind::Sequence => {
                let mut list = serializer.serialize_seq(None)?;
                for item in node.items() {
                    list.serialize_element(&Nested(item, depth + 1))?;
                }
                list.end()
            }
            Kind::Mapping => {
                let mut map = serializer.serialize_map(None)?;
                for (key, value) in node.distinct_entries() {
                    map.serialize_entry(key.text(), &Nested(value, depth + 1))?;
                }
                map.end()
            }
        }
    }
}

/// From any format: a tree with strings of its own and without positions.
impl<'de> Deserialize<'de> for Tree<'static> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut builder = Builder::new();
        Collect(&mut builder).deserialize(deserializer)?;
        Ok(builder.finish())
    }
}

struct Collect<'a>(&'a mut Builder<'static>);

impl Collect<'_> {
    fn leaf(self, kind: Kind<'static>) {
        self.0.leaf(kind, 0, 0);
    }
}

impl<'de> DeserializeSeed<'de> for Collect<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.leaf(Kind::Null);
        Ok(())
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, v: bool) -> Result<(), E> {
        self.leaf(Kind::Bool(v));
        Ok(())
    }

    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        self.leaf(Kind::Unsigned(v));
        Ok(())
    }

    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        self.leaf(u64::try_from(v).map_or(Kind::Signed(v), Kind::Unsigned));
        Ok(())
    }

    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        self.leaf(Kind::Float(v));
        Ok(())
    }

    fn visit_str<E>(self, v: &str) -> Result<(), E> {
        self.leaf(Kind::String(Cow::Owned(v.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.open(Kind::Sequence, 0);
        while list.next_element_seed(Collect(self.0))?.is_some() {}
        self.0.close(0);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.open(Kind::Mapping, 0);
        while let Some(key) = map.next_key::<String>()? {
            self.0.leaf(Kind::String(Cow::Owned(key)), 0, 0);
            map.next_value_seed(Collect(self.0))?;
        }
        self.0.close(0);
        Ok(())
    }
}
