//! Valid values instead of unknown ones.

use super::{
    Resource,
    table::{Kind as Want, Schema},
};
use crate::diagnostic::Step;

/// The schema of the value at a path.
fn schema_at(resource: &Resource, path: &[Step]) -> Option<&'static Schema> {
    path.iter().try_fold(resource.schema, |schema, step| match step {
        Step::Key(name) => schema.field(name).map(|field| &field.schema).or(schema.of),
        Step::Index(_) => schema.of,
    })
}

/// Whether any string is valid at a path, as far as its type is concerned.
pub(in crate::gateway_api) fn is_text(resource: &Resource, path: &[Step]) -> bool {
    match schema_at(resource, path) {
        Some(schema) => schema.kind == Want::Text && schema.names.is_empty(),
        // Metadata: a string, unless it is a mapping.
        None => match path {
            [_, Step::Key(name)] => !matches!(name.as_str(), "labels" | "annotations"),
            _ => path.len() > 2,
        },
    }
}

/// A value for an unknown one at a path, in JSON: another one for each turn, and for each value.
pub(in crate::gateway_api) fn example(
    resource: &Resource,
    path: &[Step],
    value: usize,
    turn: usize,
) -> String {
    let is_even = turn.is_multiple_of(2);
    let unique = value * EXAMPLES + turn;
    let text = || match turn % 3 {
        0 => format!("\"x{unique}\""),
        1 => format!("\"192.0.{}.{}\"", unique / 256 % 256, unique % 256),
        _ => format!("\"x{unique}.invalid/x\""),
    };
    let Some(schema) = schema_at(resource, path) else {
        return if is_text(resource, path) { text() } else { "null".to_owned() };
    };
    match schema.kind {
        Want::Text if schema.names.is_empty() => text(),
        Want::Text => {
            let name = schema.names.get(turn % schema.names.len()).copied().unwrap_or_default();
            format!("{name:?}")
        }
        Want::Integer => {
            let (least, most) = schema.range.unwrap_or((0, 100));
            let count = usize::try_from(most - least).unwrap_or_default() + 1;
            // Not the ports that are usual.
            let offset = (20_011 + unique) % count;
            (i64::from(least) + i64::try_from(offset).unwrap_or_default()).to_string()
        }
        Want::List if is_even => "[]".to_owned(),
        Want::Map if is_even => "{}".to_owned(),
        Want::Any | Want::Object | Want::List | Want::Map => "null".to_owned(),
    }
}

/// The number of examples that are tried: each name of an enum is one of them.
pub(in crate::gateway_api) const EXAMPLES: usize = 6;
