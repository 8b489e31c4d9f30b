//! Read-modify-write of objects of a newer Istio.

use istio_gateway_kube::{
    Lossless,
    kube::{
        Api, Error,
        api::{Patch, PatchParams, PostParams},
    },
    v1,
};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Definition, V1, gateway, newer};

/// A Gateway with fields that the crate does not know, but the server does.
async fn newer_gateway() -> (Cluster, Value) {
    let cluster = Cluster::with(&newer(Definition::Ours.object())).await;
    let tls = json!({
        "mode": "OPTIONAL_MUTUAL",
        "credentialName": "cert",
        "insecureSkipVerify": true,
        "futureField": {"in": "tls"},
    });
    let mut object = gateway("a", &tls);
    object["spec"]["futureField"] = json!({"in": "spec"});
    object["spec"]["servers"][0]["futureField"] = json!({"in": "server"});
    let (code, stored) =
        cluster.send("POST", &format!("{V1}/namespaces/n/gateways"), &object).await;
    assert_eq!(code, 201, "{stored}");
    assert_eq!(stored["spec"], object["spec"]);
    let status = json!({"status": {"futureField": 1, "conditions": [{"type": "A"}]}});
    let path = format!("{V1}/namespaces/n/gateways/a/status");
    assert_eq!(cluster.send("PATCH", &path, &status).await.0, 200);
    (cluster, object["spec"].clone())
}

async fn stored(cluster: &Cluster) -> Value {
    let (code, object) =
        cluster.send("GET", &format!("{V1}/namespaces/n/gateways/a"), &Value::Null).await;
    assert_eq!(code, 200);
    object
}

