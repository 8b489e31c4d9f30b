//! Public keys.

use super::curve::Curve;

/// Encoded object identifiers.
pub(crate) mod oid {
    /// `1.2.840.113549.1.1.1`
    pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    /// `1.2.840.10045.2.1`
    pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    /// `1.3.101.112`
    pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    /// `1.3.101.110`
    #[cfg(feature = "gateway-api")]
    pub(crate) const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
    /// `1.2.840.10040.4.1`
    pub(crate) const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
}

/// The public key of a certificate or of a private key.
#[derive(PartialEq)]
pub(super) enum PublicKey {
    Rsa {
        /// An ASN.1 integer's bytes.
        modulus: Vec<u8>,
        exponent: i64,
    },
    /// An uncompressed point on the curve.
    Ec(&'static Curve, Vec<u8>),
    Ed25519([u8; 32]),
    /// Of an algorithm that TLS does not use, or that Go does not know.
    Unknown,
}
