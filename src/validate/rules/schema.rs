//! The rules of the custom resource: schema and CEL.

use super::{Rule, rule};
use crate::Severity::{Error, Note};

pub(super) static RULES: &[Rule] = &[
    rule!(
        "field-validation/unknown-field",
        Error,
        "Unknown field",
        "kubectl apply requests strict field validation: the API server rejects a document with a field that the custom resource does not have, by that exact name. Clients that request warnings, such as Helm, get one; in both cases and for clients that request nothing the field would have no effect. The name in snake_case is unknown, too, and so is a field that came with a later release of Istio.",
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
        "schema/metadata-name",
        Error,
        "The name is none for Kubernetes",
        "A name has lower case letters, digits, dashes and dots, begins and ends with a letter or digit, and has at most 253 bytes. istiod asks for more: see webhook/name.",
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
