//! The commands, as a user runs them, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod check;
mod convert;
mod crd;
mod documentation;
mod envoy;
mod explain;
mod from_gateway_api;
mod help;
mod json_schema;
#[cfg(unix)]
mod kubectl;
mod negotiation;
mod odd_inputs;
mod output;
mod reading;
mod rules;
mod schema;
mod shell;
mod start;
mod terminal;
mod to_gateway_api;
