//! Listeners and virtual hosts. Source: pilot's `buildGatewayListeners` and
//! `buildGatewayHTTPRouteConfig`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    Candidate, ChainAction, FilterChain, Listener, MergedGateway, MergedServer, NamedGateway,
    VirtualHost, VirtualService, Workload,
    hosts::Names,
    merge::{Merge, Prepared, ServerPort, Texts, merge},
    routes::{Backends, Context, Firsts, NumberedRoutes},
};
use crate::{
    Server, ServerTlsSettings, TlsMode, protocol::Protocol, sort, traffic_mode::TrafficMode,
};

/// The servers in their order, what became of them, and what they may lead to.
struct Builder<'a> {
    servers: Vec<Prepared<'a>>,
    merge: Merge,
    texts: Texts<'a>,
    virtual_services: &'a [VirtualService],
    /// The hosts of each VirtualService.
    hosts: Vec<Names<'a>>,
    /// The indexes of the VirtualServices that are bound to a Gateway, in istiod's order.
    bound: HashMap<&'a str, Vec<usize>>,
    /// The Gateway of each server, as `namespace/name`.
    gateways: Vec<String>,
    workload: &'a Workload,
    /// The group of each VirtualService, of those which may come first in some namespace.
    groups: Vec<Option<usize>>,
}

impl MergedGateway {
    /// Merges the Gateways that select the workload.
    #[must_use]
    pub fn build<'a>(
        gateways: &[NamedGateway<'a>],
        virtual_services: &'a [VirtualService],
        workload: &'a Workload,
    ) -> Self {
        let is_selected = |gateway: &NamedGateway<'_>| {
            let mut selector = gateway.gateway.selector.iter();
            workload.ignores_selectors
                || selector.all(|(key, value)| workload.labels.get(key) == Some(value))
        };
        let mut order: Vec<(usize, &NamedGateway<'_>)> =
            gateways.iter().enumerate().filter(|(_, gateway)| is_selected(gateway)).collect();
        sort::sort_by_key(&mut order, |(_, gateway)| {
            (gateway.created, gateway.name, gateway.namespace)
        });
        let mut prepared = Vec::new();
        let mut gateways = Vec::new();
        let mut servers = Vec::new();
        for (index, &NamedGateway { namespace, name, gateway, .. }) in order {
            for (server_index, server) in gateway.servers.iter().enumerate() {
                prepared.push(Prepared::new(Candidate { server, gateway: name, namespace }));
                gateways.push(format!("{namespace}/{name}"));
                servers.push(MergedServer { gateway: index, server: server_index, skipped: None });
            }
        }
        let (merge, texts, skipped) = merge(&prepared);
        for (server, skipped) in servers.iter_mut().zip(skipped) {
            server.skipped = skipped;
        }
        let bound = bound(virtual_services, &workload.namespace);
        let names = |service: &'a VirtualService| {
            Names::new(&service.hosts.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let hosts = virtual_services.iter().map(names).collect();
        let mut known = HashMap::new();
        let group = |service: &'a VirtualService| {
            let precedence = service.precedence().filter(|_| workload.namespace.is_empty())?;
            let next = known.len();
            Some(*known.entry(precedence).or_insert(next))
        };
        let groups = virtual_services.iter().map(group).collect();
        let builder = Builder {
            groups,
            servers: prepared,
            merge,
            texts,
            virtual_services,
            hosts,
            bound,
            gateways,
            workload,
        };
        let mut servers_without_route = Vec::new();
        let mut backends = Backends::new(virtual_services);
        let listeners = builder.listeners(&mut servers_without_route, &mut backends);
        let mut service_backends = vec![Vec::new(); virtual_services.len()];
        let routes = builder.routes(&listeners, &mut backends, &mut service_backends);
        let backends = backends.into_list();
        Self { servers, listeners, routes, servers_without_route, backends, service_backends }
    }
}

/// Source: pilot's `VirtualServicesForGateway`.
fn bound<'a>(
    virtual_services: &'a [VirtualService],
    namespace: &str,
) -> HashMap<&'a str, Vec<usize>> {
    let mut order: Vec<(u8, usize, &VirtualService)> = virtual_services
        .iter()
        .enumerate()
        .filter(|(_, service)| !service.hosts.is_empty())
        .filter_map(|(index, service)| Some((service.visibility(namespace)?, index, service)))
        .collect();
    sort::sort_by_key(&mut order, |(visibility, _, service)| {
        (*visibility, service.created, &service.name, &service.namespace)
    });
    let mut bound: HashMap<&str, Vec<usize>> = HashMap::new();
    for (_, index, service) in order {
        for gateway in &service.gateways {
            bound.entry(gateway.as_str()).or_default().push(index);
        }
    }
    bound
}

