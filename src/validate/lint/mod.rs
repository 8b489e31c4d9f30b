//! Settings that a cluster accepts but that are harmful, known from upstream's code, a real Envoy or
//! users' reports.

mod negotiation;
mod panic;
mod servers;
mod tls_settings;

use super::{
    Options,
    findings::{Findings, Location},
    fixes::{Effect, Proposal},
};
use crate::{Gateway, Server, protocol::Protocol, rule, tls_plan::TlsPlan, tree::Ref};

pub(super) use servers::{Order, describe, mergeable};

pub(super) fn check(
    gateway: &Gateway,
    root: &Location<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    check_settings(gateway, root, options, findings);
    let metadata = root.field("metadata");
    let namespace = metadata.field("namespace").node.map(Ref::text).unwrap_or_default();
    let spec = root.field("spec");
    servers::check(gateway, namespace, &spec.field("servers"), findings);
}

/// Without conflicts between servers, which depend on the other Gateways of a set.
pub(super) fn check_settings(
    gateway: &Gateway,
    root: &Location<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    let spec = root.field("spec");
    if gateway.selector.is_empty() && !gateway.servers.is_empty() {
        let message = "without a selector this Gateway applies to all gateway pods";
        let help = "add a selector, such as istio: ingressgateway".to_owned();
        findings.note(rule::lint::NO_SELECTOR, &spec, message, help);
    }
    let servers = spec.field("servers");
    let mut nodes = servers.items();
    for (index, server) in gateway.servers.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| servers.item(index, None));
        check_server(server, &place, options, findings);
    }
    servers::check_names(gateway, &servers, findings);
    panic::check(gateway, &servers, findings);
}

fn check_server(
    server: &Server,
    place: &Location<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    let written = server.port.as_ref().map_or("", |port| port.protocol.as_str());
    let protocol = Protocol::parse(written);
    if protocol.is_some() && written.bytes().any(|b| b.is_ascii_lowercase()) {
        let port = place.field("port");
        let message =
            "protocols are written in upper case; Istio accepts lower case, other tools may not";
        let upper = written.to_ascii_uppercase();
        let help = format!("write {upper}");
        let fix = Proposal { effect: Effect::Same, ..Proposal::set_text("protocol", &upper) };
        findings.with_fix(fix, |findings| {
            findings.note(rule::lint::PROTOCOL_CASE, &port.field("protocol"), message, help);
        });
    }
    let Some(settings) = &server.tls else { return };
    let plan = &TlsPlan::new(settings);
    let tls_place = place.field("tls");
    if protocol.is_some_and(Protocol::is_http) {
        tls_settings::check_on_http(plan, &tls_place, findings);
    } else {
        tls_settings::check(settings, plan, &tls_place, options, findings);
        negotiation::check(plan, protocol == Some(Protocol::Https), &tls_place, findings);
    }
}
