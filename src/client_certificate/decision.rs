//! What happens to a client.

use std::fmt;

use super::{Forwarding, Rejection, XfccHeader};

/// What a gateway does with a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The connection is refused.
    Reject(RejectReason),
    /// The client is let in.
    Accept(Admission),
    /// The gateway does not end the client's TLS: the backend decides.
    Passthrough,
}

/// Why a client is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// It presents no certificate, and has to.
    NoCertificate,
    /// Its certificate has flaws that matter, in the order in which Envoy looks: never empty.
    InvalidCertificate(Vec<CertificateError>),
    /// A secret has not arrived, so nobody gets in.
    SecretMissing,
    /// Envoy refuses the configuration, so there is nobody to connect to.
    ConfigurationRejected(Rejection),
}

/// As what a client is let in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Admission {
    /// As one of whom no certificate was seen: it has none, or was not asked for it.
    Anonymous,
    /// As one whose certificate passed every check.
    Verified,
    /// As one who presented a certificate that does not pass, or that nothing was checked of. It
    /// holds what verification found, which may be nothing, and **the backend cannot tell it from
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
    /// It cannot be read.
    BadEncoding,
    /// Its key usage does not allow signing.
    InvalidKeyUsage,
    /// Another CA issued it.
    UnknownIssuer,
    /// It vouches for itself.
    SelfSigned,
    /// The intermediate that issued it is not there.
    IncompleteChain,
    /// Its extended key usage is not for clients.
    InvalidPurpose,
    /// It is revoked.
    Revoked,
    /// There is no revocation list of its issuer.
    UnknownRevocationStatus,
    /// The revocation list is stale, unreadable or another CA's.
    UnusableRevocationList,
    /// A signature is wrong.
    BadSignature,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotValidYet,
    /// It has none of the wanted names.
    NotValidForName,
    /// It is not pinned.
    NotPinned,
    /// The client does not have its key.
    NoKey,
}

impl CertificateError {
    /// Whether the handshake itself fails of it, so that no setting can waive it.
    #[must_use]
    pub fn is_never_waived(self) -> bool {
        matches!(self, Self::BadEncoding | Self::InvalidKeyUsage | Self::NoKey)
    }

    /// A name for programs.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::BadEncoding => "malformed",
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
            Self::BadEncoding => "it cannot be read",
            Self::InvalidKeyUsage => "its key usage does not allow signing",
            Self::NoKey => "the client does not have its key",
            Self::UnknownIssuer => "its issuer is not trusted",
            Self::SelfSigned => "it is self-signed",
            Self::IncompleteChain => "its intermediate is missing",
            Self::BadSignature => "its signature is wrong",
            Self::Expired => "it has expired",
            Self::NotValidYet => "it is not valid yet",
            Self::InvalidPurpose => "its extended key usage is not for clients",
            Self::Revoked => "it is revoked",
            Self::UnknownRevocationStatus => "there is no revocation list of its issuer",
            Self::UnusableRevocationList => "the revocation list is unusable",
            Self::NotValidForName => "it has none of the wanted names",
            Self::NotPinned => "it is not pinned",
        })
    }
}

impl Decision {
    /// Whether the client gets in, here.
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
    /// client sends such a header of its own. None if there are no requests, or none that the
    /// gateway reads.
    #[must_use]
    pub fn header(&self, forwarding: Forwarding, sends_header: bool) -> Option<XfccHeader> {
        self.is_accepted().then(|| forwarding.header(self.has_certificate(), sends_header))
    }

    /// A name for programs: `refused`, `anonymous`, `verified`, `unverified` or `passed-on`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Reject(_) => "refused",
            Self::Accept(Admission::Anonymous) => "anonymous",
            Self::Accept(Admission::Verified) => "verified",
            Self::Accept(Admission::Unverified(_)) => "unverified",
            Self::Passthrough => "passed-on",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reject(refusal) => write!(f, "refused: {refusal}"),
            Self::Accept(admission) => write!(f, "let in {admission}"),
            Self::Passthrough => f.write_str("passed on: the backend decides"),
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("no certificate"),
            Self::InvalidCertificate(flaws) => write_list(f, flaws),
            Self::SecretMissing => f.write_str("a secret is missing, nobody gets in"),
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
