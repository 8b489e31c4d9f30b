//! The credentials of the servers of a set, looked up in the set's Secrets and `ConfigMaps`.

mod access;
mod content;

use std::{collections::HashMap, sync::Arc};

use super::{
    Options,
    gateway_set::GatewaySet,
    grant::KeptGrant,
    outline::{Access, CompactLocation, CredentialUse, Role, small},
    secret::{Content, KeptSecret, Known},
    set::{DocumentLocation, SetFinding},
};
use crate::{
    Object, RuleId, Severity,
    diagnostic::Quoted,
    is_placeholder,
    rule::lint as rule,
    tls_plan::CredentialName,
    x509::{CaBundle, ServerCertificate},
};

/// The Secrets of a set, and the credentials of its servers.
#[derive(Clone, Debug, Default)]
pub(super) struct CredentialSet {
    /// By name. The last of each namespace counts.
    secrets: HashMap<Box<str>, Vec<SetSecret>>,
    /// Whether there is any Secret for TLS: without one, none is missing.
    has_secrets: bool,
    /// Whether there may be Secrets that are not known: with a placeholder as a name, or made by a controller.
    has_unknown_secrets: bool,
    /// By the namespace of Secrets, and that of Gateways.
    grants: HashMap<(Box<str>, Box<str>), Vec<GrantedName>>,
    has_grants: bool,
    /// Whether there may be ReferenceGrants that are not known.
    has_unknown_grants: bool,
    uses: Vec<SetUse>,
    /// The names of `uses`, concatenated.
    names: String,
}

/// The name of the Secret that a ReferenceGrant permits; `None` stands for all.
type GrantedName = Option<Box<str>>;

#[derive(Clone, Debug)]
struct SetSecret {
    document: (u32, u32),
    namespace: Box<str>,
    kept: KeptSecret,
}

/// A credential to which a server refers.
#[derive(Clone, Debug)]
struct SetUse {
    /// The index in the set's documents.
    document: u32,
    /// The index in the set's Gateways, if the Gateway is not rejected.
    gateway: Option<u32>,
    at: CompactLocation,
    role: Role,
    access: Access,
    name_end: u32,
}

/// Groups of resources for which a controller makes Secrets.
const CONTROLLERS: [&str; 9] = [
    "bitnami.com",
    "cert-manager.io",
    "cert.gardener.cloud",
    "external-secrets.io",
    "isindir.github.com",
    "kustomize.config.k8s.io",
    "secrets-store.csi.x-k8s.io",
    "secrets.hashicorp.com",
    "trust.cert-manager.io",
];

const NO_CLIENT: &str = "so that no client can connect to this server";

impl CredentialSet {
    pub(super) fn add_secret(&mut self, document: (u32, u32), object: &Object, kept: &KeptSecret) {
        // A Secret whose name is not known may be the missing one.
        self.has_unknown_secrets |= is_placeholder(object.name());
        self.has_secrets |= !kept.is_config_map && kept.is_for_tls;
        let same_name = self.secrets.entry(object.name().into()).or_default();
        let namespace = object.namespace();
        same_name.retain(|other| {
            (&*other.namespace, other.kept.is_config_map) != (namespace, kept.is_config_map)
        });
        same_name.push(SetSecret { document, namespace: namespace.into(), kept: kept.clone() });
    }

    /// Whether a controller makes Secrets for an object.
    pub(super) fn is_of_controller(object: &Object) -> bool {
        let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
        CONTROLLERS.contains(&group)
    }

    pub(super) fn add_other(&mut self, object: &Object) {
        self.has_unknown_secrets |= Self::is_of_controller(object);
    }

    pub(super) fn add_grant(&mut self, object: &Object, kept: &KeptGrant) {
        self.has_grants = true;
        // Without a namespace, it may be applied to any.
        let is_known = !object.namespace().is_empty() && !is_placeholder(object.namespace());
        self.has_unknown_grants |= kept.is_unknown || !is_known;
        for (of, name) in &kept.permitted {
            let key = (object.namespace().into(), of.as_str().into());
            self.grants.entry(key).or_default().push(name.as_deref().map(Into::into));
        }
    }

