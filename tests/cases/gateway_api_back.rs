//! From Istio to Gateway API: without a finding, the result means exactly the same server.

use istio_gateway::{
    FieldPath, Gateway, Port, Server, ServerTlsSettings, Severity, TlsMode,
    gateway_api::{InMemory, Metadata, Options, ReverseConversion, convert, from_istio},
    json,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use serde_json::json;

use super::gateway_api::golden_pems;

fn metadata(namespace: &str, labels: &[(&str, &str)]) -> Metadata {
    let mut metadata = Metadata::default();
    (metadata.namespace, metadata.name) = (namespace.to_owned(), "edge".to_owned());
    metadata.labels =
        labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    metadata
}

/// All objects that the servers of [`server`] may refer to.
fn resources() -> InMemory {
    let mut resources = InMemory::default();
    let pems = golden_pems();
    let (cert, key) = (&pems["cert-1"], &pems["key-1"]);
    for namespace in ["infra", "certs", "default"] {
        let named = |name: &str| json!({"namespace": namespace, "name": name});
        for name in ["a", "b", "ca"] {
            let secret = json!({
                "metadata": named(name),
                "stringData": {"tls.crt": cert, "tls.key": key, "ca.crt": cert},
            });
            resources.add_secret(serde_json::from_value(secret).unwrap());
        }
        let map = json!({"metadata": named("ca"), "data": {"ca.crt": cert}});
        resources.add_config_map(serde_json::from_value(map).unwrap());
        let object = json!({"metadata": {"name": namespace}});
        resources.add_namespace(serde_json::from_value(object).unwrap());
    }
    resources
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_owned)
}

/// Mostly the first value, sometimes any of the others.
fn mostly(first: &'static str, others: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(first.to_owned()), 1 => word(others)]
}

fn settings() -> impl Strategy<Value = ServerTlsSettings> {
    const SECRETS: &[&str] = &[
        "",
        "kubernetes-gateway://infra/a",
        "kubernetes-gateway://infra/b",
        "kubernetes-gateway://certs/a",
        "kubernetes-gateway:///a",
        "a",
        "builtin://",
    ];
    const CAS: &[&str] = &[
        "",
        "configmap://infra/ca-cacert",
        "configmap://certs/ca-cacert",
        "kubernetes-gateway://infra/ca-cacert",
        "kubernetes-gateway://infra/ca",
        "configmap://infra/-cacert",
    ];
    const SUITES: &[&str] =
        &["ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA", "ECDHE-ECDSA-AES256-GCM-SHA384", "no", ""];
    let modes = select(
        &[
            TlsMode::Simple,
            TlsMode::Mutual,
            TlsMode::OptionalMutual,
            TlsMode::IstioMutual,
            TlsMode::Passthrough,
            TlsMode::AutoPassthrough,
        ][..],
    );
    let names = prop_oneof![8 => Just(Vec::new()), 1 => vec(word(SECRETS), 1..4)];
    let ca = prop_oneof![2 => Just(String::new()), 1 => word(CAS)];
    let suites = prop_oneof![2 => Just(Vec::new()), 1 => vec(mostly("AES128-SHA", SUITES), 1..3)];
    let skip = prop_oneof![2 => Just(None), 1 => any::<bool>().prop_map(Some)];
    let secret = prop_oneof![
        2 => Just("kubernetes-gateway://infra/a".to_owned()),
        1 => Just(String::new()),
        1 => word(SECRETS),
    ];
    (modes, secret, names, ca, suites, skip, mostly("", &["TLSV1_2"])).prop_map(
        |(mode, name, names, ca, suites, skip, version)| {
            let mut tls = ServerTlsSettings::default();
            tls.set_mode(mode);
            tls.credential_name = name;
            tls.credential_names = names;
            tls.ca_cert_credential_name = ca;
            tls.cipher_suites = suites;
            tls.insecure_skip_verify = skip;
            tls.min_protocol_version = i32::from(!version.is_empty()) * 3;
            tls
        },
    )
}

fn hosts() -> impl Strategy<Value = Vec<String>> {
    let namespace = word(&["*", "infra", "certs", "default", ".", "~", "", "Infra", "a.b"]);
    let name = word(&[
        "shop.example.com",
        "*.example.com",
        "*",
        "Shop.example.com",
        "1.2.3.4",
        "*.1.2.3.4",
        "*foo.com",
        "*.*.com",
        "a_b.com",
        "-a.com",
        "",
        "a..b",
        "localhost",
    ]);
    let one = (vec(namespace, 1..3), name).prop_map(|(namespaces, name)| {
        namespaces.into_iter().map(|namespace| format!("{namespace}/{name}")).collect()
    });
    prop_oneof![
        3 => Just(vec!["*/shop.example.com".to_owned()]),
        3 => Just(vec!["infra/*".to_owned()]),
        3 => one,
    ]
}

