//! Collects findings and their locations.

use std::collections::{HashMap, HashSet};

use super::{
    Placeholder, Report, Stage,
    fixes::{self, Proposal, Proposed},
};
use crate::{
    Diagnostic, FieldPath, Fix, Severity,
    diagnostic::Step as PathStep,
    is_placeholder,
    rule::{self, RuleId},
    sort,
    tree::{Ref, Tree, locate},
};

pub(super) type Node<'t> = Ref<'t, 't>;

/// A location in a document: a field, present or not, or an item of a sequence. A linked list on the
/// stack, which is rendered only for a finding.
#[derive(Clone, Copy)]
pub(super) struct Location<'p, 't> {
    up: Option<&'p Location<'p, 't>>,
    step: Step<'p>,
    key: Option<Node<'t>>,
    pub(super) node: Option<Node<'t>>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p, 't> Location<'p, 't> {
    pub(super) fn root(node: Node<'t>) -> Self {
        Self { up: None, step: Step::Root, key: None, node: Some(node) }
    }

    /// A field whose key and value are known.
    pub(super) fn entry(&'p self, key: Node<'t>, value: Node<'t>) -> Self {
        Self { up: Some(self), step: Step::Key(key.text()), key: Some(key), node: Some(value) }
    }

    /// The key of a field, without its value.
    pub(super) fn key(&'p self, key: Node<'t>) -> Self {
        Self { up: Some(self), step: Step::Key(key.text()), key: Some(key), node: None }
    }

    /// A field by its name, present or not. A null counts as present.
    pub(super) fn field(&'p self, name: &'p str) -> Self {
        let entry =
            self.node.and_then(|node| node.entries().filter(|(k, _)| k.text() == name).last());
        let (key, node) = entry.unzip();
        Self { up: Some(self), step: Step::Key(name), key, node }
    }

    /// An item of this sequence.
    pub(super) fn item(&'p self, index: usize, node: Option<Node<'t>>) -> Self {
        Self { up: Some(self), step: Step::Index(index), key: None, node }
    }

    /// The items of this sequence.
    pub(super) fn items(&'p self) -> impl Iterator<Item = Location<'p, 't>> {
        let nodes = self.node.into_iter().flat_map(Ref::items);
        nodes.enumerate().map(|(index, node)| self.item(index, Some(node)))
    }

    /// Whether the field is present and not null.
    pub(super) fn is_set(&self) -> bool {
        self.node.is_some_and(|node| !node.is_null())
    }

    /// The name of the field, of an item that of its sequence.
    pub(super) fn name(&self) -> &'p str {
        let mut place = Some(self);
        while let Some(at) = place {
            if let Step::Key(name) = at.step {
                return name;
            }
            place = at.up;
        }
        ""
    }

    pub(super) fn path(&self) -> FieldPath {
        let mut steps = Vec::with_capacity(8);
        let mut place = Some(self);
        while let Some(at) = place {
            match at.step {
                Step::Root => {}
                Step::Key(key) => steps.push(PathStep::Key(key.to_owned())),
                Step::Index(index) => steps.push(PathStep::Index(index)),
            }
            place = at.up;
        }
        steps.into_iter().rev().collect()
    }

    /// The path as the API server writes it: keys are never quoted.
    pub(super) fn plain_path(&self) -> String {
        let mut text = String::new();
        for step in self.path().steps() {
            match step {
                PathStep::Index(index) => text.push_str(&format!("[{index}]")),
                PathStep::Key(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(key);
                }
            }
        }
        text
    }

    /// The bytes to underline: a scalar, the key of a larger value, or the closest parent.
    pub(super) fn span(&self) -> (usize, usize) {
        let mut place = Some(self);
        while let Some(at) = place {
            let is_scalar = at.node.is_some_and(|node| !node.is_mapping() && !node.is_sequence());
            let shown = if is_scalar { at.node } else { at.key };
            if let Some(node) = shown.or(at.node) {
                let span = node.span();
                return (span.start, if shown.is_some() { span.end } else { span.start });
            }
            place = at.up;
        }
        (0, 0)
    }

