//! What is seen only across documents and files: conflicts, duplicates, missing secrets.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::{BuildHasher, RandomState},
};

use super::{
    Checked, Options, document,
    findings::{Place, locate},
    lint::Class,
    tls::is_passthrough,
};
use crate::{Diagnostic, FieldPath, Gateway, Object, Position, Severity, json::Quoted, tree::Tree};

/// Documents of one installation, added one by one. Only what is needed of each is kept: some
/// dozens of bytes for each host, port and credential.
///
/// Gateways get in each other's way only where they have the same selector: others are other pods'.
///
/// ```
/// use istio_gateway::validate::{Options, documents, set::Set};
///
/// let options = Options::default();
/// let mut set = Set::new(&options);
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
pub struct Set {
    options: Options,
    hasher: RandomState,
    /// The numbers of the Gateways' files and documents, by which `Seen` names them.
    documents: Vec<(u32, u32)>,
    names: HashMap<u64, Seen>,
    hosts: HashMap<u64, Seen>,
    listeners: HashMap<u64, (Class, Seen)>,
    has_secrets: bool,
    /// The names of Secrets, alone and behind their namespace.
    secrets: HashSet<u64>,
    wanted: Vec<Wanted>,
    /// The names of all that is wanted, one behind the other.
    wanted_names: String,
}

/// A finding across documents.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SetFinding {
    /// The file, by the caller's number.
    pub file: usize,
    /// The document in the file, by the caller's number.
    pub document: usize,
    /// What was found, with its place in the file.
    pub diagnostic: Diagnostic,
    /// Where the other document says so, where there is another one.
    pub other: Option<Origin>,
}

/// A place in a document of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The file, by the caller's number.
    pub file: usize,
    /// The document in the file, by the caller's number.
    pub document: usize,
    /// The place in the file.
    pub position: Option<Position>,
}

/// An `Origin` in few bytes: of a stream of many documents, very many are kept.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// The index in the set's documents.
    document: u32,
    /// Zeros stand for no position.
    line: u32,
    column: u32,
}

/// A credential that a Gateway names.
#[derive(Clone, Debug)]
struct Wanted {
    document: u32,
    at: Spot,
    /// Where its name ends in the set's names.
    name_end: usize,
}

