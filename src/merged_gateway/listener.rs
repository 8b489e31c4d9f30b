//! Which filter chain of a listener takes a connection, and whether Envoy accepts the listener.

use std::{borrow::Cow, collections::HashMap, fmt};

use super::{
    FilterChain, Listener, MergedGateway, NamedGateway, chains::example_of, hosts::LONGEST,
};
use crate::{
    client_certificate::{ClientCertificatePolicy, Rejection},
    traffic_mode::TrafficMode,
};

/// The chains of a listener by the server names that they match.
pub(super) struct ServerNames<'a> {
    names: HashMap<Cow<'a, str>, usize>,
    any: Option<usize>,
}

impl<'a> ServerNames<'a> {
    pub(super) fn new(listener: &'a Listener) -> Self {
        let mut names = HashMap::new();
        let mut any = None;
        for (index, chain) in listener.chains.iter().enumerate() {
            if chain.server_names.is_empty() {
                any.get_or_insert(index);
            }
            for name in &chain.server_names {
                names.entry(lower(name)).or_insert(index);
            }
        }
        Self { names, any }
    }

    pub(super) fn find(&self, server_name: Option<&str>) -> Option<usize> {
        let Some(name) = server_name.map(lower) else { return self.any };
        let dots = name.match_indices('.').filter(|(start, _)| name.len() - start <= LONGEST);
        let wildcards = dots.filter_map(|(start, _)| {
            self.names.get(format!("*{}", name.get(start..).unwrap_or_default()).as_str())
        });
        let exact = self.names.get(name.as_ref());
        exact.into_iter().chain(wildcards).next().copied().or(self.any)
    }

    /// A server name that Envoy gives to the chain: none where a connection without one is, and no
    /// answer where no connection is.
    pub(super) fn example(&self, chain: &FilterChain, index: usize) -> Option<Option<String>> {
        if chain.server_names.is_empty() {
            return (self.any == Some(index)).then_some(None);
        }
        let mut names = chain.server_names.iter();
        let is_wanted = |name: &str| self.find(Some(name)) == Some(index);
        names.find_map(|name| example_of(name, is_wanted)).map(Some)
    }
}

pub(super) fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

impl Listener {
    /// The filter chain that Envoy gives a connection with this server name, or without one.
    ///
    /// Source: Envoy's `FilterChainManagerImpl`: the exact name, else the longest wildcard, else a chain
    /// for every name.
    #[must_use]
    pub fn chain_for(&self, server_name: Option<&str>) -> Option<&FilterChain> {
        self.chains.get(ServerNames::new(self).find(server_name)?)
    }

    /// Two chains, or one of them twice, that match the same server name: Envoy rejects such a listener.
    #[must_use]
    pub fn conflict(&self) -> Option<(usize, usize)> {
        let mut known = HashMap::new();
        for (index, chain) in self.chains.iter().enumerate() {
            let any = chain.server_names.is_empty().then_some(Cow::Borrowed(""));
            for name in any.into_iter().chain(chain.server_names.iter().map(|name| lower(name))) {
                if let Some(other) = known.insert(name, index) {
                    return Some((other, index));
                }
            }
        }
        None
    }
}

/// Why Envoy rejects a listener. At startup the gateway has no such listener; a running one keeps the
/// previous one. Servers are named by their index in [`MergedGateway::servers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListenerRejection {
    /// Filter chains of these two servers, which may be one, match the same server name.
    EqualServerNames(usize, usize),
    /// A filter chain of this server has a server name with a wildcard for a part of a label, which
    /// `sniHosts` of a VirtualService may have.
    PartialWildcard {
        /// That server.
        server: usize,
    },
    /// The TLS settings of a server are rejected.
    TlsSettings {
        /// That server.
        server: usize,
        /// What is wrong with them.
        rejection: Rejection,
    },
}

