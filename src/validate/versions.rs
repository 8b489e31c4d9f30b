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

/// All fields and values that came after Istio 1.0, and what the custom resource came to ask.
///
/// ```
/// use istio_gateway::validate::features;
///
/// let skip = features().iter().find(|f| f.name == "servers[].tls.insecureSkipVerify").unwrap();
/// assert_eq!(skip.since, 31);
/// ```
#[must_use]
pub fn features() -> &'static [Feature] {
    FEATURES
}

const fn feature(name: &'static str, since: u8) -> Feature {
    Feature { name, since }
}

/// Read from upstream's release tags; `conformance/versions` checks it against the modules of
/// istio.io/api.
static FEATURES: &[Feature] = &[
    feature("servers[].bind", 1),
    feature("servers[].defaultEndpoint", 1),
    feature("servers[].name", 7),
    feature("servers[].port.targetPort", 7),
    feature("servers[].tls.credentialName", 1),
    feature("servers[].tls.cipherSuites", 1),
    feature("servers[].tls.mode=AUTO_PASSTHROUGH", 1),
    feature("servers[].tls.mode=ISTIO_MUTUAL", 3),
    feature("servers[].tls.mode=OPTIONAL_MUTUAL", 19),
    feature("servers[].tls.verifyCertificateSpki", 3),
    feature("servers[].tls.verifyCertificateHash", 3),
    feature("servers[].tls.caCrl", 22),
    feature("servers[].tls.credentialNames", 26),
    feature("servers[].tls.tlsCertificates", 26),
    feature("servers[].tls.caCertCredentialName", 28),
    feature("servers[].tls.insecureSkipVerify", 31),
    feature("servers[].tls.ecdhCurves", 32),
    feature("apiVersion=networking.istio.io/v1", CRD_V1.minor()),
    feature("numbers within 0..4294967295", CRD_BOUNDS.minor()),
    feature("CEL rules", CRD_CEL.minor()),
];
