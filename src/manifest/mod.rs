//! Kubernetes documents: a Gateway, or a stream of documents that contains Gateways.
//!
//! A document is read once into an [`Object`], which keeps its text. For a Gateway, the typed messages
//! of its spec and status are stored with it. `read` does this, `write` applies changes to the text,
//! and `stream` reads the documents of a stream.

#[cfg_attr(
    not(feature = "validate"),
    expect(dead_code, reason = "only the verdict has the names of Go's types")
)]
mod metadata;
mod object;
mod read;
mod set;
mod stream;
mod write;

pub(crate) use metadata::{OBJECT_META, Want};
pub use object::Object;
#[cfg(any(feature = "validate", feature = "gateway-api"))]
pub(crate) use read::objects;
pub(crate) use read::{tree, untyped_tree};
pub use stream::{Document, documents, read_documents};
pub use write::Written;

use std::{fmt, str::FromStr};

use self::read::document;
use crate::{
    Diagnostic, Error, FieldPath, Gateway, PlaceholderValue, Position,
    placeholder::{MAX_PLACEHOLDERS, find_placeholders},
    proto::meta::v1alpha1::IstioStatus,
    stream::{DocumentText, Format},
    tree::{self, Finder, write_text},
    yaml::RewriteReason,
};

/// The API group of Istio's Gateway.
pub const GROUP: &str = "networking.istio.io";

/// A Gateway manifest: one Kubernetes document with its envelope, its typed spec, and all other
/// content, which is kept.
///
/// ```
/// use istio_gateway::Manifest;
///
/// let mut manifest = Manifest::from_yaml(
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
    /// Why a change of the metadata lost comments and layout.
    rewritten: Option<RewriteReason>,
}

impl Manifest {
    /// A manifest for a new Gateway, in the newest API version.
    ///
    /// ```
    /// use istio_gateway::{Gateway, Manifest};
    ///
    /// let manifest = Manifest::new("edge", Gateway::default());
    /// assert_eq!(manifest.object().api_version(), "networking.istio.io/v1");
    /// ```
    #[must_use]
    pub fn new(name: &str, spec: Gateway) -> Self {
        Self::new_in("", name, &[], spec)
    }

    /// A manifest for a new Gateway in a namespace, with annotations.
    pub(crate) fn new_in(
        namespace: &str,
        name: &str,
        annotations: &[(&str, &str)],
        spec: Gateway,
    ) -> Self {
        let mut text = format!(
            "{{\"apiVersion\":\"{GROUP}/v1\",\"kind\":\"Gateway\",\"metadata\":{{\"name\":"
        );
        write_text(name, &mut text);
        if !namespace.is_empty() {
            text.push_str(",\"namespace\":");
            write_text(namespace, &mut text);
        }
        for (index, (key, value)) in annotations.iter().enumerate() {
            text.push_str(if index == 0 { ",\"annotations\":{" } else { "," });
            write_text(key, &mut text);
            text.push(':');
            write_text(value, &mut text);
        }
        text.push_str(if annotations.is_empty() { "}}" } else { "}}}" });
        let object = Object {
            text,
            is_yaml: false,
            has_positions: true,
            start: Position::START,
            is_list: false,
            api_version: format!("{GROUP}/v1"),
            kind: "Gateway".to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        Self {
            object,
            spec,
            status: None,
            has_spec: false,
            diagnostics: Vec::new(),
            rewritten: None,
        }
    }

    /// Reads the first document of a YAML text, as lenient as Go's client: a document without
    /// `apiVersion` or `kind` is a Gateway, an empty document is an empty Gateway, and the envelope's
    /// keys are case-insensitive. [`diagnostics`](Self::diagnostics) has what Istio ignores.
    ///
    /// # Errors
    /// [`is_syntax`](Error::is_syntax) for invalid YAML, [`is_limit`](Error::is_limit) if it is nested
    /// too deeply or its aliases expand to too many values,
    /// [`is_other_resource`](Error::is_other_resource) for another kind or API group,
    /// [`is_decode`](Error::is_decode) with every value that Istio rejects. Each has its position.
    pub fn from_yaml(yaml: &str) -> Result<Self, Error> {
        document(&DocumentText::new(yaml.as_bytes(), Format::Yaml), false, false).0?.into_gateway()
    }

    /// Reads the first document of a YAML text, and rejects whatever Istio would ignore: unknown and
    /// repeated fields, both spellings of a name, nulls and quoted numbers that Istio silently
    /// converts.
    ///
    /// ```
    /// use istio_gateway::Manifest;
    ///
    /// let error = Manifest::from_yaml_strict("spec:\n  servers:\n  - tls: {credentialsName: edge}\n")
    ///     .unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "3:11: spec.servers[0].tls.credentialsName: unknown field; \
    ///      did you mean \"credentialName\"?",
    /// );
    /// ```
    ///
    /// # Errors
    /// As [`from_yaml`](Self::from_yaml), and every diagnostic.
    pub fn from_yaml_strict(yaml: &str) -> Result<Self, Error> {
        Self::from_yaml(yaml)?.into_strict()
    }

    /// Reads one JSON document, as [`from_yaml`](Self::from_yaml) reads YAML.
    ///
    /// # Errors
    /// As [`from_yaml`](Self::from_yaml).
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Error> {
        document(&DocumentText::new(json.as_ref(), Format::Json), false, false).0?.into_gateway()
    }

    /// Returns this manifest if it contains nothing that Istio ignores.
    ///
    /// # Errors
    /// All [`diagnostics`](Self::diagnostics), if there are any.
    pub fn into_strict(self) -> Result<Self, Error> {
        if self.diagnostics.is_empty() { Ok(self) } else { Err(Error::decode(self.diagnostics)) }
    }

    /// The document as it was read, untyped, without changes: its metadata, its text, any other value.
    #[must_use]
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// The name in the metadata, or "".
    #[must_use]
    pub fn name(&self) -> &str {
        self.object.name()
    }

    /// The namespace in the metadata, or "".
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.object.namespace()
    }

