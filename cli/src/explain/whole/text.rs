//! The gateways for a terminal.

use super::{Chain, Host, Whole, WholeGateway};
use crate::{
    explain::terminal::{BOLD, MOST_TOLD, RED, Screen, YELLOW},
    text::{counted, listed, shown},
};

pub(in crate::explain) fn text(whole: &Whole, screen: &mut Screen) {
    for gateway in &whole.gateways {
        one(gateway, screen);
        screen.blank();
    }
    if whole.omitted > 0 {
        screen.heading(&omitted(whole.omitted), RED);
        screen.blank();
    }
}

/// What happens to the client of `--client` at each host, and at each filter chain without routes: a title
/// and a sentence for each.
pub(in crate::explain) fn of_client(whole: &Whole) -> Vec<(String, Vec<String>)> {
    let one = |gateway: &WholeGateway| {
        let hosts = gateway.hosts.iter().flat_map(|host| {
            host.paths.iter().filter_map(|path| {
                let text = &path.client.as_ref()?.text;
                Some(format!("{}, by {}: {text}", shown(&host.host), path.way()))
            })
        });
        let chains = gateway.listeners.iter().flat_map(|listener| {
            // Redirects have no routes.
            let is_left = |chain: &&Chain| chain.leads_to != "http" || chain.hosts.is_empty();
            let chains = listener.chains.iter().filter(is_left);
            chains.filter_map(|chain| {
                let text = match &listener.rejected {
                    Some(_) => "rejected: Envoy rejects the listener",
                    None => &chain.client.as_ref()?.text,
                };
                Some(format!("{}, port {}: {text}", names(chain), listener.port))
            })
        });
        (title(gateway), hosts.chain(chains).collect())
    };
    whole.gateways.iter().map(one).collect()
}

/// A sentence about Gateways that are too many to merge.
pub(super) fn omitted(count: usize) -> String {
    format!(
        "The Gateways of {} are too many to merge: who reaches their hosts is not known.",
        counted(count, "selector")
    )
}

fn one(gateway: &WholeGateway, screen: &mut Screen) {
    screen.heading(&title(gateway), BOLD);
    for assumption in &gateway.assumptions {
        screen.line(assumption, 2);
    }
    if !gateway.left_out.is_empty() {
        screen.section("Left out by istiod", RED);
        let left_out = gateway.left_out.iter().take(MOST_TOLD);
        screen.bullets(&left_out.map(|one| one.sentence() + ".").collect::<Vec<_>>());
        screen.more(gateway.left_out.len());
    }
    screen.section("Listeners", BOLD);
    for listener in gateway.listeners.iter().take(MOST_TOLD) {
        screen.line(&format!("{}:{}", shown(&listener.address), listener.port), 2);
        if let Some(rejected) = &listener.rejected {
            screen.line(
                &format!("Envoy rejects the listener: {}.", rejected.trim_end_matches('.')),
                4,
            );
        }
        for chain in listener.chains.iter().take(MOST_TOLD) {
            screen.line(&format!("{}: {}", names(chain), chain.server.sentence()), 4);
        }
        screen.more(listener.chains.len());
    }
    screen.more(gateway.listeners.len());
    if gateway.listeners.is_empty() {
        screen.line("none known", 2);
    }
    if !gateway.hosts.is_empty() {
        screen.section("Accepted clients, by the weakest path to each host", BOLD);
    }
    for host in gateway.hosts.iter().take(MOST_TOLD) {
        let style = if host.is_bypassed { RED } else { "" };
        screen.entry(&name(host), style);
        for sentence in ways(host) {
            screen.line(&sentence, 4);
        }
    }
    screen.more(gateway.hosts.len());
    if !gateway.bypasses.is_empty() {
        screen.section("Client checks that can be bypassed", YELLOW);
        let sentences = gateway.bypasses.iter().take(MOST_TOLD).map(|bypass| {
            let (bypassed, through) = (bypass.bypassed.sentence(), bypass.through.sentence());
            let (request, command) = (shown(&bypass.request), shown(&bypass.command));
            format!("That of {bypassed}, through {through}: {request}. Try it: {command}")
        });
        screen.bullets(&sentences.collect::<Vec<_>>());
        screen.more(gateway.bypasses.len());
    }
}

pub(super) fn title(gateway: &WholeGateway) -> String {
    let names = listed(&gateway.gateways, 6, "none");
    format!("The gateway of {}: {names}", gateway.pods())
}

/// `SNI a.example.com, b.example.com`
pub(super) fn names(chain: &Chain) -> String {
    if chain.server_names.is_empty() {
        "every connection".to_owned()
    } else {
        format!("SNI {}", listed(&chain.server_names, 4, ""))
    }
}

/// `admin.example.com, VirtualService infra/admin`
pub(super) fn name(host: &Host) -> String {
    let service = match &host.virtual_service {
        Some(service) => format!(" (VirtualService {service})"),
        None => String::new(),
    };
    let bypassed = if host.is_bypassed { ": its client check can be bypassed" } else { "" };
    format!("{}{service}{bypassed}", shown(&host.host))
}

/// The weakest path, and the others.
pub(super) fn ways(host: &Host) -> Vec<String> {
    let sentence = |path: &super::HostPath| {
        let more = match path.others {
            0 => String::new(),
            others => format!("; {} with the same check", counted(others, "more path")),
        };
        format!("By {}, {}{more}: {}", path.way(), path.server.sentence(), path.accepted_clients)
    };
    if host.paths.is_empty() {
        let nobody =
            "No client: no server that leads there takes effect, as far as placeholders are known.";
        return vec![nobody.to_owned()];
    }
    host.paths.iter().take(3).map(sentence).collect()
}
