//! Looks up and checks the objects to which Gateways refer.

use super::{
    Context,
    conditions::{Problem, reason},
    input::{Map, ObjectReference, SecretReference},
    resources::{Kind, Resources},
    verdict_cache::Verdict,
};
use crate::{
    IstioVersion,
    certificates::{check_pair, has_certificate},
    go::Quote,
};

/// Since this release, a reference is looked up only if it is permitted.
const GRANT_FIRST: IstioVersion = IstioVersion::of(32);

/// The suffix that istiod appends to the name of a Secret or ConfigMap to refer to its CA.
pub(super) const CA_SUFFIX: &str = "-cacert";

const BUILTIN: &str = "builtin://";

impl<R: Resources + ?Sized> Context<'_, R> {
    /// The name of a server's certificate, for a server's settings.
    ///
    /// Source: pilot's `buildSecretReference`, and the check after it in `buildTLS`.
    pub(super) fn certificate(&self, reference: &SecretReference) -> Result<String, Problem> {
        let invalid = |what: &str| {
            let reference = SecretText(reference);
            let message = format!("invalid certificate reference {reference}, {what}");
            Problem::new(reason::INVALID_CERTIFICATE, message)
        };
        if kind_of_secret(reference).is_none() {
            return Err(invalid("only secret is allowed"));
        }
        let namespace = self.namespace(&reference.namespace);
        let name = &reference.name;
        let resource = if name.starts_with(BUILTIN) {
            BUILTIN.to_owned()
        } else {
            format!("{}://{namespace}/{name}", Kind::Secret.scheme())
        };
        let permit = || {
            if namespace == self.own_namespace() || self.permits(&resource) {
                return Ok(());
            }
            // Upstream writes the name before the namespace.
            Err(Problem::new(
                reason::NOT_PERMITTED,
                self.not_permitted("certificateRef", name, namespace),
            ))
        };
        if self.options.istio >= GRANT_FIRST {
            permit()?;
        }
        self.check_secret(namespace, name).map_err(|what| invalid(&what))?;
        permit()?;
        Ok(resource)
    }

    /// The name of the CA of client certificates, for a server's settings.
    ///
    /// Source: pilot's `buildCaCertificateReference`, and the check after it in `buildTLS`.
    pub(super) fn ca_certificate(&self, reference: &ObjectReference) -> Result<String, Problem> {
        let problem = |reason: &'static str, what: &str| {
            let ObjectReference { group, kind, name, namespace } = reference;
            let namespace = namespace.as_deref().unwrap_or_default();
            let reference = format!("{group}/{kind}/{name}.{namespace}");
            Problem::new(reason, format!("invalid CA certificate reference {reference}, {what}"))
        };
        let Some(kind) = Kind::of(&reference.group, &reference.kind) else {
            return Err(problem(reason::INVALID_CA_KIND, "only secret and configmap are allowed"));
        };
        let namespace = self.namespace(&reference.namespace);
        let name = &reference.name;
        let resource = format!("{}://{namespace}/{name}{CA_SUFFIX}", kind.scheme());
        let permit = || {
            if namespace == self.own_namespace() || self.permits(&resource) {
                return Ok(());
            }
            let message = self.not_permitted("caCertificateRef", namespace, name);
            Err(Problem::new(reason::NOT_PERMITTED, message))
        };
        if self.options.istio >= GRANT_FIRST {
            permit()?;
        }
        let invalid = |what: &str| problem(reason::INVALID_CA, what);
        self.check_ca(kind, namespace, name).map_err(|what| invalid(&what))?;
        permit()?;
        Ok(resource)
    }

    /// The problem of the client certificate for backends, if there is one.
    ///
    /// Source: pilot's `validateBackendClientCertificateRef`.
    pub(super) fn check_client_certificate(
        &self,
        reference: &SecretReference,
    ) -> Result<(), Problem> {
        let invalid = |what: &str| {
            let reference = SecretText(reference);
            let message = format!("invalid clientCertificateRef {reference}, {what}");
            Problem::new("InvalidClientCertificateRef", message)
        };
        if kind_of_secret(reference).is_none() {
            return Err(invalid("only secret is allowed"));
        }
        let namespace = self.namespace(&reference.namespace);
        let name = &reference.name;
        self.check_secret(namespace, name).map_err(|what| invalid(&what))?;
        let resource = format!("{}://{namespace}/{name}", Kind::Secret.scheme());
        let is_builtin = name.starts_with(BUILTIN);
        if namespace == self.own_namespace() || !is_builtin && self.permits(&resource) {
            return Ok(());
        }
        let message = self.not_permitted("clientCertificateRef", name, namespace);
        Err(Problem::new(reason::NOT_PERMITTED, message))
    }

    fn own_namespace(&self) -> &str {
        &self.owner().namespace
    }

    fn namespace<'a>(&'a self, named: &'a Option<String>) -> &'a str {
        named.as_deref().unwrap_or(self.own_namespace())
    }

    fn not_permitted(&self, field: &str, first: &str, second: &str) -> String {
        let own = Quote(self.own_namespace());
        format!(
            "{field} {first}/{second} not accessible to a Gateway in namespace {own} (missing a \
             ReferenceGrant?)"
        )
    }

    /// Whether a ReferenceGrant permits the owner of the listener to refer to a resource in another namespace. The
    /// resource name is that of a server's settings, so a CA's has its suffix.
    ///
    /// Source: pilot's `ReferenceGrants.SecretAllowed`.
    fn permits(&self, resource: &str) -> bool {
        parse(resource).is_some_and(|wanted| {
            self.assumed.is_usable("ReferenceGrant", wanted.1, "") || self.is_granted(wanted, false)
        })
    }

    /// Whether a ReferenceGrant contains the name of a CA without the suffix.
    pub(super) fn is_granted_without_suffix(&self, reference: &ObjectReference) -> bool {
        let Some(kind) = Kind::of(&reference.group, &reference.kind) else { return false };
        let namespace = self.namespace(&reference.namespace);
        self.is_granted((kind, namespace, &reference.name), true)
    }

    fn is_granted(&self, wanted: (Kind, &str, &str), by_name: bool) -> bool {
        let grants = || self.resources.reference_grants(wanted.1);
        self.cache.is_granted(wanted, (self.owner_kind(), self.own_namespace()), by_name, grants)
    }

    fn check_secret(&self, namespace: &str, name: &str) -> Verdict {
        if self.assumed.is_usable(Kind::Secret.name(), namespace, name) {
            return Ok(());
        }
        let question = (Kind::Secret, false, namespace.to_owned(), name.to_owned());
        self.cache.verdict(question, || self.judge_secret(namespace, name))
    }

    fn check_ca(&self, kind: Kind, namespace: &str, name: &str) -> Verdict {
        if self.assumed.is_usable(kind.name(), namespace, name) {
            return Ok(());
        }
        let question = (kind, true, namespace.to_owned(), name.to_owned());
        self.cache.verdict(question, || self.judge_ca(kind, namespace, name))
    }

    fn judge_secret(&self, namespace: &str, name: &str) -> Verdict {
        let secret = self.resources.secret(namespace, name);
        let secret = secret.ok_or_else(|| format!("secret {namespace}/{name} not found"))?;
        let (certificate, key) = pair(&Data::of_secret(&secret.data))?;
        check_pair(certificate, key)
            .map_err(|error| format!("the certificate is malformed: {error}"))
    }

    fn judge_ca(&self, kind: Kind, namespace: &str, name: &str) -> Verdict {
        let not_found = |kind: &str| format!("{kind} {namespace}/{name} not found");
        let is_sound = match kind {
            Kind::Secret => {
                let secret = self.resources.secret(namespace, name);
                let secret = secret.ok_or_else(|| not_found("secret"))?;
                has_certificate(ca(&Data::of_secret(&secret.data))?)
            }
            Kind::ConfigMap => {
                let map = self.resources.config_map(namespace, name);
                let map = map.ok_or_else(|| not_found("configmap"))?;
                has_certificate(ca(&Data::of_config_map(&map.data))?)
            }
        };
        if is_sound { Ok(()) } else { Err("the bundle is malformed".to_owned()) }
    }
}

