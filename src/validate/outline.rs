//! The part of a document that a document set keeps: a few bytes for each host, port and credential,
//! with its location.

use super::{
    findings::{Location, Node},
    kept::Kept,
};
use crate::{
    FieldPath, Gateway, Object, Position, TlsMode,
    tls_plan::{CaSource, CertificateSource, CredentialName, CredentialScheme, TlsField, TlsPlan},
    tree::Tree,
};

/// The part of a document that a document set needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    pub(super) name: CompactLocation,
    pub(super) credentials: Vec<CredentialUse>,
    pub(super) kept: Kept,
}

/// A credential in the field of a server.
#[derive(Clone, Debug)]
pub(super) struct CredentialUse {
    /// The name, after its namespace if there is one.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) access: Access,
    pub(super) location: CompactLocation,
}

/// To which gateways istiod gives a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// To those with pods in its namespace.
    Pods,
    /// To those with pods in the Gateway's namespace, if it is the credential's, or a ReferenceGrant permits it.
    Granted,
    All,
}

/// What a server takes from a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Certificate,
    CertificateAndCa {
        /// Whether the mode is `OPTIONAL_MUTUAL`.
        is_optional: bool,
    },
    Ca {
        is_config_map: bool,
    },
}

/// Where a text begins and ends: lines and columns, zero if unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: (u32, u32),
    pub(super) end: (u32, u32),
}

/// Locations of a Gateway's servers, in little memory.
#[derive(Clone, Debug)]
pub(super) enum ServerSpans {
    /// First where the locations of each server begin, as the low and the high half of a number. Then, for each of them,
    /// the line since the first one and the column of both ends; column 0 where it is unknown.
    Narrow {
        first: u32,
        servers: u32,
        all: Box<[[u16; 4]]>,
    },
    Wide(Box<(Vec<usize>, Vec<Span>)>),
}

impl ServerSpans {
    /// From the locations, and the index of the first one of each server.
    pub(super) fn new(servers: Vec<usize>, places: Vec<Span>) -> Self {
        let narrow = |number: u32| u16::try_from(number).ok();
        let mut first = 0;
        for line in places.iter().flat_map(|place| [place.start.0, place.end.0]) {
            if line > 0 && (first == 0 || line < first) {
                first = line;
            }
        }
        let since = |line: u32| narrow(line.saturating_sub(first));
        let all = || {
            let mut all = Vec::with_capacity(servers.len() + places.len());
            for index in &servers {
                let index = u32::try_from(*index).ok()?;
                all.push([narrow(index & 0xffff)?, narrow(index >> 16)?, 0, 0]);
            }
            for Span { start, end } in &places {
                all.push([since(start.0)?, narrow(start.1)?, since(end.0)?, narrow(end.1)?]);
            }
            Some(all.into_boxed_slice())
        };
        match all() {
            Some(all) => Self::Narrow { first, servers: small(servers.len()), all },
            None => Self::Wide(Box::new((servers, places))),
        }
    }

    /// The location of a server with this index.
    pub(super) fn get(&self, server: usize, index: usize) -> Option<Span> {
        match self {
            Self::Narrow { first, servers, all } => {
                let &[low, high, ..] = all.get(server).filter(|_| server < *servers as usize)?;
                let start = usize::from(low) | usize::from(high) << 16;
                let &[line, column, end_line, end_column] =
                    all.get(*servers as usize + start + index)?;
                let place = |line: u16, column: u16| match column {
                    0 => (0, 0),
                    _ => (first + u32::from(line), u32::from(column)),
                };
                Some(Span { start: place(line, column), end: place(end_line, end_column) })
            }
            Self::Wide(wide) => wide.1.get(wide.0.get(server)? + index).copied(),
        }
    }

    /// The number of locations.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Narrow { servers, all, .. } => all.len() - *servers as usize,
            Self::Wide(wide) => wide.1.len(),
        }
    }

    /// The number of servers.
    pub(super) fn servers(&self) -> usize {
        match self {
            Self::Narrow { servers, .. } => *servers as usize,
            Self::Wide(wide) => wide.0.len(),
        }
    }
}

