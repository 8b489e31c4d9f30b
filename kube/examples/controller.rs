//! A controller that sets a condition in the status of each Gateway, `example.com/ClientsVerified`:
//! whether the Gateway verifies every client certificate that it requests.
//!
//! ```sh
//! cargo run -p istio-gateway-kube --example controller             # runs until stopped
//! cargo run -p istio-gateway-kube --example controller -- --once   # processes each Gateway once
//! ```
//!
//! The server treats the list of conditions as one field, but it has several writers. So the
//! controller reads it as `Lossless` and sends it with the `resourceVersion` that it read. The
//! conditions of other writers stay. If another writer was faster, the server responds with 409,
//! and the controller tries again.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::StreamExt;
use istio_gateway_kube::{
    GatewaySpec, Lossless,
    istio_gateway::{
        IstioCondition, Timestamp,
        client_certificate::{ClientCertificatePolicy, Verification},
    },
    v1,
};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
    core::DeserializeGuard,
    runtime::{
        controller::{Action, Controller},
        watcher,
    },
};

const CONDITION: &str = "example.com/ClientsVerified";

/// An object that cannot be decoded must not stop the others.
type Gateway = DeserializeGuard<Lossless<v1::Gateway>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::try_default().await?;
    let gateways: Api<Gateway> = Api::all(client.clone());
    match std::env::args().nth(1).as_deref() {
        None => {
            Controller::new(gateways, watcher::Config::default())
                .shutdown_on_signal()
                .run(reconcile, again, Arc::new(client))
                .for_each(|result| async move {
                    if let Err(error) = result {
                        eprintln!("{error}");
                    }
                })
                .await;
        }
        Some("--once") => {
            let client = Arc::new(client);
            for gateway in gateways.list(&ListParams::default()).await? {
                reconcile(Arc::new(gateway), client.clone()).await?;
            }
        }
        Some(other) => return Err(format!("unknown argument {other:?}; expected --once").into()),
    }
    Ok(())
}

async fn reconcile(object: Arc<Gateway>, client: Arc<Client>) -> Result<Action, kube::Error> {
    let name = object.name_any();
    let namespace = object.namespace().unwrap_or_default();
    let mut gateway = match &object.0 {
        Ok(gateway) => gateway.clone(),
        Err(error) => {
            eprintln!("{namespace}/{name}: cannot be decoded: {error}");
            return Ok(Action::await_change());
        }
    };
    set_condition(&mut gateway);
    let patch = gateway.merge_patch_if_unchanged().map_err(kube::Error::SerdeError)?;
    if let Some(patch) = patch {
        let gateways: Api<Lossless<v1::Gateway>> =
            Api::namespaced(Client::clone(&client), &namespace);
        gateways.patch_status(&name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        println!("{namespace}/{name}: {CONDITION} is set");
    }
    Ok(Action::await_change())
}

fn again(_: Arc<Gateway>, error: &kube::Error, _: Arc<Client>) -> Action {
    // 409: another writer was faster, and its change will arrive.
    let is_conflict = matches!(error, kube::Error::Api(status) if status.code == 409);
    Action::requeue(Duration::from_secs(if is_conflict { 1 } else { 30 }))
}

fn set_condition(gateway: &mut v1::Gateway) {
    let unverified = unverified(&gateway.spec);
    let (status, reason) = match unverified.len() {
        0 => ("True", "Verified"),
        _ => ("False", "InsecureSkipVerify"),
    };
    let mut new = IstioCondition {
        r#type: CONDITION.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: unverified.join("; "),
        observed_generation: gateway.metadata.generation.unwrap_or_default(),
        ..IstioCondition::default()
    };
    let conditions = &mut gateway.status.get_or_insert_default().conditions;
    let Some(old) = conditions.iter_mut().find(|condition| condition.r#type == CONDITION) else {
        new.last_transition_time = Some(now());
        return conditions.push(new);
    };
    let is_transition = old.status != new.status;
    new.last_transition_time = if is_transition { Some(now()) } else { old.last_transition_time };
    *old = new;
}

/// The servers that accept clients without verifying their certificates.
fn unverified(spec: &GatewaySpec) -> Vec<String> {
    let servers = spec.servers.iter().enumerate();
    let of_server = servers.filter_map(|(index, server)| {
        let policy = ClientCertificatePolicy::from_settings(server.tls.as_ref()?);
        let is_reported_only = policy.verification() == Verification::ReportedOnly;
        is_reported_only.then(|| format!("servers[{index}]: {}", policy.verification()))
    });
    of_server.collect()
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or_default();
    Timestamp { seconds, nanos: 0 }
}
