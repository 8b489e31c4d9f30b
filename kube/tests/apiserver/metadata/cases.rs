//! Objects with odd `metadata`: a table of values at every field.

/// Every field; `*` is a key of a mapping, `[]` an item of a sequence.
const FIELDS: [&str; 32] = [
    "name",
    "generateName",
    "namespace",
    "labels",
    "labels.*",
    "annotations",
    "annotations.*",
    "finalizers",
    "finalizers[]",
    "ownerReferences",
    "ownerReferences[]",
    "ownerReferences[].apiVersion",
    "ownerReferences[].kind",
    "ownerReferences[].name",
    "ownerReferences[].uid",
    "ownerReferences[].controller",
    "ownerReferences[].blockOwnerDeletion",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "resourceVersion",
    "selfLink",
    "generation",
    "managedFields",
    "managedFields[]",
    "managedFields[].manager",
    "managedFields[].operation",
    "managedFields[].time",
    "managedFields[].fieldsV1",
    "managedFields[].fieldsType",
    "clusterName",
];

/// Values of every type, as JSON.
pub(super) const VALUES: [&str; 13] = [
    "null",
    "true",
    "5",
    "-1",
    "1.5",
    "\"\"",
    "\"a b\"",
    "[]",
    "[\"a\"]",
    "[null]",
    "{}",
    "{\"a\":1}",
    "{\"a\":\"b\"}",
];

pub(super) const INTEGERS: [&str; 13] = [
    "0",
    "-0",
    "5.0",
    "1e3",
    "1e-7",
    "1.5e-9",
    "1e21",
    "-1e300",
    "123456789.25",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
];

pub(super) const TIMES: [&str; 26] = [
    "2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00.123456789123Z",
    "2026-01-31T12:00:00,5+24:60",
    "2026-01-31T1:00:00Z",
    "2026-01-31",
    "2026-01-31 12:00:00Z",
    " 2026-01-31T12:00:00Z",
    "2026-01-31t12:00:00z",
    "2026-1-31T12:00:00Z",
    "20a6-01-31T12:00:00Z",
    "0000-00-00T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "2026-13-31T12:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-02-00T00:00:00Z",
    "2026-02-29T00:00:00Zx",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:60:00Z",
    "2026-01-31T12:00:60Z",
    "2026-01-31T12:00:00",
    "2026-01-31T12:00:00.Z",
    "2026-01-31T12:00:00+25:00",
    "2026-01-31T12:00:00+00:61",
    "2026-01-31T12:00:00+1:00",
    "2026-01-31T12:00:00x01:00",
    "é\\\"\\\\\\u0001\\n",
];

pub(super) const NAMES: [&str; 28] = [
    "edge",
    "a.b",
    "a..b",
    ".a",
    "a.",
    "a-",
    "-a",
    "-",
    "a.-",
    "A",
    "A-",
    "a_b",
    "0",
    "1e3",
    "é",
    "a b",
    "a/b",
    "<&>",
    "\\u0000",
    "\\u2028",
    "\\\"\\\\",
    "⟨x*58⟩",
    "⟨x*57⟩.",
    "⟨x*63⟩",
    "⟨x*64⟩",
    "⟨x*253⟩",
    "⟨x*254⟩",
    "⟨X*300⟩",
];

/// Keys of labels and annotations, and finalizers.
pub(super) const KEYS: [&str; 30] = [
    "a",
    "A",
    "a.b",
    "a_b-c",
    "",
    "-",
    "a-",
    ".a",
    "a b",
    "é",
    "/",
    "a/",
    "/a",
    "a/b",
    "a/b/c",
    "a//b",
    "example.com/a",
    "Example.com/a",
    "a_b/c",
    "example.com/A.b_c",
    "example.com/⟨x*63⟩",
    "example.com/⟨x*64⟩",
    "⟨x*253⟩/a",
    "⟨x*254⟩/a",
    "⟨x*64⟩",
    "\u{212a}",
    "\u{130}",
    "foregroundDeletion",
    "orphan",
    "kubernetes",
];

const API_VERSIONS: [&str; 9] =
    ["v1", "apps/v1", "/v1", "v1/", "/", "a/b/c", "//", " ", "events.k8s.io/v1"];

