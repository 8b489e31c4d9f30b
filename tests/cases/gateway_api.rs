//! Gateways of Gateway API and key pairs, as pilot and Go judge them.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use istio_gateway::{
    FieldPath, RuleId,
    gateway_api::{
        ConvertedListener, Gateway, InMemory, Manifests, Options, Secret, convert, from_istio,
    },
    rule::gateway_api as rule,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Pair {
    id: String,
    cert: Option<String>,
    key: Option<String>,
    error: String,
    #[serde(rename = "isCA")]
    is_ca: bool,
}

pub(super) fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    text.trim_end_matches('\n')
        .split('\n')
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn pairs(file: &Path) -> Vec<Pair> {
    lines(file).into_iter().map(|line| serde_json::from_value(line).unwrap()).collect()
}

/// The texts that the golden cases refer to by name.
pub(super) fn golden_pems() -> BTreeMap<String, String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut pems = BTreeMap::new();
    for pair in pairs(Path::new("tests/golden/key_pairs.ndjson")) {
        let number = match pair.id.as_str() {
            "p256/pkcs8" => 1,
            "rsa-2048/pkcs8" => 2,
            _ => continue,
        };
        let text = |base64: Option<String>| {
            String::from_utf8(STANDARD.decode(base64.unwrap()).unwrap()).unwrap()
        };
        pems.insert(format!("cert-{number}"), text(pair.cert));
        pems.insert(format!("key-{number}"), text(pair.key));
    }
    pems
}

/// Replaces names with their texts.
pub(super) fn fill(value: &mut Value, pems: &BTreeMap<String, String>) {
    if let Some(name) = value.get("$pem").and_then(Value::as_str) {
        *value = pems[name].clone().into();
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, pems)),
        Value::Object(entries) => entries.values_mut().for_each(|value| fill(value, pems)),
        _ => {}
    }
}

fn resources(input: &Value) -> InMemory {
    let mut resources = InMemory::default();
    let all = |key: &str| input[key].as_array().cloned().unwrap_or_default().into_iter();
    for secret in all("secrets") {
        resources.add_secret(serde_json::from_value(secret).unwrap());
    }
    for map in all("configMaps") {
        resources.add_config_map(serde_json::from_value(map).unwrap());
    }
    for grant in all("referenceGrants") {
        resources.add_reference_grant(serde_json::from_value(grant).unwrap());
    }
    for class in all("gatewayClasses") {
        resources.add_gateway_class(serde_json::from_value(class).unwrap());
    }
    for set in all("listenerSets") {
        resources.add_listener_set(serde_json::from_value(set).unwrap());
    }
    for namespace in all("namespaces") {
        resources.add_namespace(serde_json::from_value(namespace).unwrap());
    }
    resources
}

/// This crate's answer, in the form of the cases.
fn answer(input: &Value, options: &Options) -> Value {
    let gateway: Gateway = serde_json::from_value(input["gateway"].clone()).unwrap();
    let conversion = convert(&gateway, &resources(input), options);
    let condition = |condition: &Value| {
        json!({
            "Type": condition["type"], "Status": condition["status"],
            "Reason": condition["reason"], "Message": condition["message"],
        })
    };
    let conditions =
        |all: &Value| all.as_array().unwrap().iter().map(condition).collect::<Vec<_>>();
    let listeners = |listeners: &[ConvertedListener]| {
        let mut listeners = serde_json::to_value(listeners).unwrap();
        for listener in listeners.as_array_mut().unwrap() {
            listener["conditions"] = conditions(&listener["conditions"]).into();
        }
        listeners
    };
    // In the order of the input.
    let set = |set: &Value| {
        let metadata = &set["metadata"];
        let sets = conversion.listener_sets.iter();
        let mut sets = sets
            .filter(|own| own.namespace == metadata["namespace"] && own.name == metadata["name"]);
        let Some(own) = sets.next() else {
            return json!({"listeners": [], "conditions": [], "ignored": true});
        };
        json!({
            "listeners": listeners(&own.listeners),
            "conditions": conditions(&serde_json::to_value(&own.conditions).unwrap()),
            "ignored": own.conditions.is_empty(),
        })
    };
    let sets = input["listenerSets"].as_array();
    let is_ignored = conversion.conditions.is_empty()
        && conversion.diagnostics.iter().any(|found| found.rule == rule::CLASS);
    json!({
        "listeners": listeners(&conversion.listeners),
        "sets": sets.map(|all| all.iter().map(set).collect::<Vec<_>>()),
        "conditions": conditions(&serde_json::to_value(&conversion.conditions).unwrap()),
        "ignored": is_ignored,
    })
}

