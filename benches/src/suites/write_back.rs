//! Read, changed and written back.

use istio_gateway::{Gateway, Lossless, Manifest, json};

use super::{leak, servers};
use crate::{
    documents::{manifest, spec_json},
    runner::{Column, Operation, Suite},
};

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
            Operation::new("Manifest::from_yaml, to_yaml", move || {
                let mut manifest = Manifest::from_yaml(yaml).unwrap();
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
