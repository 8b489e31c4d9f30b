//! Private keys, and the public keys of both sides.
//!
//! Source: `crypto/tls.parsePrivateKey` and what it calls, of Go 1.26.

use super::{
    der::{self, BIT_STRING, Der, OCTET_STRING, SEQUENCE},
    rsa,
};

/// Object identifiers, as they are encoded.
pub(super) mod oid {
    /// `1.2.840.113549.1.1.1`
    pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    /// `1.2.840.10045.2.1`
    pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    /// `1.3.101.112`
    pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
    /// `1.3.101.110`
    pub(crate) const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
    /// `1.2.840.10040.4.1`
    pub(crate) const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
}

/// The public key of a certificate.
pub(super) enum PublicKey {
    Rsa {
        modulus: Vec<u8>,
        exponent: i64,
    },
    /// The point is uncompressed and on the curve.
    Ec(Curve, Vec<u8>),
    Ed25519([u8; 32]),
    /// Of an algorithm that TLS has no use for, or that Go does not know.
    Unknown,
}

/// A private key: what is known of the public one that belongs to it.
pub(super) enum PrivateKey {
    Rsa {
        modulus: Vec<u8>,
        exponent: i64,
    },
    /// Without the point where it cannot be told.
    Ec(Curve, Option<Vec<u8>>),
    Ed25519([u8; 32]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl PrivateKey {
    /// A key in PKCS #1, PKCS #8 or SEC 1, whatever its PEM block is called.
    pub(super) fn parse(der: &[u8]) -> Result<Self, String> {
        if let Some((modulus, exponent)) = rsa::private(der) {
            return Ok(Self::Rsa { modulus, exponent });
        }
        match pkcs8(der) {
            Some(Pkcs8::Key(key)) => Ok(key),
            Some(Pkcs8::Other) => {
                Err("tls: found unknown private key type in PKCS#8 wrapping".to_owned())
            }
            None => sec1(None, der).ok_or_else(|| "tls: failed to parse private key".to_owned()),
        }
    }

    pub(super) fn check_matches(&self, public: &PublicKey) -> Result<(), String> {
        let is_same = match (public, self) {
            (PublicKey::Unknown, _) => return Err("tls: unknown public key algorithm".to_owned()),
            (
                PublicKey::Rsa { modulus, exponent },
                Self::Rsa { modulus: own, exponent: own_exponent },
            ) => modulus == own && exponent == own_exponent,
            (PublicKey::Ec(curve, point), Self::Ec(own, own_point)) => {
                curve == own && own_point.as_ref().is_none_or(|own| own == point)
            }
            (PublicKey::Ed25519(key), Self::Ed25519(own)) => key == own,
            _ => {
                return Err("tls: private key type does not match public key type".to_owned());
            }
        };
        if is_same { Ok(()) } else { Err("tls: private key does not match public key".to_owned()) }
    }
}

enum Pkcs8 {
    Key(PrivateKey),
    /// A key that is sound and none for TLS.
    Other,
}

fn pkcs8(der: &[u8]) -> Option<Pkcs8> {
    let mut key = Der(der).read(SEQUENCE)?;
    key.small_integer()?;
    let mut algorithm = key.read(SEQUENCE)?;
    let id = algorithm.oid()?;
    let parameters = if algorithm.is_empty() { &[][..] } else { algorithm.any_whole()? };
    let Der(inner) = key.read(OCTET_STRING)?;
    let raw = || {
        let Der(raw) = Der(inner).read(OCTET_STRING).filter(|_| parameters.is_empty())?;
        <[u8; 32]>::try_from(raw).ok()
    };
    match id {
        oid::RSA => {
            let (modulus, exponent) = rsa::private(inner)?;
            Some(Pkcs8::Key(PrivateKey::Rsa { modulus, exponent }))
        }
        oid::EC => sec1(Der(parameters).oid(), inner).map(Pkcs8::Key),
        oid::ED25519 => {
            let key = ed25519_dalek::SigningKey::from_bytes(&raw()?);
            Some(Pkcs8::Key(PrivateKey::Ed25519(key.verifying_key().to_bytes())))
        }
        oid::X25519 => raw().map(|_| Pkcs8::Other),
        _ => None,
    }
}

/// A key on a curve, which may be named outside.
fn sec1(outer: Option<&[u8]>, bytes: &[u8]) -> Option<PrivateKey> {
    let mut key = Der(bytes).read(SEQUENCE)?;
    let version = key.small_integer()?;
    let Der(scalar) = key.read(OCTET_STRING)?;
    let inner = match key.explicit_field(0, der::OID)? {
        Some(inner) => Some(der::oid(inner)?),
        None => None,
    };
    let public = match key.explicit_field(1, BIT_STRING)? {
        Some(public) => Some(der::bits(public)?),
        None => None,
    };
    if version != 1 {
        return None;
    }
    let curve = Curve::of(outer.or(inner)?)?;
    // Zeros in front may be too many or too few.
    let first = scalar.len().saturating_sub(curve.scalar_len());
    let (zeros, scalar) = scalar.split_at_checked(first)?;
    if zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    let mut padded = vec![0; curve.scalar_len() - scalar.len()];
    padded.extend_from_slice(scalar);
    match curve {
        Curve::P224 => Some(PrivateKey::Ec(curve, public)),
        _ => curve.public_point(&padded).map(|point| PrivateKey::Ec(curve, Some(point))),
    }
}

impl Curve {
    pub(super) fn of(id: &[u8]) -> Option<Self> {
        match id {
            // `1.3.132.0.33`, `1.2.840.10045.3.1.7`, `1.3.132.0.34` and `1.3.132.0.35`
            [0x2b, 0x81, 0x04, 0, 0x21] => Some(Self::P224),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => Some(Self::P256),
            [0x2b, 0x81, 0x04, 0, 0x22] => Some(Self::P384),
            [0x2b, 0x81, 0x04, 0, 0x23] => Some(Self::P521),
            _ => None,
        }
    }

    /// How many bytes a coordinate has.
    fn scalar_len(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::P224 => "P224",
            Self::P256 => "P256",
            Self::P384 => "P384",
            Self::P521 => "P521",
        }
    }

    /// Whether bytes are a point, uncompressed.
    pub(super) fn check_point(self, point: &[u8]) -> Result<(), String> {
        let name = self.name();
        if point.first() != Some(&4) {
            return Err("ecdsa: invalid uncompressed public key".to_owned());
        }
        if point.len() != 1 + 2 * self.scalar_len() {
            return Err(format!("invalid {name} point encoding"));
        }
        let is_point = match self {
            // Envoy takes no such key: whether it is sound does not matter.
            Self::P224 => true,
            Self::P256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
            Self::P384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
            Self::P521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
        };
        if is_point {
            return Ok(());
        }
        let (x, y) = point.split_at(1 + self.scalar_len());
        let prime = self.prime();
        if x.get(1..).is_some_and(|x| x >= prime) || y >= prime {
            let element =
                if self == Self::P256 { "P256 element" } else { &format!("{name}Element") };
            return Err(format!("invalid {element} encoding"));
        }
        Err(format!("{name} point not on curve"))
    }

    /// The public point of a private key that is neither 0 nor too large.
    fn public_point(self, scalar: &[u8]) -> Option<Vec<u8>> {
        /// The same for every curve's own types.
        macro_rules! of {
            ($curve:ident) => {{
                use $curve::elliptic_curve::sec1::ToSec1Point;
                let key = $curve::SecretKey::from_slice(scalar).ok()?;
                key.public_key().to_sec1_point(false).as_bytes().to_vec()
            }};
        }
        Some(match self {
            Self::P224 => return None,
            Self::P256 => of!(p256),
            Self::P384 => of!(p384),
            Self::P521 => of!(p521),
        })
    }

    /// The prime of the curve's field, big-endian.
    fn prime(self) -> &'static [u8] {
        const F: u8 = 0xff;
        match self {
            Self::P224 => &[
                F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
            ],
            Self::P256 => &[
                F, F, F, F, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, F, F, F, F, F, F, F, F,
                F, F, F, F,
            ],
            Self::P384 => &[
                F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
                F, F, F, 0xfe, F, F, F, F, 0, 0, 0, 0, 0, 0, 0, 0, F, F, F, F,
            ],
            Self::P521 => &[
                1, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
                F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
                F, F, F, F, F, F, F, F, F, F,
            ],
        }
    }
}