    /// The bytes of the key, if there is one.
    fn key_span(&self) -> (usize, usize) {
        match self.key {
            Some(key) => (key.span().start, key.span().end),
            None => self.span(),
        }
    }
}

/// Where a finding is, and how it may be repaired.
struct Mark {
    span: (usize, usize),
    proposal: Option<Proposal>,
}

impl Mark {
    fn at(span: (usize, usize)) -> Self {
        Self { span, proposal: None }
    }
}

/// All findings so far, in the order in which they were found.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Diagnostic>,
    marks: Vec<Mark>,
    omitted: usize,
    rejected_by: Option<Stage>,
    has_schema_errors: bool,
    /// Whether the API server cannot decode the document. It reports nothing else then.
    is_undecoded: bool,
    /// The values with a placeholder, and their bytes.
    placeholders: Vec<(FieldPath, (usize, usize))>,
    /// Whether the value of a placeholder decides whether a cluster accepts the document.
    depends_on_placeholders: bool,
}

impl Findings {
    pub(super) fn error(
        &mut self,
        rule: RuleId,
        place: &Location<'_, '_>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        let stage = stage(rule);
        if stage == Stage::Schema {
            let value = place.node.or(place.key).and_then(Ref::as_str);
            if value.is_some_and(is_placeholder) {
                return self.placeholder(place, true);
            }
            self.has_schema_errors = true;
        }
        self.rejected_by = Some(self.rejected_by.map_or(stage, |by| by.min(stage)));
        self.add(rule, Severity::Error, place, place.span(), message.into(), help.into());
    }

    pub(super) fn warning(
        &mut self,
        rule: RuleId,
        place: &Location<'_, '_>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add(rule, Severity::Warning, place, place.span(), message.into(), help.into());
    }

    pub(super) fn note(
        &mut self,
        rule: RuleId,
        place: &Location<'_, '_>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add(rule, Severity::Note, place, place.span(), message.into(), help.into());
    }

    /// A warning about a field's name.
    pub(super) fn about_key(
        &mut self,
        rule: RuleId,
        place: &Location<'_, '_>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add(rule, Severity::Warning, place, place.key_span(), message.into(), help.into());
    }

    /// An error about a field's name.
    pub(super) fn error_about_key(
        &mut self,
        rule: RuleId,
        place: &Location<'_, '_>,
        message: String,
        help: Option<String>,
    ) {
        let stage = stage(rule);
        self.rejected_by = Some(self.rejected_by.map_or(stage, |by| by.min(stage)));
        self.add(rule, Severity::Error, place, place.key_span(), message, help);
    }

    /// A finding of strict field validation about a field's name, by its path.
    pub(super) fn about_path(
        &mut self,
        rule: RuleId,
        path: FieldPath,
        key: Node<'_>,
        message: String,
        is_error: bool,
        help: Option<String>,
    ) {
        let (mut severity, mut message) = (Severity::Warning, message);
        if is_error {
            let stage = stage(rule);
            self.rejected_by = Some(self.rejected_by.map_or(stage, |by| by.min(stage)));
            severity = Severity::Error;
            message.insert_str(0, "strict decoding error: ");
        }
        if self.is_full() {
            self.omitted += 1;
            return;
        }
        self.found.push(Diagnostic { help, ..Diagnostic::new(rule, severity, path, message) });
        self.marks.push(Mark::at((key.span().start, key.span().end)));
    }

    fn add(
        &mut self,
        rule: RuleId,
        severity: Severity,
        place: &Location<'_, '_>,
        span: (usize, usize),
        message: String,
        help: Option<String>,
    ) {
        if self.is_full() {
            self.omitted += 1;
            return;
        }
        let path = place.path();
        self.found.push(Diagnostic { help, ..Diagnostic::new(rule, severity, path, message) });
        self.marks.push(Mark::at(span));
    }

