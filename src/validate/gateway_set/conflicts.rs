//! Servers of several Gateways that are in each other's way.

use std::{collections::HashSet, sync::Arc};

use super::{GatewaySet, ServerPart, SetFinding, SetGateway, small};
use crate::{
    Diagnostic, FieldPath, Gateway, Severity,
    merged_gateway::{Candidate, Conflict, ConflictKind, Conflicts, Selectors},
    sort,
    validate::{
        lint::{Order, describe, mergeable},
        outline::{Span, position},
    },
};

/// The number of a Gateway of the set, and of its server.
type ServerId = (u32, u32);

pub(in crate::validate) struct SetConflict {
    server: ServerId,
    other: ServerId,
    conflict: Conflict,
}

impl GatewaySet {
    /// The conflicts between servers, in the order of documents. Those within a Gateway of which values are not
    /// known are in its report. And whether some are left out.
    pub(in crate::validate) fn conflicts(&self) -> (Vec<SetConflict>, bool) {
        let selectors = Selectors::new(self.gateways.iter().map(SetGateway::spec));
        let (workloads, is_partial) = selectors.workloads();
        drop(selectors);
        let mut known = HashSet::new();
        let mut all = Vec::new();
        let alone = (0..self.alone.len()).map(|index| vec![self.gateways.len() + index]);
        for mut workload in workloads.into_iter().chain(alone) {
            sort::sort_by_key(&mut workload, |index| {
                self.gateway(*index).map(|of| (of.created, of.name(), of.namespace()))
            });
            let mut conflicts = Conflicts::default();
            let mut servers: Vec<ServerId> = Vec::new();
            for is_prepared in [false, true] {
                for &index in &workload {
                    let Some(gateway) = self.gateway(index) else { continue };
                    let spec = gateway.comparable_spec(index);
                    let (name, namespace) = (gateway.name(), gateway.namespace());
                    for (server_index, server) in mergeable(&spec) {
                        let candidate = Candidate { server, gateway: name, namespace };
                        if is_prepared {
                            servers.push((small(index), small(server_index)));
                            conflicts.add(candidate);
                        } else {
                            conflicts.prepare(candidate);
                        }
                    }
                }
                if !is_prepared {
                    conflicts.prepared();
                }
            }
            for conflict in conflicts.finish() {
                let id = |index: usize| servers.get(index).copied();
                let (Some(server), Some(other)) = (id(conflict.server), id(conflict.other)) else {
                    continue;
                };
                let is_in_report = server.0 == other.0
                    && self.gateway(server.0 as usize).is_some_and(SetGateway::is_partly_unknown);
                if !is_in_report && known.insert((server, other, conflict.kind)) {
                    all.push(SetConflict { server, other, conflict });
                }
            }
        }
        sort::sort_by_cached_key(&mut all, |conflict| {
            let (gateway, place, _) = self.span_of(conflict);
            (gateway.map(|gateway| gateway.document), place)
        });
        (all, is_partial)
    }

    /// A Gateway, by its index: after all others those that are not merged.
    fn gateway(&self, index: usize) -> Option<&SetGateway> {
        self.gateways.get(index).or_else(|| self.alone.get(index.checked_sub(self.gateways.len())?))
    }

    /// The Gateway, the location, and the path below the server.
    fn span_of(&self, found: &SetConflict) -> (Option<&SetGateway>, Span, FieldPath) {
        let (gateway, server) = found.server;
        let server = server as usize;
        let path = FieldPath::root().key("spec").key("servers").index(server);
        let (part, path) = match found.conflict.kind {
            ConflictKind::SharedHost(host) | ConflictKind::DroppedForHost(host) => {
                (ServerPart::Host(host), path.key("hosts").index(host))
            }
            ConflictKind::DroppedForPort | ConflictKind::PlainBesideTls => {
                (ServerPart::Protocol, path.key("port").key("protocol"))
            }
        };
        let gateway = self.gateway(gateway as usize);
        (gateway, gateway.map(|of| of.span(server, part)).unwrap_or_default(), path)
    }

    fn conflict(&self, found: &SetConflict, spec: &Gateway) -> Option<SetFinding> {
        let SetConflict { server: (own, server), other: (other, other_server), conflict } = found;
        let is_same = own == other;
        let (gateway, place, path) = self.span_of(found);
        let (gateway, other) = (gateway?, self.gateway(*other as usize)?);
        let server = spec.servers.get(*server as usize)?;
        let host = match conflict.kind {
            ConflictKind::SharedHost(host) | ConflictKind::DroppedForHost(host) => {
                server.hosts.get(host)?
            }
            _ => "",
        };
        let order = match (gateway.created, other.created) {
            _ if is_same => Order::Known,
            (Some(_), Some(_)) => Order::Known,
            _ => Order::ByName,
        };
        let of_other = match is_same {
            true => format!("servers[{other_server}]"),
            false => {
                format!("servers[{other_server}] of the Gateway {}", other.shown_name())
            }
        };
        let (rule, message, help) = describe(conflict, server, &of_other, order);
        let here = gateway.location(place);
        let part = match conflict.kind {
            ConflictKind::DroppedForPort | ConflictKind::PlainBesideTls => ServerPart::Protocol,
            _ => other.part_with_host(*other_server as usize, host),
        };
        let there = (!is_same).then(|| other.location(other.span(*other_server as usize, part)));
        let diagnostic = Diagnostic {
            help: Some(help.to_owned()),
            position: here.position,
            end: position(place.end),
            ..Diagnostic::new(rule, Severity::Warning, path, message)
        };
        let (file, document) = (here.file, here.document);
        Some(SetFinding { file, document, diagnostic, other: there })
    }
}

/// The locations of a Gateway among which a host is looked for, since there may be very many conflicts with it.
const MOST_SPANS: usize = 1000;

impl SetGateway {
    fn is_partly_unknown(&self) -> bool {
        !self.unknown_servers.is_empty()
    }

    /// The host of the server with this name, whatever its namespace.
    fn part_with_host(&self, server: usize, host: &str) -> ServerPart {
        let name = |host: &str| host.split('/').next_back().unwrap_or_default().to_owned();
        let spec = (self.spans.len() <= MOST_SPANS).then(|| self.spec());
        let server = spec.as_ref().and_then(|spec| spec.servers.get(server));
        let index = server.and_then(|server| {
            let exact = server.hosts.iter().position(|other| other == host);
            exact.or_else(|| server.hosts.iter().position(|other| name(other) == name(host)))
        });
        index.map_or(ServerPart::Itself, ServerPart::Host)
    }

    /// The spec, in which each host that is not known is another one.
    fn comparable_spec(&self, gateway: usize) -> Gateway {
        let mut spec = self.spec();
        for &server in &self.unknown_servers {
            let hosts = spec.servers.get_mut(server).map(|server| server.hosts.iter_mut());
            for (item, host) in hosts.into_iter().flatten().enumerate() {
                if host.is_empty() {
                    *host = format!("unknown\0{gateway}\0{server}\0{item}");
                }
            }
        }
        spec
    }
}

/// The findings of conflicts in order, made one by one.
pub(super) fn findings(
    set: Arc<GatewaySet>,
    conflicts: Vec<SetConflict>,
) -> impl Iterator<Item = SetFinding> {
    let mut last: (u32, Gateway) = (u32::MAX, Gateway::default());
    conflicts.into_iter().filter_map(move |found| {
        let (gateway, _) = found.server;
        if last.0 != gateway {
            last =
                (gateway, set.gateway(gateway as usize).map(SetGateway::spec).unwrap_or_default());
        }
        set.conflict(&found, &last.1)
    })
}