/// `metadata` with one value at one field, as JSON.
fn placed(field: &str, value: &str) -> String {
    let base = if ["name", "generateName"].contains(&field) { "" } else { "\"name\":\"edge\"," };
    let owner = |key: &str, value: &str| {
        let fields = ["apiVersion", "kind", "name", "uid"].map(|name| {
            let plain = if name == "apiVersion" { "\"v1\"" } else { "\"a\"" };
            format!("\"{name}\":{}", if name == key { value } else { plain })
        });
        let more = if fields.iter().any(|field| field.starts_with(&format!("\"{key}\""))) {
            String::new()
        } else {
            format!(",\"{key}\":{value}")
        };
        format!("{{{}{more}}}", fields.join(","))
    };
    let (name, value) = match field.split_once("[]") {
        Some((name, "")) => (name, format!("[{value}]")),
        Some(("ownerReferences", key)) => {
            ("ownerReferences", format!("[{}]", owner(key.trim_start_matches('.'), value)))
        }
        Some((name, key)) => (name, format!("[{{\"{}\":{value}}}]", key.trim_start_matches('.'))),
        None => match field.strip_suffix(".*") {
            Some(name) => (name, format!("{{\"a\":{value}}}")),
            None => (field, value.to_owned()),
        },
    };
    format!("{{{base}\"{name}\":{value}}}")
}

fn object(metadata: &str) -> String {
    format!(
        "{{\"apiVersion\":\"networking.istio.io/v1\",\"kind\":\"Gateway\",\"metadata\":{metadata},\"spec\":{{}}}}"
    )
}

/// Every directed case, with its id.
pub(crate) fn directed() -> Vec<(String, String)> {
    let mut metadata = Vec::new();
    let mut add = |id: &str, text: String| metadata.push((id.to_owned(), text));
    for value in VALUES {
        add("metadata", value.to_owned());
    }
    for field in FIELDS {
        for value in VALUES {
            add(field, placed(field, value));
        }
    }
    for field in ["generation", "deletionGracePeriodSeconds"] {
        for value in INTEGERS {
            add(field, placed(field, value));
        }
    }
    for field in ["name", "labels.*", "finalizers[]", "ownerReferences[].uid"] {
        for value in ["1e6", "0.1", "9223372036854775808", "-0"] {
            add(field, placed(field, value));
        }
    }
    for time in TIMES {
        add("creationTimestamp", placed("creationTimestamp", &format!("\"{time}\"")));
    }
    for field in ["deletionTimestamp", "managedFields[].time"] {
        for time in ["2026-01-31T12:00:00Z", "now"] {
            add(field, placed(field, &format!("\"{time}\"")));
        }
    }
    for name in NAMES {
        for field in ["name", "generateName", "labels.*", "ownerReferences[].uid"] {
            add(field, placed(field, &format!("\"{name}\"")));
        }
        // No client can send requests to these namespaces.
        if !name.contains('/') && !name.contains("\\u0000") {
            add("namespace", placed("namespace", &format!("\"{name}\"")));
        }
    }
    for key in KEYS {
        for field in ["labels", "annotations"] {
            add(field, placed(field, &format!("{{\"{key}\":\"\"}}")));
        }
        add("finalizers", placed("finalizers", &format!("[\"{key}\"]")));
    }
    for version in API_VERSIONS {
        let field = "ownerReferences[].apiVersion";
        add(field, placed(field, &format!("\"{version}\"")));
    }
    for (id, text) in DIRECTED {
        add(id, (*text).to_owned());
    }
    let mut cases: Vec<(String, String)> = Vec::new();
    for (id, text) in metadata {
        let object = object(&text);
        if !cases.iter().any(|(_, other)| *other == object) {
            let count =
                cases.iter().filter(|(other, _)| other.split('#').next() == Some(&id)).count();
            cases.push((format!("{id}#{count}"), object));
        }
    }
    cases
}

