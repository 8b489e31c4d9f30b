//! What only all Gateways and VirtualServices of a set show together.

mod conflicts;
mod merged;
mod services;
mod workloads;

use std::{slice::SliceIndex, sync::Arc};

use prost::Message as _;

use conflicts::SetConflict;

use super::{
    credentials::ServerContents,
    kept::{Kept, KeptGateway, KeptVirtualService},
    outline::{CompactLocation, ServerSpans, Span, position, small},
    set::{DocumentLocation, SetFinding},
};
use crate::{
    Diagnostic, Gateway, Position, Severity, diagnostic::Quoted, is_placeholder, rule::RuleId, sort,
};

/// The Gateways and VirtualServices of a set.
#[derive(Clone, Debug, Default)]
pub(super) struct GatewaySet {
    gateways: Vec<SetGateway>,
    /// Those that are not merged with others: a cluster rejects them, or their names are not known.
    alone: Vec<SetGateway>,
    services: Vec<SetService>,
    workloads: workloads::Workloads,
    contents: ServerContents,
}

/// A Gateway: a few bytes for each field that is set, since there may be very many.
#[derive(Clone, Debug)]
struct SetGateway {
    document: (u32, u32),
    created: Option<i64>,
    /// The namespace, the name, and the spec on the wire.
    bytes: Box<[u8]>,
    namespace_end: u32,
    name_end: u32,
    /// Of each server: itself, or `tls` where there is one; the protocol and number of its port; its hosts.
    spans: ServerSpans,
    /// The servers of which a value is not known.
    unknown_servers: Box<[usize]>,
    selector: (u32, u32),
}

/// A part of a server that has a location.
#[derive(Clone, Copy)]
enum ServerPart {
    /// Or `tls` where there is one.
    Itself,
    Protocol,
    PortNumber,
    Host(usize),
}

#[derive(Clone, Debug)]
struct SetService {
    document: (u32, u32),
    kept: Box<KeptVirtualService>,
}

impl GatewaySet {
    /// A set of one Gateway.
    pub(super) fn alone(kept: &Kept) -> Self {
        let mut set = Self::default();
        set.add((0, 0), ("", ""), kept, false);
        set
    }

    pub(super) fn add(
        &mut self,
        document: (u32, u32),
        (namespace, name): (&str, &str),
        kept: &Kept,
        is_rejected: bool,
    ) -> Option<u32> {
        if let Kept::Pod(pod) = kept {
            self.workloads.add_pod(namespace, pod);
        }
        let is_alone = is_rejected || [namespace, name].into_iter().any(is_placeholder);
        match kept {
            Kept::Gateway(KeptGateway { created, spec, places, selector, unknown_servers }) => {
                let servers = places.iter().enumerate().filter(|(_, place)| place.is_server());
                let servers = servers.map(|(index, _)| index).collect();
                let spans = places.iter().map(CompactLocation::lines).collect();
                let gateway = SetGateway {
                    document,
                    created: *created,
                    bytes: [namespace.as_bytes(), name.as_bytes(), spec.as_slice()].concat().into(),
                    namespace_end: small(namespace.len()),
                    name_end: small(namespace.len() + name.len()),
                    spans: ServerSpans::new(servers, spans),
                    unknown_servers: unknown_servers.clone().into(),
                    selector: selector.start,
                };
                if is_alone {
                    self.alone.push(gateway);
                    return None;
                }
                self.gateways.push(gateway);
                Some(small(self.gateways.len() - 1))
            }
            Kept::VirtualService(_) | Kept::Service(_) if is_alone => None,
            Kept::VirtualService(kept) => {
                self.services.push(SetService { document, kept: kept.clone() });
                None
            }
            Kept::Service(service) => {
                self.workloads.add_service(namespace, service);
                None
            }
            Kept::Pod(_) | Kept::Secret(_) | Kept::Grant(_) | Kept::Nothing => None,
        }
    }

