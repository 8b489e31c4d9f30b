//! Deserialization of the resource.

use std::{fmt, marker::PhantomData};

use istio_gateway::{
    IstioStatus, Severity,
    json::{self, Decoded},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

use super::{Gateway, KIND};
use crate::{ApiVersion, GatewaySpec};

/// Reads Istio's dialect. The deserializer's error has the path of every value that Istio rejects.
impl<'de, V: ApiVersion> Deserialize<'de> for Gateway<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Visit(PhantomData))
    }
}

struct Visit<V>(PhantomData<V>);

impl<'de, V: ApiVersion> Visitor<'de> for Visit<V> {
    type Value = Gateway<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {KIND} of {}", V::API_VERSION)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Gateway<V>, A::Error> {
        let (mut metadata, mut spec, mut status) = (None, None, None);
        let (mut api_version, mut kind) = (None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::ApiVersion => api_version = map.next_value::<Option<String>>()?,
                Key::Kind => kind = map.next_value::<Option<String>>()?,
                Key::Metadata => {
                    metadata =
                        map.next_value::<Option<ObjectMeta>>().map_err(|e| in_metadata(&e))?;
                }
                // Checked at the end: errors in another resource are not errors of a Gateway.
                Key::Spec => spec = map.next_value::<Part<GatewaySpec>>()?.0,
                Key::Status => status = map.next_value::<Part<IstioStatus>>()?.0,
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        is(kind.as_deref(), "kind", KIND)?;
        is(api_version.as_deref(), "apiVersion", V::API_VERSION)?;
        let mut found = Vec::new();
        let spec = spec.map(|spec| value(spec, "spec", &mut found)).unwrap_or_default();
        let status = status.map(|status| value(status, "status", &mut found));
        if !found.is_empty() {
            return Err(A::Error::custom(found.join("; ")));
        }
        let metadata = metadata.unwrap_or_default();
        Ok(Gateway { metadata, spec, status, version: PhantomData })
    }
}

fn in_metadata<E: Error>(error: &E) -> E {
    E::custom(format_args!("metadata: {error}"))
}

/// Checks that `apiVersion` or `kind`, if present, has the expected value.
fn is<E: Error>(text: Option<&str>, name: &str, want: &str) -> Result<(), E> {
    match text {
        Some(text) if text != want => {
            let shown: String = text.chars().take(60).collect();
            Err(E::custom(format_args!("{name}: expected {want:?}, found {shown:?}")))
        }
        _ => Ok(()),
    }
}

/// Decodes the message of a field, and adds its errors to `found`.
fn value<M>(decoded: Decoded<M>, field: &str, found: &mut Vec<String>) -> M {
    let errors = decoded.diagnostics.into_iter().filter(|d| d.severity == Severity::Error);
    found.extend(errors.map(|error| {
        let separator = if error.path.is_root() { ": " } else { "." };
        format!("{field}{separator}{error}")
    }));
    decoded.value
}

enum Key {
    ApiVersion,
    Kind,
    Metadata,
    Spec,
    Status,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
                Ok(match name {
                    "apiVersion" => Key::ApiVersion,
                    "kind" => Key::Kind,
                    "metadata" => Key::Metadata,
                    "spec" => Key::Spec,
                    "status" => Key::Status,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

/// A message, or null.
struct Part<M>(Option<Decoded<M>>);

impl<'de, M: json::Message> Deserialize<'de> for Part<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<M>(PhantomData<M>);
        impl<'de, M: json::Message> Visitor<'de> for Visit<M> {
            type Value = Part<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or null")
            }

            fn visit_unit<E>(self) -> Result<Part<M>, E> {
                Ok(Part(None))
            }

            fn visit_none<E>(self) -> Result<Part<M>, E> {
                Ok(Part(None))
            }

            fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<Part<M>, D::Error> {
                json::decode(some).map(|decoded| Part(Some(decoded)))
            }
        }
        deserializer.deserialize_option(Visit(PhantomData))
    }
}
