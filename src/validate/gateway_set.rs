//! What only all Gateways and VirtualServices of a set show together.

use std::{
    collections::{HashMap, HashSet},
    slice::SliceIndex,
};

use prost::Message as _;

use super::{
    kept::{Kept, KeptGateway, KeptVirtualService},
    outline::{CompactLocation, position, small},
    set::{DocumentLocation, SetFinding},
};
use crate::{
    Diagnostic, Gateway, Severity,
    diagnostic::Quoted,
    is_placeholder,
    merged_gateway::{Bypass, HostNames, MergedSet, MergedWorkload, NamedGateway, VirtualService},
    rule::{self, RuleId},
};

/// The Gateways and VirtualServices of a set.
#[derive(Clone, Debug, Default)]
pub(super) struct GatewaySet {
    gateways: Vec<SetGateway>,
    services: Vec<SetService>,
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
    /// Where each server begins, or its `tls`.
    servers: Box<[(u32, u32)]>,
    is_partly_unknown: bool,
}

#[derive(Clone, Debug)]
struct SetService {
    document: (u32, u32),
    kept: Box<KeptVirtualService>,
}

impl GatewaySet {
    pub(super) fn add(
        &mut self,
        document: (u32, u32),
        (namespace, name): (&str, &str),
        kept: &Kept,
    ) {
        if [namespace, name].into_iter().any(is_placeholder) {
            return;
        }
        match kept {
            Kept::Gateway(KeptGateway { created, spec, servers, is_partly_unknown }) => {
                let place = |place: &CompactLocation| place.start;
                let gateway = SetGateway {
                    document,
                    created: *created,
                    bytes: [namespace.as_bytes(), name.as_bytes(), spec.as_slice()].concat().into(),
                    namespace_end: small(namespace.len()),
                    name_end: small(namespace.len() + name.len()),
                    servers: servers.iter().map(place).collect(),
                    is_partly_unknown: *is_partly_unknown,
                };
                self.gateways.push(gateway);
            }
            Kept::VirtualService(kept) => {
                self.services.push(SetService { document, kept: kept.clone() });
            }
            Kept::Nothing => {}
        }
    }

    /// The findings, in the order of documents.
    pub(super) fn findings(mut self) -> Vec<SetFinding> {
        if self.services.is_empty() {
            return Vec::new();
        }
        keep_last(&mut self.gateways, |gateway| (gateway.namespace(), gateway.name()));
        keep_last(&mut self.services, |service| {
            let service = &service.kept.service;
            (&service.namespace, &service.name)
        });
        let by_name: HashMap<String, usize> = self
            .gateways
            .iter()
            .enumerate()
            .map(|(index, gateway)| (gateway.full_name(), index))
            .collect();
        let mut findings = self.services_without_gateway(&by_name);
        findings.extend(self.hosts_outside(&by_name));
        if self.services.iter().any(|service| service.kept.service.gateways.len() > 1) {
            findings.extend(self.bypasses());
        }
        findings.sort_by_key(|found| (found.file, found.document, found.diagnostic.position));
        findings
    }

    /// VirtualServices that name a Gateway without its namespace, which is another one.
    fn services_without_gateway(&self, by_name: &HashMap<String, usize>) -> Vec<SetFinding> {
        let mut of_names: HashMap<&str, Vec<&SetGateway>> = HashMap::new();
        for gateway in self.gateways.iter().filter(|gateway| !gateway.namespace().is_empty()) {
            of_names.entry(gateway.name()).or_default().push(gateway);
        }
        let mut findings = Vec::new();
        for SetService { document, kept } in &self.services {
            let service = &kept.service;
            for (gateway, place) in service.gateways.iter().zip(&kept.gateways) {
                let Some((namespace, name)) = gateway.split_once('/') else { continue };
                if namespace.is_empty() || namespace != service.namespace {
                    continue;
                }
                if by_name.contains_key(gateway) {
                    continue;
                }
                let Some([other]) = of_names.get(name).map(Vec::as_slice) else { continue };
                let message = format!(
                    "these files have no Gateway {}, only {}",
                    Quoted(gateway),
                    Quoted(&other.full_name())
                );
                let help = format!(
                    "if that one is meant, write {}: without a namespace, a name stands for a Gateway in the \
                     VirtualService's own one",
                    Quoted(&other.full_name())
                );
                let rule = rule::lint::VIRTUAL_SERVICE_GATEWAY;
                findings.push(finding(rule, *document, place, message, help));
            }
        }
        findings
    }

    /// Hosts of VirtualServices that no server of their Gateways has.
    fn hosts_outside(&self, by_name: &HashMap<String, usize>) -> Vec<SetFinding> {
        let bound: HashSet<usize> = self
            .services
            .iter()
            .flat_map(|service| &service.kept.service.gateways)
            .filter_map(|gateway| by_name.get(gateway).copied())
            .collect();
        let hosts: HashMap<usize, Vec<String>> = bound
            .into_iter()
            .filter_map(|index| {
                let gateway = self.gateways.get(index)?;
                let servers = gateway.spec().servers;
                Some((index, servers.into_iter().flat_map(|server| server.hosts).collect()))
            })
            .collect();
        let names: HashMap<usize, HostNames<'_>> =
            hosts.iter().map(|(index, hosts)| (*index, HostNames::new(hosts))).collect();
        let mut findings = Vec::new();
        for SetService { document, kept } in &self.services {
            let service = &kept.service;
            let known = |gateway: &String| {
                let index = by_name.get(gateway)?;
                let gateway = self.gateways.get(*index)?;
                names.get(index).filter(|_| !gateway.is_partly_unknown)
            };
            let gateways: Option<Vec<&HostNames<'_>>> =
                service.gateways.iter().map(known).collect();
            let Some(gateways) = gateways.filter(|gateways| !gateways.is_empty()) else { continue };
            for (host, place) in service.hosts.iter().zip(&kept.hosts) {
                if is_placeholder(host) || gateways.iter().any(|names| names.overlap(host)) {
                    continue;
                }
                let names: Vec<String> = service.gateways.iter().take(3).cloned().collect();
                let message = format!(
                    "no server of the Gateway {} has the host {}: no request for it arrives there",
                    Quoted(&names.join(" or ")),
                    Quoted(host),
                );
                let help = "add the host to a server of the Gateway, or remove it here".to_owned();
                let rule = rule::lint::VIRTUAL_SERVICE_HOST;
                findings.push(finding(rule, *document, place, message, help));
            }
        }
        findings
    }

