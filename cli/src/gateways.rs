//! The Gateways of an input, and what a cluster would say of each.

use std::collections::{HashMap, HashSet};

use istio_gateway::{
    Diagnostic, Document, Error, FieldPath, Gateway, IstioVersion, Manifest, Position, Severity,
    StoredGateway,
    diagnostic::Step,
    documents, documents_from_json,
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

/// What a cluster makes of a Gateway. Paths begin at the document's root.
pub(crate) struct Judgement {
    /// Why it rejects the Gateway, and with it each of its servers; nothing if it does not.
    pub(crate) refusals: Vec<Diagnostic>,
    /// What the API server drops before it stores the Gateway.
    pub(crate) pruned: Vec<Diagnostic>,
    /// What istiod's decoder ignores of the rest.
    pub(crate) ignored: Vec<Diagnostic>,
    /// The spec that the API server stores: what istiod sees.
    pub(crate) spec: Gateway,
}

impl Judgement {
    pub(crate) fn of(manifest: &Manifest, istio: IstioVersion) -> Self {
        let report = validate_manifest(manifest, &validate::Options::istio(istio));
        let refused = !report.is_accepted();
        let errors = report.findings.into_iter().filter(|f| f.severity == Severity::Error);
        let mut refusals: Vec<_> = errors.filter(|_| refused).collect();
        let StoredGateway { spec, pruned, .. } = manifest.stored(istio).unwrap_or_else(|error| {
            // What istiod reads as written, it reads without some of the fields, too.
            refusals.extend_from_slice(error.diagnostics());
            StoredGateway::default()
        });
        let is_pruned: HashSet<_> = pruned.iter().map(|field| field.path.steps()).collect();
        let is_stored = |found: &&Diagnostic| {
            let steps = found.path.steps();
            !(1..=steps.len())
                .any(|n| steps.get(..n).is_some_and(|above| is_pruned.contains(above)))
        };
        let ignored = manifest.diagnostics().iter().filter(is_stored).cloned().collect();
        let pruned = pruned.iter().map(|field| field.to_diagnostic(istio)).collect();
        Self { refusals, pruned, ignored, spec }
    }
}

/// A cluster's reasons against a Gateway, as each server shows them: there may be thousands of both.
pub(crate) struct Refusals<'a> {
    of_servers: HashMap<usize, Vec<&'a Diagnostic>>,
    /// One that is about the Gateway as a whole, or else about another server.
    other: Option<&'a Diagnostic>,
    is_of_gateway: bool,
}

impl<'a> Refusals<'a> {
    pub(crate) fn new(found: &'a [Diagnostic]) -> Self {
        let (of_servers, others) = by_server(found);
        let of_gateway = others.first().copied();
        let other = of_gateway.or(found.first());
        Self { of_servers, other, is_of_gateway: of_gateway.is_some() }
    }

    /// Those about a server, and one of the others if it says more.
    pub(crate) fn of(&self, server: usize) -> Vec<Diagnostic> {
        const MOST: usize = 20;
        let own = self.of_servers.get(&server).map(Vec::as_slice).unwrap_or_default();
        let other = self.other.filter(|_| own.is_empty() || self.is_of_gateway);
        own.iter().copied().take(MOST).chain(other).cloned().collect()
    }
}

/// Those of some findings that are about a server, in their order, and those about none.
pub(crate) fn by_server(
    found: &[Diagnostic],
) -> (HashMap<usize, Vec<&Diagnostic>>, Vec<&Diagnostic>) {
    let (mut of_servers, mut others) = (HashMap::<_, Vec<_>>::new(), Vec::new());
    for found in found {
        match found.path.steps() {
            [Step::Key(spec), Step::Key(servers), Step::Index(index), ..]
                if spec == "spec" && servers == "servers" =>
            {
                of_servers.entry(*index).or_default().push(found);
            }
            _ => others.push(found),
        }
    }
    (of_servers, others)
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

/// How istiod translates a server was compared with its own code for 1.31, and for what 1.32 changes.
/// Of older releases it is not known, and a guess would be a false answer.
pub(crate) fn known_translation(text: &str) -> Result<IstioVersion, String> {
    let version = text.parse::<IstioVersion>().ok().filter(|version| version.minor() >= 31);
    version.ok_or_else(|| {
        "the translation of istiod is known for 1.31 and 1.32 only; `check --istio` knows the fields \
         and rules of older releases"
            .to_owned()
    })
}
