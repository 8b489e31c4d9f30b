//! Compares files with their canonical form: reads a Gateway, writes it as Istio does, and prints
//! the differences.
//!
//! `cargo run --example compare_golden tests/golden/tls/MUTUAL-true.json` reads files that Istio's
//! own `MarshalJSON` wrote, and exits with 1 if this crate writes something else.

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