    pub(super) fn add_use(&mut self, document: u32, gateway: Option<u32>, used: &CredentialUse) {
        self.names.push_str(&used.name);
        let CredentialUse { name: _, role, access, location } = used;
        let (role, access, at) = (*role, *access, location.clone());
        let name_end = small(self.names.len());
        self.uses.push(SetUse { document, gateway, at, role, access, name_end });
    }

    /// Changes the indexes of Gateways. A Gateway may have none any more.
    pub(super) fn renumber(&mut self, indexes: &[Option<u32>]) {
        for used in &mut self.uses {
            used.gateway = used.gateway.and_then(|of| indexes.get(of as usize).copied().flatten());
        }
    }

    /// The use with this index, and the name of its credential, which begins at `start`.
    fn used(&self, index: usize, start: usize) -> Option<(&SetUse, &str)> {
        let used = self.uses.get(index)?;
        Some((used, self.names.get(start..used.name_end as usize).unwrap_or_default()))
    }

    /// What is known of the certificates and CAs of servers.
    pub(super) fn contents(&self, options: &Options, gateways: &GatewaySet) -> ServerContents {
        let mut result = ServerContents::default();
        if !self.has_secrets {
            return result;
        }
        let namespaces = gateways.pod_namespaces();
        let mut of_secrets: HashMap<*const SetSecret, Names> = HashMap::new();
        let (mut index, mut start) = (0, 0);
        while let Some((used, name)) = self.used(index, start) {
            (index, start) = (index + 1, used.name_end as usize);
            let Some(gateway) = used.gateway else { continue };
            let namespace = namespaces.get(gateway as usize).cloned().flatten();
            let namespace = options.gateway_namespace.clone().or(namespace);
            let judge = Judge { set: self, options, gateways, used, namespace };
            let server = (gateway, used.at.server());
            if let Some(ca) = judge.ca_of(name) {
                result.servers.entry(server).or_default().ca = Some(ca.content);
            }
            if matches!(used.role, Role::Ca { .. }) {
                continue;
            }
            let names = judge.certificate_of(name).map(|(secret, certificate)| {
                let names = of_secrets.entry(std::ptr::from_ref(secret));
                Arc::clone(names.or_insert_with(|| certificate.dns_names.as_slice().into()))
            });
            result.servers.entry(server).or_default().names.push(names);
        }
        result
    }

    /// The findings, in the order of the uses.
    pub(super) fn findings(
        self,
        options: Options,
        documents: Vec<(u32, u32)>,
        gateways: Arc<GatewaySet>,
    ) -> impl Iterator<Item = SetFinding> {
        let namespaces = gateways.pod_namespaces();
        let (mut index, mut start) = (0, 0);
        let of_use = move || {
            let (used, name) = self.used(index, start)?;
            (index, start) = (index + 1, used.name_end as usize);
            let (file, document) =
                documents.get(used.document as usize).copied().unwrap_or_default();
            let at = DocumentLocation {
                file: file as usize,
                document: document as usize,
                position: used.at.position(),
            };
            // The namespace in which istiod looks.
            let of_pods = used.gateway.and_then(|of| namespaces.get(of as usize)?.clone());
            let namespace = options.gateway_namespace.clone().or(of_pods);
            let judge =
                Judge { set: &self, options: &options, gateways: &gateways, used, namespace };
            let findings = judge.name(name).into_iter().map(|found| {
                let Found { rule, severity, message, help, secret } = found;
                let other = secret.map(|secret| DocumentLocation {
                    file: secret.document.0 as usize,
                    document: secret.document.1 as usize,
                    position: secret.kept.name.position(),
                });
                let found = used.at.finding(rule, at, at, message, &help);
                let mut diagnostic = found.diagnostic;
                diagnostic.severity = severity;
                SetFinding { diagnostic, other, ..found }
            });
            Some(findings.collect::<Vec<_>>())
        };
        std::iter::from_fn(of_use).flatten()
    }
}

/// What is known of the Secrets of servers, by the numbers of the Gateway and the server.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerContents {
    servers: HashMap<(u32, u32), ServerContent>,
}

