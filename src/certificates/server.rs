//! The validation of a server's certificate, and of a CA.

use super::{der::Der, first_certificate, first_key, key::PrivateKey, pem, x509};

/// A server's certificate whose private key belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct ServerCertificate {
    /// The first and the last second at which it is valid, since 1970.
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
        // The types of the blocks are the Secret's content.
        let without_types =
            |text: String| text.split(" after skipping").next().unwrap_or_default().to_owned();
        let first = first_certificate(certificate)
            .map_err(|text| PairProblem::Certificate(without_types(text)))?;
        let leaf = x509::parse(&first)
            .map_err(|malformed| PairProblem::Certificate(malformed.to_string()))?;
        let text = key;
        let key = first_key(text).map_err(|text| PairProblem::Key(without_types(text)))?;
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
        Ok(Self { validity: leaf.validity, dns_names: leaf.dns_names })
    }
}

/// The CAs that verify client certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CaBundle {
    /// Whether there is a CA's certificate.
    pub(crate) has_ca: bool,
    /// The last second at which one of the certificates is valid, since 1970.
    pub(crate) last: i64,
}

impl CaBundle {
    /// Reads a bundle; `None` if it has no certificate that can be read.
    pub(crate) fn read(bundle: &[u8]) -> Option<Self> {
        let all = certificates(bundle)
            .map(|certificate| Self { has_ca: certificate.is_ca, last: certificate.validity.1 });
        all.reduce(|all, one| Self {
            has_ca: all.has_ca || one.has_ca,
            last: all.last.max(one.last),
        })
    }
}

/// The certificates of a text that can be read.
fn certificates(text: &[u8]) -> impl Iterator<Item = x509::Certificate> + '_ {
    let blocks = pem::blocks(text).filter(|block| block.kind == b"CERTIFICATE");
    blocks.filter_map(|block| x509::parse(&block.bytes).ok())
}
