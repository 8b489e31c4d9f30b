//! The certificates and CRLs of a PEM text.

use std::fmt;

use super::{
    certificate::Certificate,
    crl::RevocationList,
    pem::{self, Block, Malformed},
    read::{Element, OCTET_STRING, Reader, SEQUENCE, UTF8_STRING, explicit},
};

/// Why Envoy does not read a PEM text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no certificate.
    Empty,
    /// A block that begins at this line is not PEM.
    Pem {
        /// The line, from 1.
        line: usize,
    },
    /// A certificate or a CRL cannot be read.
    Encoding {
        /// Its number in the text, from 1.
        block: usize,
    },
    /// A value of a Secret is not Base64, or is not known.
    Value,
    /// A `TRUSTED CERTIFICATE`, which OpenSSL's own format extends with purposes. Envoy reads it.
    Trusted,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no certificate"),
            Self::Pem { line } => write!(f, "malformed PEM at line {line}"),
            Self::Encoding { block } => write!(f, "block {block} is malformed"),
            Self::Value => f.write_str("a value that is not Base64, or a placeholder"),
            Self::Trusted => f.write_str("a TRUSTED CERTIFICATE, which is not supported"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<Malformed> for ReadError {
    fn from(malformed: Malformed) -> Self {
        Self::Pem { line: malformed.line }
    }
}

/// Whether a type of PEM block is that of certificates.
pub(super) fn is_certificate(kind: &[u8]) -> bool {
    matches!(kind, b"CERTIFICATE" | b"X509 CERTIFICATE")
}

/// The certificates and CRLs of a text.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub(super) certificates: Vec<Certificate>,
    pub(super) lists: Vec<RevocationList>,
    /// Whether one of the certificates is a `TRUSTED CERTIFICATE`.
    pub(super) has_trusted: bool,
}

impl Bundle {
    /// Reads a text in which nothing is malformed. `check` judges the blocks of other types.
    ///
    /// Source: BoringSSL's `PEM_X509_INFO_read_bio`.
    pub(super) fn read(text: &[u8], check: impl Fn(&Block) -> bool) -> Result<Self, ReadError> {
        let mut bundle = Self::default();
        for (index, block) in pem::blocks(text).enumerate() {
            let block = block?;
            let malformed = ReadError::Encoding { block: index + 1 };
            let is_trusted = block.kind == b"TRUSTED CERTIFICATE";
            if is_certificate(&block.kind) || is_trusted {
                bundle.has_trusted |= is_trusted;
                bundle.certificates.push(certificate(&block, is_trusted).ok_or(malformed)?);
            } else if block.kind == b"X509 CRL" {
                let list = RevocationList::parse(&block.bytes).filter(|_| block.is_plain());
                bundle.lists.push(list.ok_or(malformed)?);
            } else if !check(&block) {
                return Err(malformed);
            }
        }
        Ok(bundle)
    }
}

/// The certificate of a block. What follows it is ignored, unless it may be OpenSSL's own settings.
///
/// Source: BoringSSL's `d2i_X509` and `d2i_X509_AUX`.
pub(super) fn certificate(block: &Block, has_settings: bool) -> Option<Certificate> {
    let mut rest = Reader(&block.bytes);
    let der = rest.element()?.whole;
    let is_valid = block.is_plain() && (!has_settings || rest.is_empty() || is_settings(rest));
    is_valid.then(|| Certificate::parse(der)).flatten()
}

/// Whether these bytes begin with OpenSSL's own settings of a trusted certificate.
///
/// Source: BoringSSL's `X509_CERT_AUX`.
fn is_settings(mut der: Reader<'_>) -> bool {
    let mut read = || {
        let mut settings = der.read(SEQUENCE)?;
        for tag in [SEQUENCE, explicit(0)] {
            let list = settings.optional(tag)?.unwrap_or(Reader(&[]));
            list.all(|der| der.oid().map(|_| ()))?;
        }
        for tag in [UTF8_STRING, OCTET_STRING] {
            if settings.peek(tag) {
                settings.element().filter(Element::is_valid)?;
            }
        }
        settings.is_empty().then_some(())
    };
    read().is_some()
}