    /// Client checks that a server of another Gateway bypasses. A VirtualService of the set leads there: none
    /// is assumed, since it would be one for each Gateway.
    fn bypasses(&self) -> Vec<SetFinding> {
        let specs: Vec<Gateway> = self.gateways.iter().map(SetGateway::spec).collect();
        let gateways: Vec<NamedGateway<'_>> = self
            .gateways
            .iter()
            .zip(&specs)
            .map(|(own, gateway)| NamedGateway {
                namespace: own.namespace(),
                name: own.name(),
                created: own.created,
                gateway,
            })
            .collect();
        let services: Vec<VirtualService> =
            self.services.iter().map(|service| service.kept.service.clone()).collect();
        let set = MergedSet::build(&gateways, &services);
        let mut known = HashSet::new();
        let mut findings: Vec<SetFinding> = self.left_out(set.omitted).into_iter().collect();
        for workload in &set.workloads {
            for bypass in workload.bypasses() {
                let (Some(bypassed), Some(through)) =
                    (self.place(workload, bypass.bypassed), self.place(workload, bypass.through))
                else {
                    continue;
                };
                let is_new = known.insert(((bypassed.0, bypassed.1), (through.0, through.1)));
                if bypassed.0 != through.0 && is_new {
                    findings.push(self.bypass(workload, &bypass, bypassed, through));
                }
            }
        }
        findings
    }

    /// A note that too large sets are not merged.
    fn left_out(&self, omitted: usize) -> Option<SetFinding> {
        let gateway = self.gateways.first().filter(|_| omitted > 0)?;
        let message = format!(
            "the Gateways are too many to merge for {omitted} of their selectors: bypasses of client checks \
             through other Gateways are not known"
        );
        let place = CompactLocation::default();
        let help = "check fewer files at once".to_owned();
        let mut found = finding(rule::document::OMITTED, gateway.document, &place, message, help);
        found.diagnostic.severity = Severity::Note;
        found.diagnostic.path = crate::FieldPath::root();
        Some(found)
    }

    /// The index of a server's Gateway, its own index in it, and its location.
    fn place(
        &self,
        workload: &MergedWorkload<'_>,
        server: usize,
    ) -> Option<(usize, usize, (u32, u32))> {
        let merged = workload.merged.servers.get(server)?;
        let gateway = *workload.gateway_indexes.get(merged.gateway)?;
        let place = self.gateways.get(gateway)?.servers.get(merged.server).copied();
        Some((gateway, merged.server, place.unwrap_or_default()))
    }

    fn bypass(
        &self,
        workload: &MergedWorkload<'_>,
        bypass: &Bypass,
        (bypassed, server, place): (usize, usize, (u32, u32)),
        (through, other_server, other_place): (usize, usize, (u32, u32)),
    ) -> SetFinding {
        let gateway = |index: usize| self.gateways.get(index);
        let name = gateway(through).map(SetGateway::full_name).unwrap_or_default();
        let service = workload.virtual_services.get(bypass.virtual_service);
        let service = service.map(|service| format!("{}/{}", service.namespace, service.name));
        let message = format!(
            "the client check can be bypassed through servers[{other_server}] of the Gateway {}: {bypass} \
             reaches the same routes, those of the VirtualService {}",
            Quoted(&name),
            Quoted(&service.unwrap_or_default()),
        );
        let document = |index| gateway(index).map_or((0, 0), |gateway| gateway.document);
        let path = crate::FieldPath::root().key("spec").key("servers").index(server).key("tls");
        let diagnostic = Diagnostic {
            help: Some(super::lint::bypass_help(bypass)),
            position: position(place),
            ..Diagnostic::new(rule::lint::CLIENT_CHECK_BYPASS, Severity::Warning, path, message)
        };
        let (other_file, other_document) = document(through);
        let other = DocumentLocation {
            file: other_file as usize,
            document: other_document as usize,
            position: position(other_place),
        };
        let (file, document) = document(bypassed);
        let (file, document) = (file as usize, document as usize);
        SetFinding { file, document, diagnostic, other: Some(other) }
    }
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

    fn spec(&self) -> Gateway {
        Gateway::decode(self.part(self.name_end as usize..)).unwrap_or_default()
    }
}

/// Keeps the last one of each name, which is the one that is applied. Those without a name get one each
/// (generateName).
fn keep_last<T>(all: &mut Vec<T>, name: impl for<'a> Fn(&'a T) -> (&'a str, &'a str)) {
    let mut last: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, one) in all.iter().enumerate() {
        last.insert(name(one), index);
    }
    let is_last = |(index, one)| {
        let key = name(one);
        key.1.is_empty() || last.get(&key) == Some(&index)
    };
    let kept: Vec<bool> = all.iter().enumerate().map(is_last).collect();
    let mut kept = kept.into_iter();
    all.retain(|_| kept.next().unwrap_or_default());
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
