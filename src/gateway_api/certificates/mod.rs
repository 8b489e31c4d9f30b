//! Certificates and keys, as Go's `crypto/tls` and `crypto/x509` take and refuse them.
//!
//! Istio tells of a bad certificate in Go's words, and each of them names the step at which Go stops.
//! No parser stops at the same steps, so the steps are Go's, taken here one after the other; what is
//! cryptography (points, public keys of private ones) is left to crates. CI compares texts and
//! verdicts with Go's on whole and on damaged pairs.
//!
//! What differs: of a P-224 key, which Envoy refuses anyway, it is not checked that it is sound; of
//! an RSA key without its CRT values, that its primes are primes.

mod der;
mod extensions;
mod key;
mod pem;
mod rsa;
mod uri;
mod x509;

pub(super) use pem::base64;

use key::PrivateKey;

use crate::validate::go::Quote;

/// Whether a bundle of CAs has a certificate in it that can be read.
///
/// Source: `CertPool.AppendCertsFromPEM`.
pub(super) fn has_certificate(bundle: &[u8]) -> bool {
    pem::blocks(bundle).any(|block| {
        block.kind == b"CERTIFICATE" && !block.has_headers && x509::parse(&block.bytes).is_ok()
    })
}

/// Why a certificate and a key are no pair, in Go's words.
///
/// Source: `crypto/tls.X509KeyPair`.
pub(super) fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), String> {
    let certificate = first_certificate(certificate)?;
    let key = first_key(key)?;
    let public = x509::parse(&certificate)?;
    let private = PrivateKey::parse(&key)?;
    private.check_matches(&public)
}

fn first_certificate(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut skipped = Vec::new();
    for block in pem::blocks(text) {
        if block.kind == b"CERTIFICATE" {
            return Ok(block.bytes);
        }
        skipped.push(block.kind);
    }
    Err(match skipped.as_slice() {
        [] => "tls: failed to find any PEM data in certificate input".to_owned(),
        [kind] if kind.ends_with(b"PRIVATE KEY") => {
            "tls: failed to find certificate PEM data in certificate input, but did find a private \
             key; PEM inputs may have been switched"
                .to_owned()
        }
        kinds => format!(
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM \
             blocks of the following types: {}",
            listed(kinds)
        ),
    })
}

fn first_key(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut skipped = Vec::new();
    for block in pem::blocks(text) {
        if block.kind == b"PRIVATE KEY" || block.kind.ends_with(b" PRIVATE KEY") {
            return Ok(block.bytes);
        }
        skipped.push(block.kind);
    }
    Err(match skipped.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [kind] if kind == b"CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        kinds => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after \
             skipping PEM blocks of the following types: {}",
            listed(kinds)
        ),
    })
}

/// A list of texts, as Go prints one. It may be very long where the input is.
fn listed(kinds: &[Vec<u8>]) -> String {
    let kinds: Vec<_> = kinds.iter().map(|kind| String::from_utf8_lossy(kind)).collect();
    format!("[{}]", kinds.join(" "))
}

/// A text in quotes, as Go's `%q` has it. The bytes are ASCII.
fn quoted(text: &[u8]) -> String {
    Quote(&String::from_utf8_lossy(text)).to_string()
}
