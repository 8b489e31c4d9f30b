//! The objects to which a Gateway refers.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::input::{
    ConfigMap, GatewayClass, Identity, ListenerSet, Namespace, ReferenceGrant, Secret,
};
use crate::sort;

/// The objects to which Gateways can refer. [`InMemory`] has them from manifests; a controller has its
/// own store.
///
/// The methods may return borrowed or owned values.
pub trait Resources {
    /// A Secret, if it exists.
    fn secret(&self, namespace: &str, name: &str) -> Option<Cow<'_, Secret>>;

    /// A ConfigMap, if it exists.
    fn config_map(&self, namespace: &str, name: &str) -> Option<Cow<'_, ConfigMap>>;

    /// The ReferenceGrants of a namespace: they permit references to its objects.
    fn reference_grants(&self, namespace: &str) -> Vec<Cow<'_, ReferenceGrant>>;

    /// All namespaces, in any order.
    fn namespaces(&self) -> Vec<Cow<'_, Namespace>>;

    /// A GatewayClass, if it is known. An unknown class is treated as Istio's, which is the default of
    /// this method.
    fn gateway_class(&self, name: &str) -> Option<Cow<'_, GatewayClass>> {
        let _ = name;
        None
    }

    /// The `ListenerSet`s whose `parentRef` has this namespace and name, in any order. The default has none.
    fn listener_sets(&self, namespace: &str, name: &str) -> Vec<Cow<'_, ListenerSet>> {
        let _ = (namespace, name);
        Vec::new()
    }
}

/// Resources in memory. Of two objects of the same kind, namespace and name the last one is used.
///
/// ```
/// use istio_gateway::gateway_api::{ConfigMap, InMemory, Resources};
///
/// let mut resources = InMemory::default();
/// let text = r#"{"metadata": {"namespace": "infra", "name": "ca"}, "data": {"ca.crt": "..."}}"#;
/// resources.add_config_map(serde_json::from_str::<ConfigMap>(text)?);
/// assert!(resources.config_map("infra", "ca").is_some());
/// assert!(resources.secret("infra", "ca").is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct InMemory {
    secrets: ByName<Secret>,
    config_maps: ByName<ConfigMap>,
    reference_grants: ByName<ReferenceGrant>,
    namespaces: ByName<Namespace>,
    gateway_classes: ByName<GatewayClass>,
    listener_sets: ByName<ListenerSet>,
    /// The `ListenerSet`s of a parent.
    children: HashMap<OwnedIdentity, HashSet<OwnedIdentity>>,
}

/// A namespace and a name.
type OwnedIdentity = (String, String);

fn owned((namespace, name): Identity<'_>) -> OwnedIdentity {
    (namespace.to_owned(), name.to_owned())
}

/// Objects by namespace, which is empty for those without one, and name.
#[derive(Clone, Debug)]
struct ByName<T> {
    objects: Vec<T>,
    indexes: HashMap<String, HashMap<String, usize>>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self { objects: Vec::new(), indexes: HashMap::new() }
    }
}

impl<T> ByName<T> {
    /// Returns the object that it replaces.
    fn insert(&mut self, (namespace, name): OwnedIdentity, object: T) -> Option<T> {
        let next = self.objects.len();
        let index = *self.indexes.entry(namespace).or_default().entry(name).or_insert(next);
        match self.objects.get_mut(index) {
            Some(known) => Some(std::mem::replace(known, object)),
            None => {
                self.objects.push(object);
                None
            }
        }
    }

    fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.objects.get(*self.indexes.get(namespace)?.get(name)?)
    }
}

impl InMemory {
    /// Adds a Secret.
    pub fn add_secret(&mut self, secret: Secret) {
        self.secrets.insert(owned(secret.metadata.identity()), secret);
    }

    /// Adds a ConfigMap.
    pub fn add_config_map(&mut self, config_map: ConfigMap) {
        self.config_maps.insert(owned(config_map.metadata.identity()), config_map);
    }

    /// Adds a ReferenceGrant.
    pub fn add_reference_grant(&mut self, grant: ReferenceGrant) {
        self.reference_grants.insert(owned(grant.metadata.identity()), grant);
    }

    /// Adds a namespace.
    pub fn add_namespace(&mut self, namespace: Namespace) {
        self.namespaces.insert(owned(("", &namespace.metadata.name)), namespace);
    }

    /// Adds a `ListenerSet`.
    pub fn add_listener_set(&mut self, set: ListenerSet) {
        let own = owned(set.metadata.identity());
        let parent = owned(set.parent());
        if let Some(old) = self.listener_sets.insert(own.clone(), set) {
            self.children.entry(owned(old.parent())).or_default().remove(&own);
        }
        self.children.entry(parent).or_default().insert(own);
    }

    /// Adds a GatewayClass.
    pub fn add_gateway_class(&mut self, class: GatewayClass) {
        self.gateway_classes.insert(owned(("", &class.metadata.name)), class);
    }
}

impl Resources for InMemory {
    fn secret(&self, namespace: &str, name: &str) -> Option<Cow<'_, Secret>> {
        self.secrets.get(namespace, name).map(Cow::Borrowed)
    }

    fn config_map(&self, namespace: &str, name: &str) -> Option<Cow<'_, ConfigMap>> {
        self.config_maps.get(namespace, name).map(Cow::Borrowed)
    }

    fn reference_grants(&self, namespace: &str) -> Vec<Cow<'_, ReferenceGrant>> {
        let ByName { objects, indexes } = &self.reference_grants;
        let Some(indexes) = indexes.get(namespace) else { return Vec::new() };
        indexes.values().filter_map(|index| objects.get(*index)).map(Cow::Borrowed).collect()
    }

    fn namespaces(&self) -> Vec<Cow<'_, Namespace>> {
        self.namespaces.objects.iter().map(Cow::Borrowed).collect()
    }

    fn gateway_class(&self, name: &str) -> Option<Cow<'_, GatewayClass>> {
        self.gateway_classes.get("", name).map(Cow::Borrowed)
    }

    fn listener_sets(&self, namespace: &str, name: &str) -> Vec<Cow<'_, ListenerSet>> {
        let Some(children) = self.children.get(&owned((namespace, name))) else {
            return Vec::new();
        };
        let mut sets: Vec<_> =
            children.iter().filter_map(|(of, name)| self.listener_sets.get(of, name)).collect();
        sort::sort_by(&mut sets, |one, other| {
            one.metadata.identity().cmp(&other.metadata.identity())
        });
        sets.into_iter().map(Cow::Borrowed).collect()
    }
}

/// A kind of the core group to which a Gateway can refer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Secret,
    ConfigMap,
}

impl Kind {
    pub(super) fn of(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("", "Secret") => Some(Self::Secret),
            ("", "ConfigMap") => Some(Self::ConfigMap),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }

    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Secret => "kubernetes-gateway",
            Self::ConfigMap => "configmap",
        }
    }
}
