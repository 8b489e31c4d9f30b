//! The XML of `JUnit`, as CI servers read it: a suite for each file, a case for each document and each finding.

use std::{
    fmt,
    io::{self, Write},
};

use istio_gateway::Severity;

use super::{Across, Output, name_of, whole_message, with_help};
use crate::{
    check::finding::{Document, Finding},
    files::File,
    text::is_harmful,
};

/// The cases are kept, because a suite begins with their number.
pub(super) struct Junit<'a> {
    files: &'a [File],
    cases: Vec<Case>,
    problems: Vec<String>,
}

/// A document without an error, or a finding.
struct Case {
    file: usize,
    number: usize,
    name: String,
    /// The severity, the rule and the text of a finding.
    found: Option<(Severity, &'static str, String)>,
}

impl<'a> Junit<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        Self { files, cases: Vec::new(), problems: Vec::new() }
    }

    fn add(&mut self, file: usize, number: usize, finding: &Finding) {
        let Finding { severity, rule, path, place, .. } = finding;
        let mut text = name_of(self.files, file);
        if let Some(place) = place {
            text += &format!(":{}:{}", place.line, place.column);
        }
        if !path.is_empty() {
            text += &format!("\n{path}");
        }
        text += &format!("\n{}", with_help(whole_message(self.files, finding), finding));
        let found = Some((*severity, rule.as_str(), text));
        self.cases.push(Case { file, number, name: rule.to_string(), found });
    }

    fn suite(&self, out: &mut dyn Write, cases: &[Case]) -> io::Result<()> {
        let Some(first) = cases.first() else { return Ok(()) };
        let file = name_of(self.files, first.file);
        let is_error = |case: &&Case| matches!(case.found, Some((Severity::Error, ..)));
        let failures = cases.iter().filter(is_error).count();
        let (name, tests) = (Escaped(&file), cases.len());
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}" errors="0">"#
        )?;
        for Case { number, name, found, .. } in cases {
            let (name, class) = (Escaped(name), Escaped(&file));
            write!(out, r#"    <testcase name="{name}" classname="{class}#{number}""#)?;
            match found {
                None => writeln!(out, "/>")?,
                Some((Severity::Error, rule, text)) => {
                    let message = text.lines().last().unwrap_or_default();
                    let message = text.lines().find(|line| line.contains(' ')).unwrap_or(message);
                    writeln!(out, ">")?;
                    write!(out, r#"      <failure type="{rule}" message="{}">"#, Escaped(message))?;
                    writeln!(out, "{}</failure>", Escaped(text))?;
                    writeln!(out, "    </testcase>")?;
                }
                // A warning is no failure.
                Some((severity, _, text)) => {
                    writeln!(out, ">")?;
                    let text = format!("{severity}: {text}");
                    writeln!(out, "      <system-out>{}</system-out>", Escaped(&text))?;
                    writeln!(out, "    </testcase>")?;
                }
            }
        }
        writeln!(out, "  </testsuite>")
    }
}

impl Output for Junit<'_> {
    fn document(&mut self, _out: &mut dyn Write, document: Document) -> io::Result<()> {
        let Document { file, number, namespace, name, findings, .. } = &document;
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        if !findings.iter().any(is_error) {
            let name = match (namespace.as_str(), name.as_str()) {
                ("", "") => format!("document {number}"),
                ("", name) => name.to_owned(),
                (namespace, name) => format!("{namespace}/{name}"),
            };
            self.cases.push(Case { file: *file, number: *number, name, found: None });
        }
        findings.iter().for_each(|finding| self.add(*file, *number, finding));
        Ok(())
    }

    fn problem(&mut self, _out: &mut dyn Write, problem: &str) -> io::Result<()> {
        self.problems.push(problem.to_owned());
        Ok(())
    }

    fn finish(
        &mut self,
        out: &mut dyn Write,
        set: &mut dyn Iterator<Item = Across>,
    ) -> io::Result<()> {
        for Across { file, number, finding } in set {
            self.add(file, number, &finding);
        }
        self.cases.sort_by_key(|case| (case.file, case.number));
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(out, r#"<testsuites name="istio-gateway check">"#)?;
        for cases in self.cases.chunk_by(|one, other| one.file == other.file) {
            self.suite(out, cases)?;
        }
        if !self.problems.is_empty() {
            let count = self.problems.len();
            writeln!(
                out,
                r#"  <testsuite name="files" tests="{count}" failures="0" errors="{count}">"#
            )?;
            for problem in &self.problems {
                let problem = Escaped(problem);
                writeln!(
                    out,
                    r#"    <testcase name="read" classname="files"><error message="{problem}"/></testcase>"#
                )?;
            }
            writeln!(out, "  </testsuite>")?;
        }
        writeln!(out, "</testsuites>")
    }
}

/// Text in XML 1.0, which has no control characters.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\n' => f.write_str("&#10;")?,
                c if is_harmful(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                    write!(f, "\\u{{{:x}}}", u32::from(c))?;
                }
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}
