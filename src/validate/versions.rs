//! When each field, value and rule came.

use crate::IstioVersion;

/// Something that a release brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Feature {
    /// The field's path from the spec, such as `servers[].tls.caCrl`; a value behind `=`.
    pub name: &'static str,
    /// The minor release that brought it: 26 for 1.26.
    pub since: u8,
}

/// Since when the custom resource has its v1.
pub(super) const CRD_V1: IstioVersion = IstioVersion::of(22);
/// Since when the custom resource bounds its numbers.
pub(super) const CRD_BOUNDS: IstioVersion = IstioVersion::of(22);
/// Since when the custom resource has its CEL rules.
pub(super) const CRD_CEL: IstioVersion = IstioVersion::of(26);
/// Since when the custom resource is stored as v1 (istio/api#3498); before, as v1beta1.
pub(super) const CRD_V1_STORED: IstioVersion = IstioVersion::of(27);
/// Since when the webhook takes `credentialNames` with the mutual modes.
pub(super) const CREDENTIAL_NAMES_MUTUAL: IstioVersion = IstioVersion::of(27);