/// Whether the translation assumes that the class is Istio's: upstream ignores the Gateway.
fn is_assumed(input: &Value) -> bool {
    let class = &input["gateway"]["spec"]["gatewayClassName"];
    let classes = input["gatewayClasses"].as_array();
    let is_there = classes.is_some_and(|all| all.iter().any(|c| c["metadata"]["name"] == *class));
    !is_there && !class.as_str().is_some_and(|class| class.starts_with("istio"))
}

/// Whether nothing is translated because an API server rejects the size.
fn schema_is_too_large(schema: &Value) -> bool {
    let errors = schema["errors"].as_array();
    errors.is_some_and(|all| {
        all.iter().any(|error| ["Too long", "Too many"].contains(&error["Type"].as_str().unwrap()))
    })
}

/// How the schema findings differ from an API server's, if they do.
fn schema_difference(kind: &str, object: &Value, theirs: &Value) -> Option<String> {
    let mut object = object.clone();
    object["kind"] = kind.into();
    let mut manifests = Manifests::default();
    let errors = manifests.add(object.to_string().as_bytes());
    let conversion = manifests.convert(&Options::default()).next();
    let all: Vec<_> = match conversion {
        Some((_, conversion)) => conversion.diagnostics,
        // A type that the translation needs: an API server rejects it, too.
        None if kind == "Gateway" => {
            let is_rejected = !theirs["errors"].as_array().unwrap().is_empty();
            return (!is_rejected).then(|| format!("{errors:?}"));
        }
        None => {
            let found = manifests.object_findings().into_iter().flat_map(|all| all.diagnostics);
            errors.iter().flat_map(|error| error.diagnostics().to_vec()).chain(found).collect()
        }
    };
    let found = |rules: &[RuleId]| {
        let found = all.iter().filter(|found| rules.contains(&found.rule));
        found.map(|found| (found.path.to_string(), found.message.clone())).collect::<Vec<_>>()
    };
    // The standard channel does not have experimental fields.
    let mut unknown = found(&[rule::UNKNOWN_FIELD, rule::EXPERIMENTAL_FIELD]);
    unknown.retain(|(_, message)| !message.contains("with the experimental channel, an"));
    let unknown: BTreeSet<_> = unknown.into_iter().map(|(path, _)| path).collect();
    let want = theirs["unknown"].as_array().unwrap().iter().map(|path| path.as_str().unwrap());
    if unknown != want.map(str::to_owned).collect() {
        return Some(format!("unknown: {unknown:?}"));
    }
    let mut ours = found(&[rule::SCHEMA, rule::TOO_LARGE]);
    // A sequence with too many items is not validated further.
    let closed: Vec<_> = ours.iter().filter(|(_, what)| what.starts_with("Too many")).collect();
    let closed: Vec<_> = closed.into_iter().map(|(path, _)| format!("{path}[")).collect();
    for error in theirs["errors"].as_array().unwrap() {
        let text = |key: &str| error[key].as_str().unwrap();
        let (path, detail) = (text("Field"), text("Detail"));
        let detail = detail.strip_prefix(&format!("{path} in body ")).unwrap_or(detail);
        let detail = detail.rsplit_once("evaluating rule: ").map_or(detail, |(_, rule)| rule);
        // Upstream names the location of a failed `oneOf` only in the text.
        let quoted = detail.split('"').nth(1).filter(|_| detail.contains("(oneOf)"));
        let path = quoted.unwrap_or(path);
        // Part of the reason why no `oneOf` matches.
        let is_detail = detail.contains("must be of type ipv") || detail.contains("(anyOf)");
        if is_detail || closed.iter().any(|list| path.starts_with(list)) {
            continue;
        }
        let is_same = |(at, message): &(String, String)| {
            // A key that is not an identifier.
            at.replace("[\"", ".").replace("\"]", "") == path
                && (message.ends_with(detail)
                    || detail.contains("(oneOf)") && message.contains("(oneOf)"))
                && message.starts_with(text("Type"))
        };
        let Some(index) = ours.iter().position(is_same) else {
            return Some(format!("not found: {error}\n  ours: {ours:?}"));
        };
        ours.remove(index);
    }
    // The rules that an API server then does not evaluate.
    let is_blocked = theirs["blocked"] == true;
    (!ours.is_empty() && !is_blocked).then(|| format!("found: {ours:?}"))
}