impl<'a> Builder<'a> {
    fn group(&self, virtual_service: usize) -> Option<usize> {
        self.groups.get(virtual_service).copied().flatten()
    }

    fn listeners(
        &self,
        without_route: &mut Vec<(usize, usize)>,
        backends: &mut Backends<'_>,
    ) -> BTreeMap<String, Listener> {
        let mut listeners: BTreeMap<String, Listener> = BTreeMap::new();
        // Server names of passthrough chains, by port, and the address that has them.
        let mut taken: HashMap<(u32, &str), u64> = HashMap::new();
        for port in &self.merge.ports {
            let &(number, _, bind) = port;
            let bind = self.texts.get(bind);
            let address = if bind.is_empty() { "0.0.0.0" } else { bind };
            let chains = self.chains(*port, &mut taken, without_route, backends);
            if chains.is_empty() {
                continue;
            }
            let listener = listeners.entry(format!("{address}_{number}")).or_insert_with(|| {
                Listener { address: address.to_owned(), port: number, chains: Vec::new() }
            });
            listener.chains.extend(chains);
        }
        listeners
    }

    fn chains(
        &self,
        port: ServerPort,
        taken: &mut HashMap<(u32, &'a str), u64>,
        without_route: &mut Vec<(usize, usize)>,
        backends: &mut Backends<'_>,
    ) -> Vec<FilterChain> {
        let Some(merged) = self.merge.servers.get(&port) else { return Vec::new() };
        if Protocol::parse(self.texts.get(port.1)).is_some_and(Protocol::is_http) {
            let route = merged.route.map_or("", |route| self.texts.get(route)).to_owned();
            let server = merged.servers.first().copied().unwrap_or_default();
            let action = ChainAction::Http { route };
            return vec![FilterChain { server, server_names: Vec::new(), action }];
        }
        let mut chains = Vec::new();
        for &index in &merged.servers {
            let Some(prepared) = self.servers.get(index) else { continue };
            let server = prepared.server;
            match prepared.mode {
                TrafficMode::HttpPlain | TrafficMode::HttpsTerminate => {
                    let route = prepared.route.clone();
                    chains.push(FilterChain {
                        server: index,
                        server_names: self.server_names(index),
                        action: ChainAction::Http { route },
                    });
                }
                TrafficMode::OpaqueTcp | TrafficMode::TlsTerminate => {
                    let server_names = match server.tls {
                        Some(_) => self.server_names(index),
                        None => Vec::new(),
                    };
                    let mut firsts = Firsts::default();
                    let routes =
                        self.services_of(index).filter_map(|(number, service, context)| {
                            Some((number, service.tcp_route(context)?))
                        });
                    let (services, routes): (Vec<usize>, Vec<_>) =
                        routes.filter(|(service, _)| firsts.may_be(self.group(*service))).unzip();
                    let action = services.first().map(|&virtual_service| ChainAction::Tcp {
                        virtual_service,
                        backends: backends.of_routes(&routes, port.0),
                    });
                    if action.is_none() {
                        without_route.extend(self.first_service(index));
                    }
                    chains.extend(action.map(|action| FilterChain {
                        server: index,
                        server_names,
                        action,
                    }));
                }
                TrafficMode::Passthrough if is_auto(server) => chains.push(FilterChain {
                    server: index,
                    server_names: self.server_names(index),
                    action: ChainAction::AutoPassthrough,
                }),
                TrafficMode::Passthrough => {
                    if !self.passthrough(index, port, taken, &mut chains, backends) {
                        without_route.extend(self.first_service(index));
                    }
                }
            }
        }
        chains
    }

    /// The server, and the first VirtualService that has one of its hosts.
    fn first_service(&self, index: usize) -> Option<(usize, usize)> {
        self.services_of(index).next().map(|(service, ..)| (index, service))
    }

    /// Whether there is a route for the server. Source: pilot's `buildGatewayNetworkFiltersFromTLSRoutes`.
    fn passthrough(
        &self,
        index: usize,
        (number, _, bind): ServerPort,
        taken: &mut HashMap<(u32, &'a str), u64>,
        chains: &mut Vec<FilterChain>,
        backends: &mut Backends<'_>,
    ) -> bool {
        let mut has_route = false;
        for (virtual_service, service, context) in self.services_of(index) {
            let routes = service.tls.iter().filter(|route| route.has_destination);
            let matches =
                routes.flat_map(|route| route.matches.iter().map(move |one| (route, one)));
            for (route, one) in matches.filter(|(_, one)| one.is_l4(context)) {
                has_route = true;
                let names = &one.sni_hosts;
                if names.iter().any(|name| taken.get(&(number, name.as_str())) == Some(&bind)) {
                    let names = matched_names(names.clone());
                    let more = backends.of_routes(&[route], number);
                    self.add_alternative(virtual_service, &names, &more, chains);
                    continue;
                }
                for name in names {
                    taken.insert((number, name), bind);
                }
                chains.push(FilterChain {
                    server: index,
                    server_names: matched_names(names.clone()),
                    action: ChainAction::Tcp {
                        virtual_service,
                        backends: backends.of_routes(&[route], number),
                    },
                });
            }
        }
        has_route
    }

    /// Adds where a VirtualService leads the names of chains, if it may come before those that have the chains.
    fn add_alternative(
        &self,
        service: usize,
        names: &[String],
        more: &[usize],
        chains: &mut [FilterChain],
    ) {
        for chain in chains {
            let has_names = chain.server_names.is_empty() && names.is_empty()
                || names.iter().any(|name| chain.server_names.contains(name));
            if let ChainAction::Tcp { virtual_service, backends } = &mut chain.action
                && has_names
                && self.group(*virtual_service) != self.group(service)
            {
                let mut all: Vec<usize> = backends.iter().chain(more).copied().collect();
                sort::sort_and_dedup(&mut all);
                *backends = all.into();
            }
        }
    }

    /// The VirtualServices that are bound to the server's Gateway and have one of its hosts.
    /// Source: pilot's `pickMatchingGatewayHosts`.
    fn services_of(
        &self,
        index: usize,
    ) -> impl Iterator<Item = (usize, &'a VirtualService, Context<'_>)> {
        self.bound_to(index).filter(move |(number, service, _)| {
            let hosts = self.hosts.get(*number);
            let names = self.names_for(index, &service.namespace);
            hosts.is_some_and(|hosts| names.iter().any(|name| hosts.overlap(name)))
        })
    }

    fn bound_to(
        &self,
        index: usize,
    ) -> impl Iterator<Item = (usize, &'a VirtualService, Context<'_>)> {
        let gateway = self.gateways.get(index).map_or("", String::as_str);
        let server = self.servers.get(index).map(|prepared| prepared.server);
        let port = server.and_then(|server| server.port.as_ref()).map_or(0, |port| port.number);
        let context = Context { port, gateway, workload: self.workload };
        let bound = self.bound.get(gateway).into_iter().flatten();
        bound.filter_map(move |&service| {
            Some((service, self.virtual_services.get(service)?, context))
        })
    }

    fn hosts_of(&self, index: usize) -> &[Cow<'a, str>] {
        self.servers.get(index).map_or(&[], |prepared| &prepared.hosts)
    }

    /// The server's hosts for VirtualServices of a namespace. Source: pilot's `NamesForNamespace`.
    fn names_for(&self, index: usize, namespace: &str) -> Vec<&str> {
        let name = |host: &'_ Cow<'_, str>| -> Option<(usize, bool)> {
            host.split_once('/').map_or(Some((0, true)), |(of, _)| {
                Some((of.len() + 1, of == namespace || of == "*"))
            })
        };
        let hosts = self.hosts_of(index).iter();
        hosts
            .filter_map(|host| match name(host) {
                Some((start, true)) => host.get(start..),
                _ => None,
            })
            .collect()
    }

    /// Source: pilot's `GetSNIHostsForServer` and `toFilterChainMatch`.
    fn server_names(&self, index: usize) -> Vec<String> {
        let names = self
            .hosts_of(index)
            .iter()
            .map(|host| host.split('/').nth(1).unwrap_or(host).to_owned());
        let mut names = matched_names(names.collect());
        names.dedup();
        names
    }

    fn routes(
        &self,
        listeners: &BTreeMap<String, Listener>,
        backends: &mut Backends<'_>,
        service_backends: &mut [Vec<usize>],
    ) -> BTreeMap<String, BTreeMap<String, VirtualHost>> {
        let chains = listeners.values().flat_map(|listener| &listener.chains);
        let names = chains.filter_map(|chain| match &chain.action {
            ChainAction::Http { route } => Some(route),
            _ => None,
        });
        let mut lists = HashMap::new();
        let mut routes = BTreeMap::new();
        for name in names {
            let hosts = self.virtual_hosts(name, backends, service_backends, &mut lists);
            routes.insert(name.clone(), hosts);
        }
        for of_service in service_backends.iter_mut() {
            sort::sort_and_dedup(of_service);
        }
        routes
    }

    /// Source: pilot's `buildGatewayHTTPRouteConfig`. `lists` has the lists of backends that are known.
    fn virtual_hosts(
        &self,
        route: &str,
        backends: &mut Backends<'_>,
        service_backends: &mut [Vec<usize>],
        lists: &mut HashMap<Vec<usize>, Arc<[usize]>>,
    ) -> BTreeMap<String, VirtualHost> {
        let mut result: BTreeMap<String, VirtualHost> = BTreeMap::new();
        // The routes of a VirtualService for a Gateway, and those of each domain, in istiod's order.
        let mut known: HashMap<(usize, &str), Option<usize>> = HashMap::new();
        let mut routes: Vec<NumberedRoutes> = Vec::new();
        let mut of_domain: HashMap<String, Vec<usize>> = HashMap::new();
        let route = self.texts.find(route);
        let servers = route.and_then(|route| self.merge.routes.get(&route)).into_iter().flatten();
        for &index in servers {
            let Some(&Prepared { server, .. }) = self.servers.get(index) else { continue };
            let is_redirect = server.tls.as_ref().is_some_and(|tls| tls.https_redirect);
            for (virtual_service, service, context) in self.bound_to(index) {
                let Some(hosts) = self.hosts.get(virtual_service) else { continue };
                let names = self.names_for(index, &service.namespace);
                let mut names = names.iter().flat_map(|name| hosts.intersection(name)).peekable();
                if names.peek().is_none() {
                    continue;
                }
                let of_service =
                    *known.entry((virtual_service, context.gateway)).or_insert_with(|| {
                        let found = service.http_routes(context)?;
                        let group = self.group(virtual_service);
                        let found = NumberedRoutes::new(&found, group, backends, context.port);
                        let of_service = service_backends.get_mut(virtual_service);
                        of_service.into_iter().for_each(|of| of.extend(found.all()));
                        routes.push(found);
                        Some(routes.len() - 1)
                    });
                let Some(of_service) = of_service else { continue };
                for name in names {
                    let name = name.to_lowercase();
                    of_domain.entry(name.clone()).or_default().push(of_service);
                    let host = result.entry(name).or_default();
                    host.is_redirect |= is_redirect;
                    if !host.virtual_services.contains(&virtual_service) {
                        host.virtual_services.push(virtual_service);
                    }
                }
            }
            if is_redirect {
                for name in self.hosts_of(index) {
                    result.entry(name.to_lowercase()).or_default().is_redirect = true;
                }
            }
        }
        let mut of_routes: HashMap<Vec<usize>, Arc<[usize]>> = HashMap::new();
        for (domain, host) in &mut result {
            let Some(numbers) = of_domain.remove(domain) else { continue };
            let list = of_routes.entry(numbers).or_insert_with_key(|numbers| {
                let list = NumberedRoutes::reached(&routes, numbers);
                let known = lists.entry(list);
                Arc::clone(known.or_insert_with_key(|list| list.as_slice().into()))
            });
            host.backends = Arc::clone(list);
        }
        if result.is_empty() {
            result.insert("*".to_owned(), VirtualHost::default());
        }
        result
    }
}

fn is_auto(server: &Server) -> bool {
    server.tls.as_ref().map(ServerTlsSettings::tls_mode) == Some(Ok(TlsMode::AutoPassthrough))
}

/// The names that Envoy matches, in order: none, which is any, if one of them is `*`.
fn matched_names(mut names: Vec<String>) -> Vec<String> {
    if names.iter().any(|name| name == "*") {
        return Vec::new();
    }
    sort::sort(&mut names);
    names
}
