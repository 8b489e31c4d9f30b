//! What one server of a Gateway opens although another one closes it.

use std::collections::HashSet;

use crate::{
    Gateway,
    merged_gateway::{Bypass, MergedSet, NamedGateway, bypasses_within},
    rule,
    validate::findings::{Findings, Location},
};

pub(super) fn check(gateway: &Gateway, servers: &Location<'_, '_>, findings: &mut Findings) {
    check_panic(gateway, servers, findings);
    check_conflicts(gateway, servers, findings);
    let places: Vec<_> = servers.items().collect();
    for bypass in bypasses_within(gateway) {
        let (bypassed, through) = (bypass.bypassed, bypass.through);
        let message = format!(
            "the client check can be bypassed through servers[{through}]: {bypass} reaches the same routes, \
             if a VirtualService has this host"
        );
        let help = bypass_help(&bypass);
        let absent = servers.item(bypassed, None);
        let server = places.get(bypassed).unwrap_or(&absent);
        findings.warning(rule::lint::CLIENT_CHECK_BYPASS, &server.field("tls"), message, help);
    }
}

/// Servers for which Envoy rejects their listener, since their filter chains match the same server name.
fn check_conflicts(gateway: &Gateway, servers: &Location<'_, '_>, findings: &mut Findings) {
    if !may_conflict(gateway) {
        return;
    }
    let named = NamedGateway { namespace: "", name: "", created: None, gateway };
    let set = MergedSet::build(&[named], &[]);
    for merged in set.workloads.iter().map(|workload| &workload.merged) {
        for listener in merged.listeners.values() {
            let Some((first, second)) = listener.conflict().filter(|(a, b)| a != b) else {
                continue;
            };
            let server = |chain: usize| {
                let chain = listener.chains.get(chain)?;
                Some(merged.servers.get(chain.server)?.server)
            };
            let (Some(first), Some(second)) = (server(first), server(second)) else { continue };
            let message = format!(
                "servers[{first}] has a host with the same name, in another namespace: Envoy rejects the \
                 listener of port {}, with all of its servers",
                listener.port
            );
            let help = "put both hosts into one server".to_owned();
            let place = servers.items().nth(second);
            let place = place.unwrap_or_else(|| servers.item(second, None));
            findings.warning(rule::lint::EQUAL_FILTER_CHAINS, &place.field("hosts"), message, help);
        }
    }
}

/// Whether servers of the Gateway have hosts that are the same but for their namespaces: without that, no
/// filter chains are equal.
fn may_conflict(gateway: &Gateway) -> bool {
    let hosts = gateway.servers.iter().filter(|server| server.tls.is_some());
    let hosts = hosts.flat_map(|server| &server.hosts);
    if !hosts.clone().any(|host| host.contains('/')) {
        return false;
    }
    let mut names = HashSet::new();
    hosts
        .map(|host| host.split_once('/').map_or(host.as_str(), |(_, name)| name))
        .any(|name| !names.insert(name))
}

/// What stops a bypass, and how to try it.
pub(in crate::validate) fn bypass_help(bypass: &Bypass) -> String {
    format!(
        "give both servers the same TLS settings, or redirect plain HTTP (tls.httpsRedirect), or use other \
         gateway pods; to try it: {}",
        bypass.command()
    )
}

/// Source: pilot's `sanitizeServerHostNamespace`, which replaces the list by one of one host when it
/// meets `*/*`, and goes on to write into it by the indexes of the old one.
fn check_panic(gateway: &Gateway, servers: &Location<'_, '_>, findings: &mut Findings) {
    for (index, server) in gateway.servers.iter().enumerate() {
        let mut parts = server.hosts.iter().map(|host| {
            let mut parts = host.split('/');
            (parts.next().unwrap_or_default(), parts.next())
        });
        let Some(first) = parts.position(|parts| parts == ("*", Some("*"))) else { continue };
        let is_written = |(namespace, name): (&str, Option<&str>)| {
            name.is_some_and(|name| namespace == "." || namespace == "*" && name != "*")
        };
        if let Some(offset) = parts.position(is_written) {
            let server = servers.items().nth(index).unwrap_or_else(|| servers.item(index, None));
            let hosts = server.field("hosts");
            let number = first + 1 + offset;
            let host = hosts.items().nth(number).unwrap_or_else(|| hosts.item(number, None));
            let message = "istiod crashes when it merges this host with the \"*/*\" before it: no proxy \
                           gets configuration any more";
            let help = "remove the other hosts: \"*/*\" has them all".to_owned();
            findings.warning(rule::lint::ISTIOD_PANIC, &host, message, help);
        }
    }
}
