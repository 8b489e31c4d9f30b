//! The CAs of a validation context, in the order in which BoringSSL finds them.

use std::collections::{HashMap, HashSet};

use super::{certificate::Certificate, crl::RevocationList};

/// Trusted certificates, and revocation lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    certificates: Vec<Certificate>,
    lists: Vec<RevocationList>,
    /// The certificates with a subject, in their order.
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
}

impl Store {
    pub(super) fn new(certificates: Vec<Certificate>, lists: Vec<RevocationList>) -> Self {
        let mut store = Self { certificates, lists, by_subject: HashMap::new() };
        let mut seen = HashSet::new();
        store.certificates.retain(|certificate| seen.insert(certificate.der.clone()));
        let mut seen = HashSet::new();
        store.lists.retain(|list| seen.insert(list.der.clone()));
        for (index, certificate) in store.certificates.iter().enumerate() {
            let subject = certificate.subject.canonical.clone();
            store.by_subject.entry(subject).or_default().push(index);
        }
        store
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(super) fn lists(&self) -> &[RevocationList] {
        &self.lists
    }

    fn with_subject(&self, subject: &[u8]) -> impl Iterator<Item = &Certificate> {
        let found = self.by_subject.get(subject).into_iter().flatten();
        found.filter_map(|index| self.certificates.get(*index))
    }

    /// The certificate that may have issued another.
    ///
    /// Source: BoringSSL's `X509_STORE_CTX_get1_issuer`.
    pub(super) fn issuer(&self, certificate: &Certificate) -> Option<&Certificate> {
        self.with_subject(&certificate.issuer.canonical).find(|issuer| issuer.issues(certificate))
    }

    /// The same certificate.
    pub(super) fn same(&self, certificate: &Certificate) -> Option<&Certificate> {
        self.with_subject(&certificate.subject.canonical).find(|other| other.der == certificate.der)
    }
}
