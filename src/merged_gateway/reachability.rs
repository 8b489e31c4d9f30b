//! Ways around a client check: Envoy chooses the filter chain, and with it the client check, by the
//! server name (SNI), and the virtual host by the Host header. Nothing compares the two.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    rc::Rc,
};

use super::{
    MergedGateway, NamedGateway, VirtualService, Workload,
    chains::{Chain, Index, Leads, Reaching, listeners},
    hosts::LONGEST,
    listener::lower,
};
use crate::{Gateway, Server, ServerTlsSettings, TlsMode, client_certificate::Change, sort};

/// A request that reaches a backend of a server without passing that server's client check.
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
    /// Whether the client speaks TLS: to that server, or to the backend of its passthrough.
    pub is_tls: bool,
    /// The Host header of the request: none if neither of the two servers routes HTTP.
    pub host: Option<String>,
    /// The index in [`backends`](MergedGateway::backends) of what both servers lead to.
    pub backend: usize,
    /// The index of the VirtualService by which that server leads there.
    pub virtual_service: usize,
    /// The clients that this server accepts and the bypassed one rejects: only those with a certificate if the
    /// bypassed server also accepts clients without one, or with any.
    pub accepted: Vec<Change>,
}

impl Bypass {
    /// A shell command that sends the request to a gateway at the address in the variable `GATEWAY`: curl, or
    /// `openssl s_client` and `nc` for what is not HTTP.
    ///
    /// The client certificate, if one is needed, is left out. Names are quoted for the shell.
    #[must_use]
    pub fn command(&self) -> String {
        let (_, port) = self.listener;
        let url = |scheme: &str, name: &str| quoted(&format!("{scheme}://{name}:{port}/"));
        let connect = format!("--connect-to ::$GATEWAY:{port}");
        let Some(host) = &self.host else {
            return match &self.server_name {
                _ if !self.is_tls => format!("nc $GATEWAY {port}"),
                Some(name) => {
                    format!(
                        "openssl s_client -connect $GATEWAY:{port} -servername {}",
                        quoted(name)
                    )
                }
                None => format!("openssl s_client -connect $GATEWAY:{port} -noservername"),
            };
        };
        let header = quoted(&format!("Host: {host}"));
        match &self.server_name {
            _ if !self.is_tls => format!("curl {connect} {}", url("http", host)),
            Some(name) if name == host => format!("curl -k {connect} {}", url("https", name)),
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
        let what = if self.host.is_some() { "request" } else { "connection" };
        write!(f, "a {what} to {address}:{port}")?;
        match (&self.server_name, self.is_tls) {
            (_, false) => f.write_str(" without TLS")?,
            (None, true) => f.write_str(" without a server name (SNI)")?,
            (Some(name), true) => write!(f, " with the server name (SNI) {name}")?,
        }
        self.host.iter().try_for_each(|host| write!(f, " and the Host {host}"))
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
    let hosts: usize = gateway.servers.iter().map(|server| server.hosts.len()).sum();
    let is_large = wildcards_of(gateway).saturating_mul(hosts) > MOST_VIRTUAL_HOSTS;
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

/// The number of wildcards among the hosts.
pub(super) fn wildcards_of(gateway: &Gateway) -> usize {
    let of = |hosts: &[String]| hosts.iter().filter(|host| host.contains('*')).count();
    gateway.servers.iter().map(|server| of(&server.hosts)).sum()
}

/// Whether the server may reject clients.
fn may_reject(server: &Server) -> bool {
    let mode = server.tls.as_ref().map(ServerTlsSettings::tls_mode);
    mode.is_some_and(|mode| {
        !matches!(mode, Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough | TlsMode::Simple))
    })
}

/// Whether one of the servers may be in the way of another one, or of itself: if none rejects clients, none of
/// those with TLS settings shares its port, and none has hosts in upper case, each of them stands alone.
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
        let mut letters = server.hosts.iter().flat_map(|host| host.bytes());
        let has_upper_case = is_tls && letters.any(|letter| letter.is_ascii_uppercase());
        if is_shared || has_upper_case || count > 1 && rejects {
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
        let dots = dots.filter(|(start, _)| rest.len() - start <= LONGEST);
        let mut suffixes_of = dots.filter_map(|(start, _)| rest.get(start..));
        suffixes_of
            .any(|suffix| lengths & 1 << (suffix.len() % 64) != 0 && suffixes.contains(suffix))
    };
    !suffixes.is_empty() && names.iter().copied().any(is_below)
}

impl MergedGateway {
    /// For each server that rejects clients, requests of such clients that reach the same backend through
    /// another server: one for each different client check of the other servers.
    ///
    /// A server protects the hosts whose own server name leads to it, and the backends that its routes for these
    /// hosts lead to. Another server bypasses it if it leads requests with such a Host to such a backend, by the same
    /// VirtualService or by another one, or if it forwards all bytes there. A server that accepts everybody
    /// protects nothing, unless the other one forwards certificates that it rejects.
    ///
    /// `gateways` are those that the gateway was built of. Listeners that Envoy rejects
    /// ([`listener_rejection`](Self::listener_rejection)) and those on a loopback address or a Unix
    /// socket are left out.
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
    /// assert_eq!(bypass.host.as_deref(), Some("admin.example.com"));
    /// assert_eq!(bypass.server_name.as_deref(), Some("a.example.com"));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn bypasses(&self, gateways: &[NamedGateway<'_>]) -> Vec<Bypass> {
        self.bypasses_by_cas(gateways, &|_| None)
    }

