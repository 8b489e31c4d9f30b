//! What of a VirtualService decides whether a server leads anywhere.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::{Error, FieldPath, Object, diagnostic::Diagnostic, rule};

/// A VirtualService, as far as a gateway's listeners and virtual hosts depend on it: its hosts, the
/// Gateways that it is bound to, where it is visible, and which routes it has for which server. What the
/// routes do is not kept.
///
/// Source: pilot's `ResolveVirtualServiceShortnames` and `initVirtualServices`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VirtualService {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.creationTimestamp`, in seconds since 1970: the older one comes first.
    pub created: Option<i64>,
    /// The hosts; a name without a dot is completed as istiod does it.
    pub hosts: Vec<String>,
    /// The Gateways, each as `namespace/name`, and `mesh`.
    pub gateways: Vec<String>,
    /// The namespaces in which it is visible: all where it is empty.
    pub export_to: Vec<String>,
    pub(super) http: Vec<Route>,
    pub(super) tls: Vec<Route>,
    pub(super) tcp: Vec<Route>,
}

/// A route, and to what it is limited. Without matches it is for everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) matches: Vec<Match>,
    pub(super) has_destination: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    port: u32,
    gateways: Vec<String>,
    source_labels: Vec<(String, String)>,
    source_namespace: String,
    pub(super) sni_hosts: Vec<String>,
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

impl VirtualService {
    /// Reads the API server's object.
    ///
    /// # Errors
    /// [`is_decode`](Error::is_decode) if a field that is read has a type that the API server rejects.
    pub fn from_object(object: &Object) -> Result<Self, Error> {
        let metadata = FieldPath::root().key("metadata");
        let created = object
            .get(&metadata.key("creationTimestamp"))
            .and_then(|text| text.as_str()?.parse::<crate::Timestamp>().ok())
            .map(|time| time.seconds);
        let spec = object.get(&FieldPath::root().key("spec")).unwrap_or(Value::Null);
        Self::from_spec(object.name(), object.namespace(), created, &spec)
    }

    /// Reads a `spec` of JSON.
    ///
    /// # Errors
    /// As [`from_object`](Self::from_object).
    pub fn from_spec(
        name: &str,
        namespace: &str,
        created: Option<i64>,
        spec: &Value,
    ) -> Result<Self, Error> {
        let reader = Reader { value: spec, path: FieldPath::root().key("spec") };
        let spec = reader.object()?;
        let gateway = |name: String| gateway_name(&name, namespace);
        let routes = |key| -> Result<Vec<Route>, Error> {
            spec.list(key)?.iter().map(|route| route.object()?.route(&gateway)).collect()
        };
        let hosts = spec.strings("hosts")?;
        let gateways = spec.strings("gateways")?;
        Ok(Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            created,
            hosts: hosts.into_iter().map(|host| full_host(host, namespace)).collect(),
            gateways: gateways.into_iter().map(gateway).collect(),
            export_to: spec.strings("exportTo")?,
            http: routes("http")?,
            tls: routes("tls")?,
            tcp: routes("tcp")?,
        })
    }

    /// VirtualServices that lead all hosts of a Gateway somewhere, where nothing is known of the real ones:
    /// bound to the Gateway, with the hosts of its servers, one in each namespace that a host names.
    #[must_use]
    pub fn assumed(gateway: &super::NamedGateway<'_>) -> Vec<Self> {
        let mut services: Vec<Self> = Vec::new();
        let mut known = HashSet::new();
        for host in gateway.gateway.servers.iter().flat_map(|server| &server.hosts) {
            let (namespace, host) = match host.split_once('/') {
                None | Some((".", _)) => (gateway.namespace, host.trim_start_matches("./")),
                Some(("*", host)) => (gateway.namespace, host),
                Some((namespace, host)) => (namespace, host),
            };
            if !known.insert((namespace, host)) {
                continue;
            }
            let position = services.iter().position(|service| service.namespace == namespace);
            let service = match position.and_then(|position| services.get_mut(position)) {
                Some(service) => service,
                None => {
                    services.push(Self {
                        name: gateway.name.to_owned(),
                        namespace: namespace.to_owned(),
                        created: None,
                        hosts: Vec::new(),
                        gateways: vec![format!("{}/{}", gateway.namespace, gateway.name)],
                        export_to: Vec::new(),
                        http: vec![Route { matches: Vec::new(), has_destination: true }],
                        tls: Vec::new(),
                        tcp: Vec::new(),
                    });
                    let Some(service) = services.last_mut() else { continue };
                    service
                }
            };
            service.hosts.push(host.to_owned());
        }
        services
    }

    /// The rank of this VirtualService among those of a Gateway for a workload in `namespace`, or none
    /// if it is not visible there. Source: pilot's `VirtualServicesForGateway`.
    pub(super) fn visibility(&self, namespace: &str) -> Option<u8> {
        let resolved = |to: &String| if to == "." { self.namespace.clone() } else { to.clone() };
        let export_to: Vec<String> = self.export_to.iter().map(resolved).collect();
        if export_to.is_empty() || export_to.iter().any(|to| to == "*") {
            return Some(2);
        }
        if export_to.iter().any(|to| to == "~") {
            return None;
        }
        let is_exported = export_to.iter().any(|to| to == namespace);
        is_exported.then_some(u8::from(self.namespace != namespace))
    }

    /// Whether an HTTP route of it is for the server.
    pub(super) fn has_http_route(&self, context: Context<'_>) -> bool {
        self.http.iter().any(|route| {
            route.matches.is_empty() || route.matches.iter().any(|one| one.is_http(context))
        })
    }

    /// Whether the server, whose protocol is TCP, leads to a route of it.
    pub(super) fn has_tcp_route(&self, context: Context<'_>) -> bool {
        self.tcp.iter().any(|route| {
            route.has_destination
                && (route.matches.is_empty() || route.matches.iter().any(|one| one.is_l4(context)))
        })
    }
}

