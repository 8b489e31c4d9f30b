//! Findings in the style of compiler messages.

use std::io::{self, Write};

use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use istio_gateway::Severity;

use super::{EachFinding, name_of, other_place};
use crate::{
    check::{
        files::File,
        finding::{Finding, Place},
    },
    text::{harmless, is_harmful, terminal_width},
};

pub(super) struct Text<'a> {
    files: &'a [File],
    renderer: Renderer,
}

impl<'a> Text<'a> {
    pub(super) fn new(files: &'a [File], is_colored: bool) -> Self {
        let renderer = if is_colored { Renderer::styled() } else { Renderer::plain() };
        let renderer = match terminal_width() {
            Some(columns) => renderer.term_width(columns.max(60)),
            None => renderer,
        };
        Self { files, renderer }
    }
}

impl EachFinding for Text<'_> {
    fn finding(&mut self, out: &mut dyn Write, file: usize, finding: &Finding) -> io::Result<()> {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            _ => Level::NOTE,
        };
        let name = harmless(&name_of(self.files, file));
        let message = harmless(&finding.message);
        let source = finding.source.as_deref().map(visible);
        let place = match (finding.place, &source) {
            (Some(place), Some(line)) => Element::from(
                Snippet::source(line.as_str())
                    .line_start(place.line)
                    .path(name)
                    .annotation(underlined(line, place)),
            ),
            (Some(place), None) => {
                Origin::path(name).line(place.line).char_column(place.column).into()
            }
            (None, _) => Origin::path(name).into(),
        };
        let mut report = level.primary_title(message).id(finding.rule.as_str()).element(place);
        // Upstream's messages often contain the field.
        if !finding.path.is_empty() && !finding.message.contains(&finding.path) {
            let path = harmless(&finding.path);
            report = report.element(Level::NOTE.with_name("field").message(path));
        }
        if let Some(other) = other_place(self.files, finding) {
            // Another Gateway or server, a Secret, or a ConfigMap.
            let other = harmless(&format!("see {other}"));
            report = report.element(Level::NOTE.message(other));
        }
        if let Some(help) = &finding.help {
            report = report.element(Level::HELP.message(harmless(help)));
        }
        writeln!(out, "{}\n", self.renderer.render(&[report]))
    }
}

/// A line of a document with a sign for each control character; the renderer does the same for ASCII.
fn visible(line: &str) -> String {
    let shown = |c: char| if is_harmful(c) && !c.is_ascii() { '\u{fffd}' } else { c };
    line.chars().map(shown).collect()
}

/// The underlined part of a line. If its end is unknown, it is a word.
fn underlined(line: &str, place: Place) -> Annotation<'static> {
    let offset = |column: usize| {
        let at = line.char_indices().nth(column.saturating_sub(1));
        at.map_or(line.trim_end().len(), |(at, _)| at)
    };
    let start = offset(place.column);
    let end = match place.end {
        Some((end_line, column)) if end_line == place.line => offset(column),
        Some(_) => line.trim_end().len(),
        None => {
            let rest = line.get(start..).unwrap_or_default();
            start + rest.find(char::is_whitespace).unwrap_or(rest.len())
        }
    };
    AnnotationKind::Primary.span(start..end.max(start))
}
