//! What pilot builds of sets of Gateways and VirtualServices, compared with what
//! `conformance/webhook/merge` asked it.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
};

use istio_gateway::{
    Gateway, Object, Timestamp, envoy, json,
    merged_gateway::{
        ChainAction, FilterChain, MergedGateway, NamedGateway, VirtualService, Workload,
    },
    validate::{Options, set::DocumentSet, validate},
};
use serde_json::{Map, Value, json};

fn names(virtual_services: &[VirtualService], indexes: &[usize]) -> Value {
    let mut names: Vec<&str> = indexes.iter().map(|i| virtual_services[*i].name.as_str()).collect();
    names.sort_unstable();
    json!(names)
}

/// The backends as `host:port`: every destination has a port.
fn reached(merged: &MergedGateway, backends: &[usize]) -> Vec<String> {
    let mut names: Vec<String> =
        backends.iter().map(|backend| merged.backends[*backend].to_string()).collect();
    names.sort_unstable();
    names
}

fn chain(
    chain: &FilterChain,
    merged: &MergedGateway,
    gateways: &[(Value, Gateway)],
    virtual_services: &[VirtualService],
) -> Value {
    let server = &merged.servers[chain.server];
    let server = &gateways[server.gateway].1.servers[server.server];
    let translation = envoy::translate_server(server, &envoy::Options::default());
    let mut result = Map::from_iter([("server_names".to_owned(), json!(chain.server_names))]);
    if let Some(context) = translation.effective_tls_context() {
        let required = context.require_client_certificate.is_some_and(|required| required);
        result.insert("required".to_owned(), json!(required));
    }
    match &chain.action {
        ChainAction::Http { route } => result.insert("route".to_owned(), json!(route)),
        ChainAction::Tcp { virtual_service, backends } => {
            result.insert("backends".to_owned(), json!(reached(merged, backends)));
            result.insert("services".to_owned(), names(virtual_services, &[*virtual_service]))
        }
        _ => panic!("{chain:?}"),
    };
    Value::Object(result)
}

/// The answer as `conformance/webhook/merge` writes it. Its cluster has no Services, and so nothing to
/// which `AUTO_PASSTHROUGH` leads.
fn answer(case: &Value) -> Value {
    let resources = |key: &str| case[key].as_array().cloned().unwrap_or_default();
    let gateways: Vec<(Value, Gateway)> = resources("gateways")
        .into_iter()
        .map(|resource| {
            let gateway = json::from_str(&resource["spec"].to_string()).unwrap();
            (resource, gateway)
        })
        .collect();
    let virtual_services: Vec<VirtualService> = resources("virtual_services")
        .into_iter()
        .map(|one| {
            let created = one["created"].as_i64();
            let object = json!({
                "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
                "metadata": {
                    "name": one["name"], "namespace": one["namespace"],
                    "annotations": one["annotations"],
                },
                "spec": one["spec"],
            });
            let object = Object::from_json(object.to_string()).unwrap();
            let mut service = VirtualService::from_object(&object).unwrap();
            service.created = created;
            service
        })
        .collect();
    let named: Vec<NamedGateway<'_>> = gateways
        .iter()
        .map(|(resource, gateway)| NamedGateway {
            namespace: resource["namespace"].as_str().unwrap(),
            name: resource["name"].as_str().unwrap(),
            created: resource["created"].as_i64(),
            gateway,
        })
        .collect();
    let mut workload = Workload::default();
    workload.namespace = "infra".to_owned();
    workload.labels.insert("app".to_owned(), "edge".to_owned());
    let merged = MergedGateway::build(&named, &virtual_services, &workload);

    let kept = merged.servers.iter().filter(|server| server.skipped.is_none());
    let mut kept: Vec<_> = kept.map(|server| [server.gateway, server.server]).collect();
    kept.sort_unstable();
    let listeners: BTreeMap<&String, Vec<Value>> = merged
        .listeners
        .iter()
        .map(|(name, listener)| {
            let chains = listener.chains.iter();
            let chains = chains.filter(|chain| chain.action != ChainAction::AutoPassthrough);
            let chains = chains.map(|one| chain(one, &merged, &gateways, &virtual_services));
            (name, chains.collect::<Vec<_>>())
        })
        .filter(|(_, chains)| !chains.is_empty())
        .collect();
    let routes: BTreeMap<&String, BTreeMap<&String, Value>> = merged
        .routes
        .iter()
        .map(|(name, hosts)| {
            let host = hosts.iter().map(|(domain, host)| {
                let services = names(&virtual_services, &host.virtual_services);
                let mut answer = json!({"redirect": host.is_redirect, "services": services});
                if !host.backends.is_empty() {
                    answer["backends"] = json!(reached(&merged, &host.backends));
                }
                (domain, answer)
            });
            (name, host.collect())
        })
        .collect();
    json!({"kept": kept, "listeners": listeners, "routes": routes})
}

