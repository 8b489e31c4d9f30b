//! Istio's Gateway API for Rust.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod diagnostic;
mod error;
pub mod json;
pub mod proto;
mod timestamp;
mod tls;
mod tree;

pub use prost;
pub use prost_types;

#[doc(inline)]
pub use diagnostic::{Diagnostic, FieldPath};
pub use error::Error;
#[doc(inline)]
pub use proto::{
    FILE_DESCRIPTOR_SET,
    networking::v1alpha3::{
        Gateway, Port, Server, ServerTlsSettings,
        server_tls_settings::{TlSmode as TlsMode, TlsCertificate, TlsProtocol},
    },
};
pub use timestamp::{InvalidTimestamp, Timestamp};
