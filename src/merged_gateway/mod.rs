//! What istiod builds of all Gateways of a workload: which servers it keeps, the filter chains of each
//! listener, and the virtual hosts of each route.
//!
//! [`envoy::translate_gateway`](crate::envoy::translate_gateway) answers for the servers of one Gateway.
//! Gateways that select the same pods share listeners: istiod merges them, the oldest one first.
//!
//! ```
//! use istio_gateway::{
//!     Gateway, json,
//!     merged_gateway::{MergedGateway, NamedGateway, VirtualService, Workload},
//! };
//!
//! let gateway: Gateway = json::from_str(
//!     r#"{"servers": [
//!         {"port": {"number": 443, "name": "strict", "protocol": "HTTPS"},
//!          "hosts": ["admin.example.com"], "tls": {"mode": "MUTUAL", "credentialName": "c"}},
//!         {"port": {"number": 443, "name": "lax", "protocol": "HTTPS"},
//!          "hosts": ["*.example.com"], "tls": {"mode": "SIMPLE", "credentialName": "c"}}
//!     ]}"#,
//! )?;
//! let edge = NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway };
//! let admin = serde_json::json!({
//!     "hosts": ["admin.example.com"], "gateways": ["edge"],
//!     "http": [{"route": [{"destination": {"host": "admin"}}]}],
//! });
//! let admin = VirtualService::from_spec("admin", "infra", None, &admin)?;
//! let merged = MergedGateway::build(&[edge], &[admin], &Workload::default());
//!
//! let chains = &merged.listeners["0.0.0.0_443"].chains;
//! assert_eq!(chains[0].server_names, ["admin.example.com"]);
//! assert_eq!(chains[1].server_names, ["*.example.com"]);
//! // The route of the second chain has the host of the first one, too.
//! let lax = &merged.routes["https.443.lax.edge.infra"];
//! assert!(lax.contains_key("admin.example.com"));
//! # Ok::<(), istio_gateway::Error>(())
//! ```
//!
//! [`MergedSet`] does it for all Gateways of an installation, whose pods are not known.
//!
//! # What is not considered
//!
//! Services, which may map a server's port to another one, and to which `AUTO_PASSTHROUGH` leads;
//! delegate VirtualServices: a route that delegates counts as a route; QUIC, `EnvoyFilter`, `Sidecar`, the
//! settings of the mesh, and `PILOT_SCOPE_GATEWAY_TO_NAMESPACE`.

mod build;
mod chains;
mod coalescing;
#[cfg(feature = "validate")]
mod conflicts;
mod hosts;
mod listener;
mod merge;
mod paths;
mod reachability;
mod request;
mod routes;
mod virtual_service;
mod workloads;

use std::{collections::BTreeMap, fmt, sync::Arc};

pub use coalescing::MisdirectedRequest;
#[cfg(feature = "validate")]
pub(crate) use conflicts::{Conflict, ConflictKind, Conflicts};
#[cfg(feature = "validate")]
pub(crate) use hosts::HostNames;
pub use listener::ListenerRejection;
pub use paths::{BackendPaths, HostPaths, Path};
#[cfg(feature = "validate")]
pub(crate) use reachability::may_interact;
pub use reachability::{Bypass, bypasses_within};
pub use request::{Answer, Connection, Outcome, Request};
pub use routes::Backend;
pub use virtual_service::VirtualService;
#[cfg(feature = "validate")]
pub(crate) use workloads::Selectors;
pub use workloads::{MergedSet, MergedWorkload};

use crate::Gateway;
pub use crate::traffic_mode::TrafficMode;
#[cfg(not(any(feature = "envoy", feature = "validate")))]
use merge::Candidate;
#[cfg(any(feature = "envoy", feature = "validate"))]
pub(crate) use merge::Candidate;
#[cfg(feature = "envoy")]
pub(crate) use merge::skipped;

/// A Gateway of a set. It is to be the one that the API server keeps
/// ([`StoredGateway`](crate::StoredGateway)).
#[derive(Clone, Copy, Debug)]
pub struct NamedGateway<'a> {
    /// `metadata.namespace`.
    pub namespace: &'a str,
    /// `metadata.name`.
    pub name: &'a str,
    /// `metadata.creationTimestamp`, in seconds since 1970. The oldest Gateway wins; one without a time
    /// counts as the oldest, and name and namespace decide between equal times.
    pub created: Option<i64>,
    /// The spec.
    pub gateway: &'a Gateway,
}

