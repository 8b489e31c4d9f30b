//! The API server's field validation, as the client requests it.

rules! {
    UNKNOWN_FIELD = "field-validation/unknown-field", Error,
    "Unknown field",
    "kubectl apply requests strict field validation: the API server rejects a document with a field that the custom resource does not have, by that exact name. Clients that request warnings, or nothing, get one; in both cases and for clients that request nothing the field would have no effect. The name in snake_case is unknown, too, and so is a field that came with a later release of Istio.", manifests;

    DUPLICATE_FIELD = "field-validation/duplicate-field", Error,
    "Repeated field in JSON",
    "A client that sends the text as it is and requests strict field validation is rejected. kubectl sends the last of the values, and so does every client that reads YAML.";
}
