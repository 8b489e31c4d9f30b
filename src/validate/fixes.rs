//! How to repair what a finding is about: changes of the document by path, and the edits of the text that
//! make them.
//!
//! A rule proposes a change of the value at its finding's path. Where it stands in the text is known from the
//! finding's span. Both are tried against each other: the edited text is read again, and must be the document
//! with the changed values and nothing else. What does not hold (an anchor that is used elsewhere, a layout that
//! is not understood) is not reported as a fix.

use std::collections::HashMap;

use super::findings::Node;
use crate::{
    Diagnostic, FieldPath, Position, Severity,
    diagnostic::Step,
    fix::{Applicability, Fix, TextEdit},
    manifest, sort, tree,
    tree::{Edit, Finder, Kind, Ref, Tree, write_json},
};

/// What is to become of the value of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Another name of the field.
    Rename(&'static str),
    /// Another scalar, as JSON.
    Set(String),
    /// The field or item is removed.
    Remove,
    /// Items of the sequence are removed.
    RemoveItems(Vec<usize>),
    /// Of a field that is written more than once, all but the last one are removed.
    RemoveEarlier,
}

/// What a cluster does after a change that it did not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing, or a default of Envoy is named explicitly.
    Same,
    /// What was meant takes effect.
    Intended,
    /// It takes effect, and the gateway may accept what its defaults reject.
    Weaker,
}

/// A change that a rule proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) change: Change,
    pub(super) effect: Effect,
}

impl Proposal {
    pub(super) fn same(change: Change) -> Self {
        Self { change, effect: Effect::Same }
    }

    /// Another name for a field with this value, which has no effect under its own name.
    pub(super) fn rename(name: &'static str, value: Option<Node<'_>>) -> Self {
        let is_weaker = value.is_none_or(|value| may_weaken(name, value));
        Self { change: Change::Rename(name), effect: Effect::intended(is_weaker) }
    }

    /// A string instead of the value of a field.
    pub(super) fn set_text(field: &str, text: &str) -> Self {
        let mut json = String::new();
        tree::write_text(text, &mut json);
        let effect = Effect::intended(weakens(&folded(field), text));
        Self { change: Change::Set(json), effect }
    }

    /// Another scalar, as JSON, instead of the value of a field.
    pub(super) fn set(field: &str, json: String) -> Self {
        let effect = Effect::intended(weakens(&folded(field), &json));
        Self { change: Change::Set(json), effect }
    }

    /// An error has no behavior to keep: the cluster rejects the document because of it.
    fn applicability(&self, severity: Severity) -> Applicability {
        match self.effect {
            Effect::Same => Applicability::Safe,
            Effect::Intended if severity == Severity::Error => Applicability::Safe,
            Effect::Intended | Effect::Weaker => Applicability::Unsafe,
        }
    }

    fn title(&self) -> String {
        match &self.change {
            Change::Rename(name) => format!("rename to {name}"),
            Change::Set(json) => format!("write {json}"),
            Change::Remove => "remove it".to_owned(),
            Change::RemoveItems(_) => "keep one of each".to_owned(),
            Change::RemoveEarlier => "keep the last one".to_owned(),
        }
    }
}

impl Effect {
    fn intended(is_weaker: bool) -> Self {
        if is_weaker { Self::Weaker } else { Self::Intended }
    }
}

/// The suites that Envoy's gateways offer by default.
pub(super) const DEFAULT_SUITES: usize = 6;

/// Whether a setting may let the gateway accept what its defaults reject. `field` is folded.
fn weakens(field: &str, value: &str) -> bool {
    match field {
        "insecureskipverify" => value != "false",
        "minprotocolversion" => matches!(value, "TLSV1_0" | "TLSV1_1"),
        "maxprotocolversion" => !matches!(value, "TLSV1_3" | "TLS_AUTO"),
        "ciphersuites" => !is_default_suite(value),
        _ => false,
    }
}

pub(super) fn is_default_suite(suite: &str) -> bool {
    crate::ciphers::NAMES.iter().take(DEFAULT_SUITES).any(|name| *name == suite)
}

/// Whether a field, or any field within its value, may weaken what the gateway enforces.
fn may_weaken(name: &str, value: Node<'_>) -> bool {
    // The items of a sequence have its name.
    let mut open = vec![(folded(name), value)];
    while let Some((name, node)) = open.pop() {
        match node.kind() {
            Kind::Mapping => {
                open.extend(node.entries().map(|(key, value)| (folded(key.text()), value)));
            }
            Kind::Sequence => open.extend(node.items().map(|item| (name.clone(), item))),
            _ if weakens(&name, &node.to_text()) => return true,
            _ => {}
        }
    }
    false
}

fn folded(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for letter in name.chars().filter(|c| !matches!(c, '_' | '-')) {
        folded.extend(letter.to_lowercase());
    }
    folded
}

