//! The integration tests, in one binary.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod corpus;
mod descriptor;
#[cfg(feature = "envoy")]
mod envoy;
#[cfg(feature = "envoy")]
mod envoy_descriptor;
#[cfg(feature = "envoy")]
mod envoy_live;
mod handshake;
mod hostile;
mod lossless;
mod properties;
mod strict;
mod tls_golden;