    /// The spec; empty if the document has none.
    #[must_use]
    pub fn spec(&self) -> &Gateway {
        &self.spec
    }

    /// The spec, to change it. Unchanged parts are written as they were read.
    pub fn spec_mut(&mut self) -> &mut Gateway {
        &mut self.spec
    }

    /// Returns the spec.
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

    /// The diagnostics of what Istio accepts and ignores.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// At most this many values are returned by [`placeholders`](Self::placeholders).
    pub const MAX_PLACEHOLDERS: usize = MAX_PLACEHOLDERS;

    /// The values and keys of the spec, as it was read, that hold a placeholder, such as `$PORT`. Changes of
    /// the spec are not considered. At most [`MAX_PLACEHOLDERS`](Self::MAX_PLACEHOLDERS) are returned.
    ///
    /// ```
    /// use istio_gateway::Manifest;
    ///
    /// let manifest = Manifest::from_yaml("spec:\n  servers:\n  - hosts: [$HOST]\n")?;
    /// let found = manifest.placeholders();
    /// assert_eq!(found[0].text, "$HOST");
    /// assert_eq!(found[0].path.to_string(), "spec.servers[0].hosts[0]");
    /// assert_eq!(found[0].position.unwrap().to_string(), "3:13");
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn placeholders(&self) -> Vec<PlaceholderValue> {
        let object = &self.object;
        let mut found = object.with_tree(|tree| {
            let spec = tree.root().get("spec");
            let found = spec.map(|spec| find_placeholders(spec, FieldPath::root().key("spec")));
            found.unwrap_or_default()
        });
        for value in &mut found {
            let position = value.position.filter(|_| object.has_positions);
            value.position = position.map(|position| position.within(object.start));
        }
        found
    }

    /// The position of a field in the original text; for a missing field, that of its closest parent.
    ///
    /// ```
    /// use istio_gateway::{FieldPath, Manifest};
    ///
    /// let manifest = Manifest::from_yaml("kind: Gateway\nspec:\n  servers:\n  - hosts: [a, b]\n")?;
    /// let path = FieldPath::root().key("spec").key("servers").index(0).key("hosts").index(1);
    /// assert_eq!(manifest.position(&path).unwrap().to_string(), "4:16");
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn position(&self, path: &FieldPath) -> Option<Position> {
        self.positions(std::slice::from_ref(path)).pop().flatten()
    }

    /// The positions of many fields, each as by [`position`](Self::position). The text is read once.
    #[must_use]
    pub fn positions(&self, paths: &[FieldPath]) -> Vec<Option<Position>> {
        let object = &self.object;
        if !object.has_positions {
            return vec![None; paths.len()];
        }
        object.with_tree(|tree| {
            let mut finder = Finder::new(tree.root());
            let mut find = |path| tree::position(finder.find(path));
            let within = |position: Position| position.within(object.start);
            paths.iter().map(|path| find(path).map(within)).collect()
        })
    }
}

/// As [`Manifest::from_yaml`].
impl FromStr for Manifest {
    type Err = Error;

    fn from_str(yaml: &str) -> Result<Self, Error> {
        Self::from_yaml(yaml)
    }
}

/// As [`Manifest::from_json`].
impl TryFrom<serde_json::Value> for Manifest {
    type Error = Error;

    fn try_from(value: serde_json::Value) -> Result<Self, Error> {
        Self::from_json(value.to_string())
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
