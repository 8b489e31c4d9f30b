//! What Envoy's validator finds in a certificate.

use super::{
    Admission, ClientCertificate, CrlState, Decision, Encoding, ExtendedKeyUsage, Flaw, KeyUsage,
    Refusal, Revocation, Trust, TrustedCa, ValidationContext, Validity,
};

/// What becomes of a certificate where one is asked for.
///
/// Source: Envoy's `DefaultCertValidator::doVerifyCertChain` and `verifyCertificate`, and the order
/// of BoringSSL's `X509_verify_cert`. A chain that
/// fails is a failure whatever else holds; without a CA there is no chain to verify, and names or
/// pins alone make a certificate a verified one, also an expired one.
pub(super) fn verify(context: &ValidationContext, certificate: &ClientCertificate) -> Decision {
    let has_ca = context.trusted_ca != TrustedCa::Absent;
    let has_names = !context.subject_alt_names.is_empty();
    let mut flaws = Vec::new();
    if has_ca {
        flaws.extend(chain_flaws(context, certificate));
    }
    if has_names && !certificate.has_matching_name {
        flaws.push(Flaw::OtherName);
    }
    if context.has_pins() && !certificate.is_pinned {
        flaws.push(Flaw::NotPinned);
    }
    let mut fatal = handshake_flaws(certificate);
    if !fatal.is_empty() {
        if !context.accepts_untrusted {
            fatal.extend(flaws);
            fatal.sort_unstable();
        }
        return Decision::Refused(Refusal::Flawed(fatal));
    }
    let is_checked = has_ca || has_names || context.has_pins();
    match (flaws.is_empty(), context.accepts_untrusted) {
        (true, _) if is_checked => Decision::LetIn(Admission::Verified),
        (true, _) | (false, true) => Decision::LetIn(Admission::Unverified(flaws)),
        (false, false) => Decision::Refused(Refusal::Flawed(flaws)),
    }
}

/// What ends the handshake whatever verification finds.
fn handshake_flaws(certificate: &ClientCertificate) -> Vec<Flaw> {
    let flaws = [
        (certificate.encoding == Encoding::Malformed, Flaw::Malformed),
        (certificate.key_usage == KeyUsage::NoSigning, Flaw::NotForSigning),
        (!certificate.has_key, Flaw::NoKey),
    ];
    flaws.into_iter().filter_map(|(is_so, flaw)| is_so.then_some(flaw)).collect()
}

fn chain_flaws(context: &ValidationContext, certificate: &ClientCertificate) -> Vec<Flaw> {
    let (path, signature) = match certificate.trust {
        Trust::Trusted => (None, None),
        Trust::UnknownIssuer => (Some(Flaw::UnknownIssuer), None),
        Trust::SelfSigned => (Some(Flaw::SelfSigned), None),
        Trust::IncompleteChain => (Some(Flaw::IncompleteChain), None),
        Trust::BadSignature => (None, Some(Flaw::BadSignature)),
    };
    let purpose = match certificate.extended_key_usage {
        ExtendedKeyUsage::Client => None,
        ExtendedKeyUsage::Other => Some(Flaw::NotForClients),
    };
    let list = context.crl.as_ref().and_then(|crl| match (crl.state, certificate.revocation) {
        (CrlState::Unusable, _) => Some(Flaw::ListUnusable),
        (CrlState::Usable, Revocation::NotRevoked) => None,
        (CrlState::Usable, Revocation::Revoked) => Some(Flaw::Revoked),
        (CrlState::Usable, Revocation::NoList) => Some(Flaw::NoList),
    });
    let validity = match certificate.validity {
        Validity::Current => None,
        Validity::Expired => Some(Flaw::Expired),
        Validity::NotYetValid => Some(Flaw::NotYetValid),
    };
    [path, purpose, list, signature, validity].into_iter().flatten().collect()
}
