//! Streams of documents.

use std::{io::Read, iter};

use super::{Manifest, Object, read::document};
use crate::{
    Error,
    stream::{DocumentReader, DocumentText},
};

/// A document of a stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Document {
    /// An Istio Gateway.
    Gateway(Box<Manifest>),
    /// Another resource.
    Other(Box<Object>),
}

impl Document {
    /// The document as it was read, untyped, without changes.
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

    /// Reads a document of a stream, as [`documents`] does: the document, and an error if the text
    /// contains more than one.
    pub fn of_stream(text: &DocumentText<'_>) -> (Result<Self, Error>, Option<Error>) {
        document(text, true, false)
    }

    /// Reads a document as [`of_stream`](Self::of_stream) does, but that a value that holds a placeholder
    /// may be of any type: the field is unset, and [`Manifest::placeholders`] has it.
    ///
    /// # Errors
    /// As [`of_stream`](Self::of_stream), without those about values that hold placeholders.
    pub fn of_template(text: &DocumentText<'_>) -> (Result<Self, Error>, Option<Error>) {
        document(text, true, true)
    }

    pub(super) fn into_gateway(self) -> Result<Manifest, Error> {
        match self {
            Self::Gateway(manifest) => Ok(*manifest),
            Self::Other(object) => {
                // A Gateway with items, which is a list.
                let lost =
                    object.is_gateway().then(|| object.items().find_map(Result::err)).flatten();
                if let Some(error) = lost {
                    return Err(error);
                }
                let position = object.type_position();
                Err(Error::other_resource(&object.api_version, &object.kind, position))
            }
        }
    }
}

/// Reads a stream in memory document by document, YAML or JSON as [`stream`](crate::stream) finds them.
/// An error affects only its document: reading continues after it. If a text contains more than one
/// document, an [`is_ignored_text`](Error::is_ignored_text) error follows the document.
///
/// A `List` is [`Document::Other`]; its [`items`](Object::items) are documents. So is a document that
/// contains only comments, which are kept, and one without `kind` and `apiVersion`, which no client
/// creates.
///
/// ```
/// use istio_gateway::{Document, documents};
///
/// let text = "\
/// kind: Gateway
/// metadata: {name: a}
/// ---
/// : [broken
/// ---
/// kind: Service
/// ";
/// let kinds: Vec<_> = documents(text)
///     .map(|document| match document {
///         Ok(Document::Gateway(manifest)) => manifest.name().to_owned(),
///         Ok(other) => other.object().kind().to_owned(),
///         Err(error) => error.position().unwrap().line.to_string(),
///     })
///     .collect();
/// assert_eq!(kinds, ["a", "4", "Service"]);
/// ```
pub fn documents<T: AsRef<[u8]> + ?Sized>(
    stream: &T,
) -> impl Iterator<Item = Result<Document, Error>> + '_ {
    read_documents(stream.as_ref())
}

/// Reads a stream document by document like [`documents`], with one document in memory.
///
/// ```
/// use istio_gateway::read_documents;
///
/// let stream = "{\"kind\":\"Gateway\"}\n{\"kind\":\"Service\"}\n";
/// let documents = read_documents(stream.as_bytes());
/// let kinds: Vec<_> = documents.map(|document| document.unwrap().object().kind().to_owned()).collect();
/// assert_eq!(kinds, ["Gateway", "Service"]);
/// ```
pub fn read_documents<R: Read>(stream: R) -> impl Iterator<Item = Result<Document, Error>> {
    let mut reader = DocumentReader::new(stream);
    let mut ignored = None;
    iter::from_fn(move || {
        if let Some(error) = ignored.take() {
            return Some(Err(error));
        }
        let read = reader.next_document()?.and_then(|text| {
            let (read, more) = Document::of_stream(&text);
            ignored = more;
            read
        });
        Some(read)
    })
}
