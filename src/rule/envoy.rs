//! istiod's translation for Envoy: settings that are dropped or replaced, or that Envoy rejects. What
//! leaves a server without effect is an error, all else a warning.

rules! {
    CERTIFICATE_REPLACED = "envoy/certificate-replaced", Warning,
    "Certificate or key missing",
    "A certificate needs its key. Without both, the mesh's certificate is used.", manifests;

    CA_REPLACED = "envoy/ca-replaced", Warning,
    "CA of the mesh used",
    "No CA is set to verify clients, so that the mesh's CA verifies them.", manifests;

    PARAMETERS_IGNORED = "envoy/parameters-ignored", Warning,
    "Unused TLS parameters",
    "Versions, cipher suites, curves and ALPN protocols have no effect in ISTIO_MUTUAL and in an unknown mode; curves and ALPN protocols require Istio 1.32, and over QUIC the protocol is h3.", manifests;

    SERVER_SKIPPED = "envoy/server-skipped", Error,
    "Server dropped by istiod",
    "A later server of the port without TLS settings replaces all earlier ones of the same protocol, and a server without a port has no listener.", manifests;

    LISTENER_REJECTED = "envoy/listener-rejected", Error,
    "Listener rejected by Envoy",
    "All servers of a port share one listener, and Envoy rejects it because of this server. At startup the port is closed; after an update the previous configuration stays active.", manifests;

    VERSION_UNKNOWN = "envoy/version-unknown", Warning,
    "Unknown TLS version",
    "istiod uses the default version instead.", manifests;

    MODE_UNKNOWN = "envoy/mode-unknown", Warning,
    "Unknown TLS mode",
    "istiod treats it as SIMPLE.", manifests;

    CREDENTIAL_EMPTY = "envoy/credential-empty", Error,
    "Empty credential name",
    "Envoy cannot request a secret without a name, and rejects the listener.", manifests;

    QUIC_WEAKER = "envoy/quic-weaker", Warning,
    "Weaker client verification over QUIC",
    "Clients have to prove less over QUIC than over TCP.";

    ALPN_REJECTED = "envoy/alpn-rejected", Error,
    "ALPN list that Envoy rejects",
    "Joined with commas, alpnProtocols may have at most 65534 bytes. Envoy accepts the listener but rejects the server's secrets, so that no client can connect to this server.";
}
