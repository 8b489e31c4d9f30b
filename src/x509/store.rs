//! The CAs of a validation context, in the order in which BoringSSL finds them.

use std::collections::{BTreeSet, HashMap};

use super::{certificate::Certificate, crl::RevocationList};

/// Trusted certificates, and revocation lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    certificates: Vec<Certificate>,
    lists: Vec<RevocationList>,
    /// The certificates with a subject, in BoringSSL's order.
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
}

/// What a store sorts its objects by: certificates first, then the length of the name, then the name.
type Key<'a> = (bool, usize, &'a [u8]);

impl Store {
    pub(super) fn new(certificates: Vec<Certificate>, lists: Vec<RevocationList>) -> Self {
        let mut store = Self { certificates, lists, by_subject: HashMap::new() };
        let mut seen = BTreeSet::new();
        store.certificates.retain(|certificate| seen.insert(certificate.der.clone()));
        let mut seen = BTreeSet::new();
        store.lists.retain(|list| seen.insert(list.der.clone()));
        for index in store.order() {
            if let Some(certificate) = store.certificates.get(index) {
                let subject = certificate.subject.canonical.clone();
                store.by_subject.entry(subject).or_default().push(index);
            }
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

    /// The certificates as BoringSSL orders them. Only the order of those with the same name matters.
    fn order(&self) -> Vec<usize> {
        let certificates = self.certificates.iter().map(|certificate| &certificate.subject);
        let lists = self.lists.iter().map(|list| &list.issuer);
        let names = certificates.map(|name| (false, name)).chain(lists.map(|name| (true, name)));
        let keys: Vec<Key<'_>> =
            names.map(|(kind, name)| (kind, name.canonical.len(), &*name.canonical)).collect();
        let all: BTreeSet<Key<'_>> = keys.iter().copied().collect();
        if all.len() == keys.len() {
            return (0..self.certificates.len()).collect();
        }
        let ranks: HashMap<Key<'_>, usize> =
            all.into_iter().enumerate().map(|(rank, key)| (key, rank)).collect();
        let ranks: Vec<usize> = keys.iter().filter_map(|key| ranks.get(key).copied()).collect();
        // Each new object is added behind the sorted ones.
        let mut sorted = Vec::new();
        for index in 0..ranks.len() {
            heap_sort(&mut sorted, &ranks);
            sorted.push(index);
        }
        heap_sort(&mut sorted, &ranks);
        sorted.retain(|index| *index < self.certificates.len());
        sorted
    }
}

/// Sorts as BoringSSL's `OPENSSL_sk_sort`, which does not keep the order of equal elements.
fn heap_sort(items: &mut [usize], ranks: &[usize]) {
    for start in (0..items.len() / 2).rev() {
        sift_down(items, start, ranks);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        if let Some(heap) = items.get_mut(..end) {
            sift_down(heap, 0, ranks);
        }
    }
}

fn sift_down(heap: &mut [usize], mut at: usize, ranks: &[usize]) {
    let rank = |heap: &[usize], at: usize| heap.get(at).and_then(|item| ranks.get(*item)).copied();
    loop {
        let mut next = at;
        for child in [2 * at + 1, 2 * at + 2] {
            if child < heap.len() && rank(heap, next) < rank(heap, child) {
                next = child;
            }
        }
        if next == at {
            return;
        }
        heap.swap(at, next);
        at = next;
    }
}
