//! Ways around a client check: Envoy chooses the filter chain, and with it the client check, by the
//! server name (SNI), and the virtual host by the Host header. Nothing compares the two.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    rc::Rc,
};

use super::{
    ChainAction, Listener, MergedGateway, NamedGateway, VirtualHost, VirtualService, Workload,
    hosts, listener::ServerNames,
};
use crate::{
    Gateway, Server, ServerTlsSettings, TlsMode,
    client_certificate::{Change, ClientCertificatePolicy},
    traffic_mode::TrafficMode,
};

/// How many chains are looked at for one domain, of those whose client check is weaker.
const MOST_CANDIDATES: usize = 256;
/// How many of them may have the same client check.
const MOST_OF_A_CLASS: usize = 16;

/// A request that reaches the backends of a server without passing that server's client check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bypass {
    /// The index in [`servers`](MergedGateway::servers) of the server whose check is bypassed.
    pub bypassed: usize,
    /// The index of the server that the request goes through instead.
    pub through: usize,
    /// The address and port of that server's listener.
    pub listener: (String, u32),
    /// The server name (SNI) that the client sends, or none.
    pub server_name: Option<String>,
    /// Whether that server terminates TLS.
    pub is_tls: bool,
    /// The Host header of the request.
    pub host: String,
    /// The index of the VirtualService that has the routes.
    pub virtual_service: usize,
    /// The clients that this server accepts and the bypassed one rejects.
    pub accepted: Vec<Change>,
}

impl Bypass {
    /// A shell command that sends the request to a gateway at the address in the variable `GATEWAY`.
    ///
    /// The client certificate, if one is needed, is left out. Names are quoted for the shell.
    #[must_use]
    pub fn command(&self) -> String {
        let (_, port) = self.listener;
        let url = |scheme: &str, name: &str| quoted(&format!("{scheme}://{name}:{port}/"));
        let header = quoted(&format!("Host: {}", self.host));
        let connect = format!("--connect-to ::$GATEWAY:{port}");
        match &self.server_name {
            _ if !self.is_tls => format!("curl {connect} {}", url("http", &self.host)),
            Some(name) if *name == self.host => format!("curl -k {connect} {}", url("https", name)),
            Some(name) => format!("curl -k {connect} -H {header} {}", url("https", name)),
            // curl sends no server name for an IP address.
            None => format!("curl -k -H {header} https://$GATEWAY:{port}/"),
        }
    }
}

/// A word of a shell command.
fn quoted(word: &str) -> String {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte);
    if word.bytes().all(is_safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

impl fmt::Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, port) = &self.listener;
        write!(f, "a request to {address}:{port}")?;
        match (&self.server_name, self.is_tls) {
            (_, false) => f.write_str(" without TLS")?,
            (None, true) => f.write_str(" without a server name (SNI)")?,
            (Some(name), true) => write!(f, " with the server name (SNI) {name}")?,
        }
        write!(f, " and the Host {}", self.host)
    }
}

/// Virtual hosts that [`bypasses_within`] builds at most: each wildcard may have one for each host.
const MOST_VIRTUAL_HOSTS: usize = 1_000_000;

/// The bypasses within one Gateway, with the indexes of its servers.
///
/// VirtualServices are assumed to be bound to the Gateway and to have all of its hosts
/// ([`VirtualService::assumed`]). Gateways with so many wildcards that they have more than a million virtual
/// hosts are not considered.
///
/// ```
/// use istio_gateway::{Gateway, json, merged_gateway::bypasses_within};
///
/// let gateway: Gateway = json::from_str(
///     r#"{"servers": [
///         {"port": {"number": 443, "name": "https", "protocol": "HTTPS"},
///          "hosts": ["shop.example.com"], "tls": {"mode": "MUTUAL", "credentialName": "c"}},
///         {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
///     ]}"#,
/// )?;
/// let bypass = &bypasses_within(&gateway)[0];
/// assert_eq!((bypass.bypassed, bypass.through), (0, 1));
/// let command = "curl --connect-to ::$GATEWAY:80 http://shop.example.com:80/";
/// assert_eq!(bypass.command(), command);
/// # Ok::<(), istio_gateway::Error>(())
/// ```
#[must_use]
pub fn bypasses_within(gateway: &Gateway) -> Vec<Bypass> {
    let hosts = gateway.servers.iter().flat_map(|server| &server.hosts);
    let wildcards = hosts.clone().filter(|host| host.contains('*')).count();
    let is_large = wildcards.saturating_mul(hosts.count()) > MOST_VIRTUAL_HOSTS;
    if !gateway.servers.iter().any(may_reject) || is_large || !hosts_overlap(gateway) {
        return Vec::new();
    }
    let gateways = [NamedGateway { namespace: "", name: "", created: None, gateway }];
    let [named] = &gateways;
    let services = VirtualService::assumed(named);
    let workload = Workload { ignores_selectors: true, ..Workload::default() };
    let merged = MergedGateway::build(&gateways, &services, &workload);
    let mut bypasses = merged.bypasses(&gateways);
    for bypass in &mut bypasses {
        for server in [&mut bypass.bypassed, &mut bypass.through] {
            *server = merged.servers.get(*server).map_or(0, |merged| merged.server);
        }
    }
    bypasses
}

