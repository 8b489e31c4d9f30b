//! Envoy's configuration of merged gateways.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::{Context as _, Result, ensure};
use handshake_conformance::Pki;
use istio_gateway::{
    Server,
    envoy::{self, Options, TrafficMode},
    merged_gateway::{ChainAction, FilterChain, Listener, VirtualHost},
};
use serde_json::{Map, Value, json};

use crate::random::Revision;

const TYPE: &str = "type.googleapis.com/envoy";

/// What a client sees of the chain with this number: the `server` header.
pub fn chain_name(listener: &str, revision: usize, chain: usize) -> String {
    format!("{listener} revision {revision} chain {chain}")
}

/// The path of the routes to a backend.
pub fn path(backend: usize) -> String {
    format!("/backend-{backend}")
}

fn cluster(backend: usize) -> String {
    format!("backend-{backend}")
}

/// The name of a workload's listener.
pub fn listener_name(workload: usize, name: &str) -> String {
    format!("{workload}/{name}")
}

/// The address of a workload's listener: workloads have different ones, and addresses of a workload
/// different ports.
pub fn address(network: u8, workload: usize, listener: &Listener) -> Result<SocketAddr> {
    let [.., high, low] = u32::try_from(workload)?.to_be_bytes();
    let offset = match listener.address.as_str() {
        "0.0.0.0" => 10_000,
        "127.0.0.1" => 30_000,
        _ => 20_000,
    };
    let port = u16::try_from(listener.port + offset)?;
    Ok(SocketAddr::from((Ipv4Addr::new(127, network, high, low), port)))
}

/// Listeners and the names of their secrets.
#[derive(Default)]
pub struct Configuration {
    pub listeners: Vec<Value>,
    secrets: BTreeSet<String>,
}

impl Configuration {
    /// Adds the listeners of a workload.
    pub fn add(
        &mut self,
        network: u8,
        workload: usize,
        number: usize,
        revision: &Revision,
    ) -> Result<()> {
        for (name, listener) in &revision.merged.listeners {
            let name = listener_name(workload, name);
            let address = address(network, workload, listener)?;
            let mut chains = Vec::new();
            for (index, chain) in listener.chains.iter().enumerate() {
                let chain = self
                    .chain(&name, number, index, chain, revision)
                    .with_context(|| format!("{name}, chain {index}"))?;
                chains.push(chain);
            }
            let has_inspector = chains.iter().any(|chain| {
                let context = &chain["transport_socket"]["typed_config"]["common_tls_context"];
                chain["filter_chain_match"]["server_names"].is_array()
                    || context["alpn_protocols"].is_array()
            });
            let inspector = json!({
                "name": "envoy.filters.listener.tls_inspector",
                "typed_config": {
                    "@type": format!("{TYPE}.extensions.filters.listener.tls_inspector.v3.TlsInspector"),
                },
            });
            self.listeners.push(json!({
                "@type": format!("{TYPE}.config.listener.v3.Listener"),
                "name": name,
                "stat_prefix": "listener",
                "address": {"socket_address": {
                    "address": address.ip().to_string(), "port_value": address.port(),
                }},
                "listener_filters": if has_inspector { vec![inspector] } else { Vec::new() },
                "filter_chains": chains,
            }));
        }
        Ok(())
    }

    fn chain(
        &mut self,
        listener: &str,
        number: usize,
        index: usize,
        chain: &FilterChain,
        revision: &Revision,
    ) -> Result<Value> {
        let server = server(revision, chain).context("no such server")?;
        let translation = envoy::translate_server(server, &Options::default());
        let filter = match &chain.action {
            ChainAction::Http { route } => {
                let mut manager = serde_json::to_value(translation.xfcc)?;
                manager["@type"] = format!(
                    "{TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
                )
                .into();
                manager["stat_prefix"] = "http".into();
                manager["use_remote_address"] = true.into();
                manager["normalize_path"] = true.into();
                manager["server_name"] = chain_name(listener, number, index).into();
                let hosts = revision.merged.routes.get(route).context("no such route")?;
                manager["route_config"] = routes(hosts);
                manager["http_filters"] = json!([{
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": format!("{TYPE}.extensions.filters.http.router.v3.Router")},
                }]);
                json!({
                    "name": "envoy.filters.network.http_connection_manager",
                    "typed_config": manager,
                })
            }
            ChainAction::Tcp { backends, .. } => json!({
                "name": "envoy.filters.network.tcp_proxy",
                "typed_config": {
                    "@type": format!("{TYPE}.extensions.filters.network.tcp_proxy.v3.TcpProxy"),
                    "stat_prefix": "tcp",
                    "cluster": cluster(*backends.first().context("no backend")?),
                },
            }),
            other => anyhow::bail!("an action that is not drawn: {other:?}"),
        };
        let mut result = json!({"filters": [filter]});
        if !chain.server_names.is_empty() {
            result["filter_chain_match"] = json!({"server_names": chain.server_names});
        }
        if let Some(context) = translation.effective_tls_context() {
            let mut context = serde_json::to_value(context)?;
            context["@type"] =
                format!("{TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext").into();
            self.resolve_secrets(&mut context)?;
            result["transport_socket"] =
                json!({"name": "envoy.transport_sockets.tls", "typed_config": context});
        }
        Ok(result)
    }

