//! Hosts that crash istiod.

use crate::{
    Gateway, rule,
    validate::findings::{Findings, Location},
};

/// Source: pilot's `sanitizeServerHostNamespace`, which replaces the list by one of one host when it
/// meets `*/*`, and goes on to write into it by the indexes of the old one.
pub(super) fn check(gateway: &Gateway, servers: &Location<'_, '_>, findings: &mut Findings) {
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
