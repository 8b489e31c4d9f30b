//! Findings that state what a listener requires of its clients.
//!
//! Such a statement depends on the whole server: its mode, its CA, its protocol, and an option that
//! overrides them. So a finding is recorded while the server is translated, and its message is written
//! afterwards from the server's [`ClientCertificatePolicy`].

use std::collections::HashSet;

use super::{
    findings::Findings,
    input::{ALLOW_INSECURE_FALLBACK, FrontendTls, TlsConfig},
    outcome::ListenerOutcome,
    rule,
    tls::Place,
};
use crate::{
    FieldPath, RuleId, Server,
    client_certificate::{ClientCertificatePolicy, Request, Source, Verification},
    diagnostic::Quoted,
};

/// A finding about a listener's client validation whose message needs the server.
pub(super) enum Remark {
    /// A CA is set and not used, with the reason.
    Ignored(String),
    /// An entry of `perPort` without a CA replaces a default with one.
    Replaced,
    /// A validation without a CA.
    WithoutCa,
    /// The mode `AllowInsecureFallback`.
    InsecureFallback,
}

/// The remarks on the current listener, and results for earlier ones.
#[derive(Default)]
pub(super) struct Clients {
    remarks: Vec<(Remark, FieldPath)>,
    /// The findings with their messages, and the listeners that they are about.
    worded: Vec<(Worded, Vec<String>)>,
    /// The paths of the settings that a listener that terminates TLS has looked up.
    used: HashSet<FieldPath>,
    /// The names of the listeners that terminate TLS and request no client certificate.
    open: Vec<String>,
    /// Whether the current listener depends on placeholders: nothing is stated about it.
    is_unknown: bool,
    has_unknown: bool,
}

#[derive(PartialEq)]
struct Worded {
    rule: RuleId,
    at: FieldPath,
    what: String,
    clients: String,
    help: Option<&'static str>,
}

impl Clients {
    /// Begins with a listener.
    pub(super) fn enter(&mut self, is_unknown: bool) {
        self.is_unknown = is_unknown;
        self.has_unknown |= is_unknown;
    }

    pub(super) fn remark(&mut self, remark: Remark, at: FieldPath) {
        self.remarks.push((remark, at));
    }

    /// The remarks on the settings that apply to a listener's port.
    pub(super) fn remark_on(
        &mut self,
        at: &Place,
        config: &TlsConfig,
        replaces: Option<&TlsConfig>,
    ) {
        if replaces.is_some_and(has_ca) && !has_ca(config) {
            self.remark(Remark::Replaced, at.clone().path());
        }
        let Some(validation) = config.validation.as_ref() else { return };
        let at = at.clone().key("validation");
        if validation.ca_certificate_refs.is_empty() {
            self.remark(Remark::WithoutCa, at.key("caCertificateRefs").path());
        } else if validation.mode == ALLOW_INSECURE_FALLBACK {
            self.remark(Remark::InsecureFallback, at.key("mode").path());
        }
    }

    /// Adds what the listeners of a `ListenerSet` use of the Gateway's settings.
    pub(super) fn add_used(&mut self, set: &Self) {
        self.used.extend(set.used.iter().cloned());
        self.has_unknown |= set.has_unknown;
    }

    /// Settings that a listener that terminates TLS looks up, used or not.
    pub(super) fn used(&mut self, at: FieldPath) {
        self.used.insert(at);
    }

    /// Writes the messages of the remarks on a listener.
    pub(super) fn conclude(&mut self, name: &str, outcome: &ListenerOutcome) {
        if self.is_unknown {
            self.remarks.clear();
            return;
        }
        let (policy, clients) = match outcome {
            ListenerOutcome::Programmed(server) => (policy(server), sentence(server)),
            ListenerOutcome::WithoutServer
            | ListenerOutcome::Rejected(_)
            | ListenerOutcome::DependsOnPlaceholders => {
                (None, "istiod does not program the listener".to_owned())
            }
        };
        if policy.as_ref().is_some_and(|policy| policy.request() == Request::NotRequested) {
            self.open.push(name.to_owned());
        }
        let accepts_untrusted = policy.as_ref().is_some_and(|policy| {
            policy.rejection().is_none() && policy.verification() == Verification::ReportedOnly
        });
        for (remark, at) in std::mem::take(&mut self.remarks) {
            let (rule, what, help) = match remark {
                Remark::Ignored(why) => (
                    rule::VALIDATION_IGNORED,
                    format!("the CA of spec.tls.frontend is not used: {why}"),
                    None,
                ),
                Remark::Replaced => (
                    rule::DEFAULT_REPLACED,
                    "no CA: the entry replaces the whole default".to_owned(),
                    Some("repeat the default's validation here, or remove the entry"),
                ),
                Remark::WithoutCa => (
                    rule::VALIDATION_IGNORED,
                    "no CA: the validation has no effect".to_owned(),
                    Some("add a reference to a ConfigMap or Secret, or remove the validation"),
                ),
                Remark::InsecureFallback if accepts_untrusted => {
                    (rule::INSECURE_FALLBACK, ALLOW_INSECURE_FALLBACK.to_owned(), None)
                }
                // An option overrides the mode, which has its own finding, or nothing is programmed.
                Remark::InsecureFallback => continue,
            };
            let worded = Worded { rule, at, what, clients: clients.clone(), help };
            match self.worded.iter_mut().find(|(other, _)| *other == worded) {
                Some((_, names)) => names.push(name.to_owned()),
                None => self.worded.push((worded, vec![name.to_owned()])),
            }
        }
    }