/// A field and its location. Its path is built on demand, since there may be very many.
#[derive(Clone, Debug, Default)]
pub(super) struct CompactLocation {
    field: LocationField,
    server: u32,
    item: u32,
    span: (u32, u32),
    /// Line and column; zero if unknown.
    pub(super) start: (u32, u32),
    pub(super) end: (u32, u32),
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum LocationField {
    #[default]
    Name,
    Protocol,
    Host,
    CredentialName,
    CredentialNames,
    CaCertCredentialName,
    Server,
    Tls,
    Selector,
    PortNumber,
    /// Of a VirtualService.
    Hosts,
    Gateways,
}

impl CompactLocation {
    pub(super) fn of(
        field: LocationField,
        server: usize,
        item: usize,
        place: &Location<'_, '_>,
    ) -> Self {
        let (start, end) = place.span();
        let span = (small(start), small(end));
        Self { field, server: small(server), item: small(item), span, ..Self::default() }
    }

    /// A field that begins there.
    pub(super) fn at(field: LocationField, server: usize, start: (u32, u32)) -> Self {
        Self { field, server: small(server), start, ..Self::default() }
    }

    /// Whether it is that of a server, or of its `tls`.
    pub(super) fn is_server(&self) -> bool {
        matches!(self.field, LocationField::Server | LocationField::Tls)
    }

    /// The index of the server.
    pub(super) fn server(&self) -> u32 {
        self.server
    }

    pub(super) fn position(&self) -> Option<Position> {
        position(self.start)
    }

    pub(super) fn lines(&self) -> Span {
        Span { start: self.start, end: self.end }
    }

    pub(super) fn path(&self) -> FieldPath {
        let spec = FieldPath::root().key("spec");
        let item = self.item as usize;
        let server = match self.field {
            LocationField::Name => return FieldPath::root().key("metadata").key("name"),
            LocationField::Selector => return spec.key("selector"),
            LocationField::Hosts => return spec.key("hosts").index(item),
            LocationField::Gateways => return spec.key("gateways").index(item),
            _ => spec.key("servers").index(self.server as usize),
        };
        match self.field {
            LocationField::Tls => server.key("tls"),
            LocationField::Protocol => server.key("port").key("protocol"),
            LocationField::PortNumber => server.key("port").key("number"),
            LocationField::Host => server.key("hosts").index(item),
            LocationField::CredentialName => server.key("tls").key("credentialName"),
            LocationField::CaCertCredentialName => server.key("tls").key("caCertCredentialName"),
            LocationField::CredentialNames => server.key("tls").key("credentialNames").index(item),
            _ => server,
        }
    }
}

impl Outline {
    /// Of a Gateway, and what is kept of it.
    pub(super) fn of(
        gateway: &Gateway,
        kept: Kept,
        root: &Location<'_, '_>,
        tree: &Tree<'_>,
    ) -> Self {
        let metadata = root.field("metadata");
        let mut outline = Self {
            kept,
            name: CompactLocation::of(LocationField::Name, 0, 0, &metadata.field("name")),
            ..Self::default()
        };
        let spec = root.field("spec");
        let servers = spec.field("servers");
        let mut nodes = servers.items();
        for (index, server) in gateway.servers.iter().enumerate() {
            let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
            if let Some(tls) = &server.tls {
                outline.credentials(index, &TlsPlan::new(tls), &place.field("tls"));
            }
        }
        outline.locate(tree);
        outline
    }

