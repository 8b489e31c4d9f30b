//! The fields of Gateway API's custom resources, and what their schemas require.
//!
//! Written by conformance/gatewayapi from sigs.k8s.io/gateway-api v1.6.0 and v1.7.0. Do not edit.

use super::table::{Field, Kind, Rule, Schema};

/// The versions of gateways that v1.7.0 serves.
pub(super) static GATEWAY_VERSIONS: &[&str] = &["v1", "v1beta1"];

/// The schema of gateways.
pub(super) static GATEWAY: Schema = Schema { kind: Kind::Object,
  fields: &[
    Field { name: "apiVersion", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
    Field { name: "kind", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
    Field { name: "metadata", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Any, ..Schema::NEW } },
    Field { name: "spec", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
      fields: &[
        Field { name: "addresses", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((0, 16)), rules: &[Rule { message: "IPAddress values must be unique", is_standard: true }, Rule { message: "Hostname values must be unique", is_standard: true }],
          of: Some(&Schema { kind: Kind::Object, is_address: true, rules: &[Rule { message: r#"Hostname value must be empty or contain only valid characters (matching ^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)"#, is_standard: true }],
            fields: &[
              Field { name: "routability", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, length: Some((0, 253)), rules: &[Rule { message: "Routability must be empty, Cluster, or an implementation-specific prefixed path; k8s.io and its subdomains are reserved", is_standard: false }], ..Schema::NEW } },
              Field { name: "type", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"#), length: Some((1, 253)), default: Some("IPAddress"), ..Schema::NEW } },
              Field { name: "value", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((0, 253)), ..Schema::NEW } },
            ],
            ..Schema::NEW }),
          ..Schema::NEW } },
        Field { name: "allowedListeners", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
          fields: &[
            Field { name: "namespaces", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
              fields: &[
                Field { name: "from", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, names: &["All", "Selector", "Same", "None"], default: Some("None"), ..Schema::NEW } },
                Field { name: "selector", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                  fields: &[
                    Field { name: "matchExpressions", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List,
                      of: Some(&Schema { kind: Kind::Object,
                        fields: &[
                          Field { name: "key", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
                          Field { name: "operator", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
                          Field { name: "values", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List,
                            of: Some(&Schema { kind: Kind::Text, ..Schema::NEW }),
                            ..Schema::NEW } },
                        ],
                        ..Schema::NEW }),
                      ..Schema::NEW } },
                    Field { name: "matchLabels", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Map,
                      of: Some(&Schema { kind: Kind::Text, ..Schema::NEW }),
                      ..Schema::NEW } },
                  ],
                  ..Schema::NEW } },
              ],
              ..Schema::NEW } },
          ],
          ..Schema::NEW } },
        Field { name: "defaultScope", is_required: false, is_standard: false, since: 6, schema: Schema { kind: Kind::Text, names: &["All", "None"], ..Schema::NEW } },
        Field { name: "gatewayClassName", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
        Field { name: "infrastructure", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
          fields: &[
            Field { name: "annotations", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Map, entries: Some((0, 16)), rules: &[Rule { message: "Annotation keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.", is_standard: true }, Rule { message: "If specified, the annotation key's prefix must be a DNS subdomain not longer than 253 characters in total.", is_standard: true }],
              of: Some(&Schema { kind: Kind::Text, length: Some((0, 4096)), ..Schema::NEW }),
              ..Schema::NEW } },
            Field { name: "labels", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Map, entries: Some((0, 8)), rules: &[Rule { message: "Label keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.", is_standard: true }, Rule { message: "If specified, the label key's prefix must be a DNS subdomain not longer than 253 characters in total.", is_standard: true }],
              of: Some(&Schema { kind: Kind::Text, pattern: Some("^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"), length: Some((0, 63)), ..Schema::NEW }),
              ..Schema::NEW } },
            Field { name: "parametersRef", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
              fields: &[
                Field { name: "group", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), ..Schema::NEW } },
                Field { name: "kind", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                Field { name: "name", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
              ],
              ..Schema::NEW } },
          ],
          ..Schema::NEW } },
        Field { name: "listeners", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((1, 64)), key: Some("name"), rules: &[Rule { message: "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']", is_standard: true }, Rule { message: "tls mode must be Terminate for protocol HTTPS", is_standard: true }, Rule { message: "tls mode must be set for protocol TLS", is_standard: true }, Rule { message: "hostname must not be specified for protocols ['TCP', 'UDP']", is_standard: true }, Rule { message: "Listener name must be unique within the Gateway", is_standard: true }, Rule { message: "Combination of port, protocol and hostname must be unique for each listener", is_standard: true }],
          of: Some(&Schema { kind: Kind::Object, rules: &[Rule { message: "filters may only be set when protocol is HTTP or HTTPS", is_standard: false }],
            fields: &[
              Field { name: "allowedRoutes", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                fields: &[
                  Field { name: "kinds", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((0, 8)),
                    of: Some(&Schema { kind: Kind::Object,
                      fields: &[
                        Field { name: "group", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), default: Some("gateway.networking.k8s.io"), ..Schema::NEW } },
                        Field { name: "kind", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                      ],
                      ..Schema::NEW }),
                    ..Schema::NEW } },
                  Field { name: "namespaces", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                    fields: &[
                      Field { name: "from", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, names: &["All", "Selector", "Same"], default: Some("Same"), ..Schema::NEW } },
                      Field { name: "selector", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                        fields: &[
                          Field { name: "matchExpressions", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List,
                            of: Some(&Schema { kind: Kind::Object,
                              fields: &[
                                Field { name: "key", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
                                Field { name: "operator", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
                                Field { name: "values", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List,
                                  of: Some(&Schema { kind: Kind::Text, ..Schema::NEW }),
                                  ..Schema::NEW } },
                              ],
                              ..Schema::NEW }),
                            ..Schema::NEW } },
                          Field { name: "matchLabels", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Map,
                            of: Some(&Schema { kind: Kind::Text, ..Schema::NEW }),
                            ..Schema::NEW } },
                        ],
                        ..Schema::NEW } },
                    ],
                    ..Schema::NEW } },
                ],
                ..Schema::NEW } },
              Field { name: "filters", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Object,
                fields: &[
                  Field { name: "requests", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::List, items: Some((0, 16)),
                    of: Some(&Schema { kind: Kind::Object, rules: &[Rule { message: "filter.externalAuth must be nil if the filter.type is not ExternalAuth", is_standard: false }, Rule { message: "filter.externalAuth must be specified for ExternalAuth filter.type", is_standard: false }, Rule { message: "filter.extensionRef must be nil if the filter.type is not ExtensionRef", is_standard: false }, Rule { message: "filter.extensionRef must be specified for ExtensionRef filter.type", is_standard: false }],
                      fields: &[
                        Field { name: "extensionRef", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Object,
                          fields: &[
                            Field { name: "group", is_required: true, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), ..Schema::NEW } },
                            Field { name: "kind", is_required: true, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                            Field { name: "name", is_required: true, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
                          ],
                          ..Schema::NEW } },
                        Field { name: "externalAuth", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Object, rules: &[Rule { message: "grpc must be specified when protocol is set to 'GRPC'", is_standard: false }, Rule { message: "protocol must be 'GRPC' when grpc is set", is_standard: false }, Rule { message: "http must be specified when protocol is set to 'HTTP'", is_standard: false }, Rule { message: "protocol must be 'HTTP' when http is set", is_standard: false }],
                          fields: &[
                            Field { name: "backendRef", is_required: true, is_standard: false, since: 7, schema: Schema { kind: Kind::Object, rules: &[Rule { message: "Must have port for Service reference", is_standard: false }, Rule { message: "Must not have port for Backend reference", is_standard: false }],
                              fields: &[
                                Field { name: "group", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), default: Some(""), ..Schema::NEW } },
                                Field { name: "kind", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), default: Some("Service"), ..Schema::NEW } },
                                Field { name: "name", is_required: true, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
                                Field { name: "namespace", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, pattern: Some("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                                Field { name: "port", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Integer, range: Some((1, 65535)), ..Schema::NEW } },
                              ],
                              ..Schema::NEW } },
                            Field { name: "forwardBody", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Object,
                              fields: &[
                                Field { name: "maxSize", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Integer, ..Schema::NEW } },
                              ],
                              ..Schema::NEW } },
                            Field { name: "grpc", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Object,
                              fields: &[
                                Field { name: "allowedHeaders", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::List, items: Some((0, 64)), is_set: true,
                                  of: Some(&Schema { kind: Kind::Text, ..Schema::NEW }),
                                  ..Schema::NEW } },
                              ],
                              ..Schema::NEW } },
                            Field { name: "http", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Object,
                              fields: &[
                                Field { name: "allowedHeaders", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::List, items: Some((0, 64)), is_set: true,
                                  of: Some(&Schema { kind: Kind::Text, ..Schema::NEW }),
                                  ..Schema::NEW } },
                                Field { name: "allowedResponseHeaders", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::List, items: Some((0, 64)), is_set: true,
                                  of: Some(&Schema { kind: Kind::Text, ..Schema::NEW }),
                                  ..Schema::NEW } },
                                Field { name: "path", is_required: false, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, pattern: Some("^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$"), length: Some((0, 1024)), ..Schema::NEW } },
                              ],
                              ..Schema::NEW } },
                            Field { name: "protocol", is_required: true, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, names: &["HTTP", "GRPC"], ..Schema::NEW } },
                          ],
                          ..Schema::NEW } },
                        Field { name: "type", is_required: true, is_standard: false, since: 7, schema: Schema { kind: Kind::Text, names: &["ExternalAuth", "ExtensionRef"], ..Schema::NEW } },
                      ],
                      ..Schema::NEW }),
                    ..Schema::NEW } },
                ],
                ..Schema::NEW } },
              Field { name: "hostname", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((1, 253)), ..Schema::NEW } },
              Field { name: "name", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((1, 253)), ..Schema::NEW } },
              Field { name: "port", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Integer, range: Some((1, 65535)), ..Schema::NEW } },
              Field { name: "protocol", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$"#), length: Some((1, 255)), ..Schema::NEW } },
              Field { name: "tls", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object, rules: &[Rule { message: "certificateRefs or options must be specified when mode is Terminate", is_standard: true }],
                fields: &[
                  Field { name: "certificateRefs", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((0, 64)),
                    of: Some(&Schema { kind: Kind::Object,
                      fields: &[
                        Field { name: "group", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), default: Some(""), ..Schema::NEW } },
                        Field { name: "kind", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), default: Some("Secret"), ..Schema::NEW } },
                        Field { name: "name", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
                        Field { name: "namespace", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                      ],
                      ..Schema::NEW }),
                    ..Schema::NEW } },
                  Field { name: "mode", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, names: &["Terminate", "Passthrough"], default: Some("Terminate"), ..Schema::NEW } },
                  Field { name: "options", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Map, entries: Some((0, 16)),
                    of: Some(&Schema { kind: Kind::Text, length: Some((0, 4096)), ..Schema::NEW }),
                    ..Schema::NEW } },
                ],
                ..Schema::NEW } },
            ],
            ..Schema::NEW }),
          ..Schema::NEW } },
        Field { name: "tls", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
          fields: &[
            Field { name: "backend", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
              fields: &[
                Field { name: "clientCertificateRef", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                  fields: &[
                    Field { name: "group", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), default: Some(""), ..Schema::NEW } },
                    Field { name: "kind", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), default: Some("Secret"), ..Schema::NEW } },
                    Field { name: "name", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
                    Field { name: "namespace", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                  ],
                  ..Schema::NEW } },
              ],
              ..Schema::NEW } },
            Field { name: "frontend", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
              fields: &[
                Field { name: "default", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                  fields: &[
                    Field { name: "validation", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                      fields: &[
                        Field { name: "caCertificateRefs", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((1, 16)), rules: &[Rule { message: "ClusterTrustBundle references must not specify namespace", is_standard: false }],
                          of: Some(&Schema { kind: Kind::Object,
                            fields: &[
                              Field { name: "group", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), ..Schema::NEW } },
                              Field { name: "kind", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                              Field { name: "name", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
                              Field { name: "namespace", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                            ],
                            ..Schema::NEW }),
                          ..Schema::NEW } },
                        Field { name: "mode", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, names: &["AllowValidOnly", "AllowInsecureFallback"], default: Some("AllowValidOnly"), ..Schema::NEW } },
                      ],
                      ..Schema::NEW } },
                  ],
                  ..Schema::NEW } },
                Field { name: "perPort", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((0, 64)), key: Some("port"), rules: &[Rule { message: "Port for TLS configuration must be unique within the Gateway", is_standard: true }],
                  of: Some(&Schema { kind: Kind::Object,
                    fields: &[
                      Field { name: "port", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Integer, range: Some((1, 65535)), ..Schema::NEW } },
                      Field { name: "tls", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                        fields: &[
                          Field { name: "validation", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
                            fields: &[
                              Field { name: "caCertificateRefs", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((1, 16)), rules: &[Rule { message: "ClusterTrustBundle references must not specify namespace", is_standard: false }],
                                of: Some(&Schema { kind: Kind::Object,
                                  fields: &[
                                    Field { name: "group", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), ..Schema::NEW } },
                                    Field { name: "kind", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                                    Field { name: "name", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
                                    Field { name: "namespace", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
                                  ],
                                  ..Schema::NEW }),
                                ..Schema::NEW } },
                              Field { name: "mode", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, names: &["AllowValidOnly", "AllowInsecureFallback"], default: Some("AllowValidOnly"), ..Schema::NEW } },
                            ],
                            ..Schema::NEW } },
                        ],
                        ..Schema::NEW } },
                    ],
                    ..Schema::NEW }),
                  ..Schema::NEW } },
              ],
              ..Schema::NEW } },
          ],
          ..Schema::NEW } },
      ],
      ..Schema::NEW } },
    Field { name: "status", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Any, ..Schema::NEW } },
  ],
  ..Schema::NEW };

