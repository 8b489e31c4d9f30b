//! An object for each document, one a line: `docs/check.schema.json` describes it.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use serde::Serialize;

use super::{Across, Output, name_of, whole_message};
use crate::check::{
    files::File,
    finding::{Document, Finding, Outcome, severity_name},
};

pub(super) struct Json<'a> {
    files: &'a [File],
    /// Kept to the end, since a later document may make a finding of an earlier one.
    documents: Vec<Document>,
}

impl<'a> Json<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        Self { files, documents: Vec::new() }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    file: String,
    document: usize,
    namespace: &'a str,
    name: &'a str,
    verdict: &'static str,
    rejected_by: Option<&'static str>,
    findings: Vec<LineFinding<'a>>,
}

#[derive(Serialize)]
struct LineFinding<'a> {
    rule: &'static str,
    severity: &'static str,
    path: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    help: Option<&'a str>,
}

impl Output for Json<'_> {
    fn document(&mut self, _out: &mut dyn Write, mut document: Document) -> io::Result<()> {
        document.findings.shrink_to_fit();
        self.documents.push(document);
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, set: Vec<Across>) -> io::Result<()> {
        let mut set_of: HashMap<(usize, usize), Vec<Finding>> = HashMap::new();
        for across in set {
            set_of.entry((across.file, across.number)).or_default().push(across.finding);
        }
        for document in &mut self.documents {
            let across = set_of.remove(&(document.file, document.number));
            document.findings.extend(across.into_iter().flatten());
        }
        for document in &self.documents {
            let finding = |finding| self.finding(finding);
            let line = Line {
                file: name_of(self.files, document.file),
                document: document.number,
                namespace: &document.namespace,
                name: &document.name,
                verdict: match document.verdict {
                    Outcome::Accepted => "accepted",
                    Outcome::Rejected(_) | Outcome::Unreadable => "rejected",
                },
                rejected_by: match document.verdict {
                    Outcome::Rejected(stage) => Some(stage.as_str()),
                    Outcome::Accepted | Outcome::Unreadable => None,
                },
                findings: document.findings.iter().map(finding).collect(),
            };
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl Json<'_> {
    fn finding<'f>(&self, finding: &'f Finding) -> LineFinding<'f> {
        LineFinding {
            rule: finding.rule,
            severity: severity_name(finding.severity),
            path: &finding.path,
            line: finding.place.map(|place| place.line),
            column: finding.place.map(|place| place.column),
            message: whole_message(self.files, finding),
            help: finding.help.as_deref(),
        }
    }
}
