//! What the benchmarks of `istio-gateway` measure, and how: see `docs/performance.md`.

pub mod allocations;
pub mod callgrind;
pub mod derived;
pub mod documents;
pub mod go;
pub mod plot;
pub mod runner;
pub mod suites;

/// The schema by prost-build alone.
#[allow(missing_docs, clippy::all, reason = "it is generated")]
pub mod bare {
    include!(concat!(env!("OUT_DIR"), "/istio.networking.v1alpha3.rs"));
}
