//! The parts of Kubernetes' objects that the translation looks at.
//!
//! They read and write with serde. Reading is as tolerant as Kubernetes' own clients are: unknown
//! fields are passed over, and a null is an absent value.

mod null;
mod secret;

pub use secret::Secret;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::null::{is_default, or_default};

/// The API group of Gateway API.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// Declares an object's structs: every field may be absent or null, and is left out where it is empty.
macro_rules! structs {
    ($(
        $(#[$doc:meta])*
        pub struct $name:ident {
            $( $(#[$field_doc:meta])* pub $field:ident: $type:ty, )*
        }
    )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
                pub $field: $type,
            )*
        }
    )* };
}

structs! {
    /// What an object is called, and the labels and annotations on it.
    pub struct Metadata {
        /// The name.
        pub name: String,
        /// The namespace.
        pub namespace: String,
        /// The labels.
        pub labels: Map,
        /// The annotations.
        pub annotations: Map,
    }

    /// A Gateway of `gateway.networking.k8s.io/v1`.
    pub struct Gateway {
        /// The metadata.
        pub metadata: Metadata,
        /// What is wanted of it.
        pub spec: GatewaySpec,
    }

    /// What is wanted of a [`Gateway`].
    pub struct GatewaySpec {
        /// The class, which says whose Gateway it is: `istio` is Istio's.
        pub gateway_class_name: String,
        /// The ports and host names that it listens at.
        pub listeners: List<Listener>,
        /// The addresses that it is asked to have.
        pub addresses: List<Address>,
        /// How its Deployment and Service are made.
        pub infrastructure: Option<Infrastructure>,
        /// TLS towards clients and backends.
        pub tls: Option<GatewayTls>,
    }

    /// An address of a [`Gateway`].
    pub struct Address {
        /// `IPAddress`, which is the default, or `Hostname`.
        #[serde(rename = "type")]
        pub kind: Option<String>,
        /// The address.
        pub value: String,
    }

    /// How a Gateway's Deployment and Service are made.
    pub struct Infrastructure {
        /// A ConfigMap with more of it.
        pub parameters_ref: Option<ParametersReference>,
    }

    /// A reference to an object of the Gateway's own namespace.
    pub struct ParametersReference {
        /// The API group; that of ConfigMaps is "".
        pub group: String,
        /// The kind.
        pub kind: String,
        /// The name.
        pub name: String,
    }

    /// TLS of a whole [`Gateway`].
    pub struct GatewayTls {
        /// TLS towards backends.
        pub backend: Option<BackendTls>,
        /// TLS towards clients.
        pub frontend: Option<FrontendTls>,
    }

    /// TLS of a [`Gateway`] towards backends.
    pub struct BackendTls {
        /// The certificate that it shows to backends.
        pub client_certificate_ref: Option<SecretReference>,
    }

    /// TLS of a port towards clients.
    pub struct PortTls {
        /// The port.
        pub port: i32,
        /// Its settings.
        pub tls: TlsConfig,
    }

    /// TLS towards clients.
    pub struct TlsConfig {
        /// What is asked of a client's certificate; nothing where it is absent.
        pub validation: Option<Validation>,
    }

    /// What is asked of a client's certificate.
    pub struct Validation {
        /// The CAs that clients are to be of; Istio takes one.
        pub ca_certificate_refs: List<ObjectReference>,
        /// [`ALLOW_VALID_ONLY`] or [`ALLOW_INSECURE_FALLBACK`]. Whatever else is here is to Istio as
        /// the former.
        pub mode: String,
    }

    /// A reference to an object, perhaps of another namespace.
    pub struct ObjectReference {
        /// The API group; that of Secrets and ConfigMaps is "".
        pub group: String,
        /// The kind.
        pub kind: String,
        /// The name.
        pub name: String,
        /// The namespace; that of the Gateway where it is absent.
        pub namespace: Option<String>,
    }

    /// A reference to a Secret, perhaps of another namespace.
    pub struct SecretReference {
        /// The API group: "" where it is absent.
        pub group: Option<String>,
        /// The kind: `Secret` where it is absent.
        pub kind: Option<String>,
        /// The name.
        pub name: String,
        /// The namespace; that of the Gateway where it is absent.
        pub namespace: Option<String>,
    }

    /// A port and a host name that a [`Gateway`] listens at.
    pub struct Listener {
        /// The name.
        pub name: String,
        /// The host name; any where it is absent.
        pub hostname: Option<String>,
        /// The port.
        pub port: i32,
        /// `HTTP`, `HTTPS`, `TLS` or `TCP`.
        pub protocol: String,
        /// TLS.
        pub tls: Option<ListenerTls>,
        /// Which routes may attach.
        pub allowed_routes: Option<AllowedRoutes>,
    }

    /// TLS of a [`Listener`].
    pub struct ListenerTls {
        /// `Terminate`, which is the default, or `Passthrough`.
        pub mode: Option<String>,
        /// The certificates of the server; Istio takes two.
        pub certificate_refs: List<SecretReference>,
        /// Istio's own settings.
        pub options: Map,
        /// What older releases of Gateway API had here, and which nobody reads any more: it is in
        /// [`GatewayTls::frontend`] now.
        pub frontend_validation: Option<Validation>,
    }

    /// Which routes may attach to a [`Listener`].
    pub struct AllowedRoutes {
        /// From which namespaces.
        pub namespaces: Option<RouteNamespaces>,
        /// Of which kinds; all that the protocol can have where it is empty.
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
        /// The API group: Gateway API's own where it is absent.
        pub group: Option<String>,
        /// The kind.
        pub kind: String,
    }

    /// Kubernetes' selector of objects by their labels.
    pub struct LabelSelector {
        /// Labels to have.
        pub match_labels: Map,
        /// Conditions to meet.
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

    /// A ReferenceGrant: who of other namespaces may refer to what of its own.
    pub struct ReferenceGrant {
        /// The metadata.
        pub metadata: Metadata,
        /// Who and what.
        pub spec: ReferenceGrantSpec,
    }

    /// Who may refer to what.
    pub struct ReferenceGrantSpec {
        /// Who.
        pub from: List<GrantFrom>,
        /// To what.
        pub to: List<GrantTo>,
    }

    /// Who may refer.
    pub struct GrantFrom {
        /// The API group.
        pub group: String,
        /// The kind.
        pub kind: String,
        /// The namespace.
        pub namespace: String,
    }

    /// What may be referred to.
    pub struct GrantTo {
        /// The API group.
        pub group: String,
        /// The kind.
        pub kind: String,
        /// The name; any where it is absent.
        pub name: Option<String>,
    }

    /// A GatewayClass: whose Gateways are those that name it.
    pub struct GatewayClass {
        /// The metadata. A GatewayClass has no namespace.
        pub metadata: Metadata,
        /// The controller.
        pub spec: GatewayClassSpec,
    }

    /// Whose Gateways are those of a [`GatewayClass`].
    pub struct GatewayClassSpec {
        /// The controller, a domain and a path: `istio.io/gateway-controller` is Istio's.
        pub controller_name: String,
    }

    /// A ConfigMap.
    pub struct ConfigMap {
        /// The metadata.
        pub metadata: Metadata,
        /// The texts by their keys.
        pub data: Map,
    }

    /// A namespace.
    pub struct Namespace {
        /// The metadata.
        pub metadata: Metadata,
    }
}

impl GatewaySpec {
    /// Whether istiod makes the Deployment and the Service of the Gateway, rather than that it is
    /// bound to a Service that is there.
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

/// TLS of a [`Gateway`] towards clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FrontendTls {
    /// For every port that has no entry in `per_port`. It is written even where it is empty: Gateway
    /// API asks for it.
    #[serde(deserialize_with = "or_default")]
    pub default: TlsConfig,
    /// For single ports. Such an entry takes the place of `default` as a whole; of two entries for
    /// one port the first one counts.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub per_port: List<PortTls>,
}

/// [`Validation::mode`]: a client without a certificate of the CA is refused.
pub const ALLOW_VALID_ONLY: &str = "AllowValidOnly";

/// [`Validation::mode`]: a client without a certificate, or with one of nobody's, is let in.
pub const ALLOW_INSECURE_FALLBACK: &str = "AllowInsecureFallback";

/// [`ListenerTls::options`]: changes what ends TLS.
pub(super) const TERMINATE_MODE: &str = "gateway.istio.io/tls-terminate-mode";
/// [`ListenerTls::options`]: names cipher suites.
pub(super) const CIPHER_SUITES: &str = "gateway.istio.io/tls-cipher-suites";
/// [`ListenerTls::options`]: says what a listener is for.
pub(super) const LISTENER_PROTOCOL: &str = "gateway.istio.io/listener-protocol";
/// [`LISTENER_PROTOCOL`]: TLS is passed on to whatever service the server name tells.
pub(super) const AUTO_PASSTHROUGH: &str = "auto-passthrough";

/// A list, in which a null is an empty value.
pub(super) type List<T> = Vec<T>;

/// Texts by their keys.
pub(super) type Map = BTreeMap<String, String>;