/// Group and kind have independent defaults.
fn kind_of_secret(reference: &SecretReference) -> Option<Kind> {
    let group = reference.group.as_deref().unwrap_or_default();
    let kind = reference.kind.as_deref().unwrap_or("Secret");
    Kind::of(group, kind).filter(|kind| *kind == Kind::Secret)
}

/// A reference as upstream formats it: without the defaults.
struct SecretText<'a>(&'a SecretReference);

impl std::fmt::Display for SecretText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SecretReference { group, kind, name, namespace } = self.0;
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        write!(f, "{}/{}/{name}.{}", or_empty(group), or_empty(kind), or_empty(namespace))
    }
}

/// A resource's name in a server's settings: kind, namespace and name. Text after a second slash is
/// ignored.
///
/// Source: pilot's `credentials.ParseResourceName`.
fn parse(resource: &str) -> Option<(Kind, &str, &str)> {
    let (scheme, rest) = resource.split_once("://")?;
    let kind = match scheme {
        "configmap" => Kind::ConfigMap,
        "kubernetes-gateway" => Kind::Secret,
        _ => return None,
    };
    let mut parts = rest.split('/');
    let (namespace, name) = (parts.next()?, parts.next()?);
    (!namespace.is_empty() && !name.is_empty()).then_some((kind, namespace, name))
}

