//! Rules of HTTP and gRPC routes.

use serde_json::{Map, Value, json};

use super::{Field, Kind, Route, Ruled, backend::Backends, filters, matches, object, rejected};
use crate::gateway_api::resources::Resources;

/// The routes of all rules: one for each match.
pub(super) fn rules<R: Resources + ?Sized>(
    spec: &Field<'_>,
    route: &Route,
    backends: &mut Backends<'_, '_, R>,
) -> Ruled<Vec<Value>> {
    let mut out = Vec::new();
    let rules = spec.list("rules")?;
    if rules.is_none() && route.kind == Kind::Http {
        // An API server's default.
        let name = format!("{}.{}.0", route.metadata.namespace, route.metadata.name);
        let default = json!({
            "name": name, "match": [matches::default()], "directResponse": {"status": 500},
        });
        return Ok(vec![default]);
    }
    for (index, rule) in rules.unwrap_or_default().iter().enumerate() {
        let written = rule.list("matches")?;
        let mut all = Vec::new();
        for one in written.as_deref().unwrap_or_default() {
            all.push(Some(matches::of_rule(one, route.kind)?));
        }
        if written.is_none() && route.kind == Kind::Http {
            all.push(Some(matches::default()));
        }
        if all.is_empty() {
            all.push(None);
        }
        // The problems of a rule are reported once.
        let made = of_rule(rule, index, route, backends)?;
        out.extend(all.into_iter().map(|one| {
            let mut made = made.clone();
            made.extend(one.map(|one| ("match".to_owned(), json!([one]))));
            Value::from(made)
        }));
    }
    Ok(out)
}

/// A rule without its match.
///
/// Source: pilot's `convertHTTPRoute` and `convertGRPCRoute`.
fn of_rule<R: Resources + ?Sized>(
    rule: &Field<'_>,
    index: usize,
    route: &Route,
    backends: &mut Backends<'_, '_, R>,
) -> Ruled<Map<String, Value>> {
    let mut out = Map::new();
    let name = match rule.string("name")? {
        Some(name) => name.to_owned(),
        None => format!("{}.{}.{index}", route.metadata.namespace, route.metadata.name),
    };
    if !name.is_empty() {
        out.insert("name".to_owned(), name.into());
    }
    filters::of_rule(rule, route.kind, backends, &mut out)?;
    if route.kind == Kind::Http {
        retries(rule, &mut out)?;
        timeouts(rule, &mut out)?;
    }
    let references = rule.items("backendRefs")?;
    match backends.weighted(&references)? {
        Some(destinations) => drop(out.insert("route".to_owned(), destinations.into())),
        None if out.contains_key("redirect") => {}
        None => drop(out.insert("directResponse".to_owned(), object("status", 500))),
    }
    Ok(out)
}

fn retries(rule: &Field<'_>, out: &mut Map<String, Value>) -> Ruled<()> {
    let Some(retry) = rule.get("retry")? else { return Ok(()) };
    let mut retries = Map::new();
    let attempts = retry.integer("attempts")?.unwrap_or(2);
    if attempts != 0 {
        let mut on = "connect-failure,refused-stream,unavailable,cancelled".to_owned();
        for code in retry.items("codes")? {
            on.push_str(&format!(",{}", code.number()?));
        }
        retries.insert("attempts".to_owned(), attempts.into());
        retries.insert("retryOn".to_owned(), on.into());
    }
    if let Some(backoff) = duration(&retry, "backoff")? {
        retries.insert("backoff".to_owned(), seconds(backoff).into());
    }
    out.insert("retries".to_owned(), retries.into());
    Ok(())
}

fn timeouts(rule: &Field<'_>, out: &mut Map<String, Value>) -> Ruled<()> {
    let Some(timeouts) = rule.get("timeouts")? else { return Ok(()) };
    let set = |milliseconds: Option<u64>| milliseconds.filter(|some| *some > 0).map(seconds);
    if let Some(request) = set(duration(&timeouts, "request")?) {
        out.insert("timeout".to_owned(), request.into());
    }
    if let Some(backend) = set(duration(&timeouts, "backendRequest")?) {
        match out.get_mut("retries").and_then(Value::as_object_mut) {
            Some(retries) => retries.insert("perTryTimeout".to_owned(), backend.into()),
            None => out.insert("timeout".to_owned(), backend.into()),
        };
    }
    Ok(())
}

/// A duration of Gateway API in milliseconds, such as `1h10s`.
fn duration(field: &Field<'_>, key: &str) -> Ruled<Option<u64>> {
    let Some(field) = field.get(key)? else { return Ok(None) };
    match parse(field.text()?) {
        Some(milliseconds) => Ok(Some(milliseconds)),
        None => rejected(&field, "invalid duration: an API server rejects it"),
    }
}

fn parse(text: &str) -> Option<u64> {
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok().filter(|_| digits <= 5)?;
        rest = rest.get(digits..)?;
        const UNITS: [(&str, u64); 4] = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = rest.strip_prefix(unit)?;
        sum = sum.checked_add(number.checked_mul(*factor)?)?;
    }
    (!text.is_empty()).then_some(sum)
}

/// A duration as proto3 JSON writes it.
fn seconds(milliseconds: u64) -> String {
    match milliseconds % 1000 {
        0 => format!("{}s", milliseconds / 1000),
        rest => format!("{}.{rest:03}s", milliseconds / 1000),
    }
}
