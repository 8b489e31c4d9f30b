//! From manifests to conversions, with places.

use std::cell::Cell;

use serde::de::DeserializeOwned;

use super::{
    Conversion, Options, convert,
    input::{GROUP, Gateway},
    resources::InMemory,
};
use crate::{
    Diagnostic, Error, FieldPath, Severity,
    diagnostic::{Step, rule},
    manifest::{objects, tree},
    tree::{Json, Reader, Ref, Tree},
    validate::locate,
    yaml,
};

/// A set of manifests: Gateways of Gateway API, and what they refer to. Objects of other kinds are
/// passed over.
///
/// ```
/// use istio_gateway::gateway_api::{Manifests, Options};
///
/// let mut manifests = Manifests::default();
/// let errors = manifests.add_yaml(
///     "\
/// apiVersion: gateway.networking.k8s.io/v1
/// kind: Gateway
/// metadata: {name: edge, namespace: infra}
/// spec:
///   gatewayClassName: istio
///   listeners:
///   - name: https
///     port: 443
///     protocol: HTTPS
///     tls:
///       certificateRefs:
///       - name: edge-cert
/// ",
/// );
/// assert!(errors.is_empty());
/// let conversions: Vec<_> = manifests.convert(&Options::default()).collect();
/// let (manifest, conversion) = &conversions[0];
/// assert_eq!(manifest.gateway.metadata.name, "edge");
/// assert_eq!(
///     conversion.diagnostics[0].to_string(),
///     "12:9: spec.listeners[0].tls.certificateRefs[0]: \
///      invalid certificate reference //edge-cert., secret infra/edge-cert not found",
/// );
/// ```
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    resources: InMemory,
    texts: Vec<Text>,
    /// How many texts were added.
    sources: usize,
    /// How many documents there are in the last of them.
    documents: usize,
}

/// A document of a stream, which may be a list of objects, with the Gateways in it.
#[derive(Clone, Debug)]
struct Text {
    text: String,
    is_yaml: bool,
    /// How many lines of the stream stand before it.
    lines: usize,
    gateways: Vec<(GatewayManifest, FieldPath)>,
}

/// A Gateway, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayManifest {
    /// The Gateway.
    pub gateway: Gateway,
    /// Which of the texts that were added it is in, from 0.
    pub source: usize,
    /// Which document of the text it is, from 1; the items of a `List` count each.
    pub document: usize,
}

impl Manifests {
    /// Adds the documents of a YAML stream. An error is its document's own: the others are added all
    /// the same. It has its place in the stream.
    #[must_use]
    pub fn add_yaml(&mut self, yaml: &str) -> Vec<Error> {
        self.begin();
        let chunks = yaml::split(yaml).filter(|chunk| !chunk.is_blank());
        chunks.flat_map(|chunk| self.add(chunk.text, true, chunk.lines)).collect()
    }

    /// Adds JSON documents that stand one behind the other, as [`add_yaml`](Self::add_yaml) does.
    #[must_use]
    pub fn add_json(&mut self, json: impl AsRef<[u8]>) -> Vec<Error> {
        self.begin();
        let mut errors = Vec::new();
        for chunk in crate::json::split(json.as_ref()) {
            let checked = chunk.and_then(|chunk| {
                let json = Json::check(chunk.text).map_err(|error| error.below(chunk.lines))?;
                Ok((json.text.into_owned(), chunk.lines))
            });
            match checked {
                Ok((text, lines)) => errors.extend(self.add(&text, false, lines)),
                Err(error) => {
                    self.documents += 1;
                    errors.push(error);
                }
            }
        }
        errors
    }

    /// What the Gateways may refer to.
    #[must_use]
    pub fn resources(&self) -> &InMemory {
        &self.resources
    }

    /// The Gateways, in the order in which they were added.
    pub fn gateways(&self) -> impl Iterator<Item = &GatewayManifest> {
        self.texts.iter().flat_map(|text| text.gateways.iter().map(|(manifest, _)| manifest))
    }

    /// What istiod makes of each Gateway, when all are there. Diagnostics have their places.
    pub fn convert(
        &self,
        options: &Options,
    ) -> impl Iterator<Item = (&GatewayManifest, Conversion)> {
        self.texts.iter().flat_map(move |text| {
            let convert = |(manifest, path): &(GatewayManifest, FieldPath)| {
                (convert(&manifest.gateway, &self.resources, options), path.clone())
            };
            let mut conversions: Vec<_> = text.gateways.iter().map(convert).collect();
            text.locate(&mut conversions);
            let manifests = text.gateways.iter().map(|(manifest, _)| manifest);
            manifests.zip(conversions.into_iter().map(|(conversion, _)| conversion))
        })
    }

    fn begin(&mut self) {
        self.sources += 1;
        self.documents = 0;
    }

