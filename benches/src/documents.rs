//! Generated documents of any size, similar to real edge gateways.

use istio_gateway::{Gateway, Manifest, Port, Server, ServerTlsSettings, TlsMode, json};

use istio_gateway::TlsProtocol;

/// A Gateway with this many servers: SIMPLE, MUTUAL and OPTIONAL_MUTUAL in turn, with one to three
/// hosts each.
pub fn gateway(servers: usize) -> Gateway {
    let selector = [("istio", "ingressgateway"), ("istio.io/rev", "stable")];
    Gateway {
        servers: (0..servers).map(server).collect(),
        selector: selector.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
    }
}

fn server(i: usize) -> Server {
    let team = ["shop", "billing", "identity", "search", "media"][i % 5];
    let hosts = [
        format!("{team}-prod/{team}-{i}.eu-west.example.com"),
        format!("{team}-prod/*.{team}-{i}.example.com"),
        format!("*/legacy-{i}.example.org"),
    ];
    let mut tls = ServerTlsSettings {
        credential_name: format!("{team}-{i}-tls"),
        min_protocol_version: TlsProtocol::Tlsv12.into(),
        ..Default::default()
    };
    match i % 3 {
        0 => {
            tls.set_mode(TlsMode::Simple);
            tls.cipher_suites =
                vec!["ECDHE-ECDSA-AES128-GCM-SHA256".into(), "ECDHE-RSA-AES128-GCM-SHA256".into()];
        }
        1 => {
            tls.set_mode(TlsMode::Mutual);
            tls.ca_cert_credential_name = format!("{team}-{i}-ca");
            tls.subject_alt_names =
                vec![format!("spiffe://cluster.local/ns/{team}-prod/sa/client-{i}")];
        }
        _ => {
            tls.set_mode(TlsMode::OptionalMutual);
            tls.insecure_skip_verify = Some(i.is_multiple_of(2));
            tls.max_protocol_version = TlsProtocol::Tlsv13.into();
        }
    }
    Server {
        port: Some(Port {
            number: if i.is_multiple_of(4) { 443 } else { 8443 + u32::try_from(i % 7).unwrap() },
            protocol: "HTTPS".into(),
            name: format!("https-{team}-{i}"),
            ..Default::default()
        }),
        hosts: hosts.into_iter().take(1 + i % 3).collect(),
        tls: Some(tls),
        name: format!("{team}-{i}"),
        ..Default::default()
    }
}

/// The spec alone in canonical JSON.
pub fn spec_json(servers: usize) -> String {
    json::to_string(&gateway(servers))
}

/// A whole resource in YAML, as kubectl writes it.
pub fn manifest(name: &str, servers: usize) -> String {
    let yaml = Manifest::new(name, gateway(servers)).to_yaml();
    let own = format!("  name: {name}\n");
    let more = format!(
        "  annotations:\n    example.com/owner: edge-team\n  labels:\n    app: {name}\n{own}  \
         namespace: istio-system\n"
    );
    assert!(yaml.contains(&own), "{yaml}");
    format!("# Applied by the pipeline; do not edit.\n{}", yaml.replacen(&own, &more, 1))
}

/// A stream of small resources.
pub fn stream(documents: usize) -> String {
    let all: Vec<_> = (0..documents).map(|i| manifest(&format!("edge-{i}"), 1 + i % 2)).collect();
    all.join("---\n")
}
