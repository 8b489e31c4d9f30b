//! Pruning: which fields of a value the API server keeps, and which it drops.

use super::{
    number::number,
    shape::{Field, MAX_FIELDS, Shape},
};
use crate::{
    Diagnostic, FieldPath, IstioVersion, Position, RuleId, Severity,
    diagnostic::{Step, nearest},
    json::did_you_mean,
    manifest::Want,
    rule,
    tree::{self, Edit, Ref, write_json, write_text},
};

/// A field that the API server drops before it stores an object (Kubernetes calls it pruning).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrunedField {
    /// The field's path from the document's root, as written.
    pub path: FieldPath,
    /// The position of its name in the text, if there is a text.
    pub position: Option<Position>,
    /// Why it is dropped.
    pub reason: PruneReason,
}

/// Why the API server drops a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PruneReason {
    /// It is not a field of a Gateway.
    Unknown {
        /// The most similar field name, if there is one.
        similar: Option<&'static str>,
    },
    /// The name is in `snake_case`, which istiod reads and the API server does not.
    SnakeCase {
        /// The name that the API server knows.
        name: &'static str,
    },
    /// The release of Istio does not have the field yet.
    Newer {
        /// The release that introduced it.
        since: IstioVersion,
    },
}

impl PruneReason {
    /// Why an object with these fields does not have this one.
    pub(crate) fn of(fields: &'static [Field], name: &str, finds_similar: bool) -> Self {
        if let Some(field) = fields.iter().find(|field| field.name == name) {
            return Self::Newer { since: IstioVersion::of(field.since) };
        }
        if let Some(field) = fields.iter().find(|field| field.snake == name) {
            return Self::SnakeCase { name: field.name };
        }
        Self::unknown(fields.iter().map(|field| field.name), name, finds_similar)
    }

    /// That none of the known names is this one.
    pub(crate) fn unknown(
        known: impl Iterator<Item = &'static str>,
        name: &str,
        finds_similar: bool,
    ) -> Self {
        Self::Unknown { similar: if finds_similar { nearest(name, known) } else { None } }
    }

    /// The rule of the feature `validate` that reports it: `lint/unknown-field`,
    /// `lint/snake-case-field` or `lint/newer-field`.
    #[must_use]
    pub fn rule(self) -> RuleId {
        match self {
            Self::Unknown { .. } => rule::lint::UNKNOWN_FIELD,
            Self::SnakeCase { .. } => rule::lint::SNAKE_CASE_FIELD,
            Self::Newer { .. } => rule::lint::NEWER_FIELD,
        }
    }

    /// The message of the finding, for the custom resource of this release.
    pub(crate) fn message(self, istio: IstioVersion) -> String {
        match self {
            Self::Unknown { .. } => "unknown field: the API server drops it".to_owned(),
            Self::SnakeCase { .. } => {
                "field name in snake_case: the API server drops it".to_owned()
            }
            Self::Newer { .. } => {
                format!("unknown field in Istio {istio}: the API server drops it")
            }
        }
    }

    /// The help of the finding, if there is any.
    pub(crate) fn help(self, name: &str) -> Option<String> {
        match self {
            Self::Unknown { similar } => similar.map(did_you_mean),
            Self::SnakeCase { name } => Some(format!("write {name:?}")),
            Self::Newer { since } => Some(format!("{name} was added in Istio {since}")),
        }
    }
}

impl PrunedField {
    /// The finding that validation for this release reports for the field.
    #[must_use]
    pub fn to_diagnostic(&self, istio: IstioVersion) -> Diagnostic {
        let Self { path, position, reason } = self;
        let name = match path.steps().last() {
            Some(Step::Key(name)) => name,
            _ => "",
        };
        Diagnostic {
            help: reason.help(name),
            position: *position,
            ..Diagnostic::new(reason.rule(), Severity::Warning, path.clone(), reason.message(istio))
        }
    }
}

/// The fields of every object.
fn is_envelope(name: &str) -> bool {
    matches!(name, "apiVersion" | "kind" | "metadata")
}

/// Writes values as the API server keeps them, and records what it drops.
pub(super) struct Pruner {
    version: IstioVersion,
    /// The maximum number of dropped fields that are recorded.
    most: usize,
    /// The position of the text in the stream.
    start: Position,
    path: Vec<Step>,
    pub(super) json: String,
    pub(super) pruned: Vec<PrunedField>,
    pub(super) omitted: usize,
}

