//! Translates an Istio Gateway to Gateway API, as far as it can be represented there.

mod gateway;
mod server;
mod tls;

use std::collections::HashMap;

use super::{
    input::{FrontendTlsValidation, Gateway, Listener, Metadata, ReferenceGrant},
    listener::PortClaims,
    rule,
};
use crate::{Diagnostic, FieldPath, Severity};

/// The Gateway of Gateway API for an Istio Gateway.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReverseConversion {
    /// The Gateway, with a listener for each server that can be represented.
    pub gateway: Gateway,
    /// The ReferenceGrants that it requires.
    pub reference_grants: Vec<ReferenceGrant>,
    /// The name of each server's listener, if it has one.
    pub listeners: Vec<Option<String>>,
    /// Settings that cannot be represented (an error, and the server has no listener), and settings
    /// that are represented differently with the same meaning (a note). Paths start at the spec of the
    /// Istio Gateway. The rules are [`rule::NOT_REPRESENTABLE`] and [`rule::REPRESENTED_DIFFERENTLY`].
    pub diagnostics: Vec<Diagnostic>,
}

/// Translates an Istio Gateway to Gateway API. `metadata` is that of the result.
///
/// [`convert`](super::convert()) translates the result back: to the same server if there is no
/// diagnostic about it, and to an equivalent one if there are only notes. The objects to which it
/// refers must exist.
///
/// ```
/// use istio_gateway::{
///     gateway_api::{Metadata, from_istio},
///     json,
/// };
///
/// let gateway = json::from_str(
///     r#"{"servers": [{
///         "port": {"number": 443, "name": "default", "protocol": "HTTPS"},
///         "hosts": ["infra/shop.example.com"],
///         "tls": {
///             "mode": "OPTIONAL_MUTUAL",
///             "credentialName": "kubernetes-gateway://infra/edge-cert",
///             "caCertCredentialName": "configmap://infra/clients-cacert",
///             "insecureSkipVerify": true
///         }
///     }]}"#,
/// )?;
/// let mut metadata = Metadata::default();
/// (metadata.namespace, metadata.name) = ("infra".to_owned(), "edge".to_owned());
/// let back = from_istio(&gateway, metadata);
/// assert_eq!(back.diagnostics, []);
/// assert_eq!(
///     serde_json::to_value(&back.gateway.spec.tls).unwrap(),
///     serde_json::json!({"frontend": {"default": {"validation": {
///         "mode": "AllowInsecureFallback",
///         "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}],
///     }}}}),
/// );
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn from_istio(gateway: &crate::Gateway, metadata: Metadata) -> ReverseConversion {
    let mut back = ReverseConversion {
        gateway: Gateway { metadata, ..Gateway::default() },
        reference_grants: Vec::new(),
        listeners: Vec::new(),
        diagnostics: Vec::new(),
    };
    "istio".clone_into(&mut back.gateway.spec.gateway_class_name);
    let crate::Gateway { servers, selector } = gateway;
    if !selector.is_empty() {
        let at = FieldPath::root().key("selector");
        back.note(at, "Gateway API selects pods by class or by the address of a Service");
    }
    let mut ports = Ports::new();
    for (index, server) in servers.iter().enumerate() {
        let at = FieldPath::root().key("servers").index(index);
        let found_before = back.diagnostics.len();
        let converted = back.server(server, &at);
        let is_not_representable = |found: &Diagnostic| found.severity == Severity::Error;
        let is_representable =
            !back.diagnostics.iter().skip(found_before).any(is_not_representable);
        let converted = converted.filter(|of| is_representable && back.fits(of, &at, &mut ports));
        let listener = converted.map(|of| back.add(of.listener, index));
        back.listeners.push(listener);
    }
    back.set_frontend(&ports);
    back.grant();
    back
}

/// The requirements of each port.
type Ports = HashMap<i32, PortState>;

/// The requirements for clients of a port that terminates TLS: none, or this.
type Wanted = Option<FrontendTlsValidation>;

#[derive(Default)]
struct PortState {
    taken: PortClaims,
    /// Its requirements for clients, once it has a listener that terminates TLS.
    wanted: Option<Wanted>,
}

/// The listener of a server.
struct ServerListener {
    listener: Listener,
    /// The requirements of its port for clients, if it terminates TLS.
    wanted: Option<Wanted>,
}

impl ReverseConversion {
    fn not_representable(&mut self, path: FieldPath, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(
            rule::NOT_REPRESENTABLE,
            Severity::Error,
            path,
            message,
        ));
    }

    fn note(&mut self, path: FieldPath, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(
            rule::REPRESENTED_DIFFERENTLY,
            Severity::Note,
            path,
            message,
        ));
    }

    fn namespace(&self) -> &str {
        &self.gateway.metadata.namespace
    }

    fn unless_own(&self, namespace: &str) -> Option<String> {
        (namespace != self.namespace()).then(|| namespace.to_owned())
    }

    fn add(&mut self, mut listener: Listener, index: usize) -> String {
        listener.name = format!("server-{index}");
        let name = listener.name.clone();
        self.gateway.spec.listeners.push(listener);
        name
    }

    /// Whether a listener can be added to the existing ones.
    fn fits(&mut self, server: &ServerListener, at: &FieldPath, ports: &mut Ports) -> bool {
        let state = ports.entry(server.listener.port).or_default();
        let is_other =
            server.wanted.is_some() && state.wanted.is_some() && server.wanted != state.wanted;
        if is_other {
            let message = "Gateway API has one client validation for each port, and another server \
                           of this port has another one";
            self.not_representable(at.clone().key("tls").key("mode"), message);
            return false;
        }
        if state.taken.take(&server.listener).is_some() {
            self.not_representable(at.clone(), "another listener has the same port and host name");
            return false;
        }
        state.wanted = state.wanted.take().or_else(|| server.wanted.clone());
        true
    }
}