/// Keys with their values.
struct Data<'a>(Vec<(&'a str, &'a [u8])>);

impl<'a> Data<'a> {
    fn of_secret(data: &'a std::collections::BTreeMap<String, Vec<u8>>) -> Self {
        Self(data.iter().map(|(key, value)| (key.as_str(), value.as_slice())).collect())
    }

    fn of_config_map(data: &'a Map) -> Self {
        Self(data.iter().map(|(key, value)| (key.as_str(), value.as_bytes())).collect())
    }

    fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.0.iter().find(|(found, _)| *found == key).map(|(_, value)| *value)
    }

    /// The value of a key, if it is not empty.
    fn filled(&self, key: &str) -> Option<&'a [u8]> {
        self.get(key).filter(|value| !value.is_empty())
    }

    /// The first of the keys.
    fn keys(&self) -> String {
        let keys: Vec<_> = self.0.iter().map(|(key, _)| *key).collect();
        match keys.get(..3) {
            None => keys.join(", "),
            Some(first) => format!("{}, and {} more...", first.join(", "), keys.len() - 3),
        }
    }
}

/// A certificate and its key.
///
/// Source: pilot's `ExtractCertInfo`.
fn pair<'a>(data: &Data<'a>) -> Result<(&'a [u8], &'a [u8]), String> {
    const PAIRS: [(&str, &str); 2] = [("cert", "key"), ("tls.crt", "tls.key")];
    let filled = |(first, second)| Some((data.filled(first)?, data.filled(second)?));
    if let Some(pair) = PAIRS.into_iter().find_map(filled) {
        return Ok(pair);
    }
    let is_there =
        |(first, second): &(&str, &str)| data.get(first).is_some() && data.get(second).is_some();
    if let Some((first, second)) = PAIRS.into_iter().find(is_there) {
        return Err(format!("found keys \"{first}\" and \"{second}\", but they were empty"));
    }
    Err(format!(
        "found secret, but didn't have expected keys (cert and key) or (tls.crt and tls.key); \
         found: {}",
        data.keys()
    ))
}

/// A bundle of CAs.
///
/// Source: pilot's `ExtractRoot`.
fn ca<'a>(data: &Data<'a>) -> Result<&'a [u8], String> {
    const KEYS: [&str; 2] = ["cacert", "ca.crt"];
    if let Some(bundle) = KEYS.into_iter().find_map(|key| data.filled(key)) {
        return Ok(bundle);
    }
    if let Some(key) = KEYS.into_iter().find(|key| data.get(key).is_some()) {
        return Err(format!("found key \"{key}\", but it was empty"));
    }
    Err(format!(
        "found secret, but didn't have expected keys cacert or ca.crt; found: {}",
        data.keys()
    ))
}