    /// Adds a document, or a list of them.
    fn add(&mut self, text: &str, is_yaml: bool, lines: usize) -> Vec<Error> {
        let tree = match tree(text, is_yaml) {
            Ok(tree) => tree,
            Err(error) => {
                self.documents += 1;
                return vec![error.below(lines)];
            }
        };
        let mut errors = Vec::new();
        let mut gateways = Vec::new();
        let is_list = tree.root().get("items").is_some_and(Ref::is_list)
            && tree.root().get("kind").is_some_and(|kind| kind.text().ends_with("List"));
        for (index, object) in objects(text, &tree, is_yaml, lines).enumerate() {
            self.documents += 1;
            let added = object.and_then(|(object, node)| {
                let group = object.api_version().rsplit_once('/').map_or("", |(group, _)| group);
                self.add_object(group, object.kind(), &tree, node)
            });
            match added {
                Ok(None) => {}
                Ok(Some(gateway)) => {
                    let path = FieldPath::root();
                    let path = if is_list { path.key("items").index(index) } else { path };
                    let (source, document) = (self.sources - 1, self.documents);
                    gateways.push((GatewayManifest { gateway, source, document }, path));
                }
                Err(error) => errors.push(error.below(lines)),
            }
        }
        if !gateways.is_empty() {
            self.texts.push(Text { text: text.to_owned(), is_yaml, lines, gateways });
        }
        errors
    }

    /// Adds an object, or gives it back if it is a Gateway.
    fn add_object(
        &mut self,
        group: &str,
        kind: &str,
        tree: &Tree<'_>,
        node: Ref<'_, '_>,
    ) -> Result<Option<Gateway>, Error> {
        let resources = &mut self.resources;
        match (group, kind) {
            (GROUP, "Gateway") => {
                let mut gateway: Gateway = read(tree, node)?;
                default_namespace(&mut gateway.metadata.namespace);
                return Ok(Some(gateway));
            }
            (GROUP, "ReferenceGrant") => {
                let mut grant: super::ReferenceGrant = read(tree, node)?;
                default_namespace(&mut grant.metadata.namespace);
                resources.add_reference_grant(grant);
            }
            ("", "Secret") => {
                let mut secret: super::Secret = read(tree, node).map_err(Error::without_values)?;
                default_namespace(&mut secret.metadata.namespace);
                resources.add_secret(secret);
            }
            ("", "ConfigMap") => {
                let mut map: super::ConfigMap = read(tree, node)?;
                default_namespace(&mut map.metadata.namespace);
                resources.add_config_map(map);
            }
            ("", "Namespace") => resources.add_namespace(read(tree, node)?),
            _ => {}
        }
        Ok(None)
    }
}

/// What is applied without a namespace is applied to this one.
fn default_namespace(namespace: &mut String) {
    if namespace.is_empty() {
        "default".clone_into(namespace);
    }
}

/// An object, or what is wrong in it and where.
fn read<T: DeserializeOwned>(tree: &Tree<'_>, node: Ref<'_, '_>) -> Result<T, Error> {
    let cursor = Cell::new(node.index());
    T::deserialize(Reader::of_distinct(node, &cursor)).map_err(|error| {
        let at = tree.at(cursor.get());
        let (path, position) = tree
            .places(&[at.span().start])
            .into_iter()
            .next()
            .unwrap_or_else(|| (FieldPath::root(), at.position()));
        Error::decode(vec![Diagnostic {
            rule: rule::WRONG_TYPE,
            severity: Severity::Error,
            path,
            message: error.to_string(),
            help: None,
            position,
            end: None,
        }])
    })
}

impl Text {
    /// Gives every diagnostic its place: the text is read once for all of them.
    fn locate(&self, conversions: &mut [(Conversion, FieldPath)]) {
        if conversions.iter().all(|(conversion, _)| conversion.diagnostics.is_empty()) {
            return;
        }
        // The text was read before, and is read again without an error.
        let Ok(tree) = tree(&self.text, self.is_yaml) else { return };
        let mut found: Vec<&mut Diagnostic> = Vec::new();
        let mut spans = Vec::new();
        for (conversion, root) in conversions {
            for diagnostic in &mut conversion.diagnostics {
                let steps = root.steps().iter().chain(diagnostic.path.steps()).cloned();
                spans.push(shown(tree.root(), steps));
                found.push(diagnostic);
            }
        }
        locate(&tree, &spans, |index, position, is_end| {
            if let Some(diagnostic) = found.get_mut(index) {
                let place = if is_end { &mut diagnostic.end } else { &mut diagnostic.position };
                *place = Some(position.below(self.lines));
            }
        });
    }
}

/// The bytes to underline: a scalar, the key of anything larger, or what is nearest above it.
fn shown(root: Ref<'_, '_>, steps: impl Iterator<Item = Step>) -> (usize, usize) {
    let is_scalar = |node: Ref<'_, '_>| !node.is_map() && !node.is_list();
    let whole = |node: Ref<'_, '_>| (node.span().start, node.span().end);
    let (mut at, mut span) = (root, (root.span().start, root.span().start));
    for step in steps {
        let below = match &step {
            Step::Key(name) => {
                let entry = at.entries().filter(|(key, _)| key.text() == name).last();
                entry.map(|(key, value)| (value, if is_scalar(value) { whole(value) } else { whole(key) }))
            }
            Step::Index(index) => at.items().nth(*index).map(|item| {
                let start = item.span().start;
                (item, if is_scalar(item) { whole(item) } else { (start, start) })
            }),
        };
        let Some((node, found)) = below else { break };
        (at, span) = (node, found);
    }
    span
}
