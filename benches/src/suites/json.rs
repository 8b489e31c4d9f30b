//! JSON against plain serde, the peers and Go.

use istio_gateway::{Gateway, json};

use super::{leak, servers};
use crate::{
    derived,
    documents::{gateway, spec_json},
    runner::{Column, Operation, Suite, Target},
};

const SLICE: &str = "json::from_slice";
const DERIVED_SLICE: &str = "serde-derived structs, serde_json::from_slice";
const TO_STRING: &str = "json::to_string";
const DERIVED_TO_STRING: &str = "serde-derived structs, serde_json::to_string";
const GO_UNMARSHAL: &str = "Go json.Unmarshal";
/// Without the feature `peers` only the first is measured.
const PEERS_SLICE: [&str; 4] = [
    "serde_json::from_slice (pbjson)",
    "istio-api-rs 0.12.0, from_slice",
    "kcr_networking_istio_io 3.20260614, from_slice",
    "istio-sdk 0.1.3, from_slice (without OPTIONAL_MUTUAL)",
];
/// Without the feature `peers` only the first is measured.
const PEERS_TO_STRING: [&str; 4] = [
    "serde_json::to_string (pbjson)",
    "istio-api-rs 0.12.0, to_string",
    "kcr_networking_istio_io 3.20260614, to_string",
    "istio-sdk 0.1.3, to_string (without OPTIONAL_MUTUAL)",
];

pub fn json_decode(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(spec_json(n));
        let bytes = text.as_bytes();
        let want: Gateway = json::from_str(text).unwrap();
        let derived: derived::Gateway = serde_json::from_str(text).unwrap();
        // A reader with another result is not compared.
        assert_eq!(json::to_string(&want), text);
        assert_eq!(serde_json::to_string(&derived).unwrap(), text);
        assert_eq!(serde_json::from_str::<Gateway>(text).unwrap(), want);
        assert!(json::decode_str::<Gateway>(text).unwrap().diagnostics.is_empty());
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let operations = vec![
            Operation::new(SLICE, || json::from_slice::<Gateway>(bytes).unwrap()),
            Operation::new("json::from_str", || json::from_str::<Gateway>(text).unwrap()),
            Operation::new("json::decode_slice, strict", || {
                json::decode_slice::<Gateway>(bytes).unwrap().into_strict().unwrap()
            }),
            Operation::new("json::decode of a serde_json::Value", move || {
                json::decode::<Gateway, _>(&value).unwrap().into_lenient().unwrap()
            }),
            Operation::new(PEERS_SLICE[0], || serde_json::from_slice::<Gateway>(bytes).unwrap()),
            Operation::new(DERIVED_SLICE, || {
                serde_json::from_slice::<derived::Gateway>(bytes).unwrap()
            }),
            Operation::new("serde-derived structs, serde_json::from_str", || {
                serde_json::from_str::<derived::Gateway>(text).unwrap()
            }),
            #[cfg(feature = "peers")]
            Operation::new(PEERS_SLICE[1], || {
                use istio_api_rs::networking::v1::gateway::GatewaySpec;
                serde_json::from_slice::<GatewaySpec>(bytes).unwrap()
            }),
            #[cfg(feature = "peers")]
            Operation::new(PEERS_SLICE[2], || {
                use kcr_networking_istio_io::v1::gateways::GatewaySpec;
                serde_json::from_slice::<GatewaySpec>(bytes).unwrap()
            }),
            #[cfg(feature = "peers")]
            Operation::new(PEERS_SLICE[3], {
                // It rejects the mode, so MUTUAL is used.
                let text = leak(text.replace("OPTIONAL_MUTUAL", "MUTUAL"));
                use istio_sdk::networking::v1beta1::gateway::GatewaySpec;
                || serde_json::from_slice::<GatewaySpec>(text.as_bytes()).unwrap()
            }),
            Operation::go(GO_UNMARSHAL, "json_decode"),
            Operation::go("Go protojson.Unmarshal", "protojson_decode"),
        ];
        Column {
            name: servers(n),
            servers: n,
            file: (format!("decode-{n}.json"), text),
            operations,
        }
    };
    let target = |slower, at_least, text| Target { from: 0, text, slower, faster: SLICE, at_least };
    let mut targets = vec![
        target(DERIVED_SLICE, 1.0, "faster than serde-derived structs"),
        target(GO_UNMARSHAL, 20.0, "20 times as fast as Go's json.Unmarshal"),
    ];
    targets.extend(PEERS_SLICE.map(|peer| target(peer, 1.0, "no slower than the fastest peer")));
    Suite {
        name: "json-decode",
        title: "JSON decode",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: DERIVED_SLICE,
        targets,
    }
}

pub fn json_encode(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(spec_json(n));
        let ours = gateway(n);
        let plain = ours.clone();
        let derived: derived::Gateway = serde_json::from_str(text).unwrap();
        let operations = vec![
            Operation::new(TO_STRING, move || json::to_string(&ours)),
            Operation::new(PEERS_TO_STRING[0], move || serde_json::to_string(&plain).unwrap()),
            Operation::new(DERIVED_TO_STRING, move || serde_json::to_string(&derived).unwrap()),
            #[cfg(feature = "peers")]
            Operation::new(PEERS_TO_STRING[1], {
                use istio_api_rs::networking::v1::gateway::GatewaySpec;
                let spec: GatewaySpec = serde_json::from_str(text).unwrap();
                move || serde_json::to_string(&spec).unwrap()
            }),
            #[cfg(feature = "peers")]
            Operation::new(PEERS_TO_STRING[2], {
                use kcr_networking_istio_io::v1::gateways::GatewaySpec;
                let spec: GatewaySpec = serde_json::from_str(text).unwrap();
                move || serde_json::to_string(&spec).unwrap()
            }),
            #[cfg(feature = "peers")]
            Operation::new(PEERS_TO_STRING[3], {
                use istio_sdk::networking::v1beta1::gateway::GatewaySpec;
                let text = text.replace("OPTIONAL_MUTUAL", "MUTUAL");
                let spec: GatewaySpec = serde_json::from_str(&text).unwrap();
                move || serde_json::to_string(&spec).unwrap()
            }),
            Operation::go("Go json.Marshal", "json_encode"),
            Operation::go("Go protojson.Marshal", "protojson_encode"),
        ];
        Column {
            name: servers(n),
            servers: n,
            file: (format!("encode-{n}.json"), text),
            operations,
        }
    };
    let target = |slower, text| Target { from: 0, text, slower, faster: TO_STRING, at_least: 1.0 };
    let mut targets = vec![target(DERIVED_TO_STRING, "no slower than serde-derived structs")];
    targets.extend(PEERS_TO_STRING.map(|peer| target(peer, "no slower than the fastest peer")));
    Suite {
        name: "json-encode",
        title: "JSON encode",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: DERIVED_TO_STRING,
        targets,
    }
}
