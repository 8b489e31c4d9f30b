//! What this crate writes of Envoy's messages, envoy-types reads and writes again as the same
//! bytes, and the other way round.

use std::{fmt::Debug, fs};

use envoy_types::pb::envoy::extensions::{
    filters::network::http_connection_manager::v3 as theirs_http,
    transport_sockets::tls::v3 as theirs,
};
use istio_gateway::{
    envoy::{DownstreamTlsContext, HttpConnectionManager},
    prost::Message,
};
use serde_json::{Value, json};

/// Ours to bytes, to theirs, to bytes, to ours: the same everywhere.
#[track_caller]
fn same<Ours: Message + Default + PartialEq + Debug, Theirs: Message + Default>(ours: &Ours) {
    let bytes = ours.encode_to_vec();
    let theirs = Theirs::decode(&*bytes).unwrap();
    // An unknown field would be gone, and a field of another type would not be read.
    assert_eq!(theirs.encode_to_vec(), bytes);
    assert_eq!(&Ours::decode(&*theirs.encode_to_vec()).unwrap(), ours);
}

#[test]
fn every_context_of_pilot_s() {
    let text = fs::read_to_string("../../tests/golden/envoy.ndjson").unwrap();
    let (mut contexts, mut settings) = (0, 0);
    for line in text.split_terminator('\n') {
        let case: Value = serde_json::from_str(line).unwrap();
        let output = &case["output"];
        if !output["tls_context"].is_null() {
            let ours: DownstreamTlsContext =
                serde_json::from_value(output["tls_context"].clone()).unwrap();
            same::<_, theirs::DownstreamTlsContext>(&ours);
            contexts += 1;
        }
        if !output["xfcc"].is_null() {
            let ours: HttpConnectionManager =
                serde_json::from_value(output["xfcc"].clone()).unwrap();
            same::<_, theirs_http::HttpConnectionManager>(&ours);
            settings += 1;
        }
    }
    println!("{contexts} contexts and {settings} xfcc settings are the same bytes");
    assert_eq!((contexts, settings), (669, 300));
}

/// Every field of the subset, each branch of each oneof.
#[test]
fn every_field() {
    let grpc = json!({
        "api_config_source": {
            "api_type": "DELTA_GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "a", "authority": "b"}}],
            "set_node_on_first_message_only": true,
        },
        "initial_fetch_timeout": "1.500s",
        "resource_api_version": "V3",
    });
    let secrets = json!([
        {"name": "a", "sds_config": grpc},
        {"name": "b", "sds_config": {"ads": {}, "resource_api_version": "V2"}},
    ]);
    let context = json!({
        "trusted_ca": {"filename": "a"},
        "verify_certificate_spki": ["b"],
        "verify_certificate_hash": ["c"],
        "match_typed_subject_alt_names": [
            {"san_type": "OTHER_NAME", "matcher": {"exact": "d"}, "oid": "1.2"},
            {"san_type": "URI", "matcher": {"prefix": "e", "ignore_case": true}},
        ],
        "match_subject_alt_names": [{"suffix": "f"}, {"contains": "g"}],
        "crl": {"inline_string": "h"},
        "allow_expired_certificate": true,
        "trust_chain_verification": "ACCEPT_UNTRUSTED",
        "only_verify_leaf_cert_crl": true,
    });
    let other =
        json!({"trusted_ca": {"inline_bytes": "AAE="}, "crl": {"environment_variable": "i"}});
    let combined = json!({
        "default_validation_context": context,
        "validation_context_sds_secret_config": secrets[0],
    });
    for (validation, tickets, value) in [
        (
            json!({"combined_validation_context": combined}),
            "disable_stateless_session_resumption",
            json!(true),
        ),
        (
            json!({"validation_context": other}),
            "session_ticket_keys",
            json!({"keys": [{"filename": "l"}]}),
        ),
        (
            json!({"validation_context_sds_secret_config": secrets[1]}),
            "session_ticket_keys_sds_secret_config",
            secrets[0].clone(),
        ),
    ] {
        let mut common = validation;
        common["tls_params"] = json!({
            "tls_minimum_protocol_version": "TLSv1_0",
            "tls_maximum_protocol_version": "TLSv1_3",
            "cipher_suites": ["j"],
            "ecdh_curves": ["k"],
        });
        common["tls_certificate_sds_secret_configs"] = secrets.clone();
        common["alpn_protocols"] = json!(["h2"]);
        let mut whole = json!({
            "common_tls_context": common,
            "require_client_certificate": true,
            "require_sni": false,
            "disable_stateful_session_resumption": true,
            "session_timeout": "60s",
        });
        whole[tickets] = value;
        let ours: DownstreamTlsContext = serde_json::from_value(whole.clone()).unwrap();
        assert_eq!(serde_json::to_value(&ours).unwrap(), whole);
        same::<_, theirs::DownstreamTlsContext>(&ours);
    }
    for details in
        ["SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"]
    {
        let ours: HttpConnectionManager = serde_json::from_value(json!({
            "forward_client_cert_details": details,
            "set_current_client_cert_details":
                {"subject": true, "cert": true, "chain": true, "dns": true, "uri": true},
            "xff_num_trusted_hops": 2,
        }))
        .unwrap();
        same::<_, theirs_http::HttpConnectionManager>(&ours);
    }
}
