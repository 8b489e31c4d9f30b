//! Hostile input: each one is answered within bounds of time, stack and diagnostics.
//!
//! The bounds of processor time are generous, since a debug build must keep them too; quadratic time in
//! a megabyte still exceeds them. Tests run on threads with 2 MiB of stack, so that
//! recursion by a document's depth would overflow it. `--nocapture` shows times.

use istio_gateway::{
    Error, Gateway, Lossless, Manifest, Server, documents, json, proto::meta::v1alpha1::IstioStatus,
};

use crate::cpu_time::within_cpu_seconds;

/// A megabyte; an eighth of it in a debug build, which is so much slower.
const MB: usize = if cfg!(debug_assertions) { 1 << 17 } else { 1 << 20 };

/// One step on a text of about a megabyte.
#[track_caller]
fn timed<R>(what: &str, f: impl FnOnce() -> R) -> R {
    within_cpu_seconds(20, what, f)
}

/// The result for a text: `ok` with the number of diagnostics, or the beginning of the error.
fn outcome(result: Result<usize, Error>) -> String {
    match result {
        Ok(0) => "ok".to_owned(),
        Ok(count) => format!("ok, {count} diagnostics"),
        Err(error) => {
            few(error.diagnostics().len());
            error.to_string().chars().take(150).collect()
        }
    }
}

/// Few enough to be looked at, and to be kept.
#[track_caller]
fn few(count: usize) {
    assert!(count <= 1100, "{count} diagnostics");
}

/// All JSON readers read the text, and what was read is written.
#[track_caller]
fn json_gives<T: json::Message>(name: &str, text: &[u8], decoded: &str, tolerant: &str) {
    let found = timed(&format!("{name}: decode_slice"), || json::decode_slice::<T>(text));
    let found = found.map(|decoded| decoded.diagnostics.len());
    if let Ok(count) = &found {
        few(*count);
    }
    assert_eq!(outcome(found), decoded, "{name}: decode_slice");
    let read = timed(&format!("{name}: from_slice"), || json::from_slice::<T>(text));
    if let Ok(message) = &read {
        let written = timed(&format!("{name}: to_string"), || json::to_string(message));
        assert!(json::from_str::<T>(&written).is_ok_and(|again| again == *message), "{name}");
    }
    let is_ok = read.is_ok();
    assert_eq!(outcome(read.map(|_| 0)), tolerant, "{name}: from_slice");

    let lossless = timed(&format!("{name}: lossless"), || Lossless::<T>::from_json(text));
    assert_eq!(lossless.is_ok(), is_ok, "{name}: lossless");
    if let Ok(lossless) = lossless {
        let json = timed(&format!("{name}: lossless, to_json"), || lossless.to_json());
        let yaml = timed(&format!("{name}: lossless, to_yaml"), || lossless.to_yaml());
        assert!(json::from_str::<T>(&json).unwrap() == *lossless, "{name}: written as JSON");
        let again = timed(&format!("{name}: from_yaml"), || Lossless::<T>::from_yaml(&yaml));
        assert!(*again.unwrap() == *lossless, "{name}: written as YAML");
    }
    timed(&format!("{name}: manifest"), || match Manifest::from_json(text) {
        Ok(manifest) => few(manifest.diagnostics().len()),
        Err(error) => few(error.diagnostics().len()),
    });
}

/// All YAML readers read the text.
#[track_caller]
fn yaml_gives(name: &str, text: &str, expected: &str) {
    let read = timed(&format!("{name}: parse"), || Manifest::from_yaml(text));
    if let Ok(manifest) = &read {
        few(manifest.diagnostics().len());
        let json = timed(&format!("{name}: to_json"), || manifest.to_json());
        let again = timed(&format!("{name}: from_json"), || Manifest::from_json(json).unwrap());
        let yaml = timed(&format!("{name}: to_yaml"), || again.to_yaml());
        let again = timed(&format!("{name}: read again"), || Manifest::from_yaml(&yaml).unwrap());
        assert!(again.spec() == manifest.spec(), "{name}: written as YAML");
    }
    assert_eq!(
        outcome(read.map(|manifest| manifest.diagnostics().len())),
        expected,
        "{name}: parse"
    );
    let count = timed(&format!("{name}: documents"), || documents(text).count());
    assert!(count <= MB);
}

