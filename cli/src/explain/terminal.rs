//! An explanation for a terminal.

use super::{
    Report,
    behavior::Xfcc,
    client::Verdict,
    server::{Client, Explained},
    whole,
};
use crate::{
    gateways::Finding,
    text::{counted, listed, shown, wrapped},
};

// Standard output drops these where it is no terminal.
pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const DIM: &str = "\x1b[2m";
pub(super) const RED: &str = "\x1b[1;31m";
pub(super) const GREEN: &str = "\x1b[32m";
pub(super) const YELLOW: &str = "\x1b[33m";
pub(super) const RESET: &str = "\x1b[0m";

pub(super) fn report(report: &Report, width: usize) -> String {
    let mut screen = Screen::new(width);
    if let Some(client) = &report.client {
        screen.heading(&client.title(), BOLD);
        for (gateway, sentences) in whole::of_client(&report.whole) {
            screen.line(&gateway, 2);
            screen.bullets(&sentences.iter().take(report.most).cloned().collect::<Vec<_>>());
            if sentences.len() > report.most {
                let more = sentences.len() - report.most;
                screen.bullets(&[format!("and {more} more; --all-servers shows them")]);
            }
        }
        screen.blank();
    }
    whole::text(&report.whole, &mut screen);
    for pruned in &report.pruned {
        let name = gateway_name(&pruned.namespace, &pruned.gateway);
        screen.heading(&format!("{}: Gateway {name}: {PRUNED}", shown(&pruned.file)), RED);
        screen.told(&pruned.fields);
        screen.blank();
    }
    for server in &report.servers {
        one(server, report.forwarding, &mut screen);
        screen.blank();
    }
    let count = counted(report.servers.len(), "server");
    let (istio, forwarding) = (&report.istio, report.forwarding);
    let settings = format!("{count}; Istio {istio}, x-forwarded-client-cert: {forwarding}");
    screen.line(&settings, 0);
    screen.text
}

/// The title of fields that are dropped.
pub(super) const PRUNED: &str = "Dropped by the API server, without effect";
/// The title of placeholders.
pub(super) const DEPENDS_ON: &str = "Placeholders that it depends on";
/// And of what they would do.
pub(super) const IF_NOT_PRUNED: &str = "If these fields had an effect, this would change:";

fn one(server: &Explained, forwarding: &str, screen: &mut Screen) {
    screen.heading(&place(&server.file, server.line), BOLD);
    screen.heading(&title(server), BOLD);
    screen.line(&format!("hosts: {}", listed(&server.hosts, 6, "none")), 2);
    if !server.rejected.is_empty() {
        screen.section("A cluster rejects this Gateway: it has no effect", RED);
        screen.told(&server.rejected);
    }
    if !server.pruned.is_empty() {
        screen.section(PRUNED, RED);
        screen.told(&server.pruned);
        if !server.if_not_pruned.is_empty() {
            screen.line(IF_NOT_PRUNED, 2);
            screen.bullets(&server.if_not_pruned);
        }
    }
    if let Some(client) = &server.client {
        screen.section("This client", BOLD);
        screen.line(&sentence(client), 2);
    }
    screen.section("Which clients are accepted?", BOLD);
    screen.line(&server.answer.accepted_clients, 2);
    screen.section("What can the backend trust?", BOLD);
    screen.line(&server.answer.what_can_the_backend_trust, 2);
    if !server.depends_on.is_empty() {
        screen.section(DEPENDS_ON, YELLOW);
        screen.told(&server.depends_on);
    }
    if !server.does.is_empty() {
        screen.section("What it does", BOLD);
        screen.bullets(&server.does);
    }
    if !server.risks.is_empty() {
        screen.section("Risks of insecureSkipVerify", YELLOW);
        screen.bullets(&server.risks);
        screen.section("Still enforced", BOLD);
        screen.bullets(&server.still_enforced);
    }
    if !server.dropped.is_empty() {
        screen.section("Dropped, replaced or rejected", YELLOW);
        screen.told(&server.dropped);
    }
    // In a passthrough, all clients are treated alike.
    if server.clients.iter().any(|client| client.outcome != "passthrough") {
        screen.section(&format!("Client by client, with {forwarding}"), BOLD);
        screen.table(&server.clients, forwarding);
    }
}

/// What happens to the client of `--client`, as a sentence.
pub(super) fn sentence(client: &Verdict) -> String {
    let mut text = client.text.clone();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    match client.envoy_message {
        Some(message) => format!("{text}. Envoy logs \"{message}\"."),
        None => text + ".",
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
        port.number_text(),
        shown(&port.protocol),
        shown(&port.name),
    )
}

/// `namespace/name`, as far as they are given.
pub(super) fn gateway_name(namespace: &str, name: &str) -> String {
    let name = if name.is_empty() { "(no name)".to_owned() } else { shown(name) };
    if namespace.is_empty() { name } else { format!("{}/{name}", shown(namespace)) }
}

/// Lines of a width.
pub(super) struct Screen {
    pub(super) text: String,
    width: usize,
}

