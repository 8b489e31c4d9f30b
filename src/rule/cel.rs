//! The CEL rules of the custom resource, which the API server evaluates.

rules! {
    UNCHECKED = "cel/unchecked", Note,
    "CEL validation skipped",
    "After an error of type, required field, enum or number of items, the API server does not evaluate the CEL rules, and reports that too. Correct the other errors first.";

    CREDENTIAL_NAMES_OR_TLS_CERTIFICATES = "cel/credential-names-or-tls-certificates", Error,
    "credentialNames together with tlsCertificates",
    "Certificates come either from Secrets (credentialNames) or from files (tlsCertificates). One rule of Istio's schema checks another field than its message names, so that this mistake is reported twice.", manifests;

    CREDENTIAL_NAME_OR_NAMES = "cel/credential-name-or-names", Error,
    "credentialName together with credentialNames",
    "Put a single name in credentialName, or two names in credentialNames. An empty credentialName counts as set.", manifests;
}
