//! The verification of a chain, in the steps of BoringSSL's `X509_verify_cert`, with the settings of
//! Envoy's `DefaultCertValidator`.

use super::{
    certificate::Certificate, policies, problem::Problem, revocation, signature::NotVerified,
    store::Store,
};
/// Why a chain is rejected, or not known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// At which certificate: 0 is the leaf.
    Found(Problem, usize),
    NotVerified,
}

impl From<NotVerified> for Failure {
    fn from(_: NotVerified) -> Self {
        Self::NotVerified
    }
}

/// The settings of a verification.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Seconds since 1970.
    pub(super) at: i64,
    /// The most certificates between the leaf and the trusted one.
    pub(super) depth: usize,
    /// Whether certificates may have expired.
    pub(super) ignores_time: bool,
    pub(super) crl_check: CrlCheck,
}

/// Of which certificates the revocation is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CrlCheck {
    None,
    Leaf,
    All,
}

/// A chain from the leaf to a trusted certificate.
#[derive(Clone, Debug)]
pub(super) struct Path<'a> {
    pub(super) chain: Vec<&'a Certificate>,
    /// The number of certificates that are not from the store.
    untrusted: usize,
}

/// The certificates that were looked at, and why they are rejected.
pub(super) struct Verified<'a> {
    pub(super) chain: Vec<&'a Certificate>,
    pub(super) result: Result<(), Failure>,
}

/// Verifies the first certificate; the others are those that the client sends.
pub(super) fn verify<'a>(
    sent: &[&'a Certificate],
    store: &'a Store,
    settings: &Settings,
) -> Verified<'a> {
    let mut path = Path { chain: Vec::new(), untrusted: 0 };
    let result = path.build(sent, store, settings).and_then(|()| path.check(store, settings));
    Verified { chain: path.chain, result }
}

const fn found<T>(problem: Problem, depth: usize) -> Result<T, Failure> {
    Err(Failure::Found(problem, depth))
}

impl<'a> Path<'a> {
    fn build(
        &mut self,
        sent: &[&'a Certificate],
        store: &'a Store,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let is_self_signed = |certificate: &Certificate| match &certificate.facts {
            Some(facts) => Ok(facts.is_self_signed),
            None => found(Problem::InvalidExtension, 0),
        };
        let Some((&leaf, _)) = sent.split_first() else {
            return found(Problem::Unspecified, 0);
        };
        let longest = settings.depth.saturating_add(2);
        let mut unused = sent.to_vec();
        let mut last = leaf;
        self.chain.push(leaf);
        while self.chain.len() < longest {
            if is_self_signed(last)? || store.issuer(last).is_some() {
                break;
            }
            let Some(next) = unused.iter().position(|other| other.issues(last)) else { break };
            last = unused.remove(next);
            self.chain.push(last);
        }
        self.untrusted = self.chain.len();

        let mut removed = None;
        if is_self_signed(last)? {
            if self.chain.len() == 1 {
                let issuer = store.issuer(last).filter(|issuer| issuer.der == last.der);
                let Some(issuer) = issuer else { return found(Problem::SelfSigned, 0) };
                self.chain = vec![issuer];
                (self.untrusted, last) = (0, issuer);
            } else {
                removed = self.chain.pop();
                self.untrusted -= 1;
                last = self.chain.last().copied().unwrap_or(leaf);
            }
        }
        while self.chain.len() < longest && !is_self_signed(last)? {
            let Some(issuer) = store.issuer(last) else { break };
            last = issuer;
            self.chain.push(issuer);
        }
        if self.untrusted < self.chain.len() {
            return Ok(());
        }
        // A trusted certificate need not be a CA's.
        if let Some(same) = self.chain.first().and_then(|leaf| store.same(leaf)) {
            if let Some(first) = self.chain.first_mut() {
                *first = same;
            }
            self.untrusted = 0;
            return Ok(());
        }
        if let Some(removed) = removed.filter(|removed| removed.issues(last)) {
            self.chain.push(removed);
            return found(Problem::SelfSignedInChain, self.chain.len() - 1);
        }
        found(Problem::UnableToGetIssuerLocally, self.chain.len() - 1)
    }

