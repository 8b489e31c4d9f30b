//! Field validation: how the API server treats unknown and repeated fields, as the client requests it.

use std::{collections::HashSet, fmt, str::FromStr};

use super::{
    Options, Report, Stage,
    findings::{Findings, Location},
    fixes::is_small,
    schema::{remove_earlier, rename},
};
use crate::{
    FieldPath, Severity,
    diagnostic::{Step, only_near},
    manifest::{OBJECT_META, Want},
    rule::{self, RuleId},
    sort,
    structural::PruneReason,
    tree::{Ref, Tree},
};

/// How the API server treats unknown and repeated fields: the parameter `fieldValidation` of a request,
/// and `kubectl`'s `--validate`.
///
/// | client | requests |
/// |---|---|
/// | `kubectl apply`, `create`, `replace`, `edit` | strict, unless `--validate` names another one |
/// | client-go, kube: whoever requests nothing | warn, the API server's own default |
///
/// Server-side apply always rejects unknown fields.
///
/// ```
/// use istio_gateway::{
///     Object,
///     validate::{FieldValidation, Options, Stage, Verdict, validate},
/// };
///
/// let object = Object::from_yaml(
///     "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// spec:
///   selector: {istio: ingressgateway}
///   servers:
///   - port: {number: 80, name: http, protocol: HTTP}
///     hosts: [shop.example.com]
///     default_endpoint: 127.0.0.1:80
/// ",
/// )?;
/// let strict = Options::default();
/// let report = validate(&object, &strict);
/// assert_eq!(report.verdict(), Verdict::Rejected(Stage::FieldValidation));
/// assert_eq!(
///     report.strict_decoding_error().unwrap(),
///     r#"strict decoding error: unknown field "spec.servers[0].default_endpoint""#,
/// );
/// let lenient = strict.with_field_validation(FieldValidation::Warn);
/// assert!(validate(&object, &lenient).is_accepted());
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FieldValidation {
    /// The API server rejects the document.
    #[default]
    Strict,
    /// The API server drops unknown fields, keeps the last of repeated ones, and warns the client.
    Warn,
    /// The API server drops them silently.
    Ignore,
}

impl FieldValidation {
    /// `strict`, `warn` or `ignore`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Warn => "warn",
            Self::Ignore => "ignore",
        }
    }
}

impl fmt::Display for FieldValidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FieldValidation {
    type Err = UnknownFieldValidation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Strict, Self::Warn, Self::Ignore];
        all.into_iter().find(|mode| mode.as_str() == text).ok_or(UnknownFieldValidation)
    }
}

/// The error for an unknown name of a field validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFieldValidation;

impl fmt::Display for UnknownFieldValidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a field validation: strict, warn or ignore")
    }
}

impl std::error::Error for UnknownFieldValidation {}

pub(super) const UNKNOWN: RuleId = rule::field_validation::UNKNOWN_FIELD;
const DUPLICATE: RuleId = rule::field_validation::DUPLICATE_FIELD;

/// The maximum number of errors of one kind that Go's strict decoder reports.
const MOST: usize = 100;

/// Checks what the schema check does not: fields of the metadata, and repeated keys. Repeated keys of
/// YAML are not sent: a client converts YAML to JSON and keeps the last one.
/// Adds the fields that are dropped to `pruned`.
pub(super) fn check(
    tree: &Tree<'_>,
    root: &Location<'_, '_>,
    options: &Options,
    pruned: &mut Vec<FieldPath>,
    findings: &mut Findings,
) {
    if reports_repeated(tree, options.field_validation) {
        duplicates(root, options.field_validation, findings);
    }
    unknown_in(&root.field("metadata"), &OBJECT_META, options, pruned, findings);
}

/// Whether repeated keys are reported: only JSON is sent with them.
pub(super) fn reports_repeated(tree: &Tree<'_>, mode: FieldValidation) -> bool {
    tree.lends_unescaped() && mode != FieldValidation::Ignore
}

fn unknown_in(
    place: &Location<'_, '_>,
    want: &'static Want,
    options: &Options,
    pruned: &mut Vec<FieldPath>,
    findings: &mut Findings,
) {
    match want {
        Want::Struct(_, fields) => {
            let parent = place.node;
            for (key, value) in place.node.into_iter().flat_map(Ref::entries) {
                if !fields.iter().any(|(name, _)| *name == key.text()) {
                    let names = fields.iter().map(|(name, _)| *name);
                    let reason = PruneReason::unknown(names, key.text(), !findings.is_full());
                    let place = place.entry(key, value);
                    pruned.push(place.path());
                    let parent = parent.filter(|node| is_small(*node) && !findings.is_full());
                    let fix = parent.and_then(|parent| {
                        let meant = only_near(key.text(), fields.iter().map(|(name, _)| *name))?;
                        rename(meant, place.node, parent)
                    });
                    findings.with_fix(fix, |findings| {
                        dropped(&place, reason, reason.help(key.text()), options, findings);
                    });
                }
            }
            for (name, want) in *fields {
                if let Want::List(_) = want {
                    unknown_in(&place.field(name), want, options, pruned, findings);
                }
            }
        }
        Want::List(want) => {
            place.items().for_each(|item| unknown_in(&item, want, options, pruned, findings));
        }
        _ => {}
    }
}

