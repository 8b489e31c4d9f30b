//! From manifests to translations with positions.

use std::{
    collections::{HashMap, HashSet},
    io::Read,
};

use super::{
    Conversion, GatewayManifest, ListenerSetManifest, Options,
    input::{FromTree, GROUP, Gateway, ListenerSet, Metadata},
    resources::InMemory,
    routes::{self, GeneratedVirtualService, Parents, Route},
    rule::NO_PARENT,
    schema::{self, Judged, Resource},
    unknown::{self, CHILD, UnknownObjects, Variants},
    verdict_cache::VerdictCache,
};
use crate::{
    Diagnostic, Error, FieldPath, Position, RuleId, Severity,
    diagnostic::{Quoted, Step, nearest},
    manifest::{objects, tree},
    placeholder::find_placeholders,
    rule::{decode as rule, lint},
    stream::{DocumentReader, DocumentText, Format},
    tree::{self, Ref, Tree, locate},
};

/// A set of manifests: Gateways of Gateway API, and the objects to which they refer. Objects of other
/// kinds are ignored.
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

/// The findings about an object that is not a Gateway: a ReferenceGrant or a GatewayClass, any object to which a
/// Gateway can refer if it has placeholders, and one whose kind or group is misspelt.
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

    /// Findings about ReferenceGrants, `GatewayClasses` and `ListenerSet`s that an API server accepts: unknown
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
        let sets = self.texts.iter().flat_map(|text| &text.sets);
        let is_alone = |read: &&ReadListenerSet| {
            let set = &read.manifest.listener_set;
            !set.is_of_gateway() || !gateways.contains(&set.parent())
        };
        let alone = sets.filter(is_alone).map(|read| {
            let ListenerSetManifest { listener_set, source, document } = &read.manifest;
            let Metadata { namespace, name, .. } = listener_set.metadata.clone();
            let (source, document) = (*source, *document);
            let diagnostics = vec![read.no_parent.clone()];
            ObjectFindings { kind: LISTENER_SET, namespace, name, source, document, diagnostics }
        });
        self.objects.iter().cloned().chain(alone).collect()
    }

    /// Translates each Gateway with its `ListenerSet`s, once all manifests are added. Diagnostics have
    /// positions. Of two Gateways of the same name the last one has the `ListenerSet`s.
    ///
    /// A Gateway that violates the schema of Gateway API is rejected by an API server and not
    /// translated: it has no listeners and no conditions, and all findings.
    ///
    /// Values that hold a placeholder ([`is_placeholder`](crate::is_placeholder)) are not judged. The name of
    /// the Gateway and the names and host names of its listeners may hold one: they are in the result as they
    /// are written. A listener that depends on another one is
    /// [`DependsOnPlaceholders`](super::ListenerOutcome::DependsOnPlaceholders).
    pub fn convert<'a>(
        &'a self,
        options: &Options,
    ) -> impl Iterator<Item = (&'a GatewayManifest, Conversion)> + use<'a> {
        let cache = VerdictCache::default();
        let gateways = self
            .texts
            .iter()
            .enumerate()
            .flat_map(|(index, text)| text.gateways.iter().map(move |read| (index, read)));
        let identity = |read: &'a ReadGateway| read.manifest.gateway.metadata.identity();
        let numbers = gateways.clone().enumerate();
        let last: HashMap<_, _> =
            numbers.map(|(number, (_, read))| (identity(read), number)).collect();
        let convert = |(number, (text, read)): (usize, (usize, &'a ReadGateway))| {
            let is_replaced = last.get(&identity(read)).is_some_and(|last| *last != number);
            let gateway = (&read.manifest.gateway, &read.variants, is_replaced);
            let (resources, unknown) = (&self.resources, &self.unknown);
            (text, read, unknown::convert(gateway, resources, unknown, options, &cache))
        };
        let mut conversions: Vec<_> = gateways.enumerate().map(convert).collect();
        self.locate(&mut conversions);
        conversions.into_iter().map(|(_, read, conversion)| (&read.manifest, conversion))
    }

    /// Translates the routes, HTTPRoutes, GRPCRoutes, TLSRoutes and TCPRoutes, that attach to listeners of the
    /// translated Gateways. They are not checked against their schemas. Whether a backend exists is not
    /// known, and not reported.
    #[must_use]
    pub fn routes(&self, conversions: &[(&GatewayManifest, Conversion)]) -> ConvertedRoutes {
        let listeners: HashMap<_, _> = self
            .listener_sets()
            .map(|set| {
                let ListenerSet { metadata, spec } = &set.listener_set;
                (metadata.identity(), spec.listeners.as_slice())
            })
            .collect();
        let mut parents = Parents::default();
        for (manifest, conversion) in conversions {
            parents.add(manifest, conversion, |set| listeners.get(&set).copied());
        }
        let mut grants = routes::Grants::new(&self.resources);
        let mut generated = routes::Generated::default();
        let mut objects = Vec::new();
        for text in &self.texts {
            let mut paths = Vec::new();
            let first = objects.len();
            for ReadRoute { route, source, document, path } in &text.routes {
                let found = routes::convert(route, &parents, &mut grants, &mut generated);
                let diagnostics = found.unwrap_or_else(|error| error.diagnostics().to_vec());
                if !diagnostics.is_empty() {
                    let Metadata { namespace, name, .. } = route.metadata.clone();
                    let (kind, source, document) = (route.kind.name(), *source, *document);
                    let found =
                        ObjectFindings { kind, namespace, name, source, document, diagnostics };
                    objects.push(found);
                    paths.push(path);
                }
            }
            let own = objects.get_mut(first..).unwrap_or_default().iter_mut().zip(paths);
            let found = own.flat_map(|(object, path)| {
                object.diagnostics.iter_mut().map(move |found| (path, found))
            });
            text.locate(found.collect());
        }
        ConvertedRoutes { virtual_services: generated.finish(), objects }
    }

    /// Sets the position of every diagnostic. Each text is read once more for all of them.
    fn locate(&self, conversions: &mut [(usize, &ReadGateway, Conversion)]) {
        let sets = self.texts.iter().enumerate().flat_map(|(index, text)| {
            let sets = text.sets.iter();
            sets.map(move |read| (read.manifest.listener_set.metadata.identity(), (index, read)))
        });
        // Of two of the same name the last one is used.
        let sets: HashMap<_, _> = sets.collect();
        let mut found: Vec<Vec<Found<'_>>> = self.texts.iter().map(|_| Vec::new()).collect();
        for (text, read, conversion) in conversions {
            if let Some(found) = found.get_mut(*text) {
                found.extend(conversion.diagnostics.iter_mut().map(|found| (&read.path, found)));
            }
            for set in &mut conversion.listener_sets {
                let Some((text, read)) = sets.get(&(&*set.namespace, &*set.name)) else { continue };
                if let Some(found) = found.get_mut(*text) {
                    found.extend(set.diagnostics.iter_mut().map(|found| (&read.path, found)));
                }
            }
        }
        self.texts.iter().zip(found).for_each(|(text, found)| text.locate(found));
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

/// An object as it is written.
struct Written<'a> {
    api_version: &'a str,
    kind: &'a str,
    tree: &'a Tree<'a>,
    node: Ref<'a, 'a>,
    /// Its path in the document.
    path: &'a FieldPath,
    /// The position of the document in the stream.
    start: Position,
}

impl Written<'_> {
    fn group_version(&self) -> (&str, &str) {
        self.api_version.rsplit_once('/').unwrap_or(("", self.api_version))
    }

    /// The object with the API server's findings about it.
    fn read<T: FromTree>(&self, resource: &Resource) -> Result<(T, Variants<T>), Error> {
        unknown::read(resource, self.group_version().1, self.tree, self.node)
    }

    fn route(&self, kind: routes::Kind) -> Result<Route, Error> {
        let metadata = self.node.get("metadata").map(Metadata::from_tree).transpose();
        let mut metadata = metadata
            .map_err(|error| {
                let position = tree::position(self.tree.at(error.node));
                let path = FieldPath::root().key("metadata");
                let path = path.steps().iter().chain(error.path().steps()).cloned().collect();
                wrong(rule::WRONG_TYPE, path, position, error.message)
            })?
            .unwrap_or_default();
        default_namespace(&mut metadata.namespace);
        let mut json = String::new();
        match self.node.get("spec") {
            Some(spec) => tree::write_json(&tree::Edit::Kept(spec), &mut json),
            None => json.push_str("{}"),
        }
        let spec = serde_json::from_str(&json).map_err(|error| {
            let path = FieldPath::root().key("spec");
            wrong(rule::WRONG_TYPE, path, tree::position(self.node), error.to_string())
        })?;
        Ok(Route { kind, metadata, spec })
    }

    /// The finding that the parent of a `ListenerSet` is not in the set.
    fn no_parent(&self) -> Diagnostic {
        let path = FieldPath::root().key("spec").key("parentRef");
        let message = "this Gateway is not in the set: istiod ignores the ListenerSet";
        let mut found = Diagnostic::new(NO_PARENT, Severity::Warning, path, message);
        found.help = Some("add the Gateway, or correct the parentRef".to_owned());
        locate_in(self.tree, vec![(self.path, &mut found)], self.start);
        found
    }

    /// Findings with their positions.
    fn located(&self, findings: Vec<Diagnostic>, start: Position) -> Vec<Diagnostic> {
        let mut diagnostics = findings;
        let found = diagnostics.iter_mut().map(|diagnostic| (self.path, diagnostic)).collect();
        locate_in(self.tree, found, start);
        diagnostics
    }
}

/// If an object looks like one of Gateway API but its kind or group is misspelt, a message about it.
fn misspelt(group: &str, kind: &str) -> Option<String> {
    const KINDS: [&str; 4] = ["Gateway", "GatewayClass", LISTENER_SET, "ReferenceGrant"];
    let is_kind = KINDS.contains(&kind);
    let near = nearest(kind, KINDS)?;
    let is_near_group = nearest(group, [GROUP]).is_some();
    if group != GROUP && !(is_near_group && is_kind) {
        return None;
    }
    let (kind, quoted) = (Quoted(kind), Quoted(group));
    Some(match group == GROUP {
        true => format!("the group {quoted} has no kind {kind}; did you mean {near}?"),
        false => format!("the group {quoted} has no kind {near}; did you mean {GROUP}?"),
    })
}

fn item(index: usize) -> FieldPath {
    FieldPath::root().key("items").index(index)
}

/// The namespace of objects that are applied without one.
fn default_namespace(namespace: &mut String) {
    if namespace.is_empty() {
        "default".clone_into(namespace);
    }
}

/// An object at a path, or an error and its location.
pub(super) fn read<T: FromTree>(
    tree: &Tree<'_>,
    node: Ref<'_, '_>,
    path: &FieldPath,
) -> Result<T, Error> {
    T::from_tree(node).map_err(|error| {
        let path = path.steps().iter().chain(error.path().steps()).cloned().collect();
        let position = tree::position(tree.at(error.node));
        wrong(rule::WRONG_TYPE, path, position, error.message)
    })
}

/// An error and its location.
fn wrong(rule: RuleId, path: FieldPath, position: Option<Position>, message: String) -> Error {
    let found = Diagnostic::new(rule, Severity::Error, path, message);
    Error::decode(vec![Diagnostic { position, ..found }])
}

impl Text {
    /// Sets the positions of findings about objects of the text.
    fn locate(&self, found: Vec<Found<'_>>) {
        if found.is_empty() {
            return;
        }
        // The text was read before, so reading it again cannot fail.
        let Ok(tree) = tree(&self.text, self.is_yaml) else { return };
        locate_in(&tree, found, self.start);
    }
}

/// The path of an object, and a finding about it.
type Found<'a> = (&'a FieldPath, &'a mut Diagnostic);

/// Sets the positions of diagnostics, each with the path of the object to which its own path is
/// relative.
fn locate_in(tree: &Tree<'_>, found: Vec<Found<'_>>, start: Position) {
    let mut spans = Vec::new();
    let mut diagnostics = Vec::new();
    for (root, diagnostic) in found {
        let steps = root.steps().iter().chain(diagnostic.path.steps()).cloned();
        // An unknown field is located by its name, not its value.
        let wants_key = diagnostic.rule == super::rule::UNKNOWN_FIELD;
        spans.push(shown(tree.root(), steps, wants_key));
        diagnostics.push(diagnostic);
    }
    locate(tree, &spans, |index, position, is_end| {
        if let Some(diagnostic) = diagnostics.get_mut(index) {
            let place = if is_end { &mut diagnostic.end } else { &mut diagnostic.position };
            *place = Some(position.within(start));
        }
    });
}

/// The bytes to underline: a scalar, the key of a larger value, or the closest parent.
fn shown(root: Ref<'_, '_>, steps: impl Iterator<Item = Step>, wants_key: bool) -> (usize, usize) {
    let is_scalar = |node: Ref<'_, '_>| !wants_key && !node.is_mapping() && !node.is_sequence();
    let whole = |node: Ref<'_, '_>| (node.span().start, node.span().end);
    let (mut at, mut span) = (root, (root.span().start, root.span().start));
    for step in steps {
        let below = match &step {
            Step::Key(name) => {
                let entry = at.entries().filter(|(key, _)| key.text() == name).last();
                entry.map(|(key, value)| {
                    (value, if is_scalar(value) { whole(value) } else { whole(key) })
                })
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
