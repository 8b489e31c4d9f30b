//! An explanation for a terminal, 80 columns wide.

use super::{
    Report,
    seen::Xfcc,
    server::{Client, Explained},
};
use crate::{
    gateways::Finding,
    wording::{listed, shown, wrapped},
};

pub(super) const WIDTH: usize = 80;

// Standard output drops these where it is no terminal.
pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const DIM: &str = "\x1b[2m";
pub(super) const RED: &str = "\x1b[1;31m";
pub(super) const GREEN: &str = "\x1b[32m";
pub(super) const YELLOW: &str = "\x1b[33m";
pub(super) const RESET: &str = "\x1b[0m";

pub(super) fn report(report: &Report) -> String {
    let mut text = String::new();
    for server in &report.servers {
        one(server, report.forwarding, &mut text);
        text.push('\n');
    }
    let count = crate::wording::counted(report.servers.len(), "server");
    text +=
        &format!("{count}; Istio {}, x-forwarded-client-cert: {}", report.istio, report.forwarding);
    text.push('\n');
    text
}

fn one(server: &Explained, forwarding: &str, text: &mut String) {
    heading(&place(&server.file, server.line), BOLD, text);
    heading(&title(server), BOLD, text);
    line(&format!("hosts: {}", listed(&server.hosts, 6, "none")), 2, text);
    if !server.refused.is_empty() {
        section("A cluster refuses this Gateway, and nothing of it applies", RED, text);
        told(&server.refused, text);
    }
    section("Who gets in?", BOLD, text);
    line(&server.answer.who_gets_in, 2, text);
    section("What can the backend trust?", BOLD, text);
    line(&server.answer.what_can_the_backend_trust, 2, text);
    section("What it does", BOLD, text);
    bullets(&server.does, text);
    if !server.gives_away.is_empty() {
        section("What insecureSkipVerify gives away", YELLOW, text);
        bullets(&server.gives_away, text);
        section("What it does not", BOLD, text);
        bullets(&server.keeps, text);
    }
    if !server.dropped.is_empty() {
        section("Dropped or replaced without a word", YELLOW, text);
        told(&server.dropped, text);
    }
    // Where TLS is passed on there is nothing to tell clients apart by.
    if server.clients.iter().any(|client| client.outcome != "passed-on") {
        section(&format!("Client by client, with {forwarding}"), BOLD, text);
        table(&server.clients, forwarding, text);
    }
}

pub(super) fn place(file: &str, line: Option<usize>) -> String {
    let file = shown(file);
    line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"))
}

pub(super) fn title(server: &Explained) -> String {
    let gateway = gateway_name(&server.namespace, &server.gateway);
    let Explained { port, name, server: index, .. } = server;
    let named = if name.is_empty() { String::new() } else { format!(" \"{}\"", shown(name)) };
    format!(
        "Gateway {gateway}, spec.servers[{index}]{named}: port {} {} ({})",
        port.number,
        shown(&port.protocol),
        shown(&port.name),
    )
}

/// `namespace/name`, as far as they are given.
pub(super) fn gateway_name(namespace: &str, name: &str) -> String {
    let name = if name.is_empty() { "(no name)".to_owned() } else { shown(name) };
    if namespace.is_empty() { name } else { format!("{}/{name}", shown(namespace)) }
}

pub(super) fn heading(title: &str, style: &str, text: &mut String) {
    for line in wrapped(title, WIDTH) {
        *text += &format!("{style}{line}{RESET}\n");
    }
}

pub(super) fn section(title: &str, style: &str, text: &mut String) {
    text.push('\n');
    heading(title, style, text);
}

pub(super) fn line(sentence: &str, indent: usize, text: &mut String) {
    for line in wrapped(sentence, WIDTH - indent) {
        *text += &format!("{:indent$}{line}\n", "");
    }
}

