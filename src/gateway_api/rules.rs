//! placeholder
use crate::validate::Rule;
/// x
pub fn rules() -> &'static [Rule] { &[] }
