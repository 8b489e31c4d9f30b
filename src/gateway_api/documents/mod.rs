//! From manifests to translations with positions.

mod answers;
mod locate;
mod written;

use std::{collections::HashSet, io::Read};

use self::written::{Written, default_namespace, item, misspelt};
use super::{
    GatewayManifest, ListenerSetManifest,
    input::{GROUP, Gateway, ListenerSet, Metadata},
    resources::InMemory,
    routes::{self, GeneratedVirtualService, Route},
    schema::{self, Judged},
    unknown::{self, CHILD, UnknownObjects, Variants},
};
use crate::{
    Diagnostic, Error, FieldPath, Position, Severity,
    manifest::objects,
    placeholder::find_placeholders,
    rule::lint,
    stream::{DocumentReader, DocumentText, Format},
};

pub(super) use written::read;

/// A set of manifests: Gateways of Gateway API with their `ListenerSet`s and routes, and the objects to which
/// they refer. Objects of other kinds are ignored.
///
/// ```
/// use istio_gateway::gateway_api::{Manifests, Options};
///
/// let mut manifests = Manifests::default();
/// let errors = manifests.add(
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
/// "
///     .as_bytes(),
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
    /// The objects that are not among the resources because of their placeholders.
    unknown: UnknownObjects,
    texts: Vec<Text>,
    objects: Vec<ObjectFindings>,
    /// The number of texts.
    sources: usize,
    /// The number of documents in the last text.
    documents: usize,
}

const LISTENER_SET: &str = "ListenerSet";

/// A document of a stream, which may be a list of objects, with its Gateways.
#[derive(Clone, Debug)]
struct Text {
    text: String,
    is_yaml: bool,
    /// Its position in the stream.
    start: Position,
    gateways: Vec<ReadGateway>,
    sets: Vec<ReadListenerSet>,
    routes: Vec<ReadRoute>,
}

/// A route as it was read.
#[derive(Clone, Debug)]
struct ReadRoute {
    route: Route,
    source: usize,
    document: usize,
    /// Its path in the document.
    path: FieldPath,
}

/// The translation of the routes of a set.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ConvertedRoutes {
    /// The VirtualServices, by namespace and name.
    pub virtual_services: Vec<GeneratedVirtualService>,
    /// Findings about routes, with their positions.
    pub objects: Vec<ObjectFindings>,
}

/// A `ListenerSet` as it was read.
#[derive(Clone, Debug)]
struct ReadListenerSet {
    manifest: ListenerSetManifest,
    /// Its path in the document.
    path: FieldPath,
    /// The finding that its parent is not in the set.
    no_parent: Diagnostic,
}

/// What an object of a document is.
enum Added {
    Gateway(Gateway, Variants<Gateway>),
    ListenerSet(ListenerSet, Diagnostic),
    Route(Route),
    Other,
}

/// A Gateway as it was read.
#[derive(Clone, Debug)]
struct ReadGateway {
    manifest: GatewayManifest,
    /// Its path in the document.
    path: FieldPath,
    variants: Variants<Gateway>,
}

