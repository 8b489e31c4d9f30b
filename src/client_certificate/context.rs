//! What Envoy verifies a client's certificate with.

use std::fmt;

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
    /// A secret that has not arrived. Envoy refuses every connection until it does.
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
            Self::Secret(name) => write!(f, "the secret {name}"),
            Self::MeshRoot => f.write_str("the mesh's root certificate"),
            Self::Inline => f.write_str("the configuration itself"),
        }
    }
}

/// A certificate revocation list.
///
/// Of every issuer in a client's chain there has to be a list, also where Envoy is told to look at
/// the leaf's alone (`only_verify_leaf_cert_crl`): that an issuer has none is a fact about the
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

/// Why Envoy refuses a validation context, and with it the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// Names to match, and no CA to say whose they are.
    NamesWithoutCa,
    /// A revocation list, and no CA to say whose it is.
    CrlWithoutCa,
}

impl Rejection {
    /// Envoy's own words.
    #[must_use]
    pub fn envoy_message(self) -> &'static str {
        match self {
            Self::NamesWithoutCa => {
                "SAN-based verification of peer certificates without trusted CA is insecure and \
                 not allowed"
            }
            Self::CrlWithoutCa => "Failed to load CRL from <inline> without trusted CA",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NamesWithoutCa => {
                "Envoy refuses the listener: subject alternative names without a CA"
            }
            Self::CrlWithoutCa => "Envoy refuses the listener: a revocation list without a CA",
        })
    }
}

impl ValidationContext {
    /// Whether Envoy refuses this context, whatever else it is told.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        match self.trusted_ca {
            TrustedCa::Given(_) | TrustedCa::Pending(_) => None,
            TrustedCa::Absent if self.crl.is_some() => Some(Rejection::CrlWithoutCa),
            TrustedCa::Absent if !self.subject_alt_names.is_empty() => {
                Some(Rejection::NamesWithoutCa)
            }
            TrustedCa::Absent => None,
        }
    }

    /// Whether there is a pin of either kind.
    #[must_use]
    pub fn has_pins(&self) -> bool {
        !self.verify_certificate_spki.is_empty() || !self.verify_certificate_hash.is_empty()
    }
}