    /// Proposes how to repair what is about to be found.
    pub(super) fn with_fix(
        &mut self,
        proposal: impl Into<Option<Proposal>>,
        find: impl FnOnce(&mut Self),
    ) {
        let first = self.marks.len();
        find(self);
        if let Some(mark) = self.marks.get_mut(first) {
            mark.proposal = proposal.into();
        }
    }

    /// Records a value with a placeholder, and whether it decides the verdict.
    pub(super) fn placeholder(&mut self, place: &Location<'_, '_>, is_deciding: bool) {
        self.depends_on_placeholders |= is_deciding;
        let (path, span) = (place.path(), place.span());
        let is_new = self.placeholders.last().is_none_or(|(last, _)| *last != path);
        if is_new && self.placeholders.len() < Report::MAX_FINDINGS {
            self.placeholders.push((path, span));
        }
    }

    /// Records that a placeholder decides the verdict.
    pub(super) fn depend_on_placeholders(&mut self) {
        self.depends_on_placeholders = true;
    }

    pub(super) fn placeholders(&self) -> impl Iterator<Item = &FieldPath> {
        self.placeholders.iter().map(|(path, _)| path)
    }

    /// Reports the placeholders, if there are any.
    pub(super) fn report_placeholders(&mut self) {
        let Some((path, span)) = self.placeholders.first().cloned() else { return };
        let message = match self.placeholders.len() {
            1 => "this value is a placeholder and is not checked".to_owned(),
            count => format!("{count} values are placeholders and are not checked"),
        };
        let help =
            "render the document first, for example with `helm template . | istio-gateway check -`"
                .to_owned();
        let found = Diagnostic::new(rule::lint::TEMPLATE, Severity::Warning, path, message);
        self.found.insert(0, Diagnostic { help: Some(help), ..found });
        self.marks.insert(0, Mark::at(span));
    }

    /// Notes that the API server cannot decode the document, which takes precedence over all other errors.
    pub(super) fn reject_undecoded(&mut self) {
        self.is_undecoded = true;
    }

    /// Whether the schema rejects the document.
    pub(super) fn has_schema_errors(&self) -> bool {
        self.has_schema_errors
    }

    /// Keeps the findings that the other one has too, at the same location with the same rule. If the
    /// messages differ, they contain unknown values: the rule's title replaces them.
    pub(super) fn keep_common(&mut self, other: &Self) {
        let theirs: HashMap<_, _> = other
            .found
            .iter()
            .zip(&other.marks)
            .map(|(found, mark)| ((found.rule, &found.path), (&found.message, &mark.proposal)))
            .collect();
        let is_error = |found: &&Diagnostic| found.severity == Severity::Error;
        let ours: HashSet<_> =
            self.found.iter().filter(is_error).map(|found| (found.rule, &found.path)).collect();
        let errors = other.found.iter().filter(is_error);
        let mut depends =
            errors.into_iter().any(|found| !ours.contains(&(found.rule, &found.path)));
        let mut rejected_by = None;
        let marks = std::mem::take(&mut self.marks);
        let found = std::mem::take(&mut self.found);
        for (mut found, mut mark) in found.into_iter().zip(marks) {
            let is_error = found.severity == Severity::Error;
            let Some((message, proposal)) = theirs.get(&(found.rule, &found.path)) else {
                depends |= is_error;
                continue;
            };
            if mark.proposal != **proposal {
                mark.proposal = None;
            }
            if **message != found.message
                && let Some(rule) = found.rule.rule()
            {
                rule.title.clone_into(&mut found.message);
            }
            if is_error {
                let stage = stage(found.rule);
                rejected_by = Some(rejected_by.map_or(stage, |by: Stage| by.min(stage)));
            }
            self.found.push(found);
            self.marks.push(mark);
        }
        self.rejected_by = rejected_by;
        self.depends_on_placeholders |= depends || other.depends_on_placeholders;
    }

