//! Read, change and write without losing fields that this version of the crate does not know.

mod align;
mod merge;
mod patch;

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

use crate::{
    Error, FieldPath,
    json::{self, CheckedJson, Decoded},
    tree::{self, Edit, Tree, write_json},
};

pub use crate::json::{Field, Schema};
pub(crate) use merge::edited;
pub(crate) use merge::edited_since;

/// A type that [`Lossless`] can hold: every message, and any other serializable type that contains
/// messages, such as the resource of the crate `istio-gateway-kube`.
///
/// ```
/// use istio_gateway::{
///     Gateway, json,
///     lossless::{Field, Lossless, Mergeable, Schema},
/// };
/// use serde::{Deserialize, Deserializer, Serialize, Serializer};
///
/// #[derive(Serialize, Deserialize)]
/// struct Resource {
///     kind: String,
///     #[serde(with = "json::serde")]
///     spec: Gateway,
/// }
///
/// impl Mergeable for Resource {
///     const SCHEMA: &'static Schema = &Schema::new(&[Field::message::<Gateway>("spec")]);
///
///     fn read<'de, D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
///         Self::deserialize(document)
///     }
///
///     fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
///         self.serialize(serializer)
///     }
/// }
///
/// let text = r#"{"kind":"Gateway","metadata":{"name":"edge"},"spec":{"new":1}}"#;
/// let mut resource: Lossless<Resource> = serde_json::from_str(text)?;
/// resource.spec.selector.insert("istio".into(), "ingressgateway".into());
/// assert_eq!(
///     serde_json::to_string(&resource)?,
///     r#"{"kind":"Gateway","metadata":{"name":"edge"},"spec":{"new":1,"selector":{"istio":"ingressgateway"}}}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Mergeable: Sized {
    /// The fields that contain messages. Other fields have exactly one name.
    const SCHEMA: &'static Schema;

    /// Reads the value from a document.
    ///
    /// # Errors
    /// Errors of the deserializer, and values that are rejected.
    fn read<'de, D: Deserializer<'de>>(document: D) -> Result<Self, D::Error>;

    /// Writes the value as a document.
    ///
    /// Omitted fields are removed, with all unknown fields in them. So a message that the value always
    /// has is written even if it is empty; it is not added to a document that does not have it.
    ///
    /// # Errors
    /// Errors of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Writes a value without a document, if that differs from [`write`](Self::write).
    ///
    /// # Errors
    /// Errors of the serializer.
    fn write_new<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(serializer)
    }
}

impl<T: json::Message> Mergeable for T {
    const SCHEMA: &'static Schema = T::SCHEMA;

    fn read<'de, D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        json::serde::deserialize(document)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::serde::serialize(self, serializer)
    }
}

/// A message together with the document from which it was read.
///
/// It is used like the message itself. When it is written, only the changes are applied to the
/// document: fields that this version of the crate does not know are kept in every message, and so is
/// the form of unchanged values (`"443"` in quotes, nulls). A field keeps its name in the document,
/// also in `snake_case`.
///
/// An item of a sequence keeps its unknown fields if items are inserted, removed or moved: items are
/// matched if they are equal to what was read, then by their key (the type of a condition), then if
/// they have most of their values in common, and, if the length is unchanged, by index. A message that
/// is set to `None` and an item that is removed lose their unknown fields.
///
/// ```
/// use istio_gateway::{Gateway, Lossless, Server};
///
/// let mut gateway = Lossless::<Gateway>::from_json(
///     r#"{"servers":[{"name":"a","futureField":{"x":1}},{"name":"b"}],"new":true}"#,
/// )?;
/// gateway.servers.insert(0, Server { name: "first".into(), ..Default::default() });
/// gateway.servers[1].bind = "10.0.0.1".into();
/// gateway.servers.remove(2);
/// assert_eq!(
///     gateway.to_json(),
///     r#"{"servers":[{"name":"first"},{"name":"a","futureField":{"x":1},"bind":"10.0.0.1"}],"new":true}"#,
/// );
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone)]
pub struct Lossless<T> {
    value: T,
    /// The document; `None` for a value that was created without one.
    original: Option<Tree<'static>>,
}

impl<T> Lossless<T> {
    /// A message without a document, and so without unknown fields.
    pub fn new(value: T) -> Self {
        Self { value, original: None }
    }

