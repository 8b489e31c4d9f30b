//! Read, change, write: nothing lost that this version of the crate does not know.

mod align;
mod merge;

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    Error, FieldPath, json,
    json::Decoded,
    tree::{Edit, Json, Tree, write_json},
};

pub(crate) use merge::edited;

/// A message together with the document it was read from.
///
/// It is used like the message itself. Written back, it is the document as it was, but for what
/// was changed: fields that this version of the crate does not know stay, in every message, and so
/// do the spelling and the form of what was not touched (`"443"` in quotes, nulls, `snake_case`).
///
/// An element of a list keeps its unknown fields when elements are inserted, removed or moved
/// around it: elements are recognised by being equal to what was read, then by having most of
/// their values in common with it, or, where the list is as long as it was, by their place. A
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
    original: Tree<'static>,
}

impl<T: json::Message> Lossless<T> {
    /// A message without a document: nothing unknown to keep.
    pub fn new(value: T) -> Self {
        // The empty object is JSON.
        let original = Tree::from_checked_json("{}").unwrap_or_default().to_owned();
        Self { value, original }
    }

    /// Reads a message from JSON, as tolerant as Istio.
    ///
    /// # Errors
    /// As [`json::from_slice`].
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        let json = Json::check(json.as_ref())?;
        Self::from_tree(&json.tree()?)
    }

    /// Reads a message from the first document of a YAML text, as tolerant as Istio.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax), [`is_limit`](Error::is_limit) and
    /// [`is_decode`](Error::is_decode), with the place in the text.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(yaml: &str) -> Result<Self, Error> {
        let text = crate::yaml::split(yaml).next().map_or("", |chunk| chunk.text);
        Self::from_tree(&Tree::from_yaml(text)?)
    }

    fn from_tree(tree: &Tree<'_>) -> Result<Self, Error> {
        let decoded: Decoded<T> = json::decode_node(tree, tree.root(), &FieldPath::root());
        Ok(Self { value: decoded.tolerant()?, original: tree.to_owned() })
    }

    /// Writes the document with its changes as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.with_edit(|edit| write_json(edit, &mut json));
        json
    }

    /// Writes the document with its changes as YAML. Comments are not kept.
    #[cfg(feature = "yaml")]
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        self.with_edit(|edit| crate::yaml::write_yaml(edit, &mut yaml));
        yaml
    }

    /// The message alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    fn with_edit<R>(&self, write: impl FnOnce(&Edit<'_>) -> R) -> R {
        edited(&self.original, self.original.root(), &self.value, write)
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

impl<T: json::Message> From<T> for Lossless<T> {
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
impl<T: json::Message> Serialize for Lossless<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_edit(|edit| edit.serialize(serializer))
    }
}

/// In Istio's dialect; what Istio refuses is the deserializer's error.
impl<'de, T: json::Message> Deserialize<'de> for Lossless<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let original = Tree::deserialize(deserializer)?;
        let decoded: Decoded<T> = json::decode_node(&original, original.root(), &FieldPath::root());
        let value = decoded.tolerant().map_err(D::Error::custom)?;
        Ok(Self { value, original })
    }
}
