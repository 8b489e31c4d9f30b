//! Routes of VirtualServices: to which servers they apply, and where they lead.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    VirtualService,
    virtual_service::{full_host, gateway_name},
};
use crate::{Error, FieldPath, diagnostic::Diagnostic, rule, sort};

/// Where a route leads. Two routes with equal backends lead to the same pods, whatever their subsets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// A service.
    Service {
        /// Its name, completed as istiod does it.
        host: String,
        /// Its port: none if no route to this service has one.
        port: Option<u32>,
    },
    /// What the routes of another VirtualService lead to: its namespace and name.
    Delegate(String),
    /// What an assumed VirtualService leads to: its namespace and name.
    Assumed(String),
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { host, port: None } => f.write_str(host),
            Self::Service { host, port: Some(port) } => write!(f, "{host}:{port}"),
            Self::Delegate(name) => write!(f, "the delegate {name}"),
            Self::Assumed(_) => f.write_str("an assumed backend"),
        }
    }
}

/// A route, to what it is limited, and where it leads. Without matches it is for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) matches: Vec<Match>,
    /// Whether it has a list of destinations, of whatever weight.
    pub(super) has_destination: bool,
    pub(super) destinations: Vec<Destination>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Service { host: String, port: Option<u32> },
    Delegate(String),
    Assumed(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    port: u32,
    gateways: Vec<String>,
    source_labels: Vec<(String, String)>,
    source_namespace: String,
    pub(super) sni_hosts: Vec<String>,
    /// Whether it is limited to some requests.
    is_partial: bool,
}

/// What a match is compared with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The server's port number.
    pub(super) port: u32,
    /// The server's Gateway, as `namespace/name`.
    pub(super) gateway: &'a str,
    pub(super) workload: &'a super::Workload,
}

/// The HTTP routes of a VirtualService that a server has.
#[derive(Default)]
pub(super) struct HttpRoutes<'a> {
    /// Where those lead that are limited to some requests.
    pub(super) partial: Vec<&'a Destination>,
    /// Where the one for all other requests leads, if there is one.
    pub(super) rest: Option<&'a [Destination]>,
}

impl VirtualService {
    /// The routes that istiod makes for the server, or none if there is no route for it: none after the first that
    /// takes every request. Source: pilot's `BuildHTTPRoutesForVirtualService` and `IsCatchAllRoute`.
    pub(super) fn http_routes(&self, context: Context<'_>) -> Option<HttpRoutes<'_>> {
        let mut routes = HttpRoutes::default();
        let mut has_route = false;
        for route in &self.http {
            let mut takes_rest = route.matches.is_empty();
            let mut has_partial = false;
            for one in &route.matches {
                let applies = one.is_http(context);
                if applies == Applies::No {
                    continue;
                }
                has_route = true;
                takes_rest = !one.is_partial && applies == Applies::Yes;
                if takes_rest {
                    break;
                }
                has_partial = true;
            }
            if has_partial {
                routes.partial.extend(&route.destinations);
            }
            if takes_rest {
                has_route = true;
                routes.rest = Some(&route.destinations);
                break;
            }
        }
        has_route.then_some(routes)
    }

    /// Where the server, whose protocol is TCP, leads to.
    pub(super) fn tcp_route(&self, context: Context<'_>) -> Option<&Route> {
        self.l4_routes().find(|route| {
            route.matches.is_empty() || route.matches.iter().any(|one| one.is_l4(context))
        })
    }

    /// How many backends its routes name, and at least one.
    pub(super) fn weight(&self) -> usize {
        let routes = self.http.iter().chain(&self.tls).chain(&self.tcp);
        routes.map(|route| route.destinations.len()).sum::<usize>().max(1)
    }
}

/// [`HttpRoutes`] with the numbers of backends.
pub(super) struct NumberedRoutes {
    partial: Vec<usize>,
    rest: Option<Vec<usize>>,
    /// See [`Firsts`].
    group: Option<usize>,
}

/// The VirtualServices that may be the first one of several in their order. If the namespace of the pods is not
/// known, that is the first one of each group which this namespace may put first.
#[derive(Default)]
pub(super) struct Firsts {
    groups: HashSet<usize>,
    has_certain: bool,
}

impl Firsts {
    /// Whether the next one, of this group or of none, may be the first.
    pub(super) fn may_be(&mut self, group: Option<usize>) -> bool {
        match group {
            Some(group) => self.groups.insert(group),
            None => !std::mem::replace(&mut self.has_certain, true),
        }
    }
}

impl NumberedRoutes {
    pub(super) fn new(
        routes: &HttpRoutes<'_>,
        group: Option<usize>,
        backends: &mut Backends<'_>,
        port: u32,
    ) -> Self {
        let mut number = |one: &Destination| backends.number(one, port);
        let partial = routes.partial.iter().map(|one| number(one)).collect();
        let rest = routes.rest.map(|rest| rest.iter().map(number).collect());
        Self { partial, rest, group }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.partial.iter().chain(self.rest.iter().flatten()).copied()
    }

