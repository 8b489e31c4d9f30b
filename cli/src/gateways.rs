//! The Gateways of files, with a cluster's verdict on each.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use istio_gateway::{
    Diagnostic, Document, FieldPath, Gateway, IstioVersion, Manifest, Object, Position, RuleId,
    Severity, StoredGateway,
    diagnostic::Step,
    merged_gateway::VirtualService,
    validate::{self, validate_manifest},
    x509::{Authorities, ReadError},
};
use serde::Serialize;

use crate::{
    Failure,
    input::{Reading, is_virtual_service},
    unknown::{Unknown, sentence},
};

/// A Gateway with its location.
pub(crate) struct Found {
    pub(crate) file: String,
    /// The number of its document in the file, from 1; the items of a list count each.
    pub(crate) document: usize,
    pub(crate) manifest: Manifest,
}

/// A Secret or a `ConfigMap`: of its content only the CA is kept.
pub(crate) struct CaObject {
    pub(crate) is_config_map: bool,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// `None` if it has none.
    pub(crate) authorities: Result<Option<Authorities>, ReadError>,
}

impl CaObject {
    fn is_read(object: &Object) -> bool {
        object.api_version() == "v1" && matches!(object.kind(), "Secret" | "ConfigMap")
    }

    fn new(object: &Object) -> Self {
        Self {
            is_config_map: object.kind() == "ConfigMap",
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            authorities: Authorities::from_object(object),
        }
    }
}

/// The Gateways of files and directories, including those in a List. Skipped documents are reported.
pub(crate) fn read(arguments: &[PathBuf], reading: &mut Reading) -> Result<Vec<Found>, Failure> {
    read_all(arguments, reading, None, None)
}

/// The Gateways and VirtualServices of files and directories. Of VirtualServices of one name, the last one
/// counts. The CAs of Secrets and ConfigMaps are read into `cas`, if it is given.
pub(crate) fn read_set(
    arguments: &[PathBuf],
    reading: &mut Reading,
    cas: Option<&mut Vec<CaObject>>,
) -> Result<(Vec<Found>, Vec<VirtualService>), Failure> {
    let mut services = Vec::new();
    let gateways = read_all(arguments, reading, Some(&mut services), cas)?;
    let mut last: HashMap<(String, String), usize> = HashMap::new();
    for (index, service) in services.iter().enumerate() {
        last.insert((service.namespace.clone(), service.name.clone()), index);
    }
    let mut index = 0;
    services.retain(|service| {
        index += 1;
        let last = last.get(&(service.namespace.clone(), service.name.clone()));
        service.name.is_empty() || last == Some(&(index - 1))
    });
    Ok((gateways, services))
}

fn read_all(
    arguments: &[PathBuf],
    reading: &mut Reading,
    mut services: Option<&mut Vec<VirtualService>>,
    mut cas: Option<&mut Vec<CaObject>>,
) -> Result<Vec<Found>, Failure> {
    let mut gateways = Vec::new();
    reading.documents(arguments, |reading, file, count, text| {
        let (document, ignored) = Document::of_template(text);
        let items = match &document {
            Ok(Document::Other(object)) if object.is_list() => object.template_items().collect(),
            _ => vec![document],
        };
        for document in items.into_iter().chain(ignored.map(Err)) {
            *count += 1;
            match document {
                Ok(Document::Gateway(manifest)) => {
                    if let Some(value) = Unknown::of_all_servers(&manifest) {
                        let line = format!(
                            "{}: the servers depend on {}: they are unknown",
                            file.name(),
                            sentence(&value)
                        );
                        reading.incomplete(&[line]);
                    } else {
                        let (file, document) = (file.name(), *count);
                        gateways.push(Found { file, document, manifest: *manifest });
                    }
                }
                Ok(document) => match (&mut services, &mut cas) {
                    (_, Some(cas)) if CaObject::is_read(document.object()) => {
                        cas.push(CaObject::new(document.object()));
                    }
                    (Some(services), _) if is_virtual_service(document.object()) => {
                        match VirtualService::from_object(document.object()) {
                            Ok(service) => services.push(service),
                            Err(error) => reading.wrong(file, &error),
                        }
                    }
                    _ => reading.others.add(file, document.object()),
                },
                Err(error) => reading.wrong(file, &error),
            }
        }
    })?;
    Ok(gateways)
}

