//! The resource with kube's `Api`.

use http::Request;
use istio_gateway_kube::{
    Lossless,
    istio_gateway::{IstioCondition, Port, Server, ServerTlsSettings},
    kube::{
        Api, Error, ResourceExt,
        api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    },
    v1, v1alpha3, v1beta1,
};
use serde_json::{Value, json};

use crate::cluster::{Cluster, DEFINITIONS_OF, Definition, V1, gateway};

fn server() -> Server {
    Server {
        port: Some(Port {
            number: 443,
            name: "https".into(),
            protocol: "HTTPS".into(),
            ..Port::default()
        }),
        hosts: vec!["*.example.com".into()],
        tls: Some(ServerTlsSettings::allow_insecure_fallback("cert")),
        ..Server::default()
    }
}

fn resource(name: &str) -> v1::Gateway {
    let mut gateway = v1::Gateway::new(name, Default::default());
    gateway.spec.selector.insert("istio".into(), "ingressgateway".into());
    gateway.spec.servers.push(server());
    gateway
}

/// The server's message for a rejected object.
async fn refusal(gateways: &Api<Lossless<v1::Gateway>>, object: Value) -> (u16, String) {
    let object = serde_json::from_value(object).unwrap();
    match gateways.create(&PostParams::default(), &object).await.unwrap_err() {
        Error::Api(status) => (status.code, status.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn created_through_one_version_it_is_read_through_each() {
    for definition in DEFINITIONS_OF {
        let client = Cluster::with(&definition.object()).await.client;
        let created = Api::namespaced(client.clone(), "n")
            .create(&PostParams::default(), &resource("a"))
            .await
            .unwrap();
        assert_eq!(created.spec, resource("a").spec);
        assert_eq!(created.namespace().unwrap(), "n");
        let beta: Api<v1beta1::Gateway> = Api::namespaced(client.clone(), "n");
        assert_eq!(beta.get("a").await.unwrap().spec, created.spec);
        let alpha: Api<v1alpha3::Gateway> = Api::namespaced(client.clone(), "n");
        let read = alpha.get("a").await.unwrap();
        assert_eq!((read.spec, read.metadata.uid), (created.spec, created.metadata.uid));
        let all: Api<Lossless<v1::Gateway>> = Api::all(client);
        let list = all.list(&ListParams::default()).await.unwrap();
        let [gateway] = list.items.as_slice() else { panic!("{list:?}") };
        // The items of a list have their type, so that they can be written.
        let written = serde_json::to_value(gateway).unwrap();
        assert_eq!(written["apiVersion"], "networking.istio.io/v1");
        assert_eq!(written["kind"], "Gateway");
    }
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn listed_by_label_replaced_and_deleted() {
    let client = Cluster::with(&Definition::Ours.object()).await.client;
    let gateways: Api<v1::Gateway> = Api::namespaced(client, "n");
    for name in ["a", "b", "c"] {
        let mut gateway = resource(name);
        gateway.labels_mut().insert("name".into(), name.into());
        gateways.create(&PostParams::default(), &gateway).await.unwrap();
    }
    let list = gateways.list(&ListParams::default().labels("name in (a, c)")).await.unwrap();
    let names: Vec<_> = list.iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["a", "c"]);
    let pages = ListParams::default().limit(2);
    let page = gateways.list(&pages).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let rest = pages.continue_token(&page.metadata.continue_.unwrap());
    assert_eq!(gateways.list(&rest).await.unwrap().items.len(), 1);

    let mut gateway = gateways.get("a").await.unwrap();
    let stale = gateway.clone();
    gateway.spec.servers[0].tls.as_mut().unwrap().insecure_skip_verify = Some(false);
    let replaced = gateways.replace("a", &PostParams::default(), &gateway).await.unwrap();
    assert_eq!(replaced.spec, gateway.spec);
    assert_eq!(replaced.metadata.generation, Some(2));
    let error = gateways.replace("a", &PostParams::default(), &stale).await.unwrap_err();
    assert!(matches!(&error, Error::Api(status) if status.code == 409), "{error:?}");

    gateways.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(gateways.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_schema_and_the_cel_rules_reject() {
    const TAIL: &str = "<nil>: Invalid value: null: some validation rules were not checked because \
                        the object was invalid; correct the existing errors to complete validation";
    for definition in DEFINITIONS_OF {
        let client = Cluster::with(&definition.object()).await.client;
        let gateways = Api::namespaced(client, "n");
        let both = json!({"credentialName": "a", "credentialNames": ["b"]});
        assert_eq!(
            refusal(&gateways, gateway("a", &both)).await,
            (
                422,
                "Gateway.networking.istio.io \"a\" is invalid: spec.servers[0].tls: Invalid value: \
                 only one of credentialName or credentialNames can be set"
                    .to_owned()
            )
        );
        let mut object = gateway("a", &json!({}));
        object["spec"]["servers"][0].as_object_mut().unwrap().remove("port");
        assert_eq!(
            refusal(&gateways, object).await,
            (
                422,
                format!(
                    "Gateway.networking.istio.io \"a\" is invalid: [spec.servers[0].port: \
                     Required value, {TAIL}]"
                )
            )
        );
        // An open enum can be a number, which the server rejects.
        let mut gateway = resource("a");
        gateway.spec.servers[0].tls.as_mut().unwrap().mode = 99;
        let error = gateways.create(&PostParams::default(), &gateway.into()).await.unwrap_err();
        assert!(error.to_string().contains("Unsupported value: 99"), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn unknown_fields_are_pruned_or_rejected_by_strict_validation() {
    for definition in DEFINITIONS_OF {
        let client = Cluster::with(&definition.object()).await.client;
        let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(client.clone(), "n");
        let mut object = gateway("a", &json!({"mode": "SIMPLE", "credentialsName": "cert"}));
        object["spec"]["servers"][0]["default_endpoint"] = json!("x");
        let sent = serde_json::from_value(object.clone()).unwrap();
        let created = gateways.create(&PostParams::default(), &sent).await.unwrap();
        let stored = serde_json::to_value(&created).unwrap();
        assert_eq!(stored["spec"]["servers"][0]["tls"], json!({"mode": "SIMPLE"}));
        assert!(stored["spec"]["servers"][0].get("default_endpoint").is_none());

        // PostParams has no field validation, so the request is made by hand.
        object["metadata"]["name"] = json!("b");
        let request = Request::post(format!("{V1}/namespaces/n/gateways?fieldValidation=Strict"))
            .header("Content-Type", "application/json")
            .body(object.to_string().into_bytes())
            .unwrap();
        let error = client.request::<v1::Gateway>(request).await.unwrap_err();
        let Error::Api(status) = error else { panic!("{error:?}") };
        assert_eq!(status.code, 400);
        assert_eq!(
            status.message,
            "Gateway in version \"v1\" cannot be handled as a Gateway: strict decoding error: \
             unknown field \"spec.servers[0].default_endpoint\", \
             unknown field \"spec.servers[0].tls.credentialsName\""
        );
        // A patch has the option.
        let patch = json!({"spec": {"bogus": 1}});
        let strict = PatchParams::default().validation_strict();
        let error = gateways.patch("a", &strict, &Patch::Merge(patch)).await.unwrap_err();
        let Error::Api(status) = error else { panic!("{error:?}") };
        assert_eq!(status.code, 422);
        assert!(status.message.ends_with("strict decoding error: unknown field \"spec.bogus\""));
    }
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn the_status_has_an_endpoint_of_its_own() {
    let cluster = Cluster::with(&Definition::Ours.object()).await;
    let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(cluster.client.clone(), "n");
    gateways.create(&PostParams::default(), &resource("a").into()).await.unwrap();

    // A number and a string; incomplete conditions; an unknown field.
    for (generation, want) in [(json!(3), 3), (json!("4"), 4), (json!("abc"), 0), (json!(-1), -1)] {
        let status = json!({
            "observedGeneration": generation,
            "conditions": [{"type": "A"}],
            "addresses": ["1.2.3.4"],
        });
        let path = format!("{V1}/namespaces/n/gateways/a/status");
        let (code, answer) = cluster.send("PATCH", &path, &json!({"status": status})).await;
        assert_eq!(code, 200, "{answer}");
        let gateway = gateways.get("a").await.unwrap();
        let read = gateway.status.as_ref().unwrap();
        assert_eq!((read.observed_generation, read.conditions.len()), (want, 1));
    }

    // Changed, and replaced as a whole.
    let mut gateway = gateways.get_status("a").await.unwrap();
    gateway.spec.selector.insert("not".into(), "written".into());
    let status = gateway.status.as_mut().unwrap();
    status.observed_generation = 5;
    status.conditions.push(IstioCondition { r#type: "B".into(), ..IstioCondition::default() });
    let replaced = gateways.replace_status("a", &PostParams::default(), &gateway).await.unwrap();
    let stored = serde_json::to_value(&replaced).unwrap();
    assert_eq!(
        stored["status"],
        json!({
            "observedGeneration": "5",
            "conditions": [{"type": "A"}, {"type": "B"}],
            "addresses": ["1.2.3.4"],
        })
    );
    assert!(!replaced.spec.selector.contains_key("not"));

    // And by a patch of the changes.
    let mut gateway = replaced;
    gateway.status.as_mut().unwrap().conditions[1].status = "True".into();
    let patch = gateway.merge_patch_if_unchanged().unwrap().unwrap();
    assert_eq!(
        patch["status"],
        json!({"conditions": [{"type": "A"}, {"type": "B", "status": "True"}]})
    );
    let patched = gateways.patch_status("a", &PatchParams::default(), &Patch::Merge(&patch)).await;
    assert_eq!(patched.unwrap().status.as_ref().unwrap().conditions[1].status, "True");
    let again = gateways.patch_status("a", &PatchParams::default(), &Patch::Merge(&patch)).await;
    assert!(matches!(&again, Err(Error::Api(status)) if status.code == 409), "{again:?}");

    // By server-side apply.
    let mut gateway = gateways.get("a").await.unwrap();
    gateway.status.as_mut().unwrap().observed_generation = 6;
    let patch = gateway.apply_status_patch("me").unwrap();
    assert_eq!(patch["status"], json!({"observedGeneration": "6"}));
    let params = PatchParams::apply("me").force();
    let applied = gateways.patch_status("a", &params, &Patch::Apply(&patch)).await.unwrap();
    let status = applied.status.as_ref().unwrap();
    assert_eq!((status.observed_generation, status.conditions.len()), (6, 2));
}
