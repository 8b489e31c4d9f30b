//! What `check` finds of sets, compared with the messages of istioctl's analyzers.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use istio_gateway::validate::{Options, Report, Verdict, documents, set::DocumentSet};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    id: String,
    objects: Vec<Value>,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    analyzer: String,
    code: String,
    object: String,
    text: String,
}

/// A message that `check` does not have.
struct Missing {
    /// What the name of the case starts with.
    case: &'static str,
    code: &'static str,
    analyzer: &'static str,
    count: usize,
    reason: &'static str,
}

const fn missing(
    (case, code, analyzer): (&'static str, &'static str, &'static str),
    count: usize,
    reason: &'static str,
) -> Missing {
    Missing { case, code, analyzer, count, reason }
}

const NO_NAMESPACE: &str =
    "the pods have no namespace, which the analyzer takes for having no pods";
const NO_SERVICE: &str = "no Service has the pods: it may be in other files";
const OTHER_GATEWAY: &str = "another Gateway of the VirtualService has the host";
const REJECTED: &str = "the Gateway is rejected";

/// Of upstream's test data.
const NOT_FOUND: [Missing; 9] = [
    missing(
        ("conflicting-gateways-subSelector", "IST0101", "gateway.SecretAnalyzer"),
        2,
        NO_NAMESPACE,
    ),
    missing(
        ("conflicting-gateways-subSelector", "IST0162", "gateway.IngressGatewayPortAnalyzer"),
        2,
        NO_SERVICE,
    ),
    missing(
        ("gateway-custom-ingressgateway", "IST0101", "gateway.SecretAnalyzer"),
        6,
        NO_NAMESPACE,
    ),
    missing(
        ("gateway-secrets.yaml", "IST0145", "gateway.ConflictingGatewayAnalyzer"),
        1,
        "the other Gateways are rejected",
    ),
    missing(
        ("gateway-secrets.yaml", "IST0138", "gateway.CertificateAnalyzer"),
        2,
        "the host is the same, too: the rule is lint/duplicate-host",
    ),
    missing(
        ("virtualservice_gateways", "IST0101", "virtualservice.GatewayAnalyzer"),
        1,
        "no Gateway has the name: it may be in other files",
    ),
    missing(("virtualservice_gateways", "IST0132", "virtualservice.GatewayAnalyzer"), 3, REJECTED),
    missing(
        ("virtualservice_host_not_found_gateway.yaml", "IST0132", "virtualservice.GatewayAnalyzer"),
        2,
        OTHER_GATEWAY,
    ),
    missing(
        ("virtualservice_host_not_found_gateway_beta", "IST0132", "virtualservice.GatewayAnalyzer"),
        2,
        OTHER_GATEWAY,
    ),
];

/// The rules that report what a message reports.
fn rules(message: &Message) -> &'static [&'static str] {
    let is_of = |kind: &str| message.text.starts_with(&format!("Referenced {kind} not found"));
    match message.code.as_str() {
        "IST0101" if is_of("selector") => &["lint/selector-without-pods"],
        "IST0101" if is_of("credentialName") => &["lint/missing-secret"],
        "IST0101" if is_of("gateway") => &["lint/virtual-service-gateway"],
        "IST0106" => &["rejected"],
        "IST0132" => &["lint/virtual-service-host"],
        "IST0138" => &["lint/connection-coalescing"],
        "IST0145" => &["lint/duplicate-host", "lint/port-protocol"],
        "IST0161" => &[
            "lint/secret-keys",
            "lint/secret-certificate",
            "lint/secret-private-key",
            "lint/certificate-expired",
        ],
        "IST0162" => &["lint/port-without-service"],
        code => panic!("unknown message {code}: {}", message.text),
    }
}

/// The rules of each object, by its kind, namespace and name. A rejected one has the rule `rejected`.
fn check(objects: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let options = Options::default().with_time("2026-11-29T00:00:00Z".parse().unwrap());
    let mut set = DocumentSet::new(&options);
    let (mut names, mut rules) = (Vec::new(), BTreeMap::<String, BTreeSet<String>>::new());
    let mut all = Vec::new();
    for object in objects {
        for document in documents(&object.to_string(), &options) {
            let document = document.unwrap();
            let object = &document.object;
            let slash = if object.namespace().is_empty() { "" } else { "/" };
            let name = format!("{} {}{slash}{}", object.kind(), object.namespace(), object.name());
            let is_rejected = |report: &Report| matches!(report.verdict(), Verdict::Rejected(_));
            if document.report.as_ref().is_some_and(is_rejected) {
                rules.entry(name.clone()).or_default().insert("rejected".to_owned());
            }
            all.extend(set.add(names.len(), 0, &document));
            names.push(name);
        }
    }
    all.extend(set.finish());
    for found in all {
        // Of two Gateways, the second has the finding.
        for file in [Some(found.file), found.other.map(|other| other.file)].into_iter().flatten() {
            let rule = found.diagnostic.rule.to_string();
            rules.entry(names[file].clone()).or_default().insert(rule);
        }
    }
    rules
}

