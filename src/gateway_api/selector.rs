//! Kubernetes label selectors.
//!
//! Source: apimachinery's `LabelSelectorAsSelector`, and the functions that it calls.

use super::input::{LabelExpression, LabelSelector, Map, Metadata};
use crate::names::is_subdomain;

/// The label that every namespace has, with its name as the value.
const NAME: &str = "kubernetes.io/metadata.name";

/// Whether a selector is valid: an invalid one selects nothing.
pub(super) fn is_valid(selector: &LabelSelector) -> bool {
    let LabelSelector { match_labels, match_expressions } = selector;
    match_labels.iter().all(|(key, value)| is_key(key) && is_value(value))
        && match_expressions.iter().all(|LabelExpression { key, operator, values }| {
            let is_counted = match operator.as_str() {
                "In" | "NotIn" => !values.is_empty(),
                "Exists" | "DoesNotExist" => values.is_empty(),
                _ => false,
            };
            is_counted && is_key(key) && values.iter().all(|value| is_value(value))
        })
}

/// The maximum number of labels and values that are compared for one namespace.
pub(super) fn len(selector: &LabelSelector) -> usize {
    let values = selector.match_expressions.iter().map(|e| 1 + e.values.len());
    1 + selector.match_labels.len() + values.sum::<usize>()
}

/// Whether a valid selector selects a namespace.
pub(super) fn matches(selector: &LabelSelector, namespace: &Metadata) -> bool {
    let labels = &namespace.labels;
    let label = |key: &str| if key == NAME { Some(&namespace.name) } else { labels.get(key) };
    let LabelSelector { match_labels, match_expressions } = selector;
    has_all(match_labels, label)
        && match_expressions.iter().all(|LabelExpression { key, operator, values }| {
            let value = label(key);
            match operator.as_str() {
                "In" => value.is_some_and(|value| values.contains(value)),
                "NotIn" => value.is_none_or(|value| !values.contains(value)),
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        })
}

fn has_all<'a>(wanted: &Map, label: impl Fn(&str) -> Option<&'a String>) -> bool {
    wanted.iter().all(|(key, value)| label(key) == Some(value))
}

/// A name, optionally after a domain and a slash.
fn is_key(key: &str) -> bool {
    let (domain, name) = match key.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, key),
    };
    domain.is_none_or(|domain| domain.len() <= 253 && is_subdomain(domain))
        && !name.is_empty()
        && is_value(name)
}

/// At most 63 letters, digits, dashes, underscores and dots, starting and ending with a letter or
/// digit.
fn is_value(value: &str) -> bool {
    let is_end = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    bytes.len() <= 63
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
