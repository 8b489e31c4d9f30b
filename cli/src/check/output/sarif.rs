//! SARIF 2.1.0, written incrementally.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use istio_gateway::{Fix, RuleId, fix::Applicability, rule};
use serde::Serialize;

use super::{EachFinding, name_of, with_help};
use crate::{
    check::{
        files::File,
        finding::{Finding, Place},
    },
    output::HarmlessJson,
};

pub(super) struct Sarif<'a> {
    files: &'a [File],
    rule_index: HashMap<RuleId, usize>,
    problems: Vec<String>,
    has_results: bool,
    is_begun: bool,
}

impl<'a> Sarif<'a> {
    pub(super) fn new(files: &'a [File]) -> Self {
        let rule_index = rule::rules().enumerate().map(|(index, rule)| (rule.id, index)).collect();
        Self { files, rule_index, problems: Vec::new(), has_results: false, is_begun: false }
    }

    /// Everything before the results.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        let rules = rule::rules().map(|rule| Rule {
            id: rule.id,
            short_description: Message { text: rule.title.into() },
            full_description: Message { text: rule.explanation.into() },
            help: Message { text: help(rule) },
            default_configuration: Configuration { level: rule.severity.as_str() },
        });
        let driver = Driver {
            name: env!("CARGO_BIN_NAME"),
            semantic_version: env!("CARGO_PKG_VERSION"),
            rules: rules.collect(),
        };
        out.write_all(
            br#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":"#,
        )?;
        serde_json::to_writer(HarmlessJson(&mut *out), &driver)?;
        out.write_all(br#"},"columnKind":"unicodeCodePoints","results":["#)
    }

    fn location(&self, file: usize, place: Option<Place>) -> Location<'static> {
        let uri = uri(&name_of(self.files, file));
        let region = place.map(|place| Region {
            start_line: place.line,
            start_column: place.column,
            end_line: place.end.map(|(line, _)| line),
            end_column: place.end.map(|(_, column)| column),
        });
        Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri },
                region,
            },
            logical_locations: Vec::new(),
            message: None,
        }
    }
}

impl Sarif<'_> {
    fn change(&self, file: usize, fix: &Fix) -> Change {
        let replacements = fix.edits.iter().map(|edit| Replacement {
            deleted_region: Region {
                start_line: edit.start.line,
                start_column: edit.start.column,
                end_line: Some(edit.end.line),
                end_column: Some(edit.end.column),
            },
            inserted_content: Message { text: edit.content.clone() },
        });
        let mark = if fix.applicability == Applicability::Safe { "" } else { " (unsafe)" };
        Change {
            description: Message { text: format!("{}{mark}", fix.title) },
            artifact_changes: [ArtifactChange {
                artifact_location: ArtifactLocation { uri: uri(&name_of(self.files, file)) },
                replacements: replacements.collect(),
            }],
        }
    }
}

impl EachFinding for Sarif<'_> {
    fn finding(&mut self, out: &mut dyn Write, file: usize, finding: &Finding) -> io::Result<()> {
        self.begin(out)?;
        out.write_all(if self.has_results { b",\n" } else { b"\n" })?;
        self.has_results = true;
        let field = (!finding.path.is_empty())
            .then(|| LogicalLocation { fully_qualified_name: &finding.path, kind: "member" });
        let other = finding.other.as_ref().map(|other| Location {
            message: Some(Message { text: "the other document".into() }),
            ..self.location(other.file, other.place)
        });
        let result = Outcome {
            rule_id: finding.rule,
            rule_index: self.rule_index.get(&finding.rule).copied(),
            level: finding.severity.as_str(),
            message: Message { text: with_help(finding.message.clone(), finding) },
            locations: vec![Location {
                logical_locations: field.into_iter().collect(),
                ..self.location(file, finding.place)
            }],
            related_locations: other.into_iter().collect(),
            fixes: finding.fix.iter().map(|fix| self.change(file, fix)).collect(),
        };
        serde_json::to_writer(HarmlessJson(out), &result)?;
        Ok(())
    }

    fn problem(&mut self, _out: &mut dyn Write, problem: &str) -> io::Result<()> {
        self.problems.push(problem.to_owned());
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        let invocation = Invocation {
            execution_successful: self.problems.is_empty(),
            tool_execution_notifications: self
                .problems
                .iter()
                .map(|problem| Notification {
                    level: "error",
                    message: Message { text: problem.clone() },
                })
                .collect(),
        };
        out.write_all(b"\n],\"invocations\":[")?;
        serde_json::to_writer(HarmlessJson(&mut *out), &invocation)?;
        out.write_all(b"]}]}\n")
    }
}

/// The explanation, and how to see the examples.
fn help(rule: &istio_gateway::Rule) -> String {
    let istio_gateway::Rule { id, explanation, .. } = rule;
    format!("{explanation}\n\nExamples: istio-gateway rules {id}")
}

/// A path as a relative reference, or a `file:` URI if it is absolute.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            // Windows paths.
            b'\\' if cfg!(windows) => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: RuleId,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: RuleId,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Change>,
}

/// SARIF's `fix`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    description: Message,
    artifact_changes: [ArtifactChange; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("./a b/ü.yaml"), "a%20b/%C3%BC.yaml");
        assert_eq!(uri("/a.yaml"), "file:///a.yaml");
        assert_eq!(uri("a:b"), "a%3Ab");
    }
}
