//! What the benchmarks of `istio-gateway` measure, and how: see `docs/performance.md`.

pub mod allocations;
pub mod callgrind;
pub mod derived;
pub mod documents;
pub mod go;
pub mod plot;
pub mod runner;
pub mod suites;
