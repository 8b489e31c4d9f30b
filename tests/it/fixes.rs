//! Fixes: what they change, and that nothing else changes.

use std::collections::BTreeMap;

use istio_gateway::{
    Diagnostic,
    fix::{Applicability, apply},
    validate::{FieldValidation, Options, documents},
};
use serde_json::Value;

/// The findings of all documents of a stream.
fn findings(text: &str, options: &Options) -> Vec<Diagnostic> {
    let reports = documents(text, options).filter_map(|checked| checked.ok()?.report);
    reports.flat_map(|report| report.findings).collect()
}

/// Fixes everything, in as many rounds as are needed.
fn fixed(text: &str, options: &Options, least: Applicability) -> String {
    let mut text = text.to_owned();
    for _ in 0..20 {
        let found = findings(&text, options);
        let fixes = found.iter().filter_map(|found| found.fix.as_ref());
        let (next, count) = apply(&text, fixes.filter(|fix| fix.applicability >= least));
        if count == 0 {
            return text;
        }
        assert_ne!(next, text, "a fix that changes nothing: {found:?}");
        text = next;
    }
    panic!("fixes without an end:\n{text}");
}

/// A Gateway with one server, whose part is `tls`.
fn gateway(server: &str) -> String {
    let indented: String = server.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\nspec:\n  \
         selector: {{istio: ingressgateway}}\n  servers:\n  - hosts: [a.example.com]\n{indented}"
    )
}

const HTTPS: &str = "port: {number: 443, name: https, protocol: HTTPS}\n";

#[track_caller]
fn safe(server: &str, want: &str) {
    let got = fixed(&gateway(server), &Options::default(), Applicability::Safe);
    assert_eq!(got, gateway(want));
}

#[track_caller]
fn only_unsafe(server: &str, want: &str) {
    safe(server, server);
    let got = fixed(&gateway(server), &Options::default(), Applicability::Unsafe);
    assert_eq!(got, gateway(want));
}

fn https(tls: &str) -> String {
    format!("{HTTPS}tls:\n{}", tls.lines().map(|line| format!("  {line}\n")).collect::<String>())
}

#[test]
fn names_are_repaired_and_comments_stay() {
    safe(
        &https(
            "# why\nmode: SIMPEL # yes\n\"credential_name\" : edge # no\n'minProtocolversion': TLSV1_2",
        ),
        &https(
            "# why\nmode: SIMPLE # yes\n\"credentialName\" : edge # no\n'minProtocolVersion': TLSV1_2",
        ),
    );
    safe(
        "port: {number: \"443\", name: 443, protocol: 'https'}\ntls: {mode: simple, credentialsName: e}",
        "port: {number: 443, name: \"443\", protocol: 'HTTPS'}\ntls: {mode: SIMPLE, credentialName: e}",
    );
    safe(
        &https("mode: MUTUAL\ncredentialName: e\nsubjectAltNames: spiffe://a"),
        &https("mode: MUTUAL\ncredentialName: e\nsubjectAltNames: [\"spiffe://a\"]"),
    );
}

/// Which of two names is meant is not known.
#[test]
fn a_doubtful_name_stays() {
    for tls in [
        "mode: OPTIO_MUTUAL\ncredentialName: e",
        "mode: SIMPLE\ncredentialName: e\nminProtocolVersion: TLSV1_4",
        // Both would become credentialName.
        "mode: SIMPLE\ncredential_name: a\ncredentialNam: b",
        // The other spelling has another value.
        "mode: SIMPLE\ncredential_name: a\ncredentialName: b",
    ] {
        only_unsafe(&https(tls), &https(tls));
    }
}

/// A list and a string do not mean the same field.
#[test]
fn the_value_decides_between_singular_and_plural() {
    safe(&https("mode: SIMPLE\ncredentialsName: a"), &https("mode: SIMPLE\ncredentialName: a"));
}

