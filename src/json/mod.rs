//! Istio's JSON dialect: what a cluster, istiod and every Go client accept and write.
//!
//! There are two ways to read a message from JSON:
//!
//! - **this module** reads and writes like istio.io/api's `UnmarshalJSON` and `MarshalJSON`: unknown
//!   fields are ignored, null means unset, quoted numbers are numbers, enums are open;
//! - the types' **`serde`** implementations are proto3 JSON as `pbjson` generates it.
//!
//! For some inputs that Istio accepts, serde fails or silently yields another value:
//!
//! ```
//! use istio_gateway::{Port, ServerTlsSettings, json};
//!
//! // camelCase wins, even if it is null: Istio reads "unset", proto3 JSON reads "true".
//! let text = r#"{"insecureSkipVerify": null, "insecure_skip_verify": true}"#;
//! assert_eq!(json::from_str::<ServerTlsSettings>(text)?.insecure_skip_verify, None);
//! assert_eq!(serde_json::from_str::<ServerTlsSettings>(text)?.insecure_skip_verify, Some(true));
//!
//! // Istio accepts, proto3 JSON rejects ...
//! for text in [r#"{"mode": 6}"#, r#"{"credentialName": null}"#, r#"{"mode": 1, "mode": 2}"#] {
//!     assert!(json::from_str::<ServerTlsSettings>(text).is_ok());
//!     assert!(serde_json::from_str::<ServerTlsSettings>(text).is_err());
//! }
//! // ... and the reverse.
//! assert!(json::from_str::<Port>(r#"{"number": "0443"}"#).is_err());
//! assert!(serde_json::from_str::<Port>(r#"{"number": "0443"}"#).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`from_str`], [`from_slice`] and [`from_reader`] are as lenient as Istio. [`decode_str`] and
//! [`decode_slice`] also report what was ignored or lost, and [`Decoded::into_strict`] rejects it.
//!
//! The behaviour is measured against upstream, case by case. The few differences that serde makes
//! unavoidable are listed in `tests/golden/known_differences.json` with their reasons.

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

pub(crate) use log::{DecodeLog, did_you_mean};
pub(crate) use message::message;
#[doc(hidden)]
pub use message::{FieldSchema as Field, Schema};
pub(crate) use text::CheckedJson;
pub(crate) use text::{Sanitized, check_depth, error_offset, syntax_error};

/// Used by the implementations that `message!` generates.
pub(crate) mod internal {
    pub(crate) use super::{
        decode::{Field, FieldVisitor},
        encode::{append_end, append_field},
        log::{DecodeLog, PathRef},
        message::{FieldSchema, Fields, Schema, decode_fields, schema_of, write_field},
        value::EnumField,
    };
    pub(crate) use ::serde::{
        Serializer,
        de::{IgnoredAny, MapAccess},
        ser::SerializeMap,
    };
}

/// A message with Istio's JSON dialect: every generated message.
///
/// The trait is sealed; its methods are this module's functions.
pub trait Message:
    prost::Message + prost::Name + Default + Clone + PartialEq + message::Fields
{
}

