//! The resource.

mod read;

use std::{borrow::Cow, marker::PhantomData};

use istio_gateway::{GROUP, IstioStatus, IstioVersion, json};
use k8s_openapi::{
    NamespaceResourceScope,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    CustomResourceExt, Resource,
    core::{
        ApiResource,
        object::{HasSpec, HasStatus},
    },
};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{ApiVersion, GatewaySpec, V1};

const KIND: &str = "Gateway";
const PLURAL: &str = "gateways";

/// Istio's Gateway resource: [`v1::Gateway`](crate::v1::Gateway), and the same for v1beta1 and
/// v1alpha3.
///
/// The spec and the status are read and written in Istio's JSON dialect, as by Go clients: unknown
/// fields are ignored, enums are open, numbers may be quoted. Writing the object loses unknown
/// fields: to change an object, read it as a [`Lossless`](crate::Lossless) of this type, or patch
/// it.
///
/// Another `apiVersion` or `kind` is an error; a missing one is not.
///
/// ```
/// use istio_gateway_kube::{GatewaySpec, v1};
///
/// let mut gateway = v1::Gateway::new("edge", GatewaySpec::default());
/// gateway.spec.selector.insert("istio".into(), "ingressgateway".into());
/// assert_eq!(
///     serde_json::to_value(&gateway)?,
///     serde_json::json!({
///         "apiVersion": "networking.istio.io/v1",
///         "kind": "Gateway",
///         "metadata": {"name": "edge"},
///         "spec": {"selector": {"istio": "ingressgateway"}},
///     }),
/// );
/// let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "edge"}}"#;
/// assert!(serde_json::from_str::<v1::Gateway>(pod).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Gateway<V = V1> {
    /// The metadata: name, namespace, labels and so on.
    pub metadata: ObjectMeta,
    /// The desired state.
    pub spec: GatewaySpec,
    /// The state that controllers report. Its `observed_generation` is read from a number or a
    /// string.
    pub status: Option<IstioStatus>,
    version: PhantomData<V>,
}

impl<V: ApiVersion> Gateway<V> {
    /// A new Gateway with this name. The [`Api`] that creates it determines its namespace.
    ///
    /// [`Api`]: https://docs.rs/kube/5/kube/struct.Api.html
    #[must_use]
    pub fn new(name: &str, spec: GatewaySpec) -> Self {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        Self { metadata, spec, status: None, version: PhantomData }
    }

    /// The same Gateway in another API version. All versions have the same content.
    ///
    /// ```
    /// use istio_gateway_kube::{GatewaySpec, v1, v1beta1};
    ///
    /// let old = v1beta1::Gateway::new("edge", GatewaySpec::default());
    /// let new: v1::Gateway = old.into_version();
    /// assert_eq!(new.metadata.name.as_deref(), Some("edge"));
    /// ```
    #[must_use]
    pub fn into_version<W: ApiVersion>(self) -> Gateway<W> {
        let Self { metadata, spec, status, version: PhantomData } = self;
        Gateway { metadata, spec, status, version: PhantomData }
    }
}

impl<V: ApiVersion> Resource for Gateway<V> {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        KIND.into()
    }

    fn group((): &()) -> Cow<'_, str> {
        GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        V::NAME.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        PLURAL.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl<V> HasSpec for Gateway<V> {
    type Spec = GatewaySpec;

    fn spec(&self) -> &GatewaySpec {
        &self.spec
    }

    fn spec_mut(&mut self) -> &mut GatewaySpec {
        &mut self.spec
    }
}

impl<V> HasStatus for Gateway<V> {
    type Status = IstioStatus;

    fn status(&self) -> Option<&IstioStatus> {
        self.status.as_ref()
    }

    fn status_mut(&mut self) -> &mut Option<IstioStatus> {
        &mut self.status
    }
}

/// The definition has all API versions, as Istio installs it.
impl<V: ApiVersion> CustomResourceExt for Gateway<V> {
    fn crd() -> CustomResourceDefinition {
        crd(IstioVersion::default())
    }

    fn crd_name() -> &'static str {
        "gateways.networking.istio.io"
    }

    fn api_resource() -> ApiResource {
        ApiResource::erase::<Self>(&())
    }

    fn shortnames() -> &'static [&'static str] {
        &["gw"]
    }
}

/// The CustomResourceDefinition of a release of Istio, equal to upstream's except for descriptions;
/// see [`istio_gateway::crd`](istio_gateway::crd()). It serves all API versions.
///
/// ```
/// use istio_gateway_kube::{crd, istio_gateway::IstioVersion};
///
/// let crd = crd(IstioVersion::default());
/// assert_eq!(crd.metadata.name.as_deref(), Some("gateways.networking.istio.io"));
/// assert_eq!(crd.spec.versions.len(), 3);
/// ```
// Compiled only where it is called: the types of the definition are half of this crate's machine code.
#[inline]
#[must_use]
pub fn crd(istio: IstioVersion) -> CustomResourceDefinition {
    #[expect(clippy::expect_used, reason = "it has no input, and tests build it for every release")]
    serde_json::from_value(istio_gateway::crd(istio))
        .expect("the definition is a CustomResourceDefinition")
}

/// Writes `apiVersion` and `kind`, and the spec and the status in Istio's dialect. An empty spec is
/// omitted.
impl<V: ApiVersion> Serialize for Gateway<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write(serializer, self.spec != GatewaySpec::default())
    }
}

impl<V: ApiVersion> Gateway<V> {
    pub(crate) fn write<S: Serializer>(
        &self,
        serializer: S,
        has_spec: bool,
    ) -> Result<S::Ok, S::Error> {
        let Self { metadata, spec, status, version: PhantomData } = self;
        let fields = 3 + usize::from(has_spec) + usize::from(status.is_some());
        let mut object = serializer.serialize_struct(KIND, fields)?;
        object.serialize_field("apiVersion", V::API_VERSION)?;
        object.serialize_field("kind", KIND)?;
        object.serialize_field("metadata", metadata)?;
        if has_spec {
            object.serialize_field("spec", &Dialect(spec))?;
        }
        if let Some(status) = status {
            object.serialize_field("status", &Dialect(status))?;
        }
        object.end()
    }
}

struct Dialect<'a, M>(&'a M);

impl<M: json::Message> Serialize for Dialect<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::serde::serialize(self.0, serializer)
    }
}