/// The golden Gateways with the objects that they refer to, a set for each.
#[cfg(feature = "validate")]
pub(super) fn golden_manifests() -> Vec<Manifests> {
    let pems = golden_pems();
    let object = |kind: &str, version: &str, mut object: Value| {
        object["kind"] = kind.into();
        object["apiVersion"] = version.into();
        object.to_string()
    };
    let manifests = |mut line: Value| {
        let mut input = line["input"].take();
        fill(&mut input, &pems);
        let api = "gateway.networking.k8s.io/v1";
        let mut text = object("Gateway", api, input["gateway"].take());
        for (key, kind, version) in [
            ("secrets", "Secret", "v1"),
            ("configMaps", "ConfigMap", "v1"),
            ("referenceGrants", "ReferenceGrant", api),
            ("namespaces", "Namespace", "v1"),
        ] {
            for item in input[key].as_array().cloned().unwrap_or_default() {
                text += &object(kind, version, item);
            }
        }
        let mut manifests = Manifests::default();
        let errors = manifests.add(text.as_bytes());
        assert!(errors.is_empty(), "{errors:?}");
        manifests
    };
    let file = Path::new("tests/golden/gateway_api.ndjson");
    lines(file).into_iter().map(manifests).collect()
}

/// Whether a `ListenerSet` has two listeners of one name, of which pilot keeps one: an API server rejects it.
fn has_repeated_names(input: &Value) -> bool {
    let sets = input["listenerSets"].as_array().into_iter().flatten();
    sets.filter_map(|set| set["spec"]["listeners"].as_array()).any(|listeners| {
        let names: BTreeSet<_> = listeners.iter().map(|l| l["name"].to_string()).collect();
        names.len() < listeners.len()
    })
}

/// The number of `ListenerSet`s, and how answers for them differ.
fn compare_sets(input: &Value, ours: &Value, theirs: &Value) -> (usize, Vec<String>) {
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (sets, ours, theirs) = (array(&input["listenerSets"]), array(ours), array(theirs));
    let mut wrong = Vec::new();
    // One that is ignored because of its size may be in the way of others for pilot.
    let is_too_large = theirs.iter().any(|theirs| schema_is_too_large(&theirs["schema"]));
    for ((set, ours), mut theirs) in sets.iter().zip(&ours).zip(theirs.iter().cloned()) {
        let schema = theirs.as_object_mut().unwrap().remove("schema");
        if let Some(schema) = schema {
            let difference = schema_difference("ListenerSet", set, &schema);
            wrong.extend(difference.map(|text| format!("schema of {}: {text}", set["metadata"])));
        }
        if !is_too_large && !is_ambient(input, &theirs) && verdicts(ours) != verdicts(&theirs) {
            wrong.push(format!("{}\n  ours   {ours}\n  theirs {theirs}", set["metadata"]));
        }
    }
    assert_eq!((sets.len(), sets.len()), (ours.len(), theirs.len()));
    (sets.len(), wrong)
}