#[derive(Clone, Debug, Default)]
struct ServerContent {
    /// The DNS SANs of each certificate, if they are known.
    names: Vec<Option<Names>>,
    /// [`CaBundle::content`].
    ca: Option<u64>,
}

type Names = Arc<[String]>;

impl ServerContents {
    /// The same number for servers whose CAs, with their CRLs, have the same content, if it is known.
    pub(super) fn ca(&self, server: (u32, u32)) -> Option<u64> {
        self.servers.get(&server)?.ca
    }

    /// Whether a certificate of the server has the host among its names. `None` if not all are known.
    pub(super) fn has_name(&self, server: (u32, u32), host: &str) -> Option<bool> {
        let names = &self.servers.get(&server)?.names;
        if names.is_empty() || names.contains(&None) {
            return None;
        }
        let has_name = |of: &Names| of.iter().any(|name| self::names(name, host));
        Some(names.iter().flatten().any(has_name))
    }
}

/// What is found of a use.
struct Found<'a> {
    rule: RuleId,
    severity: Severity,
    message: String,
    help: String,
    secret: Option<&'a SetSecret>,
}

impl<'a> Found<'a> {
    fn new(
        rule: RuleId,
        message: String,
        help: &str,
        secret: impl Into<Option<&'a SetSecret>>,
    ) -> Self {
        let (help, secret) = (help.to_owned(), secret.into());
        Self { rule, severity: Severity::Warning, message, help, secret }
    }
}

impl SetSecret {
    /// The content, if it is known.
    fn known(&self) -> Option<&Known> {
        match &self.kept.content {
            Content::Known(known) => Some(known),
            Content::Unknown => None,
        }
    }
}

struct Judge<'a> {
    set: &'a CredentialSet,
    options: &'a Options,
    gateways: &'a GatewaySet,
    used: &'a SetUse,
    /// The namespace of the gateway's pods.
    namespace: Option<String>,
}

