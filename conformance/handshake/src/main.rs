fn main() -> anyhow::Result<()> {
    let report = handshake_conformance::matrix::run(handshake_conformance::matrix::Options {
        is_sabotaged: std::env::args().any(|a| a == "--sabotage"),
    })?;
    println!("{report}");
    Ok(())
}
