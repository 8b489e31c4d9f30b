//! Translates a listener's TLS to a server's settings.

use super::{
    Context,
    clients::{Remark, has_ca},
    conditions::{Problem, reason},
    findings::Findings,
    input::{
        ALLOW_INSECURE_FALLBACK, ALLOW_VALID_ONLY, AUTO_PASSTHROUGH, CIPHER_SUITES,
        FrontendTlsValidation, LISTENER_PROTOCOL, Listener, ListenerTls, Map, TERMINATE_MODE,
        TlsConfig,
    },
    resources::Resources,
};
use crate::{FieldPath, ServerTlsSettings, TlsMode, ciphers};

const NETWORK_LABEL: &str = "topology.istio.io/network";
pub(super) const PORT_LABEL: &str = "networking.istio.io/gatewayPort";

/// The result for a listener's TLS, which upstream returns even if there is a problem.
#[derive(Default)]
pub(super) struct Built {
    pub(super) settings: Option<ServerTlsSettings>,
    pub(super) problem: Option<Problem>,
}

/// Where findings about the settings of a frontend belong: at these, or, if the listener is of a
/// `ListenerSet`, whose document does not have them, at its TLS.
#[derive(Clone)]
pub(super) struct Place {
    path: FieldPath,
    is_foreign: bool,
}

impl Place {
    pub(super) fn key(mut self, key: &str) -> Self {
        if !self.is_foreign {
            self.path = self.path.key(key);
        }
        self
    }

    fn index(mut self, index: usize) -> Self {
        if !self.is_foreign {
            self.path = self.path.index(index);
        }
        self
    }

    pub(super) fn path(self) -> FieldPath {
        self.path
    }
}

/// A port's settings for clients, and their location.
pub(super) struct Frontend<'a> {
    config: &'a TlsConfig,
    place: Place,
    /// The entry of the frontend to which it belongs.
    pub(super) entry: FieldPath,
    /// The settings that it replaces.
    replaces: Option<&'a TlsConfig>,
}