/// Whether istiod without ambient mode, the judge, writes no status, because the Gateway is a waypoint.
fn is_ambient(input: &Value, theirs: &Value) -> bool {
    let class = &input["gateway"]["spec"]["gatewayClassName"];
    let classes = input["gatewayClasses"].as_array().into_iter().flatten();
    let mut own = classes.filter(|object| object["metadata"]["name"] == *class);
    let of_mesh = |object: &Value| object["spec"]["controllerName"] == "istio.io/mesh-controller";
    let is_waypoint = *class == "istio-waypoint" || own.any(of_mesh);
    theirs["ignored"] == true && is_waypoint
}

/// The number of cases, and those that differ. Only what the file has is compared.
fn compare(file: &Path, pems: BTreeMap<String, String>) -> (usize, Vec<String>) {
    let (mut count, mut wrong, mut pems) = (0, Vec::new(), pems);
    for mut line in lines(file) {
        if let Some(texts) = line.get("pems") {
            pems = serde_json::from_value(texts.clone()).unwrap();
            continue;
        }
        count += 1;
        let mut input = line["input"].take();
        fill(&mut input, &pems);
        let (sets, different) = compare_case(&input, &line["output"]);
        count += sets;
        wrong.extend(different.into_iter().map(|text| format!("{}: {text}", line["id"])));
    }
    (count, wrong)
}

/// The number of `ListenerSet`s, and how our answer for a Gateway differs.
pub(super) fn compare_case(input: &Value, output: &Value) -> (usize, Vec<String>) {
    let (mut count, mut wrong) = (0, Vec::new());
    // The judge is istiod 1.31.
    let ours = answer(input, &Options::istio("1.31".parse().unwrap()));
    let is_too_large = schema_is_too_large(&output["schema"]);
    let is_skipped = is_assumed(input) || is_too_large || has_repeated_names(input);
    for (key, theirs) in output.as_object().unwrap() {
        if key == "schema" {
            let difference = schema_difference("Gateway", &input["gateway"], theirs);
            wrong.extend(difference.map(|text| format!("schema: {text}")));
        } else if key == "sets" {
            let (sets, different) = compare_sets(input, &ours[key], theirs);
            count += sets;
            wrong.extend(different.into_iter().filter(|_| !is_skipped));
        } else if !is_skipped && verdicts(&ours[key]) != verdicts(theirs) {
            wrong.push(format!("{key}\n  ours   {}\n  theirs {theirs}", ours[key]));
        }
    }
    (count, wrong)
}

/// The reverse conversion of every server that istiod would program converts to the same server, or
/// a finding reports why not. Returns the number of equal ones.
fn round_trips(file: &Path, pems: BTreeMap<String, String>) -> (usize, Vec<String>) {
    let (mut back_and_forth, mut wrong, mut pems) = (0, Vec::new(), pems);
    for mut line in lines(file) {
        if let Some(texts) = line.get("pems") {
            pems = serde_json::from_value(texts.clone()).unwrap();
            continue;
        }
        let mut input = line["input"].take();
        fill(&mut input, &pems);
        let gateway: Gateway = serde_json::from_value(input["gateway"].clone()).unwrap();
        let mut resources = resources(&input);
        let options = Options::default();
        let conversion = convert(&gateway, &resources, &options);
        let servers: Vec<_> = conversion.servers().map(|(_, server)| server.clone()).collect();
        let mut istio = istio_gateway::Gateway::default();
        istio.servers.clone_from(&servers);
        let mut metadata = istio_gateway::gateway_api::Metadata::default();
        metadata.namespace.clone_from(&gateway.metadata.namespace);
        metadata.name.clone_from(&gateway.metadata.name);
        let back = from_istio(&istio, metadata);
        for grant in back.reference_grants.clone() {
            resources.add_reference_grant(grant);
        }
        let forth = convert(&back.gateway, &resources, &options);
        for (index, server) in servers.iter().enumerate() {
            let path = FieldPath::root().key("servers").index(index);
            let told =
                back.diagnostics.iter().filter(|found| found.path.starts_with(&path)).count();
            match &back.listeners[index] {
                None if told == 0 => wrong.push(format!("{}: {index} is not said", line["id"])),
                None => {}
                Some(name) => {
                    let again = forth.servers().find(|(listener, _)| listener == name);
                    if told == 0 && again.map(|(_, server)| server) != Some(server) {
                        wrong.push(format!("{}: {server:?}\n  is now {again:?}", line["id"]));
                    }
                    back_and_forth += usize::from(told == 0);
                }
            }
        }
    }
    (back_and_forth, wrong)
}

