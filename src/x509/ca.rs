//! The CAs of client certificates, with their CRLs, as Envoy loads them.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
    sync::OnceLock,
};

use super::{
    bundle::{Bundle, ReadError},
    certificate::{Certificate, Facts, usage},
    crl::RevocationList,
    keys::PrivateKey,
    pem::Block,
};

/// The most pairs of a CA and a CRL of the same name.
const MOST_PAIRS: usize = 1 << 18;

/// CAs that Envoy loads.
#[derive(Clone, Debug)]
pub(crate) struct CaBundle {
    /// The same number for the same certificates and CRLs in the same order. Nobody knows its key, so that nobody
    /// can make two different bundles with one number.
    pub(crate) content: u64,
    /// Whether there is a CA's certificate.
    pub(crate) has_ca: bool,
    /// The last second at which one of the certificates is valid, since 1970; `None` if one is valid for ever.
    pub(crate) last: Option<i64>,
    /// The CAs, if there is a CRL of any: then each needs one.
    revocation: Option<Vec<CaWithCrls>>,
}

/// A CA, and its CRLs.
#[derive(Clone, Debug)]
struct CaWithCrls {
    subject: String,
    has_issuer: bool,
    allows_crls: bool,
    lists: Vec<Validity>,
}

/// The first second at which a CRL is valid, since 1970, and the first one after it.
type Validity = (i64, i64);

/// Why Envoy does not load a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadProblem {
    Ca(ReadError),
    Crl(ReadError),
}

/// Why Envoy rejects each certificate below a CA, since there are CRLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CrlProblem {
    /// There is none of this CA that Envoy uses.
    Missing,
    /// The issuer of this CA is not there, so that its own CRL is not verified.
    NoIssuer,
    /// The CA's key usage does not include `cRLSign`.
    NotAllowed,
    /// When it expired, the latest of several.
    Expired(i64),
    /// When it becomes valid, the earliest of several.
    NotValidYet(i64),
}

impl CaBundle {
    /// Reads a bundle, and the CRLs that stand apart from it.
    ///
    /// Source: Envoy's `DefaultCertValidator::initializeSslContexts`.
    pub(crate) fn read(text: &[u8], crls: Option<&[u8]>) -> Result<Self, LoadProblem> {
        let Bundle { certificates, mut lists, .. } =
            Bundle::read(text, is_readable).map_err(LoadProblem::Ca)?;
        if certificates.is_empty() {
            return Err(LoadProblem::Ca(ReadError::Empty));
        }
        let mut has_lists = !lists.is_empty();
        // Envoy treats an empty value like none.
        if let Some(crls) = crls.filter(|crls| !crls.is_empty()) {
            lists.extend(Bundle::read(crls, is_readable).map_err(LoadProblem::Crl)?.lists);
            has_lists = true;
        }
        static HASHER: OnceLock<RandomState> = OnceLock::new();
        let of_lists: Vec<&[u8]> = lists.iter().map(|list| &*list.der).collect();
        let of_certificates: Vec<&[u8]> = certificates.iter().map(|of| &*of.der).collect();
        let mut ends = certificates.iter().map(|certificate| certificate.not_after.seconds);
        Ok(Self {
            content: HASHER.get_or_init(RandomState::new).hash_one((
                of_certificates,
                of_lists,
                has_lists,
            )),
            has_ca: certificates.iter().any(is_ca),
            last: ends.try_fold(i64::MIN, |last, end| Some(last.max(end?))),
            revocation: has_lists.then(|| revocation(&certificates, &lists)).flatten(),
        })
    }

    /// The CAs below which Envoy rejects each certificate at this second, by their subjects.
    pub(crate) fn crl_problems(&self, at: Option<i64>) -> Vec<(CrlProblem, &str)> {
        let cas = self.revocation.as_deref().unwrap_or_default();
        let problems =
            cas.iter().filter_map(|ca| ca.problem(at).map(|problem| (problem, &*ca.subject)));
        problems.collect()
    }

