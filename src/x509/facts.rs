//! The facts of a client's certificate that a policy decides by.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::certificate::Certificate;
use crate::client_certificate::{
    CertificateError, ClientCertificate, ExtendedKeyUsage, Revocation, Trust, ValidationContext,
    Validity,
};

/// Source: Envoy's `DefaultCertValidator::matchSubjectAltName`.
pub(super) fn has_name(leaf: &Certificate, context: &ValidationContext) -> bool {
    let names = leaf.names();
    let wanted = context.subject_alt_names.iter().filter(|wanted| !wanted.is_empty());
    wanted.into_iter().any(|wanted| names.iter().any(|name| name.matches(wanted)))
}

/// Source: Envoy's `DefaultCertValidator::verifyCertificateHashList` and `verifyCertificateSpkiList`.
pub(super) fn is_pinned(leaf: &Certificate, context: &ValidationContext) -> bool {
    let key = STANDARD.encode(Sha256::digest(&leaf.public_key_info));
    let hash = Sha256::digest(&leaf.der);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let is_hash = |pin: &String| pin.replace(':', "").eq_ignore_ascii_case(&hash);
    context.verify_certificate_spki.contains(&key)
        || context.verify_certificate_hash.iter().any(is_hash)
}

/// Notes an error of the chain.
pub(super) fn mark(certificate: &mut ClientCertificate, error: CertificateError) {
    match error {
        CertificateError::InvalidPurpose => {
            certificate.extended_key_usage = ExtendedKeyUsage::Other;
        }
        CertificateError::Revoked => certificate.revocation = Revocation::Revoked,
        CertificateError::UnknownRevocationStatus => certificate.revocation = Revocation::NoList,
        CertificateError::UnusableRevocationList => {
            certificate.revocation = Revocation::UnusableList;
        }
        CertificateError::Expired => certificate.validity = Validity::Expired,
        CertificateError::NotValidYet => certificate.validity = Validity::NotYetValid,
        CertificateError::UnknownIssuer => certificate.trust = Trust::UnknownIssuer,
        CertificateError::SelfSigned => certificate.trust = Trust::SelfSigned,
        CertificateError::BadSignature => certificate.trust = Trust::BadSignature,
        CertificateError::InvalidExtension => certificate.trust = Trust::InvalidExtension,
        CertificateError::UnhandledCriticalExtension => {
            certificate.trust = Trust::UnhandledCriticalExtension;
        }
        CertificateError::InvalidCa => certificate.trust = Trust::InvalidCa,
        CertificateError::PathLengthExceeded => certificate.trust = Trust::PathLengthExceeded,
        CertificateError::NameConstraintViolation => {
            certificate.trust = Trust::NameConstraintViolation;
        }
        CertificateError::InvalidPolicy => certificate.trust = Trust::InvalidPolicy,
        CertificateError::BadEncoding
        | CertificateError::ChainTooLong
        | CertificateError::UnsupportedKey
        | CertificateError::InvalidKeyUsage
        | CertificateError::IncompleteChain
        | CertificateError::NotValidForName
        | CertificateError::NotPinned
        | CertificateError::NoKey => {}
    }
}