    /// The namespace of each Gateway's pods, if all that are known are in one.
    pub(super) fn pod_namespaces(&self) -> Vec<Option<String>> {
        if !self.workloads.are_known() {
            return Vec::new();
        }
        let one = |selected: Option<workloads::Selected>| {
            let mut namespaces = selected?.namespaces.into_iter();
            namespaces.next().filter(|of| !of.is_empty() && namespaces.next().is_none())
        };
        self.selected().into_iter().map(one).collect()
    }

    /// The namespace of a Gateway, if it is known.
    pub(super) fn namespace(&self, gateway: u32) -> Option<&str> {
        let gateway = self.gateways.get(gateway as usize)?;
        Some(gateway.namespace()).filter(|of| !of.is_empty())
    }

    /// The hosts of a server, without namespaces, by the number of its Gateway. `None` if they are not known.
    pub(super) fn hosts(&self, gateway: u32, server: u32) -> Option<Vec<String>> {
        let gateway =
            self.gateways.get(gateway as usize).filter(|of| of.unknown_servers.is_empty())?;
        let mut spec = gateway.spec();
        let server = server as usize;
        let hosts =
            (server < spec.servers.len()).then(|| spec.servers.swap_remove(server).hosts)?;
        let name = |host: String| match host.split_once('/') {
            Some((_, name)) => name.to_owned(),
            None => host,
        };
        Some(hosts.into_iter().map(name).collect())
    }

    /// The findings of the one Gateway, without the conflicts between its servers.
    pub(super) fn findings_alone(&self) -> Vec<SetFinding> {
        let mut findings = Vec::new();
        self.merge(&self.gateways, 0, &mut findings);
        sort::sort_by_key(&mut findings, order);
        findings
    }

    /// Adds what is known of the servers' certificates.
    pub(super) fn with_contents(self, contents: ServerContents) -> Self {
        Self { contents, ..self }
    }

    /// Keeps the last Gateway and VirtualService of each name. Returns the new index of each Gateway.
    pub(super) fn keep_last(&mut self) -> Vec<Option<u32>> {
        keep_last(&mut self.services, |service| {
            let service = &service.kept.service;
            (&service.namespace, &service.name)
        });
        let kept = keep_last(&mut self.gateways, |gateway| (gateway.namespace(), gateway.name()));
        let mut indexes = 0..;
        kept.into_iter().map(|is_kept| if is_kept { indexes.next() } else { None }).collect()
    }

    /// The findings, in the order of documents, after [`keep_last`](Self::keep_last). Those of Gateways that are
    /// judged alone are found one by one.
    pub(super) fn findings(
        set: Arc<Self>,
        (conflicts, is_partial): (Vec<SetConflict>, bool),
    ) -> impl Iterator<Item = SetFinding> {
        let mut findings = Vec::new();
        if !set.services.is_empty() {
            let names = set.gateways.iter().enumerate();
            let by_name = names.map(|(index, gateway)| (gateway.full_name(), index)).collect();
            findings.extend(set.services_without_gateway(&by_name));
            findings.extend(set.hosts_outside(&by_name));
        }
        findings.extend(set.of_workloads());
        if is_partial {
            findings.extend(set.note(
                "the Gateways have too many selectors that are parts of others: conflicts between some of them \
                 are not known",
            ));
        }
        let mut alone = 0;
        if set.are_merged() {
            set.merge(&set.gateways, 0, &mut findings);
        } else {
            alone = set.gateways.len();
            findings.extend(set.not_merged());
        }
        let conflicts = conflicts::findings(Arc::clone(&set), conflicts);
        sort::sort_by_key(&mut findings, order);
        let alone = (0..alone).flat_map(move |index| {
            let mut findings = Vec::new();
            let gateway = set.gateways.get(index).map_or(&[][..], std::slice::from_ref);
            set.merge(gateway, index, &mut findings);
            sort::sort_by_key(&mut findings, order);
            findings
        });
        in_order(in_order(findings.into_iter(), conflicts), alone)
    }
}

