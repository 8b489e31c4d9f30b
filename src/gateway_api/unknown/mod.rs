//! What of a set is unknown: values with placeholders, and values of a wrong type.
//!
//! Such a Gateway is checked and translated several times with other values instead. Only the findings
//! of every run are kept: they hold whatever the values are, so that rules need no list of the fields that
//! they depend on. Listeners that may depend on a placeholder have no answer.
//!
//! Another object with placeholders is left out of the set. Gateways are translated without it, and as if it
//! could be used: only what is the same in both is known.

mod fill;
mod objects;
mod scope;

pub(super) use objects::{Assumed, CHILD, UnknownObjects, matters};

use std::collections::HashMap;

use self::{fill::write_filled, scope::Scope};
use super::{
    Context, Conversion, ConvertedListener, ConvertedListenerSet, ListenerOutcome, Options,
    Resources,
    documents::read as read_object,
    input::{FromTree, Gateway},
    schema::{self, Judged, Resource},
    verdict_cache::VerdictCache,
};
use crate::{
    Diagnostic, Error, FieldPath, PlaceholderValue,
    diagnostic::Step,
    placeholder::find_placeholders,
    tree::{self, Ref, Tree},
};

/// An object with other values instead of unknown ones.
#[derive(Clone, Debug)]
pub(super) struct Variants<T> {
    /// With examples. Empty if nothing is unknown.
    pub(super) filled: Vec<T>,
    /// The paths of the unknown values.
    pub(super) unknown: Vec<FieldPath>,
    pub(super) placeholders: Vec<PlaceholderValue>,
    pub(super) judged: Judged,
}

/// Reads and judges an object. In the first result strings are as they are written, and other unknown values
/// are replaced.
///
/// # Errors
/// An object that cannot be read whatever its unknown values are.
pub(super) fn read<T: FromTree>(
    resource: &Resource,
    version: &str,
    tree: &Tree<'_>,
    node: Ref<'_, '_>,
) -> Result<(T, Variants<T>), Error> {
    let (mut written, mut filled) = (T::default(), Vec::new());
    let mut keep = |tree: &Tree<'_>, node: Ref<'_, '_>, is_example: bool| {
        let object: T = read_object(tree, node, &FieldPath::root())?;
        match is_example {
            true => filled.push(object),
            false => written = object,
        }
        Ok(())
    };
    let (unknown, placeholders, judged) = read_with(resource, version, tree, node, &mut keep)?;
    Ok((written, Variants { filled, unknown, placeholders, judged }))
}

/// Gives the object, and then examples of it, to a function. Returns the paths of the unknown values, the
/// placeholders, and the findings.
fn read_with(
    resource: &Resource,
    version: &str,
    tree: &Tree<'_>,
    node: Ref<'_, '_>,
    keep: &mut dyn FnMut(&Tree<'_>, Ref<'_, '_>, bool) -> Result<(), Error>,
) -> Result<(Vec<FieldPath>, Vec<PlaceholderValue>, Judged), Error> {
    let placeholders = find_placeholders(node, FieldPath::root());
    let mut judged = schema::judge(resource, version, node);
    let mut unknown = Unknown { resource, texts: HashMap::new(), values: Vec::new() };
    for value in &placeholders {
        unknown.add(value.path.clone(), Some(&value.text));
    }
    judged.wrong_types.iter().for_each(|path| unknown.add(path.clone(), None));
    let mut written = match unknown.values.is_empty() {
        true => keep(tree, node, false),
        false => unknown.read(node, keep),
    };
    // Values of a wrong type that the schema does not check: those of the metadata.
    const MOST: usize = 20;
    for _ in 0..MOST {
        if written.is_ok() {
            break;
        }
        written = unknown.read(node, keep);
        let found = written.as_ref().err().and_then(|error| error.diagnostics().first());
        let Some(found) = found.filter(|found| !unknown.has(&found.path)) else { break };
        judged.findings.push(found.clone());
        let path = found.path.clone();
        unknown.add(path, None);
    }
    written?;
    for turn in 0..schema::EXAMPLES {
        if unknown.values.is_empty() {
            break;
        }
        let json = unknown.fill(node, Some(turn));
        let tree = tree::from_checked_json(&json)?;
        keep(&tree, tree.root(), true)?;
        if !placeholders.is_empty() {
            // A finding about a value of a wrong type stays.
            let mut other = schema::judge(resource, version, tree.root());
            let own = judged.findings.iter();
            let about_type = own.filter(|found| unknown.is_wrong_type(&found.path));
            other.findings.extend(about_type.cloned());
            judged.keep_common(&other);
        }
    }
    let paths = unknown.values.iter().map(|(path, ..)| path.clone()).collect();
    Ok((paths, placeholders, judged))
}

/// The unknown values of an object.
struct Unknown<'a> {
    resource: &'a Resource,
    /// A number for each text: the same placeholder has the same value.
    texts: HashMap<&'a str, usize>,
    /// The path, the number, and whether it is a placeholder.
    values: Vec<(FieldPath, usize, bool)>,
}