    fn credentials(&mut self, server: usize, plan: &TlsPlan<'_>, place: &Location<'_, '_>) {
        let ca = plan.validation.as_ref().map(|validation| &validation.ca);
        if let CertificateSource::Credentials(names) = plan.certificates {
            let list = place.field("credentialNames");
            let mut nodes = list.items();
            for (item, name) in names.iter().enumerate() {
                let has_ca = ca == Some(&CaSource::OfCredential(name));
                let is_optional = plan.mode == Ok(TlsMode::OptionalMutual);
                let role = match has_ca {
                    true => Role::CertificateAndCa { is_optional },
                    false => Role::Certificate,
                };
                let location = match plan.set.contains(TlsField::CredentialNames) {
                    true => {
                        let place = nodes.next().unwrap_or_else(|| list.item(item, None));
                        CompactLocation::of(LocationField::CredentialNames, server, item, &place)
                    }
                    false => {
                        let place = place.field("credentialName");
                        CompactLocation::of(LocationField::CredentialName, server, 0, &place)
                    }
                };
                self.credential(&CredentialName::from(name.as_str()), role, location);
            }
        }
        if let Some(CaSource::Credential(name)) = ca {
            let is_config_map = name.scheme() == Some(CredentialScheme::ConfigMap);
            let place = place.field("caCertCredentialName");
            let location =
                CompactLocation::of(LocationField::CaCertCredentialName, server, 0, &place);
            self.credential(name, Role::Ca { is_config_map }, location);
        }
    }

    /// Keeps the name of a Secret or `ConfigMap`; names with other schemes are neither.
    fn credential(&mut self, name: &CredentialName<'_>, role: Role, location: CompactLocation) {
        let bare = name.without_scheme();
        let is_object = matches!(
            name.scheme(),
            None | Some(
                CredentialScheme::Kubernetes
                    | CredentialScheme::KubernetesGateway
                    | CredentialScheme::ConfigMap
            )
        );
        if is_object && !bare.is_empty() && !bare.contains("://") {
            let access = match name.scheme() {
                None | Some(CredentialScheme::Kubernetes) => Access::Pods,
                Some(CredentialScheme::KubernetesGateway) => Access::Granted,
                Some(_) => Access::All,
            };
            let name = bare.to_owned();
            self.credentials.push(CredentialUse { name, role, access, location });
        }
    }

    fn locations(&mut self) -> impl Iterator<Item = &mut CompactLocation> {
        let credentials = self.credentials.iter_mut().map(|used| &mut used.location);
        let kept = self.kept.locations();
        std::iter::once(&mut self.name).chain(credentials).chain(kept)
    }

    /// Of a document of another kind.
    pub(super) fn other(object: &Object, root: Node<'_>, tree: &Tree<'_>) -> Self {
        let mut outline = Self { kept: Kept::other(object, root), ..Self::default() };
        if !matches!(outline.kept, Kept::Nothing) {
            outline.locate(tree);
        }
        outline
    }

    fn locate(&mut self, tree: &Tree<'_>) {
        locate(self.locations().collect(), tree);
    }

    /// The same outline for a stream in which the text begins at `start`.
    pub(super) fn within(mut self, start: Position) -> Self {
        for location in self.locations() {
            for place in [&mut location.start, &mut location.end] {
                if let Some(found) = position(*place) {
                    let found = found.within(start);
                    *place = (small(found.line), small(found.column));
                }
            }
        }
        self
    }
}

/// Finds the lines and columns.
pub(super) fn locate(mut locations: Vec<&mut CompactLocation>, tree: &Tree<'_>) {
    let span =
        |location: &&mut CompactLocation| (location.span.0 as usize, location.span.1 as usize);
    let spans: Vec<_> = locations.iter().map(span).collect();
    crate::tree::locate(tree, &spans, &mut |index, position, is_end| {
        if let Some(location) = locations.get_mut(index) {
            *if is_end { &mut location.end } else { &mut location.start } =
                (small(position.line), small(position.column));
        }
    });
}

/// A line, column or offset as `u32`: a text has at most 4 GiB.
pub(super) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub(super) fn position((line, column): (u32, u32)) -> Option<Position> {
    (line > 0).then(|| Position::new(line as usize, column as usize))
}
