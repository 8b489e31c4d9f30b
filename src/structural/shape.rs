//! The custom resource's schema of each field.

use crate::IstioVersion;

/// The schema of a value.
#[derive(Debug)]
pub(crate) enum Shape {
    Object {
        fields: &'static [Field],
        keeps_unknown: bool,
        /// Whether the CEL rules apply to this object.
        has_rules: bool,
    },
    /// A mapping of strings to strings.
    Texts,
    List {
        of: &'static Shape,
        bounds: Option<(usize, usize)>,
    },
    Text,
    Time,
    Integer,
    IntegerOrText,
    Boolean,
    Enum(&'static [&'static str]),
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// The name in the `.proto` file, which the API server does not know.
    pub(crate) snake: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    /// The minor release that introduced it, if that is a supported release.
    pub(crate) since: u8,
}

impl Field {
    /// Whether the API server of a release knows the field by this name.
    pub(crate) fn is_known_as(&self, name: &str, istio: IstioVersion) -> bool {
        self.name == name && self.since <= istio.minor()
    }
}

const fn field(name: &'static str, snake: &'static str, shape: Shape) -> Field {
    Field { name, snake, shape, required: false, nullable: false, since: 0 }
}

const fn since(minor: u8, name: &'static str, snake: &'static str, shape: Shape) -> Field {
    Field { name, snake, shape, required: false, nullable: false, since: minor }
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, snake: name, shape, required: true, nullable: false, since: 0 }
}

/// The maximum number of fields of an object. With more of them the crate does not compile.
pub(crate) const MAX_FIELDS: usize = 24;

const fn object_of(fields: &'static [Field], keeps_unknown: bool, has_rules: bool) -> Shape {
    assert!(fields.len() <= MAX_FIELDS, "MAX_FIELDS is too small");
    Shape::Object { fields, keeps_unknown, has_rules }
}

const fn object(fields: &'static [Field]) -> Shape {
    object_of(fields, false, false)
}

/// The TLS settings, which have the CEL rules.
const fn tls(fields: &'static [Field]) -> Shape {
    object_of(fields, false, true)
}

const fn list(of: &'static Shape) -> Shape {
    Shape::List { of, bounds: None }
}

const fn one_or_two(of: &'static Shape) -> Shape {
    Shape::List { of, bounds: Some((1, 2)) }
}

const PORT: &[Field] = &[
    required("number", Shape::Integer),
    required("protocol", Shape::Text),
    required("name", Shape::Text),
    field("targetPort", "target_port", Shape::Integer),
];

const CERTIFICATE: &[Field] = &[
    field("serverCertificate", "server_certificate", Shape::Text),
    field("privateKey", "private_key", Shape::Text),
    field("caCertificates", "ca_certificates", Shape::Text),
];

const MODES: &[&str] =
    &["PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"];
const PROTOCOLS: &[&str] = &["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"];

pub(super) const TLS: &[Field] = &[
    field("httpsRedirect", "https_redirect", Shape::Boolean),
    field("mode", "mode", Shape::Enum(MODES)),
    field("serverCertificate", "server_certificate", Shape::Text),
    field("privateKey", "private_key", Shape::Text),
    field("caCertificates", "ca_certificates", Shape::Text),
    since(22, "caCrl", "ca_crl", Shape::Text),
    field("credentialName", "credential_name", Shape::Text),
    since(26, "credentialNames", "credential_names", one_or_two(&Shape::Text)),
    since(28, "caCertCredentialName", "ca_cert_credential_name", Shape::Text),
    since(26, "tlsCertificates", "tls_certificates", one_or_two(&object(CERTIFICATE))),
    field("subjectAltNames", "subject_alt_names", list(&Shape::Text)),
    field("verifyCertificateSpki", "verify_certificate_spki", list(&Shape::Text)),
    field("verifyCertificateHash", "verify_certificate_hash", list(&Shape::Text)),
    field("minProtocolVersion", "min_protocol_version", Shape::Enum(PROTOCOLS)),
    field("maxProtocolVersion", "max_protocol_version", Shape::Enum(PROTOCOLS)),
    field("cipherSuites", "cipher_suites", list(&Shape::Text)),
    Field {
        nullable: true,
        ..since(31, "insecureSkipVerify", "insecure_skip_verify", Shape::Boolean)
    },
    since(32, "ecdhCurves", "ecdh_curves", list(&Shape::Text)),
    since(32, "alpnProtocols", "alpn_protocols", list(&Shape::Text)),
];

const SERVER: &[Field] = &[
    required("port", object(PORT)),
    field("bind", "bind", Shape::Text),
    required("hosts", list(&Shape::Text)),
    field("tls", "tls", tls(TLS)),
    field("defaultEndpoint", "default_endpoint", Shape::Text),
    field("name", "name", Shape::Text),
];

pub(crate) const SPEC: Shape = object(&[
    field("servers", "servers", list(&object(SERVER))),
    field("selector", "selector", Shape::Texts),
]);

const STATUS: Shape = object_of(
    &[
        field(
            "conditions",
            "conditions",
            list(&object(&[
                field("type", "type", Shape::Text),
                field("status", "status", Shape::Text),
                field("lastProbeTime", "last_probe_time", Shape::Time),
                field("lastTransitionTime", "last_transition_time", Shape::Time),
                field("reason", "reason", Shape::Text),
                field("message", "message", Shape::Text),
                since(25, "observedGeneration", "observed_generation", Shape::IntegerOrText),
            ])),
        ),
        field(
            "validationMessages",
            "validation_messages",
            list(&object(&[
                field(
                    "type",
                    "type",
                    object(&[
                        field("name", "name", Shape::Text),
                        field("code", "code", Shape::Text),
                    ]),
                ),
                field("level", "level", Shape::Enum(&["UNKNOWN", "ERROR", "WARNING", "INFO"])),
                field("documentationUrl", "documentation_url", Shape::Text),
            ])),
        ),
        field("observedGeneration", "observed_generation", Shape::IntegerOrText),
    ],
    true,
    false,
);

pub(crate) const ROOT: Shape =
    object(&[field("spec", "spec", SPEC), field("status", "status", STATUS)]);
