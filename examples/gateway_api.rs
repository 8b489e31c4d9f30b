//! Prints istiod's translation of the Gateways of Gateway API, listener by listener.
//!
//! ```sh
//! cargo run --features gateway-api --example gateway_api                 # examples/gateway_api.yaml
//! cargo run --features gateway-api --example gateway_api -- a.yaml b.yaml
//! ```

use std::{env, error::Error, fs};

use istio_gateway::gateway_api::{ListenerOutcome, Manifests, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let mut files: Vec<_> = env::args().skip(1).collect();
    if files.is_empty() {
        files.push("examples/gateway_api.yaml".to_owned());
    }
    let mut manifests = Manifests::default();
    for file in &files {
        if let Some(error) = manifests.add(fs::File::open(file)?).into_iter().next() {
            return Err(format!("{file}: {error}").into());
        }
    }
    for (manifest, conversion) in manifests.convert(&Options::default()) {
        println!("{}/{}", manifest.gateway.metadata.namespace, manifest.gateway.metadata.name);
        for listener in &conversion.listeners {
            let what = match &listener.outcome {
                ListenerOutcome::Programmed(server) => match &server.tls {
                    Some(tls) => format!(
                        "{}, clients are {}",
                        tls.mode().as_str_name(),
                        if tls.requires_client_certificate() {
                            "required to present a certificate"
                        } else if tls.requests_client_certificate() {
                            "requested to present a certificate"
                        } else {
                            "not requested to present a certificate"
                        }
                    ),
                    None => "plain".to_owned(),
                },
                ListenerOutcome::WithoutServer => "no server".to_owned(),
                // istiod's incomplete server for this listener cannot be used.
                ListenerOutcome::Rejected(_) => "rejected".to_owned(),
                other => format!("{other:?}"),
            };
            println!("  {}: {what}", listener.name);
        }
        for found in &conversion.diagnostics {
            println!("  {found}");
        }
    }
    Ok(())
}