    /// As [`bypasses`](Self::bypasses), where it may be known what CA the server with this index has: equal numbers
    /// for CAs, with their CRLs, of equal content.
    pub(crate) fn bypasses_by_cas(
        &self,
        gateways: &[NamedGateway<'_>],
        cas: &dyn Fn(usize) -> Option<u64>,
    ) -> Vec<Bypass> {
        let chains = self.chains(gateways, cas);
        let listeners = listeners(&chains);
        let index = Index::new(&chains, &listeners);
        let mut gains: HashMap<(usize, usize), Rc<[Change]>> = HashMap::new();
        let mut patterns: Vec<&str> = index.domains().map(|(_, domain)| domain).collect();
        for chain in listeners.iter().copied().flatten().filter(|chain| chain.may_reject) {
            patterns.extend(chain.server_names.iter().map(String::as_str));
        }
        sort::sort_and_dedup(&mut patterns);
        let mut reported: HashSet<(usize, usize)> = HashSet::new();
        let mut found: Vec<(usize, Bypass)> = Vec::new();
        let mut add = |strict: &Chain<'_>, lax: usize, host: Option<&String>, backend: usize| {
            let Some(lax) = chains.get(lax) else { return };
            let gained = gains
                .entry((strict.class, lax.class))
                .or_insert_with(|| strict.gained_by(lax).into());
            if !gained.is_empty() && reported.insert((strict.server, lax.class)) {
                let bypass = self.bypass(strict, lax, host.cloned(), backend, gained);
                found.push((strict.server, bypass));
            }
        };
        for pattern in patterns {
            let Some(host) = index.example(&lower(pattern)) else { continue };
            let mut known: HashMap<usize, Vec<Reaching>> = HashMap::new();
            let own = index.listeners_for(&host, &[]);
            for listener in own.into_iter().filter_map(|number| listeners.get(number)) {
                let strict = listener.first().and_then(|first| first.neighbour(listener, &host));
                let Some(strict) = strict.filter(|strict| strict.may_reject) else { continue };
                let Leads::Http(_) = strict.leads else { continue };
                for &backend in strict.backends(&host) {
                    let reaching = known
                        .entry(backend)
                        .or_insert_with(|| index.reaching(&chains, backend, &host));
                    for lax in reaching {
                        add(strict, lax.number, Some(&host), backend);
                    }
                }
            }
        }
        // What takes bytes has no hosts: any way to its backend is one around it.
        for strict in chains.iter().filter(|chain| chain.may_reject) {
            let Leads::Bytes(backends, _) = strict.leads else { continue };
            for &backend in backends {
                for (lax, domain) in index.reaching_any(backend) {
                    let host = domain.and_then(|domain| index.example(domain));
                    if host.is_some() == domain.is_some() {
                        add(strict, lax, host.as_ref(), backend);
                    }
                }
            }
        }
        sort::sort_by_key(&mut found, |(strict, _)| *strict);
        found.into_iter().map(|(_, bypass)| bypass).collect()
    }

    /// The request that goes through the lax chain.
    fn bypass(
        &self,
        strict: &Chain<'_>,
        lax: &Chain<'_>,
        host: Option<String>,
        backend: usize,
        accepted: &[Change],
    ) -> Bypass {
        let leads_there = |service: &&usize| {
            let backends = self.service_backends.get(**service);
            backends.is_some_and(|backends| backends.binary_search(&backend).is_ok())
        };
        let virtual_service = match (lax.leads, &host) {
            (Leads::Bytes(_, service), _) => Some(service),
            (Leads::Http(hosts), Some(host)) => lax
                .domain(host)
                .and_then(|domain| hosts.get(domain))
                .and_then(|host| host.virtual_services.iter().find(leads_there).copied()),
            _ => None,
        };
        let server_name = match &host {
            Some(host) => lax.server_name_for(host),
            None => lax.server_name.clone(),
        };
        Bypass {
            bypassed: strict.server,
            through: lax.server,
            listener: (lax.listener.address.clone(), lax.listener.port),
            server_name,
            is_tls: lax.is_tls(),
            virtual_service: virtual_service.unwrap_or_default(),
            host,
            backend,
            accepted: accepted.to_vec(),
        }
    }
}
