//! Null is an absent value, as for Kubernetes clients.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{GatewayClassSpec, GatewaySpec, Metadata, ReferenceGrantSpec, TlsConfig};

/// A value for which null is the empty value, also in sequences and mappings.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Nullable>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer)
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A value that may be null.
pub(super) trait Nullable: Sized {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl<T: for<'a> Deserialize<'a>> Nullable for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl<T: for<'a> Deserialize<'a> + Default> Nullable for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Option::<Vec<Option<T>>>::deserialize(deserializer)?.unwrap_or_default();
        Ok(items.into_iter().map(Option::unwrap_or_default).collect())
    }
}

impl<T: for<'a> Deserialize<'a> + Default> Nullable for BTreeMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Option::<BTreeMap<String, Option<T>>>::deserialize(deserializer)?;
        let entries = entries.unwrap_or_default().into_iter();
        Ok(entries.map(|(key, value)| (key, value.unwrap_or_default())).collect())
    }
}

/// A value without a null of its own.
macro_rules! nullable {
    ($($type:ty),* $(,)?) => { $(
        impl Nullable for $type {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Option::deserialize(deserializer)?.unwrap_or_default())
            }
        }
    )* };
}

nullable!(String, i32, Metadata, GatewayClassSpec, GatewaySpec, TlsConfig, ReferenceGrantSpec);
