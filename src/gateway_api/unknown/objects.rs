//! Objects with placeholders to which Gateways may refer.

use std::collections::{HashMap, HashSet};

use super::fill::may_be_equal;
use crate::{
    FieldPath, PlaceholderValue,
    diagnostic::Step,
    is_placeholder,
    placeholder::MAX_PLACEHOLDERS,
    tree::{self, Ref},
};

/// The kind under which a Gateway with an unknown `ListenerSet` is kept: that has the kind `ListenerSet`.
pub(in crate::gateway_api) const CHILD: &str = "ListenerSet of";

/// The objects that are not in the set because of their placeholders.
#[derive(Clone, Debug, Default)]
pub(in crate::gateway_api) struct UnknownObjects {
    kinds: HashMap<String, Names>,
}

/// Namespaces and names.
#[derive(Clone, Debug, Default)]
struct Names {
    known: HashSet<(String, String)>,
    patterns: Vec<(String, String)>,
    /// Whether there are too many patterns.
    is_any: bool,
}

impl UnknownObjects {
    pub(in crate::gateway_api) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Adds an object. Of a kind without names, such as a ReferenceGrant, the name is empty.
    pub(in crate::gateway_api) fn add(&mut self, kind: &str, namespace: &str, name: &str) {
        const MOST: usize = 100;
        let names = self.kinds.entry(kind.to_owned()).or_default();
        let identity = (namespace.to_owned(), name.to_owned());
        if ![namespace, name].into_iter().any(is_placeholder) {
            names.known.insert(identity);
        } else if names.patterns.len() < MOST {
            names.patterns.push(identity);
        } else {
            names.is_any = true;
        }
    }

    pub(super) fn may_be(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.kinds.get(kind).is_some_and(|names| {
            let mut patterns = names.patterns.iter();
            names.is_any
                || names.known.contains(&(namespace.to_owned(), name.to_owned()))
                || patterns.any(|own| may_be_equal(&own.0, namespace) && may_be_equal(&own.1, name))
        })
    }
}

/// What a translation assumes about what is unknown.
#[derive(Clone, Copy)]
pub(in crate::gateway_api) struct Assumed<'a> {
    pub(super) objects: Option<&'a UnknownObjects>,
    /// Whether unknown objects are usable; otherwise they do not exist.
    pub(super) are_usable: bool,
    /// The listeners whose answer depends on placeholders, sorted.
    pub(super) listeners: &'a [usize],
    /// Whether a later Gateway of the same name has the `ListenerSet`s.
    pub(in crate::gateway_api) is_replaced: bool,
}

impl Assumed<'_> {
    /// Everything is known.
    pub(in crate::gateway_api) const NOTHING: Self =
        Self { objects: None, are_usable: false, listeners: &[], is_replaced: false };

    /// Whether the set may have an object that is not in it.
    pub(in crate::gateway_api) fn may_be(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.objects.is_some_and(|objects| objects.may_be(kind, namespace, name))
    }

    /// Whether the set has such an object, and it is usable.
    pub(in crate::gateway_api) fn is_usable(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> bool {
        self.are_usable && self.may_be(kind, namespace, name)
    }

    pub(in crate::gateway_api) fn are_usable(&self) -> bool {
        self.are_usable
    }

    /// Whether a listener depends on placeholders of its Gateway.
    pub(in crate::gateway_api) fn depends(&self, listener: usize) -> bool {
        self.listeners.binary_search(&listener).is_ok()
    }
}

/// The placeholders of an object on which the answer for a Gateway that refers to it may depend.
pub(in crate::gateway_api) fn matters(
    kind: &str,
    node: Ref<'_, '_>,
    placeholders: Vec<PlaceholderValue>,
) -> Option<UnknownObject> {
    /// The keys that istiod reads.
    const KEYS: [&str; 6] = ["cert", "key", "tls.crt", "tls.key", "cacert", "ca.crt"];
    let is_cut = placeholders.len() >= MAX_PLACEHOLDERS;
    let matters = |path: &FieldPath| match path.steps() {
        [Step::Key(status), ..] if status == "status" => false,
        [Step::Key(metadata), Step::Key(map), Step::Key(_), ..] if metadata == "metadata" => {
            map == "labels" && matches!(kind, "Namespace" | "ListenerSet")
        }
        [Step::Key(data), Step::Key(key), ..] if data == "data" || data == "stringData" => {
            KEYS.contains(&key.as_str()) || is_placeholder(key)
        }
        _ => true,
    };
    let first = placeholders.into_iter().find(|value| is_cut || matters(&value.path))?;
    let text = |key: &str| {
        let path = FieldPath::root().key("metadata").key(key);
        tree::get(node, &path).map(Ref::to_text).unwrap_or_default()
    };
    Some(UnknownObject { namespace: text("namespace"), name: text("name"), first })
}

/// An object with placeholders.
pub(in crate::gateway_api) struct UnknownObject {
    pub(in crate::gateway_api) namespace: String,
    pub(in crate::gateway_api) name: String,
    /// The first of its placeholders.
    pub(in crate::gateway_api) first: PlaceholderValue,
}
