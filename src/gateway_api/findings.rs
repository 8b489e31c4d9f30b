//! Collects the findings of a translation.

use std::collections::HashSet;

use super::{
    clients::Clients,
    conditions::{CONFLICT, Problem, reason},
    input::{ALLOW_INSECURE_FALLBACK, ALLOW_VALID_ONLY, ObjectReference, TERMINATE_MODE},
    listener::HOSTNAME_CONFLICT,
    rule,
};
use crate::{Diagnostic, FieldPath, RuleId, Severity, diagnostic::Quoted};

/// The maximum number of findings.
const ENOUGH: usize = 1000;

/// The findings so far. A finding that several listeners share is reported once.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Diagnostic>,
    seen: HashSet<(RuleId, FieldPath, String)>,
    /// Whether nothing is translated.
    is_too_large: bool,
    /// Statements about clients, which are written once the servers are known.
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

    /// Adds a finding of another module.
    pub(super) fn push(&mut self, found: Diagnostic) {
        let rule = (found.rule, found.severity);
        self.add(rule, found.path, found.message, found.help);
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
            // This finding must always be reported.
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

    /// An unusable certificate, of which all or only some are unusable.
    pub(super) fn certificate_problem(
        &mut self,
        problem: &Problem,
        is_none_valid: bool,
        at: FieldPath,
    ) {
        let is_permitted = problem.reason != reason::NOT_PERMITTED;
        let message = &problem.message;
        if !is_none_valid {
            let message = format!("dropped, and the status does not report it: {message}");
            let help = "correct the reference, or remove it".to_owned();
            self.warning(rule::CERTIFICATE_DROPPED, at, message, help);
            return;
        }
        if is_permitted {
            return self.certificate(message, at);
        }
        self.error(rule::NOT_PERMITTED, at.clone(), message.as_str(), grant_help());
        let message = "the message above has name and namespace swapped";
        self.note(rule::NAMES_SWAPPED, at, message, None);
    }

    pub(super) fn first_certificate_lost(&mut self, at: FieldPath) {
        let message = "the first certificate cannot be used, so the server has none: istiod uses \
                       the first name, which is empty";
        let help = "move the usable certificate to the first position".to_owned();
        self.warning(rule::FIRST_CERTIFICATE_LOST, at, message, help);
    }

    pub(super) fn no_certificate(&mut self, at: FieldPath) {
        let message = "no certificate: istiod treats the listener as valid, but its server has no \
                       certificate";
        self.warning(rule::NO_CERTIFICATE, at, message, "add a reference to a Secret".to_owned());
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
            "a ReferenceGrant permits {}, but istiod checks for {}",
            Quoted(name),
            Quoted(&format!("{name}-cacert"))
        );
        let help = format!("add {name}-cacert to the ReferenceGrant, or omit the name");
        self.warning(rule::GRANT_NAME, at, message, help);
    }

    pub(super) fn validation_overridden(&mut self, option: &str, mode: &str, at: FieldPath) {
        let mode = if mode.is_empty() { ALLOW_VALID_ONLY } else { mode };
        let message = format!("{option} overrides the mode of the validation, {}", Quoted(mode));
        let help = "remove one of them".to_owned();
        self.warning(rule::VALIDATION_OVERRIDDEN, at, message, help);
    }

    pub(super) fn unknown_validation_mode(&mut self, mode: &str, at: FieldPath) {
        let message =
            format!("unknown mode {}: istiod treats it as {ALLOW_VALID_ONLY}", Quoted(mode));
        let help = format!("write {ALLOW_VALID_ONLY} or {ALLOW_INSECURE_FALLBACK}");
        self.warning(rule::UNKNOWN_VALIDATION_MODE, at, message, help);
    }

    pub(super) fn unknown_tls_mode(&mut self, mode: &str, at: FieldPath) {
        let message = format!(
            "unknown mode {}: istiod treats it as PASSTHROUGH, and does not terminate TLS",
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
        let message = format!("unknown value {} of {TERMINATE_MODE}: ignored", Quoted(mode));
        let help = "write MUTUAL, OPTIONAL_MUTUAL, ISTIO_SIMPLE or ISTIO_MUTUAL".to_owned();
        self.warning(rule::UNKNOWN_TERMINATE_MODE, at, message, help);
    }

    pub(super) fn ciphers_dropped(&mut self, suites: &[&str], at: FieldPath) {
        let message = format!("dropped silently: {}", Quoted(&suites.join(", ")));
        let help = "use the OpenSSL names of TLS 1.2 cipher suites".to_owned();
        self.warning(rule::CIPHERS_DROPPED, at, message, help);
    }

    pub(super) fn protocol(&mut self, message: &str, at: FieldPath, help: &str) {
        self.error(rule::PROTOCOL, at, message, help.to_owned());
    }

    pub(super) fn route_kinds(&mut self, at: FieldPath) {
        let message = "Invalid route kinds: the listener is programmed anyway, and its \
                       ResolvedRefs condition reports nothing else";
        self.warning(rule::ROUTE_KINDS, at, message, None);
    }

    pub(super) fn no_tls(&mut self, at: FieldPath) {
        let message = "no tls: istiod treats the listener as valid, but generates no server for it";
        self.warning(
            rule::NO_TLS,
            at,
            message,
            "add tls, or set the protocol to HTTP or TCP".to_owned(),
        );
    }

    /// `has_namespaces` is whether any Namespace is known.
    pub(super) fn no_namespace(&mut self, at: FieldPath, has_namespaces: bool) {
        let message = "no namespace is selected: no routes can attach";
        let help = "add the Namespaces of the cluster, with their labels: there are none among the input, and the \
                    hosts of this server depend on them";
        self.warning(rule::NO_NAMESPACE, at, message, (!has_namespaces).then(|| help.to_owned()));
    }

    pub(super) fn conflict(&mut self, reason: &'static str, at: FieldPath) {
        let why = match reason {
            HOSTNAME_CONFLICT => "an earlier listener of the port has this host name",
            _ => "an earlier listener of the port has another protocol",
        };
        self.error(rule::CONFLICT, at, CONFLICT, why.to_owned());
    }
}

fn grant_help() -> String {
    "add a ReferenceGrant to the namespace of the referenced object".to_owned()
}
