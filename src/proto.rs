//! The generated code, by protobuf package.
//!
//! The crate root re-exports what most users need under its Rust name. Use this module for the rest,
//! and for prost's own names (`TlSmode` is the root's `TlsMode`).

/// Every `.proto` file of this crate with its imports, as an encoded
/// `google.protobuf.FileDescriptorSet`, including comments and options such as
/// `google.api.field_behavior`.
///
/// ```
/// use istio_gateway::{FILE_DESCRIPTOR_SET, prost::Message};
///
/// let set = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?;
/// assert!(set.file.iter().any(|f| f.name() == "networking/v1alpha3/gateway.proto"));
/// # Ok::<(), istio_gateway::prost::DecodeError>(())
/// ```
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../proto/istio.binpb");

/// The module of a package, from the files of build.rs: prost's, the dialect's if the package has one,
/// and pbjson's.
///
/// `--cfg without_pbjson` omits pbjson's: the rest of the crate must build without it.
macro_rules! package {
    ($version:ident: $package:literal $($file:literal)+) => {
        #[allow(
            missing_docs,
            clippy::all,
            clippy::pedantic,
            clippy::restriction,
            reason = "generated code"
        )]
        pub mod $version {
            $(include!(concat!(env!("OUT_DIR"), "/", $package, $file));)+
            #[cfg(not(without_pbjson))]
            mod plain {
                use super::*;
                include!(concat!(env!("OUT_DIR"), "/", $package, ".serde.rs"));
            }
        }
    };
}

/// The Envoy messages that istiod uses for a server. Their `serde` implementations are proto3 JSON with
/// the names of the `.proto` files, which Envoy loads.
#[cfg(feature = "envoy")]
pub mod envoy {
    /// Envoy's messages with their imports, as an encoded `google.protobuf.FileDescriptorSet`.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../proto/envoy.binpb");

    /// Envoy's configuration.
    pub mod config {
        /// Types that all configuration uses.
        pub mod core {
            package!(v3: "envoy.config.core.v3" ".rs");
        }
    }

    /// Types that configuration and API share.
    pub mod r#type {
        /// String matchers.
        pub mod matcher {
            package!(v3: "envoy.r#type.matcher.v3" ".rs");
        }
    }

    /// Envoy's extensions.
    pub mod extensions {
        /// Filters.
        pub mod filters {
            /// Network filters.
            pub mod network {
                /// The HTTP connection manager.
                pub mod http_connection_manager {
                    package!(v3: "envoy.extensions.filters.network.http_connection_manager.v3" ".rs");
                }
            }
        }

        /// Transport sockets.
        pub mod transport_sockets {
            /// TLS.
            pub mod tls {
                package!(v3: "envoy.extensions.transport_sockets.tls.v3" ".rs");
            }
        }
    }
}

/// Messages of istiod's analyzers, as a resource's status holds them.
pub mod analysis {
    package!(v1alpha1: "istio.analysis.v1alpha1" ".rs" ".dialect.rs");
}

/// The mesh configuration's settings for forwarded client certificates.
pub mod mesh {
    package!(v1alpha1: "istio.mesh.v1alpha1" ".rs" ".dialect.rs");
}

/// The status of Istio's resources.
pub mod meta {
    package!(v1alpha1: "istio.meta.v1alpha1" ".rs" ".dialect.rs");
}

/// Gateways, and TLS settings of clients.
pub mod networking {
    package!(v1alpha3: "istio.networking.v1alpha3" ".rs" ".dialect.rs");
}