/// Whether the server may reject clients.
fn may_reject(server: &Server) -> bool {
    let mode = server.tls.as_ref().map(ServerTlsSettings::tls_mode);
    mode.is_some_and(|mode| {
        !matches!(mode, Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough | TlsMode::Simple))
    })
}

/// Whether one of the servers may be in the way of another one: if none rejects clients, and none of those with
/// TLS settings shares its port, each of them stands alone.
#[cfg(feature = "validate")]
pub(crate) fn may_interact<'a>(servers: impl Iterator<Item = &'a Server>) -> bool {
    let mut ports: HashMap<u32, bool> = HashMap::new();
    let (mut count, mut rejects) = (0, false);
    for server in servers {
        count += 1;
        rejects |= may_reject(server);
        let number = server.port.as_ref().map_or(0, |port| port.number);
        let is_tls = server.tls.is_some();
        let other = ports.insert(number, is_tls);
        let is_shared = other.is_some_and(|other_is_tls| is_tls || other_is_tls);
        if is_shared || count > 1 && rejects {
            return true;
        }
    }
    false
}

/// Whether two hosts of the Gateway may match the same name: without that, there is no bypass.
fn hosts_overlap(gateway: &Gateway) -> bool {
    let hosts = gateway.servers.iter().flat_map(|server| &server.hosts);
    let mut names = HashSet::with_capacity(hosts.clone().count());
    for host in hosts {
        let name = host.split_once('/').map_or(host.as_str(), |(_, name)| name);
        // Virtual hosts are in lower case.
        let is_odd = name.bytes().any(|byte| byte.is_ascii_uppercase() || byte >= 0x80)
            || name.starts_with('*') && !name.starts_with("*.");
        if is_odd || !names.insert(name) {
            return true;
        }
    }
    let suffixes: HashSet<&str> = names.iter().filter_map(|name| name.strip_prefix('*')).collect();
    // Few lengths occur: most names need no look-up.
    let lengths = suffixes.iter().fold(0_u64, |lengths, suffix| lengths | 1 << (suffix.len() % 64));
    let is_below = |name: &str| {
        let rest = name.strip_prefix("*.").unwrap_or(name);
        let dots = rest.bytes().enumerate().filter(|(_, byte)| *byte == b'.');
        let mut suffixes_of = dots.filter_map(|(start, _)| rest.get(start..));
        suffixes_of
            .any(|suffix| lengths & 1 << (suffix.len() % 64) != 0 && suffixes.contains(suffix))
    };
    !suffixes.is_empty() && names.iter().copied().any(is_below)
}

/// A filter chain that routes HTTP, and the client check of its server.
pub(super) struct Chain<'a> {
    pub(super) server: usize,
    pub(super) listener: &'a Listener,
    pub(super) mode: TrafficMode,
    pub(super) policy: ClientCertificatePolicy,
    /// The same number for equal policies.
    pub(super) class: usize,
    /// A server name that Envoy gives to this chain; none if only a connection without one is.
    pub(super) server_name: Option<String>,
    pub(super) server_names: &'a [String],
    pub(super) hosts: &'a BTreeMap<String, VirtualHost>,
    /// The index in its listener, and the server names of all.
    index: usize,
    names: Rc<ServerNames<'a>>,
}

