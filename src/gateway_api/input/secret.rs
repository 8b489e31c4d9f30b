//! Secrets with their bytes.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Map, Metadata, null::or_default};
use crate::gateway_api::certificates;

/// A Secret with its bytes. It reads `data` (Base64) and `stringData`, which takes precedence, and
/// writes `data`.
///
/// ```
/// use istio_gateway::gateway_api::Secret;
///
/// let text = r#"{"metadata": {"name": "a"}, "data": {"tls.crt": "YQ=="}, "stringData": {"b": "b"}}"#;
/// let secret: Secret = serde_json::from_str(text)?;
/// assert_eq!(secret.data["tls.crt"], b"a");
/// assert_eq!(secret.data["b"], b"b");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SecretText", into = "SecretText")]
#[non_exhaustive]
pub struct Secret {
    /// The metadata.
    pub metadata: Metadata,
    /// The data.
    pub data: BTreeMap<String, Vec<u8>>,
}

/// Shows only the keys: the values are secret.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret")
            .field("metadata", &self.metadata)
            .field("keys", &self.data.keys())
            .finish_non_exhaustive()
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SecretText {
    #[serde(deserialize_with = "or_default")]
    metadata: Metadata,
    #[serde(deserialize_with = "or_default")]
    data: BTreeMap<String, Bytes>,
    #[serde(deserialize_with = "or_default", skip_serializing)]
    string_data: Map,
}

impl From<SecretText> for Secret {
    fn from(SecretText { metadata, data, string_data }: SecretText) -> Self {
        let data = data.into_iter().map(|(key, Bytes(bytes))| (key, bytes));
        let texts = string_data.into_iter().map(|(key, text)| (key, text.into_bytes()));
        Self { metadata, data: data.chain(texts).collect() }
    }
}

impl From<Secret> for SecretText {
    fn from(Secret { metadata, data }: Secret) -> Self {
        let data = data.into_iter().map(|(key, bytes)| (key, Bytes(bytes))).collect();
        Self { metadata, data, string_data: Map::new() }
    }
}

/// Bytes as Kubernetes writes them: Base64, in which line breaks are ignored.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        // The value is secret and must not be in the message.
        let wrong = || D::Error::custom("a value of data is not Base64");
        certificates::base64(text.as_bytes()).map(Self).ok_or_else(wrong)
    }
}
