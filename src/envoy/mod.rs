//! istiod's translation of a server into Envoy's configuration, as Envoy's own messages.
//!
//! ```
//! use istio_gateway::{Server, envoy, json};
//!
//! let server: Server = json::from_str(
//!     r#"{
//!         "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
//!         "hosts": ["shop.example.com"],
//!         "tls": {"mode": "MUTUAL", "credentialName": "edge-cert", "caCrl": "/etc/ca.crl"}
//!     }"#,
//! )?;
//! let translation = envoy::translate_server(&server, &envoy::Options::default());
//! assert_eq!(translation.flow, envoy::TrafficMode::HttpsTerminate);
//! let context = translation.effective_tls_context().unwrap();
//! assert_eq!(
//!     serde_json::to_value(context)?["common_tls_context"]["combined_validation_context"],
//!     serde_json::json!({
//!         "default_validation_context": {},
//!         "validation_context_sds_secret_config": {
//!             "name": "kubernetes://edge-cert-cacert",
//!             "sds_config": {"ads": {}, "resource_api_version": "V3"},
//!         },
//!     })
//! );
//! // The CRL is not used, and istiod does not report it.
//! let finding = &translation.diagnostics[0];
//! assert_eq!(finding.rule, "lint/crl-ignored");
//! assert_eq!(finding.path.to_string(), "tls.caCrl");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The translation accepts any server, valid or not, and never fails, like istiod's. A test compares it
//! with the output of pilot's own builder for 681 servers. The messages are in
//! [`proto::envoy`](crate::proto::envoy): a subset of Envoy's, wire-compatible with any other Rust code
//! for them.
//!
//! A server of a manifest may have fields that never reach istiod, since the API server drops them:
//! translate the servers of [`Manifest::stored`](crate::Manifest::stored). [`translate_gateway`] also
//! reports which servers of a Gateway istiod drops, and whose listener Envoy rejects.
//!
//! # Limits
//!
//! Filter chains and routes are in [`merged_gateway`](crate::merged_gateway), by name and not as Envoy's
//! messages. istiod's environment variables are not translated: `COMPLIANCE_POLICY`
//! restricts versions, cipher suites and curves further.

mod alpn;
mod context;
mod diagnose;
mod duration;
mod options;
mod params;
mod policy;
mod secrets;
mod servers;

pub use alpn::{negotiated_protocol, offered_protocols};
pub use duration::{Duration, InvalidDuration};
pub use options::{MeshConfig, NodeMetadata, Options, SdsProvider, Transport};
pub use policy::{SecretAvailability, client_certificate_policy};
pub use servers::{ServerOutcome, TranslatedServer, translate_gateway};

pub use crate::{merged_gateway::SkipReason, tls_plan::EnvoyRejection, traffic_mode::TrafficMode};

#[doc(no_inline)]
pub use crate::proto::envoy::extensions::{
    filters::network::http_connection_manager::v3::HttpConnectionManager,
    transport_sockets::tls::v3::DownstreamTlsContext,
};

use crate::{
    Diagnostic, Server,
    client_certificate::Forwarding,
    rule::envoy as rule,
    proto::{
        envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
            ForwardClientCertDetails, SetCurrentClientCertDetails,
        },
        mesh::v1alpha1::Topology,
    },
    protocol::Protocol,
    tls_plan::TlsPlan,
};

/// istiod's translation of a server.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Translation {
    /// What the gateway does with the server's connections.
    pub flow: TrafficMode,
    /// The context from pilot's builder: `None` without TLS settings and for a TLS passthrough. pilot
    /// uses it only if the [`flow`](Self::flow) terminates TLS, see
    /// [`effective_tls_context`](Self::effective_tls_context).
    pub tls_context: Option<DownstreamTlsContext>,
    /// How `x-forwarded-client-cert` is handled, if the flow has HTTP.
    pub xfcc: HttpConnectionManager,
    /// Further settings of the listener.
    pub listener: ListenerExtras,
    /// What istiod silently drops or replaces, and what Envoy rejects. Paths start at the server. A fact that
    /// the validation reports, too, has the same [`rule`](crate::rule) there.
    pub diagnostics: Vec<Diagnostic>,
    /// What Envoy rejects because of these settings; the diagnostics that are errors have the reasons.
    pub rejection: Option<EnvoyRejection>,
}

