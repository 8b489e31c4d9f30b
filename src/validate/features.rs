//! The table of features by the release that introduced them.

use super::Feature;
use crate::structural::{CRD_BOUNDS, CRD_CEL, CRD_V1};

/// All fields and values that were added after Istio 1.0, and the validation that the custom resource
/// gained.
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

/// Read from upstream's release tags. `conformance/versions` checks it against the modules of
/// istio.io/api, and `conformance/upstream` reports what a new release adds.
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
    feature("servers[].tls.alpnProtocols", 32),
    // Features that are not fields of the spec come last.
    feature("apiVersion=networking.istio.io/v1", CRD_V1.minor()),
    feature("numbers within 0..4294967295", CRD_BOUNDS.minor()),
    feature("CEL rules", CRD_CEL.minor()),
];
