//! The releases that introduced fields, values and rules.

use crate::IstioVersion;

/// A feature with the release that introduced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Feature {
    /// The field's path from the spec, such as `servers[].tls.caCrl`, or an enum value after `=`.
    pub name: &'static str,
    /// The minor release: 26 for 1.26.
    pub since: u8,
}

/// The first release whose custom resource has v1.
pub(super) const CRD_V1: IstioVersion = IstioVersion::of(22);
/// The first release whose custom resource bounds its numbers.
pub(super) const CRD_BOUNDS: IstioVersion = IstioVersion::of(22);
/// The first release whose custom resource has CEL rules.
pub(super) const CRD_CEL: IstioVersion = IstioVersion::of(26);
/// The first release whose custom resource is stored as v1 (istio/api#3498); before, it is v1beta1.
pub(super) const CRD_V1_STORED: IstioVersion = IstioVersion::of(27);
/// The first release whose webhook accepts `credentialNames` with the mutual modes.
pub(super) const CREDENTIAL_NAMES_MUTUAL: IstioVersion = IstioVersion::of(27);
