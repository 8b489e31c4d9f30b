fn main() -> anyhow::Result<()> {
    use handshake_conformance::*;
    use istio_gateway::{Port, Server, ServerTlsSettings, envoy::Options};
    let t = std::time::Instant::now();
    let pki = Pki::generate()?;
    println!("pki {:?}", t.elapsed());
    let server = Server {
        port: Some(Port { protocol: "HTTPS".into(), number: 443, ..Default::default() }),
        tls: Some(ServerTlsSettings::allow_insecure_fallback("edge-cert")),
        ..Default::default()
    };
    let mut gateway = Gateway::new(&pki)?;
    let edge = gateway.serve("edge", &server, &Options::default(), &Secrets::ca(pki.root()))?;
    let gateway = gateway.start()?;
    println!("start {:?}", t.elapsed());
    for identity in std::iter::once(None).chain(pki.identities().map(Some)) {
        for version in TlsVersion::ALL {
            let client = Client::new(&pki, identity, version)?;
            let seen = gateway.connect(edge, &client)?;
            println!("{} {:?} {:?} {:?} {:?} {:?} {:?}", identity.map_or("none", |i| i.name()), version, seen.outcome, seen.header.map(|h| h.chars().take(30).collect::<String>()), seen.header_beside_forged.map(|h| h.chars().take(30).collect::<String>()), seen.client_error, gateway.access_log()?[&seen.server_name]);
        }
    }
    println!("{:?} {:?}", gateway.ssl_counters(edge)?, t.elapsed());
    Ok(())
}
