//! The suites: which operations on which documents.

use istio_gateway::{
    Document, Gateway, Lossless, Manifest, Object,
    client_certificate::{ClientCertificatePolicy, Forwarding},
    documents as read_documents,
    envoy::{self, downstream_tls_context},
    json, prost,
    validate::{self, validate_gateway, validate_manifest},
};
use prost::Message as _;
use serde::Deserialize;

use crate::{
    bare, derived,
    documents::{gateway, manifest, spec_json, stream},
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
const DECODE: &str = "Gateway::decode";
const BARE_DECODE: &str = "bare prost, decode";
const ENCODE: &str = "Gateway::encode_to_vec";
const BARE_ENCODE: &str = "bare prost, encode_to_vec";
const PARSE: &str = "Manifest::parse";
const DOCUMENTS: &str = "documents";
const SAPHYR: &str = "serde-derived structs, serde-saphyr 2";
/// libyaml, translated from C to Rust.
const YAML_NG: &str = "serde-derived structs, serde_yaml_ng 0.10";
const NORWAY: &str = "serde-derived structs, serde_norway 0.9";
const GO_YAML: &str = "Go sigs.k8s.io/yaml, client-go";

/// Makes a suite of the given numbers of servers.
pub type Make = fn(&[usize]) -> Suite;

/// All suites by name, made when they are wanted.
pub const SUITES: [(&str, Make); 11] = [
    ("json-decode", json_decode),
    ("json-encode", json_encode),
    ("yaml", yaml),
    ("yaml-stream", yaml_stream),
    ("wire-decode", wire_decode),
    ("wire-encode", wire_encode),
    ("write-back", write_back),
    ("write-back-all", write_back_all),
    ("validate", validate),
    ("envoy", envoy),
    ("explain", explain),
];

/// How many servers a document has.
pub const SIZES: [usize; 4] = [1, 3, 100, 10_000];

fn servers(n: usize) -> String {
    match n {
        1 => "1 server".into(),
        1000.. => format!("{},{:03} servers", n / 1000, n % 1000),
        n => format!("{n} servers"),
    }
}

fn leak(text: String) -> &'static str {
    text.leak()
}

