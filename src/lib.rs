//! Istio's `Gateway` resource (`networking.istio.io`): its types, its wire format, its JSON and YAML as
//! Istio reads them, and lossless edits.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = std::fs::read_to_string("examples/gateway.yaml")?;
//! let mut manifest = istio_gateway::Manifest::from_yaml(&text)?;
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
//! # Choosing a JSON API
//!
//! - [`json`] and [`yaml`] read and write what a cluster, istiod and every Go client accept and write.
//!   [`Manifest`], [`documents`] and [`Lossless`] use them.
//! - The types' `serde` implementations are proto3 JSON as pbjson generates it. For some inputs that
//!   Istio accepts, they fail or silently yield another value; [`json`] shows some.
//! - [`prost::Message`] is the wire format.
//!
//! # Modules
//!
//! | | |
//! |---|---|
//! | the root | [`Gateway`], [`Server`], [`Port`], [`ServerTlsSettings`] and the types that they use |
//! | [`json`] | Istio's JSON: read, write, report everything that is ignored or lost |
//! | [`yaml`] | the same for YAML, as Kubernetes reads it |
//! | [`Manifest`], [`documents`] | Kubernetes documents: a Gateway with everything else in its document |
//! | `stream` | splits a stream into documents, as kubectl does |
//! | [`Lossless`] | a message that keeps unknown fields |
//! | [`client_certificate`] | whether a gateway requests, requires and verifies client certificates, and what happens for each kind |
//! | [`diagnostic`] | findings with a rule, a path, a position and help |
//! | `envoy` | istiod's translation of a server for Envoy |
//! | `validate` | a cluster's verdict on a Gateway, offline |
//! | `gateway_api` | istiod's translation of a Gateway of Gateway API |
//! | [`proto`] | all generated code, by package, and the descriptors |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `envoy` | no | `envoy`: istiod's translation of a server, as Envoy's own messages |
//! | `validate` | no | `validate`: the verdict of schema, CEL rules and webhook, and lint |
//! | `gateway-api` | no | `gateway_api`: istiod's translation of a Gateway of Gateway API |
//!
//! # Semver
//!
//! Generated messages are plain structs, created with `..Default::default()`. A new field or enum value
//! of Istio is a minor release; enums and most other types are `#[non_exhaustive]`. [`prost`] is a
//! public dependency and is re-exported; its major versions, and those of serde and `serde_json`, are
//! major versions of this crate. The README has details.
//!
//! # Scope
//!
//! The crate has no client for a cluster, no controller and no other resource of Istio. Reading applies
//! the rules of Istio's decoder; the feature `validate` applies those of a cluster.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "validate", feature = "gateway-api"))]
mod certificates;
#[cfg(any(feature = "envoy", feature = "validate", feature = "gateway-api"))]
mod ciphers;
pub mod client_certificate;
#[cfg(any(feature = "envoy", feature = "validate"))]
#[cfg_attr(
    not(feature = "validate"),
    expect(dead_code, reason = "lint reports more than Envoy does")
)]
mod curves;
pub mod diagnostic;
#[cfg(feature = "envoy")]
pub mod envoy;
mod error;
mod field_path;
pub mod fix;
#[cfg(feature = "gateway-api")]
pub mod gateway_api;
#[cfg(any(feature = "validate", feature = "gateway-api"))]
mod go;
pub mod json;
pub mod lossless;
mod manifest;
#[cfg(any(feature = "envoy", feature = "validate"))]
pub mod merged_gateway;
#[cfg(any(feature = "validate", feature = "gateway-api"))]
mod names;
mod placeholder;
pub mod proto;
#[cfg(any(feature = "envoy", feature = "validate"))]
mod protocol;
pub mod rule;
mod sort;
pub mod stream;
mod structural;
mod timestamp;
pub mod tls_plan;
mod tls_settings;
#[cfg(any(feature = "envoy", feature = "validate"))]
mod traffic_mode;
mod tree;
#[cfg(feature = "validate")]
pub mod validate;
mod version;
#[cfg(feature = "x509")]
pub mod x509;
#[cfg(all(feature = "validate", not(feature = "x509")))]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "chains of clients are verified only with the feature x509"
)]
mod x509;
pub mod yaml;

pub use prost;

#[doc(inline)]
pub use diagnostic::{Diagnostic, FieldPath, Position, Severity};
pub use error::Error;
#[doc(inline)]
pub use fix::Fix;
#[doc(inline)]
pub use lossless::Lossless;
pub use manifest::{Document, GROUP, Manifest, Object, Written, documents, read_documents};
#[doc(inline)]
pub use placeholder::{PlaceholderValue, is_placeholder};
pub use proto::{
    FILE_DESCRIPTOR_SET,
    meta::v1alpha1::{IstioCondition, IstioStatus},
    networking::v1alpha3::{
        Gateway, Port, Server, ServerTlsSettings,
        server_tls_settings::{TlSmode as TlsMode, TlsCertificate, TlsProtocol},
    },
};
pub use rule::{Rule, RuleId};
pub use structural::{PruneReason, PrunedField, StoredGateway, crd};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use tls_settings::UnknownEnumName;
pub use version::{IstioVersion, UnknownIstioVersion};
pub use yaml::RewriteReason;

/// The examples of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
