//! Keys of all kinds, which sign certificates and handshakes in any way.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use ed25519_dalek::Signer as _;
use getrandom::SysRng;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::{PrivateKey, pkcs1::EncodeRsaPublicKey as _, pkcs1v15::Pkcs1v15Sign};
use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    sign::{Signer, SigningKey},
};
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};

use super::{
    der::{bits, integer, oid, seq, tlv},
    rng::Rng,
};
use crate::TlsVersion;

/// A private key.
#[derive(Clone)]
pub(super) struct Key(Arc<Kind>);

enum Kind {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Rsa(PrivateKey),
    /// Only its public part, for a key that nobody signs with.
    Foreign(Vec<u8>),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(super) const ALL: [Self; 5] =
        [Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

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

/// How a certificate is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct How {
    pub(super) hash: Hash,
    pub(super) is_pss: bool,
    /// `NULL` as the parameter, where it does not belong, or none, where it does.
    pub(super) has_odd_parameter: bool,
}

impl How {
    pub(super) const USUAL: Self =
        Self { hash: Hash::Sha256, is_pss: false, has_odd_parameter: false };
}

impl Key {
    pub(super) fn p256(rng: &mut Rng) -> Result<Self> {
        let key = p256::ecdsa::SigningKey::from_slice(&scalar(rng, 32))?;
        Ok(Self(Arc::new(Kind::P256(key))))
    }

    pub(super) fn p384(rng: &mut Rng) -> Result<Self> {
        let key = p384::ecdsa::SigningKey::from_slice(&scalar(rng, 48))?;
        Ok(Self(Arc::new(Kind::P384(key))))
    }

    pub(super) fn p521(rng: &mut Rng) -> Result<Self> {
        let key = p521::ecdsa::SigningKey::from_slice(&scalar(rng, 66))?;
        Ok(Self(Arc::new(Kind::P521(key))))
    }