impl fmt::Display for ListenerRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EqualServerNames(first, second) => write!(
                f,
                "Envoy rejects the listener: filter chains of the servers {first} and {second} match the \
                 same server name"
            ),
            Self::PartialWildcard { server } => write!(
                f,
                "Envoy rejects the listener: a filter chain of the server {server} has a partial wildcard"
            ),
            Self::TlsSettings { server, rejection } => write!(f, "{rejection} (server {server})"),
        }
    }
}

impl MergedGateway {
    /// Why Envoy rejects the listener, if it does. `gateways` are those that the gateway was built of.
    ///
    /// ```
    /// use istio_gateway::{
    ///     Gateway, json,
    ///     merged_gateway::{ListenerRejection, MergedGateway, NamedGateway, Workload},
    /// };
    ///
    /// // istiod does not see that the two hosts are one for Envoy.
    /// let gateway: Gateway = json::from_str(
    ///     r#"{"servers": [
    ///         {"port": {"number": 443, "name": "a", "protocol": "HTTPS"},
    ///          "hosts": ["shop/example.com"], "tls": {"mode": "SIMPLE", "credentialName": "c"}},
    ///         {"port": {"number": 443, "name": "b", "protocol": "HTTPS"},
    ///          "hosts": ["pay/example.com"], "tls": {"mode": "MUTUAL", "credentialName": "c"}}
    ///     ]}"#,
    /// )?;
    /// let gateways =
    ///     [NamedGateway { namespace: "infra", name: "edge", created: None, gateway: &gateway }];
    /// let workload = Workload::default();
    /// let merged = MergedGateway::build(&gateways, &[], &workload);
    /// let rejection = merged.listener_rejection(&merged.listeners["0.0.0.0_443"], &gateways);
    /// assert_eq!(rejection, Some(ListenerRejection::EqualServerNames(0, 1)));
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    #[must_use]
    pub fn listener_rejection(
        &self,
        listener: &Listener,
        gateways: &[NamedGateway<'_>],
    ) -> Option<ListenerRejection> {
        let is_partial = |name: &String| {
            let rest = name.strip_prefix("*.").unwrap_or(name);
            rest.contains('*')
        };
        let conflict = listener.conflict();
        listener.chains.iter().enumerate().find_map(|(index, chain)| {
            let server = chain.server;
            if chain.server_names.iter().any(is_partial) {
                return Some(ListenerRejection::PartialWildcard { server });
            }
            let earlier = conflict.filter(|&(_, later)| later == index);
            let earlier = earlier.and_then(|(earlier, _)| listener.chains.get(earlier));
            let equal =
                earlier.map(|earlier| ListenerRejection::EqualServerNames(earlier.server, server));
            // Envoy looks for equal matches first, and last for those that have a name in common.
            if earlier.is_some_and(|earlier| {
                earlier != chain && earlier.server_names == chain.server_names
            }) {
                return equal;
            }
            let policy = self.client_certificate_policy(server, gateways);
            let rejection = policy.and_then(|policy| policy.rejection());
            let rejection = rejection.filter(|rejection| rejection.rejects_listener());
            rejection
                .map(|rejection| ListenerRejection::TlsSettings { server, rejection })
                .or(equal)
        })
    }

    /// What the server with this index requires of client certificates: nothing without TLS. `gateways` are
    /// those that the gateway was built of.
    #[must_use]
    pub fn client_certificate_policy(
        &self,
        server: usize,
        gateways: &[NamedGateway<'_>],
    ) -> Option<ClientCertificatePolicy> {
        let merged = self.servers.get(server)?;
        let server = gateways.get(merged.gateway)?.gateway.servers.get(merged.server)?;
        Some(match (&server.tls, TrafficMode::of(server)) {
            (Some(tls), mode) if mode.terminates_tls() => {
                ClientCertificatePolicy::from_settings(tls)
            }
            (_, TrafficMode::Passthrough) => ClientCertificatePolicy::passthrough(),
            _ => ClientCertificatePolicy::from_context(false, None),
        })
    }
}
