//! What a gateway trusts: CAs and revocation lists, and how they are used.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    certificate::Certificate,
    crl::RevocationList,
    path::{CrlCheck, Settings},
    pem::{self, Block, Malformed},
    store::Store,
};
use crate::{FieldPath, Object, is_placeholder};

/// The CAs of a policy, with its CRLs.
#[derive(Clone, Debug)]
pub struct Authorities {
    store: Store,
    has_lists: bool,
    only_leaf: bool,
    depth: usize,
    ignores_time: bool,
}

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

impl Authorities {
    /// Reads a CA bundle. CRLs among the certificates count.
    ///
    /// Source: BoringSSL's `PEM_X509_INFO_read_bio`, and Envoy's
    /// `DefaultCertValidator::initializeSslContexts`.
    ///
    /// # Errors
    ///
    /// If Envoy rejects the text, or has a block that is not supported here.
    pub fn from_pem(text: &[u8]) -> Result<Self, ReadError> {
        let (certificates, lists) = read(text)?;
        if certificates.is_empty() {
            return Err(ReadError::Empty);
        }
        let has_lists = !lists.is_empty();
        let store = Store::new(certificates, lists);
        // The default of BoringSSL.
        Ok(Self { store, has_lists, only_leaf: false, depth: 100, ignores_time: false })
    }

    /// The CA of a Secret or `ConfigMap`, with its CRL, as istiod reads it; `None` if there is none.
    ///
    /// ```
    /// use istio_gateway::{Object, x509::Authorities};
    ///
    /// let secret = Object::from_yaml("{apiVersion: v1, kind: Secret, data: {tls.crt: MQ==}}")?;
    /// assert!(Authorities::from_object(&secret)?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Source: istiod's `ExtractRoot`.
    ///
    /// # Errors
    ///
    /// As of [`from_pem`](Self::from_pem), or if a value cannot be read.
    pub fn from_object(object: &Object) -> Result<Option<Self>, ReadError> {
        let is_config_map = match (object.api_version(), object.kind()) {
            ("v1", "Secret") => false,
            ("v1", "ConfigMap") => true,
            _ => return Ok(None),
        };
        for (ca, crl) in [("cacert", "crl"), ("ca.crt", "ca.crl")] {
            let value = |key| value(object, is_config_map, key);
            let Some(bundle) = value(ca)?.filter(|bundle| !bundle.is_empty()) else { continue };
            let authorities = Self::from_pem(&bundle)?;
            let list = value(crl)?.filter(|list| !list.is_empty());
            return match list {
                Some(list) => authorities.with_crls(&list).map(Some),
                None => Ok(Some(authorities)),
            };
        }
        Ok(None)
    }

    /// The same with the CRLs of a text, which may be none: then no certificate passes.
    ///
    /// # Errors
    ///
    /// As of [`from_pem`](Self::from_pem).
    pub fn with_crls(self, text: &[u8]) -> Result<Self, ReadError> {
        let (_, lists) = read(text)?;
        let certificates = self.store.certificates().to_vec();
        let lists = [self.store.lists(), &lists].concat();
        Ok(Self { store: Store::new(certificates, lists), has_lists: true, ..self })
    }

    /// `only_verify_leaf_cert_crl`: the revocation of intermediates does not count. istiod never sets it.
    #[must_use]
    pub fn verifying_only_leaf_crl(self) -> Self {
        Self { only_leaf: true, ..self }
    }

    /// `max_verify_depth`: the most certificates above the client's. istiod never sets it.
    #[must_use]
    pub fn with_max_verify_depth(self, depth: u32) -> Self {
        Self { depth: usize::try_from(depth).unwrap_or(usize::MAX).saturating_sub(1), ..self }
    }

    /// `allow_expired_certificate`. istiod never sets it.
    #[must_use]
    pub fn allowing_expired(self) -> Self {
        Self { ignores_time: true, ..self }
    }

    /// Whether revocation is checked.
    #[must_use]
    pub fn checks_crls(&self) -> bool {
        self.has_lists
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn settings(&self, at: i64) -> Settings {
        Settings {
            at,
            depth: self.depth,
            ignores_time: self.ignores_time,
            crl_check: match (self.has_lists, self.only_leaf) {
                (false, _) => CrlCheck::None,
                (true, true) => CrlCheck::Leaf,
                (true, false) => CrlCheck::All,
            },
        }
    }
}

/// The value of a key. That of `stringData` takes precedence.
fn value(object: &Object, is_config_map: bool, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
    let path = |field| FieldPath::root().key(field).key(key);
    let text = |value: &serde_json::Value| match value.as_str() {
        Some(text) if !is_placeholder(text) => Ok(text.to_owned()),
        _ => Err(ReadError::Value),
    };
    let given = |value: Option<serde_json::Value>| value.filter(|value| !value.is_null());
    let [plain, data] = match object.get_all(&[path("stringData"), path("data")]).as_mut_slice() {
        [plain, data] => [given(plain.take()), given(data.take())],
        _ => return Ok(None),
    };
    match (plain.filter(|_| !is_config_map), data) {
        (Some(plain), _) => text(&plain).map(|text| Some(text.into_bytes())),
        (None, Some(data)) if is_config_map => text(&data).map(|text| Some(text.into_bytes())),
        (None, Some(data)) => {
            let digits: String = text(&data)?.split_ascii_whitespace().collect();
            STANDARD.decode(digits).map(Some).map_err(|_| ReadError::Value)
        }
        (None, None) => Ok(None),
    }
}

fn read(text: &[u8]) -> Result<(Vec<Certificate>, Vec<RevocationList>), ReadError> {
    let (mut certificates, mut lists) = (Vec::new(), Vec::new());
    for (index, block) in pem::blocks(text).enumerate() {
        let Block { kind, bytes } = block?;
        let malformed = ReadError::Encoding { block: index + 1 };
        match kind {
            kind if is_certificate(kind) => {
                // Bytes behind a certificate are ignored.
                let mut rest = super::read::Reader(&bytes);
                let whole = rest.element().map_or(&*bytes, |element| element.whole);
                certificates.push(Certificate::parse(whole).ok_or(malformed)?);
            }
            b"X509 CRL" => lists.push(RevocationList::parse(&bytes).ok_or(malformed)?),
            b"TRUSTED CERTIFICATE" => return Err(ReadError::Trusted),
            _ => {}
        }
    }
    Ok((certificates, lists))
}
