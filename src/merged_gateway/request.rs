//! What happens to a request.

use super::{ChainAction, FilterChain, MergedGateway, NamedGateway, VirtualHost, hosts::best};
use crate::{
    client_certificate::{ClientCertificate, Decision, RejectReason},
    traffic_mode::TrafficMode,
};

/// A request to a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The name of the listener, as in [`MergedGateway::listeners`].
    pub listener: &'a str,
    /// How the client connects.
    pub connection: Connection<'a>,
    /// The Host header, or `:authority` of HTTP/2.
    pub host: &'a str,
}

/// How a client connects to a gateway.
#[derive(Clone, Copy, Debug)]
pub enum Connection<'a> {
    /// Without TLS.
    PlainText,
    /// With TLS.
    Tls {
        /// The server name (SNI), or none.
        server_name: Option<&'a str>,
        /// The client's certificate, if it presents one when asked, as the server sees it whose filter
        /// chain takes the connection ([`Listener::chain_for`](super::Listener::chain_for)).
        certificate: Option<&'a ClientCertificate>,
    },
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// The filter chain that takes the connection, if one does.
    pub chain: Option<&'a FilterChain>,
    /// What it does with the request.
    pub outcome: Outcome<'a>,
}

/// What a gateway does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// The gateway has no such listener, or Envoy rejects it: nothing listens.
    NoListener,
    /// No filter chain matches the server name: the connection is closed.
    NoFilterChain,
    /// The filter chain expects TLS and the client sends none, or the other way around.
    WrongProtocol,
    /// The client's certificate, or its absence, is rejected.
    ClientRejected(RejectReason),
    /// The request is redirected to HTTPS.
    RedirectedToHttps,
    /// No virtual host has the Host: 404.
    NoVirtualHost,
    /// The virtual host's routes decide; 404 if none of them matches.
    Routed(&'a VirtualHost),
    /// The gateway forwards bytes to the destinations of this VirtualService. If the server does not terminate
    /// TLS, it forwards the client's TLS.
    Forwarded {
        /// The index of the VirtualService in what was given.
        virtual_service: usize,
    },
    /// The gateway forwards TLS to the service that the server name stands for.
    AutoPassthrough,
}

impl MergedGateway {
    /// What happens to a request. `gateways` are those that the gateway was built of.
    ///
    /// Source: Envoy's `FilterChainManagerImpl`, `RouteMatcher::findVirtualHost` and
    /// `VirtualHostImpl::getRouteFromEntries`. A redirect to HTTPS applies only to a request without TLS.
    /// The port in the Host header counts for nothing, because istiod sets
    /// `ignore_port_in_host_matching`.
    ///
    /// ```
    /// use istio_gateway::{
    ///     Gateway, json,
    ///     client_certificate::RejectReason,
    ///     merged_gateway::{
    ///         Connection, MergedGateway, NamedGateway, Outcome, Request, VirtualService, Workload,
    ///     },
    /// };
    ///
    /// let gateway: Gateway = json::from_str(
    ///     r#"{"servers": [
    ///         {"port": {"number": 443, "name": "strict", "protocol": "HTTPS"},
    ///          "hosts": ["admin.example.com"], "tls": {"mode": "MUTUAL", "credentialName": "c"}},
    ///         {"port": {"number": 443, "name": "lax", "protocol": "HTTPS"},
    ///          "hosts": ["*.example.com"], "tls": {"mode": "SIMPLE", "credentialName": "c"}}
    ///     ]}"#,
    /// )?;
    /// let gateways =
    ///     [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    /// let services = VirtualService::assumed(&gateways[0]);
    /// let merged = MergedGateway::build(&gateways, &services, &Workload::default());
    /// let ask = |server_name| {
    ///     let connection = Connection::Tls { server_name: Some(server_name), certificate: None };
    ///     let request =
    ///         Request { listener: "0.0.0.0_443", connection, host: "admin.example.com" };
    ///     merged.answer(&gateways, &request).outcome
    /// };
    /// let strict = ask("admin.example.com");
    /// assert_eq!(strict, Outcome::ClientRejected(RejectReason::NoCertificate));
    /// assert!(matches!(ask("www.example.com"), Outcome::Routed(_)));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn answer(&self, gateways: &[NamedGateway<'_>], request: &Request<'_>) -> Answer<'_> {
        let Request { listener, connection, host } = request;
        let listener = self.listeners.get(*listener);
        let Some(listener) =
            listener.filter(|listener| self.listener_rejection(listener, gateways).is_none())
        else {
            return Answer { chain: None, outcome: Outcome::NoListener };
        };
        let server_name = match connection {
            Connection::PlainText => None,
            Connection::Tls { server_name, .. } => *server_name,
        };
        let chain = listener.chain_for(server_name);
        let outcome = match chain {
            None => Outcome::NoFilterChain,
            Some(chain) => self.outcome(chain, gateways, *connection, host),
        };
        Answer { chain, outcome }
    }

    fn outcome(
        &self,
        chain: &FilterChain,
        gateways: &[NamedGateway<'_>],
        connection: Connection<'_>,
        host: &str,
    ) -> Outcome<'_> {
        let server = self
            .servers
            .get(chain.server)
            .and_then(|merged| gateways.get(merged.gateway)?.gateway.servers.get(merged.server));
        let mode = server.map_or(TrafficMode::OpaqueTcp, TrafficMode::of);
        match (connection, mode) {
            (Connection::PlainText, mode) if mode.terminates_tls() => {
                return Outcome::WrongProtocol;
            }
            (Connection::Tls { .. }, TrafficMode::HttpPlain) => return Outcome::WrongProtocol,
            (Connection::Tls { certificate, .. }, mode) if mode.terminates_tls() => {
                let policy = self.client_certificate_policy(chain.server, gateways);
                if let Some(Decision::Reject(reason)) =
                    policy.map(|policy| policy.decide(certificate))
                {
                    return Outcome::ClientRejected(reason);
                }
            }
            _ => {}
        }
        match &chain.action {
            ChainAction::Tcp { virtual_service, .. } => {
                Outcome::Forwarded { virtual_service: *virtual_service }
            }
            ChainAction::AutoPassthrough => Outcome::AutoPassthrough,
            ChainAction::Http { route } => match self.virtual_host(route, host) {
                None => Outcome::NoVirtualHost,
                Some(host) if host.is_redirect && mode == TrafficMode::HttpPlain => {
                    Outcome::RedirectedToHttps
                }
                Some(host) => Outcome::Routed(host),
            },
        }
    }

    /// The virtual host of a route for a Host header.
    fn virtual_host(&self, route: &str, host: &str) -> Option<&VirtualHost> {
        let hosts = self.routes.get(route)?;
        let is_address = host.ends_with(']');
        let name = host.rsplit_once(':').filter(|_| !is_address).map_or(host, |(name, _)| name);
        hosts.get(best(hosts, &name.to_ascii_lowercase())?)
    }
}
