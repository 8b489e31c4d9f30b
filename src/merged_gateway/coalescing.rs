//! HTTP/2 connections that browsers use for a host of another filter chain.

use std::cell::OnceCell;

use super::{
    MergedGateway, NamedGateway,
    chains::{Chain, example_of},
};
use crate::{
    Server,
    client_certificate::Request,
    sort,
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
        let mut terminating: Vec<Terminating<'_, '_>> = Vec::new();
        for chain in chains.iter().filter(|chain| chain.mode == TrafficMode::HttpsTerminate) {
            let server = self.servers.get(chain.server).and_then(|merged| {
                gateways.get(merged.gateway)?.gateway.servers.get(merged.server)
            });
            if let Some(server) = server
                && let Some(certificate) = certificate(server)
            {
                let listener = (chain.listener.port, chain.listener.address.as_str());
                let hosts = OnceCell::new();
                terminating.push(Terminating { listener, certificate, chain, server, hosts });
            }
        }
        sort::sort_by(&mut terminating, |one, other| {
            (one.listener, &one.certificate).cmp(&(other.listener, &other.certificate))
        });
        let mut found = Vec::new();
        for listener in terminating.chunk_by(|one, other| one.listener == other.listener) {
            for group in listener.chunk_by(|one, other| one.certificate == other.certificate) {
                found.extend(misdirected(listener, group, has_name));
            }
        }
        found
    }
}

/// A chain that terminates HTTPS.
struct Terminating<'c, 'a> {
    listener: (u32, &'c str),
    certificate: Vec<&'c str>,
    chain: &'c Chain<'a>,
    server: &'c Server,
    /// See [`own_hosts`](Self::own_hosts).
    hosts: OnceCell<Vec<String>>,
}

impl Terminating<'_, '_> {
    /// Some hosts that the chain has routes for and whose name as the server name leads to it. No certificate
    /// covers the names of `*`.
    fn own_hosts(&self) -> &[String] {
        self.hosts.get_or_init(|| {
            let Self { chain, .. } = self;
            let routed = chain.routed_hosts().filter(|(domain, host)| {
                domain.as_str() != "*" && !host.virtual_services.is_empty()
            });
            let examples = routed.filter_map(|(domain, _)| {
                example_of(domain, |host| {
                    chain.takes(host) && chain.domain(host) == Some(domain.as_str())
                })
            });
            examples.take(MOST_HOSTS).collect()
        })
    }
}

/// A request over a connection to one of the group, whose certificates are the same, for a host of another chain of
/// the listener.
fn misdirected(
    listener: &[Terminating<'_, '_>],
    group: &[Terminating<'_, '_>],
    has_name: &dyn Fn(usize, &str) -> Option<bool>,
) -> Option<MisdirectedRequest> {
    let certificate = &group.first()?.certificate;
    let others = listener.iter().filter(|other| other.certificate != *certificate);
    // First those with the same certificate.
    let missed: Vec<_> = group.iter().chain(others).take(2 * MOST_CHAINS).collect();
    let mut pairs = 0;
    for connected in group.iter().take(MOST_CHAINS) {
        let Terminating { chain, server, .. } = connected;
        if chain.policy.request() != Request::NotRequested || !negotiates_h2(server) {
            continue;
        }
        let mut own = connected.own_hosts().iter();
        let own = own.find(|host| has_name(chain.server, host) != Some(false));
        let Some(connected_host) = own else { continue };
        for (index, missed) in missed.iter().enumerate() {
            if chain.server == missed.chain.server {
                continue;
            }
            if pairs == 2 * MOST_CHAINS {
                return None;
            }
            pairs += 1;
            let is_same = index < group.len();
            let host = missed.own_hosts().iter().find(|host| {
                chain.domain(host).is_none() && has_name(chain.server, host).unwrap_or(is_same)
            });
            let Some(host) = host else { continue };
            return Some(MisdirectedRequest {
                connected: chain.server,
                connected_host: connected_host.clone(),
                missed: missed.chain.server,
                host: host.clone(),
                port: missed.chain.listener.port,
                servers: group.len(),
                is_same_certificate: is_same,
            });
        }
    }
    None
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