/// The part of a finding that decides where its fix is.
pub(super) struct Proposed<'f> {
    /// The index of the finding.
    pub(super) finding: usize,
    pub(super) path: &'f FieldPath,
    pub(super) span: (usize, usize),
    pub(super) proposal: &'f Proposal,
}

/// A proposal with its edits: the bytes of the text and what replaces them.
struct Candidate<'f> {
    proposed: &'f Proposed<'f>,
    edits: Vec<((usize, usize), String)>,
}

/// The fixes that hold, with the findings' indexes. `root` is the object, which may be an item of a list.
pub(super) fn fixes(
    tree: &Tree<'_>,
    root: Node<'_>,
    proposed: &[Proposed<'_>],
    found: &[Diagnostic],
) -> Vec<(usize, Fix)> {
    let Some(text) = tree.text().filter(|_| !proposed.is_empty()) else { return Vec::new() };
    let mut targets: HashMap<_, usize> = HashMap::new();
    for proposed in proposed {
        *targets.entry(target(proposed)).or_default() += 1;
    }
    let mut finder = Finder::new(root);
    let candidates = proposed.iter().filter_map(|proposed| {
        // Which of two fields is meant by a name that both resemble is not known.
        let is_certain = targets.get(&target(proposed)) == Some(&1)
            || !matches!(proposed.proposal.change, Change::Rename(_));
        let is_json = tree.lends_unescaped();
        let edits = edits(text, &mut finder, proposed, is_json)?;
        // A repeated collection has findings, too, and its path is that of the last one.
        (is_certain && !edits.is_empty()).then_some(Candidate { proposed, edits })
    });
    let candidates: Vec<_> = candidates.collect();
    let Some(trial) = Trial::new(tree, root, text) else { return Vec::new() };
    let kept = trial.largest(&candidates);
    let mut ends: Vec<(usize, usize)> = Vec::new();
    for candidate in &kept {
        ends.extend(candidate.edits.iter().map(|(span, _)| *span));
    }
    sort::sort_and_dedup(&mut ends);
    let mut positions: HashMap<(usize, usize), (Position, Position)> = HashMap::new();
    tree::locate(tree, &ends, &mut |index, position, is_end| {
        let Some(span) = ends.get(index) else { return };
        let (start, end) = positions.entry(*span).or_insert((position, position));
        *if is_end { end } else { start } = position;
    });
    let fix = |candidate: &&Candidate<'_>| {
        let Proposed { finding, proposal, .. } = candidate.proposed;
        let edit = |(span, content): &((usize, usize), String)| {
            let (start, end) = *positions.get(span)?;
            Some(TextEdit { start, end, content: content.clone() })
        };
        let edits = candidate.edits.iter().map(edit).collect::<Option<Vec<_>>>()?;
        let applicability = proposal.applicability(found.get(*finding)?.severity);
        Some((*finding, Fix { applicability, title: proposal.title(), edits }))
    };
    kept.iter().filter_map(fix).collect()
}

/// The mapping and the new name.
fn target<'f>(proposed: &Proposed<'f>) -> (&'f [Step], Option<&'static str>) {
    let steps = proposed.path.steps();
    let parent = steps.get(..steps.len().saturating_sub(1)).unwrap_or_default();
    match proposed.proposal.change {
        Change::Rename(name) => (parent, Some(name)),
        _ => (steps, None),
    }
}

/// The edits of the text that make a change, if its layout is understood.
fn edits(
    text: &str,
    finder: &mut Finder<'_, '_>,
    proposed: &Proposed<'_>,
    is_json: bool,
) -> Option<Vec<((usize, usize), String)>> {
    let (start, end) = proposed.span;
    let source = text.get(start..end)?;
    let quote = source.chars().next().filter(|first| matches!(first, '"' | '\''));
    match &proposed.proposal.change {
        Change::Rename(name) => {
            let quote = quote.map(String::from).unwrap_or_default();
            // The key of an alias is a reference, and a plain key has no break.
            let is_plain = !quote.is_empty() || !source.starts_with(['*', '|', '>', '{', '[', '?']);
            is_plain.then(|| vec![(proposed.span, format!("{quote}{name}{quote}"))])
        }
        Change::Set(json) => {
            let plain = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
            let is_string = matches!(finder.find(proposed.path).kind(), Kind::String(_));
            let new = match (plain, quote) {
                _ if source.starts_with(['|', '>']) || source.is_empty() => return None,
                (Some(plain), Some('\'')) => format!("'{plain}'"),
                // What was a string without quotes is followed by one.
                (Some(plain), None) if is_string && !is_json => plain.to_owned(),
                _ => json.clone(),
            };
            Some(vec![(proposed.span, new)])
        }
        Change::Remove => {
            let (last, parent) = proposed.path.steps().split_last()?;
            let parts = parts(finder.find(&parent.iter().cloned().collect()))?;
            let index = match last {
                Step::Index(index) => *index,
                Step::Key(_) => parts.iter().position(|(at, _)| *at == start)?,
            };
            Some(vec![(removal(text, &parts, index)?, String::new())])
        }
        Change::RemoveItems(items) => {
            let parts = parts(finder.find(proposed.path))?;
            let spans =
                items.iter().map(|index| Some((removal(text, &parts, *index)?, String::new())));
            spans.collect()
        }
        Change::RemoveEarlier => {
            let (last, parent) = proposed.path.steps().split_last()?;
            let Step::Key(name) = last else { return None };
            let parent = finder.find(&parent.iter().cloned().collect());
            let parts = parts(parent)?;
            let keys = parent.inner().step_by(2).enumerate();
            let earlier = keys.filter(|(_, key)| key.text() == name && key.span().start < start);
            let spans = earlier.map(|(index, _)| removal(text, &parts, index));
            Some(
                spans
                    .collect::<Option<Vec<_>>>()?
                    .into_iter()
                    .map(|s| (s, String::new()))
                    .collect(),
            )
        }
    }
}