#[test]
fn what_accepts_more_is_not_safe() {
    let mutual = "mode: MUTUAL\ncredentialName: e\n";
    for (bad, good) in [
        ("insecure_skip_verify: true", "insecureSkipVerify: true"),
        ("insecureSkipVerify: \"true\"", "insecureSkipVerify: true"),
        ("min_protocol_version: TLSV1_0", "minProtocolVersion: TLSV1_0"),
        ("minProtocolVersion: TLSv1_1", "minProtocolVersion: TLSV1_1"),
        ("max_protocol_version: TLSV1_2", "maxProtocolVersion: TLSV1_2"),
        ("cipher_suites: [AES128-SHA]", "cipherSuites: [AES128-SHA]"),
        (
            "cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256, TLS_RSA_WITH_AES_128_CBC_SHA]",
            "cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256, AES128-SHA]",
        ),
    ] {
        only_unsafe(&https(&format!("{mutual}{bad}")), &https(&format!("{mutual}{good}")));
    }
    // Within a misspelt field.
    only_unsafe(
        &format!("{HTTPS}tsl: {{mode: MUTUAL, credentialName: e, insecureSkipVerify: true}}"),
        &format!("{HTTPS}tls: {{mode: MUTUAL, credentialName: e, insecureSkipVerify: true}}"),
    );
    for (bad, good) in [
        ("insecure_skip_verify: false", "insecureSkipVerify: false"),
        ("min_protocol_version: TLSV1_3", "minProtocolVersion: TLSV1_3"),
        (
            "cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256]",
            "cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]",
        ),
    ] {
        safe(&https(&format!("{mutual}{bad}")), &https(&format!("{mutual}{good}")));
    }
}

/// A cluster that does not validate fields stores the document: then a fix changes what it does.
#[test]
fn a_fix_of_what_a_cluster_accepts_is_not_safe_if_it_changes_what_it_does() {
    let text = gateway(&https("mode: SIMPLE\ncredentialName: e\nmin_protocol_version: TLSV1_3"));
    for (mode, least) in [
        (FieldValidation::Strict, Applicability::Safe),
        (FieldValidation::Warn, Applicability::Unsafe),
        (FieldValidation::Ignore, Applicability::Unsafe),
    ] {
        let options = Options::default().with_field_validation(mode);
        let found = findings(&text, &options);
        let fixes: Vec<_> = found.iter().filter_map(|found| found.fix.as_ref()).collect();
        assert_eq!(fixes.len(), 1);
        assert_eq!(fixes[0].applicability, least, "{mode}");
        assert_eq!(fixes[0].title, "rename to minProtocolVersion");
    }
}

#[test]
fn cipher_suites_get_their_names_and_lose_what_is_ignored() {
    let tls =
        |suites: &str| https(&format!("mode: SIMPLE\ncredentialName: e\ncipherSuites:\n{suites}"));
    safe(
        &tls(
            "- TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 # first\n- ECDHE-RSA-AES256-GCM-SHA384\n- TLS_AES_128_GCM_SHA256\n- ECDHE-RSA-AES256-GCM-SHA384",
        ),
        &tls("- ECDHE-RSA-AES128-GCM-SHA256 # first\n- ECDHE-RSA-AES256-GCM-SHA384"),
    );
    // The last one cannot be removed: an empty list is another value.
    safe(&tls("- TLS_AES_128_GCM_SHA256"), &tls("- TLS_AES_128_GCM_SHA256"));
}

#[test]
fn equal_repetitions_are_removed() {
    safe(
        "port: {number: 80, name: http, protocol: HTTP, name: http}\nbind: 1.2.3.4\nbind: 1.2.3.4\ndefault_endpoint: a\ndefaultEndpoint: a",
        "port: {number: 80, protocol: HTTP, name: http}\nbind: 1.2.3.4\ndefaultEndpoint: a",
    );
    let different = "port: {number: 80, name: http, protocol: HTTP}\nbind: 1.2.3.4\nbind: 1.2.3.5";
    only_unsafe(different, different);
    // Whose comment it is is not known.
    let commented =
        "port: {number: 80, name: http, protocol: HTTP}\nbind: 1.2.3.4 # a\n# b\nbind: 1.2.3.4";
    only_unsafe(commented, commented);
}

