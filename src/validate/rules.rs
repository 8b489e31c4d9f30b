//! The rules: what each says, who says it, and an example.

use crate::Severity;

/// A rule of validation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The stable id, such as `webhook/port-number`.
    pub id: &'static str,
    /// What a finding of it weighs.
    pub severity: Severity,
    /// Who says so.
    pub authority: Authority,
    /// One line.
    pub title: &'static str,
    /// What it means, why, and what to do.
    pub explanation: &'static str,
    /// A manifest that breaks this rule and no other, where one can be written.
    pub bad: Option<&'static str>,
    /// A manifest that barely keeps it.
    pub good: Option<&'static str>,
}

/// Who makes a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authority {
    /// The schema of the custom resource.
    Schema,
    /// The CEL rules of the custom resource.
    Cel,
    /// istiod's webhook.
    Webhook,
    /// This crate: accepted by a cluster, and wrong all the same.
    Lint,
}

impl Authority {
    /// `schema`, `cel`, `webhook` or `lint`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Cel => "cel",
            Self::Webhook => "webhook",
            Self::Lint => "lint",
        }
    }
}

/// Every rule, sorted by authority.
#[must_use]
pub fn rules() -> &'static [Rule] {
    RULES
}

static RULES: &[Rule] = &[];
