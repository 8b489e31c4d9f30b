//! Secrets among the checked files.

use std::fmt::Write as _;

use super::*;

const EXPIRED: &str =
    include_str!("../../../../tests/manifests/invalid/lint/certificate-expired.yaml");
const VALID: &str = include_str!("../../../../tests/manifests/valid/lint/certificate-expired.yaml");

/// A certificate for `*.example.com`, of the same key.
const WILDCARD: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBvzCCAWWgAwIBAgIUDWIBK+qwAU6h2cxQvaXEbztxPYwwCgYIKoZIzj0EAwIw\n\
KjEoMCYGA1UEAwwfZXhhbXBsZSBmb3IgaXN0aW8tZ2F0ZXdheSBjaGVjazAgFw0y\n\
NjExMjkyMzU2MzRaGA8yMTI2MTEwNTIzNTYzNFowKjEoMCYGA1UEAwwfZXhhbXBs\n\
ZSBmb3IgaXN0aW8tZ2F0ZXdheSBjaGVjazBZMBMGByqGSM49AgEGCCqGSM49AwEH\n\
A0IABB+i55IMfXwnIwJ5RvUa8e7kmmZMvzuPGnyyw+/05Vp/P4lsmIE2uXjGCi5U\n\
cjm1aC3pWn5M0j3JCGFxAsZ1LfSjZzBlMB0GA1UdDgQWBBRhPki64V356YyJEP45\n\
d/JkeRBydTAfBgNVHSMEGDAWgBRhPki64V356YyJEP45d/JkeRBydTAYBgNVHREE\n\
ETAPgg0qLmV4YW1wbGUuY29tMAkGA1UdEwQCMAAwCgYIKoZIzj0EAwIDSAAwRQIg\n\
Xbgld5Y98Rg6tZBkYXIudT2eYdoXSdgpirLYiVYWYzACIQC1s8V7aeCER14FVb6M\n\
TCeB66HlNmdx5TB5MbERjLooMQ==\n\
-----END CERTIFICATE-----\n";

fn found(tree: &Directory, args: &[&str]) -> Vec<String> {
    let documents = json(tree, 0, args);
    rules(&documents).into_iter().flat_map(|(_, rules)| rules).map(str::to_owned).collect()
}

