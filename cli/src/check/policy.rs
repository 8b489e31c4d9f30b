//! The user's severities of rules.

use istio_gateway::{Rule, RuleId, Severity, rule};

use crate::{Failure, config::Config, rules, text::shown};

/// The denied and allowed rules, by their ids or prefixes of ids.
pub(super) struct Policy {
    choices: Vec<(String, Choice)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Deny,
    Allow,
}

impl Policy {
    /// The options replace what the configuration has for the same name.
    pub(super) fn new(deny: &[String], allow: &[String], config: &Config) -> Result<Self, Failure> {
        let mut policy = Self { choices: Vec::new() };
        policy.add(deny, allow, "--deny", "--allow")?;
        let is_new = |name: &&String| !policy.choices.iter().any(|(other, _)| other == *name);
        let own = |names: &[String]| names.iter().filter(is_new).cloned().collect::<Vec<_>>();
        let (deny, allow) = (own(&config.deny), own(&config.allow));
        let path = config.path.display();
        policy.add(&deny, &allow, &format!("{path}: deny"), &format!("{path}: allow"))?;
        // The first match is used: the longest prefix is the most specific.
        policy.choices.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Ok(policy)
    }

    fn add(
        &mut self,
        deny: &[String],
        allow: &[String],
        denies: &str,
        allows: &str,
    ) -> Result<(), Failure> {
        let denied = deny.iter().map(|name| (name, Choice::Deny));
        let allowed = allow.iter().map(|name| (name, Choice::Allow));
        let mut choices: Vec<(String, Choice)> = Vec::new();
        for (name, choice) in denied.chain(allowed) {
            let option = if choice == Choice::Deny { denies } else { allows };
            let mut is_known = false;
            for rule in rule::rules().filter(|rule| is_of(rule.id.as_str(), name)) {
                is_known = true;
                if choice == Choice::Allow && !is_lint(rule.id) {
                    return Err(Failure::Usage(format!(
                        "{option} {name}: {} is the cluster's verdict and cannot be allowed; \
                         only rules of lint/ can",
                        rule.id
                    )));
                }
            }
            if !is_known {
                // Rules that cannot be allowed, and those of other commands, are not suggested.
                let others = ["decode", "envoy", "gateway-api"];
                let is_meant = |rule: &Rule| match choice {
                    Choice::Allow => is_lint(rule.id),
                    Choice::Deny => !others.contains(&rule.id.group()),
                };
                let nearest = rules::nearest(name, is_meant)
                    .map_or_else(String::new, |id| format!("; did you mean {id}?"));
                return Err(Failure::Usage(format!(
                    "{option} {}: unknown rule{nearest} (istio-gateway rules lists all)",
                    shown(name)
                )));
            }
            let other = choices.iter().find(|(other, _)| other == name);
            if other.is_some_and(|(_, other)| *other != choice) {
                return Err(Failure::Usage(format!("{name} is both denied and allowed")));
            }
            choices.push((name.clone(), choice));
        }
        self.choices.extend(choices);
        Ok(())
    }

    /// The severity of a finding, if it is reported.
    pub(super) fn severity(&self, rule: RuleId, severity: Severity) -> Option<Severity> {
        let choice = self.choices.iter().find(|(name, _)| is_of(rule.as_str(), name));
        match choice.map(|(_, choice)| *choice) {
            Some(Choice::Deny) => Some(Severity::Error),
            Some(Choice::Allow) => None,
            None => Some(severity),
        }
    }
}

/// Whether a rule is lint, and not a verdict.
pub(super) fn is_lint(rule: RuleId) -> bool {
    rule.group() == "lint"
}

/// Whether a rule has this name, or is in this group, such as `lint/` or `lint`.
fn is_of(rule: &str, name: &str) -> bool {
    let rest = rule.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || name.ends_with(['/', '-']))
}
