//! The output formats.

mod concise;
mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;

use std::io::{self, Write};

use clap::ValueEnum;

use super::{
    files::File,
    finding::{Document, Finding},
};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text with the source line and help
    Text,
    /// One line for each finding
    Concise,
    /// One JSON object for each Gateway, one a line (docs/check.schema.json)
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations for GitHub Actions
    Github,
    /// Markdown, for a comment of a pull request
    Markdown,
    /// XML for CI servers
    Junit,
}

impl Format {
    /// Whether a summary follows the findings.
    pub(super) fn has_summary(self) -> bool {
        matches!(self, Self::Text | Self::Concise)
    }
}

/// Writes documents incrementally.
pub(super) trait Output {
    fn document(&mut self, out: &mut dyn Write, document: Document) -> io::Result<()>;

    /// A file or directory that cannot be read.
    fn problem(&mut self, out: &mut dyn Write, problem: &str) -> io::Result<()>;

    /// Findings across documents, once all of them are known.
    fn finish(
        &mut self,
        out: &mut dyn Write,
        set: &mut dyn Iterator<Item = Across>,
    ) -> io::Result<()>;
}

/// A format in which findings are independent and written immediately.
trait EachFinding {
    fn finding(&mut self, out: &mut dyn Write, file: usize, finding: &Finding) -> io::Result<()>;

    fn problem(&mut self, _out: &mut dyn Write, _problem: &str) -> io::Result<()> {
        Ok(())
    }

    /// Written after the last finding.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

impl<T: EachFinding> Output for T {
    fn document(&mut self, out: &mut dyn Write, document: Document) -> io::Result<()> {
        document.findings.iter().try_for_each(|finding| self.finding(out, document.file, finding))
    }

    fn problem(&mut self, out: &mut dyn Write, problem: &str) -> io::Result<()> {
        EachFinding::problem(self, out, problem)
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        set: &mut dyn Iterator<Item = Across>,
    ) -> io::Result<()> {
        for across in set {
            self.finding(out, across.file, &across.finding)?;
        }
        self.end(out)
    }
}

/// A finding that refers to another document.
pub(super) struct Across {
    pub(super) file: usize,
    pub(super) number: usize,
    pub(super) finding: Finding,
}

impl Format {
    pub(super) fn output<'a>(self, files: &'a [File], is_colored: bool) -> Box<dyn Output + 'a> {
        match self {
            Self::Text => Box::new(text::Text::new(files, is_colored)),
            Self::Json => Box::new(json::Json::new(files)),
            Self::Sarif => Box::new(sarif::Sarif::new(files)),
            Self::Github => Box::new(github::Github::new(files)),
            Self::Concise => Box::new(concise::Concise::new(files)),
            Self::Markdown => Box::new(markdown::Markdown::new(files)),
            Self::Junit => Box::new(junit::Junit::new(files)),
        }
    }
}

/// Whether an error is that of the temporary file of a format.
pub(super) fn is_of_temporary_file(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<json::OfTemporaryFile>());
    inner.is_some()
}

fn name_of(files: &[File], file: usize) -> String {
    files.get(file).map(File::name).unwrap_or_default()
}

/// The location in the other document of a conflict: `b.yaml:12:7`.
fn other_place(files: &[File], finding: &Finding) -> Option<String> {
    let other = finding.other.as_ref()?;
    let name = name_of(files, other.file);
    Some(match other.place {
        Some(place) => format!("{name}:{}:{}", place.line, place.column),
        None => format!("{name}, document {}", other.number),
    })
}

/// The message, with the location in the other document if there is one.
fn whole_message(files: &[File], finding: &Finding) -> String {
    match other_place(files, finding) {
        Some(other) => format!("{} (the other: {other})", finding.message),
        None => finding.message.clone(),
    }
}

/// A message, with help on its own line.
fn with_help(message: String, finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{message}\nhelp: {help}"),
        None => message,
    }
}
