//! The fields that the server stores, compared with the library's prediction.

use std::fmt::Write as _;

use istio_gateway_kube::istio_gateway::{
    FieldPath, Gateway, IstioVersion, Manifest, Object, PruneReason, StoredGateway, json, validate,
};
use serde_json::Value;

use crate::{
    cluster::{Cluster, Definition, V1},
    metadata::answers::foretold_by,
    verdicts::ask,
};

/// Random Gateways: fields in both spellings, misspelt, unknown, of newer releases, more than once, null
/// and of the wrong type, in random order.
struct Generator(u64);

/// A field in camelCase and in `snake_case`, and what may be its value.
type Field = (&'static str, &'static str, &'static [&'static str]);

const PORT: &[Field] = &[("targetPort", "target_port", &["8443", "8443.0", "0", "null"])];

const TLS: &[Field] = &[
    ("httpsRedirect", "https_redirect", &["true", "false", "null"]),
    ("mode", "mode", &["\"MUTUAL\"", "\"SIMPLE\"", "\"OPTIONAL_MUTUAL\"", "\"SIMPL\"", "null"]),
    ("serverCertificate", "server_certificate", &["\"/cert\"", "\"\""]),
    ("privateKey", "private_key", &["\"/key\""]),
    ("caCertificates", "ca_certificates", &["\"/ca\"", "null"]),
    ("caCrl", "ca_crl", &["\"/crl\"", "\"\"", "null"]),
    ("credentialName", "credential_name", &["\"edge\"", "\"other\"", "7", "null"]),
    ("credentialNames", "credential_names", &["[\"a\",\"b\"]", "[\"a\"]", "[]", "[null]", "null"]),
    ("caCertCredentialName", "ca_cert_credential_name", &["\"ca-cacert\"", "null"]),
    (
        "tlsCertificates",
        "tls_certificates",
        &[
            "[{\"serverCertificate\":\"/a\",\"private_key\":\"/b\",\"privateKey\":null}]",
            "[{\"server_certificate\":\"/a\",\"key\":[{\"x\":1}]},{\"caCertificates\":\"/c\"}]",
            "[{}]",
        ],
    ),
    (
        "subjectAltNames",
        "subject_alt_names",
        &["[\"only.me\"]", "[\"a\",\"\\u0062\"]", "[]", "null"],
    ),
    ("verifyCertificateSpki", "verify_certificate_spki", &["[\"AAAA\"]", "[]"]),
    ("verifyCertificateHash", "verify_certificate_hash", &["[\"ab\",\"cd\"]", "null"]),
    ("minProtocolVersion", "min_protocol_version", &["\"TLSV1_0\"", "\"TLSV1_3\"", "null"]),
    ("maxProtocolVersion", "max_protocol_version", &["\"TLSV1_2\"", "\"TLS_AUTO\""]),
    ("cipherSuites", "cipher_suites", &["[\"AES128-SHA\"]", "[]", "\"AES128-SHA\""]),
    ("insecureSkipVerify", "insecure_skip_verify", &["true", "false", "null", "\"true\""]),
    ("ecdhCurves", "ecdh_curves", &["[\"P-256\"]", "null"]),
    ("alpnProtocols", "alpn_protocols", &["[\"h2\"]", "[]"]),
];

const SERVER: &[Field] = &[
    ("bind", "bind", &["\"127.0.0.1\"", "\"\"", "null"]),
    ("defaultEndpoint", "default_endpoint", &["\"127.0.0.1:80\"", "null"]),
    ("name", "name", &["\"a\"", "null"]),
];

const UNKNOWN: &[&str] =
    &["1", "null", "{\"mode\":\"SIMPLE\",\"a\":[{\"b\":null}]}", "[[1],{\"hosts\":[]}]", "\"x\""];