impl<'a> Unknown<'a> {
    fn add(&mut self, path: FieldPath, text: Option<&'a str>) {
        let next = self.values.len();
        let number = text.map_or(next, |text| *self.texts.entry(text).or_insert(next));
        self.values.push((path, number, text.is_some()));
    }

    fn has(&self, path: &FieldPath) -> bool {
        self.values.iter().any(|(other, ..)| other == path)
    }

    fn is_wrong_type(&self, path: &FieldPath) -> bool {
        self.values.iter().any(|(other, _, is_placeholder)| !is_placeholder && other == path)
    }

    /// The object in JSON with examples of a turn, or with its strings as they are written.
    fn fill(&self, node: Ref<'_, '_>, turn: Option<usize>) -> String {
        let values = self.values.iter().filter_map(|(path, number, is_placeholder)| {
            let steps = path.steps();
            let is_kept = turn.is_none() && schema::is_text(self.resource, steps);
            if *is_placeholder && is_kept {
                return None;
            }
            let is_metadata = matches!(steps, [Step::Key(key), ..] if key == "metadata");
            let value = match is_metadata && !is_placeholder {
                true => "null".to_owned(),
                false => schema::example(self.resource, steps, *number, turn.unwrap_or(0)),
            };
            Some((path.clone(), value))
        });
        let mut json = String::new();
        write_filled(node, &FieldPath::root(), &values.collect(), &mut json);
        json
    }

