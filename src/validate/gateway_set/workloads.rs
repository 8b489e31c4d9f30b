//! The pods of Gateways, and the Services of these pods.

use std::collections::{HashMap, HashSet};

use super::{GatewaySet, ServerPart, SetFinding, finding};
use crate::{
    Gateway, is_placeholder,
    rule::lint as rule,
    sort,
    validate::{
        outline::{CompactLocation, LocationField},
        workload::{KeptPod, KeptService, Labels, selects},
    },
};

/// How many pods and Services are compared with selectors at most.
const MOST_COMPARISONS: usize = 5_000_000;

/// The pods and Services of a set.
#[derive(Clone, Debug, Default)]
pub(super) struct Workloads {
    /// Each once, with its namespace.
    pods: HashSet<(String, Labels)>,
    services: Vec<(String, KeptService)>,
    /// Whether there are Pods, and not only what makes them.
    has_pods: bool,
    /// Whether the labels or the namespace of a pod are not known.
    is_partly_unknown: bool,
}

/// What is known of the pods with a selector.
#[derive(Clone, Debug, Default)]
pub(super) struct Selected {
    /// Sorted.
    pub(super) namespaces: Vec<String>,
    /// The ports of their Services, sorted. `None` if there is no Service, or a port is not known.
    ports: Option<Vec<u32>>,
}

impl Workloads {
    /// Whether the set has pods, and all of them are known.
    pub(super) fn are_known(&self) -> bool {
        !self.is_partly_unknown && !self.pods.is_empty()
    }

    pub(super) fn add_pod(&mut self, namespace: &str, pod: &KeptPod) {
        self.has_pods |= pod.is_pod;
        match &pod.labels {
            Some(labels) if !is_placeholder(namespace) => {
                self.pods.insert((namespace.to_owned(), labels.clone()));
            }
            _ => self.is_partly_unknown = true,
        }
    }

    pub(super) fn add_service(&mut self, namespace: &str, service: &KeptService) {
        self.services.push((namespace.to_owned(), service.clone()));
    }
}

/// The indexes of pods or Services, by a label.
type ByLabel<'a> = HashMap<(&'a str, &'a str), Vec<usize>>;

/// The pods and Services, by their labels.
struct Index<'a> {
    pods: Vec<&'a (String, Labels)>,
    services: &'a [(String, KeptService)],
    pods_by_label: ByLabel<'a>,
    /// By the first label of the selector.
    services_by_label: ByLabel<'a>,
    /// The namespaces with a Service whose selector is not known.
    unknown: HashSet<&'a str>,
    comparisons: usize,
}

impl<'a> Index<'a> {
    fn new(workloads: &'a Workloads) -> Self {
        let (mut pods_by_label, mut services_by_label) = (ByLabel::new(), ByLabel::new());
        let mut unknown = HashSet::new();
        let pods: Vec<_> = workloads.pods.iter().collect();
        for (index, (_, labels)) in pods.iter().enumerate() {
            for (key, value) in labels {
                pods_by_label.entry((key.as_str(), value.as_str())).or_default().push(index);
            }
        }
        for (index, (namespace, service)) in workloads.services.iter().enumerate() {
            let Some(selector) = &service.selector else {
                unknown.insert(namespace.as_str());
                continue;
            };
            if let Some((key, value)) = selector.first_key_value() {
                services_by_label.entry((key.as_str(), value.as_str())).or_default().push(index);
            }
        }
        let services = &workloads.services;
        Self { pods, services, pods_by_label, services_by_label, unknown, comparisons: 0 }
    }

