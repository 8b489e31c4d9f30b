//! Explanations as a page of its own: no script, and nothing to fetch.

mod diff;
mod report;

use std::fmt::Write as _;

pub(super) use self::{diff::diff, report::report};
use super::behavior::Xfcc;
use crate::{
    explain::terminal::{MOST_TOLD, outcome},
    gateways::Finding,
    text::{listed, shown},
};

/// So many bytes of articles are on a page unless all are requested.
pub(super) const MOST: usize = 4_000_000;

/// The articles of the first items, as many as fit, and how many these are.
fn articles<T>(
    items: &[T],
    most: usize,
    article: impl Fn(usize, &T, &mut String),
) -> (String, usize) {
    let mut html = String::new();
    for (i, item) in items.iter().enumerate() {
        let before = html.len();
        article(i, item, &mut html);
        if html.len() > most {
            html.truncate(before);
            return (html, i);
        }
    }
    (html, items.len())
}

/// How many servers of each kind do not fit on a page.
fn left_out(
    left: usize,
    all: usize,
    kinds: impl IntoIterator<Item = (&'static str, Tone)>,
) -> String {
    if left == 0 {
        return String::new();
    }
    let mut counts: Vec<(&str, Tone, usize)> = Vec::new();
    for (kind, tone) in kinds {
        match counts.iter_mut().find(|(known, ..)| *known == kind) {
            Some((.., count)) => *count += 1,
            None => counts.push((kind, tone, 1)),
        }
    }
    let kinds: String = counts
        .iter()
        .map(|(kind, tone, count)| format!("<li>{} {count}</li>\n", tag(kind, *tone)))
        .collect();
    format!(
        "<div class=\"note\">\n<h3>{left} of {all} servers are not on this page</h3>\n\
         <ul>\n{kinds}</ul>\n<p><code>--all-servers</code> makes a page of all; \
         <code>--format json</code> and <code>text</code> have all.</p>\n</div>\n"
    )
}

/// A page with this body.
fn page(title: &str, meta: &str, body: &str) -> String {
    // It loads nothing, and says so, should a text ever get out of its place.
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <title>{title}</title>\n<style>\n{css}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">To the servers</a>\n<div class=\"wide\">\n\
         <header>\n<h1>{title}</h1>\n<p class=\"meta\">{meta}</p>\n</header>\n{body}\
         <footer>Written by istio-gateway explain. Secrets and files are assumed to exist and \
         to be valid; the outcomes are those observed with Envoy 1.40.0.</footer>\n</div>\n</body>\n</html>\n",
        css = include_str!("page.css"),
    )
}

/// A text as the content of an element or of an attribute in quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text from outside: harmless, and read in its own direction.
pub(super) fn outside(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(&shown(text)))
}

/// The first of a list of texts from outside.
fn list_of(texts: &[String], most: usize) -> String {
    format!("<bdi>{}</bdi>", escaped(&listed(texts, most, "none")))
}

/// How a text is highlighted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Calm,
    Good,
    Warn,
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

pub(super) fn tag(text: &str, tone: Tone) -> String {
    format!("<span class=\"tag {}\">{}</span>", tone.class(), escaped(text))
}

fn outcome_tag(id: &str) -> String {
    let tone = match id {
        "verified" => Tone::Good,
        "unverified" => Tone::Bad,
        _ => Tone::Calm,
    };
    tag(outcome(id), tone)
}

/// What the backend sees, and what becomes of a spoofed header.
fn header_cell(outcome: &str, xfcc: Option<Xfcc>) -> String {
    let (header, spoofed, tone) = match xfcc.map(|xfcc| (xfcc.header, xfcc.if_spoofed)) {
        Some((Some("gateway-set"), Some("gateway-set"))) => {
            ("certificate", "a spoofed one is replaced", "")
        }
        Some((Some("gateway-set"), Some("client-supplied+gateway-set"))) => {
            ("certificate", "a spoofed one stays before it", " class=\"warn\"")
        }
        Some((Some("none"), Some("none"))) => ("none", "a spoofed one is removed", ""),
        Some((Some("none"), Some("client-supplied"))) => {
            ("none", "a spoofed one is forwarded", " class=\"warn\"")
        }
        _ if matches!(outcome, "rejected" | "redirected") => ("", "no request", ""),
        _ => ("", "nothing from the gateway", ""),
    };
    format!("{header}<small{tone}>{spoofed}</small>")
}

/// What is to be seen first. The title is HTML.
pub(super) fn note(title: &str, content: &str, html: &mut String) {
    let _ = write!(html, "<div class=\"note\">\n<h3>{title}</h3>\n{content}</div>\n");
}

pub(super) fn bullets(sentences: &[String]) -> String {
    let items: String =
        sentences.iter().map(|text| format!("<li>{}</li>\n", escaped(text))).collect();
    format!("<ul>\n{items}</ul>\n")
}

fn told(found: &[Finding]) -> String {
    let mut html = String::from("<ul>\n");
    for found in found.iter().take(MOST_TOLD) {
        let line = found.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let path = if found.path.is_empty() || found.message.contains(&found.path) {
            String::new()
        } else {
            format!("<code>{}</code> ", outside(&found.path))
        };
        let _ = writeln!(
            html,
            "<li>{line}{path}{} <small>{}</small></li>",
            outside(&found.message),
            escaped(found.rule.as_str())
        );
    }
    if found.len() > MOST_TOLD {
        let _ = writeln!(html, "<li>and {} more</li>", found.len() - MOST_TOLD);
    }
    html + "</ul>\n"
}

/// A table with its caption, titles and rows, each of which begins with its own title.
fn table(caption: &str, about: &str, titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut html =
        format!("<table>\n<caption>{caption}<small>{about}</small></caption>\n<thead><tr>");
    for title in titles {
        let _ = write!(html, "<th scope=\"col\">{title}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let _ = if i == 0 {
                write!(html, "<th scope=\"row\">{cell}</th>")
            } else {
                write!(html, "<td>{cell}</td>")
            };
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody>\n</table>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(
            outside("<script>\"'&\u{202e}"),
            "<bdi>&lt;script&gt;&quot;&#39;&amp;\\u{202e}</bdi>"
        );
    }
}
