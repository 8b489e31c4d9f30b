//! The protocol of a port.

use crate::Server;

/// A protocol that Istio knows, as far as gateways distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Https,
    Tls,
    /// TCP, and protocols on top of it.
    Tcp,
}

impl Protocol {
    /// `None` for a name that Istio does not know, which istiod treats as TCP.
    ///
    /// Source: istiod's `protocol.Parse` and `Instance.IsHTTP`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        const NAMES: [(&str, Protocol); 12] = [
            ("https", Protocol::Https),
            ("http", Protocol::Http),
            ("tls", Protocol::Tls),
            ("tcp", Protocol::Tcp),
            ("http2", Protocol::Http),
            ("grpc", Protocol::Http),
            ("grpc-web", Protocol::Http),
            ("http_proxy", Protocol::Http),
            ("udp", Protocol::Tcp),
            ("mongo", Protocol::Tcp),
            ("redis", Protocol::Tcp),
            ("mysql", Protocol::Tcp),
        ];
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, protocol)| *protocol)
    }

    /// The protocol of a server's port.
    pub(crate) fn of_server(server: &Server) -> Option<Self> {
        server.port.as_ref().and_then(|port| Self::parse(&port.protocol))
    }

    pub(crate) fn is_http(self) -> bool {
        self == Self::Http
    }

    /// Whether a server of this protocol must have TLS settings.
    #[cfg(feature = "validate")]
    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }
}
