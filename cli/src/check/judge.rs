//! A file's documents, and what is found in each.

use std::{cell::OnceCell, error::Error as _, io};

use istio_gateway::{
    Error, FieldPath, Object, Position, RuleId, Severity,
    diagnostic::Step,
    rule::{document, lint},
    stream::DocumentReader,
    validate::{self, CheckedDocument, Options, set::DocumentSet},
};

use super::{
    finding::{Document, Finding, Outcome, Place},
    template,
};
use crate::{
    files::File,
    input::{Others, is_virtual_service, suspicion},
};

/// Reads and judges files.
pub(super) struct Judge<'a> {
    pub(super) options: &'a Options,
    /// Whether the lines of the findings are shown.
    pub(super) wants_source: bool,
}

/// What a file is made of, in its order.
pub(super) enum Part {
    Document(Box<Judged>),
    /// The last one.
    End(End),
}

/// A document that has something to say: a Gateway, a VirtualService, a Secret, or one that cannot be
/// read.
pub(super) struct Judged {
    pub(super) number: usize,
    /// The Gateway, VirtualService, or the document that cannot be read.
    pub(super) document: Option<Document>,
    /// What a set of documents wants to know.
    pub(super) checked: Option<CheckedDocument>,
}

#[derive(Default)]
pub(super) struct End {
    pub(super) documents: usize,
    /// Those that were not judged.
    pub(super) others: Others,
    /// Why the rest of the file was not read.
    pub(super) problem: Option<io::Error>,
}

impl Judge<'_> {
    /// Calls `each` with every part of a file.
    pub(super) fn file(&self, index: usize, file: &File, each: &mut dyn FnMut(Part)) {
        let others = Others::default();
        let mut reading = Reading { judge: self, index, file, number: 0, others, each };
        let problem = reading.read().err();
        let Reading { number: documents, others, each, .. } = reading;
        each(Part::End(End { documents, others, problem }));
    }
}

struct Reading<'a> {
    judge: &'a Judge<'a>,
    index: usize,
    file: &'a File,
    /// How many documents there were so far.
    number: usize,
    others: Others,
    each: &'a mut dyn FnMut(Part),
}