#[test]
fn a_certificate_is_judged_at_a_time() {
    let tree = Directory::new(&[("old.yaml", EXPIRED), ("new.yaml", VALID)]);
    assert_eq!(found(&tree, &["old.yaml"]), ["lint/certificate-expired"]);
    assert_eq!(found(&tree, &["--at", "2020-06-01T00:00:00Z", "old.yaml"]), [""; 0]);
    assert_eq!(
        found(&tree, &["--at", "2019-12-31T23:59:59Z", "old.yaml"]),
        ["lint/certificate-expired"]
    );
    assert_eq!(found(&tree, &["new.yaml"]), [""; 0]);
    let soon = ["--at", "2020-12-20T00:00:00Z", "--expiring", "14", "old.yaml"];
    assert_eq!(found(&tree, &soon), ["lint/certificate-expiring"]);
    assert_eq!(
        found(&tree, &["--at", "2020-12-20T00:00:00Z", "--expiring", "7", "old.yaml"]),
        [""; 0]
    );
    let ran = tree.run(&["check", "old.yaml"]);
    assert!(ran.out.contains("   = note: see old.yaml:22:9"), "{}", ran.out);
    let ran = tree.run(&["check", "--at", "yesterday", "old.yaml"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("not a time in RFC 3339"), "{}", ran.err);
}

#[test]
fn the_namespace_of_the_pods_counts() {
    let tree = Directory::new(&[("a.yaml", VALID)]);
    assert_eq!(found(&tree, &["--gateway-namespace", "istio-system", "a.yaml"]), [""; 0]);
    assert_eq!(found(&tree, &["--gateway-namespace", "edge", "a.yaml"]), ["lint/missing-secret"]);
}

/// RFC 9113, section 9.1.1: the names of the certificate decide which connection a browser uses.
#[test]
fn the_names_of_the_certificate_decide_about_connections() {
    let start = VALID.find("    -----BEGIN CERTIFICATE").unwrap();
    let end = VALID.find("  tls.key").unwrap();
    let (gateway, secret) = VALID.split_once("---\n").unwrap();
    let with = |certificate: &str, name: &str| {
        let lines: String = certificate.lines().map(|line| format!("    {line}\n")).collect();
        let own = format!("{}{lines}{}", &VALID[..start], &VALID[end..]);
        let (_, secret) = own.split_once("---\n").unwrap();
        secret.replace("edge-cert", name)
    };
    let blog = |credential: &str| {
        let blog = gateway.replace("name: edge\n", "name: blog\n");
        blog.replace("shop.", "blog.").replace("edge-cert", credential)
    };
    let coalescing = |files: [&str; 4]| {
        let names = ["a.yaml", "b.yaml", "c.yaml", "d.yaml"];
        let files: Vec<_> = names.into_iter().zip(files).collect();
        let tree = Directory::new(&files);
        let documents = json(&tree, 0, &["."]);
        let found = documents.iter().flat_map(|of| of["findings"].as_array().unwrap());
        let found = found.filter(|found| found["rule"] == "lint/connection-coalescing");
        found.map(|found| found["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // One credential, of which the certificate is for shop alone, or for all.
    let own = blog("edge-cert");
    assert_eq!(coalescing([gateway, &own, secret, ""]), [""; 0]);
    let all = with(WILDCARD, "edge-cert");
    let [found] = &coalescing([gateway, &own, &all, ""])[..] else { panic!() };
    assert!(found.contains("has the same certificate"), "{found}");
    // Two: the certificate of the blog has the name of the shop.
    let (other, of_blog) = (blog("blog-cert"), with(WILDCARD, "blog-cert"));
    let [found] = &coalescing([gateway, &other, secret, &of_blog])[..] else { panic!() };
    let why = "to blog.example.com uses it for shop.example.com, too, since the certificate of";
    assert!(found.contains(why) && found.contains("has this name"), "{found}");
    // Its names are not known.
    assert_eq!(coalescing([gateway, &other, secret, ""]), [""; 0]);
}

/// The pods tell the namespace, unless they are in several.
#[test]
fn the_pods_tell_the_namespace() {
    let pod = |kind: &str, namespace: &str| {
        let version = if kind == "Pod" { "v1" } else { "apps/v1" };
        let labels = "{labels: {istio: ingressgateway}}";
        let spec = format!("{{template: {{metadata: {labels}}}}}");
        format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x, namespace: {namespace}, \
             labels: {{istio: ingressgateway}}}}\nspec: {spec}\n"
        )
    };
    for kind in ["Pod", "Deployment"] {
        let (own, other) = (pod(kind, "istio-system"), pod(kind, "edge"));
        let tree = Directory::new(&[("a.yaml", VALID), ("own.yaml", &own), ("other.yaml", &other)]);
        assert_eq!(found(&tree, &["a.yaml", "own.yaml"]), [""; 0]);
        assert_eq!(found(&tree, &["a.yaml", "other.yaml"]), ["lint/missing-secret"]);
        assert_eq!(found(&tree, &["a.yaml", "own.yaml", "other.yaml"]), [""; 0]);
        let named = ["--gateway-namespace", "edge", "a.yaml", "own.yaml"];
        assert_eq!(found(&tree, &named), ["lint/missing-secret"]);
    }
}

/// cert-manager and the like make Secrets that no file has.
#[test]
fn a_secret_that_a_controller_makes_is_not_missing() {
    let gateway = VALID.split("---").next().unwrap();
    let other = "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\ntype: kubernetes.io/tls\n";
    let certificate = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: edge}\n\
                       spec: {secretName: edge-cert}\n";
    let tree = Directory::new(&[
        ("gateway.yaml", gateway),
        ("other.yaml", other),
        ("c.yaml", certificate),
    ]);
    assert_eq!(found(&tree, &["gateway.yaml", "other.yaml"]), ["lint/missing-secret"]);
    assert_eq!(found(&tree, &["gateway.yaml", "other.yaml", "c.yaml"]), [""; 0]);
}

