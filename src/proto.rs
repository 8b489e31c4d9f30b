//! The generated code, laid out by protobuf package. Nothing here is written by hand.
//!
//! The crate root re-exports what most users need under its Rust name; use this module for the
//! rest, and for prost's own names (`TlSmode` is the root's `TlsMode`).

/// Every `.proto` file of this crate and what they import, as an encoded
/// `google.protobuf.FileDescriptorSet`, comments and options such as `google.api.field_behavior` included.
///
/// ```
/// use istio_gateway::{FILE_DESCRIPTOR_SET, prost::Message};
///
/// let set = istio_gateway::prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?;
/// assert!(set.file.iter().any(|f| f.name() == "networking/v1alpha3/gateway.proto"));
/// # Ok::<(), istio_gateway::prost::DecodeError>(())
/// ```
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../proto/istio.binpb");

/// A package as a module, of what build.rs makes of it: prost's file, the dialect's where the package
/// has one, and pbjson's.
///
/// `--cfg without_pbjson` leaves pbjson's out: the rest of the crate must build without them.
macro_rules! package {
    ($version:ident: $package:literal $($file:literal)+) => {
        #[allow(
            missing_docs,
            clippy::all,
            clippy::pedantic,
            clippy::restriction,
            reason = "generated: what the lints find in it is the generators' to mend"
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

/// Envoy's messages, the part that istiod makes of a server. Their `serde` implementations are
/// proto3 JSON with the names of the `.proto` files, which is what Envoy loads.
#[cfg(feature = "envoy")]
pub mod envoy {
    /// Envoy's messages and what they import, as an encoded `google.protobuf.FileDescriptorSet`.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("../proto/envoy.binpb");

    /// What configuration is made of.
    pub mod config {
        /// What all of it shares.
        pub mod core {
            package!(v3: "envoy.config.core.v3" ".rs");
        }
    }

    /// Types that all of it shares.
    pub mod r#type {
        /// How texts are matched.
        pub mod matcher {
            package!(v3: "envoy.r#type.matcher.v3" ".rs");
        }
    }

    /// Envoy's extensions.
    pub mod extensions {
        /// Filters.
        pub mod filters {
            /// Filters of connections.
            pub mod network {
                /// HTTP.
                pub mod http_connection_manager {
                    package!(v3: "envoy.extensions.filters.network.http_connection_manager.v3" ".rs");
                }
            }
        }

        /// Sockets.
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

/// What the mesh configuration says of forwarded client certificates.
pub mod mesh {
    package!(v1alpha1: "istio.mesh.v1alpha1" ".rs" ".dialect.rs");
}

/// The status of Istio's resources.
pub mod meta {
    package!(v1alpha1: "istio.meta.v1alpha1" ".rs" ".dialect.rs");
}

/// Gateways, and the client's side of TLS.
pub mod networking {
    package!(v1alpha3: "istio.networking.v1alpha3" ".rs" ".dialect.rs");
}
