//! This crate: settings that a cluster accepts and that are harmful or have no effect.

rules! {
    TEMPLATE = "lint/template", Warning,
    "Unrendered template",
    "The document has placeholders of a template: {{ }}, $PORT, ${PORT} or $(PORT). Their values are not checked, nor is anything that depends on them; a document that is not YAML because of them is not checked. Check the rendered document: `helm template . | istio-gateway check -`.", manifests;

    UNKNOWN_FIELD = "lint/unknown-field", Warning,
    "Unknown field",
    "The API server silently drops it, and istiod never sees it. Check the spelling.", manifests;

    SNAKE_CASE_FIELD = "lint/snake-case-field", Warning,
    "Field name in snake_case",
    "The API server knows only camelCase and silently drops this field, although Istio's decoder accepts both spellings. Use camelCase.", manifests;

    NEWER_FIELD = "lint/newer-field", Warning,
    "Field of a newer Istio release",
    "The custom resource of the checked release does not have the field, and the API server drops it. Select the release that runs in the cluster with `--istio`; the default is the newest one.", manifests;

    DUPLICATE_KEY = "lint/duplicate-key", Warning,
    "Repeated field",
    "The last value is used. Most YAML parsers reject such a document.", manifests;

    NO_SELECTOR = "lint/no-selector", Note,
    "Gateway without a selector",
    "It applies to every gateway pod of the mesh, including east-west and egress gateways.", manifests;

    CLIENT_CHECK_BYPASS = "lint/client-check-bypass", Warning,
    "Client check that another server bypasses",
    "Envoy chooses the server, and with it the client check, by the server name (SNI) of the connection, and the route by the Host header of each request. Nothing compares the two. A VirtualService is bound to a Gateway, not to one of its servers: its hosts are routes of each server that has them, also by a wildcard. So a client that one server rejects can use the server name of a weaker one, or plain HTTP, with the Host of the first. Two VirtualServices with the same service and port as destination have the same effect, and a server that forwards bytes to it accepts any Host. A server protects the hosts whose own server name selects it; one that accepts clients without a certificate, or with any certificate, protects none. For OPTIONAL_MUTUAL, only servers are reported that forward certificates which it rejects, because a backend may trust x-forwarded-client-cert. These prevent it: equal TLS settings for overlapping hosts; a redirect on the plain HTTP server (unless numTrustedProxies is set: then the client's x-forwarded-proto decides); separate gateway pods; an AuthorizationPolicy on connection.sni. Narrower hosts of the VirtualService do not prevent it, and neither does alpnProtocols. The VirtualServices among the checked documents decide; for a Gateway to which none of them is bound, one with all of its hosts is assumed.", manifests;

    EQUAL_FILTER_CHAINS = "lint/equal-filter-chains", Warning,
    "Servers with the same server name (SNI)",
    "istiod compares hosts as they are written, with their namespaces: ns1/a.example.com and ns2/a.example.com are different, and so are A.example.com and a.example.com, or the address 0.0.0.0 and no address. Each server gets a filter chain, in one Gateway or in two of the same pods. Envoy knows only the server name (SNI) and the address, finds two chains for it, and rejects the whole listener: a gateway that starts does not listen on the port, a running one keeps its previous listener and ignores later changes of all its servers. One server with both hosts has one chain, and the namespaces keep their meaning.", manifests;

    REJECTED_LISTENER = "lint/rejected-listener", Warning,
    "Listener rejected because of one server",
    "Envoy accepts or rejects a listener as a whole. SANs or a CRL without a CA, or a pin of the wrong length, make it reject the listener with all servers of the port and address, also those of other Gateways and namespaces: a gateway that starts does not listen on the port, a running one keeps its previous listener and ignores later changes of all of them. Correct the settings. Another port or separate gateway pods limit the effect; another Gateway for the same pods and port does not.", manifests;

    CONNECTION_COALESCING = "lint/connection-coalescing", Warning,
    "HTTP/2 connection for hosts of two servers",
    "A browser uses an HTTP/2 connection for each host of its certificate that has the same address (RFC 9113, section 9.1.1). Envoy has chosen the filter chain by the server name (SNI) of the first host, and this chain has no route for the host of the other server: the request is answered with 404, while a new connection works. The finding is about servers of one listener, at least one of which requests no client certificate. Where the Secret is among the checked documents, the SANs of its certificate decide; otherwise servers with the same credential or certificate file are reported, and that the certificate has the hosts of both is assumed. One server with all hosts stops it, also if its VirtualServices stay apart; so does a certificate for each server, and alpnProtocols: [http/1.1], at the price of HTTP/2. Two Gateways instead of one, or another name of the port, do not. Programs that are not browsers mostly use a connection for one host only.", manifests;

    SERVER_WITHOUT_ROUTE = "lint/server-without-route", Warning,
    "Server that no route of its kind leads to",
    "A server with PASSTHROUGH needs a tls route with sniHosts, a server of TCP, or of TLS that is terminated, a tcp route. Without one istiod makes no filter chain, and Envoy closes the connections: http routes do not apply, since the gateway sees no HTTP. This is reported only if a VirtualService among the checked documents is bound to the Gateway and has a host of the server.", manifests;

    VIRTUAL_SERVICE_GATEWAY = "lint/virtual-service-gateway", Warning,
    "VirtualService bound to a Gateway of another namespace",
    "A Gateway's name without a namespace stands for a Gateway in the VirtualService's own namespace. There is none of this name among the checked documents, but one in another namespace. istiod accepts the VirtualService, binds it to no server, and requests for its hosts are answered with 404. Write namespace/name.", manifests;

    VIRTUAL_SERVICE_HOST = "lint/virtual-service-host", Warning,
    "VirtualService host outside its Gateways' hosts",
    "istiod makes a route for each host that the VirtualService and a server of its Gateway have in common. A server's host with a namespace, such as ./shop.example.com, is only for VirtualServices of this namespace. Without a common host there is no route, and the gateway answers requests for it with 404, or resets the connection if no server has the server name (SNI). This is reported only if all Gateways that the VirtualService names are among the checked documents.", manifests;

    ISTIOD_PANIC = "lint/istiod-panic", Warning,
    "Hosts that crash istiod",
    "After a host */*, another one of the same server that begins with ./ or */ makes istiod write beyond the end of a list: the process ends, and does so again after each start while the Gateway exists.", manifests;

    PROTOCOL_CASE = "lint/protocol-case", Note,
    "Protocol in lower case",
    "Istio ignores case here; other tools may not. Write the protocol in upper case.", manifests;

    EMPTY_TLS = "lint/empty-tls", Warning,
    "tls without a mode",
    "Without a mode, PASSTHROUGH applies: the gateway does not terminate TLS. Set the mode explicitly.", manifests;

    MODE_ABSENT = "lint/mode-absent", Warning,
    "TLS settings without a mode",
    "Without a mode, PASSTHROUGH applies: certificates, versions, cipher suites, SANs and pins have no effect. Set the mode.", manifests;

    PASSTHROUGH_SETTINGS = "lint/passthrough-settings", Warning,
    "TLS settings without effect in a passthrough mode",
    "In PASSTHROUGH and AUTO_PASSTHROUGH the backend terminates TLS, so versions, cipher suites, SANs and pins of the gateway have no effect.", manifests;

    SKIP_VERIFY_NO_EFFECT = "lint/skip-verify-no-effect", Warning,
    "insecureSkipVerify without effect",
    "SIMPLE, PASSTHROUGH and AUTO_PASSTHROUGH do not request client certificates, so there is nothing to verify.", manifests;

    SKIP_VERIFY_MUTUAL = "lint/skip-verify-mutual", Warning,
    "Unverified client certificates with MUTUAL",
    "A client certificate is required but not verified: self-signed, expired and revoked certificates and those of other CAs are accepted. SANs, pins and CRLs are not enforced either.", manifests;

    SKIP_VERIFY_OPTIONAL = "lint/skip-verify-optional", Warning,
    "Unverified client certificates with OPTIONAL_MUTUAL",
    "This is Gateway API's AllowInsecureFallback. Clients without a certificate or with an untrusted one are accepted. In x-forwarded-client-cert, unverified certificates look the same as verified ones, and RBAC by principal matches them. SANs, pins and CRLs are not enforced. It is safe only if the backend verifies the certificate.", manifests;

    SKIP_VERIFY_ISTIO_MUTUAL = "lint/skip-verify-istio-mutual", Warning,
    "Unverified mesh identities with ISTIO_MUTUAL",
    "With ISTIO_MUTUAL the client certificate identifies the workload. If it is not verified, any client can claim any identity.", manifests;

    OPTIONAL_MUTUAL_IDENTITY = "lint/optional-mutual-identity", Warning,
    "Client certificate required despite OPTIONAL_MUTUAL",
    "With SANs or pins to match, Envoy rejects clients without a certificate, as in MUTUAL.", manifests;

    SAN_WITH_SIMPLE = "lint/san-with-simple", Warning,
    "subjectAltNames with SIMPLE",
    "SIMPLE does not request client certificates. With credentialName, Envoy rejects the whole configuration, and the previous listener stays active.", manifests;

    PINS_IGNORED = "lint/pins-ignored", Warning,
    "Certificate pins have no effect",
    "verifyCertificateSpki and verifyCertificateHash apply only in MUTUAL and OPTIONAL_MUTUAL, and only with credentialName or credentialNames.", manifests;

    SPKI_FORMAT = "lint/spki-format", Warning,
    "Invalid certificate pin",
    "A pin is the base64 encoded SHA-256 of the public key: 44 characters, the last one \"=\". If the length differs, Envoy rejects the listener of the port. Otherwise it rejects the server's secrets, and no client can connect.", manifests;

    HASH_FORMAT = "lint/hash-format", Warning,
    "Invalid certificate hash",
    "A hash is the SHA-256 of the certificate as 64 hexadecimal digits, optionally with 31 colons. If the length differs, Envoy rejects the listener of the port. Otherwise it rejects the server's secrets, and no client can connect.", manifests;

    CRL_IGNORED = "lint/crl-ignored", Warning,
    "caCrl without effect",
    "With a credential, the CRL comes from the key ca.crl of the Secret; the file is not read. It is not read either in a mode that requests no client certificate.", manifests;

    CRL_COVERAGE = "lint/crl-coverage", Note,
    "CRL that must cover the whole chain",
    "If the file lacks a current CRL of any issuer in the chain, including intermediates, Envoy rejects all certificates of that chain.", manifests;

    CA_CREDENTIAL_IGNORED = "lint/ca-credential-ignored", Warning,
    "caCertCredentialName without effect",
    "caCertCredentialName applies only in MUTUAL and OPTIONAL_MUTUAL, and only with credentialName or credentialNames.", manifests;

    CA_IGNORED = "lint/ca-ignored", Warning,
    "caCertificates without effect",
    "Without MUTUAL or OPTIONAL_MUTUAL no client is verified. With a credential, the CA of the Secret verifies clients.", manifests;

    CA_CREDENTIAL_SUFFIX = "lint/ca-credential-suffix", Warning,
    "caCertCredentialName without -cacert",
    "istiod returns a CA only for names that end in -cacert. For another name it sends a server certificate or nothing, and no client is accepted. Append -cacert: istiod then looks for a Secret of that name first, then for one without the suffix.", manifests;

    CERTIFICATE_CA_IGNORED = "lint/certificate-ca-ignored", Warning,
    "CA in tlsCertificates without effect",
    "tls.caCertificates verifies clients; caCertificates in tlsCertificates is not read.", manifests;

    CREDENTIAL_NAMES_MUTUAL = "lint/credential-names-mutual", Note,
    "credentialNames with a mutual mode",
    "istiod's webhook accepts it since Istio 1.27; that of Istio 1.26 requires files.", manifests;

    VERSION_ORDER = "lint/version-order", Warning,
    "minProtocolVersion exceeds maxProtocolVersion",
    "No TLS version is left. minProtocolVersion defaults to TLSV1_2.", manifests;

    OLD_TLS = "lint/old-tls", Warning,
    "Deprecated TLS version",
    "TLS 1.0 and 1.1 are deprecated (RFC 8996). All current clients support TLS 1.2.", manifests;

    CIPHER_NAME = "lint/cipher-name", Warning,
    "Cipher suite without its OpenSSL name",
    "Envoy knows cipher suites by their OpenSSL names and ignores IANA names, which Java and Go print.", manifests;

    TLS13_CIPHER = "lint/tls13-cipher", Warning,
    "TLS 1.3 cipher suite",
    "TLS 1.3 cipher suites cannot be configured; they are always enabled.", manifests;

    CURVE_NAME = "lint/curve-name", Warning,
    "Curve that Envoy rejects",
    "If ecdhCurves has an unknown or repeated name, Envoy rejects the server's secrets: no client can connect, and other servers with the same credential may be affected. Envoy supports X25519, P-256, P-384, P-521, X25519MLKEM768 and MLKEM1024.", manifests;

    CURVE_POST_QUANTUM = "lint/curve-post-quantum", Warning,
    "Post-quantum curve without TLS 1.3",
    "X25519MLKEM768 and MLKEM1024 require TLS 1.3. With a lower maxProtocolVersion they have no effect, and without another curve no handshake succeeds.", manifests;

    ALPN_PROTOCOL = "lint/alpn-protocol", Warning,
    "ALPN list without HTTP on an HTTPS server",
    "alpnProtocols replaces the gateway's list. Clients that require h2 (such as gRPC clients) or http/1.1 fail if it is missing.", manifests;

    ALPN_H2_ONLY = "lint/alpn-h2-only", Warning,
    "ALPN list with only h2 on an HTTPS server",
    "Clients that support only HTTP/1.1 negotiate no protocol. Some fail; those that continue are served, so this does not exclude HTTP/1.1.", manifests;

    CREDENTIAL_ON_HTTP = "lint/credential-on-http", Warning,
    "Credential on a plain HTTP port",
    "Nothing is encrypted on this port. To serve TLS, set the protocol to HTTPS.", manifests;

    DUPLICATE_HOST = "lint/duplicate-host", Warning,
    "Duplicate host and port",
    "Of two servers with TLS settings and one host on the same port and address, istiod keeps the first one and drops the other with all its hosts. Within one Gateway servers are in their order; of several Gateways of the same pods the oldest comes first, then that whose name comes first. Servers of plain HTTP are both kept, and one of the two hosts has no effect.", manifests;

    PORT_PROTOCOL = "lint/port-protocol", Warning,
    "Port with conflicting protocols",
    "Plain HTTP, TLS and plain TCP cannot share a port of the same pods. After a server without TLS, istiod drops each later server of the port, but for plain HTTP after plain HTTP. A server without TLS after one with TLS is kept, together with it: the same listener then accepts connections without TLS, and istiod drops each later server with TLS. Within one Gateway servers are in their order; of several Gateways the oldest comes first, then that whose name comes first. Use different ports.", manifests;

    DUPLICATE_SERVER_NAME = "lint/duplicate-server-name", Warning,
    "Duplicate server name",
    "Server names should identify one server. Rename one of them.", manifests;

    DUPLICATE_NAME = "lint/duplicate-name", Warning,
    "Duplicate document name",
    "Both documents define the same object; the one that is applied last replaces the other.", manifests;

    MISSING_SECRET = "lint/missing-secret", Warning,
    "Missing Secret",
    "Reported only if the checked files contain Secrets for TLS, and nothing for which a controller makes Secrets, such as those of cert-manager. The Secret must be in the namespace of the gateway's pods, which may differ from the Gateway's.", manifests;

    SECRET_NAMESPACE = "lint/secret-namespace", Warning,
    "Secret of another namespace",
    "istiod gives a gateway Secrets of its pods' namespace only, whatever namespace stands before the name. Of another one, the gateway gets no secret, and the connections to the server end during the handshake. The namespace of the pods is known from --gateway-namespace, or from pods among the checked documents. A name with kubernetes-gateway:// is for pods in the Gateway's own namespace; for a Secret of another namespace, a ReferenceGrant there must permit Gateways of this one, which is reported only if the files have ReferenceGrants or the Secret. With OPTIONAL_MUTUAL, istiod gives no CA by such a name.", manifests;

    SECRET_KEYS = "lint/secret-keys", Warning,
    "Secret without a certificate, key or CA",
    "istiod reads cert and key, or tls.crt and tls.key, for the server's certificate, and cacert or ca.crt for the CA of client certificates, from the Secret with the name and -cacert if there is one. If it finds none, the gateway gets no secret, and the connections to the server end during the handshake.", manifests;

    SECRET_CERTIFICATE = "lint/secret-certificate", Warning,
    "Certificate that Envoy rejects, or istiod reports",
    "istiod passes the certificate on, and reports it (IST0161) if Go cannot read it. Envoy reads it with BoringSSL, which rejects other ones: all certificates of the chain must be well-formed, the first needs a subject CN or a SAN, one on an elliptic curve must be for digital signatures, and one that requires an OCSP response (must-staple) needs tls.ocsp-staple. If Envoy rejects it, the server has no certificate. A CA must be a CA's certificate: Envoy rejects what another certificate issued. A client's own certificate in place of the CA is one that only this client can use.", manifests;

    SECRET_PRIVATE_KEY = "lint/secret-private-key", Warning,
    "Private key that Envoy rejects",
    "The private key cannot be read, belongs to another certificate, is encrypted, or is of a kind or size that Envoy does not support: RSA below 2048 bits, or P-224. Envoy rejects the Secret; a gateway that starts has no certificate for the server, a running one keeps the previous one.", manifests;

    SECRET_CRL = "lint/secret-crl", Warning,
    "CRL with which Envoy rejects client certificates",
    "With a CRL in the Secret of the CA, as crl or ca.crl or among the certificates of the CA, Envoy needs a current one of every CA in a client's chain, including intermediates and the root, and rejects the client without it. This is about the CAs in the Secret: those that clients send are not known, nor is the CRL's signature verified. A CRL that cannot be read makes Envoy reject the Secret. The time is that of the machine, or that of --at.", manifests;

    CERTIFICATE_EXPIRED = "lint/certificate-expired", Warning,
    "Certificate that has expired or is not valid yet",
    "Envoy serves it, and clients reject it. istiod reports it (IST0161). A CA of client certificates that has expired verifies none. Other certificates of a chain are not judged. The time is that of the machine, or that of --at.", manifests;

    CERTIFICATE_EXPIRING = "lint/certificate-expiring", Warning,
    "Certificate or CRL that expires soon",
    "The certificate, or the CRL of a CA of client certificates, expires within the days of --expiring.";

    CERTIFICATE_HOSTS = "lint/certificate-hosts", Warning,
    "Certificate for other hosts",
    "No DNS name among the certificate's subject alternative names is for a host of the server. Browsers and Go compare the names and reject the certificate; the common name does not count there. This is not reported of a server with the host *.", manifests;

    SELECTOR_WITHOUT_PODS = "lint/selector-without-pods", Warning,
    "Selector without pods",
    "No pod has the labels of the selector, so the Gateway applies to none (IST0101). This is reported only if there are Pods among the checked documents, as in those of a cluster; pods of a Deployment, DaemonSet, StatefulSet or ReplicaSet count.", manifests;

    PORT_WITHOUT_SERVICE = "lint/port-without-service", Warning,
    "Port without a Service",
    "A Service among the checked documents selects the gateway's pods, and none has the server's port, neither as a port nor as a target port (IST0162). A Service without a selector does not count. Clients reach the port only by other means, such as a host port.", manifests;

    UNUSED_SUPPRESSION = "lint/unused-suppression", Warning,
    "Suppression without a finding",
    "A comment `# istio-gateway: allow RULE reason` suppresses nothing: the rule is not found where the comment is. It is about its line, after a line of its own about the next one, and at the top of a document, after the line with ---, about all of it. Remove it, so that it does not hide a later finding.";

    MISSPELT_TYPE = "lint/misspelt-type", Warning,
    "Misspelt kind or group",
    "The document looks like an Istio Gateway, but its kind or group is unknown. It is not checked, and a cluster rejects it.", manifests;

    GATEWAY_API = "lint/gateway-api", Note,
    "Gateway of Gateway API",
    "The Gateway of gateway.networking.k8s.io is another resource and is not checked. `istio-gateway from-gateway-api` shows how istiod translates it.", manifests;
}
