//! Validates the documents of a text or stream, each of which is read once.

use std::{borrow::Cow, sync::Arc};

use super::{
    Options, Report, Suppression, Verdict, cel, field_validation,
    findings::{Findings, Location, Node},
    gateway_set::GatewaySet,
    kept::Kept,
    lint, metadata,
    outline::{Outline, locate},
    schema, suppression,
    unknown::{Unknown, UnknownValue, below_spec},
    webhook,
};
use crate::{
    Error, FieldPath, Gateway, Object, Severity, json,
    merged_gateway::may_interact,
    placeholder::{MAX_PLACEHOLDERS, find_placeholders},
    sort,
    stream::{DocumentReader, DocumentText, Format},
    structural,
    structural::CRD_CEL,
    tree::{Ref, Tree},
};

/// A document of a stream with its report.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckedDocument {
    /// The document.
    pub object: Object,
    /// The report, if it is an Istio Gateway.
    pub report: Option<Report>,
    /// The comments that suppress findings: those of the whole text, which may be a list of documents.
    pub suppressions: Arc<[Suppression]>,
    pub(super) outline: Outline,
}

/// Reads a stream in memory and validates each document, as [`documents`](crate::documents) and
/// [`validate`](super::validate()) do, but without decoding more than necessary. The items of a `List`
/// are returned one by one, with positions in the stream. An error affects only its document: reading
/// continues after it. Documents that contain only comments are skipped.
///
/// What depends on the other documents, such as whether a client check can be bypassed, is not in the reports:
/// a [`DocumentSet`](super::set::DocumentSet) finds it, also within one Gateway.
///
/// ```
/// use istio_gateway::validate::{Options, documents};
///
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// ---
/// kind: Service
/// apiVersion: v1
/// ";
/// let options = Options::default();
/// let checked: Vec<_> = documents(text, &options).collect::<Result<_, _>>()?;
/// assert!(!checked[0].report.as_ref().unwrap().is_accepted());
/// assert!(checked[1].report.is_none());
/// # Ok::<(), istio_gateway::Error>(())
/// ```
pub fn documents<'a, T: AsRef<[u8]> + ?Sized>(
    stream: &'a T,
    options: &'a Options,
) -> impl Iterator<Item = Result<CheckedDocument, Error>> + 'a {
    let mut reader = DocumentReader::new(stream.as_ref());
    let next = move || {
        Some(match reader.next_document()? {
            Ok(text) if text.is_blank() => Vec::new(),
            Ok(text) => check_document(&text, options),
            Err(error) => vec![Err(error)],
        })
    };
    std::iter::from_fn(next).flatten()
}

/// Validates a document of a stream, as [`documents`] does: one object, or the items of a `List`. The
/// last item is an error if the text contains more than one document.
#[must_use]
pub fn check_document(
    text: &DocumentText<'_>,
    options: &Options,
) -> Vec<Result<CheckedDocument, Error>> {
    let start = text.start;
    let is_yaml = text.format == Format::Yaml;
    let (checked, ignored) = text.read(|text, tree, _| {
        let suppressions = suppression::suppressions(text, tree, start);
        let (_, objects) = crate::manifest::objects(text, tree, is_yaml, start);
        let check = |object: Result<_, Error>| {
            let (object, node) = object.map_err(|error| error.within(start))?;
            Ok(check(object, node, tree, options, suppressions.clone()))
        };
        Ok(objects.map(check).collect::<Vec<_>>())
    });
    checked.unwrap_or_else(|error| vec![Err(error)]).into_iter().chain(ignored.map(Err)).collect()
}

fn check<'t>(
    object: Object,
    node: Node<'t>,
    tree: &'t Tree<'t>,
    options: &Options,
    suppressions: Arc<[Suppression]>,
) -> CheckedDocument {
    let mut outline = Outline::default();
    let report = object.is_gateway().then(|| judge(tree, node, options, Some(&mut outline)));
    let report = report.map(|report| report.within(object.start()));
    if report.is_none() {
        outline = Outline::other(&object, node, tree);
    }
    let outline = outline.within(object.start());
    CheckedDocument { object, report, suppressions, outline }
}

