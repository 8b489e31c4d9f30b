//! The wire format against bare prost and Go.

use istio_gateway::{Gateway, prost::Message as _};

use super::{leak, servers};
use crate::{
    bare,
    documents::{gateway, spec_json},
    runner::{Column, Operation, Suite, Target},
};

const DECODE: &str = "Gateway::decode";
const BARE_DECODE: &str = "bare prost, decode";
const ENCODE: &str = "Gateway::encode_to_vec";
const BARE_ENCODE: &str = "bare prost, encode_to_vec";

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

/// The smallest document whose time exceeds the clock's resolution.
fn equal_to_bare_prost(slower: &'static str, faster: &'static str) -> Target {
    Target { from: 1, text: "equal to bare prost, within 10%", slower, faster, at_least: 0.9 }
}
