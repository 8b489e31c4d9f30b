//! Certificates, made with OpenSSL, against policies. The expectations are facts of the certificates; a real
//! Envoy judges random ones in `conformance/handshake`.

use std::time::{Duration, Instant};

use istio_gateway::{
    Object, ServerTlsSettings, Timestamp,
    client_certificate::{
        CertificateError, ClientCertificatePolicy, Decision, Encoding, RejectReason,
    },
    x509::{Authorities, ClientChain, ReadError, TlsVersion, Unknown, Verification},
};

const CA: &[u8] = include_bytes!("client_certificates/ca.pem");
/// Below an intermediate, which follows. From 30 November 2026 for ten years.
const CLIENT: &[u8] = include_bytes!("client_certificates/client.pem");
const LEAF: &[u8] = include_bytes!("client_certificates/leaf.pem");
/// Below A, which B issued, which A issued.
const CYCLE: &[u8] = include_bytes!("client_certificates/cycle.pem");
const ED25519: &[u8] = include_bytes!("client_certificates/ed25519.pem");
/// Of the CA and the intermediate.
const EMPTY: &[u8] = include_bytes!("client_certificates/empty.crl");
/// The intermediate's has the client.
const REVOKING: &[u8] = include_bytes!("client_certificates/revoking.crl");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn mutual() -> ClientCertificatePolicy {
    ClientCertificatePolicy::from_settings(&ServerTlsSettings::mutual("edge-cert"))
}

fn verify(client: &[u8], authorities: &Authorities, time: &str) -> Verification {
    let chain = ClientChain::from_pem(client).unwrap();
    chain.verify(&mutual(), Some(authorities), at(time), TlsVersion::V1_3).unwrap()
}

#[track_caller]
fn fails(verification: &Verification, error: CertificateError, depth: usize, message: &str) {
    let failure = verification.failure().unwrap();
    assert_eq!((failure.error, failure.depth, failure.message), (error, depth, message));
    let reason = RejectReason::InvalidCertificate(vec![error]);
    assert_eq!(verification.decision(), Decision::Reject(reason));
}

#[test]
fn chains_are_verified_at_their_time() {
    let ca = Authorities::from_pem(CA).unwrap();
    assert!(verify(CLIENT, &ca, "2027-01-01T00:00:00Z").decision().is_accepted());
    let early = verify(CLIENT, &ca, "2026-01-01T00:00:00Z");
    // The CA is not valid yet, either, and comes first.
    fails(&early, CertificateError::NotValidYet, 2, "certificate is not yet valid");
    let late = verify(CLIENT, &ca, "2037-01-01T00:00:00Z");
    fails(&late, CertificateError::Expired, 0, "certificate has expired");
    let alone = verify(LEAF, &ca, "2027-01-01T00:00:00Z");
    let message = "unable to get local issuer certificate";
    fails(&alone, CertificateError::UnknownIssuer, 0, message);
    assert_eq!(alone.failure().unwrap().issuer, "O=Example, CN=Example Intermediate");
    // An intermediate as the CA, and the client itself.
    let intermediate = &CLIENT[LEAF.len()..];
    for trusted in [intermediate, LEAF] {
        let trusted = Authorities::from_pem(trusted).unwrap();
        assert!(verify(LEAF, &trusted, "2027-01-01T00:00:00Z").decision().is_accepted());
    }
    // As a CA, it issues nothing; as a client, a CA has no right purpose or name to fail by.
    let as_ca = Authorities::from_pem(LEAF).unwrap();
    let other = verify(ED25519, &as_ca, "2027-01-01T00:00:00Z");
    assert_eq!(other.failure().unwrap().error, CertificateError::UnknownIssuer);
}

