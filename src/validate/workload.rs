//! Pods, what makes pods, and Services, as far as a gateway needs them.

use std::collections::BTreeMap;

use super::findings::{Location, Node};
use crate::{Object, is_placeholder};

/// The labels by which Gateways and Services select pods.
pub(super) type Labels = BTreeMap<String, String>;

/// A pod, or the template of pods.
#[derive(Clone, Debug)]
pub(super) struct KeptPod {
    /// `None` if one is not known.
    pub(super) labels: Option<Labels>,
    /// Whether it is a Pod: those of a cluster are complete only if they are.
    pub(super) is_pod: bool,
}

/// A Service.
#[derive(Clone, Debug)]
pub(super) struct KeptService {
    /// `None` if one is not known. An empty selector selects nothing.
    pub(super) selector: Option<Labels>,
    /// The ports by which istioctl looks for a server's port: those of the Service, and those of its pods. `None` if
    /// one is not known: a placeholder, or a port of the pods by its name.
    pub(super) ports: Option<Vec<u32>>,
}

impl KeptPod {
    /// Of a Pod, or of a Deployment, `DaemonSet`, `StatefulSet` or `ReplicaSet`; `None` for another object.
    pub(super) fn of(object: &Object, root: &Location<'_, '_>) -> Option<Self> {
        let is_pod = match (object.api_version(), object.kind()) {
            ("v1", "Pod") => true,
            ("apps/v1", "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet") => false,
            _ => return None,
        };
        let labels = if is_pod {
            labels(&root.field("metadata").field("labels"))
        } else {
            let spec = root.field("spec");
            let template = spec.field("template");
            labels(&template.field("metadata").field("labels"))
        };
        Some(Self { labels, is_pod })
    }
}

impl KeptService {
    /// Of a Service; `None` for another object.
    ///
    /// Source: istioctl's `IngressGatewayPortAnalyzer`.
    pub(super) fn of(object: &Object, root: &Location<'_, '_>) -> Option<Self> {
        if (object.api_version(), object.kind()) != ("v1", "Service") {
            return None;
        }
        let spec = root.field("spec");
        let selector = labels(&spec.field("selector"));
        let mut ports = Some(Vec::new());
        for port in spec.field("ports").items() {
            if port.field("protocol").node.is_some_and(|protocol| protocol.text() != "TCP") {
                continue;
            }
            for number in ["port", "targetPort"] {
                let Some(number) = port.field(number).node.filter(|node| !node.is_null()) else {
                    continue;
                };
                match (number.to_text().parse(), &mut ports) {
                    (Ok(number), Some(ports)) => ports.push(number),
                    _ => ports = None,
                }
            }
        }
        Some(Self { selector, ports })
    }
}

fn labels(map: &Location<'_, '_>) -> Option<Labels> {
    let mut labels = Labels::new();
    for (key, value) in map.node.into_iter().flat_map(Node::entries) {
        if [key.text(), value.text()].into_iter().any(is_placeholder) {
            return None;
        }
        labels.insert(key.text().to_owned(), value.text().to_owned());
    }
    Some(labels)
}

/// Whether labels have all of a selector. An empty selector selects all.
pub(super) fn selects<'a>(
    selector: impl IntoIterator<Item = (&'a str, &'a str)>,
    labels: &Labels,
) -> bool {
    selector.into_iter().all(|(key, value)| labels.get(key).is_some_and(|of| of == value))
}
