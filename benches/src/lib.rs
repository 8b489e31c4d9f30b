//! What the benchmarks of `istio-gateway` measure, and how: see `docs/performance.md`.

pub mod derived;
pub mod documents;
pub mod go;
pub mod runner;
pub mod suites;