impl Translation {
    /// The context that Envoy uses: that of the builder, if the gateway terminates TLS.
    #[must_use]
    pub fn effective_tls_context(&self) -> Option<&DownstreamTlsContext> {
        self.tls_context.as_ref().filter(|_| self.flow.terminates_tls())
    }
}

/// Settings of a listener other than the TLS contexts of its filter chains.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerExtras {
    /// The timeout of a client's handshake, if the gateway terminates TLS.
    pub transport_socket_connect_timeout: Option<Duration>,
    /// Whether Envoy reads the server name before it chooses a filter chain
    /// (`envoy.filters.listener.tls_inspector`).
    pub has_tls_inspector: bool,
}

/// Translates a server as istiod does.
///
/// Source: pilot's `buildGatewayListenerTLSContext` and `BuildListenerTLSContext`.
#[must_use]
pub fn translate_server(server: &Server, options: &Options) -> Translation {
    let flow = TrafficMode::of(server);
    let protocol = Protocol::of_server(server);
    let plan = server.tls.as_ref().map(TlsPlan::new);
    let context = |plan| context::build_tls_context(plan, protocol, options);
    let diagnose = |plan| diagnose::diagnose(server, plan, options, flow);
    let (diagnostics, rejection) = plan.as_ref().map(diagnose).unwrap_or_default();
    Translation {
        flow,
        xfcc: http_connection_manager(&options.mesh),
        listener: ListenerExtras {
            transport_socket_connect_timeout: flow
                .terminates_tls()
                .then(|| Duration::from_secs(15)),
            has_tls_inspector: options.transport == Transport::Tcp
                && (flow.terminates_tls() || flow == TrafficMode::Passthrough),
        },
        diagnostics,
        rejection,
        tls_context: plan.as_ref().and_then(context),
    }
}

/// How every gateway of a mesh handles `x-forwarded-client-cert`.
///
/// Source: pilot's `buildGatewayConnectionManager`.
///
/// ```
/// use istio_gateway::envoy::{MeshConfig, http_connection_manager};
///
/// let settings = http_connection_manager(&MeshConfig::default());
/// assert_eq!(
///     serde_json::to_value(&settings)?["forward_client_cert_details"],
///     "SANITIZE_SET"
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn http_connection_manager(mesh: &MeshConfig) -> HttpConnectionManager {
    let Topology { num_trusted_proxies, forward_client_cert_details: _, proxy_protocol: _ } =
        mesh.gateway_topology;
    let forwarding = Forwarding::of_mesh(mesh.gateway_topology.forward_client_cert_details());
    let (details, writes) = match forwarding {
        Forwarding::Sanitize => (ForwardClientCertDetails::Sanitize, false),
        Forwarding::SanitizeSet => (ForwardClientCertDetails::SanitizeSet, true),
        Forwarding::ForwardOnly => (ForwardClientCertDetails::ForwardOnly, false),
        Forwarding::AppendForward => (ForwardClientCertDetails::AppendForward, true),
        Forwarding::AlwaysForwardOnly => (ForwardClientCertDetails::AlwaysForwardOnly, false),
    };
    let written = SetCurrentClientCertDetails {
        subject: Some(true),
        cert: true,
        chain: false,
        dns: true,
        uri: true,
    };
    HttpConnectionManager {
        forward_client_cert_details: details.into(),
        set_current_client_cert_details: writes.then_some(written),
        xff_num_trusted_hops: num_trusted_proxies,
    }
}
