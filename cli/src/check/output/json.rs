//! One object for each document, one a line: `docs/check.schema.json` describes it.

use std::{
    env,
    error::Error,
    fmt,
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write},
};

use istio_gateway::{Fix, RuleId};
use serde::Serialize;
use tempfile::SpooledTempFile;

use super::{Across, Output, name_of, whole_message};
use crate::{
    check::{
        files::File,
        finding::{Document, Finding, Outcome},
    },
    output::HarmlessJson,
};

/// The maximum size of lines that are kept in memory; beyond it a temporary file is used. WebAssembly has
/// no directory for one.
const IN_MEMORY: usize = if cfg!(target_family = "wasm") { usize::MAX } else { 1 << 20 };

pub(super) struct Json<'a> {
    files: &'a [File],
    /// The lines, each after the numbers of its file and document. They are written at the end: the
    /// last document may be the first Secret, and then Secrets are missing in earlier ones.
    waiting: BufWriter<SpooledTempFile>,
}

impl<'a> Json<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        Self { files, waiting: BufWriter::new(SpooledTempFile::new(IN_MEMORY)) }
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
    rule: RuleId,
    severity: &'static str,
    path: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    help: Option<&'a str>,
    fix: Option<&'a Fix>,
}

impl Output for Json<'_> {
    fn document(&mut self, _out: &mut dyn Write, document: Document) -> io::Result<()> {
        let line = Line {
            file: name_of(self.files, document.file),
            document: document.number,
            namespace: &document.namespace,
            name: &document.name,
            verdict: match document.verdict {
                Outcome::Accepted => "accepted",
                Outcome::DependsOnPlaceholders => "depends-on-placeholders",
                Outcome::Rejected(_) | Outcome::Unreadable => "rejected",
                Outcome::Skipped => "skipped",
            },
            rejected_by: match document.verdict {
                Outcome::Rejected(stage) => Some(stage.as_str()),
                _ => None,
            },
            findings: document.findings.iter().map(|found| finding(self.files, found)).collect(),
        };
        let mut json = Vec::new();
        serde_json::to_writer(HarmlessJson(&mut json), &line)?;
        let numbers = [document.file.to_le_bytes(), document.number.to_le_bytes()];
        let parts = [numbers.as_flattened(), &json, b"\n"];
        temporary(parts.iter().try_for_each(|part| self.waiting.write_all(part)))
    }

    /// It is reported only on standard error.
    fn problem(&mut self, _out: &mut dyn Write, _problem: &str) -> io::Result<()> {
        Ok(())
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        set: &mut dyn Iterator<Item = Across>,
    ) -> io::Result<()> {
        temporary(self.waiting.flush())?;
        temporary(self.waiting.get_mut().rewind())?;
        let mut set = set.peekable();
        let mut waiting = BufReader::new(self.waiting.get_mut());
        let mut line = Vec::new();
        while !temporary(waiting.fill_buf())?.is_empty() {
            let mut number = || -> io::Result<usize> {
                let mut bytes = 0_usize.to_le_bytes();
                temporary(waiting.read_exact(&mut bytes))?;
                Ok(usize::from_le_bytes(bytes))
            };
            let document = (number()?, number()?);
            line.clear();
            temporary(waiting.read_until(b'\n', &mut line))?;
            // The findings are the last field of a line: more of them go before its closing brackets.
            let open = line.strip_suffix(END).unwrap_or(&line);
            let has_found = set.peek().is_some_and(|found| (found.file, found.number) == document);
            if open.ends_with(NOTHING_FOUND) && !has_found {
                continue;
            }
            out.write_all(open)?;
            let mut is_first = open.ends_with(b"[");
            while let Some(found) = set.next_if(|found| (found.file, found.number) == document) {
                if !std::mem::take(&mut is_first) {
                    out.write_all(b",")?;
                }
                let finding = finding(self.files, &found.finding);
                serde_json::to_writer(HarmlessJson(&mut *out), &finding)?;
            }
            out.write_all(END)?;
        }
        Ok(())
    }
}

/// The end of a line of a VirtualService, which is written only if something is found.
const NOTHING_FOUND: &[u8] = br#""verdict":"skipped","rejected_by":null,"findings":["#;

/// The end of a line.
const END: &[u8] = b"]}\n";

/// An error of the temporary file.
#[derive(Debug)]
pub(super) struct OfTemporaryFile(io::Error);

impl fmt::Display for OfTemporaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "temporary file in {}: {}", env::temp_dir().display(), self.0)
    }
}

impl Error for OfTemporaryFile {}

fn temporary<T>(outcome: io::Result<T>) -> io::Result<T> {
    outcome.map_err(|error| io::Error::new(error.kind(), OfTemporaryFile(error)))
}

fn finding<'f>(files: &[File], finding: &'f Finding) -> LineFinding<'f> {
    LineFinding {
        rule: finding.rule,
        severity: finding.severity.as_str(),
        path: &finding.path,
        line: finding.place.map(|place| place.line),
        column: finding.place.map(|place| place.column),
        message: whole_message(files, finding),
        help: finding.help.as_deref(),
        fix: finding.fix.as_ref(),
    }
}
