//! Filters of HTTP and gRPC routes.

use serde_json::{Map, Value, json};

use super::{Field, Kind, Ruled, backend::Backends, object, rejected};
use crate::{gateway_api::resources::Resources, go::Quote};

fn unsupported<T>(filter: &Field<'_>, kind: &str) -> Ruled<T> {
    rejected(filter, format!("unsupported filter type {}", Quote(kind)))
}

/// The filters of a rule.
///
/// Source: pilot's `convertHTTPRoute` and `convertGRPCRoute`.
pub(super) fn of_rule<R: Resources + ?Sized>(
    rule: &Field<'_>,
    kind: Kind,
    backends: &mut Backends<'_, '_, R>,
    out: &mut Map<String, Value>,
) -> Ruled<()> {
    for filter in rule.items("filters")? {
        let of_http = kind == Kind::Http;
        match filter.str("type")? {
            "RequestHeaderModifier" => headers(&filter, "requestHeaderModifier", "request", out)?,
            "ResponseHeaderModifier" => {
                headers(&filter, "responseHeaderModifier", "response", out)?;
            }
            "RequestMirror" => mirror(&filter, backends, out)?,
            "RequestRedirect" if of_http => set(out, "redirect", redirect(&filter)?),
            "URLRewrite" if of_http => set(out, "rewrite", rewrite(&filter)?),
            "CORS" if of_http => set(out, "corsPolicy", cors(&filter)?),
            other => return unsupported(&filter, other),
        }
    }
    Ok(())
}

/// The filters of a backend.
pub(super) fn of_backend(backend: &Field<'_>, out: &mut Map<String, Value>) -> Ruled<()> {
    for filter in backend.items("filters")? {
        match filter.str("type")? {
            "RequestHeaderModifier" => headers(&filter, "requestHeaderModifier", "request", out)?,
            "ResponseHeaderModifier" => {
                headers(&filter, "responseHeaderModifier", "response", out)?;
            }
            other => return unsupported(&filter, other),
        }
    }
    Ok(())
}

/// Of two filters of one type the last one counts, even if it is empty.
fn set(out: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(out.insert(key.to_owned(), value)),
        None => drop(out.remove(key)),
    }
}

/// Source: pilot's `createHeadersFilter`.
fn headers(filter: &Field<'_>, key: &str, side: &str, out: &mut Map<String, Value>) -> Ruled<()> {
    let Some(filter) = filter.get(key)? else { return Ok(()) };
    let mut operations = Map::new();
    for list in ["set", "add"] {
        // Of repeated names the first one counts.
        let mut named = Map::new();
        for header in filter.items(list)? {
            let (name, value) = (header.str("name")?, header.str("value")?);
            if !value.bytes().all(|b| b == b'\t' || b >= b' ' && b != 0x7f) {
                let message = format!("header {} value contains invalid characters", Quote(name));
                return rejected(&header, message);
            }
            named.entry(name.to_lowercase()).or_insert_with(|| value.into());
        }
        if !named.is_empty() {
            operations.insert(list.to_owned(), named.into());
        }
    }
    let removed = filter.strings("remove")?;
    if !removed.is_empty() {
        operations.insert("remove".to_owned(), json!(removed));
    }
    let headers = out.entry("headers").or_insert_with(|| json!({}));
    if let Some(headers) = headers.as_object_mut() {
        headers.insert(side.to_owned(), operations.into());
    }
    Ok(())
}

/// Source: pilot's `createMirrorFilter`. A mirror whose backend cannot be used is dropped; of a
/// gRPC route, no route is left.
fn mirror<R: Resources + ?Sized>(
    filter: &Field<'_>,
    backends: &mut Backends<'_, '_, R>,
    out: &mut Map<String, Value>,
) -> Ruled<()> {
    let mut policy = Map::new();
    if let Some(filter) = filter.get("requestMirror")? {
        let Some(reference) = filter.get("backendRef")? else { return Ok(()) };
        let of_http = backends.route.kind == Kind::Http;
        let destination = match backends.destination(&reference) {
            Err(super::Rejected::Problem(problem)) if of_http => {
                backends.problems.push(problem);
                return Ok(());
            }
            other => other?,
        };
        if !destination.is_usable {
            if of_http {
                return Ok(());
            }
            let Some(problem) = backends.problems.pop() else { return Ok(()) };
            return Err(super::Rejected::Problem(problem));
        }
        policy.insert("destination".to_owned(), destination.value);
        let percentage = match (filter.get("fraction")?, filter.integer("percent")?) {
            (Some(fraction), _) => {
                let numerator = f64::from(fraction.integer("numerator")?.unwrap_or_default());
                let denominator = f64::from(fraction.integer("denominator")?.unwrap_or(100));
                Some(100.0 * numerator / denominator)
            }
            (None, percent) => percent.map(f64::from),
        };
        if let Some(value) = percentage {
            policy.insert("percentage".to_owned(), percent(value));
        }
    }
    let mirrors = out.entry("mirrors").or_insert_with(|| json!([]));
    if let Some(mirrors) = mirrors.as_array_mut() {
        mirrors.push(policy.into());
    }
    Ok(())
}

