//! The Gateways of an input, and what a cluster would say of each.

use istio_gateway::{
    Diagnostic, Document, Error, FieldPath, IstioVersion, Manifest, Position, Severity, documents,
    documents_from_json,
    validate::{self, validate_manifest},
};

use serde::Serialize;

use crate::{Failure, input::Input, wording::severity_name};

/// The Gateways of a file with the numbers of their documents, from 1; those in a List too, and
/// other kinds passed over. If anything cannot be read, all that is wrong.
pub(crate) fn read(input: &Input) -> Result<Vec<(usize, Manifest)>, Failure> {
    let documents: Documents = if input.is_json() {
        documents_from_json(&input.bytes).collect()
    } else {
        documents(input.text().map_err(Failure::Input)?).collect()
    };
    let mut gateways = Vec::new();
    let mut wrong = Vec::new();
    for (number, document) in (1..).zip(flat(documents)) {
        match document {
            Ok(Document::Gateway(manifest)) => gateways.push((number, *manifest)),
            Ok(_) => {}
            Err(error) => wrong.extend(input.lines_of(&error, 0)),
        }
    }
    if wrong.is_empty() { Ok(gateways) } else { Err(Failure::Input(wrong)) }
}

type Documents = Vec<Result<Document, Error>>;

/// With a list's items in its place. Lists within lists are copied level by level, so that nobody
/// gains from more than a few.
fn flat(documents: Documents) -> Documents {
    const DEEPEST: usize = 16;
    let mut flat = Vec::new();
    let mut left: Vec<_> = documents.into_iter().rev().map(|document| (0, document)).collect();
    while let Some((depth, document)) = left.pop() {
        let items: Documents = match &document {
            Ok(Document::Other(object)) if depth < DEEPEST => object.items().collect(),
            _ => Vec::new(),
        };
        if items.is_empty() {
            flat.push(document);
        } else {
            left.extend(items.into_iter().rev().map(|item| (depth + 1, item)));
        }
    }
    flat
}

/// What a cluster says of a Gateway. Paths begin at the document's root.
pub(crate) struct Judgement {
    /// Why it refuses the Gateway, and with it each of its servers; nothing if it does not.
    pub(crate) refusals: Vec<Diagnostic>,
    /// What its decoder ignores, and values that are not known since they hold placeholders.
    pub(crate) ignored: Vec<Diagnostic>,
}

impl Judgement {
    pub(crate) fn of(manifest: &Manifest, istio: IstioVersion) -> Self {
        // What the API server drops for whoever requests no field validation is not in effect, whoever
        // applies it.
        let options = validate::Options::istio(istio)
            .with_field_validation(validate::FieldValidation::Ignore);
        let report = validate_manifest(manifest, &options);
        let refused = matches!(report.verdict(), validate::Verdict::Rejected(_));
        let placeholders = report.placeholders.iter().map(|placeholder| {
            let message =
                "unknown until the placeholder is filled in: what is told of it depends on that";
            Diagnostic::warning("lint/template", placeholder.path.clone(), message)
        });
        let ignored = manifest.diagnostics().iter().cloned().chain(placeholders).collect();
        let errors = report.findings.into_iter().filter(|f| f.severity == Severity::Error);
        Self { refusals: errors.filter(|_| refused).collect(), ignored }
    }
}

/// The path of a server in its Gateway's document.
pub(crate) fn server_path(server: usize) -> FieldPath {
    FieldPath::root().key("spec").key("servers").index(server)
}

/// A finding that was made from a server, with its path from the document's root.
pub(crate) fn below_server(found: &Diagnostic, server: usize) -> Diagnostic {
    let mut found = found.clone();
    let here = server_path(server);
    found.path = here.steps().iter().chain(found.path.steps()).cloned().collect();
    found
}

/// A finding, for those who want to know where.
#[derive(Clone, Serialize)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) path: String,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Finding {
    pub(crate) fn at(found: &Diagnostic, place: Option<Position>) -> Self {
        Self {
            rule: found.rule,
            severity: severity_name(found.severity),
            path: found.path.to_string(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            message: found.message.clone(),
            help: found.help.clone(),
        }
    }

    pub(crate) fn of(found: &[Diagnostic], manifest: &Manifest) -> Vec<Self> {
        Self::of_lists(&[found], manifest).pop().unwrap_or_default()
    }

    /// Of several lists of findings, for whose places the manifest is read once.
    pub(crate) fn of_lists(lists: &[&[Diagnostic]], manifest: &Manifest) -> Vec<Vec<Self>> {
        let without_place =
            lists.iter().copied().flatten().filter(|found| found.position.is_none());
        let paths: Vec<_> = without_place.map(|found| found.path.clone()).collect();
        let places = if paths.is_empty() { Vec::new() } else { manifest.positions(&paths) };
        let mut places = places.into_iter();
        let mut told = |found: &Diagnostic| {
            Self::at(found, found.position.or_else(|| places.next().flatten()))
        };
        lists.iter().map(|found| found.iter().map(&mut told).collect()).collect()
    }
}

/// Of older releases it is not known how they translate.
pub(crate) fn known_translation(text: &str) -> Result<IstioVersion, String> {
    let version = text.parse::<IstioVersion>().ok().filter(|version| version.minor() >= 31);
    version.ok_or_else(|| "not a version whose translation is known: 1.31 or 1.32".to_owned())
}