impl Generator {
    fn below(&mut self, n: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(n).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A misspelt name of the field.
    fn misspelt(&mut self, camel: &str, snake: &str) -> String {
        match self.below(6) {
            0 => format!("{camel}s"),
            1 => camel[..camel.len() - 1].to_owned(),
            2 => camel.to_lowercase() + "_",
            3 => snake.replace('_', "-") + "-",
            4 => camel[..1].to_uppercase() + &camel[1..],
            _ => snake.to_uppercase(),
        }
    }

    fn entries(&mut self, fields: &[Field], percent: usize, entries: &mut Vec<String>) {
        for &(camel, snake, values) in fields {
            if !self.chance(percent) {
                continue;
            }
            let names = match self.below(8) {
                0..=2 => vec![camel.to_owned()],
                3 | 4 => vec![snake.to_owned()],
                5 => vec![camel.to_owned(), snake.to_owned()],
                6 => vec![self.misspelt(camel, snake)],
                _ => vec![camel.to_owned(), self.misspelt(camel, snake), camel.to_owned()],
            };
            for name in names {
                // Most values are valid, so that most objects are stored.
                let fits = self.chance(97);
                let value = if fits { values[0] } else { self.one(values) };
                let value = if self.chance(30) && fits {
                    self.one(&values[..2.min(values.len())])
                } else {
                    value
                };
                entries.push(format!("\"{name}\":{value}"));
            }
        }
        while self.chance(15) {
            let name = self.one(&["futureField", "a.b/c", "", "tls", "port", "x_y", "spec"]);
            if !fields.iter().any(|(camel, ..)| camel == &name) && !matches!(name, "tls" | "port") {
                entries.push(format!("\"{name}\":{}", self.one(UNKNOWN)));
            }
        }
    }

    fn object(&mut self, mut entries: Vec<String>) -> String {
        for i in (1..entries.len()).rev() {
            entries.swap(i, self.below(i + 1));
        }
        format!("{{{}}}", entries.join(","))
    }

    fn server(&mut self) -> String {
        let number =
            if self.chance(97) { "443" } else { self.one(&["443.0", "4.43e2", "443.5", "null"]) };
        let mut port = vec![
            format!("\"number\":{number}"),
            "\"protocol\":\"HTTPS\"".to_owned(),
            "\"name\":\"https\"".to_owned(),
        ];
        self.entries(PORT, 20, &mut port);
        let mut tls = Vec::new();
        self.entries(TLS, 25, &mut tls);
        let mut server = vec![
            format!("\"port\":{}", self.object(port)),
            "\"hosts\":[\"shop.example.com\"]".to_owned(),
            format!(
                "\"tls\":{}",
                if self.chance(97) { self.object(tls) } else { "null".to_owned() }
            ),
        ];
        self.entries(SERVER, 25, &mut server);
        if self.chance(3) {
            server.remove(self.below(2));
        }
        self.object(server)
    }

    fn gateway(&mut self, name: &str) -> String {
        let servers: Vec<_> = (0..=self.below(2)).map(|_| self.server()).collect();
        let selector =
            self.one(&["{\"istio\":\"x\"}", "{\"istio\":\"x\",\"app\":null}", "{}", "null"]);
        let mut spec = vec![
            format!("\"servers\":[{}]", servers.join(",")),
            format!("\"selector\":{selector}"),
        ];
        self.entries(&[], 0, &mut spec);
        let spec = self.object(spec);
        let mut root = vec![
            "\"apiVersion\":\"networking.istio.io/v1\"".to_owned(),
            "\"kind\":\"Gateway\"".to_owned(),
            format!("\"metadata\":{{\"name\":\"{name}\"}}"),
        ];
        match self.below(20) {
            0 => root.push(format!("\"Spec\":{spec}")),
            1 => root.push("\"spec\":null".to_owned()),
            2 => root.extend(["\"spec\":{}".to_owned(), format!("\"spec\":{spec}")]),
            _ => root.push(format!("\"spec\":{spec}")),
        }
        if self.chance(15) {
            root.push(format!(
                "\"status\":{}",
                self.one(&["{}", "{\"conditions\":[{\"x\":1}]}", "null"])
            ));
        }
        self.entries(&[], 0, &mut root);
        self.object(root)
    }
}

/// Each field that the one object has and the other has not, unless it is null; within lists, too.
fn missing(sent: &Value, kept: &Value, path: &FieldPath, found: &mut Vec<FieldPath>) {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => {
            for (key, value) in sent {
                let path = path.clone().key(key);
                match kept.get(key) {
                    Some(kept) => missing(value, kept, &path, found),
                    None if value.is_null() => {}
                    None => found.push(path),
                }
            }
        }
        (Value::Array(sent), Value::Array(kept)) => {
            assert_eq!(sent.len(), kept.len());
            for (i, (sent, kept)) in sent.iter().zip(kept).enumerate() {
                missing(sent, kept, &path.clone().index(i), found);
            }
        }
        _ => {}
    }
}