fn cases(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn messages_of_istioctl_are_found() {
    let mut counts = NOT_FOUND.map(|_| 0);
    let (mut found, mut unknown) = (0, Vec::new());
    for case in cases(Path::new("tests/golden/analyze.ndjson")) {
        let of_objects = check(&case.objects);
        for message in &case.messages {
            let of_object = of_objects.get(&message.object).cloned().unwrap_or_default();
            // A rejected object is not judged further.
            if of_object.contains("rejected")
                || rules(message).iter().any(|rule| of_object.contains(*rule))
            {
                found += 1;
                continue;
            }
            let is_listed = |listed: &Missing| {
                case.id.starts_with(listed.case)
                    && (listed.code, listed.analyzer) == (&message.code, &message.analyzer)
            };
            match NOT_FOUND.iter().position(is_listed) {
                Some(index) => counts[index] += 1,
                None => unknown.push(format!(
                    "{} {} {}: {} {of_object:?}",
                    case.id, message.code, message.object, message.text
                )),
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    for (listed, count) in NOT_FOUND.iter().zip(counts) {
        let Missing { case, code, reason, .. } = listed;
        assert_eq!(count, listed.count, "{case} {code}: {reason}");
    }
    let listed: usize = counts.iter().sum();
    println!("{found} messages of istioctl analyze are found, {listed} are listed with a reason");
    assert_eq!((found, listed), (71, 21));
}

/// Pods, ports and Secrets of random sets: exactly what istioctl reports.
#[test]
#[ignore = "needs the sets that conformance/webhook/analyze makes"]
fn random_sets_are_analyzed_as_by_istioctl() {
    let path = env::var("ISTIO_GATEWAY_ANALYZE").expect("the file of the sets");
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::new());
    for case in cases(Path::new(&path)) {
        let of_objects = check(&case.objects);
        let all = |kind: &'static str| {
            let of_kind = move |object: &&Value| object["kind"] == kind;
            case.objects.iter().filter(of_kind)
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for gateway in all("Gateway") {
            let metadata = &gateway["metadata"];
            let name =
                format!("Gateway {}/{}", text(&metadata["namespace"]), text(&metadata["name"]));
            let of_object = of_objects.get(&name).cloned().unwrap_or_default();
            let is_reported = |code: &str, start: &str| {
                let is_it = |message: &Message| {
                    (message.code.as_str(), message.object.as_str()) == (code, &name)
                        && message.text.starts_with(start)
                };
                case.messages.iter().any(is_it)
            };
            let mut judge = |rules: &[&str], want: bool| {
                let found = rules.iter().any(|rule| of_object.contains(*rule));
                *counts.entry((rules[0].to_owned(), found)).or_insert(0_usize) += 1;
                if found != want {
                    wrong.push(format!("{} {name}: {rules:?} is {found}", case.id));
                }
            };
            let has_no_pods = is_reported("IST0101", "Referenced selector not found");
            let has_pods = all("Pod").next().is_some();
            judge(&["lint/selector-without-pods"], has_no_pods && has_pods);
            let pods = selected(&gateway["spec"]["selector"], all("Pod"));
            let services = services(&pods, all("Service"));
            // istioctl takes a Service without a selector for one of all pods.
            let has_selector = |service: &Value| service["spec"]["selector"].is_object();
            let is_known = !services.is_empty()
                && all("Service").all(has_selector)
                && services.iter().all(|service| {
                    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
                    !ports.clone().any(|port| port["targetPort"] == "https")
                });
            if is_known {
                judge(&["lint/port-without-service"], is_reported("IST0162", ""));
            }
        }
    }
    println!("{counts:?}: found or not, 0 different from istioctl");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts.values().all(|count| *count > 20) && counts.len() == 4, "{counts:?}");
}

fn is_selected(selector: &Value, labels: &Value) -> bool {
    let mut selector = selector.as_object().into_iter().flatten();
    selector.all(|(key, value)| labels[key] == *value)
}

fn selected<'a>(selector: &Value, pods: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    pods.filter(|pod| is_selected(selector, &pod["metadata"]["labels"])).collect()
}

/// The Services of pods.
fn services<'a>(pods: &[&Value], all: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    let has = |service: &&Value| {
        let selector = &service["spec"]["selector"];
        let is_of = |pod: &&Value| {
            pod["metadata"]["namespace"] == service["metadata"]["namespace"]
                && is_selected(selector, &pod["metadata"]["labels"])
        };
        selector.is_object() && pods.iter().any(is_of)
    };
    all.filter(has).collect()
}