pub(super) fn bullets(sentences: &[String], text: &mut String) {
    for sentence in sentences {
        for (i, line) in wrapped(sentence, WIDTH - 4).into_iter().enumerate() {
            *text += &format!("  {} {line}\n", if i == 0 { '-' } else { ' ' });
        }
    }
}

pub(super) fn told(found: &[Finding], text: &mut String) {
    let sentence = |found: &Finding| {
        let line = found.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let path = if found.path.is_empty() || found.message.contains(&found.path) {
            String::new()
        } else {
            format!("{}: ", shown(&found.path))
        };
        format!("{line}{path}{} [{}]", shown(&found.message), found.rule)
    };
    bullets(&found.iter().take(MOST_TOLD).map(sentence).collect::<Vec<_>>(), text);
    if found.len() > MOST_TOLD {
        bullets(&[format!("and {} more", found.len() - MOST_TOLD)], text);
    }
}

/// So many findings are shown to people.
pub(super) const MOST_TOLD: usize = 20;

const COLUMNS: [usize; 4] = [33, 15, 11, 14];

fn table(clients: &[Client], forwarding: &str, text: &mut String) {
    let titles = ["client's certificate", "outcome", "header", "if it forges"];
    row(titles.map(str::to_owned), DIM, [""; 4], text);
    if let Some(client) = alike(clients) {
        return self::client("any, or none", client, forwarding, text);
    }
    for client in clients {
        self::client(client.client, client, forwarding, text);
    }
}

/// The one that stands for all, where all are treated alike.
pub(super) fn alike(clients: &[Client]) -> Option<&Client> {
    let (first, rest) = clients.split_first()?;
    let is_alike = |other: &Client| other.decision == first.decision;
    (!rest.is_empty() && rest.iter().all(is_alike)).then_some(first)
}

fn client(name: &str, client: &Client, forwarding: &str, text: &mut String) {
    let xfcc = client.xfcc.get(forwarding).copied();
    let xfcc = xfcc.unwrap_or(Xfcc { header: None, if_forged: None });
    let cells = [
        name.to_owned(),
        outcome(client.outcome).to_owned(),
        header(xfcc.header).to_owned(),
        header(xfcc.if_forged).to_owned(),
    ];
    let style = |header: Option<&str>| match header {
        Some("forged" | "forged+own") => YELLOW,
        _ => "",
    };
    let styles = ["", outcome_style(client.outcome), style(xfcc.header), style(xfcc.if_forged)];
    row(cells, "", styles, text);
}

fn row(cells: [String; 4], style: &str, styles: [&str; 4], text: &mut String) {
    let columns = COLUMNS.into_iter().zip(cells).map(|(width, cell)| wrapped(&cell, width));
    let columns: Vec<Vec<String>> = columns.collect();
    let height = columns.iter().map(Vec::len).max().unwrap_or_default();
    for i in 0..height {
        let mut line = String::from(" ");
        for ((column, width), own) in columns.iter().zip(COLUMNS).zip(styles) {
            let cell = column.get(i).map_or("", String::as_str);
            let style = if own.is_empty() { style } else { own };
            let (on, off) = if style.is_empty() { ("", "") } else { (style, RESET) };
            line += &format!(" {on}{cell}{off}{:1$}", "", width - cell.chars().count());
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// An outcome in words.
pub(super) fn outcome(id: &str) -> &str {
    match id {
        "anonymous" => "in, anonymous",
        "verified" => "in, verified",
        "unverified" => "in, UNVERIFIED",
        "passed-on" => "passed on",
        other => other,
    }
}

pub(super) fn outcome_style(id: &str) -> &'static str {
    match id {
        "verified" => GREEN,
        "unverified" => RED,
        _ => "",
    }
}

/// What the backend sees, in words.
pub(super) fn header(id: Option<&str>) -> &str {
    match id {
        Some("own") => "certificate",
        Some("forged+own") => "forged + cert.",
        Some(other) => other,
        None => "-",
    }
}
