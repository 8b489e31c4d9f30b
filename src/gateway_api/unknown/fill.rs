//! Objects with other values, and values that are not known.

use std::collections::HashMap;

use crate::{
    FieldPath, is_placeholder,
    placeholder::DEEPEST,
    tree::{Edit, Ref, write_json, write_text},
};

/// Appends a node as JSON, with other values, which are JSON, at some paths below it.
pub(super) fn write_filled(
    node: Ref<'_, '_>,
    path: &FieldPath,
    values: &HashMap<FieldPath, String>,
    json: &mut String,
) {
    let node = node.target();
    if let Some(value) = values.get(path) {
        json.push_str(value);
    } else if path.steps().len() >= DEEPEST || !(node.is_sequence() || node.is_mapping()) {
        write_json(&Edit::Kept(node), json);
    } else if node.is_sequence() {
        json.push('[');
        for (index, item) in node.items().enumerate() {
            json.push_str(if index == 0 { "" } else { "," });
            write_filled(item, &path.clone().index(index), values, json);
        }
        json.push(']');
    } else {
        json.push('{');
        for (index, (key, value)) in node.distinct_entries().into_iter().enumerate() {
            json.push_str(if index == 0 { "" } else { "," });
            write_text(key.text(), json);
            json.push(':');
            write_filled(value, &path.clone().key(key.text()), values, json);
        }
        json.push('}');
    }
}

/// Whether two values may be equal once their placeholders are filled in.
pub(super) fn may_be_equal(one: &str, other: &str) -> bool {
    // What is written before the first placeholder.
    let known = |value: &str| value.find(['$', '{']).filter(|_| is_placeholder(value));
    match (known(one), known(other)) {
        (None, None) => one == other,
        (Some(end), None) => one.get(..end).is_some_and(|known| other.starts_with(known)),
        (None, Some(end)) => other.get(..end).is_some_and(|known| one.starts_with(known)),
        (Some(one_end), Some(other_end)) => {
            let both = one_end.min(other_end);
            one.get(..both) == other.get(..both)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_be_equal;

    #[test]
    fn values_are_equal_if_what_is_written_before_a_placeholder_is() {
        for (one, other) in [("a", "a"), ("$A", "b"), ("a.$B", "a.c"), ("a.$B", "$C"), ("é$A", "é")]
        {
            assert!(may_be_equal(one, other) && may_be_equal(other, one), "{one} {other}");
        }
        for (one, other) in [("a", "b"), ("a.$D", "b.$D"), ("a.$B", "b.c"), ("a.$B", "a")] {
            assert!(!may_be_equal(one, other) && !may_be_equal(other, one), "{one} {other}");
        }
    }
}
