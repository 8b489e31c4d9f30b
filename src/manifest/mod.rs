//! Kubernetes documents: one Gateway, or a stream of documents with Gateways in it.

mod metadata;

use std::{collections::BTreeMap, fmt};

use crate::{
    Error, FieldPath, Gateway,
    diagnostic::{Diagnostic, Position, Severity, nearest, rule},
    json::{self},
    lossless::edited,
    proto::meta::v1alpha1::IstioStatus,
    tree::{Edit, Json, Ref, Tree, write_json},
    yaml::{self, patch, write_yaml},
};

/// The API group of Istio's Gateway.
pub const GROUP: &str = "networking.istio.io";

/// A Gateway's manifest: one Kubernetes document with its envelope, its typed spec, and all else
/// that it says, which is kept.
///
/// ```
/// use istio_gateway::Manifest;
///
/// let mut manifest = Manifest::parse(
///     "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata:
///   name: edge
/// spec:
///   servers:
///   - hosts: [\"*\"]
///     tls: {mode: OPTIONAL_MUTUAL, insecureSkipVerify: true, futureField: 1}
/// ",
/// )?;
/// assert_eq!(manifest.name(), "edge");
/// for tls in manifest.spec_mut().servers.iter_mut().filter_map(|server| server.tls.as_mut()) {
///     tls.insecure_skip_verify = Some(false);
/// }
/// assert!(manifest.to_yaml().contains("insecureSkipVerify: false"));
/// assert!(manifest.to_yaml().contains("futureField: 1"));
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone)]
pub struct Manifest {
    object: Object,
    spec: Gateway,
    status: Option<Box<IstioStatus>>,
    has_spec: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Manifest {
    /// A manifest of a new Gateway, in the newest version of the API.
    ///
    /// ```
    /// use istio_gateway::{Gateway, Manifest};
    ///
    /// let manifest = Manifest::new("edge", Gateway::default());
    /// assert_eq!(manifest.api_version(), "networking.istio.io/v1");
    /// ```
    #[must_use]
    pub fn new(name: &str, spec: Gateway) -> Self {
        Self::new_in("", name, &[], spec)
    }

    /// A manifest of a new Gateway in a namespace, with annotations.
    pub(crate) fn new_in(
        namespace: &str,
        name: &str,
        annotations: &[(&str, &str)],
        spec: Gateway,
    ) -> Self {
        let mut text = format!(
            "{{\"apiVersion\":\"{GROUP}/v1\",\"kind\":\"Gateway\",\"metadata\":{{\"name\":"
        );
        crate::tree::write_text(name, &mut text);
        if !namespace.is_empty() {
            text.push_str(",\"namespace\":");
            crate::tree::write_text(namespace, &mut text);
        }
        for (index, (key, value)) in annotations.iter().enumerate() {
            text.push_str(if index == 0 { ",\"annotations\":{" } else { "," });
            crate::tree::write_text(key, &mut text);
            text.push(':');
            crate::tree::write_text(value, &mut text);
        }
        text.push_str(if annotations.is_empty() { "}}" } else { "}}}" });
        let object = Object {
            text,
            is_yaml: false,
            has_positions: true,
            lines: 0,
            api_version: format!("{GROUP}/v1"),
            kind: "Gateway".to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        Self { object, spec, status: None, has_spec: false, diagnostics: Vec::new() }
    }

    /// Reads the first document of a YAML text, as lenient as Go's client: without `apiVersion` or
    /// `kind` it is a Gateway, an empty document is an empty Gateway, and the envelope's own keys
    /// match without case. What Istio ignores is in [`diagnostics`](Self::diagnostics).
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax) when it is no YAML, [`is_limit`](Error::is_limit) when it is
    /// nested too deeply or its aliases grow too large, [`is_other_resource`](Error::is_other_resource)
    /// when its kind or API group is another one, [`is_decode`](Error::is_decode) with every
    /// value that Istio refuses. Each has its place.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        let text = yaml::split(yaml).next().map_or("", |chunk| chunk.text);
        yaml::check_read_ahead(yaml, text.len())?;
        document(text, true, 0)?.into_gateway()
    }

