//! What one server of a Gateway opens although another one closes it.

use crate::{
    Gateway,
    merged_gateway::{Bypass, bypasses_within},
    rule,
    validate::findings::{Findings, Location},
};

pub(super) fn check(gateway: &Gateway, servers: &Location<'_, '_>, findings: &mut Findings) {
    check_panic(gateway, servers, findings);
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
