//! `ValidateObjectMetaAccessor` of apimachinery, and the warnings on create.

use super::{owners, text};
use crate::{
    RuleId,
    go::Quote,
    names::is_subdomain,
    rule,
    tree::{Ref, append_text},
    validate::findings::{Findings, Location},
};

/// The maximum size of all annotation keys and values together, in bytes.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// The finalizers that Kubernetes itself defines.
const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
const STANDARD_FINALIZERS: [&str; 3] = [ORPHAN, FOREGROUND, "kubernetes"];

/// Checks the metadata that can be decoded. Returns whether there is an error that prevents the CEL
/// rules from being evaluated.
pub(super) fn check(metadata: &Location<'_, '_>, findings: &mut Findings) -> bool {
    let is_decodable = metadata.node.is_none_or(|node| node.is_mapping() || node.is_null());
    if !is_decodable {
        return false;
    }
    let mut is_blocking = names(metadata, findings);
    namespace(&metadata.field("namespace"), findings);
    labels(&metadata.field("labels"), findings);
    is_blocking |= annotations(&metadata.field("annotations"), findings);
    is_blocking |= owners::check(&metadata.field("ownerReferences"), findings);
    finalizers(&metadata.field("finalizers"), findings);
    is_blocking
}

/// The name that the API server generates from `generateName`, with `xxxxx` for its five random
/// characters.
///
/// Upstream: `SimpleNameGenerator`.
pub(in crate::validate) fn generated_name(base: &str) -> String {
    let base = base.as_bytes().get(..58).unwrap_or(base.as_bytes());
    String::from_utf8_lossy(base).into_owned() + "xxxxx"
}

fn names(metadata: &Location<'_, '_>, findings: &mut Findings) -> bool {
    let (name, generate_name) = (metadata.field("name"), metadata.field("generateName"));
    let (Some(text), generated) = (text(&name), text(&generate_name)) else { return false };
    if let Some(generated) = generated.filter(|generated| !generated.is_empty()) {
        // The API server appends characters, so a trailing dash is allowed: apimachinery's
        // maskTrailingDash.
        let masked = match generated.strip_suffix('-') {
            Some(base) if !base.is_empty() => {
                let mut masked = base.to_owned();
                masked.pop();
                masked + "a"
            }
            _ => generated.to_owned(),
        };
        subdomain(&masked, generated, &generate_name, findings);
    }
    match (text, generated) {
        ("", Some("")) => {
            let message = "metadata.name: Required value: name or generateName is required";
            findings.error(
                rule::schema::METADATA_NAME,
                &name,
                message,
                "give the Gateway a name".to_owned(),
            );
            return true;
        }
        ("", Some(generated)) => {
            let made = generated_name(generated);
            let place = metadata.field("name");
            subdomain_at(&made, &made, &place, &generate_name, findings);
        }
        ("", None) => {}
        (text, _) => subdomain(text, text, &name, findings),
    }
    false
}

fn subdomain(checked: &str, shown: &str, place: &Location<'_, '_>, findings: &mut Findings) {
    subdomain_at(checked, shown, place, place, findings);
}

/// `NameIsDNSSubdomain`, of the field `place`, which is written at `at`.
fn subdomain_at(
    checked: &str,
    shown: &str,
    place: &Location<'_, '_>,
    at: &Location<'_, '_>,
    findings: &mut Findings,
) {
    for message in subdomain_errors(checked, "characters") {
        let help = if checked.len() > 253 {
            "write a shorter name"
        } else {
            "write lower case letters, digits and dashes, with a letter or digit at either end"
        };
        let message = format!("{}: Invalid value: {}: {message}", place.plain_path(), Quote(shown));
        findings.error(rule::schema::METADATA_NAME, at, message, help.to_owned());
    }
}

/// `IsDNS1123Subdomain`. Upstream has two implementations with equal results, which call the unit
/// `characters` and `bytes`.
fn subdomain_errors(text: &str, unit: &str) -> Vec<String> {
    const FORM: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(format!("must be no more than 253 {unit}"));
    }
    if !is_subdomain(text) {
        errors.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
             or '.', and must start and end with an alphanumeric character (e.g. 'example.com', \
             regex used for validation is '{FORM}')"
        ));
    }
    errors
}

