//! Private keys.
//!
//! Source: `crypto/tls.parsePrivateKey` and what it calls, of Go 1.26.

use super::{
    curve::Curve,
    der::{self, BIT_STRING, Der, OCTET_STRING, SEQUENCE},
    ed25519,
    key::{PublicKey, oid},
    rsa,
};

/// A private key, which is its public key here.
pub(super) struct PrivateKey(PublicKey);

impl PrivateKey {
    /// A key in PKCS #1, PKCS #8 or SEC 1, whatever type its PEM block has.
    pub(super) fn parse(der: &[u8]) -> Result<Self, &'static str> {
        let key = rsa_key(der).or_else(|| pkcs8(der)).or_else(|| sec1(None, der));
        match key.ok_or("tls: failed to parse private key")? {
            PublicKey::Unknown => Err("tls: found unknown private key type in PKCS#8 wrapping"),
            key => Ok(Self(key)),
        }
    }

    pub(super) fn check_matches(&self, public: &PublicKey) -> Result<(), &'static str> {
        if *public == PublicKey::Unknown {
            Err("tls: unknown public key algorithm")
        } else if std::mem::discriminant(public) != std::mem::discriminant(&self.0) {
            Err("tls: private key type does not match public key type")
        } else if *public != self.0 {
            Err("tls: private key does not match public key")
        } else {
            Ok(())
        }
    }
}

fn rsa_key(der: &[u8]) -> Option<PublicKey> {
    rsa::parse(der).map(|(modulus, exponent)| PublicKey::Rsa { modulus, exponent })
}

fn pkcs8(der: &[u8]) -> Option<PublicKey> {
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
        oid::RSA => rsa_key(inner),
        oid::EC => sec1(Der(parameters).oid(), inner),
        oid::ED25519 => ed25519::public_key(raw()?).map(PublicKey::Ed25519),
        oid::X25519 => raw().map(|_| PublicKey::Unknown),
        _ => None,
    }
}

/// A key on a curve, which may be named outside of it.
fn sec1(outer: Option<&[u8]>, bytes: &[u8]) -> Option<PublicKey> {
    let mut key = Der(bytes).read(SEQUENCE)?;
    let version = key.small_integer()?;
    let Der(scalar) = key.read(OCTET_STRING)?;
    let inner = match key.explicit_field(0, der::OID)? {
        Some(inner) => Some(der::oid(inner)?),
        None => None,
    };
    if let Some(public) = key.explicit_field(1, BIT_STRING)? {
        // Go computes it from the scalar instead.
        der::bits(public)?;
    }
    if version != 1 {
        return None;
    }
    let curve = Curve::from_oid(outer.or(inner)?)?;
    // There may be too many leading zeros, or too few.
    let first = scalar.len().saturating_sub(curve.size());
    let (zeros, scalar) = scalar.split_at_checked(first)?;
    if zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    Some(PublicKey::Ec(curve, curve.public_point(scalar)?))
}