    /// Appends the findings of another one.
    pub(super) fn append(&mut self, other: Self) {
        self.rejected_by = match (self.rejected_by, other.rejected_by) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        self.omitted += other.omitted;
        for (found, mark) in other.found.into_iter().zip(other.marks) {
            if self.is_full() {
                self.omitted += 1;
            } else {
                self.found.push(found);
                self.marks.push(mark);
            }
        }
    }

    /// Whether the verdict depends on an unknown value.
    pub(super) fn depends(&self) -> bool {
        self.depends_on_placeholders
    }

    /// Appends the findings of another one, except schema errors.
    pub(super) fn add_advice(&mut self, other: Self) {
        if other.rejected_by == Some(Stage::FieldValidation) {
            self.rejected_by = other.rejected_by;
        }
        let advice = other.found.into_iter().zip(other.marks);
        let is_advice = |found: &Diagnostic| {
            found.severity != Severity::Error || stage(found.rule) == Stage::FieldValidation
        };
        for (found, mark) in advice.filter(|(found, _)| is_advice(found)) {
            if self.is_full() {
                self.omitted += 1;
            } else {
                self.found.push(found);
                self.marks.push(mark);
            }
        }
    }

    fn fixes(&self, tree: &Tree<'_>, root: Node<'_>) -> Vec<(usize, Fix)> {
        let all = self.found.iter().zip(&self.marks).enumerate();
        let proposed = all.filter_map(|(finding, (found, mark))| {
            let proposal = mark.proposal.as_ref()?;
            Some(Proposed { finding, path: &found.path, span: mark.span, proposal })
        });
        fixes::fixes(tree, root, &proposed.collect::<Vec<_>>(), &self.found)
    }

    /// Whether no more findings are kept.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= Report::MAX_FINDINGS
    }

    /// The number of findings.
    pub(super) fn len(&self) -> usize {
        self.found.len() + self.omitted
    }

    /// The report on the object at a node, with the fixes that hold.
    pub(super) fn finish(
        mut self,
        tree: &Tree<'_>,
        root: Node<'_>,
        mut pruned: Vec<FieldPath>,
    ) -> Report {
        for (index, fix) in self.fixes(tree, root) {
            if let Some(found) = self.found.get_mut(index) {
                found.fix = Some(fix);
            }
        }
        let Self { found, marks, .. } = &mut self;
        let spans: Vec<_> = marks.iter().map(|mark| mark.span).collect();
        locate(tree, &spans, &mut |index, position, is_end| {
            if let Some(found) = found.get_mut(index) {
                *if is_end { &mut found.end } else { &mut found.position } = Some(position);
            }
        });
        sort::sort_and_dedup(&mut pruned);
        let spans: Vec<_> = self.placeholders.iter().map(|(_, span)| *span).collect();
        let mut places = vec![None; spans.len()];
        locate(tree, &spans, &mut |index, position, is_end| {
            if let (Some(place), false) = (places.get_mut(index), is_end) {
                *place = Some(position);
            }
        });
        let paths = std::mem::take(&mut self.placeholders).into_iter().map(|(path, _)| path);
        let placeholders = paths.zip(places);
        let placeholders = placeholders.map(|(path, position)| Placeholder { path, position });
        let rejected_by = if self.is_undecoded { Some(Stage::Schema) } else { self.rejected_by };
        let Self { found: findings, omitted, depends_on_placeholders, .. } = self;
        Report {
            findings,
            pruned,
            omitted,
            placeholders: placeholders.collect(),
            rejected_by,
            depends_on_placeholders,
        }
    }
}

/// The stage that rejects a document because of a rule.
fn stage(rule: RuleId) -> Stage {
    match rule.group() {
        "field-validation" => Stage::FieldValidation,
        "schema" => Stage::Schema,
        "cel" => Stage::Cel,
        _ => Stage::Webhook,
    }
}
