//! placeholder
use crate::Diagnostic;
/// x
pub struct Back { /// x
pub d: Vec<Diagnostic> }
/// x
pub fn from_istio() {}
