//! Property tests: messages through each of their formats, any data through the YAML writer, and
//! documents through edits.
//!
//! `ISTIO_GATEWAY_YAML=FILE cargo test --test it -- --ignored yaml_for_go` writes YAML documents,
//! each with the JSON that it was made from, for `conformance/yamlwrite`.

use std::{
    collections::{BTreeMap, HashMap},
    env, fmt,
    fs::File,
    io::Write as _,
};

use istio_gateway::{
    Gateway, Lossless, Manifest, Port, Server, ServerTlsSettings, Timestamp, TlsCertificate, json,
    proto::{
        analysis::v1alpha1::{AnalysisMessageBase, analysis_message_base::Type},
        mesh::v1alpha1::{Topology, topology::ProxyProtocolConfiguration},
        meta::v1alpha1::{IstioCondition, IstioStatus},
        networking::v1alpha3::ClientTlsSettings,
    },
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    strategy::ValueTree as _,
    test_runner::{TestCaseError, TestRunner},
};
use serde_json::{Map, Value};

/// Words that a YAML reader does not read as a string, or reads as YAML syntax.
const ODD_WORDS: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "Null",
    "yes",
    "No",
    "on",
    "y",
    "n",
    "true",
    "FALSE",
    "1",
    "-1",
    "+1",
    "01",
    "0o17",
    "0x1f",
    "0b11",
    "1_000",
    "1e3",
    "1.",
    ".5",
    "1:30",
    "12:30:45",
    ".inf",
    "-.INF",
    ".nan",
    "2001-02-03",
    "2001-02-03T04:05:06Z",
    "- a",
    "-",
    "--",
    "---",
    "--- a",
    "...",
    "? a",
    "?",
    ":",
    ": ",
    "a: b",
    "a:",
    ":a",
    "a #b",
    "#",
    "# a",
    "a#b",
    "&a",
    "*a",
    "*",
    "*.example.com",
    "!a",
    "!!int",
    "|",
    ">",
    "%a",
    "@a",
    "`a",
    "'",
    "\"",
    "'a'",
    "\"a\"",
    "[",
    "]",
    "{",
    "}",
    "[a]",
    "{a}",
    ",",
    "a,b",
    "<<",
    "=",
    "\\",
    "\\n",
    "a\nb",
    "a\n",
    "\na",
    "a\n\n",
    "\n",
    "a\n b\n",
    " a\nb",
    "a\n---\nb",
    "a\n...\n",
    "a\n\tb",
    "a \nb",
    "a\n \nb",
    "a\n#b\n",
    "\ta",
    "a\t",
    "a\r\nb",
    "\r",
    "\u{0}",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "a\u{85}\nb",
    "\u{a0}",
    "\u{2028}",
    "a\u{2029}b\nc",
    "\u{feff}",
    "\u{feff}a",
    "a\u{feff}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{10000}",
    "\u{1f980}",
    "\u{10ffff}",
    "e\u{301}",
    "ü",
    "<a>&b",
    "$serde_json::private::Number",
];

fn text() -> impl Strategy<Value = String> {
    let odd = || select(ODD_WORDS).prop_map(str::to_owned);
    prop_oneof![
        4 => "[a-z][a-z0-9./:-]{0,12}",
        4 => odd(),
        2 => vec(odd(), 1..4).prop_map(|words| words.concat()),
        2 => "[ -~\n\t]{0,20}",
        1 => any::<String>(),
        1 => vec(any::<char>(), 0..6).prop_map(|chars| chars.into_iter().collect()),
    ]
}

/// A text that may be very long.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => text(),
        1 => (text(), 100..3_000_usize).prop_map(|(text, count)| text.repeat(count)),
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![2 => Just(Vec::new()), 1 => vec(text(), 1..4)]
}

