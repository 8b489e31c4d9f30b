//! All ways to a host, the weakest one first.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use super::{
    MergedGateway, NamedGateway,
    chains::{Chain, Index, Reaching, keep_first_of_class, listeners},
};
use crate::sort;

/// A host, where it leads, and the ways to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostPaths {
    /// The domain of a virtual host: a name, or a wildcard for all names that have no virtual host of their
    /// own.
    pub host: String,
    /// The index of the VirtualService that has the routes.
    pub virtual_service: usize,
    /// The indexes in [`backends`](MergedGateway::backends) of what they lead to.
    pub backends: Vec<usize>,
    /// One path for each different client check, the weakest first: that of a server which accepts clients
    /// without a certificate, then by the number of kinds of clients that are accepted.
    pub paths: Vec<Path>,
}

/// A way to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Path {
    /// The index in [`servers`](MergedGateway::servers) of the server that checks the clients.
    pub server: usize,
    /// The address and port of its listener.
    pub listener: (String, u32),
    /// The server name (SNI) that the client sends, or none: the host itself wherever this is possible.
    pub server_name: Option<String>,
    /// Whether the client speaks TLS: to the server, or to the backend of its passthrough.
    pub is_tls: bool,
    /// The number of other filter chains that lead there with the same client check.
    pub others: usize,
    /// Whether it bypasses the client check of a server to which the host's own server name leads.
    pub accepts_more: bool,
}

/// The ways to a backend, by a host or as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendPaths {
    /// The index in [`backends`](MergedGateway::backends).
    pub backend: usize,
    /// The domain of a virtual host, a name or a wildcard; none for the servers that forward all bytes.
    pub host: Option<String>,
    /// The indexes in [`servers`](MergedGateway::servers) of one server for each different client check.
    pub servers: Vec<usize>,
}