#[test]
fn odd_layouts_are_kept_or_not_touched() {
    let options = Options::default();
    let safe = |text: &str| fixed(text, &options, Applicability::Safe);
    let bad = gateway(&https("mode: SIMPLE\ncredential_name: é # ü"));
    let good = gateway(&https("mode: SIMPLE\ncredentialName: é # ü"));
    // CRLF, a byte order mark, and other documents.
    assert_eq!(safe(&bad.replace('\n', "\r\n")), good.replace('\n', "\r\n"));
    assert_eq!(safe(&format!("\u{feff}{bad}")), format!("\u{feff}{good}"));
    let others = "# first\n---\nkind: Secret\ndata: {a: b}\n---\n";
    assert_eq!(
        safe(&format!("{others}{bad}--- # x\n{bad}")),
        format!("{others}{good}--- # x\n{good}")
    );
    // A list.
    let list = |item: &str| {
        let item = item.lines().map(|line| format!("  {line}\n")).collect::<String>();
        let item = item.trim_start();
        format!("kind: List\napiVersion: v1\nitems:\n- {item}- {item}")
    };
    assert_eq!(safe(&list(&bad)), list(&good));
    // JSON, of which the bytes between the values stay.
    let json = |name: &str| {
        format!(
            "{{\"apiVersion\":\"networking.istio.io/v1\",\t\"kind\":\"Gateway\",\"metadata\":{{\"name\":\"a\"}},\n\"spec\":{{\"servers\":[{{\"port\":\
         {{\"number\":443,\"name\":\"h\",\"protocol\":\"HTTPS\"}},\"hosts\":[\"a.b\"],\"tls\":{{\"mode\":\"SIMPLE\",\"{name}\" :\"e\"}}}}]}}}}"
        )
    };
    assert_eq!(safe(&json("credential_name")), json("credentialName"));
    let items = |name: &str| {
        format!(
            "{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{},{}]}}",
            json(name),
            json(name)
        )
    };
    assert_eq!(safe(&items("credential_name")), items("credentialName"));
    // An anchor that something else uses.
    let anchored = format!(
        "x: &tls {{mode: SIMPLE, credential_name: e}}\n{}",
        gateway(&format!("{HTTPS}tls: *tls"))
    );
    assert_eq!(safe(&anchored), anchored);
    // An anchor that only findings use: repaired for both.
    let servers = |name: &str| {
        gateway(&format!("{HTTPS}tls: &tls {{mode: SIMPLE, {name}: e}}"))
            + "  - hosts: [b.example.com]\n    port: {number: 444, name: other, protocol: HTTPS}\n    tls: *tls\n"
    };
    assert_eq!(safe(&servers("credential_name")), servers("credentialName"));
    // A value of several lines.
    let block = gateway(&https("mode: |-\n  SIMPEL\ncredentialName: e"));
    assert_eq!(safe(&block), block);
}

/// The edits of a finding are for programs, too: editors and SARIF.
#[test]
fn an_edit_has_its_place_in_the_stream() {
    let text = format!("---\n{}", gateway(&https("mode: SIMPLE\ncredential_name: e")));
    let found = findings(&text, &Options::default());
    let fix = found.iter().find_map(|found| found.fix.as_ref()).unwrap();
    assert_eq!(
        serde_json::to_value(fix).unwrap(),
        serde_json::json!({
            "applicability": "safe",
            "title": "rename to credentialName",
            "edits": [{
                "start": {"line": 12, "column": 7},
                "end": {"line": 12, "column": 22},
                "content": "credentialName",
            }],
        })
    );
}

