//! Every context that istiod would send, shown to a real Envoy.
//!
//! `conformance/envoy-live/run` creates the environment and runs this.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use istio_gateway::{
    envoy::{self, EnvoyRejection, Transport},
    json,
};
use serde_json::{Value, json};

use crate::envoy::{assumed_cases, cases};

/// A listener, and its origin.
struct Listener {
    json: Value,
    ids: Vec<String>,
    /// The crate's prediction.
    is_refused: bool,
    /// The settings that lead to it.
    tls: String,
}

fn listeners() -> Vec<Listener> {
    let mut listeners = BTreeMap::<String, Listener>::new();
    for case in cases().into_iter().chain(assumed_cases()) {
        let translation = envoy::translate_server(&case.server, &case.options);
        let Some(context) = translation.effective_tls_context() else { continue };
        let is_quic = case.options.transport == Transport::Quic;
        let context = serde_json::to_value(context).unwrap();
        // Envoy rejects a certificate only when it arrives, which conformance/handshake tests.
        let is_refused = translation.rejection == Some(EnvoyRejection::Listener);
        let key = format!("{is_quic} {context}");
        let number = listeners.len();
        let listener = listeners.entry(key).or_insert_with(|| Listener {
            json: listener(number, &context, is_quic, &translation.xfcc),
            ids: Vec::new(),
            is_refused,
            tls: json::to_string(case.server.tls.as_ref().unwrap()),
        });
        assert_eq!(listener.is_refused, is_refused, "{} and {:?}", case.id, listener.ids);
        listener.ids.push(case.id);
    }
    listeners.into_values().collect()
}

const TLS: &str =
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";

fn listener(
    number: usize,
    context: &Value,
    is_quic: bool,
    xfcc: &envoy::HttpConnectionManager,
) -> Value {
    let mut manager = serde_json::to_value(xfcc).unwrap();
    manager["@type"] = "type.googleapis.com/envoy.extensions.filters.network.\
                        http_connection_manager.v3.HttpConnectionManager"
        .into();
    manager["stat_prefix"] = "http".into();
    manager["codec_type"] = if is_quic { "HTTP3" } else { "AUTO" }.into();
    manager["http_filters"] = json!([{
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
        },
    }]);
    manager["route_config"] = json!({"virtual_hosts": []});
    let socket = if is_quic {
        json!({
            "name": "envoy.transport_sockets.quic",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.\
                          QuicDownstreamTransport",
                "downstream_tls_context": context,
            },
        })
    } else {
        let mut typed = context.clone();
        typed["@type"] = TLS.into();
        json!({"name": "envoy.transport_sockets.tls", "typed_config": typed})
    };
    let mut listener = json!({
        "name": format!("listener-{number}"),
        "address": {"socket_address": {
            "protocol": if is_quic { "UDP" } else { "TCP" },
            "address": "127.0.0.1",
            "port_value": 20_000 + number,
        }},
        "filter_chains": [{
            "filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }],
            "transport_socket": socket,
            "transport_socket_connect_timeout": "15s",
        }],
    });
    if is_quic {
        listener["udp_listener_config"] = json!({"quic_options": {}});
    }
    listener
}

fn bootstrap(listeners: &[&Listener]) -> Value {
    let cluster = |name: &str| {
        json!({
            "name": name,
            "type": "STATIC",
            "connect_timeout": "1s",
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.\
                              HttpProtocolOptions",
                    "explicit_http_config": {"http2_protocol_options": {}},
                },
            },
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
                {"endpoint": {"address": {"socket_address":
                    {"address": "127.0.0.1", "port_value": 1}}}},
            ]}]},
        })
    };
    let ads = json!({
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
    });
    let clusters = ["xds-grpc", "sds-grpc", "sds-files-grpc", "sds-external"].map(cluster);
    json!({
        "node": {"id": "gateway", "cluster": "gateway"},
        "dynamic_resources": {"ads_config": ads},
        "static_resources": {
            "clusters": clusters,
            "listeners": listeners.iter().map(|listener| &listener.json).collect::<Vec<_>>(),
        },
    })
}

struct Envoy {
    path: PathBuf,
    scratch: PathBuf,
}

impl Envoy {
    /// Why Envoy rejects these, if it does.
    fn refusal(&self, listeners: &[&Listener]) -> Option<String> {
        let file = self.scratch.join("bootstrap.json");
        fs::write(&file, bootstrap(listeners).to_string()).unwrap();
        let output = Command::new(&self.path)
            .args(["--mode", "validate", "-l", "error", "-c"])
            .arg(&file)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (!output.status.success()).then_some(stderr)
    }

    /// Which of these Envoy rejects: all at once, then by bisection.
    fn refused<'a>(&self, listeners: &[&'a Listener], found: &mut Vec<(&'a Listener, String)>) {
        let Some(why) = self.refusal(listeners) else { return };
        if let [listener] = listeners {
            found.push((listener, why));
            return;
        }
        let (first, second) = listeners.split_at(listeners.len() / 2);
        self.refused(first, found);
        self.refused(second, found);
    }
}

#[test]
#[ignore = "needs Envoy: conformance/envoy-live/run"]
fn live_envoy_accepts_what_istiod_sends() {
    let path = env::var_os("ISTIO_GATEWAY_ENVOY").expect("ISTIO_GATEWAY_ENVOY is Envoy's path");
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("envoy-live");
    fs::create_dir_all(&scratch).unwrap();
    let envoy = Envoy { path: path.into(), scratch };
    let listeners = listeners();
    let (bad, good): (Vec<_>, Vec<_>) = listeners.iter().partition(|l| l.is_refused);
    let mut refused = Vec::new();
    envoy.refused(&good, &mut refused);
    let mut wrong: Vec<String> = refused
        .iter()
        .map(|(listener, why)| format!("refused: {:?} {}\n{why}", listener.ids, listener.tls))
        .collect();
    for listener in &bad {
        match envoy.refusal(&[listener]) {
            Some(why) => {
                let why = why.rsplit(['|', ':']).next().unwrap_or_default().trim();
                println!("refused as said: {} ({why})", listener.ids[0]);
            }
            None => wrong.push(format!("accepted: {:?} {}", listener.ids, listener.tls)),
        }
    }
    let cases = |of: &[&Listener]| of.iter().map(|listener| listener.ids.len()).sum::<usize>();
    println!(
        "Envoy accepted {} contexts of {} cases and refused {} of {}; {} wrong",
        good.len() - refused.len(),
        cases(&good),
        bad.len(),
        cases(&bad),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases(&good) + cases(&bad), 665 + 63);
}