    /// Nothing if it would take too long.
    fn selected(&mut self, selector: &[(&str, &str)]) -> Option<Selected> {
        let rarest = selector.iter().map(|label| self.pods_by_label.get(label));
        let candidates: Vec<usize> = match rarest.min_by_key(|of| of.map_or(0, Vec::len)) {
            None => (0..self.pods.len()).collect(),
            Some(rarest) => rarest.cloned().unwrap_or_default(),
        };
        let mut namespaces: HashSet<&str> = HashSet::new();
        let mut services: HashSet<usize> = HashSet::new();
        let mut is_unknown = false;
        for (namespace, labels) in candidates.iter().filter_map(|index| self.pods.get(*index)) {
            self.comparisons += 1;
            if !selects(selector.iter().copied(), labels) {
                continue;
            }
            namespaces.insert(namespace);
            is_unknown |= self.unknown.contains(namespace.as_str());
            for (key, value) in labels {
                let of_label = self.services_by_label.get(&(key.as_str(), value.as_str()));
                for &index in of_label.map_or(&[][..], Vec::as_slice) {
                    self.comparisons += 1;
                    let Some((of, service)) = self.services.get(index) else { continue };
                    let selector = service.selector.iter().flatten();
                    let selector = selector.map(|(key, value)| (key.as_str(), value.as_str()));
                    if of == namespace && selects(selector, labels) {
                        services.insert(index);
                    }
                }
                if self.comparisons > MOST_COMPARISONS {
                    return None;
                }
            }
        }
        let mut ports = (!services.is_empty() && !is_unknown).then(Vec::new);
        for (_, service) in services.iter().filter_map(|index| self.services.get(*index)) {
            match (&mut ports, &service.ports) {
                (Some(ports), Some(of_service)) => ports.extend_from_slice(of_service),
                _ => ports = None,
            }
        }
        ports.iter_mut().for_each(sort::sort_and_dedup);
        let mut namespaces: Vec<String> = namespaces.into_iter().map(str::to_owned).collect();
        sort::sort(&mut namespaces);
        Some(Selected { namespaces, ports })
    }
}

impl GatewaySet {
    /// The pods of each Gateway, if they [are known](Workloads::are_known).
    pub(super) fn selected(&self) -> Vec<Option<Selected>> {
        let workloads = &self.workloads;
        let mut index = Index::new(workloads);
        let mut known: HashMap<String, Option<Selected>> = HashMap::new();
        let gateways = self.gateways.iter();
        let selected = gateways.map(|gateway| {
            let Gateway { selector, .. } = gateway.spec();
            let mut selector: Vec<(&str, &str)> =
                selector.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            sort::sort(&mut selector);
            if selector.iter().any(|(key, value)| is_placeholder(key) || is_placeholder(value)) {
                return None;
            }
            let key = format!("{selector:?}");
            known.entry(key).or_insert_with(|| index.selected(&selector)).clone()
        });
        selected.collect()
    }

    /// Selectors without pods, and ports without a Service.
    pub(super) fn of_workloads(&self) -> Vec<SetFinding> {
        let mut findings = Vec::new();
        if !self.workloads.are_known() {
            return findings;
        }
        for (gateway, selected) in self.gateways.iter().zip(self.selected()) {
            let Some(selected) = selected else { continue };
            if selected.namespaces.is_empty() {
                if self.workloads.has_pods {
                    let message = "these files have pods, but none with these labels: the Gateway applies to none";
                    let help = "write the labels of the gateway's pods".to_owned();
                    let place = CompactLocation::at(LocationField::Selector, 0, gateway.selector);
                    let rule = rule::SELECTOR_WITHOUT_PODS;
                    findings.push(finding(
                        rule,
                        gateway.document,
                        &place,
                        message.to_owned(),
                        help,
                    ));
                }
                continue;
            }
            let Some(ports) = selected.ports.filter(|_| gateway.unknown_servers.is_empty()) else {
                continue;
            };
            for (index, server) in gateway.spec().servers.iter().enumerate() {
                let number = server.port.as_ref().map_or(0, |port| port.number);
                if number == 0 || ports.binary_search(&number).is_ok() {
                    continue;
                }
                let some: Vec<String> = ports.iter().take(5).map(u32::to_string).collect();
                let some =
                    if some.is_empty() { "none for TCP".to_owned() } else { some.join(", ") };
                let message = format!(
                    "no Service of the gateway's pods has the port {number}: their ports are {some}"
                );
                let help = "add the port to the Service, or write one that it has".to_owned();
                let place = CompactLocation::at(
                    LocationField::PortNumber,
                    index,
                    gateway.span(index, ServerPart::PortNumber).start,
                );
                findings.push(finding(
                    rule::PORT_WITHOUT_SERVICE,
                    gateway.document,
                    &place,
                    message,
                    help,
                ));
            }
        }
        findings
    }
}
