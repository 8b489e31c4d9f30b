//! The custom resource's schema: pruning, then types, enums and bounds, as in apiextensions-apiserver
//! and kube-openapi.

mod envelope;
mod proposals;

use super::{
    Options, field_validation,
    findings::{Findings, Location, Node},
    fixes::Proposal,
};
use crate::{
    FieldPath, Timestamp,
    diagnostic::{nearest, only_near},
    go::{Float, Quote},
    is_placeholder, rule,
    structural::{CRD_BOUNDS, Field, MAX_FIELDS, Number, PruneReason, ROOT, SPEC, Shape, number},
    tree::{Kind, Ref, Tree},
};

pub(super) use envelope::check_type;
pub(super) use proposals::{remove_earlier, rename};

/// The bounds of every number.
pub(super) const MAX: u32 = u32::MAX;

/// The maximum depth of nested sequences in which unknown fields are searched.
const MAX_DEPTH: usize = 100;

/// The result of the schema check, besides the findings.
#[derive(Default)]
pub(super) struct Outcome {
    /// The fields that are dropped.
    pub(super) pruned: Vec<FieldPath>,
    /// An error that prevents the CEL rules from being evaluated.
    pub(super) is_blocked: bool,
    /// Whether istiod reads other values than the document has: a known field is dropped, or a number
    /// loses its fraction.
    pub(super) is_rewritten: bool,
}

/// Prunes and checks a whole document.
pub(super) fn check(
    tree: &Tree<'_>,
    root: Node<'_>,
    options: &Options,
    findings: &mut Findings,
) -> Outcome {
    let reports_repeated = !field_validation::reports_repeated(tree, options.field_validation);
    let outcome = Outcome::default();
    let mut check = Check { options, reports_repeated, findings, outcome };
    check.value(&ROOT, &Location::root(root), true);
    check.outcome
}

struct Check<'f> {
    options: &'f Options,
    /// Whether repeated keys are reported here: field validation reports those that a client sends.
    reports_repeated: bool,
    findings: &'f mut Findings,
    outcome: Outcome,
}