impl<R: Resources + ?Sized> Context<'_, R> {
    /// Source: pilot's `buildTLS`.
    pub(super) fn tls(&self, listener: &Listener, at: &FieldPath, found: &mut Findings) -> Built {
        let Some(tls) = &listener.tls else { return Built::default() };
        let at = at.clone().key("tls");
        let mut settings = ServerTlsSettings::default();
        let problem = match tls.mode.as_deref().unwrap_or("Terminate") {
            "Terminate" => {
                let frontend = self.frontend(listener.port, &at);
                match self.terminate(tls, frontend, &at, &mut settings, found) {
                    Ok(()) => None,
                    Err(TlsOutcome::Complete) => {
                        return Built { settings: Some(settings), problem: None };
                    }
                    Err(TlsOutcome::Problem(problem)) => Some(problem),
                }
            }
            "Passthrough" => {
                let labels = &self.owner().labels;
                let is_auto = is_auto_passthrough(labels, listener.port, tls);
                let mode = if is_auto { TlsMode::AutoPassthrough } else { TlsMode::Passthrough };
                settings.set_mode(mode);
                None
            }
            mode => {
                found.unknown_tls_mode(mode, at.clone().key("mode"));
                None
            }
        };
        if problem.is_none() {
            cipher_suites(tls, &at, &mut settings, found);
        }
        Built { settings: Some(settings), problem }
    }

    /// The settings for a port of a listener with this TLS.
    ///
    /// Source: pilot's `resolveGatewayTLS`.
    pub(super) fn frontend(&self, port: i32, tls: &FieldPath) -> Option<Frontend<'_>> {
        let frontend = self.gateway.spec.tls.as_ref()?.frontend.as_ref()?;
        let path = FieldPath::root().key("spec").key("tls").key("frontend");
        let place = |path| match self.set {
            None => Place { path, is_foreign: false },
            Some(_) => Place { path: tls.clone(), is_foreign: true },
        };
        let own = frontend.per_port.iter().position(|entry| entry.port == port);
        Some(match own.and_then(|index| Some((index, frontend.per_port.get(index)?))) {
            Some((index, entry)) => Frontend {
                config: &entry.tls,
                place: place(path.clone().key("perPort").index(index).key("tls")),
                entry: path.key("perPort").index(index),
                replaces: Some(&frontend.default),
            },
            None => {
                let path = path.key("default");
                let (config, entry) = (&frontend.default, path.clone());
                Frontend { config, place: place(path), entry, replaces: None }
            }
        })
    }

    fn terminate(
        &self,
        tls: &ListenerTls,
        frontend: Option<Frontend<'_>>,
        at: &FieldPath,
        settings: &mut ServerTlsSettings,
        found: &mut Findings,
    ) -> Result<(), TlsOutcome> {
        let wants_ca = frontend.as_ref().is_some_and(|frontend| has_ca(frontend.config));
        if let Some(frontend) = &frontend {
            found.clients.used(frontend.entry.clone());
        }
        let option = tls.options.get(TERMINATE_MODE).map(String::as_str);
        let option_path = || at.clone().key("options").key(TERMINATE_MODE);
        settings.set_mode(match option {
            Some("MUTUAL") => TlsMode::Mutual,
            Some("OPTIONAL_MUTUAL") => TlsMode::OptionalMutual,
            Some("ISTIO_MUTUAL") => TlsMode::IstioMutual,
            _ => TlsMode::Simple,
        });
        match option {
            Some(mode @ ("ISTIO_SIMPLE" | "ISTIO_MUTUAL")) => {
                if mode == "ISTIO_SIMPLE" {
                    "builtin://".clone_into(&mut settings.credential_name);
                }
                if wants_ca {
                    let why = format!("{TERMINATE_MODE} is {mode}");
                    found.clients.remark(Remark::Ignored(why), option_path());
                }
                return Err(TlsOutcome::Complete);
            }
            None | Some("MUTUAL" | "OPTIONAL_MUTUAL" | "SIMPLE" | "") => {}
            Some(other) => found.unknown_terminate_mode(other, option_path()),
        }
        if !self.certificates(tls, at, settings, found)? {
            if wants_ca {
                let why = "the listener has no certificateRefs".to_owned();
                found.clients.remark(Remark::Ignored(why), at.clone());
            }
            return Err(TlsOutcome::Complete);
        }
        if let Some(frontend) = frontend {
            found.clients.remark_on(&frontend.place, frontend.config, frontend.replaces);
            if let Some(validation) = &frontend.config.validation {
                let at = frontend.place.key("validation");
                self.validation(validation, &at, settings, found)?;
                if !settings.ca_cert_credential_name.is_empty() {
                    overridden(option, validation, option_path(), settings, found);
                }
            }
        }
        Ok(())
    }

    /// Sets the server's certificates. Returns whether there are any.
    fn certificates(
        &self,
        tls: &ListenerTls,
        at: &FieldPath,
        settings: &mut ServerTlsSettings,
        found: &mut Findings,
    ) -> Result<bool, Problem> {
        let references = &tls.certificate_refs;
        let at = at.clone().key("certificateRefs");
        if references.len() > 2 {
            let message = "TLS mode can only support up to 2 server certificates";
            found.certificate(message, at.index(2));
            return Err(Problem::new(reason::INVALID_CERTIFICATE, message));
        }
        let mut names = Vec::new();
        let mut problems: Vec<(usize, Problem)> = Vec::new();
        for (index, reference) in references.iter().enumerate() {
            match self.certificate(reference) {
                Ok(name) => names.push(name),
                Err(problem) => {
                    // Its entry stays, and is empty.
                    names.push(String::new());
                    problems.push((index, problem));
                }
            }
        }
        let is_none_valid = problems.len() == references.len();
        for (index, problem) in &problems {
            let at = at.clone().index(*index);
            found.certificate_problem(problem, is_none_valid, at.clone());
            if *index == 0 && !is_none_valid {
                found.first_certificate_lost(at);
            }
        }
        if is_none_valid {
            let mut problems = problems.into_iter().map(|(_, problem)| problem);
            let Some(mut problem) = problems.next() else {
                found.no_certificate(at);
                return Ok(false);
            };
            for next in problems {
                problem.message.push_str("; ");
                problem.message.push_str(&next.message);
            }
            return Err(problem);
        }
        if names.len() - problems.len() == 1 {
            settings.credential_name = names.into_iter().next().unwrap_or_default();
        } else {
            settings.credential_names = names;
        }
        Ok(true)
    }

    /// Sets the requirements for client certificates.
    fn validation(
        &self,
        validation: &FrontendTlsValidation,
        at: &Place,
        settings: &mut ServerTlsSettings,
        found: &mut Findings,
    ) -> Result<(), Problem> {
        let at_references = at.clone().key("caCertificateRefs");
        let reference = match validation.ca_certificate_refs.as_slice() {
            [] => return Ok(()),
            [reference] => reference,
            _ => {
                let message = "only one caCertificateRef is supported";
                found.ca(message, at_references.index(1).path());
                return Err(Problem::new(reason::INVALID_CA, message));
            }
        };
        let at_reference = at_references.index(0);
        self.foreign_ca(reference, at_reference.clone().path(), found);
        let name = self.ca_certificate(reference).inspect_err(|problem| {
            found.ca_problem(problem, at_reference.clone().path());
            if problem.reason == reason::NOT_PERMITTED && self.is_granted_without_suffix(reference)
            {
                found.grant_without_suffix(reference, at_reference.clone().key("name").path());
            }
        })?;
        let is_insecure = validation.mode == ALLOW_INSECURE_FALLBACK;
        settings.set_mode(if is_insecure { TlsMode::OptionalMutual } else { TlsMode::Mutual });
        settings.insecure_skip_verify = Some(is_insecure);
        settings.ca_cert_credential_name = name;
        if !["", ALLOW_VALID_ONLY, ALLOW_INSECURE_FALLBACK].contains(&validation.mode.as_str()) {
            found.unknown_validation_mode(&validation.mode, at.clone().key("mode").path());
        }
        Ok(())
    }
}

