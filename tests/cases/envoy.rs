//! The translation, compared with pilot's own builder.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use istio_gateway::{
    IstioVersion, Port, RuleId, Server, ServerTlsSettings, TlsMode, TlsProtocol,
    client_certificate::ClientCertificatePolicy,
    envoy::{
        self, DownstreamTlsContext, HttpConnectionManager, MeshConfig, NodeMetadata, Options,
        SdsProvider, SecretAvailability, Translation, Transport,
    },
    json,
    prost::Message as _,
    proto::{mesh::v1alpha1::Topology, networking::v1alpha3::server_tls_settings::TlsCertificate},
    rule,
};
use proptest::prelude::*;
use serde_json::Value;

pub(crate) struct Case {
    pub(crate) id: String,
    /// Whether the case also has a mesh's settings, and so those of the connection manager.
    has_xfcc: bool,
    pub(crate) server: Server,
    pub(crate) options: Options,
    output: Value,
}

/// Pilot's answer.
pub(crate) fn cases() -> Vec<Case> {
    // It was istiod 1.31.
    read_cases("tests/golden/envoy.ndjson", "1.31")
}

/// The assumed answers of istiod 1.32, which is not available: `conformance/assumed`.
pub(crate) fn assumed_cases() -> Vec<Case> {
    read_cases("tests/golden/envoy_assumed.ndjson", "1.32")
}

fn read_cases(path: &str, istio: &str) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    let istio = istio.parse().unwrap();
    let read = |line: &str| case(&serde_json::from_str(line).unwrap(), istio);
    text.split_terminator('\n').map(read).collect()
}

fn case(line: &Value, istio: IstioVersion) -> Case {
    let input = &line["input"];
    let known = ["server", "tls", "protocol", "transport", "node", "mesh"];
    assert!(input.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())));
    let server = match input.get("server") {
        Some(server) => read(server),
        None => Server {
            port: Some(Port {
                number: 443,
                protocol: input["protocol"].as_str().unwrap_or("HTTPS").to_owned(),
                ..Default::default()
            }),
            tls: input.get("tls").map(read::<ServerTlsSettings>),
            ..Default::default()
        },
    };
    Case {
        id: line["id"].as_str().unwrap().to_owned(),
        has_xfcc: input.get("server").is_none(),
        server,
        options: Options {
            transport: match input["transport"].as_str() {
                None | Some("TCP") => Transport::Tcp,
                Some("QUIC") => Transport::Quic,
                other => panic!("{other:?}"),
            },
            istio,
            node: node(&input["node"]),
            mesh: mesh(&input["mesh"]),
        },
        output: line["output"].clone(),
    }
}

fn node(node: &Value) -> NodeMetadata {
    let text = |key: &str| node[key].as_str().unwrap_or_default().to_owned();
    NodeMetadata {
        serves_credentials: text("credential") == "true",
        serves_files: text("file-credential") == "true",
        tls_server_cert_chain: text("TLS_SERVER_CERT_CHAIN"),
        tls_server_key: text("TLS_SERVER_KEY"),
        tls_server_root_cert: text("TLS_SERVER_ROOT_CERT"),
    }
}

fn mesh(mesh: &Value) -> MeshConfig {
    let defaults = &mesh["tlsDefaults"];
    let texts = |value: &Value| {
        value.as_array().into_iter().flatten().map(|t| t.as_str().unwrap().to_owned()).collect()
    };
    let topology = &mesh["defaultConfig"]["gatewayTopology"];
    MeshConfig {
        ecdh_curves: texts(&defaults["ecdhCurves"]),
        cipher_suites: texts(&defaults["cipherSuites"]),
        min_protocol_version: defaults["minProtocolVersion"]
            .as_str()
            .map_or(TlsProtocol::TlsAuto, |name| name.parse().unwrap()),
        gateway_topology: if topology.is_null() { Topology::default() } else { read(topology) },
        // The mesh of the cases has no service with such a name.
        sds_provider: mesh["extensionProviders"].is_array().then_some(SdsProvider::Unreachable),
    }
}

/// A value in Istio's dialect.
fn read<T: json::Message>(value: &Value) -> T {
    json::from_str(&value.to_string()).unwrap()
}