impl Match {
    /// Source: pilot's `sourceMatchHTTP`.
    fn is_http(&self, context: Context<'_>) -> bool {
        let workload = context.workload;
        (self.port == 0 || self.port == context.port)
            && if self.gateways.is_empty() {
                self.source_labels
                    .iter()
                    .all(|(key, value)| workload.labels.get(key) == Some(value))
                    && (self.source_namespace.is_empty()
                        || self.source_namespace == workload.namespace)
            } else {
                self.gateways.iter().any(|gateway| gateway == context.gateway)
            }
    }

    /// Source: pilot's `l4SingleMatch`.
    pub(super) fn is_l4(&self, context: Context<'_>) -> bool {
        (self.port == 0 || self.port == context.port)
            && (self.gateways.is_empty()
                || self.gateways.iter().any(|gateway| gateway == context.gateway))
    }
}

/// Source: pilot's `resolveGatewayName`.
fn gateway_name(name: &str, namespace: &str) -> String {
    if name == "mesh" {
        return name.to_owned();
    }
    match (name.split_once('/'), name.split_once('.')) {
        (Some((".", name)), _) => format!("{namespace}/{name}"),
        (Some(_), _) => name.to_owned(),
        (None, None) => format!("{namespace}/{name}"),
        (None, Some((name, rest))) => {
            let namespace = rest.split_once('.').map_or(rest, |(namespace, _)| namespace);
            format!("{namespace}/{name}")
        }
    }
}

/// Source: pilot's `ResolveShortnameToFQDN`, for the domain `cluster.local`.
fn full_host(host: String, namespace: &str) -> String {
    if host.is_empty()
        || host == "*"
        || host.contains('.')
        || host.parse::<std::net::IpAddr>().is_ok()
    {
        return host;
    }
    let namespace = if namespace.is_empty() { String::new() } else { format!(".{namespace}") };
    format!("{host}{namespace}.svc.cluster.local")
}

/// A value of the spec, and its path.
struct Reader<'a> {
    value: &'a Value,
    path: FieldPath,
}

struct ObjectReader<'a> {
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

    fn object(&self) -> Result<ObjectReader<'a>, Error> {
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

    fn list(&self, key: &str) -> Result<Vec<Reader<'a>>, Error> {
        let Some(found) = self.get(key) else { return Ok(Vec::new()) };
        let Value::Array(items) = found.value else { return found.wrong("an array") };
        let item = |(index, value)| Reader { value, path: found.path.clone().index(index) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    fn strings(&self, key: &str) -> Result<Vec<String>, Error> {
        self.list(key)?.iter().map(Reader::string).collect()
    }

    fn string(&self, key: &str) -> Result<String, Error> {
        self.get(key).map_or_else(|| Ok(String::new()), |found| found.string())
    }

    fn route(&self, gateway: &dyn Fn(String) -> String) -> Result<Route, Error> {
        let matches = self.list("match")?;
        let matches = matches.iter().map(|one| one.object()?.read_match(gateway));
        let has_destination = !self.list("route")?.is_empty();
        Ok(Route { matches: matches.collect::<Result<_, _>>()?, has_destination })
    }

    fn read_match(&self, gateway: &dyn Fn(String) -> String) -> Result<Match, Error> {
        let port = match self.get("port") {
            None => 0,
            Some(found) => match found.value.as_u64().and_then(|port| u32::try_from(port).ok()) {
                Some(port) => port,
                None => return found.wrong("a port number"),
            },
        };
        let mut source_labels = Vec::new();
        if let Some(labels) = self.get("sourceLabels") {
            let labels = labels.object()?;
            for key in labels.fields.into_iter().flat_map(Map::keys) {
                source_labels.push((key.clone(), labels.string(key)?));
            }
        }
        Ok(Match {
            port,
            gateways: self.strings("gateways")?.into_iter().map(gateway).collect(),
            source_labels,
            source_namespace: self.string("sourceNamespace")?,
            sni_hosts: self.strings("sniHosts")?,
        })
    }
}
