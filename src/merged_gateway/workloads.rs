//! Gateways whose pods are not known: which of them are merged.

use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
};

use super::{
    Bypass, MergedGateway, NamedGateway, VirtualService, Workload, reachability::wildcards_of,
};
use crate::{Gateway, sort};

/// What is merged at most: Gateways and servers, counted again for each workload, and virtual hosts.
const MOST_SERVERS: usize = 200_000;
const MOST_VIRTUAL_HOSTS: usize = 2_000_000;

/// What istiod builds of all Gateways and VirtualServices of an installation, as far as it is known without
/// its pods.
///
/// Each selector that is not a part of another one stands for pods with exactly these labels: Gateways
/// whose selectors are parts of it are merged. Gateways with selectors that contradict each other, or that
/// only some pods have together, are assumed to have pods of their own.
///
/// A Gateway to which none of the VirtualServices is bound gets one with all of its hosts
/// ([`VirtualService::assumed`]). The namespace of the pods is not known ([`Workload::namespace`]).
///
/// ```
/// use istio_gateway::{
///     Gateway, json,
///     merged_gateway::{MergedSet, NamedGateway, VirtualService},
/// };
///
/// let strict: Gateway = json::from_str(
///     r#"{"selector": {"istio": "ingress"}, "servers": [
///         {"port": {"number": 443, "name": "https", "protocol": "HTTPS"},
///          "hosts": ["admin.example.com"], "tls": {"mode": "MUTUAL", "credentialName": "c"}}
///     ]}"#,
/// )?;
/// let lax: Gateway = json::from_str(
///     r#"{"selector": {"istio": "ingress"}, "servers": [
///         {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
///     ]}"#,
/// )?;
/// let named = |name, gateway| NamedGateway { namespace: "infra", name, created: None, gateway };
/// let admin = serde_json::json!({
///     "hosts": ["admin.example.com"], "gateways": ["strict", "lax"],
///     "http": [{"route": [{"destination": {"host": "admin"}}]}],
/// });
/// let admin = VirtualService::from_spec("admin", "infra", None, &admin)?;
/// let set = MergedSet::build(&[named("strict", &strict), named("lax", &lax)], &[admin]);
/// let workload = &set.workloads[0];
/// let bypass = &workload.bypasses()[0];
/// assert_eq!(workload.gateway(bypass.bypassed).unwrap().name, "strict");
/// assert_eq!(workload.gateway(bypass.through).unwrap().name, "lax");
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MergedSet<'a> {
    /// One for each selector that is not a part of another one, in the order of selectors.
    pub workloads: Vec<MergedWorkload<'a>>,
    /// The number of selectors that were left out: not more than 200,000 Gateways and servers, or two
    /// million virtual hosts, are merged.
    pub omitted: usize,
}

/// The Gateways that are assumed to have the same pods, and what istiod builds of them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MergedWorkload<'a> {
    /// The pods.
    pub workload: Workload,
    /// The Gateways, to which the indexes of [`merged`](Self::merged) refer.
    pub gateways: Vec<NamedGateway<'a>>,
    /// The index of each of them in what was given.
    pub gateway_indexes: Vec<usize>,
    /// The VirtualServices, to which the indexes of [`merged`](Self::merged) refer.
    pub virtual_services: Vec<VirtualService>,
    /// The index of each of them in what was given; none if it is assumed.
    pub virtual_service_indexes: Vec<Option<usize>>,
    /// What istiod builds.
    pub merged: MergedGateway,
}

