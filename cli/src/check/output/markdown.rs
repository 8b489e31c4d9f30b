//! Markdown for a comment of a pull request.

use std::{
    fmt,
    io::{self, Write},
};

use istio_gateway::Severity;

use super::{EachFinding, name_of, whole_message};
use crate::{
    check::finding::Finding,
    files::File,
    text::{counted, harmless},
};

/// The maximum number of rows: GitHub limits a comment to 65,536 characters.
const MOST: usize = 100;

pub(super) struct Markdown<'a> {
    files: &'a [File],
    rows: Vec<(Severity, String)>,
    omitted: usize,
    counts: (usize, usize),
    problems: Vec<String>,
}

impl<'a> Markdown<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        let (rows, problems) = (Vec::new(), Vec::new());
        Self { files, rows, omitted: 0, counts: (0, 0), problems }
    }
}

impl EachFinding for Markdown<'_> {
    fn finding(&mut self, _out: &mut dyn Write, file: usize, finding: &Finding) -> io::Result<()> {
        let Finding { severity, rule, path, place, help, .. } = finding;
        match severity {
            Severity::Error => self.counts.0 += 1,
            Severity::Warning => self.counts.1 += 1,
            _ => {}
        }
        // Errors are not left out for warnings.
        if self.rows.len() >= MOST {
            self.omitted += 1;
            let weakest = self.rows.iter().rposition(|(other, _)| other < severity);
            let Some(weakest) = weakest else { return Ok(()) };
            self.rows.remove(weakest);
        }
        let mut at = name_of(self.files, file);
        if let Some(place) = place {
            at += &format!(":{}", place.line);
        }
        let mut message = whole_message(self.files, finding);
        if !path.is_empty() && !message.contains(path) {
            message = format!("{path}: {message}");
        }
        let help = help.as_ref().map(|help| format!("<br>{}", Cell(help))).unwrap_or_default();
        let (at, message) = (Cell(&at), Cell(&message));
        let row = format!("| {severity} | {at} | `{rule}` | {message}{help} |");
        self.rows.push((*severity, row));
        Ok(())
    }

    fn problem(&mut self, _out: &mut dyn Write, problem: &str) -> io::Result<()> {
        self.problems.push(problem.to_owned());
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let (errors, warnings) = self.counts;
        let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
        writeln!(out, "### Istio Gateways: {errors}, {warnings}\n")?;
        for problem in &self.problems {
            writeln!(out, "- {}", Cell(problem))?;
        }
        if !self.problems.is_empty() {
            writeln!(out)?;
        }
        if self.rows.is_empty() {
            return writeln!(out, "Nothing was found.");
        }
        writeln!(out, "| | where | rule | what |\n|---|---|---|---|")?;
        self.rows.iter().try_for_each(|(_, row)| writeln!(out, "{row}"))?;
        match self.omitted {
            0 => Ok(()),
            omitted => writeln!(out, "\n{} not shown.", counted(omitted, "more finding")),
        }
    }
}

/// Untrusted text in a cell of a table: no markup, mention, link or line break.
struct Cell<'a>(&'a str);

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in harmless(self.0).chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                // A mention would notify somebody.
                '@' => f.write_str("&#64;")?,
                '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '|' | '~'
                | '!' => {
                    write!(f, "\\{character}")?;
                }
                // Nor does an address become a link.
                ':' => f.write_str("&#58;")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            Cell("@a <b>|`c`\nhttps://d").to_string(),
            "&#64;a &lt;b>\\|\\`c\\`\\\\u\\{a\\}https&#58;//d"
        );
    }
}