/// Whether a collection is small enough to be looked at for each finding in it.
pub(super) fn is_small(node: Node<'_>) -> bool {
    const MOST: usize = 1000;
    node.inner().nth(MOST).is_none()
}

/// Where each entry of a mapping, or item of a sequence, begins and ends.
fn parts(node: Node<'_>) -> Option<Vec<(usize, usize)>> {
    let children: Vec<_> = is_small(node).then(|| node.inner().collect())?;
    let width = if node.is_mapping() { 2 } else { 1 };
    let part = |part: &[Node<'_>]| Some((part.first()?.span().start, end_of(*part.last()?)));
    Some(children.chunks(width).filter_map(part).collect())
}

/// Where a node's text ends: a block collection ends with its last child.
fn end_of(node: Node<'_>) -> usize {
    let mut node = node;
    while !node.is_alias() && !node.source().starts_with(['{', '[']) {
        match node.inner().last() {
            Some(last) => node = last,
            None => break,
        }
    }
    node.span().start + node.source().trim_end().len()
}

/// The bytes to remove for one of several entries or items, if no comment is among them or after them.
fn removal(text: &str, parts: &[(usize, usize)], index: usize) -> Option<(usize, usize)> {
    let (start, end) = *parts.get(index)?;
    let has_comment =
        |from: usize, to: usize| text.get(from..to).is_none_or(|gap| gap.contains('#'));
    if let Some((next, _)) = parts.get(index + 1)
        && !has_comment(start, *next)
    {
        return Some((start, *next));
    }
    let (_, previous) = *parts.get(index.checked_sub(1)?)?;
    let line = text.get(end..)?.find('\n').map_or(text.len(), |length| end + length);
    (!has_comment(previous, line)).then_some((previous, end))
}

/// The text of an object by itself, to try changes with.
struct Trial<'t> {
    /// The object's own text, indented as in the document.
    text: String,
    /// How many bytes of the document are before it, and how many of indentation are added.
    offset: usize,
    indent: usize,
    is_json: bool,
    root: Node<'t>,
}

impl<'t> Trial<'t> {
    fn new(tree: &Tree<'_>, root: Node<'t>, text: &str) -> Option<Self> {
        let is_json = tree.lends_unescaped();
        if root.is_same(tree.root()) {
            return Some(Self { text: text.to_owned(), offset: 0, indent: 0, is_json, root });
        }
        let source = root.source();
        let is_flow = source.starts_with('{');
        let indent = if is_flow { 0 } else { root.position()?.column - 1 };
        let text = format!("{}{source}", " ".repeat(indent));
        Some(Self { text, offset: root.span().start, indent, is_json, root })
    }

    /// The most candidates that hold together.
    fn largest<'c>(&self, candidates: &'c [Candidate<'c>]) -> Vec<&'c Candidate<'c>> {
        // A large text is read again only a few times.
        const LARGE: usize = 16 << 20;
        let most = (LARGE / self.text.len().max(1)).clamp(2, 40);
        let mut kept = Vec::new();
        let mut open = vec![candidates];
        for _ in 0..most {
            let Some(next) = open.pop() else { break };
            let all: Vec<_> = kept.iter().copied().chain(next).collect();
            if self.holds(&all) {
                kept = all;
            } else if next.len() > 1 {
                let (left, right) = next.split_at(next.len() / 2);
                open.extend([right, left]);
            }
        }
        kept
    }

