//! istiod's translation for Envoy: settings that are dropped or replaced, or that Envoy rejects. What
//! leaves a server without effect is an error, all else a warning.

rules! {
    CERTIFICATE_IGNORED = "envoy/certificate-ignored", Warning,
    "Unused server certificate",
    "istiod uses only one of credentialNames, credentialName, tlsCertificates and serverCertificate.";

    CERTIFICATE_REPLACED = "envoy/certificate-replaced", Warning,
    "Certificate or key missing",
    "A certificate needs its key. Without both, the mesh's certificate is used.";

    CA_IGNORED = "envoy/ca-ignored", Warning,
    "Unused CA",
    "In this mode, or with this source of certificates, this CA does not verify clients.";

    CA_REPLACED = "envoy/ca-replaced", Warning,
    "CA of the mesh used",
    "No CA is set to verify clients, so that the mesh's CA verifies them.";

    CRL_IGNORED = "envoy/crl-ignored", Warning,
    "Unused CRL",
    "In this mode, or with this source of certificates, the file is not read.";

    NAMES_IGNORED = "envoy/names-ignored", Warning,
    "Unused subject alternative names",
    "In this mode, or without verification, client SANs are not compared.";

    PINS_IGNORED = "envoy/pins-ignored", Warning,
    "Unused certificate pins",
    "Pins apply only in MUTUAL and OPTIONAL_MUTUAL, and only with credentials.";

    SKIP_IGNORED = "envoy/skip-ignored", Warning,
    "insecureSkipVerify without verification",
    "In this mode client certificates are not verified anyway.";

    PARAMETERS_IGNORED = "envoy/parameters-ignored", Warning,
    "Unused TLS parameters",
    "In this mode the gateway does not terminate TLS, so versions, cipher suites and curves have no effect.";

    SUITE_DROPPED = "envoy/suite-dropped", Warning,
    "Dropped cipher suite",
    "istiod drops unknown and repeated cipher suites.";

    ALPN_DROPPED = "envoy/alpn-dropped", Warning,
    "Dropped ALPN protocol",
    "istiod drops names that are empty or longer than 255 bytes (RFC 7301).";

    SERVER_SKIPPED = "envoy/server-skipped", Warning,
    "Server dropped by istiod",
    "An earlier server of the same port has the same host or another protocol, so that istiod drops this one.";

    LISTENER_REJECTED = "envoy/listener-rejected", Error,
    "Listener rejected by Envoy",
    "All servers of a port share one listener, and Envoy rejects it because of this server. At startup the port is closed; after an update the previous configuration stays active.";

    PIN_INVALID = "envoy/pin-invalid", Error,
    "Invalid certificate pin",
    "Envoy accepts the listener but rejects the server's secrets, so that no client can connect to this server.";

    VERSION_UNKNOWN = "envoy/version-unknown", Warning,
    "Unknown TLS version",
    "istiod uses the default version instead.";

    MODE_UNKNOWN = "envoy/mode-unknown", Warning,
    "Unknown TLS mode",
    "istiod treats it as SIMPLE.";

    SETTINGS_UNUSED = "envoy/settings-unused", Warning,
    "TLS settings on a plain HTTP port",
    "Only httpsRedirect has an effect on a plain HTTP port.";

    CREDENTIAL_EMPTY = "envoy/credential-empty", Error,
    "Empty credential name",
    "Envoy cannot request a secret without a name, and rejects the listener.";

    QUIC_WEAKER = "envoy/quic-weaker", Warning,
    "Weaker client verification over QUIC",
    "Clients have to prove less over QUIC than over TCP.";

    PARAMETERS_REJECTED = "envoy/parameters-rejected", Error,
    "Curves or ALPN protocols that Envoy rejects",
    "Envoy accepts the listener but rejects the server's secrets, so that no client can connect to this server. Other servers with the same secret may lose it too.";

    SETTINGS_REJECTED = "envoy/settings-rejected", Error,
    "TLS settings that Envoy rejects",
    "istiod sends these settings, and Envoy rejects the whole listener.";
}
