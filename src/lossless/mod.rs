//! Read, change, write: nothing lost that this version of the crate does not know.

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

/// What [`Lossless`] can hold: every message, and whatever is read from a document and written as
/// one and has messages in it, such as the resource of the crate `istio-gateway-kube`.
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
    /// Where in the document messages are. What is not in it has one name for each field, and no
    /// more.
    const SCHEMA: &'static Schema;

    /// Reads the value from a document.
    ///
    /// # Errors
    /// The deserializer's own, and what the value refuses.
    fn read<'de, D: Deserializer<'de>>(document: D) -> Result<Self, D::Error>;

    /// Writes the value as a document.
    ///
    /// What is left out is gone, with all that is unknown in it. So a message that the value always
    /// has is written when it is empty, too; in a document that has none it is not added.
    ///
    /// # Errors
    /// The serializer's own.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Writes a value that no document was read for, where that is to look otherwise than what
    /// [`write`](Self::write) writes.
    ///
    /// # Errors
    /// The serializer's own.
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

/// A message together with the document it was read from.
///
/// It is used like the message itself. Written back, it is the document as it was, but for what
/// was changed: fields that this version of the crate does not know stay, in every message, and so
/// does the form of what was not touched (`"443"` in quotes, nulls). A field keeps the name that it has in
/// the document, `snake_case` too.
///
/// An element of a list keeps its unknown fields when elements are inserted, removed or moved
/// around it: elements are recognised by being equal to what was read, then by their name (a
/// condition's type), then by having most of their values in common with it, or, where the list is
/// as long as it was, by their place. A
/// message that is set to `None`, or an element that is gone, takes its unknown fields with it.
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
    /// The document; of a value that was made without one, none.
    original: Option<Tree<'static>>,
}

impl<T> Lossless<T> {
    /// A message without a document: nothing unknown to keep.
    pub fn new(value: T) -> Self {
        Self { value, original: None }
    }

    /// The message alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: json::Message> Lossless<T> {
    /// Reads a message from JSON, as tolerant as Istio.
    ///
    /// # Errors
    /// As [`json::from_slice`].
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        let json = CheckedJson::check(json.as_ref())?;
        Self::from_tree(&json.tree()?)
    }

    /// Reads a message from the first document of a YAML text, as tolerant as Istio.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax), [`is_limit`](Error::is_limit) and
    /// [`is_decode`](Error::is_decode), with the place in the text.
    pub fn from_yaml(yaml: &str) -> Result<Self, Error> {
        Self::from_tree(&tree::from_yaml(yaml)?)
    }

    /// Reads a message from a document of a stream, with all that was found in it, and an error if there
    /// is more in the text than one document.
    #[expect(
        clippy::type_complexity,
        reason = "a value with what was found, and an error of what follows"
    )]
    pub fn of_stream(
        text: &crate::stream::DocumentText<'_>,
    ) -> (Result<(Self, Vec<crate::Diagnostic>), Error>, Option<Error>) {
        text.read(|_, tree, mended| {
            let decoded: Decoded<T> = json::decode_node(tree, tree.root(), &FieldPath::root());
            let replaced = mended.map(|mended| mended.diagnostics(tree)).unwrap_or_default();
            let found = decoded.diagnostics.iter().cloned().chain(replaced);
            let found = found.map(|found| found.within(text.start)).collect();
            Ok((Self { value: decoded.tolerant()?, original: Some(tree.to_owned()) }, found))
        })
    }

    fn from_tree(tree: &Tree<'_>) -> Result<Self, Error> {
        let decoded: Decoded<T> = json::decode_node(tree, tree.root(), &FieldPath::root());
        Ok(Self { value: decoded.tolerant()?, original: Some(tree.to_owned()) })
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
    /// What was changed since the document was read, as a JSON merge patch (RFC 7386): applied to
    /// the document it gives what [`Serialize`] writes. A key that is gone is null in it. A list
    /// that was changed is there as a whole, with what is unknown in its elements. If nothing was
    /// changed it is the empty object.
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
    /// When a document is nested deeper than 500 levels or has a number in it that an `f64` cannot
    /// hold.
    pub fn merge_patch(&self) -> Result<serde_json::Value, serde_json::Error> {
        Ok(patch::merge_patch(&self.original()?, &serde_json::to_value(self)?))
    }

    /// The document as it was read; of a value that was made without one, the empty object.
    ///
    /// # Errors
    /// As [`merge_patch`](Self::merge_patch).
    pub fn original(&self) -> Result<serde_json::Value, serde_json::Error> {
        match &self.original {
            Some(original) => serde_json::to_value(original.root()),
            None => Ok(serde_json::Value::Object(serde_json::Map::new())),
        }
    }

    /// Calls `write` with what is to be written.
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

/// In Istio's dialect, the unknown fields included.
impl<T: Mergeable> Serialize for Lossless<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_edit(|edit| edit.serialize(serializer)).map_err(S::Error::custom)?
    }
}

/// In Istio's dialect; what Istio refuses is the deserializer's error.
impl<'de, T: Mergeable> Deserialize<'de> for Lossless<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let original = Tree::deserialize(deserializer)?;
        let value = merge::read(original.root()).map_err(D::Error::custom)?;
        Ok(Self { value, original: Some(original) })
    }
}
