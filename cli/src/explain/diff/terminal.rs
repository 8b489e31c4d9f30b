//! A comparison for a terminal.

use super::{Diff, Difference, GatewayOf, Place, ServerDiff, UnknownServer};
use crate::{
    explain::behavior::Xfcc,
    explain::terminal::{
        BOLD, DIM, GREEN, MOST_TOLD, RED, Screen, gateway_name, header, outcome, place,
    },
    text::{counted, listed, shown},
};

pub(in crate::explain) fn text(diff: &Diff, width: usize) -> String {
    let mut screen = Screen::new(width);
    for unread in &diff.unread {
        screen.heading(&unread.sentence(), RED);
        screen.bullets(&unread.problems.iter().map(|problem| shown(problem)).collect::<Vec<_>>());
        screen.blank();
    }
    if !diff.not_compared.is_empty() {
        let names: Vec<String> =
            diff.not_compared.iter().take(MOST_TOLD).map(GatewayOf::name).collect();
        screen.heading(NOT_COMPARED, RED);
        screen.bullets(&names);
        screen.more(diff.not_compared.len());
        screen.blank();
    }
    if !diff.unknown.is_empty() {
        let names: Vec<String> =
            diff.unknown.iter().take(MOST_TOLD).map(UnknownServer::sentence).collect();
        screen.heading(UNKNOWN, RED);
        screen.bullets(&names);
        screen.more(diff.unknown.len());
        screen.blank();
    }
    for repeated in &diff.repeated {
        screen.heading(&repeated.sentence(), RED);
        screen.blank();
    }
    for rejected in &diff.rejected {
        screen.heading(&rejected.title(), RED);
        screen.told(&rejected.reasons);
        screen.blank();
    }
    for pruned in &diff.pruned {
        screen.heading(&pruned.title(), RED);
        screen.told(&pruned.fields);
        screen.blank();
    }
    for skipped in &diff.skipped {
        screen.heading(&skipped.sentence(), RED);
        screen.blank();
    }
    for server in &diff.servers {
        one(diff, server, &mut screen);
        screen.blank();
    }
    screen.line(&summary(diff), 0);
    screen.text
}

/// The title of the Gateways that are not compared.
pub(in crate::explain) const NOT_COMPARED: &str =
    "Not compared, and neither added nor removed as far as is known:";

/// The title of the servers that depend on placeholders.
pub(in crate::explain) const UNKNOWN: &str = "The comparison is incomplete: servers depend on \
     placeholders. Of these, only what is weaker whatever they stand for is listed:";

/// `Changed: tls.mode (line 9 -> line 12)`
pub(in crate::explain) fn changed_fields(server: &ServerDiff) -> String {
    const MOST: usize = 12;
    let mut fields: Vec<String> =
        server.fields.iter().take(MOST).map(super::ChangedField::sentence).collect();
    if server.fields.len() > MOST {
        fields.push(format!("and {} more", server.fields.len() - MOST));
    }
    format!("Changed: {}", fields.join(", "))
}

/// `3 weaker, 1 stronger, 0 different; 2 servers changed, 4 unchanged`
pub(in crate::explain) fn summary(diff: &Diff) -> String {
    let Diff { weaker, stronger, different, unchanged, unread, not_compared, unknown, .. } = diff;
    let mut missing = Vec::new();
    if !not_compared.is_empty() {
        missing.push(counted(not_compared.len(), "Gateway"));
    }
    if !unknown.is_empty() {
        missing.push(counted(unknown.len(), "server"));
    }
    let incomplete = match &*missing {
        [] if unread.is_empty() => String::new(),
        [] => "\nINCOMPLETE: part of the input could not be read".to_owned(),
        missing => format!("\nINCOMPLETE: {} not compared", missing.join(" and ")),
    };
    format!(
        "{weaker} weaker, {stronger} stronger, {different} different; {} changed, {unchanged} \
         unchanged{incomplete}",
        counted(diff.servers.len(), "server")
    )
}