/// Asks about a pair as a Gateway does: its message ends with Go's.
fn pair_error(pair: &Pair) -> (String, bool) {
    let bytes = |text: &Option<String>| text.clone().unwrap_or_default();
    let (cert, key) = (bytes(&pair.cert), bytes(&pair.key));
    let metadata = json!({"namespace": "gw", "name": "a"});
    let secret: Secret = serde_json::from_value(json!({
        "metadata": metadata,
        "data": {"tls.crt": cert, "tls.key": key, "ca.crt": cert},
    }))
    .unwrap();
    let ask = |validation: Value, option: &str| {
        let gateway = serde_json::from_value(json!({
            "metadata": {"namespace": "gw", "name": "g"},
            "spec": {
                "gatewayClassName": "istio",
                "listeners": [{
                    "name": "a", "port": 443, "protocol": "HTTPS",
                    "tls": {"certificateRefs": [{"name": option}]},
                }],
                "tls": {"frontend": {"default": validation}},
            },
        }))
        .unwrap();
        let mut resources = InMemory::default();
        resources.add_secret(secret.clone());
        // A valid pair, so that the CA is checked.
        let good = golden_pems();
        resources.add_secret(
            serde_json::from_value(json!({
                "metadata": {"namespace": "gw", "name": "good"},
                "stringData": {"tls.crt": good["cert-1"], "tls.key": good["key-1"]},
            }))
            .unwrap(),
        );
        let conversion = convert(&gateway, &resources, &Options::default());
        let conditions = &conversion.listeners[0].conditions;
        conditions.iter().find(|c| c.kind == "ResolvedRefs").unwrap().message.clone()
    };
    let message = ask(json!({}), "a");
    let error = match message.strip_prefix("invalid certificate reference //a., ") {
        None => String::new(),
        Some(rest) => {
            rest.strip_prefix("the certificate is malformed: ").unwrap_or(rest).to_owned()
        }
    };
    let reference = json!({"group": "", "kind": "Secret", "name": "a"});
    let message = ask(json!({"validation": {"caCertificateRefs": [reference]}}), "good");
    (error, message == "No errors found")
}

/// The verdict of a text on a key pair, without the wording of Go's `crypto/x509` and
/// `crypto/ecdsa`: the entry `x509/wording` of `known_differences.json`. The texts of `crypto/tls`
/// are compared.
fn verdict(error: &str) -> &str {
    let is_worded_by_go = error.is_empty() || error.starts_with("tls: ");
    if is_worded_by_go { error } else { "a malformed certificate" }
}

/// A value whose texts end after "the certificate is malformed: " for the same reason. A text may
/// be about several references.
pub(super) fn verdicts(value: &Value) -> Value {
    const MALFORMED: &str = "the certificate is malformed: ";
    const NEXT: &str = "; invalid certificate reference ";
    let of_reference = |text: &str| match text.split_once(MALFORMED) {
        Some((before, error)) => format!("{before}{MALFORMED}{}", verdict(error)),
        None => text.to_owned(),
    };
    match value {
        Value::String(text) => {
            text.split(NEXT).map(of_reference).collect::<Vec<_>>().join(NEXT).into()
        }
        Value::Array(items) => items.iter().map(verdicts).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), verdicts(value))).collect()
        }
        other => other.clone(),
    }
}

