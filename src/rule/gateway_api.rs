//! istiod's translation from Gateway API. What makes istiod reject a listener, the Gateway or what it
//! refers to is an error, in istiod's words.

rules! {
    CERTIFICATE = "gateway-api/certificate", Error,
    "Unusable server certificate",
    "A Secret in certificateRefs does not exist or lacks a certificate and its key, a reference is not to a Secret, or there are more than two references. Without a usable certificate istiod does not program the listener. The text is istiod's; the part after \"malformed:\" is Go's.", manifests;

    CA_CERTIFICATE = "gateway-api/ca-certificate", Error,
    "Unusable client CA",
    "A ConfigMap or Secret in caCertificateRefs does not exist or has no certificate under cacert or ca.crt, or there is more than one reference. istiod does not program the listener. Istio's own translation returns a server without the CA, which may not request client certificates: do not use it.", manifests;

    NOT_PERMITTED = "gateway-api/not-permitted", Error,
    "Cross-namespace reference without a ReferenceGrant",
    "An object in another namespace can be used only if a ReferenceGrant in that namespace permits it. Istio 1.32 checks the grant first, so that it does not reveal which objects exist.", manifests;

    PROTOCOL = "gateway-api/protocol", Error,
    "Unsupported protocol",
    "istiod supports HTTP, HTTPS, TLS and TCP, in upper case.", manifests;

    CONFLICT = "gateway-api/conflict", Error,
    "Conflicting listeners",
    "On one port, listeners of HTTP, HTTPS and TLS need different host names, and a TCP listener needs the port exclusively. The first listener is used.", manifests;

    SCHEMA = "gateway-api/schema", Error,
    "Schema violation of Gateway API",
    "A required field is absent, a value has the wrong type, is out of bounds or not in its enum, a name is repeated, or a CEL rule fails. The API server rejects the object, so istiod never sees it, and nothing is translated. The text is the API server's. Objects are checked against the definitions of Gateway API 1.7.", manifests;

    UNKNOWN_FIELD = "gateway-api/unknown-field", Error,
    "Unknown field",
    "Gateway API 1.7 has no such field in any channel. The API server drops it, or rejects the object if strict field validation is requested, as kubectl apply does. The setting has no effect: if a validation is misspelt, client certificates are not requested. The object is translated without the field.", manifests;

    EXPERIMENTAL_FIELD = "gateway-api/experimental-field", Warning,
    "Field of the experimental channel",
    "The field, or the rule that it violates, is only in the experimental channel of Gateway API 1.7. istiod does not read the field: filters of a listener authenticate no client. An API server with the standard channel drops it.", manifests;

    TOO_LARGE = "gateway-api/too-large", Error,
    "Gateway beyond a limit",
    "A bound of Gateway API's custom resource is exceeded: for example more than 64 listeners, perPort entries or certificateRefs, a name of more than 253 characters or a namespace of more than 63. The API server rejects the object, so istiod never sees it. This translation also has limits of its own, far above: 64 MiB of host names per set of manifests, and 20 million labels compared to select namespaces. Nothing is translated.", manifests;

    NOT_ACCEPTED = "gateway-api/not-accepted", Error,
    "Gateway not accepted",
    "An address is not of a Service, or parametersRef is not a ConfigMap. If no address is left, istiod does not check the listeners.", manifests;

    CLIENT_CERTIFICATE = "gateway-api/client-certificate", Error,
    "Unusable client certificate for backends",
    "The certificate in spec.tls.backend.clientCertificateRef cannot be used. The Gateway's ResolvedRefs condition is False; its listeners are programmed anyway.", manifests;

    CLIENT_CERTIFICATE_UNUSED = "gateway-api/client-certificate-unused", Warning,
    "Client certificate for backends without effect",
    "istiod only checks spec.tls.backend.clientCertificateRef, and reports it as resolved. No DestinationRule that it generates, also from a BackendTLSPolicy, has the certificate: Envoy presents none, and a backend that requires one rejects the connection (istio/istio#61515).", manifests;

    OVERLAPPING_TLS = "gateway-api/overlapping-tls", Note,
    "Overlapping TLS configuration of listeners",
    "Two listeners of a port that terminate TLS have overlapping host names or the same certificate. Gateway API requires the condition OverlappingTLSConfig for them, which istiod does not set. A browser may reuse a connection to one for requests to the other (HTTP/2 connection coalescing), which then have the TLS settings of the first one. Certificates in different Secrets are not compared.", manifests;

    CERTIFICATE_DROPPED = "gateway-api/certificate-dropped", Warning,
    "Dropped certificate",
    "If one of two certificates is usable, the listener is valid, and its conditions do not mention the other.", manifests;

    FIRST_CERTIFICATE_LOST = "gateway-api/first-certificate-lost", Warning,
    "Valid certificate lost after an invalid one",
    "If any certificate is usable, Istio uses the first name of the list: that of the invalid certificate, which is empty. The listener is valid, but its server has no certificate. istiod's webhook rejects the generated Gateway.", manifests;

    NO_CERTIFICATE = "gateway-api/no-certificate", Warning,
    "TLS termination without a certificate",
    "istiod treats the listener as valid. Its server has no certificate, and client validation has no effect. istiod's webhook rejects the generated Gateway.", manifests;

    VALIDATION_IGNORED = "gateway-api/validation-ignored", Warning,
    "Client validation without effect",
    "Client validation has no effect: because of an option that selects the mesh's certificate, a listener without certificates, no listener that terminates TLS, or a validation without a CA. istiod does not report it. The finding states what the server requires of clients: with ISTIO_MUTUAL a certificate of the mesh, in most other cases nothing.", manifests;

    VALIDATION_OVERRIDDEN = "gateway-api/validation-overridden", Warning,
    "Validation mode overridden by an option",
    "gateway.istio.io/tls-terminate-mode MUTUAL and OPTIONAL_MUTUAL take precedence: insecureSkipVerify is false, and untrusted certificates are rejected. With OPTIONAL_MUTUAL, clients without a certificate are accepted.", manifests;

    DEFAULT_REPLACED = "gateway-api/default-replaced", Warning,
    "perPort entry that replaces the default validation",
    "A perPort entry replaces the whole default. If it has no validation, the port has none. The finding states what is required of clients.", manifests;

    PORT_UNUSED = "gateway-api/port-unused", Warning,
    "perPort entry without a TLS listener",
    "A perPort entry applies to listeners of its port that terminate TLS with a certificate of their own. Without such a listener it has no effect. With a mistyped port, the intended listener uses the default, or does not validate clients. istiod does not report it.", manifests;

    PORT_REPEATED = "gateway-api/port-repeated", Warning,
    "Repeated perPort entry",
    "The first entry is used.", manifests;

    OLD_VALIDATION = "gateway-api/old-validation", Warning,
    "Client validation in its old location",
    "tls.frontendValidation of a listener was replaced by spec.tls.frontend of the Gateway. Istio does not read the old field, and the API server drops it: client certificates are not requested.", manifests;

    UNKNOWN_VALIDATION_MODE = "gateway-api/unknown-validation-mode", Warning,
    "Unknown validation mode",
    "istiod treats every mode other than AllowInsecureFallback as AllowValidOnly. The API server rejects the object.", manifests;

    UNKNOWN_TLS_MODE = "gateway-api/unknown-tls-mode", Warning,
    "Unknown TLS mode",
    "istiod treats it as PASSTHROUGH: it does not terminate TLS, and does not request client certificates. The API server rejects the object.", manifests;

    UNKNOWN_TERMINATE_MODE = "gateway-api/unknown-terminate-mode", Warning,
    "Unknown tls-terminate-mode",
    "The values of gateway.istio.io/tls-terminate-mode are case-sensitive; unknown ones are ignored.", manifests;

    CIPHERS_DROPPED = "gateway-api/ciphers-dropped", Warning,
    "Dropped cipher suites",
    "gateway.istio.io/tls-cipher-suites takes the OpenSSL names of TLS 1.2 cipher suites. istiod silently drops others; if none is left, Envoy's defaults are used.", manifests;

    GRANT_NAME = "gateway-api/grant-name", Warning,
    "ReferenceGrant for a CA without -cacert",
    "Istio checks the ReferenceGrant for the name of the CA with -cacert appended. Use that name in the grant, or no name.", manifests;

    ROUTE_KINDS = "gateway-api/route-kinds", Warning,
    "Invalid route kinds",
    "The listener is programmed anyway. Its ResolvedRefs condition reports only this problem.", manifests;

    NO_TLS = "gateway-api/no-tls", Warning,
    "HTTPS or TLS listener without tls",
    "istiod treats the listener as valid, but does not generate a server for it.", manifests;

    PLAIN_TLS = "gateway-api/plain-tls", Warning,
    "HTTP or TCP listener with tls",
    "The API server rejects it. istiod accepts it and serves HTTP in plain text; its webhook rejects the generated Gateway.", manifests;

    NO_NAMESPACE = "gateway-api/no-namespace", Warning,
    "Namespace selector without a match",
    "istiod selects namespaces when it translates the Gateway. If the selector is invalid or matches none, the listener is programmed, but no route can attach.", manifests;

    LISTENER_SET = "gateway-api/listener-set", Error,
    "ListenerSet not accepted",
    "A ListenerSet attaches only if spec.allowedListeners of its Gateway allows its namespace (none by default), if the class of the Gateway is Istio's for gateways, and if the Gateway has a usable address. Of a waypoint istiod reports it only in ambient mode. istiod's text names spec.allowedRoutes where it means spec.allowedListeners.", manifests;

    NO_PARENT = "gateway-api/no-parent", Warning,
    "ListenerSet or route without a Gateway",
    "The parentRef of a ListenerSet or route leads to no Gateway of the set that is translated: it does not exist, an API server rejects it, it has the class of another controller, or the parentRef has another kind. istiod ignores a ListenerSet and writes no status; a route attaches to nothing there.", manifests;

    ROUTE = "gateway-api/route", Error,
    "Route not accepted",
    "A route attaches to no listener of its parent, or istiod reports one of its rules: a backend without the ReferenceGrant or of a kind that it does not support, a filter or match that it does not know. A rule whose backend cannot be used answers with an error; other problems leave no route of the whole object. Whether a backend exists is not checked.", manifests;

    SET_CA = "gateway-api/set-ca", Warning,
    "Client CA from the namespace of a ListenerSet",
    "istiod looks up a caCertificateRef of the Gateway without a namespace in the namespace of the ListenerSet whose listener it translates, and checks ReferenceGrants for that ListenerSet. So the owner of another namespace decides which clients of its listener are trusted.", manifests;

    SAME_NAME = "gateway-api/same-name", Warning,
    "ListenerSet with the name of its Gateway",
    "istiod names the Istio Gateway of a listener after its owner and the listener. If a ListenerSet has the namespace and name of its Gateway, and both have a listener of the same name, the listener of the ListenerSet replaces that of the Gateway. A conflict of one counts for both.", manifests;

    NO_SELECTOR = "gateway-api/no-selector", Warning,
    "Gateway for unknown pods",
    "An address of the type Hostname binds the Gateway to an existing Service, whose pods are unknown here. An Istio Gateway selects pods by their labels, and without a selector it applies to every gateway in the cluster. Therefore no Gateway is printed until --selector sets the labels. A selector applies to all namespaces.", manifests;

    CLASS = "gateway-api/class", Warning,
    "Class of another controller",
    "istiod translates a Gateway if the controllerName of its GatewayClass is istio.io/gateway-controller. Waypoints, east-west gateways, remote gateways and those of other controllers are not translated. A class that is not in the set is treated as Istio's, with a note. The class istio needs no object: istiod handles it even if an object of that name has another controller.", manifests;

    INSECURE_FALLBACK = "gateway-api/insecure-fallback", Note,
    "Unverified clients accepted",
    "With AllowInsecureFallback the server is OPTIONAL_MUTUAL with insecureSkipVerify. Backends must verify the certificate in x-forwarded-client-cert. A condition of the Gateway reports it.", manifests;

    NAMES_SWAPPED = "gateway-api/names-swapped", Note,
    "Upstream message with name and namespace swapped",
    "In \"certificateRef NAME/NAMESPACE not accessible\" Istio writes the name first; all other messages have NAMESPACE/NAME.", manifests;

    NOT_REPRESENTABLE = "gateway-api/not-representable", Error,
    "Not representable in Gateway API",
    "A server has settings that Gateway API cannot express. No listener is generated for it, since its behavior would differ.";

    REPRESENTED_DIFFERENTLY = "gateway-api/represented-differently", Note,
    "Different representation in Gateway API",
    "The listener behaves the same, but the Gateway that istiod generates from it is written differently: the name of a port, a host without a namespace, an explicit default.";
}
