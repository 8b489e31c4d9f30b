//! The field types of Go's `metadata`. A value of a wrong type is an error of the whole object, for a
//! client and for the API server.

use crate::{
    FieldPath, Timestamp,
    diagnostic::{Diagnostic, Severity},
    rule::decode as rule,
    tree::{self, Kind, Ref, Step},
};

/// The type of a value in a Kubernetes object.
pub(crate) enum Want {
    /// A string, with the name of its Go type.
    Text(&'static str),
    Integer,
    Bool,
    Time,
    Anything,
    Map(&'static Want),
    List(&'static Want),
    /// A struct of `meta/v1`, with its name.
    Struct(&'static str, &'static [(&'static str, Want)]),
}

const STRING: Want = Want::Text("string");

/// `k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta`.
pub(crate) const OBJECT_META: Want = Want::Struct(
    "ObjectMeta",
    &[
        ("name", STRING),
        ("generateName", STRING),
        ("namespace", STRING),
        ("selfLink", STRING),
        ("uid", Want::Text("types.UID")),
        ("resourceVersion", STRING),
        ("generation", Want::Integer),
        ("creationTimestamp", Want::Time),
        ("deletionTimestamp", Want::Time),
        ("deletionGracePeriodSeconds", Want::Integer),
        ("labels", Want::Map(&STRING)),
        ("annotations", Want::Map(&STRING)),
        (
            "ownerReferences",
            Want::List(&Want::Struct(
                "OwnerReference",
                &[
                    ("apiVersion", STRING),
                    ("kind", STRING),
                    ("name", STRING),
                    ("uid", Want::Text("types.UID")),
                    ("controller", Want::Bool),
                    ("blockOwnerDeletion", Want::Bool),
                ],
            )),
        ),
        ("finalizers", Want::List(&STRING)),
        (
            "managedFields",
            Want::List(&Want::Struct(
                "ManagedFieldsEntry",
                &[
                    ("manager", STRING),
                    ("operation", Want::Text("v1.ManagedFieldsOperationType")),
                    ("apiVersion", STRING),
                    ("time", Want::Time),
                    ("fieldsType", STRING),
                    ("fieldsV1", Want::Anything),
                    ("subresource", STRING),
                ],
            )),
        ),
    ],
);

/// Reports values of wrong types in `metadata`. In YAML a number or boolean is converted to a string
/// where one is expected, as in sigs.k8s.io/yaml.
pub(super) fn check(metadata: Ref<'_, '_>, is_yaml: bool, found: &mut Vec<Diagnostic>) {
    Check { is_yaml, found }.value(metadata, &OBJECT_META, &FieldPath::root().key("metadata"));
}

/// Whether a Go client expects a string at this path of an object.
pub(super) fn is_text(path: &[Step<'_>]) -> bool {
    let mut steps = path.iter();
    let mut want = match steps.next() {
        Some(Step::Key(key)) if is_same_name("metadata", key) => &OBJECT_META,
        Some(Step::Key(key)) => {
            let is_type = is_same_name("apiVersion", key) || is_same_name("kind", key);
            return is_type && steps.next().is_none();
        }
        _ => return false,
    };
    for step in steps {
        want = match (want, step) {
            (Want::List(want) | Want::Map(want), _) => want,
            (Want::Struct(_, fields), Step::Key(key)) => {
                match fields.iter().find(|(name, _)| is_same_name(name, key)) {
                    Some((_, want)) => want,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
    matches!(want, Want::Text(_))
}

struct Check<'a> {
    is_yaml: bool,
    found: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn value(&mut self, node: Ref<'_, '_>, want: &Want, path: &FieldPath) {
        let expected = match (want, node.kind()) {
            (Want::Anything, _) | (_, Kind::Null) => return,
            (Want::Text(_), Kind::String(_))
            | (Want::Integer, Kind::Signed(_))
            | (Want::Bool, Kind::Bool(_)) => return,
            (Want::Integer, Kind::Unsigned(v)) if i64::try_from(*v).is_ok() => return,
            (
                Want::Text(_),
                Kind::Bool(_) | Kind::Unsigned(_) | Kind::Signed(_) | Kind::Float(_),
            ) if self.is_yaml => {
                return;
            }
            (Want::Time, Kind::String(text)) if text.parse::<Timestamp>().is_ok() => return,
            (Want::List(want), Kind::Sequence) => {
                for (i, item) in node.items().enumerate() {
                    self.value(item, want, &path.clone().index(i));
                }
                return;
            }
            (Want::Map(want), Kind::Mapping) => {
                for (key, value) in node.distinct_entries() {
                    self.value(value, want, &path.clone().key(key.text()));
                }
                return;
            }
            (Want::Struct(_, fields), Kind::Mapping) => {
                for (key, value) in node.distinct_entries() {
                    let field = fields.iter().find(|(name, _)| is_same_name(name, key.text()));
                    if let Some((name, want)) = field {
                        self.value(value, want, &path.clone().key(*name));
                    }
                }
                return;
            }
            (Want::Text(_), _) => "a string",
            (Want::Integer, _) => "a whole number",
            (Want::Bool, _) => "true or false",
            (Want::Time, _) => "a time such as \"2026-01-31T12:00:00Z\"",
            (Want::List(_), _) => "a list",
            (Want::Map(_) | Want::Struct(..), _) => "a map",
        };
        // One diagnostic is enough for a kind of value of which there may be millions.
        if self.found.len() < 1000 {
            self.found.push(wrong_type(path.clone(), expected, node));
        }
    }
}

/// A value of another type than Go's client expects.
pub(super) fn wrong_type(path: FieldPath, expected: &str, node: Ref<'_, '_>) -> Diagnostic {
    let message = format!("expected {expected}, found {}", node.kind().describe());
    let position = tree::position(node);
    Diagnostic { position, ..Diagnostic::new(rule::WRONG_TYPE, Severity::Error, path, message) }
}

/// encoding/json's comparison of names: case-insensitive, by Unicode's simple folding.
pub(super) fn is_same_name(name: &str, key: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(key.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_go_does() {
        assert!(is_same_name("spec", "\u{17f}PEC"));
        assert!(is_same_name("kind", "\u{212a}ind"));
        assert!(!is_same_name("spec", "specs"));
    }
}