fn one(diff: &Diff, server: &ServerDiff, screen: &mut Screen) {
    screen.heading(&places(server), BOLD);
    screen.heading(&title(server), BOLD);
    if !server.fields.is_empty() {
        screen.line(&changed_fields(server), 2);
    }
    for (effect, title, style) in [
        ("weaker", "Weaker", RED),
        ("stronger", "Stronger", GREEN),
        ("different", "Different", DIM),
    ] {
        let of_effect = || server.differences.iter().filter(move |d| d.effect == effect);
        if of_effect().next().is_none() {
            continue;
        }
        screen.section(title, style);
        let others = of_effect().filter(|difference| difference.kind != "client");
        screen.bullets(&others.map(sentence).collect::<Vec<_>>());
        for (clients, states) in grouped(of_effect(), diff.forwarding) {
            screen.bullets(&[clients.join("; ")]);
            screen.line(&states, 6);
        }
    }
    let (Some(old), Some(new)) = (&server.old, &server.new) else { return };
    let (was, is) = (&old.answer, &new.answer);
    if was.accepted_clients != is.accepted_clients {
        screen.section("Which clients are accepted now?", BOLD);
        screen.line(&is.accepted_clients, 2);
    }
    if was.what_can_the_backend_trust != is.what_can_the_backend_trust {
        screen.section("What can the backend trust now?", BOLD);
        screen.line(&is.what_can_the_backend_trust, 2);
    }
}

/// The clients to whom the same happens, together, and what does.
pub(super) fn grouped<'a>(
    differences: impl Iterator<Item = &'a Difference>,
    forwarding: &str,
) -> Vec<(Vec<String>, String)> {
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    for client in differences.filter(|difference| difference.kind == "client") {
        let states = states(client, forwarding);
        match groups.iter_mut().find(|(_, of_group)| *of_group == states) {
            Some((clients, _)) => clients.push(sentence(client)),
            None => groups.push((vec![sentence(client)], states)),
        }
    }
    groups
}

/// `old.yaml:9 -> new.yaml:12`
pub(in crate::explain) fn places(server: &ServerDiff) -> String {
    let sides = [&server.old, &server.new].into_iter().flatten();
    sides.map(|side| place(&side.file, side.line)).collect::<Vec<_>>().join(" -> ")
}

pub(in crate::explain) fn title(server: &ServerDiff) -> String {
    let gateway = gateway_name(&server.namespace, &server.gateway);
    let called = |place: &Place| {
        let Place { port, .. } = place;
        format!("port {} {} ({})", port.number_text(), shown(&port.protocol), shown(&port.name))
    };
    let (old, new) = (server.old.as_ref().map(called), server.new.as_ref().map(called));
    match (old, new) {
        (Some(old), Some(new)) if old != new => format!("Gateway {gateway}, {old}, now {new}"),
        (_, Some(called)) | (Some(called), None) => {
            format!("Gateway {gateway}, {called}: {}", server.status.replace('-', " "))
        }
        (None, None) => format!("Gateway {gateway}"),
    }
}

pub(in crate::explain) fn sentence(difference: &Difference) -> String {
    if difference.values.is_empty() {
        return difference.what.clone();
    }
    let arrow = matches!(difference.id, "bind" | "selector");
    let values = match &*difference.values {
        [old, new] if arrow => {
            let word = |text: &str| if text.is_empty() { "any".to_owned() } else { shown(text) };
            format!("{} -> {}", word(old), word(new))
        }
        values => listed(values, 8, ""),
    };
    format!("{}: {values}", difference.what)
}

/// `rejected -> in, UNVERIFIED; header: certificate`
fn states(difference: &Difference, forwarding: &str) -> String {
    let (Some(old), Some(new)) = (&difference.old, &difference.new) else { return String::new() };
    let mut words = format!("{} -> {}", outcome(old.outcome), outcome(new.outcome));
    let nothing = Xfcc { header: None, if_spoofed: None };
    let was = old.xfcc.get(forwarding).copied().unwrap_or(nothing);
    let is = new.xfcc.get(forwarding).copied().unwrap_or(nothing);
    if was != is {
        let change = |was, is| match (was, is) {
            (None, is) => header(is).to_owned(),
            (was, None) => format!("no longer {}", header(was)),
            (was, is) => format!("{} -> {}", header(was), header(is)),
        };
        words += &format!("; header: {}", change(was.header, is.header));
        if is.header != is.if_spoofed || was.header != was.if_spoofed {
            words += &format!("; if spoofed: {}", change(was.if_spoofed, is.if_spoofed));
        }
    }
    words
}