/// A cluster's verdict on a Gateway. Paths start at the document's root.
pub(crate) struct Judgement {
    /// Why it rejects the Gateway with all of its servers; empty if it does not.
    pub(crate) refusals: Vec<Diagnostic>,
    /// The fields that the API server drops.
    pub(crate) pruned: Vec<Diagnostic>,
    /// What istiod's decoder ignores of the rest.
    pub(crate) ignored: Vec<Diagnostic>,
    /// The spec that the API server stores and istiod sees.
    pub(crate) spec: Gateway,
    /// What of it is unknown, since it holds placeholders.
    pub(crate) unknown: Unknown,
}

impl Judgement {
    pub(crate) fn of(manifest: &Manifest, istio: IstioVersion) -> Self {
        // Fields that the API server drops without field validation have no effect for any client.
        let options = validate::Options::istio(istio)
            .with_field_validation(validate::FieldValidation::Ignore);
        let report = validate_manifest(manifest, &options);
        let refused = matches!(report.verdict(), validate::Verdict::Rejected(_));
        let errors = report.findings.into_iter().filter(|f| f.severity == Severity::Error);
        let mut refusals: Vec<_> = errors.filter(|_| refused).collect();
        let StoredGateway { spec, pruned, .. } = manifest.stored(istio).unwrap_or_else(|error| {
            // istiod may decode the stored spec even if it cannot decode the written one.
            refusals.extend_from_slice(error.diagnostics());
            StoredGateway::default()
        });
        let is_pruned: HashSet<_> = pruned.iter().map(|field| field.path.steps()).collect();
        let is_stored = |steps: &[Step]| {
            !(1..=steps.len())
                .any(|n| steps.get(..n).is_some_and(|above| is_pruned.contains(above)))
        };
        let ignored = manifest.diagnostics().iter();
        let ignored = ignored.filter(|found| is_stored(found.path.steps())).cloned().collect();
        let unknown = Unknown::of(manifest, &spec.servers, is_stored);
        let pruned = pruned.iter().map(|field| field.to_diagnostic(istio)).collect();
        Self { refusals, pruned, ignored, spec, unknown }
    }
}

/// A cluster's reasons to reject a Gateway, grouped by server: there may be thousands of both.
pub(crate) struct Refusals<'a> {
    of_servers: HashMap<usize, Vec<&'a Diagnostic>>,
    /// A reason about the whole Gateway, or otherwise about another server.
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

    /// The reasons about a server, and one of the others if it is more general.
    pub(crate) fn of(&self, server: usize) -> Vec<Diagnostic> {
        const MOST: usize = 20;
        let own = self.of_servers.get(&server).map(Vec::as_slice).unwrap_or_default();
        let other = self.other.filter(|_| own.is_empty() || self.is_of_gateway);
        own.iter().copied().take(MOST).chain(other).cloned().collect()
    }
}

/// Splits findings into those about a server and others.
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

/// A finding of a server's translation, with its path from the document's root.
pub(crate) fn below_server(found: &Diagnostic, server: usize) -> Diagnostic {
    let mut found = found.clone();
    let here = server_path(server);
    found.path = here.steps().iter().chain(found.path.steps()).cloned().collect();
    found
}

/// A finding with its location.
#[derive(Clone, Serialize)]
pub(crate) struct Finding {
    pub(crate) rule: RuleId,
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
            severity: found.severity.as_str(),
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

    /// Several lists of findings, located in one pass over the manifest.
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

/// The translation was compared with istiod's code for 1.31 and 1.32. Those of older releases are
/// unknown, and a guess could be wrong.
pub(crate) fn known_translation(text: &str) -> Result<IstioVersion, String> {
    let version = text.parse::<IstioVersion>().ok().filter(|version| version.minor() >= 31);
    version.ok_or_else(|| {
        "istiod's translation is known only for 1.31 and 1.32; `check --istio` supports the fields \
         and rules of older releases"
            .to_owned()
    })
}
