//! All ways to a host, the weakest one first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use super::{
    MergedGateway, NamedGateway,
    hosts::{is_partial, wildcards_above},
    reachability::Chain,
};

/// A host, where it leads, and the ways to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostPaths {
    /// The domain of a virtual host: a name, or a wildcard for all names that have no virtual host of their
    /// own.
    pub host: String,
    /// The index of the VirtualService that has the routes.
    pub virtual_service: usize,
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
    /// Whether the server terminates TLS.
    pub is_tls: bool,
    /// The number of other filter chains that lead there with the same client check.
    pub others: usize,
    /// Whether it accepts clients that the server of another path rejects.
    pub accepts_more: bool,
}

impl MergedGateway {
    /// For each host and each VirtualService that it leads to, the ways there: the listener, the server name,
    /// and the server that checks the clients. Redirects to HTTPS lead
    /// nowhere, but for requests that come by TLS there are none.
    ///
    /// `gateways` are those that the gateway was built of. Listeners that Envoy rejects are left out
    /// ([`listener_rejection`](Self::listener_rejection)).
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
        let chains = self.http_chains(gateways);
        let mut index: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
        let mut has_partial = false;
        for (number, chain) in chains.iter().enumerate() {
            for (domain, virtual_host) in chain.routed_hosts() {
                has_partial |= is_partial(domain);
                for &service in &virtual_host.virtual_services {
                    index.entry((domain, service)).or_default().push(number);
                }
            }
        }
        // By the client check, so that a wildcard of many servers is no list of many.
        let classes: HashMap<(&str, usize), BTreeMap<usize, Vec<usize>>> = index
            .iter()
            .map(|(key, numbers)| {
                let mut by_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for &number in numbers {
                    let class = chains.get(number).map_or(0, |chain| chain.class);
                    by_class.entry(class).or_default().push(number);
                }
                (*key, by_class)
            })
            .collect();
        let mut weaker: HashMap<(usize, usize), bool> = HashMap::new();
        let paths = |&(domain, service): &(&str, usize)| {
            let mut found: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
            let names = wildcards_above(domain, has_partial);
            for name in [domain.to_owned()].into_iter().chain(names) {
                let of_name = classes.get(&(name.as_str(), service)).into_iter().flatten();
                for (&class, numbers) in of_name {
                    // A chain that has the narrower name has other routes for it.
                    let is_used = |number: &&usize| {
                        name == domain
                            || chains.get(**number).is_some_and(|chain| {
                                !has_narrower(chain, domain, &name, has_partial)
                            })
                    };
                    if let Some(&first) = numbers.iter().find(is_used) {
                        let known = found.entry(class).or_insert((first, 0));
                        known.1 += numbers.len() - usize::from(known.0 == first);
                    }
                }
            }
            let found: Vec<(&Chain<'_>, usize)> = found
                .into_values()
                .filter_map(|(number, others)| Some((chains.get(number)?, others)))
                .collect();
            let mut accepts_more = |lax: &Chain<'_>| {
                found.iter().any(|(strict, _)| {
                    *weaker
                        .entry((strict.class, lax.class))
                        .or_insert_with(|| strict.rejects_clients_of(lax))
                })
            };
            let mut paths: Vec<(Reverse<_>, Path)> = Vec::new();
            for &(chain, others) in &found {
                let path = chain.path(domain, others, accepts_more(chain));
                paths.push((Reverse(laxness(chain)), path));
            }
            paths.sort_by_key(|(laxness, _)| *laxness);
            let paths = paths.into_iter().map(|(_, path)| path).collect();
            HostPaths { host: domain.to_owned(), virtual_service: service, paths }
        };
        index.keys().map(paths).collect()
    }
}

/// Whether clients without a certificate are accepted, and how many kinds of clients.
fn laxness(chain: &Chain<'_>) -> (bool, usize) {
    let outcomes = chain.policy.outcomes();
    let accepted = || outcomes.iter().filter(|outcome| outcome.decision.is_accepted());
    (accepted().any(|outcome| outcome.certificate.is_none()), accepted().count())
}

/// Whether the chain has a virtual host for the domain that is narrower than this wildcard.
fn has_narrower(chain: &Chain<'_>, domain: &str, wildcard: &str, has_partial: bool) -> bool {
    let names = [domain.to_owned()].into_iter().chain(wildcards_above(domain, has_partial));
    names.take_while(|name| name != wildcard).any(|name| chain.hosts.contains_key(name.as_str()))
}

impl Chain<'_> {
    /// The way through this chain to a host.
    fn path(&self, host: &str, others: usize, accepts_more: bool) -> Path {
        let is_tls = self.mode.terminates_tls();
        let name = host.strip_prefix('*').map(|suffix| format!("a{suffix}"));
        let name = name.unwrap_or_else(|| host.to_owned());
        let is_taken = !self.server_names.is_empty() && self.takes(&name);
        Path {
            server: self.server,
            listener: (self.listener.address.clone(), self.listener.port),
            server_name: if is_taken { Some(name) } else { self.server_name.clone() },
            is_tls,
            others,
            accepts_more,
        }
    }
}