/// A server with client certificates, and Secrets: name, namespace and fields.
fn mutual(secrets: &[(&str, &str, &str)]) -> String {
    let gateway = VALID.split("---").next().unwrap().replace("mode: SIMPLE", "mode: MUTUAL");
    let secret = |(name, namespace, fields): &(&str, &str, &str)| {
        let metadata = format!("metadata: {{name: {name}, namespace: {namespace}}}");
        format!("---\napiVersion: v1\nkind: Secret\n{metadata}\n{fields}")
    };
    gateway + &secrets.iter().map(secret).collect::<String>()
}

/// The fields of a manifest's Secret, with its certificate as the CA, too.
fn with_ca(manifest: &str) -> String {
    let fields = &manifest[manifest.find("stringData:").unwrap()..];
    let certificate =
        &fields[fields.find("tls.crt: |").unwrap() + 10..fields.find("  tls.key").unwrap()];
    format!("{fields}  ca.crt: |{certificate}")
}

#[test]
fn the_ca_of_client_certificates_is_judged() {
    let expired = with_ca(EXPIRED);
    let tree = Directory::new(&[("a.yaml", &mutual(&[("edge-cert", "x", &expired)]))]);
    // The certificate of the manifest is not a CA's.
    let at = ["--at", "2020-06-01T00:00:00Z", "a.yaml"];
    assert_eq!(found(&tree, &at), ["lint/secret-certificate"]);
    let text = tree.run(&["check", "a.yaml"]).out;
    assert!(
        text.contains("the CA for client certificates expired at 2021-01-01T00:00:00Z"),
        "{text}"
    );
    // The Secret with -cacert is that of the certificate's namespace.
    let other = ("edge-cert-cacert", "other", "stringData: {a: b}\n");
    let own = ("edge-cert-cacert", "x", "stringData: {a: b}\n");
    let of = |secrets: &[(&str, &str, &str)]| {
        let tree = Directory::new(&[("a.yaml", &mutual(secrets))]);
        found(&tree, &["--at", "2020-06-01T00:00:00Z", "a.yaml"])
    };
    assert_eq!(of(&[("edge-cert", "x", &expired), other]), ["lint/secret-certificate"]);
    assert_eq!(of(&[("edge-cert", "x", &expired), own]), ["lint/secret-keys"]);
}

/// By the name of its Secret a CA is another one only as long as its content is not known.
#[test]
fn equal_cas_in_two_secrets_are_one() {
    const MANIFEST: &str = include_str!("../../../../tests/manifests/valid/lint/secret-crl.yaml");
    let fields = &MANIFEST[MANIFEST.find("stringData:").unwrap()..];
    let without_crl = &fields[..fields.find("  ca.crl: |").unwrap()];
    let other = without_crl.replacen("  ca.crt: |", "  other: |", 1)
        + "  ca.crt: |\n    "
        + &WILDCARD.trim_end().replace('\n', "\n    ")
        + "\n";
    let gateway = |name: &str, host: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: infra}}\n\
             spec:\n  selector: {{istio: edge}}\n  servers:\n  - port: {{number: 443, name: https, protocol: HTTPS}}\n    \
             hosts: ['{host}']\n    tls: {{mode: MUTUAL, credentialName: {name}}}\n"
        )
    };
    let gateways = gateway("strict", "shop.example.com") + &gateway("lax", "*.example.com");
    let service = "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n\
        metadata: {name: shop, namespace: infra}\nspec:\n  hosts: [shop.example.com]\n  gateways: [strict, lax]\n  \
        http: [{route: [{destination: {host: shop}}]}]\n";
    let of = |strict: &str, lax: &str| {
        let secret = |name, fields| {
            format!(
                "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: infra}}\n{fields}"
            )
        };
        let text = format!("{gateways}{service}{}{}", secret("strict", strict), secret("lax", lax));
        let tree = Directory::new(&[("a.yaml", &text)]);
        found(&tree, &["a.yaml"]).iter().any(|rule| rule == "lint/client-check-bypass")
    };
    assert!(!of(without_crl, without_crl));
    assert!(!of(fields, fields));
    assert!(!of(
        without_crl,
        &without_crl.replace("  ca.crt: |\n", "  ca.crt: |\n    a comment\n")
    ));
    assert!(of(without_crl, &other));
    assert!(of(fields, without_crl));
    assert!(of(without_crl, "data: {}\n"));
}

