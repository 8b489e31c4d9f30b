//! placeholder
#[test]
fn a_number_beyond_all_bounds_is_kept() {
    use istio_gateway::{Gateway, Lossless};
    // Half a surrogate pair is mended in the text, the number beside it is not to be.
    for text in [r#"{"a":1e400,"b":"\ud800"}"#, r#"{"a":1e400,"b":"\u00e9"}"#] {
        let json = Lossless::<Gateway>::from_json(text).unwrap().to_json();
        assert!(json.contains(r#""a":1e400"#), "{json}");
    }
}
