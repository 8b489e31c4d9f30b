//! A file's documents, and what is found in each.

use std::{
    cell::OnceCell,
    fs,
    io::{self, Cursor, Read},
};

use istio_gateway::{
    Error, Object, Severity, json,
    validate::{self, Checked, Options},
};

use super::{
    files::File,
    finding::{Document, Finding, Outcome, Place},
    stream::{Piece, Stream},
};
use crate::rules::own;

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

/// A document that has something to say: a Gateway, a Secret, or one that cannot be read.
pub(super) struct Judged {
    pub(super) number: usize,
    /// The Gateway or the document that cannot be read.
    pub(super) document: Option<Document>,
    /// What a set of documents wants to know.
    pub(super) checked: Option<Checked>,
}

#[derive(Default)]
pub(super) struct End {
    pub(super) documents: usize,
    /// Why the rest of the file was not read.
    pub(super) problem: Option<io::Error>,
}

impl Judge<'_> {
    /// Calls `each` with every part of a file.
    pub(super) fn file(
        &self,
        index: usize,
        file: &File,
        stream: &mut Stream,
        each: &mut dyn FnMut(Part),
    ) {
        let mut reading = Reading { judge: self, index, file, number: 0, each };
        let problem = reading.read(stream).err();
        let documents = reading.number;
        each(Part::End(End { documents, problem }));
    }
}

struct Reading<'a> {
    judge: &'a Judge<'a>,
    index: usize,
    file: &'a File,
    /// How many documents there were so far.
    number: usize,
    each: &'a mut dyn FnMut(Part),
}