    /// Reads the first document of a YAML text, and refuses whatever Istio would ignore: unknown
    /// and repeated fields, both spellings of a name, nulls and quoted numbers that are silently
    /// made something of.
    ///
    /// ```
    /// use istio_gateway::Manifest;
    ///
    /// let error = Manifest::parse_strict("spec:\n  servers:\n  - tls: {credentialsName: edge}\n")
    ///     .unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "3:11: spec.servers[0].tls.credentialsName: unknown field; \
    ///      did you mean \"credentialName\"?",
    /// );
    /// ```
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and every diagnostic.
    pub fn parse_strict(yaml: &str) -> Result<Self, Error> {
        Self::parse(yaml)?.strict()
    }

    /// Reads one JSON document, as [`parse`](Self::parse) reads YAML.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        json_document(json.as_ref(), 0)?.into_gateway()
    }

    /// This manifest, if there is nothing in it that Istio ignores.
    ///
    /// # Errors
    /// All [`diagnostics`](Self::diagnostics), if there are any.
    pub fn strict(self) -> Result<Self, Error> {
        if self.diagnostics.is_empty() { Ok(self) } else { Err(Error::decode(self.diagnostics)) }
    }

    /// The spec. Without one in the document it is empty.
    #[must_use]
    pub fn spec(&self) -> &Gateway {
        &self.spec
    }

    /// The spec, to be changed. What is changed is changed in what is written; what is not stays
    /// as it was read.
    pub fn spec_mut(&mut self) -> &mut Gateway {
        &mut self.spec
    }

    /// The spec alone.
    #[must_use]
    pub fn into_spec(self) -> Gateway {
        self.spec
    }

    /// Whether the document had a spec.
    #[must_use]
    pub fn has_spec(&self) -> bool {
        self.has_spec
    }

    /// The status, if the document had one.
    #[must_use]
    pub fn status(&self) -> Option<&IstioStatus> {
        self.status.as_deref()
    }

    /// What was found in the document that Istio accepts and ignores.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The place of a field in the text that was read; of a field that is not there, the place of
    /// the innermost one around it.
    ///
    /// ```
    /// use istio_gateway::{FieldPath, Manifest};
    ///
    /// let manifest = Manifest::parse("kind: Gateway\nspec:\n  servers:\n  - hosts: [a, b]\n")?;
    /// let path = FieldPath::root().key("spec").key("servers").index(0).key("hosts").index(1);
    /// assert_eq!(manifest.position(&path).unwrap().to_string(), "4:16");
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn position(&self, path: &FieldPath) -> Option<Position> {
        self.positions(std::slice::from_ref(path)).pop().flatten()
    }

    /// The places of many fields, each as [`position`](Self::position) gives it, for which the text
    /// is read once.
    #[must_use]
    pub fn positions(&self, paths: &[FieldPath]) -> Vec<Option<Position>> {
        let object = &self.object;
        if !object.has_positions {
            return vec![None; paths.len()];
        }
        let found = object.with_tree(|tree| {
            let find = |path| tree.find(path).and_then(|node| tree.position(node));
            let below = |position: Position| position.below(object.lines);
            paths.iter().map(|path| find(path).map(below)).collect()
        });
        found.unwrap_or_else(|_| vec![None; paths.len()])
    }

    /// Writes the document as YAML. If it was YAML, it is as it was read, comments, quotes and
    /// layout included, but for what is changed; where a change cannot be made in place (what is
    /// changed is an alias, or comes from a merge key), it is written anew without them.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        self.write(|edit| match edit {
            Edit::Kept(_) if self.object.is_yaml => self.object.text.clone(),
            edit => {
                let text = Some(&self.object.text).filter(|_| self.object.is_yaml);
                text.and_then(|text| patch(text, edit)).unwrap_or_else(|| {
                    let mut yaml = String::new();
                    write_yaml(edit, &mut yaml);
                    yaml
                })
            }
        })
    }

    /// Writes the document with its changes as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.write(|edit| {
            let mut json = String::new();
            write_json(edit, &mut json);
            json
        })
    }

    /// What `read` makes of the document, if nothing in it is changed; else the document as it would
    /// be written.
    #[cfg(feature = "validate")]
    pub(crate) fn unchanged<R>(&self, read: impl FnOnce(&Tree<'_>) -> R) -> Result<R, Box<Object>> {
        let done = self.object.with_tree(|tree| {
            let is_kept = match envelope(tree.root(), "spec").pop() {
                Some((_, spec)) => edited(spec, &self.spec, |edit| matches!(edit, Edit::Kept(_))),
                None => Ok(self.spec == Gateway::default()),
            };
            is_kept.unwrap_or(false).then(|| read(tree))
        });
        // What is written is YAML, of a mapping.
        done.ok().flatten().ok_or_else(|| {
            Box::new(Object::parse(&self.to_yaml()).unwrap_or_else(|_| self.object.clone()))
        })
    }

    fn write<R: Default>(&self, write: impl FnOnce(&Edit<'_>) -> R) -> R {
        let written = self.object.with_tree(|tree| {
            let root = tree.root();
            let spec = envelope(root, "spec").pop();
            let Some((spec_key, spec)) = spec else {
                if self.spec == Gateway::default() {
                    return write(&Edit::Kept(root));
                }
                let text = json::to_string(&self.spec);
                // What the encoder wrote is JSON.
                let new = Tree::from_checked_json(&text).unwrap_or_default();
                let mut entries = kept(root);
                entries.push(("spec", Edit::Kept(new.root())));
                return write(&Edit::Map { origin: Some(root), entries });
            };
            edited(spec, &self.spec, |edit| match edit {
                Edit::Kept(_) => write(&Edit::Kept(root)),
                edit => {
                    let mut entries = kept(root);
                    let place = entries.iter_mut().find(|(key, _)| *key == spec_key.text());
                    if let Some((_, value)) = place {
                        *value = edit.clone();
                    }
                    write(&Edit::Map { origin: Some(root), entries })
                }
            })
            // A message can always be written.
            .unwrap_or_default()
        });
        // The text was read before, and is read again without an error.
        written.unwrap_or_default()
    }
}

impl std::ops::Deref for Manifest {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.object
    }
}

