//! For who has Gateways as the crate `gateway-api` has them, and what they refer to as `k8s-openapi`
//! has it: both are turned into this crate's types through JSON, which is what all of them speak.
//!
//! ```sh
//! cargo run   # in this directory
//! ```

use gateway_api::gateways::Gateway;
use istio_gateway::{
    TlsMode,
    gateway_api::{self as istio, InMemory, Options, convert},
};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use serde::{Serialize, de::DeserializeOwned};

/// An object of another crate as this one's.
fn into<T: DeserializeOwned>(object: &impl Serialize) -> serde_json::Result<T> {
    serde_json::from_value(serde_json::to_value(object)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let gateway: Gateway = serde_json::from_value(serde_json::json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "infra"},
        "spec": {
            "gatewayClassName": "istio",
            "listeners": [
                {"name": "http", "port": 80, "protocol": "HTTP"},
                {
                    "name": "mesh", "port": 443, "protocol": "HTTPS", "hostname": "a.example.com",
                    "tls": {"options": {"gateway.istio.io/tls-terminate-mode": "ISTIO_MUTUAL"}},
                },
                {
                    "name": "https", "port": 443, "protocol": "HTTPS",
                    "tls": {"certificateRefs": [{"name": "edge-cert"}]},
                },
            ],
        },
    }))?;
    let secret = Secret {
        metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
            namespace: Some("infra".into()),
            name: Some("edge-cert".into()),
            ..Default::default()
        },
        data: Some([("tls.crt".to_owned(), ByteString(b"no certificate".to_vec()))].into()),
        ..Default::default()
    };

    let mut resources = InMemory::default();
    resources.add_secret(into(&secret)?);
    let gateway: istio::Gateway = into(&gateway)?;
    let conversion = convert(&gateway, &resources, &Options::default());

    let programmed: Vec<_> = conversion.servers().map(|(name, _)| name).collect();
    assert_eq!(programmed, ["http", "mesh"]);
    let mesh = conversion.servers().nth(1).and_then(|(_, server)| server.tls.clone());
    assert_eq!(mesh.map(|tls| tls.mode()), Some(TlsMode::IstioMutual));
    for listener in &conversion.listeners {
        println!("{}", serde_json::to_string(listener)?);
    }
    let refused = &conversion.listeners[2].conditions;
    let resolved = refused.iter().find(|condition| condition.kind == "ResolvedRefs");
    assert_eq!(
        resolved.map(|condition| condition.message.as_str()),
        Some(
            "invalid certificate reference //edge-cert., found secret, but didn't have expected \
             keys (cert and key) or (tls.crt and tls.key); found: tls.crt"
        )
    );
    Ok(())
}
