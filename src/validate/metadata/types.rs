//! Go's decoding of `metadata` into `ObjectMeta`.

use super::time;
use crate::{
    RuleId,
    manifest::{OBJECT_META, Want},
    rule, sort,
    tree::{JsonFloat, Kind, Ref},
    validate::findings::{Findings, Location},
};

const RULE: RuleId = rule::schema::METADATA_TYPE;

/// Reports every value that cannot be decoded. Returns whether all can be decoded.
///
/// The API server stops early and reports only one: the first string that is not a time, otherwise the
/// first value of a wrong type, in the order of keys. The findings are in this order.
pub(super) fn check(root: &Location<'_, '_>, findings: &mut Findings) -> bool {
    let api_version = root.field("apiVersion").node.map(Ref::text).unwrap_or_default();
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let prefix = format!("Gateway in version \"{version}\" cannot be handled as a Gateway: ");
    let mut is_decoded = true;
    for pass in [Pass::Times, Pass::Types] {
        let mut check = Check { pass, prefix: &prefix, findings, is_decoded: true };
        check.value(&root.field("metadata"), &OBJECT_META, &Target::default());
        is_decoded &= check.is_decoded;
    }
    is_decoded
}

/// Which errors are searched. Go continues after a value of a wrong type, but not after an invalid
/// time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Times,
    Types,
}

/// The field of a Go struct that a value is decoded into.
#[derive(Default)]
struct Target<'a> {
    up: Option<&'a Target<'a>>,
    structure: &'static str,
    name: &'static str,
}

impl<'a> Target<'a> {
    fn field(&'a self, structure: &'static str, name: &'static str) -> Self {
        Self { up: Some(self), structure, name }
    }

    fn path(&self) -> String {
        match self.up {
            Some(up) if up.up.is_some() => format!("{}.{}", up.path(), self.name),
            _ => self.name.to_owned(),
        }
    }
}

struct Check<'a> {
    pass: Pass,
    prefix: &'a str,
    findings: &'a mut Findings,
    is_decoded: bool,
}

impl Check<'_> {
    fn value(&mut self, place: &Location<'_, '_>, want: &'static Want, target: &Target<'_>) {
        let Some(node) = place.node else { return };
        match (want, node.kind()) {
            (_, Kind::Float(v)) if !v.is_finite() => self.unsupported(*v, place),
            (Want::Anything, _) | (_, Kind::Null) => {}
            (Want::Text(_), Kind::String(_)) | (Want::Bool, Kind::Bool(_)) => {}
            (Want::Integer, kind) if is_int64(kind) => {}
            (Want::Time, Kind::String(text)) => {
                if self.pass == Pass::Times
                    && let Err(message) = time::parse(text)
                {
                    let help = "write a time such as \"2026-01-31T12:00:00Z\", or remove the field";
                    self.error(place, &message, help.to_owned());
                }
            }
            (Want::Map(want), Kind::Mapping) => {
                for (key, value) in sorted(node) {
                    self.value(&place.entry(key, value), want, target);
                }
            }
            (Want::List(want), Kind::Sequence) => {
                for item in place.items() {
                    self.value(&item, want, target);
                }
            }
            (Want::Struct(name, fields), Kind::Mapping) => {
                for (key, value) in sorted(node) {
                    let field = fields.iter().find(|(name, _)| *name == key.text());
                    if let Some((field, want)) = field {
                        let target = target.field(name, field);
                        self.value(&place.entry(key, value), want, &target);
                    }
                }
            }
            (want, kind) => {
                // The decoder of times rejects every other type.
                let pass = if let Want::Time = want { Pass::Times } else { Pass::Types };
                if self.pass == pass {
                    self.wrong_type(want, kind, target, place);
                }
            }
        }
    }

    fn wrong_type(
        &mut self,
        want: &Want,
        kind: &Kind<'_>,
        target: &Target<'_>,
        place: &Location<'_, '_>,
    ) {
        let into = match target {
            Target { structure: "", .. } => "Go value".to_owned(),
            Target { structure, .. } => format!("Go struct field {structure}.{}", target.path()),
        };
        let found = json_type(kind);
        let number = match (want, number(kind)) {
            (Want::Integer, Some(number)) => format!(" {number}"),
            _ => String::new(),
        };
        let message =
            format!("json: cannot unmarshal {found}{number} into {into} of type {}", go_type(want));
        self.error(place, &message, help(want, kind, place));
    }

    /// JSON has no infinity, and kubectl converts YAML to JSON first.
    fn unsupported(&mut self, value: f64, place: &Location<'_, '_>) {
        if self.pass == Pass::Times {
            let value = match value {
                v if v.is_nan() => "NaN",
                v if v > 0.0 => "+Inf",
                _ => "-Inf",
            };
            let message = format!("json: unsupported value: {value}");
            self.is_decoded = false;
            self.findings.error(RULE, place, message, "write it in quotes".to_owned());
        }
    }

    fn error(&mut self, place: &Location<'_, '_>, message: &str, help: impl Into<Option<String>>) {
        self.is_decoded = false;
        self.findings.error(RULE, place, format!("{}{message}", self.prefix), help);
    }
}