impl MergedGateway {
    /// For each server that rejects clients, requests of such clients that reach the same routes through
    /// another server: one for each different client check of the other servers.
    ///
    /// `gateways` are those that the gateway was built of. A listener that Envoy rejects is left out
    /// ([`listener_rejection`](Self::listener_rejection)).
    ///
    /// Source: Envoy's choice of a filter chain and of a virtual host, and pilot's
    /// `buildGatewayHTTPRouteConfig`, which puts a VirtualService into the route of each server of its
    /// Gateway that has one of its hosts.
    ///
    /// ```
    /// use istio_gateway::{
    ///     Gateway, json,
    ///     merged_gateway::{MergedGateway, NamedGateway, VirtualService, Workload},
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
    /// let bypass = &merged.bypasses(&gateways)[0];
    /// assert_eq!((bypass.bypassed, bypass.through), (0, 1));
    /// assert_eq!(bypass.host, "admin.example.com");
    /// assert_eq!(bypass.server_name.as_deref(), Some("a.example.com"));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn bypasses(&self, gateways: &[NamedGateway<'_>]) -> Vec<Bypass> {
        let chains = self.http_chains(gateways);
        let index = Index::new(&chains);
        let mut weaker: HashMap<(usize, usize), bool> = HashMap::new();
        let mut known: HashMap<(usize, &str, usize), Candidates<'_>> = HashMap::new();
        let mut found = Vec::new();
        for strict in chains.iter().filter(|chain| rejects_clients(&chain.policy)) {
            let mut is_weaker = |lax: &Chain<'_>| {
                *weaker.entry((strict.class, lax.class)).or_insert_with(|| {
                    strict.policy.compare(&lax.policy).iter().any(Change::newly_accepted)
                })
            };
            let mut reported: HashSet<usize> = HashSet::new();
            for (domain, virtual_host) in strict.hosts {
                for &service in &virtual_host.virtual_services {
                    // Equal client checks have the same candidates.
                    let key = (strict.class, domain.as_str(), service);
                    let candidates = known.entry(key).or_insert_with(|| {
                        let mut of_class: HashMap<usize, usize> = HashMap::new();
                        let is_wanted = |number: usize| {
                            let lax = chains.get(number);
                            lax.filter(|lax| is_weaker(lax)).is_some_and(|lax| {
                                let count = of_class.entry(lax.class).or_default();
                                *count += 1;
                                *count <= MOST_OF_A_CLASS
                            })
                        };
                        index.candidates(domain, service, is_wanted).into()
                    });
                    for &(lax, other) in candidates.iter() {
                        let Some(lax) = chains.get(lax) else { continue };
                        if reported.contains(&lax.class) {
                            continue;
                        }
                        let narrower = if hosts::is_subset(domain, other) { domain } else { other };
                        let host = example_of(narrower, |host| {
                            hosts::best(strict.hosts, host) == Some(domain.as_str())
                                && hosts::best(lax.hosts, host) == Some(other)
                        });
                        if let Some(host) = host {
                            reported.insert(lax.class);
                            found.push(strict.bypass(lax, host, service));
                        }
                    }
                }
            }
        }
        found
    }

    /// The chains that take connections and route HTTP.
    pub(super) fn http_chains<'a>(&'a self, gateways: &'a [NamedGateway<'a>]) -> Vec<Chain<'a>> {
        let mut classes: HashMap<ClientCertificatePolicy, usize> = HashMap::new();
        let mut chains = Vec::new();
        for listener in self.listeners.values() {
            if self.listener_rejection(listener, gateways).is_some() {
                continue;
            }
            let names = Rc::new(ServerNames::new(listener));
            for (index, chain) in listener.chains.iter().enumerate() {
                let ChainAction::Http { route } = &chain.action else { continue };
                let server = self.servers.get(chain.server).and_then(|merged| {
                    gateways.get(merged.gateway)?.gateway.servers.get(merged.server)
                });
                let policy = self.client_certificate_policy(chain.server, gateways);
                let (Some(hosts), Some(server), Some(policy)) =
                    (self.routes.get(route), server, policy)
                else {
                    continue;
                };
                let Some(server_name) = names.example(chain, index) else { continue };
                let mode = TrafficMode::of(server);
                let next = classes.len();
                let class = *classes.entry(policy.clone()).or_insert(next);
                let (server, server_names) = (chain.server, &chain.server_names);
                chains.push(Chain {
                    server,
                    listener,
                    mode,
                    policy,
                    class,
                    server_name,
                    server_names,
                    hosts,
                    index,
                    names: Rc::clone(&names),
                });
            }
        }
        chains
    }
}

