//! The schemas of Gateway API's custom resources, as an API server checks them.
//!
//! `fields` is a table that a program generates from upstream's definitions. Messages are those of
//! apiextensions-apiserver, without the path.
//!
//! A sequence or an object with more items than its schema permits is not checked further, so that the
//! work is bounded.

mod cel;
mod example;
#[rustfmt::skip]
mod fields;
mod table;

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use regex_lite::Regex;
use serde::Serialize;

use self::table::{Field, Kind as Want, Rule};
use super::rule;
use crate::{
    Diagnostic, FieldPath, RuleId, Severity,
    diagnostic::{Quoted, nearest},
    go::Quote,
    is_placeholder,
    json::did_you_mean,
    rule::decode,
    tree::{self, Kind, Ref},
};

pub(super) use example::{EXAMPLES, example, is_text};
pub(super) use table::Schema;

/// A kind of Gateway API.
pub(super) struct Resource {
    pub(super) schema: &'static Schema,
    versions: &'static [&'static str],
}

pub(super) static GATEWAY: Resource =
    Resource { schema: &fields::GATEWAY, versions: fields::GATEWAY_VERSIONS };
pub(super) static LISTENER_SET: Resource =
    Resource { schema: &fields::LISTENER_SET, versions: fields::LISTENER_SET_VERSIONS };
pub(super) static GATEWAY_CLASS: Resource =
    Resource { schema: &fields::GATEWAY_CLASS, versions: fields::GATEWAY_CLASS_VERSIONS };
pub(super) static REFERENCE_GRANT: Resource =
    Resource { schema: &fields::REFERENCE_GRANT, versions: fields::REFERENCE_GRANT_VERSIONS };

/// The maximum number of findings.
const ENOUGH: usize = 1000;
/// No pattern is matched against a longer string: all of them have a far lower limit.
const LONGEST: usize = 8192;

/// The API server's findings about an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    /// Paths start at the object.
    pub(super) findings: Vec<Diagnostic>,
    /// The paths of values of a wrong type, which have a finding each.
    pub(super) wrong_types: Vec<FieldPath>,
}

impl Judged {
    /// Whether the API server rejects the object. It drops unknown fields unless the client requests
    /// strict validation.
    pub(super) fn is_rejected(&self) -> bool {
        self.findings.iter().any(|found| is_rejection(found.rule))
    }

    /// Whether it is larger than an API server accepts.
    pub(super) fn is_too_large(&self) -> bool {
        self.findings.iter().any(|found| found.rule == rule::TOO_LARGE)
    }

    /// Keeps the findings that the other one has, too.
    pub(super) fn keep_common(&mut self, other: &Self) {
        keep_common(&mut self.findings, &other.findings);
    }
}

/// Keeps the findings that are in the other list, too.
pub(super) fn keep_common(findings: &mut Vec<Diagnostic>, others: &[Diagnostic]) {
    let key = |found: &Diagnostic| (found.rule, found.path.clone(), found.message.clone());
    let others: HashSet<_> = others.iter().map(key).collect();
    findings.retain(|found| others.contains(&key(found)));
}

/// Whether an API server rejects an object because of a finding of this rule.
pub(super) fn is_rejection(rule: RuleId) -> bool {
    matches!(rule, rule::SCHEMA | rule::TOO_LARGE | decode::WRONG_TYPE)
}

/// Checks an object as it is written.
pub(super) fn judge(resource: &Resource, version: &str, node: Ref<'_, '_>) -> Judged {
    let mut judge = Judge::default();
    if !resource.versions.contains(&version) {
        let message = format!(
            "Gateway API does not serve the version {}: it serves {}",
            Quoted(version),
            resource.versions.join(", ")
        );
        judge.error(rule::SCHEMA, FieldPath::root().key("apiVersion"), message, None);
    }
    judge.value(resource.schema, node, &FieldPath::root());
    judge.judged
}

/// Checks only whether a parsed object is larger than an API server accepts.
pub(super) fn too_large(resource: &Resource, object: &impl Serialize) -> Vec<Diagnostic> {
    let Ok(json) = serde_json::to_string(object) else { return Vec::new() };
    let Ok(tree) = tree::from_checked_json(&json) else { return Vec::new() };
    let mut judge = Judge::default();
    judge.value(resource.schema, tree.root(), &FieldPath::root());
    let mut findings = judge.judged.findings;
    findings.retain(|found| found.rule == rule::TOO_LARGE);
    findings
}