#[test]
fn revocation_lists_count() {
    let ca = || Authorities::from_pem(CA).unwrap();
    let time = "2027-01-01T00:00:00Z";
    let revoking = ca().with_crls(REVOKING).unwrap();
    fails(&verify(CLIENT, &revoking, time), CertificateError::Revoked, 0, "certificate revoked");
    let empty = ca().with_crls(EMPTY).unwrap();
    assert!(verify(CLIENT, &empty, time).decision().is_accepted());
    // Among the CAs, too.
    let bundle = Authorities::from_pem(&[CA, REVOKING].concat()).unwrap();
    assert!(!verify(CLIENT, &bundle, time).decision().is_accepted());
    let none = ca().with_crls(b"").unwrap();
    let message = "unable to get certificate CRL";
    fails(&verify(CLIENT, &none, time), CertificateError::UnknownRevocationStatus, 0, message);
    let stale = verify(CLIENT, &empty.allowing_expired(), "2040-01-01T00:00:00Z");
    assert!(stale.decision().is_accepted());
    let tls = ServerTlsSettings { ca_crl: "/etc/crl.pem".to_owned(), ..file_based() };
    let policy = ClientCertificatePolicy::from_settings(&tls);
    let chain = ClientChain::from_pem(CLIENT).unwrap();
    let unknown = chain.verify(&policy, Some(&ca()), at(time), TlsVersion::V1_3);
    assert_eq!(unknown.unwrap_err(), Unknown::Crl);
}

fn file_based() -> ServerTlsSettings {
    ServerTlsSettings {
        mode: ServerTlsSettings::mutual("c").mode,
        server_certificate: "/etc/cert.pem".to_owned(),
        private_key: "/etc/key.pem".to_owned(),
        ca_certificates: "/etc/ca.pem".to_owned(),
        ..Default::default()
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let chain = ClientChain::from_pem(CLIENT).unwrap();
    let time = at("2027-01-01T00:00:00Z");
    let verified = |policy: &ClientCertificatePolicy| {
        chain.verify(policy, None, time, TlsVersion::V1_3).map(|found| found.decision())
    };
    assert_eq!(verified(&mutual()), Err(Unknown::Ca));
    let simple = ClientCertificatePolicy::from_settings(&ServerTlsSettings::simple("c"));
    assert!(verified(&simple).unwrap().is_accepted());
    // Without the SAN that is required, no CA helps.
    let tls = ServerTlsSettings {
        subject_alt_names: vec!["spiffe://other".to_owned()],
        ..ServerTlsSettings::mutual("c")
    };
    let policy = ClientCertificatePolicy::from_settings(&tls);
    let found = chain.verify_apart_from_chain(&policy, TlsVersion::V1_3);
    let reason = RejectReason::InvalidCertificate(vec![CertificateError::NotValidForName]);
    assert_eq!(found.decision(), Decision::Reject(reason));
}

#[test]
fn envoy_does_not_support_every_key() {
    let chain = ClientChain::from_pem(ED25519).unwrap();
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        assert!(!chain.can_sign(version));
        let found = chain.verify_apart_from_chain(&mutual(), version);
        assert_eq!(found.certificate().encoding, Encoding::UnsupportedKey);
        assert!(!found.decision().is_accepted());
    }
}

#[test]
fn a_cycle_of_issuers_ends() {
    let ca = Authorities::from_pem(CA).unwrap();
    let found = verify(CYCLE, &ca, "2027-01-01T00:00:00Z");
    let message = "unable to get local issuer certificate";
    // The client, A, B, and A once more, which was sent twice.
    fails(&found, CertificateError::UnknownIssuer, 3, message);
}

