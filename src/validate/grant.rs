//! ReferenceGrants, as far as they permit Gateways to refer to Secrets.

use super::findings::{Location, Node};
use crate::{Object, is_placeholder};

/// What a ReferenceGrant permits.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptGrant {
    /// The namespaces of Gateways, and the names of Secrets; `None` stands for all.
    pub(super) permitted: Vec<(String, Option<String>)>,
    /// Whether a value is a placeholder.
    pub(super) is_unknown: bool,
}

impl KeptGrant {
    pub(super) const GROUP: &'static str = "gateway.networking.k8s.io";

    /// Whether an object is a ReferenceGrant.
    pub(super) fn is_grant(object: &Object) -> bool {
        let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
        (group, object.kind()) == (Self::GROUP, "ReferenceGrant")
    }

    /// Source: pilot's `ReferenceGrantsCollection`.
    pub(super) fn of(object: &Object, root: &Location<'_, '_>) -> Option<Self> {
        if !Self::is_grant(object) {
            return None;
        }
        let mut is_unknown = false;
        let mut text = |node: Option<Node<'_>>| {
            let text = node.map(|node| node.text().to_owned());
            is_unknown |= text.as_deref().is_some_and(is_placeholder);
            text
        };
        let spec = root.field("spec");
        let (from, to) = (spec.field("from"), spec.field("to"));
        let mut entry = |entry: &Location<'_, '_>, name| {
            ["group", "kind", name].map(|field| text(entry.field(field).node))
        };
        let from: Vec<_> = from.items().map(|item| entry(&item, "namespace")).collect();
        let to: Vec<_> = to.items().map(|item| entry(&item, "name")).collect();
        let is = |found: &Option<String>, wanted: &str| found.as_deref().unwrap_or("") == wanted;
        let mut permitted = Vec::new();
        for [group, kind, namespace] in &from {
            let is_gateway = is(group, Self::GROUP) && is(kind, "Gateway");
            let Some(namespace) = namespace.as_ref().filter(|_| is_gateway) else { continue };
            for [group, kind, name] in &to {
                if is(group, "") && is(kind, "Secret") {
                    permitted.push((namespace.clone(), name.clone()));
                }
            }
        }
        Some(Self { permitted, is_unknown })
    }
}
