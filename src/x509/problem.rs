//! The errors of BoringSSL's verification.

use crate::client_certificate::CertificateError;

/// What BoringSSL finds, of the constants `X509_V_ERR_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    UnableToGetIssuerLocally,
    SelfSigned,
    SelfSignedInChain,
    InvalidExtension,
    UnhandledCriticalExtension,
    InvalidCa,
    InvalidPurpose,
    PathLengthExceeded,
    UnableToGetCrl,
    NoCrlSign,
    DifferentCrlScope,
    CrlNotYetValid,
    CrlHasExpired,
    CrlSignatureFailure,
    UnhandledCriticalCrlExtension,
    Revoked,
    UndecodableIssuerKey,
    SignatureFailure,
    NotBeforeFormat,
    NotYetValid,
    NotAfterFormat,
    Expired,
    PermittedViolation,
    ExcludedViolation,
    SubtreeDistance,
    UnsupportedConstraintType,
    UnsupportedConstraintSyntax,
    UnsupportedNameSyntax,
    ConstraintsWithoutNames,
    InvalidPolicy,
    NoExplicitPolicy,
    Unspecified,
}

impl Problem {
    /// BoringSSL's own words.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::UnableToGetIssuerLocally => "unable to get local issuer certificate",
            Self::SelfSigned => "self signed certificate",
            Self::SelfSignedInChain => "self signed certificate in certificate chain",
            Self::InvalidExtension => "invalid or inconsistent certificate extension",
            Self::UnhandledCriticalExtension => "unhandled critical extension",
            Self::InvalidCa => "invalid CA certificate",
            Self::InvalidPurpose => "unsupported certificate purpose",
            Self::PathLengthExceeded => "path length constraint exceeded",
            Self::UnableToGetCrl => "unable to get certificate CRL",
            Self::NoCrlSign => "key usage does not include CRL signing",
            Self::DifferentCrlScope => "Different CRL scope",
            Self::CrlNotYetValid => "CRL is not yet valid",
            Self::CrlHasExpired => "CRL has expired",
            Self::CrlSignatureFailure => "CRL signature failure",
            Self::UnhandledCriticalCrlExtension => "unhandled critical CRL extension",
            Self::Revoked => "certificate revoked",
            Self::UndecodableIssuerKey => "unable to decode issuer public key",
            Self::SignatureFailure => "certificate signature failure",
            Self::NotBeforeFormat => "format error in certificate's notBefore field",
            Self::NotYetValid => "certificate is not yet valid",
            Self::NotAfterFormat => "format error in certificate's notAfter field",
            Self::Expired => "certificate has expired",
            Self::PermittedViolation => "permitted subtree violation",
            Self::ExcludedViolation => "excluded subtree violation",
            Self::SubtreeDistance => "name constraints minimum and maximum not supported",
            Self::UnsupportedConstraintType => "unsupported name constraint type",
            Self::UnsupportedConstraintSyntax => "unsupported or invalid name constraint syntax",
            Self::UnsupportedNameSyntax => "unsupported or invalid name syntax",
            Self::ConstraintsWithoutNames => "issuer has name constraints but leaf has no SANs",
            Self::InvalidPolicy => "invalid or inconsistent certificate policy extension",
            Self::NoExplicitPolicy => "no explicit policy",
            Self::Unspecified => "unspecified certificate verification error",
        }
    }

    pub(super) fn error(self) -> CertificateError {
        match self {
            Self::UnableToGetIssuerLocally | Self::SelfSignedInChain => {
                CertificateError::UnknownIssuer
            }
            Self::SelfSigned => CertificateError::SelfSigned,
            Self::InvalidExtension | Self::NotBeforeFormat | Self::NotAfterFormat => {
                CertificateError::InvalidExtension
            }
            Self::UnhandledCriticalExtension => CertificateError::UnhandledCriticalExtension,
            Self::InvalidCa => CertificateError::InvalidCa,
            Self::InvalidPurpose => CertificateError::InvalidPurpose,
            Self::PathLengthExceeded => CertificateError::PathLengthExceeded,
            Self::UnableToGetCrl => CertificateError::UnknownRevocationStatus,
            Self::NoCrlSign
            | Self::DifferentCrlScope
            | Self::CrlNotYetValid
            | Self::CrlHasExpired
            | Self::CrlSignatureFailure
            | Self::UnhandledCriticalCrlExtension => CertificateError::UnusableRevocationList,
            Self::Revoked => CertificateError::Revoked,
            Self::UndecodableIssuerKey | Self::SignatureFailure => CertificateError::BadSignature,
            Self::NotYetValid => CertificateError::NotValidYet,
            Self::Expired => CertificateError::Expired,
            Self::PermittedViolation
            | Self::ExcludedViolation
            | Self::SubtreeDistance
            | Self::UnsupportedConstraintType
            | Self::UnsupportedConstraintSyntax
            | Self::UnsupportedNameSyntax
            | Self::ConstraintsWithoutNames
            | Self::Unspecified => CertificateError::NameConstraintViolation,
            Self::InvalidPolicy | Self::NoExplicitPolicy => CertificateError::InvalidPolicy,
        }
    }
}