impl<'a> MergedSet<'a> {
    /// Merges all Gateways.
    #[must_use]
    pub fn build(gateways: &[NamedGateway<'a>], virtual_services: &[VirtualService]) -> Self {
        let mut bound: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, service) in virtual_services.iter().enumerate() {
            for gateway in service.gateways.iter().map(String::as_str).collect::<HashSet<_>>() {
                bound.entry(gateway).or_default().push(index);
            }
        }
        let mut set = Self::default();
        let (mut servers, mut virtual_hosts) = (0, 0);
        let selectors = Selectors::new(gateways.iter().map(|named| named.gateway));
        for (selector, groups) in &selectors.largest {
            let gateway_indexes = selectors.members(groups, &mut servers, MOST_SERVERS);
            if servers > MOST_SERVERS {
                set.omitted += 1;
                continue;
            }
            let mut merged = MergedWorkload { gateway_indexes, ..MergedWorkload::default() };
            for (key, value) in selector {
                merged.workload.labels.insert(key.clone(), value.clone());
            }
            let mut known = HashSet::new();
            for gateway in merged.gateway_indexes.iter().filter_map(|&index| gateways.get(index)) {
                merged.gateways.push(*gateway);
                let mut hosts = 0;
                let name = format!("{}/{}", gateway.namespace, gateway.name);
                match bound.get(name.as_str()) {
                    Some(of_gateway) => {
                        for &index in of_gateway {
                            let Some(service) = virtual_services.get(index) else { continue };
                            let weighted = service.hosts.len().saturating_mul(service.weight());
                            hosts += weighted;
                            virtual_hosts += weighted - service.hosts.len();
                            if known.insert(index) {
                                merged.virtual_services.push(service.clone());
                                merged.virtual_service_indexes.push(Some(index));
                            }
                        }
                    }
                    None => {
                        let assumed = VirtualService::assumed(gateway);
                        hosts += assumed.iter().map(|service| service.hosts.len()).sum::<usize>();
                        merged.virtual_service_indexes.extend(assumed.iter().map(|_| None));
                        merged.virtual_services.extend(assumed);
                    }
                }
                let wildcards = wildcards_of(gateway.gateway);
                virtual_hosts += wildcards.saturating_mul(hosts);
            }
            if virtual_hosts > MOST_VIRTUAL_HOSTS {
                set.omitted += 1;
                continue;
            }
            merged.merged =
                MergedGateway::build(&merged.gateways, &merged.virtual_services, &merged.workload);
            set.workloads.push(merged);
        }
        set
    }
}

impl<'a> MergedWorkload<'a> {
    /// The requests that reach the routes of a server without passing its client check
    /// ([`MergedGateway::bypasses`]).
    #[must_use]
    pub fn bypasses(&self) -> Vec<Bypass> {
        self.merged.bypasses(&self.gateways)
    }

    /// The Gateway of a server of [`MergedGateway::servers`].
    #[must_use]
    pub fn gateway(&self, server: usize) -> Option<&NamedGateway<'a>> {
        self.gateways.get(self.merged.servers.get(server)?.gateway)
    }

    /// The Gateways to which only an assumed VirtualService is bound, by their index in
    /// [`gateways`](Self::gateways).
    #[must_use]
    pub fn without_virtual_services(&self) -> Vec<usize> {
        let mut bound: HashSet<&str> = HashSet::new();
        for (service, index) in self.virtual_services.iter().zip(&self.virtual_service_indexes) {
            if index.is_some() {
                bound.extend(service.gateways.iter().map(String::as_str));
            }
        }
        let gateways = self.gateways.iter().enumerate().filter(|(_, gateway)| {
            !bound.contains(format!("{}/{}", gateway.namespace, gateway.name).as_str())
        });
        gateways.map(|(index, _)| index).collect()
    }
}

/// Labels in their order.
type Labels = Vec<(String, String)>;

/// The selectors of Gateways.
pub(crate) struct Selectors {
    /// The Gateways of each selector, by their indexes, and the number of their servers.
    groups: Vec<(Vec<usize>, usize)>,
    /// The selectors that are not part of another one, with the indexes of those that are part of them.
    largest: Vec<(Labels, Vec<usize>)>,
}

impl Selectors {
    pub(crate) fn new(gateways: impl Iterator<Item = impl Borrow<Gateway>>) -> Self {
        let mut by_labels: HashMap<Labels, (Vec<usize>, usize)> = HashMap::new();
        for (index, gateway) in gateways.enumerate() {
            let gateway = gateway.borrow();
            let labels = gateway.selector.iter();
            let mut labels: Labels = labels.map(|(k, v)| (k.clone(), v.clone())).collect();
            sort::sort(&mut labels);
            let (members, servers) = by_labels.entry(labels).or_default();
            members.push(index);
            *servers += gateway.servers.len();
        }
        Self::of_groups(by_labels.into_iter().collect())
    }

