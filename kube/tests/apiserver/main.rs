//! The resource on a real API server, which `conformance/apiserver/run` starts:
//!
//! ```sh
//! cargo build -p istio-gateway-kube --examples && cargo build -p istio-gateway-cli
//! conformance/apiserver/run cargo test -p istio-gateway-kube --test apiserver -- \
//!   --ignored --nocapture --test-threads=1
//! ```

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cluster;
mod examples;
mod metadata;
mod operations;
mod patches;
mod replay;
mod stored;
mod verdicts;
mod watches;
mod webhook;
