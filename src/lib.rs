//! Istio's Gateway API for Rust.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod diagnostic;
mod error;
pub mod json;
mod lossless;
#[cfg(feature = "yaml")]
mod manifest;
pub mod proto;
mod timestamp;
mod tls;
mod tree;
#[cfg(feature = "yaml")]
mod yaml;

pub use prost;
pub use prost_types;

#[doc(inline)]
pub use diagnostic::{Diagnostic, FieldPath};
pub use error::Error;
pub use lossless::Lossless;
#[cfg(feature = "yaml")]
pub use manifest::{Document, GROUP, Manifest, Object, documents};
#[doc(inline)]
pub use proto::{
    FILE_DESCRIPTOR_SET,
    networking::v1alpha3::{
        Gateway, Port, Server, ServerTlsSettings,
        server_tls_settings::{TlSmode as TlsMode, TlsCertificate, TlsProtocol},
    },
};
pub use timestamp::{InvalidTimestamp, Timestamp};