/// Values that another tool replaces are not known; PEM in place of its Base64 is a mistake.
#[test]
fn values_of_other_tools_are_not_judged() {
    let of = |fields: &str| {
        let text = mutual(&[("edge-cert", "x", fields)]);
        found(&Directory::new(&[("a.yaml", &text)]), &["a.yaml"])
    };
    for value in ["ENC[AES256_GCM,data:x]", "<path:a#b>", "ref+vault://a", "$CERT"] {
        assert_eq!(
            of(&format!("stringData: {{tls.crt: \"{value}\", tls.key: \"{value}\"}}\n")),
            [""; 0]
        );
        assert_eq!(of(&format!("data: {{tls.crt: \"{value}\", tls.key: \"{value}\"}}\n")), [""; 0]);
    }
    let pem = "data:\n  tls.crt: |\n    -----BEGIN CERTIFICATE-----\n";
    assert_eq!(of(pem), ["lint/secret-keys", "lint/secret-keys"]);
    // A Secret for something else does not make the others missing.
    let gateway = VALID.split("---").next().unwrap();
    let other =
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: x}\n";
    let tree = Directory::new(&[("a.yaml", &[gateway, other].concat())]);
    assert_eq!(found(&tree, &["a.yaml"]), [""; 0]);
}

/// The rule of the CRL, at several times.
#[test]
fn a_crl_is_judged_at_a_time() {
    const OLD: &str = include_str!("../../../../tests/manifests/invalid/lint/secret-crl.yaml");
    let tree = Directory::new(&[("old.yaml", OLD)]);
    let at = |time: &str| found(&tree, &["--at", time, "old.yaml"]);
    // The certificate of the server is valid from 2025 on, and the CRL in 2020.
    assert_eq!(at("2027-01-01T00:00:00Z"), ["lint/secret-crl"]);
    assert_eq!(at("2020-06-01T00:00:00Z"), ["lint/certificate-expired"]);
    assert_eq!(at("2021-01-01T00:00:00Z"), ["lint/certificate-expired", "lint/secret-crl"]);
    assert_eq!(at("2019-12-31T23:59:59Z"), ["lint/certificate-expired", "lint/secret-crl"]);
    let soon = ["--at", "2020-12-20T00:00:00Z", "--expiring", "14", "old.yaml"];
    assert_eq!(found(&tree, &soon), ["lint/certificate-expired", "lint/certificate-expiring"]);
    let text = tree.run(&["check", "--at", "2027-01-01T00:00:00Z", "old.yaml"]).out;
    let expected = "Envoy rejects all client certificates below a CA: the CRL of the CA \"CN=example CA for \
                    istio-gateway check\" expired at 2021-01-01T00:00:00Z";
    assert!(text.contains(expected), "{text}");
}

