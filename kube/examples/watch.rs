//! Prints the client-certificate policy of each Gateway of a cluster, and its changes.
//!
//! ```sh
//! cargo run -p istio-gateway-kube --example watch             # runs until stopped
//! cargo run -p istio-gateway-kube --example watch -- --once   # prints the current state
//! ```
//!
//! An object that cannot be decoded is reported, and the watch continues.

use std::error::Error;

use futures::TryStreamExt;
use istio_gateway_kube::{
    GatewaySpec, istio_gateway::client_certificate::ClientCertificatePolicy, v1,
};
use kube::{
    Api, Client, ResourceExt,
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let once = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--once") => true,
        Some(other) => return Err(format!("unknown argument {other:?}; expected --once").into()),
    };
    let gateways: Api<DeserializeGuard<v1::Gateway>> = Api::all(Client::try_default().await?);
    // If the server does not respond, the watch retries with increasing delays.
    let events = watcher(gateways, watcher::Config::default()).default_backoff();
    let mut events = std::pin::pin!(events);
    loop {
        match events.try_next().await {
            Ok(Some(Event::Apply(object) | Event::InitApply(object))) => report(&object),
            Ok(Some(Event::Delete(object))) => println!("{}: deleted", full_name(&object)),
            Ok(Some(Event::InitDone)) if once => return Ok(()),
            Ok(Some(Event::Init | Event::InitDone)) => {}
            Ok(None) => return Ok(()),
            Err(error) if once => return Err(error.into()),
            Err(error) => eprintln!("the watch is interrupted: {error}"),
        }
    }
}

fn full_name(object: &impl ResourceExt) -> String {
    format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any())
}

fn report(object: &DeserializeGuard<v1::Gateway>) {
    let name = full_name(object);
    match &object.0 {
        Ok(gateway) if gateway.spec.servers.is_empty() => println!("{name}: no servers"),
        Ok(gateway) => report_spec(&name, &gateway.spec),
        Err(error) => eprintln!("{name}: cannot be decoded: {error}"),
    }
}

fn report_spec(name: &str, spec: &GatewaySpec) {
    for (index, server) in spec.servers.iter().enumerate() {
        let hosts = server.hosts.join(", ");
        match &server.tls {
            Some(tls) => {
                let policy = ClientCertificatePolicy::from_settings(tls);
                let (request, verification) = (policy.request(), policy.verification());
                println!("{name}: servers[{index}] ({hosts}): {request}; {verification}");
            }
            None => println!("{name}: servers[{index}] ({hosts}): no TLS"),
        }
    }
}
