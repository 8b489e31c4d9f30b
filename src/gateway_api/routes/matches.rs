//! Matches of HTTP and gRPC routes.

use serde_json::{Map, Value, json};

use super::{Field, Kind, Ruled, object, rejected};
use crate::go::Quote;

/// A match of a rule.
///
/// Source: pilot's `convertHTTPRoute` and `convertGRPCRoute`.
pub(super) fn of_rule(field: &Field<'_>, kind: Kind) -> Ruled<Value> {
    let mut out = Map::new();
    let uri = match kind {
        Kind::Http => Some(path(field)?),
        _ => method(field)?,
    };
    out.extend(uri.map(|uri| ("uri".to_owned(), uri)));
    out.extend(named(field, "headers", "HeaderMatch")?);
    if kind == Kind::Http {
        out.extend(named(field, "queryParams", "QueryParams")?);
        if let Some(method) = field.string("method")? {
            out.insert("method".to_owned(), object("exact", method));
        }
    }
    Ok(out.into())
}

/// The match of a rule without matches: an API server's default.
pub(super) fn default() -> Value {
    json!({"uri": {"prefix": "/"}})
}

/// Source: pilot's `createURIMatch`.
fn path(field: &Field<'_>) -> Ruled<Value> {
    let Some(path) = field.get("path")? else { return Ok(object("prefix", "/")) };
    let value = path.string("value")?.unwrap_or("/");
    Ok(match path.string("type")?.unwrap_or("PathPrefix") {
        "PathPrefix" if value == "/" => object("prefix", value),
        "PathPrefix" => object("prefix", value.strip_suffix('/').unwrap_or(value)),
        "Exact" => object("exact", value),
        "RegularExpression" => object("regex", value),
        other => return unknown(&path, other, "Path match"),
    })
}

fn unknown<T>(field: &Field<'_>, kind: &str, what: &str) -> Ruled<T> {
    rejected(field, format!("unknown type: {} is not supported {what} type", Quote(kind)))
}

/// Conditions on headers or parameters: of repeated names the last one counts.
///
/// Source: pilot's `createHeadersMatch`, `createQueryParamsMatch` and `createGRPCHeadersMatch`.
fn named(field: &Field<'_>, key: &str, what: &str) -> Ruled<Option<(String, Value)>> {
    let mut out = Map::new();
    for item in field.items(key)? {
        let value = item.str("value")?;
        let value = match item.string("type")?.unwrap_or("Exact") {
            "Exact" => object("exact", value),
            "RegularExpression" => object("regex", value),
            other => return unknown(&item, other, what),
        };
        out.insert(item.str("name")?.to_owned(), value);
    }
    Ok((!out.is_empty()).then(|| (key.to_owned(), out.into())))
}

/// Source: pilot's `createGRPCURIMatch`.
fn method(field: &Field<'_>) -> Ruled<Option<Value>> {
    let Some(field) = field.get("method")? else { return Ok(None) };
    let (service, method) = (field.string("service")?, field.string("method")?);
    let kind = field.string("type")?.unwrap_or("Exact");
    Ok(Some(match (kind, service, method) {
        (_, None, None) => {
            return rejected(&field, "gRPC match must have method or service defined");
        }
        ("Exact", Some(service), None) => object("prefix", format!("/{service}/")),
        ("Exact", Some(service), Some(method)) => object("exact", format!("/{service}/{method}")),
        ("RegularExpression", Some(service), None) => object("regex", format!("/{service}/.+")),
        ("RegularExpression", Some(service), Some(method)) => {
            object("regex", format!("/{service}/{method}"))
        }
        ("Exact" | "RegularExpression", None, Some(method)) => {
            object("regex", format!("/[^/]+/{method}"))
        }
        (other, ..) => return unknown(&field, other, "Path match"),
    }))
}