    /// What the routes of a domain reach, in order. Source: pilot's `SortVHostRoutes`, which puts routes that
    /// take every request last, and Envoy, which takes the first that matches.
    pub(super) fn reached(all: &[Self], of_domain: &[usize]) -> Vec<usize> {
        let mut reached: Vec<usize> = Vec::new();
        let mut firsts = Firsts::default();
        for routes in of_domain.iter().filter_map(|number| all.get(*number)) {
            reached.extend_from_slice(&routes.partial);
            if let Some(rest) = &routes.rest
                && firsts.may_be(routes.group)
            {
                reached.extend_from_slice(rest);
            }
        }
        sort::sort_and_dedup(&mut reached);
        reached
    }
}

/// The backends of a set of VirtualServices.
pub(super) struct Backends<'a> {
    known: HashMap<Backend, usize>,
    list: Vec<Backend>,
    /// The port of a service that routes name; none if they name several.
    ports: HashMap<&'a str, Option<u32>>,
}

impl<'a> Backends<'a> {
    pub(super) fn new(virtual_services: &'a [VirtualService]) -> Self {
        let mut ports: HashMap<&str, Option<u32>> = HashMap::new();
        let routes = virtual_services
            .iter()
            .flat_map(|service| service.http.iter().chain(&service.tls).chain(&service.tcp));
        for destination in routes.flat_map(|route| &route.destinations) {
            if let Destination::Service { host, port: Some(port) } = destination {
                let known = ports.entry(host).or_insert(Some(*port));
                *known = known.filter(|known| known == port);
            }
        }
        Self { known: HashMap::new(), list: Vec::new(), ports }
    }

    /// The number of the backend. A destination without a port is the only one of its service, or that with the
    /// server's number. Source: pilot's `GetDestinationCluster`.
    pub(super) fn number(&mut self, destination: &Destination, server_port: u32) -> usize {
        let backend = match destination {
            Destination::Service { host, port } => {
                let other = self.ports.get(host.as_str()).copied();
                let port = port.or_else(|| other.map(|only| only.unwrap_or(server_port)));
                Backend::Service { host: host.clone(), port }
            }
            Destination::Delegate(name) => Backend::Delegate(name.clone()),
            Destination::Assumed(name) => Backend::Assumed(name.clone()),
        };
        let next = self.list.len();
        *self.known.entry(backend).or_insert_with_key(|backend| {
            self.list.push(backend.clone());
            next
        })
    }

    pub(super) fn of_routes(&mut self, routes: &[&Route], server_port: u32) -> Arc<[usize]> {
        let destinations = routes.iter().flat_map(|route| &route.destinations);
        let mut numbers: Vec<usize> =
            destinations.map(|destination| self.number(destination, server_port)).collect();
        sort::sort_and_dedup(&mut numbers);
        numbers.into()
    }

    /// All of them, by their numbers.
    pub(super) fn into_list(self) -> Vec<Backend> {
        self.list
    }
}

/// Whether a match applies to a server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Applies {
    No,
    /// It depends on pods that are not known.
    Unknown,
    Yes,
}

impl Match {
    /// Source: pilot's `sourceMatchHTTP`.
    fn is_http(&self, context: Context<'_>) -> Applies {
        let workload = context.workload;
        if self.port != 0 && self.port != context.port {
            return Applies::No;
        }
        if !self.gateways.is_empty() {
            let is_for = self.gateways.iter().any(|gateway| gateway == context.gateway);
            return if is_for { Applies::Yes } else { Applies::No };
        }
        let namespace = Some(workload.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let wanted = Some(&self.source_namespace).filter(|wanted| !wanted.is_empty());
        let labels = self.source_labels.iter();
        let labels =
            labels.map(|(key, value)| (value, workload.labels.get(key).map(String::as_str)));
        let compared = wanted.map(|wanted| (wanted, namespace)).into_iter().chain(labels);
        let different: Vec<_> = compared.filter(|(want, is)| Some(want.as_str()) != *is).collect();
        match different.is_empty() {
            true => Applies::Yes,
            // Nothing else is known of the pods.
            false if namespace.is_none() && different.iter().all(|(_, is)| is.is_none()) => {
                Applies::Unknown
            }
            false => Applies::No,
        }
    }

    /// Source: pilot's `l4SingleMatch`.
    pub(super) fn is_l4(&self, context: Context<'_>) -> bool {
        (self.port == 0 || self.port == context.port)
            && (self.gateways.is_empty()
                || self.gateways.iter().any(|gateway| gateway == context.gateway))
    }
}

/// A value of the spec, and its path.
pub(super) struct Reader<'a> {
    pub(super) value: &'a Value,
    pub(super) path: FieldPath,
}

