//! `ValidateOwnerReferences` of apimachinery, and what the API server does before: it drops duplicate
//! references.

use std::collections::HashSet;

use super::text;
use crate::{
    RuleId,
    go::Quote,
    rule,
    tree::{Kind, Ref},
    validate::findings::{Findings, Location},
};

const RULE: RuleId = rule::schema::METADATA_OWNER_REFERENCES;
/// Longer sequences are abbreviated, and only their second controller is reported.
const MAX_SHOWN: usize = 64 << 10;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Reference<'t> {
    api_version: &'t str,
    kind: &'t str,
    name: &'t str,
    uid: &'t str,
    controller: Option<bool>,
    block_owner_deletion: Option<bool>,
}

impl<'t> Reference<'t> {
    /// The reference at this node; `None` if it cannot be decoded.
    fn read(place: &Location<'_, 't>) -> Option<Self> {
        if !place.node.is_some_and(|node| node.is_mapping() || node.is_null()) {
            return None;
        }
        let bool = |name| match place.field(name).node.map(Ref::kind) {
            None | Some(Kind::Null) => Some(None),
            Some(Kind::Bool(value)) => Some(Some(*value)),
            Some(_) => None,
        };
        Some(Self {
            api_version: text(&place.field("apiVersion"))?,
            kind: text(&place.field("kind"))?,
            name: text(&place.field("name"))?,
            uid: text(&place.field("uid"))?,
            controller: bool("controller")?,
            block_owner_deletion: bool("blockOwnerDeletion")?,
        })
    }

    /// As Go writes it in JSON.
    fn json(&self) -> String {
        let mut json = String::from("{");
        let texts = [
            ("apiVersion", self.api_version),
            ("kind", self.kind),
            ("name", self.name),
            ("uid", self.uid),
        ];
        for (index, (key, value)) in texts.into_iter().enumerate() {
            json.push_str(if index == 0 { "" } else { "," });
            json.push_str(&format!("\"{key}\":"));
            crate::tree::append_text(value, &mut json);
        }
        let bools =
            [("controller", self.controller), ("blockOwnerDeletion", self.block_owner_deletion)];
        for (key, value) in bools {
            if let Some(value) = value {
                json.push_str(&format!(",\"{key}\":{value}"));
            }
        }
        json.push('}');
        json
    }
}

/// Returns whether there is an error that prevents the CEL rules from being evaluated.
pub(super) fn check(place: &Location<'_, '_>, findings: &mut Findings) -> bool {
    let mut kept = Vec::new();
    let (mut seen, mut uids) = (HashSet::new(), Vec::new());
    for item in place.items() {
        // Go's own error is one of the types.
        let Some(reference) = Reference::read(&item) else { return false };
        if seen.insert(reference.clone()) {
            kept.push((item, reference));
        } else {
            uids.push((item, reference.uid));
        }
    }
    for (item, uid) in uids {
        let message = format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references \
             in 1.20+, and may reject such requests as early as 1.24; please fix your requests; \
             duplicate UID(s) observed: {uid}"
        );
        findings.warning(
            rule::schema::OWNER_REFERENCE_REPEATED,
            &item,
            message,
            "remove one of them".to_owned(),
        );
    }
    let mut is_blocking = false;
    for (index, (item, reference)) in kept.iter().enumerate() {
        is_blocking |= check_reference(index, item, reference, findings);
    }
    controllers(&kept, findings);
    is_blocking
}

/// A reference, by its index among those that are kept.
fn check_reference(
    index: usize,
    item: &Location<'_, '_>,
    reference: &Reference<'_>,
    findings: &mut Findings,
) -> bool {
    let path = format!("metadata.ownerReferences[{index}]");
    let Reference { api_version, kind, name, uid, .. } = *reference;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let is_group_version = !version.is_empty() && !version.contains('/');
    if !api_version.is_empty() && !is_group_version {
        let place = item.field("apiVersion");
        let message = format!(
            "{path}.apiVersion: Invalid value: {}: must be <group>/<version> or <version>",
            Quote(api_version)
        );
        findings.error(RULE, &place, message, "write one such as apps/v1".to_owned());
    }
    let required = [("apiVersion", api_version), ("kind", kind), ("name", name), ("uid", uid)];
    let mut is_blocking = false;
    for (field, _) in required.into_iter().filter(|(_, value)| value.is_empty()) {
        is_blocking = true;
        let message = format!("{path}.{field}: Required value: must not be empty");
        findings.error(RULE, &item.field(field), message, format!("add {field:?}"));
    }
    if group.is_empty() && version == "v1" && kind == "Event" {
        let message = format!(
            "{path}: Invalid value: {}: /v1, Kind=Event is disallowed from being an owner",
            reference.json()
        );
        findings.error(RULE, item, message, "remove the reference".to_owned());
    }
    is_blocking
}

fn controllers(kept: &[(Location<'_, '_>, Reference<'_>)], findings: &mut Findings) {
    let is_controller = |(_, reference): &&(_, Reference<'_>)| reference.controller == Some(true);
    let mut controllers = kept.iter().filter(is_controller);
    let Some((_, first)) = controllers.next() else { return };
    let mut list = String::new();
    for (item, reference) in controllers {
        if list.is_empty() {
            list = list_of(kept);
        }
        let message = format!(
            "metadata.ownerReferences: Invalid value: {list}: Only one reference can have Controller \
             set to true. Found \"true\" in references for {}/{} and {}/{}",
            first.kind, first.name, reference.kind, reference.name
        );
        let help = "set controller to true for one owner only".to_owned();
        findings.error(RULE, &item.field("controller"), message, help);
        if list.len() > MAX_SHOWN {
            break;
        }
    }
}

fn list_of(kept: &[(Location<'_, '_>, Reference<'_>)]) -> String {
    let mut list = String::from("[");
    for (index, (_, reference)) in kept.iter().enumerate() {
        list.push_str(if index == 0 { "" } else { "," });
        list.push_str(&reference.json());
        if list.len() > MAX_SHOWN {
            list.push_str(",...");
            break;
        }
    }
    list.push(']');
    list
}
