//! Strict decoding is lenient decoding without diagnostics, and every diagnostic has a location.

#![no_main]

use fuzz::for_type;
use istio_gateway::{
    Error, Manifest,
    diagnostic::{Diagnostic, Severity},
    json::{self, Message},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    match std::str::from_utf8(bytes) {
        Ok(text) if first >= 128 => manifest(text),
        _ => for_type!(first, message(bytes)),
    }
});

fn message<T: Message + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(decoded) = json::decode_slice::<T>(bytes) else {
        return within(&json::decode_slice::<T>(bytes).expect_err("as before"), bytes);
    };
    let found = decoded.diagnostics.clone();
    all_within(&found, bytes);
    let has_errors = found.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(decoded.clone().into_lenient().is_err(), has_errors);
    match decoded.clone().into_strict() {
        Ok(strict) => {
            assert!(found.is_empty());
            assert_eq!(strict, json::from_slice::<T>(bytes).expect("strict is tolerant"));
        }
        Err(error) => assert_eq!(error.diagnostics(), found),
    }
    assert_eq!(json::decode_slice::<T>(bytes).expect("as before"), decoded);
}

fn manifest(text: &str) {
    match (Manifest::from_yaml(text), Manifest::from_yaml_strict(text)) {
        (Ok(tolerant), Ok(strict)) => {
            assert_eq!(tolerant.spec(), strict.spec());
            assert!(tolerant.diagnostics().is_empty());
        }
        (Ok(tolerant), Err(error)) => {
            assert!(error.is_decode());
            assert_eq!(tolerant.diagnostics(), error.diagnostics());
            assert!(tolerant.diagnostics().iter().all(|d| d.severity == Severity::Warning));
            all_within(tolerant.diagnostics(), text.as_bytes());
        }
        (Err(error), Err(strict)) => {
            assert_eq!(error.to_string(), strict.to_string());
            within(&error, text.as_bytes());
        }
        (Err(error), Ok(_)) => panic!("accepted by strict reading alone: {error}"),
    }
}

fn within(error: &Error, text: &[u8]) {
    let positions = error.position().into_iter();
    positions.chain(error.diagnostics().iter().filter_map(|d| d.position)).for_each(|position| {
        assert!(is_within(position, text), "{position} is not in the text: {error}");
    });
}

fn all_within(found: &[Diagnostic], text: &[u8]) {
    for diagnostic in found {
        let position = diagnostic.position.expect("there is a text");
        assert!(is_within(position, text), "{diagnostic}");
    }
    assert!(found.is_sorted_by_key(|d| d.position), "in document order");
}

fn is_within(position: istio_gateway::diagnostic::Position, text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    // A bad byte may be one character here and several there.
    let line = position.line.checked_sub(1).and_then(|line| text.split('\n').nth(line));
    line.is_some_and(|line| position.column >= 1 && position.column <= line.len() + 1)
}