fn repeated(before: &str, item: &str, count: usize, after: &str) -> String {
    [before, &item.repeat(count), after].concat()
}

/// A list or map's text: items that know their number.
fn numbered(before: &str, count: usize, after: &str, item: impl Fn(usize) -> String) -> String {
    let items: Vec<_> = (0..count).map(item).collect();
    [before, &items.join(","), after].concat()
}

const TOO_DEEP: &str = "1:10001: nested more than 10,000 levels deep";

#[test]
fn deep_json() {
    let both = |name: &str, text: String, expected: &str| {
        json_gives::<Gateway>(name, text.as_bytes(), expected, expected);
    };
    both("1 MB of [", "[".repeat(MB), TOO_DEEP);
    both(
        "1 MB of {\"a\":",
        "{\"a\":".repeat(MB / 5),
        "1:50001: nested more than 10,000 levels deep",
    );
    both("unclosed", "[".repeat(9_999), "1:9999: EOF while parsing a list");
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    json_gives::<Gateway>("9,998 lists", nested(9_998).as_bytes(), "ok, 1 diagnostics", "ok");
    both("10,000 lists", nested(10_000), "1:10005: nested more than 10,000 levels deep");
    let maps = repeated("{\"b\":", "{\"a\":", 9_000, "1") + &"}".repeat(9_001);
    json_gives::<Gateway>("9,000 maps", maps.as_bytes(), "ok, 1 diagnostics", "ok");
}