/// As [`to_yaml`](Manifest::to_yaml).
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_yaml())
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manifest")
            .field("object", &self.object)
            .field("spec", &self.spec)
            .field("status", &self.status)
            .field("diagnostics", &self.diagnostics)
            .finish_non_exhaustive()
    }
}

fn kept<'a>(root: Ref<'a, 'a>) -> Vec<(&'a str, Edit<'a>)> {
    root.distinct_entries().into_iter().map(|(k, v)| (k.text(), Edit::Kept(v))).collect()
}

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
    fn into_gateway(self) -> Result<Manifest, Error> {
        match self {
            Self::Gateway(manifest) => Ok(*manifest),
            Self::Other(object) => {
                let position = object.with_tree(|tree| object.type_position(tree)).ok().flatten();
                Err(Error::other_resource(&object.api_version, &object.kind, position))
            }
        }
    }
}

/// Any Kubernetes document, untyped, as it was read.
#[derive(Clone)]
pub struct Object {
    text: String,
    is_yaml: bool,
    /// Whether the text is the user's, so that places in it tell something.
    has_positions: bool,
    /// How many lines of the stream stand before the text.
    lines: usize,
    api_version: String,
    kind: String,
    name: String,
    namespace: String,
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
        let text = yaml::split(yaml).next().map_or("", |chunk| chunk.text);
        Self::untyped(text, true)
    }

    /// Reads one JSON document, whatever it is.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::untyped(&Json::check(json.as_ref())?.text, false)
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
        let get = |tree: &Tree<'_>| serde_json::to_value(tree.get(path)?).ok();
        self.with_tree(get).ok().flatten()
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
    /// let kinds: Vec<_> = list.items().map(|item| item.unwrap().kind().to_owned()).collect();
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
                    return read(&own, &tree, &source).map_err(|error| error.below(lines));
                }
            }
            let tree = Tree::from_checked_json(&text)?;
            read(&text, &tree, &Source { is_yaml, has_positions: false, lines: 0 })
        })
    }

    /// Whether this says that it is a Gateway of Istio's. A document that says nothing is none: it
    /// may be no Kubernetes object at all.
    #[cfg(feature = "validate")]
    pub(crate) fn is_gateway(&self) -> bool {
        let says_something = !self.kind.is_empty() || !self.api_version.is_empty();
        says_something && is_gateway_kind(&self.kind) && is_gateway_group(&self.api_version)
    }

    /// Whether the text is the user's, so that places in it tell something.
    #[cfg(feature = "validate")]
    pub(crate) fn has_positions(&self) -> bool {
        self.has_positions
    }

    /// How many lines of the stream stand before the text.
    #[cfg(feature = "validate")]
    pub(crate) fn lines_before(&self) -> usize {
        self.lines
    }

    /// Calls `f` with the document as a tree.
    pub(crate) fn with_tree<R>(&self, f: impl FnOnce(&Tree<'_>) -> R) -> Result<R, Error> {
        tree(&self.text, self.is_yaml).map(|tree| f(&tree))
    }

    fn texts(&self, key: &str) -> BTreeMap<String, String> {
        let texts = self.with_tree(|tree| {
            let metadata = envelope(tree.root(), "metadata").pop().map(|(_, value)| value);
            let map = metadata.and_then(|metadata| metadata.get(key));
            let entries = map.iter().flat_map(|map| map.distinct_entries());
            entries.map(|(key, value)| (key.text().to_owned(), value.to_text())).collect()
        });
        texts.unwrap_or_default()
    }

    fn type_position(&self, tree: &Tree<'_>) -> Option<Position> {
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

impl std::ops::Deref for Document {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            Self::Gateway(manifest) => manifest,
            Self::Other(object) => object,
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
///         Ok(other) => other.kind().to_owned(),
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
///     documents_from_json(text).map(|document| document.unwrap().kind().to_owned()).collect();
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

fn json_document(text: &[u8], lines: usize) -> Result<Document, Error> {
    let json = Json::check(text).map_err(|error| error.below(lines))?;
    let mut document = document(&json.text, false, lines)?;
    if let Document::Gateway(manifest) = &mut document {
        let replaced = json.diagnostics(&json.tree()?).into_iter();
        manifest.diagnostics.extend(replaced.map(|d| d.below(lines)));
        manifest.diagnostics.sort_by_key(|d| d.position);
    }
    Ok(document)
}

/// The objects of a document, each with its node: the document, or a list's items, and then the list.
#[cfg(feature = "validate")]
pub(crate) fn objects<'t>(
    text: &str,
    tree: &'t Tree<'t>,
    is_yaml: bool,
    lines: usize,
) -> (Option<Object>, impl Iterator<Item = Result<(Object, Ref<'t, 't>), Error>>) {
    let source = Source { is_yaml, has_positions: true, lines };
    let read = move |text: &str, node, source: &Source| {
        let mut found = Vec::new();
        let object = object(text, node, source, &mut found)?;
        if found.is_empty() { Ok((object, node)) } else { Err(Error::decode(found)) }
    };
    let root = tree.root();
    let whole = read(text, root, &source);
    let is_list = |object: &Object| object.kind.ends_with("List") && !object.is_gateway();
    let items = match &whole {
        Ok((object, _)) if is_list(object) => root.get("items").filter(|items| items.is_list()),
        _ => None,
    };
    let (list, whole) = match (whole, items) {
        (Ok((list, _)), Some(_)) => (Some(list), None),
        (whole, _) => (None, Some(whole)),
    };
    let items = items.into_iter().flat_map(Ref::items).map(move |item| {
        let mut text = String::new();
        write_json(&Edit::Kept(item), &mut text);
        read(&text, item, &Source { has_positions: false, ..source })
    });
    (list, whole.into_iter().chain(items))
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

pub(crate) fn tree(text: &str, is_yaml: bool) -> Result<Tree<'_>, Error> {
    if is_yaml {
        Tree::from_yaml_object(text, metadata::is_text)
    } else {
        Tree::from_checked_json(text)
    }
}

fn document(text: &str, is_yaml: bool, lines: usize) -> Result<Document, Error> {
    let read = || {
        let tree = tree(text, is_yaml)?;
        read(text, &tree, &Source { is_yaml, has_positions: true, lines })
    };
    read().map_err(|error| error.below(lines))
}

/// Where a document's text comes from.
struct Source {
    /// Whether the values are YAML's, of which Go makes texts where it wants texts.
    is_yaml: bool,
    /// Whether the text is the user's, so that places in it tell something.
    has_positions: bool,
    lines: usize,
}

/// The entries of an envelope's key in the order in which Go applies them: by the key's bytes.
fn envelope<'a>(root: Ref<'a, 'a>, name: &str) -> Vec<(Ref<'a, 'a>, Ref<'a, 'a>)> {
    let mut entries: Vec<_> = root
        .distinct_entries()
        .into_iter()
        .filter(|(key, _)| metadata::is_same_name(name, key.text()))
        .collect();
    entries.sort_by_key(|(key, _)| key.text());
    entries
}

fn is_gateway_kind(kind: &str) -> bool {
    kind.is_empty() || kind == "Gateway"
}

fn is_gateway_group(api_version: &str) -> bool {
    api_version.is_empty() || api_version.split_once('/').is_some_and(|(group, _)| group == GROUP)
}

/// The envelope of a document. What is wrong in it is added to `found`.
fn object(
    text: &str,
    root: Ref<'_, '_>,
    source: &Source,
    found: &mut Vec<Diagnostic>,
) -> Result<Object, Error> {
    let mut error = |path: FieldPath, expected: &str, node: Ref<'_, '_>| {
        found.push(Diagnostic {
            rule: rule::WRONG_TYPE,
            severity: Severity::Error,
            path,
            message: format!("expected {expected}, found {}", node.kind().describe()),
            help: None,
            position: node.position(),
            end: None,
        });
    };
    if !root.is_map() && !root.is_null() {
        error(FieldPath::root(), "a map", root);
        return Err(Error::decode(std::mem::take(found)));
    }
    let mut type_text = |name: &str| {
        let mut text = String::new();
        for (_, value) in envelope(root, name) {
            match value.as_text() {
                Some(value) => value.clone_into(&mut text),
                None if value.is_null() => {}
                None => error(FieldPath::root().key(name), "a string", value),
            }
        }
        text
    };
    let (api_version, kind) = (type_text("apiVersion"), type_text("kind"));
    let metadata = envelope(root, "metadata");
    let name_of = |key: &str| {
        let value = metadata.iter().rev().find_map(|(_, metadata)| metadata.get(key));
        value.map_or_else(String::new, Ref::to_text)
    };
    Ok(Object {
        text: text.to_owned(),
        is_yaml: source.is_yaml && source.has_positions,
        has_positions: source.has_positions,
        lines: source.lines,
        name: name_of("name"),
        namespace: name_of("namespace"),
        api_version,
        kind,
    })
}

fn read(text: &str, tree: &Tree<'_>, source: &Source) -> Result<Document, Error> {
    let root = tree.root();
    let mut found = Vec::new();
    let object = object(text, root, source, &mut found)?;
    if !is_gateway_kind(&object.kind) || !is_gateway_group(&object.api_version) {
        return Ok(Document::Other(Box::new(object)));
    }
    let metadata = envelope(root, "metadata");
    for (_, metadata) in &metadata {
        metadata::check(*metadata, source.is_yaml, &mut found);
    }
    let (spec, has_spec) = part::<Gateway>(tree, "spec", &mut found);
    let (status, has_status) = part::<IstioStatus>(tree, "status", &mut found);
    unknown_keys(root, &mut found);
    if !source.has_positions {
        found.iter_mut().for_each(|d| d.position = None);
    }
    found.sort_by_key(|d| d.position);
    if found.iter().any(|d| d.severity == Severity::Error) {
        found.retain(|d| d.severity == Severity::Error);
        return Err(Error::decode(found));
    }
    let diagnostics = found.into_iter().map(|found| found.below(source.lines)).collect();
    let status = has_status.then(|| Box::new(status));
    Ok(Document::Gateway(Box::new(Manifest { object, spec, status, has_spec, diagnostics })))
}

/// A message of the envelope, and whether it is there. Keys that differ in case alone are applied
/// one upon the other, as Go does.
fn part<T: json::Message>(tree: &Tree<'_>, name: &str, found: &mut Vec<Diagnostic>) -> (T, bool) {
    let mut value = T::default();
    let entries = envelope(tree.root(), name);
    for (_, node) in entries.iter().filter(|(_, node)| !node.is_null()) {
        let path = FieldPath::root().key(name);
        let decoded = json::decode_node_onto(value, tree, *node, &path);
        value = decoded.value;
        found.extend(decoded.diagnostics);
    }
    (value, !entries.is_empty())
}

/// Keys that Go's client does not know, and those it knows more than once.
fn unknown_keys(root: Ref<'_, '_>, found: &mut Vec<Diagnostic>) {
    const KNOWN: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
    let mut seen: Vec<&str> = Vec::new();
    let is_known = |key: &str| KNOWN.into_iter().find(|name| metadata::is_same_name(name, key));
    for (key, _) in root.entries().take(1000) {
        let text = key.text();
        let (rule, message) = match is_known(text) {
            Some(name) if seen.contains(&name) => {
                (rule::DUPLICATE_FIELD, "written more than once; the last one counts")
            }
            Some(name) => {
                seen.push(name);
                continue;
            }
            None => (rule::UNKNOWN_ENVELOPE_KEY, "unknown field of the object"),
        };
        found.push(Diagnostic {
            rule,
            severity: Severity::Warning,
            path: FieldPath::root().key(text),
            message: message.to_owned(),
            help: nearest(text, KNOWN).filter(|name| *name != text).map(json::did_you_mean),
            position: key.position(),
            end: None,
        });
    }
}
