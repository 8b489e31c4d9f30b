//! Bytes as JSON: what is read can be written and read again, and all functions agree.

#![no_main]

use fuzz::for_type;
use istio_gateway::json::{self, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some((&first, text)) = data.split_first() {
        for_type!(first, check(text));
    }
});

fn check<T: Message + std::fmt::Debug>(text: &[u8]) {
    let read = json::from_slice::<T>(text);
    match (&read, json::decode_slice::<T>(text)) {
        (Ok(message), Ok(decoded)) => {
            assert_eq!(decoded.value, *message);
            assert_eq!(decoded.into_lenient().as_ref().ok(), Some(message));
        }
        (Err(error), Ok(decoded)) => {
            assert!(error.is_decode(), "{error}");
            let refused = decoded.into_lenient().expect_err("refused by from_slice");
            assert_eq!(refused.diagnostics(), error.diagnostics());
            assert!(!error.diagnostics().is_empty());
        }
        (Err(error), Err(other)) => {
            assert_eq!(error.to_string(), other.to_string());
            assert!(error.is_syntax() || error.is_limit());
        }
        (Ok(_), Err(error)) => panic!("accepted by from_slice alone: {error}"),
    }
    let Ok(message) = read else { return };
    let written = json::to_string(&message);
    assert_eq!(json::from_str::<T>(&written).expect("it was written here"), message);
    // Reading without the text gives the same result.
    let value: serde_json::Value = serde_json::from_str(&written).expect("it was written here");
    let decoded = json::decode::<T, _>(&value).expect("a value gives no error");
    assert_eq!(decoded.into_lenient().expect("it was written here"), message);
}
