//! What a gateway trusts: CAs and revocation lists, and how they are used.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    bundle::{Bundle, ReadError},
    path::{CrlCheck, Settings},
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
        let Bundle { certificates, lists, has_trusted } = Bundle::read(text, |_| true)?;
        if has_trusted {
            return Err(ReadError::Trusted);
        }
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
        let Bundle { lists, .. } = Bundle::read(text, |_| true)?;
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
