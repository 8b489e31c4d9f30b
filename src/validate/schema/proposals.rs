//! Proposed fixes of field names.

use crate::validate::{
    findings::Node,
    fixes::{Change, Proposal, is_small},
};

/// The field under its known name; if that is there too with the same value, the field is removed.
pub(in crate::validate) fn rename(
    known: &'static str,
    value: Option<Node<'_>>,
    parent: Node<'_>,
) -> Option<Proposal> {
    if !is_small(parent) {
        return None;
    }
    match (parent.get(known), value) {
        (None, value) => Some(Proposal::rename(known, value)),
        (Some(other), Some(value)) if is_equal(other, value) => {
            Some(Proposal::same(Change::Remove))
        }
        _ => None,
    }
}

/// Of a repeated field, the last value is the one that is used.
pub(in crate::validate) fn remove_earlier(parent: Node<'_>, name: &str) -> Option<Proposal> {
    if !is_small(parent) {
        return None;
    }
    let mut values = parent.entries().filter(|(key, _)| key.text() == name).map(|(_, value)| value);
    let first = values.next()?;
    values.all(|value| is_equal(first, value)).then(|| Proposal::same(Change::RemoveEarlier))
}

fn is_equal(one: Node<'_>, other: Node<'_>) -> bool {
    /// Longer values are not compared: a field may be repeated often.
    const LONGEST: usize = 4096;
    one.source().len() <= LONGEST
        && other.source().len() <= LONGEST
        && one.to_json() == other.to_json()
}
