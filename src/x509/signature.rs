//! Public keys, and signatures of certificates.

use ed25519_dalek::Verifier as _;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::BoxedUint;
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};

use super::{
    certificate::algorithm,
    read::{Element, NULL, OID, Reader, SEQUENCE, explicit},
    signed::Signature,
};

/// Encoded object identifiers.
mod oid {
    pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    pub(super) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    pub(super) const P224: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x21];
    pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    pub(super) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x22];
    pub(super) const P521: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x23];
    /// `1.2.840.113549.1.1`, above the algorithms of PKCS #1.
    pub(super) const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    /// `1.2.840.10045.4`, above ECDSA with a hash.
    pub(super) const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4];
    /// `2.16.840.1.101.3.4.2`, above the hashes of SHA-2.
    pub(super) const SHA2: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2];
}

/// The sizes of RSA keys that BoringSSL reads, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 512..=8192;

/// A public key.
#[derive(Clone, Debug)]
pub(super) enum PublicKey {
    Rsa(rsa::PublicKey),
    P224,
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Ed25519([u8; 32]),
}

/// The result of a verification that is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotVerified;

impl PublicKey {
    /// Source: BoringSSL's `EVP_PKEY_from_subject_public_key_info`.
    pub(super) fn of(mut info: Reader<'_>) -> Option<Self> {
        let mut algorithm = algorithm(&mut info)?;
        let id = algorithm.oid()?;
        let key = info.bits().filter(|bits| bits.unused == 0)?.bytes;
        match id {
            oid::RSA => {
                let null = algorithm.element()?;
                let is_null = null.tag == NULL && null.content.is_empty();
                (is_null && algorithm.is_empty()).then_some(())?;
                rsa(key).map(Self::Rsa)
            }
            oid::EC => {
                let curve = algorithm.oid().filter(|_| algorithm.is_empty())?;
                match curve {
                    oid::P224 => Some(Self::P224),
                    oid::P256 => {
                        p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok().map(Self::P256)
                    }
                    oid::P384 => {
                        p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok().map(Self::P384)
                    }
                    oid::P521 => {
                        p521::ecdsa::VerifyingKey::from_sec1_bytes(key).ok().map(Self::P521)
                    }
                    _ => None,
                }
            }
            oid::ED25519 if algorithm.is_empty() => key.try_into().ok().map(Self::Ed25519),
            _ => None,
        }
    }

    /// The size of an RSA key in bytes.
    pub(super) fn rsa_size(&self) -> Option<usize> {
        use rsa::traits::PublicKeyParts as _;
        match self {
            Self::Rsa(key) => Some(key.size()),
            _ => None,
        }
    }
}

fn rsa(der: &[u8]) -> Option<rsa::PublicKey> {
    let mut input = Reader(der);
    let mut key = input.read(SEQUENCE).filter(|_| input.is_empty())?;
    let (modulus, exponent) = (key.integer()?, key.integer()?);
    let is_negative = [modulus, exponent].iter().any(|n| n.first().is_some_and(|b| b & 0x80 != 0));
    (!is_negative && key.is_empty() && modulus.len() <= 1025 && exponent.len() <= 5)
        .then_some(())?;
    let number = BoxedUint::from_be_slice_vartime;
    rsa::PublicKey::new_with_size_limits(number(modulus), number(exponent), RSA_BITS).ok()
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha224 => Sha224::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Sha384 => Sha384::digest(text).to_vec(),
            Self::Sha512 => Sha512::digest(text).to_vec(),
        }
    }
}

/// How something is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Pkcs1(Hash),
    Pss(Hash),
    Ecdsa(Hash),
    Ed25519,
}