/// Reports a field that the API server drops, in its words if the client requests field validation.
pub(super) fn dropped(
    place: &Location<'_, '_>,
    reason: PruneReason,
    help: Option<String>,
    options: &Options,
    findings: &mut Findings,
) {
    if options.field_validation == FieldValidation::Ignore {
        findings.about_key(reason.rule(), place, reason.message(options.istio), help);
    } else {
        unknown(place, options.field_validation, help, findings);
    }
}

/// Reports an unknown field with the API server's message.
pub(super) fn unknown(
    place: &Location<'_, '_>,
    mode: FieldValidation,
    help: Option<String>,
    findings: &mut Findings,
) {
    report(UNKNOWN, "unknown", place, mode, help, findings);
}

fn report(
    rule: RuleId,
    what: &str,
    place: &Location<'_, '_>,
    mode: FieldValidation,
    help: Option<String>,
    findings: &mut Findings,
) {
    let message = format!("{what} field \"{}\"", place.plain_path());
    match mode {
        FieldValidation::Strict => {
            let message = format!("strict decoding error: {message}");
            findings.error_about_key(rule, place, message, help);
        }
        FieldValidation::Warn => findings.about_key(rule, place, message, help),
        FieldValidation::Ignore => {}
    }
}

/// Reports all repeated keys of a document, in its order.
fn duplicates(root: &Location<'_, '_>, mode: FieldValidation, findings: &mut Findings) {
    let Some(node) = root.node else { return };
    let mut walk = vec![Level::of(node)];
    let mut path: Vec<Step> = Vec::new();
    while let Some(level) = walk.last_mut() {
        let parent = level.node();
        let Some((step, key, value)) = level.next() else {
            walk.pop();
            path.pop();
            continue;
        };
        path.push(step);
        if let Some(key) = key {
            let mut text = String::new();
            for step in &path {
                match step {
                    Step::Index(index) => text.push_str(&format!("[{index}]")),
                    Step::Key(key) if text.is_empty() => text.push_str(key),
                    Step::Key(key) => {
                        text.push('.');
                        text.push_str(key);
                    }
                }
            }
            let message = format!("duplicate field \"{text}\"");
            let help = Some("keep one of them; kubectl sends the last one".to_owned());
            let path = path.iter().cloned().collect();
            let fix = (!findings.is_full()).then(|| remove_earlier(parent, key.text())).flatten();
            let is_error = mode == FieldValidation::Strict;
            findings.with_fix(fix, |findings| {
                findings.about_path(DUPLICATE, path, key, message, is_error, help);
            });
        }
        if value.is_mapping() || value.is_sequence() {
            walk.push(Level::of(value));
        } else {
            path.pop();
        }
    }
}

/// An object or array that contains the current value.
enum Level<'t> {
    Object(Ref<'t, 't>, crate::tree::Entries<'t, 't>, HashSet<&'t str>),
    Array(Ref<'t, 't>, usize, crate::tree::Items<'t, 't>),
}

impl<'t> Level<'t> {
    fn of(node: Ref<'t, 't>) -> Self {
        if node.is_mapping() {
            Self::Object(node, node.entries(), HashSet::new())
        } else {
            Self::Array(node, 0, node.items())
        }
    }

    fn node(&self) -> Ref<'t, 't> {
        match self {
            Self::Object(node, ..) | Self::Array(node, ..) => *node,
        }
    }

    /// The step to the next value, its key if it is repeated, and the value.
    fn next(&mut self) -> Option<(Step, Option<Ref<'t, 't>>, Ref<'t, 't>)> {
        match self {
            Self::Object(_, entries, seen) => {
                let (key, value) = entries.next()?;
                let is_new = seen.insert(key.text());
                Some((Step::Key(key.text().to_owned()), (!is_new).then_some(key), value))
            }
            Self::Array(_, index, items) => {
                let step = Step::Index(*index);
                *index += 1;
                Some((step, None, items.next()?))
            }
        }
    }
}

impl Report {
    /// The API server's answer to strict field validation, from `strict decoding error: ` on; `None` if
    /// it accepts the fields.
    ///
    /// Source: `UnmarshalStrict` of sigs.k8s.io/json, `PruneWithOptions` and `GetObjectMetaWithOptions` of
    /// apiextensions-apiserver, and `strictDecodingError` of apimachinery.
    #[must_use]
    pub fn strict_decoding_error(&self) -> Option<String> {
        if self.rejected_by != Some(Stage::FieldValidation) {
            return None;
        }
        let is_metadata = |path: &crate::FieldPath| matches!(path.steps(), [Step::Key(key), _, ..] if key == "metadata");
        // Equal messages are reported once.
        let mut seen = HashSet::new();
        let (mut messages, mut of_metadata, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for found in self.findings.iter().filter(|found| found.severity == Severity::Error) {
            let Some(message) = found.message.strip_prefix("strict decoding error: ") else {
                continue;
            };
            match found.rule {
                DUPLICATE if seen.insert(message) => messages.push(message),
                UNKNOWN if is_metadata(&found.path) => of_metadata.push(message),
                UNKNOWN => others.push(message),
                _ => {}
            }
        }
        for unknown in [&mut of_metadata, &mut others] {
            sort::sort_by_key(unknown, |message| message.trim_end_matches('"'));
            unknown.dedup();
        }
        messages.truncate(MOST);
        of_metadata.truncate(MOST);
        messages.append(&mut of_metadata);
        messages.append(&mut others);
        (!messages.is_empty()).then(|| format!("strict decoding error: {}", messages.join(", ")))
    }
}
