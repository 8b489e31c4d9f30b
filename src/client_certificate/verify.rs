//! What Envoy's validator finds in a certificate.

use super::{
    Admission, CertificateError, ClientCertificate, CrlState, Decision, Encoding, ExtendedKeyUsage,
    KeyUsage, RejectReason, Revocation, Trust, TrustedCa, ValidationContext, Validity,
};

/// What becomes of a certificate where one is requested.
///
/// Source: Envoy's `DefaultCertValidator::doVerifyCertChain` and `verifyCertificate`, and the order
/// of BoringSSL's `X509_verify_cert`. A chain that
/// fails is a failure whatever else is valid; without a CA there is no chain to verify, and names or
/// pins alone make a certificate a verified one, also an expired one.
pub(super) fn verify(context: &ValidationContext, certificate: &ClientCertificate) -> Decision {
    let has_ca = context.trusted_ca != TrustedCa::Absent;
    let has_names = !context.subject_alt_names.is_empty();
    let mut flaws = Vec::new();
    if has_ca {
        flaws.extend(chain_flaws(context, certificate));
    }
    if has_names && !certificate.has_matching_name {
        flaws.push(CertificateError::NotValidForName);
    }
    if context.has_pins() && !certificate.is_pinned {
        flaws.push(CertificateError::NotPinned);
    }
    let mut fatal = handshake_flaws(certificate);
    if !fatal.is_empty() {
        if !context.accepts_untrusted {
            fatal.extend(flaws);
            fatal.sort_unstable();
        }
        return Decision::Reject(RejectReason::InvalidCertificate(fatal));
    }
    let is_checked = has_ca || has_names || context.has_pins();
    match (flaws.is_empty(), context.accepts_untrusted) {
        (true, _) if is_checked => Decision::Accept(Admission::Verified),
        (true, _) | (false, true) => Decision::Accept(Admission::Unverified(flaws)),
        (false, false) => Decision::Reject(RejectReason::InvalidCertificate(flaws)),
    }
}

/// What ends the handshake whatever verification finds.
fn handshake_flaws(certificate: &ClientCertificate) -> Vec<CertificateError> {
    let encoding = match certificate.encoding {
        Encoding::WellFormed => None,
        Encoding::TooLong => Some(CertificateError::ChainTooLong),
        Encoding::Malformed => Some(CertificateError::BadEncoding),
        Encoding::UnsupportedKey => Some(CertificateError::UnsupportedKey),
    };
    let cannot_sign = certificate.key_usage == KeyUsage::NoSigning;
    let key_usage = cannot_sign.then_some(CertificateError::InvalidKeyUsage);
    let key = (!certificate.has_key).then_some(CertificateError::NoKey);
    let mut flaws: Vec<_> = [encoding, key_usage, key].into_iter().flatten().collect();
    flaws.sort_unstable();
    flaws
}

fn chain_flaws(
    context: &ValidationContext,
    certificate: &ClientCertificate,
) -> Vec<CertificateError> {
    let (path, signature) = match certificate.trust {
        Trust::Trusted => (None, None),
        Trust::UnknownIssuer => (Some(CertificateError::UnknownIssuer), None),
        Trust::SelfSigned => (Some(CertificateError::SelfSigned), None),
        Trust::IncompleteChain => (Some(CertificateError::IncompleteChain), None),
        Trust::BadSignature => (None, Some(CertificateError::BadSignature)),
        Trust::InvalidExtension => (Some(CertificateError::InvalidExtension), None),
        Trust::UnhandledCriticalExtension => {
            (Some(CertificateError::UnhandledCriticalExtension), None)
        }
        Trust::InvalidCa => (Some(CertificateError::InvalidCa), None),
        Trust::PathLengthExceeded => (Some(CertificateError::PathLengthExceeded), None),
        Trust::NameConstraintViolation => (None, Some(CertificateError::NameConstraintViolation)),
        Trust::InvalidPolicy => (None, Some(CertificateError::InvalidPolicy)),
    };
    let purpose = match certificate.extended_key_usage {
        ExtendedKeyUsage::Client => None,
        ExtendedKeyUsage::Other => Some(CertificateError::InvalidPurpose),
    };
    let list = context.crl.as_ref().and_then(|crl| match (crl.state, certificate.revocation) {
        (CrlState::Unusable, _) => Some(CertificateError::UnusableRevocationList),
        (CrlState::Usable, Revocation::NotRevoked) => None,
        (CrlState::Usable, Revocation::Revoked) => Some(CertificateError::Revoked),
        (CrlState::Usable, Revocation::NoList) => Some(CertificateError::UnknownRevocationStatus),
        (CrlState::Usable, Revocation::UnusableList) => {
            Some(CertificateError::UnusableRevocationList)
        }
    });
    let validity = match certificate.validity {
        Validity::Current => None,
        Validity::Expired => Some(CertificateError::Expired),
        Validity::NotYetValid => Some(CertificateError::NotValidYet),
    };
    [path, purpose, list, signature, validity].into_iter().flatten().collect()
}
