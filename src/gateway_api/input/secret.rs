//! Secrets with their bytes.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Map, Metadata,
    decode::{self, FromTree, Mismatch, entries},
};
use crate::{certificates, tree::Ref};

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
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Secret {
    /// The metadata.
    pub metadata: Metadata,
    /// The data.
    #[serde(serialize_with = "as_base64")]
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

/// A value of `data` is Base64, in which line breaks are ignored.
impl FromTree for Secret {
    fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch> {
        let mut secret = Self::default();
        let mut texts = Map::new();
        entries(node, &mut |key, node| {
            match key {
                "metadata" => secret.metadata = Metadata::from_tree(node)?,
                "stringData" => texts = Map::from_tree(node)?,
                "data" => entries(node, &mut |key, node| {
                    let text = String::from_tree(node)?;
                    // The value is secret and must not be in the message.
                    let bytes = certificates::base64(text.as_bytes())
                        .ok_or_else(|| Mismatch::new(node, "a value of data is not Base64"))?;
                    secret.data.insert(key.to_owned(), bytes);
                    Ok(())
                })?,
                _ => {}
            }
            Ok(())
        })?;
        for (key, text) in texts {
            secret.data.insert(key, text.into_bytes());
        }
        Ok(secret)
    }
}

deserialize! { Secret }

fn as_base64<S: Serializer>(
    data: &BTreeMap<String, Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(data.iter().map(|(key, bytes)| (key, STANDARD.encode(bytes))))
}
