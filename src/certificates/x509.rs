//! Certificates, in the steps of Go's parser.
//!
//! Source: `crypto/x509.ParseCertificate` of Go 1.26.

use std::collections::HashSet;

use super::{
    Malformed,
    curve::Curve,
    der::{
        BOOLEAN, Der, GENERALIZED_TIME, OCTET_STRING, SEQUENCE, SET, UTC_TIME, context, explicit,
        is_positive,
    },
    extensions,
    key::{PublicKey, oid},
};

/// What is known of a certificate.
pub(super) struct Certificate {
    #[cfg_attr(
        not(feature = "gateway-api"),
        expect(dead_code, reason = "istiod compares keys for Gateway API only")
    )]
    pub(super) key: PublicKey,
}

/// Reads a certificate.
pub(super) fn parse(der: &[u8]) -> Result<Certificate, Malformed> {
    let mut input = Der(der);
    let whole = input.read(SEQUENCE).filter(|_| input.is_empty());
    let mut certificate = whole.ok_or(Malformed("certificate"))?;
    let mut tbs = certificate.read(SEQUENCE).ok_or(Malformed("tbsCertificate"))?;
    let version = version(&mut tbs).ok_or(Malformed("version"))?;
    let serial = tbs.integer().filter(|serial| serial.first().is_some_and(|b| b & 0x80 == 0));
    serial.ok_or(Malformed("serial number"))?;
    let inner = tbs.read(SEQUENCE);
    let outer = certificate.read(SEQUENCE);
    let identifier = inner.filter(|inner| outer.is_some_and(|outer| outer.0 == inner.0));
    identifier.and_then(|mut id| algorithm(&mut id)).ok_or(Malformed("signature algorithm"))?;
    name(&mut tbs).ok_or(Malformed("issuer"))?;
    validity(&mut tbs).ok_or(Malformed("validity"))?;
    name(&mut tbs).ok_or(Malformed("subject"))?;
    let key = public_key(&mut tbs).ok_or(Malformed("public key"))?;
    if version > 1 {
        tbs.optional(context(1)).ok_or(Malformed("issuerUniqueID"))?;
        tbs.optional(context(2)).ok_or(Malformed("subjectUniqueID"))?;
    }
    if version == 3 {
        let list = tbs.optional(explicit(3)).ok_or(Malformed("extensions"))?;
        let found = list.map_or(Some(Vec::new()), all_extensions);
        let found = found.ok_or(Malformed("extensions"))?;
        for Extension { id, is_critical, value } in found {
            extensions::check(id, is_critical, value).map_err(Malformed)?;
        }
    }
    certificate.bits().ok_or(Malformed("signature"))?;
    Ok(Certificate { key })
}

/// The version, from 1 to 3.
fn version(tbs: &mut Der<'_>) -> Option<i64> {
    let Some(mut version) = tbs.optional(explicit(0))? else { return Some(1) };
    let number = version.small_integer().filter(|_| version.is_empty())?;
    (0..3).contains(&number).then_some(number + 1)
}

/// The identifier of an algorithm, and its parameters with their header.
fn algorithm<'a>(der: &mut Der<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let id = der.oid()?;
    Some((id, if der.is_empty() { &[] } else { der.any_whole()? }))
}

fn validity(tbs: &mut Der<'_>) -> Option<()> {
    let mut validity = tbs.read(SEQUENCE)?;
    let mut time = || {
        let tag = if validity.peek(UTC_TIME) { UTC_TIME } else { GENERALIZED_TIME };
        validity.time(tag)
    };
    time()?;
    time().map(|_| ())
}

/// A distinguished name.
fn name(tbs: &mut Der<'_>) -> Option<()> {
    let mut sequence = tbs.read(SEQUENCE)?;
    while !sequence.is_empty() {
        let mut set = sequence.read(SET)?;
        while !set.is_empty() {
            let mut attribute = set.read(SEQUENCE)?;
            attribute.oid()?;
            let (tag, value) = attribute.any()?;
            is_string(tag, value).then_some(())?;
        }
    }
    Some(())
}

/// Whether the value of an attribute is a string of its type.
fn is_string(tag: u8, value: &[u8]) -> bool {
    let is_printable = |b: &u8| b.is_ascii_alphanumeric() || b"'()+,-./ :=?*&".contains(b);
    match tag {
        // T61String
        20 => true,
        // PrintableString
        19 => value.iter().all(is_printable),
        // UTF8String
        12 => std::str::from_utf8(value).is_ok(),
        // BMPString
        30 => is_bmp(value),
        // IA5String
        22 => value.is_ascii(),
        // NumericString
        18 => value.iter().all(|b| b.is_ascii_digit() || *b == b' '),
        _ => false,
    }
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

fn public_key(tbs: &mut Der<'_>) -> Option<PublicKey> {
    let mut info = tbs.read(SEQUENCE)?;
    let mut identifier = info.read(SEQUENCE)?;
    let (id, parameters) = algorithm(&mut identifier)?;
    let data = info.bits()?;
    match id {
        oid::RSA => rsa(parameters, &data),
        oid::EC => {
            let curve = Curve::from_oid(Der(parameters).oid()?)?;
            curve.is_point(&data).then_some(PublicKey::Ec(curve, data))
        }
        oid::ED25519 if parameters.is_empty() => Some(PublicKey::Ed25519(data.try_into().ok()?)),
        oid::ED25519 => None,
        oid::DSA => dsa(parameters, &data),
        _ => Some(PublicKey::Unknown),
    }
}

fn rsa(parameters: &[u8], data: &[u8]) -> Option<PublicKey> {
    const NULL: [u8; 2] = [5, 0];
    let mut key = Der(data).read(SEQUENCE).filter(|_| parameters == NULL)?;
    let modulus = key.integer().filter(|modulus| is_positive(modulus))?.to_vec();
    let exponent = key.small_integer().filter(|exponent| *exponent > 0)?;
    Some(PublicKey::Rsa { modulus, exponent })
}

/// Go parses a DSA key, and TLS does not use it.
fn dsa(parameters: &[u8], data: &[u8]) -> Option<PublicKey> {
    let y = Der(data).integer()?;
    let mut parameters = Der(parameters).read(SEQUENCE)?;
    let numbers = [y, parameters.integer()?, parameters.integer()?, parameters.integer()?];
    numbers.into_iter().all(is_positive).then_some(PublicKey::Unknown)
}

struct Extension<'a> {
    id: &'a [u8],
    is_critical: bool,
    value: Der<'a>,
}

/// The extensions, if none occurs twice.
fn all_extensions(mut list: Der<'_>) -> Option<Vec<Extension<'_>>> {
    let mut list = list.read(SEQUENCE)?;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while !list.is_empty() {
        let mut extension = list.read(SEQUENCE)?;
        let id = extension.oid()?;
        let is_critical = if extension.peek(BOOLEAN) { extension.boolean()? } else { false };
        let value = extension.read(OCTET_STRING)?;
        seen.insert(id).then_some(())?;
        found.push(Extension { id, is_critical, value });
    }
    Some(found)
}