/// The versions of gatewayclasses that v1.7.0 serves.
pub(super) static GATEWAY_CLASS_VERSIONS: &[&str] = &["v1", "v1beta1"];

/// The schema of gatewayclasses.
pub(super) static GATEWAY_CLASS: Schema = Schema { kind: Kind::Object,
  fields: &[
    Field { name: "apiVersion", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
    Field { name: "kind", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
    Field { name: "metadata", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Any, ..Schema::NEW } },
    Field { name: "spec", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
      fields: &[
        Field { name: "controllerName", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"#), length: Some((1, 253)), rules: &[Rule { message: "field is immutable", is_standard: true }], ..Schema::NEW } },
        Field { name: "description", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((0, 64)), ..Schema::NEW } },
        Field { name: "parametersRef", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
          fields: &[
            Field { name: "group", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), ..Schema::NEW } },
            Field { name: "kind", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
            Field { name: "name", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
            Field { name: "namespace", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
          ],
          ..Schema::NEW } },
      ],
      ..Schema::NEW } },
    Field { name: "status", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Any, ..Schema::NEW } },
  ],
  ..Schema::NEW };

/// The versions of referencegrants that v1.7.0 serves.
pub(super) static REFERENCE_GRANT_VERSIONS: &[&str] = &["v1", "v1beta1"];