    fn read(
        &self,
        node: Ref<'_, '_>,
        keep: &mut dyn FnMut(&Tree<'_>, Ref<'_, '_>, bool) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let json = self.fill(node, None);
        let tree = tree::from_checked_json(&json)?;
        keep(&tree, tree.root(), false)
    }
}

/// Translates a Gateway of a set. `is_replaced` is whether there is a later one of the same name.
pub(super) fn convert<R: Resources + ?Sized>(
    (written, variants, is_replaced): (&Gateway, &Variants<Gateway>, bool),
    resources: &R,
    objects: &UnknownObjects,
    options: &Options,
    cache: &VerdictCache,
) -> Conversion {
    let Variants { filled, unknown, placeholders, judged } = variants;
    let mut diagnostics = judged.findings.clone();
    // The work of the scope is quadratic.
    let scope = match judged.is_too_large() {
        true => Scope::default(),
        false => Scope::new(written, unknown, placeholders),
    };
    let context = |gateway, are_usable| {
        let (objects, listeners) = (Some(objects), &scope.listeners);
        let assumed = Assumed { objects, are_usable, listeners, is_replaced };
        Context { gateway, set: None, resources, options, cache, assumed }
    };
    if judged.is_too_large() {
        return context(written, false).without_answer(diagnostics);
    }
    let run = |gateway, are_usable| context(gateway, are_usable).convert();
    let again = |gateway, are_usable| cache.again(|| run(gateway, are_usable));
    let mut answer = run(written, false);
    let other = (!objects.is_empty()).then(|| again(written, true));
    let mut found = std::mem::take(&mut answer.diagnostics);
    let mut runs = filled.iter().enumerate().map(|(turn, gateway)| again(gateway, turn % 2 == 1));
    if let Some(first) = runs.next() {
        found = first.diagnostics;
        found.retain(|found| !unknown.iter().any(|path| is_about(found, path)));
        runs.for_each(|run| schema::keep_common(&mut found, &run.diagnostics));
    }
    if let Some(other) = &other {
        schema::keep_common(&mut found, &other.diagnostics);
    }
    diagnostics.extend(scope.found.iter().cloned());
    diagnostics.extend(found);
    if judged.is_rejected() {
        return context(written, false).without_answer(diagnostics);
    }
    let other = other.as_ref().unwrap_or(&answer);
    let (namespace, name) = written.metadata.identity();
    // What is unknown of a ListenerSet with the name of the Gateway may matter to this.
    let has_namesake = objects.may_be("ListenerSet", namespace, name);
    let has_child = objects.may_be(CHILD, namespace, name);
    let listener_sets = sets(&answer, other, scope.is_sets || has_child);
    let is_unknown = scope.is_all
        || has_child && has_namesake
        || answer.listeners.len() != other.listeners.len();
    let depends: Vec<bool> = match is_unknown {
        true => vec![true; written.spec.listeners.len()],
        false => {
            let both = answer.listeners.iter().zip(&other.listeners).enumerate();
            both.map(|(index, (one, two))| {
                scope.listeners.binary_search(&index).is_ok() || one != two
            })
            .collect()
        }
    };
    let has_conditions = !is_unknown
        && !scope.is_gateway
        && !depends.contains(&true)
        && answer.conditions == other.conditions;
    if !has_conditions {
        answer.conditions.clear();
    }
    let mut known = answer.listeners.into_iter();
    let listeners = depends.into_iter().zip(&written.spec.listeners).map(|(depends, listener)| {
        let own = known.next();
        own.filter(|_| !depends).unwrap_or_else(|| ConvertedListener {
            name: listener.name.clone(),
            outcome: ListenerOutcome::DependsOnPlaceholders,
            conditions: Vec::new(),
        })
    });
    let (listeners, conditions) = (listeners.collect(), answer.conditions);
    Conversion { listeners, listener_sets, conditions, diagnostics }
}

/// The answers for `ListenerSet`s that are the same in both runs.
fn sets(one: &Conversion, other: &Conversion, are_unknown: bool) -> Vec<ConvertedListenerSet> {
    let known = |set: &ConvertedListenerSet| {
        let mut set = set.clone();
        let is_same = |other: &&ConvertedListenerSet| {
            (&other.namespace, &other.name) == (&set.namespace, &set.name)
        };
        let other = other.listener_sets.iter().find(is_same);
        let mut is_known = !are_unknown;
        for listener in &mut set.listeners {
            let mut others = other.into_iter().flat_map(|set| &set.listeners);
            if are_unknown || !others.any(|other| other == listener) {
                listener.outcome = ListenerOutcome::DependsOnPlaceholders;
                listener.conditions.clear();
                is_known = false;
            }
        }
        match other {
            Some(other) if is_known && other.conditions == set.conditions => {
                schema::keep_common(&mut set.diagnostics, &other.diagnostics);
            }
            _ => {
                set.conditions.clear();
                set.diagnostics.clear();
            }
        }
        set
    };
    one.listener_sets.iter().map(known).collect()
}

/// Whether a finding may be due to the value at a path, or to the example instead of it.
fn is_about(found: &Diagnostic, path: &FieldPath) -> bool {
    let is_identity = matches!(path.steps(), [_, _, Step::Index(_), Step::Key(key)]
        if matches!(key.as_str(), "hostname" | "name" | "port"));
    found.path.starts_with(path) || path.starts_with(&found.path) && !is_identity
}