pub(super) struct ObjectReader<'a> {
    fields: Option<&'a Map<String, Value>>,
    path: FieldPath,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&self, expected: &str) -> Result<T, Error> {
        let message = format!("expected {expected}");
        Err(Error::decode(vec![Diagnostic::new(
            rule::decode::WRONG_TYPE,
            crate::Severity::Error,
            self.path.clone(),
            message,
        )]))
    }

    pub(super) fn object(&self) -> Result<ObjectReader<'a>, Error> {
        let fields = match self.value {
            Value::Null => None,
            Value::Object(fields) => Some(fields),
            _ => return self.wrong("an object"),
        };
        Ok(ObjectReader { fields, path: self.path.clone() })
    }

    fn string(&self) -> Result<String, Error> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            _ => self.wrong("a string"),
        }
    }
}

impl<'a> ObjectReader<'a> {
    fn get(&self, key: &str) -> Option<Reader<'a>> {
        let value = self.fields?.get(key).filter(|value| !value.is_null())?;
        Some(Reader { value, path: self.path.clone().key(key) })
    }

    pub(super) fn list(&self, key: &str) -> Result<Vec<Reader<'a>>, Error> {
        let Some(found) = self.get(key) else { return Ok(Vec::new()) };
        let Value::Array(items) = found.value else { return found.wrong("an array") };
        let item = |(index, value)| Reader { value, path: found.path.clone().index(index) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    pub(super) fn strings(&self, key: &str) -> Result<Vec<String>, Error> {
        self.list(key)?.iter().map(Reader::string).collect()
    }

    fn string(&self, key: &str) -> Result<String, Error> {
        self.get(key).map_or_else(|| Ok(String::new()), |found| found.string())
    }

    /// A route of a VirtualService in a namespace.
    pub(super) fn route(&self, namespace: &str) -> Result<Route, Error> {
        let matches = self.list("match")?;
        let matches = matches.iter().map(|one| one.object()?.read_match(namespace));
        let matches = matches.collect::<Result<_, _>>()?;
        let listed = self.list("route")?;
        let mut destinations = Vec::new();
        for one in &listed {
            let one = one.object()?;
            // Source: pilot's `applyHTTPRouteDestination`.
            let has_weight = one.number("weight")? != 0;
            if let Some(destination) =
                one.get("destination").filter(|_| listed.len() == 1 || has_weight)
            {
                destinations.push(destination.object()?.destination(namespace)?);
            }
        }
        if let Some(delegate) = self.get("delegate") {
            let delegate = delegate.object()?;
            let of = Some(delegate.string("namespace")?).filter(|of| !of.is_empty());
            let of = of.as_deref().unwrap_or(namespace);
            destinations.push(Destination::Delegate(format!("{of}/{}", delegate.string("name")?)));
        }
        if self.get("redirect").is_some() || self.get("directResponse").is_some() {
            destinations.clear();
        }
        Ok(Route { matches, has_destination: !listed.is_empty(), destinations })
    }

    fn destination(&self, namespace: &str) -> Result<Destination, Error> {
        let port = match self.get("port") {
            Some(port) => port.object()?.number("number")?,
            None => 0,
        };
        let host = full_host(self.string("host")?, namespace);
        Ok(Destination::Service { host, port: Some(port).filter(|port| *port != 0) })
    }

    fn number(&self, key: &str) -> Result<u32, Error> {
        let Some(found) = self.get(key) else { return Ok(0) };
        let number = found.value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.map_or_else(|| found.wrong("a number"), Ok)
    }

    /// Whether the match takes only some requests. Source: pilot's `TranslateRouteMatch` and `IsCatchAllRoute`.
    fn is_partial(&self) -> Result<bool, Error> {
        for key in ["headers", "withoutHeaders", "queryParams"] {
            let fields = self.get(key).map(|found| found.object()).transpose()?;
            if fields.and_then(|of| of.fields).is_some_and(|fields| !fields.is_empty()) {
                return Ok(true);
            }
        }
        if ["method", "authority", "scheme"].iter().any(|key| self.get(key).is_some()) {
            return Ok(true);
        }
        let Some(uri) = self.get("uri") else { return Ok(false) };
        let uri = uri.object()?;
        let is = |key, all| uri.get(key).is_some_and(|found| found.value != all);
        Ok(uri.get("exact").is_some() || is("prefix", "/") || is("regex", ".*"))
    }

    fn read_match(&self, namespace: &str) -> Result<Match, Error> {
        let gateways = self.strings("gateways")?;
        let mut source_labels = Vec::new();
        if let Some(labels) = self.get("sourceLabels") {
            let labels = labels.object()?;
            for key in labels.fields.into_iter().flat_map(Map::keys) {
                source_labels.push((key.clone(), labels.string(key)?));
            }
        }
        Ok(Match {
            port: self.number("port")?,
            gateways: gateways.iter().map(|name| gateway_name(name, namespace)).collect(),
            source_labels,
            source_namespace: self.string("sourceNamespace")?,
            sni_hosts: self.strings("sniHosts")?,
            is_partial: self.is_partial()?,
        })
    }
}
