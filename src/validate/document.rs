//! From text to reports, document by document, each read once.

use std::borrow::Cow;

use super::{
    Options, Report, cel,
    findings::{Findings, Node, Place},
    lint, metadata,
    outline::Outline,
    schema,
    versions::CRD_CEL,
    webhook,
};
use crate::{
    Error, FieldPath, Gateway, Object, Severity, json, structural,
    tree::{Ref, Tree},
};

/// A document of a stream, and what validation says of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The document.
    pub object: Object,
    /// What was found, if it is a Gateway of Istio's.
    pub report: Option<Report>,
    pub(super) outline: Outline,
}

impl Checked {
    /// The same of a text before which there are `lines` lines of its file: the places of the
    /// report and of the outline move down, those of the object are its own.
    #[must_use]
    pub fn below(self, lines: usize) -> Self {
        let Self { object, report, outline } = self;
        let report = report.map(|report| report.below(lines));
        Self { object, report, outline: outline.below(lines) }
    }
}

/// Reads a YAML stream and validates each document, as [`documents`](crate::documents) and
/// [`validate`](super::validate()) would, in one go and without decoding what need not be. The
/// items of a `List` come one by one, with their places in the stream. An error is its document's
/// own: the next one is read all the same.
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
pub fn documents<'a>(
    yaml: &'a str,
    options: &'a Options,
) -> impl Iterator<Item = Result<Checked, Error>> + 'a {
    crate::yaml::split(yaml)
        .filter(|chunk| !chunk.is_blank())
        .flat_map(|chunk| read(chunk.text, true, chunk.lines, options))
}

/// Reads JSON documents that stand one behind the other and validates each, as [`documents`] does.
pub fn documents_from_json<'a, J: AsRef<[u8]> + ?Sized>(
    json: &'a J,
    options: &'a Options,
) -> impl Iterator<Item = Result<Checked, Error>> + 'a {
    crate::json::split(json.as_ref()).flat_map(|chunk| {
        let checked = chunk.and_then(|chunk| {
            let checked = crate::json::CheckedJson::check(chunk.text);
            checked.map(|json| (json, chunk.lines)).map_err(|error| error.below(chunk.lines))
        });
        match checked {
            Ok((json, lines)) => read(&json.text, false, lines, options),
            Err(error) => vec![Err(error)],
        }
    })
}

/// The documents of one text: one, or the items of a list.
fn read(text: &str, is_yaml: bool, lines: usize, options: &Options) -> Vec<Result<Checked, Error>> {
    let tree = match crate::manifest::tree(text, is_yaml) {
        Ok(tree) => tree,
        Err(error) => return vec![Err(error.below(lines))],
    };
    let (_, objects) = crate::manifest::objects(text, &tree, is_yaml, lines);
    objects
        .map(|object| {
            let (object, node) = object.map_err(|error| error.below(lines))?;
            let mut outline = Outline::default();
            let report = object.is_gateway().then(|| {
                let report = judge(&tree, node, options, Some(&mut outline)).below(lines);
                outline = std::mem::take(&mut outline).below(lines);
                report
            });
            Ok(Checked { object, report, outline })
        })
        .collect()
}

/// What a cluster says of the object at a node, and what this crate adds.
pub(super) fn judge<'t>(
    tree: &'t Tree<'t>,
    root: Node<'t>,
    options: &Options,
    outline: Option<&mut Outline>,
) -> Report {
    let mut findings = Findings::default();
    let place = Place::root(root);
    if !schema::check_type(root, options.istio, &mut findings) {
        return findings.finish(tree, Vec::new());
    }
    let is_metadata_blocking = metadata::check(&place, &mut findings);
    let outcome = schema::check(root, options.istio, &mut findings);
    if options.istio >= CRD_CEL {
        cel::check(&place, outcome.is_blocked || is_metadata_blocking, &mut findings);
    }
    if let Some(gateway) = decode(tree, root, options, outcome.is_rewritten) {
        webhook::check(&gateway, &webhook_metadata(&place), &place, &mut findings);
        lint::check(&gateway, &place, options, &mut findings);
        if let Some(outline) = outline {
            *outline = Outline::of(gateway, &place, tree);
        }
    } else if let Some(outline) = outline {
        *outline = Outline::of(Gateway::default(), &place, tree);
    }
    findings.finish(tree, outcome.pruned)
}

/// The spec as istiod reads it after the API server has pruned it; nothing, if istiod cannot.
fn decode(
    tree: &Tree<'_>,
    root: Node<'_>,
    options: &Options,
    is_rewritten: bool,
) -> Option<Gateway> {
    let Some(spec) = root.get("spec").filter(|spec| !spec.is_null()) else {
        return Some(Gateway::default());
    };
    if !is_rewritten {
        return json::decode_node(tree, spec, &FieldPath::root()).tolerant().ok();
    }
    structural::stored_spec(spec, options.istio).ok()
}

fn webhook_metadata<'t>(root: &Place<'_, 't>) -> webhook::Metadata<'t> {
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

/// What istiod's webhook answers about a document as it is written, as `istioctl validate` asks it:
/// past the API server, so that nothing is pruned.
///
/// ```
/// use istio_gateway::{Object, validate};
///
/// let object = Object::parse("metadata: {name: edge}\nspec: {servers: []}\n")?;
/// let review = validate::webhook_review(&object);
/// assert_eq!(
///     review.message.unwrap(),
///     "configuration is invalid: gateway must have at least one server",
/// );
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn webhook_review(object: &Object) -> WebhookReview {
    let review = object.with_tree(|tree| {
        let root = Place::root(tree.root());
        let metadata = webhook_metadata(&root);
        let spec = tree.root().get("spec").filter(|spec| !spec.is_null());
        let gateway = spec.map_or_else(
            || Ok(Gateway::default()),
            |spec| json::decode_node(tree, spec, &FieldPath::root().key("spec")).tolerant(),
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
        let found = findings.finish(tree, Vec::new()).findings;
        let texts = |severity: Severity| {
            let found = found.iter().filter(|found| found.severity == severity);
            found.map(|found| found.message.clone()).collect::<Vec<_>>()
        };
        let (errors, warnings) = (texts(Severity::Error), texts(Severity::Warning));
        // istiod asks for keys last of all.
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
    });
    // The text was read before, and is read again without an error.
    review.unwrap_or_default()
}

/// The first key beside those that istiod knows, in the order of their bytes.
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
    /// What it refuses, in its order.
    pub errors: Vec<String>,
    /// What it warns of. It sends them only if it allows the object.
    pub warnings: Vec<String>,
    /// The message of a refusal. Where istiod cannot decode the object, what follows
    /// `error decoding configuration: ` is this crate's text.
    pub message: Option<String>,
}