impl Check<'_> {
    fn value(&mut self, shape: &Shape, place: &Location<'_, '_>, is_root: bool) {
        let Some(node) = place.node else { return };
        match (shape, node.kind()) {
            (Shape::Object { fields, keeps_unknown, .. }, Kind::Mapping) => {
                self.fields(fields, *keeps_unknown, place, is_root);
            }
            (Shape::Texts, Kind::Mapping) => {
                for (key, value) in node.distinct_entries() {
                    if !value.is_null() {
                        self.value(&Shape::Text, &place.entry(key, value), false);
                    }
                }
            }
            (Shape::List { of, bounds }, Kind::Sequence) => {
                let mut length = 0;
                for item in place.items() {
                    length += 1;
                    self.value(of, &item, false);
                }
                if let Some((min, max)) = bounds {
                    self.length(length, *min, *max, place);
                }
            }
            (shape, kind) => {
                self.prune_within(place, 0);
                if let Kind::Null = kind {
                    return self.wrong_type(shape, kind, place);
                }
                self.scalar(shape, kind, place);
            }
        }
    }

    fn fields(
        &mut self,
        fields: &'static [Field],
        keeps_unknown: bool,
        place: &Location<'_, '_>,
        is_root: bool,
    ) {
        const NONE: Option<usize> = None;
        let Some(node) = place.node else { return };
        let mut seen = [NONE; MAX_FIELDS];
        let mut entries = Vec::with_capacity(8);
        for (key, value) in node.entries() {
            let name = key.text();
            if is_root && matches!(name, "apiVersion" | "kind" | "metadata") {
                continue;
            }
            let known = fields.iter().position(|field| field.is_known_as(name, self.options.istio));
            let Some(slot) = known.and_then(|index| seen.get_mut(index)) else {
                if !keeps_unknown {
                    self.unknown(fields, &place.entry(key, value), name, node);
                }
                continue;
            };
            if let Some(earlier) = slot.replace(entries.len()) {
                let message = "repeated key: the last value is used";
                let place = place.entry(key, value);
                let help = "keep one of them".to_owned();
                if self.reports_repeated {
                    let fix = remove_earlier(node, name);
                    self.findings.with_fix(fix, |findings| {
                        findings.about_key(rule::lint::DUPLICATE_KEY, &place, message, help);
                    });
                }
                if let Some(entry) = entries.get_mut(earlier) {
                    *entry = None;
                }
            }
            entries.push(Some((known.unwrap_or_default(), key, value)));
        }
        for (index, key, value) in entries.iter().copied().flatten() {
            let Some(field) = fields.get(index) else { continue };
            if value.is_null() {
                if !field.nullable
                    && let Some(slot) = seen.get_mut(index)
                {
                    *slot = None;
                }
                continue;
            }
            let place = place.entry(key, value);
            if is_root && field.name == "status" {
                self.status(&field.shape, &place);
            } else {
                self.value(&field.shape, &place, false);
            }
        }
        for (field, seen) in fields.iter().zip(seen) {
            if field.required && seen.is_none() {
                self.outcome.is_blocked = true;
                let place = place.field(field.name);
                let message = format!("{}: Required value", place.plain_path());
                let help = format!("add {:?}", field.name);
                self.findings.error(rule::schema::REQUIRED, &place, message, help);
            }
        }
    }

    /// The status has its own endpoint. When a document is applied, the API server removes the status
    /// before it checks the schema (`PrepareForCreate`, `PrepareForUpdate`), but after it has searched
    /// for unknown fields.
    fn status(&mut self, shape: &Shape, place: &Location<'_, '_>) {
        let mut findings = Findings::default();
        let mut status = Check { findings: &mut findings, outcome: Outcome::default(), ..*self };
        status.value(shape, place, false);
        self.outcome.pruned.append(&mut status.outcome.pruned);
        self.findings.add_advice(findings);
    }

    fn unknown(
        &mut self,
        fields: &'static [Field],
        place: &Location<'_, '_>,
        name: &str,
        parent: Node<'_>,
    ) {
        self.outcome.pruned.push(place.path());
        // Comparing names is the most expensive part, and the result would not be reported.
        let reason = PruneReason::of(fields, name, !self.findings.is_full());
        let is_unknown = matches!(reason, PruneReason::Unknown { .. });
        self.outcome.is_rewritten |= !is_unknown;
        let moved = owner_of(name).filter(|_| is_unknown);
        let moved = moved.map(|owner| format!("{name:?} is a field of {owner}"));
        let is_full = self.findings.is_full();
        let meant = self.other_name(fields, reason, name, place.node);
        let fix = meant.filter(|_| moved.is_none() && !is_full);
        let fix = fix.and_then(|known| rename(known, place.node, parent));
        let help = moved.or_else(|| reason.help(name));
        self.findings.with_fix(fix, |findings| {
            field_validation::dropped(place, reason, help, self.options, findings);
        });
    }

    /// The name that is certainly meant by an unknown one.
    fn other_name(
        &self,
        fields: &'static [Field],
        reason: PruneReason,
        name: &str,
        value: Option<Node<'_>>,
    ) -> Option<&'static str> {
        let is_possible = |field: &&Field| {
            let fits = value.is_none_or(|value| fits(&field.shape, value));
            fits && field.is_known_as(field.name, self.options.istio)
        };
        let known = fields.iter().filter(is_possible);
        let mut names = known.map(|field| field.name);
        match reason {
            PruneReason::SnakeCase { name } => names.find(|known| *known == name),
            PruneReason::Unknown { similar: Some(_) } => only_near(name, names),
            _ => None,
        }
    }

    /// Unknown fields in a value that should be a scalar, a sequence or a nested sequence.
    fn prune_within(&mut self, place: &Location<'_, '_>, depth: usize) {
        let Some(node) = place.node.filter(|node| !node.is_null()) else { return };
        if node.is_mapping() {
            for (key, value) in node.entries() {
                let place = place.entry(key, value);
                self.outcome.pruned.push(place.path());
                field_validation::unknown(
                    &place,
                    self.options.field_validation,
                    None,
                    self.findings,
                );
            }
        } else if depth < MAX_DEPTH {
            for item in place.items() {
                self.prune_within(&item, depth + 1);
            }
        }
    }

    fn length(&mut self, length: usize, min: usize, max: usize, place: &Location<'_, '_>) {
        let path = || place.plain_path();
        if length < min {
            let path = path();
            let message = format!(
                "{path}: Invalid value: {length}: {path} in body should have at least {min} items"
            );
            self.findings.error(
                rule::schema::MIN_ITEMS,
                place,
                message,
                "remove the empty sequence".to_owned(),
            );
        }
        if length > max {
            self.outcome.is_blocked = true;
            let message = format!("{}: Too many: {length}: must have at most {max} items", path());
            let help = format!("keep {max} of them: one for each kind of key, ECDSA and RSA");
            self.findings.error(rule::schema::MAX_ITEMS, place, message, help);
        }
    }

    fn scalar(&mut self, shape: &Shape, kind: &Kind<'_>, place: &Location<'_, '_>) {
        if let Kind::String(text) = kind
            && is_placeholder(text)
        {
            let is_deciding = !matches!(shape, Shape::Text);
            return self.findings.placeholder(place, is_deciding);
        }
        let fits = match (shape, kind) {
            (Shape::Text | Shape::Enum(_), Kind::String(_))
            | (Shape::IntegerOrText, Kind::String(_))
            | (Shape::Boolean, Kind::Bool(_)) => true,
            (Shape::Time, Kind::String(text)) => text.parse::<Timestamp>().is_ok(),
            (Shape::Integer | Shape::IntegerOrText, kind) => {
                number(kind).is_some_and(|v| v.is_integer)
            }
            _ => false,
        };
        if let (Shape::Integer, Some(number)) = (shape, number(kind)) {
            self.outcome.is_rewritten |= matches!(kind, Kind::Float(_) | Kind::Signed(0));
            self.bounds(&number, place);
        }
        if !fits {
            self.wrong_type(shape, kind, place);
        }
        if let Shape::Enum(names) = shape {
            self.one_of(names, kind, place);
        }
    }

    fn bounds(&mut self, number: &Number, place: &Location<'_, '_>) {
        if self.options.istio < CRD_BOUNDS {
            return;
        }
        let mut invalid = |rule, bound: &str| {
            let path = place.plain_path();
            let message = format!(
                "{path}: Invalid value: {}: {path} in body should be {bound}",
                text_of(number)
            );
            let help = "write a port number from 1 to 65535".to_owned();
            self.findings.error(rule, place, message, help);
        };
        if number.value > f64::from(MAX) {
            // Go formats the bound in the type of the number.
            let max = if number.whole.is_none() {
                Float(MAX.into()).to_string()
            } else {
                MAX.to_string()
            };
            invalid(rule::schema::MAXIMUM, &format!("less than or equal to {max}"));
        }
        if number.value < 0.0 {
            invalid(rule::schema::MINIMUM, "greater than or equal to 0");
        }
    }

    fn wrong_type(&mut self, shape: &Shape, kind: &Kind<'_>, place: &Location<'_, '_>) {
        self.outcome.is_blocked = true;
        let want = match shape {
            Shape::Object { .. } | Shape::Texts => "object",
            Shape::List { .. } => "array",
            Shape::Text | Shape::Enum(_) => "string",
            Shape::Time => "date-time",
            Shape::Integer => "integer",
            Shape::IntegerOrText => "integer,string",
            Shape::Boolean => "boolean",
        };
        let path = place.plain_path();
        let found = match (shape, kind) {
            (Shape::Time, Kind::String(text)) => text.as_ref(),
            _ => type_name(kind),
        };
        let help = help_for_type(shape, kind);
        self.findings.with_fix(fix_for_type(shape, kind, place), |findings| {
            findings.error(rule::schema::TYPE, place, wrong_type(&path, want, found), help);
        });
        let is_out_of_range = number(kind).is_some_and(|v| !v.fits_64_bits);
        if let (Shape::Integer, true) = (shape, is_out_of_range) {
            let message = format!(
                "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in {path}"
            );
            self.findings.error(rule::schema::TYPE, place, message, None);
        }
    }

    fn one_of(&mut self, names: &[&'static str], kind: &Kind<'_>, place: &Location<'_, '_>) {
        let value = match kind {
            Kind::String(text) if names.contains(&text.as_ref()) => return,
            Kind::String(text) => Quote(text).to_string(),
            Kind::Null => return,
            Kind::Bool(v) => v.to_string(),
            Kind::Sequence => json_of(place),
            // All of its content is pruned.
            Kind::Mapping => "{}".to_owned(),
            number_kind => number(number_kind).map(|v| text_of(&v)).unwrap_or_default(),
        };
        self.outcome.is_blocked = true;
        let supported: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let message = format!(
            "{}: Unsupported value: {value}: supported values: {}",
            place.plain_path(),
            supported.join(", ")
        );
        let text = place.node.map(Ref::text).unwrap_or_default();
        let help = nearest(text, names.iter().copied()).map(|name| format!("write {name}"));
        let help = help.or_else(|| version_named_by(names, kind)).or_else(|| {
            text.is_empty()
                .then(|| format!("write one of the names, such as {}", names.get(1).unwrap_or(&"")))
        });
        let name = only_near(text, names.iter().copied()).or_else(|| version_of(names, kind));
        let fix = name.map(|name| Proposal::set_text(place.name(), name));
        self.findings.with_fix(fix, |findings| {
            findings.error(rule::schema::ENUM, place, message, help);
        });
    }
}

