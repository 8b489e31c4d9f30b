//! What a gateway does with a server's connections.

use std::fmt;

use super::kind::Kind;
use crate::Server;

/// What a gateway does with a server's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flow {
    /// HTTP without TLS, whatever the server's TLS settings say.
    HttpPlain,
    /// TLS ends at the gateway, HTTP is within.
    HttpsTerminate,
    /// TLS ends at the gateway, bytes are within.
    TlsTerminate,
    /// TLS is passed on by the name of the host.
    Passthrough,
    /// Bytes are passed on.
    OpaqueTcp,
}

impl Flow {
    /// Source: pilot's `buildGatewayTCPBasedFilterChains` and `createGatewayTCPFilterChainOpts`.
    pub(super) fn of(server: &Server) -> Self {
        let protocol = Protocol::of(server);
        match (&server.tls, protocol) {
            (_, Protocol::Http) => Self::HttpPlain,
            (None, _) => Self::OpaqueTcp,
            (Some(tls), _) if Kind::of(tls).is_none() => Self::Passthrough,
            (Some(_), Protocol::Https) => Self::HttpsTerminate,
            (Some(_), Protocol::Other) => Self::TlsTerminate,
        }
    }

    /// Whether the gateway ends TLS, and so has use for a TLS context.
    #[must_use]
    pub fn terminates_tls(self) -> bool {
        matches!(self, Self::HttpsTerminate | Self::TlsTerminate)
    }

    /// Whether the gateway reads HTTP, and so has use for a connection manager.
    #[must_use]
    pub fn is_http(self) -> bool {
        matches!(self, Self::HttpPlain | Self::HttpsTerminate)
    }

    /// A name for programs: `http-plain`, `https-terminate`, `tls-terminate`, `passthrough` or
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

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A port's protocol, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Https,
    Other,
}

impl Protocol {
    /// Source: istiod's `protocol.Parse` and `Instance.IsHTTP`.
    pub(super) fn of(server: &Server) -> Self {
        Self::parse(server.port.as_ref().map_or("", |port| port.protocol.as_str()))
    }

    pub(super) fn parse(name: &str) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if ["http", "http2", "http_proxy", "grpc", "grpc-web"].into_iter().any(is) {
            Self::Http
        } else if is("https") {
            Self::Https
        } else {
            Self::Other
        }
    }
}
