//! The resource without a server.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use istio_gateway_kube::{
    ApiVersion, Gateway, Lossless, V1, V1Alpha3, V1Beta1, crd,
    istio_gateway::{self, IstioCondition, IstioVersion, Server, TlsMode},
    v1, v1alpha3, v1beta1,
};
use kube::{CustomResourceExt, Resource, ResourceExt, core::DeserializeGuard};
use serde_json::{Value, json};

fn read<K: serde::de::DeserializeOwned>(object: &Value) -> K {
    serde_json::from_str(&object.to_string()).unwrap()
}

#[track_caller]
fn refused(object: &Value, want: &str) {
    let error = serde_json::from_value::<v1::Gateway>(object.clone()).unwrap_err().to_string();
    assert_eq!(error, want);
    let guarded: DeserializeGuard<v1::Gateway> = serde_json::from_value(object.clone()).unwrap();
    assert_eq!(guarded.0.unwrap_err().error, want);
    let error = serde_json::from_value::<Lossless<v1::Gateway>>(object.clone()).unwrap_err();
    assert_eq!(error.to_string(), want);
}

#[test]
fn another_kind_or_version_is_an_error() {
    refused(
        &json!({"apiVersion": "v1", "kind": "Pod", "spec": {"servers": 1}}),
        r#"kind: expected "Gateway", found "Pod""#,
    );
    refused(
        &json!({"apiVersion": "networking.istio.io/v1beta1", "kind": "Gateway"}),
        r#"apiVersion: expected "networking.istio.io/v1", found "networking.istio.io/v1beta1""#,
    );
    refused(
        &json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway"}),
        r#"apiVersion: expected "networking.istio.io/v1", found "gateway.networking.k8s.io/v1""#,
    );
}

#[test]
fn errors_have_their_path() {
    refused(
        &json!({"kind": "Gateway", "spec": {"servers": [{"hosts": 1, "tls": {"mode": "MUTAL"}}]}}),
        "spec.servers[0].hosts: expected a list, found 1; \
         spec.servers[0].tls.mode: unknown value \"MUTAL\"; did you mean \"MUTUAL\"?",
    );
    refused(
        &json!({"spec": []}),
        "spec: expected an object (istio.networking.v1alpha3.Gateway), found a list",
    );
    let error = serde_json::from_value::<v1::Gateway>(json!({"metadata": {"labels": 1}}));
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "metadata: invalid type: integer `1`, expected a map");
}

