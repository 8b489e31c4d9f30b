//! Istio's `Gateway` resource (`networking.istio.io`) for Rust: the types, the wire format, Istio's own JSON
//! and YAML, and edits that lose nothing.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = std::fs::read_to_string("examples/gateway.yaml")?;
//! let mut manifest = istio_gateway::Manifest::parse(&text)?;
//! for server in &mut manifest.spec_mut().servers {
//!     if let Some(tls) = &mut server.tls {
//!         tls.insecure_skip_verify = Some(false);
//!     }
//! }
//! print!("{manifest}");
//! # Ok(())
//! # }
//! ```
//!
//! # Which door to take
//!
//! - [`json`] and [`yaml`] speak Istio's dialect: what a cluster, istiod and every Go client accept
//!   and write. [`Manifest`], [`documents`] and [`Lossless`] use it.
//! - The types' `serde` implementations are plain proto3 JSON, as prost users know it from pbjson.
//!   They differ on inputs that Istio accepts; [`json`] shows some.
//! - [`prost::Message`] is the wire format.
//!
//! # Modules
//!
//! | | |
//! |---|---|
//! | the root | [`Gateway`], [`Server`], [`Port`], [`ServerTlsSettings`] and what they need |
//! | [`json`] | Istio's JSON: read, write, everything that was found on the way |
//! | [`yaml`] | the same of YAML, as Kubernetes reads it |
//! | [`Manifest`], [`documents`] | Kubernetes documents: a Gateway with all that its document says |
//! | `stream` | the documents of a stream as texts, as kubectl finds them |
//! | [`Lossless`] | a message that keeps what this version of the crate does not know |
//! | [`client_certificate`] | what a gateway asks of a client's certificate, and what happens for each |
//! | [`diagnostic`] | findings with a rule, a path, a place and help |
//! | `envoy` | what istiod makes of a server |
//! | `validate` | what a cluster says of a Gateway, offline |
//! | `gateway_api` | what istiod makes of a Gateway of Gateway API |
//! | [`proto`] | all generated code, by package, and the descriptors |
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `envoy` | no | `envoy`: what istiod makes of a server, in Envoy's own messages |
//! | `validate` | no | `validate`: the verdict of schema, CEL rules and webhook, and lint |
//! | `gateway-api` | no | `gateway_api`: what istiod makes of a Gateway of Gateway API; with `validate` |
//!
//! # Semver
//!
//! Generated messages are plain structs, made with `..Default::default()`: a new field of Istio's
//! is a minor release, and so is a new value of an enum, which is `#[non_exhaustive]` as most types
//! that are written by hand. [`prost`] and [`prost_types`] are public dependencies, re-exported:
//! their majors are majors here, as are those of serde and `serde_json`. The README has the rest.
//!
//! # Not here
//!
//! No client for a cluster, no controller, no other resource of Istio's than Gateway. Reading judges
//! a value as Istio's own decoder judges it; what a cluster says of it is the feature `validate`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "envoy", feature = "validate"))]
mod ciphers;
pub mod client_certificate;
#[cfg(any(feature = "envoy", feature = "validate"))]
mod curves;
pub mod diagnostic;
#[cfg(feature = "envoy")]
pub mod envoy;
mod error;
#[cfg(feature = "gateway-api")]
pub mod gateway_api;
pub mod json;
pub mod lossless;
mod manifest;
mod placeholder;
pub mod proto;
#[cfg(any(feature = "envoy", feature = "validate"))]
mod protocol;
pub mod rule;
pub mod stream;
mod structural;
mod timestamp;
pub mod tls_plan;
mod tls_settings;
mod tree;
#[cfg(feature = "validate")]
pub mod validate;
mod version;
pub mod yaml;

pub use prost;
pub use prost_types;

#[doc(inline)]
pub use diagnostic::{Diagnostic, FieldPath, Position, Severity};
pub use error::Error;
#[doc(inline)]
pub use lossless::Lossless;
pub use manifest::{Document, GROUP, Manifest, Object, Written, documents, read_documents};
#[doc(inline)]
pub use placeholder::is_placeholder;
pub use proto::{
    FILE_DESCRIPTOR_SET,
    meta::v1alpha1::{IstioCondition, IstioStatus},
    networking::v1alpha3::{
        Gateway, Port, Server, ServerTlsSettings,
        server_tls_settings::{TlSmode as TlsMode, TlsCertificate, TlsProtocol},
    },
};
pub use rule::{Rule, RuleId};
pub use structural::{PruneReason, PrunedField, StoredGateway};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use tls_settings::UnknownEnumName;
pub use version::{IstioVersion, UnknownIstioVersion};
pub use yaml::RewriteReason;

/// The examples of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