/// The cluster's verdict on the object at a node, with this crate's lint. Without an outline for a set, the
/// Gateway is judged as if there were no other one.
pub(super) fn judge<'t>(
    tree: &'t Tree<'t>,
    root: Node<'t>,
    options: &Options,
    outline: Option<&mut Outline>,
) -> Report {
    let mut findings = Findings::default();
    let place = Location::root(root);
    if !schema::check_type(root, options.istio, &mut findings) {
        return findings.finish(tree, root, Vec::new());
    }
    let mut pruned = Vec::new();
    field_validation::check(tree, &place, options, &mut pruned, &mut findings);
    let is_metadata_blocking = metadata::check(&place, &mut findings);
    let outcome = schema::check(tree, root, options, &mut findings);
    if options.istio >= CRD_CEL {
        let is_blocked =
            (outcome.is_blocked || is_metadata_blocking) && findings.has_schema_errors();
        cel::check(&place, is_blocked, &mut findings);
    }
    let spec = Spec::read(tree, root, options, outcome.is_rewritten, &mut findings);
    let mut alone = None;
    if let Some(Spec { gateway, unknown }) = spec {
        let named = webhook_metadata(&place);
        if let Some(unknown) = unknown {
            let found = unknown.check(&gateway, &named, &place, options);
            let has_placeholders = findings.placeholders().next().is_some();
            if found.depends() && has_placeholders {
                findings.depend_on_placeholders();
            }
            findings.append(found);
            if let Some(outline) = outline {
                let known = unknown.without(gateway);
                let kept = unknown.servers().map(|servers| Kept::gateway(&known, servers, &place));
                *outline = Outline::of(&known, kept.unwrap_or_default(), &place, tree);
            }
        } else {
            webhook::check(&gateway, &named, &place, &mut findings);
            if let Some(outline) = outline {
                lint::check_settings(&gateway, &place, options, &mut findings);
                let kept = Kept::gateway(&gateway, Vec::new(), &place);
                *outline = Outline::of(&gateway, kept, &place, tree);
            } else {
                lint::check(&gateway, &place, options, &mut findings);
                if may_interact(gateway.servers.iter()) {
                    let mut kept = Kept::gateway(&gateway, Vec::new(), &place);
                    locate(kept.locations().collect(), tree);
                    alone = Some(GatewaySet::alone(&kept));
                }
            }
        }
    } else if let Some(outline) = outline {
        *outline = Outline::of(&Gateway::default(), Kept::Nothing, &place, tree);
    }
    findings.report_placeholders();
    pruned.extend(outcome.pruned);
    let mut report = findings.finish(tree, root, pruned);
    if let Some(set) = alone.filter(|_| !matches!(report.verdict(), Verdict::Rejected(_))) {
        report.add(set.findings_alone().into_iter().map(|found| found.diagnostic));
    }
    report
}

/// The spec as istiod reads it after the API server has pruned it.
struct Spec {
    gateway: Gateway,
    unknown: Option<Unknown>,
}

impl Spec {
    /// `None` if too little of the spec can be decoded.
    fn read(
        tree: &Tree<'_>,
        root: Node<'_>,
        options: &Options,
        is_rewritten: bool,
        findings: &mut Findings,
    ) -> Option<Self> {
        let Some(spec) = root.get("spec").filter(|spec| !spec.is_null()) else {
            return Some(Self { gateway: Gateway::default(), unknown: None });
        };
        // The decoder does not report all of more than this many mistakes.
        const MOST_ERRORS: usize = 1000;
        let at = FieldPath::root().key("spec");
        let decode = |is_template| match is_rewritten {
            true => structural::stored_spec(spec, options.istio, is_template).ok(),
            false => Some(json::decode_node_onto(Gateway::default(), tree, spec, &at, is_template)),
        };
        let mut decoded = decode(false)?;
        let placeholders = findings.placeholders().filter(|path| below_spec(path).is_some());
        let mut paths: Vec<_> = placeholders.cloned().collect();
        if decoded.diagnostics.len() >= MOST_ERRORS {
            decoded = decode(true)?;
            let placeholders = find_placeholders(spec, at);
            if decoded.diagnostics.len() >= MOST_ERRORS || placeholders.len() >= MAX_PLACEHOLDERS {
                return None;
            }
            paths.extend(placeholders.into_iter().map(|value| value.path));
        }
        let json::Decoded { value: gateway, diagnostics, .. } = decoded;
        let errors = diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
        paths.extend(errors.map(|found| found.path));
        if paths.is_empty() {
            return Some(Self { gateway, unknown: None });
        }
        sort::sort_and_dedup(&mut paths);
        let values = paths.iter().map(|path| below_spec(path).map(UnknownValue::at));
        let unknown = Unknown::new(values.collect::<Option<_>>()?, gateway.servers.len());
        Some(Self { gateway, unknown: Some(unknown) })
    }
}

