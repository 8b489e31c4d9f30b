//! Whether a certificate of a chain is revoked.

use super::{
    certificate::{Certificate, usage},
    crl::RevocationList,
    path::{Failure, Settings},
    problem::Problem,
};

const NO_CRITICAL: u16 = 0x100;
const SCOPE: u16 = 0x080;
const TIME: u16 = 0x040;
const ISSUER_NAME: u16 = 0x020;
const ISSUER_CERTIFICATE: u16 = 0x018;
const SAME_PATH: u16 = 0x008;
const AUTHORITY_KEY: u16 = 0x004;

/// A list that may be about a certificate.
struct Candidate<'a> {
    list: &'a RevocationList,
    issuer: &'a Certificate,
    score: u16,
}

/// Source: BoringSSL's `check_cert`.
pub(super) fn check(
    chain: &[&Certificate],
    depth: usize,
    lists: &[RevocationList],
    settings: &Settings,
) -> Result<(), Failure> {
    let found = |problem| Failure::Found(problem, depth);
    let Some(certificate) = chain.get(depth) else { return Ok(()) };
    let Some(Candidate { list, issuer, score }) = best(chain, depth, lists, settings) else {
        return Err(found(Problem::UnableToGetCrl));
    };
    if !issuer.facts.as_ref().is_some_and(|facts| facts.allows(usage::CRL_SIGN)) {
        return Err(found(Problem::NoCrlSign));
    }
    if score & SCOPE == 0 {
        return Err(found(Problem::DifferentCrlScope));
    }
    if score & TIME == 0 {
        list.check_time(settings.at).map_err(found)?;
    }
    let Some(key) = &issuer.key else { return Err(found(Problem::UndecodableIssuerKey)) };
    if !list.signature.verify(&list.signed, key)? {
        return Err(found(Problem::CrlSignatureFailure));
    }
    if list.has_unknown_critical {
        return Err(found(Problem::UnhandledCriticalCrlExtension));
    }
    if list.revokes(certificate) { Err(found(Problem::Revoked)) } else { Ok(()) }
}

/// The list that suits a certificate best; among equals the newest.
///
/// Source: BoringSSL's `get_crl_sk`.
fn best<'a>(
    chain: &[&'a Certificate],
    depth: usize,
    lists: &'a [RevocationList],
    settings: &Settings,
) -> Option<Candidate<'a>> {
    let mut best: Option<Candidate<'a>> = None;
    for list in lists {
        let Some(candidate) = candidate(chain, depth, list, settings) else { continue };
        let is_better = best.as_ref().is_none_or(|best| {
            let is_newer = candidate.list.last_update.seconds > best.list.last_update.seconds;
            candidate.score > best.score || candidate.score == best.score && is_newer
        });
        if is_better {
            best = Some(candidate);
        }
    }
    best
}

/// Source: BoringSSL's `get_crl_score` and `crl_akid_check`.
fn candidate<'a>(
    chain: &[&'a Certificate],
    depth: usize,
    list: &'a RevocationList,
    settings: &Settings,
) -> Option<Candidate<'a>> {
    let certificate = chain.get(depth)?;
    let is_issuer = certificate.issuer.canonical == list.issuer.canonical;
    if !list.scope.is_supported() || !is_issuer {
        return None;
    }
    let mut score = ISSUER_NAME;
    if !list.has_unknown_critical {
        score |= NO_CRITICAL;
    }
    if settings.ignores_time || list.check_time(settings.at).is_ok() {
        score |= TIME;
    }
    let above = (depth + 1).min(chain.len() - 1);
    let key = list.authority_key.as_ref();
    let next = chain.get(above).filter(|issuer| issuer.is_named_by(key));
    let issuer = match next {
        Some(issuer) => {
            score |= AUTHORITY_KEY | ISSUER_CERTIFICATE;
            issuer
        }
        None => {
            score |= AUTHORITY_KEY | SAME_PATH;
            chain.iter().skip(above + 1).find(|issuer| {
                issuer.subject.canonical == list.issuer.canonical && issuer.is_named_by(key)
            })?
        }
    };
    if list.scope.covers(certificate) {
        score |= SCOPE;
    }
    Some(Candidate { list, issuer, score })
}
