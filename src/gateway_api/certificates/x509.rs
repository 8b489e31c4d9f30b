//! Certificates, in the steps of Go's parser.
//!
//! Source: `crypto/x509.ParseCertificate` of Go 1.26.

use std::collections::HashSet;

use super::{
    der::{
        BOOLEAN, Der, GENERALIZED_TIME, OCTET_STRING, SEQUENCE, SET, UTC_TIME, explicit,
        is_positive,
    },
    extensions,
    key::{Curve, PublicKey, oid},
};

type Outcome<T = ()> = Result<T, String>;

/// The public key of a certificate, or why it is none.
pub(super) fn parse(der: &[u8]) -> Outcome<PublicKey> {
    let mut input = Der(der);
    let mut whole = input.read_whole(SEQUENCE).ok_or("x509: malformed certificate")?;
    let has_trailing = !input.is_empty();
    let mut input = whole.read(SEQUENCE).ok_or("x509: malformed certificate")?;
    let key = certificate(&mut input)?;
    if has_trailing { Err("x509: trailing data".to_owned()) } else { Ok(key) }
}

fn certificate(input: &mut Der<'_>) -> Outcome<PublicKey> {
    let mut tbs = input.read(SEQUENCE).ok_or("x509: malformed tbs certificate")?;
    let version = version(&mut tbs)?;
    let serial = tbs.integer().ok_or("x509: malformed serial number")?;
    if serial.first().is_some_and(|first| first & 0x80 != 0) {
        return Err("x509: negative serial number".to_owned());
    }
    let mut inner = tbs.read(SEQUENCE).ok_or("x509: malformed signature algorithm identifier")?;
    let outer = input.read(SEQUENCE).ok_or("x509: malformed algorithm identifier")?;
    if inner.0 != outer.0 {
        return Err("x509: inner and outer signature algorithm identifiers don't match".to_owned());
    }
    algorithm(&mut inner)?;
    name(tbs.read_whole(SEQUENCE).ok_or("x509: malformed issuer")?)?;
    let mut validity = tbs.read(SEQUENCE).ok_or("x509: malformed validity")?;
    time(&mut validity)?;
    time(&mut validity)?;
    name(tbs.read_whole(SEQUENCE).ok_or("x509: malformed issuer")?)?;
    let mut info = tbs.read(SEQUENCE).ok_or("x509: malformed spki")?;
    let key = public_key(&mut info)?;
    if version > 1 {
        tbs.optional(0x81).ok_or("x509: malformed issuerUniqueID")?;
        tbs.optional(0x82).ok_or("x509: malformed subjectUniqueID")?;
    }
    if version == 3 {
        let found = tbs.optional(explicit(3)).ok_or("x509: malformed extensions")?;
        if let Some(mut found) = found {
            all_extensions(found.read(SEQUENCE).ok_or("x509: malformed extensions")?)?;
        }
    }
    input.bits().ok_or("x509: malformed signature")?;
    Ok(key)
}

/// The version, from 1.
fn version(tbs: &mut Der<'_>) -> Outcome<i64> {
    const MALFORMED: &str = "x509: malformed version";
    let version = match tbs.optional(explicit(0)).ok_or(MALFORMED)? {
        None => 0,
        Some(mut version) => {
            let number = version.small_integer().filter(|_| version.is_empty());
            number.ok_or(MALFORMED)?
        }
    };
    match version {
        ..0 => Err(MALFORMED.to_owned()),
        0..3 => Ok(version + 1),
        _ => Err("x509: invalid version".to_owned()),
    }
}

/// The identifier of an algorithm, and its parameters with their header.
fn algorithm<'a>(der: &mut Der<'a>) -> Outcome<(&'a [u8], &'a [u8])> {
    let id = der.oid().ok_or("x509: malformed OID")?;
    if der.is_empty() {
        return Ok((id, &[]));
    }
    Ok((id, der.any_whole().ok_or("x509: malformed parameters")?))
}

fn time(der: &mut Der<'_>) -> Outcome {
    let malformed = |name: &str| format!("x509: malformed {name}");
    if der.peek(UTC_TIME) {
        der.time(UTC_TIME).ok_or_else(|| malformed("UTCTime"))
    } else if der.peek(GENERALIZED_TIME) {
        der.time(GENERALIZED_TIME).ok_or_else(|| malformed("GeneralizedTime"))
    } else {
        Err("x509: unsupported time format".to_owned())
    }
}

fn name(mut whole: Der<'_>) -> Outcome {
    const INVALID: &str = "x509: invalid RDNSequence";
    let wrong = |what: &str| format!("{INVALID}: invalid attribute{what}");
    let mut sequence = whole.read(SEQUENCE).ok_or(INVALID)?;
    while !sequence.is_empty() {
        let mut set = sequence.read(SET).ok_or(INVALID)?;
        while !set.is_empty() {
            let mut attribute = set.read(SEQUENCE).ok_or_else(|| wrong(""))?;
            attribute.oid().ok_or_else(|| wrong(" type"))?;
            let (tag, value) = attribute.any().ok_or_else(|| wrong(" value"))?;
            text(tag, value).map_err(|error| wrong(&format!(" value: {error}")))?;
        }
    }
    Ok(())
}

