//! istiod's translation from Gateway API. What makes istiod reject a listener, the Gateway or what it
//! refers to is an error, in istiod's words.

rules! {
    CERTIFICATE = "gateway-api/certificate", Error,
    "Unusable server certificate",
    "certificateRefs name a Secret that does not exist, does not hold a certificate and its key, or is no Secret; or there are more than two. With no usable certificate istiod does not program the listener. The text is istiod's; what follows \"malformed:\" is Go's.", manifests;

    CA_CERTIFICATE = "gateway-api/ca-certificate", Error,
    "Unusable client CA",
    "caCertificateRefs name a ConfigMap or Secret that does not exist or has no certificate under cacert or ca.crt; or there is more than one. istiod does not program the listener. Upstream's builder returns a server without the CA, which may request no client certificate: it must not be used.", manifests;

    NOT_PERMITTED = "gateway-api/not-permitted", Error,
    "Cross-namespace reference without a ReferenceGrant",
    "What is in another namespace can be used only if a ReferenceGrant there says so. Istio 1.32 looks for it first, so that a stranger is not told what exists.", manifests;

    PROTOCOL = "gateway-api/protocol", Error,
    "Unsupported protocol",
    "It has HTTP, HTTPS, TLS and TCP, in upper case.", manifests;

    CONFLICT = "gateway-api/conflict", Error,
    "Conflicting listeners",
    "On one port listeners of HTTP, HTTPS and TLS need different host names, and TCP needs the port for itself. The first one wins.", manifests;

    SCHEMA = "gateway-api/schema", Error,
    "Object rejected by the schema of Gateway API",
    "A required field is absent, a value is of another type, out of its bounds or not one of its names, a name is there twice, or a rule in CEL does not hold: an API server rejects the object, so istiod never sees it, and nothing is translated. The text is the API server's. Judged by the definitions of Gateway API 1.7.", manifests;

    UNKNOWN_FIELD = "gateway-api/unknown-field", Error,
    "Unknown field",
    "Gateway API 1.7 has no such field, in none of its channels. An API server drops it, and what it was to do is not done: without a validation whose name is misspelt, clients are not asked for a certificate. kubectl apply asks for strict validation, with which the object is rejected. What is translated is the object without the field.", manifests;

    EXPERIMENTAL_FIELD = "gateway-api/experimental-field", Warning,
    "Field of the experimental channel",
    "The field, or the rule that it breaks, is part of the experimental channel of Gateway API 1.7 alone. istiod does not read the field, so that it has no effect: filters of a listener authenticate nobody. An API server with the standard channel drops it.", manifests;

    TOO_LARGE = "gateway-api/too-large", Error,
    "Gateway beyond a limit",
    "More than 64 listeners, entries of perPort or certificateRefs, a name of more than 253 characters, a namespace of more than 63, or whatever else Gateway API's custom resource bounds: an API server refuses it, so istiod never sees it. The limits of this translation are far above: 64 MiB of host names for a set of manifests, and 20 million labels looked at to select namespaces. Nothing is translated.", manifests;

    NOT_ACCEPTED = "gateway-api/not-accepted", Error,
    "Gateway not accepted",
    "Its addresses are not those of a Service, or parametersRef names no ConfigMap. If no address is left, istiod does not even look at the listeners.", manifests;

    CLIENT_CERTIFICATE = "gateway-api/client-certificate", Error,
    "Unusable client certificate for backends",
    "spec.tls.backend.clientCertificateRef. The Gateway's ResolvedRefs condition is False; the listeners are programmed all the same.", manifests;

    CERTIFICATE_DROPPED = "gateway-api/certificate-dropped", Warning,
    "Dropped certificate",
    "If one of two certificates can be used, the listener is valid, and its conditions tell nothing of the other.", manifests;

    FIRST_CERTIFICATE_LOST = "gateway-api/first-certificate-lost", Warning,
    "Valid certificate lost after an invalid one",
    "Upstream counts the good certificates and, if there is one, takes the first name in its list: that of the bad one, which is empty. The server gets no certificate at all, and the listener is valid. As an Istio Gateway of its own istiod's webhook refuses it.", manifests;

    NO_CERTIFICATE = "gateway-api/no-certificate", Warning,
    "TLS termination without a certificate",
    "istiod takes it for valid. Its server has no certificate to show, and a validation of clients has no effect. As an Istio Gateway of its own istiod's webhook refuses it.", manifests;

    VALIDATION_IGNORED = "gateway-api/validation-ignored", Warning,
    "Client validation without effect",
    "An option that brings the mesh's own certificate, a listener without certificates, no listener that terminates TLS, or a validation without a CA. istiod reports nothing. The finding states what the server requires of clients: with ISTIO_MUTUAL a certificate of the mesh, in most other cases nothing.", manifests;

    VALIDATION_OVERRIDDEN = "gateway-api/validation-overridden", Warning,
    "Validation mode overridden by an option",
    "gateway.istio.io/tls-terminate-mode MUTUAL and OPTIONAL_MUTUAL have the last word, and let no client in that nobody knows: insecureSkipVerify is false. With OPTIONAL_MUTUAL a client without a certificate is let in all the same.", manifests;

    DEFAULT_REPLACED = "gateway-api/default-replaced", Warning,
    "perPort entry that replaces the default validation",
    "An entry of perPort replaces the default as a whole. Without a validation of its own, the port has none. The finding states what is required of clients.", manifests;

    PORT_UNUSED = "gateway-api/port-unused", Warning,
    "perPort entry without a TLS listener",
    "An entry of perPort applies to the listeners of its port that terminate TLS with a certificate of their own. Without such a listener it has no effect: a mistyped port leaves the listener that was meant with the default, or with no validation of clients. istiod reports nothing.", manifests;

    PORT_REPEATED = "gateway-api/port-repeated", Warning,
    "Repeated perPort entry",
    "The first one counts.", manifests;

    OLD_VALIDATION = "gateway-api/old-validation", Warning,
    "Client validation in its old location",
    "tls.frontendValidation of a listener became spec.tls.frontend of the Gateway. Istio does not read the old field, and the API server drops it: clients are asked for nothing.", manifests;

    UNKNOWN_VALIDATION_MODE = "gateway-api/unknown-validation-mode", Warning,
    "Unknown validation mode",
    "Whatever is not AllowInsecureFallback is to istiod as AllowValidOnly. An API server refuses it.", manifests;

    UNKNOWN_TLS_MODE = "gateway-api/unknown-tls-mode", Warning,
    "Unknown TLS mode",
    "istiod makes PASSTHROUGH of it: it does not end TLS, and asks clients for nothing. An API server refuses it.", manifests;

    UNKNOWN_TERMINATE_MODE = "gateway-api/unknown-terminate-mode", Warning,
    "Unknown tls-terminate-mode",
    "gateway.istio.io/tls-terminate-mode is compared with case, and other values are ignored.", manifests;

    CIPHERS_DROPPED = "gateway-api/ciphers-dropped", Warning,
    "Dropped cipher suites",
    "gateway.istio.io/tls-cipher-suites takes OpenSSL's names of the suites of TLS 1.2. Others are dropped without a word; if none is left, Envoy's defaults are used.", manifests;

    GRANT_NAME = "gateway-api/grant-name", Warning,
    "ReferenceGrant for a CA without -cacert",
    "Upstream asks whether the name with -cacert behind it is permitted. A ReferenceGrant that names a CA has to name it so; one without a name permits it anyway.", manifests;

    ROUTE_KINDS = "gateway-api/route-kinds", Warning,
    "Invalid route kinds",
    "The listener is programmed all the same. Its ResolvedRefs condition tells of this and of nothing else.", manifests;

    NO_TLS = "gateway-api/no-tls", Warning,
    "HTTPS or TLS listener without tls",
    "istiod takes it for valid, and makes no server of it.", manifests;

    PLAIN_TLS = "gateway-api/plain-tls", Warning,
    "HTTP or TCP listener with tls",
    "An API server refuses it. istiod takes it, and serves HTTP as plain text all the same; as an Istio Gateway of its own its webhook refuses it.", manifests;

    NO_NAMESPACE = "gateway-api/no-namespace", Warning,
    "Namespace selector without a match",
    "Namespaces are selected when the Gateway is translated. With none, or with a selector that is not valid, the listener is there, and no route can attach.", manifests;

    NO_SELECTOR = "gateway-api/no-selector", Warning,
    "Gateway with unknown pods",
    "An address of the type Hostname binds the Gateway to a Service that is there. An Istio Gateway selects pods by their labels, and one without a selector has the pods of every gateway in the cluster: what it asks of clients, and what it does not, would hold for all of them. So none is printed until --selector names the labels. A selector crosses namespaces.", manifests;

    CLASS = "gateway-api/class", Warning,
    "Class of another controller",
    "istiod translates a Gateway if the controllerName of its GatewayClass is istio.io/gateway-controller. Waypoints, east-west gateways, remote ones and those of other controllers are not translated. A class that is not in the set is assumed to be one of Istio's gateways, and a note reports it. The class istio needs no object: istiod treats it as its own even if an object with that name has another controller.", manifests;

    INSECURE_FALLBACK = "gateway-api/insecure-fallback", Note,
    "Unverified clients accepted",
    "AllowInsecureFallback: the server is OPTIONAL_MUTUAL with insecureSkipVerify. It is for backends to look at x-forwarded-client-cert; the Gateway says so in a condition.", manifests;

    NAMES_SWAPPED = "gateway-api/names-swapped", Note,
    "Upstream message with name and namespace swapped",
    "\"certificateRef NAME/NAMESPACE not accessible\" has them the other way round than all other texts.", manifests;

    UNSAID = "gateway-api/unsaid", Error,
    "Not representable in Gateway API",
    "A server of Istio's has settings that no Gateway of Gateway API brings about. No listener is made of it: one that says less would do something else.";

    SAID_OTHERWISE = "gateway-api/said-otherwise", Note,
    "Different representation in Gateway API",
    "The listener means the same, but what istiod makes of it does not look the same: a port's name, a host without a namespace, a default that is written out.";
}