impl Pruner {
    pub(super) fn new(version: IstioVersion, most: usize, start: Position) -> Self {
        let (path, json, pruned, omitted) = Default::default();
        Self { version, most, start, path, json, pruned, omitted }
    }

    /// Records each field of an object that the API server drops, and returns the others in the order
    /// of the schema, with the last value of each key.
    pub(super) fn fields<'t>(
        &mut self,
        fields: &'static [Field],
        node: Ref<'t, 't>,
    ) -> impl Iterator<Item = (&'static Field, Ref<'t, 't>)> + use<'t> {
        let mut kept = [const { None }; MAX_FIELDS];
        for (key, value) in node.entries() {
            let name = key.text();
            let known = fields.iter().position(|field| field.is_known_as(name, self.version));
            match known.and_then(|index| kept.get_mut(index)) {
                Some(slot) => *slot = Some(value),
                None if self.path.is_empty() && is_envelope(name) => {}
                None => self.drop_field(key, |name| PruneReason::of(fields, name, true)),
            }
        }
        fields.iter().zip(kept).filter_map(|(field, value)| {
            let value: Ref<'_, '_> = value?;
            (field.nullable || !value.is_null()).then_some((field, value))
        })
    }

    /// Remembers the fields of `metadata` that the API server drops.
    pub(super) fn metadata(&mut self, want: &'static Want, node: Ref<'_, '_>) {
        match want {
            Want::Struct(_, fields) => {
                for (key, _) in node.entries() {
                    if !fields.iter().any(|(name, _)| *name == key.text()) {
                        let names = fields.iter().map(|(name, _)| *name);
                        self.drop_field(key, |name| PruneReason::unknown(names, name, true));
                    }
                }
                for (name, want) in *fields {
                    if let (Want::List(_), Some(list)) = (want, node.get(name)) {
                        self.enter(name, |pruner| pruner.metadata(want, list));
                    }
                }
            }
            Want::List(want) => {
                for (index, item) in node.items().enumerate() {
                    self.path.push(Step::Index(index));
                    self.metadata(want, item);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn drop_field(&mut self, key: Ref<'_, '_>, reason: impl FnOnce(&str) -> PruneReason) {
        if self.pruned.len() >= self.most {
            self.omitted += 1;
            return;
        }
        let name = key.text();
        let reason = reason(name);
        let path: FieldPath = self.path.iter().cloned().collect();
        let position = tree::position(key).map(|position| position.within(self.start));
        self.pruned.push(PrunedField { path: path.key(name), position, reason });
    }

    /// Writes the value of a field: pruned, integers without a fraction.
    pub(super) fn field(&mut self, field: &'static Field, value: Ref<'_, '_>) {
        self.enter(field.name, |pruner| pruner.value(&field.shape, value));
    }

    /// Goes on within a field.
    pub(super) fn enter(&mut self, name: &str, within: impl FnOnce(&mut Self)) {
        self.path.push(Step::Key(name.to_owned()));
        within(self);
        self.path.pop();
    }

    pub(super) fn value(&mut self, shape: &'static Shape, node: Ref<'_, '_>) {
        match shape {
            Shape::Object { fields, .. } if node.is_mapping() => {
                self.json.push('{');
                for (i, (field, value)) in self.fields(fields, node).enumerate() {
                    self.key(i, field.name);
                    self.field(field, value);
                }
                self.json.push('}');
            }
            Shape::Texts if node.is_mapping() => {
                self.json.push('{');
                let entries = node.distinct_entries().into_iter();
                let kept = entries.filter(|(_, value)| !value.is_null());
                for (i, (key, value)) in kept.enumerate() {
                    self.key(i, key.text());
                    write_json(&Edit::Kept(value), &mut self.json);
                }
                self.json.push('}');
            }
            Shape::List { of, .. } if node.is_sequence() => {
                self.json.push('[');
                for (i, item) in node.items().enumerate() {
                    if i > 0 {
                        self.json.push(',');
                    }
                    self.path.push(Step::Index(i));
                    self.value(of, item);
                    self.path.pop();
                }
                self.json.push(']');
            }
            Shape::Integer => match number(node.kind()).filter(|number| number.is_integer) {
                // Without a minus before a zero.
                Some(number) => self.json.push_str(&format!("{}", number.value + 0.0)),
                None => write_json(&Edit::Kept(node), &mut self.json),
            },
            _ => write_json(&Edit::Kept(node), &mut self.json),
        }
    }

    fn key(&mut self, index: usize, name: &str) {
        if index > 0 {
            self.json.push(',');
        }
        write_text(name, &mut self.json);
        self.json.push(':');
    }
}