    /// The first of the CRLs to expire after this second, of those that no later one replaces: its CA, and when it
    /// expires.
    pub(crate) fn next_to_expire(&self, at: i64) -> Option<(&str, i64)> {
        let cas = self.revocation.as_deref().unwrap_or_default();
        let ends = cas.iter().filter_map(|ca| {
            let valid = ca.lists.iter().filter(|(first, end)| *first <= at && at < *end);
            valid.map(|(_, end)| *end).max().map(|end| (ca.subject.as_str(), end))
        });
        ends.filter(|(_, end)| *end < i64::MAX).min_by_key(|(_, end)| *end)
    }
}

fn is_ca(certificate: &Certificate) -> bool {
    certificate.facts.as_ref().is_some_and(Facts::is_ca)
}

/// The CAs with their CRLs. `None` if there are too many of one name to compare them.
fn revocation(certificates: &[Certificate], lists: &[RevocationList]) -> Option<Vec<CaWithCrls>> {
    let by_issuer = by_issuer(lists);
    let subjects = certificates.iter().map(|of| &*of.subject.canonical).collect();
    let (mut seen, mut found, mut left) = (HashSet::new(), Vec::new(), MOST_PAIRS);
    for ca in certificates.iter().filter(|of| is_ca(of) && seen.insert(&*of.der)) {
        let own = by_issuer.get(&*ca.subject.canonical).map_or(&[][..], Vec::as_slice);
        left = left.checked_sub(own.len())?;
        found.push(CaWithCrls::new(ca, &subjects, own));
    }
    Some(found)
}

/// The CRLs that Envoy uses, by the canonical name of their issuer, each once.
fn by_issuer(lists: &[RevocationList]) -> HashMap<&[u8], Vec<&RevocationList>> {
    let mut by_issuer = HashMap::<_, Vec<_>>::new();
    let mut seen = HashSet::new();
    let is_usable =
        |list: &&RevocationList| list.scope.is_supported() && !list.has_unknown_critical;
    for list in lists.iter().filter(is_usable).filter(|list| seen.insert(&*list.der)) {
        by_issuer.entry(&*list.issuer.canonical).or_default().push(list);
    }
    by_issuer
}

impl CaWithCrls {
    fn new(ca: &Certificate, subjects: &HashSet<&[u8]>, lists: &[&RevocationList]) -> Self {
        let own = lists.iter().filter(|list| ca.is_named_by(list.authority_key.as_ref()));
        Self {
            subject: ca.subject.to_string(),
            has_issuer: subjects.contains(&*ca.issuer.canonical),
            allows_crls: ca.facts.as_ref().is_some_and(|facts| facts.allows(usage::CRL_SIGN)),
            lists: own.map(|list| list.validity()).collect(),
        }
    }

    fn problem(&self, at: Option<i64>) -> Option<CrlProblem> {
        if self.lists.is_empty() {
            return Some(CrlProblem::Missing);
        }
        if !self.has_issuer {
            return Some(CrlProblem::NoIssuer);
        }
        if !self.allows_crls {
            return Some(CrlProblem::NotAllowed);
        }
        let at = at?;
        if self.lists.iter().any(|(first, end)| *first <= at && at < *end) {
            return None;
        }
        let expired = self.lists.iter().filter(|(_, end)| *end <= at).map(|(_, end)| *end).max();
        let later = self.lists.iter().map(|(first, _)| *first).filter(|first| *first > at).min();
        match (expired, later) {
            (Some(end), _) => Some(CrlProblem::Expired(end)),
            (None, first) => first.map(CrlProblem::NotValidYet),
        }
    }
}

/// Whether Envoy reads a block that is neither a certificate nor a CRL.
///
/// Source: BoringSSL's `PEM_X509_INFO_read_bio`: private keys are read, other types are ignored.
fn is_readable(block: &Block) -> bool {
    let is_key =
        matches!(&*block.kind, b"RSA PRIVATE KEY" | b"EC PRIVATE KEY" | b"DSA PRIVATE KEY");
    // With a longer header the key is taken for an encrypted one.
    !is_key || block.header_len() > 10 || block.is_plain() && PrivateKey::read(block).is_ok()
}
