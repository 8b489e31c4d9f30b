//! How a crate of yours compares its files with what Istio makes of them: read a file, write it
//! canonically, and say where the two differ.
//!
//! `cargo run --example compare_golden tests/golden/tls/MUTUAL-true.json` takes files that hold a
//! Gateway as Istio's own `MarshalJSON` wrote it, and exits with 1 if this crate writes another.

use std::{env, error::Error, fs, process::ExitCode};

use istio_gateway::{Gateway, json};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut is_equal = true;
    for file in env::args().skip(1) {
        let golden = fs::read_to_string(&file)?;
        let gateway: Gateway = json::from_str(&golden)?;
        let written = json::to_string(&gateway);
        if written == golden.trim_end() {
            println!("{file}: equal");
        } else {
            println!("{file}: differs\n- {}\n+ {written}", golden.trim_end());
            is_equal = false;
        }
    }
    Ok(if is_equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
