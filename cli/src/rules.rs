//! `istio-gateway rules`: lists and explains the rules, with examples.

use clap::{Args, ValueEnum};
use istio_gateway::{Rule, RuleId, rule::rules};
use serde::Serialize;

use crate::{
    Failure,
    output::{Layout, print, print_json},
    text::{shown, text_width, wrapped},
};

/// Lists the rules of all findings, or explains some of them.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway rules                          list all rules
  istio-gateway rules webhook/servers-required explain one rule, with a bad and a good manifest
  istio-gateway rules lint/                    explain all rules of a group
  istio-gateway rules --format json            one JSON object a line

Groups:
  document/          the document cannot be read
  schema/, cel/      the API server: the custom resource
  field-validation/  the API server: unknown and repeated fields, as the client requests it
  webhook/           istiod's webhook
  lint/              settings that are accepted but harmful or without effect
  decode/            istiod's decoder: ignored or replaced values (envoy, explain)
  envoy/             istiod's translation: dropped or replaced settings (envoy, explain)
  gateway-api/       istiod's translation of Gateway API (from-gateway-api)

Exit status:
  0  the rules were printed
  2  there is no such rule, or standard output cannot be written")]
pub(crate) struct Rules {
    /// The output format
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// A rule's id, or the start of several ids
    rule: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The most similar id.
pub(crate) fn nearest(name: &str, is_meant: impl Fn(&Rule) -> bool) -> Option<RuleId> {
    // A longer name is not a typo, and would be slow to compare.
    let known = rules().filter(|rule| name.len() <= 64 && is_meant(rule));
    let distance = |id: RuleId| {
        // The group may be missing.
        let bare = id.as_str().rsplit('/').next().unwrap_or_default();
        let of = |id| strsim::damerau_levenshtein(name, id);
        of(id.as_str()).min(of(bare))
    };
    known
        .map(|rule| (distance(rule.id), rule.id))
        .filter(|(distance, _)| *distance <= name.len() / 4)
        .min()
        .map(|(_, id)| id)
}

#[derive(Serialize)]
struct Line {
    rule: RuleId,
    severity: &'static str,
    title: &'static str,
    explanation: &'static str,
    bad: Option<&'static str>,
    good: Option<&'static str>,
}

impl From<&Rule> for Line {
    fn from(rule: &Rule) -> Self {
        Self {
            rule: rule.id,
            severity: rule.severity.as_str(),
            title: rule.title,
            explanation: rule.explanation,
            bad: rule.bad,
            good: rule.good,
        }
    }
}

impl Rules {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let name = self.rule.as_deref().unwrap_or_default();
        let find = |fits: &dyn Fn(&str) -> bool| -> Vec<_> {
            rules().filter(|rule| fits(rule.id.as_str())).collect()
        };
        let mut found = find(&|id| id == name);
        if found.is_empty() {
            found = find(&|id| id.starts_with(name));
        }
        if found.is_empty() {
            let nearest = nearest(name, |_| true)
                .map_or_else(String::new, |id| format!("; did you mean {id}?"));
            let name = shown(name);
            let message = format!("unknown rule {name}{nearest} (istio-gateway rules lists all)");
            return Err(Failure::Usage(message));
        }
        let text = match self.format {
            Format::Json => {
                return print_json(
                    &found.iter().copied().map(Line::from).collect::<Vec<_>>(),
                    Layout::Lines,
                );
            }
            Format::Text if self.rule.is_some() => {
                found.iter().map(|rule| explained(rule)).collect::<Vec<_>>().join("\n")
            }
            Format::Text => listed(&found),
        };
        print(text.as_bytes())
    }
}

fn listed(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id.as_str().len()).max().unwrap_or_default();
    let line = |rule: &&Rule| {
        format!("{:width$}  {:7}  {}\n", rule.id, rule.severity.as_str(), rule.title)
    };
    rules.iter().map(line).collect()
}

fn explained(rule: &Rule) -> String {
    let mut text = format!("{} ({})\n{}\n", rule.id, rule.severity.as_str(), rule.title);
    if !rule.explanation.is_empty() {
        text += &format!("\n{}\n", wrapped(rule.explanation, text_width()).join("\n"));
    }
    for (what, example) in [("Bad", rule.bad), ("Good", rule.good)] {
        if let Some(example) = example {
            text += &format!("\n{what}:\n\n");
            for line in example.trim_end().lines() {
                text += format!("    {line}").trim_end();
                text.push('\n');
            }
        }
    }
    text
}