fn port() -> impl Strategy<Value = Port> {
    let number = || prop_oneof![Just(0), Just(443), any::<u32>()];
    #[expect(deprecated, reason = "a document may have it all the same")]
    (number(), text(), text(), number()).prop_map(|(number, protocol, name, target_port)| Port {
        number,
        protocol,
        name,
        target_port,
    })
}

fn certificate() -> impl Strategy<Value = TlsCertificate> {
    (text(), text(), text()).prop_map(|(server_certificate, private_key, ca_certificates)| {
        TlsCertificate { server_certificate, private_key, ca_certificates }
    })
}

/// The number of an enum's value: of `known` ones, or if `odd` any.
fn number(known: std::ops::RangeInclusive<i32>, odd: bool) -> BoxedStrategy<i32> {
    if odd { prop_oneof![3 => known, 1 => any::<i32>()].boxed() } else { known.boxed() }
}

fn tls(odd: bool) -> impl Strategy<Value = ServerTlsSettings> {
    let names = (text(), text(), text(), text(), text(), text());
    let lists = (texts(), texts(), texts(), texts(), texts(), texts(), texts());
    let enums = (number(0..=5, odd), number(0..=4, odd), number(0..=4, odd));
    let others = (any::<bool>(), option::of(any::<bool>()), vec(certificate(), 0..3));
    (names, lists, enums, others).prop_map(|(names, lists, enums, others)| ServerTlsSettings {
        https_redirect: others.0,
        mode: enums.0,
        server_certificate: names.0,
        private_key: names.1,
        ca_certificates: names.2,
        ca_crl: names.3,
        credential_name: names.4,
        credential_names: lists.0,
        ca_cert_credential_name: names.5,
        tls_certificates: others.2,
        subject_alt_names: lists.1,
        verify_certificate_spki: lists.2,
        verify_certificate_hash: lists.3,
        min_protocol_version: enums.1,
        max_protocol_version: enums.2,
        cipher_suites: lists.4,
        insecure_skip_verify: others.1,
        ecdh_curves: lists.5,
        alpn_protocols: lists.6,
    })
}

fn server(odd: bool) -> impl Strategy<Value = Server> {
    (option::of(port()), text(), texts(), option::of(tls(odd)), text(), any_text()).prop_map(
        |(port, bind, hosts, tls, default_endpoint, name)| Server {
            port,
            bind,
            hosts,
            tls,
            default_endpoint,
            name,
        },
    )
}

fn gateway(odd: bool) -> impl Strategy<Value = Gateway> {
    (vec(server(odd), 0..4), selector())
        .prop_map(|(servers, selector)| Gateway { servers, selector })
}

fn selector() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map(any_text(), text(), 0..4)
}

fn client_tls(odd: bool) -> impl Strategy<Value = ClientTlsSettings> {
    let names = (text(), text(), text(), text(), text(), text(), text());
    (number(0..=3, odd), names, texts(), option::of(any::<bool>())).prop_map(
        |(mode, names, subject_alt_names, insecure_skip_verify)| ClientTlsSettings {
            mode,
            client_certificate: names.0,
            private_key: names.1,
            ca_certificates: names.2,
            credential_name: names.3,
            subject_alt_names,
            sni: names.4,
            insecure_skip_verify,
            ca_crl: names.5,
            ca_cert_credential_name: names.6,
        },
    )
}

fn topology(odd: bool) -> impl Strategy<Value = Topology> {
    (any::<u32>(), number(0..=5, odd), any::<bool>()).prop_map(
        |(proxies, details, has_protocol)| Topology {
            num_trusted_proxies: proxies,
            forward_client_cert_details: details,
            proxy_protocol: has_protocol.then_some(ProxyProtocolConfiguration {}),
        },
    )
}

/// A time that JSON can say: within years of four digits.
fn time() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![Just(0), Just(-1), -62_167_219_200..253_402_300_800_i64];
    let nanos = prop_oneof![Just(0), (1..1000).prop_map(|ms| ms * 1_000_000), 0..1_000_000_000];
    (seconds, nanos).prop_map(|(seconds, nanos)| Timestamp { seconds, nanos })
}

