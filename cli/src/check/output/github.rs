//! Annotations for GitHub Actions.

use std::io::{self, Write};

use istio_gateway::Severity;

use super::{EachFinding, name_of, whole_message};
use crate::{check::finding::Finding, files::File, text::harmless};

pub(super) struct Github<'a> {
    files: &'a [File],
}

impl<'a> Github<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        Self { files }
    }
}

impl EachFinding for Github<'_> {
    fn finding(&mut self, out: &mut dyn Write, file: usize, finding: &Finding) -> io::Result<()> {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            _ => "notice",
        };
        write!(out, "::{command} file={}", property(&name_of(self.files, file)))?;
        if let Some(place) = finding.place {
            write!(out, ",line={},col={}", place.line, place.column)?;
            // The end column is inclusive.
            match place.end {
                Some((line, column)) if line == place.line => {
                    write!(out, ",endColumn={}", column - 1)?;
                }
                _ => {}
            }
        }
        let mut message = whole_message(self.files, finding);
        if !finding.path.is_empty() && !message.contains(&finding.path) {
            message = format!("{}: {message}", finding.path);
        }
        let mut message = data(&message);
        if let Some(help) = &finding.help {
            message += &format!("%0Ahelp: {}", data(help));
        }
        writeln!(out, ",title={}::{message}", property(finding.rule.as_str()))
    }

    fn problem(&mut self, out: &mut dyn Write, problem: &str) -> io::Result<()> {
        writeln!(out, "::error title=istio-gateway::{}", data(problem))
    }
}

/// One line, escaped so that the runner interprets no commands in it.
fn data(text: &str) -> String {
    harmless(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_is_escaped() {
        assert_eq!(data("50%: a,\r\nb"), "50%25: a,\\u{d}\\u{a}b");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25\\u{a}");
    }
}
