//! The API server: its rules for metadata and the schema of the custom resource.

rules! {
    API_VERSION = "schema/api-version", Error,
    "Unsupported API version or kind",
    "A cluster serves networking.istio.io in the versions v1 (since Istio 1.22), v1beta1 and v1alpha3, and the kind is Gateway. The API server rejects any other version or kind before it checks anything else.", manifests;

    METADATA_TYPE = "schema/metadata-type", Error,
    "Invalid type in metadata",
    "The API server decodes metadata first and rejects the whole request (400) if one value has the wrong type. Labels and annotations are strings, so numbers and booleans need quotes; in YAML 1.1 yes, no, on, off, y and n are booleans; times are RFC 3339. The API server reports only the first such value; this command reports all of them.", manifests;

    METADATA_NAME = "schema/metadata-name", Error,
    "Invalid metadata.name",
    "A name consists of lower case letters, digits, dashes and dots, starts and ends with a letter or digit, and has at most 253 bytes. Without a name, the API server appends five characters to generateName, which follows the same rules. istiod restricts names further: see webhook/name.", manifests;

    METADATA_NAMESPACE = "schema/metadata-namespace", Error,
    "Invalid metadata.namespace",
    "A namespace consists of lower case letters, digits and dashes, starts and ends with a letter or digit, and has at most 63 bytes. Whether it exists is not checked.", manifests;

    METADATA_LABELS = "schema/metadata-labels", Error,
    "Invalid label",
    "A label key is an optional domain and a slash, then a name of at most 63 letters, digits, dashes, underscores and dots that starts and ends with a letter or digit. A label value is empty or such a name. Use an annotation for other values.", manifests;

    METADATA_ANNOTATIONS = "schema/metadata-annotations", Error,
    "Invalid or too large annotations",
    "An annotation key follows the rules of label keys; its value is any string. All keys and values together have at most 262144 bytes (256 KiB). Client-side kubectl apply adds an annotation that holds the whole object, which counts too.", manifests;

    METADATA_FINALIZERS = "schema/metadata-finalizers", Error,
    "Invalid finalizer",
    "A finalizer follows the rules of label keys. orphan and foregroundDeletion exclude each other.", manifests;

    METADATA_OWNER_REFERENCES = "schema/metadata-owner-references", Error,
    "Invalid owner reference",
    "An owner reference needs an apiVersion, a kind, a name and a uid. At most one reference has controller: true. An Event of the core API cannot be an owner. Identical references count once.", manifests;

    FINALIZER_DOMAIN = "schema/finalizer-domain", Warning,
    "Finalizer without a domain",
    "The API server accepts a finalizer without a domain and warns about it. Two controllers could choose the same name and remove each other's finalizer. Add a domain.", manifests;

    OWNER_REFERENCE_REPEATED = "schema/owner-reference-repeated", Warning,
    "Repeated owner reference",
    "The API server drops the second of two identical owner references, and warns that a later release may reject them.", manifests;

    REQUIRED = "schema/required", Error,
    "Missing required field",
    "A server needs a port and hosts; a port needs a number, a protocol and a name. null counts as absent. A stray \"-\" before hosts splits one server into two incomplete ones.", manifests;

    TYPE = "schema/type", Error,
    "Invalid type",
    "The API server compares types exactly: \"443\" in quotes is a string, not a number; \"true\" in quotes is not a boolean; a sequence of one item is still a sequence.", manifests;

    ENUM = "schema/enum", Error,
    "Invalid enum value",
    "mode, minProtocolVersion and maxProtocolVersion accept only the names of their enum, in exact case: SIMPLE, not Simple; TLSV1_2, not TLSv1_2; and no numbers.", manifests;

    MINIMUM = "schema/minimum", Error,
    "Number too small",
    "The schema accepts numbers from 0 to 4294967295. istiod accepts ports from 1 to 65535: see webhook/port-number.", manifests;

    MAXIMUM = "schema/maximum", Error,
    "Number too large",
    "The schema accepts numbers from 0 to 4294967295. istiod accepts ports from 1 to 65535: see webhook/port-number.", manifests;

    MIN_ITEMS = "schema/min-items", Error,
    "Empty sequence",
    "credentialNames and tlsCertificates need one or two items. Remove the field if there are none.", manifests;

    MAX_ITEMS = "schema/max-items", Error,
    "More than two certificates",
    "credentialNames and tlsCertificates take at most two certificates: an ECDSA and an RSA certificate of the same server.", manifests;
}