/// The object that has a field of this name: the field was probably meant for it.
fn owner_of(name: &str) -> Option<String> {
    /// The path from the shape to the object.
    fn find(shape: &Shape, name: &str) -> Option<String> {
        match shape {
            Shape::Object { fields, .. } => {
                if fields.iter().any(|field| field.name == name) {
                    return Some(String::new());
                }
                let deeper = |field: &Field| Some((field.name, find(&field.shape, name)?));
                fields.iter().find_map(deeper).map(|(name, below)| format!(".{name}{below}"))
            }
            Shape::List { of, .. } => Some(format!("[]{}", find(of, name)?)),
            _ => None,
        }
    }
    Some(format!("spec{}", find(&SPEC, name)?))
}

/// A number such as 1.2 was probably meant as a TLS version.
fn version_of(names: &[&'static str], kind: &Kind<'_>) -> Option<&'static str> {
    let version = format!("TLSV{}", number(kind)?.value).replace('.', "_");
    let version = if version.contains('_') { version } else { version + "_0" };
    names.iter().find(|name| **name == version).copied()
}

fn version_named_by(names: &[&'static str], kind: &Kind<'_>) -> Option<String> {
    Some(format!("write {}", version_of(names, kind)?))
}

/// Whether a value may be meant for a field: a string is not meant for a list.
fn fits(shape: &Shape, value: Node<'_>) -> bool {
    match shape {
        Shape::Object { .. } | Shape::Texts => value.is_mapping() || value.is_null(),
        Shape::List { .. } => value.is_sequence() || value.is_null(),
        _ => !value.is_mapping() && !value.is_sequence(),
    }
}

/// The value with the type that the field has.
fn fix_for_type(shape: &Shape, kind: &Kind<'_>, place: &Location<'_, '_>) -> Option<Proposal> {
    let json = match (shape, kind) {
        (Shape::Enum(names), Kind::Float(_) | Kind::Unsigned(_)) => {
            return Some(Proposal::set_text(place.name(), version_of(names, kind)?));
        }
        (Shape::Text, Kind::Unsigned(_) | Kind::Bool(_) | Kind::Float(_)) => {
            return Some(Proposal::set_text(place.name(), place.node?.source()));
        }
        (Shape::Integer, Kind::String(text)) => {
            text.parse::<u32>().ok().map(|v| v.to_string()).filter(|json| json == text)?
        }
        (Shape::Boolean, Kind::String(text)) if matches!(text.as_ref(), "true" | "false") => {
            text.to_string()
        }
        (Shape::List { of: Shape::Text, .. }, Kind::String(_)) => {
            format!("[{}]", place.node?.to_json())
        }
        _ => return None,
    };
    Some(Proposal::set(place.name(), json))
}

fn help_for_type(shape: &Shape, kind: &Kind<'_>) -> Option<String> {
    match (shape, kind) {
        (Shape::Enum(names), Kind::Float(_) | Kind::Unsigned(_)) => {
            version_named_by(names, kind).or_else(|| Some(format!("write {}", names.get(1)?)))
        }
        (Shape::List { of: Shape::Object { .. }, .. }, Kind::Mapping) => {
            Some("write a sequence: begin each item with \"- \"".to_owned())
        }
        (Shape::Text | Shape::Enum(_), Kind::Unsigned(_) | Kind::Bool(_) | Kind::Float(_)) => {
            Some("write it in quotes".to_owned())
        }
        (Shape::Integer, Kind::String(text)) if text.parse::<u32>().is_ok() => {
            Some(format!("write {text} without quotes"))
        }
        (Shape::Boolean, Kind::String(text)) if matches!(text.as_ref(), "true" | "false") => {
            Some(format!("write {text} without quotes"))
        }
        (Shape::Boolean, _) => Some("write true or false".to_owned()),
        (Shape::List { .. }, Kind::String(text)) => {
            Some(format!("write a sequence: [{}]", crate::diagnostic::Quoted(text)))
        }
        (_, Kind::Null) => Some("write a value, or remove it".to_owned()),
        _ => None,
    }
}

fn text_of(number: &Number) -> String {
    number.whole.map_or_else(|| Float(number.value).to_string(), |whole| whole.to_string())
}

fn wrong_type(path: &str, want: &str, found: &str) -> String {
    format!(
        "{path}: Invalid value: \"{found}\": {path} in body must be of type {want}: \"{found}\""
    )
}

fn type_name(kind: &Kind<'_>) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool(_) => "boolean",
        Kind::String(_) => "string",
        Kind::Sequence => "array",
        Kind::Mapping => "object",
        Kind::Unsigned(v) if i64::try_from(*v).is_ok() => "integer",
        Kind::Signed(_) => "integer",
        Kind::Unsigned(_) | Kind::Float(_) | Kind::BigNumber(_) => "number",
    }
}

fn json_of(place: &Location<'_, '_>) -> String {
    let mut json = String::new();
    if let Some(node) = place.node {
        crate::tree::write_json(&crate::tree::Edit::Kept(node), &mut json);
    }
    json
}