impl<'a> Chain<'a> {
    /// The virtual hosts that have routes. Envoy redirects only requests that came without TLS.
    pub(super) fn routed_hosts(
        &self,
    ) -> impl Iterator<Item = (&'a String, &'a VirtualHost)> + use<'a> {
        let redirects = self.mode == TrafficMode::HttpPlain;
        let hosts: &'a BTreeMap<_, _> = self.hosts;
        hosts.iter().filter(move |(_, host)| !(host.is_redirect && redirects))
    }

    /// Whether Envoy gives a connection with this server name to the chain.
    pub(super) fn takes(&self, server_name: &str) -> bool {
        self.names.find(Some(server_name)) == Some(self.index)
    }

    /// Whether it rejects clients that the other chain accepts.
    pub(super) fn rejects_clients_of(&self, lax: &Self) -> bool {
        rejects_clients(&self.policy)
            && self.policy.compare(&lax.policy).iter().any(Change::newly_accepted)
    }

    /// The request that goes through the lax chain.
    fn bypass(&self, lax: &Chain<'_>, host: String, virtual_service: usize) -> Bypass {
        let changes = self.policy.compare(&lax.policy);
        let is_tls = lax.mode.terminates_tls();
        let has_host = !lax.server_names.is_empty() && lax.takes(&host);
        Bypass {
            bypassed: self.server,
            through: lax.server,
            listener: (lax.listener.address.clone(), lax.listener.port),
            server_name: if has_host { Some(host.clone()) } else { lax.server_name.clone() },
            is_tls,
            host,
            virtual_service,
            accepted: changes.into_iter().filter(Change::newly_accepted).collect(),
        }
    }
}

/// Chains, each with a domain of its virtual hosts.
type Candidates<'a> = Rc<[(usize, &'a str)]>;

/// The chains by the domains of their virtual hosts and the VirtualServices of these.
#[derive(Default)]
struct Index<'a> {
    exact: HashMap<usize, HashMap<&'a str, Vec<usize>>>,
    /// Names with their characters in reverse, so that those below a wildcard are neighbours.
    reversed: BTreeMap<(usize, String), (&'a str, Vec<usize>)>,
    /// Whether a wildcard is for a part of a label. Hosts of VirtualServices may be such.
    has_partial: bool,
}

impl<'a> Index<'a> {
    fn new(chains: &[Chain<'a>]) -> Self {
        let mut index = Self::default();
        for (number, chain) in chains.iter().enumerate() {
            for (domain, virtual_host) in chain.routed_hosts() {
                index.has_partial |= hosts::is_partial(domain);
                for &service in &virtual_host.virtual_services {
                    let of_service = index.exact.entry(service).or_default();
                    of_service.entry(domain.as_str()).or_default().push(number);
                    let reversed = domain.chars().rev().collect();
                    let entry = index.reversed.entry((service, reversed));
                    entry.or_insert_with(|| (domain, Vec::new())).1.push(number);
                }
            }
        }
        index
    }

    /// The wanted chains with a domain that overlaps this one, for the same VirtualService, and that domain:
    /// some of them, if there are many.
    fn candidates(
        &self,
        domain: &'a str,
        service: usize,
        mut is_wanted: impl FnMut(usize) -> bool,
    ) -> Vec<(usize, &'a str)> {
        let Some(exact) = self.exact.get(&service) else { return Vec::new() };
        let above = [domain.to_owned()].into_iter();
        let above = above.chain(hosts::wildcards_above(domain, self.has_partial));
        let above = above.filter_map(|name| exact.get_key_value(name.as_str()));
        let above = above.map(|(name, chains)| (*name, chains));
        let suffix = domain.strip_prefix('*');
        let below = suffix.into_iter().flat_map(|suffix| {
            let prefix = hosts::reverse(suffix);
            let below = self.reversed.range((service, prefix.clone())..);
            below
                .take_while(move |((of, name), _)| *of == service && name.starts_with(&prefix))
                .map(|(_, (name, chains))| (*name, chains))
        });
        above
            .chain(below.filter(|(name, _)| *name != domain))
            .flat_map(|(name, chains)| chains.iter().map(move |chain| (*chain, name)))
            .filter(|(chain, _)| is_wanted(*chain))
            .take(MOST_CANDIDATES)
            .collect()
    }
}

/// Whether there is a client that the policy rejects, and one that it accepts.
fn rejects_clients(policy: &ClientCertificatePolicy) -> bool {
    let outcomes = policy.outcomes();
    policy.rejection().is_none() && outcomes.iter().any(|one| !one.decision.is_accepted())
}

/// A name that the pattern matches and that is wanted.
pub(super) fn example_of(pattern: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    let Some(suffix) = pattern.strip_prefix('*') else {
        return is_wanted(pattern).then(|| pattern.to_owned());
    };
    let suffix = if suffix.is_empty() { ".example" } else { suffix };
    let labels = ["a", "b", "www", "other", "another", "a-name-that-nobody-has"];
    let mut names = labels.iter().map(|label| format!("{label}{suffix}"));
    names.find(|name| is_wanted(name))
}
