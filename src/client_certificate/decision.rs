//! What happens to a client.

use std::fmt;

use super::{Forwarding, HeaderSeen, Rejection};

/// What a gateway does with a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The connection is refused.
    Refused(Refusal),
    /// The client is let in.
    LetIn(Admission),
    /// The gateway does not end the client's TLS: the backend decides.
    PassedOn,
}

/// Why a client is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It presents no certificate, and has to.
    NoCertificate,
    /// Its certificate has flaws that matter, in the order in which Envoy looks: never empty.
    Flawed(Vec<Flaw>),
    /// A secret has not arrived, so nobody gets in.
    SecretMissing,
    /// Envoy refuses the configuration, so there is nobody to connect to.
    Rejected(Rejection),
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
    Unverified(Vec<Flaw>),
}

/// What is wrong with a certificate, in the order in which Envoy looks: it names the first that it
/// finds, and looks no further.
///
/// In TLS 1.2 the key usage's turn comes only before [`NoKey`](Self::NoKey).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// It cannot be read.
    Malformed,
    /// Its key usage does not allow signing.
    NotForSigning,
    /// Another CA issued it.
    UnknownIssuer,
    /// It vouches for itself.
    SelfSigned,
    /// The intermediate that issued it is not there.
    IncompleteChain,
    /// Its extended key usage is not for clients.
    NotForClients,
    /// It is revoked.
    Revoked,
    /// There is no revocation list of its issuer.
    NoList,
    /// The revocation list is stale, unreadable or another CA's.
    ListUnusable,
    /// A signature is wrong.
    BadSignature,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It has none of the wanted names.
    OtherName,
    /// It is not pinned.
    NotPinned,
    /// The client does not have its key.
    NoKey,
}

impl Flaw {
    /// Whether the handshake itself fails of it, so that no setting can waive it.
    #[must_use]
    pub fn is_never_waived(self) -> bool {
        matches!(self, Self::Malformed | Self::NotForSigning | Self::NoKey)
    }

    /// A name for programs.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotForSigning => "not-for-signing",
            Self::NoKey => "no-key",
            Self::UnknownIssuer => "unknown-issuer",
            Self::SelfSigned => "self-signed",
            Self::IncompleteChain => "incomplete-chain",
            Self::BadSignature => "bad-signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::NotForClients => "not-for-clients",
            Self::Revoked => "revoked",
            Self::NoList => "no-revocation-list",
            Self::ListUnusable => "revocation-list-unusable",
            Self::OtherName => "other-name",
            Self::NotPinned => "not-pinned",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Malformed => "it cannot be read",
            Self::NotForSigning => "its key usage does not allow signing",
            Self::NoKey => "the client does not have its key",
            Self::UnknownIssuer => "its issuer is not trusted",
            Self::SelfSigned => "it is self-signed",
            Self::IncompleteChain => "its intermediate is missing",
            Self::BadSignature => "its signature is wrong",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::NotForClients => "its extended key usage is not for clients",
            Self::Revoked => "it is revoked",
            Self::NoList => "there is no revocation list of its issuer",
            Self::ListUnusable => "the revocation list is unusable",
            Self::OtherName => "it has none of the wanted names",
            Self::NotPinned => "it is not pinned",
        })
    }
}

impl Decision {
    /// Whether the client gets in, here.
    #[must_use]
    pub fn is_let_in(&self) -> bool {
        matches!(self, Self::LetIn(_))
    }

    /// Whether the gateway has seen a certificate of the client's, verified or not.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        matches!(self, Self::LetIn(Admission::Verified | Admission::Unverified(_)))
    }

    /// What a backend sees in `x-forwarded-client-cert` of this client's requests, by whether the
    /// client sends such a header of its own. None if there are no requests, or none that the
    /// gateway reads.
    #[must_use]
    pub fn header(&self, forwarding: Forwarding, sends_header: bool) -> Option<HeaderSeen> {
        self.is_let_in().then(|| forwarding.header(self.has_certificate(), sends_header))
    }

    /// A name for programs: `refused`, `anonymous`, `verified`, `unverified` or `passed-on`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::LetIn(Admission::Anonymous) => "anonymous",
            Self::LetIn(Admission::Verified) => "verified",
            Self::LetIn(Admission::Unverified(_)) => "unverified",
            Self::PassedOn => "passed-on",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
            Self::LetIn(admission) => write!(f, "let in {admission}"),
            Self::PassedOn => f.write_str("passed on: the backend decides"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("no certificate"),
            Self::Flawed(flaws) => write_list(f, flaws),
            Self::SecretMissing => f.write_str("a secret is missing, nobody gets in"),
            Self::Rejected(rejection) => rejection.fmt(f),
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

fn write_list(f: &mut fmt::Formatter<'_>, flaws: &[Flaw]) -> fmt::Result {
    for (i, flaw) in flaws.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{flaw}")?;
    }
    Ok(())
}