    pub(super) fn ed25519(rng: &mut Rng) -> Result<Self> {
        let seed = rng.bytes(32).try_into().map_err(|_| anyhow!("32 bytes"))?;
        Ok(Self(Arc::new(Kind::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed)))))
    }

    /// Not from the seed, which would take a generator of the library's kind.
    pub(super) fn rsa(bits: usize) -> Result<Self> {
        // A small one, too.
        let key = PrivateKey::new_unchecked(&mut SysRng, bits);
        Ok(Self(Arc::new(Kind::Rsa(key.map_err(|error| anyhow!("RSA: {error}"))?))))
    }

    /// A key on P-224, of an algorithm that does not exist, or on no curve.
    pub(super) fn foreign(rng: &mut Rng) -> Self {
        let algorithm = match rng.below(3) {
            // The generator of P-224 is a point.
            0 => return Self(Arc::new(Kind::Foreign(p224()))),
            1 => seq(&[oid("1.3.6.1.4.1.99999.1")]),
            _ => seq(&[oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")]),
        };
        Self(Arc::new(Kind::Foreign(seq(&[algorithm, bits(&rng.bytes(65))]))))
    }

    pub(super) fn name(&self) -> &'static str {
        use rsa::traits::PublicKeyParts as _;
        match &*self.0 {
            Kind::P256(_) => "P-256",
            Kind::P384(_) => "P-384",
            Kind::P521(_) => "P-521",
            Kind::Ed25519(_) => "Ed25519",
            Kind::Rsa(key) if key.size() < 128 => "RSA below 1024 bits",
            Kind::Rsa(key) if key.size() < 256 => "RSA below 2048 bits",
            Kind::Rsa(_) => "RSA",
            Kind::Foreign(_) => "another algorithm",
        }
    }

    /// The encoded public key.
    pub(super) fn public(&self) -> Result<Vec<u8>> {
        let on_curve =
            |curve, point: &[u8]| seq(&[seq(&[oid("1.2.840.10045.2.1"), oid(curve)]), bits(point)]);
        Ok(match &*self.0 {
            Kind::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                on_curve("1.2.840.10045.3.1.7", point.as_bytes())
            }
            Kind::P384(key) => {
                on_curve("1.3.132.0.34", key.verifying_key().to_sec1_point(false).as_bytes())
            }
            Kind::P521(key) => {
                on_curve("1.3.132.0.35", key.verifying_key().to_sec1_point(false).as_bytes())
            }
            Kind::Ed25519(key) => {
                seq(&[seq(&[oid("1.3.101.112")]), bits(key.verifying_key().as_bytes())])
            }
            Kind::Rsa(key) => {
                let public = key.to_public_key().to_pkcs1_der()?;
                let null = tlv(5, &[]);
                seq(&[seq(&[oid("1.2.840.113549.1.1.1"), null]), bits(public.as_bytes())])
            }
            Kind::Foreign(public) => public.clone(),
        })
    }

    /// The same key, with its point compressed.
    pub(super) fn compressed(&self) -> Option<Vec<u8>> {
        let Kind::P256(key) = &*self.0 else { return None };
        let point = key.verifying_key().to_sec1_point(true);
        let algorithm = seq(&[oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]);
        Some(seq(&[algorithm, bits(point.as_bytes())]))
    }

    pub(super) fn is_rsa(&self) -> bool {
        matches!(*self.0, Kind::Rsa(_))
    }

    /// The identifier of the algorithm that signs.
    pub(super) fn algorithm(&self, how: How) -> Vec<u8> {
        let null = tlv(5, &[]);
        match &*self.0 {
            Kind::Ed25519(_) => seq(&[oid("1.3.101.112")]),
            Kind::Rsa(_) if how.is_pss => seq(&[oid("1.2.840.113549.1.1.10"), pss(how.hash)]),
            Kind::Rsa(_) => {
                let last = match how.hash {
                    Hash::Sha1 => 5,
                    Hash::Sha224 => 14,
                    Hash::Sha256 => 11,
                    Hash::Sha384 => 12,
                    Hash::Sha512 => 13,
                };
                let id = oid(&format!("1.2.840.113549.1.1.{last}"));
                if how.has_odd_parameter { seq(&[id]) } else { seq(&[id, null]) }
            }
            _ => {
                let id = oid(match how.hash {
                    Hash::Sha1 => "1.2.840.10045.4.1",
                    Hash::Sha224 => "1.2.840.10045.4.3.1",
                    Hash::Sha256 => "1.2.840.10045.4.3.2",
                    Hash::Sha384 => "1.2.840.10045.4.3.3",
                    Hash::Sha512 => "1.2.840.10045.4.3.4",
                });
                if how.has_odd_parameter { seq(&[id, null]) } else { seq(&[id]) }
            }
        }
    }

    pub(super) fn sign(&self, how: How, text: &[u8]) -> Result<Vec<u8>> {
        let hashed = how.hash.of(text);
        // The libraries reject a hash that is short for the curve.
        let padded =
            |size: usize| [vec![0; size.saturating_sub(hashed.len())], hashed.clone()].concat();
        Ok(match &*self.0 {
            Kind::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(&padded(32))?;
                signature.to_der().as_bytes().to_vec()
            }
            Kind::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign_prehash(&padded(48))?;
                signature.to_der().as_bytes().to_vec()
            }
            Kind::P521(key) => {
                let signature: p521::ecdsa::Signature = key.sign_prehash(&padded(66))?;
                signature.to_der().as_bytes().to_vec()
            }
            Kind::Ed25519(key) => key.sign(text).to_bytes().to_vec(),
            Kind::Rsa(key) if how.is_pss => match how.hash {
                Hash::Sha384 => key.pss_sign_with_rng::<Sha384, _>(&mut SysRng, text),
                Hash::Sha512 => key.pss_sign_with_rng::<Sha512, _>(&mut SysRng, text),
                _ => key.pss_sign_with_rng::<Sha256, _>(&mut SysRng, text),
            }
            .map_err(|error| anyhow!("RSA: {error}"))?,
            Kind::Rsa(key) => {
                let padding = match how.hash {
                    Hash::Sha1 => Pkcs1v15Sign::new::<Sha1>(),
                    Hash::Sha224 => Pkcs1v15Sign::new::<Sha224>(),
                    Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                    Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                    Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
                };
                key.sign(padding, &hashed).map_err(|error| anyhow!("RSA: {error}"))?
            }
            Kind::Foreign(_) => return Err(anyhow!("nobody signs with this key")),
        })
    }

    /// The key for handshakes of a version.
    pub(super) fn for_handshake(&self, version: TlsVersion) -> Arc<dyn SigningKey> {
        let is_short = self.name() == "RSA below 1024 bits";
        let (scheme, how) = match &*self.0 {
            Kind::P384(_) => {
                (SignatureScheme::ECDSA_NISTP384_SHA384, How { hash: Hash::Sha384, ..How::USUAL })
            }
            // In TLS 1.2 the scheme does not name a curve.
            Kind::P521(_) if version == TlsVersion::V1_3 => {
                (SignatureScheme::ECDSA_NISTP521_SHA512, How { hash: Hash::Sha512, ..How::USUAL })
            }
            Kind::Ed25519(_) => (SignatureScheme::ED25519, How::USUAL),
            Kind::Rsa(_) if is_short && version == TlsVersion::V1_2 => {
                (SignatureScheme::RSA_PKCS1_SHA256, How::USUAL)
            }
            Kind::Rsa(_) => (SignatureScheme::RSA_PSS_SHA256, How { is_pss: true, ..How::USUAL }),
            _ => (SignatureScheme::ECDSA_NISTP256_SHA256, How::USUAL),
        };
        Arc::new(Handshake { key: self.clone(), scheme, how })
    }
}

