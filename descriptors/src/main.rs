//! Compiles `proto/` to `proto/istio.binpb` and `proto/envoy.binpb`: encoded descriptor sets, with comments
//! and with options that prost does not know, which `build.rs` of `istio-gateway` reads.
//!
//! `cargo run -p istio-gateway-descriptors` writes both. The test fails if a committed file differs
//! from what `proto/` compiles to.

use std::{error::Error, fs, path::Path};

/// Each descriptor set, and the files from which Rust code is generated. Their imports are in the
/// set, too.
const SETS: [(&str, &[&str]); 2] = [
    (
        "istio.binpb",
        &[
            "analysis/v1alpha1/message.proto",
            "mesh/v1alpha1/proxy.proto",
            "meta/v1alpha1/status.proto",
            "networking/v1alpha3/destination_rule.proto",
            "networking/v1alpha3/gateway.proto",
        ],
    ),
    (
        "envoy.binpb",
        &[
            "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto",
            "envoy/extensions/transport_sockets/tls/v3/tls.proto",
        ],
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    for (name, files) in SETS {
        let path = proto().join(name);
        fs::write(&path, compile(files)?)?;
        println!("wrote proto/{name}");
    }
    Ok(())
}

fn proto() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../proto"))
}

/// The encoded descriptor set of the files and their imports.
fn compile(files: &[&str]) -> Result<Vec<u8>, protox::Error> {
    let mut compiler = protox::Compiler::new([proto()])?;
    compiler.include_imports(true).include_source_info(true).open_files(files)?;
    // protox's own encoding keeps options that prost does not know (field_behavior).
    Ok(compiler.encode_file_descriptor_set())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_descriptors_are_compiled_from_proto() -> Result<(), Box<dyn Error>> {
        for (name, files) in SETS {
            let committed = fs::read(proto().join(name))?;
            assert!(
                committed == compile(files)?,
                "proto/{name} is not what proto/ compiles to: cargo run -p istio-gateway-descriptors",
            );
        }
        Ok(())
    }
}
