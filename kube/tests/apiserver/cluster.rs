//! The server, and the custom resource on it.

use std::{env, fs, time::Duration};

use http::{Request, Response};
use istio_gateway_kube::{
    istio_gateway::{self, Document, IstioVersion, documents},
    kube::{
        Client, Config,
        client::{Body, ClientBuilder},
    },
};
use serde_json::{Value, json};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
pub(crate) const V1: &str = "/apis/networking.istio.io/v1";

/// The source of the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    Upstream,
    Ours,
}

pub(crate) const DEFINITIONS_OF: [Definition; 2] = [Definition::Upstream, Definition::Ours];

impl Definition {
    pub(crate) fn object(self) -> Value {
        self.object_of(IstioVersion::default())
    }

    /// The definition of a release; upstream's is that of the newest one.
    pub(crate) fn object_of(self, istio: IstioVersion) -> Value {
        let definition = match self {
            Self::Upstream => upstream(),
            Self::Ours => istio_gateway::crd(istio),
        };
        // The two must differ: otherwise a test of one would not test the other.
        let is_described = definition.to_string().contains("\"description\":\"");
        assert_eq!(is_described, self == Self::Upstream);
        definition
    }
}

fn upstream() -> Value {
    let path = env::var("ISTIO_CRDS").expect("conformance/apiserver/run sets ISTIO_CRDS");
    let text = fs::read_to_string(path).unwrap();
    let mut objects = documents(&text).map(|document| match document.unwrap() {
        Document::Other(object) => object,
        other => panic!("{other:?}"),
    });
    let name = "gateways.networking.istio.io";
    let object = objects.find(|object| object.name() == name).unwrap();
    serde_json::from_str(&object.to_json()).unwrap()
}

/// The definition of a release that is newer than the crate: with fields that it does not know.
pub(crate) fn newer(mut definition: Value) -> Value {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    for version in definition["spec"]["versions"].as_array_mut().unwrap() {
        let spec = &mut version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
        spec["futureField"] = anything.clone();
        let server = &mut spec["servers"]["items"]["properties"];
        server["futureField"] = anything.clone();
        server["tls"]["properties"]["futureField"] = anything.clone();
    }
    definition
}

pub(crate) struct Cluster {
    pub(crate) client: Client,
}

impl Cluster {
    /// The server, with this definition and no Gateway.
    pub(crate) async fn with(definition: &Value) -> Self {
        let cluster = Self::connect();
        cluster.delete_definition().await;
        let (code, answer) = cluster.send("POST", DEFINITIONS, definition).await;
        assert_eq!(code, 201, "{answer}");
        cluster.wait_until_served(definition).await;
        cluster
    }

    fn connect() -> Self {
        let url = env::var("APISERVER_URL").expect("conformance/apiserver/run sets APISERVER_URL");
        let config = Config::new(url.parse().unwrap());
        Self { client: ClientBuilder::try_from(config).unwrap().build() }
    }

    /// Replaces the definition.
    pub(crate) async fn replace_definition(&self, definition: &Value) {
        let path = format!("{DEFINITIONS}/gateways.networking.istio.io");
        let (_, old) = self.send("GET", &path, &Value::Null).await;
        let mut new = definition.clone();
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
        let (code, answer) = self.send("PUT", &path, &new).await;
        assert_eq!(code, 200, "{answer}");
        self.wait_until_served(definition).await;
    }

    pub(crate) async fn delete_definition(&self) {
        let path = format!("{DEFINITIONS}/gateways.networking.istio.io");
        for _ in 0..200 {
            let (code, _) = self.send("DELETE", &path, &Value::Null).await;
            if code == 404 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the definition is not gone after 10 s");
    }

    /// The server applies a new definition some time after it stored it. A strict dry run shows
    /// whether it has.
    async fn wait_until_served(&self, definition: &Value) {
        let spec =
            &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        let knows_future = spec["properties"].get("futureField").is_some();
        let path = "namespaces/served/gateways?dryRun=All&fieldValidation=Strict";
        let ask = |spec: Value| {
            let object = json!({
                "apiVersion": "networking.istio.io/v1",
                "kind": "Gateway",
                "metadata": {"name": "served"},
                "spec": spec,
            });
            async move { self.send("POST", &format!("{V1}/{path}"), &object).await.0 }
        };
        for _ in 0..200 {
            let (known, future) = (ask(json!({})).await, ask(json!({"futureField": {}})).await);
            if known == 201 && (future == 201) == knows_future {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the definition is not served after 10 s");
    }

    /// A request with a JSON body, or none.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let content =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("Content-Type", content)
            .body(body)
            .unwrap();
        let (parts, body) = self.exchange(request).await.into_parts();
        (parts.status.as_u16(), body)
    }

    /// A request and the whole answer to it.
    pub(crate) async fn exchange(&self, request: Request<Vec<u8>>) -> Response<Value> {
        let (parts, body) = self.client.send(request.map(Body::from)).await.unwrap().into_parts();
        let body = body.collect_bytes().await.unwrap();
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        Response::from_parts(parts, body)
    }
}

/// A Gateway with one server of this TLS.
pub(crate) fn gateway(name: &str, tls: &Value) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [{
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": ["*.example.com"],
                "tls": tls,
            }],
        },
    })
}