/// A percentage; a whole number is written without a fraction.
fn percent(value: f64) -> Value {
    let whole: Option<i64> = format!("{value}").parse().ok();
    match whole {
        Some(0) => json!({}),
        Some(whole) => object("value", whole),
        None => object("value", value),
    }
}

fn insert(out: &mut Map<String, Value>, key: &str, text: &str) {
    if !text.is_empty() {
        out.insert(key.to_owned(), text.into());
    }
}

/// Source: pilot's `createRedirectFilter`. An API server's default of the status is 302.
fn redirect(filter: &Field<'_>) -> Ruled<Option<Value>> {
    let Some(filter) = filter.get("requestRedirect")? else { return Ok(None) };
    let mut out = Map::new();
    let code = filter.integer("statusCode")?.unwrap_or(302);
    out.insert("redirectCode".to_owned(), code.into());
    insert(&mut out, "authority", filter.str("hostname")?);
    let scheme = filter.string("scheme")?;
    insert(&mut out, "scheme", scheme.unwrap_or_default());
    match filter.integer("port")? {
        Some(port) => drop(out.insert("port".to_owned(), port.into())),
        None => {
            let derived =
                if scheme.is_some() { "FROM_PROTOCOL_DEFAULT" } else { "FROM_REQUEST_PORT" };
            out.insert("derivePort".to_owned(), derived.into());
        }
    }
    if let Some(path) = filter.get("path")? {
        match path.str("type")? {
            "ReplaceFullPath" => insert(&mut out, "uri", path.str("replaceFullPath")?),
            "ReplacePrefixMatch" => {
                insert(&mut out, "prefixRewrite", path.str("replacePrefixMatch")?);
            }
            _ => {}
        }
    }
    Ok(Some(out.into()))
}

/// Source: pilot's `createRewriteFilter`.
fn rewrite(filter: &Field<'_>) -> Ruled<Option<Value>> {
    let Some(filter) = filter.get("urlRewrite")? else { return Ok(None) };
    let mut out = Map::new();
    if let Some(path) = filter.get("path")? {
        match path.str("type")? {
            "ReplacePrefixMatch" => {
                let prefix = path.str("replacePrefixMatch")?;
                let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
                insert(&mut out, "uri", if prefix.is_empty() { "/" } else { prefix });
            }
            "ReplaceFullPath" => {
                let mut regex = Map::new();
                insert(&mut regex, "match", "/.*");
                insert(&mut regex, "rewrite", path.str("replaceFullPath")?);
                out.insert("uriRegexRewrite".to_owned(), regex.into());
            }
            _ => {}
        }
    }
    insert(&mut out, "authority", filter.str("hostname")?);
    Ok((!out.is_empty()).then(|| out.into()))
}

/// Source: pilot's `createCorsFilter`. An API server's default of `maxAge` is 5.
fn cors(filter: &Field<'_>) -> Ruled<Option<Value>> {
    const ANY: &str = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$";
    let Some(filter) = filter.get("cors")? else { return Ok(None) };
    let mut out = Map::new();
    let origin = |text: &str| match text.find('*') {
        _ if text == "*" => object("regex", ANY),
        None => object("exact", text),
        Some(at) if at + 1 == text.len() => object("prefix", text.trim_end_matches('*')),
        Some(_) => object("regex", format!("^{}$", wildcards(text))),
    };
    let origins = filter.strings("allowOrigins")?;
    let origins: Vec<_> = origins.into_iter().filter(|text| !text.is_empty()).map(origin).collect();
    if !origins.is_empty() {
        out.insert("allowOrigins".to_owned(), origins.into());
    }
    if filter.is_true("allowCredentials")? {
        out.insert("allowCredentials".to_owned(), true.into());
    }
    for key in ["allowMethods", "allowHeaders", "exposeHeaders"] {
        let values = filter.strings(key)?;
        if !values.is_empty() {
            out.insert(key.to_owned(), json!(values));
        }
    }
    let age = filter.integer("maxAge")?.unwrap_or(5);
    if age > 0 {
        out.insert("maxAge".to_owned(), format!("{age}s").into());
    }
    out.insert("unmatchedPreflights".to_owned(), "IGNORE".into());
    Ok(Some(out.into()))
}

/// A regular expression for an origin with wildcards.
fn wildcards(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '*' => out.push_str(".*"),
            '\\' | '.' | '+' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                out.extend(['\\', c]);
            }
            other => out.push(other),
        }
    }
    out
}
