//! The stable ids of the rules of the translation from Gateway API.
//!
//! What makes istiod refuse a listener, the Gateway or what it refers to is an error, in istiod's words. What istiod
//! takes and what does not do what it seems to is a warning; a note is worth knowing.

/// A server's certificate that cannot be used, or one too many. An error.
pub const CERTIFICATE: &str = "gateway-api/certificate";
/// A CA that cannot be used, or one too many. An error.
pub const CA: &str = "gateway-api/ca-certificate";
/// A reference to another namespace that no ReferenceGrant permits. An error.
pub const NOT_PERMITTED: &str = "gateway-api/not-permitted";
/// A protocol that Istio does not have. An error.
pub const PROTOCOL: &str = "gateway-api/protocol";
/// A listener that is in another one's way. An error.
pub const CONFLICT: &str = "gateway-api/conflict";
/// What an API server rejects by the schema of Gateway API. Nothing is translated. An error.
pub const SCHEMA: &str = "gateway-api/schema";
/// A field that Gateway API does not have: the API server drops it, and with strict validation, as
/// `kubectl apply` asks for, rejects the object. An error.
pub const UNKNOWN_FIELD: &str = "gateway-api/unknown-field";
/// A field of the experimental channel alone, or what that channel's schema rejects.
pub const EXPERIMENTAL_FIELD: &str = "gateway-api/experimental-field";
/// More or longer than an API server takes, or than is translated. Nothing is. An error.
pub const TOO_LARGE: &str = "gateway-api/too-large";
/// Addresses or parameters with which the Gateway is not accepted. An error.
pub const NOT_ACCEPTED: &str = "gateway-api/not-accepted";
/// A certificate towards backends that cannot be used. An error.
pub const CLIENT_CERTIFICATE: &str = "gateway-api/client-certificate";
/// One of two certificates that is dropped.
pub const CERTIFICATE_DROPPED: &str = "gateway-api/certificate-dropped";
/// A good certificate that is lost, since the one before it is bad.
pub const FIRST_CERTIFICATE_LOST: &str = "gateway-api/first-certificate-lost";
/// A listener that ends TLS and has no certificate.
pub const NO_CERTIFICATE: &str = "gateway-api/no-certificate";
/// A validation of clients' certificates that has no effect.
pub const VALIDATION_IGNORED: &str = "gateway-api/validation-ignored";
/// A mode of validation that an option wins over.
pub const VALIDATION_OVERRIDDEN: &str = "gateway-api/validation-overridden";
/// An entry for a port that takes a default validation away.
pub const DEFAULT_REPLACED: &str = "gateway-api/default-replaced";
/// An entry for a port at which no listener terminates TLS.
pub const PORT_UNUSED: &str = "gateway-api/port-unused";
/// A second entry for a port, which is ignored.
pub const PORT_REPEATED: &str = "gateway-api/port-repeated";
/// A validation where older releases of Gateway API had it.
pub const OLD_VALIDATION: &str = "gateway-api/old-validation";
/// A mode of validation that there is not.
pub const UNKNOWN_VALIDATION_MODE: &str = "gateway-api/unknown-validation-mode";
/// A mode of TLS that there is not.
pub const UNKNOWN_TLS_MODE: &str = "gateway-api/unknown-tls-mode";
/// A value of the option for ending TLS that there is not.
pub const UNKNOWN_TERMINATE_MODE: &str = "gateway-api/unknown-terminate-mode";
/// Cipher suites that are dropped.
pub const CIPHERS_DROPPED: &str = "gateway-api/ciphers-dropped";
/// A ReferenceGrant that names a CA without `-cacert`.
pub const GRANT_NAME: &str = "gateway-api/grant-name";
/// Kinds of routes that a listener cannot have.
pub const ROUTE_KINDS: &str = "gateway-api/route-kinds";
/// A listener of HTTPS or TLS without `tls`.
pub const NO_TLS: &str = "gateway-api/no-tls";
/// A listener of HTTP or TCP with `tls`.
pub const PLAIN_TLS: &str = "gateway-api/plain-tls";
/// A selector that selects no namespace.
pub const NO_NAMESPACE: &str = "gateway-api/no-namespace";
/// A Gateway whose pods are not known, so that it has no manifest of Istio's.
pub const NO_SELECTOR: &str = "gateway-api/no-selector";
/// A class that is not Istio's for gateways. A warning where it is another one of Istio's, else a
/// note.
pub const CLASS: &str = "gateway-api/class";
/// Clients without a good certificate are let in. A note.
pub const INSECURE_FALLBACK: &str = "gateway-api/insecure-fallback";
/// A text of upstream's in which two names are swapped. A note.
pub const NAMES_SWAPPED: &str = "gateway-api/names-swapped";
/// On the way back from Istio: what Gateway API cannot say. An error.
pub const UNSAID: &str = "gateway-api/unsaid";
/// On the way back from Istio: what Gateway API says otherwise, and means the same. A note.
pub const SAID_OTHERWISE: &str = "gateway-api/said-otherwise";
