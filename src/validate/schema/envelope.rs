//! What the API server asks before it looks at the spec: the version of the API, and the name.

use super::{type_name, wrong_type};
use crate::{
    IstioVersion,
    tree::{Kind, Ref},
    validate::{
        findings::{Findings, Node, Place},
        go::Quote,
        hosts::is_subdomain,
        versions::CRD_V1,
    },
};

/// Whether the custom resource serves the document's version of the API; if not, nothing else is
/// looked at.
pub(in crate::validate) fn check_type(
    root: Node<'_>,
    version: IstioVersion,
    findings: &mut Findings,
) -> bool {
    let place = Place::root(root);
    let (api_version, kind) = (place.field("apiVersion"), place.field("kind"));
    let text = |place: &Place<'_, '_>| place.node.map(Ref::text).unwrap_or_default().to_owned();
    let (group_version, kind_text) = (text(&api_version), text(&kind));
    let (group, served) = group_version.split_once('/').unwrap_or(("", &group_version));
    let is_served = match served {
        "v1alpha3" | "v1beta1" => true,
        "v1" => version >= CRD_V1,
        _ => false,
    };
    if group == crate::GROUP && is_served && kind_text == "Gateway" {
        return true;
    }
    let (place, help) = if kind_text != "Gateway" {
        (&kind, "write `kind: Gateway`".to_owned())
    } else if served == "v1" && group == crate::GROUP {
        (
            &api_version,
            format!(
                "{group_version} is served since Istio {CRD_V1}; write networking.istio.io/v1beta1"
            ),
        )
    } else {
        (&api_version, "write `apiVersion: networking.istio.io/v1`".to_owned())
    };
    let message = format!("no CRD version for {group}/{served}, Kind={kind_text}");
    findings.error("schema/api-version", place, message, help);
    false
}

/// The API server's checks of `metadata`, as far as they concern the name. Without a name, or with
/// one that is no text, it does not ask the CEL rules.
pub(in crate::validate) fn check_name(root: Node<'_>, findings: &mut Findings) -> bool {
    let root = Place::root(root);
    let metadata = root.field("metadata");
    let name = metadata.field("name");
    let rule = "schema/metadata-name";
    let generated = metadata.field("generateName");
    let text = match name.node.map(Ref::kind) {
        Some(Kind::Text(text)) => text.as_ref(),
        None | Some(Kind::Null) => "",
        Some(other) => {
            let message = wrong_type(&name.plain_path(), "string", type_name(other));
            findings.error(rule, &name, message, "write the name in quotes".to_owned());
            return false;
        }
    };
    if text.is_empty() {
        let is_named = generated.node.is_some_and(|node| !node.text().is_empty());
        if !is_named {
            let message = "metadata.name: Required value: name or generateName is required";
            findings.error(rule, &name, message, "give the Gateway a name".to_owned());
        }
        return is_named;
    }
    let prefix = format!("metadata.name: Invalid value: {}: ", Quote(text));
    if text.len() > 253 {
        let message = format!("{prefix}must be no more than 253 bytes");
        findings.error(rule, &name, message, "write a shorter name".to_owned());
    }
    if !is_subdomain(text) {
        let message = format!(
            "{prefix}a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
             characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
             'example.com', regex used for validation is \
             '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        );
        let help =
            "write lower case letters, digits and dashes, with a letter or digit at either end";
        findings.error(rule, &name, message, help.to_owned());
    }
    true
}
