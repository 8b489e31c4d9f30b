//! Credential names and their schemes.

use std::{borrow::Cow, fmt};

/// The name of a credential: the value of `credentialName`, `credentialNames` and
/// `caCertCredentialName`, with or without a scheme.
///
/// ```
/// use istio_gateway::tls_plan::{CredentialName, CredentialScheme};
///
/// let name = CredentialName::from("configmap://shop/partner-cacert");
/// assert_eq!(name.scheme(), Some(CredentialScheme::ConfigMap));
/// assert_eq!(name.without_scheme(), "shop/partner-cacert");
/// assert_eq!(CredentialName::from("edge-cert").resource_name(), "kubernetes://edge-cert");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CredentialName<'a>(Cow<'a, str>);

/// The scheme of a credential name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialScheme {
    /// A Secret in the namespace of the gateway's pods. This is also the scheme of a name without one.
    Kubernetes,
    /// A Secret in any namespace: `kubernetes-gateway://NAMESPACE/NAME`.
    KubernetesGateway,
    /// A `ConfigMap` in any namespace, which contains a CA.
    ConfigMap,
    /// A credential of an SDS server other than istiod.
    Sds,
    /// The proxy's mesh certificate, or the mesh's CA.
    Builtin,
    /// A credential that does not exist, which istiod generates.
    Invalid,
}

impl CredentialScheme {
    const ALL: [Self; 6] = [
        Self::Kubernetes,
        Self::KubernetesGateway,
        Self::ConfigMap,
        Self::Sds,
        Self::Builtin,
        Self::Invalid,
    ];

    /// The scheme as a prefix, such as `configmap://`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes://",
            Self::KubernetesGateway => "kubernetes-gateway://",
            Self::ConfigMap => "configmap://",
            Self::Sds => "sds://",
            Self::Builtin => "builtin://",
            Self::Invalid => "invalid://",
        }
    }
}

impl<'a> From<&'a str> for CredentialName<'a> {
    fn from(name: &'a str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

impl fmt::Display for CredentialName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl CredentialName<'_> {
    /// istiod reads the CA of a credential under its name with this suffix.
    pub const CA_SUFFIX: &'static str = "-cacert";

    /// The credential with the CA that belongs to this one.
    #[must_use]
    pub fn ca_of(name: &str) -> CredentialName<'static> {
        CredentialName(Cow::Owned(format!("{name}{}", Self::CA_SUFFIX)))
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme; `None` for a name without one, or with an unknown one.
    #[must_use]
    pub fn scheme(&self) -> Option<CredentialScheme> {
        CredentialScheme::ALL.into_iter().find(|scheme| self.0.starts_with(scheme.prefix()))
    }

    /// The name without the scheme.
    #[must_use]
    pub fn without_scheme(&self) -> &str {
        self.scheme().and_then(|scheme| self.0.strip_prefix(scheme.prefix())).unwrap_or(&self.0)
    }

    /// Whether it is the proxy's mesh certificate.
    #[must_use]
    pub fn is_proxy_certificate(&self) -> bool {
        self.0 == CredentialScheme::Builtin.prefix()
    }

    /// Whether it is the mesh's CA.
    #[must_use]
    pub fn is_mesh_ca(&self) -> bool {
        self.scheme() == Some(CredentialScheme::Builtin) && self.without_scheme() == Self::CA_SUFFIX
    }

    /// The resource name with which a gateway requests the credential from istiod.
    ///
    /// Source: istiod's `credentials.ToResourceName`.
    #[must_use]
    pub fn resource_name(&self) -> String {
        use CredentialScheme as Scheme;
        match self.scheme() {
            Some(Scheme::Builtin) => "default".to_owned(),
            Some(Scheme::Invalid) => Scheme::Invalid.prefix().to_owned(),
            Some(Scheme::Kubernetes | Scheme::KubernetesGateway | Scheme::ConfigMap) => {
                self.0.clone().into_owned()
            }
            // Without such a server, the scheme of an external credential has no meaning.
            Some(Scheme::Sds) | None => {
                format!("{}{}", Scheme::Kubernetes.prefix(), self.without_scheme())
            }
        }
    }
}
