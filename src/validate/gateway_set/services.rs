//! VirtualServices whose Gateways or hosts are missing.

use std::collections::{HashMap, HashSet};

use super::{GatewaySet, SetFinding, SetGateway, SetService, finding};
use crate::{diagnostic::Quoted, is_placeholder, merged_gateway::HostNames, rule};

impl GatewaySet {
    /// VirtualServices that name a Gateway without its namespace, which is another one.
    pub(super) fn services_without_gateway(
        &self,
        by_name: &HashMap<String, usize>,
    ) -> Vec<SetFinding> {
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
    pub(super) fn hosts_outside(&self, by_name: &HashMap<String, usize>) -> Vec<SetFinding> {
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
}
