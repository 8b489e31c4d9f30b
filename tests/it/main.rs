//! The integration tests, in one binary.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod accessors;
#[cfg(any(feature = "envoy", feature = "validate"))]
mod bypasses;
mod client_certificate;
mod corpus;
mod cpu_time;
mod crd;
mod decode_rules;
mod descriptor;
mod edits;
#[cfg(feature = "validate")]
mod fixes;
mod hostile;
mod layout;
mod lossless;
mod numbers;
mod properties;
mod strict;
mod tls_golden;
#[cfg(feature = "validate")]
mod validate_rules;
#[cfg(feature = "validate")]
mod validate_sets;
#[cfg(feature = "validate")]
mod validate_versions;
#[cfg(feature = "validate")]
mod validate_workloads;
#[cfg(feature = "x509")]
mod x509;
