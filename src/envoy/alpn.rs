//! The application protocols that a server offers in the handshake (ALPN).

use prost::UnknownEnumValue;

use super::{Options, Transport, params::OWN_CURVES_AND_ALPN};
use crate::{
    TlsMode, proto::envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext,
    protocol::Protocol, tls_plan::TlsParameters,
};

/// The protocols that a gateway offers, most preferred first.
///
/// Source: pilot's `BuildListenerTLSContext`; for `alpnProtocols`, which no published module of istiod
/// has yet, istio/api#3758 and istio/istio#61597. It is an assumption that the field applies in the
/// same modes as the other parameters, and not over QUIC.
pub(super) fn offered(
    mode: Result<TlsMode, UnknownEnumValue>,
    parameters: Option<TlsParameters<'_>>,
    protocol: Option<Protocol>,
    options: &Options,
) -> Vec<String> {
    let gateways_own: &[&str] = match (options.transport, mode, protocol) {
        (Transport::Quic, ..) => &["h3"],
        (_, Ok(TlsMode::IstioMutual), Some(Protocol::Tls | Protocol::Tcp) | None) => {
            &["istio-peer-exchange", "h2", "http/1.1"]
        }
        _ => &["h2", "http/1.1"],
    };
    let counts = options.istio >= OWN_CURVES_AND_ALPN && options.transport == Transport::Tcp;
    let names = parameters.filter(|_| counts).map_or([].as_slice(), |own| own.alpn_protocols);
    let servers_own: Vec<String> = names.iter().filter(|name| is_name(name)).cloned().collect();
    if servers_own.is_empty() {
        return gateways_own.iter().map(|&name| name.to_owned()).collect();
    }
    servers_own
}

/// Whether the name has a length that TLS allows; istiod drops others.
///
/// Source: istiod's `security.FilterALPNProtocols` and RFC 7301, 3.1.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
}

/// Whether Envoy accepts the list that istiod keeps: it joins the names with commas.
pub(super) fn fits_envoy(names: &[String]) -> bool {
    let kept = names.iter().filter(|name| is_name(name));
    kept.map(|name| name.len() + 1).sum::<usize>() <= 65_535
}

/// The protocol that is negotiated with a client that offers these: the first one of the gateway's list
/// that the client also offers. If there is none, or the client offers none, the handshake succeeds
/// without a protocol, as observed with Envoy 1.40.0.
///
/// Envoy splits a name with commas into several; if one of these is empty, it negotiates no protocol.
///
/// ```
/// use istio_gateway::{Server, ServerTlsSettings, envoy};
///
/// let mut tls = ServerTlsSettings::simple("edge-cert");
/// tls.alpn_protocols.push("http/1.1".to_owned());
/// let server = Server { tls: Some(tls), ..Default::default() };
/// let translation = envoy::translate_server(&server, &envoy::Options::default());
/// let context = translation.effective_tls_context().unwrap();
/// assert_eq!(envoy::negotiated_protocol(context, &["h2", "http/1.1"]), Some("http/1.1"));
/// assert_eq!(envoy::negotiated_protocol(context, &["h2"]), None);
/// ```
#[must_use]
pub fn negotiated_protocol<'a>(
    context: &'a DownstreamTlsContext,
    offered: &[&str],
) -> Option<&'a str> {
    offered_protocols(context).into_iter().find(|name| offered.contains(name))
}

/// The protocols that the gateway offers by ALPN, most preferred first, as Envoy reads them: see
/// [`negotiated_protocol`].
#[must_use]
pub fn offered_protocols(context: &DownstreamTlsContext) -> Vec<&str> {
    let Some(common) = &context.common_tls_context else { return Vec::new() };
    let mut names: Vec<&str> = Vec::new();
    for entry in &common.alpn_protocols {
        names.extend(entry.split(','));
    }
    if names.contains(&"") { Vec::new() } else { names }
}
