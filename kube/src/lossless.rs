//! Read-modify-write that keeps unknown fields at every level of the object.

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
        // Every Gateway has a spec, even if it was cleared.
        self.write(serializer, true)
    }

    fn write_new<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// A resource together with the object that the server sent. Use it with `Api` to change objects.
///
/// It dereferences to the resource. Writing it changes only what was changed: fields that this
/// version of the crate does not know stay, at every level of the spec, the status, the metadata
/// and the object. `Api::replace` of a [`Gateway`] would delete the fields of a newer Istio. A list
/// element keeps its unknown fields if others are inserted, removed or moved around it, see
/// [`istio_gateway::Lossless`].
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
/// # Writing changes
///
/// | | concurrent writers | deletes unknown fields |
/// |---|---|---|
/// | `Api::replace` | 409 if the object changed since it was read | no |
/// | [`merge_patch`](Self::merge_patch) | the last one wins, and lists are replaced as a whole | no |
/// | [`merge_patch_if_unchanged`](Self::merge_patch_if_unchanged) | 409 if the object changed since it was read | no |
/// | [`apply_patch`](Self::apply_patch) | 409 if another manager owns what was changed | no |
///
/// Fields that the *server* does not know are lost: it drops them before it stores an object. An
/// object that was read without `apiVersion` and `kind` is written without them, but `replace`
/// needs them. Objects from a server have both, including the items of a list.
#[derive(Clone)]
pub struct Lossless<K>(istio_gateway::Lossless<K>);

impl<K> Lossless<K> {
    /// A resource that does not come from a server, and has no unknown fields.
    #[must_use]
    pub fn new(resource: K) -> Self {
        Self(istio_gateway::Lossless::new(resource))
    }

    /// The resource, without the unknown fields.
    #[must_use]
    pub fn into_inner(self) -> K {
        self.0.into_inner()
    }
}

impl<K: Mergeable> Lossless<K> {
    /// The changes since the object was read, as a JSON merge patch (RFC 7386) for `Patch::Merge`;
    /// `None` if there are none.
    ///
    /// A removed key is null. A changed list is included as a whole: if two writers change the
    /// servers at the same time, the last one wins. Send a changed status with `Api::patch_status`:
    /// each of the two endpoints ignores what belongs to the other.
    ///
    /// # Errors
    /// If the object is nested deeper than 500 levels, which no API server stores.
    pub fn merge_patch(&self) -> Result<Option<Value>, serde_json::Error> {
        let patch = self.0.merge_patch()?;
        let is_empty = patch.as_object().is_some_and(serde_json::Map::is_empty);
        Ok(if is_empty { None } else { Some(patch) })
    }
}

impl<K: Mergeable + Resource> Lossless<K> {
    /// As [`merge_patch`](Self::merge_patch), with the `resourceVersion` of the object that was
    /// read: the server responds with 409 if the object changed since.
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
    /// The body of a server-side apply by this field manager, for `Patch::Apply` and
    /// `PatchParams::apply(manager)`: the object's type and name, the changes, and the fields that
    /// the manager applied before, according to `metadata.managedFields`. The server would remove
    /// fields that the manager no longer applies.
    ///
    /// The server treats `spec.servers` as one field, so it is included as a whole, with its
    /// unknown fields. A removed field is not in the body: the server removes it if the manager was
    /// its only owner. The body does not include the status.
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
    /// As [`merge_patch`](Self::merge_patch). Also if the object comes from a server (it has a
    /// `uid`) but has no `managedFields`: kubectl hides them, and caches drop them.
    pub fn apply_patch(&self, manager: &str) -> Result<Value, serde_json::Error> {
        self.applied(manager, None)
    }

    /// As [`apply_patch`](Self::apply_patch), for the status only; use it with `Api::patch_status`.
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
                "metadata.managedFields is missing: the fields that the manager applied before are not known",
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

/// The whole object, including unknown fields.
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
