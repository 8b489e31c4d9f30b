//! The NIST curves, as far as needed to decide whether a key belongs to a certificate.
//!
//! The arithmetic is not constant-time: it computes a public key once, offline, and signs nothing.

use std::{fmt, sync::OnceLock};

use num_bigint::BigInt;
#[cfg(feature = "validate")]
use num_bigint::BigUint;

/// `y² = x³ - 3x + b` over a prime field, with a generator of the group. Numbers are big-endian
/// hexadecimal digits. All four groups have a prime order.
///
/// Source: NIST SP 800-186.
pub(crate) struct Curve {
    /// The encoded object identifier.
    oid: &'static [u8],
    prime: &'static str,
    order: &'static str,
    b: &'static str,
    /// The generator, without its leading 4.
    generator: &'static str,
    multiples: Multiples,
}

/// The multiples of the generator by 1 to 15, by 16 times as much, and so on: computed once for many keys.
type Multiples = OnceLock<Vec<[Point; 15]>>;

/// A curve is its identifier.
impl PartialEq for Curve {
    fn eq(&self, other: &Self) -> bool {
        self.oid == other.oid
    }
}

impl fmt::Debug for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P-{}", hex(self.prime).bits())
    }
}

static CURVES: [Curve; 4] = [
    // P-224, `1.3.132.0.33`
    Curve {
        oid: &[0x2b, 0x81, 0x04, 0, 0x21],
        prime: "ffffffffffffffffffffffffffffffff000000000000000000000001",
        order: "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
        b: "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
        generator: "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21\
                    bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
        multiples: OnceLock::new(),
    },
    // P-256, `1.2.840.10045.3.1.7`
    Curve {
        oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        prime: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        generator: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                    4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        multiples: OnceLock::new(),
    },
    // P-384, `1.3.132.0.34`
    Curve {
        oid: &[0x2b, 0x81, 0x04, 0, 0x22],
        prime: "ffffffffffffffffffffffffffffffffffffffffffffffff\
                fffffffffffffffeffffffff0000000000000000ffffffff",
        order: "ffffffffffffffffffffffffffffffffffffffffffffffff\
                c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112\
            0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        generator: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98\
                    59f741e082542a385502f25dbf55296c3a545e3872760ab7\
                    3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c\
                    e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        multiples: OnceLock::new(),
    },
    // P-521, `1.3.132.0.35`
    Curve {
        oid: &[0x2b, 0x81, 0x04, 0, 0x23],
        prime: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        order: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        b: "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109\
            e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        generator: "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3d\
                    baa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66\
                    011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e66\
                    2c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        multiples: OnceLock::new(),
    },
];

/// A point as `x / z` and `y / z`; at infinity where `z` is 0.
#[derive(Clone)]
struct Point {
    x: BigInt,
    y: BigInt,
    z: BigInt,
}

impl Curve {
    /// The curve with an encoded object identifier.
    pub(crate) fn from_oid(oid: &[u8]) -> Option<&'static Self> {
        CURVES.iter().find(|curve| curve.oid == oid)
    }

    /// How many bytes a scalar has, and a coordinate.
    pub(crate) fn size(&self) -> usize {
        self.prime.len() / 2
    }

    /// Whether bytes are an uncompressed point on the curve.
    ///
    /// Source: `elliptic.Unmarshal`.
    pub(super) fn is_point(&self, bytes: &[u8]) -> bool {
        let Some((4, coordinates)) = bytes.split_first() else { return false };
        if coordinates.len() != 2 * self.size() {
            return false;
        }
        let (x, y) = coordinates.split_at(self.size());
        let (x, y, prime) = (unsigned(x), unsigned(y), hex(self.prime));
        let equation = &y * &y - (&x * &x - 3) * &x - hex(self.b);
        x < prime && y < prime && equation % prime == BigInt::ZERO
    }

    /// The curve with these numbers: the prime, both coefficients, the generator and the order.
    #[cfg(feature = "validate")]
    pub(crate) fn from_numbers(numbers: [BigUint; 6]) -> Option<&'static Self> {
        let [prime, a, b, x, y, order] = numbers.map(BigInt::from);
        CURVES.iter().find(|curve| {
            let (own_x, own_y) = curve.generator.split_at(2 * curve.size());
            [&prime, &(a.clone() + 3), &b, &x, &y, &order].into_iter().eq(&[
                hex(curve.prime),
                hex(curve.prime),
                hex(curve.b),
                hex(own_x),
                hex(own_y),
                hex(curve.order),
            ])
        })
    }

    /// The uncompressed form of a point, which may be compressed. That of a point on P-224 is not computed.
    ///
    /// Source: BoringSSL's `EC_POINT_oct2point`.
    #[cfg(feature = "validate")]
    pub(crate) fn point(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (form @ 2..=3, x) = bytes.split_first()? else {
            return self.is_point(bytes).then(|| bytes.to_vec());
        };
        let prime = hex(self.prime);
        let number = Some(unsigned(x)).filter(|n| x.len() == self.size() && *n < prime)?;
        // The root of a square, if the prime is 3 modulo 4.
        let square: BigInt = (&number * &number - 3) * &number + hex(self.b);
        let root = square.modpow(&((&prime + 1) / 4), &prime);
        let root = if root.bit(0) == (*form == 3) { root } else { prime - root };
        let y = root.to_bytes_be().1;
        let zeros = vec![0; self.size().saturating_sub(y.len())];
        let point = [&[4], x, &zeros, &y].concat();
        self.is_point(&point).then_some(point)
    }

    /// Whether a number is a private key: neither 0 nor as large as the order.
    #[cfg(feature = "validate")]
    pub(crate) fn is_scalar(&self, bytes: &[u8]) -> bool {
        let number = unsigned(bytes);
        number != BigInt::ZERO && number < hex(self.order)
    }

    /// The uncompressed public point of a private key, which is neither 0 nor as large as the order.
    ///
    /// Source: `ecdsa.ParseRawPrivateKey`.
    pub(crate) fn public_point(&self, scalar: &[u8]) -> Option<Vec<u8>> {
        let key = unsigned(scalar);
        if key == BigInt::ZERO || key >= hex(self.order) {
            return None;
        }
        let (prime, b) = (hex(self.prime), hex(self.b));
        let multiples = self.multiples.get_or_init(|| self.multiples(&prime, &b));
        let (_, bytes) = key.to_bytes_le();
        let digits = bytes.iter().flat_map(|byte| [byte & 15, byte >> 4]);
        let mut sum = Point { x: 0.into(), y: 1.into(), z: 0.into() };
        for (multiples, digit) in multiples.iter().zip(digits) {
            if let Some(multiple) =
                usize::from(digit).checked_sub(1).and_then(|at| multiples.get(at))
            {
                sum = sum.add(multiple, &prime, &b);
            }
        }
        let inverse = sum.z.modinv(&prime)?;
        let mut point = vec![4];
        for coordinate in [sum.x, sum.y] {
            let affine = (coordinate * &inverse).modpow(&1.into(), &prime).to_bytes_be().1;
            point.resize(point.len() + self.size().saturating_sub(affine.len()), 0);
            point.extend(affine);
        }
        Some(point)
    }
}

