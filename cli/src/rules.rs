//! `istio-gateway rules`: what each rule says, with an example.

mod translation;

use clap::{Args, ValueEnum};
use istio_gateway::{Severity, gateway_api, validate};
use serde::Serialize;

use crate::{
    Failure,
    output::{Layout, print, print_json},
    wording::{severity_name, shown, text_width, wrapped},
};

/// Lists the rules of check, or explains those that are named.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  istio-gateway rules                          every rule in a line
  istio-gateway rules webhook/servers-required one rule: what it means, bad and good manifests
  istio-gateway rules lint/                    all of a group
  istio-gateway rules --format json            for programs, an object a line

schema/ and cel/ are rules of the custom resource, which the API server checks; webhook/ are
istiod's. lint/ is what they accept and what does not do what it seems to. document/ is what cannot
be read at all. field-validation/ are the API server's, as the client requests it. gateway-api/ are
those of from-gateway-api. envoy/ and decode/ are what explain and envoy report: what istiod drops from
its translation, and what its decoder ignores.

Exit status:
  0  the rules were printed
  2  there is no such rule, or standard output cannot be written")]
pub(crate) struct Rules {
    /// How to print the rules
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// A rule's id, or the beginning of several ids
    rule: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A rule of the library's or of this command's own.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) title: &'static str,
    pub(crate) explanation: &'static str,
    bad: Option<&'static str>,
    good: Option<&'static str>,
}

impl Rule {
    /// Whether it is advice, and no verdict.
    pub(crate) fn is_lint(&self) -> bool {
        self.id.starts_with("lint/")
    }
}

/// The rules of reading files, which the library leaves to its callers.
pub(crate) mod own {
    pub(crate) const SYNTAX: &str = "document/syntax";
    pub(crate) const LIMIT: &str = "document/limit";
    pub(crate) const NOT_UTF_8: &str = "document/not-utf-8";
    pub(crate) const NO_OBJECT: &str = "document/no-object";
    pub(crate) const OMITTED: &str = "document/omitted";
    pub(crate) const IGNORED_TEXT: &str = "document/ignored-text";
    pub(crate) const TEMPLATE: &str = "lint/template";
    pub(crate) const MISSPELT_TYPE: &str = "lint/misspelt-type";
    pub(crate) const GATEWAY_API: &str = "lint/gateway-api";
}

const GOOD: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls: {mode: SIMPLE, credentialName: edge-cert}
";

const IGNORED_TEXT: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example.com]
...
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: lost}
";

static OWN: [Rule; 8] = [
    Rule {
        id: own::SYNTAX,
        severity: Severity::Error,
        title: "A document that is no YAML, or no JSON",
        explanation: "Nothing can read it, so that it does not even reach a cluster. The other \
                      documents of the file are checked all the same.",
        bad: Some("kind: Gateway\nmetadata: {name: edge\nspec: [\n"),
        good: Some(GOOD),
    },
    Rule {
        id: own::LIMIT,
        severity: Severity::Error,
        title: "A document nested too deeply, or whose aliases grow too large",
        explanation: "An API server refuses such a document, too: it would cost too much to read.",
        bad: None,
        good: None,
    },
    Rule {
        id: own::NOT_UTF_8,
        severity: Severity::Error,
        title: "A document that is not UTF-8",
        explanation: "Kubernetes reads UTF-8. The file may be in another encoding, or no text at \
                      all.",
        bad: None,
        good: None,
    },
    Rule {
        id: own::NO_OBJECT,
        severity: Severity::Error,
        title: "apiVersion or kind that is no text",
        explanation: "What Kubernetes is to take it for cannot be told.",
        bad: Some("apiVersion: 1\nkind: Gateway\nmetadata: {name: edge}\n"),
        good: Some(GOOD),
    },
    Rule {
        id: own::IGNORED_TEXT,
        severity: Severity::Error,
        title: "Text after the end of a document",
        explanation: "Kubernetes' clients cut a stream at the lines with `---` and read the first document \
                      of each part. What follows it, after `...` or a closing bracket, is dropped \
                      silently. Separate documents by a line with `---`.",
        bad: Some(IGNORED_TEXT),
        good: Some(GOOD),
    },
    Rule {
        id: own::MISSPELT_TYPE,
        severity: Severity::Warning,
        title: "Misspelt kind or group",
        explanation: "The document looks like a Gateway of Istio's and is not one, so that it is not \
                      checked. A cluster rejects it, since it does not know the kind.",
        bad: Some("apiVersion: networking.istio.io/v1\nkind: Gatway\nmetadata: {name: edge}\n"),
        good: Some(GOOD),
    },
    Rule {
        id: own::GATEWAY_API,
        severity: Severity::Note,
        title: "A Gateway of Gateway API",
        explanation: "gateway.networking.k8s.io has a Gateway of its own, which is not checked: \
                      istio-gateway from-gateway-api shows what istiod translates it to.",
        bad: Some(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\n",
        ),
        good: Some(GOOD),
    },
    Rule {
        id: own::OMITTED,
        severity: Severity::Note,
        title: "More findings than are shown",
        explanation: "Of one document only so many are kept.",
        bad: None,
        good: None,
    },
];