pub fn json_decode(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(spec_json(n));
        let bytes = text.as_bytes();
        let want: Gateway = json::from_str(text).unwrap();
        let derived: derived::Gateway = serde_json::from_str(text).unwrap();
        // Whoever reads something else is not compared with.
        assert_eq!(json::to_string(&want), text);
        assert_eq!(serde_json::to_string(&derived).unwrap(), text);
        assert_eq!(serde_json::from_str::<Gateway>(text).unwrap(), want);
        assert!(json::decode_str::<Gateway>(text).unwrap().diagnostics.is_empty());
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let operations = vec![
            Operation::new(SLICE, || json::from_slice::<Gateway>(bytes).unwrap()),
            Operation::new("json::from_str", || json::from_str::<Gateway>(text).unwrap()),
            Operation::new("json::decode_slice, strict", || {
                json::decode_slice::<Gateway>(bytes).unwrap().strict().unwrap()
            }),
            Operation::new("json::decode of a serde_json::Value", move || {
                json::decode::<Gateway, _>(&value).unwrap().tolerant().unwrap()
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
                // It refuses the mode; MUTUAL in its place.
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

pub fn yaml(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(manifest("edge", n));
        // Its limits are made for smaller documents.
        let options = serde_saphyr::options! { budget: None };
        let derived: derived::Object = serde_saphyr::from_str_with_options(text, options).unwrap();
        let ours = Manifest::parse_strict(text).unwrap();
        assert_eq!(derived.spec.servers.len(), n);
        assert_eq!(*ours.spec(), gateway(n));
        let operations = vec![
            Operation::new(PARSE, || Manifest::parse(text).unwrap()),
            Operation::new(SAPHYR, || {
                let options = serde_saphyr::options! { budget: None };
                serde_saphyr::from_str_with_options::<derived::Object>(text, options).unwrap()
            }),
            Operation::new(YAML_NG, || serde_yaml_ng::from_str::<derived::Object>(text).unwrap()),
            Operation::new(NORWAY, || serde_norway::from_str::<derived::Object>(text).unwrap()),
            Operation::go(GO_YAML, "yaml_decode"),
        ];
        let name = format!("{} ({} KB)", servers(n), (text.len() + 500) / 1000);
        Column { name, servers: n, file: (format!("manifest-{n}.yaml"), text), operations }
    };
    Suite {
        name: "yaml",
        title: "YAML, one document",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: PARSE,
        targets: yaml_targets(PARSE, 5.0, "5 times as fast as Go"),
    }
}

fn yaml_targets(faster: &'static str, go: f64, text: &'static str) -> Vec<Target> {
    let target = |slower, at_least, text| Target { from: 0, text, slower, faster, at_least };
    vec![
        target(GO_YAML, go, text),
        target(SAPHYR, 2.0, "twice as fast as serde-saphyr"),
        target(YAML_NG, 1.0, "level with libyaml, translated"),
        target(NORWAY, 1.0, "level with libyaml, translated"),
    ]
}

pub fn yaml_stream(_: &[usize]) -> Suite {
    let n = 10_000;
    let text = leak(stream(n));
    let ours = || read_documents(text).filter(|d| matches!(d, Ok(Document::Gateway(_)))).count();
    assert_eq!(ours(), n);
    let operations = vec![
        Operation::new(DOCUMENTS, ours),
        Operation::new(SAPHYR, move || {
            // Its limits are made for one document.
            let options = serde_saphyr::options! { budget: None };
            let all: Vec<derived::Object> =
                serde_saphyr::from_multiple_with_options(text, options).unwrap();
            assert_eq!(all.len(), n);
        }),
        Operation::new(YAML_NG, move || {
            let all = serde_yaml_ng::Deserializer::from_str(text);
            assert_eq!(all.filter_map(|d| derived::Object::deserialize(d).ok()).count(), n);
        }),
        Operation::new(NORWAY, move || {
            let all = serde_norway::Deserializer::from_str(text);
            assert_eq!(all.filter_map(|d| derived::Object::deserialize(d).ok()).count(), n);
        }),
        Operation::go(GO_YAML, "yaml_stream_decode"),
    ];
    let name = format!("10,000 documents ({:.1} MB)", text.len() as f64 / 1e6);
    Suite {
        name: "yaml-stream",
        title: "YAML, a stream",
        columns: vec![Column { name, servers: n, file: ("stream.yaml".into(), text), operations }],
        baseline: DOCUMENTS,
        targets: yaml_targets(DOCUMENTS, 4.0, "4 times as fast as Go"),
    }
}

pub fn wire_decode(sizes: &[usize]) -> Suite {
    let column = |n| {
        let wire: &[u8] = gateway(n).encode_to_vec().leak();
        let operations = vec![
            Operation::new(DECODE, move || Gateway::decode(wire).unwrap()),
            Operation::new(BARE_DECODE, move || bare::Gateway::decode(wire).unwrap()),
            Operation::go("Go proto.Unmarshal", "wire_decode"),
        ];
        let file = (format!("wire-decode-{n}.json"), leak(spec_json(n)));
        Column { name: servers(n), servers: n, file, operations }
    };
    Suite {
        name: "wire-decode",
        title: "Wire decode",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: DECODE,
        targets: vec![equal_to_bare_prost(BARE_DECODE, DECODE)],
    }
}

pub fn wire_encode(sizes: &[usize]) -> Suite {
    let column = |n| {
        let ours = gateway(n);
        let bare = bare::Gateway::decode(&*ours.encode_to_vec()).unwrap();
        let operations = vec![
            Operation::new(ENCODE, move || ours.encode_to_vec()),
            Operation::new(BARE_ENCODE, move || bare.encode_to_vec()),
            Operation::go("Go proto.Marshal", "wire_encode"),
        ];
        let file = (format!("wire-encode-{n}.json"), leak(spec_json(n)));
        Column { name: servers(n), servers: n, file, operations }
    };
    Suite {
        name: "wire-encode",
        title: "Wire encode",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: ENCODE,
        targets: vec![equal_to_bare_prost(BARE_ENCODE, ENCODE)],
    }
}

/// From a document on whose time is more than the clock's own uncertainty.
fn equal_to_bare_prost(slower: &'static str, faster: &'static str) -> Target {
    Target { from: 1, text: "equal to bare prost, within 5%", slower, faster, at_least: 0.95 }
}

/// Something to change that is neither the first nor the last of its kind.
fn edit(gateway: &mut Gateway) {
    let middle = gateway.servers.len() / 2;
    if let Some(tls) = gateway.servers[middle].tls.as_mut() {
        tls.insecure_skip_verify = Some(true);
        tls.credential_name = "rotated".into();
    }
}

/// Moves every server and changes each of them.
fn edit_all(gateway: &mut Gateway) {
    gateway.servers.rotate_left(1);
    gateway.servers.insert(0, Default::default());
    for server in &mut gateway.servers {
        server.bind = "10.0.0.1".into();
    }
}

pub fn write_back(sizes: &[usize]) -> Suite {
    write_back_after("write-back", "Read, one change, write back", edit, sizes)
}

pub fn write_back_all(sizes: &[usize]) -> Suite {
    let title = "Read, every server moved and changed, write back";
    write_back_after("write-back-all", title, edit_all, sizes)
}

fn write_back_after(
    name: &'static str,
    title: &'static str,
    edit: fn(&mut Gateway),
    sizes: &[usize],
) -> Suite {
    const PLAIN: &str = "json::from_slice, json::to_string (loses what it does not know)";
    let column = |&n: &usize| {
        let (json, yaml) = (leak(spec_json(n)), leak(manifest("edge", n)));
        let lossless = move || {
            let mut gateway = Lossless::<Gateway>::from_json(json).unwrap();
            edit(&mut gateway);
            gateway.to_json()
        };
        let plain = move || {
            let mut gateway: Gateway = json::from_slice(json.as_bytes()).unwrap();
            edit(&mut gateway);
            json::to_string(&gateway)
        };
        let parsed = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(parsed(&lossless()), parsed(&plain()));
        let operations = vec![
            Operation::new("Lossless::from_json, to_json", lossless),
            Operation::new("Manifest::parse, to_yaml", move || {
                let mut manifest = Manifest::parse(yaml).unwrap();
                edit(manifest.spec_mut());
                manifest.to_yaml()
            }),
            Operation::new(PLAIN, plain),
            Operation::new("serde_json::Value, from_slice, to_string (unchanged)", move || {
                let value: serde_json::Value = serde_json::from_slice(json.as_bytes()).unwrap();
                serde_json::to_string(&value).unwrap()
            }),
            Operation::new("serde_yaml_ng::Value, from_str, to_string (unchanged)", move || {
                let value: serde_yaml_ng::Value = serde_yaml_ng::from_str(yaml).unwrap();
                serde_yaml_ng::to_string(&value).unwrap()
            }),
        ];
        Column {
            name: servers(n),
            servers: n,
            file: (format!("{name}-{n}.json"), json),
            operations,
        }
    };
    Suite {
        name,
        title,
        columns: sizes.iter().map(column).collect(),
        baseline: PLAIN,
        targets: Vec::new(),
    }
}

pub fn validate(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(manifest("edge", n));
        let options = validate::Options::default();
        let read = Manifest::parse(text).unwrap();
        let object = Object::parse(text).unwrap();
        let spec = read.spec().clone();
        assert!(validate_manifest(&read, &options).is_accepted());
        let operations = vec![
            Operation::new("Manifest::parse", || Manifest::parse(text).unwrap()),
            Operation::new("validate::documents (read and judge)", {
                let options = options.clone();
                move || validate::documents(text, &options).collect::<Result<Vec<_>, _>>().unwrap()
            }),
            Operation::new("validate of an Object", {
                let options = options.clone();
                move || validate::validate(&object, &options)
            }),
            Operation::new("validate_manifest", {
                let options = options.clone();
                move || validate_manifest(&read, &options)
            }),
            Operation::new("validate_gateway", move || validate_gateway(&spec, &options)),
        ];
        let name = format!("{} ({} KB)", servers(n), (text.len() + 500) / 1000);
        Column { name, servers: n, file: (format!("validate-{n}.yaml"), text), operations }
    };
    Suite {
        name: "validate",
        title: "Validate",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: "Manifest::parse",
        targets: Vec::new(),
    }
}

pub fn envoy(sizes: &[usize]) -> Suite {
    const TRANSLATE: &str = "downstream_tls_context of every server";
    let column = |n| {
        let ours = gateway(n);
        let again = ours.clone();
        let options = envoy::Options::default();
        let operations = vec![
            Operation::new(TRANSLATE, {
                let options = options.clone();
                move || {
                    let translate = |server| downstream_tls_context(server, &options);
                    ours.servers.iter().map(translate).collect::<Vec<_>>()
                }
            }),
            Operation::new("the same, as JSON", move || {
                let translate = |server| downstream_tls_context(server, &options).tls_context;
                let all: Vec<_> = again.servers.iter().map(translate).collect();
                serde_json::to_string(&all).unwrap()
            }),
        ];
        let file = (format!("envoy-{n}.json"), leak(spec_json(n)));
        Column { name: servers(n), servers: n, file, operations }
    };
    Suite {
        name: "envoy",
        title: "Envoy's configuration",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: TRANSLATE,
        targets: Vec::new(),
    }
}

pub fn explain(sizes: &[usize]) -> Suite {
    const TABLE: &str = "the table of every server's clients";
    let column = |n| {
        let ours = gateway(n);
        let operations = vec![Operation::new(TABLE, move || {
            let mut headers = 0;
            for tls in ours.servers.iter().filter_map(|server| server.tls.as_ref()) {
                for row in ClientCertificatePolicy::of(tls).full_table() {
                    let seen = |forwarding| row.decision.header(forwarding, true);
                    headers += Forwarding::ALL.into_iter().filter_map(seen).count();
                }
            }
            headers
        })];
        let file = (format!("explain-{n}.json"), leak(spec_json(n)));
        Column { name: servers(n), servers: n, file, operations }
    };
    Suite {
        name: "explain",
        title: "What happens to each client's certificate",
        columns: sizes.iter().copied().map(column).collect(),
        baseline: TABLE,
        targets: Vec::new(),
    }
}
