//! What a gateway requires of a client's certificate, and what happens for each certificate.
//!
//! ```
//! use istio_gateway::{
//!     ServerTlsSettings,
//!     client_certificate::{ClientCertificate, ClientCertificatePolicy, Forwarding, XfccHeader},
//! };
//!
//! let tls = ServerTlsSettings::allow_insecure_fallback("edge-cert");
//! let policy = ClientCertificatePolicy::from_settings(&tls);
//!
//! // A client presents a certificate of an unknown issuer, and spoofs the header.
//! let decision = policy.decide(Some(&ClientCertificate::UNKNOWN_ISSUER));
//! assert_eq!(
//!     decision.to_string(),
//!     "accepted although its certificate fails verification: its issuer is not trusted"
//! );
//! // The gateway's default replaces the spoofed header, but does not show that verification failed.
//! assert_eq!(decision.header(Forwarding::SanitizeSet, true), Some(XfccHeader::GatewaySet));
//! assert_eq!(decision.header(Forwarding::AppendForward, true), Some(XfccHeader::ClientSuppliedAndGatewaySet));
//!
//! // Proof of possession is not waived: a client without the key is rejected.
//! assert!(!policy.decide(Some(&ClientCertificate::WITHOUT_KEY)).is_accepted());
//! ```
//!
//! # Two constructors, one decision
//!
//! [`ClientCertificatePolicy::from_settings`] reads `ServerTLSSettings`, as istiod turns them into Envoy's
//! configuration, and assumes that every secret and file exists and is valid.
//! [`ClientCertificatePolicy::from_context`] takes Envoy's [`ValidationContext`] itself, with the
//! state of its sources: no CA, a stale revocation list, a secret that never arrives.
//!
//! # Where the rules come from
//!
//! From a running Envoy 1.40.0: 171 listeners, 25 clients, TLS 1.2 and 1.3, 4,680 connections, of
//! which a test predicts every outcome and every `x-forwarded-client-cert`. The names of the checks
//! are those of Envoy's `DefaultCertValidator`.
//!
//! # For those who show it
//!
//! [`ClientCertificatePolicy::outcomes`] has an entry for each client that the policy distinguishes from
//! others, [`all_outcomes`](ClientCertificatePolicy::all_outcomes) the same entries for every policy;
//! [`Forwarding::ALL`] are the columns, [`Decision::header`] the cells. Everything has a
//! [`Display`](std::fmt::Display) in plain words and an `id` for programs.
//! [`compare`](ClientCertificatePolicy::compare) reports which clients gain or lose access by another policy.
//!
//! ```
//! use istio_gateway::{
//!     ServerTlsSettings,
//!     client_certificate::{ClientCertificatePolicy, Forwarding},
//! };
//!
//! let policy = ClientCertificatePolicy::from_settings(&ServerTlsSettings::allow_insecure_fallback("c"));
//! println!("{}; {}", policy.request(), policy.verification());
//! for row in policy.outcomes() {
//!     print!("{:40} {}", row.client, row.decision);
//!     for forwarding in Forwarding::ALL {
//!         // For a client that spoofs the header; `None` for one that is rejected.
//!         if let Some(seen) = row.decision.header(forwarding, true) {
//!             print!(", {forwarding}: {seen}");
//!         }
//!     }
//!     println!();
//! }
//! ```

mod certificate;
mod compare;
mod context;
mod decision;
mod forwarding;
mod pins;
mod policy;
mod settings;
mod verify;

pub use certificate::{
    ClientCertificate, Encoding, ExtendedKeyUsage, KeyUsage, Revocation, Trust, Validity,
};
pub use compare::{Change, Effect};
pub use context::{Crl, CrlState, Rejection, Source, TrustedCa, ValidationContext};
pub use decision::{Admission, CertificateError, Decision, RejectReason};
pub use forwarding::{Forwarding, XfccHeader};
#[cfg(any(feature = "envoy", feature = "validate"))]
pub(crate) use pins::{check_hash, check_spki};
pub use policy::{ClientCertificatePolicy, ClientOutcome, Request, Verification};
