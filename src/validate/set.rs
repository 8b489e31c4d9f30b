//! Findings across documents and files: conflicts, duplicates, missing Secrets.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use super::{
    CheckedDocument, Options, Report, Verdict,
    credentials::CredentialSet,
    document,
    gateway_set::{GatewaySet, in_order},
    grant::KeptGrant,
    kept::Kept,
    outline::{CompactLocation, Outline, position, small},
};
use crate::{
    Diagnostic, Object, Position, Severity,
    diagnostic::Quoted,
    is_placeholder,
    rule::{self, RuleId},
    sort,
};

/// The documents of one installation, added one by one. Only a summary of each is kept: a few dozen
/// bytes for each host, port and credential.
///
/// Gateways conflict only if they have the same pods: one's selector is the other's, or a part of it.
///
/// ```
/// use istio_gateway::validate::{Options, documents, set::DocumentSet};
///
/// let options = Options::default();
/// let mut set = DocumentSet::new(&options);
/// let text = "\
/// apiVersion: networking.istio.io/v1
/// kind: Gateway
/// metadata: {name: edge}
/// ";
/// let mut found = Vec::new();
/// for (file, text) in [text, text].into_iter().enumerate() {
///     for (index, document) in documents(text, &options).enumerate() {
///         found.extend(set.add(file, index, &document?));
///     }
/// }
/// found.extend(set.finish());
/// assert_eq!(found[0].diagnostic.rule, "lint/duplicate-name");
/// assert_eq!((found[0].file, found[0].document), (1, 0));
/// let other = found[0].other.as_ref().unwrap();
/// assert_eq!((other.file, other.document), (0, 0));
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DocumentSet {
    options: Options,
    hasher: RandomState,
    /// The numbers of the Gateways' files and documents, to which `Seen` refers.
    documents: Vec<(u32, u32)>,
    names: HashMap<u64, Seen>,
    credentials: CredentialSet,
    gateways: GatewaySet,
}

/// A finding across documents.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SetFinding {
    /// The file, by the caller's number.
    pub file: usize,
    /// The document in the file, by the caller's number.
    pub document: usize,
    /// The finding, with its position in the file.
    pub diagnostic: Diagnostic,
    /// The location in the other document, if there is one.
    pub other: Option<DocumentLocation>,
}

/// A location in a document of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentLocation {
    /// The file, by the caller's number.
    pub file: usize,
    /// The document in the file, by the caller's number.
    pub document: usize,
    /// The position in the file.
    pub position: Option<Position>,
}

/// A compact `DocumentLocation`: very many are kept for a stream of many documents.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// The index in the set's documents.
    document: u32,
    /// Zero if the position is unknown.
    line: u32,
    column: u32,
}

