//! Signatures, before they are verified.

use super::read::{Bits, Reader};

/// The signature of a certificate or of a CRL.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    /// The encoding of its algorithm; `None` if it is named differently inside and outside, so that BoringSSL does
    /// not verify it.
    pub(super) algorithm: Option<Vec<u8>>,
    pub(super) bytes: Vec<u8>,
}

impl Signature {
    /// The signature with the algorithm that stands with it, and the one that is signed.
    pub(super) fn new(outer: Reader<'_>, inner: Reader<'_>, bits: Bits<'_>) -> Self {
        let is_whole = bits.unused == 0 && outer.0 == inner.0;
        Self { algorithm: is_whole.then(|| outer.0.to_vec()), bytes: bits.bytes.to_vec() }
    }
}