fn condition() -> impl Strategy<Value = IstioCondition> {
    let texts = (text(), text(), text(), any_text());
    (texts, option::of(time()), option::of(time()), any::<i64>()).prop_map(
        |(texts, last_probe_time, last_transition_time, observed_generation)| IstioCondition {
            r#type: texts.0,
            status: texts.1,
            last_probe_time,
            last_transition_time,
            reason: texts.2,
            message: texts.3,
            observed_generation,
        },
    )
}

fn status(odd: bool) -> impl Strategy<Value = IstioStatus> {
    let kind = (text(), text()).prop_map(|(name, code)| Type { name, code });
    let level = if odd { any::<i32>().boxed() } else { select(vec![0, 3, 8, 12]).boxed() };
    let message =
        (option::of(kind), level, text()).prop_map(|(r#type, level, documentation_url)| {
            AnalysisMessageBase { r#type, level, documentation_url }
        });
    (vec(condition(), 0..3), vec(message, 0..3), any::<i64>()).prop_map(
        |(conditions, validation_messages, observed_generation)| IstioStatus {
            conditions,
            validation_messages,
            observed_generation,
        },
    )
}

/// wire -> JSON -> wire, JSON -> value -> JSON, and by way of serde's data model.
fn survives<T: json::Message + fmt::Debug>(message: &T) -> Result<(), TestCaseError> {
    let wire = message.encode_to_vec();
    let read = T::decode(&*wire).unwrap();
    prop_assert_eq!(&read, message);
    let text = json::to_string(&read);
    prop_assert_eq!(&text, &by_serde(&read));
    let decoded = json::decode_str::<T>(&text).unwrap();
    prop_assert_eq!(&decoded.value, message);
    prop_assert_eq!(decoded.value.encode_to_vec(), wire);
    prop_assert_eq!(json::to_string(&decoded.value), &*text);
    let rules = decoded.diagnostics.iter().map(|d| d.rule);
    prop_assert!(rules.into_iter().all(|rule| rule == "decode/unknown-enum-number"), "{}", text);
    let value: Value = serde_json::from_str(&text).unwrap();
    prop_assert_eq!(&json::decode::<T, _>(&value).unwrap().value, message);
    prop_assert_eq!(&json::from_str::<T>(&value.to_string()).unwrap(), message);
    let lossless = Lossless::new(message.clone());
    prop_assert_eq!(&json::from_str::<T>(&lossless.to_json()).unwrap(), message);
    prop_assert_eq!(&*Lossless::<T>::from_yaml(&lossless.to_yaml()).unwrap(), message);
    with_module(message)?;
    with_module(&Some(message.clone()))?;
    with_module(&None::<T>)?;
    with_module(&vec![message.clone(), T::default()])?;
    with_module(&BTreeMap::from([("a".to_owned(), message.clone())]))?;
    with_module(&HashMap::<_, _>::from_iter([(text, message.clone())]))
}

/// The expected output of the encoder, from the second description of each field, the one for
/// serde.
fn by_serde<T: json::Message>(message: &T) -> String {
    let mut text = Vec::new();
    json::serde::serialize(message, &mut serde_json::Serializer::new(&mut text)).unwrap();
    let mut escaped = String::new();
    for c in String::from_utf8(text).unwrap().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped += &format!("\\u{:04x}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Through the module for `#[serde(with = ...)]`, as text and as a value.
fn with_module<V: json::serde::Value + PartialEq>(value: &V) -> Result<(), TestCaseError> {
    let mut text = Vec::new();
    json::serde::serialize(value, &mut serde_json::Serializer::new(&mut text)).unwrap();
    let read: V =
        json::serde::deserialize(&mut serde_json::Deserializer::from_slice(&text)).unwrap();
    prop_assert!(read == *value);
    let tree = json::serde::serialize(value, serde_json::value::Serializer).unwrap();
    prop_assert!(json::serde::deserialize::<V, _>(tree).unwrap() == *value);
    Ok(())
}

/// Plain proto3 JSON, and the dialect reading it and being read by it.
fn is_plain<T>(message: &T) -> Result<(), TestCaseError>
where
    T: json::Message + fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let plain = serde_json::to_string(message).unwrap();
    prop_assert_eq!(&serde_json::from_str::<T>(&plain).unwrap(), message);
    prop_assert_eq!(&json::from_str::<T>(&plain).unwrap(), message);
    prop_assert_eq!(&serde_json::from_str::<T>(&json::to_string(message)).unwrap(), message);
    Ok(())
}

proptest! {
    #[test]
    fn gateways_survive_every_form(gateway in gateway(true)) {
        survives(&gateway)?;
    }

    #[test]
    fn client_tls_settings_survive_every_form(tls in client_tls(true)) {
        survives(&tls)?;
    }

    #[test]
    fn topologies_survive_every_form(topology in topology(true)) {
        survives(&topology)?;
    }

    #[test]
    fn statuses_survive_every_form(status in status(true)) {
        survives(&status)?;
    }

    #[test]
    fn known_values_are_plain_proto3_json_too(
        gateway in gateway(false),
        tls in client_tls(false),
        topology in topology(false),
        status in status(false),
    ) {
        is_plain(&gateway)?;
        is_plain(&tls)?;
        is_plain(&topology)?;
        is_plain(&status)?;
    }

    #[test]
    fn times_survive_their_text(time in time()) {
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn any_time_has_a_text(seconds in any::<i64>(), nanos in any::<i32>()) {
        let text = Timestamp { seconds, nanos }.to_string();
        prop_assert!(text.ends_with('Z'), "{}", text);
    }

    #[test]
    fn manifests_survive_yaml(name in any_text(), gateway in gateway(true)) {
        let manifest = Manifest::new(&name, gateway.clone());
        let yaml = manifest.to_yaml();
        let read = Manifest::from_yaml(&yaml).unwrap();
        prop_assert_eq!(read.spec(), &gateway, "{}", yaml);
        prop_assert_eq!(read.name(), &name);
        let json = Manifest::from_json(manifest.to_json()).unwrap();
        prop_assert_eq!(json.spec(), &gateway);
        // After a change, the writer writes the whole document.
        let mut changed = read;
        changed.spec_mut().servers.insert(0, Server { name: "new".into(), ..Default::default() });
        let read = Manifest::from_yaml(&changed.to_yaml()).unwrap();
        prop_assert_eq!(read.spec(), changed.spec());
    }

    #[test]
    fn text_is_never_a_panic(text in any_text()) {
        let _ = Manifest::from_yaml(&text).map(|m| (m.to_yaml(), m.to_json()));
        let _ = istio_gateway::documents(&text).count();
        let _ = json::from_str::<Gateway>(&text);
        let _ = text.parse::<Timestamp>();
    }
}

/// Any JSON, of which some is deep.
fn data() -> impl Strategy<Value = Value> {
    let float = any::<f64>().prop_filter("JSON has finite numbers", |v| v.is_finite());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        float.prop_map(Value::from),
        select(vec![
            0.0,
            -0.0,
            1e3,
            1e20,
            1e21,
            1e22,
            1.8446744073709552e19,
            -9.3e18,
            5e-324,
            1e-7
        ])
        .prop_map(Value::from),
        any_text().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((any_text(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    });
    let levels = prop_oneof![3 => Just(Vec::new()), 1 => vec(option::of(any_text()), 0..60)];
    (tree, levels).prop_map(|(tree, levels)| {
        levels.into_iter().fold(tree, |tree, level| match level {
            None => Value::from(vec![Value::from(1), tree]),
            Some(key) => Value::Object(Map::from_iter([(key, tree)])),
        })
    })
}

/// Whether two values are the same data. A whole float may be written as an integer, and
/// `serde_json` does not read the last digit of some floats correctly.
fn same_data(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            // The smallest of all have fewer digits.
            a == b || (a - b).abs() <= (a.abs() * 1e-15).max(1e-322)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_data(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_data(a, b)))
        }
        _ => a == b,
    }
}

/// The YAML that this crate writes for JSON.
fn yaml_of(data: &Value) -> String {
    Lossless::<Gateway>::from_json(data.to_string()).unwrap().to_yaml()
}

proptest! {
    #[test]
    fn any_data_survives_the_yaml_writer(data in data()) {
        let document = serde_json::json!({"kind": "Gateway", "data": data});
        let manifest = Manifest::from_json(document.to_string()).unwrap();
        let json: Value = serde_json::from_str(&manifest.to_json()).unwrap();
        prop_assert!(same_data(&json, &document), "{}", json);
        let yaml = manifest.to_yaml();
        let read = Manifest::from_yaml(&yaml).unwrap();
        let json: Value = serde_json::from_str(&read.to_json()).unwrap();
        prop_assert!(same_data(&json, &document), "{}\n{}", yaml, json);
        let streamed: Vec<_> = istio_gateway::documents(&yaml).collect();
        prop_assert_eq!(streamed.len(), 1, "{}", yaml);
    }

    #[test]
    fn any_data_survives_as_an_object_of_another_kind(data in data()) {
        let document = serde_json::json!({"kind": "Other", "data": data});
        let list = serde_json::json!({"kind": "List", "items": [document]});
        let yaml = yaml_of(&list);
        let object = istio_gateway::documents(&yaml).next().unwrap().unwrap();
        let item = object.object().items().next().unwrap().unwrap();
        prop_assert_eq!(item.object().kind(), "Other");
        for json in [item.to_json(), again(&item.to_yaml())] {
            let json: Value = serde_json::from_str(&json).unwrap();
            prop_assert!(same_data(&json, &document), "{}\n{}", yaml, json);
        }
    }

    #[test]
    fn a_document_that_was_not_changed_is_as_it_was(data in data()) {
        let document = serde_json::json!({"data": data, "servers": [{"data": data}, null]});
        let lossless = Lossless::<Gateway>::from_json(document.to_string()).unwrap();
        let json: Value = serde_json::from_str(&lossless.to_json()).unwrap();
        prop_assert!(same_data(&json, &document), "{}", json);
        let value = serde_json::to_value(&lossless).unwrap();
        prop_assert!(same_data(&value, &document), "{}", value);
        let read: Lossless<Gateway> = serde_json::from_value(value).unwrap();
        let value = serde_json::to_value(&read).unwrap();
        prop_assert!(same_data(&value, &document), "{}", value);
    }
}

fn again(yaml: &str) -> String {
    istio_gateway::documents(yaml).next().unwrap().unwrap().to_json()
}

#[test]
#[ignore = "writes a file for conformance/yamlwrite: ISTIO_GATEWAY_YAML=FILE"]
fn yaml_for_go() {
    let path = env::var("ISTIO_GATEWAY_YAML").expect("ISTIO_GATEWAY_YAML names the file");
    let mut file = File::create(path).unwrap();
    let mut runner = TestRunner::deterministic();
    for _ in 0..2_000 {
        let data = data().new_tree(&mut runner).unwrap().current();
        let document = serde_json::json!({ "data": data });
        let case = serde_json::json!({"yaml": yaml_of(&document), "json": document.to_string()});
        writeln!(file, "{case}").unwrap();
    }
    for _ in 0..500 {
        let gateway = gateway(true).new_tree(&mut runner).unwrap().current();
        let manifest = Manifest::new("edge", gateway);
        let case = serde_json::json!({"yaml": manifest.to_yaml(), "json": manifest.to_json()});
        writeln!(file, "{case}").unwrap();
    }
}

/// YAML's simple keys end at 1024 characters, and an escape has up to ten.
#[test]
fn keys_of_any_length_are_read_again() {
    for c in ["a", "\"", "\0", "\u{85}", "\u{feff}", "\u{10ffff}"] {
        for length in [24, 25, 26, 100, 102, 103, 169, 170, 171, 255, 256, 257, 1023, 1024, 1025] {
            let selector = BTreeMap::from([(c.repeat(length), "b".to_owned())]);
            let gateway =
                Gateway { selector: selector.into_iter().collect(), ..Gateway::default() };
            let text = Manifest::new("edge", gateway.clone()).to_yaml();
            let read = Manifest::from_yaml(&text).unwrap_or_else(|e| panic!("{c:?} {length}: {e}"));
            assert_eq!(*read.spec(), gateway, "{c:?} {length}");
        }
    }
}

/// A document's server as it is written, with a number that no schema knows: which one it is.
fn server_text(id: usize) -> impl Strategy<Value = String> {
    let json = |text: String| serde_json::to_string(&text).unwrap();
    let name = text().prop_map(move |text| format!("\"name\":{}", json(text)));
    let field = prop_oneof![
        2 => name,
        1 => Just(r#""name":null"#.to_owned()),
        2 => (1..9_u32).prop_map(|n| format!(r#""port":{{"number":{n},"new":[1e400,"{n}"]}}"#)),
        1 => (1..9_u32).prop_map(|n| format!(r#""port":{{"number":"{n}","target_port":{n},"targetPort":null}}"#)),
        1 => Just(r#""port":{"number":1},"port":{"number":2,"x":2}"#.to_owned()),
        2 => vec(0..4_u32, 0..4).prop_map(|hosts| format!(r#""hosts":{:?}"#, hosts.iter().map(u32::to_string).collect::<Vec<_>>())),
        1 => Just(r#""hosts":["a",null]"#.to_owned()),
        1 => (0..6_u32).prop_map(|n| format!(r#""defaultEndpoint":"a{n}","default_endpoint":"b""#)),
        1 => (0..8_u32).prop_map(|n| format!(r#""tls":{{"mode":{n},"tlsCertificates":[{{"x":{n}}},{{"private_key":"k"}},null]}}"#)),
        1 => Just(r#""tls":null"#.to_owned()),
        1 => Just(r#""tls":{"insecure_skip_verify":true,"insecureSkipVerify":null}"#.to_owned()),
    ];
    vec(field, 0..5).prop_map(move |fields| {
        let id = [format!(r#""id":{id}"#)];
        format!("{{{}}}", id.into_iter().chain(fields).collect::<Vec<_>>().join(","))
    })
}

/// A gateway as it is written, with many kinds of things that a write-back could lose.
fn document() -> impl Strategy<Value = String> {
    let servers = (0..7_usize).prop_flat_map(|count| {
        (0..count).map(|id| prop_oneof![9 => server_text(id).boxed(), 1 => Just("null".to_owned()).boxed()])
            .collect::<Vec<_>>()
    });
    let selector = select(vec![
        "",
        r#","selector":{"b":"1","a":"2"}"#,
        r#","selector":{"a":"1","a":"2","n":null}"#,
        r#","selector":null"#,
    ]);
    let twice = select(vec!["", r#""servers":[{"name":"lost"}],"#]);
    (servers, selector, twice).prop_map(|(servers, selector, twice)| {
        format!(
            r#"{{{twice}"new":{{"x":[1]}},"servers":[{}]{selector},"last":1e400}}"#,
            servers.join(",")
        )
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Swap(usize, usize),
    Rotate(usize),
    Insert(usize, Box<Server>),
    Remove(usize),
    Copy(usize, usize),
    Name(usize, String),
    Tls(usize, Option<Box<ServerTlsSettings>>),
    Port(usize, Option<Port>),
    Hosts(usize, Vec<String>),
    Certificates(usize, Vec<TlsCertificate>),
    Selector(BTreeMap<String, String>),
    Clear,
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0..8_usize;
    prop_oneof![
        3 => (at.clone(), at.clone()).prop_map(|(a, b)| Edit::Swap(a, b)),
        1 => at.clone().prop_map(Edit::Rotate),
        2 => (at.clone(), server(true)).prop_map(|(at, s)| Edit::Insert(at, Box::new(s))),
        2 => at.clone().prop_map(Edit::Remove),
        1 => (at.clone(), at.clone()).prop_map(|(a, b)| Edit::Copy(a, b)),
        2 => (at.clone(), text()).prop_map(|(at, name)| Edit::Name(at, name)),
        2 => (at.clone(), option::of(tls(true))).prop_map(|(at, tls)| Edit::Tls(at, tls.map(Box::new))),
        2 => (at.clone(), option::of(port())).prop_map(|(at, port)| Edit::Port(at, port)),
        1 => (at.clone(), texts()).prop_map(|(at, hosts)| Edit::Hosts(at, hosts)),
        1 => (at, vec(certificate(), 0..4)).prop_map(|(at, all)| Edit::Certificates(at, all)),
        1 => selector().prop_map(Edit::Selector),
        1 => Just(Edit::Clear),
    ]
}

/// Applies an edit. `ids` maps each server to its server in the document, unless it was changed or
/// is new.
fn apply(edit: Edit, gateway: &mut Gateway, ids: &mut Vec<Option<usize>>) {
    let len = gateway.servers.len();
    let mut change = |at: usize, change: &dyn Fn(&mut Server)| {
        if len > 0 {
            change(&mut gateway.servers[at % len]);
            ids[at % len] = None;
        }
    };
    match edit {
        Edit::Swap(a, b) if len > 0 => {
            gateway.servers.swap(a % len, b % len);
            ids.swap(a % len, b % len);
        }
        Edit::Rotate(by) if len > 0 => {
            gateway.servers.rotate_left(by % len);
            ids.rotate_left(by % len);
        }
        Edit::Insert(at, server) => {
            gateway.servers.insert(at % (len + 1), *server);
            ids.insert(at % (len + 1), None);
        }
        Edit::Remove(at) if len > 0 => {
            gateway.servers.remove(at % len);
            ids.remove(at % len);
        }
        Edit::Copy(from, to) if len > 0 => {
            gateway.servers[to % len] = gateway.servers[from % len].clone();
            ids[to % len] = None;
        }
        Edit::Name(at, name) => change(at, &|server| server.name.clone_from(&name)),
        Edit::Tls(at, tls) => change(at, &|server| server.tls = tls.as_deref().cloned()),
        Edit::Port(at, port) => change(at, &|server| server.port.clone_from(&port)),
        Edit::Hosts(at, hosts) => change(at, &|server| server.hosts.clone_from(&hosts)),
        Edit::Certificates(at, all) => change(at, &|server| {
            if let Some(tls) = &mut server.tls {
                tls.tls_certificates.clone_from(&all);
            }
        }),
        Edit::Selector(selector) => gateway.selector = selector,
        Edit::Clear => {
            gateway.servers.clear();
            ids.clear();
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn edits_are_written_and_nothing_else_is_lost(
        document in document(),
        edits in vec(edit(), 0..6),
    ) {
        let mut gateway = Lossless::<Gateway>::from_json(&document).unwrap();
        let original = gateway.servers.clone();
        let mut ids: Vec<_> = (0..original.len()).map(Some).collect();
        for edit in edits {
            apply(edit, &mut gateway, &mut ids);
        }
        let written = gateway.to_json();
        let read = Lossless::<Gateway>::from_json(&written).unwrap();
        prop_assert_eq!(&*read, &*gateway, "{}", written);
        prop_assert_eq!(read.to_json(), &*written);
        let yaml = gateway.to_yaml();
        prop_assert_eq!(&*Lossless::<Gateway>::from_yaml(&yaml).unwrap(), &*gateway, "{}", yaml);
        // A document of Kubernetes has no number that exceeds 64 bits.
        let [document_spec, written_spec] =
            [&document, &written].map(|text| text.replace("1e400", "1e+300"));
        let in_manifest = {
            let text = format!(r#"{{"kind":"Gateway","spec":{document_spec},"x":1}}"#);
            let mut manifest = Manifest::from_json(text).unwrap();
            *manifest.spec_mut() = (*gateway).clone();
            (manifest.to_json(), Manifest::from_yaml(&manifest.to_yaml()).unwrap().into_spec())
        };
        let expected = format!(r#"{{"kind":"Gateway","spec":{written_spec},"x":1}}"#);
        prop_assert_eq!(in_manifest, (expected, (*gateway).clone()));

        prop_assert!(written.contains(r#""new":{"x":[1]}"#), "{}", written);
        prop_assert!(written.contains(r#""last":1e400"#), "{}", written);
        let value: Value = serde_json::from_str(&written.replace("1e400", "1")).unwrap();
        let sought: Value = serde_json::from_str(&document.replace("1e400", "1")).unwrap();
        for (at, id) in ids.iter().enumerate().filter_map(|(at, id)| Some((at, (*id)?))) {
            let is_known = |all: &[Server]| all.iter().filter(|s| **s == original[id]).count() == 1;
            if is_known(&original) && is_known(&gateway.servers) {
                prop_assert_eq!(&value["servers"][at], &sought["servers"][id], "{}", written);
            }
        }
    }
}

#[test]
fn a_number_beyond_all_bounds_is_kept() {
    // An unpaired surrogate is repaired in the text, the number next to it must not change.
    for text in [r#"{"a":1e400,"b":"\ud800"}"#, r#"{"a":1e400,"b":"\u00e9"}"#] {
        let json = Lossless::<Gateway>::from_json(text).unwrap().to_json();
        assert!(json.contains(r#""a":1e400"#), "{json}");
    }
}

#[test]
fn an_unpaired_surrogate_in_an_ignored_field_is_not_an_error() {
    let decoded = json::decode_str::<Port>(r#"{"number":1,"new":"\udd80"}"#).unwrap();
    let found: Vec<_> =
        decoded.diagnostics.iter().map(|d| (d.rule.as_str(), d.path.to_string())).collect();
    assert_eq!(
        found,
        [("decode/unknown-field", "new".into()), ("decode/bad-text", "new".to_owned())]
    );
    let error = json::from_str::<Port>(r#"{"new":"\udd80","number":"x"}"#).unwrap_err();
    assert!(error.is_decode(), "{error}");
}

#[test]
fn a_number_beyond_all_bounds_is_named_as_such() {
    let error = json::from_str::<Port>(r#"{"number":1e400}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "1:11: number: expected a whole number from 0 to 4294967295, found an infinite number",
    );
}

#[test]
fn diagnostics_of_a_json_manifest_are_in_document_order() {
    let text = r#"{"metadata":{"name":"\udd80"},"spec":{"new":1}}"#;
    let manifest = Manifest::from_json(text).unwrap();
    let rules: Vec<_> = manifest.diagnostics().iter().map(|d| d.rule).collect();
    assert_eq!(rules, ["decode/bad-text", "decode/unknown-field"]);
}

#[test]
fn what_was_read_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Lossless<Gateway>>();
    shared::<Manifest>();
    shared::<istio_gateway::Document>();
    shared::<istio_gateway::Error>();
}

#[test]
fn characters_beyond_the_basic_plane_survive_yaml() {
    // It is not printable, so that it is escaped; YAML has no surrogate pairs.
    let server = Server { bind: "a\u{e0000}b".to_owned(), ..Server::default() };
    let yaml = Lossless::new(server.clone()).to_yaml();
    assert_eq!(yaml, "bind: \"a\\U000e0000b\"\n");
    assert_eq!(*Lossless::<Server>::from_yaml(&yaml).unwrap(), server);
}
