//! Suppressions: which findings the comments of the files allow, and which comments allow none.

use std::{collections::HashMap, sync::Arc};

use istio_gateway::{
    Rule, RuleId, Severity,
    rule::{self, document, lint},
    validate::Suppression,
};

use super::{
    finding::{Finding, Place},
    output::Across,
    policy::is_lint,
};
use crate::{
    rules,
    text::{joined, shown},
};

/// The suppressions of all documents so far.
#[derive(Default)]
pub(super) struct Suppressions {
    /// Whether they have no effect.
    are_ignored: bool,
    /// The number of findings that were suppressed.
    pub(super) allowed: usize,
    texts: Vec<Text>,
    /// The text of a document, by its file and number.
    of: HashMap<(usize, usize), usize>,
}

/// The suppressions of one text, which may be a list of documents.
struct Text {
    file: usize,
    /// The first document of the text.
    number: usize,
    all: Arc<[Suppression]>,
    used: Vec<bool>,
    /// The suppressions of each line, and those of the whole document.
    by_line: HashMap<Option<usize>, Vec<usize>>,
}

impl Text {
    fn new(file: usize, number: usize, all: &Arc<[Suppression]>) -> Self {
        let mut by_line: HashMap<_, Vec<_>> = HashMap::new();
        for (index, suppression) in all.iter().enumerate() {
            by_line.entry(suppression.line).or_default().push(index);
        }
        let used = vec![false; all.len()];
        Self { file, number, all: Arc::clone(all), used, by_line }
    }

    fn allows(&mut self, rule: RuleId, line: Option<usize>) -> bool {
        if !is_lint(rule) {
            return false;
        }
        let mut is_allowed = false;
        // Each one that is about the finding is used.
        for line in [None, line].iter().take(1 + usize::from(line.is_some())) {
            for index in self.by_line.get(line).into_iter().flatten() {
                let suppression = self.all.get(*index).filter(|one| !one.reason.is_empty());
                let is_named =
                    |one: &Suppression| one.rules.iter().any(|name| rule == name.as_str());
                if suppression.is_some_and(is_named) {
                    is_allowed = true;
                    if let Some(used) = self.used.get_mut(*index) {
                        *used = true;
                    }
                }
            }
        }
        is_allowed
    }
}

impl Suppressions {
    pub(super) fn new(are_ignored: bool) -> Self {
        Self { are_ignored, ..Self::default() }
    }

    /// Adds those of a document. Returns what is wrong with them.
    pub(super) fn add(
        &mut self,
        file: usize,
        number: usize,
        all: &Arc<[Suppression]>,
    ) -> Vec<Finding> {
        if all.is_empty() || self.are_ignored {
            return Vec::new();
        }
        let is_last = self.texts.last().is_some_and(|last| Arc::ptr_eq(&last.all, all));
        if !is_last {
            self.texts.push(Text::new(file, number, all));
        }
        self.of.insert((file, number), self.texts.len() - 1);
        if is_last { Vec::new() } else { all.iter().filter_map(problem).collect() }
    }

    /// Whether a finding of a document is suppressed.
    pub(super) fn allow(
        &mut self,
        file: usize,
        number: usize,
        rule: RuleId,
        line: Option<usize>,
    ) -> bool {
        let text = self.of.get(&(file, number)).copied();
        let text = text.and_then(|text| self.texts.get_mut(text));
        let is_allowed = text.is_some_and(|text| text.allows(rule, line));
        self.allowed += usize::from(is_allowed);
        is_allowed
    }

    pub(super) fn are_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Those that suppressed nothing, in the order of the documents.
    pub(super) fn unused(&self) -> impl Iterator<Item = Across> {
        self.texts.iter().flat_map(|text| {
            let all = text.all.iter().zip(&text.used);
            let unused =
                all.filter(|(suppression, used)| !**used && problem(suppression).is_none());
            unused.map(|(suppression, _)| Across {
                file: text.file,
                number: text.number,
                finding: finding(
                    lint::UNUSED_SUPPRESSION,
                    Severity::Warning,
                    suppression,
                    format!("{} is not found here", joined_rules(suppression)),
                    "remove the comment",
                ),
            })
        })
    }
}

fn joined_rules(suppression: &Suppression) -> String {
    let rules: Vec<_> = suppression.rules.iter().map(|rule| shown(rule)).collect();
    joined(&rules.iter().map(String::as_str).collect::<Vec<_>>(), "or")
}

/// Why a suppression has no effect.
fn problem(suppression: &Suppression) -> Option<Finding> {
    let wrong = |message, help: &str| {
        Some(finding(document::SUPPRESSION, Severity::Error, suppression, message, help))
    };
    for name in &suppression.rules {
        match rule::rules().find(|rule| rule.id == name.as_str()) {
            Some(rule) if is_lint(rule.id) => {}
            Some(rule) => {
                let message = format!("{} is the cluster's verdict and cannot be allowed", rule.id);
                return wrong(message, "only rules of lint/ can be allowed");
            }
            None => {
                let near = rules::nearest(name, |rule: &Rule| is_lint(rule.id));
                let help = near.map_or("istio-gateway rules lists all".to_owned(), |near| {
                    format!("did you mean {near}?")
                });
                return wrong(format!("unknown rule {}", shown(name)), &help);
            }
        }
    }
    let help = "write # istio-gateway: allow RULE reason";
    match (suppression.rules.as_slice(), suppression.reason.as_str()) {
        ([], _) => wrong("a suppression without a rule has no effect".to_owned(), help),
        (_, "") => wrong("a suppression without a reason has no effect".to_owned(), help),
        _ => None,
    }
}

fn finding(
    rule: RuleId,
    severity: Severity,
    suppression: &Suppression,
    message: String,
    help: &str,
) -> Finding {
    Finding {
        rule,
        severity,
        path: String::new(),
        place: Some(Place::new(suppression.position, None)),
        message,
        help: Some(help.to_owned()),
        source: None,
        other: None,
        fix: None,
    }
}