impl Screen {
    pub(super) fn new(width: usize) -> Self {
        Self { text: String::new(), width }
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn heading(&mut self, title: &str, style: &str) {
        for line in wrapped(title, self.width) {
            self.text += &format!("{style}{line}{RESET}\n");
        }
    }

    pub(super) fn section(&mut self, title: &str, style: &str) {
        self.blank();
        self.heading(title, style);
    }

    pub(super) fn line(&mut self, sentence: &str, indent: usize) {
        for line in wrapped(sentence, self.width - indent) {
            self.text += &format!("{:indent$}{line}\n", "");
        }
    }

    /// A line of a list, in a style.
    pub(super) fn entry(&mut self, sentence: &str, style: &str) {
        let (on, off) = if style.is_empty() { ("", "") } else { (style, RESET) };
        for line in wrapped(sentence, self.width - 2) {
            self.text += &format!("  {on}{line}{off}\n");
        }
    }

    pub(super) fn bullets(&mut self, sentences: &[String]) {
        for sentence in sentences {
            for (i, line) in wrapped(sentence, self.width - 4).into_iter().enumerate() {
                self.text += &format!("  {} {line}\n", if i == 0 { '-' } else { ' ' });
            }
        }
    }

    pub(super) fn told(&mut self, found: &[Finding]) {
        let sentence = |found: &Finding| {
            let line = found.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let path = if found.path.is_empty() || found.message.contains(&found.path) {
                String::new()
            } else {
                format!("{}: ", shown(&found.path))
            };
            format!("{line}{path}{} [{}]", shown(&found.message), found.rule)
        };
        self.bullets(&found.iter().take(MOST_TOLD).map(sentence).collect::<Vec<_>>());
        self.more(found.len());
    }

    /// How many of a list are not shown.
    pub(super) fn more(&mut self, all: usize) {
        if all > MOST_TOLD {
            self.bullets(&[format!("and {} more", all - MOST_TOLD)]);
        }
    }

    fn table(&mut self, clients: &[Client], forwarding: &str) {
        let titles = ["client's certificate", "outcome", "header", "if spoofed"];
        self.row(titles.map(str::to_owned), DIM, [""; 4]);
        match alike(clients) {
            Some(client) => self.client("any, or none", client, forwarding),
            None => {
                for client in clients {
                    self.client(client.client, client, forwarding);
                }
            }
        }
    }

    fn client(&mut self, name: &str, client: &Client, forwarding: &str) {
        let xfcc = client.xfcc.get(forwarding).copied();
        let xfcc = xfcc.unwrap_or(Xfcc { header: None, if_spoofed: None });
        let cells = [
            name.to_owned(),
            outcome(client.outcome).to_owned(),
            header(xfcc.header).to_owned(),
            header(xfcc.if_spoofed).to_owned(),
        ];
        let style = |header: Option<&str>| match header {
            Some("client-supplied" | "client-supplied+gateway-set") => YELLOW,
            _ => "",
        };
        let styles =
            ["", outcome_style(client.outcome), style(xfcc.header), style(xfcc.if_spoofed)];
        self.row(cells, "", styles);
    }

    fn row(&mut self, cells: [String; 4], style: &str, styles: [&str; 4]) {
        // The first column has what the others leave of a line, and two blanks at its beginning.
        let [outcome, header, spoofed] = [15, 11, 15];
        let client = self.width - (5 + outcome + header + spoofed);
        let widths = [client.min(40), outcome, header, spoofed];
        let columns = widths.into_iter().zip(cells).map(|(width, cell)| wrapped(&cell, width));
        let columns: Vec<Vec<String>> = columns.collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or_default();
        for i in 0..height {
            let mut line = String::from(" ");
            for ((column, width), own) in columns.iter().zip(widths).zip(styles) {
                let cell = column.get(i).map_or("", String::as_str);
                let style = if own.is_empty() { style } else { own };
                let (on, off) = if style.is_empty() { ("", "") } else { (style, RESET) };
                line += &format!(" {on}{cell}{off}{:1$}", "", width - cell.chars().count());
            }
            self.text.push_str(line.trim_end());
            self.blank();
        }
    }
}

/// So many findings are shown to people.
pub(super) const MOST_TOLD: usize = 20;

/// The one that stands for all, where all are treated alike.
pub(super) fn alike(clients: &[Client]) -> Option<&Client> {
    let (first, rest) = clients.split_first()?;
    let is_alike = |other: &Client| other.decision == first.decision;
    (!rest.is_empty() && rest.iter().all(is_alike)).then_some(first)
}

/// An outcome in words.
pub(super) fn outcome(id: &str) -> &str {
    match id {
        "anonymous" => "in, anonymous",
        "verified" => "in, verified",
        "unverified" => "in, UNVERIFIED",
        "unavailable" => "in, answered with 503",
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
        Some("gateway-set") => "certificate",
        Some("client-supplied+gateway-set") => "spoofed + cert.",
        Some("client-supplied") => "spoofed",
        Some(other) => other,
        None => "-",
    }
}
