//! Public and private keys, as BoringSSL reads them for a server.

use num_bigint::BigUint;

use super::{
    Secret,
    certificate::{Certificate, algorithm},
    pem::Block,
    read::{BIT_STRING, INTEGER, NULL, OCTET_STRING, OID, Reader, SEQUENCE, SET, explicit},
};
use crate::certificates::{Curve, ed25519_public_key, oid};

/// The sizes of RSA keys that BoringSSL reads, in bits.
const RSA_BITS: std::ops::RangeInclusive<u64> = 512..=8192;
/// `1.2.840.10045.1.1`
const PRIME_FIELD: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 1, 1];

/// The public key of a certificate.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PublicKey {
    Rsa {
        modulus: BigUint,
        exponent: BigUint,
    },
    /// An uncompressed point on the curve.
    Ec(&'static Curve, Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A private key.
pub(super) enum PrivateKey {
    Rsa {
        modulus: BigUint,
        exponent: BigUint,
    },
    /// The scalar, and the point if there is one in the key. That they belong together is not known.
    Ec {
        curve: &'static Curve,
        scalar: Secret,
        point: Option<Vec<u8>>,
    },
    Ed25519(Vec<u8>),
}

/// The errors, where several are possible. BoringSSL's own texts are codes.
pub(super) const MALFORMED: &str = "the private key is malformed";
pub(super) const UNSUPPORTED: &str = "the kind of the private key is not supported";

impl PublicKey {
    /// Source: BoringSSL's `EVP_parse_public_key`, and `ssl_is_key_type_supported`.
    pub(super) fn of(certificate: &Certificate) -> Option<Self> {
        let mut info = Reader(&certificate.public_key_info).read(SEQUENCE)?;
        let mut algorithm = algorithm(&mut info)?;
        let key = info.bits().filter(|bits| bits.unused == 0)?.bytes;
        match algorithm.oid()? {
            oid::RSA => {
                is_null(algorithm).then_some(())?;
                let mut input = Reader(key);
                let mut numbers = input.read(SEQUENCE).filter(|_| input.is_empty())?;
                let (modulus, exponent) = (unsigned(&mut numbers)?, unsigned(&mut numbers)?);
                let is_valid = numbers.is_empty() && is_rsa(&modulus, &exponent);
                is_valid.then_some(Self::Rsa { modulus, exponent })
            }
            oid::EC => {
                let curve = Curve::from_oid(algorithm.oid()?).filter(|_| algorithm.is_empty())?;
                curve.point(key).map(|point| Self::Ec(curve, point))
            }
            oid::ED25519 if algorithm.is_empty() && key.len() == 32 => {
                Some(Self::Ed25519(key.to_vec()))
            }
            _ => None,
        }
    }
}

impl PrivateKey {
    /// Source: BoringSSL's `PEM_read_bio_PrivateKey` and `d2i_PrivateKey`. Bytes after the key are ignored.
    pub(super) fn read(block: &Block) -> Result<Self, &'static str> {
        let pkcs8 = |is_whole| pkcs8(Reader(&block.bytes), is_whole);
        match &*block.kind {
            b"PRIVATE KEY" => pkcs8(true),
            b"RSA PRIVATE KEY" => match rsa(&mut Reader(&block.bytes)) {
                Some(key) => Ok(key),
                None => pkcs8(false).and_then(|key| match key {
                    Self::Rsa { .. } => Ok(key),
                    _ => Err(MALFORMED),
                }),
            },
            b"EC PRIVATE KEY" => match sec1(&mut Reader(&block.bytes), None) {
                Some(key) => Ok(key),
                None => pkcs8(false).and_then(|key| match key {
                    Self::Ec { .. } => Ok(key),
                    _ => Err(MALFORMED),
                }),
            },
            b"ENCRYPTED PRIVATE KEY" => Err("encrypted private keys are not supported"),
            _ => Err(UNSUPPORTED),
        }
    }
}

/// Source: BoringSSL's `PKCS8_PRIV_KEY_INFO` if it must be whole, and `EVP_parse_private_key`.
fn pkcs8(mut der: Reader<'_>, is_whole: bool) -> Result<PrivateKey, &'static str> {
    let read = || {
        let mut info = der.read(SEQUENCE)?;
        info.integer().filter(|version| *version == [0])?;
        let mut algorithm = algorithm(&mut info)?;
        let id = algorithm.oid()?;
        let key = info.read(OCTET_STRING)?;
        let attributes = info.optional(explicit(0))?.unwrap_or(Reader(&[]));
        let is_attribute = |der: &mut Reader<'_>| {
            let mut attribute = der.read(SEQUENCE)?;
            attribute.oid()?;
            attribute.read(SET).filter(|_| attribute.is_empty()).map(|_| ())
        };
        let is_valid = !is_whole || attributes.all(is_attribute).is_some() && info.is_empty();
        is_valid.then_some((id, algorithm, key))
    };
    let (id, mut parameters, mut key) = ({ read })().ok_or(MALFORMED)?;
    let found = match id {
        oid::RSA if is_null(parameters) => rsa(&mut key),
        oid::EC => parameters_of(&mut parameters)
            .filter(|_| parameters.is_empty())
            .and_then(|curve| sec1(&mut key, Some(curve))),
        oid::ED25519 if parameters.is_empty() => {
            let seed = key.read(OCTET_STRING).and_then(|seed| <[u8; 32]>::try_from(seed.0).ok());
            seed.and_then(ed25519_public_key).map(|key| PrivateKey::Ed25519(key.to_vec()))
        }
        oid::RSA | oid::ED25519 => None,
        _ => return Err(UNSUPPORTED),
    };
    found.filter(|_| key.is_empty()).ok_or(MALFORMED)
}

