//! Read, change, write: nothing lost, at any level of the object.

mod apply;

use std::{
    borrow::Cow,
    fmt,
    ops::{Deref, DerefMut},
};

use istio_gateway::{
    IstioStatus,
    lossless::{Field, Mergeable, Schema},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::{Value, json};

use crate::{ApiVersion, Gateway, GatewaySpec};

impl<V: ApiVersion> Mergeable for Gateway<V> {
    const SCHEMA: &'static Schema = &Schema::new(&[
        Field::message::<GatewaySpec>("spec"),
        Field::message::<IstioStatus>("status"),
    ]);

    fn read<'de, D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        Self::deserialize(document)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Every Gateway has a spec: one that is cleared is not gone.
        self.write(serializer, true)
    }

    fn write_new<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// A resource together with the object that the server sent: what `Api` is to be asked for by who
/// changes an object.
///
/// It is used like the resource itself. Written back, it is the object as it was but for what was
/// changed: fields that this version of the crate does not know stay, at every level of the spec,
/// the status, the metadata and the object. `Api::replace` of one is safe where `Api::replace` of a
/// [`Gateway`] deletes what a newer Istio has. An element of a list keeps its unknown fields when
/// others are inserted, removed or moved around it, see [`istio_gateway::Lossless`].
///
/// ```
/// use istio_gateway_kube::{Lossless, v1};
///
/// let mut gateway: Lossless<v1::Gateway> = serde_json::from_str(
///     r#"{
///         "apiVersion": "networking.istio.io/v1",
///         "kind": "Gateway",
///         "metadata": {"name": "edge", "resourceVersion": "7"},
///         "spec": {"servers": [{"tls": {"insecureSkipVerify": true, "newField": 1}}], "newer": 2}
///     }"#,
/// )?;
/// let tls = gateway.spec.servers[0].tls.as_mut().unwrap();
/// tls.insecure_skip_verify = Some(false);
/// let servers = serde_json::json!([{"tls": {"insecureSkipVerify": false, "newField": 1}}]);
/// let whole = serde_json::to_value(&gateway)?;
/// assert_eq!(whole["spec"], serde_json::json!({"servers": servers, "newer": 2}));
/// assert_eq!(
///     gateway.merge_patch()?,
///     Some(serde_json::json!({"spec": {"servers": servers}})),
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # How to write it back
///
/// | | concurrent writers | deletes what it does not know |
/// |---|---|---|
/// | `Api::replace` with this | 409 if the object changed since it was read | no |
/// | [`merge_patch`](Self::merge_patch) | the last one wins, and a list goes as a whole | no |
/// | [`merge_patch_if_unchanged`](Self::merge_patch_if_unchanged) | 409 if the object changed since it was read | no |
/// | [`apply_patch`](Self::apply_patch) | 409 where another manager owns what was changed | no |
///
/// What the *server* does not know it drops before it stores an object: nothing keeps that. An
/// object that was read without `apiVersion` and `kind` is written without them, which `replace`
/// needs; all that a server sends has both, the items of a list included.
#[derive(Clone)]
pub struct Lossless<K>(istio_gateway::Lossless<K>);

impl<K> Lossless<K> {
    /// A resource that no server has sent: nothing unknown to keep.
    #[must_use]
    pub fn new(resource: K) -> Self {
        Self(istio_gateway::Lossless::new(resource))
    }

    /// The resource alone, without what it does not know.
    #[must_use]
    pub fn into_inner(self) -> K {
        self.0.into_inner()
    }
}

impl<K: Mergeable> Lossless<K> {
    /// What was changed since the object was read, as a JSON merge patch (RFC 7386), for
    /// `Patch::Merge`; if nothing was, there is nothing to send.
    ///
    /// A key that is gone is null in it. A list that was changed is there as a whole: of two
    /// writers who change the servers at the same time the last one wins. The patch of a changed
    /// status is for the status' own endpoint, `Api::patch_status`; each of the two endpoints
    /// passes over what belongs to the other.
    ///
    /// # Errors
    /// When an object is nested deeper than 500 levels, which no API server stores.
    pub fn merge_patch(&self) -> Result<Option<Value>, serde_json::Error> {
        let patch = self.0.merge_patch()?;
        let is_empty = patch.as_object().is_some_and(serde_json::Map::is_empty);
        Ok(if is_empty { None } else { Some(patch) })
    }
}

impl<K: Mergeable + Resource> Lossless<K> {
    /// As [`merge_patch`](Self::merge_patch), with the `resourceVersion` of the object as it was
    /// read: the server answers 409 if it was changed since.
    ///
    /// # Errors
    /// As [`merge_patch`](Self::merge_patch).
    pub fn merge_patch_if_unchanged(&self) -> Result<Option<Value>, serde_json::Error> {
        let mut patch = self.merge_patch()?;
        if let Some(patch) = &mut patch
            && let Some(version) = self.0.original()?.pointer("/metadata/resourceVersion")
        {
            apply::put(patch, &["metadata", "resourceVersion"], version.clone());
        }
        Ok(patch)
    }
}

