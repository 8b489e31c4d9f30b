//! Untyped documents.

use std::{collections::BTreeMap, fmt};

use super::{
    Document,
    read::{self, Source, envelope, is_gateway_kind, metadata_values, object, tree},
};
use crate::{
    Error, FieldPath, GROUP, Position,
    diagnostic::{Quoted, nearest},
    stream::{DocumentText, Format},
    tree::{self, Edit, Ref, Tree, write_json, write_text, write_yaml},
};

/// Any Kubernetes document, untyped, as it was read.
#[derive(Clone)]
pub struct Object {
    pub(super) text: String,
    pub(super) is_yaml: bool,
    /// Whether the text is the user's, so that positions in it are meaningful.
    pub(super) has_positions: bool,
    /// The position of the text in the stream.
    pub(super) start: Position,
    /// Whether it is a list of objects.
    pub(super) is_list: bool,
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
        self.start.line
    }

    /// Reads the first document of a YAML text, of any kind.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax) for invalid YAML, [`is_limit`](Error::is_limit) if it is nested
    /// too deeply or its aliases expand to too many values, [`is_decode`](Error::is_decode) if it is
    /// not a mapping.
    pub fn from_yaml(yaml: &str) -> Result<Self, Error> {
        Self::untyped(yaml.as_bytes(), Format::Yaml)
    }

    /// Reads one JSON document, of any kind.
    ///
    /// # Errors
    /// As [`from_yaml`](Self::from_yaml).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::untyped(json.as_ref(), Format::Json)
    }

    fn untyped(bytes: &[u8], format: Format) -> Result<Self, Error> {
        Self::of_stream(&DocumentText::new(bytes, format))
    }

    /// Reads a document of a stream, of any kind.
    ///
    /// # Errors
    /// As [`from_yaml`](Self::from_yaml).
    pub fn of_stream(document: &DocumentText<'_>) -> Result<Self, Error> {
        let is_yaml = document.format == Format::Yaml;
        let (start, is_typed, is_template) = (document.start, true, false);
        let source = Source { is_yaml, has_positions: true, start, is_typed, is_template };
        document.read(|text, tree, _| object(text, tree.root(), &source, &mut Vec::new())).0
    }

    /// The value of a field, if it is present.
    ///
    /// ```
    /// use istio_gateway::{FieldPath, Object};
    ///
    /// let object = Object::from_yaml("kind: Service\nspec: {ports: [{port: 443}]}\n")?;
    /// let port = FieldPath::root().key("spec").key("ports").index(0).key("port");
    /// assert_eq!(object.get(&port), Some(443.into()));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, path: &FieldPath) -> Option<serde_json::Value> {
        self.get_all(std::slice::from_ref(path)).pop().flatten()
    }

    /// The values of many fields, each as by [`get`](Self::get). The text is read once.
    ///
    /// ```
    /// use istio_gateway::{FieldPath, Object};
    ///
    /// let object = Object::from_yaml("kind: Service\nspec: {type: LoadBalancer}\n")?;
    /// let spec = FieldPath::root().key("spec");
    /// let values = object.get_all(&[spec.clone().key("type"), spec.key("ports")]);
    /// assert_eq!(values, [Some("LoadBalancer".into()), None]);
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn get_all(&self, paths: &[FieldPath]) -> Vec<Option<serde_json::Value>> {
        self.with_tree(|tree| {
            let get = |path| serde_json::to_value(tree::get(tree.root(), path)?).ok();
            paths.iter().map(get).collect()
        })
    }

    /// The document as YAML; unchanged if it was YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        if self.is_yaml {
            return self.text.clone();
        }
        let mut yaml = String::new();
        self.with_tree(|tree| write_yaml(&Edit::Kept(tree.root()), &mut yaml));
        yaml
    }

    /// The document as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.with_tree(|tree| write_json(&Edit::Kept(tree.root()), &mut json));
        json
    }

    /// If this looks like an Istio Gateway but its kind or group is misspelt, a message about it. A
    /// cluster rejects such a document.
    ///
    /// ```
    /// use istio_gateway::Object;
    ///
    /// let object = Object::from_yaml("apiVersion: networking.istio.io/v1\nkind: Gatway\n")?;
    /// assert_eq!(
    ///     object.misspelt_gateway().unwrap(),
    ///     r#"apiVersion "networking.istio.io/v1" has no kind "Gatway"; did you mean Gateway?"#,
    /// );
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn misspelt_gateway(&self) -> Option<String> {
        let Self { api_version, kind, .. } = self;
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let is_near = |word: &str, known| nearest(word, [known]).is_some();
        let is_kind = kind == "Gateway";
        let is_near_group = group.is_empty()
            || group.contains("istio")
            || is_near(group, GROUP)
            || group == "gateway.networking.k8s.io" && !is_kind;
        if self.is_gateway() || self.is_list || !is_near(kind, "Gateway") || !is_near_group {
            return None;
        }
        let (kind, version) = (Quoted(kind), Quoted(api_version));
        Some(if is_kind {
            format!("apiVersion {version} has no kind Gateway; did you mean {GROUP}/v1?")
        } else {
            format!("apiVersion {version} has no kind {kind}; did you mean Gateway?")
        })
    }

    /// Whether it is a list of objects: for Kubernetes clients, anything with a kind and `items`.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.is_list
    }

    /// The documents in a [list](Self::is_list); none for other documents. As in kubectl, an item
    /// without `kind` and `apiVersion` gets those that follow from the list's: the items of a
    /// `GatewayList` are Gateways.
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
        self.items_as(false)
    }

    /// The items, each read as [`Document::of_template`] reads a document.
    ///
    /// # Errors
    /// Each item's own, as [`items`](Self::items), without those about values that hold placeholders.
    pub fn template_items(&self) -> impl Iterator<Item = Result<Document, Error>> + use<> {
        self.items_as(true)
    }

    fn items_as(&self, is_template: bool) -> impl Iterator<Item = Result<Document, Error>> + use<> {
        let mut texts = Vec::new();
        if self.is_list {
            self.with_tree(|tree| {
                for item in read::items_of(tree.root()) {
                    texts.push(item.map(|item| {
                        let mut text = String::new();
                        write_json(&Edit::Kept(item), &mut text);
                        let own = item_texts(item).filter(|_| self.has_positions);
                        (text, own)
                    }));
                }
            });
        }
        let (is_yaml, start) = (self.is_yaml, self.start);
        texts.into_iter().map(move |item| {
            let (text, own) = item.map_err(|error| error.within(start))?;
            // The user's own text, if it has the same meaning on its own.
            if let Some((own, line)) = own {
                let start = Position::new(line, 1).within(start);
                let (has_positions, is_typed) = (true, true);
                let source = Source { is_yaml, has_positions, start, is_typed, is_template };
                for own in own {
                    let Ok(tree) = tree(&own, is_yaml) else { continue };
                    let mut said = String::new();
                    write_json(&Edit::Kept(tree.root()), &mut said);
                    if said == text {
                        return read::read(&own, &tree, &source)
                            .map_err(|error| error.within(start));
                    }
                }
            }
            let tree = tree::from_checked_json(&text)?;
            let (has_positions, start, is_typed) = (false, Position::START, true);
            let source = Source { is_yaml, has_positions, start, is_typed, is_template };
            read::read(&text, &tree, &source)
        })
    }

    /// Whether its kind and group are those of an Istio Gateway. A document without them is not: it may
    /// not be a Kubernetes object.
    pub(crate) fn is_gateway(&self) -> bool {
        !self.is_untyped()
            && is_gateway_kind(&self.kind)
            && read::is_gateway_group(&self.api_version)
    }

    /// Whether it has no kind and no API version.
    pub(super) fn is_untyped(&self) -> bool {
        self.kind.is_empty() && self.api_version.is_empty()
    }

    /// Whether the text is the user's, so that positions in it are meaningful.
    pub(crate) fn has_positions(&self) -> bool {
        self.has_positions
    }

    /// The position of the text in the stream.
    pub(crate) fn start(&self) -> Position {
        self.start
    }

    /// Calls `f` with the document as a tree.
    ///
    /// The text was read before, by the same function. Should that fail now, the tree is null, which no check
    /// accepts.
    pub(crate) fn with_tree<R>(&self, f: impl FnOnce(&Tree<'_>) -> R) -> R {
        f(&tree(&self.text, self.is_yaml).unwrap_or_default())
    }

    fn texts(&self, key: &str) -> BTreeMap<String, String> {
        self.with_tree(|tree| {
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
        })
    }

    /// The position of its kind in the stream, or of its `apiVersion` if the kind is Gateway.
    #[must_use]
    pub fn type_position(&self) -> Option<Position> {
        let position = self.with_tree(|tree| self.type_position_in(tree))?;
        self.has_positions.then(|| position.within(self.start))
    }

    fn type_position_in(&self, tree: &Tree<'_>) -> Option<Position> {
        let key = if is_gateway_kind(&self.kind) { "apiVersion" } else { "kind" };
        envelope(tree.root(), key).pop().and_then(|(_, value)| tree::position(value))
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

/// Texts that may represent an item alone, and its line: its own text, indented so that columns stay the
/// same, and that with the kind of the list.
fn item_texts(item: Ref<'_, '_>) -> Option<([String; 2], usize)> {
    /// Items that are indented further have no text of their own, as all items of a long line.
    const FAR: usize = 200;
    let position = item.position().filter(|position| position.column <= FAR)?;
    let indent = " ".repeat(position.column - 1);
    let own = format!("{indent}{}", item.source());
    let mut keys = Vec::new();
    for key in ["apiVersion", "kind"] {
        let mut entry = String::new();
        write_text(key, &mut entry);
        entry.push_str(": ");
        write_text(item.get(key).map(Ref::text).unwrap_or_default(), &mut entry);
        keys.push(entry);
    }
    let typed = match own.trim_end().strip_suffix('}') {
        Some(open) if own.trim_start().starts_with('{') => format!("{open}, {}}}", keys.join(", ")),
        _ => format!("{}\n{indent}{}\n", own.trim_end(), keys.join(&format!("\n{indent}"))),
    };
    Some(([own, typed], position.line))
}
