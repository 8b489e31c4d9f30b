//! The API versions, as types.

use std::fmt;

/// A version of the API `networking.istio.io`. All versions have the same spec.
///
/// The trait is sealed: its implementations are [`V1`], [`V1Beta1`] and [`V1Alpha3`].
pub trait ApiVersion:
    sealed::Sealed + Copy + Default + Eq + fmt::Debug + Send + Sync + Unpin + 'static
{
    /// The version's name, such as `v1`.
    const NAME: &'static str;
    /// The `apiVersion` of its objects, such as `networking.istio.io/v1`.
    const API_VERSION: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! version {
    ($(#[$doc:meta])* $version:ident = $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $version;

        impl sealed::Sealed for $version {}

        impl ApiVersion for $version {
            const NAME: &'static str = $name;
            const API_VERSION: &'static str = concat!("networking.istio.io/", $name);
        }
    };
}

version! {
    /// `networking.istio.io/v1`, which Istio has served since 1.22 and stored since 1.27.
    V1 = "v1"
}
version! {
    /// `networking.istio.io/v1beta1`, which every release of Istio serves.
    V1Beta1 = "v1beta1"
}
version! {
    /// `networking.istio.io/v1alpha3`, which every release of Istio serves.
    V1Alpha3 = "v1alpha3"
}
