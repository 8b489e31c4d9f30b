//! Prints the servers of each Gateway in a cluster, whenever one changes.

use futures::StreamExt;
use istio_gateway_kube::v1::Gateway;
use kube::{
    Api, Client,
    core::DeserializeGuard,
    runtime::controller::{Action, Controller},
};
use std::{sync::Arc, time::Duration};

#[tokio::main]
async fn main() -> Result<(), kube::Error> {
    let gateways: Api<DeserializeGuard<Gateway>> = Api::all(Client::try_default().await?);
    // A watch would wait for a server that does not respond or has no Gateways. This fails instead.
    gateways.list(&Default::default()).await?;
    let reconcile = |gateway: Arc<DeserializeGuard<Gateway>>, _| async move {
        match &gateway.0 {
            Ok(gateway) => println!("{:?}", gateway.spec.servers),
            Err(invalid) => eprintln!("cannot decode a Gateway: {}", invalid.error),
        }
        Ok::<_, kube::Error>(Action::await_change())
    };
    let retry = |_, _: &kube::Error, _| Action::requeue(Duration::from_secs(60));
    let controller = Controller::new(gateways, Default::default());
    let log = |result| async move {
        if let Err(error) = result {
            eprintln!("{error:?}");
        }
    };
    controller.run(reconcile, retry, Arc::new(())).for_each(log).await;
    Ok(())
}