impl DocumentSet {
    /// Creates an empty set.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self {
            options: options.clone(),
            hasher: RandomState::new(),
            documents: Vec::new(),
            names: HashMap::new(),
            credentials: CredentialSet::default(),
            gateways: GatewaySet::default(),
        }
    }

    /// Adds a checked document: a Gateway, a VirtualService, a Secret, a `ConfigMap`, or another object that
    /// [`uses`](Self::uses) names; others are ignored. The caller chooses the
    /// numbers of file and document, up to `u32::MAX`; they identify the document in findings.
    ///
    /// Returns what is known at once: that a document before has the same name.
    #[must_use]
    pub fn add(
        &mut self,
        file: usize,
        document: usize,
        checked: &CheckedDocument,
    ) -> Vec<SetFinding> {
        let object = &checked.object;
        let is_rejected = |report: &Report| matches!(report.verdict(), Verdict::Rejected(_));
        let numbers = (small(file), small(document));
        let name = (object.namespace(), object.name());
        let is_rejected = checked.report.as_ref().is_some_and(is_rejected);
        let gateway = self.gateways.add(numbers, name, &checked.outline.kept, is_rejected);
        if checked.report.is_some() {
            let origin = DocumentLocation { file, document, position: None };
            return self.add_gateway(origin, gateway, object, &checked.outline);
        }
        match &checked.outline.kept {
            Kept::Secret(kept) => self.credentials.add_secret(numbers, object, kept),
            Kept::Grant(kept) => self.credentials.add_grant(object, kept),
            _ => self.credentials.add_other(object),
        }
        Vec::new()
    }

    /// Whether the set learns something from an object that is neither a Gateway nor a VirtualService: a Secret, a
    /// `ConfigMap`, a ReferenceGrant, a Service, pods or what makes them, or an object for which a controller makes a Secret.
    #[must_use]
    pub fn uses(object: &Object) -> bool {
        let pods = ["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"];
        let is_known = match object.api_version() {
            "v1" => ["Secret", "ConfigMap", "Pod", "Service"].contains(&object.kind()),
            "apps/v1" => pods.contains(&object.kind()),
            _ => false,
        };
        is_known || KeptGrant::is_grant(object) || CredentialSet::is_of_controller(object)
    }

    /// Adds a document that was not checked, otherwise as [`add`](Self::add).
    #[must_use]
    pub fn add_object(&mut self, file: usize, document: usize, object: &Object) -> Vec<SetFinding> {
        let mut outline = Outline::default();
        let report = object.is_gateway().then(|| {
            object.with_tree(|tree| {
                document::judge(tree, tree.root(), &self.options, Some(&mut outline))
            })
        });
        if report.is_none() {
            outline = object.with_tree(|tree| Outline::other(object, tree.root(), tree));
        }
        let outline = outline.within(object.start());
        let (object, suppressions) = (object.clone(), std::sync::Arc::new([]));
        self.add(file, document, &CheckedDocument { object, report, suppressions, outline })
    }

    fn add_gateway(
        &mut self,
        document: DocumentLocation,
        gateway: Option<u32>,
        object: &Object,
        outline: &Outline,
    ) -> Vec<SetFinding> {
        let numbers = (small(document.file), small(document.document));
        if self.documents.last() != Some(&numbers) {
            self.documents.push(numbers);
        }
        let index = small(self.documents.len() - 1);
        let documents = &self.documents;
        let mut all = Vec::new();
        let mut tell = |rule, location: &CompactLocation, first, message, help| {
            let here = DocumentLocation { position: location.position(), ..document };
            all.push(location.finding(rule, here, first, message, help));
        };
        let is_named = ![object.name(), object.namespace()].into_iter().any(is_placeholder);
        if is_named && !object.name().is_empty() {
            let key = self.hasher.hash_one((object.namespace(), object.name()));
            let location = &outline.name;
            if let Some(first) = first(&mut self.names, key, Seen::at(location, index)) {
                let name = Quoted(object.name());
                let message = format!(
                    "another document has the name {name} too: the one that is applied last replaces the other"
                );
                let help = "give them different names, or remove one";
                tell(rule::lint::DUPLICATE_NAME, location, first.origin(documents), message, help);
            }
        }
        for used in &outline.credentials {
            self.credentials.add_use(index, gateway, used);
        }
        sort::sort_by_key(&mut all, |found| found.diagnostic.position);
        all
    }

    /// Returns the findings that are known only after all documents, in the order in which they were
    /// added: servers that istiod drops, credentials that are missing or cannot be used, if the set has any
    /// Secret, client checks that another server bypasses
    /// ([`MergedSet`](crate::merged_gateway::MergedSet)), and what is wrong with the Gateways and hosts of
    /// VirtualServices.
    pub fn finish(self) -> impl Iterator<Item = SetFinding> {
        let Self { options, documents, mut gateways, mut credentials, .. } = self;
        // What was found with each document needs no memory any more.
        drop(self.names);
        credentials.renumber(&gateways.keep_last());
        let conflicts = gateways.conflicts();
        let contents = credentials.contents(&options, &gateways);
        let gateways = Arc::new(gateways.with_contents(contents));
        let of_credentials = credentials.findings(options, documents, Arc::clone(&gateways));
        in_order(GatewaySet::findings(gateways, conflicts), of_credentials)
    }
}

/// The first entry under a key; `None` if it is this one.
fn first<V: Copy>(seen: &mut HashMap<u64, V>, key: u64, this: V) -> Option<V> {
    match seen.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(this);
            None
        }
        Entry::Occupied(entry) => Some(*entry.get()),
    }
}

impl Seen {
    fn at(location: &CompactLocation, document: u32) -> Self {
        let (line, column) = location.start;
        Self { document, line, column }
    }

    fn origin(self, documents: &[(u32, u32)]) -> DocumentLocation {
        let (file, document) = documents.get(self.document as usize).copied().unwrap_or_default();
        let (file, document) = (file as usize, document as usize);
        DocumentLocation { file, document, position: position((self.line, self.column)) }
    }
}

impl CompactLocation {
    pub(super) fn finding(
        &self,
        rule: RuleId,
        origin: DocumentLocation,
        other: DocumentLocation,
        message: String,
        help: &str,
    ) -> SetFinding {
        let diagnostic = Diagnostic {
            help: Some(help.to_owned()),
            position: self.position(),
            end: position(self.end),
            ..Diagnostic::new(rule, Severity::Warning, self.path(), message)
        };
        let DocumentLocation { file, document, .. } = origin;
        SetFinding { file, document, diagnostic, other: Some(other) }
    }
}
