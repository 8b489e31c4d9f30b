//! Turns `insecureSkipVerify` off in every Gateway of a cluster, and changes nothing else: fields
//! that this program does not know stay.
//!
//! ```sh
//! cargo run -p istio-gateway-kube --example verify              # lists the changes
//! cargo run -p istio-gateway-kube --example verify -- --write   # makes them
//! ```
//!
//! Exit status: 0 on success, 1 if a Gateway could not be changed.

use std::{error::Error, process::ExitCode};

use istio_gateway_kube::{Lossless, v1};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
    core::DeserializeGuard,
};

type Gateway = Lossless<v1::Gateway>;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let write = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--write") => true,
        Some(other) => return Err(format!("unknown argument {other:?}; expected --write").into()),
    };
    let client = Client::try_default().await?;
    let all: Api<DeserializeGuard<Gateway>> = Api::all(client.clone());
    let mut failed = false;
    for object in all.list(&ListParams::default()).await? {
        let (name, namespace) = (object.name_any(), object.namespace().unwrap_or_default());
        let outcome = match object.0 {
            Ok(gateway) if !is_on(&gateway) => continue,
            Ok(_) if !write => "is on; use --write to turn it off".to_owned(),
            Ok(gateway) => {
                let gateways = Api::namespaced(client.clone(), &namespace);
                match verify(&gateways, &name, gateway).await {
                    Ok(()) => "turned off".to_owned(),
                    Err(error) => {
                        failed = true;
                        format!("cannot be turned off: {error}")
                    }
                }
            }
            Err(error) => {
                failed |= write;
                format!("the object cannot be decoded: {error}")
            }
        };
        println!("{namespace}/{name}: insecureSkipVerify: {outcome}");
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// Changes one Gateway, and retries if it was changed in between.
async fn verify(
    gateways: &Api<Gateway>,
    name: &str,
    mut gateway: Gateway,
) -> Result<(), Box<dyn Error>> {
    for _ in 0..5 {
        turn_off(&mut gateway);
        let Some(patch) = gateway.merge_patch_if_unchanged()? else { return Ok(()) };
        match gateways.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await {
            Ok(_) => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 409 => {
                gateway = gateways.get(name).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err("it keeps changing".into())
}

fn is_on(gateway: &v1::Gateway) -> bool {
    let mut settings = gateway.spec.servers.iter().filter_map(|server| server.tls.as_ref());
    settings.any(|tls| tls.insecure_skip_verify == Some(true))
}

fn turn_off(gateway: &mut v1::Gateway) {
    for tls in gateway.spec.servers.iter_mut().filter_map(|server| server.tls.as_mut()) {
        if tls.insecure_skip_verify == Some(true) {
            tls.insecure_skip_verify = Some(false);
        }
    }
}
