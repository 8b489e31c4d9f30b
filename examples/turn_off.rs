//! Turns `insecureSkipVerify` off in every server of a manifest and changes nothing else: `cargo
//! run --example turn_off examples/gateway.yaml`.

use std::{env, error::Error, fs};

use istio_gateway::Manifest;

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).unwrap_or_else(|| "examples/gateway.yaml".to_owned());
    let mut manifest = Manifest::from_yaml(&fs::read_to_string(file)?)?;
    for server in &mut manifest.spec_mut().servers {
        if let Some(tls) = &mut server.tls {
            tls.insecure_skip_verify = Some(false);
        }
    }
    print!("{manifest}");
    Ok(())
}
