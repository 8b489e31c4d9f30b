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

/// The first release whose webhook accepts `credentialNames` with the mutual modes.
pub(super) const CREDENTIAL_NAMES_MUTUAL: IstioVersion = IstioVersion::of(27);
