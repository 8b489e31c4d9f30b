//! HTTP/2 connections that browsers use for a host of another filter chain.

use std::collections::BTreeMap;

use super::{
    MergedGateway, NamedGateway,
    chains::{Chain, example_of},
};
use crate::{
    Server,
    client_certificate::Request,
    tls_plan::{CertificateSource, TlsPlan, alpn_names},
    traffic_mode::TrafficMode,
};

/// Filter chains and hosts that are looked at for one certificate.
const MOST_CHAINS: usize = 64;
const MOST_HOSTS: usize = 16;

/// A request that browsers send over a connection to another host, and that is answered with 404.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MisdirectedRequest {
    /// The index in [`servers`](MergedGateway::servers) of the server that the connection is for.
    pub connected: usize,
    /// The server name of the connection.
    pub connected_host: String,
    /// The index of the server that has the host of the request.
    pub missed: usize,
    /// The host of the request.
    pub host: String,
    /// The port number of both.
    pub port: u32,
    /// The number of servers of this listener that have the same certificate as the one of the connection.
    pub servers: usize,
    /// Whether both have the same certificate. If not, that of the connection has the host among its names.
    pub is_same_certificate: bool,
}

impl MergedGateway {
    /// Servers that share a listener and a certificate, but not their hosts: one pair for each certificate.
    ///
    /// A browser uses an HTTP/2 connection for each host that the certificate of the connection covers
    /// and that has the same address (RFC 9113, section 9.1.1). The connection stays in the filter chain of
    /// its server name, which has no virtual host for the other one: 404, not 421. Two servers with the same
    /// credential or file have the same certificate; that it covers the hosts of both is assumed. Connections
    /// for which a client certificate was requested are not used for other hosts.
    ///
    /// ```
    /// use istio_gateway::{
    ///     Gateway, json,
    ///     merged_gateway::{MergedGateway, NamedGateway, VirtualService, Workload},
    /// };
    ///
    /// let gateway: Gateway = json::from_str(
    ///     r#"{"servers": [
    ///         {"port": {"number": 443, "name": "a", "protocol": "HTTPS"},
    ///          "hosts": ["a.example.com"], "tls": {"mode": "SIMPLE", "credentialName": "c"}},
    ///         {"port": {"number": 443, "name": "b", "protocol": "HTTPS"},
    ///          "hosts": ["b.example.com"], "tls": {"mode": "SIMPLE", "credentialName": "c"}}
    ///     ]}"#,
    /// )?;
    /// let gateways =
    ///     [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    /// let services = VirtualService::assumed(&gateways[0]);
    /// let merged = MergedGateway::build(&gateways, &services, &Workload::default());
    /// let found = &merged.misdirected_requests(&gateways)[0];
    /// assert_eq!((found.connected_host.as_str(), found.host.as_str()), ("a.example.com", "b.example.com"));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn misdirected_requests(&self, gateways: &[NamedGateway<'_>]) -> Vec<MisdirectedRequest> {
        self.misdirected_by_names(gateways, &|_, _| None)
    }

    /// As [`misdirected_requests`](Self::misdirected_requests), where it may be known whether the certificate of
    /// the server with this index has a host among its names.
    pub(crate) fn misdirected_by_names(
        &self,
        gateways: &[NamedGateway<'_>],
        has_name: &dyn Fn(usize, &str) -> Option<bool>,
    ) -> Vec<MisdirectedRequest> {
        let chains = self.chains(gateways, &|_| None);
        // By listener, and by certificate.
        let mut listeners: BTreeMap<_, BTreeMap<_, Vec<(&Chain<'_>, &Server)>>> = BTreeMap::new();
        for chain in chains.iter().filter(|chain| chain.mode == TrafficMode::HttpsTerminate) {
            let server = self.servers.get(chain.server).and_then(|merged| {
                gateways.get(merged.gateway)?.gateway.servers.get(merged.server)
            });
            let Some((server, key)) =
                server.and_then(|server| Some((server, certificate(server)?)))
            else {
                continue;
            };
            let listener = (chain.listener.port, chain.listener.address.as_str());
            let certificates = listeners.entry(listener).or_default();
            certificates.entry(key).or_default().push((chain, server));
        }
        let mut found = Vec::new();
        for certificates in listeners.values() {
            for group in certificates.values() {
                // First those with the same certificate.
                let others = certificates.values().filter(|other| !std::ptr::eq(*other, group));
                let same = group.iter().map(|(chain, _)| (*chain, true));
                let others = others.flatten().map(|(chain, _)| (*chain, false));
                let missed = || same.clone().chain(others.clone()).take(2 * MOST_CHAINS);
                let connected = group.iter().take(MOST_CHAINS).filter(|(chain, server)| {
                    chain.policy.request() == Request::NotRequested && negotiates_h2(server)
                });
                let pairs = connected
                    .flat_map(|(connected, _)| missed().map(move |missed| (*connected, missed)));
                let different =
                    pairs.filter(|(connected, (missed, _))| connected.server != missed.server);
                found.extend(different.take(2 * MOST_CHAINS).find_map(
                    |(connected, (missed, is_same))| {
                        let connected_to = connected.server;
                        let mut own = connected.hosts_of_its_own().take(MOST_HOSTS);
                        let connected_host =
                            own.find(|host| has_name(connected_to, host) != Some(false))?;
                        let is_missed = |host: &String| {
                            connected.domain(host).is_none()
                                && has_name(connected_to, host).unwrap_or(is_same)
                        };
                        let host = missed.hosts_of_its_own().take(MOST_HOSTS).find(is_missed)?;
                        Some(MisdirectedRequest {
                            connected: connected_to,
                            connected_host,
                            missed: missed.server,
                            host,
                            port: missed.listener.port,
                            servers: group.len(),
                            is_same_certificate: is_same,
                        })
                    },
                ));
            }
        }
        found
    }
}

impl<'a> Chain<'a> {
    /// Hosts that the chain has routes for and whose name as the server name leads to it. No certificate
    /// covers the names of `*`.
    fn hosts_of_its_own(&self) -> impl Iterator<Item = String> + use<'_, 'a> {
        let routed = self
            .routed_hosts()
            .filter(|(domain, host)| domain.as_str() != "*" && !host.virtual_services.is_empty());
        routed.filter_map(|(domain, _)| {
            example_of(domain, |host| {
                self.takes(host) && self.domain(host) == Some(domain.as_str())
            })
        })
    }
}

/// The certificate of a server, unless it is the proxy's own one.
fn certificate(server: &Server) -> Option<Vec<&str>> {
    match TlsPlan::new(server.tls.as_ref()?).certificates {
        CertificateSource::Credentials(names) => Some(names.iter().map(String::as_str).collect()),
        CertificateSource::Files { certificate, .. } if !certificate.is_empty() => {
            Some(vec!["", certificate])
        }
        _ => None,
    }
}

fn negotiates_h2(server: &Server) -> bool {
    let plan = server.tls.as_ref().map(TlsPlan::new);
    plan.is_some_and(|plan| {
        let names = plan.parameters.map_or(Vec::new(), |of| alpn_names(of.alpn_protocols));
        names.is_empty() || names.contains(&"h2") && !names.contains(&"")
    })
}