/// Whether a listener that does not terminate TLS selects its services by the server name, because of
/// an option or of its port in a Gateway with these labels.
///
/// Source: pilot's `IsAutoPassthrough`.
pub(super) fn is_auto_passthrough(labels: &Map, port: i32, tls: &ListenerTls) -> bool {
    let of_networks = labels.get(PORT_LABEL).map_or("15443", String::as_str);
    tls.options.get(LISTENER_PROTOCOL).is_some_and(|option| option == AUTO_PASSTHROUGH)
        || labels.contains_key(NETWORK_LABEL) && port.to_string() == of_networks
}

/// Why the remaining settings are not used.
enum TlsOutcome {
    /// They are complete.
    Complete,
    Problem(Problem),
}

impl From<Problem> for TlsOutcome {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// The option takes precedence.
fn overridden(
    option: Option<&str>,
    validation: &FrontendTlsValidation,
    at: FieldPath,
    settings: &mut ServerTlsSettings,
    found: &mut Findings,
) {
    let (mode, option) = match option {
        Some(option @ "MUTUAL") => (TlsMode::Mutual, option),
        Some(option @ "OPTIONAL_MUTUAL") => (TlsMode::OptionalMutual, option),
        _ => return,
    };
    if settings.mode() != mode || settings.insecure_skip_verify == Some(true) {
        found.validation_overridden(option, &validation.mode, at);
    }
    settings.set_mode(mode);
    settings.insecure_skip_verify = Some(false);
}

fn cipher_suites(
    tls: &ListenerTls,
    at: &FieldPath,
    settings: &mut ServerTlsSettings,
    found: &mut Findings,
) {
    let Some(option) = tls.options.get(CIPHER_SUITES).filter(|option| !option.is_empty()) else {
        return;
    };
    let mut seen = std::collections::HashSet::new();
    let mut dropped = Vec::new();
    for suite in option.split(',').map(str::trim) {
        if !ciphers::is_valid(suite) {
            dropped.push(suite);
        } else if seen.insert(suite) {
            settings.cipher_suites.push(suite.to_owned());
        }
    }
    if !dropped.is_empty() {
        found.ciphers_dropped(&dropped, at.clone().key("options").key(CIPHER_SUITES));
    }
}