impl Reading<'_> {
    fn read(&mut self, stream: &mut Stream) -> io::Result<()> {
        if self.file.is_stdin() {
            return self.stdin(io::stdin().lock(), stream);
        }
        if self.file.is_json() {
            self.json(&fs::read(&self.file.path)?);
            return Ok(());
        }
        stream.yaml(fs::File::open(&self.file.path)?, |piece| self.piece(piece))
    }

    /// What begins as a JSON object is JSON, as for kubectl, unless it turns out to be none.
    fn stdin(&mut self, mut reader: impl Read, stream: &mut Stream) -> io::Result<()> {
        let mut start: Vec<u8> = Vec::new();
        while start.iter().filter(|b| !b.is_ascii_whitespace()).count() < 2 {
            if reader.by_ref().take(1).read_to_end(&mut start)? == 0 {
                break;
            }
        }
        let mut first = start.iter().filter(|b| !b.is_ascii_whitespace());
        if first.next() == Some(&b'{') && first.next() != Some(&b'{') {
            reader.read_to_end(&mut start)?;
            if json::split(&start).next().is_some_and(|first| first.is_ok()) {
                self.json(&start);
                return Ok(());
            }
        }
        stream.yaml(Cursor::new(start).chain(reader), |piece| self.piece(piece))
    }

    fn json(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let text = Text::new(&text, 0);
        for checked in validate::documents_from_json(bytes, self.judge.options) {
            self.document(&text, checked);
        }
    }

    fn piece(&mut self, piece: &Piece<'_>) {
        let text = Text::new(piece.text, piece.lines);
        if let Some(offset) = piece.not_text {
            self.number += 1;
            let place = text.place(offset);
            let message = "not UTF-8, so that it is not read".to_owned();
            self.unreadable(&text, own::NOT_UTF_8, Some(place), message, None);
            return;
        }
        for checked in validate::documents(piece.text, self.judge.options) {
            self.document(&text, checked);
        }
    }

    fn document(&mut self, text: &Text<'_>, checked: Result<Checked, Error>) {
        self.number += 1;
        match checked {
            Ok(checked) => self.readable(text, checked),
            Err(error) => self.error(text, &error),
        }
    }

    fn readable(&mut self, text: &Text<'_>, checked: Checked) {
        let mut checked = checked.below(text.lines);
        let Some(report) = &mut checked.report else {
            if checked.object.kind() == "Secret" {
                self.emit(None, Some(checked));
            }
            return;
        };
        let verdict = report.verdict().into();
        let found = std::mem::take(&mut report.findings);
        let mut findings: Vec<_> = found.into_iter().map(Finding::new).collect();
        if report.omitted > 0 {
            findings.push(Finding {
                rule: own::OMITTED,
                severity: Severity::Note,
                path: String::new(),
                place: None,
                message: format!("{} more findings are not shown", report.omitted),
                help: None,
                source: None,
                other: None,
            });
        }
        let document = self.record(text, Some(&checked.object), verdict, findings);
        self.emit(Some(document), Some(checked));
    }

    fn error(&mut self, text: &Text<'_>, error: &Error) {
        let (has_gateway, is_istio) = text.mentions();
        let place = error.position().map(|start| Place::new(start, None).below(text.lines));
        if error.is_decode() {
            // No map at all, or one whose kind is no text: no Kubernetes object.
            let first = error.diagnostics().first();
            let Some(first) = first.filter(|first| has_gateway && !first.path.is_root()) else {
                return;
            };
            let place = first.position.map(|start| Place::new(start, first.end).below(text.lines));
            let message = format!("{}: {}", first.path, first.message);
            return self.unreadable(text, own::NO_OBJECT, place, message, None);
        }
        if text.text.contains("{{") || text.text.contains("{%") {
            // Of a chart's many templates only those that may become Gateways.
            if self.file.is_named || is_istio {
                let place = text.text.find("{{").or_else(|| text.text.find("{%"));
                let place = place.map(|offset| text.place(offset));
                let message = "a template, and no YAML before it is rendered: not checked";
                let findings = vec![template(message.to_owned(), place)];
                let document = self.record(text, None, Outcome::Accepted, findings);
                self.emit(Some(document), None);
            }
            return;
        }
        if self.file.is_json() && !self.file.is_named && !is_istio {
            // A walk meets files that only look like JSON, such as a configuration with comments.
            return;
        }
        let rule = if error.is_limit() { own::LIMIT } else { own::SYNTAX };
        let what = if self.file.is_json() { "JSON" } else { "YAML" };
        let message = format!("no {what}: {}", error.without_position());
        let help = place.and_then(|place| text.line(place.line)).and_then(help_for_syntax);
        self.unreadable(text, rule, place, message, help);
    }

    fn unreadable(
        &mut self,
        text: &Text<'_>,
        rule: &'static str,
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
        };
        let document = self.record(text, None, Outcome::Unreadable, vec![finding]);
        self.emit(Some(document), None);
    }

    fn emit(&mut self, document: Option<Document>, checked: Option<Checked>) {
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
        if self.judge.wants_source {
            for found in &mut findings {
                found.source =
                    found.place.and_then(|place| text.line(place.line)).map(str::to_owned);
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

fn template(message: String, place: Option<Place>) -> Finding {
    Finding {
        rule: own::TEMPLATE,
        severity: Severity::Warning,
        path: String::new(),
        place,
        message,
        help: Some("render it first, such as `helm template . | istio-gateway check -`".to_owned()),
        source: None,
        other: None,
    }
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

/// A text with lines of the file before it.
struct Text<'a> {
    text: &'a str,
    lines: usize,
    /// Where its lines begin, once one was asked for.
    starts: OnceCell<Vec<usize>>,
    mentions: OnceCell<(bool, bool)>,
}

impl<'a> Text<'a> {
    fn new(text: &'a str, lines: usize) -> Self {
        Self { text, lines, starts: OnceCell::new(), mentions: OnceCell::new() }
    }

    /// Whether it speaks of a Gateway, and of one of Istio's. A text of many documents is searched
    /// once.
    fn mentions(&self) -> (bool, bool) {
        *self.mentions.get_or_init(|| {
            let has_gateway = self.text.contains("Gateway");
            (has_gateway, has_gateway && self.text.contains(istio_gateway::GROUP))
        })
    }

    /// A line of the file, without its end; but none that is too long to show, such as all of a
    /// file of JSON without line breaks.
    fn line(&self, line: usize) -> Option<&'a str> {
        let starts = self.starts.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let start = *starts.get(line.checked_sub(self.lines + 1)?)?;
        let end = starts.get(line - self.lines).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..end)?.trim_end_matches(['\r', '\n']);
        (line.len() <= LONGEST_LINE).then_some(line)
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Place {
            line: self.lines + before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            end: None,
        }
    }
}