/// Fixes of many findings take linear time, whatever they are.
#[test]
fn many_findings_have_an_end() {
    let suites = "TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA, ".repeat(5_000);
    let keys: String = (0..20_000).map(|_| "bind: a\n").collect();
    for server in [
        https(&format!("mode: SIMPLE\ncredentialName: e\ncipherSuites: [{suites}]")),
        format!("port: {{number: 80, name: http, protocol: HTTP}}\n{keys}"),
        "hots: a\nhost_s: b\n".repeat(10_000),
    ] {
        let text = gateway(&server);
        let begun = std::time::Instant::now();
        let _ = findings(&text, &Options::default());
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}

/// A generator with a fixed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(count).unwrap()).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn text(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A value to be written in some layout: keys may be repeated.
#[derive(Clone)]
enum Node {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

fn text(value: &str) -> Node {
    Node::Scalar(value.to_owned())
}

impl Random {
    /// A known name, or something like it.
    fn name(&mut self, known: &str) -> String {
        match self.below(10) {
            0 | 1 => known
                .chars()
                .flat_map(|c| {
                    match c.is_uppercase() {
                        true => format!("_{}", c.to_lowercase()),
                        false => c.to_string(),
                    }
                    .chars()
                    .collect::<Vec<_>>()
                })
                .collect(),
            2 => {
                let at = self.below(known.len());
                known.char_indices().filter(|(i, _)| *i != at).map(|(_, c)| c).collect()
            }
            3 => known.to_uppercase(),
            _ => known.to_owned(),
        }
    }

    fn word(&mut self, known: &[&str]) -> Node {
        let word = *self.one(known);
        text(&match self.below(8) {
            0 => word.to_lowercase(),
            1 => word.replace(['_', '-'], if self.chance(50) { "-" } else { "" }),
            2 => word.chars().skip(1).collect(),
            3 => format!("{word}{}", word.chars().last().unwrap_or('x')),
            _ => word.to_owned(),
        })
    }

    fn server(&mut self) -> Node {
        let protocols = ["HTTP", "HTTPS", "TLS", "TCP", "GRPC", "HTTP2"];
        let mut port = vec![
            (self.name("number"), text(self.text(&["443", "'443'", "80", "\"80\"", "8443"]))),
            (self.name("name"), text(self.text(&["https", "h", "443", "yes"]))),
            (self.name("protocol"), self.word(&protocols)),
        ];
        if self.chance(10) {
            port.push(("targetPort".to_owned(), text("8443")));
        }
        let modes = [
            "SIMPLE",
            "MUTUAL",
            "OPTIONAL_MUTUAL",
            "PASSTHROUGH",
            "ISTIO_MUTUAL",
            "AUTO_PASSTHROUGH",
        ];
        let versions = ["TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3", "TLS_AUTO"];
        let suites = [
            "ECDHE-RSA-AES128-GCM-SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_AES_128_GCM_SHA256",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "AES128-SHA",
            "nonsense",
        ];
        let mut tls = vec![(self.name("mode"), self.word(&modes))];
        for _ in 0..self.below(6) {
            let entry = match self.below(8) {
                0 => (self.name("credentialName"), text("edge")),
                1 => (self.name("minProtocolVersion"), self.word(&versions)),
                2 => (self.name("maxProtocolVersion"), self.word(&versions)),
                3 => {
                    let count = 1 + self.below(4);
                    let suites = (0..count).map(|_| self.word(&suites)).collect();
                    (self.name("cipherSuites"), Node::List(suites))
                }
                4 => (
                    self.name("insecureSkipVerify"),
                    text(self.text(&["true", "false", "'true'", "no"])),
                ),
                5 => (self.name("subjectAltNames"), text("a.example.com")),
                6 => (
                    self.name("ecdhCurves"),
                    Node::List(vec![text(self.text(&["X25519", "secp256r1", "p-256", "P384"]))]),
                ),
                _ => (self.name("httpsRedirect"), text(self.text(&["true", "false", "\"false\""]))),
            };
            tls.push(entry);
        }
        let mut server = vec![
            (
                self.name("hosts"),
                Node::List(vec![text("a.example.com"), text("'*.b.example.com'")]),
            ),
            (self.name("port"), Node::Map(port)),
            (self.name("tls"), Node::Map(tls)),
        ];
        if self.chance(20) {
            server.push((self.name("bind"), text("1.2.3.4")));
        }
        // Repetitions, equal or not.
        if self.chance(25) {
            let at = self.below(server.len());
            let again = server[at].clone();
            server.push(again);
        }
        for (_, value) in &mut server {
            if let (Node::Map(entries), true) = (value, self.chance(20)) {
                let again = entries[self.below(entries.len())].clone();
                let at = self.below(entries.len() + 1);
                entries.insert(at, again);
            }
        }
        Node::Map(server)
    }

    fn comment(&mut self) -> &'static str {
        self.text(&["", "", "", " # why", "  #", " # a: b"])
    }

    fn block(&mut self, node: &Node, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match node {
            Node::Scalar(text) => *out += &format!(" {text}{}\n", self.comment()),
            Node::List(items) if self.chance(60) => {
                *out += "\n";
                for item in items {
                    *out += &format!("{pad}-");
                    if let Node::Map(_) = item {
                        let mut inner = String::new();
                        self.block(item, indent + 2, &mut inner);
                        *out += &format!(" {}", inner.trim_start());
                    } else {
                        self.block(item, indent + 2, out);
                    }
                }
            }
            Node::Map(entries) if indent < 8 || self.chance(50) => {
                *out += "\n";
                for (key, value) in entries {
                    if self.chance(8) {
                        *out += &format!("{pad}# about {key}\n");
                    }
                    let quote = self.one(&["", "", "", "\"", "'"]);
                    *out += &format!("{pad}{quote}{key}{quote}{}:", self.one(&["", "", " "]));
                    self.block(value, indent + 2, out);
                }
            }
            flow => {
                *out += &format!(" {}{}\n", write_flow(flow, false), self.comment());
            }
        }
    }
}

fn write_flow(node: &Node, is_json: bool) -> String {
    let quoted = |text: &str| {
        let bare = text.trim_matches(['"', '\'']);
        let is_plain =
            bare == text && (bare.parse::<u32>().is_ok() || matches!(bare, "true" | "false"));
        if is_plain { bare.to_owned() } else { format!("\"{bare}\"") }
    };
    match node {
        Node::Scalar(text) if is_json => quoted(text),
        Node::Scalar(text) => text.clone(),
        Node::List(items) => {
            format!(
                "[{}]",
                items.iter().map(|item| write_flow(item, is_json)).collect::<Vec<_>>().join(", ")
            )
        }
        Node::Map(entries) => {
            let entry = |(key, value): &(String, Node)| {
                let key = if is_json { format!("\"{key}\"") } else { key.clone() };
                format!("{key}: {}", write_flow(value, is_json))
            };
            format!(
                "{{{}}}",
                entries.iter().map(entry).collect::<Vec<_>>().join(if is_json {
                    ",\n"
                } else {
                    ", "
                })
            )
        }
    }
}

/// The values of a stream of one document.
fn value(text: &str) -> Value {
    let object = documents(text, &Options::default()).next().unwrap().unwrap().object;
    serde_json::from_str(&object.to_json()).unwrap()
}

/// Panics if two values differ elsewhere than at a finding with a fix.
fn compare(old: &Value, new: &Value, path: &str, fixes: &BTreeMap<String, String>) {
    let title = |path: &str| fixes.get(path).map_or("", String::as_str);
    match (old, new) {
        _ if title(path).starts_with("write ") => {}
        (Value::Object(old), Value::Object(new)) => {
            let mut expected = Vec::new();
            for (key, value) in old {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let name = match (title(&path).strip_prefix("rename to "), title(&path)) {
                    (Some(name), _) => name,
                    (None, "remove it") => continue,
                    _ => key,
                };
                let new = new.get(name).unwrap_or_else(|| panic!("{path} is lost"));
                compare(value, new, &path, fixes);
                expected.push(name);
            }
            for name in new.keys() {
                assert!(expected.contains(&name.as_str()), "{path}.{name} is new");
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let is_kept = |index: &usize| title(&format!("{path}[{index}]")) != "remove it";
            let kept = old.iter().enumerate().filter(|(index, _)| is_kept(index));
            if title(path) == "keep one of each" {
                assert!(
                    new.iter()
                        .all(|item| old.iter().any(|old| item.is_string() && old.is_string()))
                );
                return;
            }
            let kept: Vec<_> = kept.collect();
            assert_eq!(kept.len(), new.len(), "{path}: {old:?} {new:?}");
            for ((index, old), new) in kept.iter().zip(new) {
                compare(old, new, &format!("{path}[{index}]"), fixes);
            }
        }
        (old, new) => assert_eq!(old, new, "{path}"),
    }
}

/// The fixed object differs only where a finding was, and nothing is left to fix.
#[test]
fn random_manifests_change_only_where_a_finding_is() {
    let (mut fixes_made, mut safe_made) = (0, 0);
    for seed in 0..2000 {
        let mut random = Random(seed * 7919 + 1);
        let count = 1 + random.below(3);
        let spec = Node::Map(vec![
            (
                random.name("selector"),
                Node::Map(vec![("istio".to_owned(), text("ingressgateway"))]),
            ),
            ("servers".to_owned(), Node::List((0..count).map(|_| random.server()).collect())),
        ]);
        let document = Node::Map(vec![
            ("apiVersion".to_owned(), text("networking.istio.io/v1")),
            ("kind".to_owned(), text("Gateway")),
            (
                "metadata".to_owned(),
                Node::Map(vec![
                    ("name".to_owned(), text("edge")),
                    (
                        random.name("labels"),
                        Node::Map(vec![("snake_case".to_owned(), text("credential_name"))]),
                    ),
                ]),
            ),
            ("spec".to_owned(), spec),
        ]);
        let mut original = String::new();
        match random.below(4) {
            0 => original = write_flow(&document, true),
            1 => original = write_flow(&document, false),
            _ => random.block(&document, 0, &mut original),
        }
        if random.chance(10) {
            original = original.replace('\n', "\r\n");
        }
        let mode =
            *random.one(&[FieldValidation::Strict, FieldValidation::Warn, FieldValidation::Ignore]);
        let options = Options::default().with_field_validation(mode);
        for least in [Applicability::Safe, Applicability::Unsafe] {
            let mut now = original.clone();
            for round in 0.. {
                assert!(round < 20, "seed {seed}: fixes without an end:\n{now}");
                let found = findings(&now, &options);
                let is_wanted = |found: &&Diagnostic| {
                    found.fix.as_ref().is_some_and(|fix| fix.applicability >= least)
                };
                let wanted: Vec<_> = found.iter().filter(is_wanted).collect();
                let (next, count) =
                    apply(&now, wanted.iter().filter_map(|found| found.fix.as_ref()));
                if count == 0 {
                    assert_eq!(wanted.len(), 0, "seed {seed}");
                    break;
                }
                let title = |found: &&Diagnostic| {
                    (found.path.to_string(), found.fix.clone().unwrap().title)
                };
                let fixes = wanted.iter().map(title).collect();
                let comments = |text: &str| text.matches('#').count();
                assert_eq!(
                    comments(&next),
                    comments(&now),
                    "seed {seed}: a comment is lost:\n{now}\n=>\n{next}"
                );
                let outcome =
                    std::panic::catch_unwind(|| compare(&value(&now), &value(&next), "", &fixes));
                assert!(outcome.is_ok(), "seed {seed}, {fixes:?}:\n{now}\n=>\n{next}");
                fixes_made += count;
                safe_made += if least == Applicability::Safe { count } else { 0 };
                now = next;
            }
        }
    }
    // The generator draws what can be repaired.
    assert!(fixes_made > 10_000 && safe_made > 3_000, "{fixes_made} {safe_made}");
}
