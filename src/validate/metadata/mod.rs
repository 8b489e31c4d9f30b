//! The API server's checks of `metadata`, for any resource.
//!
//! It first decodes all of it into Go's `ObjectMeta`: a wrong type fails the whole request (400), and
//! nothing else is checked. Decoded metadata is validated together with the schema (422).

mod owners;
mod time;
mod types;
mod values;

use super::findings::{Findings, Location};
use crate::tree::{Kind, Ref};

pub(super) use values::generated_name;

/// Checks `metadata`. Returns whether an error in it prevents the CEL rules from being evaluated.
///
/// Upstream: `GetObjectMetaWithOptions` of apiextensions-apiserver, then `ValidateObjectMetaAccessor` of
/// apimachinery.
pub(super) fn check(root: &Location<'_, '_>, findings: &mut Findings) -> bool {
    let is_decoded = types::check(root, findings);
    if !is_decoded && findings.has_schema_errors() {
        findings.reject_undecoded();
    }
    let metadata = root.field("metadata");
    let is_blocking = values::check(&metadata, findings);
    is_blocking && is_decoded
}

/// The string of a field: empty if it is absent or null, `None` if it has another type.
fn text<'t>(place: &Location<'_, 't>) -> Option<&'t str> {
    match place.node.map(Ref::kind) {
        None | Some(Kind::Null) => Some(""),
        Some(Kind::String(text)) => Some(text),
        Some(_) => None,
    }
}