/// Whether a text is one of its type.
fn text(tag: u8, value: &[u8]) -> Outcome {
    let of = |is_valid: bool, name: &str| {
        if is_valid { Ok(()) } else { Err(format!("invalid {name}")) }
    };
    match tag {
        // T61String
        20 => Ok(()),
        19 => of(value.iter().all(|b| is_printable(*b)), "PrintableString"),
        12 => of(std::str::from_utf8(value).is_ok(), "UTF-8 string"),
        30 => of(is_bmp(value), "BMPString"),
        22 => of(value.is_ascii(), "IA5String"),
        18 => of(value.iter().all(|b| b.is_ascii_digit() || *b == b' '), "NumericString"),
        tag => Err(format!("unsupported string type: {tag}")),
    }
}

fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"'()+,-./ :=?*&".contains(&byte)
}

fn is_bmp(value: &[u8]) -> bool {
    let value = value.strip_suffix(&[0, 0]).unwrap_or(value);
    let (pairs, rest) = value.as_chunks::<2>();
    rest.is_empty()
        && pairs.iter().all(|pair| {
            let point = u16::from_be_bytes(*pair);
            !matches!(point, 0xfffe | 0xffff | 0xfdd0..=0xfdef | 0xd800..=0xdfff)
        })
}

fn public_key(info: &mut Der<'_>) -> Outcome<PublicKey> {
    let mut identifier =
        info.read(SEQUENCE).ok_or("x509: malformed public key algorithm identifier")?;
    let (id, parameters) = algorithm(&mut identifier)?;
    let data = info.bits().ok_or("x509: malformed subjectPublicKey")?;
    match id {
        oid::RSA => rsa(parameters, &data),
        oid::EC => {
            let curve = Der(parameters).oid().ok_or("x509: invalid ECDSA parameters")?;
            let curve = Curve::of(curve).ok_or("x509: unsupported elliptic curve")?;
            curve.check_point(&data)?;
            Ok(PublicKey::Ec(curve, data))
        }
        oid::ED25519 => {
            if !parameters.is_empty() {
                return Err("x509: Ed25519 key encoded with illegal parameters".to_owned());
            }
            let key = data.try_into().map_err(|_| "x509: wrong Ed25519 public key size")?;
            Ok(PublicKey::Ed25519(key))
        }
        oid::DSA => dsa(parameters, &data),
        _ => Ok(PublicKey::Unknown),
    }
}

fn rsa(parameters: &[u8], data: &[u8]) -> Outcome<PublicKey> {
    // NULL.
    if parameters != [5, 0] {
        return Err("x509: RSA key missing NULL parameters".to_owned());
    }
    let mut key = Der(data).read(SEQUENCE).ok_or("x509: invalid RSA public key")?;
    let modulus = key.integer().ok_or("x509: invalid RSA modulus")?;
    let exponent = key.small_integer().ok_or("x509: invalid RSA public exponent")?;
    if !is_positive(modulus) {
        return Err("x509: RSA modulus is not a positive number".to_owned());
    }
    if exponent <= 0 {
        return Err("x509: RSA public exponent is not a positive number".to_owned());
    }
    Ok(PublicKey::Rsa { modulus: modulus.to_vec(), exponent })
}

/// Go reads a DSA key and then knows nothing to do with it.
fn dsa(parameters: &[u8], data: &[u8]) -> Outcome<PublicKey> {
    let y = Der(data).integer().ok_or("x509: invalid DSA public key")?;
    let read = || {
        let mut parameters = Der(parameters).read(SEQUENCE)?;
        Some([parameters.integer()?, parameters.integer()?, parameters.integer()?])
    };
    let numbers = read().ok_or("x509: invalid DSA parameters")?;
    if !is_positive(y) || !numbers.into_iter().all(is_positive) {
        return Err("x509: zero or negative DSA parameter".to_owned());
    }
    Ok(PublicKey::Unknown)
}

fn all_extensions(mut list: Der<'_>) -> Outcome {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while !list.is_empty() {
        let mut extension = list.read(SEQUENCE).ok_or("x509: malformed extension")?;
        let id = extension.oid().ok_or("x509: malformed extension OID field")?;
        let mut is_critical = false;
        if extension.peek(BOOLEAN) {
            is_critical = extension.boolean().ok_or("x509: malformed extension critical field")?;
        }
        let value = extension.read(OCTET_STRING).ok_or("x509: malformed extension value field")?;
        if !seen.insert(id) {
            let id = dotted(id);
            return Err(format!(
                "x509: certificate contains duplicate extension with OID \"{id}\""
            ));
        }
        found.push((id, is_critical, value));
    }
    found.into_iter().try_for_each(|(id, is_critical, value)| {
        extensions::check(id, is_critical, value).map_err(|error| format!("x509: {error}"))
    })
}

/// An object identifier as people write it.
fn dotted(id: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0_u64;
    for &byte in id {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - first * 40]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}
