//! What of a VirtualService decides whether a server leads anywhere.

use std::collections::HashSet;

use serde_json::Value;

use super::routes::{Destination, Reader, Route};
use crate::{Error, FieldPath, Object};

/// A VirtualService, as far as a gateway's listeners and virtual hosts depend on it: its hosts, the
/// Gateways that it is bound to, where it is visible, which routes it has for which server, and the
/// services that they lead to.
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
    /// Whether it comes from a route of Gateway API: those of the pods' namespace come first.
    has_gateway_semantics: bool,
    /// Whether it comes from a `TLSRoute`: its TLS routes are also those of servers that terminate TLS.
    is_of_tls_route: bool,
}

impl VirtualService {
    /// Reads the API server's object.
    ///
    /// # Errors
    /// [`is_decode`](Error::is_decode) if a field that is read has a type that the API server rejects.
    pub fn from_object(object: &Object) -> Result<Self, Error> {
        let metadata = FieldPath::root().key("metadata");
        let created = object
            .get(&metadata.clone().key("creationTimestamp"))
            .and_then(|text| text.as_str()?.parse::<crate::Timestamp>().ok())
            .map(|time| time.seconds);
        let annotations = metadata.key("annotations");
        let annotation = |name: &str| match object.get(&annotations.clone().key(name)) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let spec = object.get(&FieldPath::root().key("spec")).unwrap_or(Value::Null);
        let service = Self::from_spec(object.name(), object.namespace(), created, &spec)?;
        Ok(Self {
            has_gateway_semantics: annotation(ROUTE_SEMANTICS) == "gateway",
            is_of_tls_route: annotation(PARENTS).starts_with("TLSRoute/"),
            ..service
        })
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
        let routes = |key| -> Result<Vec<Route>, Error> {
            spec.list(key)?.iter().map(|route| route.object()?.route(namespace)).collect()
        };
        let hosts = spec.strings("hosts")?;
        let gateways = spec.strings("gateways")?;
        Ok(Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            created,
            hosts: hosts.into_iter().map(|host| full_host(host, namespace)).collect(),
            gateways: gateways.iter().map(|name| gateway_name(name, namespace)).collect(),
            export_to: spec.strings("exportTo")?,
            http: routes("http")?,
            tls: routes("tls")?,
            tcp: routes("tcp")?,
            has_gateway_semantics: false,
            is_of_tls_route: false,
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
                    let name = format!("{namespace} {}/{}", gateway.namespace, gateway.name);
                    services.push(Self {
                        name: gateway.name.to_owned(),
                        namespace: namespace.to_owned(),
                        created: None,
                        hosts: Vec::new(),
                        gateways: vec![format!("{}/{}", gateway.namespace, gateway.name)],
                        export_to: Vec::new(),
                        http: vec![Route {
                            destinations: vec![Destination::Assumed(name)],
                            ..Route::default()
                        }],
                        tls: Vec::new(),
                        tcp: Vec::new(),
                        has_gateway_semantics: false,
                        is_of_tls_route: false,
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
    /// if it is not visible there. In an unknown namespace, which is empty, all are that are visible anywhere.
    /// Source: pilot's `VirtualServicesForGateway`.
    pub(super) fn visibility(&self, namespace: &str) -> Option<u8> {
        if self.is_public() {
            let is_favored = self.has_gateway_semantics && self.namespace == namespace;
            return Some(2 + u8::from(!is_favored));
        }
        if self.export_to.iter().any(|to| to == "~") {
            return None;
        }
        let resolved = |to: &String| if to == "." { self.namespace.clone() } else { to.clone() };
        let mut export_to = self.export_to.iter().map(resolved);
        let is_exported = namespace.is_empty() || export_to.any(|to| to == namespace);
        is_exported.then_some(u8::from(self.namespace != namespace))
    }

    fn is_public(&self) -> bool {
        self.export_to.is_empty() || self.export_to.iter().any(|to| to == "*")
    }

    /// If the namespace of the pods decides whether it comes before others: the VirtualServices with the same
    /// value keep their order among each other.
    pub(super) fn precedence(&self) -> Option<(&str, &[String])> {
        (self.has_gateway_semantics || !self.is_public())
            .then_some((self.namespace.as_str(), self.export_to.as_slice()))
    }

    /// The routes for a server of TCP. Source: pilot's `buildGatewayNetworkFiltersFromTCPRoutes`, which falls back
    /// to the TLS routes of a `TLSRoute`.
    pub(super) fn l4_routes(&self) -> impl Iterator<Item = &Route> {
        let tcp = self.tcp.iter().filter(|route| route.has_destination);
        let tls = self.tls.iter().filter(|route| self.is_of_tls_route && !route.matches.is_empty());
        tcp.chain(tls)
    }
}

/// Annotations of what istiod generates from Gateway API.
const ROUTE_SEMANTICS: &str = "internal.istio.io/route-semantics";
const PARENTS: &str = "internal.istio.io/parents";

/// Source: pilot's `resolveGatewayName`.
pub(super) fn gateway_name(name: &str, namespace: &str) -> String {
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
pub(super) fn full_host(host: String, namespace: &str) -> String {
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
