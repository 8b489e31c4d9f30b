//! A comparison for a terminal, 80 columns wide.

use super::{Diff, Difference, Place, ServerDiff};
use crate::{
    explain::text::{
        BOLD, DIM, GREEN, RED, bullets, gateway_name, header, heading, line, outcome, place,
        section, told,
    },
    wording::{counted, listed, shown},
};

pub(in crate::explain) fn text(diff: &Diff) -> String {
    let mut text = String::new();
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
        for client in of_effect().filter(|difference| difference.kind == "client") {
            bullets(&[sentence(client)], text);
            line(&states(client, diff.forwarding), 6, text);
        }
    }
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

/// `refused -> in, UNVERIFIED; header: - -> certificate, forged: - -> certificate`
pub(in crate::explain) fn states(difference: &Difference, forwarding: &str) -> String {
    let (Some(old), Some(new)) = (&difference.old, &difference.new) else { return String::new() };
    let mut words = format!("{} -> {}", outcome(old.outcome), outcome(new.outcome));
    let (Some(was), Some(is)) = (old.xfcc.get(forwarding), new.xfcc.get(forwarding)) else {
        return words;
    };
    if was != is {
        words += &format!("; header: {} -> {}", header(was.header), header(is.header));
        if is.header != is.if_forged || was.header != was.if_forged {
            let (was, is) = (header(was.if_forged), header(is.if_forged));
            words += &format!("; if it forges: {was} -> {is}");
        }
    }
    words
}
