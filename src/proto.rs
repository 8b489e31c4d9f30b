//! The generated code, laid out by protobuf package. Nothing here is written by hand.
//!
//! The crate root re-exports what most users need under its Rust name; use this module for the
//! rest, and for prost's own names (`TlSmode` is the root's `TlsMode`).

/// Every `.proto` file of this crate and what they import, as an encoded
/// `google.protobuf.FileDescriptorSet`, options such as `google.api.field_behavior` included.
///
/// ```
/// use istio_gateway::{FILE_DESCRIPTOR_SET, prost::Message};
///
/// let set = istio_gateway::prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?;
/// assert!(set.file.iter().any(|f| f.name() == "networking/v1alpha3/gateway.proto"));
/// # Ok::<(), istio_gateway::prost::DecodeError>(())
/// ```
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// The three files that build.rs makes of a package: prost's, the dialect's and pbjson's.
///
/// `--cfg without_pbjson` leaves pbjson's out: the rest of the crate must build without them.
macro_rules! package {
    ($package:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
        include!(concat!(env!("OUT_DIR"), "/", $package, ".dialect.rs"));
        #[cfg(not(without_pbjson))]
        mod plain {
            use super::*;
            include!(concat!(env!("OUT_DIR"), "/", $package, ".serde.rs"));
        }
    };
}

/// Messages of istiod's analyzers, as a resource's status holds them.
pub mod analysis {
    #[allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction)]
    pub mod v1alpha1 {
        package!("istio.analysis.v1alpha1");
    }
}

/// What the mesh configuration says of forwarded client certificates.
pub mod mesh {
    #[allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction)]
    pub mod v1alpha1 {
        package!("istio.mesh.v1alpha1");
    }
}

/// The status of Istio's resources.
pub mod meta {
    #[allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction)]
    pub mod v1alpha1 {
        package!("istio.meta.v1alpha1");
    }
}

/// Gateways, and the client's side of TLS.
pub mod networking {
    #[allow(missing_docs, clippy::all, clippy::pedantic, clippy::restriction)]
    pub mod v1alpha3 {
        package!("istio.networking.v1alpha3");
    }
}
