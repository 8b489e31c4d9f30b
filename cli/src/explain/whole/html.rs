//! The gateways for a page.

use std::fmt::Write as _;

use super::{Host, Whole, WholeGateway, picture::picture, text};
use crate::{
    explain::{
        html::{Tone, bullets, escaped, note, outside, tag},
        terminal::MOST_TOLD,
    },
    text::harmless,
};

/// The gateways, as many as fit into so many bytes; without a limit, all of each.
pub(in crate::explain) fn html(whole: &Whole, most: usize) -> String {
    let mut html = String::new();
    let items = if most == usize::MAX { usize::MAX } else { MOST_TOLD };
    for (index, gateway) in whole.gateways.iter().enumerate() {
        let before = html.len();
        one(index, gateway, items, &mut html);
        if html.len() > most {
            html.truncate(before);
            let left = whole.gateways.len() - index;
            let content = format!("<p>{left} gateways are not on this page. {ALL}</p>\n");
            note("Too long", &content, &mut html);
            break;
        }
    }
    if whole.omitted > 0 {
        note(&escaped(&text::omitted(whole.omitted)), "", &mut html);
    }
    html
}

/// How to get what is left out.
const ALL: &str = "<code>--all-servers</code> makes a page of all.";

/// One gateway, with at most so many items of each list.
fn one(index: usize, gateway: &WholeGateway, most: usize, html: &mut String) {
    let _ = write!(
        html,
        "<section class=\"gateway\" id=\"gateway-{index}\" aria-labelledby=\"gateway-title-{index}\">\n\
         <h2 id=\"gateway-title-{index}\">{}</h2>\n",
        outside(&text::title(gateway))
    );
    if !gateway.assumptions.is_empty() {
        html.push_str(&bullets(&gateway.assumptions));
    }
    let bypasses = cut(gateway.bypasses.iter(), most, |bypass| {
        format!(
            "That of {}, through {}: {}. <code>{}</code>",
            outside(&bypass.bypassed.sentence()),
            outside(&bypass.through.sentence()),
            outside(&bypass.request),
            outside(&bypass.command)
        )
    });
    if !gateway.bypasses.is_empty() {
        note("Client checks that can be bypassed", &bypasses, html);
    }
    if !gateway.left_out.is_empty() {
        let left_out = cut(gateway.left_out.iter(), most, |one| outside(&one.sentence()));
        note("Left out by istiod", &left_out, html);
    }
    let rejected = gateway.listeners.iter().filter_map(|listener| {
        let why = listener.rejected.as_ref()?;
        Some(format!("{}:{}: {why}", listener.address, listener.port))
    });
    let rejected: Vec<String> = rejected.map(|text| harmless(&text)).collect();
    if !rejected.is_empty() {
        note("Listeners that Envoy rejects", &bullets(&rejected), html);
    }
    let _ = write!(html, "<h3>Listeners</h3>\n{}", picture(gateway, most == usize::MAX));
    if !gateway.hosts.is_empty() {
        html.push_str(
            "<h3>Accepted clients, by the weakest path to each host</h3>\n<dl class=\"hosts\">\n",
        );
        let most = most.saturating_mul(10);
        for host in gateway.hosts.iter().take(most) {
            one_host(host, html);
        }
        html.push_str("</dl>\n");
        if gateway.hosts.len() > most {
            let _ = writeln!(html, "<p>and {} more. {ALL}</p>", gateway.hosts.len() - most);
        }
    }
    html.push_str("</section>\n");
}

fn one_host(host: &Host, html: &mut String) {
    let tag = if host.is_bypassed { tag("bypassed", Tone::Bad) } else { String::new() };
    let _ = writeln!(html, "<dt>{} {tag}</dt>", outside(&host.host));
    for way in text::ways(host) {
        let _ = writeln!(html, "<dd>{}</dd>", escaped(&harmless(&way)));
    }
}

/// A list of the first items, of which each is HTML.
fn cut<T>(
    items: impl ExactSizeIterator<Item = T>,
    most: usize,
    item: impl Fn(T) -> String,
) -> String {
    let count = items.len();
    let mut html = String::from("<ul>\n");
    for one in items.take(most) {
        let _ = writeln!(html, "<li>{}</li>", item(one));
    }
    if count > most {
        let _ = writeln!(html, "<li>and {} more. {ALL}</li>", count - most);
    }
    html + "</ul>\n"
}
