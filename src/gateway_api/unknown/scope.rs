//! What of a Gateway depends on its placeholders.

use super::fill::may_be_equal;
use crate::{
    Diagnostic, FieldPath, PlaceholderValue,
    diagnostic::Step,
    gateway_api::{
        input::{Gateway, Listener},
        tls::PORT_LABEL,
    },
    is_placeholder,
    placeholder::MAX_PLACEHOLDERS,
    sort,
};

/// What depends on placeholders.
#[derive(Default)]
pub(super) struct Scope {
    /// Every listener.
    pub(super) is_all: bool,
    /// The Gateway's own conditions.
    pub(super) is_gateway: bool,
    /// Its `ListenerSet`s.
    pub(super) is_sets: bool,
    /// Sorted.
    pub(super) listeners: Vec<usize>,
    /// A finding for each placeholder on which something depends.
    pub(super) found: Vec<Diagnostic>,
}

/// What other listeners have to know of one.
struct Claim<'a> {
    /// `None` if it is unknown.
    port: Option<i32>,
    protocol: Option<&'a str>,
    host: &'a str,
}

impl Scope {
    /// The first of the unknown values are the placeholders.
    pub(super) fn new(
        gateway: &Gateway,
        unknown: &[FieldPath],
        placeholders: &[PlaceholderValue],
    ) -> Self {
        const MOST: usize = 1000;
        let mut scope = Self::default();
        if unknown.is_empty() {
            return scope;
        }
        scope.is_all = placeholders.len() >= MAX_PLACEHOLDERS;
        scope.is_sets = scope.is_all;
        let listeners = &gateway.spec.listeners;
        let mut claims: Vec<_> = listeners.iter().map(Claim::of).collect();
        for (index, path) in unknown.iter().enumerate() {
            let matters = scope.add(path.steps(), listeners, &mut claims);
            let placeholder = placeholders.get(index).filter(|_| matters && index < MOST);
            scope.found.extend(placeholder.map(PlaceholderValue::to_diagnostic));
        }
        scope.conflicts(&mut claims);
        sort::sort_and_dedup(&mut scope.listeners);
        scope
    }

    /// Adds what depends on the value at a path. Returns whether anything is different because of it.
    fn add(&mut self, path: &[Step], listeners: &[Listener], claims: &mut [Claim<'_>]) -> bool {
        let key = |at: usize| match path.get(at) {
            Some(Step::Key(key)) => key.as_str(),
            _ => "",
        };
        match (key(0), key(1)) {
            ("status", _) => return false,
            // The names are shown as they are written.
            ("metadata", "name") => {}
            ("metadata", "labels" | "annotations")
                if path.len() > 2 && key(2) != PORT_LABEL && !is_placeholder(key(2)) =>
            {
                return false;
            }
            ("spec", "infrastructure") if matches!(key(2), "labels" | "annotations") => {
                return false;
            }
            ("spec", "defaultScope") => return false,
            ("spec", "allowedListeners") => self.is_sets = true,
            ("spec", "infrastructure") => self.is_gateway = true,
            ("spec", "tls") if key(2) == "backend" => self.is_gateway = true,
            ("spec", "tls") => {
                self.is_sets = true;
                let with_tls = listeners.iter().enumerate().filter(|(_, own)| own.tls.is_some());
                self.listeners.extend(with_tls.map(|(index, _)| index));
                self.is_gateway = true;
            }
            ("spec", "listeners") => match path.get(2) {
                Some(Step::Index(index)) => {
                    // A listener of a ListenerSet may conflict with it.
                    self.is_sets |= !matches!(key(3), "tls" | "allowedRoutes");
                    let own = claims.get_mut(*index);
                    match key(3) {
                        "hostname" | "name" => return true,
                        "port" => own.into_iter().for_each(|claim| claim.port = None),
                        "tls" | "allowedRoutes" => {}
                        "protocol" => own.into_iter().for_each(|claim| claim.protocol = None),
                        _ => own.into_iter().for_each(|claim| {
                            (claim.port, claim.protocol) = (None, None);
                        }),
                    }
                    self.listeners.push(*index);
                }
                _ => self.is_all = true,
            },
            _ => self.is_all = true,
        }
        self.is_sets |= self.is_all;
        true
    }

    /// A listener may conflict with an earlier one whose port, protocol or host name is unknown.
    fn conflicts(&mut self, claims: &mut [Claim<'_>]) {
        for index in 1..claims.len() {
            let (earlier, later) = claims.split_at_mut(index);
            let Some(own) = later.first_mut() else { continue };
            if earlier.iter().any(|claim| claim.may_conflict(own)) {
                // Whether it takes the port itself is unknown, too.
                own.protocol = None;
                self.listeners.push(index);
            }
        }
    }
}

impl<'a> Claim<'a> {
    fn of(listener: &'a Listener) -> Self {
        let host = listener.hostname.as_deref().filter(|host| !host.is_empty()).unwrap_or("*");
        Self { port: Some(listener.port), protocol: Some(&listener.protocol), host }
    }

    /// Whether it depends on unknown values whether two listeners conflict.
    fn may_conflict(&self, other: &Self) -> bool {
        let is_same_port = match (self.port, other.port) {
            (Some(one), Some(two)) if one != two => return false,
            (one, two) => one.is_some() && two.is_some(),
        };
        let (Some(one), Some(two)) = (self.protocol, other.protocol) else { return true };
        let has_hosts = |protocol: &str| matches!(protocol, "HTTP" | "HTTPS" | "TLS");
        let compares_hosts = has_hosts(one) && has_hosts(two);
        let may = !compares_hosts || may_be_equal(self.host, other.host);
        let is_known = is_same_port && (!compares_hosts || self.host == other.host);
        may && !is_known
    }
}
