//! What hurts although a cluster accepts it.

use super::{
    Options,
    findings::{Findings, Place},
};
use crate::Gateway;

pub(super) fn check(
    gateway: &Gateway,
    root: &Place<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    let _ = (gateway, root, options, findings);
}
