//! The result of checking a document.

use istio_gateway::{
    Diagnostic, Fix, Position, RuleId, Severity,
    validate::{Stage, Verdict, set::SetFinding},
};

/// A checked Gateway, or a document that cannot be read.
pub(super) struct Document {
    /// The index of its file, from 0.
    pub(super) file: usize,
    /// The number of the document in its file, from 1; the items of a `List` count each.
    pub(super) number: usize,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) verdict: Outcome,
    pub(super) findings: Vec<Finding>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted,
    /// A cluster rejects it at this stage.
    Rejected(Stage),
    /// Whether it is accepted depends on its placeholders.
    DependsOnPlaceholders,
    /// It cannot be read, so it never reaches a cluster.
    Unreadable,
    /// It is not an Istio Gateway.
    Skipped,
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted => Self::Accepted,
            Verdict::Rejected(stage) => Self::Rejected(stage),
            Verdict::DependsOnPlaceholders => Self::DependsOnPlaceholders,
        }
    }
}

pub(super) struct Finding {
    pub(super) rule: RuleId,
    pub(super) severity: Severity,
    /// The field, or "" for the document itself.
    pub(super) path: String,
    pub(super) place: Option<Place>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The source line, for text output.
    pub(super) source: Option<String>,
    /// The document with which this one conflicts.
    pub(super) other: Option<Other>,
    pub(super) fix: Option<Fix>,
}

pub(super) struct Other {
    pub(super) file: usize,
    pub(super) number: usize,
    pub(super) place: Option<Place>,
}

/// From the first character to the one after the last; lines and columns count from 1.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end: Option<(usize, usize)>,
}

impl Place {
    pub(super) fn new(start: Position, end: Option<Position>) -> Self {
        Self {
            line: start.line,
            column: start.column,
            end: end.filter(|end| *end > start).map(|end| (end.line, end.column)),
        }
    }
}

impl Finding {
    pub(super) fn new(found: Diagnostic) -> Self {
        Self {
            rule: found.rule,
            severity: found.severity,
            path: if found.path.is_root() { String::new() } else { found.path.to_string() },
            place: found.position.map(|start| Place::new(start, found.end)),
            message: found.message,
            help: found.help,
            source: None,
            other: None,
            fix: found.fix,
        }
    }

    /// A finding that refers to another document.
    pub(super) fn across(found: SetFinding) -> Self {
        let other = found.other.map(|other| Other {
            file: other.file,
            number: other.document,
            place: other.position.map(|start| Place::new(start, None)),
        });
        Self { other, ..Self::new(found.diagnostic) }
    }
}
