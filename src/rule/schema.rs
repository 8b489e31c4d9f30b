//! The API server: its rules for metadata and the schema of the custom resource.

rules! {
    API_VERSION = "schema/api-version", Error,
    "Unsupported API version or kind",
    "A cluster serves networking.istio.io in the versions v1 (since Istio 1.22), v1beta1 and v1alpha3, and the kind is spelled Gateway. A document of another version or without a kind is refused before anything else is looked at.", manifests;

    METADATA_TYPE = "schema/metadata-type", Error,
    "Invalid type in metadata",
    "The API server decodes metadata before it looks at anything else, and rejects the whole request (400) for one value of another type: labels and annotations are strings, so that numbers and booleans need quotes; in YAML 1.1 yes, no, on, off, y and n are booleans; times are RFC 3339. The API server reports one such value, this command reports all of them, and whatever else is wrong.", manifests;

    METADATA_NAME = "schema/metadata-name", Error,
    "Invalid metadata.name",
    "A name has lower case letters, digits, dashes and dots, begins and ends with a letter or digit, and has at most 253 bytes. Without a name, the API server makes one of generateName and five characters, to which the same applies. istiod asks for more: see webhook/name.", manifests;

    METADATA_NAMESPACE = "schema/metadata-namespace", Error,
    "Invalid metadata.namespace",
    "A namespace has lower case letters, digits and dashes, begins and ends with a letter or digit, and has at most 63 bytes. Whether it exists is not checked.", manifests;

    METADATA_LABELS = "schema/metadata-labels", Error,
    "Invalid label",
    "A label's key is a name of at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at either end, after an optional domain and a slash. Its value is empty or a name of the same form. Everything else belongs into an annotation.", manifests;

    METADATA_ANNOTATIONS = "schema/metadata-annotations", Error,
    "Invalid annotation, or annotations that are too large",
    "An annotation's key has the form of a label's key; its value is any string. All keys and values together have at most 262144 bytes (256 KiB). Client-side kubectl apply adds an annotation of its own that holds the whole object and counts too.", manifests;

    METADATA_FINALIZERS = "schema/metadata-finalizers", Error,
    "Invalid finalizer",
    "A finalizer has the form of a label's key. orphan and foregroundDeletion exclude each other.", manifests;

    METADATA_OWNER_REFERENCES = "schema/metadata-owner-references", Error,
    "Invalid owner reference",
    "An owner reference has an apiVersion, a kind, a name and a uid, none of them empty; only one reference has controller: true; an Event of the core API owns nothing. References that are written twice count once.", manifests;

    FINALIZER_DOMAIN = "schema/finalizer-domain", Warning,
    "Finalizer without a domain",
    "The API server accepts a finalizer without a domain and warns about it: two controllers may choose the same name, and one then removes the finalizer of the other.", manifests;

    OWNER_REFERENCE_REPEATED = "schema/owner-reference-repeated", Warning,
    "Repeated owner reference",
    "The API server drops the second of two equal owner references, and warns that a later release may reject them.", manifests;

    REQUIRED = "schema/required", Error,
    "Missing required field",
    "Every server has a port and hosts, every port a number, a protocol and a name; null counts as absent. A stray \"-\" before hosts makes two servers of one, each of which lacks something.", manifests;

    TYPE = "schema/type", Error,
    "Invalid type",
    "The API server compares types exactly: \"443\" in quotes is no number, \"true\" in quotes is no boolean, and a list is written as a list even if it has one item.", manifests;

    ENUM = "schema/enum", Error,
    "Invalid enum value",
    "mode, minProtocolVersion and maxProtocolVersion take their own names alone, spelled exactly: SIMPLE, not Simple; TLSV1_2, not TLSv1_2 as other products spell it; and no numbers.", manifests;

    MINIMUM = "schema/minimum", Error,
    "Number below zero",
    "Numbers are from 0 to 4294967295 for the schema; a port is from 1 to 65535 for istiod: see webhook/port-number.", manifests;

    MAXIMUM = "schema/maximum", Error,
    "Number above 4294967295",
    "Numbers are from 0 to 4294967295 for the schema; a port is from 1 to 65535 for istiod: see webhook/port-number.", manifests;

    MIN_ITEMS = "schema/min-items", Error,
    "Empty sequence",
    "credentialNames and tlsCertificates have one or two items where they are written at all.", manifests;

    MAX_ITEMS = "schema/max-items", Error,
    "More than two certificates",
    "credentialNames and tlsCertificates take at most two: an ECDSA and an RSA certificate of the same server.", manifests;
}