/// A present value: for an API server, null is absent.
fn get<'t, 's>(node: Ref<'t, 's>, key: &str) -> Option<Ref<'t, 's>> {
    node.get(key).filter(|value| !value.is_null())
}

/// Whether a pattern of the tables matches.
fn matches(pattern: &'static str, text: &str) -> bool {
    static PATTERNS: LazyLock<HashMap<&'static str, Regex>> = LazyLock::new(|| {
        let mut patterns = HashMap::new();
        for resource in [&GATEWAY, &LISTENER_SET, &GATEWAY_CLASS, &REFERENCE_GRANT] {
            compile(resource.schema, &mut patterns);
        }
        for pattern in cel::PATTERNS {
            patterns.extend(Regex::new(pattern).ok().map(|regex| (pattern, regex)));
        }
        patterns
    });
    PATTERNS.get(pattern).is_some_and(|regex| regex.is_match(text))
}

fn compile(schema: &'static Schema, patterns: &mut HashMap<&'static str, Regex>) {
    if let Some(pattern) = schema.pattern {
        patterns.extend(Regex::new(pattern).ok().map(|regex| (pattern, regex)));
    }
    schema.of.into_iter().for_each(|of| compile(of, patterns));
    schema.fields.iter().for_each(|field| compile(&field.schema, patterns));
}

#[derive(Default)]
struct Judge {
    judged: Judged,
    /// Whether the values are those of an experimental field.
    is_experimental: bool,
    /// The number of errors that prevent the rules from being evaluated.
    blocking: usize,
}

impl Judge {
    fn add(&mut self, found: Diagnostic) {
        if self.judged.findings.len() < ENOUGH {
            self.judged.findings.push(found);
        }
    }

    /// Not every API server has the experimental fields.
    fn error(&mut self, rule: RuleId, at: FieldPath, message: String, help: Option<String>) {
        if self.is_experimental {
            let message =
                format!("{message}: with the experimental channel, an API server rejects it");
            return self.warning(rule::EXPERIMENTAL_FIELD, at, message, help);
        }
        self.add(Diagnostic { help, ..Diagnostic::new(rule, Severity::Error, at, message) });
    }

    fn invalid(&mut self, at: &FieldPath, message: String, help: Option<String>) {
        self.error(rule::SCHEMA, at.clone(), message, help);
    }

    /// Errors that prevent the rules from being evaluated; here also those of the parents.
    fn blocking(&mut self, at: &FieldPath, message: String, help: Option<String>) {
        self.blocking += 1;
        self.invalid(at, message, help);
    }

    fn too_large(&mut self, at: &FieldPath, message: String) {
        self.blocking += 1;
        self.error(rule::TOO_LARGE, at.clone(), message, None);
    }

    fn warning(&mut self, rule: RuleId, at: FieldPath, message: String, help: Option<String>) {
        self.add(Diagnostic { help, ..Diagnostic::new(rule, Severity::Warning, at, message) });
    }

    fn value(&mut self, schema: &'static Schema, node: Ref<'_, '_>, at: &FieldPath) {
        let before = self.blocking;
        let kind = node.kind();
        match (schema.kind, kind) {
            (Want::Any, Kind::Mapping) => {}
            (Want::Object, Kind::Mapping) => self.object(schema, node, at),
            (Want::Map, Kind::Mapping) => self.map(schema, node, at),
            (Want::List, Kind::Sequence) => self.list(schema, node, at),
            (Want::Text, Kind::String(text)) if !is_placeholder(text) => {
                self.text(schema, text, at);
            }
            (Want::Integer, Kind::Unsigned(_) | Kind::Signed(_)) => self.integer(schema, kind, at),
            // A whole number is an integer in any notation.
            (Want::Integer, Kind::Float(v)) if v.fract() == 0.0 => self.integer(schema, kind, at),
            // Its value is unknown.
            (_, Kind::String(text)) if is_placeholder(text) => return,
            (want, kind) => {
                if self.judged.wrong_types.len() < ENOUGH {
                    self.judged.wrong_types.push(at.clone());
                }
                let want = match want {
                    Want::Text => "string",
                    Want::Integer => "integer",
                    Want::Object | Want::Map | Want::Any => "object",
                    Want::List => "array",
                };
                let found = type_name(kind);
                let message =
                    format!("Invalid value: {found:?}: must be of type {want}: {found:?}");
                self.blocking(at, message, None);
            }
        }
        if self.blocking == before {
            self.rules(schema, node, at);
        }
    }