#[test]
fn spec_and_status_are_in_istios_dialect() {
    let gateway: v1beta1::Gateway = read(&json!({
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "Gateway",
        "metadata": {"name": "a", "creationTimestamp": null},
        "spec": {"servers": [{"port": {"number": "443"}, "tls": {"mode": 2, "new": 1}}]},
        "status": {"observedGeneration": 3, "conditions": [{"type": "A"}]},
    }));
    let server = &gateway.spec.servers[0];
    assert_eq!(server.port.as_ref().unwrap().number, 443);
    assert_eq!(server.tls.as_ref().unwrap().tls_mode().unwrap(), TlsMode::Mutual);
    let status = gateway.status.as_ref().unwrap();
    assert_eq!(status.observed_generation, 3);
    assert_eq!(status.conditions[0].r#type, "A");
    assert_eq!(
        serde_json::to_value(&gateway).unwrap(),
        json!({
            "apiVersion": "networking.istio.io/v1beta1",
            "kind": "Gateway",
            "metadata": {"name": "a"},
            "spec": {"servers": [{"port": {"number": 443}, "tls": {"mode": "MUTUAL"}}]},
            "status": {"observedGeneration": "3", "conditions": [{"type": "A"}]},
        })
    );
    for (generation, want) in [(json!("7"), 7), (json!("abc"), 0), (json!(""), 0), (json!(-1), -1)]
    {
        let gateway: v1::Gateway = read(&json!({"status": {"observedGeneration": generation}}));
        assert_eq!(gateway.status.unwrap().observed_generation, want);
    }
    let nothing: v1::Gateway = read(&json!({"metadata": null, "spec": null, "status": null}));
    assert_eq!(nothing, v1::Gateway::default());
}

#[test]
fn each_version_is_a_resource_of_its_own() {
    fn describe<V: ApiVersion>() -> [String; 3] {
        let url = Gateway::<V>::url_path(&(), Some("n"));
        let resource = Gateway::<V>::api_resource();
        assert_eq!(resource.plural, "gateways");
        assert_eq!(Lossless::<Gateway<V>>::url_path(&(), Some("n")), url);
        [Gateway::<V>::api_version(&()).into_owned(), url, resource.kind]
    }
    let want = |version: &str| {
        [
            format!("networking.istio.io/{version}"),
            format!("/apis/networking.istio.io/{version}/namespaces/n/gateways"),
            "Gateway".to_owned(),
        ]
    };
    assert_eq!(describe::<V1>(), want("v1"));
    assert_eq!(describe::<V1Beta1>(), want("v1beta1"));
    assert_eq!(describe::<V1Alpha3>(), want("v1alpha3"));
    assert_eq!(v1alpha3::Gateway::shortnames(), ["gw"]);
}

/// Equality with 1 == 1.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn kubes_type_of_the_definition_loses_nothing_of_it() {
    for minor in IstioVersion::OLDEST.minor()..=IstioVersion::NEWEST.minor() {
        let version: IstioVersion = format!("1.{minor}").parse().unwrap();
        let typed = serde_json::to_value(crd(version)).unwrap();
        assert!(same(&typed, &istio_gateway::crd(version)), "{version}");
    }
    assert_eq!(v1::Gateway::crd(), crd(IstioVersion::default()));
    assert_eq!(v1::Gateway::crd().name_any(), v1::Gateway::crd_name());
}

fn newer_object() -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "root": {"new": 1},
        "metadata": {
            "name": "a", "namespace": "n", "resourceVersion": "7", "generation": 2,
            "creationTimestamp": "2026-01-02T03:04:05Z", "new": [1],
            "labels": {"l": "1", "m": "2"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "o", "uid": "u", "new": 1}],
        },
        "spec": {
            "new": {"x": 7},
            "servers": [
                {"name": "s", "port": {"number": "443", "new": 1}, "hosts": ["*"],
                 "tls": {"insecureSkipVerify": null, "new": [null]}, "new": null},
                {"name": "t", "new": 2},
            ],
        },
        "status": {
            "addresses": ["1.2.3.4"],
            "observed_generation": "1",
            "conditions": [{"type": "A", "status": "True", "new": 1}],
        },
    })
}

fn newer() -> Lossless<v1::Gateway> {
    read(&newer_object())
}

#[test]
fn unchanged_values_are_written_as_read() {
    assert_eq!(serde_json::to_value(newer()).unwrap(), newer_object());
    assert_eq!(newer().merge_patch().unwrap(), None);
    assert_eq!(newer().merge_patch_if_unchanged().unwrap(), None);
    // Through kube's guard, too.
    let guarded: DeserializeGuard<Lossless<v1::Gateway>> = read(&newer_object());
    assert_eq!(serde_json::to_value(guarded.0.unwrap()).unwrap(), newer_object());
}

