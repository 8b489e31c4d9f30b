//! A client's certificate, as far as a decision depends on it.

/// What is to be known of a certificate that a client presents.
///
/// It is seen from the policy that decides: `trust` is trust in the policy's CA, `revocation` what
/// the policy's CRL states, `has_matching_name` and `is_pinned` are about the policy's
/// names and pins. What the policy does not look at may be anything.
///
/// ```
/// use istio_gateway::client_certificate::{ClientCertificate, Validity};
///
/// let expired = ClientCertificate { validity: Validity::Expired, ..ClientCertificate::VALID };
/// assert_eq!(expired, ClientCertificate::EXPIRED);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// Whether the certificate and what is sent with it can be read.
    pub encoding: Encoding,
    /// Whether the client proves that it has the certificate's private key.
    pub has_key: bool,
    /// What the key usage extension allows.
    pub key_usage: KeyUsage,
    /// Whether it chains up to the policy's CA.
    pub trust: Trust,
    /// Whether now is within its validity, and within that of the chain.
    pub validity: Validity,
    /// What the extended key usage extension allows.
    pub extended_key_usage: ExtendedKeyUsage,
    /// What the policy's CRL states.
    pub revocation: Revocation,
    /// Whether one of its subject alternative names is among those that the policy wants.
    pub has_matching_name: bool,
    /// Whether it is among the policy's pins, by its public key or as a whole.
    pub is_pinned: bool,
}

/// Whether a certificate can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// It and its chain are well-formed.
    WellFormed,
    /// Garbage, truncated, followed by other bytes, or its chain is.
    Malformed,
    /// Its chain is longer than what Envoy reads.
    TooLong,
    /// Envoy supports no signature of its key.
    UnsupportedKey,
}

/// What the key usage extension states about signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyUsage {
    /// The extension is absent, or has `digitalSignature`.
    Signing,
    /// The extension is there, without `digitalSignature`.
    NoSigning,
}

/// Whether a certificate chains up to the policy's CA, or why it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trust {
    /// It does.
    Trusted,
    /// Another CA issued it; one of the same name, too, if the certificate names the key.
    UnknownIssuer,
    /// It is signed with its own key.
    SelfSigned,
    /// The CA issued an intermediate, which the client does not send.
    IncompleteChain,
    /// A signature in the chain is wrong, as is that of a CA of the same name.
    BadSignature,
    /// An extension of a certificate in the chain cannot be read.
    InvalidExtension,
    /// A certificate in the chain has a critical extension that Envoy does not know.
    UnhandledCriticalExtension,
    /// A certificate in the chain issued another, and is not a CA's.
    InvalidCa,
    /// The chain is longer than a CA in it allows.
    PathLengthExceeded,
    /// A CA in the chain does not permit a name of the certificate.
    NameConstraintViolation,
    /// The certificate policies of the chain do not fit together.
    InvalidPolicy,
}

/// Whether now is within the validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validity {
    /// It is.
    Current,
    /// It is later.
    Expired,
    /// It is earlier.
    NotYetValid,
}

/// What the extended key usage extension allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExtendedKeyUsage {
    /// The extension is absent, or has `clientAuth`.
    Client,
    /// The extension is there, without `clientAuth`.
    Other,
}

/// What the policy's CRL states about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revocation {
    /// Nothing: it is not revoked, and every issuer in its chain has a list.
    NotRevoked,
    /// It is on it.
    Revoked,
    /// An issuer in its chain has no list.
    NoList,
    /// The list of an issuer in its chain is stale, wrongly signed, or about other certificates.
    UnusableList,
}

impl ClientCertificate {
    /// A certificate without a flaw: trusted, current, with a wanted name, pinned.
    pub const VALID: Self = Self {
        encoding: Encoding::WellFormed,
        has_key: true,
        key_usage: KeyUsage::Signing,
        trust: Trust::Trusted,
        validity: Validity::Current,
        extended_key_usage: ExtendedKeyUsage::Client,
        revocation: Revocation::NotRevoked,
        has_matching_name: true,
        is_pinned: true,
    };
    /// Issued by a CA that the policy does not know.
    pub const UNKNOWN_ISSUER: Self = Self { trust: Trust::UnknownIssuer, ..Self::VALID };
    /// Signed with its own key.
    pub const SELF_SIGNED: Self = Self { trust: Trust::SelfSigned, ..Self::VALID };
    /// Without the intermediate that issued it.
    pub const INCOMPLETE_CHAIN: Self = Self { trust: Trust::IncompleteChain, ..Self::VALID };
    /// Expired.
    pub const EXPIRED: Self = Self { validity: Validity::Expired, ..Self::VALID };
    /// Not valid yet.
    pub const NOT_YET_VALID: Self = Self { validity: Validity::NotYetValid, ..Self::VALID };
    /// For servers only.
    pub const FOR_SERVERS: Self =
        Self { extended_key_usage: ExtendedKeyUsage::Other, ..Self::VALID };
    /// On the CRL.
    pub const REVOKED: Self = Self { revocation: Revocation::Revoked, ..Self::VALID };
    /// Of an issuer without a CRL.
    pub const WITHOUT_LIST: Self = Self { revocation: Revocation::NoList, ..Self::VALID };
    /// With none of the wanted names.
    pub const OTHER_NAME: Self = Self { has_matching_name: false, ..Self::VALID };
    /// Not pinned.
    pub const NOT_PINNED: Self = Self { is_pinned: false, ..Self::VALID };
    /// With a key usage that does not allow signing.
    pub const NOT_FOR_SIGNING: Self = Self { key_usage: KeyUsage::NoSigning, ..Self::VALID };
    /// Presented by somebody who does not have its key.
    pub const WITHOUT_KEY: Self = Self { has_key: false, ..Self::VALID };
    /// Not readable.
    pub const MALFORMED: Self = Self { encoding: Encoding::Malformed, ..Self::VALID };
}