impl MergedGateway {
    /// For each backend and each domain by which requests reach it, the servers that lead these there, also as
    /// bytes; and for each backend the servers that forward bytes to it.
    ///
    /// `gateways` and what is left out are as in [`host_paths`](Self::host_paths).
    ///
    /// ```
    /// use istio_gateway::{
    ///     Gateway, json,
    ///     merged_gateway::{MergedGateway, NamedGateway, VirtualService, Workload},
    /// };
    ///
    /// let gateway: Gateway = json::from_str(
    ///     r#"{"servers": [
    ///         {"port": {"number": 443, "name": "https", "protocol": "HTTPS"},
    ///          "hosts": ["shop.example.com"], "tls": {"mode": "MUTUAL", "credentialName": "c"}},
    ///         {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    ///     ]}"#,
    /// )?;
    /// let gateways =
    ///     [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    /// let services = VirtualService::assumed(&gateways[0]);
    /// let merged = MergedGateway::build(&gateways, &services, &Workload::default());
    /// let paths = merged.backend_paths(&gateways);
    /// let shop = paths.iter().find(|paths| paths.host.as_deref() == Some("shop.example.com")).unwrap();
    /// assert_eq!(shop.servers.len(), 2);
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn backend_paths(&self, gateways: &[NamedGateway<'_>]) -> Vec<BackendPaths> {
        let chains = self.chains(gateways, &|_| None);
        let index = Index::new(&chains, &listeners(&chains));
        let server = |number: usize| chains.get(number).map(|chain| chain.server);
        let mut domains: Vec<(usize, &str)> = index.domains().collect();
        sort::sort(&mut domains);
        let mut result = Vec::new();
        for (backend, domain) in domains {
            let Some(host) = index.example(domain) else { continue };
            let reaching = index.reaching(&chains, backend, &host);
            let servers = reaching.iter().filter_map(|one| server(one.number)).collect();
            result.push(BackendPaths { backend, host: Some(domain.to_owned()), servers });
        }
        for backend in index.bytes_backends() {
            let reaching = index.reaching_any(backend).into_iter();
            let bytes = reaching.filter(|(_, domain)| domain.is_none());
            let servers = bytes.filter_map(|(number, _)| server(number)).collect();
            result.push(BackendPaths { backend, host: None, servers });
        }
        result
    }

    /// For each host and each VirtualService that has backends for it, the ways to these, also by other
    /// VirtualServices: the listener, the server name, and the server that checks the clients. Redirects to HTTPS
    /// lead nowhere, but for requests that come by TLS there are none.
    ///
    /// `gateways` are those that the gateway was built of. Listeners that Envoy rejects
    /// ([`listener_rejection`](Self::listener_rejection)) and those on a loopback address or a Unix
    /// socket are left out.
    ///
    /// ```
    /// use istio_gateway::{
    ///     Gateway, json,
    ///     merged_gateway::{MergedGateway, NamedGateway, VirtualService, Workload},
    /// };
    ///
    /// let gateway: Gateway = json::from_str(
    ///     r#"{"servers": [
    ///         {"port": {"number": 443, "name": "https", "protocol": "HTTPS"},
    ///          "hosts": ["shop.example.com"], "tls": {"mode": "MUTUAL", "credentialName": "c"}},
    ///         {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    ///     ]}"#,
    /// )?;
    /// let gateways =
    ///     [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    /// let services = VirtualService::assumed(&gateways[0]);
    /// let merged = MergedGateway::build(&gateways, &services, &Workload::default());
    /// let hosts = merged.host_paths(&gateways);
    /// let shop = hosts.iter().find(|host| host.host == "shop.example.com").unwrap();
    /// let ports: Vec<u32> = shop.paths.iter().map(|path| path.listener.1).collect();
    /// assert_eq!(ports, [80, 443]);
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn host_paths(&self, gateways: &[NamedGateway<'_>]) -> Vec<HostPaths> {
        let chains = self.chains(gateways, &|_| None);
        let listeners = listeners(&chains);
        let index = Index::new(&chains, &listeners);
        // The backends of each VirtualService at each of its domains.
        let mut known: HashSet<(&str, usize, usize)> = HashSet::new();
        for (domain, host) in chains.iter().flat_map(Chain::routed_hosts) {
            for &service in &host.virtual_services {
                let backends = host.backends.iter().filter(|one| {
                    self.service_backends
                        .get(service)
                        .is_some_and(|of| of.binary_search(one).is_ok())
                });
                known.extend(backends.map(|backend| (domain.as_str(), service, *backend)));
            }
        }
        let mut known: Vec<(&str, usize, usize)> = known.into_iter().collect();
        sort::sort(&mut known);
        let mut weaker: HashMap<(usize, usize), bool> = HashMap::new();
        let mut result = Vec::new();
        for known in known.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let Some(&(domain, virtual_service, _)) = known.first() else { continue };
            let Some(host) = index.example(domain) else { continue };
            let backends: Vec<usize> = known.iter().map(|(_, _, backend)| *backend).collect();
            let mut found: Vec<Reaching> = Vec::new();
            for &backend in &backends {
                found.extend(index.reaching(&chains, backend, &host));
            }
            keep_first_of_class(&mut found, usize::max);
            // The chains that check the clients of the host's own server name.
            let own = index.listeners_for(&host, &backends).into_iter();
            let own = own.filter_map(|number| listeners.get(number));
            let own = own.filter_map(|chains| chains.first()?.neighbour(chains, &host));
            let own = own.filter(|chain| {
                chain.may_reject
                    && chain.backends(&host).iter().any(|one| backends.binary_search(one).is_ok())
            });
            let own: Vec<&Chain<'_>> = own.collect();
            let mut accepts_more = |lax: &Chain<'_>| {
                own.iter().any(|strict| {
                    *weaker
                        .entry((strict.class, lax.class))
                        .or_insert_with(|| !strict.gained_by(lax).is_empty())
                })
            };
            let mut paths: Vec<(Reverse<_>, Path)> = Vec::new();
            for Reaching { number, count, .. } in found {
                let Some(chain) = chains.get(number) else { continue };
                let path = Path {
                    server: chain.server,
                    listener: (chain.listener.address.clone(), chain.listener.port),
                    server_name: chain.server_name_for(&host),
                    is_tls: chain.is_tls(),
                    others: count - 1,
                    accepts_more: accepts_more(chain),
                };
                paths.push((Reverse(laxness(chain)), path));
            }
            sort::sort_by_key(&mut paths, |(laxness, _)| *laxness);
            let paths = paths.into_iter().map(|(_, path)| path).collect();
            result.push(HostPaths { host: domain.to_owned(), virtual_service, backends, paths });
        }
        result
    }
}

/// Whether clients without a certificate are accepted, and how many kinds of clients.
fn laxness(chain: &Chain<'_>) -> (bool, usize) {
    let outcomes = chain.policy.outcomes();
    let accepted = || outcomes.iter().filter(|outcome| outcome.decision.is_accepted());
    (accepted().any(|outcome| outcome.certificate.is_none()), accepted().count())
}