impl<K: Mergeable + Resource<DynamicType = ()>> Lossless<K> {
    /// The body of a server-side apply by that field manager, for `Patch::Apply` and
    /// `PatchParams::apply(manager)`: the object's type and name, what was changed, and what the
    /// manager has applied before. Without the last the server would take it for given up and
    /// remove it. It is read from `metadata.managedFields`.
    ///
    /// `spec.servers` is one field for the server, so it goes as a whole, with what is unknown in
    /// it. A field that is gone is not in the body, and so given up: it is removed if the manager
    /// was its only owner. The status is not in it.
    ///
    /// ```
    /// use istio_gateway_kube::{Lossless, v1};
    ///
    /// let mut gateway: Lossless<v1::Gateway> = serde_json::from_str(
    ///     r#"{
    ///         "metadata": {
    ///             "name": "edge",
    ///             "namespace": "istio-system",
    ///             "uid": "1",
    ///             "managedFields": [{
    ///                 "manager": "my-controller",
    ///                 "operation": "Apply",
    ///                 "fieldsV1": {"f:spec": {"f:selector": {"f:tier": {}}}}
    ///             }]
    ///         },
    ///         "spec": {"selector": {"istio": "ingressgateway", "tier": "1"}, "servers": []}
    ///     }"#,
    /// )?;
    /// gateway.spec.selector.insert("app".into(), "edge".into());
    /// assert_eq!(
    ///     gateway.apply_patch("my-controller")?,
    ///     serde_json::json!({
    ///         "apiVersion": "networking.istio.io/v1",
    ///         "kind": "Gateway",
    ///         "metadata": {"name": "edge", "namespace": "istio-system"},
    ///         "spec": {"selector": {"app": "edge", "tier": "1"}},
    ///     }),
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`merge_patch`](Self::merge_patch). And when the object came from a server, that is, was
    /// read with a `uid`, but without `managedFields`: kubectl hides them, and caches drop them.
    pub fn apply_patch(&self, manager: &str) -> Result<Value, serde_json::Error> {
        self.applied(manager, None)
    }

    /// As [`apply_patch`](Self::apply_patch) of the status alone, for `Api::patch_status`.
    ///
    /// # Errors
    /// As [`apply_patch`](Self::apply_patch).
    pub fn apply_status_patch(&self, manager: &str) -> Result<Value, serde_json::Error> {
        self.applied(manager, Some("status"))
    }

    fn applied(
        &self,
        manager: &str,
        subresource: Option<&str>,
    ) -> Result<Value, serde_json::Error> {
        let (original, current) = (self.0.original()?, serde_json::to_value(self)?);
        if !apply::is_owner_known(&original) {
            return Err(serde_json::Error::custom(
                "metadata.managedFields is missing: what the manager has applied before cannot be told",
            ));
        }
        let mut body = apply::body(&original, &current, manager, subresource);
        apply::put(&mut body, &["apiVersion"], json!(K::api_version(&())));
        apply::put(&mut body, &["kind"], json!(K::kind(&())));
        let meta = self.meta();
        for (key, text) in [("name", &meta.name), ("namespace", &meta.namespace)] {
            if let Some(text) = text {
                apply::put(&mut body, &["metadata", key], json!(text));
            }
        }
        Ok(body)
    }
}

impl<K: Resource> Resource for Lossless<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dt: &K::DynamicType) -> Cow<'_, str> {
        K::kind(dt)
    }

    fn group(dt: &K::DynamicType) -> Cow<'_, str> {
        K::group(dt)
    }

    fn version(dt: &K::DynamicType) -> Cow<'_, str> {
        K::version(dt)
    }

    fn plural(dt: &K::DynamicType) -> Cow<'_, str> {
        K::plural(dt)
    }

    fn meta(&self) -> &ObjectMeta {
        self.0.meta()
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.0.meta_mut()
    }
}

impl<K> Deref for Lossless<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.0
    }
}

impl<K> DerefMut for Lossless<K> {
    fn deref_mut(&mut self) -> &mut K {
        &mut self.0
    }
}

impl<K> From<K> for Lossless<K> {
    fn from(resource: K) -> Self {
        Self::new(resource)
    }
}

impl<K: fmt::Debug> fmt::Debug for Lossless<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The whole object, the unknown fields included.
impl<K: Mergeable> Serialize for Lossless<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, K: Mergeable> Deserialize<'de> for Lossless<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        istio_gateway::Lossless::deserialize(deserializer).map(Self)
    }
}
