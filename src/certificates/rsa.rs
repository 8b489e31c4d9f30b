//! RSA private keys.
//!
//! Source: `crypto/x509.ParsePKCS1PrivateKey` and `crypto/internal/fips140/rsa.checkPrivateKey` of Go
//! 1.26.

use num_bigint::BigUint;

use super::der::{Der, INTEGER, SEQUENCE, is_positive};

/// The longest modulus in bytes. None is longer in practice, and checking it would take long.
const LONGEST: usize = 2048;

/// The modulus, as an ASN.1 integer's bytes, and the public exponent of a private key in PKCS #1, if
/// its numbers belong together.
pub(super) fn parse(der: &[u8]) -> Option<(Vec<u8>, i64)> {
    let mut input = Der(der);
    let mut key = input.read(SEQUENCE).filter(|_| input.is_empty())?;
    let version = key.small_integer()?;
    let modulus = key.integer()?;
    let exponent = key.small_integer()?;
    let numbers = [key.integer()?, key.integer()?, key.integer()?];
    let mut optional = || {
        let mut after = key;
        let is_there = after.optional_field(INTEGER)?.is_some();
        if is_there { key.integer().map(Some) } else { Some(None) }
    };
    let crt = [optional()?, optional()?, optional()?];
    let others = other_primes(&mut key)?;
    let given = [modulus].into_iter().chain(numbers).chain(crt.into_iter().flatten());
    if version > 1 || !given.chain(others.iter().copied()).all(is_positive) {
        return None;
    }
    let is_exponent = (2..1 << 31).contains(&exponent) && exponent & 1 == 1;
    if modulus.len() > LONGEST + 1 || !is_exponent {
        return None;
    }
    let n = BigUint::from_bytes_be(modulus);
    let below_n = |bytes: &[u8]| {
        (bytes.len() <= modulus.len())
            .then(|| BigUint::from_bytes_be(bytes))
            .filter(|number| *number < n)
    };
    let [d, p, q] = numbers.map(below_n);
    let (d, p, q) = (d?, p?, q?);
    let crt = match crt {
        [Some(d_p), Some(d_q), Some(q_inv)] if others.is_empty() => {
            let [d_p, d_q, q_inv] = [d_p, d_q, q_inv].map(below_n);
            Some([d_p?, d_q?, q_inv?])
        }
        _ => None,
    };
    // Go checks no more of a key with more than two primes.
    let is_sound =
        n.bit(0) && (!others.is_empty() || is_consistent(&n, exponent, [&d, &p, &q], crt));
    is_sound.then(|| (modulus.to_vec(), exponent))
}

/// The primes after the first two.
fn other_primes<'a>(key: &mut Der<'a>) -> Option<Vec<&'a [u8]>> {
    let mut primes = Vec::new();
    let mut list = key.optional_field(SEQUENCE)?.unwrap_or(Der(&[]));
    while !list.is_empty() {
        let mut prime = list.read(SEQUENCE)?;
        primes.push(prime.integer()?);
        prime.integer()?;
        prime.integer()?;
    }
    Some(primes)
}

/// Whether the numbers of a key belong together. All are greater than 0.
fn is_consistent(
    n: &BigUint,
    exponent: i64,
    [d, p, q]: [&BigUint; 3],
    crt: Option<[BigUint; 3]>,
) -> bool {
    let one = BigUint::from(1_u8);
    let (p_1, q_1) = (p - &one, q - &one);
    if p_1 <= one || q_1 <= one {
        return false;
    }
    let (d_p, d_q) = (d % &p_1, d % &q_1);
    let is_inverse = |a: &BigUint, b: &BigUint, modulus: &BigUint| a * b % modulus == one;
    let is_crt_sound = match crt {
        Some([given_p, given_q, q_inv]) => {
            given_p == d_p && given_q == d_q && q_inv < *p && is_inverse(q, &q_inv, p)
        }
        None => p.bit(0),
    };
    let exponent = BigUint::from(exponent.unsigned_abs());
    let difference = if p > q { p - q } else { q - p };
    is_crt_sound
        && p * q % n == BigUint::ZERO
        && is_inverse(&exponent, &d_p, &p_1)
        && is_inverse(&exponent, &d_q, &q_1)
        && difference.bits() + 100 > n.bits() / 2
        && d.bits() > n.bits() / 2
}
