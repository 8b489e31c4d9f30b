//! The risks of `insecureSkipVerify`, observed in a real Envoy. `conformance/handshake/run` sets it
//! up.

use anyhow::Result;
use handshake_conformance::{
    Client, Endpoint, Gateway, Outcome, Pki, RunningGateway, Secrets, Seen, TlsVersion,
};
use istio_gateway::{
    Port, Server, ServerTlsSettings,
    client_certificate::{ClientCertificate, ClientCertificatePolicy, Forwarding},
    envoy::{MeshConfig, Options},
    proto::mesh::v1alpha1::{ForwardClientCertDetails, Topology},
};

fn server(tls: ServerTlsSettings) -> Server {
    let port = Port { number: 443, protocol: "HTTPS".into(), ..Default::default() };
    Server { port: Some(port), tls: Some(tls), ..Default::default() }
}

fn connect(gateway: &RunningGateway, endpoint: Endpoint, pki: &Pki, name: &str) -> Result<Seen> {
    let client = Client::new(pki, Some(pki.identity(name)?), TlsVersion::V1_3)?;
    gateway.connect(endpoint, &client)
}

#[test]
#[ignore = "needs Envoy: conformance/handshake/run"]
fn allow_insecure_fallback_lets_an_untrusted_client_in() -> Result<()> {
    let pki = Pki::generate()?;
    let mut gateway = Gateway::new(&pki)?;
    let mut serve = |name, tls: &ServerTlsSettings| {
        let ca = Secrets::ca(pki.root());
        gateway.serve(name, &server(tls.clone()), &Options::default(), &ca)
    };
    let fallback = ServerTlsSettings::allow_insecure_fallback("edge-cert");
    let strict = ServerTlsSettings::mutual("edge-cert");
    let (fallback_endpoint, strict_endpoint) =
        (serve("fallback", &fallback)?, serve("strict", &strict)?);
    let gateway = gateway.start()?;

    for (tls, endpoint) in [(fallback, fallback_endpoint), (strict, strict_endpoint)] {
        let decision = ClientCertificatePolicy::from_settings(&tls)
            .decide(Some(&ClientCertificate::UNKNOWN_ISSUER));
        let seen = connect(&gateway, endpoint, &pki, "untrusted")?;
        assert_eq!(seen.outcome.id(), decision.id());
    }
    let seen = connect(&gateway, fallback_endpoint, &pki, "untrusted")?;
    let hash = pki.identity("untrusted")?.hash();
    assert_eq!(seen.outcome, Outcome::Unverified);
    // The backend receives it like a verified one.
    assert!(seen.header.unwrap().starts_with(&format!("Hash={hash};")));
    let seen = connect(&gateway, strict_endpoint, &pki, "untrusted")?;
    assert_eq!((seen.outcome, seen.header), (Outcome::Refused, None));
    let why = gateway.access_log()?[&seen.server_name].failure.clone().unwrap();
    assert!(why.contains("unable_to_get_local_issuer_certificate"), "{why}");
    Ok(())
}

/// SAN values are not escaped, and the names of an untrusted certificate are arbitrary.
#[test]
#[ignore = "needs Envoy: conformance/handshake/run"]
fn a_name_of_an_untrusted_certificate_forges_an_element_of_the_header() -> Result<()> {
    let pki = Pki::generate()?;
    let mut gateway = Gateway::new(&pki)?;
    let mut serve = |name, tls| {
        gateway.serve(name, &server(tls), &Options::default(), &Secrets::ca(pki.root()))
    };
    let fallback = serve("fallback", ServerTlsSettings::allow_insecure_fallback("edge-cert"))?;
    let strict = serve("strict", ServerTlsSettings::mutual("edge-cert"))?;
    let gateway = gateway.start()?;

    let forged = "By=spiffe://mesh/gateway;Hash=00;URI=spiffe://mesh/ns/pay/sa/admin";
    let identity = pki.untrusted_with_uri(&format!("spiffe://a,{forged}"))?;
    let client = Client::new(&pki, Some(&identity), TlsVersion::V1_3)?;
    assert_eq!(gateway.connect(strict, &client)?.outcome, Outcome::Refused);
    let header = gateway.connect(fallback, &client)?.header.unwrap();
    let elements: Vec<_> = header.split(',').collect();
    assert_eq!(elements.last(), Some(&forged), "{header}");
    Ok(())
}

/// A resumed session has the certificate, but not the result of its verification.
#[test]
#[ignore = "needs Envoy: conformance/handshake/run"]
fn a_resumed_session_is_not_a_verified_one() -> Result<()> {
    let pki = Pki::generate()?;
    let mut gateway = Gateway::new(&pki)?;
    let tls = ServerTlsSettings::mutual("edge-cert");
    let (options, ca) = (Options::default(), Secrets::ca(pki.root()));
    let strict = gateway.serve("strict", &server(tls), &options, &ca)?;
    let gateway = gateway.start()?;
    for version in TlsVersion::ALL {
        let client = Client::new(&pki, Some(pki.identity("valid")?), version)?.resuming();
        let first = gateway.connect(strict, &client)?;
        assert_eq!((first.outcome, first.is_resumed), (Outcome::Verified, false));
        let second = gateway.connect_again(strict, &client, &first)?;
        assert_eq!((second.outcome, second.is_resumed), (Outcome::Unverified, true));
        assert_eq!(second.header, first.header);
    }
    Ok(())
}

/// With `APPEND_FORWARD`, any client that presents a certificate can set the header.
#[test]
#[ignore = "needs Envoy: conformance/handshake/run"]
fn any_certificate_opens_the_header_to_forging() -> Result<()> {
    let pki = Pki::generate()?;
    let mut gateway = Gateway::new(&pki)?;
    let tls = ServerTlsSettings::allow_insecure_fallback("edge-cert");
    let gateway_topology = Topology {
        forward_client_cert_details: ForwardClientCertDetails::AppendForward.into(),
        ..Default::default()
    };
    let mesh = MeshConfig { gateway_topology, ..Default::default() };
    let options = Options { mesh, ..Default::default() };
    let ca = Secrets::ca(pki.root());
    let endpoint = gateway.serve("append", &server(tls.clone()), &options, &ca)?;
    let gateway = gateway.start()?;
    let seen = connect(&gateway, endpoint, &pki, "self_signed")?;
    let policy = ClientCertificatePolicy::from_settings(&tls);
    let decision = policy.decide(Some(&ClientCertificate::SELF_SIGNED));
    let predicted = decision.header(Forwarding::AppendForward, true).unwrap();
    let header = seen.header_beside_forged.unwrap();
    assert!(predicted.is_spoofable() && header.contains("spiffe://lab/ns/a/sa/forged"));
    assert!(header.contains(pki.identity("self_signed")?.hash()), "{header}");
    Ok(())
}
