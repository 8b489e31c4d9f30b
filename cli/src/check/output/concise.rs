//! One line for each finding: `file:line:column: severity[rule] message`.

use std::io::{self, Write};

use super::{EachFinding, name_of, whole_message};
use crate::{check::finding::Finding, files::File, text::harmless};

pub(super) struct Concise<'a> {
    files: &'a [File],
}

impl<'a> Concise<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        Self { files }
    }
}

impl EachFinding for Concise<'_> {
    fn finding(&mut self, out: &mut dyn Write, file: usize, finding: &Finding) -> io::Result<()> {
        write!(out, "{}:", harmless(&name_of(self.files, file)))?;
        if let Some(place) = finding.place {
            write!(out, "{}:{}:", place.line, place.column)?;
        }
        let Finding { severity, rule, path, .. } = finding;
        let mut message = whole_message(self.files, finding);
        // Upstream's messages often contain the field.
        if !path.is_empty() && !message.contains(path) {
            message = format!("{path}: {message}");
        }
        writeln!(out, " {severity}[{rule}] {}", harmless(&message))
    }
}
