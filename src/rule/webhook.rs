//! istiod's webhook.

rules! {
    DRY_RUN = "webhook/dry-run", Error,
    "istio.io/dry-run on a Gateway",
    "Only an AuthorizationPolicy can be tried with this annotation. Nothing else is looked at while it is there.", manifests;

    ALWAYS_REJECT = "webhook/always-reject", Error,
    "Annotation that rejects every Gateway",
    "istiod's own tests use internal.istio.io/webhook-always-reject. Nothing else is looked at while it is there.", manifests;

    INTERNAL_ANNOTATION = "webhook/internal-annotation", Error,
    "Annotation reserved for istiod",
    "internal.istio.io/parents and internal.istio.io/parent-namespace are what istiod writes on Gateways that it makes of Gateway API resources. Nothing else is looked at while they are there.", manifests;

    NAME = "webhook/name", Error,
    "Invalid Gateway name",
    "istiod takes no dots in a Gateway's name and at most 63 characters, since names of listeners are made of it.", manifests;

    SERVERS_REQUIRED = "webhook/servers-required", Error,
    "Gateway without servers",
    "A Gateway without servers opens nothing, and istiod refuses it.", manifests;

    HOSTS_REQUIRED = "webhook/hosts-required", Error,
    "Server without hosts",
    "A server needs at least one host; \"*\" stands for every host.", manifests;

    HOST_EMPTY_PART = "webhook/host-empty-part", Error,
    "Empty namespace or host in namespace/host",
    "namespace/host says which namespace's VirtualServices may use the host: \"*\" every one, \".\" the Gateway's own. Neither side may be empty.", manifests;

    HOST_NAMESPACE = "webhook/host-namespace", Error,
    "Invalid namespace in namespace/host",
    "What stands before the first slash is a namespace, \"*\" or \".\". A URL's scheme or a CIDR's slash ends up here too.", manifests;

    HOST_SHORT_NAME = "webhook/host-short-name", Error,
    "Host without a dot",
    "Hosts are full names, such as shop.example.com. An IPv6 address has no dot either, and cannot be written here.", manifests;

    HOST_DOMAIN = "webhook/host-domain", Error,
    "Invalid host name",
    "Labels have letters, digits and dashes and at most 63 characters, the name at most 255; the last label is not a number. Ports, underscores and other letters than ASCII's are none of it; an internationalised name is written in its ASCII form (xn--).", manifests;

    HOST_PARTIAL_WILDCARD = "webhook/host-partial-wildcard", Error,
    "Partial wildcard in a host",
    "\"*.example.com\" matches every name below example.com; \"*-shop.example.com\" and the like match nothing and are refused.", manifests;

    PORT_REQUIRED = "webhook/port-required", Error,
    "Server without a port",
    "The port is a map with number, name and protocol. The schema says so too.", manifests;

    PROTOCOL = "webhook/protocol", Error,
    "Unknown protocol",
    "HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS, MYSQL. HTTPS ends TLS and reads HTTP, TLS ends TLS or passes it through. The message names only some of them.", manifests;

    PORT_NUMBER = "webhook/port-number", Error,
    "Port number out of range",
    "Only a server that is bound to a unix socket has the number 0.", manifests;

    TARGET_PORT = "webhook/target-port", Error,
    "targetPort without effect",
    "The Service in front of the gateway's pods maps ports. The field is deprecated.", manifests;

    PORT_NAME_REQUIRED = "webhook/port-name-required", Error,
    "Port without a name",
    "Istio makes names of metrics and routes of it.", manifests;

    PORT_NAME_UNIQUE = "webhook/port-name-unique", Error,
    "Duplicate port name",
    "Each server's port has a name of its own within the Gateway; upper and lower case differ.", manifests;

    BIND_ADDRESS = "webhook/bind-address", Error,
    "Invalid bind address",
    "bind takes an address without a port, or unix:// and a path.", manifests;

    UNIX_ADDRESS = "webhook/unix-address", Error,
    "Invalid unix socket path in bind",
    "Behind unix:// stands an absolute path to a file, or @ and a name for an abstract socket.", manifests;

    UNIX_PORT = "webhook/unix-port", Error,
    "Port number together with a unix socket",
    "A unix socket has no port: write number: 0.", manifests;

    TLS_REQUIRED = "webhook/tls-required", Error,
    "HTTPS or TLS port without TLS settings",
    "A port of these protocols needs tls: a mode with certificates, or PASSTHROUGH.", manifests;

    TLS_ON_HTTP = "webhook/tls-on-http", Error,
    "TLS settings on a plain HTTP port",
    "A port of the HTTP family can redirect to HTTPS (httpsRedirect without a mode) and nothing else. Most often the protocol should be HTTPS.", manifests;

    TLS_ON_TCP = "webhook/tls-on-tcp", Error,
    "TLS settings on a plain TCP port",
    "Where TLS ends at the gateway and something else than HTTP is inside, the protocol is TLS.", manifests;

    HTTPS_REDIRECT = "webhook/https-redirect", Warning,
    "httpsRedirect on a port that is not plain HTTP",
    "The redirect belongs to the server of the plain HTTP port.", manifests;

    OLD_VERSION_CIPHERS = "webhook/old-version-ciphers", Warning,
    "TLS 1.0 or 1.1 without compatible cipher suites",
    "The default suites do not work below TLS 1.2: with minProtocolVersion TLSV1_0 or TLSV1_1 no such client gets in, unless cipherSuites has a suite such as ECDHE-RSA-AES128-SHA.", manifests;

    INVALID_CIPHERS = "webhook/invalid-ciphers", Warning,
    "Invalid cipher suites",
    "istiod passes on the suites that it knows by OpenSSL's name, and drops the others. If none is left, the defaults are used.", manifests;

    DUPLICATE_CIPHERS = "webhook/duplicate-ciphers", Warning,
    "Duplicate cipher suite",
    "The second one is ignored.", manifests;

    ISTIO_MUTUAL = "webhook/istio-mutual", Error,
    "Certificates together with ISTIO_MUTUAL",
    "ISTIO_MUTUAL uses the certificates of the mesh. For certificates of your own write MUTUAL.", manifests;

    PASSTHROUGH_CERTIFICATES = "webhook/passthrough-certificates", Warning,
    "Certificates together with a passthrough mode",
    "In the modes PASSTHROUGH and AUTO_PASSTHROUGH, and without a mode, TLS is not terminated: whatever certificate is named is never shown.", manifests;

    CERTIFICATE_SOURCES = "webhook/certificate-sources", Error,
    "More than one source of certificates",
    "Only one of credentialName, credentialNames, serverCertificate with privateKey, and tlsCertificates. serverCertificate: sds beside credentialName is from before Istio 1.5.", manifests;

    ALPN_PROTOCOL = "webhook/alpn-protocol", Error,
    "Invalid ALPN protocol name",
    "A name has 1 to 255 bytes (RFC 7301, 3.1). Since Istio 1.32; the wording is assumed, since no module of istiod with this check can be asked.", manifests;

    CLIENT_CA = "webhook/client-ca", Error,
    "Mutual TLS without a client CA",
    "Clients are verified with caCertificates, where certificates are files. With credentialName the Secret brings the CA.", manifests;

    SERVER_CERTIFICATE = "webhook/server-certificate", Error,
    "Missing server certificate",
    "Name a Secret in credentialName, or a file in serverCertificate. A misspelled credentialName ends up here: the API server drops it before istiod sees it.", manifests;

    PRIVATE_KEY = "webhook/private-key", Error,
    "Missing private key",
    "Name a Secret in credentialName, or a file in privateKey.", manifests;

    TOO_MANY_CERTIFICATES = "webhook/too-many-certificates", Warning,
    "More than two certificates",
    "The schema refuses them: see schema/max-items.", manifests;

    CRL_WITH_CREDENTIAL = "webhook/crl-with-credential", Error,
    "caCrl together with credentialName",
    "With a credential the list of revoked certificates is the Secret's key ca.crl.", manifests;

    CRL_WITH_SIMPLE = "webhook/crl-with-simple", Error,
    "caCrl with SIMPLE",
    "SIMPLE asks no client for a certificate, so that there is nothing to revoke.", manifests;
}
