//! Checks of the API server before it decodes the object: the API version and the kind.

use crate::{
    IstioVersion, rule,
    structural::CRD_V1,
    tree::Ref,
    validate::findings::{Findings, Location, Node},
};

/// Whether the custom resource has the document's API version; if not, nothing else is checked.
pub(in crate::validate) fn check_type(
    root: Node<'_>,
    version: IstioVersion,
    findings: &mut Findings,
) -> bool {
    let place = Location::root(root);
    let (api_version, kind) = (place.field("apiVersion"), place.field("kind"));
    let text = |place: &Location<'_, '_>| place.node.map(Ref::text).unwrap_or_default().to_owned();
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
    findings.error(rule::schema::API_VERSION, place, message, help);
    false
}
