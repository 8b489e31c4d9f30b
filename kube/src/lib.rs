//! Istio's Gateway as a [`kube`] resource: three versions of the API, in Istio's own dialect, and
//! read-modify-write that loses nothing.
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
//! | [`Lossless`] | the same for who changes objects: it keeps what the crate does not know, and makes patches of what was changed |
//! | [`GatewaySpec`] | the spec: [`istio_gateway::Gateway`] |
//! | [`crd`] | the custom resource as a release of Istio defines it |
//!
//! # A watch that goes on
//!
//! A cluster stores some objects that neither Istio nor this crate can decode. One of them in a list
//! is an error of the whole list, and of a watch, unless each object is asked for with a guard:
//! `Api<DeserializeGuard<v1::Gateway>>`, with [`DeserializeGuard`](kube::core::DeserializeGuard).
//! The example `watch` does so.
//!
//! # The version of Kubernetes
//!
//! `k8s-openapi` wants one version of Kubernetes to be chosen in a whole program, by the program:
//! this crate chooses none. Depend on it as every user of kube does, with `features = ["latest"]`.
//!
//! [`istio_gateway`] and [`kube`] are public dependencies, re-exported; a major of theirs is a major
//! of this crate.

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
