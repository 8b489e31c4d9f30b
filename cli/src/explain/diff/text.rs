//! A comparison for a terminal, 80 columns wide.

use super::{Diff, Difference, Place, ServerDiff};
use crate::{
    explain::seen::Xfcc,
    explain::text::{
        BOLD, DIM, GREEN, RED, bullets, gateway_name, header, heading, line, outcome, place,
        section, told,
    },
    wording::{counted, listed, shown},
};

pub(in crate::explain) fn text(diff: &Diff) -> String {
    let mut text = String::new();
    for repeated in &diff.repeated {
        heading(&repeated.sentence(), RED, &mut text);
        text.push('\n');
    }
    for refused in &diff.refused {
        let name = gateway_name(&refused.namespace, &refused.gateway);
        let title = match refused.which {
            "new" => format!(
                "A cluster refuses the new {name}, so that nothing changes in it. What would, were \
                 it accepted, is told below."
            ),
            _ => format!("A cluster refuses the old {name}: it is hardly what runs now."),
        };
        heading(&title, RED, &mut text);
        told(&refused.reasons, &mut text);
        text.push('\n');
    }
    for server in &diff.servers {
        one(diff, server, &mut text);
        text.push('\n');
    }
    text += &format!("{}\n", summary(diff));
    text
}

/// `3 weaker, 1 stronger, 0 different; 2 servers changed, 4 unchanged`
pub(in crate::explain) fn summary(diff: &Diff) -> String {
    let Diff { weaker, stronger, different, unchanged, .. } = diff;
    format!(
        "{weaker} weaker, {stronger} stronger, {different} different; {} changed, {unchanged} \
         unchanged",
        counted(diff.servers.len(), "server")
    )
}

fn one(diff: &Diff, server: &ServerDiff, text: &mut String) {
    let at = match (&server.new, &server.old) {
        (Some(new), _) => place(&diff.new, new.line),
        (None, Some(old)) => place(&diff.old, old.line),
        (None, None) => String::new(),
    };
    heading(&at, BOLD, text);
    heading(&title(server), BOLD, text);
    for (effect, title, style) in [
        ("weaker", "Weaker", RED),
        ("stronger", "Stronger", GREEN),
        ("different", "Different", DIM),
    ] {
        let of_effect = || server.differences.iter().filter(move |d| d.effect == effect);
        if of_effect().next().is_none() {
            continue;
        }
        section(title, style, text);
        let others = of_effect().filter(|difference| difference.kind != "client");
        bullets(&others.map(sentence).collect::<Vec<_>>(), text);
        for (clients, states) in grouped(of_effect(), diff.forwarding) {
            bullets(&[clients.join("; ")], text);
            line(&states, 6, text);
        }
    }
    let (Some(old), Some(new)) = (&server.old, &server.new) else { return };
    let (was, is) = (&old.answer, &new.answer);
    if was.who_gets_in != is.who_gets_in {
        section("Who gets in now?", BOLD, text);
        line(&is.who_gets_in, 2, text);
    }
    if was.what_can_the_backend_trust != is.what_can_the_backend_trust {
        section("What can the backend trust now?", BOLD, text);
        line(&is.what_can_the_backend_trust, 2, text);
    }
}

/// The clients to whom the same happens, together, and what does.
fn grouped<'a>(
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

pub(in crate::explain) fn title(server: &ServerDiff) -> String {
    let gateway = gateway_name(&server.namespace, &server.gateway);
    let called = |place: &Place| {
        let Place { port, .. } = place;
        format!("port {} {} ({})", port.number, shown(&port.protocol), shown(&port.name))
    };
    let (old, new) = (server.old.as_ref().map(called), server.new.as_ref().map(called));
    match (old, new) {
        (Some(old), Some(new)) if old != new => format!("Gateway {gateway}, {old}, now {new}"),
        (_, Some(called)) => format!("Gateway {gateway}, {called}: {}", server.status),
        (Some(called), None) => format!("Gateway {gateway}, {called}: removed"),
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

/// `refused -> in, UNVERIFIED; header: certificate`
fn states(difference: &Difference, forwarding: &str) -> String {
    let (Some(old), Some(new)) = (&difference.old, &difference.new) else { return String::new() };
    let mut words = format!("{} -> {}", outcome(old.outcome), outcome(new.outcome));
    let nothing = Xfcc { header: None, if_forged: None };
    let was = old.xfcc.get(forwarding).copied().unwrap_or(nothing);
    let is = new.xfcc.get(forwarding).copied().unwrap_or(nothing);
    if was != is {
        let change = |was, is| match (was, is) {
            (None, is) => header(is).to_owned(),
            (was, None) => format!("{}, no more", header(was)),
            (was, is) => format!("{} -> {}", header(was), header(is)),
        };
        words += &format!("; header: {}", change(was.header, is.header));
        if is.header != is.if_forged || was.header != was.if_forged {
            words += &format!("; if it forges: {}", change(was.if_forged, is.if_forged));
        }
    }
    words
}
