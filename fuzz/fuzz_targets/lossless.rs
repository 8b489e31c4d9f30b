//! A document, edits of the typed message, and the written document: it has the edits, and nothing
//! else is lost.
//!
//! The input is the number of bytes that select edits, these bytes, and the document.

#![no_main]

use std::collections::BTreeMap;

use fuzz::same_data;
use istio_gateway::{Gateway, Lossless, Port, Server, ServerTlsSettings, json};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((&count, rest)) = data.split_first() else { return };
    let Some((edits, text)) = rest.split_at_checked(usize::from(count % 32)) else { return };
    if let Ok(gateway) = Lossless::<Gateway>::from_json(text) {
        if let Ok(original) = serde_json::from_slice::<Value>(text) {
            let written = serde_json::from_str(&gateway.to_json()).expect("it was written here");
            assert!(same_data(&original, &written), "{}", gateway.to_json());
        }
        check(gateway, edits);
    }
    if let Ok(gateway) = std::str::from_utf8(text)
        .map_err(drop)
        .and_then(|text| Lossless::<Gateway>::from_yaml(text).map_err(drop))
    {
        check(gateway, edits);
    }
});

fn check(mut gateway: Lossless<Gateway>, edits: &[u8]) {
    let before = gateway.clone();
    let original: Option<Value> = serde_json::from_str(&before.to_json()).ok();
    let mut edits = edits.iter().map(|&edit| usize::from(edit));
    let mut only_moved = true;
    while let (Some(edit), Some(at)) = (edits.next(), edits.next()) {
        only_moved &= apply(&mut gateway, edit, at);
    }
    let written = gateway.to_json();
    let read = json::from_str::<Gateway>(&written).expect("it was written here");
    assert_eq!(read, *gateway, "{written}");
    let yaml = gateway.to_yaml();
    let read = Lossless::<Gateway>::from_yaml(&yaml).expect("it was written here");
    assert_eq!(*read, *gateway, "{yaml}");
    // Writing it again gives the same.
    let again = Lossless::<Gateway>::from_json(&written).expect("it was written here");
    assert_eq!(again.to_json(), written);
    if let (Some(original), Ok(written)) = (original, serde_json::from_str::<Value>(&written)) {
        // Its value equals its text.
        let value = serde_json::to_value(&gateway).expect("it is read by serde_json");
        assert!(same_data(&value, &written), "{written}");
        nothing_is_lost(&original, &written, only_moved);
    }
}

/// An edit of the message; returns whether it only moved whole servers.
fn apply(gateway: &mut Gateway, edit: usize, at: usize) -> bool {
    let servers = &mut gateway.servers;
    let len = servers.len();
    if edit % 8 < 3 && len == 0 {
        return true;
    }
    match edit % 8 {
        0 => {
            servers.swap(at % len, (at / len) % len);
            return true;
        }
        1 => servers.rotate_left(at % len),
        2 => servers.reverse(),
        3 => {
            let name = format!("fresh {at}");
            servers.insert(at % (len + 1), Server { name, ..Default::default() });
        }
        4 => {
            gateway.selector.insert(format!("k{}", at % 8), format!("v{at}"));
            if at % 5 == 0 {
                gateway.selector.pop_first();
            }
        }
        _ if len == 0 => {}
        5 => {
            servers.remove(at % len);
            return false;
        }
        6 => {
            let copy = servers[at % len].clone();
            servers.push(copy);
            return false;
        }
        _ => {
            let server = &mut servers[(at / 16) % len];
            change(server, at % 16);
            return false;
        }
    }
    true
}

fn change(server: &mut Server, what: usize) {
    let tls = server.tls.get_or_insert_with(Default::default);
    match what {
        0 => server.tls = None,
        1 => tls.insecure_skip_verify = Some(true),
        2 => tls.insecure_skip_verify = None,
        3 => tls.mode = 6,
        4 => *tls = ServerTlsSettings::default(),
        5 => tls.credential_names.push("x".into()),
        6 => drop(tls.credential_names.pop()),
        7 => tls.tls_certificates.insert(0, Default::default()),
        8 => drop(tls.tls_certificates.pop()),
        9 => server.port = None,
        10 => server.port = Some(Port { number: 443, ..Default::default() }),
        11 => server.port.get_or_insert_with(Default::default).target_port ^= 1,
        12 => server.hosts.clear(),
        13 => server.hosts.push("*\u{2028}".into()),
        14 => server.name.push('#'),
        _ => server.bind.clear(),
    }
}

/// The unknown fields of the gateway always stay, and so do those of servers that moved.
fn nothing_is_lost(original: &Value, written: &Value, only_moved: bool) {
    let (Value::Object(original), Value::Object(written)) = (original, written) else { return };
    let known = ["servers", "selector"];
    for (key, value) in original.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        assert_eq!(written.get(key), Some(value), "{key}");
    }
    let (Some(original), true) = (original.get("servers"), only_moved) else { return };
    let unknown = |servers: &Value| {
        let mut count = BTreeMap::<String, usize>::new();
        for server in servers.as_array().into_iter().flatten() {
            *count.entry(unknown_of(server)).or_default() += 1;
        }
        count
    };
    let left = unknown(written.get("servers").unwrap_or(&Value::Null));
    for (fields, count) in unknown(original) {
        let is_there = left.get(&fields).is_some_and(|left| *left >= count);
        assert!(fields == "{}" || is_there, "{fields} is lost");
    }
}

/// The unknown fields of a server.
fn unknown_of(server: &Value) -> String {
    let known = ["port", "bind", "hosts", "tls", "defaultEndpoint", "default_endpoint", "name"];
    let fields = server.as_object().into_iter().flatten();
    let unknown: serde_json::Map<_, _> = fields
        .filter(|(key, _)| !known.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::Object(unknown).to_string()
}
