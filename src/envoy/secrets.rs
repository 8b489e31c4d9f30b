//! Secrets and their sources.

use super::{Duration, NodeMetadata, Options, SdsProvider};
use crate::{
    proto::envoy::{
        config::core::v3::{
            AggregatedConfigSource, ApiConfigSource, ApiVersion, ConfigSource, GrpcService,
            api_config_source::ApiType,
            config_source::ConfigSourceSpecifier,
            grpc_service::{EnvoyGrpc, TargetSpecifier},
        },
        extensions::transport_sockets::tls::v3::SdsSecretConfig,
    },
    tls_plan::{CredentialName, CredentialScheme},
};

/// Whether a credential has a secret: not with an empty name, and not if its provider cannot be reached.
pub(super) fn has_secret(name: &CredentialName<'_>, options: &Options) -> bool {
    let is_unreachable = || {
        options.mesh.sds_provider == Some(SdsProvider::Unreachable)
            && !options.node.serves_credentials
            && name.scheme() == Some(CredentialScheme::Sds)
    };
    !name.as_str().is_empty() && !is_unreachable()
}

/// The secret of a credential, if it [has one](has_secret).
///
/// Source: istiod's `ConstructSdsSecretConfigForCredential`, and `LookupCluster` for the names.
pub(super) fn credential(name: &CredentialName<'_>, options: &Options) -> Option<SdsSecretConfig> {
    if !has_secret(name, options) {
        return None;
    }
    if name.is_proxy_certificate() {
        return Some(workload_certificate());
    }
    if name.is_mesh_ca() {
        return Some(workload_root());
    }
    if name.scheme() == Some(CredentialScheme::Sds) {
        if options.node.serves_credentials {
            return Some(secret(name.as_str(), grpc("sds-external", "", None)));
        }
        match &options.mesh.sds_provider {
            Some(SdsProvider::Cluster(cluster)) => {
                let resource = name.without_scheme();
                // The last part of a cluster's name is the host.
                let host = cluster.rsplit('|').next().unwrap_or_default();
                return Some(secret(resource, grpc(cluster, host, None)));
            }
            Some(SdsProvider::Unreachable) | None => {}
        }
    }
    let ads = ConfigSource {
        config_source_specifier: Some(ConfigSourceSpecifier::Ads(AggregatedConfigSource {})),
        initial_fetch_timeout: None,
        resource_api_version: ApiVersion::V3.into(),
    };
    Some(secret(&name.resource_name(), ads))
}

/// The secret of a certificate in files; that of the mesh if a path is missing.
///
/// Source: istiod's `SdsCertificateConfig.GetResourceName` and `constructSdsSecretConfig`.
pub(super) fn file_certificate(
    certificate: &str,
    key: &str,
    node: &NodeMetadata,
) -> SdsSecretConfig {
    if certificate.is_empty() || key.is_empty() {
        return workload_certificate();
    }
    file(&format!("file-cert:{certificate}~{key}"), node)
}

/// The secret of a CA in a file; that of the mesh without a path.
///
/// Source: istiod's `SdsCertificateConfig.GetRootResourceName` and `constructSdsSecretConfig`.
pub(super) fn file_root(path: &str, node: &NodeMetadata) -> SdsSecretConfig {
    if path.is_empty() {
        return workload_root();
    }
    file(&format!("file-root:{path}"), node)
}

fn file(name: &str, node: &NodeMetadata) -> SdsSecretConfig {
    let cluster = if node.serves_files { "sds-files-grpc" } else { WORKLOAD_CLUSTER };
    secret(name, grpc(cluster, "", None))
}

/// The proxy's mesh certificate.
fn workload_certificate() -> SdsSecretConfig {
    secret("default", grpc(WORKLOAD_CLUSTER, "", Some(FOREVER)))
}

/// The mesh's CA.
fn workload_root() -> SdsSecretConfig {
    secret("ROOTCA", grpc(WORKLOAD_CLUSTER, "", Some(FOREVER)))
}

/// The socket of the agent in the pod.
const WORKLOAD_CLUSTER: &str = "sds-grpc";
const FOREVER: Duration = Duration { seconds: 0, nanos: 0 };

fn secret(name: &str, sds_config: ConfigSource) -> SdsSecretConfig {
    SdsSecretConfig { name: name.to_owned(), sds_config: Some(sds_config) }
}

fn grpc(cluster: &str, authority: &str, initial_fetch_timeout: Option<Duration>) -> ConfigSource {
    let service = EnvoyGrpc { cluster_name: cluster.to_owned(), authority: authority.to_owned() };
    let source = ApiConfigSource {
        api_type: ApiType::Grpc.into(),
        transport_api_version: ApiVersion::V3.into(),
        grpc_services: vec![GrpcService {
            target_specifier: Some(TargetSpecifier::EnvoyGrpc(service)),
        }],
        set_node_on_first_message_only: true,
    };
    ConfigSource {
        config_source_specifier: Some(ConfigSourceSpecifier::ApiConfigSource(source)),
        initial_fetch_timeout,
        resource_api_version: ApiVersion::V3.into(),
    }
}
