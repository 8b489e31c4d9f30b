//! The API server's field validation, as the client requests it.

rules! {
    UNKNOWN_FIELD = "field-validation/unknown-field", Error,
    "Unknown field",
    "kubectl apply requests strict field validation: the API server rejects a document with a field that the custom resource does not define. With other clients it warns, or drops the field silently. Field names are compared exactly, so the snake_case spelling is unknown, and so is a field of a later Istio release.", manifests;

    DUPLICATE_FIELD = "field-validation/duplicate-field", Error,
    "Repeated field in JSON",
    "With strict field validation the API server rejects a JSON document that has a key twice. kubectl, and every client that reads YAML, sends only the last value.";
}
