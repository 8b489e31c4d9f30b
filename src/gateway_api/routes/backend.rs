//! The destinations of routes.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{Field, GROUP, Kind, Problem, Route, Ruled, filters, rejected};
use crate::{gateway_api::resources::Resources, go::Quote};

/// The ReferenceGrants of a set for routes.
pub(in crate::gateway_api) struct Grants<'a, R: ?Sized> {
    resources: &'a R,
    /// By the namespace of the grant.
    namespaces: HashMap<String, HashSet<Granted>>,
}

/// The kind and namespace of a route, the group, kind and name of a backend. Without a name, all of them.
type Granted = (String, String, String, String, Option<String>);

impl<'a, R: Resources + ?Sized> Grants<'a, R> {
    pub(in crate::gateway_api) fn new(resources: &'a R) -> Self {
        Self { resources, namespaces: HashMap::new() }
    }

    /// Source: pilot's `BackendAllowed`.
    fn allow(&mut self, namespace: &str, route: &Route, kind: (&str, &str), name: &str) -> bool {
        let resources = self.resources;
        let here = self.namespaces.entry(namespace.to_owned()).or_insert_with(|| {
            let mut granted = HashSet::new();
            for grant in resources.reference_grants(namespace) {
                for from in grant.spec.from.iter().filter(|from| from.group == GROUP) {
                    for to in &grant.spec.to {
                        let (kind, namespace) = (from.kind.clone(), from.namespace.clone());
                        let (group, name) = (to.group.clone(), to.name.clone());
                        granted.insert((kind, namespace, group, to.kind.clone(), name));
                    }
                }
            }
            granted
        });
        let is_known = matches!(kind, ("", "Service") | (POOL_GROUP, "InferencePool"));
        let mut names = [None, Some(name.to_owned())].into_iter();
        is_known
            && names.any(|name| {
                let (from, own) = (route.kind.name().to_owned(), route.metadata.namespace.clone());
                here.contains(&(from, own, kind.0.to_owned(), kind.1.to_owned(), name))
            })
    }
}

const POOL_GROUP: &str = "inference.networking.k8s.io";

/// What the destinations of a route depend on, and the problems for which istiod keeps the route.
pub(super) struct Backends<'r, 'g, R: ?Sized> {
    pub(super) route: &'r Route,
    pub(super) grants: &'r mut Grants<'g, R>,
    pub(super) problems: Vec<Problem>,
}

/// A destination, and whether it can be used.
pub(super) struct Destination {
    pub(super) value: Value,
    pub(super) is_usable: bool,
}

impl<R: Resources + ?Sized> Backends<'_, '_, R> {
    fn unusable(&mut self, reference: &Field<'_>, message: String) -> Destination {
        self.problems.push(Problem { path: reference.path.clone(), message });
        Destination { value: json!({}), is_usable: false }
    }

    /// Source: pilot's `buildDestination`, without the lookup of the backend.
    pub(super) fn destination(&mut self, reference: &Field<'_>) -> Ruled<Destination> {
        let group = reference.string("group")?.unwrap_or_default();
        let kind = reference.string("kind")?.unwrap_or("Service");
        let name = reference.str("name")?;
        let own = self.route.metadata.namespace.as_str();
        let given = reference.string("namespace")?;
        let namespace = given.unwrap_or(own);
        if namespace != own && !self.grants.allow(namespace, self.route, (group, kind), name) {
            let (kind, own) = (self.route.kind.name(), Quote(own));
            let message = format!(
                "backendRef {name}/{namespace} not accessible to a {kind} in namespace {own} (missing a \
                 ReferenceGrant?)"
            );
            return Ok(self.unusable(reference, message));
        }
        let host = match (group, kind) {
            ("", "Service") if name.contains('.') => {
                let message =
                    "service name invalid; the name of the Service must be used, not the hostname.";
                return rejected(reference, message);
            }
            ("", "Service") | ("multicluster.x-k8s.io", "ServiceImport") => {
                format!("{name}.{namespace}.svc.cluster.local")
            }
            ("networking.istio.io", "Hostname") if given.is_some() => {
                return rejected(reference, "namespace may not be set with Hostname type");
            }
            ("networking.istio.io", "Hostname") => name.to_owned(),
            (POOL_GROUP, "InferencePool") => {
                let message = "InferencePool is not enabled. To enable, set \
                               ENABLE_GATEWAY_API_INFERENCE_EXTENSION to true in istiod";
                return Ok(self.unusable(reference, message.to_owned()));
            }
            _ => {
                let (group, kind) = (Quote(group), Quote(reference.str("kind")?));
                let message =
                    format!("referencing unsupported backendRef: group {group} kind {kind}");
                return Ok(self.unusable(reference, message));
            }
        };
        let Some(port) = reference.integer("port")? else {
            return rejected(reference, "port is required in backendRef");
        };
        let value = json!({"host": host, "port": {"number": port}});
        Ok(Destination { value, is_usable: true })
    }

    /// The weighted destinations of a rule; `None` if there are none of any weight.
    ///
    /// Source: pilot's `buildHTTPDestination` and `buildTCPDestination`.
    pub(super) fn weighted(&mut self, references: &[Field<'_>]) -> Ruled<Option<Vec<Value>>> {
        let mut weighted = Vec::new();
        for reference in references {
            let weight = reference.integer("weight")?.unwrap_or(1);
            if weight != 0 {
                weighted.push((reference, weight));
            }
        }
        if weighted.is_empty() {
            return Ok(None);
        }
        let is_single = weighted.len() == 1;
        let mut all = Vec::new();
        for (reference, weight) in weighted {
            let mut entry = Map::new();
            entry.insert("destination".to_owned(), self.destination(reference)?.value);
            if !is_single {
                entry.insert("weight".to_owned(), weight.into());
            }
            if matches!(self.route.kind, Kind::Http | Kind::Grpc) {
                filters::of_backend(reference, &mut entry)?;
            }
            all.push(entry.into());
        }
        Ok(Some(all))
    }
}
