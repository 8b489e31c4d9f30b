//! Validation, Envoy's configuration, and the table of clients.

use istio_gateway::{
    Manifest, Object,
    client_certificate::{ClientCertificatePolicy, Forwarding},
    envoy::{self, translate_server},
    validate::{self, validate_gateway, validate_manifest},
};

use super::{leak, servers};
use crate::{
    documents::{gateway, manifest, spec_json},
    runner::{Column, Operation, Suite},
};

pub fn validate(sizes: &[usize]) -> Suite {
    let column = |n| {
        let text = leak(manifest("edge", n));
        let options = validate::Options::default();
        let read = Manifest::from_yaml(text).unwrap();
        let object = Object::from_yaml(text).unwrap();
        let spec = read.spec().clone();
        assert!(validate_manifest(&read, &options).is_accepted());
        let operations = vec![
            Operation::new("Manifest::from_yaml", || Manifest::from_yaml(text).unwrap()),
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
        baseline: "Manifest::from_yaml",
        targets: Vec::new(),
    }
}

pub fn envoy(sizes: &[usize]) -> Suite {
    const TRANSLATE: &str = "translate_server of every server";
    let column = |n| {
        let ours = gateway(n);
        let again = ours.clone();
        let options = envoy::Options::default();
        let operations = vec![
            Operation::new(TRANSLATE, {
                let options = options.clone();
                move || {
                    let translate = |server| translate_server(server, &options);
                    ours.servers.iter().map(translate).collect::<Vec<_>>()
                }
            }),
            Operation::new("the same, as JSON", move || {
                let translate = |server| translate_server(server, &options).tls_context;
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
                for row in ClientCertificatePolicy::from_settings(tls).all_outcomes() {
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