/// Source: pilot's `buildGatewayHTTPRouteConfig`, which reads only `httpsRedirect`.
#[test]
fn a_plain_port_uses_only_the_redirect() {
    let found = |tls: &str| {
        let server = format!(r#"{{"port": {{"protocol": "HTTP"}}, "tls": {tls}}}"#);
        let server: Server = json::from_str(&server).unwrap();
        let translation = envoy::translate_server(&server, &Options::default());
        translation.diagnostics.into_iter().map(|found| found.message).collect::<Vec<_>>()
    };
    assert_eq!(found(r#"{"httpsRedirect": true}"#), [""; 0]);
    assert_eq!(
        found(r#"{"httpsRedirect": true, "credentialName": "c"}"#),
        ["has no effect, except httpsRedirect: the port's protocol is HTTP"]
    );
    let unused = ["has no effect: the port's protocol is HTTP"];
    assert_eq!(found(r#"{"credentialName": "c"}"#), unused);
}

/// The cases have no mesh with a provider in it. Source: istiod's
/// `ConstructSdsSecretConfigForCredential`: the name without its scheme, by the cluster of
/// `LookupCluster`, with the service's host as the authority.
#[test]
fn a_provider_in_the_mesh_serves_the_name_without_its_scheme() {
    let server: Server = json::from_str(
        r#"{"port": {"protocol": "HTTPS"}, "tls": {"mode": "SIMPLE", "credentialName": "sds://res"}}"#,
    )
    .unwrap();
    let provider = |provider| Options {
        mesh: MeshConfig { sds_provider: Some(provider), ..Default::default() },
        ..Default::default()
    };
    let cluster = "outbound|8234||sds.ns.svc.cluster.local".to_owned();
    let options = provider(SdsProvider::Cluster(cluster.clone()));
    let context = envoy::translate_server(&server, &options).tls_context.unwrap();
    let context = serde_json::to_value(context).unwrap();
    let secret = &context["common_tls_context"]["tls_certificate_sds_secret_configs"][0];
    assert_eq!(secret["name"], "res");
    let service = &secret["sds_config"]["api_config_source"]["grpc_services"][0]["envoy_grpc"];
    let want = serde_json::json!({
        "cluster_name": cluster,
        "authority": "sds.ns.svc.cluster.local",
    });
    assert_eq!(service, &want);
}

#[test]
fn every_context_equals_pilot() {
    assert_eq!(compare(cases()), (669, 12, 301));
}

#[test]
fn every_context_with_fields_of_1_32_is_as_assumed() {
    assert_eq!(compare(assumed_cases()), (63, 0, 63));
}

/// Counts the contexts, the absent ones and the connection managers that are equal.
#[track_caller]
fn compare(cases: Vec<Case>) -> (usize, usize, usize) {
    let (mut contexts, mut none, mut settings, mut wrong) = (0, 0, 0, Vec::new());
    for case in cases {
        let Translation { flow, tls_context, xfcc, .. } =
            envoy::translate_server(&case.server, &case.options);
        let mut compare = |what: &str, got: Value, want: &Value| {
            if got != *want {
                wrong.push(format!("{} {what}:\n  golden {want}\n  here   {got}", case.id));
            }
        };
        compare("flow", flow.as_str().into(), &case.output["flow"]);
        let context = serde_json::to_value(&tls_context).unwrap();
        *if context.is_null() { &mut none } else { &mut contexts } += 1;
        compare("tls_context", context, &case.output["tls_context"]);
        // A message with nothing set is left out there.
        if case.has_xfcc {
            let empty = serde_json::json!({});
            let got = serde_json::to_value(xfcc).unwrap();
            compare("xfcc", got, case.output.get("xfcc").unwrap_or(&empty));
            settings += 1;
        }
        assert!(case.output["error"].is_null(), "{}", case.id);
    }
    println!("{contexts} contexts and {none} absent ones equal, {settings} xfcc settings");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    (contexts, none, settings)
}

#[test]
fn contexts_go_through_wire_and_json() {
    for case in cases() {
        let translation = envoy::translate_server(&case.server, &case.options);
        if let Some(context) = translation.tls_context {
            let bytes = context.encode_to_vec();
            assert_eq!(DownstreamTlsContext::decode(&*bytes).unwrap(), context, "{}", case.id);
            let json = serde_json::to_string(&context).unwrap();
            let back: DownstreamTlsContext = serde_json::from_str(&json).unwrap();
            assert_eq!(back, context, "{}", case.id);
        }
        let json = serde_json::to_string(&translation.xfcc).unwrap();
        let back: HttpConnectionManager = serde_json::from_str(&json).unwrap();
        assert_eq!(back, translation.xfcc);
    }
}

/// The policy from the settings equals the policy from istiod's configuration.
#[test]
fn both_constructors_give_the_same_policy() {
    let mut compared = 0;
    for case in cases() {
        let Some(tls) = &case.server.tls else { continue };
        // What the settings alone do not determine.
        let Options { ref mesh, istio, .. } = case.options;
        if case.options != (Options { mesh: mesh.clone(), istio, ..Options::default() })
            || case.options.mesh.sds_provider.is_some()
        {
            continue;
        }
        let translation = envoy::translate_server(&case.server, &case.options);
        let of_context =
            translation.tls_context.map_or_else(ClientCertificatePolicy::passthrough, |context| {
                envoy::client_certificate_policy(&context, SecretAvailability::default())
            });
        assert_eq!(ClientCertificatePolicy::from_settings(tls), of_context, "{}", case.id);
        compared += 1;
    }
    println!("{compared} policies compared");
    assert!(compared > 600);
}

fn some_server() -> impl Strategy<Value = Server> {
    const NAMES: [&str; 8] =
        ["", "c", "builtin://", "builtin://x", "invalid://", "sds://s", "configmap://n/c", "/é"];
    let text = || prop::sample::select(&NAMES[..]).prop_map(str::to_owned);
    let texts = || prop::collection::vec(text(), 0..3);
    let number = || prop_oneof![4 => -1..7, 1 => any::<i32>()];
    let protocol = prop::sample::select(&["HTTPS", "http", "TLS", "", "gRPC-Web", "\u{212a}"][..]);
    let texts_of = [text(), text(), text(), text(), text(), text()];
    let lists_of = [texts(), texts(), texts(), texts(), texts(), texts(), texts()];
    let numbers_of = [number(), number(), number()];
    let skip = any::<Option<bool>>();
    (texts_of, lists_of, numbers_of, skip, any::<bool>(), protocol).prop_map(
        |(
            texts,
            lists,
            [mode, min_protocol_version, max_protocol_version],
            skip,
            has_tls,
            name,
        )| {
            let [server_certificate, private_key, ca_certificates, ca_crl, credential, ca] = texts;
            let [credential_names, subject_alt_names, spki, hash, cipher_suites, curves, alpn] =
                lists;
            let certificate = TlsCertificate {
                server_certificate: credential.clone(),
                private_key: ca.clone(),
                ca_certificates: ca_crl.clone(),
            };
            let tls = ServerTlsSettings {
                https_redirect: false,
                mode,
                server_certificate,
                private_key,
                ca_certificates,
                ca_crl,
                credential_name: credential,
                tls_certificates: curves.iter().map(|_| certificate.clone()).collect(),
                credential_names,
                ca_cert_credential_name: ca,
                subject_alt_names,
                verify_certificate_spki: spki,
                verify_certificate_hash: hash,
                min_protocol_version,
                max_protocol_version,
                cipher_suites,
                insecure_skip_verify: skip,
                ecdh_curves: curves,
                alpn_protocols: alpn,
            };
            Server {
                port: Some(Port { protocol: name.to_owned(), ..Default::default() }),
                tls: has_tls.then_some(tls),
                ..Default::default()
            }
        },
    )
}

proptest! {
    /// Valid or not, every server is translated; and the policy from the settings is that of what
    /// it is translated to.
    #[test]
    fn whatever_it_is_it_is_translated(server in some_server(), is_quic in any::<bool>()) {
        let transport = if is_quic { Transport::Quic } else { Transport::Tcp };
        let options = Options { transport, ..Options::default() };
        let translation = envoy::translate_server(&server, &options);
        let passes_on = server.tls.as_ref().is_none_or(|tls| {
            matches!(tls.tls_mode(), Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough))
        });
        prop_assert_eq!(translation.tls_context.is_none(), passes_on);
        if let (Some(tls), Some(context), false) = (&server.tls, &translation.tls_context, is_quic) {
            let policy = envoy::client_certificate_policy(context, SecretAvailability::default());
            prop_assert_eq!(ClientCertificatePolicy::from_settings(tls), policy);
        }
    }
}

/// An older istiod does not have the fields.
#[test]
fn before_1_32_the_fields_have_no_effect() {
    let istio = "1.31".parse().unwrap();
    for case in assumed_cases() {
        let options = Options { istio, ..case.options };
        let mut without = case.server.clone();
        let tls = without.tls.as_mut().unwrap();
        tls.alpn_protocols.clear();
        tls.ecdh_curves.clear();
        let translation = envoy::translate_server(&case.server, &options);
        let expected = envoy::translate_server(&without, &options);
        assert_eq!(translation.tls_context, expected.tls_context, "{}", case.id);
        let count = |translation: &Translation| translation.diagnostics.len();
        assert_eq!(count(&translation), count(&expected) + 1, "{}", case.id);
    }
}

#[test]
fn bad_names_of_curves_and_protocols_are_reported() {
    let found = |tls: &str| {
        let server = format!(
            r#"{{"port": {{"protocol": "HTTPS"}}, "tls": {{"mode": "SIMPLE", "credentialName": "c", {tls}}}}}"#
        );
        let server: Server = json::from_str(&server).unwrap();
        let translation = envoy::translate_server(&server, &Options::default());
        let found = translation.diagnostics.iter();
        found.map(|d| format!("{:?} {}: {}", d.severity, d.path, d.message)).collect::<Vec<_>>()
    };
    assert_eq!(
        found(r#""ecdhCurves": ["P-256", "P-224", "prime256v1"]"#),
        [
            r#"Error tls.ecdhCurves[1]: Envoy rejects the server's secrets, so that no client can connect: "P-224" is not a curve that it knows"#,
            r#"Error tls.ecdhCurves[2]: Envoy rejects the server's secrets, so that no client can connect: "prime256v1" is in the list twice"#,
        ]
    );
    let long = "x".repeat(256);
    assert_eq!(
        found(&format!(r#""alpnProtocols": ["h2", "", "{long}"]"#)),
        [
            "Warning tls.alpnProtocols[1]: dropped: the name is empty",
            "Warning tls.alpnProtocols[2]: dropped: the name is longer than 255 bytes",
        ]
    );
    let names = |n: usize| format!(r#""alpnProtocols": {:?}"#, vec!["x".repeat(255); n]);
    assert_eq!(found(&names(255)), [""; 0]);
    assert_eq!(found(&names(256)).len(), 1);
}

#[test]
fn curves_need_istio_1_32() {
    let mut tls = ServerTlsSettings::simple("c");
    tls.ecdh_curves = vec!["X25519".to_owned()];
    let server = Server { tls: Some(tls), ..Default::default() };
    let curves = |istio| {
        let options = Options { istio, ..Default::default() };
        let translation = envoy::translate_server(&server, &options);
        let parameters = translation.tls_context.unwrap().common_tls_context.unwrap().tls_params;
        (parameters.map(|p| p.ecdh_curves), translation.diagnostics.len())
    };
    assert_eq!(curves("1.31".parse().unwrap()), (None, 1));
    assert_eq!(curves("1.32".parse().unwrap()), (Some(vec!["X25519".to_owned()]), 0));
}

/// The message of each rule, in the cases that break it.
#[test]
fn dropped_settings_are_reported() {
    let mut found = BTreeMap::<RuleId, usize>::new();
    let mut dropped = BTreeSet::new();
    for case in cases() {
        for finding in envoy::translate_server(&case.server, &case.options).diagnostics {
            *found.entry(finding.rule).or_default() += 1;
            dropped.insert(format!("{finding}"));
        }
    }
    println!("{found:#?}");
    for rule in [
        rule::webhook::CERTIFICATE_SOURCES,
        rule::webhook::ISTIO_MUTUAL,
        rule::envoy::CERTIFICATE_REPLACED,
        rule::lint::CA_IGNORED,
        rule::envoy::CA_REPLACED,
        rule::envoy::PARAMETERS_IGNORED,
        rule::lint::CERTIFICATE_CA_IGNORED,
        rule::lint::CA_CREDENTIAL_IGNORED,
        rule::lint::CRL_IGNORED,
        rule::lint::SAN_WITH_SIMPLE,
        rule::lint::PINS_IGNORED,
        rule::lint::SKIP_VERIFY_NO_EFFECT,
        rule::lint::SPKI_FORMAT,
        rule::lint::HASH_FORMAT,
        rule::webhook::PASSTHROUGH_CERTIFICATES,
        rule::webhook::INVALID_CIPHERS,
        rule::webhook::DUPLICATE_CIPHERS,
        rule::envoy::VERSION_UNKNOWN,
        rule::envoy::MODE_UNKNOWN,
        rule::webhook::TLS_ON_HTTP,
        rule::envoy::CREDENTIAL_EMPTY,
        rule::envoy::QUIC_WEAKER,
    ] {
        assert!(found.remove(&rule).is_some(), "no case has {rule}");
    }
    assert!(found.is_empty(), "{found:?}");
    for text in [
        "tls.caCrl: has no effect: with a credential, the CRL is the Secret's ca.crl; add the CRL to the Secret as ca.crl, and remove this",
        "tls.verifyCertificateSpki: has no effect: pins apply only in MUTUAL and OPTIONAL_MUTUAL, and only with credentialName or credentialNames; remove it",
        "tls.credentialName: ignored: the mesh's certificate is used",
        "tls.insecureSkipVerify: has no effect: in this mode no client certificate is requested; remove it, or write mode: OPTIONAL_MUTUAL to request client certificates",
    ] {
        assert!(dropped.contains(text), "{text} is not among {dropped:#?}");
    }
}
