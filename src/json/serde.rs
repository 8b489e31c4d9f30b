//! The dialect for a field of your own struct: `#[serde(with = "istio_gateway::json::serde")]`.
//!
//! Works for every message `T`, and for `Option<T>`, `Vec<T>`, `BTreeMap<String, T>` and
//! `HashMap<String, T>` of them. Reading is as lenient as [`decode`](super::decode): a value that Istio
//! rejects is an error of the deserializer, with its path; null is an absent or empty value.
//!
//! ```
//! use istio_gateway::Gateway;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Resource {
//!     kind: String,
//!     #[serde(with = "istio_gateway::json::serde")]
//!     spec: Gateway,
//! }
//!
//! let text = r#"{"kind":"Gateway","spec":{"servers":[{"tls":{"mode":"MUTUAL"},"new":1}]}}"#;
//! let resource: Resource = serde_json::from_str(text)?;
//! assert_eq!(
//!     serde_json::to_string(&resource)?,
//!     r#"{"kind":"Gateway","spec":{"servers":[{"tls":{"mode":"MUTUAL"}}]}}"#,
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    hash::{BuildHasher, Hash},
    marker::PhantomData,
};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};

use super::{Message, encode::Json};

/// Writes a value in the dialect.
///
/// # Errors
/// Errors of the serializer.
pub fn serialize<V: Value, S: Serializer>(value: &V, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads a value in the dialect.
///
/// # Errors
/// Errors of the deserializer, and values that Istio rejects.
pub fn deserialize<'de, V: Value, D: Deserializer<'de>>(deserializer: D) -> Result<V, D::Error> {
    V::read(deserializer)
}

/// The types that this module reads and writes. The trait is sealed.
pub trait Value: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    #[doc(hidden)]
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

mod sealed {
    use std::collections::{BTreeMap, HashMap};

    use crate::json::Message;

    pub trait Sealed {}

    impl<M: Message> Sealed for M {}
    impl<M: Message> Sealed for Option<M> {}
    impl<M: Message> Sealed for Vec<M> {}
    impl<K, M: Message> Sealed for BTreeMap<K, M> {}
    impl<K, M: Message, H> Sealed for HashMap<K, M, H> {}
}

impl<M: Message> Value for M {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::decode(deserializer)?.into_lenient().map_err(D::Error::custom)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json(self).serialize(serializer)
    }
}

impl<M: Message> Value for Option<M> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<M>(PhantomData<M>);
        impl<'de, M: Message> Visitor<'de> for Visit<M> {
            type Value = Option<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a message or null")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
                M::read(d).map(Some)
            }
        }
        deserializer.deserialize_option(Visit(PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Json).serialize(serializer)
    }
}

struct Seed<V>(PhantomData<V>);

impl<'de, V: Value> DeserializeSeed<'de> for Seed<V> {
    type Value = V;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V, D::Error> {
        V::read(deserializer)
    }
}

impl<M: Message> Value for Vec<M> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<M>(PhantomData<M>);
        impl<'de, M: Message> Visitor<'de> for Visit<M> {
            type Value = Vec<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a sequence of messages")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(message) = list.next_element_seed(Seed(PhantomData))? {
                    all.push(message);
                }
                Ok(all)
            }
        }
        deserializer.deserialize_any(Visit(PhantomData))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Json))
    }
}

fn read_map<'de, K, M, C, D>(deserializer: D) -> Result<C, D::Error>
where
    K: From<String>,
    M: Message,
    C: Default + Extend<(K, M)>,
    D: Deserializer<'de>,
{
    struct Visit<K, M, C>(PhantomData<(K, M, C)>);
    impl<'de, K: From<String>, M: Message, C: Default + Extend<(K, M)>> Visitor<'de>
        for Visit<K, M, C>
    {
        type Value = C;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a mapping of messages")
        }

        fn visit_unit<E>(self) -> Result<C, E> {
            Ok(C::default())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<C, A::Error> {
            let mut all = C::default();
            while let Some(key) = map.next_key::<String>()? {
                let message = map.next_value_seed(Seed(PhantomData))?;
                all.extend([(K::from(key), message)]);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_any(Visit(PhantomData))
}

fn write_map<'a, K, M, S>(
    map: impl ExactSizeIterator<Item = (&'a K, &'a M)>,
    serializer: S,
) -> Result<S::Ok, S::Error>
where
    K: AsRef<str> + 'a,
    M: Message + 'a,
    S: Serializer,
{
    let mut entries = serializer.serialize_map(Some(map.len()))?;
    for (key, message) in map {
        entries.serialize_entry(key.as_ref(), &Json(message))?;
    }
    entries.end()
}

impl<K: From<String> + AsRef<str> + Ord, M: Message> Value for BTreeMap<K, M> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_map(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_map(self.iter(), serializer)
    }
}

impl<K: From<String> + AsRef<str> + Eq + Hash, M: Message, H: BuildHasher + Default> Value
    for HashMap<K, M, H>
{
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_map(deserializer)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_map(self.iter(), serializer)
    }
}
