//! The CEL rules of the custom resource, which the API server evaluates.

rules! {
    UNCHECKED = "cel/unchecked", Note,
    "CEL validation skipped",
    "After an error of type, of a required field, of an enum or of too many items the API server does not evaluate the CEL rules, and reports that too. Correct the other errors first.";

    CREDENTIAL_NAMES_OR_TLS_CERTIFICATES = "cel/credential-names-or-tls-certificates", Error,
    "credentialNames together with tlsCertificates",
    "Certificates come from Secrets (credentialNames) or from files (tlsCertificates), not from both. Upstream's second rule of this kind names another field in its message than it checks, so that this mistake gives two errors.", manifests;

    CREDENTIAL_NAME_OR_NAMES = "cel/credential-name-or-names", Error,
    "credentialName together with credentialNames",
    "Write one name into credentialName, or two into credentialNames. An empty credentialName counts as written.", manifests;
}