/// The findings about an object that is not a Gateway: a ReferenceGrant, a GatewayClass, a `ListenerSet` or a route,
/// any object to which a Gateway can refer if it has placeholders, and one whose kind or group is misspelt.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ObjectFindings {
    /// The object's kind; `unknown` if its kind or group is misspelt.
    pub kind: &'static str,
    /// Its namespace; empty for a GatewayClass or a Namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The index of its text, from 0.
    pub source: usize,
    /// The number of its document in the text, from 1; the items of a `List` count each.
    pub document: usize,
    /// The findings, with their positions in the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Manifests {
    /// Adds the documents of a stream. An error affects only its document: the others are added anyway.
    /// Its position is that in the stream.
    #[must_use]
    pub fn add(&mut self, stream: impl Read) -> Vec<Error> {
        self.sources += 1;
        self.documents = 0;
        let mut errors = Vec::new();
        let mut reader = DocumentReader::new(stream);
        while let Some(text) = reader.next_document() {
            match text {
                Ok(text) if text.is_blank() => {}
                Ok(text) => errors.extend(self.add_document(&text)),
                Err(error) => {
                    self.documents += 1;
                    errors.push(error);
                }
            }
        }
        errors
    }

    /// The objects to which the Gateways can refer.
    #[must_use]
    pub fn resources(&self) -> &InMemory {
        &self.resources
    }

    /// The Gateways, in the order in which they were added.
    pub fn gateways(&self) -> impl Iterator<Item = &GatewayManifest> {
        self.texts.iter().flat_map(|text| text.gateways.iter().map(|read| &read.manifest))
    }

    /// The `ListenerSet`s, in the order in which they were added. Their translations are those of their
    /// Gateways.
    pub fn listener_sets(&self) -> impl Iterator<Item = &ListenerSetManifest> {
        self.texts.iter().flat_map(|text| text.sets.iter().map(|read| &read.manifest))
    }

    /// Findings about ReferenceGrants, GatewayClasses and `ListenerSet`s that an API server accepts: unknown
    /// and experimental fields. One that it rejects is an error of [`add`](Self::add). `ListenerSet`s without
    /// a Gateway of the set. And objects that are not used because of their placeholders: what refers to
    /// them depends on these.
    ///
    /// ```
    /// use istio_gateway::gateway_api::Manifests;
    ///
    /// let mut manifests = Manifests::default();
    /// let errors = manifests.add(
    ///     "\
    /// apiVersion: gateway.networking.k8s.io/v1
    /// kind: ReferenceGrant
    /// metadata: {name: edge, namespace: certs}
    /// spec:
    ///   from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: infra}]
    ///   to: [{group: \"\", kind: Secret, nane: edge-cert}]
    /// "
    ///     .as_bytes(),
    /// );
    /// assert!(errors.is_empty());
    /// // Without a name, it permits every Secret.
    /// let found = &manifests.object_findings()[0].diagnostics[0];
    /// assert_eq!(found.path.to_string(), "spec.to[0].nane");
    /// assert_eq!(found.help.as_deref(), Some("did you mean \"name\"?"));
    /// ```
    #[must_use]
    pub fn object_findings(&self) -> Vec<ObjectFindings> {
        let gateways: HashSet<_> =
            self.gateways().map(|manifest| manifest.gateway.metadata.identity()).collect();
        let mut found = self.objects.clone();
        for read in self.texts.iter().flat_map(|text| &text.sets) {
            let ListenerSetManifest { listener_set, source, document } = &read.manifest;
            if listener_set.is_of_gateway() && gateways.contains(&listener_set.parent()) {
                continue;
            }
            let Metadata { namespace, name, .. } = listener_set.metadata.clone();
            let (kind, source, document) = (LISTENER_SET, *source, *document);
            let diagnostics = vec![read.no_parent.clone()];
            found.push(ObjectFindings { kind, namespace, name, source, document, diagnostics });
        }
        found
    }

    /// Adds a document, or a list of them.
    fn add_document(&mut self, document: &DocumentText<'_>) -> Vec<Error> {
        let (start, is_yaml) = (document.start, document.format == Format::Yaml);
        let (read, ignored) = document.read(|text, tree, _| {
            let mut errors = Vec::new();
            let (mut gateways, mut sets, mut routes) = (Vec::new(), Vec::new(), Vec::new());
            let (list, objects) = objects(text, tree, is_yaml, start);
            for (index, object) in objects.enumerate() {
                self.documents += 1;
                let path = if list.is_some() { item(index) } else { FieldPath::root() };
                let added = object.and_then(|(object, node)| {
                    let (api_version, kind) = (object.api_version(), object.kind());
                    self.add_object(&Written { api_version, kind, tree, node, path: &path, start })
                });
                let (source, document) = (self.sources - 1, self.documents);
                match added {
                    Ok(Added::Other) => {}
                    Ok(Added::Gateway(gateway, variants)) => {
                        let manifest = GatewayManifest { gateway, source, document };
                        gateways.push(ReadGateway { manifest, path, variants });
                    }
                    Ok(Added::ListenerSet(listener_set, no_parent)) => {
                        let manifest = ListenerSetManifest { listener_set, source, document };
                        sets.push(ReadListenerSet { manifest, path, no_parent });
                    }
                    Ok(Added::Route(route)) => {
                        routes.push(ReadRoute { route, source, document, path });
                    }
                    Err(error) => errors.push(error.within(start)),
                }
            }
            if !(gateways.is_empty() && sets.is_empty() && routes.is_empty()) {
                let text = text.to_owned();
                self.texts.push(Text { text, is_yaml, start, gateways, sets, routes });
            }
            Ok(errors)
        });
        let errors = read.unwrap_or_else(|error| {
            self.documents += 1;
            vec![error]
        });
        errors.into_iter().chain(ignored).collect()
    }

    /// Adds an object, or returns it if it is a Gateway; a `ListenerSet` is both.
    fn add_object(&mut self, written: &Written<'_>) -> Result<Added, Error> {
        let Written { kind, tree, node, path, .. } = *written;
        match (written.group_version().0, kind) {
            (GROUP, "Gateway") => {
                let (mut gateway, mut variants) = written.read::<Gateway>(&schema::GATEWAY)?;
                for gateway in variants.filled.iter_mut().chain([&mut gateway]) {
                    default_namespace(&mut gateway.metadata.namespace);
                }
                return Ok(Added::Gateway(gateway, variants));
            }
            (GROUP, LISTENER_SET) => {
                let (mut set, read) = written.read::<ListenerSet>(&schema::LISTENER_SET)?;
                default_namespace(&mut set.metadata.namespace);
                self.judge(LISTENER_SET, read.judged, &set.metadata, written)?;
                if self.is_unknown(LISTENER_SET, written) {
                    let (namespace, name) = set.parent();
                    self.unknown.add(CHILD, namespace, name);
                    return Ok(Added::Other);
                }
                self.resources.add_listener_set(set.clone());
                return Ok(Added::ListenerSet(set, written.no_parent()));
            }
            (GROUP, "ReferenceGrant") => {
                let (mut grant, read) =
                    written.read::<super::ReferenceGrant>(&schema::REFERENCE_GRANT)?;
                default_namespace(&mut grant.metadata.namespace);
                self.judge("ReferenceGrant", read.judged, &grant.metadata, written)?;
                if !self.is_unknown("ReferenceGrant", written) {
                    self.resources.add_reference_grant(grant);
                }
            }
            (GROUP, "GatewayClass") => {
                let (class, read) = written.read::<super::GatewayClass>(&schema::GATEWAY_CLASS)?;
                self.judge("GatewayClass", read.judged, &class.metadata, written)?;
                if !self.is_unknown("GatewayClass", written) {
                    self.resources.add_gateway_class(class);
                }
            }
            (GROUP, kind) if routes::Kind::of(kind).is_some() => {
                let Some(kind) = routes::Kind::of(kind) else { return Ok(Added::Other) };
                if !self.is_unknown(kind.name(), written) {
                    return written.route(kind).map(Added::Route);
                }
            }
            ("", "Secret") if !self.is_unknown("Secret", written) => {
                let mut secret: super::Secret =
                    read(tree, node, path).map_err(Error::without_values)?;
                default_namespace(&mut secret.metadata.namespace);
                self.resources.add_secret(secret);
            }
            ("", "ConfigMap") if !self.is_unknown("ConfigMap", written) => {
                let mut map: super::ConfigMap = read(tree, node, path)?;
                default_namespace(&mut map.metadata.namespace);
                self.resources.add_config_map(map);
            }
            ("", "Namespace") if !self.is_unknown("Namespace", written) => {
                self.resources.add_namespace(read(tree, node, path)?);
            }
            (group, kind) => {
                if let Some(message) = misspelt(group, kind) {
                    let key = if group == GROUP { "kind" } else { "apiVersion" };
                    let path = FieldPath::root().key(key);
                    let found =
                        Diagnostic::new(lint::MISSPELT_TYPE, Severity::Warning, path, message);
                    let found = Diagnostic { help: Some("it is ignored".to_owned()), ..found };
                    let diagnostics = written.located(vec![found], written.start);
                    self.report("unknown", String::new(), String::new(), diagnostics);
                }
            }
        }
        Ok(Added::Other)
    }

    /// Whether an object has placeholders that matter: it is then unknown, and reported.
    fn is_unknown(&mut self, kind: &'static str, written: &Written<'_>) -> bool {
        let placeholders = find_placeholders(written.node, FieldPath::root());
        let Some(object) = unknown::matters(kind, written.node, placeholders) else { return false };
        let (mut namespace, name) = (object.namespace, object.name);
        match kind {
            "GatewayClass" => self.unknown.add(kind, "", &name),
            "Namespace" => self.unknown.add(kind, "", ""),
            _ => {
                default_namespace(&mut namespace);
                let name = if kind == "ReferenceGrant" { "" } else { &name };
                self.unknown.add(kind, &namespace, name);
            }
        }
        // What else is in the value may be secret.
        let message = "has placeholders: what refers to it depends on them";
        let found = Diagnostic::new(lint::TEMPLATE, Severity::Warning, object.first.path, message);
        let diagnostics = written.located(vec![found], written.start);
        self.report(kind, namespace, name, diagnostics);
        true
    }

    fn report(
        &mut self,
        kind: &'static str,
        namespace: String,
        name: String,
        diagnostics: Vec<Diagnostic>,
    ) {
        let (source, document) = (self.sources - 1, self.documents);
        let found = ObjectFindings { kind, namespace, name, source, document, diagnostics };
        self.objects.push(found);
    }

    /// Keeps the API server's findings about an object, or returns why it rejects it.
    fn judge(
        &mut self,
        kind: &'static str,
        judged: Judged,
        metadata: &Metadata,
        written: &Written<'_>,
    ) -> Result<(), Error> {
        let is_rejected = judged.is_rejected();
        // An error is within the stream as a whole.
        let start = if is_rejected { Position::START } else { written.start };
        let diagnostics = written.located(judged.findings, start);
        if is_rejected {
            return Err(Error::decode(diagnostics));
        }
        if !diagnostics.is_empty() {
            let Metadata { name, namespace, .. } = metadata.clone();
            self.report(kind, namespace, name, diagnostics);
        }
        Ok(())
    }
}