impl Curve {
    fn multiples(&self, prime: &BigInt, b: &BigInt) -> Vec<[Point; 15]> {
        let (x, y) = self.generator.split_at(2 * self.size());
        let mut first = Point { x: hex(x), y: hex(y), z: 1.into() };
        let digits = 0..2 * self.size();
        let next = |_| {
            let mut last = first.clone();
            let multiples = std::array::from_fn(|_| {
                let next = last.add(&first, prime, b);
                std::mem::replace(&mut last, next)
            });
            first = last;
            multiples
        };
        digits.map(next).collect()
    }
}

impl Point {
    /// The sum of any two points of a curve of prime order: the formulas have no exceptions.
    ///
    /// Source: Renes, Costello, Batina, "Complete addition formulas for prime order elliptic curves",
    /// section 3.1, with `a = -3`.
    fn add(&self, other: &Self, prime: &BigInt, b: &BigInt) -> Self {
        let xx = &self.x * &other.x;
        let yy = &self.y * &other.y;
        let zz = &self.z * &other.z;
        let xy = &self.x * &other.y + &other.x * &self.y;
        let yz = &self.y * &other.z + &other.y * &self.z;
        let xz = &self.x * &other.z + &other.x * &self.z;
        let cross = (&xz - b * &zz) * 3;
        let (plus, minus) = (&yy + &cross, &yy - &cross);
        let double = (&xx - &zz) * 3;
        let last = (b * xz - xx - zz * 3) * 3;
        Self {
            x: (&xy * &plus - &yz * &last) % prime,
            y: (&double * last + &minus * plus) % prime,
            z: (yz * minus + xy * double) % prime,
        }
    }
}

fn unsigned(bytes: &[u8]) -> BigInt {
    BigInt::from_bytes_be(num_bigint::Sign::Plus, bytes)
}

/// A constant.
pub(super) fn hex(digits: &str) -> BigInt {
    BigInt::parse_bytes(digits.as_bytes(), 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One less than the order is the negative of the generator, and one more than it is 0.
    #[test]
    fn the_group_ends_at_its_order() {
        for curve in &CURVES {
            let scalar = |number: BigInt| {
                let bytes = number.to_bytes_be().1;
                [vec![0; curve.size() - bytes.len()], bytes].concat()
            };
            let one = curve.public_point(&scalar(1.into())).unwrap();
            let last = curve.public_point(&scalar(hex(curve.order) - 1)).unwrap();
            let (x, y) = one[1..].split_at(curve.size());
            let (last_x, last_y) = last[1..].split_at(curve.size());
            assert_eq!(x, last_x);
            assert_eq!(unsigned(y) + unsigned(last_y), hex(curve.prime));
            assert!(curve.is_point(&one) && curve.is_point(&last));
            assert_eq!(curve.public_point(&scalar(hex(curve.order))), None);
            assert_eq!(curve.public_point(&scalar(0.into())), None);
        }
    }

    #[test]
    fn bytes_that_are_not_a_point_are_rejected() {
        for curve in &CURVES {
            let point = curve.public_point(&[5]).unwrap();
            assert!(curve.is_point(&point));
            let changed = |at: usize| {
                let mut changed = point.clone();
                changed[at] ^= 1;
                changed
            };
            let past_prime = [&[4][..], &[0xff].repeat(2 * curve.size())].concat();
            for wrong in [changed(0), changed(1), changed(point.len() - 1), past_prime] {
                assert!(!curve.is_point(&wrong));
            }
            assert!(!curve.is_point(&point[..point.len() - 1]) && !curve.is_point(&[]));
        }
    }
}
