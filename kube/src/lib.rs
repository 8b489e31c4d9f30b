//! Istio's `Gateway` as a [`kube`] resource: three API versions, Istio's own JSON dialect, and
//! read-modify-write that keeps unknown fields.
//!
//! ```no_run
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use istio_gateway_kube::{Lossless, v1};
//! use kube::{Api, Client, api::PostParams};
//!
//! let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(Client::try_default().await?, "default");
//! let mut gateway = gateways.get("edge").await?;
//! for server in &mut gateway.spec.servers {
//!     if let Some(tls) = &mut server.tls {
//!         tls.insecure_skip_verify = None;
//!     }
//! }
//! gateways.replace("edge", &PostParams::default(), &gateway).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | | |
//! |---|---|
//! | [`v1::Gateway`], [`v1beta1::Gateway`], [`v1alpha3::Gateway`] | the resource, for `Api`, watchers, reflectors and controllers |
//! | [`Lossless`] | the resource for read-modify-write: it keeps unknown fields, and writes patches of exactly what was changed |
//! | [`GatewaySpec`] | the spec: [`istio_gateway::Gateway`] |
//! | [`crd`] | the CustomResourceDefinition of a release of Istio |
//!
//! # Objects that cannot be decoded
//!
//! A cluster may store objects that neither Istio nor this crate can decode. One of them makes a
//! whole list or watch fail. To get an error for this object only, use
//! `Api<DeserializeGuard<v1::Gateway>>` with [`DeserializeGuard`](kube::core::DeserializeGuard), as
//! the example `watch` does.
//!
//! # Kubernetes version
//!
//! The program must select one Kubernetes version with a feature of `k8s-openapi`; this crate
//! selects none. Depend on `k8s-openapi` as any user of kube, with `features = ["latest"]`.
//!
//! [`istio_gateway`] and [`kube`] are public dependencies and re-exported: a new major version of
//! them is a new major version of this crate.

mod gateway;
mod lossless;
mod version;

pub use istio_gateway;
pub use k8s_openapi;
pub use kube;

pub use gateway::{Gateway, crd};
#[doc(inline)]
pub use istio_gateway::Gateway as GatewaySpec;
pub use lossless::Lossless;
pub use version::{ApiVersion, V1, V1Alpha3, V1Beta1};

/// `networking.istio.io/v1`.
pub mod v1 {
    /// A Gateway of `networking.istio.io/v1`.
    pub type Gateway = crate::Gateway<crate::V1>;
}

/// `networking.istio.io/v1beta1`.
pub mod v1beta1 {
    /// A Gateway of `networking.istio.io/v1beta1`.
    pub type Gateway = crate::Gateway<crate::V1Beta1>;
}

/// `networking.istio.io/v1alpha3`.
pub mod v1alpha3 {
    /// A Gateway of `networking.istio.io/v1alpha3`.
    pub type Gateway = crate::Gateway<crate::V1Alpha3>;
}

/// The examples of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