    fn rules(&mut self, schema: &'static Schema, node: Ref<'_, '_>, at: &FieldPath) {
        for Rule { message, is_standard } in schema.rules {
            if cel::holds(message, schema, node) {
                continue;
            }
            let outside = std::mem::replace(&mut self.is_experimental, !is_standard);
            self.invalid(at, format!("Invalid value: {message}"), None);
            self.is_experimental = outside;
        }
    }

    fn object(&mut self, schema: &'static Schema, node: Ref<'_, '_>, at: &FieldPath) {
        for (key, value) in node.distinct_entries() {
            let name = key.text();
            let Some(field) = schema.field(name) else {
                if !is_placeholder(name) {
                    self.unknown(schema, name, at);
                }
                continue;
            };
            if value.is_null() {
                continue;
            }
            let at = at.clone().key(name);
            // A client that applies an object does not set its status.
            if field.name == "status" && at.steps().len() == 1 {
                continue;
            }
            let outside = self.is_experimental;
            if !field.is_standard && !outside {
                self.experimental(field, &at);
                self.is_experimental = true;
            }
            self.value(&field.schema, value, &at);
            self.is_experimental = outside;
        }
        for field in schema.fields {
            if field.is_required && get(node, field.name).is_none() {
                let at = at.clone().key(field.name);
                let help = Some(format!("add {:?}", field.name));
                self.blocking(&at, "Required value".to_owned(), help);
            }
        }
        if schema.is_address && !cel::is_address(schema, node) {
            let message = "Invalid value: must validate one and only one schema (oneOf): an \
                           IPAddress has a value of IPv4 or IPv6";
            self.blocking(at, message.to_owned(), None);
        }
    }

    /// The API server drops the field, or rejects the object if the client requests strict validation.
    fn unknown(&mut self, schema: &'static Schema, name: &str, at: &FieldPath) {
        // Comparing names is the most expensive part, and the result would not be reported.
        if self.judged.findings.len() >= ENOUGH {
            return;
        }
        let names = schema.fields.iter().map(|field| field.name);
        let help = nearest(name, names).map(did_you_mean);
        let message =
            "unknown field: the API server drops it, and kubectl apply rejects the object";
        self.error(rule::UNKNOWN_FIELD, at.clone().key(name), message.to_owned(), help);
    }

    fn experimental(&mut self, field: &'static Field, at: &FieldPath) {
        let message = format!(
            "experimental field of Gateway API 1.{}: istiod does not read it, so it has no \
             effect. The API server drops it unless it has the experimental channel",
            field.since
        );
        self.warning(rule::EXPERIMENTAL_FIELD, at.clone(), message, None);
    }

    fn map(&mut self, schema: &'static Schema, node: Ref<'_, '_>, at: &FieldPath) {
        let entries = node.distinct_entries();
        if self.is_too_many(schema.entries, entries.len(), at) {
            return;
        }
        let Some(of) = schema.of else { return };
        for (key, value) in entries {
            if !value.is_null() {
                self.value(of, value, &at.clone().key(key.text()));
            }
        }
    }

    fn list(&mut self, schema: &'static Schema, node: Ref<'_, '_>, at: &FieldPath) {
        let count = node.items().count();
        if self.is_too_many(schema.items, count, at) {
            return;
        }
        if let Some((least, _)) = schema.items.filter(|(least, _)| count < *least as usize) {
            let message = format!("Invalid value: {count}: should have at least {least} items");
            self.invalid(at, message, None);
        }
        let mut keys = HashMap::new();
        for (index, item) in node.items().enumerate() {
            if self.judged.findings.len() >= ENOUGH {
                return;
            }
            let at = at.clone().index(index);
            if let Some(of) = schema.of {
                self.value(of, item, &at);
            }
            let key = match schema.key {
                Some(key) => get(item, key),
                None => schema.is_set.then_some(item),
            };
            let Some(text) = key.map(Ref::to_text) else { continue };
            let count = keys.entry(text.clone()).or_insert(0_usize);
            *count += 1;
            // Each key is reported once.
            if *count == 2 {
                let text = Quote(&text);
                let message = match schema.key {
                    Some(key) => format!("Duplicate value: {key} {text}"),
                    None => format!("Duplicate value: {text}"),
                };
                self.invalid(&at, message, None);
            }
        }
    }