    /// The message without its document.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: json::Message> Lossless<T> {
    /// Reads a message from JSON, as lenient as Istio.
    ///
    /// # Errors
    /// As [`json::from_slice`].
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        let json = CheckedJson::check(json.as_ref())?;
        Self::from_tree(&json.tree()?)
    }

    /// Reads a message from the first document of a YAML text, as lenient as Istio.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax), [`is_limit`](Error::is_limit) and
    /// [`is_decode`](Error::is_decode), with the position in the text.
    pub fn from_yaml(yaml: &str) -> Result<Self, Error> {
        Self::from_tree(&tree::from_yaml(yaml)?)
    }

    /// Reads a message from a document of a stream, with all diagnostics, and an error if the text
    /// contains more than one document.
    #[expect(
        clippy::type_complexity,
        reason = "a value with what was found, and an error of what follows"
    )]
    pub fn of_stream(
        text: &crate::stream::DocumentText<'_>,
    ) -> (Result<(Self, Vec<crate::Diagnostic>), Error>, Option<Error>) {
        text.read(|_, tree, sanitized| {
            let decoded: Decoded<T> = json::decode_node(tree, tree.root(), &FieldPath::root());
            let replaced =
                sanitized.map(|sanitized| sanitized.diagnostics(tree)).unwrap_or_default();
            let found = decoded.diagnostics.iter().cloned().chain(replaced);
            let found = found.map(|found| found.within(text.start)).collect();
            Ok((Self { value: decoded.into_lenient()?, original: Some(tree.to_owned()) }, found))
        })
    }

    fn from_tree(tree: &Tree<'_>) -> Result<Self, Error> {
        let decoded: Decoded<T> = json::decode_node(tree, tree.root(), &FieldPath::root());
        Ok(Self { value: decoded.into_lenient()?, original: Some(tree.to_owned()) })
    }

    /// Writes the document with its changes as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        // A message can always be written.
        let _ = self.with_edit(|edit| write_json(edit, &mut json));
        json
    }

    /// Writes the document with its changes as YAML. Comments are not kept.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        // A message can always be written.
        let _ = self.with_edit(|edit| crate::tree::write_yaml(edit, &mut yaml));
        yaml
    }
}

impl<T: Mergeable> Lossless<T> {
    /// Returns the changes since the document was read as a JSON merge patch (RFC 7386): applied to the
    /// document, it gives what [`Serialize`] writes. A removed key is null. A changed sequence is
    /// written completely, with the unknown fields of its items. Without changes it is the empty
    /// object.
    ///
    /// ```
    /// use istio_gateway::{Gateway, Lossless};
    ///
    /// let mut gateway = Lossless::<Gateway>::from_json(
    ///     r#"{"selector":{"a":"1","b":"2"},"servers":[{"name":"x","new":1}],"more":true}"#,
    /// )?;
    /// assert_eq!(gateway.merge_patch()?, serde_json::json!({}));
    /// gateway.selector.remove("a");
    /// gateway.servers[0].bind = "10.0.0.1".into();
    /// assert_eq!(
    ///     gateway.merge_patch()?,
    ///     serde_json::json!({
    ///         "selector": {"a": null},
    ///         "servers": [{"name": "x", "new": 1, "bind": "10.0.0.1"}],
    ///     }),
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a document is nested deeper than 500 levels or has a number that does not fit `f64`.
    pub fn merge_patch(&self) -> Result<serde_json::Value, serde_json::Error> {
        Ok(patch::merge_patch(&self.original()?, &serde_json::to_value(self)?))
    }

    /// The document as it was read; the empty object for a value that was created without one.
    ///
    /// # Errors
    /// As [`merge_patch`](Self::merge_patch).
    pub fn original(&self) -> Result<serde_json::Value, serde_json::Error> {
        match &self.original {
            Some(original) => serde_json::to_value(original.root()),
            None => Ok(serde_json::Value::Object(serde_json::Map::new())),
        }
    }

    /// Calls `write` with the document and its changes.
    fn with_edit<R>(&self, write: impl FnOnce(&Edit<'_>) -> R) -> Result<R, serde_json::Error> {
        match &self.original {
            Some(original) => edited(original.root(), &self.value, write),
            None => merge::written_new(&self.value, |tree| write(&Edit::Kept(tree.root()))),
        }
    }
}

impl<T> Deref for Lossless<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Lossless<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> From<T> for Lossless<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Lossless<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// In Istio's dialect, including unknown fields.
impl<T: Mergeable> Serialize for Lossless<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_edit(|edit| edit.serialize(serializer)).map_err(S::Error::custom)?
    }
}

/// In Istio's dialect; a value that Istio rejects is an error of the deserializer.
impl<'de, T: Mergeable> Deserialize<'de> for Lossless<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let original = Tree::deserialize(deserializer)?;
        let value = merge::read(original.root()).map_err(D::Error::custom)?;
        Ok(Self { value, original: Some(original) })
    }
}
