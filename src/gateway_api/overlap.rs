//! Listeners of a port whose TLS configurations overlap: Gateway API's condition `OverlappingTLSConfig`, which istiod
//! does not set.

use std::collections::HashMap;

use super::{
    outcome::{ConvertedListener, ConvertedListenerSet},
    rule,
};
use crate::{Diagnostic, FieldPath, Server, Severity, TlsMode, diagnostic::Quoted};

/// A server that terminates TLS.
struct Entry<'a> {
    /// The index of the `ListenerSet`; `None` for the Gateway.
    set: Option<usize>,
    index: usize,
    name: &'a str,
    port: u32,
    host: &'a str,
    secrets: Vec<&'a str>,
}

/// What two servers have in common.
#[derive(Clone, Copy)]
enum Shared<'a> {
    Host,
    Secret(&'a str),
}

/// The findings for the Gateway's own listeners, and those for each `ListenerSet`.
///
/// Source: the documentation of the condition in Gateway API, which requires overlapping host names, and
/// permits overlapping certificates, of which equal Secrets are found.
pub(super) fn findings(
    listeners: &[ConvertedListener],
    sets: &[ConvertedListenerSet],
) -> (Vec<Diagnostic>, Vec<Vec<Diagnostic>>) {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut add = |set: Option<usize>, listeners| {
        let listeners: &[ConvertedListener] = listeners;
        let of_set = listeners.iter().enumerate();
        entries.extend(of_set.filter_map(|(index, listener)| entry(set, index, listener)));
    };
    add(None, listeners);
    for (set, converted) in sets.iter().enumerate() {
        add(Some(set), &converted.listeners);
    }
    let mut of_gateway = Vec::new();
    let mut of_sets: Vec<_> = sets.iter().map(|_| Vec::new()).collect();
    for (entry, overlap) in entries.iter().zip(overlaps(&entries)) {
        let Some((shared, other)) = overlap else { continue };
        let Some(other) = entries.get(other) else { continue };
        let found = finding(entry, shared, other);
        match entry.set {
            None => of_gateway.push(found),
            Some(set) => of_sets.get_mut(set).into_iter().for_each(|all| all.push(found.clone())),
        }
    }
    (of_gateway, of_sets)
}

fn entry(set: Option<usize>, index: usize, listener: &ConvertedListener) -> Option<Entry<'_>> {
    let Server { port, hosts, tls, .. } = listener.server()?;
    let tls = tls.as_ref()?;
    if matches!(tls.mode(), TlsMode::Passthrough | TlsMode::AutoPassthrough) {
        return None;
    }
    let (_, host) = hosts.first()?.split_once('/')?;
    let names = tls.credential_names.iter().chain([&tls.credential_name]);
    let secrets = names.map(String::as_str).filter(|name| !name.is_empty()).collect();
    let (name, port) = (listener.name.as_str(), port.as_ref()?.number);
    Some(Entry { set, index, name, port, host, secrets })
}

/// For each server, another one of its port that it overlaps with.
fn overlaps<'a>(entries: &[Entry<'a>]) -> Vec<Option<(Shared<'a>, usize)>> {
    let mut out: Vec<Option<(Shared<'_>, usize)>> = entries.iter().map(|_| None).collect();
    // A certificate takes precedence.
    let mut mark = |one: usize, other: usize, shared: Shared<'a>| {
        for (one, other) in [(one, other), (other, one)] {
            if let Some(known @ (None | Some((Shared::Host, _)))) = out.get_mut(one) {
                let is_better = known.is_none() || matches!(shared, Shared::Secret(_));
                *known = if is_better { Some((shared, other)) } else { *known };
            }
        }
    };
    let mut hosts = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        hosts.insert((entry.port, entry.host), number);
    }
    let mut secrets = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        let suffix = entry.host.strip_prefix('*').unwrap_or(entry.host);
        let dots = suffix.match_indices('.').map(|(at, _)| at);
        let above = dots.chain([suffix.len()]).filter_map(|at| suffix.get(at..));
        for rest in above {
            let wildcard = format!("*{rest}");
            let other = hosts.get(&(entry.port, wildcard.as_str()));
            if let Some(other) = other.filter(|other| **other != number) {
                mark(number, *other, Shared::Host);
            }
        }
        for secret in &entry.secrets {
            let first = *secrets.entry((entry.port, *secret)).or_insert(number);
            if first != number {
                mark(number, first, Shared::Secret(secret));
            }
        }
    }
    out
}

fn finding(entry: &Entry<'_>, shared: Shared<'_>, other: &Entry<'_>) -> Diagnostic {
    let (reason, what) = match shared {
        Shared::Host => ("OverlappingHostnames", "its host name overlaps that of".to_owned()),
        Shared::Secret(name) => {
            ("OverlappingCertificates", format!("its certificate {} is that of", Quoted(name)))
        }
    };
    let message = format!(
        "Gateway API's condition OverlappingTLSConfig ({reason}), which istiod does not set: {what} the \
         listener {} of the port, so that browsers may use a connection to one for requests to the other",
        Quoted(other.name)
    );
    let path = FieldPath::root().key("spec").key("listeners").index(entry.index);
    let help = "use the same TLS settings for both, or other ports".to_owned();
    Diagnostic {
        help: Some(help),
        ..Diagnostic::new(rule::OVERLAPPING_TLS, Severity::Note, path, message)
    }
}