/// The order of a document's findings, and of documents.
pub(super) fn order(found: &SetFinding) -> (usize, usize, Option<Position>) {
    (found.file, found.document, found.diagnostic.position)
}

/// The findings of both, each of them in order.
pub(super) fn in_order(
    first: impl Iterator<Item = SetFinding>,
    second: impl Iterator<Item = SetFinding>,
) -> impl Iterator<Item = SetFinding> {
    let (mut first, mut second) = (first.peekable(), second.peekable());
    std::iter::from_fn(move || {
        let is_first = match (first.peek(), second.peek()) {
            (Some(own), Some(other)) => order(own) <= order(other),
            (own, _) => own.is_some(),
        };
        if is_first { first.next() } else { second.next() }
    })
}

impl SetGateway {
    fn part(&self, part: impl SliceIndex<[u8], Output = [u8]>) -> &[u8] {
        self.bytes.get(part).unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        str::from_utf8(self.part(..self.namespace_end as usize)).unwrap_or_default()
    }

    fn name(&self) -> &str {
        let part = self.part(self.namespace_end as usize..self.name_end as usize);
        str::from_utf8(part).unwrap_or_default()
    }

    fn full_name(&self) -> String {
        format!("{}/{}", self.namespace(), self.name())
    }

    /// As findings show it.
    fn shown_name(&self) -> String {
        match self.namespace() {
            "" => Quoted(self.name()).to_string(),
            _ => Quoted(&self.full_name()).to_string(),
        }
    }

    /// Without the values that are not known.
    fn spec(&self) -> Gateway {
        Gateway::decode(self.part(self.name_end as usize..)).unwrap_or_default()
    }

    /// Without a port for each server of which a value is not known, so that istiod leaves it out.
    fn known_spec(&self) -> Gateway {
        let mut spec = self.spec();
        for &server in &self.unknown_servers {
            spec.servers.get_mut(server).into_iter().for_each(|server| server.port = None);
        }
        spec
    }

    fn span(&self, server: usize, part: ServerPart) -> Span {
        let index = match part {
            ServerPart::Itself => 0,
            ServerPart::Protocol => 1,
            ServerPart::PortNumber => 2,
            ServerPart::Host(host) => 3 + host,
        };
        self.spans.get(server, index).unwrap_or_default()
    }

    fn location(&self, place: Span) -> DocumentLocation {
        let (file, document) = self.document;
        let (file, document) = (file as usize, document as usize);
        DocumentLocation { file, document, position: position(place.start) }
    }
}

/// Keeps the last one of each name, which is the one that is applied. Those without a name get one each
/// (generateName). Returns which are kept.
fn keep_last<T>(all: &mut Vec<T>, name: impl for<'a> Fn(&'a T) -> (&'a str, &'a str)) -> Vec<bool> {
    let kept = are_last(all.len(), &|index| all.get(index).map_or(("", ""), &name));
    let mut is_kept = kept.iter();
    all.retain(|_| is_kept.next().copied().unwrap_or_default());
    kept
}

/// Whether each of these names is the last one of those that are equal, or is empty.
fn are_last<'a>(names: usize, name_at: &dyn Fn(usize) -> (&'a str, &'a str)) -> Vec<bool> {
    let order = sort::order(names, &|one, other| name_at(one).cmp(&name_at(other)));
    let mut kept = vec![true; names];
    for (&index, &next) in order.iter().zip(order.iter().skip(1)) {
        let own = name_at(index);
        if !own.1.is_empty() && own == name_at(next) {
            kept.get_mut(index).into_iter().for_each(|kept| *kept = false);
        }
    }
    kept
}

fn finding(
    rule: RuleId,
    (file, document): (u32, u32),
    place: &CompactLocation,
    message: String,
    help: String,
) -> SetFinding {
    let diagnostic = Diagnostic {
        help: Some(help),
        position: place.position(),
        end: position(place.end),
        ..Diagnostic::new(rule, Severity::Warning, place.path(), message)
    };
    SetFinding { file: file as usize, document: document as usize, diagnostic, other: None }
}
