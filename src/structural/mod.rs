//! The custom resource's structural schema: which fields the API server keeps of an object, and which
//! it drops.

mod cel;
mod crd;
#[cfg_attr(
    not(feature = "validate"),
    expect(dead_code, reason = "pruning needs only the value; validation needs the rest")
)]
mod number;
mod prune;
mod shape;
mod stored;
#[cfg(all(test, feature = "validate"))]
mod tests;

#[cfg(feature = "validate")]
pub(crate) use cel::Exclusive;
pub use crd::crd;
#[cfg(feature = "validate")]
pub(crate) use crd::{CRD_BOUNDS, CRD_CEL, CRD_V1, served, spec_schema};
#[cfg(feature = "validate")]
pub(crate) use number::{Number, number};
pub use prune::{PruneReason, PrunedField};
#[cfg(feature = "validate")]
pub(crate) use shape::{Field, MAX_FIELDS, ROOT, SPEC, Shape};
pub use stored::StoredGateway;
#[cfg(feature = "validate")]
pub(crate) use stored::stored_spec;
