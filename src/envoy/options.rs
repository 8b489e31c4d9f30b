//! Inputs of the translation other than the server.

use crate::{IstioVersion, TlsProtocol, proto::mesh::v1alpha1::Topology};

/// Inputs of the translation other than the server. The default is a TCP listener of a gateway in a
/// mesh with default settings and the newest release of Istio.
///
/// ```
/// use istio_gateway::envoy::{Options, Transport};
///
/// let options = Options { transport: Transport::Quic, ..Default::default() };
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The transport of the listener.
    pub transport: Transport,
    /// The release of istiod. The translations of 1.31 and 1.32 are known; an older release is treated
    /// as 1.31. Fields that a release does not have yet have no effect.
    pub istio: IstioVersion,
    /// The metadata of the gateway's proxy.
    pub node: NodeMetadata,
    /// The mesh's settings for all gateways.
    pub mesh: MeshConfig,
}

/// The transport of a listener. A gateway with HTTP/3 has both for one server.
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
    /// `credential` is `true`: a local SDS server on a socket of the pod provides credentials with
    /// `sds://`.
    pub serves_credentials: bool,
    /// `file-credential` is `true`: a local SDS server on a socket of the pod provides files.
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
    /// `tlsDefaults.cipherSuites`, which istiod uses unchanged.
    pub cipher_suites: Vec<String>,
    /// `tlsDefaults.minProtocolVersion`.
    pub min_protocol_version: TlsProtocol,
    /// `defaultConfig.gatewayTopology`.
    pub gateway_topology: Topology,
    /// The first of `extensionProviders` that serves secrets, if there is one.
    pub sds_provider: Option<SdsProvider>,
}

/// An SDS server that the mesh knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SdsProvider {
    /// The cluster of the server, such as `outbound|8234||sds.ns.svc.cluster.local`.
    Cluster(String),
    /// Its service is not in the mesh. istiod omits the secret.
    Unreachable,
}