/// Envoy reads 100 KiB of certificates.
#[test]
fn a_chain_of_ten_thousand_certificates_is_too_long() {
    let start = Instant::now();
    let text = [CLIENT, &CLIENT[LEAF.len()..].repeat(10_000)].concat();
    let chain = ClientChain::from_pem(&text).unwrap();
    assert_eq!(chain.len(), 10_002);
    let ca = Authorities::from_pem(CA).unwrap();
    let time = at("2027-01-01T00:00:00Z");
    let found = chain.verify(&mutual(), Some(&ca), time, TlsVersion::V1_3).unwrap();
    let reason = RejectReason::InvalidCertificate(vec![CertificateError::ChainTooLong]);
    assert_eq!(found.decision(), Decision::Reject(reason));
    // As many CAs take a while for Envoy, too.
    let many = Authorities::from_pem(&text).unwrap();
    assert!(verify(LEAF, &many, "2027-01-01T00:00:00Z").decision().is_accepted());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn bad_text_is_an_error() {
    let read = |text: &str| ClientChain::from_pem(text.as_bytes()).map(|chain| chain.len());
    assert_eq!(read(""), Err(ReadError::Empty));
    assert_eq!(read("no PEM\n"), Err(ReadError::Empty));
    let key = "-----BEGIN PRIVATE KEY-----\nMQ==\n-----END PRIVATE KEY-----\n";
    assert_eq!(read(key), Err(ReadError::Empty));
    let malformed = [
        "-----BEGIN CERTIFICATE-----\nM\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMQ==\n-----END X-----\n",
        "-----BEGIN CERTIFICATE-----\nMQ==\n",
        "-----BEGIN CERTIFICATE-----\na: b\n\nMQ==\n-----END CERTIFICATE-----\n",
    ];
    for text in malformed {
        assert_eq!(read(&format!("text\n{text}")), Err(ReadError::Pem { line: 2 }), "{text}");
    }
    // What is not a certificate is sent all the same, and Envoy rejects it.
    let garbage = "-----BEGIN CERTIFICATE-----\nMQ==\n-----END CERTIFICATE-----\n";
    let chain = ClientChain::from_pem(garbage.as_bytes()).unwrap();
    let found = chain.verify_apart_from_chain(&mutual(), TlsVersion::V1_2);
    assert_eq!((found.certificate().encoding, chain.subject()), (Encoding::Malformed, None));
    let error = Authorities::from_pem(garbage.as_bytes()).unwrap_err();
    assert_eq!(error, ReadError::Encoding { block: 1 });
}

#[test]
fn the_ca_of_a_secret_is_what_istiod_reads() {
    let pem = String::from_utf8(CA.to_vec()).unwrap();
    let list = String::from_utf8(REVOKING.to_vec()).unwrap();
    let object = |kind: &str, data: serde_json::Value| {
        let document = serde_json::json!({"apiVersion": "v1", "kind": kind, "stringData": data});
        let text = if kind == "ConfigMap" {
            serde_json::json!({"apiVersion": "v1", "kind": kind, "data": data})
        } else {
            document
        };
        Authorities::from_object(&Object::from_yaml(&text.to_string()).unwrap())
    };
    let checks = |found: Result<Option<Authorities>, ReadError>| {
        found.map(|found| found.map(|authorities| authorities.checks_crls()))
    };
    for (kind, data, want) in [
        ("Secret", serde_json::json!({"ca.crt": pem}), Ok(Some(false))),
        ("Secret", serde_json::json!({"cacert": pem, "crl": list}), Ok(Some(true))),
        // The CRL of the other pair of keys does not count.
        ("Secret", serde_json::json!({"cacert": pem, "ca.crl": list}), Ok(Some(false))),
        ("Secret", serde_json::json!({"tls.crt": pem}), Ok(None)),
        ("Secret", serde_json::json!({"ca.crt": "$CA"}), Err(ReadError::Value)),
        ("ConfigMap", serde_json::json!({"ca.crt": pem}), Ok(Some(false))),
        ("Service", serde_json::json!({"ca.crt": pem}), Ok(None)),
    ] {
        assert_eq!(checks(object(kind, data)), want, "{kind}");
    }
    let base64 = "{apiVersion: v1, kind: Secret, data: {ca.crt: '%'}}";
    let error = Authorities::from_object(&Object::from_yaml(base64).unwrap()).unwrap_err();
    assert_eq!(error, ReadError::Value);
}
