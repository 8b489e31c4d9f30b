//! The stable ids of the rules of the translation. What keeps a server from having any effect is an
//! error, all else a warning.

/// A server's certificate that is not used, since another source wins.
pub const CERTIFICATE_IGNORED: &str = "envoy/certificate-ignored";
/// A certificate or key without the other: the proxy's certificate of the mesh takes its place.
pub const CERTIFICATE_REPLACED: &str = "envoy/certificate-replaced";
/// A CA that is not used.
pub const CA_IGNORED: &str = "envoy/ca-ignored";
/// No CA for clients' certificates: the mesh's own takes its place.
pub const CA_REPLACED: &str = "envoy/ca-replaced";
/// A revocation list that is not used.
pub const CRL_IGNORED: &str = "envoy/crl-ignored";
/// Subject alternative names that are not used.
pub const NAMES_IGNORED: &str = "envoy/names-ignored";
/// Pins that are not used.
pub const PINS_IGNORED: &str = "envoy/pins-ignored";
/// `insecureSkipVerify` where nothing is verified.
pub const SKIP_IGNORED: &str = "envoy/skip-ignored";
/// Versions, suites, curves or ALPN protocols that are not used.
pub const PARAMETERS_IGNORED: &str = "envoy/parameters-ignored";
/// A cipher suite that is dropped.
pub const SUITE_DROPPED: &str = "envoy/suite-dropped";
/// An ALPN protocol that is dropped.
pub const ALPN_DROPPED: &str = "envoy/alpn-dropped";
/// A number that is no version of TLS: the default takes its place.
pub const VERSION_UNKNOWN: &str = "envoy/version-unknown";
/// A number that is no mode: it is to istiod as SIMPLE.
pub const MODE_UNKNOWN: &str = "envoy/mode-unknown";
/// TLS settings on a port whose protocol is plain HTTP, other than `httpsRedirect`.
pub const SETTINGS_UNUSED: &str = "envoy/settings-unused";
/// A credential that no secret can be asked for, so that Envoy refuses the listener. An error.
pub const CREDENTIAL_EMPTY: &str = "envoy/credential-empty";
/// Clients' certificates over QUIC, which are asked for less than over TCP.
pub const QUIC_WEAKER: &str = "envoy/quic-weaker";
/// Curves or ALPN protocols that Envoy cannot use: it rejects the server's secrets, and refuses every
/// client of this server. An error.
pub const PARAMETERS_REJECTED: &str = "envoy/parameters-rejected";
/// Settings with which Envoy refuses the listener. An error.
pub const ENVOY_REFUSES: &str = "envoy/refused-by-envoy";
/// A server that istiod leaves out, since another one of its Gateway has its host, port or name. An
/// error.
pub const SERVER_SKIPPED: &str = "envoy/server-skipped";
/// A server whose listener Envoy rejects, for this server or another one of its Gateway. An error.
pub const LISTENER_REJECTED: &str = "envoy/listener-rejected";
/// A pin that is not a SHA-256: Envoy rejects the server's secrets, and refuses every client of this
/// server. An error.
pub const PIN_INVALID: &str = "envoy/pin-invalid";

/// Whether Envoy takes the listener and rejects the server's secrets when they arrive, for what the
/// rule reports, so that other servers of the listener are served.
#[must_use]
pub fn rejects_secrets(rule: &str) -> bool {
    matches!(rule, PIN_INVALID | PARAMETERS_REJECTED)
}
