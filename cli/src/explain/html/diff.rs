//! The page of a change.

use std::fmt::Write as _;

use super::{
    Tone, articles, escaped, header_cell, left_out, list_of, note, outcome_tag, outside, page,
    table, tag, told,
};
use crate::explain::{
    diff::{self, Diff, Difference, GatewayOf, ServerDiff, State},
    terminal::MOST_TOLD,
};

pub(in crate::explain) fn diff(diff: &Diff, most: usize) -> String {
    let meta = format!(
        "From {} to {}. Istio {}, forwarding mode <code>{}</code>",
        outside(&diff.old),
        outside(&diff.new),
        escaped(&diff.istio),
        escaped(diff.forwarding),
    );
    let mut body = String::from("<main id=\"main\">\n<p>");
    for (count, effect) in
        [(diff.weaker, "weaker"), (diff.stronger, "stronger"), (diff.different, "different")]
    {
        let tone = if count == 0 { Tone::Calm } else { effect_tone(effect) };
        let _ = write!(body, "{} ", tag(&format!("{count} {effect}"), tone));
    }
    let _ = writeln!(
        body,
        "{}, {} unchanged.</p>",
        crate::text::counted(diff.servers.len(), "server") + " changed",
        diff.unchanged
    );
    for unread in &diff.unread {
        note(&outside(&unread.sentence()), &list(unread.problems.iter()), &mut body);
    }
    if !diff.not_compared.is_empty() {
        let names = diff.not_compared.iter().map(GatewayOf::name);
        let mut names: Vec<String> = names.take(MOST_TOLD + 1).collect();
        if names.len() > MOST_TOLD {
            names.truncate(MOST_TOLD);
            names.push(format!("and {} more", diff.not_compared.len() - MOST_TOLD));
        }
        note(diff::NOT_COMPARED, &list(names.iter()), &mut body);
    }
    if !diff.unknown.is_empty() {
        let names = diff.unknown.iter().map(diff::UnknownServer::sentence);
        let mut names: Vec<String> = names.take(MOST_TOLD + 1).collect();
        if names.len() > MOST_TOLD {
            names.truncate(MOST_TOLD);
            names.push(format!("and {} more", diff.unknown.len() - MOST_TOLD));
        }
        note(diff::UNKNOWN, &list(names.iter()), &mut body);
    }
    body.push_str(&notes(&diff.repeated, most, |_, repeated: &diff::Repeated, html| {
        note(&outside(&repeated.sentence()), "", html);
    }));
    body.push_str(&notes(&diff.rejected, most, |_, rejected: &diff::RejectedGateway, html| {
        note(&outside(&rejected.title()), &told(&rejected.reasons), html);
    }));
    body.push_str(&notes(&diff.pruned, most, |_, pruned: &diff::Pruned, html| {
        note(&outside(&pruned.title()), &told(&pruned.fields), html);
    }));
    body.push_str(&notes(&diff.skipped, most, |_, skipped: &diff::Skipped, html| {
        note(&outside(&skipped.sentence()), "", html);
    }));
    let article = |i, server: &ServerDiff, html: &mut String| one(i, diff, server, html);
    let (articles, shown) = articles(&diff.servers, most, article);
    let left = diff.servers.get(shown..).unwrap_or_default();
    let effects = left
        .iter()
        .flat_map(|server| &server.differences)
        .map(|difference| (difference.effect, effect_tone(difference.effect)));
    body.push_str(&left_out(left.len(), diff.servers.len(), effects));
    body.push_str(&articles);
    if diff.servers.is_empty() && diff.unread.is_empty() && diff.unknown.is_empty() {
        body.push_str("<p>Nothing changes for any client.</p>\n");
    }
    body.push_str("</main>\n");
    page("Which clients gain or lose access?", &meta, &body)
}

/// A list of texts from outside.
fn list<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    let items: String = texts.map(|text| format!("<li>{}</li>\n", outside(text))).collect();
    format!("<ul>\n{items}</ul>\n")
}

/// Notes before the servers, which have a tenth of their size.
fn notes<T>(items: &[T], most: usize, note: impl Fn(usize, &T, &mut String)) -> String {
    let (mut html, shown) = articles(items, most / 10, note);
    if shown < items.len() {
        let _ = writeln!(html, "<p>And {} more Gateways.</p>", items.len() - shown);
    }
    html
}

fn effect_tone(effect: &str) -> Tone {
    match effect {
        "weaker" => Tone::Bad,
        "stronger" => Tone::Good,
        _ => Tone::Warn,
    }
}

fn one(i: usize, diff: &Diff, server: &ServerDiff, html: &mut String) {
    let side = server.new.as_ref().or(server.old.as_ref());
    let _ = write!(
        html,
        "<article aria-labelledby=\"title-{i}\">\n<h2 id=\"title-{i}\">{}</h2>\n\
         <p class=\"where\">{}</p>\n<dl>\n<dt>Hosts</dt><dd>{}</dd>\n</dl>\n",
        escaped(&diff::title(server)),
        outside(&diff::places(server)),
        list_of(side.map(|place| place.hosts.as_slice()).unwrap_or_default(), 10),
    );
    if !server.fields.is_empty() {
        let _ = writeln!(html, "<p>{}</p>", escaped(&diff::changed_fields(server)));
    }
    answers(server, html);
    let others = || server.differences.iter().filter(|difference| difference.kind != "client");
    if others().next().is_some() {
        html.push_str("<ul class=\"changes\">\n");
        for difference in others() {
            let _ = writeln!(
                html,
                "<li>{}<span>{}</span></li>",
                tag(difference.effect, effect_tone(difference.effect)),
                escaped(&diff::sentence(difference))
            );
        }
        html.push_str("</ul>\n");
    }
    let clients: Vec<_> = server.differences.iter().filter(|d| d.kind == "client").collect();
    if !clients.is_empty() {
        let rows: Vec<_> = clients.into_iter().map(|client| row(client, diff.forwarding)).collect();
        html.push_str(&table(
            "Client by client",
            &format!(
                "Clients whose outcome changes; header in the mode <code>{}</code>",
                escaped(diff.forwarding)
            ),
            &["Client’s certificate", "Before", "After"],
            &rows,
        ));
    }
    html.push_str("</article>\n");
}

/// The answers, as far as they are other ones.
fn answers(server: &ServerDiff, html: &mut String) {
    let (Some(old), Some(new)) = (&server.old, &server.new) else { return };
    let mut said = String::new();
    for (title, old, new) in [
        ("Which clients are accepted?", &old.answer.accepted_clients, &new.answer.accepted_clients),
        (
            "What can the backend trust?",
            &old.answer.what_can_the_backend_trust,
            &new.answer.what_can_the_backend_trust,
        ),
    ] {
        if old != new {
            let _ = write!(
                said,
                "<h3>{title}</h3>\n<p><small>Before:</small> {}</p>\n\
                 <p><small>After:</small> {}</p>\n",
                escaped(old),
                escaped(new)
            );
        }
    }
    if !said.is_empty() {
        let _ = write!(html, "<section class=\"answer\">\n{said}</section>\n");
    }
}

fn row(client: &Difference, forwarding: &str) -> Vec<String> {
    let state = |state: &Option<State>| match state {
        Some(state) => format!(
            "{}<br>{}",
            outcome_tag(state.outcome),
            header_cell(state.outcome, state.xfcc.get(forwarding).copied())
        ),
        None => String::new(),
    };
    let name = format!(
        "{}<br>{}",
        escaped(&diff::sentence(client)),
        tag(client.effect, effect_tone(client.effect))
    );
    vec![name, state(&client.old), state(&client.new)]
}