/// The pods of the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workload {
    /// Their namespace: VirtualServices may not be visible in it.
    ///
    /// If it is empty, the pods are not known: a VirtualService that is exported to some namespaces is assumed to be
    /// visible, each that may come first for some namespace is assumed to do so, and routes for a
    /// `sourceNamespace` or for `sourceLabels` that [`labels`](Self::labels) does not have may apply.
    pub namespace: String,
    /// Their labels. Gateways whose selector has others are not merged.
    pub labels: BTreeMap<String, String>,
    /// Whether each Gateway is merged, whatever its selector.
    pub ignores_selectors: bool,
}

/// What istiod builds of all Gateways of a workload.
///
/// Source: pilot's `mergeGateways`, `buildGatewayListeners` and `buildGatewayHTTPRouteConfig`; a test
/// compares it with what they made of 20,000 random sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergedGateway {
    /// All servers of the Gateways that select the workload, in the order in which istiod merges them.
    pub servers: Vec<MergedServer>,
    /// The listeners by their names: address, underscore, port number.
    pub listeners: BTreeMap<String, Listener>,
    /// The virtual hosts by the name of the route, and by their domain.
    pub routes: BTreeMap<String, BTreeMap<String, VirtualHost>>,
    /// Servers of TCP and TLS that have no filter chain, since no VirtualService has a route of their kind: the
    /// index of the server, and of a VirtualService that has one of its hosts. `AUTO_PASSTHROUGH` needs
    /// none.
    pub servers_without_route: Vec<(usize, usize)>,
    /// Where routes lead.
    pub backends: Vec<Backend>,
    /// The backends of each VirtualService that HTTP routes lead to.
    service_backends: Vec<Vec<usize>>,
}

/// A server of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergedServer {
    /// The index of its Gateway in what was given.
    pub gateway: usize,
    /// Its index in its Gateway.
    pub server: usize,
    /// Why istiod leaves it out, if it does. Indexes are those of
    /// [`servers`](MergedGateway::servers).
    pub skipped: Option<SkipReason>,
}

/// A listener of Envoy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listener {
    /// The address.
    pub address: String,
    /// The port number.
    pub port: u32,
    /// The filter chains, in istiod's order.
    pub chains: Vec<FilterChain>,
}

/// A filter chain of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterChain {
    /// The index in [`servers`](MergedGateway::servers) of the server that it is for.
    pub server: usize,
    /// The server names (SNI) that it takes, in order; any, and none, where it is empty.
    pub server_names: Vec<String>,
    /// What it does with a connection.
    pub action: ChainAction,
}

/// What a filter chain does with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainAction {
    /// It routes HTTP by the virtual hosts of this route.
    Http {
        /// The name in [`routes`](MergedGateway::routes).
        route: String,
    },
    /// It forwards bytes to the destination of this VirtualService.
    Tcp {
        /// The index of the VirtualService in what was given.
        virtual_service: usize,
        /// The indexes of its destinations in [`backends`](MergedGateway::backends).
        backends: Arc<[usize]>,
    },
    /// It forwards TLS to the service that the server name stands for (`AUTO_PASSTHROUGH`). The server
    /// names are the server's hosts.
    AutoPassthrough,
}

/// What a route does with the requests of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VirtualHost {
    /// Whether each request is redirected to HTTPS.
    pub is_redirect: bool,
    /// The indexes of the VirtualServices that it leads to; none is answered with 404.
    pub virtual_services: Vec<usize>,
    /// The indexes in [`backends`](MergedGateway::backends) of what its routes lead to: none if they redirect
    /// or answer themselves. A route after one that takes every request leads nowhere.
    pub backends: Arc<[usize]>,
}

/// Why istiod drops a server. Servers are named by their index: in their Gateway, or in
/// [`MergedGateway::servers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// It has no port.
    NoPort,
    /// An earlier server with TLS settings has one of its hosts on the same port and address.
    DuplicateHost {
        /// The index of the host in the server's own hosts.
        host: usize,
        /// The server that has the host.
        by: usize,
    },
    /// A server of another protocol has the port and address.
    ProtocolConflict {
        /// That server.
        by: usize,
    },
    /// An earlier HTTPS server has the same port and port name.
    DuplicatePortName {
        /// That server.
        by: usize,
    },
    /// A later server without TLS settings replaces all servers of the port, address and
    /// protocol.
    Replaced {
        /// That server.
        by: usize,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPort => f.write_str("it has no port"),
            Self::DuplicateHost { host, by } => {
                write!(f, "spec.servers[{by}] has hosts[{host}] too, on the same port and address")
            }
            Self::ProtocolConflict { by } => {
                write!(f, "spec.servers[{by}] uses the same port and address with another protocol")
            }
            Self::DuplicatePortName { by } => {
                write!(f, "spec.servers[{by}] has the same port number and port name")
            }
            Self::Replaced { by } => write!(
                f,
                "spec.servers[{by}], which has no TLS settings, replaces it on the same port and address"
            ),
        }
    }
}
