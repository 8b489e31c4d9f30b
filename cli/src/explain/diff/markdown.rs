//! A comparison in Markdown, for a comment on a pull request.

use std::fmt::Write as _;

use super::{
    Diff, ServerDiff, changed_fields, places, sentence,
    terminal::{grouped, summary},
    title,
};
use crate::text::harmless;

/// Servers of a comment at most: hosts of code limit its length.
const MOST_SERVERS: usize = 50;

pub(in crate::explain) fn markdown(diff: &Diff) -> String {
    let mut text = String::from("### Which clients the gateway accepts\n\n");
    let _ = writeln!(text, "{}\n", summary(diff).replace('\n', "  \n"));
    let notes = diff
        .unread
        .iter()
        .map(super::Unread::sentence)
        .chain(diff.unknown.iter().map(super::UnknownServer::sentence))
        .chain(diff.not_compared.iter().map(|of| format!("Not compared: {}", of.name())))
        .chain(diff.repeated.iter().map(super::Repeated::sentence))
        .chain(diff.rejected.iter().map(super::RejectedGateway::title))
        .chain(diff.skipped.iter().map(super::Skipped::sentence));
    for note in notes.take(MOST_SERVERS) {
        let _ = writeln!(text, "> {}\n", escaped(&note));
    }
    for server in diff.servers.iter().take(MOST_SERVERS) {
        one(diff, server, &mut text);
    }
    if diff.servers.len() > MOST_SERVERS {
        let _ = writeln!(text, "and {} more servers", diff.servers.len() - MOST_SERVERS);
    }
    text
}

fn one(diff: &Diff, server: &ServerDiff, text: &mut String) {
    let _ = writeln!(text, "#### {}\n\n{}\n", escaped(&title(server)), escaped(&places(server)));
    if !server.fields.is_empty() {
        let _ = writeln!(text, "{}\n", escaped(&changed_fields(server)));
    }
    for (effect, title) in
        [("weaker", "**Weaker**"), ("stronger", "**Stronger**"), ("different", "**Different**")]
    {
        let of_effect = || server.differences.iter().filter(move |d| d.effect == effect);
        if of_effect().next().is_none() {
            continue;
        }
        let _ = writeln!(text, "{title}\n");
        for difference in of_effect().filter(|difference| difference.kind != "client") {
            let _ = writeln!(text, "- {}", escaped(&sentence(difference)));
        }
        for (clients, states) in grouped(of_effect(), diff.forwarding) {
            let _ = writeln!(text, "- {}: {}", escaped(&clients.join("; ")), escaped(&states));
        }
        text.push('\n');
    }
}

/// A text without markup of its own: no link, no mention, no HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in harmless(text).chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\n' | '\r' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