/// Values that work together.
const DIRECTED: &[(&str, &str)] = &[
    ("size", r#"{"name":"edge","annotations":{"a":"⟨x*262143⟩"}}"#),
    ("size", r#"{"name":"edge","annotations":{"a":"⟨x*262144⟩"}}"#),
    ("size", r#"{"name":"edge","annotations":{"ab":"⟨é*131071⟩"}}"#),
    ("size", r#"{"name":"edge","annotations":{"a":"⟨é*131072⟩"}}"#),
    ("size", r#"{"name":"edge","annotations":{"a":"⟨x*131072⟩","b":"⟨x*131071⟩"}}"#),
    ("size", r#"{"name":"edge","annotations":{"a b":"⟨x*262144⟩","B":"c"}}"#),
    ("size", r#"{"name":"edge","annotations":{"a":"⟨x*262144⟩","a":"b"}}"#),
    ("repeated", r#"{"name":"a b","name":"edge"}"#),
    ("repeated", r#"{"name":"edge","name":5}"#),
    ("repeated", r#"{"name":"edge","labels":{"a":1},"labels":{"a":"b"}}"#),
    ("case", r#"{"Name":"edge"}"#),
    ("case", r#"{"name":"edge","Labels":5,"NAMESPACE":true}"#),
    ("several", r#"{"name":5,"labels":{"a":1},"annotations":[]}"#),
    ("several", r#"{"name":5,"labels":{"b":1,"a":true},"generation":"x"}"#),
    ("several", r#"{"name":5,"creationTimestamp":"x","deletionTimestamp":true}"#),
    (
        "several",
        r#"{"name":"edge","finalizers":5,"deletionTimestamp":true,"creationTimestamp":[]}"#,
    ),
    ("several", r#"{"name":"edge","managedFields":[{"time":5,"manager":6}],"labels":7}"#),
    ("several", r#"{"name":"a b","labels":{"a":1},"finalizers":["a b"]}"#),
    (
        "several",
        r#"{"name":"","labels":{"a b":"c d"},"annotations":{"e f":""},"finalizers":["g h"],"ownerReferences":[{}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Event","name":"a","uid":"u"}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"/v1","kind":"Event","name":"<a>","uid":"u","controller":false,"blockOwnerDeletion":true}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u"},{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u"}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u"},{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","extra":1}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u"},{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","controller":false}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","controller":true}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"v","controller":true},{"apiVersion":"v1","kind":"Pod","name":"c","uid":"w","controller":true}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"","name":"","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"v","controller":true}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"uid":""},{"uid":""},{"uid":"","name":"b"},null]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u"},{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u"},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"u"},{"apiVersion":"v1","kind":"Pod","name":"b","uid":"u"},{"apiVersion":"v1","kind":"Pod","name":"b","uid":""}]}"#,
    ),
    (
        "owners",
        r#"{"name":"edge","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a","uid":"u"},5,{"name":6}]}"#,
    ),
    ("finalizers", r#"{"name":"edge","finalizers":["a","a","b.c","d/e"]}"#),
    ("finalizers", r#"{"name":"edge","finalizers":["orphan","foregroundDeletion","<a"]}"#),
    (
        "finalizers",
        r#"{"name":"edge","finalizers":["foregroundDeletion","example.com/a","orphan"]}"#,
    ),
    ("names", r#"{"name":"edge","generateName":"A-"}"#),
    ("names", r#"{"name":"edge","generateName":"a b"}"#),
    ("names", r#"{"name":"","generateName":"a-"}"#),
    ("names", r#"{"name":null,"generateName":"⟨x*300⟩-"}"#),
    ("names", r#"{"name":5,"generateName":"A"}"#),
    ("names", r#"{"generateName":5}"#),
    ("names", r#"{"name":"","generateName":""}"#),
    (
        "managed",
        r#"{"name":"edge","managedFields":[{"manager":"⟨x*200⟩","operation":"Bogus","apiVersion":"v1","fieldsType":"X","fieldsV1":{"f:a":1}}]}"#,
    ),
    (
        "managed",
        r#"{"name":"edge","managedFields":[{"manager":"a","operation":"Update","apiVersion":"networking.istio.io/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}},"time":"2026-01-31T12:00:00Z"}]}"#,
    ),
    (
        "live",
        r#"{"name":"edge","uid":"u","creationTimestamp":"2026-01-31T12:00:00Z","generation":7,"deletionGracePeriodSeconds":30,"selfLink":"/a"}"#,
    ),
];
