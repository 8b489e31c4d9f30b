//! The public key of an Ed25519 seed.
//!
//! Source: RFC 8032, section 5.1. As in [`curve`](super::curve), the arithmetic is not constant-time:
//! it computes a public key once, offline, and signs nothing.

use num_bigint::{BigInt, Sign};

use super::curve::hex;

/// `2^255 - 19`
const PRIME: &str = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
/// Of the curve `-x² + y² = 1 + d x² y²`.
const D: &str = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3";
const GENERATOR_X: &str = "216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a";
const GENERATOR_Y: &str = "6666666666666666666666666666666666666666666666666666666666666658";

/// A point as `x / z` and `y / z`.
struct Point {
    x: BigInt,
    y: BigInt,
    z: BigInt,
}

impl Point {
    /// The sum of any two points: the formulas have no exceptions.
    ///
    /// Source: Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards curves", section 6, with
    /// `a = -1`.
    fn add(&self, other: &Self, prime: &BigInt, d: &BigInt) -> Self {
        let z = &self.z * &other.z % prime;
        let x = &self.x * &other.x % prime;
        let y = &self.y * &other.y % prime;
        let cross = (&self.x + &self.y) * (&other.x + &other.y) - &x - &y;
        let product = &x * &y * d;
        let square = &z * &z;
        let (minus, plus) = ((&square - &product) % prime, (square + product) % prime);
        Self {
            x: &z * &minus * cross % prime,
            y: z * &plus * (x + y) % prime,
            z: minus * plus % prime,
        }
    }
}

/// The encoded public key of a seed. Every seed has one.
pub(crate) fn public_key(seed: [u8; 32]) -> Option<[u8; 32]> {
    let hash = hmac_sha512::Hash::hash(seed);
    let mut scalar: [u8; 32] = *hash.first_chunk()?;
    let [first, .., last] = &mut scalar;
    *first &= 0xf8;
    *last = *last & 0x7f | 0x40;
    let scalar = BigInt::from_bytes_le(Sign::Plus, &scalar);
    let (prime, d) = (hex(PRIME), hex(D));
    let generator = Point { x: hex(GENERATOR_X), y: hex(GENERATOR_Y), z: 1.into() };
    let mut sum = Point { x: 0.into(), y: 1.into(), z: 1.into() };
    for bit in (0..scalar.bits()).rev() {
        sum = sum.add(&sum, &prime, &d);
        if scalar.bit(bit) {
            sum = sum.add(&generator, &prime, &d);
        }
    }
    let inverse = sum.z.modinv(&prime)?;
    let affine = |coordinate: BigInt| (coordinate * &inverse).modpow(&1.into(), &prime);
    let (x, y) = (affine(sum.x), affine(sum.y));
    let mut key = y.to_bytes_le().1;
    key.resize(32, 0);
    let mut key: [u8; 32] = key.try_into().ok()?;
    let [.., last] = &mut key;
    *last |= u8::from(x.bit(0)) << 7;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 8032, section 7.1.
    #[test]
    fn keys_are_those_of_the_rfc() {
        let bytes = |digits: &str| {
            let mut bytes = hex(digits).to_bytes_be().1;
            bytes.resize(32, 0);
            <[u8; 32]>::try_from(bytes).unwrap()
        };
        for (seed, key) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            ),
        ] {
            assert_eq!(public_key(bytes(seed)), Some(bytes(key)));
        }
    }
}