/// Compares `count` random Gateways as stored by the server with the library's prediction.
async fn compare(definition: Definition, istio: IstioVersion, seed: u64, count: usize) {
    let cluster = Cluster::with(&definition.object_of(istio)).await;
    let path = format!("{V1}/namespaces/infra/gateways");
    let mut generator = Generator(seed);
    let (mut stored, mut rejected, mut pruned) = (0, 0, [0; 3]);
    for i in 0..count {
        let name = format!("g{i}");
        let text = generator.gateway(&name);
        let asked = ask(&cluster, &path, &text).await;
        let foretold = foretold_by(&text, &validate::Options::istio(istio));
        assert_eq!(asked, (foretold.code, foretold.messages), "{text}");
        if asked.0 != 201 {
            rejected += 1;
            continue;
        }
        stored += 1;
        let (code, kept) = cluster.send("GET", &format!("{path}/{name}"), &Value::Null).await;
        assert_eq!(code, 200);
        let spec = kept.get("spec").cloned().unwrap_or_else(|| serde_json::json!({}));
        let spec = json::decode::<Gateway, _>(&spec).unwrap();
        assert_eq!(spec.diagnostics, [], "{text}");
        let ours = Object::from_json(&text).unwrap().stored(istio).unwrap();
        assert_eq!(ours.spec, spec.value, "{text}\n{kept}");
        // istiod's own decoder may reject what the server drops, and so reading a manifest fails.
        if let Ok(manifest) = Manifest::from_json(&text) {
            assert_eq!(manifest.stored(istio).unwrap(), ours);
        }
        let sent: Value = serde_json::from_str(&text).unwrap();
        let mut gone = Vec::new();
        missing(&sent, &kept, &FieldPath::root(), &mut gone);
        // A create request does not set the status.
        gone.retain(|path| path.to_string() != "status");
        let StoredGateway { pruned: reported, .. } = ours;
        let mut paths: Vec<_> = reported.iter().map(|field| field.path.clone()).collect();
        // A null is dropped for two reasons.
        paths.retain(|path| gone.contains(path) || !is_null(&sent, path));
        paths.sort();
        paths.dedup();
        gone.sort();
        assert_eq!(paths, gone, "{text}\n{kept}");
        for field in reported {
            let kind = match field.reason {
                PruneReason::Unknown { .. } => 0,
                PruneReason::SnakeCase { .. } => 1,
                _ => 2,
            };
            pruned[kind] += 1;
        }
    }
    let mut report = String::new();
    write!(
        report,
        "{definition:?} {istio}: {stored} of {count} random Gateways stored as foretold, "
    )
    .unwrap();
    let [unknown, snake, newer] = pruned;
    println!(
        "{report}{rejected} rejected as foretold; pruned {unknown} unknown fields, {snake} in \
         snake_case, {newer} of newer releases"
    );
    assert!(
        stored * 2 > count && rejected * 20 > count && unknown > count / 2 && snake > count / 2
    );
}

fn is_null(object: &Value, path: &FieldPath) -> bool {
    let text = object.to_string();
    Object::from_json(text).unwrap().get(path).is_none_or(|value| value.is_null())
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_server_stores_what_the_library_predicts() {
    compare(Definition::Upstream, IstioVersion::default(), 20_261_129, 500).await;
    for minor in [24, 28] {
        let istio: IstioVersion = format!("1.{minor}").parse().unwrap();
        compare(Definition::Ours, istio, u64::from(istio.minor()), 150).await;
    }
}
