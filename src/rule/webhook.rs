//! istiod's webhook.

rules! {
    DRY_RUN = "webhook/dry-run", Error,
    "istio.io/dry-run on a Gateway",
    "Only AuthorizationPolicy supports this annotation. istiod rejects the Gateway without further checks. Remove the annotation.", manifests;

    ALWAYS_REJECT = "webhook/always-reject", Error,
    "Annotation that rejects every Gateway",
    "internal.istio.io/webhook-always-reject is for istiod's own tests. istiod rejects the Gateway without further checks. Remove the annotation.", manifests;

    INTERNAL_ANNOTATION = "webhook/internal-annotation", Error,
    "Annotation reserved for istiod",
    "istiod sets internal.istio.io/parents and internal.istio.io/parent-namespace on the Gateways that it generates from Gateway API. It rejects other Gateways with them without further checks. Remove the annotations.", manifests;

    NAME = "webhook/name", Error,
    "Invalid Gateway name",
    "istiod uses the Gateway's name in listener names: it accepts no dots and at most 63 characters.", manifests;

    SERVERS_REQUIRED = "webhook/servers-required", Error,
    "Gateway without servers",
    "A Gateway without servers opens no port. istiod rejects it.", manifests;

    HOSTS_REQUIRED = "webhook/hosts-required", Error,
    "Server without hosts",
    "A server needs at least one host. Use \"*\" for every host.", manifests;

    HOST_EMPTY_PART = "webhook/host-empty-part", Error,
    "Empty namespace or host in namespace/host",
    "In namespace/host, the namespace selects whose VirtualServices may use the host: \"*\" for any namespace, \".\" for the Gateway's own. Neither part may be empty.", manifests;

    HOST_NAMESPACE = "webhook/host-namespace", Error,
    "Invalid namespace in namespace/host",
    "The part before the first slash must be a namespace, \"*\" or \".\". A URL or a CIDR in hosts is reported here too.", manifests;

    HOST_SHORT_NAME = "webhook/host-short-name", Error,
    "Host without a dot",
    "Hosts are fully qualified names, such as shop.example.com. IPv6 addresses are not supported.", manifests;

    HOST_DOMAIN = "webhook/host-domain", Error,
    "Invalid host name",
    "A host name has at most 255 characters. Its labels consist of letters, digits and dashes, with at most 63 characters each; the last label is not a number. Ports and underscores are invalid. Write an internationalized name in its ASCII form (xn--).", manifests;

    HOST_PARTIAL_WILDCARD = "webhook/host-partial-wildcard", Error,
    "Partial wildcard in a host",
    "\"*.example.com\" matches every name below example.com. A wildcard for a part of a label, such as \"*-shop.example.com\", is not supported, and istiod rejects it.", manifests;

    PORT_REQUIRED = "webhook/port-required", Error,
    "Server without a port",
    "A server needs a port with number, name and protocol. The schema requires it too.", manifests;

    PROTOCOL = "webhook/protocol", Error,
    "Unknown protocol",
    "Supported protocols are HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS and MYSQL. HTTPS terminates TLS and serves HTTP; TLS terminates TLS for any protocol, or forwards it (passthrough). istiod's message lists only some of them.", manifests;

    PORT_NUMBER = "webhook/port-number", Error,
    "Port number out of range",
    "A port number is from 1 to 65535. Only a server that is bound to a unix socket has the number 0.", manifests;

    TARGET_PORT = "webhook/target-port", Error,
    "targetPort without effect",
    "targetPort is deprecated and has no effect. The Service of the gateway maps ports.", manifests;

    PORT_NAME_REQUIRED = "webhook/port-name-required", Error,
    "Port without a name",
    "Istio uses the port's name in route names and metrics.", manifests;

    PORT_NAME_UNIQUE = "webhook/port-name-unique", Error,
    "Duplicate port name",
    "Port names must be unique within a Gateway. Case is significant.", manifests;

    BIND_ADDRESS = "webhook/bind-address", Error,
    "Invalid bind address",
    "bind takes an IP address without a port, or unix:// and a path.", manifests;

    UNIX_ADDRESS = "webhook/unix-address", Error,
    "Invalid unix socket path in bind",
    "unix:// is followed by an absolute path of a file, or by @ and the name of an abstract socket.", manifests;

    UNIX_PORT = "webhook/unix-port", Error,
    "Port number together with a unix socket",
    "A unix socket has no port. Set number: 0.", manifests;

    TLS_REQUIRED = "webhook/tls-required", Error,
    "HTTPS or TLS port without TLS settings",
    "HTTPS and TLS ports need tls settings: a mode with certificates, or PASSTHROUGH.", manifests;

    TLS_ON_HTTP = "webhook/tls-on-http", Error,
    "TLS settings on a plain HTTP port",
    "On a plain HTTP port the only TLS setting is httpsRedirect, without a mode. To serve TLS, set the protocol to HTTPS.", manifests;

    TLS_ON_TCP = "webhook/tls-on-tcp", Error,
    "TLS settings on a plain TCP port",
    "To terminate TLS for a protocol other than HTTP, set the protocol to TLS.", manifests;

    HTTPS_REDIRECT = "webhook/https-redirect", Warning,
    "httpsRedirect on a port that is not plain HTTP",
    "Move httpsRedirect to the server of the plain HTTP port.", manifests;

    OLD_VERSION_CIPHERS = "webhook/old-version-ciphers", Warning,
    "TLS 1.0 or 1.1 without compatible cipher suites",
    "The default cipher suites require TLS 1.2. With minProtocolVersion TLSV1_0 or TLSV1_1, clients of these versions cannot connect unless cipherSuites has a suite such as ECDHE-RSA-AES128-SHA.", manifests;

    INVALID_CIPHERS = "webhook/invalid-ciphers", Warning,
    "Invalid cipher suites",
    "istiod keeps the suites that it knows by their OpenSSL names and drops the others. If none is left, it uses the defaults.", manifests;

    DUPLICATE_CIPHERS = "webhook/duplicate-ciphers", Warning,
    "Duplicate cipher suite",
    "The second entry is ignored.", manifests;

    ISTIO_MUTUAL = "webhook/istio-mutual", Error,
    "Certificates together with ISTIO_MUTUAL",
    "ISTIO_MUTUAL uses the mesh's certificates. Use MUTUAL for other certificates.", manifests;

    PASSTHROUGH_CERTIFICATES = "webhook/passthrough-certificates", Warning,
    "Certificates together with a passthrough mode",
    "In the modes PASSTHROUGH and AUTO_PASSTHROUGH, and without a mode, the gateway does not terminate TLS, so its certificates are not used.", manifests;

    CERTIFICATE_SOURCES = "webhook/certificate-sources", Error,
    "More than one source of certificates",
    "Set only one of credentialName, credentialNames, tlsCertificates, and serverCertificate with privateKey. The value sds for serverCertificate, together with credentialName, was needed before Istio 1.5; remove it.", manifests;

    ALPN_PROTOCOL = "webhook/alpn-protocol", Error,
    "Invalid ALPN protocol name",
    "An ALPN protocol name has 1 to 255 bytes (RFC 7301, 3.1). istiod checks it since Istio 1.32. The text of the message is an assumption: no published module of istiod has this check.", manifests;

    CLIENT_CA = "webhook/client-ca", Error,
    "Mutual TLS without a client CA",
    "If certificates are files, caCertificates verifies clients. With credentialName, the Secret contains the CA.", manifests;

    SERVER_CERTIFICATE = "webhook/server-certificate", Error,
    "Missing server certificate",
    "Set credentialName to a Secret, or serverCertificate to a file. A misspelt credentialName is reported here too: the API server drops it before istiod sees it.", manifests;

    PRIVATE_KEY = "webhook/private-key", Error,
    "Missing private key",
    "Set credentialName to a Secret, or privateKey to a file.", manifests;

    TOO_MANY_CERTIFICATES = "webhook/too-many-certificates", Warning,
    "More than two certificates",
    "The schema rejects them too: see schema/max-items.", manifests;

    CRL_WITH_CREDENTIAL = "webhook/crl-with-credential", Error,
    "caCrl together with credentialName",
    "With credentialName, the CRL comes from the key ca.crl of the Secret.", manifests;

    CRL_WITH_SIMPLE = "webhook/crl-with-simple", Error,
    "caCrl with SIMPLE",
    "SIMPLE does not request client certificates, so there is nothing to revoke.", manifests;
}
