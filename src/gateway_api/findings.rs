//! What was found on the way.

use std::collections::HashSet;

use super::{
    clients::Clients,
    conditions::{CONFLICT, Problem, reason},
    input::{ALLOW_INSECURE_FALLBACK, ALLOW_VALID_ONLY, ObjectReference, TERMINATE_MODE},
    rule,
};
use crate::{Diagnostic, FieldPath, RuleId, Severity, diagnostic::Quoted};

/// Beyond so many findings nobody reads on.
const ENOUGH: usize = 1000;

/// Everything that was found so far. What several listeners have in common is told once.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Diagnostic>,
    seen: HashSet<(RuleId, FieldPath, String)>,
    /// Whether nothing is translated.
    is_too_large: bool,
    /// What is stated of clients once the servers are known.
    pub(super) clients: Clients,
}

impl Findings {
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.found
    }

    fn add(
        &mut self,
        (rule, severity): (RuleId, Severity),
        path: FieldPath,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        let (message, help) = (message.into(), help.into());
        if self.found.len() >= ENOUGH {
            return;
        }
        if self.seen.insert((rule, path.clone(), message.clone())) {
            self.found.push(Diagnostic { help, ..Diagnostic::new(rule, severity, path, message) });
        }
    }

    pub(super) fn error(
        &mut self,
        rule: RuleId,
        path: FieldPath,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add((rule, Severity::Error), path, message, help);
    }

    pub(super) fn warning(
        &mut self,
        rule: RuleId,
        path: FieldPath,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add((rule, Severity::Warning), path, message, help);
    }

    pub(super) fn note(
        &mut self,
        rule: RuleId,
        path: FieldPath,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.add((rule, Severity::Note), path, message, help);
    }

    pub(super) fn too_large(&mut self, message: String, at: FieldPath) {
        if !self.is_too_large && self.found.len() >= ENOUGH {
            // Of all findings, this one has to be told.
            self.found.pop();
        }
        self.is_too_large = true;
        self.error(rule::TOO_LARGE, at, message, "nothing is translated".to_owned());
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    pub(super) fn certificate(&mut self, message: &str, at: FieldPath) {
        self.error(rule::CERTIFICATE, at, message, None);
    }

    /// A certificate that cannot be used: of all that there are, or of some.
    pub(super) fn certificate_problem(
        &mut self,
        problem: &Problem,
        is_none_valid: bool,
        at: FieldPath,
    ) {
        let is_permitted = problem.reason != reason::NOT_PERMITTED;
        let message = &problem.message;
        if !is_none_valid {
            let message = format!("dropped without a word in the status: {message}");
            let help = "mend the reference, or remove it".to_owned();
            self.warning(rule::CERTIFICATE_DROPPED, at, message, help);
            return;
        }
        if is_permitted {
            return self.certificate(message, at);
        }
        self.error(rule::NOT_PERMITTED, at.clone(), message.as_str(), grant_help());
        let message = "in the text above upstream has name and namespace the wrong way round";
        self.note(rule::NAMES_SWAPPED, at, message, None);
    }

    pub(super) fn first_certificate_lost(&mut self, at: FieldPath) {
        let message = "since the first certificate cannot be used, the server gets none at all: \
                       upstream takes the name of the first place, which is empty";
        let help = "put the certificate that can be used first".to_owned();
        self.warning(rule::FIRST_CERTIFICATE_LOST, at, message, help);
    }

    pub(super) fn no_certificate(&mut self, at: FieldPath) {
        let message = "no certificate: the listener is valid all the same, and its server has none \
                       to show";
        self.warning(rule::NO_CERTIFICATE, at, message, "name a Secret".to_owned());
    }

    pub(super) fn ca(&mut self, message: &str, at: FieldPath) {
        self.error(rule::CA_CERTIFICATE, at, message, None);
    }

    pub(super) fn ca_problem(&mut self, problem: &Problem, at: FieldPath) {
        if problem.reason == reason::NOT_PERMITTED {
            self.error(rule::NOT_PERMITTED, at, problem.message.as_str(), grant_help());
        } else {
            self.ca(&problem.message, at);
        }
    }

    pub(super) fn grant_without_suffix(&mut self, reference: &ObjectReference, at: FieldPath) {
        let name = &reference.name;
        let message = format!(
            "a ReferenceGrant names {}, but upstream asks for {}",
            Quoted(name),
            Quoted(&format!("{name}-cacert"))
        );
        let help = format!("name {name}-cacert in the ReferenceGrant as well, or no name");
        self.warning(rule::GRANT_NAME, at, message, help);
    }

    pub(super) fn validation_overridden(&mut self, option: &str, mode: &str, at: FieldPath) {
        let mode = if mode.is_empty() { ALLOW_VALID_ONLY } else { mode };
        let message = format!("{option} wins over the mode of the validation, {}", Quoted(mode));
        let help = "remove one of them".to_owned();
        self.warning(rule::VALIDATION_OVERRIDDEN, at, message, help);
    }

    pub(super) fn unknown_validation_mode(&mut self, mode: &str, at: FieldPath) {
        let message = format!("{} is no mode: it is to istiod as {ALLOW_VALID_ONLY}", Quoted(mode));
        let help = format!("write {ALLOW_VALID_ONLY} or {ALLOW_INSECURE_FALLBACK}");
        self.warning(rule::UNKNOWN_VALIDATION_MODE, at, message, help);
    }

    pub(super) fn unknown_tls_mode(&mut self, mode: &str, at: FieldPath) {
        let message = format!(
            "{} is no mode: istiod makes PASSTHROUGH of it, and does not end TLS",
            Quoted(mode)
        );
        self.warning(
            rule::UNKNOWN_TLS_MODE,
            at,
            message,
            "write Terminate or Passthrough".to_owned(),
        );
    }

    pub(super) fn unknown_terminate_mode(&mut self, mode: &str, at: FieldPath) {
        let message = format!("{TERMINATE_MODE} does not know {}: ignored", Quoted(mode));
        let help = "write MUTUAL, OPTIONAL_MUTUAL, ISTIO_SIMPLE or ISTIO_MUTUAL".to_owned();
        self.warning(rule::UNKNOWN_TERMINATE_MODE, at, message, help);
    }

    pub(super) fn ciphers_dropped(&mut self, suites: &[&str], at: FieldPath) {
        let message = format!("dropped without a word: {}", Quoted(&suites.join(", ")));
        let help = "write OpenSSL's names of the suites of TLS 1.2".to_owned();
        self.warning(rule::CIPHERS_DROPPED, at, message, help);
    }

    pub(super) fn protocol(&mut self, message: &str, at: FieldPath) {
        self.error(rule::PROTOCOL, at, message, "write HTTP, HTTPS, TLS or TCP".to_owned());
    }

    pub(super) fn route_kinds(&mut self, at: FieldPath) {
        let message = "Invalid route kinds: the listener is programmed all the same, and its \
                       ResolvedRefs condition tells of nothing else";
        self.warning(rule::ROUTE_KINDS, at, message, None);
    }

    pub(super) fn no_tls(&mut self, at: FieldPath) {
        let message = "no tls: the listener is valid, and no server is made of it";
        self.warning(rule::NO_TLS, at, message, "add tls, or make it HTTP or TCP".to_owned());
    }

    pub(super) fn no_namespace(&mut self, at: FieldPath) {
        let message = "no namespace is selected: routes of nowhere may attach";
        self.warning(rule::NO_NAMESPACE, at, message, None);
    }

    pub(super) fn conflict(&mut self, reason: &'static str, at: FieldPath) {
        let why = match reason {
            "HostnameConflict" => "the port has a listener of this host name before it",
            _ => "the port has a listener of another protocol before it",
        };
        self.error(rule::CONFLICT, at, CONFLICT, why.to_owned());
    }
}

fn grant_help() -> String {
    "a ReferenceGrant in the namespace of what is referred to has to allow it".to_owned()
}