impl Reading<'_> {
    fn read(&mut self) -> io::Result<()> {
        let mut reader = DocumentReader::new(self.file.open()?);
        while let Some(document) = reader.next_document() {
            match document {
                Ok(document) if document.is_blank() => {}
                Ok(document) => {
                    let bytes = String::from_utf8_lossy(&document.bytes);
                    let text = Text::new(&bytes, (document.start.line, document.start.column));
                    for checked in validate::check_document(&document, self.judge.options) {
                        self.document(&text, checked);
                    }
                }
                Err(error) if error.is_io() => {
                    let source = error.source().map(ToString::to_string).unwrap_or_default();
                    return Err(io::Error::other(source));
                }
                Err(error) => {
                    self.number += 1;
                    self.error(&Text::new("", (1, 1)), &error);
                }
            }
        }
        Ok(())
    }

    fn document(&mut self, text: &Text<'_>, checked: Result<CheckedDocument, Error>) {
        self.number += 1;
        match checked {
            Ok(checked) => self.readable(text, checked),
            Err(error) => self.error(text, &error),
        }
    }

    fn readable(&mut self, text: &Text<'_>, checked: CheckedDocument) {
        let mut checked = checked;
        let Some(report) = &mut checked.report else { return self.other(text, checked) };
        let verdict = report.verdict().into();
        let found = std::mem::take(&mut report.findings);
        let mut findings: Vec<_> = found.into_iter().map(Finding::new).collect();
        if report.omitted > 0 {
            findings.push(Finding {
                rule: document::OMITTED,
                severity: Severity::Note,
                path: String::new(),
                place: None,
                message: format!("{} more findings are not shown", report.omitted),
                help: None,
                source: None,
                other: None,
                fix: None,
            });
        }
        let document = self.record(text, Some(&checked.object), verdict, findings);
        self.emit(Some(document), Some(checked));
    }

    /// A resource of another kind.
    fn other(&mut self, text: &Text<'_>, checked: CheckedDocument) {
        let Some((rule, message, help)) = suspicion(&checked.object) else {
            if is_virtual_service(&checked.object) {
                let document =
                    self.record(text, Some(&checked.object), Outcome::Skipped, Vec::new());
                self.emit(Some(document), Some(checked));
            } else if DocumentSet::uses(&checked.object) {
                // Only a Secret is about nothing else.
                if checked.object.kind() != "Secret" {
                    self.others.count(checked.object.kind());
                }
                self.emit(None, Some(checked));
            } else if !checked.object.is_list() {
                self.others.count(checked.object.kind());
            }
            return;
        };
        let severity = if rule == lint::GATEWAY_API { Severity::Note } else { Severity::Warning };
        let finding = Finding {
            rule,
            severity,
            path: String::new(),
            place: checked.object.type_position().map(|start| Place::new(start, None)),
            message,
            help: Some(help.to_owned()),
            source: None,
            other: None,
            fix: None,
        };
        let document = self.record(text, Some(&checked.object), Outcome::Skipped, vec![finding]);
        self.emit(Some(document), None);
    }

    fn error(&mut self, text: &Text<'_>, error: &Error) {
        let (has_gateway, is_istio) = text.mentions();
        let place = error.position().map(|start| Place::new(start, None));
        if error.is_decode() {
            // No map at all, or one whose kind is no text: no Kubernetes object.
            let first = error.diagnostics().first();
            let is_item = |path: &FieldPath| matches!(path.steps(), [Step::Key(items), ..] if items == "items");
            let is_reported =
                |path: &FieldPath| (has_gateway && (is_istio || !path.is_root())) || is_item(path);
            let Some(first) = first.filter(|first| is_reported(&first.path)) else {
                return self.others.count("not an object");
            };
            let place = first.position.map(|start| Place::new(start, first.end));
            let message = first.without_position().to_string();
            return self.unreadable(text, document::NO_OBJECT, place, message, None);
        }
        let mut own = None;
        let rendered = Some(text.text).filter(|_| error.is_syntax()).and_then(template::outline);
        let remaining = rendered.as_ref().map(|outline| template::syntax_error(&outline.text));
        if let (Some(outline), Some(None)) = (&rendered, &remaining) {
            // Of a chart's many templates only those that may become Gateways.
            if self.file.is_named || is_istio {
                let place = Some(text.place(outline.first));
                let message = "a template, which is not YAML before it is rendered: not checked";
                let findings = vec![template_finding(message.to_owned(), place)];
                let document = self.record(text, None, Outcome::DependsOnPlaceholders, findings);
                self.emit(Some(document), None);
            } else {
                self.others.count("template");
            }
            return;
        }
        // What is wrong whatever the template renders to.
        let (error, place) = match remaining.flatten() {
            Some(remaining) => {
                let place = remaining.position().map(|at| text.within(at));
                (&*own.insert(remaining), place)
            }
            None => (error, place),
        };
        let is_json = self.file.path.extension().is_some_and(|ending| ending == "json");
        if is_json && !self.file.is_named && !is_istio {
            // A walk meets files that only look like JSON, such as a configuration with comments.
            return self.others.count("not JSON");
        }
        let rule = match error {
            _ if error.is_limit() => document::LIMIT,
            _ if error.is_not_utf8() => document::NOT_UTF_8,
            _ if error.is_ignored_text() => document::IGNORED_TEXT,
            _ => document::SYNTAX,
        };
        let what = if error.is_syntax() { "invalid YAML or JSON: " } else { "" };
        let message = format!("{what}{}", error.without_position());
        let line = place.and_then(|place| text.line(place.line));
        let help = line.filter(|_| !text.may_be_secret(None)).and_then(help_for_syntax);
        self.unreadable(text, rule, place, message, help);
    }

    fn unreadable(
        &mut self,
        text: &Text<'_>,
        rule: RuleId,
        place: Option<Place>,
        message: String,
        help: Option<String>,
    ) {
        let finding = Finding {
            rule,
            severity: Severity::Error,
            path: String::new(),
            place,
            message,
            help,
            source: None,
            other: None,
            fix: None,
        };
        let document = self.record(text, None, Outcome::Unreadable, vec![finding]);
        self.emit(Some(document), None);
    }

    fn emit(&mut self, document: Option<Document>, checked: Option<CheckedDocument>) {
        let judged = Judged { number: self.number, document, checked };
        (self.each)(Part::Document(Box::new(judged)));
    }

    fn record(
        &self,
        text: &Text<'_>,
        object: Option<&Object>,
        verdict: Outcome,
        mut findings: Vec<Finding>,
    ) -> Document {
        if self.judge.wants_source && !text.may_be_secret(object) {
            for found in &mut findings {
                let line = found.place.and_then(|place| text.line(place.line));
                found.source = line.filter(|line| !has_secret(line)).map(str::to_owned);
            }
        }
        Document {
            file: self.index,
            number: self.number,
            namespace: object.map_or("", |object| object.namespace()).to_owned(),
            name: object.map_or("", |object| object.name()).to_owned(),
            verdict,
            findings,
        }
    }
}

