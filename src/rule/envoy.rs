//! istiod's translation for Envoy: settings that are dropped or replaced, or that Envoy rejects. What
//! leaves a server without effect is an error, all else a warning.

rules! {
    CERTIFICATE_IGNORED = "envoy/certificate-ignored", Warning,
    "Unused server certificate",
    "Another source of certificates wins: of credentialNames, credentialName, tlsCertificates and serverCertificate istiod uses one.";

    CERTIFICATE_REPLACED = "envoy/certificate-replaced", Warning,
    "Certificate or key alone",
    "Without the other half, the proxy's own certificate of the mesh is used.";

    CA_IGNORED = "envoy/ca-ignored", Warning,
    "Unused CA",
    "In this mode, or with this source of certificates, the CA named here does not verify clients.";

    CA_REPLACED = "envoy/ca-replaced", Warning,
    "CA of the mesh",
    "No CA is named for clients' certificates, so that the mesh's own verifies them.";

    CRL_IGNORED = "envoy/crl-ignored", Warning,
    "Unused CRL",
    "In this mode, or with this source of certificates, the file is not read.";

    NAMES_IGNORED = "envoy/names-ignored", Warning,
    "Unused subject alternative names",
    "In this mode, or without verification, no client's names are compared.";

    PINS_IGNORED = "envoy/pins-ignored", Warning,
    "Unused certificate pins",
    "istiod hands pins to Envoy in the modes MUTUAL and OPTIONAL_MUTUAL, and with credentials only.";

    SKIP_IGNORED = "envoy/skip-ignored", Warning,
    "insecureSkipVerify without verification",
    "In this mode no client's certificate is verified anyway.";

    PARAMETERS_IGNORED = "envoy/parameters-ignored", Warning,
    "Unused TLS parameters",
    "In this mode TLS is not terminated here, so that versions, suites and curves have no effect.";

    SUITE_DROPPED = "envoy/suite-dropped", Warning,
    "Dropped cipher suite",
    "istiod drops suites that it does not know, and the second of two equal ones.";

    ALPN_DROPPED = "envoy/alpn-dropped", Warning,
    "Dropped ALPN protocol",
    "istiod drops names that are empty or longer than 255 bytes (RFC 7301).";

    SERVER_SKIPPED = "envoy/server-skipped", Warning,
    "Server dropped by istiod",
    "Another server of the same port comes first and has the same host, or another protocol: istiod drops the whole later server.";

    LISTENER_REJECTED = "envoy/listener-rejected", Error,
    "Listener rejected by Envoy",
    "A port has one listener. Envoy rejects it for one server with invalid settings, and with it the other servers of the port: no clients at the start, the earlier configuration after an update.";

    PIN_INVALID = "envoy/pin-invalid", Error,
    "Invalid certificate pin",
    "Envoy accepts the listener and rejects the server's secrets when they arrive, so that no client can connect to this server.";

    VERSION_UNKNOWN = "envoy/version-unknown", Warning,
    "Unknown TLS version",
    "The default takes its place.";

    MODE_UNKNOWN = "envoy/mode-unknown", Warning,
    "Unknown TLS mode",
    "istiod treats it as SIMPLE.";

    SETTINGS_UNUSED = "envoy/settings-unused", Warning,
    "TLS settings on a plain HTTP port",
    "Only httpsRedirect has an effect there.";

    CREDENTIAL_EMPTY = "envoy/credential-empty", Error,
    "Empty credential name",
    "No secret can be requested for it, so that Envoy rejects the listener.";

    QUIC_WEAKER = "envoy/quic-weaker", Warning,
    "Weaker client verification over QUIC",
    "Over QUIC clients are asked for less than over TCP.";

    PARAMETERS_REJECTED = "envoy/parameters-rejected", Error,
    "Curves or ALPN protocols that Envoy rejects",
    "Envoy accepts the listener and rejects the server's secrets when they arrive, so that no client can connect to this server. Another server with the same secret may be left without it, too.";

    REFUSED_BY_ENVOY = "envoy/refused-by-envoy", Error,
    "Listener that Envoy rejects",
    "istiod sends these settings, and Envoy rejects the whole listener for them.";
}