fn turn_off(gateway: &mut v1::Gateway) {
    gateway.spec.servers[0].tls.as_mut().unwrap().insecure_skip_verify = Some(false);
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn replace_keeps_unknown_fields() {
    let (cluster, mut spec) = newer_gateway().await;
    let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(cluster.client.clone(), "n");
    let mut gateway = gateways.get("a").await.unwrap();
    turn_off(&mut gateway);
    gateways.replace("a", &PostParams::default(), &gateway).await.unwrap();
    spec["servers"][0]["tls"]["insecureSkipVerify"] = json!(false);
    assert_eq!(stored(&cluster).await["spec"], spec);

    let mut gateway = gateways.get("a").await.unwrap();
    gateway.status.as_mut().unwrap().observed_generation = 2;
    gateways.replace_status("a", &PostParams::default(), &gateway).await.unwrap();
    assert_eq!(
        stored(&cluster).await["status"],
        json!({"futureField": 1, "conditions": [{"type": "A"}], "observedGeneration": "2"})
    );

    // The plain type loses them all, like other crates.
    let plain: Api<v1::Gateway> = Api::namespaced(cluster.client.clone(), "n");
    let gateway = plain.get("a").await.unwrap();
    plain.replace("a", &PostParams::default(), &gateway).await.unwrap();
    assert!(!stored(&cluster).await["spec"].to_string().contains("futureField"));
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn a_cleared_spec_keeps_unknown_fields() {
    let (cluster, _) = newer_gateway().await;
    let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(cluster.client.clone(), "n");
    let mut gateway = gateways.get("a").await.unwrap();
    gateway.spec.selector.clear();
    let patch = gateway.merge_patch().unwrap().unwrap();
    gateway = gateways.patch("a", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    gateway.spec.servers.clear();
    gateway = gateways.replace("a", &PostParams::default(), &gateway).await.unwrap();
    assert_eq!(gateway.spec, Default::default());
    assert_eq!(stored(&cluster).await["spec"], json!({"futureField": {"in": "spec"}}));

    // An object that was read without a type is written without one, and the server requires one.
    let mut object = serde_json::to_value(&gateway).unwrap();
    object.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
    let gateway: Lossless<v1::Gateway> = serde_json::from_value(object).unwrap();
    let error = gateways.replace("a", &PostParams::default(), &gateway).await.unwrap_err();
    let Error::Api(status) = error else { panic!("{error:?}") };
    assert_eq!(status.code, 400);
    assert!(status.message.contains("'Kind' is missing"), "{}", status.message);
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn a_merge_patch_changes_what_was_changed() {
    let (cluster, mut spec) = newer_gateway().await;
    let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(cluster.client.clone(), "n");
    let stale = gateways.get("a").await.unwrap();
    let mut gateway = stale.clone();
    assert_eq!(gateway.merge_patch().unwrap(), None);
    turn_off(&mut gateway);
    gateway.spec.selector.clear();
    let patch = gateway.merge_patch().unwrap().unwrap();
    spec["servers"][0]["tls"]["insecureSkipVerify"] = json!(false);
    assert_eq!(patch, json!({"spec": {"selector": null, "servers": spec["servers"]}}));
    let strict = PatchParams::default().validation_strict();
    let patched = gateways.patch("a", &strict, &Patch::Merge(patch)).await.unwrap();
    spec.as_object_mut().unwrap().remove("selector");
    assert_eq!(stored(&cluster).await["spec"], spec);
    assert_eq!(patched.spec, gateway.spec);

    // Another writer was faster.
    let mut gateway = stale;
    gateway.spec.selector.insert("a".into(), "b".into());
    let patch = gateway.merge_patch_if_unchanged().unwrap().unwrap();
    let error = gateways.patch("a", &strict, &Patch::Merge(patch)).await.unwrap_err();
    assert!(matches!(&error, Error::Api(status) if status.code == 409), "{error:?}");
    // A patch without a precondition sets its key, and leaves the rest.
    let patch = gateway.merge_patch().unwrap().unwrap();
    gateways.patch("a", &strict, &Patch::Merge(patch)).await.unwrap();
    spec["selector"] = json!({"a": "b"});
    assert_eq!(stored(&cluster).await["spec"], spec);
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn server_side_apply_of_what_was_changed() {
    let (cluster, mut spec) = newer_gateway().await;
    let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(cluster.client.clone(), "n");
    let me = PatchParams::apply("me");

    let mut gateway = gateways.get("a").await.unwrap();
    gateway.spec.selector.insert("app".into(), "edge".into());
    let patch = gateway.apply_patch("me").unwrap();
    assert_eq!(patch["spec"], json!({"selector": {"app": "edge"}}));
    gateways.patch("a", &me, &Patch::Apply(patch)).await.unwrap();
    spec["selector"]["app"] = json!("edge");
    assert_eq!(stored(&cluster).await["spec"], spec);

    // The list belongs to the manager that created it. Fields that the manager applied before
    // remain its own.
    let mut gateway = gateways.get("a").await.unwrap();
    turn_off(&mut gateway);
    let patch = gateway.apply_patch("me").unwrap();
    spec["servers"][0]["tls"]["insecureSkipVerify"] = json!(false);
    assert_eq!(patch["spec"], json!({"selector": {"app": "edge"}, "servers": spec["servers"]}));
    let error = gateways.patch("a", &me, &Patch::Apply(&patch)).await.unwrap_err();
    let Error::Api(status) = error else { panic!("{error:?}") };
    assert_eq!(status.code, 409);
    assert!(status.message.ends_with(": .spec.servers"), "{}", status.message);
    gateways.patch("a", &me.clone().force(), &Patch::Apply(&patch)).await.unwrap();
    assert_eq!(stored(&cluster).await["spec"], spec);

    // Nothing changed: the same body again, and no field is removed.
    let gateway = gateways.get("a").await.unwrap();
    assert_eq!(gateway.apply_patch("me").unwrap(), patch);
    gateways.patch("a", &me, &Patch::Apply(&patch)).await.unwrap();
    assert_eq!(stored(&cluster).await["spec"], spec);

    // The server removes a key that is no longer applied.
    let mut gateway = gateways.get("a").await.unwrap();
    gateway.spec.selector.remove("app");
    let patch = gateway.apply_patch("me").unwrap();
    gateways.patch("a", &me, &Patch::Apply(patch)).await.unwrap();
    spec["selector"].as_object_mut().unwrap().remove("app");
    assert_eq!(stored(&cluster).await["spec"], spec);
}
