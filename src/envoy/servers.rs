//! The outcome of each server of one Gateway, given its other servers.

use std::collections::HashMap;

use super::{
    EnvoyRejection, Options, SecretAvailability, Translation, client_certificate_policy, rule,
    translate_server,
};
use crate::{
    Diagnostic, FieldPath, Gateway, Server, Severity,
    client_certificate::Rejection,
    merged_gateway::{Candidate, SkipReason, skipped},
    rule::{lint, webhook},
};

/// A server of a Gateway: its translation, and whether it takes effect.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TranslatedServer {
    /// istiod's translation of the server by itself.
    pub translation: Translation,
    /// The outcome, given the other servers of its Gateway.
    pub outcome: ServerOutcome,
}

/// The outcome of a server, given the other servers of its Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerOutcome {
    /// istiod sends it to Envoy, and Envoy rejects its listener for no server of this Gateway.
    Sent,
    /// istiod drops it.
    Skipped(SkipReason),
    /// Envoy rejects the listener of its port and address because of this server of the Gateway,
    /// possibly itself. At startup the gateway has no such listener; a running one keeps its previous
    /// listener.
    ListenerRejected {
        /// The index of the server that Envoy rejects.
        by: usize,
    },
}

impl ServerOutcome {
    /// The outcome of the server with this index as a finding, unless it takes effect. The path starts
    /// at the document's root.
    #[must_use]
    pub fn to_diagnostic(self, server: usize) -> Option<Diagnostic> {
        let (rule, message) = match self {
            Self::Sent => return None,
            Self::Skipped(reason) => {
                let rule = match reason {
                    SkipReason::DuplicateHost { .. } => lint::DUPLICATE_HOST,
                    SkipReason::ProtocolConflict { .. } => lint::PORT_PROTOCOL,
                    SkipReason::DuplicatePortName { .. } => webhook::PORT_NAME_UNIQUE,
                    SkipReason::NoPort | SkipReason::Replaced { .. } => rule::SERVER_SKIPPED,
                };
                (rule, format!("istiod drops this server: {reason}"))
            }
            Self::ListenerRejected { by } => (
                rule::LISTENER_REJECTED,
                format!(
                    "Envoy rejects the listener of this port and address because of \
                     spec.servers[{by}]: at startup the port is closed, a running gateway keeps its \
                     previous listener"
                ),
            ),
        };
        let path = FieldPath::root().key("spec").key("servers").index(server);
        Some(Diagnostic::new(rule, Severity::Error, path, message))
    }
}

/// Translates all servers of a Gateway, and reports which of them take effect.
///
/// Pass the Gateway that the API server stores ([`StoredGateway`](crate::StoredGateway)). Other
/// Gateways of the same pods are not considered, although they share listeners with this one; nor is a
/// Service that maps the port to another one.
///
/// Source: pilot's `mergeGateways` and `CheckDuplicates`, and Envoy, which accepts or rejects a
/// listener as a whole.
///
/// ```
/// use istio_gateway::{
///     Gateway,
///     envoy::{Options, ServerOutcome, SkipReason, translate_gateway},
///     json,
/// };
///
/// let gateway: Gateway = json::from_str(
///     r#"{"servers": [
///         {"port": {"number": 443, "name": "a", "protocol": "HTTPS"}, "hosts": ["x.test"],
///          "tls": {"mode": "SIMPLE", "credentialName": "c"}},
///         {"port": {"number": 443, "name": "b", "protocol": "HTTPS"}, "hosts": ["y.test", "x.test"],
///          "tls": {"mode": "MUTUAL", "credentialName": "c"}}
///     ]}"#,
/// )?;
/// let servers = translate_gateway(&gateway, "shop", &Options::default());
/// assert_eq!(servers[0].outcome, ServerOutcome::Sent);
/// // The whole second server is dropped, including y.test.
/// let skipped = ServerOutcome::Skipped(SkipReason::DuplicateHost { host: 1, by: 0 });
/// assert_eq!(servers[1].outcome, skipped);
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn translate_gateway(
    gateway: &Gateway,
    namespace: &str,
    options: &Options,
) -> Vec<TranslatedServer> {
    // The name of the Gateway is in names of routes, where it is the same for all.
    let candidate = |server| Candidate { server, gateway: "", namespace };
    let skipped = skipped(gateway.servers.iter().map(candidate));
    let translations: Vec<_> =
        gateway.servers.iter().map(|server| translate_server(server, options)).collect();
    let mut rejected: HashMap<(&str, u32), usize> = HashMap::new();
    for (index, (server, translation)) in gateway.servers.iter().zip(&translations).enumerate() {
        let is_sent = skipped.get(index) == Some(&None);
        if is_sent && is_rejected(translation) {
            rejected.entry(listener(server)).or_insert(index);
        }
    }
    let outcome = |(server, skipped): (&Server, Option<SkipReason>)| match (
        skipped,
        rejected.get(&listener(server)),
    ) {
        (Some(reason), _) => ServerOutcome::Skipped(reason),
        (None, Some(by)) => ServerOutcome::ListenerRejected { by: *by },
        (None, None) => ServerOutcome::Sent,
    };
    let outcomes: Vec<_> = gateway.servers.iter().zip(skipped).map(outcome).collect();
    let servers = translations.into_iter().zip(outcomes);
    servers.map(|(translation, outcome)| TranslatedServer { translation, outcome }).collect()
}

/// Whether Envoy rejects the listener because of the server.
fn is_rejected(translation: &Translation) -> bool {
    translation.rejection == Some(EnvoyRejection::Listener)
        || translation.effective_tls_context().is_some_and(|context| {
            let policy = client_certificate_policy(context, SecretAvailability::default());
            policy.rejection().is_some_and(Rejection::rejects_listener)
        })
}

/// The address of a listener.
fn listener(server: &Server) -> (&str, u32) {
    let bind = if server.bind.is_empty() { "0.0.0.0" } else { &server.bind };
    (bind, server.port.as_ref().map_or(0, |port| port.number))
}
