//! A picture of a gateway: its listeners, the filter chains of each, and the hosts that each leads to. What
//! bypasses a client check is red. It has no script, and is as wide as a small telephone.

use std::{collections::HashSet, fmt::Write as _};

use super::{Chain, WholeGateway};
use crate::{
    explain::html::escaped,
    text::{harmless, shown},
};

/// What is drawn at most, unless all is.
const MOST_LISTENERS: usize = 8;
const MOST_CHAINS: usize = 12;
const MOST_HOSTS: usize = 4;
const MOST_BYPASSES: usize = 40;

const WIDTH: usize = 344;
const ROW: usize = 26;
const LEFT: usize = 12;
const RIGHT: usize = 192;
const BOX: usize = 140;

pub(super) fn picture(gateway: &WholeGateway, is_all: bool) -> String {
    let most = |most: usize| if is_all { usize::MAX } else { most };
    let mut drawing = Drawing { shapes: String::new(), y: 0, most_hosts: most(MOST_HOSTS) };
    drawing.titles();
    for listener in gateway.listeners.iter().take(most(MOST_LISTENERS)) {
        let class = if listener.rejected.is_some() { "bad" } else { "port" };
        let title = format!("{}:{}", listener.address, listener.port);
        let note = if listener.rejected.is_some() { " (rejected by Envoy)" } else { "" };
        drawing.label(&format!("{title}{note}"), class);
        for chain in listener.chains.iter().take(most(MOST_CHAINS)) {
            let through = gateway.bypasses.iter().filter(|bypass| bypass.through == chain.server);
            let red: HashSet<&str> = through
                .take(most(MOST_BYPASSES))
                .filter_map(|bypass| leads(chain, bypass.host.as_deref()?))
                .collect();
            drawing.chain(chain, &|domain| red.contains(domain));
        }
        drawing.more(listener.chains.len().saturating_sub(most(MOST_CHAINS)), "filter chains");
    }
    drawing.more(gateway.listeners.len().saturating_sub(most(MOST_LISTENERS)), "listeners");
    let height = drawing.y + 4;
    format!(
        "<svg class=\"picture\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Listeners, the \
         server names of their filter chains, and the hosts that each leads to\">\n{}</svg>\n",
        drawing.shapes
    )
}

/// The domain of a chain that a host belongs to.
fn leads<'a>(chain: &'a Chain, host: &str) -> Option<&'a str> {
    let matches = |domain: &&String| {
        domain.as_str() == host
            || domain.strip_prefix('*').is_some_and(|suffix| host.ends_with(suffix))
    };
    let found = chain.hosts.iter().filter(matches);
    found.max_by_key(|domain| (domain.as_str() == host, domain.len())).map(String::as_str)
}

struct Drawing {
    shapes: String,
    y: usize,
    most_hosts: usize,
}

impl Drawing {
    fn titles(&mut self) {
        self.y += ROW;
        let y = self.y - 9;
        for (x, title) in [(LEFT, "Server name (SNI)"), (RIGHT, "Hosts that it leads to")] {
            let _ =
                writeln!(self.shapes, "<text class=\"soft\" x=\"{x}\" y=\"{y}\">{title}</text>");
        }
    }

    fn label(&mut self, text: &str, class: &str) {
        self.y += ROW;
        let (y, text) = (self.y - 9, escaped(&shown(text)));
        let _ = writeln!(self.shapes, "<text class=\"{class}\" x=\"2\" y=\"{y}\">{text}</text>");
    }

    fn more(&mut self, count: usize, what: &str) {
        if count > 0 {
            self.label(&format!("and {count} more {what}"), "soft");
        }
    }

    fn chain(&mut self, chain: &Chain, is_red: &dyn Fn(&str) -> bool) {
        let mut hosts: Vec<(&str, bool)> =
            chain.hosts.iter().map(|host| (host.as_str(), is_red(host))).collect();
        hosts.sort_by_key(|(_, is_red)| !is_red);
        let top = self.y;
        let is_bypass = hosts.iter().any(|(_, is_red)| *is_red);
        let names = match &*chain.server_names {
            [] if chain.leads_to == "http" => "any connection".to_owned(),
            [] => "every connection".to_owned(),
            [name] => name.clone(),
            [name, rest @ ..] => format!("{name} +{}", rest.len()),
        };
        let tooltip = format!("{}: {}", super::text::names(chain), chain.server.sentence());
        self.block(LEFT, &names, &tooltip, if is_bypass { "red" } else { "" });
        let shown = hosts.len().min(self.most_hosts);
        for (row, (host, is_red)) in hosts.iter().take(self.most_hosts).enumerate() {
            let class = if *is_red { "red" } else { "" };
            self.y = top + row * ROW;
            let (from, to) = (top + ROW / 2, self.y + ROW / 2);
            let (start, end) = (LEFT + BOX, RIGHT);
            let middle = usize::midpoint(start, end);
            let _ = writeln!(
                self.shapes,
                "<path class=\"way {class}\" d=\"M{start} {from}C{middle} {from} {middle} {to} {end} {to}\"/>"
            );
            let tooltip = if *is_red {
                format!("{host}: bypasses a client check")
            } else {
                (*host).to_owned()
            };
            self.block(RIGHT, host, &tooltip, class);
        }
        if chain.leads_to != "http" {
            self.block(RIGHT, chain.leads_to, chain.leads_to, "");
        }
        self.y = top + shown.max(1) * ROW;
        if hosts.len() > self.most_hosts {
            let (y, count) = (self.y + 14, hosts.len() - self.most_hosts);
            let _ = writeln!(
                self.shapes,
                "<text class=\"soft\" x=\"{RIGHT}\" y=\"{y}\">and {count} more hosts</text>"
            );
            self.y += ROW;
        }
    }

    fn block(&mut self, x: usize, text: &str, tooltip: &str, class: &str) {
        /// Characters that fit into a box.
        const MOST: usize = 21;
        let text = harmless(text);
        let cut: String = if text.chars().count() > MOST {
            text.chars().take(MOST - 1).chain(['…']).collect()
        } else {
            text
        };
        let (y, baseline, inner, height) = (self.y + 2, self.y + 17, x + 6, ROW - 4);
        let _ = writeln!(
            self.shapes,
            "<g class=\"box {class}\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{BOX}\" \
             height=\"{height}\" rx=\"4\"/><text x=\"{inner}\" y=\"{baseline}\">{}</text></g>",
            escaped(&shown(tooltip)),
            escaped(&cut)
        );
    }
}