#[test]
fn unknown_fields_stay_at_every_level() {
    let mut gateway = newer();
    gateway.labels_mut().insert("k".into(), "3".into());
    gateway.labels_mut().remove("l");
    gateway.owner_references_mut()[0].controller = Some(true);
    gateway.spec.selector.insert("istio".into(), "x".into());
    gateway.spec.servers.insert(0, Server { name: "first".into(), ..Server::default() });
    gateway.spec.servers[1].tls.as_mut().unwrap().insecure_skip_verify = Some(false);
    gateway.spec.servers[2].bind = "10.0.0.1".into();
    let status = gateway.status.as_mut().unwrap();
    assert_eq!(status.observed_generation, 1);
    status.observed_generation = 2;
    status.conditions[0].status = "False".into();
    status.conditions.push(IstioCondition { r#type: "B".into(), ..IstioCondition::default() });

    let mut want = newer_object();
    want["metadata"]["labels"] = json!({"m": "2", "k": "3"});
    want["metadata"]["ownerReferences"][0]["controller"] = json!(true);
    want["spec"]["selector"] = json!({"istio": "x"});
    let servers = json!([
        {"name": "first"},
        {"name": "s", "port": {"number": "443", "new": 1}, "hosts": ["*"],
         "tls": {"insecureSkipVerify": false, "new": [null]}, "new": null},
        {"name": "t", "new": 2, "bind": "10.0.0.1"},
    ]);
    want["spec"]["servers"] = servers.clone();
    let status = want["status"].as_object_mut().unwrap();
    // A changed field keeps its name in the document.
    status.insert("observed_generation".into(), json!("2"));
    let conditions = json!([{"type": "A", "status": "False", "new": 1}, {"type": "B"}]);
    status["conditions"] = conditions.clone();
    assert_eq!(serde_json::to_value(&gateway).unwrap(), want);

    let mut owner = newer_object()["metadata"]["ownerReferences"][0].clone();
    owner["controller"] = json!(true);
    let metadata = json!({"labels": {"l": null, "k": "3"}, "ownerReferences": [owner]});
    let mut patch = json!({
        "metadata": metadata,
        "spec": {"selector": {"istio": "x"}, "servers": servers},
        "status": {"observed_generation": "2", "conditions": conditions},
    });
    assert_eq!(gateway.merge_patch().unwrap(), Some(patch.clone()));
    patch["metadata"]["resourceVersion"] = json!("7");
    assert_eq!(gateway.merge_patch_if_unchanged().unwrap(), Some(patch));
}

#[test]
fn a_field_in_a_spec_that_was_empty_but_for_unknown_ones_keeps_them() {
    let mut gateway: Lossless<v1::Gateway> = read(&json!({"spec": {"new": 1}, "status": {"x": 1}}));
    gateway.spec.selector.insert("a".into(), "b".into());
    assert_eq!(gateway.merge_patch().unwrap(), Some(json!({"spec": {"selector": {"a": "b"}}})));
    assert_eq!(
        serde_json::to_value(&gateway).unwrap(),
        json!({"spec": {"new": 1, "selector": {"a": "b"}}, "status": {"x": 1}}),
    );
}

#[test]
fn a_cleared_spec_and_status_keep_unknown_fields() {
    let mut gateway: Lossless<v1::Gateway> = read(&json!({
        "spec": {"selector": {"a": "b"}, "newer": 2},
        "status": {"conditions": [{"type": "A"}], "newer": 3},
    }));
    gateway.spec.selector.clear();
    gateway.status.as_mut().unwrap().conditions.clear();
    assert_eq!(
        serde_json::to_value(&gateway).unwrap(),
        json!({"spec": {"newer": 2}, "status": {"newer": 3}}),
    );
    assert_eq!(
        gateway.merge_patch().unwrap(),
        Some(json!({"spec": {"selector": null}, "status": {"conditions": null}})),
    );
    *gateway = v1::Gateway::default();
    // No status differs from an empty one.
    assert_eq!(serde_json::to_value(&gateway).unwrap(), json!({"spec": {"newer": 2}}));
}

#[test]
fn a_change_adds_no_missing_fields() {
    for object in [json!({}), json!({"spec": null, "status": null, "kind": null})] {
        let mut gateway: Lossless<v1::Gateway> = read(&object);
        assert_eq!(serde_json::to_value(&gateway).unwrap(), object);
        gateway.metadata.name = Some("a".into());
        assert_eq!(gateway.merge_patch().unwrap(), Some(json!({"metadata": {"name": "a"}})));
    }
    // The owner lacks its other fields, which are required.
    let mut gateway: Lossless<v1::Gateway> =
        read(&json!({"metadata": {"ownerReferences": [{"uid": "u", "new": 1}]}}));
    gateway.owner_references_mut()[0].controller = Some(true);
    assert_eq!(
        gateway.merge_patch().unwrap(),
        Some(
            json!({"metadata": {"ownerReferences": [{"uid": "u", "new": 1, "controller": true}]}})
        ),
    );
}

#[test]
fn a_new_resource_is_written_whole() {
    let gateway = Lossless::new(v1::Gateway::new("a", Default::default()));
    let want = json!({
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "a"},
    });
    assert_eq!(serde_json::to_value(&gateway).unwrap(), want);
    assert_eq!(gateway.merge_patch().unwrap(), Some(want));
}

#[test]
fn apply_without_managed_fields_is_an_error() {
    let mut object = newer_object();
    object["metadata"]["uid"] = json!("1");
    for fields in [None, Some(json!(null)), Some(json!([]))] {
        if let Some(fields) = fields {
            object["metadata"]["managedFields"] = fields;
        }
        let mut gateway: Lossless<v1::Gateway> = read(&object);
        gateway.spec.selector.insert("a".into(), "b".into());
        let want = "metadata.managedFields is missing: the fields that the manager applied before are not known";
        assert_eq!(gateway.apply_patch("me").unwrap_err().to_string(), want);
        assert_eq!(gateway.apply_status_patch("me").unwrap_err().to_string(), want);
    }
    // The fields of other managers show that this one has none. A cache may strip the resource: the
    // object that was read counts.
    object["metadata"]["managedFields"] = json!([
        {"manager": "other", "operation": "Apply", "fieldsV1": {"f:spec": {"f:new": {}}}},
    ]);
    let mut gateway: Lossless<v1::Gateway> = read(&object);
    gateway.managed_fields_mut().clear();
    gateway.spec.selector.insert("a".into(), "b".into());
    let patch = gateway.apply_patch("me").unwrap();
    assert_eq!(patch["spec"], json!({"selector": {"a": "b"}}));
    // This object does not come from a server.
    let gateway = Lossless::new(v1::Gateway::new("a", Default::default()));
    assert_eq!(gateway.apply_patch("me").unwrap()["metadata"], json!({"name": "a"}));
}

#[test]
fn previously_applied_fields_are_applied_again() {
    let mut object = newer_object();
    object["spec"]["selector"] = json!({"mine": "1", "theirs": "2"});
    let entry = |manager: &str, operation: &str, fields: Value| {
        json!({
            "manager": manager, "operation": operation, "apiVersion": "networking.istio.io/v1",
            "fieldsType": "FieldsV1", "fieldsV1": fields, "time": "2026-01-02T03:04:05Z",
        })
    };
    let theirs = json!({"f:spec": {"f:selector": {"f:theirs": {}}}});
    object["metadata"]["managedFields"] = json!([
        entry(
            "me",
            "Apply",
            json!({
                "f:metadata": {"f:labels": {"f:m": {}}},
                "f:spec": {"f:selector": {"f:mine": {}}},
            })
        ),
        entry("me", "Update", theirs.clone()),
        entry("other", "Apply", theirs),
    ]);
    let mut gateway: Lossless<v1::Gateway> = read(&object);
    let mut want = json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "a", "namespace": "n", "labels": {"m": "2"}},
        "spec": {"selector": {"mine": "1"}},
    });
    assert_eq!(gateway.apply_patch("me").unwrap(), want);
    gateway.spec.servers[1].name = "u".into();
    gateway.status.as_mut().unwrap().conditions.clear();
    let mut servers = newer_object()["spec"]["servers"].clone();
    servers[1]["name"] = json!("u");
    want["spec"]["servers"] = servers;
    assert_eq!(gateway.apply_patch("me").unwrap(), want);
    // A removed field is no longer applied.
    gateway.spec.selector.remove("mine");
    want["spec"].as_object_mut().unwrap().remove("selector");
    assert_eq!(gateway.apply_patch("me").unwrap(), want);
    assert_eq!(
        gateway.apply_status_patch("me").unwrap(),
        json!({
            "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
            "metadata": {"name": "a", "namespace": "n"},
        })
    );
}

#[test]
fn the_readme_shows_the_example() {
    let (_, code) = include_str!("../examples/readme.rs").split_once("\n\n").unwrap();
    assert!(include_str!("../README.md").contains(&format!("```rust,no_run\n{code}```\n")));
}