fn webhook_metadata<'t>(root: &Location<'_, 't>) -> webhook::Metadata<'t> {
    let metadata = root.field("metadata");
    let text = |name| metadata.field(name).node.map(Ref::text).unwrap_or_default();
    let (name, generated) = (text("name"), text("generateName"));
    let name = if name.is_empty() && !generated.is_empty() {
        Cow::Owned(metadata::generated_name(generated))
    } else {
        Cow::Borrowed(name)
    };
    webhook::Metadata { name, namespace: text("namespace") }
}

/// Returns the answer of istiod's webhook for a document as it is written, as `istioctl validate` gets
/// it: without the API server, so nothing is pruned.
///
/// ```
/// use istio_gateway::{Object, validate};
///
/// let object = Object::from_yaml("metadata: {name: edge}\nspec: {servers: []}\n")?;
/// let review = validate::webhook_review(&object);
/// assert_eq!(
///     review.message.unwrap(),
///     "configuration is invalid: gateway must have at least one server",
/// );
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn webhook_review(object: &Object) -> WebhookReview {
    object.with_tree(|tree| {
        let root = Location::root(tree.root());
        let metadata = webhook_metadata(&root);
        let spec = tree.root().get("spec").filter(|spec| !spec.is_null());
        let gateway = spec.map_or_else(
            || Ok(Gateway::default()),
            |spec| json::decode_node(tree, spec, &FieldPath::root().key("spec")).into_lenient(),
        );
        let gateway = match gateway {
            Ok(gateway) => gateway,
            Err(error) => {
                let message = format!("error decoding configuration: {}", error.without_position());
                return WebhookReview { message: Some(message), ..WebhookReview::default() };
            }
        };
        let mut findings = Findings::default();
        webhook::check(&gateway, &metadata, &root, &mut findings);
        let found = findings.finish(tree, tree.root(), Vec::new()).findings;
        let texts = |severity: Severity| {
            let found = found.iter().filter(|found| found.severity == severity);
            found.map(|found| found.message.clone()).collect::<Vec<_>>()
        };
        let (errors, warnings) = (texts(Severity::Error), texts(Severity::Warning));
        // istiod checks unknown keys last.
        let message = match errors.as_slice() {
            [] => unknown_key(tree.root(), &metadata),
            [error] => Some(format!("configuration is invalid: {error}")),
            errors => {
                let list: String = errors.iter().map(|error| format!("\t* {error}\n")).collect();
                let count = errors.len();
                Some(format!("configuration is invalid: {count} errors occurred:\n{list}\n"))
            }
        };
        WebhookReview { is_allowed: message.is_none(), errors, warnings, message }
    })
}

/// The first key that istiod does not know, in byte order.
fn unknown_key(root: Node<'_>, metadata: &webhook::Metadata<'_>) -> Option<String> {
    let is_known =
        |key: &str| matches!(key, "apiVersion" | "kind" | "metadata" | "spec" | "status");
    let key = root.entries().map(|(key, _)| key.text()).filter(|key| !is_known(key)).min()?;
    let webhook::Metadata { name, namespace } = metadata;
    Some(format!("unknown field \"{key}\" on Gateway resource {namespace}/{name}"))
}

/// istiod's answer to an admission request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookReview {
    /// Whether it allows the object.
    pub is_allowed: bool,
    /// The findings for which it rejects the object, in its order.
    pub errors: Vec<String>,
    /// Its warnings. istiod sends them only if it allows the object.
    pub warnings: Vec<String>,
    /// The message of the rejection. If istiod cannot decode the object, the part after `error decoding
    /// configuration: ` is this crate's text.
    pub message: Option<String>,
}
