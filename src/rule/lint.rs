//! This crate: settings that a cluster accepts and that are harmful or have no effect.

rules! {
    TEMPLATE = "lint/template", Warning,
    "Unrendered template",
    "A chart replaces {{ }}, and other tools replace $PORT, ${PORT} or $(PORT). A document that is not YAML before that is not checked. In one that is, such values are not checked, and whatever depends on them is not reported; all else is. The cluster sees the rendered document. Check that one: `helm template . | istio-gateway check -`.", manifests;

    UNKNOWN_FIELD = "lint/unknown-field", Warning,
    "Unknown field",
    "The API server drops it without a word, and istiod never sees it. Most often it is a slip of the pen.", manifests;

    SNAKE_CASE_FIELD = "lint/snake-case-field", Warning,
    "Field name in snake_case",
    "Istio's decoder takes both spellings, but the API server knows camelCase alone and drops the other.", manifests;

    NEWER_FIELD = "lint/newer-field", Warning,
    "Field of a newer Istio release",
    "Its custom resource drops it. The default is the newest release; ask for the one that runs in the cluster with `--istio`.", manifests;

    DUPLICATE_KEY = "lint/duplicate-key", Warning,
    "Repeated field",
    "The last one counts. Most readers of YAML refuse such a document.", manifests;

    NO_SELECTOR = "lint/no-selector", Note,
    "Gateway without a selector",
    "It applies to every gateway pod of the mesh, east-west and egress gateways among them.", manifests;

    PROTOCOL_CASE = "lint/protocol-case", Note,
    "Protocol in lower case",
    "Istio compares without case; other tools that read the document may not.", manifests;

    EMPTY_TLS = "lint/empty-tls", Warning,
    "tls without a mode",
    "An absent mode is PASSTHROUGH: the gateway does not terminate TLS. Say so, or say what is meant.", manifests;

    MODE_ABSENT = "lint/mode-absent", Warning,
    "TLS settings without a mode",
    "An absent mode is PASSTHROUGH, in which certificates, versions, suites, names and pins have no effect.", manifests;

    PASSTHROUGH_SETTINGS = "lint/passthrough-settings", Warning,
    "TLS settings without effect in a passthrough mode",
    "Versions, suites, names and pins are the business of who terminates TLS. In PASSTHROUGH and AUTO_PASSTHROUGH that is the backend.", manifests;

    SKIP_VERIFY_NO_EFFECT = "lint/skip-verify-no-effect", Warning,
    "insecureSkipVerify without effect",
    "In the modes SIMPLE, PASSTHROUGH and AUTO_PASSTHROUGH no client is asked for a certificate, so that none is verified or not.", manifests;

    SKIP_VERIFY_MUTUAL = "lint/skip-verify-mutual", Warning,
    "Unverified client certificates with MUTUAL",
    "A client must have a certificate, and any one will do: self-signed, expired, revoked, of a foreign CA. Names, pins and revocation are not enforced either.", manifests;

    SKIP_VERIFY_OPTIONAL = "lint/skip-verify-optional", Warning,
    "Unverified client certificates with OPTIONAL_MUTUAL",
    "This is Gateway API's AllowInsecureFallback. The backend sees unverified certificates in x-forwarded-client-cert exactly as it sees verified ones, RBAC by principal matches them, and names, pins and revocation are not enforced. Only a backend that verifies the certificate itself is safe.", manifests;

    SKIP_VERIFY_ISTIO_MUTUAL = "lint/skip-verify-istio-mutual", Warning,
    "Unverified mesh identities with ISTIO_MUTUAL",
    "With ISTIO_MUTUAL a client's certificate says which workload it is. Unverified, any client can claim to be any of them.", manifests;

    OPTIONAL_MUTUAL_IDENTITY = "lint/optional-mutual-identity", Warning,
    "Client certificate required despite OPTIONAL_MUTUAL",
    "With names or pins to match Envoy rejects a client without a certificate, as in MUTUAL.", manifests;

    SAN_WITH_SIMPLE = "lint/san-with-simple", Warning,
    "subjectAltNames with SIMPLE",
    "SIMPLE asks no client for a certificate. With credentialName Envoy refuses the whole configuration, and the listener stays as it was.", manifests;

    PINS_IGNORED = "lint/pins-ignored", Warning,
    "Certificate pins without effect",
    "verifyCertificateSpki and verifyCertificateHash are read in the modes MUTUAL and OPTIONAL_MUTUAL, and with credentialName or credentialNames only.", manifests;

    SPKI_FORMAT = "lint/spki-format", Warning,
    "Invalid certificate pin",
    "A pin is the SHA-256 of the public key in base64: 44 characters, the last one \"=\". Of another length, Envoy rejects the listener of the port; else it rejects the server's secrets, and every client.", manifests;

    HASH_FORMAT = "lint/hash-format", Warning,
    "Invalid certificate hash",
    "A hash is the SHA-256 of the certificate in 64 hexadecimal digits, with 31 colons or none. Of another length, Envoy rejects the listener of the port; else it rejects the server's secrets, and every client.", manifests;

    CRL_IGNORED = "lint/crl-ignored", Warning,
    "caCrl together with a credential",
    "With a credential the list of revoked certificates is the Secret's key ca.crl; the file is not read.", manifests;

    CRL_COVERAGE = "lint/crl-coverage", Note,
    "CRL that must cover the whole chain",
    "If the file lacks a current list of one issuer, intermediates among them, Envoy rejects all its clients.", manifests;

    CA_CREDENTIAL_IGNORED = "lint/ca-credential-ignored", Warning,
    "caCertCredentialName without effect",
    "It is read in the modes MUTUAL and OPTIONAL_MUTUAL, and with credentialName or credentialNames only.", manifests;

    CA_CREDENTIAL_SUFFIX = "lint/ca-credential-suffix", Warning,
    "caCertCredentialName without -cacert",
    "istiod takes the name as it is, and hands out a CA only under names that end in -cacert. Under another one it sends a server certificate or nothing, and no client is accepted. For a name with the ending it looks for such a Secret first, then for one without the ending.", manifests;

    CERTIFICATE_CA_IGNORED = "lint/certificate-ca-ignored", Warning,
    "CA in tlsCertificates without effect",
    "Clients are verified with tls.caCertificates; what stands in the items of tlsCertificates is not read.", manifests;

    CREDENTIAL_NAMES_MUTUAL = "lint/credential-names-mutual", Note,
    "credentialNames with a mutual mode",
    "istiod's webhook accepts it since Istio 1.27; that of 1.26 asks for files.", manifests;

    VERSION_ORDER = "lint/version-order", Warning,
    "minProtocolVersion above maxProtocolVersion",
    "minProtocolVersion is above maxProtocolVersion. Without one the lowest is TLSV1_2.", manifests;

    OLD_TLS = "lint/old-tls", Warning,
    "Deprecated TLS version",
    "TLS 1.0 and 1.1 are deprecated (RFC 8996), and every current client has 1.2.", manifests;

    CIPHER_NAME = "lint/cipher-name", Warning,
    "Cipher suite without its OpenSSL name",
    "Envoy's TLS library knows suites by OpenSSL's names; IANA's, which Java and Go print, are ignored.", manifests;

    TLS13_CIPHER = "lint/tls13-cipher", Warning,
    "TLS 1.3 cipher suite",
    "They cannot be chosen and are always on.", manifests;

    CURVE_NAME = "lint/curve-name", Warning,
    "Curve that Envoy rejects",
    "For a name in ecdhCurves that its TLS library does not know, or that is there twice, Envoy rejects the server's certificate when it arrives: nobody can connect to the server, and other servers with the same credential may lose it. Envoy knows X25519, P-256, P-384, P-521, X25519MLKEM768 and MLKEM1024.", manifests;

    CURVE_POST_QUANTUM = "lint/curve-post-quantum", Warning,
    "Post-quantum curve without TLS 1.3",
    "X25519MLKEM768 and MLKEM1024 are for TLS 1.3 alone. Where maxProtocolVersion is lower, they have no effect, and if the list has no other curve, clients cannot agree with the gateway on one.", manifests;

    ALPN_PROTOCOL = "lint/alpn-protocol", Warning,
    "ALPN list without HTTP on an HTTPS server",
    "alpnProtocols replaces the gateway's own list. Without h2 and http/1.1 a client that insists on one of them, as gRPC clients do on h2, gives up.", manifests;

    ALPN_H2_ONLY = "lint/alpn-h2-only", Warning,
    "ALPN list with only h2 on an HTTPS server",
    "A client of HTTP/1.1 alone negotiates no protocol. Some give up; those that go on are served, so that this does not keep HTTP/1.1 out.", manifests;

    CREDENTIAL_ON_HTTP = "lint/credential-on-http", Warning,
    "Credential on a plain HTTP port",
    "Nothing is encrypted here. Most often the protocol should be HTTPS.", manifests;

    DUPLICATE_HOST = "lint/duplicate-host", Warning,
    "Duplicate host and port",
    "istiod keeps one of the servers, of another Gateway the older one, and ignores the other or its certificate.", manifests;

    PORT_PROTOCOL = "lint/port-protocol", Warning,
    "Port with conflicting protocols",
    "Plain HTTP, TLS and plain TCP cannot share a port of the same pods: istiod keeps the first server and ignores the other.", manifests;

    DUPLICATE_SERVER_NAME = "lint/duplicate-server-name", Warning,
    "Duplicate server name",
    "Names are there to tell servers apart.", manifests;

    DUPLICATE_NAME = "lint/duplicate-name", Warning,
    "Duplicate document name",
    "They are the same object for a cluster: the one that is applied last counts.", manifests;

    MISSING_SECRET = "lint/missing-secret", Warning,
    "Missing Secret",
    "Only told of sets of files that hold Secrets. A Secret has to be in the namespace of the gateway's pods, which is not always the Gateway's.", manifests;

    MISSPELT_TYPE = "lint/misspelt-type", Warning,
    "Misspelt kind or group",
    "The document looks like an Istio Gateway and is not one, so it is not checked. A cluster rejects it, because it does not know the kind.", manifests;

    GATEWAY_API = "lint/gateway-api", Note,
    "Gateway of Gateway API",
    "gateway.networking.k8s.io has a Gateway of its own, which is not checked. istio-gateway from-gateway-api shows what istiod translates it to.", manifests;
}
