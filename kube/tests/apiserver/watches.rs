//! Watches with objects that cannot be decoded.

use std::time::Duration;

use futures::{Stream, StreamExt, TryStreamExt};
use istio_gateway_kube::{
    Lossless,
    istio_gateway::GROUP,
    kube::{
        Api, CustomResourceExt, Error, ResourceExt,
        api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams},
        core::DeserializeGuard,
        discovery::oneshot,
        runtime::{
            WatchStreamExt, reflector,
            watcher::{self, Event, watcher},
        },
    },
    v1,
};
use serde_json::json;

use crate::cluster::{Cluster, DEFINITIONS_OF, Definition, V1, gateway};

type Guarded = DeserializeGuard<Lossless<v1::Gateway>>;

async fn create(cluster: &Cluster, name: &str) {
    let object = gateway(name, &json!({"mode": "SIMPLE", "credentialName": "cert"}));
    let path = format!("{V1}/namespaces/n/gateways");
    assert_eq!(cluster.send("POST", &path, &object).await.0, 201);
}

/// The server stores this, and neither Istio nor the crate can decode it: it keeps a key of the
/// status that it does not know, which is a field's other name.
async fn spoil(cluster: &Cluster, name: &str) {
    let path = format!("{V1}/namespaces/n/gateways/{name}/status");
    let status = json!({"status": {"validation_messages": "none"}});
    assert_eq!(cluster.send("PATCH", &path, &status).await.0, 200);
}

async fn next<T, E: std::fmt::Debug>(events: &mut (impl Stream<Item = Result<T, E>> + Unpin)) -> T {
    let event = tokio::time::timeout(Duration::from_secs(10), events.next()).await;
    event.expect("an event within 10 s").expect("another event").unwrap()
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn a_watch_reports_changes() {
    for definition in DEFINITIONS_OF {
        let cluster = Cluster::with(&definition.object()).await;
        let gateways: Api<v1::Gateway> = Api::namespaced(cluster.client.clone(), "n");
        let version = gateways.list(&ListParams::default()).await.unwrap().metadata;
        let version = version.resource_version.unwrap();
        let events = gateways.watch(&WatchParams::default().timeout(6), &version).await.unwrap();
        create(&cluster, "a").await;
        let patch = Patch::Merge(json!({"spec": {"selector": {"m": "m"}}}));
        gateways.patch("a", &PatchParams::default(), &patch).await.unwrap();
        gateways.delete("a", &DeleteParams::default()).await.unwrap();
        let events: Vec<_> = events.try_collect().await.unwrap();
        let kinds: Vec<_> = events
            .iter()
            .map(|event| match event {
                WatchEvent::Added(_) => "ADDED",
                WatchEvent::Modified(gateway) => {
                    assert_eq!(gateway.spec.selector["m"], "m");
                    "MODIFIED"
                }
                WatchEvent::Deleted(_) => "DELETED",
                WatchEvent::Bookmark(_) => "BOOKMARK",
                WatchEvent::Error(_) => "ERROR",
            })
            .collect();
        let (bookmarks, changes): (Vec<_>, Vec<_>) =
            kinds.into_iter().partition(|kind| *kind == "BOOKMARK");
        assert_eq!(changes, ["ADDED", "MODIFIED", "DELETED"]);
        assert!(!bookmarks.is_empty(), "one comes before the watch ends");

        // An expired resource version.
        let events = gateways.watch(&WatchParams::default().timeout(1), "1").await.unwrap();
        let events: Vec<_> = events.try_collect().await.unwrap();
        let [WatchEvent::Error(status)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    }
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn a_watch_continues_after_an_object_that_cannot_be_decoded() {
    let cluster = Cluster::with(&Definition::Ours.object()).await;
    for name in ["a", "b"] {
        create(&cluster, name).await;
    }
    spoil(&cluster, "a").await;

    // Without the guard, one object makes the whole list fail.
    let plain: Api<v1::Gateway> = Api::namespaced(cluster.client.clone(), "n");
    let error = plain.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(error, Error::SerdeError(_)), "{error:?}");

    let guarded: Api<Guarded> = Api::namespaced(cluster.client.clone(), "n");
    let events = watcher(guarded, watcher::Config::default());
    let mut events = std::pin::pin!(events);
    let mut seen = Vec::new();
    let mut see = |event: Event<Guarded>| match event {
        Event::InitApply(object) | Event::Apply(object) => {
            let error = object.0.as_ref().err().map(|error| error.error.clone());
            seen.push((object.name_any(), error));
        }
        _ => {}
    };
    // Init, two objects, InitDone; then what happens while the watch runs.
    for _ in 0..4 {
        see(next(&mut events).await);
    }
    create(&cluster, "c").await;
    see(next(&mut events).await);
    spoil(&cluster, "c").await;
    see(next(&mut events).await);
    create(&cluster, "d").await;
    see(next(&mut events).await);

    let error = || Some("status.validationMessages: expected a list, found \"none\"".to_owned());
    let want = [("a", error()), ("b", None), ("c", None), ("c", error()), ("d", None)];
    let want = want.map(|(name, error)| (name.to_owned(), error));
    seen[..2].sort();
    assert_eq!(seen, want);
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn a_reflector_holds_lossless_resources() {
    let cluster = Cluster::with(&Definition::Ours.object()).await;
    create(&cluster, "a").await;
    let gateways: Api<Lossless<v1::Gateway>> = Api::namespaced(cluster.client.clone(), "n");
    let (reader, writer) = reflector::store();
    let events = watcher(gateways.clone(), watcher::Config::default());
    let mut objects = std::pin::pin!(reflector(writer, events).applied_objects());
    next(&mut objects).await;
    // A store is filled when the list is there, which the next change shows.
    create(&cluster, "b").await;
    next(&mut objects).await;
    let key = reflector::ObjectRef::new("a").within("n");
    let gateway = reader.get(&key).unwrap();
    let mut gateway = Lossless::clone(&gateway);
    gateway.spec.selector.insert("a".into(), "b".into());
    gateways.replace("a", &PostParams::default(), &gateway).await.unwrap();
}

#[tokio::test]
#[ignore = "needs an API server: conformance/apiserver/run"]
async fn discovery_matches_the_types() {
    for definition in DEFINITIONS_OF {
        let client = Cluster::with(&definition.object()).await.client;
        let group = oneshot::group(&client, GROUP).await.unwrap();
        let (resource, capabilities) = group.recommended_kind("Gateway").unwrap();
        assert_eq!(resource, v1::Gateway::api_resource());
        let subresources: Vec<_> =
            capabilities.subresources.iter().map(|(resource, _)| &resource.plural).collect();
        assert_eq!(subresources, ["status"]);
    }
}
