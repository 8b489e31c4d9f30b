//! Random edits of random objects: the merge patch has them, and no unknown field is lost.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use istio_gateway_kube::{
    GatewaySpec, Lossless,
    istio_gateway::{IstioCondition, IstioStatus, Port, Server, ServerTlsSettings},
    v1,
};
use kube::ResourceExt as _;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// Unknown data.
fn data() -> impl Strategy<Value = Value> {
    let scalar = select(vec![json!(null), json!(1), json!("a"), json!(false), json!(-1.5)]);
    scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec((word(), inner), 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn word() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "new", "name", "spec"]).prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = Value> {
    vec((word(), word()), 0..3)
        .prop_map(|map| map.into_iter().map(|(key, value)| (key, json!(value))).collect())
}

/// A mapping with some of these fields and some unknown ones, in any order.
fn map(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(key, value)| option::of(value).prop_map(move |value| Some((key.to_owned(), value?))))
        .collect();
    let unknown = vec((select(vec!["futureA", "future_b", "~"]), data()), 0..3)
        .prop_map(|all| all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
    (fields, unknown)
        .prop_map(|(known, unknown): (Vec<_>, Vec<_>)| {
            known.into_iter().flatten().chain(unknown).collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
        .boxed()
}

/// A sequence of mappings with unique names.
fn list(key: &'static str, item: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let name = move |(index, mut item): (usize, Value)| {
        item[key] = json!(format!("old{index}"));
        item
    };
    vec(item, 0..4).prop_map(move |items| items.into_iter().enumerate().map(name).collect()).boxed()
}

fn one_of(values: &[Value]) -> BoxedStrategy<Value> {
    select(values.to_vec()).boxed()
}

fn or_null(value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop_oneof![8 => value, 1 => Just(Value::Null)].boxed()
}

fn object() -> BoxedStrategy<Value> {
    let text = || one_of(&[json!("a"), json!("b"), json!("")]);
    let port = map(vec![
        ("number", one_of(&[json!(443), json!("443"), json!(0), json!(null)])),
        ("protocol", text()),
        ("target_port", one_of(&[json!(1)])),
    ]);
    let tls = map(vec![
        ("mode", one_of(&[json!("SIMPLE"), json!(2), json!("PASSTHROUGH")])),
        ("insecure_skip_verify", one_of(&[json!(true), json!(null)])),
        ("credentialName", text()),
        ("cipherSuites", one_of(&[json!(["a", "b"]), json!([])])),
    ]);
    let server = map(vec![
        ("port", or_null(port)),
        ("tls", or_null(tls)),
        ("hosts", one_of(&[json!(["*"]), json!(["a", "b"]), json!([])])),
        ("default_endpoint", text()),
        ("bind", text()),
    ]);
    let condition = map(vec![("status", text()), ("message", text()), ("reason", text())]);
    let owner = map(vec![("name", text()), ("kind", text())]);
    let spec = map(vec![
        ("selector", or_null(words().boxed())),
        ("servers", or_null(list("name", server))),
    ]);
    let status = map(vec![
        ("conditions", list("type", condition)),
        ("observed_generation", one_of(&[json!("1"), json!(2), json!("x")])),
        ("validationMessages", list("documentationUrl", map(vec![]))),
    ]);
    let metadata = map(vec![
        ("name", text()),
        ("resourceVersion", text()),
        ("labels", or_null(words().boxed())),
        ("annotations", words().boxed()),
        ("ownerReferences", list("uid", owner)),
    ]);
    map(vec![
        ("apiVersion", one_of(&[json!("networking.istio.io/v1"), json!(null)])),
        ("kind", one_of(&[json!("Gateway")])),
        ("metadata", or_null(metadata)),
        ("spec", or_null(spec)),
        ("status", or_null(status)),
    ])
}

#[derive(Clone, Debug)]
enum Edit {
    ClearSpec,
    ClearServers,
    Selector(String, Option<String>),
    ClearSelector,
    Insert(usize),
    Remove(usize),
    Swap(usize, usize),
    ClearServer(usize),
    Bind(usize, String),
    Port(usize, Option<u32>),
    Tls(usize, Option<Option<bool>>),
    Status(Option<i64>),
    Condition(usize, String),
    InsertCondition(usize),
    RemoveCondition(usize),
    Label(String, Option<String>),
    NoLabels,
    Annotation(String),
    Owner(usize, Option<bool>),
    RemoveOwner(usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = || 0_usize..4;
    let edit = prop_oneof![
        Just(Edit::ClearSpec),
        Just(Edit::ClearServers),
        (word(), option::of(word())).prop_map(|(key, value)| Edit::Selector(key, value)),
        Just(Edit::ClearSelector),
        at().prop_map(Edit::Insert),
        at().prop_map(Edit::Remove),
        (at(), at()).prop_map(|(a, b)| Edit::Swap(a, b)),
        at().prop_map(Edit::ClearServer),
        (at(), word()).prop_map(|(at, bind)| Edit::Bind(at, bind)),
        (at(), option::of(0_u32..3)).prop_map(|(at, number)| Edit::Port(at, number)),
        (at(), any::<Option<Option<bool>>>()).prop_map(|(at, skip)| Edit::Tls(at, skip)),
        option::of(0_i64..3).prop_map(Edit::Status),
        (at(), word()).prop_map(|(at, status)| Edit::Condition(at, status)),
        at().prop_map(Edit::InsertCondition),
        at().prop_map(Edit::RemoveCondition),
        (word(), option::of(word())).prop_map(|(key, value)| Edit::Label(key, value)),
        Just(Edit::NoLabels),
        word().prop_map(Edit::Annotation),
        (at(), any::<Option<bool>>()).prop_map(|(at, is)| Edit::Owner(at, is)),
        at().prop_map(Edit::RemoveOwner),
    ];
    vec(edit, 0..8)
}

/// Makes an edit; its number is the name of a new element. Without anything to edit it does
/// nothing.
fn apply(edit: Edit, number: usize, gateway: &mut v1::Gateway) {
    fn remove<T>(list: &mut Vec<T>, at: usize) {
        if at < list.len() {
            list.remove(at);
        }
    }
    let name = format!("new{number}");
    let servers = &mut gateway.spec.servers;
    match edit {
        Edit::ClearSpec => gateway.spec = GatewaySpec::default(),
        Edit::ClearServers => servers.clear(),
        Edit::Selector(key, Some(value)) => drop(gateway.spec.selector.insert(key, value)),
        Edit::Selector(key, None) => drop(gateway.spec.selector.remove(&key)),
        Edit::ClearSelector => gateway.spec.selector.clear(),
        Edit::Insert(at) => {
            servers.insert(at.min(servers.len()), Server { name, ..Server::default() });
        }
        Edit::Remove(at) => remove(servers, at),
        Edit::Swap(a, b) if a.max(b) < servers.len() => servers.swap(a, b),
        Edit::Swap(..) => {}
        Edit::Status(None) => gateway.status = None,
        Edit::Status(Some(observed_generation)) => {
            gateway.status = Some(IstioStatus { observed_generation, ..IstioStatus::default() });
        }
        Edit::Label(key, Some(value)) => drop(gateway.labels_mut().insert(key, value)),
        Edit::Label(key, None) => drop(gateway.labels_mut().remove(&key)),
        Edit::NoLabels => gateway.metadata.labels = None,
        Edit::Annotation(key) => drop(gateway.annotations_mut().insert(key, name)),
        Edit::Owner(at, is_controller) => {
            if let Some(owner) = gateway.owner_references_mut().get_mut(at) {
                owner.controller = is_controller;
            }
        }
        Edit::RemoveOwner(at) => remove(gateway.owner_references_mut(), at),
        Edit::ClearServer(at) | Edit::Bind(at, _) | Edit::Port(at, _) | Edit::Tls(at, _) => {
            let Some(server) = servers.get_mut(at) else { return };
            match edit {
                Edit::Bind(_, bind) => server.bind = bind,
                Edit::Port(_, number) => {
                    server.port = number.map(|number| Port { number, ..Port::default() });
                }
                Edit::Tls(_, skip) => {
                    server.tls = skip.map(|insecure_skip_verify| ServerTlsSettings {
                        insecure_skip_verify,
                        ..ServerTlsSettings::default()
                    });
                }
                _ => *server = Server { name: server.name.clone(), ..Server::default() },
            }
        }
        Edit::Condition(..) | Edit::InsertCondition(_) | Edit::RemoveCondition(_) => {
            let Some(status) = &mut gateway.status else { return };
            let conditions = &mut status.conditions;
            match edit {
                Edit::InsertCondition(at) => {
                    let condition = IstioCondition { r#type: name, ..IstioCondition::default() };
                    conditions.insert(at.min(conditions.len()), condition);
                }
                Edit::Condition(at, status) if at < conditions.len() => {
                    conditions[at].status = status;
                }
                Edit::RemoveCondition(at) => remove(conditions, at),
                _ => {}
            }
        }
    }
}

/// RFC 7386, section 2.
fn patched(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut target = if let Value::Object(target) = target { target } else { Map::new() };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            let old = target.remove(key).unwrap_or(Value::Null);
            target.insert(key.clone(), patched(old, value));
        }
    }
    Value::Object(target)
}

/// Whether every value in a patch differs from the document.
fn is_minimal(original: &Value, patch: &Value) -> bool {
    let Value::Object(entries) = patch else { return false };
    !entries.is_empty()
        && entries.iter().all(|(key, value)| match original.get(key) {
            Some(old @ Value::Object(_)) if value.is_object() => is_minimal(old, value),
            Some(old) => value.is_null() || old != value,
            None => !value.is_null(),
        })
}

const UNKNOWN: [&str; 3] = ["futureA", "future_b", "~"];

/// Whether a mapping has exactly the unknown fields that it had.
fn keeps_own(was: &Value, is: &Value) -> bool {
    !was.is_object() || !is.is_object() || UNKNOWN.iter().all(|key| was.get(key) == is.get(key))
}

/// The same for the elements of a sequence, matched by name, and for these fields of theirs.
fn keeps_in_list(was: &Value, is: &Value, name: &str, fields: &[&str]) -> bool {
    let (Value::Array(was), Value::Array(is)) = (was, is) else { return true };
    is.iter().all(|is| {
        let Some(was) = was.iter().find(|was| was[name] == is[name]) else { return true };
        keeps_own(was, is) && fields.iter().all(|field| keeps_own(&was[*field], &is[*field]))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_patch_has_the_edits_and_no_unknown_field_is_lost(
        original in object(),
        edits in edits(),
    ) {
        let mut gateway: Lossless<v1::Gateway> = serde_json::from_value(original.clone()).unwrap();
        let before = (*gateway).clone();
        for (number, edit) in edits.into_iter().enumerate() {
            apply(edit, number, &mut gateway);
        }
        let written = serde_json::to_value(&gateway).unwrap();

        let patch = gateway.merge_patch().unwrap();
        for (field, is_edited) in [
            ("apiVersion", false),
            ("kind", false),
            ("metadata", gateway.metadata != before.metadata),
            ("spec", gateway.spec != before.spec),
            ("status", gateway.status != before.status),
        ] {
            let is_said = patch.as_ref().is_some_and(|patch| patch.get(field).is_some());
            prop_assert_eq!(is_said, is_edited, "{}: {:?}", field, patch);
        }
        match patch {
            None => prop_assert_eq!(&original, &written),
            Some(patch) => {
                prop_assert!(is_minimal(&original, &patch), "{}", patch);
                prop_assert_eq!(patched(original.clone(), &patch), written.clone(), "{}", patch);
            }
        }
        if *gateway == before {
            prop_assert_eq!(&original, &written);
        }
        // The written object has the edits.
        let again: v1::Gateway = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(&again, &*gateway);

        prop_assert!(keeps_own(&original, &written));
        for (field, is_there) in
            [("metadata", true), ("spec", true), ("status", gateway.status.is_some())]
        {
            let (was, is) = (&original[field], &written[field]);
            prop_assert!(!was.is_object() || is.is_object() == is_there, "{}", written);
            prop_assert!(keeps_own(was, is), "{}", written);
        }
        for (place, name, fields) in [
            ("/spec/servers", "name", &["port", "tls"][..]),
            ("/status/conditions", "type", &[]),
            ("/status/validationMessages", "documentationUrl", &[]),
            ("/metadata/ownerReferences", "uid", &[]),
        ] {
            if let (Some(was), Some(is)) = (original.pointer(place), written.pointer(place)) {
                prop_assert!(keeps_in_list(was, is, name, fields), "{}: {}", place, written);
            }
        }
    }
}
