//! Documents that stand one behind the other.

use super::{
    Manifest, Object,
    read::{document, json_document},
};
use crate::{Error, json, yaml};

/// A document of a stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Document {
    /// A Gateway of Istio.
    Gateway(Box<Manifest>),
    /// A resource of another kind, or of another group.
    Other(Box<Object>),
}

impl Document {
    /// The document as it was read, untyped. A change of a Gateway's spec is not in it.
    #[must_use]
    pub fn object(&self) -> &Object {
        match self {
            Self::Gateway(manifest) => manifest.object(),
            Self::Other(object) => object,
        }
    }

    /// The document as YAML: [`Manifest::to_yaml`] or [`Object::to_yaml`].
    ///
    /// ```
    /// use istio_gateway::{Document, documents};
    ///
    /// let mut document = documents("kind: Gateway\nspec: {selector: {a: b}}\n").next().unwrap()?;
    /// if let Document::Gateway(manifest) = &mut document {
    ///     manifest.spec_mut().selector.insert("a".into(), "c".into());
    /// }
    /// assert_eq!(document.to_yaml(), "kind: Gateway\nspec: {selector: {a: c}}\n");
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn to_yaml(&self) -> String {
        match self {
            Self::Gateway(manifest) => manifest.to_yaml(),
            Self::Other(object) => object.to_yaml(),
        }
    }

    /// The document as compact JSON: [`Manifest::to_json`] or [`Object::to_json`].
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Gateway(manifest) => manifest.to_json(),
            Self::Other(object) => object.to_json(),
        }
    }

    pub(super) fn into_gateway(self) -> Result<Manifest, Error> {
        match self {
            Self::Gateway(manifest) => Ok(*manifest),
            Self::Other(object) => {
                let position = object.with_tree(|tree| object.type_position(tree)).ok().flatten();
                Err(Error::other_resource(&object.api_version, &object.kind, position))
            }
        }
    }
}

/// Reads a YAML stream document by document. An error is its document's own: the next one is read
/// all the same. Documents with nothing but comments in them are passed over.
///
/// A document without `kind` and `apiVersion` is a Gateway, as for [`Manifest::parse`]. A `List` is
/// another kind's document, whose [`items`](Object::items) are documents.
///
/// ```
/// use istio_gateway::{Document, documents};
///
/// let text = "kind: Gateway\nmetadata: {name: a}\n---\n: [broken\n---\nkind: Service\n";
/// let kinds: Vec<_> = documents(text)
///     .map(|document| match document {
///         Ok(Document::Gateway(manifest)) => manifest.name().to_owned(),
///         Ok(other) => other.object().kind().to_owned(),
///         Err(error) => error.position().unwrap().line.to_string(),
///     })
///     .collect();
/// assert_eq!(kinds, ["a", "4", "Service"]);
/// ```
pub fn documents(yaml: &str) -> impl Iterator<Item = Result<Document, Error>> + '_ {
    yaml::split(yaml)
        .filter(|chunk| !chunk.is_blank())
        .map(|chunk| document(chunk.text, true, chunk.lines))
}

/// Reads JSON documents that stand one behind the other, such as one a line. A syntax error is the
/// last item: where the next document would begin is not to be told.
///
/// ```
/// use istio_gateway::documents_from_json;
///
/// let text = "{\"kind\":\"Gateway\"}\n{\"kind\":\"Service\"}\n";
/// let kinds: Vec<_> =
///     documents_from_json(text).map(|document| document.unwrap().object().kind().to_owned()).collect();
/// assert_eq!(kinds, ["Gateway", "Service"]);
/// ```
pub fn documents_from_json<J: AsRef<[u8]> + ?Sized>(
    json: &J,
) -> impl Iterator<Item = Result<Document, Error>> + '_ {
    json::split(json.as_ref()).map(|chunk| {
        let json::Chunk { text, lines } = chunk?;
        json_document(text, lines)
    })
}
