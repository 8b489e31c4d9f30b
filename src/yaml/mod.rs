//! YAML as Kubernetes reads it: YAML 1.1's resolution of plain scalars on a YAML parser, then what
//! sigs.k8s.io/yaml makes of it on the way to JSON.
//!
//! granit-parser scans the text; what a scalar means, merge keys, aliases and their limits are
//! here, since Go's reader (go-yaml v2) and no Rust crate decides them.

mod check;
mod documents;
mod mend;
mod parse;
mod resolve;
mod write;

pub(crate) use documents::{check_read_ahead, split};
pub(crate) use write::write_yaml;
