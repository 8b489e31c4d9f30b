//! The Gateways of an input, and what a cluster would say of each.

use std::path::Path;

use istio_gateway::{
    Diagnostic, Document, Error, FieldPath, IstioVersion, Manifest, Severity, documents,
    documents_from_json,
    validate::{self, validate_manifest},
};

use crate::{Failure, input::Input};

/// The Gateways of a file with the numbers of their documents, from 1; those in a List too, and
/// other kinds passed over. If anything cannot be read, all that is wrong.
pub(crate) fn read(input: &Input, path: &Path) -> Result<Vec<(usize, Manifest)>, Failure> {
    let documents: Documents = match path.extension().and_then(|ending| ending.to_str()) {
        Some("json" | "ndjson" | "jsonl") => documents_from_json(&input.bytes).collect(),
        _ => documents(input.text().map_err(Failure::Input)?).collect(),
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

/// With a list's items in its place.
fn flat(documents: Documents) -> Documents {
    let items = |document: Result<Document, Error>| -> Documents {
        let list: Documents = match &document {
            Ok(Document::Other(object)) => object.items().collect(),
            _ => Vec::new(),
        };
        if list.is_empty() { vec![document] } else { flat(list) }
    };
    documents.into_iter().flat_map(items).collect()
}

/// What a cluster says of a Gateway. Paths begin at the document's root.
pub(crate) struct Judgement {
    /// Why it refuses the Gateway, and with it each of its servers; nothing if it does not.
    pub(crate) refusals: Vec<Diagnostic>,
    /// What its decoder ignores.
    pub(crate) ignored: Vec<Diagnostic>,
}

impl Judgement {
    pub(crate) fn of(manifest: &Manifest, istio: IstioVersion) -> Self {
        let report = validate_manifest(manifest, &validate::Options::istio(istio));
        let refused = !report.is_accepted();
        let errors = report.findings.into_iter().filter(|f| f.severity == Severity::Error);
        Self {
            refusals: errors.filter(|_| refused).collect(),
            ignored: manifest.diagnostics().to_vec(),
        }
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

/// Of older releases it is not known how they translate.
pub(crate) fn known_translation(text: &str) -> Result<IstioVersion, String> {
    let version = text.parse::<IstioVersion>().ok().filter(|version| version.minor() >= 31);
    version.ok_or_else(|| "not a version whose translation is known: 1.31 or 1.32".to_owned())
}
