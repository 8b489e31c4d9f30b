//! The rules of the custom resource: schema and CEL.

use super::{Rule, rule};
use crate::Severity::{Error, Note, Warning};

pub(super) static RULES: &[Rule] = &[
    rule!(
        "field-validation/unknown-field",
        Error,
        "Unknown field",
        "kubectl apply requests strict field validation: the API server rejects a document with a field that the custom resource does not have, by that exact name. Clients that request warnings, or nothing, get one; in both cases and for clients that request nothing the field would have no effect. The name in snake_case is unknown, too, and so is a field that came with a later release of Istio.",
    ),
    Rule::without_example(
        "field-validation/duplicate-field",
        Error,
        "Repeated field in JSON",
        "A client that sends the text as it is and requests strict field validation is rejected. kubectl sends the last of the values, and so does every client that reads YAML.",
    ),
    rule!(
        "schema/api-version",
        Error,
        "The custom resource has no such version",
        "A cluster serves networking.istio.io in the versions v1 (since Istio 1.22), v1beta1 and v1alpha3, and the kind is spelled Gateway. A document of another version or without a kind is refused before anything else is looked at.",
    ),
    rule!(
        "schema/metadata-type",
        Error,
        "Invalid type in metadata",
        "The API server decodes metadata before it looks at anything else, and rejects the whole request (400) for one value of another type: labels and annotations are strings, so that numbers and booleans need quotes; in YAML 1.1 yes, no, on, off, y and n are booleans; times are RFC 3339. The API server reports one such value, this command reports all of them, and whatever else is wrong.",
    ),
    rule!(
        "schema/metadata-name",
        Error,
        "Invalid metadata.name",
        "A name has lower case letters, digits, dashes and dots, begins and ends with a letter or digit, and has at most 253 bytes. Without a name, the API server makes one of generateName and five characters, to which the same applies. istiod asks for more: see webhook/name.",
    ),
    rule!(
        "schema/metadata-namespace",
        Error,
        "Invalid metadata.namespace",
        "A namespace has lower case letters, digits and dashes, begins and ends with a letter or digit, and has at most 63 bytes. Whether it exists is not checked.",
    ),
    rule!(
        "schema/metadata-labels",
        Error,
        "Invalid label",
        "A label's key is a name of at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at either end, after an optional domain and a slash. Its value is empty or a name of the same form. Everything else belongs into an annotation.",
    ),
    rule!(
        "schema/metadata-annotations",
        Error,
        "Invalid annotation, or annotations that are too large",
        "An annotation's key has the form of a label's key; its value is any string. All keys and values together have at most 262144 bytes (256 KiB). Client-side kubectl apply adds an annotation of its own that holds the whole object and counts too.",
    ),
    rule!(
        "schema/metadata-finalizers",
        Error,
        "Invalid finalizer",
        "A finalizer has the form of a label's key. orphan and foregroundDeletion exclude each other.",
    ),
    rule!(
        "schema/metadata-owner-references",
        Error,
        "Invalid owner reference",
        "An owner reference has an apiVersion, a kind, a name and a uid, none of them empty; only one reference has controller: true; an Event of the core API owns nothing. References that are written twice count once.",
    ),
    rule!(
        "schema/finalizer-domain",
        Warning,
        "Finalizer without a domain",
        "The API server accepts a finalizer without a domain and warns about it: two controllers may choose the same name, and one then removes the finalizer of the other.",
    ),
    rule!(
        "schema/owner-reference-repeated",
        Warning,
        "Repeated owner reference",
        "The API server drops the second of two equal owner references, and warns that a later release may reject them.",
    ),
    rule!(
        "schema/required",
        Error,
        "A required field is absent",
        "Every server has a port and hosts, every port a number, a protocol and a name; null counts as absent. A stray \"-\" before hosts makes two servers of one, each of which lacks something.",
    ),
    rule!(
        "schema/type",
        Error,
        "A value of another type than the field's",
        "The API server compares types exactly: \"443\" in quotes is no number, \"true\" in quotes is no boolean, and a list is written as a list even if it has one item.",
    ),
    rule!(
        "schema/enum",
        Error,
        "A name that the enum does not have",
        "mode, minProtocolVersion and maxProtocolVersion take their own names alone, spelled exactly: SIMPLE, not Simple; TLSV1_2, not TLSv1_2 as other products spell it; and no numbers.",
    ),
    rule!(
        "schema/minimum",
        Error,
        "A number below zero",
        "Numbers are from 0 to 4294967295 for the schema; a port is from 1 to 65535 for istiod: see webhook/port-number.",
    ),
    rule!(
        "schema/maximum",
        Error,
        "A number above 4294967295",
        "Numbers are from 0 to 4294967295 for the schema; a port is from 1 to 65535 for istiod: see webhook/port-number.",
    ),
    rule!(
        "schema/min-items",
        Error,
        "An empty list where one item is wanted",
        "credentialNames and tlsCertificates have one or two items where they are written at all.",
    ),
    rule!(
        "schema/max-items",
        Error,
        "More than two certificates",
        "credentialNames and tlsCertificates take at most two: an ECDSA and an RSA certificate of the same server.",
    ),
    Rule::without_example(
        "cel/unchecked",
        Note,
        "CEL validation skipped",
        "After an error of type, of a required field, of an enum or of too many items the API server does not evaluate the CEL rules, and reports that too. Correct the other errors first.",
    ),
    rule!(
        "cel/credential-names-or-tls-certificates",
        Error,
        "credentialNames beside tlsCertificates",
        "Certificates come from Secrets (credentialNames) or from files (tlsCertificates), not from both. Upstream's second rule of this kind names another field in its message than it checks, so that this mistake gives two errors.",
    ),
    rule!(
        "cel/credential-name-or-names",
        Error,
        "credentialName beside credentialNames",
        "Write one name into credentialName, or two into credentialNames. An empty credentialName counts as written.",
    ),
];