/// Signs handshakes, whatever the server offers.
#[derive(Clone, Debug)]
struct Handshake {
    key: Key,
    scheme: SignatureScheme,
    how: How,
}

impl SigningKey for Handshake {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(self.clone()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        if self.key.is_rsa() { SignatureAlgorithm::RSA } else { SignatureAlgorithm::ECDSA }
    }
}

impl Signer for Handshake {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        // A key that cannot sign sends something.
        Ok(self.key.sign(self.how, message).unwrap_or_else(|_| vec![1; 64]))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// A number below the order of every curve of this size.
fn scalar(rng: &mut Rng, size: usize) -> Vec<u8> {
    let mut bytes = rng.bytes(size);
    if let [first, second, ..] = &mut *bytes {
        (*first, *second) = (0, *second | 1);
    }
    bytes
}

fn pss(hash: Hash) -> Vec<u8> {
    let (last, size) = match hash {
        Hash::Sha384 => (2, 48),
        Hash::Sha512 => (3, 64),
        _ => (1, 32),
    };
    let hash = seq(&[oid(&format!("2.16.840.1.101.3.4.2.{last}"))]);
    let mask = seq(&[oid("1.2.840.113549.1.1.8"), hash.clone()]);
    seq(&[tlv(0xa0, &hash), tlv(0xa1, &mask), tlv(0xa2, &integer(&[size]))])
}

/// The generator of P-224 as a public key.
fn p224() -> Vec<u8> {
    const POINT: &str = "04b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21\
                         bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34";
    let digits = |at: usize| u8::from_str_radix(&POINT[at..at + 2], 16).unwrap_or(0);
    let point: Vec<u8> = (0..POINT.len()).step_by(2).map(digits).collect();
    seq(&[seq(&[oid("1.2.840.10045.2.1"), oid("1.3.132.0.33")]), bits(&point)])
}

/// Some keys of each kind, which are shared.
pub(super) struct Keys {
    pub(super) usual: Vec<Key>,
    pub(super) weak: Vec<Key>,
    pub(super) unsupported: Vec<Key>,
}

impl Keys {
    pub(super) fn generate(rng: &mut Rng) -> Result<Self> {
        let mut usual = Vec::new();
        for _ in 0..6 {
            usual.push(Key::p256(rng)?);
        }
        usual.extend([Key::p384(rng)?, Key::p384(rng)?, Key::rsa(2048)?, Key::rsa(3072)?]);
        let weak = vec![Key::rsa(1024)?, Key::rsa(768)?, Key::rsa(512)?];
        let unsupported = vec![Key::p521(rng)?, Key::ed25519(rng)?];
        Ok(Self { usual, weak, unsupported })
    }

    pub(super) fn any(&self, rng: &mut Rng) -> Result<Key> {
        let from = match rng.below(20) {
            0 | 1 => &self.weak,
            2 | 3 => &self.unsupported,
            _ => &self.usual,
        };
        Ok(rng.pick(from))
    }

    /// A key that issues certificates.
    pub(super) fn issuing(&self, rng: &mut Rng) -> Result<Key> {
        let all: Vec<Key> = self.usual.iter().chain(&self.unsupported).cloned().collect();
        Ok(rng.pick(&all))
    }
}