fn is_null(mut parameters: Reader<'_>) -> bool {
    parameters.read(NULL).is_some_and(Reader::is_empty) && parameters.is_empty()
}

fn unsigned(der: &mut Reader<'_>) -> Option<BigUint> {
    let integer = der.integer().filter(|bytes| bytes.first().is_some_and(|b| b & 0x80 == 0))?;
    Some(BigUint::from_bytes_be(integer))
}

/// Source: BoringSSL's `rsa_check_public_key`.
fn is_rsa(modulus: &BigUint, exponent: &BigUint) -> bool {
    RSA_BITS.contains(&modulus.bits())
        && modulus.bit(0)
        && (2..=33).contains(&exponent.bits())
        && exponent.bit(0)
}

/// Source: BoringSSL's `RSA_parse_private_key` and `RSA_check_key`.
fn rsa(der: &mut Reader<'_>) -> Option<PrivateKey> {
    let mut key = der.read(SEQUENCE)?;
    key.integer().filter(|version| *version == [0])?;
    let mut number = || unsigned(&mut key);
    let (modulus, exponent) = (number()?, number()?);
    let [d, p, q, d_p, d_q, q_inv] =
        [number()?, number()?, number()?, number()?, number()?, number()?];
    let is_bounded = key.is_empty()
        && is_rsa(&modulus, &exponent)
        && [&d, &p, &q].into_iter().all(|number| *number < modulus);
    is_bounded.then_some(())?;
    let one = BigUint::from(1_u8);
    let is_inverse =
        |a: &BigUint, b: &BigUint, modulus: &BigUint| *modulus > one && a * b % modulus == one;
    (&p * &q == modulus).then_some(())?;
    let (p_1, q_1) = (&p - &one, &q - &one);
    let is_sound = is_inverse(&d, &exponent, &p_1)
        && is_inverse(&d, &exponent, &q_1)
        && d_p < p_1
        && d_q < q_1
        && q_inv < p
        && is_inverse(&exponent, &d_p, &p_1)
        && is_inverse(&exponent, &d_q, &q_1)
        && is_inverse(&q, &q_inv, &p);
    is_sound.then_some(PrivateKey::Rsa { modulus, exponent })
}

/// Source: BoringSSL's `EC_KEY_parse_private_key`.
fn sec1(der: &mut Reader<'_>, outer: Option<&'static Curve>) -> Option<PrivateKey> {
    let mut key = der.read(SEQUENCE)?;
    key.integer().filter(|version| *version == [1])?;
    let Reader(scalar) = key.read(OCTET_STRING)?;
    let inner = match key.optional(explicit(0))? {
        Some(mut inner) => Some(parameters_of(&mut inner).filter(|_| inner.is_empty())?),
        None => None,
    };
    let curve = match (outer, inner) {
        (Some(outer), Some(inner)) => Some(outer).filter(|outer| *outer == inner)?,
        (outer, inner) => outer.or(inner)?,
    };
    let point = match key.optional(explicit(1))? {
        Some(mut point) => {
            let Reader(bits) = point.read(BIT_STRING).filter(|_| point.is_empty())?;
            Some(curve.point(bits.strip_prefix(&[0])?)?)
        }
        None => None,
    };
    let is_valid = key.is_empty() && curve.is_scalar(scalar);
    let scalar = Secret::new(scalar.to_vec());
    is_valid.then_some(PrivateKey::Ec { curve, scalar, point })
}

/// The curve by its name, or by all of its numbers.
///
/// Source: BoringSSL's `EC_KEY_parse_parameters`.
fn parameters_of(der: &mut Reader<'_>) -> Option<&'static Curve> {
    if !der.peek(SEQUENCE) {
        return der.read(OID).and_then(|id| Curve::from_oid(id.0));
    }
    let mut parameters = der.read(SEQUENCE)?;
    parameters.integer().filter(|version| *version == [1])?;
    let mut field = parameters.read(SEQUENCE)?;
    field.oid().filter(|id| *id == PRIME_FIELD)?;
    let prime = unsigned(&mut field).filter(|_| field.is_empty())?;
    let mut curve = parameters.read(SEQUENCE)?;
    let mut coefficient = || Some(BigUint::from_bytes_be(curve.read(OCTET_STRING)?.0));
    let (a, b) = (coefficient()?, coefficient()?);
    curve.optional(BIT_STRING)?;
    let Reader(base) = parameters.read(OCTET_STRING).filter(|_| curve.is_empty())?;
    let order = unsigned(&mut parameters)?;
    let cofactor = parameters.optional(INTEGER)?;
    let has_one = cofactor.is_none_or(|cofactor| cofactor.0 == [1]);
    let base = base.strip_prefix(&[4]).filter(|_| has_one && parameters.is_empty())?;
    let (x, y) = base.split_at_checked(base.len() / 2).filter(|(x, y)| x.len() == y.len())?;
    let [x, y] = [x, y].map(BigUint::from_bytes_be);
    Curve::from_numbers([prime, a, b, x, y, order])
}
