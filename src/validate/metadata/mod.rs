//! What the API server says of `metadata`, of any resource.
//!
//! It decodes the whole of it into Go's `ObjectMeta` first: a wrong type is an error of the request
//! (400), and nothing else is looked at. What can be decoded is validated together with the schema (422).

mod owners;
mod time;
mod types;
mod values;

use super::findings::{Findings, Place};
use crate::tree::{Kind, Ref};

pub(super) use values::generated_name;

/// Checks `metadata`. Returns whether the API server does not ask the CEL rules for what it found.
///
/// Upstream: `GetObjectMetaWithOptions` of apiextensions-apiserver, then `ValidateObjectMetaAccessor` of
/// apimachinery.
pub(super) fn check(root: &Place<'_, '_>, findings: &mut Findings) -> bool {
    let is_decoded = types::check(root, findings);
    let metadata = root.field("metadata");
    let is_blocking = values::check(&metadata, findings);
    is_blocking && is_decoded
}

/// The text of a field: empty if it is absent or null, nothing if it is of another type.
fn text<'t>(place: &Place<'_, 't>) -> Option<&'t str> {
    match place.node.map(Ref::kind) {
        None | Some(Kind::Null) => Some(""),
        Some(Kind::String(text)) => Some(text),
        Some(_) => None,
    }
}
