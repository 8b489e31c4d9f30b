//! What was counted, and the last lines of a report.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    io::{self, IsTerminal as _, Write as _},
};

use istio_gateway::{RuleId, Severity, fix::Applicability};

use super::{Checking, finding::Finding};
use crate::text::counted;

#[derive(Default)]
pub(super) struct Totals {
    pub(super) documents: usize,
    pub(super) gateways: usize,
    pub(super) rejected: usize,
    /// The number of Gateways whose verdict depends on placeholders.
    pub(super) depending: usize,
    pub(super) errors: usize,
    /// The number of errors that are errors only because of --deny.
    pub(super) denied: usize,
    pub(super) warnings: usize,
    /// The number of suppressed findings.
    pub(super) suppressed: usize,
    /// The number of findings with a fix, safe and unsafe.
    pub(super) fixable: (usize, usize),
    pub(super) has_problems: bool,
    /// How often each rule is found.
    rules: BTreeMap<RuleId, usize>,
}

impl Totals {
    pub(super) fn count(&mut self, finding: &Finding) {
        *self.rules.entry(finding.rule).or_default() += 1;
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            _ => {}
        }
        match finding.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => self.fixable.0 += 1,
            Some(_) => self.fixable.1 += 1,
            None => {}
        }
    }

    pub(super) fn status(&self) -> u8 {
        if self.has_problems { 2 } else { u8::from(self.errors > 0) }
    }
}

impl Checking<'_> {
    /// The rules, the most frequent first.
    pub(super) fn print_statistics(&mut self) -> io::Result<()> {
        let mut rules: Vec<_> = self.totals.rules.iter().collect();
        rules.sort_by_key(|(_, count)| Reverse(**count));
        for (rule, count) in rules {
            let title = rule.rule().map_or("", |rule| rule.title);
            writeln!(self.out, "{count:6}  {:34} {title}", rule.as_str())?;
        }
        Ok(())
    }

    /// `2 files, 3 documents, 1 error, 0 warnings; 1 of 2 Gateways would be rejected (field validation:
    /// strict)`
    pub(super) fn summary(&mut self) -> io::Result<()> {
        let Totals {
            documents,
            gateways,
            rejected,
            depending,
            errors,
            denied,
            warnings,
            suppressed,
            fixable,
            ..
        } = &self.totals;
        let (documents, gateways, rejected) = (*documents, *gateways, *rejected);
        let (depending, errors, denied) = (*depending, *errors, *denied);
        let (warnings, suppressed, fixable) = (*warnings, *suppressed, *fixable);
        let mut errors = counted(errors, "error");
        if denied > 0 {
            errors += &format!(" ({denied} by --deny)");
        }
        let mut counts = vec![
            counted(self.files.len(), "file"),
            counted(documents, "document"),
            errors,
            counted(warnings, "warning"),
        ];
        if suppressed > 0 {
            counts.push(format!("{suppressed} suppressed"));
        }
        let verdict = match (gateways, rejected, depending) {
            (0, ..) => "no Gateways found".to_owned(),
            (1, 0, 0) => "the Gateway would be accepted".to_owned(),
            (1, 0, _) => "the Gateway depends on its placeholders".to_owned(),
            (1, ..) => "the Gateway would be rejected".to_owned(),
            (all, 0, 0) => format!("all {all} Gateways would be accepted"),
            (all, 0, some) => format!("{some} of {all} Gateways depend on their placeholders"),
            (all, some, 0) => format!("{some} of {all} Gateways would be rejected"),
            (all, some, more) => format!(
                "{some} of {all} Gateways would be rejected, {more} depend on their placeholders"
            ),
        };
        write!(self.out, "{}; {verdict}", counts.join(", "))?;
        if gateways > 0 {
            write!(self.out, " (field validation: {})", self.field_validation)?;
        }
        if io::stdout().is_terminal() {
            write!(self.out, " ({:.2} s)", self.progress.shown.begun.elapsed().as_secs_f64())?;
        }
        writeln!(self.out)?;
        let fixable = match fixable {
            (0, 0) => return Ok(()),
            (safe, 0) => format!("{safe} can be repaired with --fix"),
            (0, more) => format!("{more} can be repaired with --fix --unsafe-fixes"),
            (safe, more) => {
                format!("{safe} can be repaired with --fix, {more} more with --unsafe-fixes")
            }
        };
        writeln!(self.out, "{fixable}; --diff shows the changes")
    }
}
