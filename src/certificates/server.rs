//! The validation of a server's certificate, and of a CA.

use super::{der::Der, first_certificate, first_key, key::PrivateKey, pem, x509};

/// A server's certificate whose private key belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct ServerCertificate {
    /// The first and the last second at which all certificates of the chain are valid, since 1970.
    pub(crate) validity: (i64, i64),
    /// The DNS names among its subject alternative names.
    pub(crate) dns_names: Vec<String>,
}

/// Why a server's certificate cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PairProblem {
    /// The certificate cannot be read. Envoy accepts some malformed extensions.
    Certificate(String),
    /// The key cannot be read, or belongs to another certificate.
    Key(String),
    /// Envoy does not support the kind or the size of the key.
    Unsupported(&'static str),
}

/// The types of PEM blocks in which Envoy reads a private key.
const KEY_TYPES: [&[u8]; 3] = [b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY"];

impl ServerCertificate {
    /// Reads a certificate with its chain, and a private key.
    ///
    /// Source: `crypto/tls.X509KeyPair`, and Envoy's `ContextImpl` for the size of keys.
    pub(crate) fn read(certificate: &[u8], key: &[u8]) -> Result<Self, PairProblem> {
        let first = first_certificate(certificate).map_err(PairProblem::Certificate)?;
        let leaf = x509::parse(&first)
            .map_err(|malformed| PairProblem::Certificate(malformed.to_string()))?;
        let text = key;
        let key = first_key(text).map_err(PairProblem::Key)?;
        let is_plain = |block: &pem::Block| KEY_TYPES.contains(&&*block.kind) && !block.has_headers;
        let is_key = |block: &pem::Block| block.kind.ends_with(b"PRIVATE KEY");
        let is_certificate = |block: &pem::Block| block.kind == b"CERTIFICATE";
        if !pem::blocks(text).find(is_key).is_some_and(|block| is_plain(&block))
            || pem::blocks(certificate).find(is_certificate).is_some_and(|block| block.has_headers)
        {
            return Err(PairProblem::Unsupported(
                "encrypted keys, and PEM with headers, are not supported",
            ));
        }
        // Envoy ignores bytes behind a key; Go rejects them behind an RSA key.
        let key = Der(&key).any_whole().unwrap_or(&key);
        let matches = PrivateKey::parse(key).and_then(|key| key.check_matches(&leaf.key));
        matches.map_err(|text| PairProblem::Key(text.to_owned()))?;
        if let Some(reason) = leaf.key.unsupported() {
            return Err(PairProblem::Unsupported(reason));
        }
        let validity = certificates(certificate)
            .map(|certificate| certificate.validity)
            .fold(leaf.validity, |all, one| (all.0.max(one.0), all.1.min(one.1)));
        Ok(Self { validity, dns_names: leaf.dns_names })
    }
}

/// Whether a bundle has a CA's certificate; `None` if it has no certificate.
pub(crate) fn is_any_ca(bundle: &[u8]) -> Option<bool> {
    certificates(bundle).map(|certificate| certificate.is_ca).reduce(|any, one| any | one)
}

/// The certificates of a text that can be read.
fn certificates(text: &[u8]) -> impl Iterator<Item = x509::Certificate> + '_ {
    let blocks = pem::blocks(text).filter(|block| block.kind == b"CERTIFICATE");
    blocks.filter_map(|block| x509::parse(&block.bytes).ok())
}
