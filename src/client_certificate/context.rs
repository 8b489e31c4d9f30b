//! What Envoy verifies a client's certificate with.

use std::fmt;

use super::pins::{check_hash, check_spki};
use crate::tls_plan::{CredentialName, CredentialScheme};

/// Envoy's validation context, and whether what it refers to is there.
///
/// Made from [`Default`], which is a context with nothing in it.
///
/// ```
/// use istio_gateway::client_certificate::{Crl, Source, TrustedCa, ValidationContext};
///
/// let context = ValidationContext {
///     trusted_ca: TrustedCa::Given(Source::File("/etc/ca.pem".to_owned())),
///     crl: Some(Crl::usable(Source::File("/etc/ca.crl".to_owned()))),
///     ..Default::default()
/// };
/// assert_eq!(context.rejection(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ValidationContext {
    /// The CA that clients' certificates have to chain up to.
    pub trusted_ca: TrustedCa,
    /// Names of which a certificate has to have one. An empty name matches nobody.
    pub subject_alt_names: Vec<String>,
    /// Pinned public keys.
    pub verify_certificate_spki: Vec<String>,
    /// Pinned certificates.
    pub verify_certificate_hash: Vec<String>,
    /// Certificates that the CA has revoked.
    pub crl: Option<Crl>,
    /// `trust_chain_verification: ACCEPT_UNTRUSTED`, which is `insecureSkipVerify: true`: whatever
    /// verification finds is counted and does not matter.
    pub accepts_untrusted: bool,
}

/// The CA of a validation context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrustedCa {
    /// None: not set, or the secret that should hold it holds none.
    #[default]
    Absent,
    /// A CA from this source.
    Given(Source),
    /// A secret that has not arrived. Envoy rejects every connection until it does.
    Pending(Source),
}

impl TrustedCa {
    /// Where the CA comes from, or should.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::Absent => None,
            Self::Given(source) | Self::Pending(source) => Some(source),
        }
    }
}

/// Where a CA or a revocation list comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A file on the gateway's own file system.
    File(String),
    /// A secret by its name in Envoy's secret discovery, such as `kubernetes://edge-cert-cacert`.
    Secret(String),
    /// The mesh's own root certificate, which vouches for the workloads of the mesh.
    MeshRoot,
    /// Text in the configuration itself.
    Inline,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {path}"),
            Self::Secret(name) => {
                let credential = CredentialName::from(name.as_str());
                if credential.scheme() != Some(CredentialScheme::ConfigMap) {
                    return write!(f, "the secret {name}");
                }
                // istiod reads the ConfigMap, and requires the ending.
                let map = credential.without_scheme();
                let map = map.strip_suffix(CredentialName::CA_SUFFIX).unwrap_or(map);
                write!(f, "the ConfigMap {map}")
            }
            Self::MeshRoot => f.write_str("the mesh's root certificate"),
            Self::Inline => f.write_str("the configuration itself"),
        }
    }
}

/// A certificate revocation list.
///
/// Every issuer in a client's chain must have a CRL, also where Envoy is configured to look at
/// the leaf's only (`only_verify_leaf_cert_crl`): that an issuer has none is a fact about the
/// certificate, [`Revocation::NoList`](super::Revocation::NoList).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Crl {
    /// Where it comes from.
    pub source: Source,
    /// Whether Envoy can make use of it.
    pub state: CrlState,
}

impl Crl {
    /// A list that is in order.
    #[must_use]
    pub fn usable(source: Source) -> Self {
        Self { source, state: CrlState::Usable }
    }

    /// A list in some state.
    #[must_use]
    pub fn new(source: Source, state: CrlState) -> Self {
        Self { source, state }
    }
}

/// Whether Envoy can make use of a revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CrlState {
    /// The CA's own, and current.
    Usable,
    /// Past its `nextUpdate`, unreadable, or another CA's. Envoy accepts it, and then every
    /// certificate fails.
    Unusable,
}

/// Why Envoy rejects a validation context, and with it the listener, or all clients of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// SANs to match without a CA.
    NamesWithoutCa,
    /// A CRL without a CA.
    CrlWithoutCa,
    /// A pin that is longer or shorter than any pin.
    PinLength,
    /// A pin of a possible length that is not a SHA-256. Envoy accepts the listener, and rejects the
    /// secrets of the server when they arrive, so that it rejects every client of this server. It
    /// may reject those of another server with the same secrets, too.
    InvalidPin,
}

impl Rejection {
    /// Whether Envoy rejects the whole listener, and not just the clients of this server.
    #[must_use]
    pub fn rejects_listener(self) -> bool {
        self != Self::InvalidPin
    }

    /// Envoy's own words, of those about a pin the beginning.
    #[must_use]
    pub fn envoy_message(self) -> &'static str {
        match self {
            Self::NamesWithoutCa => {
                "SAN-based verification of peer certificates without trusted CA is insecure and \
                 not allowed"
            }
            Self::CrlWithoutCa => "Failed to load CRL from <inline> without trusted CA",
            Self::PinLength => "value length must be",
            Self::InvalidPin => "Invalid",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NamesWithoutCa => {
                "Envoy rejects the listener: subject alternative names without a CA"
            }
            Self::CrlWithoutCa => "Envoy rejects the listener: a CRL without a CA",
            Self::PinLength => "Envoy rejects the listener: a pin of the wrong length",
            Self::InvalidPin => "Envoy rejects the server's secrets: an invalid pin",
        })
    }
}

impl ValidationContext {
    /// Whether Envoy rejects this context, whatever the rest of its configuration.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        let spki = self.verify_certificate_spki.iter().map(|pin| check_spki(pin));
        let hash = self.verify_certificate_hash.iter().map(|pin| check_hash(pin));
        let of_pins = spki.chain(hash).filter_map(Result::err);
        // What rejects the listener weighs more.
        let of_pins = of_pins.max_by_key(|rejection| rejection.rejects_listener());
        if of_pins.is_some_and(Rejection::rejects_listener) {
            return of_pins;
        }
        let of_ca = match self.trusted_ca {
            TrustedCa::Given(_) | TrustedCa::Pending(_) => None,
            TrustedCa::Absent if self.crl.is_some() => Some(Rejection::CrlWithoutCa),
            TrustedCa::Absent if !self.subject_alt_names.is_empty() => {
                Some(Rejection::NamesWithoutCa)
            }
            TrustedCa::Absent => None,
        };
        of_ca.or(of_pins)
    }

    /// Whether there is a pin of either kind.
    #[must_use]
    pub fn has_pins(&self) -> bool {
        !self.verify_certificate_spki.is_empty() || !self.verify_certificate_hash.is_empty()
    }
}