#[test]
fn wide_json() {
    let mb = |item: &str| MB / item.len();
    let gateway = |name: &str, text: String, decoded: &str, tolerant: &str| {
        json_gives::<Gateway>(name, text.as_bytes(), decoded, tolerant);
    };
    let item = r#""a":1,"#;
    let unknown = repeated("{", item, mb(item), r#""a":1}"#);
    gateway("one unknown key, again and again", unknown, "ok, 1000 diagnostics", "ok");
    let unknown = numbered("{", MB / 10, "}", |i| format!(r#""a{i}":1"#));
    gateway("unknown keys", unknown, "ok, 1000 diagnostics", "ok");
    let near = numbered("{", MB / 64, "}", |i| format!(r#""{i:060}":1"#));
    gateway("long unknown keys", near, "ok, 1000 diagnostics", "ok");
    let servers = |item: &str| repeated(r#"{"servers":["#, item, mb(item), "{}]}");
    gateway("servers with an unknown key", servers(r#"{"a":1},"#), "ok, 1000 diagnostics", "ok");
    gateway("empty servers", servers("{},"), "ok", "ok");
    gateway("servers that are null", servers("null,"), "ok, 1000 diagnostics", "ok");
    gateway(
        "wrong servers",
        repeated(r#"{"servers":["#, "1,", MB / 3, "1]}"),
        "ok, 1000 diagnostics",
        "1:13: servers[0]: expected an object (istio.networking.v1alpha3.Server), found 1 (and 999 more)",
    );
    gateway(
        "servers with a wrong port",
        servers(r#"{"port":1},"#),
        "ok, 1000 diagnostics",
        "1:21: servers[0].port: expected an object (istio.networking.v1alpha3.Port), found 1 (and 999 more)",
    );
    gateway(
        "servers with a wrong bind",
        servers(r#"{"x":1,"bind":1},"#),
        "ok, 1000 diagnostics",
        "1:27: servers[0].bind: expected a string, found 1 (and 499 more)",
    );
    let hosts = repeated(r#"{"servers":[{"hosts":["#, "1,", MB / 3, "1]}]}");
    gateway(
        "wrong hosts",
        hosts,
        "ok, 1000 diagnostics",
        "1:23: servers[0].hosts[0]: expected a string, found 1 (and 999 more)",
    );
    let selector = numbered(r#"{"selector":{"#, MB / 10, "}}", |i| format!(r#""a{i}":1"#));
    gateway(
        "wrong values in a map",
        selector,
        "ok, 1000 diagnostics",
        "1:19: selector.a0: expected a string, found 1 (and 999 more)",
    );
    let selector = numbered(r#"{"selector":{"#, MB / 10, "}}", |i| format!(r#""a{i}":null"#));
    gateway("nulls in a map", selector, "ok, 1000 diagnostics", "ok");
    let item = r#""a":1,"#;
    let selector = repeated(r#"{"selector":{"#, item, mb(item), r#""a":""}}"#);
    gateway("one wrong key of a map, again and again", selector, "ok, 1 diagnostics", "ok");
    let unknown = numbered("", 999, "", |i| format!(r#""a{i}":1"#));
    let item = r#""selector":{},"#;
    let twice = repeated(&format!("{{{unknown},"), item, mb(item), r#""selector":null}"#);
    gateway("a field again and again", twice, "ok, 1000 diagnostics", "ok");
    let item = r#""selector":{"a":1},"#;
    let twice = repeated(&format!("{{{unknown},"), item, mb(item), r#""selector":null}"#);
    gateway("a wrong field again and again", twice, "ok, 1000 diagnostics", "ok");
    let item = r#""servers":[],"selector":{},"#;
    let twice = repeated("{", item, mb(item), r#""selector":null}"#);
    gateway("two fields in turn", twice, "ok, 2 diagnostics", "ok");
}

#[test]
fn wide_status() {
    let status = |name: &str, text: String, decoded: &str, tolerant: &str| {
        json_gives::<IstioStatus>(name, text.as_bytes(), decoded, tolerant);
    };
    let wrong = repeated(r#"{"conditions":["#, r#"{"lastProbeTime":"x"},"#, MB / 20, "{}]}");
    status(
        "wrong times",
        wrong,
        "ok, 1000 diagnostics",
        r#"1:33: conditions[0].lastProbeTime: expected a time such as "2026-01-31T12:00:00Z", found "x" (and 999 more)"#,
    );
    let wrong = repeated(r#"{"validationMessages":["#, r#"{"level":"X"},"#, MB / 15, "{}]}");
    status(
        "wrong levels",
        wrong,
        "ok, 1000 diagnostics",
        r#"1:33: validationMessages[0].level: unknown value "X"; use one of UNKNOWN, ERROR, WARNING, INFO (and 999 more)"#,
    );
}

#[test]
fn long_json() {
    let port = |name: &str, text: Vec<u8>, decoded: &str, tolerant: &str| {
        json_gives::<istio_gateway::Port>(name, &text, decoded, tolerant);
    };
    let long = |item: &str| item.repeat(MB / item.len());
    let of_name = |text: &str| format!(r#"{{"name":"{text}"}}"#).into_bytes();
    port("a long text", of_name(&long("a")), "ok", "ok");
    port("a long text of escapes", of_name(&long(r"\u00e9")), "ok", "ok");
    port("a long text of quotes", of_name(&long(r#"\""#)), "ok", "ok");
    port("halves of surrogate pairs", of_name(&long(r"\ud800")), "ok, 1 diagnostics", "ok");
    let key = format!(r#"{{"{}":1}}"#, long("a"));
    port("a long key", key.into_bytes(), "ok, 1 diagnostics", "ok");
    let of_number = |text: String| format!(r#"{{"number":{text}}}"#).into_bytes();
    port(
        "digits",
        of_number(long("1")),
        "ok, 1 diagnostics",
        "1:11: number: expected a whole number from 0 to 4294967295, found an infinite number",
    );
    port(
        "digits of a fraction",
        of_number(format!("0.{}", long("1"))),
        "ok, 1 diagnostics",
        "1:11: number: expected a whole number from 0 to 4294967295, found 0.1111111111111111",
    );
    port(
        "digits of an exponent",
        of_number(format!("1e{}", long("1"))),
        "ok, 1 diagnostics",
        "1:11: number: expected a whole number from 0 to 4294967295, found an infinite number",
    );
    port(
        "digits in quotes",
        of_number(format!(r#""{}""#, long("1"))),
        "ok, 1 diagnostics",
        r#"1:11: number: expected a whole number from 0 to 4294967295, found "111111111111111111111111111111111111111111111111111111111111"..."#,
    );
    port(
        "a wrong text",
        of_number(format!(r#""{}""#, long("x"))),
        "ok, 1 diagnostics",
        r#"1:11: number: expected a whole number from 0 to 4294967295, found "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"..."#,
    );
    let unknown = format!(r#"{{"x":[{}]}}"#, vec!["1e999"; MB / 6].join(",")).into_bytes();
    port("numbers beyond all bounds", unknown, "ok, 1 diagnostics", "ok");
    let blank = format!("{}{{}}", long(" ")).into_bytes();
    port("blanks", blank, "ok", "ok");
    let lines = format!(r#"{}{{"number":-1}}"#, long("\n")).into_bytes();
    port(
        "line feeds",
        lines,
        "ok, 1 diagnostics",
        &format!("{}:11: number: -1 is less than 0", MB + 1),
    );
    port(
        "no end",
        format!(r#"{{"name":"{}"#, long("a")).into_bytes(),
        &format!("1:{}: EOF while parsing a string", MB + 9),
        &format!("1:{}: EOF while parsing a string", MB + 9),
    );
}

/// Bytes between texts.
fn bytes(before: &str, bytes: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

#[test]
fn bad_bytes() {
    let gateway = |name: &str, text: Vec<u8>, decoded: &str, tolerant: &str| {
        json_gives::<Gateway>(name, &text, decoded, tolerant);
    };
    let bad = vec![0xff; MB];
    gateway("bytes alone", bad.clone(), "1:1: expected value", "1:1: expected value");
    gateway("in a key", bytes(r#"{""#, &bad, r#"":1}"#), "ok, 2 diagnostics", "ok");
    gateway("in an unknown value", bytes(r#"{"a":""#, &bad, r#""}"#), "ok, 2 diagnostics", "ok");
    let items = b"\"\xff\",".repeat(MB / 4);
    gateway("in a list's items", bytes(r#"{"a":["#, &items, "1]}"), "ok, 1001 diagnostics", "ok");
    let items = b"\"k\":\"\xff\",".repeat(MB / 8);
    gateway(
        "in a map's values",
        bytes(r#"{"a":{"#, &items, r#""k":1}}"#),
        "ok, 2 diagnostics",
        "ok",
    );
    let items = [b"\"a\",".repeat(MB / 4), b"\"\xff\",".repeat(1_000)].concat();
    gateway("behind a long list", bytes(r#"{"a":["#, &items, "1]}"), "ok, 1001 diagnostics", "ok");
    let long = "k".repeat(1 << 20);
    let items = b"\"k\":\"\xff\",\"l\":\"\xff\",".repeat(500);
    let text = bytes(&format!(r#"{{"{long}":{{"#), &items, r#""k":1}}"#);
    gateway("behind a long key", text, "ok, 2 diagnostics", "ok");
    let open = r#"{"a":"#.repeat(9_990);
    let close = format!(r#""k":1}}{}"#, "}".repeat(9_990));
    gateway("deep inside", bytes(&format!("{open}{{"), &items, &close), "ok, 6 diagnostics", "ok");
}

#[test]
fn changed_lists() {
    let text = numbered(r#"{"servers":["#, MB / 100, "]}", |i| {
        format!(r#"{{"name":"s{i}","hosts":["h{i}","*"],"new":{i}}}"#)
    });
    let read = Lossless::<Gateway>::from_json(&text).unwrap();
    let has_all = |name: &str, gateway: &Lossless<Gateway>, count: usize| {
        let json = timed(name, || gateway.to_json());
        assert!(json::from_str::<Gateway>(&json).unwrap() == **gateway, "{name}");
        assert_eq!(json.matches(r#""new":"#).count(), count, "{name}");
    };
    let mut gateway = read.clone();
    gateway.servers.iter_mut().for_each(|server| server.bind = "::1".into());
    has_all("all servers changed alike", &gateway, MB / 100);
    gateway.servers.reverse();
    has_all("all servers changed and turned around", &gateway, MB / 100);
    let mut gateway = read.clone();
    gateway.servers.remove(0);
    gateway.servers.iter_mut().for_each(|server| server.bind = "::1".into());
    has_all("all servers but the first changed", &gateway, MB / 100 - 1);
    let mut gateway = read.clone();
    gateway.servers = vec![Server::default(); MB / 50];
    has_all("all servers replaced", &gateway, 0);
    let mut gateway = read.clone();
    gateway.servers.truncate(1);
    gateway.servers[0].hosts = (0..MB / 10).map(|i| format!("h{i}")).collect();
    // It has its name, and so is the same.
    has_all("all servers but one removed", &gateway, 1);
    gateway.servers[0].name.clear();
    has_all("all servers but one removed, and that one another", &gateway, 0);

    let text = repeated(r#"{"servers":["#, r#"{"name":"a","new":1},"#, MB / 20, "{}]}");
    let mut gateway = Lossless::<Gateway>::from_json(&text).unwrap();
    gateway.servers.iter_mut().for_each(|server| server.bind = "::1".into());
    has_all("equal servers changed", &gateway, MB / 20);
    gateway.servers.pop();
    has_all("equal servers changed, one removed", &gateway, MB / 20);
}

#[test]
fn changed_maps() {
    let text = numbered(r#"{"selector":{"#, MB / 10, "}}", |i| format!(r#""k{i}":"v""#));
    let mut gateway = Lossless::<Gateway>::from_json(&text).unwrap();
    gateway.selector.values_mut().for_each(|value| value.push('w'));
    gateway.selector.extend((0..MB / 10).map(|i| (format!("l{i}"), "new".to_owned())));
    gateway.selector.remove("k7");
    let json = timed("a large map changed", || gateway.to_json());
    assert!(json::from_str::<Gateway>(&json).unwrap() == *gateway);
}

#[test]
fn deep_yaml() {
    yaml_gives("1 MB of [", &"[".repeat(MB), "1:10001: nested too deeply");
    yaml_gives("1 MB of {a: ", &"{a: ".repeat(MB / 4), "1:40001: nested too deeply");
    yaml_gives("1 MB of - ", &"- ".repeat(MB / 2), "1:20001: nested too deeply");
    yaml_gives("1 MB of ? ", &"? ".repeat(MB / 2), "1:3: invalid map key");
    let nested = |depth: usize| format!("a: {}{}", "[".repeat(depth), "]".repeat(depth));
    yaml_gives("5,000 lists", &nested(5_000), "ok, 1 diagnostics");
    let block = |depth: usize| {
        let line = |i: usize| format!("{}a:\n", " ".repeat(i));
        (0..depth).map(line).collect::<String>()
    };
    yaml_gives("1,400 maps in block style", &block(1_400), "ok, 1 diagnostics");
}

#[test]
fn yaml_aliases() {
    let bomb = |levels: usize, width: usize| {
        let mut text = "a0: &a0 x\n".to_owned();
        for i in 1..levels {
            let aliases = vec![format!("*a{}", i - 1); width].join(",");
            text.push_str(&format!("a{i}: &a{i} [{aliases}]\n"));
        }
        text
    };
    yaml_gives("a billion laughs", &bomb(10, 9), "2:30: document contains excessive aliasing");
    yaml_gives("a bomb of two", &bomb(60, 2), "3:14: document contains excessive aliasing");
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(MB / 2), "*a,".repeat(MB / 6));
    yaml_gives("a long text again and again", &text, "1:1: document contains excessive aliasing");
    let text = format!("a: &a [1]\nb: [{}]\n", "*a,".repeat(MB / 3));
    yaml_gives("an alias again and again", &text, "ok, 2 diagnostics");
    let text = numbered("[", MB / 16, "]\n", |i| format!("&a{i} x"));
    yaml_gives("anchors", &format!("a: {text}"), "ok, 1 diagnostics");
    let text = format!("a: &a {{x: *a}}\nb: {}\n", "1".repeat(10));
    yaml_gives("an anchor in itself", &text, "1:11: anchor \"a\" value contains itself");
    let merges = "- {<<: *a}\n".repeat(MB / 11);
    yaml_gives("merges", &format!("a: &a {{b: 1, c: 2}}\nd:\n{merges}"), "ok, 2 diagnostics");
    let keys = numbered("a0: &a0 {", 3_000, "}\n", |i| format!("k{i}: 1"));
    let merges: String = (1..300).map(|i| format!("a{i}: &a{i} {{<<: *a{}}}\n", i - 1)).collect();
    yaml_gives(
        "merges of merges",
        &format!("{keys}{merges}"),
        "96:20: document contains excessive aliasing",
    );
    let many = vec!["*a"; 30_000].join(",");
    let keys = numbered("a: &a {", 300, "}\n", |i| format!("k{i}: 1"));
    yaml_gives(
        "one merge of many",
        &format!("{keys}b: {{<<: [{many}]}}\n"),
        "2:90010: document contains excessive aliasing",
    );
    let keys = numbered("{", 10_000, "}", |i| format!("k{i}: 1"));
    let merged = format!("a: {}{keys}{}\n", "{<<: ".repeat(2_000), "}".repeat(2_000));
    // Go accepts this one, because it shares merged values. This crate's own bound limits memory.
    yaml_gives("merges within merges", &merged, "1:98970: document contains excessive aliasing");
}

#[test]
fn wide_yaml() {
    let mb = |item: &str| item.repeat(MB / item.len());
    yaml_gives("one unknown key, again and again", &mb("a: 1\n"), "ok, 1000 diagnostics");
    let keys: String = (0..MB / 16).map(|i| format!("a{i}: 1\n")).collect();
    yaml_gives("unknown keys", &keys, "ok, 1000 diagnostics");
    yaml_gives(
        "wrong servers",
        &format!("spec:\n  servers:\n{}", mb("  - 1\n")),
        "3:5: spec.servers[0]: expected an object (istio.networking.v1alpha3.Server), found 1 (and 999 more)",
    );
    let servers = format!("spec:\n  servers:\n{}", mb("  - {port: 1}\n"));
    yaml_gives(
        "servers with a wrong port",
        &servers,
        "3:12: spec.servers[0].port: expected an object (istio.networking.v1alpha3.Port), found 1 (and 999 more)",
    );
    let labels: String = (0..MB / 16).map(|i| format!("    a{i}: []\n")).collect();
    yaml_gives(
        "wrong labels",
        &format!("metadata:\n  labels:\n{labels}"),
        "3:9: metadata.labels.a0: expected a string, found a list (and 999 more)",
    );
    let selector: String = (0..MB / 16).map(|i| format!("    a{i}: 1\n")).collect();
    yaml_gives(
        "wrong values in a map",
        &format!("spec:\n  selector:\n{selector}"),
        "3:9: spec.selector.a0: expected a string, found 1 (and 999 more)",
    );
    yaml_gives(
        "many documents",
        &mb("---\nkind: A\n"),
        "2:7: not an Istio Gateway: apiVersion (none), kind A",
    );
    yaml_gives("many empty documents", &mb("---\n"), "ok");
    yaml_gives("many broken documents", &mb("--- [\n"), "2:1: did not find expected node content");
    yaml_gives("directives", &mb("%YAML 1.1\n"), "2:1: found duplicate %YAML directive");
    yaml_gives("comments", &mb("# a\n"), "ok");
    yaml_gives("blank lines", &mb("\n"), "ok");
}

#[test]
fn long_yaml() {
    let long = |item: &str| item.repeat(MB / item.len());
    yaml_gives("a long text", &format!("a: {}\n", long("a")), "ok, 1 diagnostics");
    yaml_gives("a long text of words", &format!("a: {}\n", long("a ")), "ok, 1 diagnostics");
    yaml_gives("a long text in quotes", &format!("a: \"{}\"\n", long("\\\"")), "ok, 1 diagnostics");
    yaml_gives("escapes", &format!("a: \"{}\"\n", long("\\u00e9")), "ok, 1 diagnostics");
    yaml_gives(
        "a long key",
        &format!("{}: 1\n", long("a")),
        &format!("1:{}: mapping values are not allowed in this context", MB + 1),
    );
    yaml_gives("a long explicit key", &format!("? {}\n: 1\n", long("a")), "ok, 1 diagnostics");
    yaml_gives("digits", &format!("a: {}\n", long("1")), "ok, 1 diagnostics");
    yaml_gives("digits of a fraction", &format!("a: 0.{}\n", long("1")), "ok, 1 diagnostics");
    yaml_gives("digits of base 2", &format!("a: 0b{}\n", long("1")), "ok, 1 diagnostics");
    yaml_gives("underscores", &format!("a: 1{}\n", long("_")), "ok, 1 diagnostics");
    yaml_gives("digits of base 60", &format!("a: 1{}\n", long(":1")), "ok, 1 diagnostics");
    yaml_gives("a block scalar", &format!("a: |\n{}", long("  a\n")), "ok, 1 diagnostics");
    yaml_gives("a folded scalar", &format!("a: >\n{}", long("  a\n\n")), "ok, 1 diagnostics");
    yaml_gives(
        "a plain text of many lines",
        &format!("a:\n{}", long("  a\n")),
        "ok, 1 diagnostics",
    );
    yaml_gives("binary", &format!("a: !!binary {}\n", long("AAAA")), "ok, 1 diagnostics");
    yaml_gives("a long tag", &format!("a: !{} b\n", long("a")), "ok, 1 diagnostics");
    let directives: String = (0..MB / 12).map(|i| format!("%TAG !a{i}! b\n")).collect();
    yaml_gives("many handles", &format!("{directives}---\na: !a0!b c\n"), "ok, 1 diagnostics");
    let prefix = long("y").split_off(MB / 2);
    let uses = "- !e!x y\n".repeat(MB / 20);
    yaml_gives(
        "a long handle again and again",
        &format!("%TAG !e! {prefix}\n---\na:\n{uses}"),
        "ok, 1 diagnostics",
    );
    yaml_gives("a long anchor", &format!("a: &{} b\n", long("a")), "ok, 1 diagnostics");
    yaml_gives("no end", &format!("a: \"{}", long("a")), "1:4: unclosed quote");
    yaml_gives(
        "tabs",
        &format!("a: b\n{}", long("\t")),
        "2:1: found a tab character that violates indentation",
    );
    yaml_gives(
        "question marks",
        &long("?"),
        r#"1:1: expected a map, found "????????????????????????????????????????????????????????????"..."#,
    );
    yaml_gives("colons", &long(": "), "1:1: did not find expected key");
    yaml_gives("commas", &format!("a: [{}]", long(",")), "1:5: did not find expected node content");
}