/// Servers, by their Gateway and their index in it.
type Servers = BTreeSet<(usize, usize)>;

/// The servers that pilot drops and those that `check` reports as dropped. `None` if
/// the API server rejects a Gateway, or pilot does not merge it.
fn dropped(case: &Value) -> Option<[Servers; 2]> {
    let options = Options::default();
    let mut set = DocumentSet::new(&options);
    let (mut of_pilot, mut found) = (BTreeSet::new(), BTreeSet::new());
    let is_drop = |message: &str| message.contains("istiod drops this server");
    let server = |path: &istio_gateway::FieldPath| {
        let path = path.to_string();
        let index = path.strip_prefix("spec.servers[").and_then(|rest| rest.split(']').next());
        index.and_then(|index| index.parse::<usize>().ok())
    };
    for (index, resource) in case["gateways"].as_array()?.iter().enumerate() {
        let spec = &resource["spec"];
        let labels = spec["selector"].as_object();
        if labels.into_iter().flatten().any(|label| label != (&"app".to_owned(), &json!("edge"))) {
            // It has other pods.
            continue;
        }
        let mut metadata = json!({"name": resource["name"], "namespace": resource["namespace"]});
        if let Some(seconds) = resource["created"].as_i64() {
            let created = Timestamp { seconds, nanos: 0 };
            metadata["creationTimestamp"] = json!(created.to_string());
        }
        let object = json!({
            "apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata, "spec": spec,
        });
        let object = Object::from_json(object.to_string()).unwrap();
        if !validate(&object, &options).is_accepted() {
            return None;
        }
        assert_eq!(set.add_object(index, 0, &object), []);
        let servers = spec["servers"].as_array().map_or(0, Vec::len);
        of_pilot.extend((0..servers).map(|server| (index, server)));
    }
    for kept in case["kept"].as_array()? {
        let number = |index: usize| usize::try_from(kept[index].as_u64().unwrap()).unwrap();
        of_pilot.remove(&(number(0), number(1)));
    }
    let between = set.finish().filter(|found| is_drop(&found.diagnostic.message));
    found.extend(between.filter_map(|found| Some((found.file, server(&found.diagnostic.path)?))));
    Some([of_pilot, found])
}

/// `check` reports the servers that pilot drops, and no other.
fn compare_dropped(path: &str) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let (mut wrong, mut count) = (0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let Some([of_pilot, found]) = dropped(&case) else { continue };
        count += of_pilot.len();
        if of_pilot != found {
            wrong += 1;
            if wrong < 6 {
                println!("{line}\n  pilot drops {of_pilot:?}\n  check       {found:?}");
            }
        }
    }
    assert_eq!(wrong, 0, "of {} cases", text.lines().count());
    count
}

fn compare(path: &str) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let mut wrong = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let ours = answer(&case);
        for key in ["kept", "listeners", "routes"] {
            if ours[key] != case[key] {
                wrong += 1;
                if wrong < 6 {
                    println!("{line}\n{key}:\n  pilot {}\n  here  {}", case[key], ours[key]);
                }
                break;
            }
        }
    }
    assert_eq!(wrong, 0, "of {} cases", text.lines().count());
    text.lines().count()
}

#[test]
fn istiod_builds_the_same() {
    let count = compare("tests/golden/merge.ndjson");
    println!("{count} sets of Gateways, merged as pilot merges them");
    assert!(count >= 200);
    let dropped = compare_dropped("tests/golden/merge.ndjson");
    println!("{dropped} servers that pilot drops, found by check");
    assert!(dropped >= 50);
}

#[test]
#[ignore = "needs pilot's answers: .ci/run"]
fn random_sets() {
    let path = env::var("ISTIO_GATEWAY_MERGE").unwrap();
    println!("{} random sets of Gateways, merged as pilot merges them", compare(&path));
    println!("{} servers that pilot drops, found by check", compare_dropped(&path));
}