impl<'a> Judge<'a> {
    /// The findings about a credential. A namespace may stand before the name.
    fn name(&self, name: &str) -> Vec<Found<'a>> {
        let is_scoped = self.used.access == Access::Granted;
        let (namespace, name) = match split(name) {
            (None | Some(""), _) | (_, "") if is_scoped && !is_placeholder(name) => {
                let message = format!(
                    "istiod knows no credential {}, {NO_CLIENT}: kubernetes-gateway:// requires a namespace and a name",
                    Quoted(name)
                );
                let help = "write kubernetes-gateway://NAMESPACE/NAME";
                return vec![Found::new(rule::SECRET_NAMESPACE, message, help, None)];
            }
            (namespace, name) => (namespace.or(self.namespace.as_deref()), name),
        };
        if let Some(denied) = namespace.and_then(|namespace| self.denied(namespace, name)) {
            return vec![denied];
        }
        let mut found = Vec::new();
        let mut of_certificate = None;
        if let Role::Certificate | Role::CertificateAndCa { .. } = self.used.role {
            match self.secrets(namespace, name, false).as_slice() {
                [] => {
                    // Without the certificate, nothing is said about its CA.
                    return self.missing("Secret", namespace, name).into_iter().collect();
                }
                [only] => {
                    of_certificate = Some(&*only.namespace).filter(|of| !of.is_empty());
                    found.extend(self.certificate(only));
                }
                // Which one is used depends on the namespace of the gateway's pods.
                _ => {}
            }
        }
        match self.used.role {
            Role::Certificate => {}
            Role::CertificateAndCa { is_optional: true } if is_scoped => {
                // Source: `mergeGateways`, which permits the CA with the mode MUTUAL only.
                let message = format!(
                    "istiod does not give the CA of a credential with kubernetes-gateway:// to a server with \
                     OPTIONAL_MUTUAL, {NO_CLIENT}"
                );
                let help = "name the CA as caCertCredentialName";
                found.push(Found::new(rule::SECRET_NAMESPACE, message, help, None));
            }
            Role::CertificateAndCa { .. } => {
                if let [only] = self.cas(namespace.or(of_certificate), name).as_slice() {
                    found.extend(self.ca(only));
                }
            }
            Role::Ca { is_config_map } => match self.cas(namespace, name).as_slice() {
                [] if is_config_map => {}
                [] => {
                    let bare = name.strip_suffix(CredentialName::CA_SUFFIX).unwrap_or(name);
                    found.extend(self.missing("Secret", namespace, bare));
                }
                [only] => found.extend(self.ca(only)),
                _ => {}
            },
        }
        found
    }

    /// The Secrets or `ConfigMaps` that may have the CA of a credential: of the first name that istiod looks for and
    /// finds.
    fn cas(&self, namespace: Option<&str>, name: &str) -> Vec<&'a SetSecret> {
        let own = format!("{name}{}", CredentialName::CA_SUFFIX);
        let bare = name.strip_suffix(CredentialName::CA_SUFFIX).unwrap_or(name);
        let (first, second, is_config_map) = match self.used.role {
            Role::Certificate => return Vec::new(),
            Role::CertificateAndCa { .. } => (own.as_str(), name, false),
            Role::Ca { is_config_map: true } => (bare, bare, true),
            Role::Ca { is_config_map: false } => (name, bare, false),
        };
        let found = self.secrets(namespace, first, is_config_map);
        if found.is_empty() { self.secrets(namespace, second, is_config_map) } else { found }
    }

    /// The CA of a credential, if there is only one Secret or `ConfigMap`, and it is known.
    fn ca_of(&self, name: &str) -> Option<&'a CaBundle> {
        let (namespace, name) = split(name);
        let namespace = namespace.or(self.namespace.as_deref());
        if namespace.and_then(|namespace| self.denied(namespace, name)).is_some() {
            return None;
        }
        let [only] = self.cas(namespace, name)[..] else { return None };
        only.known()?.ca.as_ref().ok()
    }

    /// The certificate of a credential, if there is only one Secret, and it is known.
    fn certificate_of(&self, name: &str) -> Option<(&'a SetSecret, &'a ServerCertificate)> {
        let (namespace, name) = split(name);
        let secrets = self.secrets(namespace.or(self.namespace.as_deref()), name, false);
        let [only] = secrets.as_slice() else { return None };
        let certificate = only.known()?.server.as_ref().ok()?;
        certificate.check_key().is_ok().then_some((*only, certificate))
    }

    fn secrets(
        &self,
        namespace: Option<&str>,
        name: &str,
        is_config_map: bool,
    ) -> Vec<&'a SetSecret> {
        let all = self.set.secrets.get(name).map_or(&[][..], Vec::as_slice);
        all.iter()
            .filter(|secret| {
                // Without a namespace, the Secret may be applied to any.
                let is_in = namespace
                    .is_none_or(|of| secret.namespace.is_empty() || *secret.namespace == *of);
                is_in && secret.kept.is_config_map == is_config_map
            })
            .collect()
    }

    fn missing(&self, kind: &str, namespace: Option<&str>, name: &str) -> Option<Found<'a>> {
        if !self.set.has_secrets || self.set.has_unknown_secrets {
            return None;
        }
        let shown = namespace.map_or_else(|| name.to_owned(), |of| format!("{of}/{name}"));
        let message = format!("these files have no {kind} {}", Quoted(&shown));
        let help = "create a Secret of this name in the namespace of the gateway's pods";
        Some(Found::new(rule::MISSING_SECRET, message, help, None))
    }
}

/// The namespace of a credential, if there is one, and its name. A second slash ends the name.
///
/// Source: istiod's `ParseResourceName`.
fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name.split('/').next().unwrap_or_default()),
        None => (None, name),
    }
}

/// Whether a name of a certificate is for a host, or for one of the hosts of a wildcard.
fn names(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    match (name.strip_prefix("*."), host.strip_prefix("*.")) {
        (None, None) => name == host,
        // A wildcard stands for one label.
        (Some(parent), None) => host.split_once('.').is_some_and(|(_, of)| of == parent),
        (_, Some(parent)) => {
            let name = name.trim_start_matches("*.");
            name == parent && name.len() < host.len()
                || name.strip_suffix(parent).is_some_and(|before| before.ends_with('.'))
        }
    }
}
