//! Annotations as a workflow of GitHub's prints them.

use std::io::{self, Write};

use istio_gateway::Severity;

use super::{EachFinding, name_of, whole_message, with_help};
use crate::check::{files::File, finding::Finding};

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
            // The last column is a part of what is shown.
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
        let message = with_help(message, finding);
        writeln!(out, ",title={}::{}", property(finding.rule), data(&message))
    }

    fn problem(&mut self, out: &mut dyn Write, problem: &str) -> io::Result<()> {
        writeln!(out, "::error title=istio-gateway::{}", data(problem))
    }
}

/// What ends a command is written as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_command_is_escaped() {
        assert_eq!(data("50%: a,\r\nb"), "50%25: a,%0D%0Ab");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
