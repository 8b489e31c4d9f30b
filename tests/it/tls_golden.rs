//! Each mode with each value of `insecure_skip_verify`: upstream's bytes in JSON, YAML and wire.

use std::fs;

use istio_gateway::{Gateway, Manifest, TlsMode, json, prost::Message as _};

const MODES: [TlsMode; 6] = [
    TlsMode::Passthrough,
    TlsMode::Simple,
    TlsMode::Mutual,
    TlsMode::AutoPassthrough,
    TlsMode::IstioMutual,
    TlsMode::OptionalMutual,
];

fn each(check: impl Fn(TlsMode, Option<bool>, &dyn Fn(&str) -> String)) {
    for mode in MODES {
        for skip in [None, Some(false), Some(true)] {
            let skip_name = skip.map_or("unset".to_owned(), |skip| skip.to_string());
            let read = |ending: &str| {
                let path = format!("tests/golden/tls/{mode}-{skip_name}.{ending}");
                fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
            };
            check(mode, skip, &read);
        }
    }
}

#[track_caller]
fn has_the_mode_of_its_name(gateway: &Gateway, mode: TlsMode, skip: Option<bool>) {
    let tls = gateway.servers[0].tls.as_ref().unwrap();
    assert_eq!(tls.tls_mode(), Ok(mode));
    assert_eq!(tls.insecure_skip_verify, skip, "unset, false and true are three values");
}

#[test]
fn json_is_upstream_s_byte_for_byte() {
    each(|mode, skip, read| {
        let golden = read("json");
        let gateway: Gateway = json::from_str(&golden).unwrap();
        has_the_mode_of_its_name(&gateway, mode, skip);
        assert_eq!(json::to_string(&gateway) + "\n", golden);
        assert!(json::decode_str::<Gateway>(&golden).unwrap().into_strict().is_ok());
    });
}

#[test]
fn wire_is_upstream_s_byte_for_byte() {
    each(|mode, skip, read| {
        let hex = read("hex");
        let golden: Vec<u8> =
            hex.split_whitespace().map(|b| u8::from_str_radix(b, 16).unwrap()).collect();
        let gateway = Gateway::decode(&*golden).unwrap();
        has_the_mode_of_its_name(&gateway, mode, skip);
        assert_eq!(gateway.encode_to_vec(), golden);
        assert_eq!(gateway, json::from_str(&read("json")).unwrap());
    });
}

#[test]
fn yaml_is_read_as_by_go() {
    each(|mode, skip, read| {
        let golden = read("yaml");
        let manifest = Manifest::from_yaml_strict(&golden).unwrap();
        has_the_mode_of_its_name(manifest.spec(), mode, skip);
        assert_eq!(manifest.to_yaml(), golden);
        assert_eq!(*manifest.spec(), json::from_str(&read("json")).unwrap());
    });
}

#[test]
fn plain_proto3_json_of_these_is_the_same() {
    each(|_, _, read| {
        let golden = read("json");
        let gateway: Gateway = serde_json::from_str(&golden).unwrap();
        assert_eq!(serde_json::to_string(&gateway).unwrap() + "\n", golden);
    });
}
