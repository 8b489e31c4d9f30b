//! A client's X.509 certificate against a gateway's policy: what Envoy finds.
//!
//! ```
//! # const CLIENT: &[u8] = include_bytes!("../../tests/it/client_certificates/client.pem");
//! # const CA: &[u8] = include_bytes!("../../tests/it/client_certificates/ca.pem");
//! use istio_gateway::{
//!     ServerTlsSettings,
//!     client_certificate::ClientCertificatePolicy,
//!     x509::{Authorities, ClientChain, TlsVersion},
//! };
//!
//! let policy = ClientCertificatePolicy::from_settings(&ServerTlsSettings::mutual("edge-cert"));
//! // The certificate and its intermediates, in the order in which the client sends them.
//! let client = ClientChain::from_pem(CLIENT)?;
//! let authorities = Authorities::from_pem(CA)?;
//!
//! let at = "2027-06-01T00:00:00Z".parse()?;
//! let verification = client.verify(&policy, Some(&authorities), at, TlsVersion::V1_3)?;
//! assert!(verification.decision().is_accepted());
//!
//! let later = "2046-06-01T00:00:00Z".parse()?;
//! let verification = client.verify(&policy, Some(&authorities), later, TlsVersion::V1_3)?;
//! assert_eq!(verification.decision().to_string(), "rejected: it has expired");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where the rules come from
//!
//! From BoringSSL's parser and `X509_verify_cert`, and Envoy's `DefaultCertValidator`, in their steps:
//! chains through intermediates of the client or of the CA bundle, an intermediate or even the
//! certificate itself as the trusted one, basic constraints, path lengths, key usages, name constraints,
//! policies, CRLs, signatures and times. Envoy stops at the first error; so does [`Verification::failure`].
//! A real Envoy judges random certificates in CI (`conformance/handshake`).
//!
//! Two things remain unknown, and are errors ([`Unknown`]): a CA or a CRL that the policy has and the
//! caller does not, and a signature with a key on P-224.
//!
//! Private keys in a PEM text are skipped, and not kept.

mod bundle;
#[cfg(feature = "validate")]
mod ca;
mod certificate;
#[cfg(feature = "x509")]
mod client;
mod constraints;
mod crl;
#[cfg(feature = "x509")]
mod facts;
mod general_name;
#[cfg(feature = "validate")]
mod keys;
mod name;
#[cfg(feature = "x509")]
mod path;
mod pem;
#[cfg(feature = "x509")]
mod policies;
mod problem;
mod read;
#[cfg(feature = "x509")]
mod revocation;
#[cfg(feature = "validate")]
mod server;
#[cfg(feature = "x509")]
mod signature;
mod signed;
#[cfg(feature = "x509")]
mod store;
#[cfg(feature = "x509")]
mod trust;

#[cfg(feature = "x509")]
pub use bundle::ReadError;
#[cfg(feature = "validate")]
pub(crate) use ca::{CaBundle, CrlProblem, LoadProblem};
#[cfg(feature = "x509")]
pub use client::{ChainFailure, ClientChain, TlsVersion, Unknown, Verification};
#[cfg(feature = "validate")]
pub(crate) use server::{PairProblem, ServerCertificate};
#[cfg(feature = "x509")]
pub use trust::Authorities;

/// Bytes that may be those of a private key.
type Secret = zeroize::Zeroizing<Vec<u8>>;
