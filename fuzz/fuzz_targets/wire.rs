//! Bytes as the wire format: what is read survives the wire, JSON and a manifest.

#![no_main]

use fuzz::{IstioCondition, IstioStatus, for_type};
use istio_gateway::{
    Gateway, Manifest, Timestamp,
    json::{self, Message},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, wire)) = data.split_first() else { return };
    for_type!(first, check(wire));
    if let (0, Ok(gateway)) = (first % 10, decode::<Gateway>(wire)) {
        let yaml = Manifest::new("edge", gateway.clone()).to_yaml();
        let manifest = Manifest::from_yaml(&yaml).expect("it was written here");
        assert_eq!(*manifest.spec(), gateway, "{yaml}");
    }
});

fn decode<T: Message>(wire: &[u8]) -> Result<T, istio_gateway::prost::DecodeError> {
    T::decode(wire)
}

fn check<T: Message + std::fmt::Debug>(wire: &[u8]) {
    let Ok(message) = decode::<T>(wire) else { return };
    let encoded = message.encode_to_vec();
    assert_eq!(decode::<T>(&encoded).expect("it was written here"), message);
    let written = json::to_string(&message);
    serde_json::from_str::<serde_json::Value>(&written).expect("JSON is written for anything");
    if has_odd_times(&encoded, T::NAME) {
        return;
    }
    assert_eq!(json::from_str::<T>(&written).expect("it was written here"), message, "{written}");
}

/// Whether JSON cannot represent a time: Go's parser accepts years of four digits, and its writer
/// rejects nanoseconds beyond a second, which are carried over here.
fn has_odd_times(wire: &[u8], name: &str) -> bool {
    let is_odd = |time: &Timestamp| {
        !(-62_167_219_200..253_402_300_800).contains(&time.seconds)
            || !(0..1_000_000_000).contains(&time.nanos)
    };
    let has_odd = |condition: &IstioCondition| {
        [&condition.last_probe_time, &condition.last_transition_time]
            .into_iter()
            .flatten()
            .any(is_odd)
    };
    match name {
        "IstioCondition" => decode(wire).is_ok_and(|condition| has_odd(&condition)),
        "IstioStatus" => {
            decode::<IstioStatus>(wire).is_ok_and(|status| status.conditions.iter().any(has_odd))
        }
        _ => false,
    }
}
