//! RSA private keys, checked as Go checks them.
//!
//! Source: `crypto/x509.ParsePKCS1PrivateKey` and `crypto/internal/fips140/rsa.checkPrivateKey` of Go
//! 1.26.

use crypto_bigint::{BoxedUint, ConcatenatingMul as _, Integer as _, NonZero};

use super::der::{Der, INTEGER, SEQUENCE, is_positive};

/// The longest modulus in bytes. No one has a longer one, and checking it would take long.
const LONGEST: usize = 2048;

/// The modulus, as an ASN.1 integer's bytes, and the exponent of a private key in PKCS #1, if it is
/// sound.
pub(super) fn private(der: &[u8]) -> Option<(Vec<u8>, i64)> {
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
    if modulus.len() > LONGEST + 1 || !is_public_exponent(exponent) {
        return None;
    }
    let n = number(modulus)?;
    let [d, p, q] = numbers.map(|bytes| small(bytes, &n));
    let (d, p, q) = (d?, p?, q?);
    let is_sound = if others.is_empty() {
        let [d_p, d_q, q_inv] = crt.map(|bytes| bytes.map(|bytes| small(bytes, &n)));
        let crt = match (d_p, d_q, q_inv) {
            (Some(d_p), Some(d_q), Some(q_inv)) => Some((d_p?, d_q?, q_inv?)),
            _ => None,
        };
        is_odd(&n) && Key { n, d, p, q }.is_consistent(exponent, crt)?
    } else {
        // Go looks at no more of a key with more than two primes.
        is_odd(&n)
    };
    is_sound.then(|| (modulus.to_vec(), exponent))
}

/// The primes behind the first two.
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

fn is_public_exponent(exponent: i64) -> bool {
    (2..1 << 31).contains(&exponent) && exponent & 1 == 1
}

fn number(bytes: &[u8]) -> Option<BoxedUint> {
    (bytes.len() <= LONGEST + 1).then(|| BoxedUint::from_be_slice_vartime(bytes))
}

/// A number that is less than the modulus.
fn small(bytes: &[u8], n: &BoxedUint) -> Option<BoxedUint> {
    number(bytes).filter(|number| number < n)
}

fn is_odd(n: &BoxedUint) -> bool {
    n.is_odd().into()
}

struct Key {
    n: BoxedUint,
    d: BoxedUint,
    p: BoxedUint,
    q: BoxedUint,
}

impl Key {
    /// Whether the numbers belong together.
    fn is_consistent(
        &self,
        exponent: i64,
        crt: Option<(BoxedUint, BoxedUint, BoxedUint)>,
    ) -> Option<bool> {
        let Self { n, d, p, q } = self;
        let one = BoxedUint::one();
        let exponent = BoxedUint::from(exponent.unsigned_abs());
        let below = |number: &BoxedUint| {
            let below = number.clone().wrapping_sub(&one);
            (below > one).then(|| modulus(&below)).flatten()
        };
        let (p_1, q_1) = (below(p)?, below(q)?);
        let (p_modulus, n_modulus) = (modulus(p)?, modulus(n)?);
        let (d_p, d_q) = (d.rem_vartime(&p_1), d.rem_vartime(&q_1));
        let is_inverse = |a: &BoxedUint, b: &BoxedUint, m: &NonZero<BoxedUint>| {
            a.concatenating_mul(b).rem_vartime(m) == one
        };
        if let Some((given_p, given_q, q_inv)) = crt {
            let is_given = given_p == d_p && given_q == d_q && q_inv < *p;
            if !is_given || !is_inverse(q, &q_inv, &p_modulus) {
                return Some(false);
            }
        } else if !is_odd(p) {
            return Some(false);
        }
        let difference = if p > q { p.wrapping_sub(q) } else { q.wrapping_sub(p) };
        let bits = n.bit_width_vartime();
        Some(
            bool::from(p.concatenating_mul(q).rem_vartime(&n_modulus).is_zero())
                && is_inverse(&exponent, &d_p, &p_1)
                && is_inverse(&exponent, &d_q, &q_1)
                && i64::from(difference.bit_width_vartime()) > i64::from(bits / 2) - 100
                && d.bit_width_vartime() > bits / 2,
        )
    }
}

fn modulus(number: &BoxedUint) -> Option<NonZero<BoxedUint>> {
    NonZero::new(number.clone()).into_option()
}
