//! Compiles proto/ with prost-build without options: the baseline "bare prost".

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../proto");
    let mut compiler = protox::Compiler::new(["../proto"])?;
    compiler.include_imports(true).open_files(["networking/v1alpha3/gateway.proto"])?;
    let mut set = compiler.file_descriptor_set();
    set.file.retain(|file| file.package().starts_with("istio."));
    prost_build::Config::new().prost_path("istio_gateway::prost").compile_fds(set)?;
    Ok(())
}
