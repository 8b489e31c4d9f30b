//! Random edits for `conformance/edits`, which generates them and judges the results.

use std::{
    env,
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
};

use istio_gateway::{Gateway, Manifest, Server, ServerTlsSettings, TlsMode};
use serde_json::{Value, json};

#[test]
#[ignore = "edits the cases of conformance/edits: ISTIO_GATEWAY_EDITS=FILE, ISTIO_GATEWAY_EDITED=FILE"]
fn edits_for_go() {
    let file = |name| env::var(name).unwrap_or_else(|_| panic!("{name} names the file"));
    let cases = BufReader::new(File::open(file("ISTIO_GATEWAY_EDITS")).unwrap());
    let mut out = BufWriter::new(File::create(file("ISTIO_GATEWAY_EDITED")).unwrap());
    for line in cases.lines() {
        let mut case: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let yaml = case["yaml"].as_str().unwrap();
        let mut manifest = Manifest::from_yaml(yaml).unwrap_or_else(|e| panic!("{e}\n{yaml}"));
        for edit in case["edits"].as_array().unwrap() {
            apply(edit, manifest.spec_mut());
        }
        let written = manifest.write();
        case["edited"] = json!(written.text);
        case["rewritten"] = json!(written.rewritten.map_or_else(String::new, |r| r.to_string()));
        writeln!(out, "{case}").unwrap();
    }
}

fn apply(edit: &Value, spec: &mut Gateway) {
    let index = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
    let text = |key: &str| edit[key].as_str().unwrap().to_owned();
    let (a, b, value) = (index("a"), index("b"), text("value"));
    match edit["op"].as_str().unwrap() {
        "add-server" => {
            let hosts = vec![format!("{value}.example")];
            spec.servers.insert(a, Server { name: value, hosts, ..Default::default() });
        }
        "remove-server" => drop(spec.servers.remove(a)),
        "swap-servers" => spec.servers.swap(a, b),
        "set-selector" => drop(spec.selector.insert(text("key"), value)),
        "remove-selector" => drop(spec.selector.remove(&text("key"))),
        op => apply_to_server(op, edit, &mut spec.servers[index("server")]),
    }
}

fn apply_to_server(op: &str, edit: &Value, server: &mut Server) {
    let index = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
    let (a, b, value) = (index("a"), index("b"), edit["value"].as_str().unwrap().to_owned());
    let number = || value.parse::<u32>().unwrap_or_default();
    match (op, edit["key"].as_str().unwrap()) {
        ("set-host", _) => server.hosts[a] = value,
        ("add-host", _) => server.hosts.insert(a, value),
        ("remove-host", _) => drop(server.hosts.remove(a)),
        ("swap-hosts", _) => server.hosts.swap(a, b),
        ("add-tls", _) => {
            let mode = TlsMode::Mutual.into();
            let tls = ServerTlsSettings { mode, credential_name: value, ..Default::default() };
            server.tls = Some(tls);
        }
        ("remove-tls", _) => server.tls = None,
        ("set", "name") => server.name = value,
        ("set", "bind") => server.bind = value,
        ("set", "defaultEndpoint") => server.default_endpoint = value,
        ("set", "port.number") => server.port.get_or_insert_default().number = number(),
        ("set", "port.name") => server.port.get_or_insert_default().name = value,
        ("set", "tls.mode") => {
            server.tls.get_or_insert_default().mode = number().cast_signed();
        }
        ("set", "tls.credentialName") => server.tls.get_or_insert_default().credential_name = value,
        (op, key) => panic!("unknown edit {op} {key}"),
    }
}