fn compare_pairs(file: &Path) -> (usize, Vec<String>) {
    let (mut count, mut wrong) = (0, Vec::new());
    for pair in pairs(file) {
        let is_empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
        count += 1;
        let (mut error, is_ca) = pair_error(&pair);
        if is_empty(&pair.cert) || is_empty(&pair.key) {
            // A Gateway does not come as far as Go.
            assert_eq!(error, "found keys \"tls.crt\" and \"tls.key\", but they were empty");
            error.clone_from(&pair.error);
        }
        if verdict(&error) != verdict(&pair.error) || is_ca != pair.is_ca {
            wrong.push(format!(
                "{}\n  ours   {error:?}, a CA: {is_ca}\n  theirs {:?}, a CA: {}",
                pair.id, pair.error, pair.is_ca
            ));
        }
    }
    (count, wrong)
}

#[test]
fn gateways_equal_pilots() {
    let (count, wrong) = compare(Path::new("tests/golden/gateway_api.ndjson"), golden_pems());
    assert_eq!(count, 144);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_reverse_conversion_converts_to_the_same() {
    let (count, wrong) = round_trips(Path::new("tests/golden/gateway_api.ndjson"), golden_pems());
    assert!(count > 80, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn key_pairs_equal_gos_verdicts() {
    let (count, wrong) = compare_pairs(Path::new("tests/golden/key_pairs.ndjson"));
    assert!(count > 100, "{count}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn wording_of_certificates_still_differs() {
    let text = fs::read_to_string("tests/golden/known_differences.json").unwrap();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let entry = entries.iter().find(|entry| entry["id"] == "x509/wording").unwrap();
    let ids = entry["key_pairs"].as_array().unwrap();
    assert!(!ids.is_empty() && !entry["reason"].as_str().unwrap().is_empty());
    let pairs = pairs(Path::new("tests/golden/key_pairs.ndjson"));
    for id in ids {
        let pair = pairs.iter().find(|pair| pair.id == *id).unwrap();
        let (error, _) = pair_error(pair);
        assert_ne!(error, pair.error, "{id}");
        assert!(error.starts_with("x509: malformed "), "{id}: {error}");
    }
}

/// `ISTIO_GATEWAY_GATEWAY_API=DIR`: every `gateways*.ndjson` and `pairs*.ndjson` that
/// `conformance/webhook/gatewayapi` wrote into DIR.
#[test]
#[ignore = "needs answers from conformance/webhook/gatewayapi, in ISTIO_GATEWAY_GATEWAY_API"]
fn random_gateways_and_pairs() {
    let dir = env::var("ISTIO_GATEWAY_GATEWAY_API").expect("ISTIO_GATEWAY_GATEWAY_API");
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut gateways, mut pairs, mut all) = (0, 0, Vec::new());
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let (count, wrong) = if name.starts_with("gateways") {
            let (count, different) = compare(file, BTreeMap::new());
            gateways += count;
            let (back, mut wrong) = round_trips(file, BTreeMap::new());
            println!("{name}: {back} servers back and forth, {} differ", wrong.len());
            wrong.extend(different);
            (count, wrong)
        } else if name.starts_with("pairs") {
            let (count, wrong) = compare_pairs(file);
            pairs += count;
            (count, wrong)
        } else {
            continue;
        };
        println!("{name}: {count} cases, {} differ", wrong.len());
        all.extend(wrong);
    }
    assert!(gateways > 0 && pairs > 0, "no cases");
    let shown: Vec<_> = all.iter().take(20).cloned().collect();
    assert!(all.is_empty(), "{} differ:\n{}", all.len(), shown.join("\n"));
}
