//! Any document, untyped.

use std::{collections::BTreeMap, fmt};

use super::{
    Document,
    read::{self, Source, envelope, is_gateway_kind, metadata_values, object, tree},
};
use crate::{
    Error, FieldPath, Position,
    json::CheckedJson,
    tree::{Edit, Ref, Tree, write_json},
    yaml::{self, write_yaml},
};

/// Any Kubernetes document, untyped, as it was read.
#[derive(Clone)]
pub struct Object {
    pub(super) text: String,
    pub(super) is_yaml: bool,
    /// Whether the text is the user's, so that places in it tell something.
    pub(super) has_positions: bool,
    /// How many lines of the stream stand before the text.
    pub(super) lines: usize,
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
}

impl Object {
    /// The `apiVersion`, or "".
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The `kind`, or "".
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name in the metadata, or "".
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace in the metadata, or "".
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The labels in the metadata.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.texts("labels")
    }

    /// The annotations in the metadata.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<String, String> {
        self.texts("annotations")
    }

    /// The text of the document as it was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line of the stream at which the document begins, from 1.
    #[must_use]
    pub fn first_line(&self) -> usize {
        self.lines + 1
    }

    /// Reads the first document of a YAML text, whatever it is.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax) when it is no YAML, [`is_limit`](Error::is_limit) when it is
    /// nested too deeply or its aliases grow too large, [`is_decode`](Error::is_decode) when it is
    /// no map.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        Self::untyped(yaml::first_document(yaml)?, true)
    }

    /// Reads one JSON document, whatever it is.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::untyped(&CheckedJson::check(json.as_ref())?.text, false)
    }

    fn untyped(text: &str, is_yaml: bool) -> Result<Self, Error> {
        let tree = tree(text, is_yaml)?;
        let source = Source { is_yaml, has_positions: true, lines: 0 };
        object(text, tree.root(), &source, &mut Vec::new())
    }

    /// The value of a field, if it is there.
    ///
    /// ```
    /// use istio_gateway::{FieldPath, Object};
    ///
    /// let object = Object::parse("kind: Service\nspec: {ports: [{port: 443}]}\n")?;
    /// let port = FieldPath::root().key("spec").key("ports").index(0).key("port");
    /// assert_eq!(object.get(&port), Some(443.into()));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, path: &FieldPath) -> Option<serde_json::Value> {
        self.get_all(std::slice::from_ref(path)).pop().flatten()
    }

    /// The values of many fields, each as [`get`](Self::get) gives it, for which the text is read once.
    ///
    /// ```
    /// use istio_gateway::{FieldPath, Object};
    ///
    /// let object = Object::parse("kind: Service\nspec: {type: LoadBalancer}\n")?;
    /// let spec = FieldPath::root().key("spec");
    /// let values = object.get_all(&[spec.clone().key("type"), spec.key("ports")]);
    /// assert_eq!(values, [Some("LoadBalancer".into()), None]);
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn get_all(&self, paths: &[FieldPath]) -> Vec<Option<serde_json::Value>> {
        let values = self.with_tree(|tree| {
            paths.iter().map(|path| serde_json::to_value(tree.get(path)?).ok()).collect()
        });
        values.unwrap_or_else(|_| vec![None; paths.len()])
    }

    /// The document as YAML, as it was read if it was YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        if self.is_yaml {
            return self.text.clone();
        }
        let mut yaml = String::new();
        // The text was read before, and is read again without an error.
        let _ = self.with_tree(|tree| write_yaml(&Edit::Kept(tree.root()), &mut yaml));
        yaml
    }

    /// The document as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        // The text was read before, and is read again without an error.
        let _ = self.with_tree(|tree| write_json(&Edit::Kept(tree.root()), &mut json));
        json
    }

    /// The documents in a `List`, a `GatewayList` and the like; of anything else none.
    ///
    /// ```
    /// use istio_gateway::{Document, documents};
    ///
    /// let text = "kind: List\napiVersion: v1\nitems:\n- kind: Gateway\n- kind: Service\n";
    /// let Some(Ok(Document::Other(list))) = documents(text).next() else { panic!() };
    /// let kinds: Vec<_> = list.items().map(|item| item.unwrap().object().kind().to_owned()).collect();
    /// assert_eq!(kinds, ["Gateway", "Service"]);
    /// ```
    pub fn items(&self) -> impl Iterator<Item = Result<Document, Error>> + use<> {
        let mut texts = Vec::new();
        if self.kind.ends_with("List") {
            // The text was read before, and is read again without an error.
            let _ = self.with_tree(|tree| {
                let items = tree.root().get("items");
                for item in items.iter().flat_map(|items| items.items()) {
                    let mut text = String::new();
                    write_json(&Edit::Kept(item), &mut text);
                    let own = item_text(item).filter(|_| self.has_positions);
                    texts.push((text, own));
                }
            });
        }
        let (is_yaml, lines) = (self.is_yaml, self.lines);
        texts.into_iter().map(move |(text, own)| {
            // The user's own text, if it says the same without what stands around it.
            if let Some((own, before)) = own
                && let Ok(tree) = tree(&own, is_yaml)
            {
                let mut said = String::new();
                write_json(&Edit::Kept(tree.root()), &mut said);
                if said == text {
                    let lines = lines + before;
                    let source = Source { is_yaml, has_positions: true, lines };
                    return read::read(&own, &tree, &source).map_err(|error| error.below(lines));
                }
            }
            let tree = Tree::from_checked_json(&text)?;
            read::read(&text, &tree, &Source { is_yaml, has_positions: false, lines: 0 })
        })
    }

    /// Whether this says that it is a Gateway of Istio's. A document that says nothing is none: it
    /// may be no Kubernetes object at all.
    #[cfg(feature = "validate")]
    pub(crate) fn is_gateway(&self) -> bool {
        let says_something = !self.kind.is_empty() || !self.api_version.is_empty();
        says_something && is_gateway_kind(&self.kind) && read::is_gateway_group(&self.api_version)
    }

    /// Whether the text is the user's, so that places in it tell something.
    pub(crate) fn has_positions(&self) -> bool {
        self.has_positions
    }

    /// How many lines of the stream stand before the text.
    pub(crate) fn lines_before(&self) -> usize {
        self.lines
    }

    /// Calls `f` with the document as a tree.
    pub(crate) fn with_tree<R>(&self, f: impl FnOnce(&Tree<'_>) -> R) -> Result<R, Error> {
        tree(&self.text, self.is_yaml).map(|tree| f(&tree))
    }

    fn texts(&self, key: &str) -> BTreeMap<String, String> {
        let texts = self.with_tree(|tree| {
            let mut texts = BTreeMap::new();
            // Go adds to a map, and clears it for a null.
            for map in metadata_values(tree.root(), key) {
                if map.is_null() {
                    texts.clear();
                }
                let entries = map.distinct_entries().into_iter();
                texts.extend(entries.map(|(key, value)| (key.text().to_owned(), value.to_text())));
            }
            texts
        });
        texts.unwrap_or_default()
    }

    pub(super) fn type_position(&self, tree: &Tree<'_>) -> Option<Position> {
        let key = if is_gateway_kind(&self.kind) { "apiVersion" } else { "kind" };
        envelope(tree.root(), key).pop().and_then(|(_, value)| value.position())
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("api_version", &self.api_version)
            .field("kind", &self.kind)
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The text of an item in its list, with as much before it that it stands in the same column, and
/// how many lines stand before that. None of one that stands far to the right, as all do in a long
/// line.
fn item_text(item: Ref<'_, '_>) -> Option<(String, usize)> {
    const FAR: usize = 200;
    let position = item.position().filter(|position| position.column <= FAR)?;
    let text = " ".repeat(position.column - 1) + item.source();
    Some((text, position.line - 1))
}
