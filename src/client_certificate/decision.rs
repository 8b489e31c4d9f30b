//! What happens to a client.

use std::fmt;

use super::{Forwarding, Rejection, XfccHeader};

/// What a gateway does with a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The connection is rejected.
    Reject(RejectReason),
    /// The client is accepted.
    Accept(Admission),
    /// The gateway does not terminate TLS: the backend decides.
    Passthrough,
}

/// Why a client is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// It presents no certificate, and one is required.
    NoCertificate,
    /// Verification found these errors, in the order in which Envoy looks: never empty.
    InvalidCertificate(Vec<CertificateError>),
    /// A secret has not arrived, so that every client is rejected.
    SecretMissing,
    /// Envoy rejects the configuration, so that nothing listens.
    ConfigurationRejected(Rejection),
}

/// How a client is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Admission {
    /// Without a certificate: it has none, or none was requested.
    Anonymous,
    /// With a certificate that passed every check.
    Verified,
    /// With a certificate that failed verification, or that nothing was checked of. It holds what
    /// verification found, which may be nothing, and **the backend cannot distinguish it from
    /// [`Verified`](Self::Verified)**.
    Unverified(Vec<CertificateError>),
}

/// What is wrong with a certificate, in the order in which Envoy looks: it names the first that it
/// finds, and looks no further.
///
/// In TLS 1.2 the key usage's turn comes only before [`NoKey`](Self::NoKey).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CertificateError {
    /// Its chain is longer than what Envoy reads.
    ChainTooLong,
    /// It cannot be read.
    BadEncoding,
    /// Its key usage does not allow signing.
    InvalidKeyUsage,
    /// Another CA issued it.
    UnknownIssuer,
    /// It is signed with its own key.
    SelfSigned,
    /// The intermediate that issued it is not there.
    IncompleteChain,
    /// An extension of a certificate in its chain cannot be read.
    InvalidExtension,
    /// A certificate in its chain has a critical extension that Envoy does not know.
    UnhandledCriticalExtension,
    /// A certificate in its chain issued another, and is not a CA's.
    InvalidCa,
    /// Its extended key usage is not for clients.
    InvalidPurpose,
    /// Its chain is longer than a CA in it allows.
    PathLengthExceeded,
    /// It is revoked.
    Revoked,
    /// Its issuer has no CRL.
    UnknownRevocationStatus,
    /// The CRL is stale, unreadable or another CA's.
    UnusableRevocationList,
    /// A signature is wrong.
    BadSignature,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotValidYet,
    /// A CA in its chain does not permit a name of it.
    NameConstraintViolation,
    /// The certificate policies of its chain do not fit together.
    InvalidPolicy,
    /// It has none of the required SANs.
    NotValidForName,
    /// It is not pinned.
    NotPinned,
    /// Envoy supports no signature of its key.
    UnsupportedKey,
    /// The client does not have its key.
    NoKey,
}

impl CertificateError {
    /// Whether the handshake itself fails of it, so that no setting can waive it.
    #[must_use]
    pub fn is_never_waived(self) -> bool {
        matches!(
            self,
            Self::ChainTooLong
                | Self::BadEncoding
                | Self::InvalidKeyUsage
                | Self::UnsupportedKey
                | Self::NoKey
        )
    }

