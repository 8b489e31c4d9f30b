//! The rules of `explain` and `envoy`: what istiod's translation and its decoder drop.

use istio_gateway::{Severity, diagnostic::rule as decode, envoy::rule as envoy};

use super::Rule;

const fn rule(
    id: &'static str,
    severity: Severity,
    title: &'static str,
    explanation: &'static str,
) -> Rule {
    Rule { id, severity, title, explanation, bad: None, good: None }
}

pub(super) static RULES: [Rule; 33] = [
    rule(
        envoy::CERTIFICATE_IGNORED,
        Severity::Warning,
        "Unused server certificate",
        "Another source of certificates wins: of credentialNames, credentialName, tlsCertificates and serverCertificate istiod uses one.",
    ),
    rule(
        envoy::CERTIFICATE_REPLACED,
        Severity::Warning,
        "Certificate or key alone",
        "Without the other half, the proxy's own certificate of the mesh is used.",
    ),
    rule(
        envoy::CA_IGNORED,
        Severity::Warning,
        "Unused CA",
        "In this mode, or with this source of certificates, the CA named here does not verify clients.",
    ),
    rule(
        envoy::CA_REPLACED,
        Severity::Warning,
        "CA of the mesh",
        "No CA is named for clients' certificates, so that the mesh's own verifies them.",
    ),
    rule(
        envoy::CRL_IGNORED,
        Severity::Warning,
        "Unused CRL",
        "In this mode, or with this source of certificates, the file is not read.",
    ),
    rule(
        envoy::NAMES_IGNORED,
        Severity::Warning,
        "Unused subject alternative names",
        "In this mode, or without verification, no client's names are compared.",
    ),
    rule(
        envoy::PINS_IGNORED,
        Severity::Warning,
        "Unused certificate pins",
        "istiod hands pins to Envoy in the modes MUTUAL and OPTIONAL_MUTUAL, and with credentials only.",
    ),
    rule(
        envoy::SKIP_IGNORED,
        Severity::Warning,
        "insecureSkipVerify without verification",
        "In this mode no client's certificate is verified anyway.",
    ),
    rule(
        envoy::PARAMETERS_IGNORED,
        Severity::Warning,
        "Unused TLS parameters",
        "In this mode TLS is not terminated here, so that versions, suites and curves have no effect.",
    ),
    rule(
        envoy::SUITE_DROPPED,
        Severity::Warning,
        "Dropped cipher suite",
        "istiod drops suites that it does not know, and the second of two equal ones.",
    ),
    rule(
        envoy::ALPN_DROPPED,
        Severity::Warning,
        "Dropped ALPN protocol",
        "istiod drops names that are empty or longer than 255 bytes (RFC 7301).",
    ),
    rule(
        envoy::SERVER_SKIPPED,
        Severity::Warning,
        "Server dropped by istiod",
        "Another server of the same port comes first and has the same host, or another protocol: istiod drops the whole later server.",
    ),
    rule(
        envoy::LISTENER_REJECTED,
        Severity::Error,
        "Listener rejected by Envoy",
        "A port has one listener. Envoy rejects it for one server with invalid settings, and with it the other servers of the port: no clients at the start, the earlier configuration after an update.",
    ),
    rule(
        envoy::PIN_INVALID,
        Severity::Error,
        "Invalid certificate pin",
        "Envoy accepts the listener and rejects the server's secrets when they arrive, so that no client can connect to this server.",
    ),
    rule(
        envoy::VERSION_UNKNOWN,
        Severity::Warning,
        "Unknown TLS version",
        "The default takes its place.",
    ),
    rule(envoy::MODE_UNKNOWN, Severity::Warning, "Unknown TLS mode", "istiod treats it as SIMPLE."),
    rule(
        envoy::SETTINGS_UNUSED,
        Severity::Warning,
        "TLS settings on a plain HTTP port",
        "Only httpsRedirect has an effect there.",
    ),
    rule(
        envoy::CREDENTIAL_EMPTY,
        Severity::Error,
        "Empty credential name",
        "No secret can be requested for it, so that Envoy rejects the listener.",
    ),
    rule(
        envoy::QUIC_WEAKER,
        Severity::Warning,
        "Weaker client verification over QUIC",
        "Over QUIC clients are asked for less than over TCP.",
    ),
    rule(
        envoy::PARAMETERS_REJECTED,
        Severity::Error,
        "Curves or ALPN protocols that Envoy rejects",
        "Envoy accepts the listener and rejects the server's secrets when they arrive, so that no client can connect to this server. Another server with the same secret may be left without it, too.",
    ),
    rule(
        envoy::ENVOY_REFUSES,
        Severity::Error,
        "Listener that Envoy rejects",
        "istiod sends these settings, and Envoy rejects the whole listener for them.",
    ),
    rule(
        decode::WRONG_TYPE,
        Severity::Error,
        "Invalid type",
        "Istio's decoder rejects a value of another type than the field's.",
    ),
    rule(
        decode::OUT_OF_RANGE,
        Severity::Error,
        "Number out of range",
        "Istio's decoder rejects a number that the field cannot hold.",
    ),
    rule(
        decode::UNKNOWN_ENUM_NAME,
        Severity::Error,
        "Invalid enum value",
        "Istio's decoder rejects a string that is not a name of the enum.",
    ),
    rule(decode::UNKNOWN_FIELD, Severity::Warning, "Unknown field", "Istio's decoder ignores it."),
    rule(decode::DUPLICATE_FIELD, Severity::Warning, "Repeated field", "The last one counts."),
    rule(
        decode::BOTH_SPELLINGS,
        Severity::Warning,
        "Field in camelCase and snake_case",
        "The one in camelCase counts.",
    ),
    rule(
        decode::NULL_ELEMENT,
        Severity::Warning,
        "Null in a sequence or mapping",
        "An empty value takes its place.",
    ),
    rule(
        decode::UNKNOWN_ENUM_NUMBER,
        Severity::Warning,
        "Unknown enum number",
        "It is kept, and stands for nothing that this release knows.",
    ),
    rule(
        decode::QUOTED_NUMBER,
        Severity::Warning,
        "Number in quotes",
        "Istio's decoder reads it as the number; the API server rejects it.",
    ),
    rule(
        decode::NOT_A_NUMBER,
        Severity::Warning,
        "String instead of a number",
        "The API server stores it, and the field is unset.",
    ),
    rule(
        decode::BAD_TEXT,
        Severity::Warning,
        "Invalid Unicode",
        "What is not valid is replaced by U+FFFD.",
    ),
    rule(
        decode::UNKNOWN_ENVELOPE_KEY,
        Severity::Warning,
        "Unknown top-level key",
        "Clients ignore keys other than apiVersion, kind, metadata, spec and status.",
    ),
];
