//! Istio's JSON dialect: what a cluster, istiod and every Go client accept and write.
//!
//! Two doors lead from JSON to a message:
//!
//! - **this module** reads and writes as istio.io/api's `UnmarshalJSON` and `MarshalJSON` do:
//!   unknown fields are ignored, null means unset, numbers in quotes count, enums are open;
//! - the types' **`serde`** implementations are plain proto3 JSON, as `pbjson` makes it.
//!
//! They differ in verdict, and on some inputs silently in value:
//!
//! ```
//! use istio_gateway::{Port, ServerTlsSettings, json};
//!
//! // camelCase wins, even when it is null: Istio reads "unset", plain proto3 JSON reads "true".
//! let text = r#"{"insecureSkipVerify": null, "insecure_skip_verify": true}"#;
//! assert_eq!(json::from_str::<ServerTlsSettings>(text)?.insecure_skip_verify, None);
//! assert_eq!(serde_json::from_str::<ServerTlsSettings>(text)?.insecure_skip_verify, Some(true));
//!
//! // Istio accepts, plain proto3 JSON refuses ...
//! for text in [r#"{"mode": 6}"#, r#"{"credentialName": null}"#, r#"{"mode": 1, "mode": 2}"#] {
//!     assert!(json::from_str::<ServerTlsSettings>(text).is_ok());
//!     assert!(serde_json::from_str::<ServerTlsSettings>(text).is_err());
//! }
//! // ... and the other way round.
//! assert!(json::from_str::<Port>(r#"{"number": "0443"}"#).is_err());
//! assert!(serde_json::from_str::<Port>(r#"{"number": "0443"}"#).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`from_str`], [`from_slice`] and [`from_reader`] are as tolerant as Istio. [`decode_str`] and
//! [`decode_slice`] also tell what was ignored or lost, and [`Decoded::strict`] refuses it.
//!
//! The behaviour is upstream's, measured case by case; the few rows that cannot be had through
//! serde stand in `tests/golden/known_differences.json` with their reasons.

mod collection;
mod decode;
mod encode;
mod log;
mod message;
pub mod serde;
mod text;
mod value;

use std::io;

use ::serde::Deserializer;

use crate::{
    Error,
    diagnostic::{Diagnostic, Severity},
    tree::Tree,
};

pub(crate) use log::{Log, did_you_mean};
pub(crate) use message::message;
#[doc(hidden)]
pub use message::{FieldSchema as Field, Schema};
pub(crate) use text::CheckedJson;
pub(crate) use text::{Mended, check_depth, error_offset, syntax_error};

/// What the implementations that `message!` makes need.
pub(crate) mod internal {
    pub(crate) use super::{
        decode::{Field, Slot},
        encode::{append_end, append_field},
        log::{At, Log},
        message::{FieldSchema, Fields, Schema, decode_fields, schema_of, write_field},
        value::Open,
    };
    pub(crate) use ::serde::{
        Serializer,
        de::{IgnoredAny, MapAccess},
        ser::SerializeMap,
    };
}

/// A message that can be read and written in Istio's JSON dialect: every generated message.
///
/// The trait is sealed; its methods are this module's functions.
pub trait Message:
    prost::Message + prost::Name + Default + Clone + PartialEq + message::Fields
{
}

