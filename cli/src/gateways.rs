//! The Gateways of files, and what a cluster would say of each.

use std::path::PathBuf;

use istio_gateway::{
    Diagnostic, Document, FieldPath, IstioVersion, Manifest, Position, Severity,
    validate::{self, validate_manifest},
};
use serde::Serialize;

use crate::{Failure, input::Reading, wording::severity_name};

/// A Gateway, and where it is.
pub(crate) struct Found {
    pub(crate) file: String,
    /// The number of its document in the file, from 1; the items of a list count each.
    pub(crate) document: usize,
    pub(crate) manifest: Manifest,
}

/// The Gateways of files and directories; those in a List, too. What is left out is reported.
pub(crate) fn read(arguments: &[PathBuf], reading: &mut Reading) -> Result<Vec<Found>, Failure> {
    let mut gateways = Vec::new();
    reading.documents(arguments, |reading, file, count, text| {
        let (document, ignored) = Document::of_stream(text);
        let items = match &document {
            Ok(Document::Other(object)) if object.is_list() => object.items().collect(),
            _ => vec![document],
        };
        for document in items.into_iter().chain(ignored.map(Err)) {
            *count += 1;
            match document {
                Ok(Document::Gateway(manifest)) => gateways.push(Found {
                    file: file.name(),
                    document: *count,
                    manifest: *manifest,
                }),
                Ok(document) => reading.others.add(file, document.object()),
                Err(error) => reading.wrong(file, &error),
            }
        }
    })?;
    Ok(gateways)
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