    /// The secrets become static ones with the same names.
    fn resolve_secrets(&mut self, context: &mut Value) -> Result<()> {
        let common =
            context["common_tls_context"].as_object_mut().context("no common TLS context")?;
        common.retain(|_, value| !value.is_null());
        let mut configs = Vec::new();
        let certificates = common.get_mut("tls_certificate_sds_secret_configs");
        configs.extend(certificates.and_then(Value::as_array_mut).into_iter().flatten());
        let mut names = Vec::new();
        let mut resolve = |config: &mut Value| -> Result<()> {
            let config = config.as_object_mut().context("a secret that is not an object")?;
            config.remove("sds_config");
            names.push(config["name"].as_str().context("a secret without a name")?.to_owned());
            Ok(())
        };
        configs.into_iter().try_for_each(&mut resolve)?;
        let combined = common.get_mut("combined_validation_context");
        if let Some(config) =
            combined.and_then(|context| context.get_mut("validation_context_sds_secret_config"))
        {
            resolve(config)?;
        }
        self.secrets.extend(names);
        Ok(())
    }

    /// Adds the names of another configuration's secrets.
    pub fn share_secrets(&mut self, other: &Self) {
        self.secrets.extend(other.secrets.iter().cloned());
    }

    /// The configuration that Envoy starts with; listeners come from the file.
    pub fn bootstrap(
        &self,
        pki: &Pki,
        backends: &[SocketAddr],
        listeners: &std::path::Path,
    ) -> Result<Value> {
        let (certificate, key) = pki.server_certificate();
        let secret = |name: &String| -> Result<Value> {
            let mut secret = Map::from_iter([("name".to_owned(), json!(name))]);
            match ca_of(name) {
                Some(ca) => {
                    let pem = match ca {
                        Ca::Root => pki.root().pem(),
                        Ca::Other => pki.other_root().pem(),
                    };
                    let context = json!({"trusted_ca": {"inline_string": pem}});
                    secret.insert("validation_context".to_owned(), context);
                }
                None => {
                    let pair = json!({
                        "certificate_chain": {"inline_string": certificate},
                        "private_key": {"inline_string": key},
                    });
                    secret.insert("tls_certificate".to_owned(), pair);
                }
            }
            Ok(Value::Object(secret))
        };
        let secrets: Vec<Value> = self.secrets.iter().map(secret).collect::<Result<_>>()?;
        ensure!(!secrets.is_empty(), "no server has a certificate");
        let cluster = |(service, address): (usize, &SocketAddr)| {
            let endpoint = json!({"address": {"socket_address": {
                "address": address.ip().to_string(), "port_value": address.port(),
            }}});
            json!({
                "name": cluster(service),
                "type": "STATIC",
                "load_assignment": {
                    "cluster_name": cluster(service),
                    "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
                },
            })
        };
        let clusters: Vec<Value> = backends.iter().enumerate().map(cluster).collect();
        Ok(json!({
            "node": {"id": "gateway", "cluster": "gateway"},
            "static_resources": {"secrets": secrets, "clusters": clusters},
            "dynamic_resources": {
                "lds_config": {
                    "path_config_source": {"path": listeners},
                    "resource_api_version": "V3",
                },
            },
        }))
    }

    /// The content of the file of listeners.
    pub fn discovery(&self, version: usize) -> String {
        json!({"version_info": version.to_string(), "resources": self.listeners}).to_string()
    }
}

/// The server that a chain is for.
pub fn server<'a>(revision: &'a Revision, chain: &FilterChain) -> Option<&'a Server> {
    let merged = revision.merged.servers.get(chain.server)?;
    revision.server(merged.gateway, merged.server)
}

/// Whether the chain forwards the client's own TLS.
pub fn is_opaque(revision: &Revision, chain: &FilterChain) -> bool {
    let server = server(revision, chain);
    let flow = server.map(|server| envoy::translate_server(server, &Options::default()).flow);
    !flow.is_some_and(TrafficMode::terminates_tls)
}

/// Whether the client speaks TLS to what the chain forwards to.
pub fn is_passthrough(revision: &Revision, chain: &FilterChain) -> bool {
    let server = server(revision, chain);
    let flow = server.map(|server| envoy::translate_server(server, &Options::default()).flow);
    flow == Some(TrafficMode::Passthrough)
}

/// A certificate authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ca {
    Root,
    Other,
}

/// What the secret with this name holds, if it holds a CA and not a certificate.
pub fn ca_of(secret: &str) -> Option<Ca> {
    if secret == "ROOTCA" {
        return Some(Ca::Other);
    }
    let name = secret.strip_prefix("kubernetes://").unwrap_or(secret);
    match name {
        "ca-a-cacert" | "only-ca-a" | "only-ca-a-cacert" => Some(Ca::Root),
        "ca-b-cacert" | "only-ca-b" | "only-ca-b-cacert" => Some(Ca::Other),
        _ => None,
    }
}

fn routes(hosts: &BTreeMap<String, VirtualHost>) -> Value {
    let host = |(domain, host): (&String, &VirtualHost)| {
        let routes: Vec<Value> = host
            .backends
            .iter()
            .map(|&backend| {
                json!({
                    "match": {"path": path(backend)},
                    "direct_response": {
                        "status": 200,
                        "body": {"inline_string": backend.to_string()},
                    },
                })
            })
            .collect();
        let mut result = json!({"name": domain, "domains": [domain], "routes": routes});
        if host.is_redirect {
            result["require_tls"] = "ALL".into();
        }
        result
    };
    json!({
        "ignore_port_in_host_matching": true,
        "response_headers_to_add": [{"header": {
            "key": "x-client-certificate", "value": "%DOWNSTREAM_PEER_FINGERPRINT_256%",
        }}],
        "virtual_hosts": hosts.iter().map(host).collect::<Vec<_>>(),
    })
}
