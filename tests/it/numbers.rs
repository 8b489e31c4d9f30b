//! Numbers and depths as Go reads and writes them. Every expectation is what sigs.k8s.io/yaml 1.6
//! and encoding/json of Go 1.26 return for the same text.

use istio_gateway::{Gateway, Object, Server, json, yaml};

#[test]
fn a_number_beyond_f64_that_is_not_json_is_rejected_by_every_reader() {
    for number in ["01e309", "1.e309", "-.1e400", ".1e400", "-01e400", "1e309e1", "1e+", "+1e400"] {
        let text = format!("{{\"x\":{number}}}");
        let error = json::decode_str::<Gateway>(&text).unwrap_err();
        assert!(error.is_syntax(), "{text}");
        for other in [
            json::from_str::<Gateway>(&text).unwrap_err(),
            json::from_slice::<Gateway>(text.as_bytes()).unwrap_err(),
            json::from_reader::<Gateway, _>(text.as_bytes()).unwrap_err(),
        ] {
            assert_eq!(other.to_string(), error.to_string(), "{text}");
        }
    }
    for number in ["1e309", "-1.5E+400", "0.1e400", "10e308"] {
        let text = format!("{{\"x\":{number}}}");
        assert!(json::from_str::<Gateway>(&text).is_ok(), "{text}");
    }
}

#[test]
fn yaml_is_nested_as_deeply_as_json_may_be() {
    let deep = format!("a: &a {}1{}\n", "[".repeat(6000), "]".repeat(6000));
    let aliased = |depth: usize| format!("{deep}b: {}*a{}\n", "[".repeat(depth), "]".repeat(depth));
    let read = |depth| yaml::from_str::<Gateway>(&aliased(depth));
    assert!(read(3999).is_ok());
    let error = read(4000).unwrap_err();
    assert!(error.is_limit());
    assert_eq!(error.to_string(), "2:4004: exceeded max depth");
    // Levels in block style count like those in flow style.
    let mixed = |depth: usize| {
        format!("{}{}{}\n", "- ".repeat(5_000), "[".repeat(depth), "]".repeat(depth))
    };
    assert!(Object::from_yaml(&mixed(5_000)).unwrap_err().is_decode());
    assert!(Object::from_yaml(&mixed(5_001)).unwrap_err().is_limit());
}

#[test]
fn yaml_and_its_json_decode_to_the_same_message() {
    let text = format!("a: {}1{}\n", "[".repeat(9_999), "]".repeat(9_999));
    let json = Object::from_yaml(&text).unwrap().to_json();
    assert!(Object::from_json(json).is_ok());
}

#[track_caller]
fn as_json(yaml: &str, json: &str) {
    assert_eq!(Object::from_yaml(yaml).unwrap().to_json(), json);
}

#[test]
fn float_keys_are_those_of_go() {
    as_json("{1048576.25: a, 32875.0625: b}", r#"{"1.0485762e+06":"a","32875.062":"b"}"#);
    as_json("{-0.0: a, 0.0: b}", r#"{"0":"b"}"#);
    as_json("{0.0: a, -0.0: b}", r#"{"-0":"b"}"#);
    as_json("{0.0: a, x: 1, -0.0: b, 0.0: c}", r#"{"x":1,"0":"c"}"#);
    as_json("{-0: a}", r#"{"0":"a"}"#);
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    as_json("a: 1e20", r#"{"a":100000000000000000000}"#);
    as_json("a: 1e21", r#"{"a":1e+21}"#);
    as_json("a: 1e-7", r#"{"a":1e-7}"#);
    as_json("a: -0", r#"{"a":0}"#);
    as_json("a: -0.0", r#"{"a":-0}"#);
}

#[test]
fn minus_zero_stays_what_it_is_in_yaml() {
    for json in [r#"{"a":-0}"#, r#"{"a":-1}"#, r#"{"a":[0,100000000000000000000,1e-7]}"#] {
        let yaml = Object::from_json(json).unwrap().to_yaml();
        assert_eq!(Object::from_yaml(&yaml).unwrap().to_json(), json, "{yaml}");
    }
    let server = yaml::from_str::<Server>("port: {number: -0}\n").unwrap();
    assert_eq!(server.port.unwrap().number, 0);
}