/// A message with its diagnostics.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded<T> {
    /// The message; a field with a rejected value stays unset.
    pub value: T,
    /// The diagnostics in document order, at most about a thousand. Of more, the first ones are kept,
    /// and at least one error if there is any.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Decoded<T> {
    /// Returns the message if Istio accepts the document.
    ///
    /// # Errors
    /// The diagnostics of severity [`Error`](Severity::Error), if there are any.
    pub fn into_lenient(self) -> Result<T, Error> {
        let errors: Vec<_> =
            self.diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
        if errors.is_empty() { Ok(self.value) } else { Err(Error::decode(errors)) }
    }

    /// Returns the message if there are no diagnostics: no unknown or repeated field, no null or quoted
    /// number that Istio silently converts.
    ///
    /// # Errors
    /// All diagnostics, if there are any.
    pub fn into_strict(self) -> Result<T, Error> {
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

/// Reads a message from JSON bytes, as lenient as Istio.
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
/// [`is_syntax`](Error::is_syntax) for invalid JSON, [`is_limit`](Error::is_limit) beyond 10,000 levels
/// of nesting, [`is_decode`](Error::is_decode) with every rejected value.
pub fn from_slice<T: Message>(json: &[u8]) -> Result<T, Error> {
    text::read::<T>(json)?.into_lenient(json)
}

/// Reads a message from JSON text, as lenient as Istio.
///
/// # Errors
/// As [`from_slice`].
pub fn from_str<T: Message>(json: &str) -> Result<T, Error> {
    from_slice(json.as_bytes())
}

/// Reads a message from a reader, as lenient as Istio.
///
/// # Errors
/// [`is_io`](Error::is_io) if reading fails, otherwise as [`from_slice`].
pub fn from_reader<T: Message, R: io::Read>(mut reader: R) -> Result<T, Error> {
    let mut json = Vec::new();
    reader.read_to_end(&mut json).map_err(Error::io)?;
    from_slice(&json)
}

/// Reads a message from JSON bytes, with all diagnostics and their positions.
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
/// assert!(decoded.into_strict().is_err());
/// # Ok::<(), istio_gateway::Error>(())
/// ```
///
/// # Errors
/// [`is_syntax`](Error::is_syntax) for invalid JSON, [`is_limit`](Error::is_limit) beyond 10,000 levels
/// of nesting. A value that does not fit is a diagnostic.
pub fn decode_slice<T: Message>(json: &[u8]) -> Result<Decoded<T>, Error> {
    text::read::<T>(json)?.located(json)
}

/// Reads a message from JSON text, with all diagnostics and their positions.
///
/// # Errors
/// As [`decode_slice`].
pub fn decode_str<T: Message>(json: &str) -> Result<Decoded<T>, Error> {
    decode_slice(json.as_bytes())
}

/// Reads a message from any serde deserializer, such as a `serde_json::Value`, with all diagnostics.
/// There is no text, so there are no positions.
///
/// A few problems are visible only in the text and are accepted here: an escape in an enum's name or a
/// quoted number, invalid UTF-8 (which the deserializer handles), and nesting beyond the deserializer's
/// limit.
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
/// Errors of the deserializer. A value that does not fit is a diagnostic.
pub fn decode<'de, T: Message, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Decoded<T>, D::Error> {
    decode::decode(deserializer, DecodeLog::default()).map(|plain| plain.decoded)
}

/// Writes a message as Istio does: compact, in declaration order, with sorted keys in mappings, without
/// unset fields, with `<`, `>`, `&`, U+2028 and U+2029 escaped. An unknown enum value is written as its
/// number.
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

/// Writes a message as [`to_string`] does, to a writer.
///
/// ```
/// use istio_gateway::{Gateway, json};
///
/// let mut written = Vec::new();
/// json::to_writer(&mut written, &Gateway::default())?;
/// assert_eq!(written, b"{}");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Errors of the writer.
pub fn to_writer<T: Message, W: io::Write>(mut writer: W, message: &T) -> io::Result<()> {
    writer.write_all(encode::to_string(message).as_bytes())
}

/// Reads a message from a node of a document tree at the path `within`.
pub(crate) fn decode_node<T: Message>(
    tree: &Tree<'_>,
    node: crate::tree::Ref<'_, '_>,
    within: &crate::FieldPath,
) -> Decoded<T> {
    decode::decode_node(T::default(), tree, node, within, false)
}

/// Merges a message from a node into an existing one: fields that the node does not have are kept. If
/// `is_template`, a value that holds a placeholder may be of any type, and is unset.
pub(crate) fn decode_node_onto<T: Message>(
    value: T,
    tree: &Tree<'_>,
    node: crate::tree::Ref<'_, '_>,
    within: &crate::FieldPath,
    is_template: bool,
) -> Decoded<T> {
    decode::decode_node(value, tree, node, within, is_template)
}