/// The entries sorted by key: the API server encodes `metadata` as JSON again before it decodes it.
fn sorted<'t>(node: Ref<'t, 't>) -> Vec<(Ref<'t, 't>, Ref<'t, 't>)> {
    let mut entries = node.distinct_entries();
    sort::sort_by_key(&mut entries, |(key, _)| key.text());
    entries
}

fn is_int64(kind: &Kind<'_>) -> bool {
    number(kind).is_some_and(|number| number.parse::<i64>().is_ok())
}

/// A number as Go's JSON encoder writes it after Kubernetes' decoder: beyond 64 bits it is a float.
#[expect(clippy::cast_precision_loss, reason = "as Go converts")]
fn number(kind: &Kind<'_>) -> Option<String> {
    Some(match kind {
        Kind::Signed(v) => v.to_string(),
        Kind::Unsigned(v) if i64::try_from(*v).is_ok() => v.to_string(),
        Kind::Unsigned(v) => JsonFloat(*v as f64).to_string(),
        Kind::Float(v) => JsonFloat(*v).to_string(),
        _ => return None,
    })
}

fn json_type(kind: &Kind<'_>) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool(_) => "bool",
        Kind::String(_) => "string",
        Kind::Sequence => "array",
        Kind::Mapping => "object",
        Kind::Unsigned(_) | Kind::Signed(_) | Kind::Float(_) | Kind::BigNumber(_) => "number",
    }
}

fn go_type(want: &Want) -> String {
    match want {
        Want::Text(name) => (*name).to_owned(),
        Want::Time => "string".to_owned(),
        Want::Integer => "int64".to_owned(),
        Want::Bool => "bool".to_owned(),
        Want::Anything => "interface {}".to_owned(),
        Want::Map(want) => format!("map[string]{}", go_type(want)),
        Want::List(want) => format!("[]{}", go_type(want)),
        Want::Struct(name, _) => format!("v1.{name}"),
    }
}

fn help(want: &Want, kind: &Kind<'_>, place: &Location<'_, '_>) -> Option<String> {
    let source = place.node.map(Ref::source).unwrap_or_default();
    let is_short = !source.is_empty() && source.len() <= 60 && !source.contains(['"', '\\', '\n']);
    Some(match (want, kind) {
        (Want::Text(_), Kind::Bool(_) | Kind::Unsigned(_) | Kind::Signed(_) | Kind::Float(_))
            if is_short =>
        {
            format!("write it in quotes: \"{source}\"")
        }
        (Want::Text(_), _) => "write a string".to_owned(),
        (Want::Time, _) => {
            "write a time such as \"2026-01-31T12:00:00Z\", or remove the field".to_owned()
        }
        (Want::Integer, _) => "write a whole number, or remove the field".to_owned(),
        (Want::Bool, _) => "write true or false".to_owned(),
        (Want::List(_), _) => "write a sequence".to_owned(),
        (Want::Map(_) | Want::Struct(..), _) => "write a mapping".to_owned(),
        (Want::Anything, _) => return None,
    })
}
