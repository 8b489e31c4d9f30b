//! The examples of what Istio's decoder rejects, ignores or replaces.

use std::collections::BTreeSet;

use istio_gateway::{Diagnostic, Manifest, Severity, rule::rules};

/// The findings about a manifest: its errors, or what is accepted.
fn found(text: &str) -> Vec<Diagnostic> {
    match Manifest::from_yaml(text) {
        Ok(manifest) => manifest.diagnostics().to_vec(),
        Err(error) => error.diagnostics().to_vec(),
    }
}

#[test]
fn every_example_breaks_its_rule_alone_or_keeps_it() {
    let mut count = 0;
    for rule in rules().filter(|rule| rule.id.group() == "decode") {
        let (Some(bad), Some(good)) = (rule.bad, rule.good) else {
            // No YAML has it: JSON does.
            assert_eq!(rule.id, "decode/bad-text");
            continue;
        };
        let broken: BTreeSet<_> = found(bad).iter().map(|found| found.rule).collect();
        assert_eq!(broken, BTreeSet::from([rule.id]));
        let severities = found(bad).into_iter().map(|found| found.severity);
        assert!(severities.into_iter().all(|severity| severity == rule.severity), "{}", rule.id);
        assert_eq!(Manifest::from_yaml(bad).is_err(), rule.severity == Severity::Error);
        assert_eq!(found(good), [], "{}", rule.id);
        count += 1;
    }
    assert!(count > 10, "{count}");
}