fn server() -> impl Strategy<Value = Server> {
    let port = (
        prop_oneof![9 => select(&[443, 15443, 8443, 80][..]), 1 => select(&[0, 65536][..])],
        mostly("HTTPS", &["TLS", "HTTP", "TCP", "GRPC"]),
        mostly("default", &["https"]),
    );
    let rare = (mostly("", &["::1"]), mostly("", &["edge"]));
    (port, hosts(), prop::option::weighted(0.8, settings()), rare).prop_map(
        |((number, protocol, name), hosts, tls, (bind, server_name))| Server {
            port: Some(Port { number, protocol, name, ..Port::default() }),
            hosts,
            tls,
            bind,
            name: server_name,
            ..Server::default()
        },
    )
}

fn is_told(back: &ReverseConversion, index: usize) -> bool {
    let path = FieldPath::root().key("servers").index(index);
    back.diagnostics.iter().any(|found| found.path.starts_with(&path))
}

#[test]
fn a_conversion_without_findings_converts_back_to_the_same() {
    let resources = resources();
    let metadatas = [
        metadata("infra", &[]),
        metadata("", &[]),
        metadata("infra", &[("topology.istio.io/network", "n")]),
        metadata(
            "certs",
            &[("topology.istio.io/network", "n"), ("networking.istio.io/gatewayPort", "443")],
        ),
    ];
    let silent = std::cell::Cell::new(0);
    let config = Config { cases: 30_000, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(
        &(vec(server(), 1..3), select(metadatas.to_vec())),
        |(servers, metadata)| {
            let mut istio = Gateway::default();
            istio.servers.clone_from(&servers);
            let back = from_istio(&istio, metadata);
            let mut resources = resources.clone();
            for grant in back.reference_grants.clone() {
                resources.add_reference_grant(grant);
            }
            let forth = convert(&back.gateway, &resources, &Options::default());
            for (index, server) in servers.iter().enumerate() {
                let Some(name) = &back.listeners[index] else {
                    prop_assert!(is_told(&back, index), "not said, and not told: {server:?}");
                    continue;
                };
                let again = forth.servers().find(|(listener, _)| listener == name);
                if is_told(&back, index) {
                    // Another representation: there is a listener for it.
                    prop_assert!(again.is_some(), "lost: {server:?}");
                    continue;
                }
                silent.set(silent.get() + 1);
                prop_assert_eq!(again.map(|(_, server)| server), Some(server));
            }
            Ok(())
        },
    );
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(silent.get() > 1_000, "{} servers came back", silent.get());
}

/// The paths for which a server's TLS or hosts are rejected.
#[track_caller]
fn unsaid(server: &str, metadata: Metadata, want: &[&str]) {
    let mut gateway = Gateway::default();
    gateway.servers.push(json::from_str(server).unwrap());
    let back = from_istio(&gateway, metadata);
    let errors = back.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let paths: Vec<_> = errors.map(|found| found.path.to_string()).collect();
    assert_eq!(paths, want, "{server}");
    assert_eq!(back.listeners, [None]);
}

#[test]
fn what_the_translation_would_change_is_not_representable() {
    let infra = || metadata("infra", &[]);
    let suites = r#"{"port": {"number": 443, "name": "default", "protocol": "HTTPS"},
        "hosts": ["infra/*"], "tls": {"mode": "SIMPLE", "cipherSuites": ["AES128-SHA"]}}"#;
    unsaid(suites, infra(), &["servers[0].tls.cipherSuites"]);
    let passed = r#"{"port": {"number": 15443, "name": "default", "protocol": "TLS"},
        "hosts": ["infra/*"], "tls": {"mode": "PASSTHROUGH"}}"#;
    let east_west = metadata("infra", &[("topology.istio.io/network", "n")]);
    unsaid(passed, east_west, &["servers[0].tls.mode"]);
    for host in ["Shop.example.com", "1.2.3.4", "*foo.com", "*.1.2.3.4"] {
        let server = format!(
            r#"{{"port": {{"number": 80, "name": "default", "protocol": "HTTP"}},
                "hosts": ["*/{host}"]}}"#
        );
        unsaid(&server, infra(), &["servers[0].hosts[0]"]);
    }
    let own =
        r#"{"port": {"number": 80, "name": "default", "protocol": "HTTP"}, "hosts": ["./x.y"]}"#;
    unsaid(own, Metadata::default(), &["servers[0].hosts"]);
}