    /// Whether the edits of the text are the changes of the document.
    fn holds(&self, candidates: &[&Candidate<'_>]) -> bool {
        let Some(edited) = self.edited(candidates) else { return false };
        let Ok(new) = manifest::tree(&edited, !self.is_json) else { return false };
        let (own, rest) = new.split(&edited);
        let is_whole = self.is_json || own.len() + rest.len() == edited.len();
        is_whole && self.changed(candidates).is_some_and(|json| json == new.root().to_json())
    }

    fn edited(&self, candidates: &[&Candidate<'_>]) -> Option<String> {
        let mut edits: Vec<_> = Vec::new();
        for candidate in candidates {
            edits.extend(&candidate.edits);
        }
        sort::sort_and_dedup(&mut edits);
        let mut edited = String::with_capacity(self.text.len());
        let mut at = 0;
        for ((start, end), content) in edits {
            let within = |offset: usize| Some(offset.checked_sub(self.offset)? + self.indent);
            let (start, end) = (within(*start)?, within(*end)?);
            // `None` if it overlaps the one before.
            edited.push_str(self.text.get(at..start)?);
            edited.push_str(content);
            at = end;
        }
        edited.push_str(self.text.get(at..)?);
        Some(edited)
    }

    /// The document with the changes, as JSON.
    fn changed(&self, candidates: &[&Candidate<'_>]) -> Option<String> {
        let mut values = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            values.push(match &candidate.proposed.proposal.change {
                Change::Set(json) => Some(Tree::from_checked_json(json).ok()?),
                _ => None,
            });
        }
        let changes = candidates.iter().zip(&values).map(|(candidate, value)| {
            let Proposed { path, proposal, .. } = candidate.proposed;
            ChangeAt { path: path.steps(), change: &proposal.change, value: value.as_ref() }
        });
        let changes: Vec<_> = changes.collect();
        let mut json = String::new();
        write_json(&changed(self.root, &changes)?, &mut json);
        Some(json)
    }
}

/// A change of a document, with the rest of its path.
#[derive(Clone, Copy)]
struct ChangeAt<'a> {
    path: &'a [Step],
    change: &'a Change,
    value: Option<&'a Tree<'a>>,
}

/// A value with changes of what is in it.
fn changed<'a>(node: Ref<'a, 'a>, changes: &[ChangeAt<'a>]) -> Option<Edit<'a>> {
    if changes.is_empty() {
        return Some(Edit::Kept(node));
    }
    let mut below: HashMap<&'a Step, Vec<ChangeAt<'a>>> = HashMap::new();
    for change in changes {
        let (step, path) = change.path.split_first()?;
        below.entry(step).or_default().push(ChangeAt { path, ..*change });
    }
    let mut child = |step: &Step, value: Ref<'a, 'a>| -> Option<Changed<'a>> {
        let mut changed = Changed { name: None, edit: Some(Edit::Kept(value)) };
        let Some(all) = below.remove(step) else { return Some(changed) };
        let (own, deeper): (Vec<_>, Vec<_>) = all.iter().partition(|change| change.path.is_empty());
        changed.edit = Some(self::changed(value, &deeper)?);
        for ChangeAt { change, value, .. } in own {
            match change {
                Change::Rename(name) => changed.name = Some(name),
                Change::Set(_) => changed.edit = Some(Edit::Kept(value?.root())),
                Change::Remove => changed.edit = None,
                Change::RemoveItems(items) => {
                    let kept = value_items(changed.edit.take()?, items);
                    changed.edit = Some(Edit::Sequence { origin: None, items: kept });
                }
                Change::RemoveEarlier => {}
            }
        }
        Some(changed)
    };
    if node.is_sequence() {
        let items = node.items().enumerate();
        let items = items.map(|(index, item)| child(&Step::Index(index), item));
        let items = items.collect::<Option<Vec<_>>>()?.into_iter().filter_map(|item| item.edit);
        return Some(Edit::Sequence { origin: None, items: items.collect() });
    }
    let mut entries = Vec::new();
    for (key, value) in node.distinct_entries() {
        let Changed { name, edit } = child(&Step::Key(key.text().to_owned()), value)?;
        entries.extend(edit.map(|edit| (name.unwrap_or(key.text()), edit)));
    }
    Some(Edit::Mapping { origin: None, entries })
}

/// The items of a sequence but those at some indexes.
fn value_items<'a>(sequence: Edit<'a>, without: &[usize]) -> Vec<Edit<'a>> {
    let items = match sequence {
        Edit::Kept(node) => node.items().map(Edit::Kept).collect(),
        Edit::Sequence { items, .. } => items,
        _ => Vec::new(),
    };
    let items = items.into_iter().enumerate();
    items.filter(|(index, _)| !without.contains(index)).map(|(_, item)| item).collect()
}

struct Changed<'a> {
    name: Option<&'a str>,
    edit: Option<Edit<'a>>,
}