impl Set {
    /// An empty set.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self {
            options: options.clone(),
            hasher: RandomState::new(),
            documents: Vec::new(),
            names: HashMap::new(),
            hosts: HashMap::new(),
            listeners: HashMap::new(),
            has_secrets: false,
            secrets: HashSet::new(),
            wanted: Vec::new(),
            wanted_names: String::new(),
        }
    }

    /// Adds a document that was checked: a Gateway or a Secret; others are passed over. The numbers
    /// of file and document are the caller's own, to name them by, up to `u32::MAX`.
    ///
    /// Tells what the document is in conflict with of those that were added before, in the order of
    /// its lines.
    #[must_use]
    pub fn add(&mut self, file: usize, document: usize, checked: &Checked) -> Vec<SetFinding> {
        let object = &checked.object;
        if checked.report.is_some() {
            let origin = Origin { file, document, position: None };
            return self.add_gateway(origin, object, &checked.outline);
        }
        if object.kind() == "Secret" && object.api_version() == "v1" {
            self.has_secrets = true;
            for key in [object.name(), &format!("{}/{}", object.namespace(), object.name())] {
                self.secrets.insert(self.hasher.hash_one(key));
            }
        }
        Vec::new()
    }

    /// Adds a document that was not checked, as [`add`](Self::add) does.
    #[must_use]
    pub fn add_object(&mut self, file: usize, document: usize, object: &Object) -> Vec<SetFinding> {
        let mut outline = Outline::default();
        let report = object.is_gateway().then(|| {
            // The text was read before, and is read again without an error.
            let report = object.with_tree(|tree| {
                document::judge(tree, tree.root(), &self.options, Some(&mut outline))
            });
            report.unwrap_or_default()
        });
        let outline = outline.below(object.lines_before());
        self.add(file, document, &Checked { object: object.clone(), report, outline })
    }

    fn add_gateway(
        &mut self,
        document: Origin,
        object: &Object,
        outline: &Outline,
    ) -> Vec<SetFinding> {
        let mut all = Vec::new();
        let at = |spot: &Spot| Origin { position: spot.position(), ..document };
        let numbers = (small(document.file), small(document.document));
        if self.documents.last() != Some(&numbers) {
            self.documents.push(numbers);
        }
        let index = small(self.documents.len() - 1);
        let seen = |spot: &Spot| {
            let (line, column) = spot.start;
            Seen { document: index, line, column }
        };
        let documents = &self.documents;
        let name = (object.namespace(), object.name());
        let spot = &outline.name;
        if !object.name().is_empty() {
            match self.names.entry(self.hasher.hash_one(name)) {
                Entry::Vacant(entry) => {
                    entry.insert(seen(spot));
                }
                Entry::Occupied(entry) => {
                    let message = format!(
                        "another document is named {} too: the one that is applied last counts",
                        Quoted(object.name())
                    );
                    let help = "give them different names, or remove one";
                    all.push(spot.finding(
                        "lint/duplicate-name",
                        at(spot),
                        entry.get().origin(documents),
                        message,
                        help,
                    ));
                }
            }
        }
        for listener in &outline.listeners {
            let (port, bind) = (listener.port, &listener.bind);
            let key = self.hasher.hash_one((&outline.selector, bind, port));
            match self.listeners.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert((listener.class, seen(&listener.spot)));
                }
                Entry::Occupied(entry) => {
                    let (class, first) = *entry.get();
                    let first = first.origin(documents);
                    if class != listener.class && first.document() != document.document() {
                        let message = format!(
                            "port {port} is {} here and {} in another Gateway of the same selector",
                            listener.class.describe(),
                            class.describe()
                        );
                        let help = "give one of them a port of its own";
                        let spot = &listener.spot;
                        all.push(spot.finding(
                            "lint/port-protocol",
                            at(spot),
                            first,
                            message,
                            help,
                        ));
                    }
                }
            }
            for (host, spot) in &listener.hosts {
                match self.hosts.entry(self.hasher.hash_one((key, host))) {
                    Entry::Vacant(entry) => {
                        entry.insert(seen(spot));
                    }
                    Entry::Occupied(entry) => {
                        let first = entry.get().origin(documents);
                        if first.document() == document.document() {
                            continue;
                        }
                        let message = format!(
                            "{} is served on port {port} by another Gateway of the same selector",
                            Quoted(host)
                        );
                        let help = "remove one of them";
                        all.push(spot.finding(
                            "lint/duplicate-host",
                            at(spot),
                            first,
                            message,
                            help,
                        ));
                    }
                }
            }
        }
        for (name, spot) in &outline.credentials {
            if self.secrets.contains(&self.hasher.hash_one(name.as_str())) {
                continue;
            }
            self.wanted_names.push_str(name);
            let name_end = self.wanted_names.len();
            self.wanted.push(Wanted { document: index, at: spot.clone(), name_end });
        }
        all.sort_by_key(|found| found.diagnostic.position);
        all
    }

    /// What is known only now that no document is to come, in the order in which they were added:
    /// the Secrets that are missing, if there is any Secret at all.
    pub fn finish(self) -> impl Iterator<Item = SetFinding> {
        let Self { hasher, documents, has_secrets, secrets, wanted, wanted_names, .. } = self;
        let mut start = 0;
        wanted.into_iter().filter(move |_| has_secrets).filter_map(move |wanted| {
            let name = wanted_names.get(start..wanted.name_end).unwrap_or_default();
            start = wanted.name_end;
            if secrets.contains(&hasher.hash_one(name)) {
                return None;
            }
            let message = format!("no Secret {} is among these files", Quoted(name));
            let help = "a Secret of this name has to be in the namespace of the gateway's pods";
            let (line, column) = wanted.at.start;
            let seen = Seen { document: wanted.document, line, column };
            let origin = seen.origin(&documents);
            let found = wanted.at.finding("lint/missing-secret", origin, origin, message, help);
            Some(SetFinding { other: None, ..found })
        })
    }
}

impl Origin {
    fn document(&self) -> (usize, usize) {
        (self.file, self.document)
    }
}

impl Seen {
    fn origin(self, documents: &[(u32, u32)]) -> Origin {
        let (file, document) = documents.get(self.document as usize).copied().unwrap_or_default();
        let (file, document) = (file as usize, document as usize);
        Origin { file, document, position: position((self.line, self.column)) }
    }
}

/// Numbers of lines, columns and bytes: a text has at most 4 GiB.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn position((line, column): (u32, u32)) -> Option<Position> {
    (line > 0).then(|| Position::new(line as usize, column as usize))
}

/// What a set needs to know of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    name: Spot,
    selector: String,
    listeners: Vec<Listener>,
    credentials: Vec<(String, Spot)>,
}

/// A server's port, with its hosts.
#[derive(Clone, Debug)]
struct Listener {
    port: u32,
    bind: String,
    class: Class,
    spot: Spot,
    hosts: Vec<(String, Spot)>,
}

/// A field and its place. Its path is made when it is asked for: there may be very many.
#[derive(Clone, Debug, Default)]
struct Spot {
    field: SpotField,
    server: u32,
    item: u32,
    span: (u32, u32),
    /// Line and column; zeros stand for none.
    start: (u32, u32),
    end: (u32, u32),
}

#[derive(Clone, Copy, Debug, Default)]
enum SpotField {
    #[default]
    Name,
    Protocol,
    Host,
    CredentialName,
    CredentialNames,
}

impl Spot {
    fn of(field: SpotField, server: usize, item: usize, place: &Place<'_, '_>) -> Self {
        let (start, end) = place.span();
        let span = (small(start), small(end));
        Self { field, server: small(server), item: small(item), span, ..Self::default() }
    }

    fn position(&self) -> Option<Position> {
        position(self.start)
    }

