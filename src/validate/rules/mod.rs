//! The rules: what each says, who says it, and an example.

mod lint;
mod schema;
mod webhook;

use std::sync::LazyLock;

use crate::Severity;

/// A rule of validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The stable id, such as `webhook/port-number`.
    pub id: &'static str,
    /// What a finding of it weighs; that of `lint/credential-names-mutual` weighs more for an Istio
    /// that does not know it.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// What it means, why, and what to do.
    pub explanation: &'static str,
    /// A manifest that breaks this rule, and no other where that can be written.
    pub bad: Option<&'static str>,
    /// A manifest that barely keeps it.
    pub good: Option<&'static str>,
}

impl Rule {
    /// A rule that no manifest breaks by itself.
    pub(crate) const fn without_example(
        id: &'static str,
        severity: Severity,
        title: &'static str,
        explanation: &'static str,
    ) -> Self {
        Self { id, severity, title, explanation, bad: None, good: None }
    }

    /// Who says so.
    #[must_use]
    pub fn authority(&self) -> Authority {
        match self.id.split_once('/') {
            Some(("field-validation", _)) => Authority::FieldValidation,
            Some(("schema", _)) => Authority::Schema,
            Some(("cel", _)) => Authority::Cel,
            Some(("webhook", _)) => Authority::Webhook,
            _ => Authority::Lint,
        }
    }
}

/// Who makes a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authority {
    /// The API server's field validation, as the client requests it.
    FieldValidation,
    /// The API server: its rules for metadata, and the schema of the custom resource.
    Schema,
    /// The CEL rules of the custom resource.
    Cel,
    /// istiod's webhook.
    Webhook,
    /// This crate: accepted by a cluster, and wrong all the same.
    Lint,
}

impl Authority {
    /// `field-validation`, `schema`, `cel`, `webhook` or `lint`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FieldValidation => "field-validation",
            Self::Schema => "schema",
            Self::Cel => "cel",
            Self::Webhook => "webhook",
            Self::Lint => "lint",
        }
    }

    /// What is behind it, in words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::FieldValidation => "the API server's field validation, which the client requests",
            Self::Schema => "the API server, for metadata and the custom resource's schema",
            Self::Cel => "the custom resource's CEL rules, which the API server checks",
            Self::Webhook => "istiod's validating webhook",
            Self::Lint => "this crate: a cluster accepts it",
        }
    }
}

/// Every rule, in a cluster's order: schema, CEL, webhook, and at last lint.
///
/// ```
/// use istio_gateway::{
///     Object,
///     validate::{Options, rules, validate},
/// };
///
/// let rule = rules().iter().find(|rule| rule.id == "webhook/port-number").unwrap();
/// let object = Object::parse(rule.bad.unwrap())?;
/// assert_eq!(validate(&object, &Options::default()).findings[0].rule, rule.id);
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> =
        LazyLock::new(|| [schema::RULES, webhook::RULES, lint::RULES].concat());
    &RULES
}

/// A rule with its examples, which are the manifests of the tests.
macro_rules! rule {
    ($id:literal, $severity:ident, $title:literal, $explanation:literal $(,)?) => {
        Rule {
            bad: Some(include_str!(concat!("../../../tests/manifests/invalid/", $id, ".yaml"))),
            good: Some(include_str!(concat!("../../../tests/manifests/valid/", $id, ".yaml"))),
            ..Rule::without_example($id, $severity, $title, $explanation)
        }
    };
}

pub(crate) use rule;