/// `IsDNS1123Label`.
fn namespace(place: &Location<'_, '_>, findings: &mut Findings) {
    const RULE: RuleId = rule::schema::METADATA_NAMESPACE;
    let Some(text) = text(place).filter(|text| !text.is_empty()) else { return };
    let value = Quote(text);
    if text.len() > 63 {
        let message = format!(
            "metadata.namespace: Invalid value: {value}: must be no more than 63 characters"
        );
        findings.error(RULE, place, message, "write a shorter name".to_owned());
    }
    if is_subdomain(text) && text.contains('.') {
        let message = format!("metadata.namespace: Invalid value: {value}: must not contain dots");
        findings.error(RULE, place, message, "write dashes for the dots".to_owned());
    } else if !is_subdomain(text) {
        let message = format!(
            "metadata.namespace: Invalid value: {value}: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \
             '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or \
             '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        );
        let help =
            "write lower case letters, digits and dashes, with a letter or digit at either end";
        findings.error(RULE, place, message, help.to_owned());
    }
}

fn labels(place: &Location<'_, '_>, findings: &mut Findings) {
    const RULE: RuleId = rule::schema::METADATA_LABELS;
    for (key, value) in place.node.map(Ref::distinct_entries).unwrap_or_default() {
        for message in qualified_name_errors(key.text()) {
            let message =
                format!("metadata.labels: Invalid value: {}: {message}", Quote(key.text()));
            findings.error(RULE, &place.key(key), message, KEY_HELP.to_owned());
        }
        let place = place.entry(key, value);
        let Some(text) = text(&place) else { continue };
        let value = Quote(text);
        if text.len() > 63 {
            let message =
                format!("metadata.labels: Invalid value: {value}: must be no more than 63 bytes");
            let help = "write a shorter value, or make it an annotation";
            findings.error(RULE, &place, message, help.to_owned());
        }
        if !text.is_empty() && !is_label_text(text) {
            let message = format!(
                "metadata.labels: Invalid value: {value}: a valid label must be an empty string or consist of alphanumeric \
                 characters, '-', '_' or '.', and must start and end with an alphanumeric character \
                 (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
                 '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            );
            let help =
                "write letters, digits, dashes, underscores and dots, or make it an annotation";
            findings.error(RULE, &place, message, help.to_owned());
        }
    }
}

/// Returns whether they are too large.
fn annotations(place: &Location<'_, '_>, findings: &mut Findings) -> bool {
    const RULE: RuleId = rule::schema::METADATA_ANNOTATIONS;
    let mut size = 0;
    for (key, value) in place.node.map(Ref::distinct_entries).unwrap_or_default() {
        // Go's ToLower maps one character to one character.
        let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
        for message in qualified_name_errors(&key.text().chars().map(lower).collect::<String>()) {
            let message =
                format!("metadata.annotations: Invalid value: {}: {message}", Quote(key.text()));
            findings.error(RULE, &place.key(key), message, KEY_HELP.to_owned());
        }
        size += key.text().len() + value.text().len();
    }
    if size > MAX_ANNOTATIONS {
        let message =
            format!("metadata.annotations: Too long: may not be more than {MAX_ANNOTATIONS} bytes");
        let help = format!("they have {size} bytes, keys and values together: move data elsewhere");
        findings.error(RULE, place, message, help);
    }
    size > MAX_ANNOTATIONS
}

fn finalizers(place: &Location<'_, '_>, findings: &mut Findings) {
    const RULE: RuleId = rule::schema::METADATA_FINALIZERS;
    let mut seen = std::collections::HashSet::new();
    for item in place.items() {
        let Some(text) = text(&item) else { continue };
        let errors = qualified_name_errors(text);
        for message in &errors {
            let message = format!("metadata.finalizers: Invalid value: {}: {message}", Quote(text));
            findings.error(RULE, &item, message, KEY_HELP.to_owned());
        }
        let is_plain = errors.is_empty() && !text.contains('/');
        if seen.insert(text) && is_plain && !STANDARD_FINALIZERS.contains(&text) {
            let path = if text.contains('.') { " including a path (/)" } else { "" };
            let message = format!(
                "metadata.finalizers: {}: prefer a domain-qualified finalizer name{path} to avoid \
                 accidental conflicts with other finalizer writers",
                Quote(text)
            );
            let help = "write it with the domain of the controller, such as example.com/cleanup";
            findings.warning(rule::schema::FINALIZER_DOMAIN, &item, message, help.to_owned());
        }
    }
    if seen.contains(ORPHAN) && seen.contains(FOREGROUND) {
        let mut list = String::new();
        for item in place.items() {
            list.push(if list.is_empty() { '[' } else { ',' });
            append_text(text(&item).unwrap_or_default(), &mut list);
        }
        let message = format!(
            "metadata.finalizers: Invalid value: {list}]: finalizer {ORPHAN} and {FOREGROUND} cannot \
             be both set"
        );
        findings.error(RULE, place, message, "keep one of them".to_owned());
    }
}

const KEY_HELP: &str = "write letters, digits, dashes, underscores and dots, at most 63, optionally after a domain and a \
                        slash, such as example.com/name";

/// `IsQualifiedName`.
fn qualified_name_errors(text: &str) -> Vec<String> {
    const FORM: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and \
                        end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
                        '123-abc', regex used for validation is \
                        '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let mut errors = Vec::new();
    let name = match text.split_once('/') {
        None => text,
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a valid label key {FORM} with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')"
            )];
        }
        Some(("", name)) => {
            errors.push("prefix part must be non-empty".to_owned());
            name
        }
        Some((prefix, name)) => {
            let of_prefix = subdomain_errors(prefix, "bytes").into_iter();
            errors.extend(of_prefix.map(|error| format!("prefix part {error}")));
            name
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        errors.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_label_text(name) {
        errors.push(format!("name part {FORM}"));
    }
    errors
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`.
fn is_label_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
