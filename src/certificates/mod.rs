//! Certificates and private keys, accepted and rejected as Go's `crypto/tls` and `crypto/x509` do.
//!
//! The verdict is Go's, and so are the texts of `crypto/tls`. The texts of `crypto/x509`, which change
//! with each release of Go, are not copied: after `x509: ` stands which part of the certificate is
//! malformed (`x509/wording` in `tests/golden/known_differences.json`).
//!
//! The parsing is written here because no library gives Go's verdict: see "Gateway API" in DESIGN.md.
//! What Envoy accepts is in `x509`, which has the steps of BoringSSL.
//!
//! CI compares the verdicts with Go's on sound and on damaged pairs. One thing is not checked: that the
//! primes of an RSA key without its CRT values are primes.

mod curve;
mod der;
mod ed25519;
mod extensions;
mod key;
mod pem;
#[cfg(feature = "gateway-api")]
mod private_key;
#[cfg(feature = "gateway-api")]
mod rsa;
mod uri;
mod x509;

#[cfg(feature = "validate")]
pub(crate) use curve::Curve;
#[cfg(feature = "validate")]
pub(crate) use ed25519::public_key as ed25519_public_key;
#[cfg(feature = "validate")]
pub(crate) use key::oid;
pub(crate) use pem::base64;

use std::fmt;

#[cfg(feature = "gateway-api")]
use private_key::PrivateKey;

/// The part of a certificate that Go does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x509: malformed {}", self.0)
    }
}

/// Checks that Go can read the first block of a text as a certificate, or as several.
///
/// Source: istiod's `ValidateCertificate`, apart from the time.
///
/// # Errors
///
/// istiod's text, or [`Malformed`].
#[cfg(feature = "validate")]
pub(crate) fn check_certificates(text: &[u8]) -> Result<(), String> {
    let block = pem::blocks(text).next().ok_or("pem decode failed")?;
    let mut rest = der::Der(&block.bytes);
    while !rest.is_empty() {
        let one = rest.any_whole().ok_or_else(|| Malformed("certificate").to_string())?;
        x509::parse(one).map_err(|malformed| malformed.to_string())?;
    }
    Ok(())
}

/// Whether a bundle of CAs has a certificate that can be used.
///
/// Source: `CertPool.AppendCertsFromPEM`.
#[cfg(feature = "gateway-api")]
pub(crate) fn has_certificate(bundle: &[u8]) -> bool {
    pem::blocks(bundle).any(|block| {
        block.kind == b"CERTIFICATE" && !block.has_headers && x509::parse(&block.bytes).is_ok()
    })
}

/// Checks that a certificate can be used with a private key.
///
/// Source: `crypto/tls.X509KeyPair`.
///
/// # Errors
///
/// The text of `crypto/tls`, or [`Malformed`].
#[cfg(feature = "gateway-api")]
pub(crate) fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), String> {
    let certificate = first_certificate(certificate)?;
    let key = first_key(key)?;
    let public = x509::parse(&certificate).map_err(|malformed| malformed.to_string())?;
    PrivateKey::parse(&key)?.check_matches(&public.key).map_err(str::to_owned)
}

#[cfg(feature = "gateway-api")]
fn first_certificate(text: &[u8]) -> Result<Vec<u8>, String> {
    first_block(text, |kind| kind == b"CERTIFICATE").map_err(|skipped| match skipped.as_slice() {
        [] => "tls: failed to find any PEM data in certificate input".to_owned(),
        [kind] if kind.ends_with("PRIVATE KEY") => {
            "tls: failed to find certificate PEM data in certificate input, but did find a private \
             key; PEM inputs may have been switched"
                .to_owned()
        }
        kinds => format!(
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM \
             blocks of the following types: [{}]",
            kinds.join(" ")
        ),
    })
}

#[cfg(feature = "gateway-api")]
fn first_key(text: &[u8]) -> Result<Vec<u8>, String> {
    let is_key = |kind: &[u8]| kind == b"PRIVATE KEY" || kind.ends_with(b" PRIVATE KEY");
    first_block(text, is_key).map_err(|skipped| match skipped.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [kind] if kind == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        kinds => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after \
             skipping PEM blocks of the following types: [{}]",
            kinds.join(" ")
        ),
    })
}

/// The bytes of the first block of a wanted type, or the types of all blocks.
#[cfg(feature = "gateway-api")]
fn first_block(text: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Vec<String>> {
    let mut skipped = Vec::new();
    for block in pem::blocks(text) {
        if is_wanted(&block.kind) {
            return Ok(block.bytes);
        }
        skipped.push(String::from_utf8_lossy(&block.kind).into_owned());
    }
    Err(skipped)
}
