//! VirtualServices whose Gateways or hosts are missing.

use std::collections::HashMap;

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
                    other.shown_name()
                );
                let help = format!(
                    "if that one is meant, write {}: without a namespace, a name stands for a Gateway in the \
                     VirtualService's own one",
                    other.shown_name()
                );
                let rule = rule::lint::VIRTUAL_SERVICE_GATEWAY;
                findings.push(finding(rule, *document, place, message, help));
            }
        }
        findings
    }

    /// Hosts of VirtualServices that no server of their Gateways has.
    pub(super) fn hosts_outside(&self, by_name: &HashMap<String, usize>) -> Vec<SetFinding> {
        let mut hosts: HashMap<usize, ServerHosts<'_>> = HashMap::new();
        for gateway in self.services.iter().flat_map(|service| &service.kept.service.gateways) {
            if let Some(&index) = by_name.get(gateway)
                && let Some(gateway) = self.gateways.get(index)
            {
                hosts.entry(index).or_insert_with(|| ServerHosts::new(gateway));
            }
        }
        let mut names: HashMap<(usize, &str), HostNames<'_>> = HashMap::new();
        let mut findings = Vec::new();
        for SetService { document, kept } in &self.services {
            let service = &kept.service;
            let known = |gateway: &String| {
                let index = *by_name.get(gateway)?;
                let is_known =
                    self.gateways.get(index).is_some_and(|of| of.unknown_servers.is_empty());
                let hosts = hosts.get(&index).filter(|_| is_known)?;
                let namespace = if hosts.have_namespaces { service.namespace.as_str() } else { "" };
                let key = (index, namespace);
                names.entry(key).or_insert_with(|| HostNames::new(&hosts.visible_in(namespace)));
                Some(key)
            };
            let gateways: Option<Vec<(usize, &str)>> = service.gateways.iter().map(known).collect();
            let Some(gateways) = gateways.filter(|gateways| !gateways.is_empty()) else { continue };
            let has_scope = gateways.iter().any(|(_, namespace)| !namespace.is_empty());
            let gateways: Vec<_> = gateways.iter().filter_map(|key| names.get(key)).collect();
            for (host, place) in service.hosts.iter().zip(&kept.hosts) {
                if is_placeholder(host) || gateways.iter().any(|names| names.overlap(host)) {
                    continue;
                }
                let names: Vec<String> = service.gateways.iter().take(3).cloned().collect();
                let scope = match has_scope {
                    true => format!(
                        " for VirtualServices of the namespace {}",
                        Quoted(&service.namespace)
                    ),
                    false => String::new(),
                };
                let message = format!(
                    "no server of the Gateway {} has the host {}{scope}: no request for it arrives there",
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

/// The hosts of a Gateway's servers, and the namespaces whose VirtualServices may have them.
struct ServerHosts<'a> {
    gateway: &'a SetGateway,
    hosts: Vec<String>,
    have_namespaces: bool,
}

impl<'a> ServerHosts<'a> {
    fn new(gateway: &'a SetGateway) -> Self {
        let servers = gateway.spec().servers;
        let mut hosts: Vec<String> = Vec::new();
        servers.into_iter().for_each(|server| hosts.extend(server.hosts));
        let have_namespaces = hosts.iter().any(|host| host.contains('/'));
        Self { gateway, hosts, have_namespaces }
    }

    /// The hosts that a VirtualService of a namespace may have. A namespace that is not known may be any.
    ///
    /// Source: istiod's `sanitizeServerHostNamespace` and `host.NamesForNamespace`.
    fn visible_in<'b>(&'b self, namespace: &'b str) -> Vec<&'b str> {
        let own = self.gateway.namespace();
        let visible = self.hosts.iter().filter_map(|host| {
            let Some((of, name)) = host.split_once('/') else { return Some(host.as_str()) };
            let of = if of == "." { own } else { of };
            let is_visible = of == "*"
                || [of, namespace].into_iter().any(|of| of.is_empty() || is_placeholder(of));
            (is_visible || of == namespace).then_some(name)
        });
        visible.collect()
    }
}
