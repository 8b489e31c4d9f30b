//! `explain --client`. The certificates are those of the library's tests, made with OpenSSL.

use std::{fs, time::Instant};

use serde_json::Value;

use super::keeps_schema;
use crate::start::{Directory, Ran, root};

const TIME: &str = "2027-01-01T00:00:00Z";

fn fixture(name: &str) -> String {
    fs::read_to_string(root().join("tests/it/client_certificates").join(name)).unwrap()
}

fn gateway(tls: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: infra}}\n\
         spec:\n  selector: {{istio: edge}}\n  servers:\n  - port: {{number: 443, name: https, protocol: \
         HTTPS}}\n    hosts: [a.example.com]\n    tls: {tls}\n"
    )
}

fn object(kind: &str, name: &str, values: &[(&str, &str)]) -> String {
    let field = if kind == "Secret" { "stringData" } else { "data" };
    let metadata = serde_json::json!({"name": name, "namespace": "infra"});
    let values: serde_json::Map<String, Value> =
        values.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    let object =
        serde_json::json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, field: values});
    object.to_string()
}

fn directory(files: &[(&str, &str)]) -> Directory {
    let directory = Directory::new(&[]);
    for name in ["client.pem", "leaf.pem", "ed25519.pem", "cycle.pem"] {
        directory.write(name, fixture(name));
    }
    for (name, text) in files {
        directory.write(name, text);
    }
    directory
}

const MUTUAL: &str = "{mode: MUTUAL, credentialName: c}";

