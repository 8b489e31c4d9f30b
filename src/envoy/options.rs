//! What istiod looks at in addition to the server.

use crate::{IstioVersion, TlsProtocol, proto::mesh::v1alpha1::Topology};

/// What istiod looks at in addition to the server. The default is a gateway for TCP in a mesh without
/// settings of its own, under the newest released Istio.
///
/// ```
/// use istio_gateway::envoy::{Options, Transport};
///
/// let options = Options { transport: Transport::Quic, ..Default::default() };
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// What the listener listens on.
    pub transport: Transport,
    /// The version of istiod. What is known is 1.31 and what 1.32 changes: an older one is treated as
    /// 1.31. The fields that a version does not know yet have no effect there.
    pub istio: IstioVersion,
    /// The metadata of the gateway's proxy.
    pub node: NodeMetadata,
    /// The mesh's settings for all gateways.
    pub mesh: MeshConfig,
}

/// What a listener listens on. A gateway with HTTP/3 has both, for one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// QUIC, for HTTP/3.
    Quic,
}

/// The metadata that a gateway's proxy reports to istiod (`ISTIO_META_...` of its container).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeMetadata {
    /// `credential` is `true`: somebody serves credentials with `sds://` on a socket of the pod.
    pub serves_credentials: bool,
    /// `file-credential` is `true`: somebody serves files on a socket of the pod.
    pub serves_files: bool,
    /// `TLS_SERVER_CERT_CHAIN`: the certificate for `ISTIO_MUTUAL`, in a file.
    pub tls_server_cert_chain: String,
    /// `TLS_SERVER_KEY`: its key, in a file.
    pub tls_server_key: String,
    /// `TLS_SERVER_ROOT_CERT`: the CA for `ISTIO_MUTUAL`, in a file.
    pub tls_server_root_cert: String,
}

/// The settings of `MeshConfig` for all gateways.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeshConfig {
    /// `tlsDefaults.ecdhCurves`.
    pub ecdh_curves: Vec<String>,
    /// `tlsDefaults.cipherSuites`, which istiod takes as they are.
    pub cipher_suites: Vec<String>,
    /// `tlsDefaults.minProtocolVersion`.
    pub min_protocol_version: TlsProtocol,
    /// `defaultConfig.gatewayTopology`.
    pub gateway_topology: Topology,
    /// The first of `extensionProviders` that serves secrets, if there is one.
    pub sds_provider: Option<SdsProvider>,
}

/// A server of secrets that the mesh knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SdsProvider {
    /// The cluster by which Envoy reaches it, such as `outbound|8234||sds.ns.svc.cluster.local`.
    Cluster(String),
    /// Its service is not in the mesh. istiod leaves the secret out.
    Unreachable,
}
