//! A Secret's certificate and key, and a ConfigMap's CA: findings are reproducible and short.
//!
//! The first byte selects PEM or DER, the next two are the length of the certificate; the rest is
//! the key.

#![no_main]

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use istio_gateway::gateway_api::{ConfigMap, Gateway, InMemory, Options, Secret, convert};
use libfuzzer_sys::fuzz_target;

static GATEWAY: LazyLock<Gateway> = LazyLock::new(|| {
    serde_json::from_str(
        r#"{
            "metadata": {"namespace": "infra", "name": "edge"},
            "spec": {
                "gatewayClassName": "istio",
                "listeners": [{
                    "name": "https", "port": 443, "protocol": "HTTPS",
                    "tls": {"certificateRefs": [{"name": "pair"}]}
                }],
                "tls": {
                    "backend": {"clientCertificateRef": {"name": "pair"}},
                    "frontend": {"default": {"validation": {"caCertificateRefs": [
                        {"group": "", "kind": "ConfigMap", "name": "ca"}
                    ]}}}
                }
            }
        }"#,
    )
    .expect("it is the text above")
});

fuzz_target!(|data: &[u8]| {
    let [how, high, low, rest @ ..] = data else { return };
    let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (certificate, key) = rest.split_at(length);
    let key_kind = match how / 2 % 3 {
        0 => "PRIVATE KEY",
        1 => "EC PRIVATE KEY",
        _ => "RSA PRIVATE KEY",
    };
    let (certificate, key) = if how % 2 == 0 {
        (certificate.to_vec(), key.to_vec())
    } else {
        (pem("CERTIFICATE", certificate), pem(key_kind, key))
    };
    let mut resources = InMemory::default();
    let mut map = ConfigMap::default();
    (map.metadata.namespace, map.metadata.name) = ("infra".to_owned(), "ca".to_owned());
    map.data.insert("ca.crt".to_owned(), String::from_utf8_lossy(&certificate).into_owned());
    resources.add_config_map(map);
    let mut secret = Secret::default();
    (secret.metadata.namespace, secret.metadata.name) = ("infra".to_owned(), "pair".to_owned());
    secret.data.insert("tls.crt".to_owned(), certificate);
    secret.data.insert("tls.key".to_owned(), key);
    resources.add_secret(secret);

    let conversion = convert(&GATEWAY, &resources, &Options::default());
    assert_eq!(convert(&GATEWAY, &resources, &Options::default()), conversion);
    let conditions = conversion.listeners.iter().flat_map(|listener| &listener.conditions);
    for condition in conditions.chain(&conversion.conditions) {
        assert!(condition.message.chars().count() < 4000, "{}", condition.message);
    }
    // The verdict on the pair is the same for both sides.
    let is_sound =
        |kind: istio_gateway::RuleId| conversion.diagnostics.iter().all(|found| found.rule != kind);
    use istio_gateway::rule::gateway_api::{CERTIFICATE, CLIENT_CERTIFICATE};
    assert_eq!(is_sound(CERTIFICATE), is_sound(CLIENT_CERTIFICATE));
});

fn pem(kind: &str, der: &[u8]) -> Vec<u8> {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der)).into_bytes()
}