    /// Reports the results for all listeners.
    pub(super) fn report(self, frontend: Option<(&FrontendTls, FieldPath)>, found: &mut Findings) {
        for (Worded { rule, at, what, clients, help }, names) in &self.worded {
            let message = format!("{what}; {}: {clients}", listeners(names));
            let help = help.map(str::to_owned);
            if *rule == rule::INSECURE_FALLBACK {
                found.note(*rule, at.clone(), message, help);
            } else {
                found.warning(*rule, at.clone(), message, help);
            }
        }
        if let Some((frontend, at)) = frontend.filter(|_| !self.has_unknown) {
            self.unused(frontend, &at, found);
        }
    }

    /// Settings that no listener looks up.
    fn unused(&self, frontend: &FrontendTls, at: &FieldPath, found: &mut Findings) {
        let open = match self.open.as_slice() {
            [] => String::new(),
            names => format!("; {}: no client certificate is requested", listeners(names)),
        };
        let mut ports = HashSet::new();
        let mut is_overridden = false;
        for (index, entry) in frontend.per_port.iter().enumerate() {
            // A second entry of a port has its own finding.
            if !ports.insert(entry.port) {
                continue;
            }
            let at = at.clone().key("perPort").index(index);
            if self.used.contains(&at) {
                is_overridden = true;
                continue;
            }
            let port = entry.port;
            let message = format!(
                "no effect: no listener of port {port} terminates TLS with a certificate of its \
                 own{open}"
            );
            let help = "use the port of such a listener, or remove the entry".to_owned();
            found.warning(rule::PORT_UNUSED, at.key("port"), message, help);
        }
        let at = at.clone().key("default");
        if has_ca(&frontend.default) && !is_overridden && !self.used.contains(&at) {
            let message = format!(
                "the CA of spec.tls.frontend is not used: no listener terminates TLS with a \
                 certificate of its own{open}"
            );
            found.warning(rule::VALIDATION_IGNORED, at.key("validation"), message, None);
        }
    }
}

/// Whether a CA is set.
pub(super) fn has_ca(config: &TlsConfig) -> bool {
    config.validation.as_ref().is_some_and(|v| !v.ca_certificate_refs.is_empty())
}

/// The policy of a server; `None` if its connections are not TLS.
fn policy(server: &Server) -> Option<ClientCertificatePolicy> {
    let is_http = server.port.as_ref().is_some_and(|port| port.protocol == "HTTP");
    server.tls.as_ref().filter(|_| !is_http).map(ClientCertificatePolicy::from_settings)
}

/// What a server requires of its clients.
fn sentence(server: &Server) -> String {
    let Some(policy) = policy(server) else {
        return "without TLS, no client certificate is requested".to_owned();
    };
    if policy.rejection().is_some() {
        return "Envoy rejects the configuration".to_owned();
    }
    let ca = match policy.context().and_then(|context| context.trusted_ca.source()) {
        None => "no CA".to_owned(),
        Some(Source::MeshRoot) => "the mesh's CA".to_owned(),
        Some(source) => format!("the CA in {}", name(source)),
    };
    match (policy.request(), policy.verification()) {
        (Request::NotTerminated, _) => {
            "TLS passthrough, the gateway requests no client certificate".to_owned()
        }
        (Request::NotRequested, _) => "no client certificate is requested".to_owned(),
        (Request::Optional, Verification::ReportedOnly) => {
            "clients without a certificate or with an untrusted one are accepted".to_owned()
        }
        (Request::Optional, _) => format!(
            "clients without a certificate are accepted; a presented one must be issued by {ca}"
        ),
        (Request::Required, Verification::ReportedOnly) => {
            "a client certificate is required but not verified".to_owned()
        }
        (Request::Required, _) => {
            format!("clients must present a certificate issued by {ca}")
        }
    }
}

fn name(source: &Source) -> String {
    match source {
        Source::Secret(name) => Quoted(name).to_string(),
        source => source.to_string(),
    }
}

fn listeners(names: &[String]) -> String {
    /// The maximum number of names that are listed.
    const SHOWN: usize = 5;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| Quoted(name).to_string()).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let listeners = if names.len() == 1 { "listener" } else { "listeners" };
    format!("{listeners} {}{more}", shown.join(", "))
}
