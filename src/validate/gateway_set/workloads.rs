//! The pods of Gateways, and the Services of these pods.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{GatewaySet, SetFinding, finding};
use crate::{
    is_placeholder,
    rule::lint as rule,
    validate::{
        outline::{CompactLocation, LocationField},
        workload::{KeptPod, KeptService, Labels, selects},
    },
};

/// The pods and Services of a set.
#[derive(Clone, Debug, Default)]
pub(super) struct Workloads {
    /// Each once, with its namespace.
    pods: BTreeSet<(String, Labels)>,
    services: Vec<(String, KeptService)>,
    /// Whether there are Pods, and not only what makes them.
    has_pods: bool,
    /// Whether the labels of a pod are not known.
    is_partly_unknown: bool,
}

/// What is known of the pods with a selector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selected {
    pub(super) namespaces: BTreeSet<String>,
    /// The ports of their Services, if there is any.
    ports: Option<BTreeSet<u32>>,
}

impl Workloads {
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

    /// Source: istioctl's `IngressGatewayPortAnalyzer`.
    fn selected(&self, selector: &BTreeMap<&String, &String>) -> Selected {
        let mut selected = Selected::default();
        let pods = self.pods.iter();
        let pods =
            pods.filter(|(_, labels)| selects(selector.iter().map(|(k, v)| (*k, *v)), labels));
        for (namespace, labels) in pods {
            selected.namespaces.insert(namespace.clone());
            let services = self.services.iter().filter(|(of, _)| of == namespace);
            for (_, service) in services.filter(|(_, service)| selects(&service.selector, labels)) {
                selected.ports.get_or_insert_default().extend(&service.ports);
            }
        }
        selected
    }
}

impl GatewaySet {
    /// The pods of each Gateway; nothing if the set has none.
    pub(super) fn selected(&self) -> Vec<Selected> {
        if self.workloads.pods.is_empty() && !self.workloads.has_pods {
            return Vec::new();
        }
        let mut known: HashMap<String, Selected> = HashMap::new();
        let gateways = self.gateways.iter();
        let selected = gateways.map(|gateway| {
            let spec = gateway.spec();
            let selector: BTreeMap<_, _> = spec.selector.iter().collect();
            let key = format!("{selector:?}");
            known.entry(key).or_insert_with(|| self.workloads.selected(&selector)).clone()
        });
        selected.collect()
    }

    /// Selectors without pods, and ports without a Service.
    pub(super) fn of_workloads(&self) -> Vec<SetFinding> {
        let mut findings = Vec::new();
        for (gateway, selected) in self.gateways.iter().zip(self.selected()) {
            let spec = gateway.spec();
            let place = |field, index, start| CompactLocation::at(field, index, start);
            if selected.namespaces.is_empty() {
                if !self.workloads.has_pods || self.workloads.is_partly_unknown {
                    continue;
                }
                let message = "these files have pods, but none with these labels: the Gateway applies to none";
                let help = "write the labels of the gateway's pods";
                let place = place(LocationField::Selector, 0, gateway.selector);
                let rule = rule::SELECTOR_WITHOUT_PODS;
                findings.push(finding(
                    rule,
                    gateway.document,
                    &place,
                    message.to_owned(),
                    help.to_owned(),
                ));
                continue;
            }
            let Some(ports) = selected.ports.filter(|_| !gateway.is_partly_unknown) else {
                continue;
            };
            for (index, (server, start)) in spec.servers.iter().zip(&gateway.ports).enumerate() {
                let number = server.port.as_ref().map_or(0, |port| port.number);
                if number == 0 || ports.contains(&number) {
                    continue;
                }
                let some: Vec<String> = ports.iter().take(5).map(u32::to_string).collect();
                let message = format!(
                    "no Service of the gateway's pods has the port {number}, only {}",
                    some.join(", ")
                );
                let help = "add the port to the Service, or write one that it has".to_owned();
                let place = place(LocationField::PortNumber, index, *start);
                let rule = rule::PORT_WITHOUT_SERVICE;
                findings.push(finding(rule, gateway.document, &place, message, help));
            }
        }
        findings
    }
}