    /// Of the Gateways, and the number of their servers, with each selector.
    fn of_groups(mut by_labels: Vec<(Labels, (Vec<usize>, usize))>) -> Self {
        sort::sort_by(&mut by_labels, |(one, _), (other, _)| one.cmp(other));
        let (selectors, groups): (Vec<Labels>, Vec<_>) = by_labels.into_iter().unzip();
        let mut with: HashMap<&(String, String), Vec<usize>> = HashMap::new();
        for (index, labels) in selectors.iter().enumerate() {
            for label in labels {
                with.entry(label).or_default().push(index);
            }
        }
        let all: Vec<usize> = (0..selectors.len()).collect();
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); selectors.len()];
        let mut is_part = vec![false; selectors.len()];
        for (index, labels) in selectors.iter().enumerate() {
            let rarest =
                labels.iter().filter_map(|label| with.get(label)).min_by_key(|of| of.len());
            for &other in rarest.unwrap_or(&all) {
                let Some(of_other) = selectors.get(other) else { continue };
                let is_in = |label| of_other.binary_search(label).is_ok();
                if other == index || labels.iter().all(is_in) {
                    parts.get_mut(other).into_iter().for_each(|parts| parts.push(index));
                    let is_part = is_part.get_mut(index).filter(|_| other != index);
                    is_part.into_iter().for_each(|is_part| *is_part = true);
                }
            }
        }
        let largest = selectors.into_iter().zip(parts).zip(is_part);
        let largest = largest.filter(|(_, is_part)| !is_part).map(|(found, _)| found).collect();
        Self { groups, largest }
    }

    /// The Gateways of each selector that is not a part of another one, and whether some are left out, since
    /// Gateways are in too many of them.
    #[cfg(feature = "validate")]
    pub(crate) fn workloads(&self) -> (Vec<Vec<usize>>, bool) {
        let all: usize = self.groups.iter().map(|(members, servers)| members.len() + servers).sum();
        let (most, mut servers) = (MOST_SERVERS + all, 0);
        let groups = self.largest.iter().map(|(_, groups)| groups);
        let workloads = groups.map(|groups| self.members(groups, &mut servers, most)).collect();
        (workloads, servers > most)
    }

    /// The Gateways of these groups, in their order, unless there are more Gateways and servers than `most`.
    fn members(&self, groups: &[usize], servers: &mut usize, most: usize) -> Vec<usize> {
        let groups = || groups.iter().filter_map(|&group| self.groups.get(group));
        *servers += groups().map(|(members, servers)| members.len() + servers).sum::<usize>();
        if *servers > most {
            return Vec::new();
        }
        let mut members: Vec<usize> = Vec::new();
        for (of_group, _) in groups() {
            members.extend_from_slice(of_group);
        }
        sort::sort(&mut members);
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gateway, json};

    fn gateways(selectors: &[&str]) -> Vec<Gateway> {
        let gateway = |selector: &&str| {
            json::from_str(&format!("{{\"selector\": {selector}}}")).expect("a Gateway")
        };
        selectors.iter().map(gateway).collect()
    }

    #[track_caller]
    fn merges(selectors: &[&str], want: &[&[usize]]) {
        let gateways = gateways(selectors);
        let named: Vec<_> = gateways
            .iter()
            .map(|gateway| NamedGateway { namespace: "", name: "", created: None, gateway })
            .collect();
        let set = MergedSet::build(&named, &[]);
        let found: Vec<_> = set.workloads.into_iter().map(|one| one.gateway_indexes).collect();
        assert_eq!(found, want);
    }

    #[test]
    fn selectors_that_are_parts_of_a_larger_one_have_its_pods() {
        merges(&[], &[]);
        merges(&["{}", "{}"], &[&[0, 1]]);
        merges(&[r#"{"a": "1"}"#, r#"{"a": "2"}"#, "{}"], &[&[0, 2], &[1, 2]]);
        let both = r#"{"a": "1", "b": "1"}"#;
        merges(&[r#"{"a": "1"}"#, both, r#"{"b": "1"}"#, both], &[&[0, 1, 2, 3]]);
        merges(&[r#"{"a": "1"}"#, r#"{"b": "1"}"#], &[&[0], &[1]]);
    }
}