    fn check(&self, store: &Store, settings: &Settings) -> Result<(), Failure> {
        self.check_extensions()?;
        let last = match settings.crl_check {
            CrlCheck::None => 0,
            CrlCheck::Leaf => 1,
            CrlCheck::All => self.chain.len(),
        };
        for depth in 0..last {
            revocation::check(&self.chain, depth, store.lists(), settings)?;
        }
        self.check_signatures(settings)?;
        self.check_names()?;
        policies::check(&self.chain).or_else(|problem| found(problem, 0))
    }

    /// Source: BoringSSL's `check_chain_extensions`.
    fn check_extensions(&self) -> Result<(), Failure> {
        let mut length = 0;
        for (depth, certificate) in self.chain.iter().take(self.untrusted).enumerate() {
            let Some(facts) = &certificate.facts else {
                return found(Problem::InvalidExtension, depth);
            };
            let must_be_ca = depth > 0;
            if facts.has_unknown_critical {
                return found(Problem::UnhandledCriticalExtension, depth);
            }
            if must_be_ca && !facts.is_ca() {
                return found(Problem::InvalidCa, depth);
            }
            if !facts.is_for_clients(must_be_ca) {
                return found(Problem::InvalidPurpose, depth);
            }
            if depth > 1 && facts.path_length.is_some_and(|most| length > most + 1) {
                return found(Problem::PathLengthExceeded, depth);
            }
            if depth == 0 || !facts.is_self_issued {
                length += 1;
            }
        }
        Ok(())
    }

    /// Source: BoringSSL's `internal_verify`.
    fn check_signatures(&self, settings: &Settings) -> Result<(), Failure> {
        let mut issuer: Option<&Certificate> = None;
        for (depth, certificate) in self.chain.iter().enumerate().rev() {
            if let Some(issuer) = issuer {
                let Some(key) = &issuer.key else {
                    return found(Problem::UndecodableIssuerKey, depth);
                };
                if !certificate.signature.verify(&certificate.signed, key)? {
                    return found(Problem::SignatureFailure, depth);
                }
            }
            if !settings.ignores_time {
                check_time(certificate, settings.at).or_else(|problem| found(problem, depth))?;
            }
            issuer = Some(certificate);
        }
        Ok(())
    }

    /// Source: BoringSSL's `check_name_constraints`.
    fn check_names(&self) -> Result<(), Failure> {
        let constraints = |certificate: &'a Certificate| {
            certificate.facts.as_ref().and_then(|facts| facts.name_constraints.as_ref())
        };
        let is_self_issued = |certificate: &Certificate| {
            certificate.facts.as_ref().is_some_and(|facts| facts.is_self_issued)
        };
        let mut has_any = false;
        for (depth, certificate) in self.chain.iter().enumerate().rev() {
            if depth > 0 && is_self_issued(certificate) {
                continue;
            }
            for above in self.chain.iter().skip(depth + 1).rev() {
                if let Some(constraints) = constraints(above) {
                    has_any = true;
                    constraints.check(certificate).or_else(|problem| found(problem, depth))?;
                }
            }
        }
        let Some(leaf) = self.chain.first() else { return Ok(()) };
        let has_names = leaf.facts.as_ref().is_some_and(|facts| facts.alternative_names.is_some());
        if has_any && !has_names && leaf.subject.common_names().any(|name| looks_like_dns(&name)) {
            return found(Problem::ConstraintsWithoutNames, 0);
        }
        Ok(())
    }
}

fn check_time(certificate: &Certificate, at: i64) -> Result<(), Problem> {
    match certificate.not_before.seconds {
        None => return Err(Problem::NotBeforeFormat),
        Some(first) if first > at => return Err(Problem::NotYetValid),
        Some(_) => {}
    }
    match certificate.not_after.seconds {
        None => Err(Problem::NotAfterFormat),
        Some(last) if last <= at => Err(Problem::Expired),
        Some(_) => Ok(()),
    }
}

/// Whether a common name may be a host.
///
/// Source: BoringSSL's `x509v3_looks_like_dns_name`.
fn looks_like_dns(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut labels = name.split('.');
    !name.is_empty()
        && labels.all(|label| {
            let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
            !label.is_empty() && !label.starts_with('-') && label.bytes().all(is_allowed)
        })
}
