//! From Gateway API through Istio and Envoy's configuration to a handshake.
//! `conformance/handshake/run` sets it up.

use anyhow::{Context as _, Result};
use handshake_conformance::{Client, Gateway, Outcome, Pki, Secrets, TlsVersion};
use istio_gateway::{
    envoy::Options,
    gateway_api::{self, InMemory},
};
use serde_json::json;

/// The objects that the listeners refer to: the gateway's certificate, and the root of its clients.
fn resources(pki: &Pki) -> Result<InMemory> {
    let (certificate, key) = pki.server_certificate();
    let mut resources = InMemory::default();
    resources.add_secret(serde_json::from_value(json!({
        "metadata": {"namespace": "infra", "name": "edge-cert"},
        "stringData": {"tls.crt": certificate, "tls.key": key},
    }))?);
    resources.add_config_map(serde_json::from_value(json!({
        "metadata": {"namespace": "infra", "name": "clients"},
        "data": {"ca.crt": pki.root().pem()},
    }))?);
    Ok(resources)
}

/// A Gateway with a listener of each validation mode, on separate ports.
fn gateway() -> Result<gateway_api::Gateway> {
    let listener = |name, port| {
        json!({
            "name": name, "port": port, "protocol": "HTTPS", "hostname": "*.gateway.test",
            "tls": {"certificateRefs": [{"name": "edge-cert"}]},
        })
    };
    let validation = |mode| {
        json!({"validation": {
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}],
            "mode": mode,
        }})
    };
    let port = |port, mode| json!({"port": port, "tls": validation(mode)});
    Ok(serde_json::from_value(json!({
        "metadata": {"namespace": "infra", "name": "edge"},
        "spec": {
            "gatewayClassName": "istio",
            "listeners": [listener("strict", 443), listener("fallback", 8443)],
            "tls": {"frontend": {
                "default": validation("AllowValidOnly"),
                "perPort": [port(8443, "AllowInsecureFallback")],
            }},
        },
    }))?)
}

#[test]
#[ignore = "needs Envoy: conformance/handshake/run"]
fn allow_insecure_fallback_lets_an_untrusted_client_in_and_allow_valid_only_refuses_it()
-> Result<()> {
    let pki = Pki::generate()?;
    let options = gateway_api::Options::default();
    let conversion = gateway_api::convert(&gateway()?, &resources(&pki)?, &options);
    assert!(conversion.is_valid(), "{:?}", conversion.diagnostics);

    let mut envoy = Gateway::new(&pki)?;
    let mut endpoints = Vec::new();
    for (name, server) in conversion.servers() {
        let ca = Secrets::ca(pki.root());
        endpoints.push((name, envoy.serve(name, server, &Options::default(), &ca)?));
    }
    let envoy = envoy.start()?;
    let endpoint = |wanted| {
        let found = endpoints.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, endpoint)| *endpoint).context("no such listener")
    };
    let connect = |listener, client: Option<&str>, version| -> Result<Outcome> {
        let identity = client.map(|name| pki.identity(name)).transpose()?;
        let client = Client::new(&pki, identity, version)?;
        Ok(envoy.connect(endpoint(listener)?, &client)?.outcome)
    };
    for version in TlsVersion::ALL {
        assert_eq!(connect("strict", Some("valid"), version)?, Outcome::Verified);
        assert_eq!(connect("strict", Some("untrusted"), version)?, Outcome::Refused);
        assert_eq!(connect("strict", None, version)?, Outcome::Refused);
        assert_eq!(connect("fallback", Some("valid"), version)?, Outcome::Verified);
        assert_eq!(connect("fallback", Some("untrusted"), version)?, Outcome::Unverified);
        assert_eq!(connect("fallback", None, version)?, Outcome::Anonymous);
    }
    Ok(())
}
