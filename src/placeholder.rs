//! Values that another tool fills in before a cluster sees them.

use std::collections::HashSet;

use crate::{
    Diagnostic, FieldPath, Position, Severity,
    rule::lint,
    tree::{self, Ref},
};

/// Whether a value holds a placeholder: `{{ .Values.port }}`, `{% port %}`, `${PORT}`, `$(PORT)` or
/// `$PORT`, as Helm, Jinja, Flux, Kustomize, `envsubst` and their like replace them.
///
/// The name of a variable is letters, digits and underscores, not beginning with a digit; a bracket has to
/// be closed. `$$` stands for a dollar, so that `$${PORT}` is not a placeholder. Nor is `<no value>`:
/// that is what a template printed.
///
/// The question is asked of a value, never of a line or of a whole document. Such a value is not judged,
/// and the document depends on it; whatever else is wrong with the document is wrong whatever the value.
///
/// ```
/// use istio_gateway::is_placeholder;
///
/// assert!(is_placeholder("$PORT") && is_placeholder("shop.${DOMAIN}") && is_placeholder("{{ .host }}"));
/// assert!(!is_placeholder("costs 5$") && !is_placeholder("$5") && !is_placeholder("$${PORT}"));
/// ```
#[must_use]
pub fn is_placeholder(value: &str) -> bool {
    let is_closed = |open: &str, close: &str| {
        value.split_once(open).is_some_and(|(_, behind)| behind.contains(close))
    };
    is_closed("{{", "}}") || is_closed("{%", "%}") || has_variable(value)
}

/// A value, or a key, that holds a placeholder: see [`is_placeholder`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaceholderValue {
    /// Where it is in the document.
    pub path: FieldPath,
    /// The value as it is written.
    pub text: String,
    /// Where it is in the text that was read.
    pub position: Option<Position>,
}

impl PlaceholderValue {
    /// The finding that something depends on the value.
    ///
    /// ```
    /// use istio_gateway::Manifest;
    ///
    /// let manifest = Manifest::from_yaml("spec:\n  servers:\n  - hosts: [$HOST]\n")?;
    /// let found = manifest.placeholders()[0].to_diagnostic();
    /// assert_eq!(found.to_string(), "3:13: spec.servers[0].hosts[0]: depends on $HOST");
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        const LONGEST: usize = 200;
        let mut message = "depends on ".to_owned();
        for character in self.text.chars().take(LONGEST) {
            match character {
                '"' | '\'' => message.push(character),
                _ => message.extend(character.escape_debug()),
            }
        }
        if self.text.chars().nth(LONGEST).is_some() {
            message.push('…');
        }
        let found = Diagnostic::new(lint::TEMPLATE, Severity::Warning, self.path.clone(), message);
        Diagnostic { position: self.position, ..found }
    }
}

/// At most this many placeholders of a document are found.
pub(crate) const MAX_PLACEHOLDERS: usize = 10_000;

/// A Gateway's fields are not nested as deeply as this.
pub(crate) const DEEPEST: usize = 16;

/// The values and keys below a node that hold a placeholder, in document order, up to
/// [`MAX_PLACEHOLDERS`].
pub(crate) fn find_placeholders(root: Ref<'_, '_>, path: FieldPath) -> Vec<PlaceholderValue> {
    let mut found = Vec::new();
    let mut waiting = vec![(root, path)];
    while let Some((node, path)) = waiting.pop() {
        let value = node.target();
        let mut note = |path: &FieldPath, node: Ref<'_, '_>, text: &str| {
            if is_placeholder(text) && found.len() < MAX_PLACEHOLDERS {
                let (path, text) = (path.clone(), text.to_owned());
                found.push(PlaceholderValue { path, text, position: tree::position(node) });
            }
        };
        if let Some(text) = value.as_str() {
            note(&path, node, text);
        }
        if path.steps().len() >= DEEPEST {
            continue;
        }
        let first = waiting.len();
        if value.is_sequence() {
            let items = value.items().enumerate();
            waiting.extend(items.map(|(index, item)| (item, path.clone().index(index))));
        } else if value.is_mapping() {
            for (key, value) in value.distinct_entries() {
                let below = path.clone().key(key.text());
                note(&below, key, key.text());
                waiting.push((value, below));
            }
        }
        if let Some(added) = waiting.get_mut(first..) {
            added.reverse();
        }
    }
    found
}

/// Removes the errors about values that hold a placeholder. The path is that of the node.
pub(crate) fn remove_errors(found: &mut Vec<Diagnostic>, root: Ref<'_, '_>, path: FieldPath) {
    if found.iter().all(|found| found.severity != Severity::Error) {
        return;
    }
    let unknown: HashSet<FieldPath> =
        find_placeholders(root, path).into_iter().map(|value| value.path).collect();
    found.retain(|found| found.severity != Severity::Error || !unknown.contains(&found.path));
}

fn has_variable(value: &str) -> bool {
    // What is not closed behind the last bracket is not closed at all.
    let (brace, parenthesis) = (value.rfind('}'), value.rfind(')'));
    let bytes = value.as_bytes();
    let mut at = 0;
    while let Some(dollar) = value.get(at..).and_then(|rest| rest.find('$')).map(|i| at + i) {
        let is_before = |end: Option<usize>| end.is_some_and(|end| end > dollar);
        at = dollar + 1;
        match bytes.get(at) {
            Some(b'$') => at += 1,
            Some(b'{') if is_before(brace) => return true,
            Some(b'(') if is_before(parenthesis) => return true,
            Some(b) if *b == b'_' || b.is_ascii_alphabetic() => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn a_placeholder_is_a_variable_or_a_closed_bracket() {
        for value in ["$A", "$_a", "a-${B}", "$(C)", "{{ .d }}", "{% e %}", "$5 and $F", "$$$G"] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in
            ["", "$", "$$", "5$", "$5", "$$A", "$${B}", "${B", "$(C", "{{ d", "<no value>", "}} {{"]
        {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn a_long_value_is_looked_through_once() {
        let dollars = "${".repeat(200_000);
        assert!(!is_placeholder(&dollars));
    }
}
