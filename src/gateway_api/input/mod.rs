//! The parts of Kubernetes objects that the translation uses.
//!
//! They implement serde. Reading is as lenient as in Kubernetes clients: unknown fields are ignored,
//! null is absent, and of a repeated key the last value counts.

mod decode;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use self::decode::read_fields;
use crate::tree::Ref;

pub(super) use decode::{FromTree, Mismatch};

/// The API group of Gateway API.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// Declares an object's structs: every field may be absent or null, and is omitted if it is empty, apart from
/// those that the API server requires. A key of JSON is the field's name in camelCase, or stands after it.
macro_rules! structs {
    ($(
        $(#[$doc:meta])*
        pub struct $name:ident {
            $( required { $( $(#[$required_doc:meta])* pub $required:ident: $required_type:ty, )* } )?
            $( $(#[$field_doc:meta])* pub $field:ident $(($key:literal))?: $type:ty, )*
        }
    )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            $( $(
                $(#[$required_doc])*
                pub $required: $required_type,
            )* )?
            $(
                $(#[$field_doc])*
                #[serde($(rename = $key,)? skip_serializing_if = "is_default")]
                pub $field: $type,
            )*
        }

        read! { $name { $( $( $required: stringify!($required), )* )? $( $field: key!($field $($key)?), )* } }
    )* };
}

macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// Implements reading of a struct whose fields have these names.
macro_rules! read {
    ($name:ident { $( $field:ident: $key:expr, )* }) => {
        impl FromTree for $name {
            fn from_tree(node: Ref<'_, '_>) -> Result<Self, Mismatch> {
                let mut value = Self::default();
                read_fields(node, &mut [$( ($key, &mut value.$field), )*])?;
                Ok(value)
            }
        }

        deserialize! { $name }
    };
}

macro_rules! deserialize {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                decode::deserialize(deserializer)
            }
        }
    };
}

mod secret;

pub use secret::Secret;

structs! {
    /// The name, labels and annotations of an object.
    pub struct Metadata {
        /// The name.
        pub name: String,
        /// The namespace.
        pub namespace: String,
        /// The labels.
        pub labels: Map,
        /// The annotations.
        pub annotations: Map,
        /// The time at which the object was created, in RFC 3339. The API server sets it. It decides which
        /// `ListenerSet` is the older one.
        pub creation_timestamp: String,
    }

    /// A Gateway of `gateway.networking.k8s.io/v1`.
    pub struct Gateway {
        /// The metadata.
        pub metadata: Metadata,
        /// The desired state.
        pub spec: GatewaySpec,
    }

    /// The desired state of a [`Gateway`].
    pub struct GatewaySpec {
        /// The class, which selects the controller: `istio` is Istio's.
        pub gateway_class_name: String,
        /// The ports and host names.
        pub listeners: List<Listener>,
        /// The requested addresses.
        pub addresses: List<Address>,
        /// Settings of its Deployment and Service.
        pub infrastructure: Option<Infrastructure>,
        /// TLS for clients and backends.
        pub tls: Option<GatewayTls>,
        /// The `ListenerSet`s that may attach; none if absent.
        pub allowed_listeners: Option<AllowedListeners>,
    }

    /// The `ListenerSet`s that may attach to a [`Gateway`].
    pub struct AllowedListeners {
        /// Their namespaces.
        pub namespaces: Option<ListenerNamespaces>,
    }

    /// Namespaces whose `ListenerSet`s may attach.
    pub struct ListenerNamespaces {
        /// `None`, which is the default, `Same`, `All` or `Selector`.
        pub from: Option<String>,
        /// The labels of the namespaces, for `Selector`.
        pub selector: Option<LabelSelector>,
    }

    /// A `ListenerSet` of `gateway.networking.k8s.io/v1`: listeners that are added to a [`Gateway`].
    pub struct ListenerSet {
        /// The metadata.
        pub metadata: Metadata,
        /// The desired state.
        pub spec: ListenerSetSpec,
    }

    /// The desired state of a [`ListenerSet`].
    pub struct ListenerSetSpec {
        /// The Gateway.
        pub parent_ref: ParentReference,
        /// The listeners.
        pub listeners: List<Listener>,
    }

    /// A reference to a Gateway, possibly in another namespace.
    pub struct ParentReference {
        /// The API group: that of Gateway API if absent.
        pub group: Option<String>,
        /// The kind: `Gateway` if absent.
        pub kind: Option<String>,
        /// The name.
        pub name: String,
        /// The namespace; that of the referring object if absent.
        pub namespace: Option<String>,
    }

    /// An address of a [`Gateway`].
    pub struct Address {
        /// `IPAddress`, which is the default, or `Hostname`.
        pub kind ("type"): Option<String>,
        /// The address.
        pub value: String,
    }

    /// Settings of a Gateway's Deployment and Service.
    pub struct Infrastructure {
        /// A ConfigMap with further settings.
        pub parameters_ref: Option<ParametersReference>,
    }

    /// A reference to an object in the Gateway's namespace.
    pub struct ParametersReference {
        required {
            /// The API group; that of ConfigMaps is "".
            pub group: String,
        }
        /// The kind.
        pub kind: String,
        /// The name.
        pub name: String,
    }

    /// TLS of a whole [`Gateway`].
    pub struct GatewayTls {
        /// TLS for backends.
        pub backend: Option<BackendTls>,
        /// TLS for clients.
        pub frontend: Option<FrontendTls>,
    }

    /// TLS of a [`Gateway`] for backends.
    pub struct BackendTls {
        /// The client certificate for backends.
        pub client_certificate_ref: Option<SecretReference>,
    }

    /// TLS of a port for clients.
    pub struct PortTls {
        /// The port.
        pub port: i32,
        /// Its settings.
        pub tls: TlsConfig,
    }

    /// TLS for clients.
    pub struct TlsConfig {
        /// The validation of client certificates, which are not requested if it is absent.
        pub validation: Option<FrontendTlsValidation>,
    }

    /// The validation of client certificates.
    pub struct FrontendTlsValidation {
        /// The CAs that verify clients; Istio accepts one.
        pub ca_certificate_refs: List<ObjectReference>,
        /// [`ALLOW_VALID_ONLY`] or [`ALLOW_INSECURE_FALLBACK`]. Istio treats any other value as the
        /// former.
        pub mode: String,
    }

    /// A reference to an object, possibly in another namespace.
    pub struct ObjectReference {
        required {
            /// The API group; that of Secrets and ConfigMaps is "".
            pub group: String,
        }
        /// The kind.
        pub kind: String,
        /// The name.
        pub name: String,
        /// The namespace; that of the Gateway if absent.
        pub namespace: Option<String>,
    }

    /// A reference to a Secret, possibly in another namespace.
    pub struct SecretReference {
        /// The API group: "" if absent.
        pub group: Option<String>,
        /// The kind: `Secret` if absent.
        pub kind: Option<String>,
        /// The name.
        pub name: String,
        /// The namespace; that of the Gateway if absent.
        pub namespace: Option<String>,
    }

    /// A port and a host name on which a [`Gateway`] listens.
    pub struct Listener {
        /// The name.
        pub name: String,
        /// The host name; any if absent.
        pub hostname: Option<String>,
        /// The port.
        pub port: i32,
        /// `HTTP`, `HTTPS`, `TLS` or `TCP`.
        pub protocol: String,
        /// TLS.
        pub tls: Option<ListenerTls>,
        /// The routes that may attach.
        pub allowed_routes: Option<AllowedRoutes>,
    }

    /// TLS of a [`Listener`].
    pub struct ListenerTls {
        /// `Terminate`, which is the default, or `Passthrough`.
        pub mode: Option<String>,
        /// The server's certificates; Istio accepts two.
        pub certificate_refs: List<SecretReference>,
        /// Istio's own options.
        pub options: Map,
        /// A field of older releases of Gateway API, which is not used any more: it was replaced by
        /// [`GatewayTls::frontend`].
        pub frontend_validation: Option<FrontendTlsValidation>,
    }

    /// The routes that may attach to a [`Listener`].
    pub struct AllowedRoutes {
        /// Their namespaces.
        pub namespaces: Option<RouteNamespaces>,
        /// Their kinds; if empty, all that the protocol supports.
        pub kinds: List<RouteKind>,
    }

    /// Namespaces whose routes may attach.
    pub struct RouteNamespaces {
        /// `Same`, which is the default, `All` or `Selector`.
        pub from: Option<String>,
        /// The labels of the namespaces, for `Selector`.
        pub selector: Option<LabelSelector>,
    }

    /// A kind of routes.
    pub struct RouteKind {
        /// The API group: that of Gateway API if absent.
        pub group: Option<String>,
        /// The kind.
        pub kind: String,
    }

    /// A Kubernetes label selector.
    pub struct LabelSelector {
        /// Required labels.
        pub match_labels: Map,
        /// Conditions on labels.
        pub match_expressions: List<LabelExpression>,
    }

    /// A condition on a label.
    pub struct LabelExpression {
        /// The label.
        pub key: String,
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        pub operator: String,
        /// The values, for `In` and `NotIn`.
        pub values: List<String>,
    }

    /// A ReferenceGrant: permits objects of other namespaces to refer to objects of its own.
    pub struct ReferenceGrant {
        /// The metadata.
        pub metadata: Metadata,
        /// The permitted references.
        pub spec: ReferenceGrantSpec,
    }

    /// The permitted references.
    pub struct ReferenceGrantSpec {
        /// The objects that may refer.
        pub from: List<GrantFrom>,
        /// The objects to which they may refer.
        pub to: List<GrantTo>,
    }

    /// An object that may refer.
    pub struct GrantFrom {
        required {
            /// The API group.
            pub group: String,
        }
        /// The kind.
        pub kind: String,
        /// The namespace.
        pub namespace: String,
    }

    /// An object to which others may refer.
    pub struct GrantTo {
        required {
            /// The API group.
            pub group: String,
        }
        /// The kind.
        pub kind: String,
        /// The name; any if absent.
        pub name: Option<String>,
    }

    /// A GatewayClass: the controller of its Gateways.
    pub struct GatewayClass {
        /// The metadata. A GatewayClass has no namespace.
        pub metadata: Metadata,
        /// The controller.
        pub spec: GatewayClassSpec,
    }

    /// The controller of a [`GatewayClass`].
    pub struct GatewayClassSpec {
        /// The controller, a domain and a path: `istio.io/gateway-controller` is Istio's.
        pub controller_name: String,
    }

    /// A ConfigMap.
    pub struct ConfigMap {
        /// The metadata.
        pub metadata: Metadata,
        /// The strings by key.
        pub data: Map,
    }

    /// A namespace.
    pub struct Namespace {
        /// The metadata.
        pub metadata: Metadata,
    }
}

/// The namespace and name of an object.
pub(super) type Identity<'a> = (&'a str, &'a str);

impl Metadata {
    pub(super) fn identity(&self) -> Identity<'_> {
        (&self.namespace, &self.name)
    }
}

impl ListenerSet {
    /// The namespace and name of its parent, whatever its kind is.
    ///
    /// Source: pilot's `ListenerSetParentKey`.
    pub(super) fn parent(&self) -> Identity<'_> {
        let ParentReference { name, namespace, .. } = &self.spec.parent_ref;
        (namespace.as_deref().unwrap_or(&self.metadata.namespace), name)
    }

    /// Whether its parent is a Gateway.
    pub(super) fn is_of_gateway(&self) -> bool {
        let ParentReference { group, kind, .. } = &self.spec.parent_ref;
        group.as_deref().is_none_or(|group| group == GROUP)
            && kind.as_deref().is_none_or(|kind| kind == "Gateway")
    }
}

impl GatewaySpec {
    /// Whether istiod creates the Deployment and Service of the Gateway, instead of binding it to an
    /// existing Service.
    ///
    /// Source: pilot's `IsManaged`.
    pub(super) fn is_managed(&self) -> bool {
        match self.addresses.as_slice() {
            [] => true,
            [address] => address.kind.as_deref().is_none_or(|kind| kind == "IPAddress"),
            _ => false,
        }
    }
}

/// TLS of a [`Gateway`] for clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FrontendTls {
    /// The settings of every port without an entry in `per_port`. It is written even if it is empty,
    /// since Gateway API requires it.
    pub default: TlsConfig,
    /// The settings of single ports. An entry replaces the whole `default`; of two entries for one port
    /// the first is used.
    #[serde(skip_serializing_if = "is_default")]
    pub per_port: List<PortTls>,
}

read! { FrontendTls { default: "default", per_port: "per_port", } }

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// [`FrontendTlsValidation::mode`]: clients without a certificate of the CA are rejected.
pub const ALLOW_VALID_ONLY: &str = "AllowValidOnly";

/// [`FrontendTlsValidation::mode`]: clients without a certificate or with an untrusted one are accepted.
pub const ALLOW_INSECURE_FALLBACK: &str = "AllowInsecureFallback";

/// [`ListenerTls::options`]: selects how TLS is terminated.
pub(super) const TERMINATE_MODE: &str = "gateway.istio.io/tls-terminate-mode";
/// [`ListenerTls::options`]: selects cipher suites.
pub(super) const CIPHER_SUITES: &str = "gateway.istio.io/tls-cipher-suites";
/// [`ListenerTls::options`]: selects the purpose of a listener.
pub(super) const LISTENER_PROTOCOL: &str = "gateway.istio.io/listener-protocol";
/// [`LISTENER_PROTOCOL`]: TLS passthrough to the service that the server name selects.
pub(super) const AUTO_PASSTHROUGH: &str = "auto-passthrough";

/// A sequence in which null is an empty value.
pub(super) type List<T> = Vec<T>;

/// Strings by key.
pub(super) type Map = BTreeMap<String, String>;