/// Large Secrets are judged in bounded time.
#[test]
fn large_secrets_take_bounded_time() {
    const CRL: &str = include_str!("../../../../tests/manifests/valid/lint/secret-crl.yaml");
    let start = std::time::Instant::now();
    let between = |text: &str, from: &str, to: &str| {
        let begin = text.find(from).unwrap() + from.len();
        text[begin..begin + text[begin..].find(to).unwrap()].to_owned()
    };
    let certificate = between(VALID, "tls.crt: |\n", "  tls.key");
    let chain = VALID.replace(&certificate, &certificate.repeat(10_000));
    let broken = format!("{certificate}    -----BEGIN CERTIFICATE-----\n    AA\n");
    let broken = VALID.replace(&certificate, &broken.repeat(10_000));
    let ca = between(CRL, "ca.crt: |\n", "  ca.crl");
    let list = &CRL[CRL.find("ca.crl: |\n").unwrap() + 10..];
    let lists = CRL.replace(&ca, &ca.repeat(10_000)) + &list.repeat(10_000);
    let big = format!("{VALID}  other: {}\n", "A".repeat(100_000_000));
    let endless =
        VALID.replace(&certificate, &certificate.replace("    -----END CERTIFICATE-----\n", ""));
    for (text, is_broken) in
        [(&chain, false), (&broken, true), (&lists, false), (&big, false), (&endless, true)]
    {
        let tree = Directory::new(&[("a.yaml", text)]);
        let expected: &[&str] = if is_broken { &["lint/secret-certificate"] } else { &[] };
        assert_eq!(found(&tree, &["--at", "2027-01-01T00:00:00Z", "a.yaml"]), expected);
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn no_value_of_a_secret_is_printed() {
    let mut all = String::new();
    for number in 0..1000 {
        let gateway = VALID.split("---").next().unwrap();
        let name = format!("edge-{number}");
        let gateway = gateway.replace("name: edge", &format!("name: {name}"));
        let gateway =
            gateway.replace("credentialName: edge-cert", &format!("credentialName: {name}"));
        let gateway = match number % 2 {
            0 => gateway,
            _ => gateway.replace("mode: SIMPLE", "mode: MUTUAL"),
        };
        let (certificate, key) = match number % 9 {
            0 => ("tls.crt", "tls.key"),
            1 => ("cert", "key"),
            2 => ("ca.crt", "cacert"),
            3 => ("tls.crt", "other"),
            4 => ("cacert", "crl"),
            5 => ("ca.crl", "ca.crt"),
            6 => ("tls.ocsp-staple", "tls.key"),
            7 => ("tls.key", "tls.crt"),
            _ => ("tls.crt: [x]\n  cert", "key"),
        };
        let data = if number % 2 == 0 { "data" } else { "stringData" };
        write!(
            all,
            "{gateway}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\n{data}:\n  \
             {certificate}: MARKED{number}\n  {key}: |\n    -----BEGIN PRIVATE KEY-----\n    \
             MARKED{number}\n    -----END PRIVATE KEY-----\n---\n",
        )
        .unwrap();
    }
    // Secrets that cannot be read.
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: edge-cert}\nstringData:\n  tls.key: ";
    let broken = [
        "\"MARKED",
        "MARKED: x",
        "|\n   MARKED\n  MARKED\n",
        "\"MARKED\\q\"",
        "!!binary MARKED",
        "[MARKED",
    ];
    let names: Vec<String> =
        (0..broken.len()).map(|number| format!("broken-{number}.yaml")).collect();
    let broken: Vec<String> = broken.iter().map(|value| format!("{secret}{value}\n")).collect();
    let mut files = vec![("all.yaml", all.as_str())];
    files.extend(names.iter().map(String::as_str).zip(broken.iter().map(String::as_str)));
    let json =
        "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"stringData\":{\"tls.key\":\"MARKED\\q\"}}";
    files.push(("broken.json", json));
    let flow = "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: \
                {password: MARKED}}, {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: flow}, \
                spec: {servers: [{port: {number: 0}}]}}]\n";
    files.push(("flow.yaml", flow));
    files.push(("cut.yaml", "kind: Secret\nstringData:\n  key: |\n    a\n---\n    \"MARKED\n"));
    files.push((
        "escaped.json",
        "{\"kind\":\"S\\u0065cret\",\"stringData\":{\"tls.key\":\"MARKED\\q\"}}",
    ));
    let tree = Directory::new(&files);
    let commands = [
        &["check"][..],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "github"],
        &["explain"],
        &["explain", "--format", "json"],
        &["explain", "--format", "html"],
        &["envoy"],
        &["from-gateway-api"],
    ];
    for command in commands {
        let ran = tree.run(&[command, &["."]].concat());
        assert!(ran.out.len() + ran.err.len() > 100, "{command:?}");
        assert!(!ran.out.contains("MARKED") && !ran.err.contains("MARKED"), "{command:?}");
    }
}
