//! What a gateway does with a server's connections.

use std::fmt;

use crate::{Server, ServerTlsSettings, TlsMode, protocol::Protocol};

/// What a gateway does with a server's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrafficMode {
    /// HTTP without TLS, regardless of the server's TLS settings.
    HttpPlain,
    /// The gateway terminates TLS and reads HTTP.
    HttpsTerminate,
    /// The gateway terminates TLS and forwards bytes.
    TlsTerminate,
    /// TLS passthrough, routed by SNI.
    Passthrough,
    /// Opaque TCP.
    OpaqueTcp,
}

impl TrafficMode {
    /// Source: pilot's `buildGatewayTCPBasedFilterChains` and `createGatewayTCPFilterChainOpts`.
    pub(crate) fn of(server: &Server) -> Self {
        let protocol = Protocol::of_server(server);
        let mode = server.tls.as_ref().map(ServerTlsSettings::tls_mode);
        match (mode, protocol) {
            (_, Some(Protocol::Http)) => Self::HttpPlain,
            (None, _) => Self::OpaqueTcp,
            (Some(Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough)), _) => Self::Passthrough,
            (Some(_), Some(Protocol::Https)) => Self::HttpsTerminate,
            (Some(_), Some(Protocol::Tls | Protocol::Tcp) | None) => Self::TlsTerminate,
        }
    }

    /// Whether the gateway terminates TLS, and so uses a TLS context.
    #[must_use]
    pub fn terminates_tls(self) -> bool {
        matches!(self, Self::HttpsTerminate | Self::TlsTerminate)
    }

    /// Whether the gateway reads HTTP, and so uses a connection manager.
    #[must_use]
    pub fn is_http(self) -> bool {
        matches!(self, Self::HttpPlain | Self::HttpsTerminate)
    }

    /// A machine-readable name: `http-plain`, `https-terminate`, `tls-terminate`, `passthrough` or
    /// `opaque-tcp`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HttpPlain => "http-plain",
            Self::HttpsTerminate => "https-terminate",
            Self::TlsTerminate => "tls-terminate",
            Self::Passthrough => "passthrough",
            Self::OpaqueTcp => "opaque-tcp",
        }
    }
}

impl fmt::Display for TrafficMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
