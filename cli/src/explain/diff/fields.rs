//! Which fields of a server are not as they were.

use std::collections::{BTreeSet, HashMap};

use istio_gateway::{FieldPath, Server, diagnostic::Step, json};
use serde::Serialize;
use serde_json::Value;

use super::pair::{Pair, Side, Stored};
use crate::{gateways::server_path, text::shown};

/// A field that is not as it was, or that one of the two files has without effect.
#[derive(Serialize)]
pub(in crate::explain) struct ChangedField {
    /// From the server: `tls.mode`; `spec.selector` is the Gateway's.
    pub(in crate::explain) field: String,
    /// Where it is; null where it is not.
    pub(in crate::explain) old_line: Option<usize>,
    pub(in crate::explain) new_line: Option<usize>,
    /// Under which name the API server drops it from the old or the new file, if it does.
    pub(in crate::explain) pruned: Option<String>,
}

impl ChangedField {
    /// `tls.mode (line 9 -> line 12)`
    pub(in crate::explain) fn sentence(&self) -> String {
        let Self { field, old_line, new_line, pruned } = self;
        let line = |line: &Option<usize>| {
            line.map_or_else(|| "unset".to_owned(), |line| format!("line {line}"))
        };
        let pruned = pruned.as_ref().map(|pruned| format!("; {pruned}")).unwrap_or_default();
        format!("{} ({} -> {}{pruned})", shown(field), line(old_line), line(new_line))
    }
}

/// Of each pair, for whose positions each file is read once.
pub(super) fn find_changed_fields(pairs: &[&Pair<'_>]) -> Vec<Vec<ChangedField>> {
    let mut places = Places::default();
    let mut all: Vec<Vec<ChangedField>> = Vec::with_capacity(pairs.len());
    for (i, pair) in pairs.iter().enumerate() {
        let (Some(old), Some(new)) = (&pair.old, &pair.new) else {
            all.push(Vec::new());
            continue;
        };
        let mut fields = Vec::new();
        for (path, is_old, is_new) in changed(old, new) {
            let at = (i, fields.len());
            let full = |side: &Side<'_>| match path.steps().first() {
                Some(Step::Key(spec)) if spec == "spec" => path.clone(),
                _ => server_path(side.index).steps().iter().chain(path.steps()).cloned().collect(),
            };
            let (was, is): (FieldPath, FieldPath) = (full(old), full(new));
            let pruned = pruned(old, &was, "old").or_else(|| pruned(new, &is, "new"));
            if is_old {
                places.ask(old.gateway, was, at, true);
            }
            if is_new {
                places.ask(new.gateway, is, at, false);
            }
            let field = path.to_string();
            fields.push(ChangedField { field, old_line: None, new_line: None, pruned });
        }
        all.push(fields);
    }
    places.find(|(pair, field), is_old, line| {
        if let Some(field) = all.get_mut(pair).and_then(|fields| fields.get_mut(field)) {
            *if is_old { &mut field.old_line } else { &mut field.new_line } = Some(line);
        }
    });
    all
}

/// The field of a name that the API server drops, if it was meant to be the one of this path.
fn pruned(side: &Side<'_>, path: &FieldPath, which: &str) -> Option<String> {
    let (Step::Key(name), above) = path.steps().split_last()? else { return None };
    let found = side.gateway.judgement.pruned.iter().find(|found| {
        let steps = found.path.steps();
        // The finding's help names the field that is meant.
        let is_meant =
            || found.help.as_ref().is_some_and(|help| help.contains(&format!("{name:?}")));
        steps.split_last().is_some_and(|(_, others)| others == above) && is_meant()
    })?;
    let line = found.position.map(|place| format!(" in line {}", place.line)).unwrap_or_default();
    let written = match found.path.steps().last() {
        Some(Step::Key(written)) => written,
        _ => "",
    };
    Some(format!("the {which} file has {written}{line}, which the API server drops"))
}

/// The paths of values that are not the same, and on which sides they are.
fn changed(old: &Side<'_>, new: &Side<'_>) -> Vec<(FieldPath, bool, bool)> {
    let mut found = Vec::new();
    if old.server != new.server {
        let value = |server: &Server| serde_json::from_str(&json::to_string(server)).ok();
        let (was, is): (Option<Value>, Option<Value>) = (value(old.server), value(new.server));
        compare(was.as_ref(), is.as_ref(), &FieldPath::root(), &mut found);
    }
    if old.spec.selector != new.spec.selector {
        let is_set = |side: &Side<'_>| !side.spec.selector.is_empty();
        let path = FieldPath::root().key("spec").key("selector");
        found.push((path, is_set(old), is_set(new)));
    }
    found
}

fn compare(
    old: Option<&Value>,
    new: Option<&Value>,
    path: &FieldPath,
    found: &mut Vec<(FieldPath, bool, bool)>,
) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                compare(old.get(key), new.get(key), &path.clone().key(key), found);
            }
        }
        (old, new) if old != new => found.push((path.clone(), old.is_some(), new.is_some())),
        _ => {}
    }
}

/// A field of a pair.
type At = (usize, usize);

/// A Gateway, and the fields of it whose positions are requested.
type Requested<'a> = (Option<&'a Stored>, Vec<FieldPath>, Vec<(At, bool)>);

/// Positions to be found, by Gateway.
#[derive(Default)]
struct Places<'a> {
    requested: HashMap<*const Stored, Requested<'a>>,
}

impl<'a> Places<'a> {
    fn ask(&mut self, gateway: &'a Stored, path: FieldPath, at: At, is_old: bool) {
        let (of, paths, whose) = self.requested.entry(std::ptr::from_ref(gateway)).or_default();
        *of = Some(gateway);
        paths.push(path);
        whose.push((at, is_old));
    }

    fn find(self, mut found: impl FnMut(At, bool, usize)) {
        for (gateway, paths, whose) in self.requested.into_values() {
            let places = gateway.map(|gateway| gateway.manifest.positions(&paths));
            for (place, (at, is_old)) in places.into_iter().flatten().zip(whose) {
                if let Some(place) = place {
                    found(at, is_old, place.line);
                }
            }
        }
    }
}
