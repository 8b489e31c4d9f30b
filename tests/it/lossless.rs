//! Unknown fields are not lost.

use istio_gateway::{
    Gateway, Lossless, Manifest, Server, ServerTlsSettings,
    lossless::{Mergeable, Schema},
    yaml,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

fn read(value: &Value) -> Lossless<Gateway> {
    Lossless::from_json(value.to_string()).unwrap()
}

#[track_caller]
fn becomes(document: &Value, edit: impl FnOnce(&mut Gateway), want: &Value) {
    let mut gateway = read(document);
    edit(&mut gateway);
    let written: Value = serde_json::from_str(&gateway.to_json()).unwrap();
    assert_eq!(written, *want);
    // Serialization and deserialization give the same.
    assert_eq!(serde_json::to_value(&gateway).unwrap(), *want);
    let mut by_serde: Lossless<Gateway> = serde_json::from_value(document.clone()).unwrap();
    *by_serde = (*gateway).clone();
    assert_eq!(serde_json::to_value(&by_serde).unwrap(), *want);
    // The written document has the edits.
    assert_eq!(*read(&written), *gateway);
}

fn server(name: &str) -> Value {
    json!({"name": name, "hosts": [name], "port": {"number": 443, "new": name}, "unknown": name})
}

#[test]
fn unknown_fields_stay_in_every_message() {
    becomes(
        &json!({"a": 1, "servers": [{"b": 2, "port": {"c": 3}, "tls": {"d": 4, "tlsCertificates": [{"e": 5}]}}]}),
        |g| {
            let server = &mut g.servers[0];
            server.name = "n".into();
            server.port.as_mut().unwrap().number = 1;
            let tls = server.tls.as_mut().unwrap();
            tls.insecure_skip_verify = Some(false);
            tls.tls_certificates[0].private_key = "k".into();
            g.selector.insert("s".into(), "t".into());
        },
        &json!({
            "a": 1,
            "servers": [{
                "b": 2, "name": "n", "port": {"c": 3, "number": 1},
                "tls": {"d": 4, "insecureSkipVerify": false, "tlsCertificates": [{"e": 5, "privateKey": "k"}]},
            }],
            "selector": {"s": "t"},
        }),
    );
}

#[test]
fn servers_take_their_unknown_fields_with_them() {
    let document = json!({"servers": [server("a"), server("b"), server("c")]});
    becomes(
        &document,
        |g| g.servers.swap(0, 2),
        &json!({"servers": [server("c"), server("b"), server("a")]}),
    );
    becomes(
        &document,
        |g| drop(g.servers.remove(0)),
        &json!({"servers": [server("b"), server("c")]}),
    );
    becomes(
        &document,
        |g| g.servers.insert(0, Server { name: "n".into(), ..Default::default() }),
        &json!({"servers": [{"name": "n"}, server("a"), server("b"), server("c")]}),
    );
    becomes(
        &document,
        |g| g.servers.rotate_left(1),
        &json!({"servers": [server("b"), server("c"), server("a")]}),
    );
}

#[test]
fn a_server_that_moves_and_changes_is_matched() {
    let document = json!({"servers": [server("a"), server("b")]});
    let mut changed = server("b");
    changed["bind"] = json!("::1");
    becomes(
        &document,
        |g| {
            g.servers.insert(0, Server::default());
            g.servers.swap(1, 2);
            g.servers[1].bind = "::1".into();
        },
        &json!({"servers": [{}, changed, server("a")]}),
    );
    becomes(
        &document,
        |g| {
            g.servers.remove(0);
            g.servers[0].bind = "::1".into();
        },
        &json!({"servers": [changed]}),
    );
}

#[test]
fn a_server_at_the_same_index_is_matched() {
    becomes(
        &json!({"servers": [server("a"), server("b")]}),
        |g| {
            g.servers[0] =
                Server { name: "x".into(), hosts: vec!["y".into()], ..Default::default() };
        },
        &json!({"servers": [{"name": "x", "hosts": ["y"], "unknown": "a"}, server("b")]}),
    );
}

#[test]
fn a_replacing_server_inherits_nothing() {
    let document = json!({"servers": [server("a"), server("b")]});
    becomes(
        &document,
        |g| {
            g.servers.remove(0);
            g.servers.push(Server {
                name: "c".into(),
                hosts: vec!["d".into()],
                ..Default::default()
            });
            g.servers.push(Server { name: "e".into(), ..Default::default() });
        },
        &json!({"servers": [server("b"), {"name": "c", "hosts": ["d"]}, {"name": "e"}]}),
    );
}

/// A resource whose elements are matched by different keys.
#[derive(Serialize, Deserialize)]
struct Elements {
    list: Vec<Element>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    value: u32,
}

impl Mergeable for Elements {
    const SCHEMA: &'static Schema = &Schema::new(&[]);

    fn read<'de, D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        Self::deserialize(document)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

#[test]
fn a_uid_is_not_a_name() {
    let document = json!({"list": [
        {"uid": "k", "value": 1, "new": "uid"},
        {"name": "k", "value": 2, "new": "name"},
    ]});
    let read = || serde_json::from_value::<Lossless<Elements>>(document.clone()).unwrap();
    let added = || Element { uid: Some("added".into()), name: None, value: 5 };

    let mut elements = read();
    elements.list.reverse();
    elements.list[0].value = 3;
    elements.list[1].value = 4;
    elements.list.push(added());
    let want = json!({"list": [
        {"name": "k", "value": 3, "new": "name"},
        {"uid": "k", "value": 4, "new": "uid"},
        {"uid": "added", "value": 5},
    ]});
    assert_eq!(serde_json::to_value(&elements).unwrap(), want);

    let mut elements = read();
    elements.list = vec![Element { uid: None, name: Some("added".into()), value: 3 }, added()];
    elements.list[1].uid = Some("k".into());
    elements.list.push(added());
    let want = json!({"list": [
        {"name": "added", "value": 3},
        {"uid": "k", "value": 5, "new": "uid"},
        {"uid": "added", "value": 5},
    ]});
    assert_eq!(serde_json::to_value(&elements).unwrap(), want);
}

#[test]
fn an_unset_message_loses_its_unknown_fields() {
    becomes(
        &json!({"servers": [{"name": "a", "tls": {"x": 1}}]}),
        |g| g.servers[0].tls = None,
        &json!({"servers": [{"name": "a"}]}),
    );
}

#[test]
fn unchanged_values_keep_their_form() {
    let document = json!({"servers": [{
        "port": {"number": "443", "target_port": 0, "protocol": null},
        "tls": {"mode": 1, "insecure_skip_verify": null, "privateKey": null, "private_key": "p"},
        "default_endpoint": "e", "hosts": [null, "h"],
    }], "selector": null});
    let mut want = document.clone();
    want["servers"][0]["name"] = json!("n");
    becomes(&document, |g| g.servers[0].name = "n".into(), &want);
}

#[test]
fn changed_values_keep_the_spelling_of_their_keys() {
    becomes(
        &json!({"servers": [{"tls": {"credential_name": "a", "mode": 1}, "default_endpoint": "e"}]}),
        |g| {
            g.servers[0].tls.as_mut().unwrap().credential_name = "b".into();
            g.servers[0].default_endpoint.clear();
        },
        &json!({"servers": [{"tls": {"credential_name": "b", "mode": 1}}]}),
    );
}

#[test]
fn an_observed_generation_that_is_not_a_number_stays() {
    let text = r#"{"observedGeneration":"abc","conditions":[{"type":"T","new":1}]}"#;
    let mut status = Lossless::<istio_gateway::IstioStatus>::from_json(text).unwrap();
    assert_eq!(status.observed_generation, 0);
    status.conditions[0].status = "True".into();
    assert_eq!(
        status.to_json(),
        r#"{"observedGeneration":"abc","conditions":[{"type":"T","new":1,"status":"True"}]}"#,
    );
}

#[test]
fn a_manifest_keeps_whether_it_has_a_spec() {
    for text in ["kind: Gateway\n", "", "# nothing\n", "kind: Gateway\nspec:\n", "spec: {}\n"] {
        let mut manifest = Manifest::from_yaml(text).unwrap();
        assert_eq!(manifest.has_spec(), text.contains("spec"), "{text}");
        assert_eq!(manifest.to_yaml(), text);
        manifest.spec_mut().servers.push(Server { name: "n".into(), ..Default::default() });
        let again = Manifest::from_yaml(&manifest.to_yaml()).unwrap();
        assert_eq!(again.spec(), manifest.spec(), "{text}");
        assert_eq!(again.object().kind(), manifest.object().kind());
    }
}

#[test]
fn a_new_manifest_can_be_read() {
    let spec = Gateway {
        servers: vec![Server { tls: Some(ServerTlsSettings::simple("c")), ..Default::default() }],
        ..Default::default()
    };
    let manifest = Manifest::new("null", spec.clone());
    let text = manifest.to_yaml();
    assert!(text.starts_with(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: \"null\"\nspec:\n"
    ));
    let again = Manifest::from_yaml_strict(&text).unwrap();
    assert_eq!((again.name(), again.spec()), ("null", &spec));
}

#[test]
fn a_bare_message_is_yaml_too() {
    let mut tls = Lossless::<ServerTlsSettings>::from_yaml("mode: MUTUAL\nx: yes\n").unwrap();
    tls.credential_name = "c".into();
    assert_eq!(tls.to_yaml(), "mode: MUTUAL\nx: true\ncredentialName: c\n");
    assert_eq!(yaml::from_str::<ServerTlsSettings>(&tls.to_yaml()).unwrap(), *tls);
    assert_eq!(Lossless::new(ServerTlsSettings::default()).to_json(), "{}");
}