    fn is_too_many(&mut self, bound: Option<(u32, u32)>, count: usize, at: &FieldPath) -> bool {
        let Some((_, most)) = bound.filter(|(_, most)| count > *most as usize) else {
            return false;
        };
        self.too_large(at, format!("Too many: {count}: must have at most {most} items"));
        true
    }

    fn text(&mut self, schema: &'static Schema, text: &str, at: &FieldPath) {
        self.length_and_pattern(schema, text, at);
        if !schema.names.is_empty() && !schema.names.contains(&text) {
            let names: Vec<_> = schema.names.iter().map(|name| format!("{name:?}")).collect();
            let message = format!(
                "Unsupported value: {}: supported values: {}",
                Quoted(text),
                names.join(", ")
            );
            let help = nearest(text, schema.names.iter().copied());
            self.blocking(at, message, help.map(|name| format!("write {name}")));
        }
    }

    /// The first limit that a string exceeds, in the order of kube-openapi.
    fn length_and_pattern(&mut self, schema: &'static Schema, text: &str, at: &FieldPath) {
        let has = |characters: u32| text.chars().nth(characters as usize).is_some();
        let quoted = Quoted(text);
        if let Some((_, most)) = schema.length.filter(|(_, most)| has(*most)) {
            self.too_large(at, format!("Too long: may not be more than {most} bytes"));
        } else if let Some((least, _)) =
            schema.length.filter(|(least, _)| *least > 0 && !has(least - 1))
        {
            let message = format!("Invalid value: {quoted}: should be at least {least} chars long");
            self.invalid(at, message, None);
        } else if let Some(pattern) = schema.pattern.filter(|_| text.len() <= LONGEST)
            && !matches(pattern, text)
        {
            let message = format!("Invalid value: {quoted}: should match '{pattern}'");
            self.invalid(at, message, None);
        }
    }

    fn integer(&mut self, schema: &'static Schema, kind: &Kind<'_>, at: &FieldPath) {
        let value = match kind {
            Kind::Unsigned(v) => i128::from(*v),
            Kind::Signed(v) => i128::from(*v),
            // Numbers that do not fit exceed the limits anyway.
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            Kind::Float(v) => *v as i128,
            _ => return,
        };
        let Some((least, most)) = schema.range else { return };
        if value < i128::from(least) {
            let message = format!("should be greater than or equal to {least}");
            self.invalid(at, format!("Invalid value: {value}: {message}"), None);
        }
        if value > i128::from(most) {
            let message = format!("should be less than or equal to {most}");
            self.invalid(at, format!("Invalid value: {value}: {message}"), None);
        }
    }
}

fn type_name(kind: &Kind<'_>) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool(_) => "boolean",
        Kind::String(_) => "string",
        Kind::Sequence => "array",
        Kind::Mapping => "object",
        Kind::Unsigned(_) | Kind::Signed(_) => "integer",
        Kind::Float(_) | Kind::BigNumber(_) => "number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(schema: &'static Schema, check: &mut impl FnMut(&'static Schema)) {
        check(schema);
        schema.of.into_iter().for_each(|of| all(of, check));
        schema.fields.iter().for_each(|field| all(&field.schema, check));
    }

    /// Detects a rule or pattern that upstream adds.
    #[test]
    fn every_rule_and_pattern_is_known() {
        let mut rules = 0;
        for resource in [&GATEWAY, &LISTENER_SET, &GATEWAY_CLASS, &REFERENCE_GRANT] {
            all(resource.schema, &mut |schema| {
                for rule in schema.rules {
                    assert!(cel::is_known(rule.message), "{}", rule.message);
                    rules += 1;
                }
                assert!(schema.pattern.is_none_or(|pattern| Regex::new(pattern).is_ok()));
                assert!(schema.names.len() <= EXAMPLES);
            });
        }
        assert!(rules > 20, "{rules}");
        assert!(cel::PATTERNS.iter().all(|pattern| Regex::new(pattern).is_ok()));
    }
}
