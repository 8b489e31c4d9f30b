//! The parts of a gateway in words.

use istio_gateway::merged_gateway::SkipReason;

use super::{HostPath, LeftOut, ServerRef, WholeGateway};
use crate::{
    explain::terminal::gateway_name,
    text::{listed, shown},
};

impl WholeGateway {
    /// `istio=ingressgateway`
    pub(in crate::explain) fn pods(&self) -> String {
        let labels: Vec<String> =
            self.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if labels.is_empty() {
            "all gateway pods".to_owned()
        } else {
            format!("pods with {}", listed(&labels, 6, ""))
        }
    }
}

impl ServerRef {
    /// `spec.servers[0] of infra/edge (edge.yaml:9)`
    pub(in crate::explain) fn sentence(&self) -> String {
        let Self { file, line, namespace, gateway, server } = self;
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        format!(
            "spec.servers[{server}] of {} ({}{line})",
            gateway_name(namespace, gateway),
            shown(file)
        )
    }
}

impl HostPath {
    /// `port 443 with the server name a.example.com`
    pub(in crate::explain) fn way(&self) -> String {
        let port = if self.address == "0.0.0.0" {
            format!("port {}", self.port)
        } else {
            format!("port {} of {}", self.port, shown(&self.address))
        };
        match (&self.server_name, self.is_tls) {
            (_, false) => format!("{port} without TLS"),
            (None, true) => format!("{port} without a server name"),
            (Some(name), true) => format!("{port} with the server name {}", shown(name)),
        }
    }
}

impl LeftOut {
    pub(in crate::explain) fn sentence(&self) -> String {
        let by = self.by.as_ref().map(|by| format!(": {}", by.sentence())).unwrap_or_default();
        format!("{}, since {}{by}", self.server.sentence(), self.reason)
    }
}

pub(super) fn by(reason: SkipReason) -> Option<usize> {
    match reason {
        SkipReason::DuplicateHost { by, .. }
        | SkipReason::ProtocolConflict { by }
        | SkipReason::DuplicatePortName { by }
        | SkipReason::Replaced { by } => Some(by),
        _ => None,
    }
}

/// Without the other server.
pub(super) fn reason_text(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::DuplicateHost { .. } => "another server has one of its hosts on the same port",
        SkipReason::ProtocolConflict { .. } => "another server uses the port with another protocol",
        SkipReason::DuplicatePortName { .. } => {
            "another server has the same port number and port name"
        }
        SkipReason::Replaced { .. } => "another server, which has no TLS settings, replaces it",
        _ => "it has no port",
    }
}
