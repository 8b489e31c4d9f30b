//! Objects as they are written.

use super::{LISTENER_SET, locate::locate_in};
use crate::{
    Diagnostic, Error, FieldPath, Position, RuleId, Severity,
    diagnostic::{Quoted, nearest},
    gateway_api::{
        input::{FromTree, GROUP, Metadata},
        routes::{self, Route},
        rule::NO_PARENT,
        schema::Resource,
        unknown::{self, Variants},
    },
    rule::decode as rule,
    tree::{self, Ref, Tree},
};

/// An object as it is written.
pub(super) struct Written<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) tree: &'a Tree<'a>,
    pub(super) node: Ref<'a, 'a>,
    /// Its path in the document.
    pub(super) path: &'a FieldPath,
    /// The position of the document in the stream.
    pub(super) start: Position,
}

impl Written<'_> {
    pub(super) fn group_version(&self) -> (&str, &str) {
        self.api_version.rsplit_once('/').unwrap_or(("", self.api_version))
    }

    /// The object with the API server's findings about it.
    pub(super) fn read<T: FromTree>(&self, resource: &Resource) -> Result<(T, Variants<T>), Error> {
        unknown::read(resource, self.group_version().1, self.tree, self.node)
    }

    pub(super) fn route(&self, kind: routes::Kind) -> Result<Route, Error> {
        let metadata = self.node.get("metadata").map(Metadata::from_tree).transpose();
        let mut metadata = metadata
            .map_err(|error| {
                let position = tree::position(self.tree.at(error.node));
                let path = FieldPath::root().key("metadata");
                let path = path.steps().iter().chain(error.path().steps()).cloned().collect();
                wrong(rule::WRONG_TYPE, path, position, error.message)
            })?
            .unwrap_or_default();
        default_namespace(&mut metadata.namespace);
        let mut json = String::new();
        match self.node.get("spec") {
            Some(spec) => tree::write_json(&tree::Edit::Kept(spec), &mut json),
            None => json.push_str("{}"),
        }
        let spec = serde_json::from_str(&json).map_err(|error| {
            let path = FieldPath::root().key("spec");
            wrong(rule::WRONG_TYPE, path, tree::position(self.node), error.to_string())
        })?;
        Ok(Route { kind, metadata, spec })
    }

    /// The finding that the parent of a `ListenerSet` is not in the set.
    pub(super) fn no_parent(&self) -> Diagnostic {
        let path = FieldPath::root().key("spec").key("parentRef");
        let message = "this Gateway is not in the set: istiod ignores the ListenerSet";
        let mut found = Diagnostic::new(NO_PARENT, Severity::Warning, path, message);
        found.help = Some("add the Gateway, or correct the parentRef".to_owned());
        locate_in(self.tree, vec![(self.path, &mut found)], self.start);
        found
    }

    /// Findings with their positions.
    pub(super) fn located(&self, findings: Vec<Diagnostic>, start: Position) -> Vec<Diagnostic> {
        let mut diagnostics = findings;
        let found = diagnostics.iter_mut().map(|diagnostic| (self.path, diagnostic)).collect();
        locate_in(self.tree, found, start);
        diagnostics
    }
}

/// If an object looks like one of Gateway API but its kind or group is misspelt, a message about it.
pub(super) fn misspelt(group: &str, kind: &str) -> Option<String> {
    const KINDS: [&str; 4] = ["Gateway", "GatewayClass", LISTENER_SET, "ReferenceGrant"];
    let is_kind = KINDS.contains(&kind);
    let near = nearest(kind, KINDS)?;
    let is_near_group = nearest(group, [GROUP]).is_some();
    if group != GROUP && !(is_near_group && is_kind) {
        return None;
    }
    let (kind, quoted) = (Quoted(kind), Quoted(group));
    Some(match group == GROUP {
        true => format!("the group {quoted} has no kind {kind}; did you mean {near}?"),
        false => format!("the group {quoted} has no kind {near}; did you mean {GROUP}?"),
    })
}

pub(super) fn item(index: usize) -> FieldPath {
    FieldPath::root().key("items").index(index)
}

/// The namespace of objects that are applied without one.
pub(super) fn default_namespace(namespace: &mut String) {
    if namespace.is_empty() {
        "default".clone_into(namespace);
    }
}

/// An object at a path, or an error and its location.
pub(in crate::gateway_api) fn read<T: FromTree>(
    tree: &Tree<'_>,
    node: Ref<'_, '_>,
    path: &FieldPath,
) -> Result<T, Error> {
    T::from_tree(node).map_err(|error| {
        let path = path.steps().iter().chain(error.path().steps()).cloned().collect();
        let position = tree::position(tree.at(error.node));
        wrong(rule::WRONG_TYPE, path, position, error.message)
    })
}

/// An error and its location.
fn wrong(rule: RuleId, path: FieldPath, position: Option<Position>, message: String) -> Error {
    let found = Diagnostic::new(rule, Severity::Error, path, message);
    Error::decode(vec![Diagnostic { position, ..found }])
}