/// A message, and everything that was found on the way to it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded<T> {
    /// The message; a field whose value is refused stays unset.
    pub value: T,
    /// What was found, in document order. At most about a thousand: a document with more is told
    /// of by the first of them, and by no fewer than one error if there is one.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Decoded<T> {
    /// The message, if Istio accepts the document.
    ///
    /// # Errors
    /// The diagnostics of severity [`Error`](Severity::Error), if there are any.
    pub fn tolerant(self) -> Result<T, Error> {
        let errors: Vec<_> =
            self.diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        if errors.is_empty() { Ok(self.value) } else { Err(Error::decode(errors)) }
    }

    /// The message, if nothing at all was found: no unknown or repeated field, no null or quoted
    /// number that is silently made something of.
    ///
    /// # Errors
    /// All diagnostics, if there are any.
    pub fn strict(self) -> Result<T, Error> {
        if self.diagnostics.is_empty() {
            Ok(self.value)
        } else {
            Err(Error::decode(self.diagnostics))
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Reads a message from JSON bytes, as tolerant as Istio.
///
/// Bytes that are not UTF-8 are read as U+FFFD, as Go does.
///
/// ```
/// use istio_gateway::{Port, json};
///
/// let port: Port = json::from_slice(br#"{"number": "443", "name": null}"#)?;
/// assert_eq!(port.number, 443);
/// # Ok::<(), istio_gateway::Error>(())
/// ```
///
/// # Errors
/// [`is_syntax`](Error::is_syntax) when it is no JSON, [`is_limit`](Error::is_limit) beyond
/// 10,000 levels of nesting, [`is_decode`](Error::is_decode) with every refused value when it is.
pub fn from_slice<T: Message>(json: &[u8]) -> Result<T, Error> {
    text::read::<T>(json)?.into_tolerant(json)
}

/// Reads a message from JSON text, as tolerant as Istio.
///
/// # Errors
/// As [`from_slice`].
pub fn from_str<T: Message>(json: &str) -> Result<T, Error> {
    from_slice(json.as_bytes())
}

/// Reads a message from all the JSON that `reader` gives, as tolerant as Istio.
///
/// # Errors
/// [`is_io`](Error::is_io) when reading fails, else as [`from_slice`].
pub fn from_reader<T: Message, R: io::Read>(mut reader: R) -> Result<T, Error> {
    let mut json = Vec::new();
    reader.read_to_end(&mut json).map_err(Error::io)?;
    from_slice(&json)
}

/// Reads a message from JSON bytes and tells everything that was found, with its place.
///
/// ```
/// use istio_gateway::{ServerTlsSettings, json};
///
/// let decoded = json::decode_str::<ServerTlsSettings>(r#"{"credentialsName": "edge"}"#)?;
/// let found = &decoded.diagnostics[0];
/// assert_eq!(found.rule, "decode/unknown-field");
/// assert_eq!(
///     found.to_string(),
///     r#"1:2: credentialsName: unknown field; did you mean "credentialName"?"#,
/// );
/// assert!(decoded.strict().is_err());
/// # Ok::<(), istio_gateway::Error>(())
/// ```
///
/// # Errors
/// [`is_syntax`](Error::is_syntax) when it is no JSON, [`is_limit`](Error::is_limit) beyond
/// 10,000 levels of nesting. A value that does not fit is a diagnostic.
pub fn decode_slice<T: Message>(json: &[u8]) -> Result<Decoded<T>, Error> {
    text::read::<T>(json)?.located(json)
}

/// Reads a message from JSON text and tells everything that was found, with its place.
///
/// # Errors
/// As [`decode_slice`].
pub fn decode_str<T: Message>(json: &str) -> Result<Decoded<T>, Error> {
    decode_slice(json.as_bytes())
}

/// Reads a message from anything that serde can read, such as a `serde_json::Value`, and tells
/// everything that was found. There is no text, so there are no positions.
///
/// A few things are seen in the text alone and are accepted here: an escape within an enum's name
/// or a quoted number, bytes that are not UTF-8 (the deserializer's own business), and nesting
/// beyond the deserializer's own limit.
///
/// ```
/// use istio_gateway::{Server, json};
///
/// let value = serde_json::json!({"hosts": ["*"], "port": {"number": 443.5}});
/// let decoded = json::decode::<Server, _>(&value)?;
/// assert_eq!(decoded.diagnostics[0].path.to_string(), "port.number");
/// assert_eq!(decoded.value.hosts, ["*"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// The deserializer's own. A value that does not fit is a diagnostic.
pub fn decode<'de, T: Message, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Decoded<T>, D::Error> {
    decode::decode(deserializer, Log::default()).map(|plain| plain.decoded)
}

/// Writes a message as Istio writes it: compact, in declaration order, keys of maps sorted, unset
/// fields absent, `<`, `>`, `&`, U+2028 and U+2029 escaped. An enum's number that has no name is
/// written as the number.
///
/// ```
/// use istio_gateway::{ServerTlsSettings, TlsMode, json};
///
/// let tls = ServerTlsSettings {
///     mode: TlsMode::OptionalMutual.into(),
///     insecure_skip_verify: Some(false),
///     ..Default::default()
/// };
/// assert_eq!(json::to_string(&tls), r#"{"mode":"OPTIONAL_MUTUAL","insecureSkipVerify":false}"#);
/// ```
#[must_use]
pub fn to_string<T: Message>(message: &T) -> String {
    encode::to_string(message)
}

/// Writes a message as [`to_string`] does, as bytes.
#[must_use]
pub fn to_vec<T: Message>(message: &T) -> Vec<u8> {
    encode::to_string(message).into_bytes()
}

/// Reads a message from a node of a document tree, whose path is `within`.
pub(crate) fn decode_node<T: Message>(
    tree: &Tree<'_>,
    node: crate::tree::Ref<'_, '_>,
    within: &crate::FieldPath,
) -> Decoded<T> {
    decode::decode_node(T::default(), tree, node, within)
}

/// Reads a message from a node onto another one: what the node does not say stays.
pub(crate) fn decode_node_onto<T: Message>(
    value: T,
    tree: &Tree<'_>,
    node: crate::tree::Ref<'_, '_>,
    within: &crate::FieldPath,
) -> Decoded<T> {
    decode::decode_node(value, tree, node, within)
}