/// The schema of referencegrants.
pub(super) static REFERENCE_GRANT: Schema = Schema { kind: Kind::Object,
  fields: &[
    Field { name: "apiVersion", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
    Field { name: "kind", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, ..Schema::NEW } },
    Field { name: "metadata", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Any, ..Schema::NEW } },
    Field { name: "spec", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Object,
      fields: &[
        Field { name: "from", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((1, 16)),
          of: Some(&Schema { kind: Kind::Object,
            fields: &[
              Field { name: "group", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), ..Schema::NEW } },
              Field { name: "kind", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
              Field { name: "namespace", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
            ],
            ..Schema::NEW }),
          ..Schema::NEW } },
        Field { name: "to", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::List, items: Some((1, 16)),
          of: Some(&Schema { kind: Kind::Object,
            fields: &[
              Field { name: "group", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some(r#"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"#), length: Some((0, 253)), ..Schema::NEW } },
              Field { name: "kind", is_required: true, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, pattern: Some("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"), length: Some((1, 63)), ..Schema::NEW } },
              Field { name: "name", is_required: false, is_standard: true, since: 6, schema: Schema { kind: Kind::Text, length: Some((1, 253)), ..Schema::NEW } },
            ],
            ..Schema::NEW }),
          ..Schema::NEW } },
      ],
      ..Schema::NEW } },
  ],
  ..Schema::NEW };
