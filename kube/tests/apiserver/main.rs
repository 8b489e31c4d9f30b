//! The resource on a real API server, which `conformance/apiserver/run` starts:
//!
//! ```sh
//! conformance/apiserver/run cargo test -p istio-gateway-kube --test apiserver -- \
//!   --ignored --nocapture --test-threads=1
//! ```

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod cluster;
mod operations;
mod patches;
mod replay;
mod verdicts;
mod watches;