/// Every rule, those of the library first.
pub(crate) fn all() -> impl Iterator<Item = Rule> {
    let known = validate::rules().iter().chain(gateway_api::rules()).map(|rule| Rule {
        id: rule.id,
        severity: rule.severity,
        title: rule.title,
        explanation: rule.explanation,
        bad: rule.bad,
        good: rule.good,
    });
    known.chain(OWN).chain(translation::RULES)
}

/// The id that was probably meant.
pub(crate) fn nearest(name: &str, is_meant: impl Fn(&Rule) -> bool) -> Option<&'static str> {
    let bare = |id: &'static str| id.split('/').next_back().unwrap_or(id);
    let distance = |id: &'static str| {
        // The group may be missing.
        let whole = strsim::damerau_levenshtein(name, id);
        whole.min(strsim::damerau_levenshtein(name, bare(id)))
    };
    // A longer word is no slip of the pen, and would be slow to compare.
    let ids = all().filter(is_meant).map(|rule| rule.id).filter(|_| name.len() <= 64);
    ids.map(|id| (distance(id), id))
        .filter(|(distance, _)| *distance <= name.len() / 4)
        .min()
        .map(|(_, id)| id)
}

#[derive(Serialize)]
struct Line {
    rule: &'static str,
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
            severity: severity_name(rule.severity),
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
        let mut rules: Vec<_> = all().filter(|rule| rule.id == name).collect();
        if rules.is_empty() {
            rules = all().filter(|rule| rule.id.starts_with(name)).collect();
        }
        if rules.is_empty() {
            let nearest = nearest(name, |_| true)
                .map_or_else(String::new, |id| format!("; did you mean {id}?"));
            let name = shown(name);
            let message = format!("no rule {name}{nearest} (istio-gateway rules lists them)");
            return Err(Failure::Usage(message));
        }
        let text = match self.format {
            Format::Json => {
                return print_json(
                    &rules.iter().map(Line::from).collect::<Vec<_>>(),
                    Layout::Lines,
                );
            }
            Format::Text if self.rule.is_some() => {
                rules.iter().map(explained).collect::<Vec<_>>().join("\n")
            }
            Format::Text => listed(&rules),
        };
        print(text.as_bytes())
    }
}

fn listed(rules: &[Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let line = |rule: &Rule| {
        format!("{:width$}  {:7}  {}\n", rule.id, severity_name(rule.severity), rule.title)
    };
    rules.iter().map(line).collect()
}

fn explained(rule: &Rule) -> String {
    let mut text = format!("{} ({})\n{}\n", rule.id, severity_name(rule.severity), rule.title);
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