fn template_finding(message: String, place: Option<Place>) -> Finding {
    Finding {
        rule: lint::TEMPLATE,
        severity: Severity::Warning,
        path: String::new(),
        place,
        message,
        help: Some("render it first, such as `helm template . | istio-gateway check -`".to_owned()),
        source: None,
        other: None,
        fix: None,
    }
}

/// Whether a line has a whole Secret, as the item of a list may be.
fn has_secret(line: &str) -> bool {
    line.contains("Secret") && line.contains("kind")
}

/// What to do about a line that is not YAML.
fn help_for_syntax(line: &str) -> Option<String> {
    let value = line.trim_start();
    if line.starts_with('\t') || line.get(..line.len() - value.len())?.contains('\t') {
        return Some("indent with spaces: YAML does not allow tabs".to_owned());
    }
    let value = value.trim_start_matches("- ").rsplit(": ").next()?.trim();
    let is_host = value.starts_with("*.") && value.len() < 256;
    is_host.then(|| format!("write it in quotes: \"{value}\""))
}

/// A longer line, in bytes, is not shown.
pub(super) const LONGEST_LINE: usize = 4096;

/// The text of a document.
struct Text<'a> {
    text: &'a str,
    /// Where in the file it begins.
    start: (usize, usize),
    /// Where its lines begin, once one was requested.
    starts: OnceCell<Vec<usize>>,
    mentions: OnceCell<(bool, bool)>,
}

impl<'a> Text<'a> {
    fn new(text: &'a str, start: (usize, usize)) -> Self {
        Self { text, start, starts: OnceCell::new(), mentions: OnceCell::new() }
    }

    /// Whether it speaks of a Gateway, and of one of Istio's. A text of many documents is searched
    /// once.
    fn mentions(&self) -> (bool, bool) {
        *self.mentions.get_or_init(|| {
            let has_gateway = self.text.contains("Gateway");
            (has_gateway, has_gateway && self.text.contains(istio_gateway::GROUP))
        })
    }

    /// Whether its lines must not be shown: it is a Secret, or cannot be read and does not clearly belong to a
    /// Gateway or VirtualService.
    fn may_be_secret(&self, object: Option<&Object>) -> bool {
        let is_known = || ["Gateway", "VirtualService"].iter().any(|kind| self.text.contains(kind));
        match object {
            Some(object) => object.kind() == "Secret",
            None => self.text.contains("Secret") || !is_known(),
        }
    }

    /// A line of the file, without its end; but none that is too long to show, such as all of a
    /// file of JSON without line breaks.
    fn line(&self, line: usize) -> Option<&'a str> {
        let starts = self.starts.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let number = line.checked_sub(self.start.0)?;
        if number == 0 && self.start.1 > 1 {
            // Other documents are in it.
            return None;
        }
        let start = *starts.get(number)?;
        let end = starts.get(number + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..end)?.trim_end_matches(['\r', '\n']);
        (line.len() <= LONGEST_LINE).then_some(line)
    }

    /// A position in the text as one in the file.
    fn within(&self, at: Position) -> Place {
        let column = if at.line == 1 { self.start.1 + at.column - 1 } else { at.column };
        Place { line: self.start.0 + at.line - 1, column, end: None }
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let lines = before.matches('\n').count();
        let first = if lines == 0 { self.start.1 } else { 1 };
        let (line, column) = (self.start.0 + lines, first + line.chars().count());
        Place { line, column, end: None }
    }
}
