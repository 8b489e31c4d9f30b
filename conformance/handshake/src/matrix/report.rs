//! The result of a run.

use std::{collections::BTreeMap, fmt, time::Duration};

/// The result of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Envoy's version.
    pub envoy: String,
    /// Listeners that Envoy accepted.
    pub listeners: usize,
    /// The different TLS contexts of them.
    pub contexts: usize,
    /// Listeners that Envoy rejected with the message that the library predicts.
    pub refusals: usize,
    /// Clients, including the one without a certificate.
    pub clients: usize,
    /// Connections, each a cell: a client on a listener in a version of TLS.
    pub cells: usize,
    /// Cells by outcome.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Cells of `tests/golden/handshake.json` that were compared, and how many it has.
    pub golden: (usize, usize),
    /// The wrong predictions, a line for each cell and each counter.
    pub wrong: Vec<String>,
    /// The predictions that are wrong on purpose, and how many of them were detected.
    pub sabotages: Vec<(&'static str, usize)>,
    /// How long the connections took.
    pub elapsed: Duration,
}

impl Report {
    /// Whether all predictions are right, and all wrong ones were detected.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        let (compared, of) = self.golden;
        self.wrong.is_empty()
            && self.cells > 0
            && compared == of
            && self.sabotages.iter().all(|(_, wrong)| *wrong > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wrong in &self.wrong {
            writeln!(f, "wrong: {wrong}")?;
        }
        writeln!(f, "Envoy {}", self.envoy)?;
        writeln!(f, "contexts accepted: {}, on {} listeners", self.contexts, self.listeners)?;
        writeln!(f, "contexts refused as predicted: {}", self.refusals)?;
        let outcomes = self.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}"));
        let outcomes = outcomes.collect::<Vec<_>>().join(", ");
        let seconds = self.elapsed.as_secs_f64();
        writeln!(f, "{} clients, TLS 1.2 and 1.3: {outcomes}; in {seconds:.1} s", self.clients)?;
        for (what, wrong) in &self.sabotages {
            writeln!(f, "self-check: if {what}, {wrong} wrong")?;
        }
        let (compared, of) = self.golden;
        writeln!(f, "cells of handshake.json: {compared} of {of} predicted")?;
        write!(f, "cells: {} predicted, {} wrong", self.cells, self.wrong.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_wrong_is_not_enough() {
        let fine = || Report {
            cells: 1,
            golden: (2, 2),
            sabotages: vec![("nobody is verified", 1)],
            ..Report::default()
        };
        assert!(fine().is_fine());
        assert!(!Report { cells: 0, ..fine() }.is_fine());
        assert!(!Report { golden: (1, 2), ..fine() }.is_fine());
        assert!(!Report { sabotages: vec![("nobody is verified", 0)], ..fine() }.is_fine());
        assert!(!Report { wrong: vec![String::new()], ..fine() }.is_fine());
    }
}