    fn path(&self) -> FieldPath {
        if let SpotField::Name = self.field {
            return FieldPath::root().key("metadata").key("name");
        }
        let server = FieldPath::root().key("spec").key("servers").index(self.server as usize);
        match self.field {
            SpotField::Name => server,
            SpotField::Protocol => server.key("port").key("protocol"),
            SpotField::Host => server.key("hosts").index(self.item as usize),
            SpotField::CredentialName => server.key("tls").key("credentialName"),
            SpotField::CredentialNames => {
                server.key("tls").key("credentialNames").index(self.item as usize)
            }
        }
    }

    fn finding(
        &self,
        rule: &'static str,
        origin: Origin,
        other: Origin,
        message: String,
        help: &str,
    ) -> SetFinding {
        let diagnostic = Diagnostic {
            rule,
            severity: Severity::Warning,
            path: self.path(),
            message,
            help: Some(help.to_owned()),
            position: self.position(),
            end: position(self.end),
        };
        let Origin { file, document, .. } = origin;
        SetFinding { file, document, diagnostic, other: Some(other) }
    }
}

impl Outline {
    pub(super) fn of(gateway: Gateway, root: &Place<'_, '_>, tree: &Tree<'_>) -> Self {
        let metadata = root.field("metadata");
        let mut outline = Self {
            name: Spot::of(SpotField::Name, 0, 0, &metadata.field("name")),
            ..Self::default()
        };
        for (key, value) in &gateway.selector {
            outline.selector.push_str(&format!("{key}={value}\n"));
        }
        let spec = root.field("spec");
        let servers = spec.field("servers");
        let mut nodes = servers.items();
        for (index, server) in gateway.servers.into_iter().enumerate() {
            let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
            if let Some(tls) = server.tls.as_ref().filter(|tls| !is_passthrough(tls)) {
                let tls_place = place.field("tls");
                outline.credentials(index, tls, &tls_place);
            }
            let (Some(class), Some(port)) = (Class::of(&server), &server.port) else { continue };
            if port.number == 0 {
                continue;
            }
            let port_place = place.field("port");
            let spot = Spot::of(SpotField::Protocol, index, 0, &port_place.field("protocol"));
            let hosts_place = place.field("hosts");
            let mut nodes = hosts_place.items();
            let port = port.number;
            let hosts = server.hosts.into_iter().enumerate().map(|(item, host)| {
                let place = nodes.next().unwrap_or_else(|| hosts_place.item(item, None));
                (host, Spot::of(SpotField::Host, index, item, &place))
            });
            let hosts = hosts.collect();
            outline.listeners.push(Listener { port, bind: server.bind, class, spot, hosts });
        }
        outline.locate(tree);
        outline
    }

    fn credentials(
        &mut self,
        server: usize,
        tls: &crate::ServerTlsSettings,
        place: &Place<'_, '_>,
    ) {
        if !tls.credential_name.is_empty() {
            let place = place.field("credentialName");
            let spot = Spot::of(SpotField::CredentialName, server, 0, &place);
            self.credential(&tls.credential_name, spot);
        }
        let list = place.field("credentialNames");
        let mut nodes = list.items();
        for (item, name) in tls.credential_names.iter().enumerate() {
            let place = nodes.next().unwrap_or_else(|| list.item(item, None));
            self.credential(name, Spot::of(SpotField::CredentialNames, server, item, &place));
        }
    }

    /// Keeps the name of a Secret of Kubernetes; what other schemes name is elsewhere.
    fn credential(&mut self, name: &str, spot: Spot) {
        let bare = ["kubernetes://", "kubernetes-gateway://"]
            .iter()
            .find_map(|scheme| name.strip_prefix(scheme))
            .unwrap_or(name);
        if !bare.contains("://") {
            self.credentials.push((bare.to_owned(), spot));
        }
    }

    fn spots(&mut self) -> impl Iterator<Item = &mut Spot> {
        let listeners = self.listeners.iter_mut().flat_map(|listener| {
            std::iter::once(&mut listener.spot)
                .chain(listener.hosts.iter_mut().map(|(_, spot)| spot))
        });
        let credentials = self.credentials.iter_mut().map(|(_, spot)| spot);
        std::iter::once(&mut self.name).chain(listeners).chain(credentials)
    }

    fn locate(&mut self, tree: &Tree<'_>) {
        let spans: Vec<_> =
            self.spots().map(|spot| (spot.span.0 as usize, spot.span.1 as usize)).collect();
        let mut places = vec![((0, 0), (0, 0)); spans.len()];
        locate(tree, &spans, |index, position, is_end| {
            if let Some(place) = places.get_mut(index) {
                *if is_end { &mut place.1 } else { &mut place.0 } =
                    (small(position.line), small(position.column));
            }
        });
        for (spot, (start, end)) in self.spots().zip(places) {
            (spot.start, spot.end) = (start, end);
        }
    }

    /// The same outline of a text that begins `lines` earlier.
    pub(super) fn below(mut self, lines: usize) -> Self {
        for spot in self.spots() {
            for (line, _) in [&mut spot.start, &mut spot.end] {
                if *line > 0 {
                    *line = line.saturating_add(small(lines));
                }
            }
        }
        self
    }
}