    /// A name for programs.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::ChainTooLong => "chain-too-long",
            Self::BadEncoding => "malformed",
            Self::InvalidExtension => "invalid-extension",
            Self::UnhandledCriticalExtension => "unhandled-critical-extension",
            Self::InvalidCa => "invalid-ca",
            Self::PathLengthExceeded => "path-length-exceeded",
            Self::NameConstraintViolation => "name-constraint-violation",
            Self::InvalidPolicy => "invalid-policy",
            Self::UnsupportedKey => "unsupported-key",
            Self::InvalidKeyUsage => "not-for-signing",
            Self::NoKey => "no-key",
            Self::UnknownIssuer => "unknown-issuer",
            Self::SelfSigned => "self-signed",
            Self::IncompleteChain => "incomplete-chain",
            Self::BadSignature => "bad-signature",
            Self::Expired => "expired",
            Self::NotValidYet => "not-yet-valid",
            Self::InvalidPurpose => "not-for-clients",
            Self::Revoked => "revoked",
            Self::UnknownRevocationStatus => "no-revocation-list",
            Self::UnusableRevocationList => "revocation-list-unusable",
            Self::NotValidForName => "other-name",
            Self::NotPinned => "not-pinned",
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ChainTooLong => "its chain is longer than 100 KiB",
            Self::BadEncoding => "it cannot be read",
            Self::InvalidExtension => "an extension in its chain is invalid",
            Self::UnhandledCriticalExtension => "its chain has an unknown critical extension",
            Self::InvalidCa => "an issuer in its chain is not a CA",
            Self::PathLengthExceeded => "its chain exceeds the path length of a CA",
            Self::NameConstraintViolation => "the name constraints of a CA exclude it",
            Self::InvalidPolicy => "the certificate policies of its chain are invalid",
            Self::UnsupportedKey => "Envoy does not support its key",
            Self::InvalidKeyUsage => "keyUsage lacks digitalSignature",
            Self::NoKey => "the client does not have its key",
            Self::UnknownIssuer => "its issuer is not trusted",
            Self::SelfSigned => "it is self-signed",
            Self::IncompleteChain => "its intermediate is missing",
            Self::BadSignature => "its signature is wrong",
            Self::Expired => "it has expired",
            Self::NotValidYet => "it is not valid yet",
            Self::InvalidPurpose => "no clientAuth EKU",
            Self::Revoked => "it is revoked",
            Self::UnknownRevocationStatus => "its issuer has no CRL",
            Self::UnusableRevocationList => "the CRL is unusable",
            Self::NotValidForName => "it has none of the required SANs",
            Self::NotPinned => "it is not pinned",
        })
    }
}

impl Decision {
    /// Whether the gateway accepts the client.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accept(_))
    }

    /// Whether the gateway has seen a certificate of the client's, verified or not.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        matches!(self, Self::Accept(Admission::Verified | Admission::Unverified(_)))
    }

    /// What a backend sees in `x-forwarded-client-cert` of this client's requests, by whether the
    /// client sends such a header of its own. `None` where no request arrives, and where the
    /// gateway reads none.
    #[must_use]
    pub fn header(&self, forwarding: Forwarding, sends_header: bool) -> Option<XfccHeader> {
        self.is_accepted().then(|| forwarding.header(self.has_certificate(), sends_header))
    }

    /// A name for programs: `rejected`, `anonymous`, `verified`, `unverified` or `passthrough`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Reject(_) => "rejected",
            Self::Accept(Admission::Anonymous) => "anonymous",
            Self::Accept(Admission::Verified) => "verified",
            Self::Accept(Admission::Unverified(_)) => "unverified",
            Self::Passthrough => "passthrough",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject(reason) => write!(f, "rejected: {reason}"),
            Self::Accept(admission) => write!(f, "accepted {admission}"),
            Self::Passthrough => f.write_str("passthrough: the backend decides"),
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("no certificate"),
            Self::InvalidCertificate(flaws) => write_list(f, flaws),
            Self::SecretMissing => f.write_str("a secret is missing, every client is rejected"),
            Self::ConfigurationRejected(rejection) => rejection.fmt(f),
        }
    }
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("without a certificate"),
            Self::Verified => f.write_str("with a verified certificate"),
            Self::Unverified(flaws) if flaws.is_empty() => {
                f.write_str("with a certificate that nothing verifies")
            }
            Self::Unverified(flaws) => {
                f.write_str("although its certificate fails verification: ")?;
                write_list(f, flaws)
            }
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, flaws: &[CertificateError]) -> fmt::Result {
    for (i, flaw) in flaws.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{flaw}")?;
    }
    Ok(())
}
