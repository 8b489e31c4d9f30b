//! The rules of all findings: their ids, explanations and examples.
//!
//! Each group of rules is a module:
//!
//! | group | who reports it |
//! |---|---|
//! | `document/` | the parsers of YAML and JSON: the document cannot be read, or is ignored |
//! | [`decode/`](decode) | Istio's decoder: what it rejects, ignores or replaces |
//! | `field-validation/` | the API server, as the client requests it |
//! | `schema/`, `cel/` | the API server: rules for metadata, the custom resource's schema and its CEL rules |
//! | `webhook/` | istiod's webhook, and the translation of what it warns of or rejects |
//! | [`lint/`](lint) | this crate, also in the translation: settings that are harmful or have no effect |
//! | `envoy/` | istiod's translation for Envoy, where no other group reports it |
//! | `gateway-api/` | istiod's translation from Gateway API |
//!
//! Groups of a feature that is off are absent.
//!
//! ```
//! use istio_gateway::rule::{self, rules};
//!
//! assert_eq!(rule::decode::UNKNOWN_FIELD.as_str(), "decode/unknown-field");
//! let rule = rules().find(|rule| rule.id == "decode/unknown-field").unwrap();
//! assert_eq!(rule.title, "Unknown field");
//! ```

use std::fmt;

use crate::Severity;

/// Defines the constants and the table of a group. `manifests` includes the files of that id in
/// `tests/manifests/invalid` and `tests/manifests/valid`.
macro_rules! rules {
    ($($NAME:ident = $id:literal, $severity:ident, $title:literal, $explanation:literal $(, $manifests:ident)?;)*) => {
        use super::{Rule, RuleId};

        $(
            #[doc = $title]
            #[allow(clippy::doc_markdown, reason = "titles are plain text that may contain names")]
            pub const $NAME: RuleId = RuleId($id);
        )*

        pub(super) static RULES: &[Rule] = &[$(Rule {
            id: $NAME,
            severity: crate::Severity::$severity,
            title: $title,
            explanation: $explanation,
            bad: rules!(@manifest "invalid", $id $(, $manifests)?),
            good: rules!(@manifest "valid", $id $(, $manifests)?),
        }),*];

        #[cfg(all(test, feature = "envoy", feature = "gateway-api"))]
        pub(super) const NAMES: &[(&str, RuleId)] = &[$((stringify!($NAME), $NAME)),*];
    };
    (@manifest $kind:literal, $id:literal) => { None };
    (@manifest $kind:literal, $id:literal, manifests) => {
        Some(include_str!(concat!("../../tests/manifests/", $kind, "/", $id, ".yaml")))
    };
}

#[cfg(feature = "validate")]
pub mod cel;
pub mod decode;
pub mod document;
#[cfg(feature = "envoy")]
pub mod envoy;
#[cfg(feature = "validate")]
pub mod field_validation;
#[cfg(feature = "gateway-api")]
pub mod gateway_api;
pub mod lint;
#[cfg(feature = "validate")]
pub mod schema;
#[cfg(any(feature = "envoy", feature = "validate"))]
pub mod webhook;

/// The stable id of a rule, such as `webhook/port-number`. Every id is a constant of a group's module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(&'static str);

impl RuleId {
    /// The id as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The part of the id before the slash, such as `webhook`.
    #[must_use]
    pub fn group(self) -> &'static str {
        self.0.split_once('/').map_or(self.0, |(group, _)| group)
    }

    /// The rule with this id, from [`rules`].
    #[must_use]
    pub fn rule(self) -> Option<&'static Rule> {
        rules().find(|rule| rule.id == self)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq<str> for RuleId {
    fn eq(&self, id: &str) -> bool {
        self.0 == id
    }
}

impl PartialEq<&str> for RuleId {
    fn eq(&self, id: &&str) -> bool {
        self.0 == *id
    }
}

impl serde::Serialize for RuleId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// A rule with its explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The id of its findings.
    pub id: RuleId,
    /// The severity of its findings, unless the explanation names an exception.
    pub severity: Severity,
    /// What is wrong, as a noun phrase.
    pub title: &'static str,
    /// What it means, what happens, and what to do.
    pub explanation: &'static str,
    /// A manifest that violates this rule, and no other one if possible.
    pub bad: Option<&'static str>,
    /// A similar manifest that satisfies it.
    pub good: Option<&'static str>,
}

/// All rules, in the order in which they apply to a document: from reading it to lint and translation.
///
/// ```
/// # #[cfg(feature = "validate")] {
/// use istio_gateway::{
///     Object,
///     rule::{rules, webhook},
///     validate::{Options, validate},
/// };
///
/// let rule = rules().find(|rule| rule.id == webhook::PORT_NUMBER).unwrap();
/// let object = Object::from_yaml(rule.bad.unwrap())?;
/// assert_eq!(validate(&object, &Options::default()).findings[0].rule, rule.id);
/// # }
/// # Ok::<(), istio_gateway::Error>(())
/// ```
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    const GROUPS: &[&[Rule]] = &[
        document::RULES,
        #[cfg(feature = "validate")]
        field_validation::RULES,
        #[cfg(feature = "validate")]
        schema::RULES,
        #[cfg(feature = "validate")]
        cel::RULES,
        #[cfg(any(feature = "envoy", feature = "validate"))]
        webhook::RULES,
        lint::RULES,
        decode::RULES,
        #[cfg(feature = "envoy")]
        envoy::RULES,
        #[cfg(feature = "gateway-api")]
        gateway_api::RULES,
    ];
    GROUPS.iter().copied().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_is_explained_once() {
        let mut ids = HashSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "duplicate id {}", rule.id);
            assert!(!rule.title.ends_with('.') && !rule.title.is_empty(), "{}", rule.id);
            assert!(rule.explanation.ends_with('.'), "{}", rule.id);
            assert_eq!(rule.id.rule(), Some(rule));
        }
    }

    /// The constant of `lint/no-selector` is `lint::NO_SELECTOR`.
    #[test]
    #[cfg(all(feature = "envoy", feature = "gateway-api"))]
    fn constants_are_named_as_their_ids() {
        let groups = [
            ("cel", cel::NAMES),
            ("decode", decode::NAMES),
            ("document", document::NAMES),
            ("envoy", envoy::NAMES),
            ("field-validation", field_validation::NAMES),
            ("gateway-api", gateway_api::NAMES),
            ("lint", lint::NAMES),
            ("schema", schema::NAMES),
            ("webhook", webhook::NAMES),
        ];
        for (group, (name, id)) in
            groups.iter().flat_map(|(group, names)| names.iter().map(move |name| (group, name)))
        {
            assert_eq!(id.as_str(), format!("{group}/{}", name.to_lowercase().replace('_', "-")));
        }
    }
}
