//! What a server's settings are to istiod, before it looks at the rest of them.

use crate::{ServerTlsSettings, TlsMode};

/// A mode that ends TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Simple,
    Mutual,
    IstioMutual,
    OptionalMutual,
    /// To istiod as SIMPLE, but for the parameters.
    Unknown,
}

impl Kind {
    pub(super) fn of(tls: &ServerTlsSettings) -> Option<Self> {
        match tls.tls_mode() {
            Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough) => None,
            Ok(TlsMode::Simple) => Some(Self::Simple),
            Ok(TlsMode::Mutual) => Some(Self::Mutual),
            Ok(TlsMode::IstioMutual) => Some(Self::IstioMutual),
            Ok(TlsMode::OptionalMutual) => Some(Self::OptionalMutual),
            Err(_) => Some(Self::Unknown),
        }
    }

    /// Whether versions, suites, curves and ALPN protocols of the server count.
    pub(super) fn has_parameters(self) -> bool {
        matches!(self, Self::Simple | Self::Mutual | Self::OptionalMutual)
    }

    /// Whether it asks for a client's certificate, at least on TCP.
    pub(super) fn requests(self) -> bool {
        matches!(self, Self::Mutual | Self::IstioMutual | Self::OptionalMutual)
    }
}

pub(super) fn has_credentials(tls: &ServerTlsSettings) -> bool {
    !tls.credential_name.is_empty() || !tls.credential_names.is_empty()
}