impl Signature {
    /// Whether this is the signature of some bytes with a key.
    ///
    /// Source: BoringSSL's `x509_digest_verify_init` and `ASN1_item_verify`.
    pub(super) fn verify(&self, signed: &[u8], key: &PublicKey) -> Result<bool, NotVerified> {
        let algorithm = self.algorithm.as_deref().map(Reader);
        let Some(scheme) = algorithm.and_then(Scheme::parse) else { return Ok(false) };
        let signature = &*self.bytes;
        Ok(match (scheme, key) {
            (Scheme::Ecdsa(_), PublicKey::P224) => return Err(NotVerified),
            (Scheme::Pkcs1(hash), PublicKey::Rsa(key)) => match hash {
                Hash::Sha1 => key.pkcs1v15_verify::<Sha1>(signed, signature),
                Hash::Sha224 => key.pkcs1v15_verify::<Sha224>(signed, signature),
                Hash::Sha256 => key.pkcs1v15_verify::<Sha256>(signed, signature),
                Hash::Sha384 => key.pkcs1v15_verify::<Sha384>(signed, signature),
                Hash::Sha512 => key.pkcs1v15_verify::<Sha512>(signed, signature),
            }
            .is_ok(),
            (Scheme::Pss(hash), PublicKey::Rsa(key)) => match hash {
                Hash::Sha256 => key.pss_verify::<Sha256>(signed, signature).is_ok(),
                Hash::Sha384 => key.pss_verify::<Sha384>(signed, signature).is_ok(),
                Hash::Sha512 => key.pss_verify::<Sha512>(signed, signature).is_ok(),
                Hash::Sha1 | Hash::Sha224 => false,
            },
            (Scheme::Ecdsa(hash), PublicKey::P256(key)) => {
                let digest = padded(hash.of(signed), 32);
                p256::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            }
            (Scheme::Ecdsa(hash), PublicKey::P384(key)) => {
                let digest = padded(hash.of(signed), 48);
                p384::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            }
            (Scheme::Ecdsa(hash), PublicKey::P521(key)) => {
                let digest = padded(hash.of(signed), 66);
                p521::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            }
            (Scheme::Ed25519, PublicKey::Ed25519(key)) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(key);
                let signature = ed25519_dalek::Signature::from_slice(signature);
                key.is_ok_and(|key| signature.is_ok_and(|s| key.verify(signed, &s).is_ok()))
            }
            _ => false,
        })
    }
}

/// A hash with zeros before it: the libraries reject one that is short for the curve, which is the same
/// number.
fn padded(hash: Vec<u8>, size: usize) -> Vec<u8> {
    let zeros = size.saturating_sub(hash.len());
    [vec![0; zeros], hash].concat()
}

impl Scheme {
    fn parse(mut algorithm: Reader<'_>) -> Option<Self> {
        let id = algorithm.oid()?;
        let parameters = if algorithm.is_empty() { None } else { Some(algorithm.element()?) };
        let is_plain = parameters.is_none_or(|parameters| parameters.tag == NULL);
        if let Some(rest) = id.strip_prefix(oid::PKCS1) {
            return match *rest {
                [5] if is_plain => Some(Self::Pkcs1(Hash::Sha1)),
                [14] if is_plain => Some(Self::Pkcs1(Hash::Sha224)),
                [11] if is_plain => Some(Self::Pkcs1(Hash::Sha256)),
                [12] if is_plain => Some(Self::Pkcs1(Hash::Sha384)),
                [13] if is_plain => Some(Self::Pkcs1(Hash::Sha512)),
                [10] => pss(parameters?).map(Self::Pss),
                _ => None,
            };
        }
        if let Some(rest) = id.strip_prefix(oid::ECDSA) {
            return match *rest {
                [1] if is_plain => Some(Self::Ecdsa(Hash::Sha1)),
                [3, 1] if is_plain => Some(Self::Ecdsa(Hash::Sha224)),
                [3, 2] if is_plain => Some(Self::Ecdsa(Hash::Sha256)),
                [3, 3] if is_plain => Some(Self::Ecdsa(Hash::Sha384)),
                [3, 4] if is_plain => Some(Self::Ecdsa(Hash::Sha512)),
                _ => None,
            };
        }
        (id == oid::ED25519 && parameters.is_none()).then_some(Self::Ed25519)
    }
}

/// The hash of RSASSA-PSS, if it is also that of the mask, and its size that of the salt.
///
/// Source: BoringSSL's `x509_rsa_pss_to_ctx`.
fn pss(parameters: Element<'_>) -> Option<Hash> {
    let mut sequence = Some(parameters).filter(|element| element.tag == SEQUENCE)?.content;
    let mut field = |n| sequence.read(explicit(n));
    let (mut hash_field, mut mask, mut salt) = (field(0)?, field(1)?, field(2)?);
    let trailer = sequence.optional(explicit(3))?;
    let mut mask = mask.read(SEQUENCE)?;
    let mgf1 = mask.element().filter(|id| id.tag == OID)?;
    let is_mgf1 = mgf1.content.0.strip_prefix(oid::PKCS1) == Some(&[8]);
    let hash = hash(&mut hash_field)?;
    let size = match hash {
        Hash::Sha256 => 32,
        Hash::Sha384 => 48,
        _ => 64,
    };
    let is_trailer = |mut trailer: Reader<'_>| trailer.integer() == Some(&[1]);
    let is_known = is_mgf1
        && self::hash(&mut mask)? == hash
        && salt.integer()? == [size]
        && trailer.is_none_or(is_trailer)
        && sequence.is_empty();
    is_known.then_some(hash)
}

fn hash(der: &mut Reader<'_>) -> Option<Hash> {
    let mut algorithm = der.read(SEQUENCE)?;
    match *algorithm.oid()?.strip_prefix(oid::SHA2)? {
        [1] => Some(Hash::Sha256),
        [2] => Some(Hash::Sha384),
        [3] => Some(Hash::Sha512),
        _ => None,
    }
}