fn report(client: &[&str], tls: &str, objects: &[String]) -> Value {
    let mut files = vec![("set/gateway.yaml", gateway(tls))];
    for object in objects {
        files.push(("set/objects.yaml", object.clone()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let arguments = [&["explain", "--format", "json", "--at", TIME], client, &["set"]].concat();
    let ran = directory(&files).run(&arguments);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    let report = serde_json::from_str(&ran.out).unwrap();
    keeps_schema("report", &report);
    report
}

/// The outcome and the text at the one server, which are those of its path.
#[track_caller]
fn verdict(client: &[&str], tls: &str, objects: &[String]) -> (String, String) {
    let report = report(client, tls, objects);
    let server = &report["servers"][0]["client"];
    let path = &report["gateways"][0]["hosts"][0]["paths"][0]["client"];
    let chain = &report["gateways"][0]["listeners"][0]["chains"][0]["client"];
    assert!(server == path && server == chain, "{server} {path} {chain}");
    let text = |key: &str| server[key].as_str().unwrap().to_owned();
    (text("outcome"), text("text"))
}

#[track_caller]
fn says(found: (String, String), outcome: &str, text: &str) {
    let (found_outcome, found_text) = found;
    assert_eq!((found_outcome.as_str(), found_text.as_str()), (outcome, text));
}

#[test]
fn a_client_is_verified_by_the_ca_of_a_secret_or_config_map() {
    let ca = fixture("ca.pem");
    let client = &["--client", "client.pem"][..];
    let accepted = "accepted with a verified certificate";
    // With the ending, or together with the server's certificate.
    for name in ["c-cacert", "c"] {
        let secret = object("Secret", name, &[("ca.crt", &ca)]);
        says(verdict(client, MUTUAL, &[secret]), "verified", accepted);
    }
    let tls =
        "{mode: MUTUAL, credentialName: c, caCertCredentialName: 'configmap://infra/ca-cacert'}";
    let map = object("ConfigMap", "ca", &[("ca.crt", &ca)]);
    says(verdict(client, tls, &[map]), "verified", accepted);
    let chain = &["--client", "leaf.pem", "--chain", "client.pem"];
    let secret = || object("Secret", "c", &[("ca.crt", &ca)]);
    says(verdict(chain, MUTUAL, &[secret()]), "verified", accepted);
    says(
        verdict(&["--client", "leaf.pem"], MUTUAL, &[secret()]),
        "rejected",
        "rejected: its issuer is not trusted (CN=web was issued by O=Example, CN=Example Intermediate, which \
         the client does not send and the CA does not have)",
    );
    let revoked = object("Secret", "c", &[("ca.crt", &ca), ("ca.crl", &fixture("revoking.crl"))]);
    says(verdict(client, MUTUAL, &[revoked]), "rejected", "rejected: it is revoked (CN=web)");
    let simple = "{mode: SIMPLE, credentialName: c}";
    says(verdict(client, simple, &[]), "anonymous", "accepted without a certificate");
}

#[test]
fn what_is_not_among_the_files_is_unknown() {
    let client = &["--client", "client.pem"][..];
    let missing = "the CA is in the Secret c-cacert or c, not among the files";
    says(verdict(client, MUTUAL, &[]), "unknown", &format!("unknown: {missing}"));
    let skip = "{mode: MUTUAL, credentialName: c, insecureSkipVerify: true}";
    let accepted =
        format!("accepted; unknown whether its certificate passes verification: {missing}");
    says(verdict(client, skip, &[]), "unknown", &accepted);
    // Whatever the CA.
    let names = "{mode: MUTUAL, credentialName: c, subjectAltNames: ['spiffe://other']}";
    let without = "rejected: it has none of the required SANs";
    says(verdict(client, names, &[]), "rejected", without);
    let empty = object("Secret", "c", &[("tls.crt", "x")]);
    let found = verdict(client, MUTUAL, &[empty]);
    says(found, "unknown", "unknown: the Secret c has no CA: no cacert or ca.crt");
    let garbage = object("Secret", "c", &[("ca.crt", "x")]);
    let found = verdict(client, MUTUAL, &[garbage]);
    says(found, "unknown", "unknown: the CA of the Secret c cannot be read: no certificate");
    let files = "{mode: MUTUAL, serverCertificate: /a, privateKey: /b, caCertificates: /ca.pem}";
    let file = "unknown: the CA is in the file /ca.pem, not among the files";
    says(verdict(client, files, &[]), "unknown", file);
}

#[test]
fn an_unsupported_key_is_mostly_no_certificate() {
    let secret = object("Secret", "c", &[("ca.crt", &fixture("ca.pem"))]);
    let tls = "{mode: OPTIONAL_MUTUAL, credentialName: c}";
    says(
        verdict(&["--client", "ed25519.pem"], tls, &[secret]),
        "rejected",
        "rejected: Envoy does not support its key; most clients then send no certificate, and are accepted \
         without a certificate",
    );
}

/// Nor do errors contain one.
#[test]
fn a_private_key_is_never_printed() {
    let key = "TUFSS0VELUtFWS1NQVRFUklBTA==";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
    let secret = object("Secret", "c", &[("ca.crt", &fixture("ca.pem")), ("tls.key", &pem)]);
    let broken = format!("-----BEGIN PRIVATE KEY-----\n{key}\n");
    let files = [
        ("gateway.yaml", gateway(MUTUAL)),
        ("secret.yaml", secret),
        ("with-key.pem", pem.clone() + &fixture("client.pem")),
        ("broken.pem", broken),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let directory = directory(&files);
    for (client, status) in [("with-key.pem", 0), ("broken.pem", 2)] {
        for format in ["text", "html", "json"] {
            let arguments =
                ["explain", "--format", format, "--client", client, "gateway.yaml", "secret.yaml"];
            let Ran { status: exit, out, err, .. } = directory.run(&arguments);
            assert_eq!(exit, status, "{out}{err}");
            assert!(!out.contains("TUFSS0") && !err.contains("TUFSS0"), "{out}{err}");
            assert!(!out.contains("MARKED") && !err.contains("MARKED"), "{out}{err}");
            assert!(status != 0 || out.contains("CN=web"), "{out}");
        }
    }
}

#[test]
fn bad_files_are_errors() {
    let many = fixture("leaf.pem").repeat(10_000);
    let files = [
        ("gateway.yaml", gateway(MUTUAL)),
        ("broken.pem", "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n".to_owned()),
        ("empty.pem", String::new()),
        ("many.pem", many),
        ("huge.pem", "x\n".repeat(50 << 20)),
        ("some/file", String::new()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let directory = directory(&files);
    let start = Instant::now();
    for (file, text) in [
        ("broken.pem", "istio-gateway: broken.pem: malformed PEM at line 1\n"),
        ("empty.pem", "istio-gateway: empty.pem: no certificate\n"),
        ("huge.pem", "istio-gateway: huge.pem: larger than 16 MiB\n"),
    ] {
        let ran = directory.run(&["explain", "--client", file, "gateway.yaml"]);
        assert_eq!((ran.status, ran.err.as_str(), ran.out.as_str()), (2, text, ""), "{file}");
    }
    for file in ["none.pem", "some"] {
        let ran = directory.run(&["explain", "--client", file, "gateway.yaml"]);
        assert!(ran.status == 2 && ran.err.contains(file), "{}", ran.err);
    }
    let ran = directory.run(&["explain", "--client", "many.pem", "gateway.yaml"]);
    assert!(ran.out.contains("Rejected: its chain is longer than 100 KiB."), "{}", ran.out);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    for arguments in [
        &["--chain", "broken.pem", "gateway.yaml"][..],
        &["--at", TIME, "gateway.yaml"],
        &["--diff", "--client", "broken.pem", "gateway.yaml", "gateway.yaml"],
    ] {
        let ran = directory.run(&[&["explain"], arguments].concat());
        assert_eq!(ran.status, 2, "{}", ran.out);
    }
}
