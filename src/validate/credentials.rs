//! The credentials of the servers of a set, looked up in the set's Secrets and `ConfigMaps`.

use std::{collections::HashMap, mem::discriminant, sync::Arc};

use super::{
    Options,
    gateway_set::GatewaySet,
    grant::KeptGrant,
    outline::{Access, CompactLocation, CredentialUse, Role, small},
    secret::{CaProblem, Content, KeptSecret, Known, ServerProblem},
    set::{DocumentLocation, SetFinding},
};
use crate::{
    Object, RuleId, Severity, Timestamp,
    diagnostic::Quoted,
    is_placeholder,
    rule::lint as rule,
    tls_plan::CredentialName,
    x509::{CaBundle, CrlProblem, LoadProblem, PairProblem, ServerCertificate},
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
    /// By the namespace of Secrets, and that of Gateways: the names of the Secrets; `None` stands for all.
    grants: HashMap<(Box<str>, Box<str>), Vec<Option<Box<str>>>>,
    has_grants: bool,
    /// Whether there may be ReferenceGrants that are not known.
    has_unknown_grants: bool,
    uses: Vec<SetUse>,
    /// The names of `uses`, concatenated.
    names: String,
}

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

    /// The SANs of the certificates that are known.
    pub(super) fn certificate_names(
        &self,
        options: &Options,
        gateways: &GatewaySet,
    ) -> CertificateNames {
        let mut result = CertificateNames::default();
        if !self.has_secrets {
            return result;
        }
        let namespaces = gateways.pod_namespaces();
        let mut of_secrets: HashMap<*const SetSecret, Names> = HashMap::new();
        let (mut index, mut start) = (0, 0);
        while let Some((used, name)) = self.used(index, start) {
            (index, start) = (index + 1, used.name_end as usize);
            let Some(gateway) = used.gateway.filter(|_| !matches!(used.role, Role::Ca { .. }))
            else {
                continue;
            };
            let namespace = namespaces.get(gateway as usize).cloned().flatten();
            let namespace = options.gateway_namespace.clone().or(namespace);
            let judge = Judge { set: self, options, gateways, used, namespace };
            let of_server = result.0.entry((gateway, used.at.server())).or_default();
            let names = judge.certificate_of(name).map(|(secret, certificate)| {
                let names = of_secrets.entry(std::ptr::from_ref(secret));
                Arc::clone(names.or_insert_with(|| certificate.dns_names.as_slice().into()))
            });
            of_server.push(names);
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

/// The DNS SANs of servers, by the numbers of the Gateway and the server: those of each
/// certificate, if they are known.
#[derive(Clone, Debug, Default)]
pub(super) struct CertificateNames(HashMap<(u32, u32), Vec<Option<Names>>>);

type Names = Arc<[String]>;

impl CertificateNames {
    /// Whether a certificate of the server has the host among its names. `None` if not all are known.
    pub(super) fn has_name(&self, server: (u32, u32), host: &str) -> Option<bool> {
        let certificates: Option<Vec<_>> =
            self.0.get(&server)?.iter().map(Option::as_ref).collect();
        let mut names = certificates?.into_iter().flat_map(|names| names.iter());
        Some(names.any(|name| self::names(name, host)))
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
                let own = format!("{name}{}", CredentialName::CA_SUFFIX);
                let namespace = namespace.or(of_certificate);
                let secrets = match self.secrets(namespace, &own, false) {
                    found if found.is_empty() => self.secrets(namespace, name, false),
                    found => found,
                };
                if let [only] = secrets.as_slice() {
                    found.extend(self.ca(only));
                }
            }
            Role::Ca { is_config_map } => {
                let bare = name.strip_suffix(CredentialName::CA_SUFFIX).unwrap_or(name);
                let secrets = match self.secrets(namespace, name, is_config_map) {
                    found if found.is_empty() || is_config_map => {
                        self.secrets(namespace, bare, is_config_map)
                    }
                    found => found,
                };
                match secrets.as_slice() {
                    [] if is_config_map => {}
                    [] => found.extend(self.missing("Secret", namespace, bare)),
                    [only] => found.extend(self.ca(only)),
                    _ => {}
                }
            }
        }
        found
    }

    /// The certificate of a credential, if there is only one Secret, and it is known.
    fn certificate_of(&self, name: &str) -> Option<(&'a SetSecret, &'a ServerCertificate)> {
        let (namespace, name) = split(name);
        let secrets = self.secrets(namespace.or(self.namespace.as_deref()), name, false);
        let [only] = secrets.as_slice() else { return None };
        let certificate = only.known()?.server.as_ref().ok()?;
        certificate.check_key().is_ok().then_some((*only, certificate))
    }

    /// The finding about a Secret that istiod does not give to the gateway.
    ///
    /// Source: istiod's `filterAuthorizedResources`.
    fn denied(&self, namespace: &str, name: &str) -> Option<Found<'a>> {
        let (message, help) = match self.used.access {
            Access::All => return None,
            Access::Pods => {
                let of_pods = self.namespace.as_deref().filter(|of| *of != namespace)?;
                if [namespace, of_pods].into_iter().any(is_placeholder) {
                    return None;
                }
                let message = format!(
                    "istiod does not give a Secret of the namespace {} to a gateway with pods in {}, {NO_CLIENT}",
                    Quoted(namespace),
                    Quoted(of_pods)
                );
                (message, "create the Secret in the namespace of the gateway's pods, and write its name alone")
            }
            Access::Granted => self.not_granted(namespace, name)?,
        };
        Some(Found::new(rule::SECRET_NAMESPACE, message, help, None))
    }

    /// Why istiod does not give a Secret with the scheme `kubernetes-gateway` to the gateway, and what helps.
    ///
    /// Source: istiod's `mergeGateways` and `ReferenceGrants.SecretAllowed`.
    fn not_granted(&self, namespace: &str, name: &str) -> Option<(String, &'static str)> {
        let own = self.used.gateway.and_then(|of| self.gateways.namespace(of))?;
        let of_pods = self.namespace.as_deref();
        if [namespace, name, own].into_iter().chain(of_pods).any(is_placeholder) {
            return None;
        }
        if let Some(of_pods) = of_pods.filter(|of| *of != own) {
            let message = format!(
                "istiod gives a Secret by kubernetes-gateway:// only to pods in the namespace of the Gateway, {}, and \
                 these are in {}, {NO_CLIENT}",
                Quoted(own),
                Quoted(of_pods)
            );
            return Some((message, "write the Gateway in the namespace of its pods"));
        }
        if namespace == own {
            return None;
        }
        let grants = self.set.grants.get(&(namespace.into(), own.into()));
        let is_permitted = |permitted: &Option<Box<str>>| permitted.as_deref().is_none_or(|of| of == name);
        let is_seen = self.set.has_grants || !self.secrets(Some(namespace), name, false).is_empty();
        let is_granted = grants.into_iter().flatten().any(is_permitted);
        if is_granted || self.set.has_unknown_grants || !is_seen {
            return None;
        }
        let message = format!(
            "these files have no ReferenceGrant that permits a Gateway in {} to use the Secret {}, {NO_CLIENT}",
            Quoted(own),
            Quoted(&format!("{namespace}/{name}"))
        );
        Some((message, "create a ReferenceGrant from Gateway to Secret in the namespace of the Secret"))
    }

    fn secrets(
        &self,
        namespace: Option<&str>,
        name: &str,
        is_config_map: bool,
    ) -> Vec<&'a SetSecret> {
        let all = self.set.secrets.get(name).into_iter().flatten();
        all.filter(|secret| {
            // Without a namespace, the Secret may be applied to any.
            let is_in =
                namespace.is_none_or(|of| secret.namespace.is_empty() || *secret.namespace == *of);
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

    fn certificate(&self, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let Some(Known { server, unread, .. }) = secret.known() else { return Vec::new() };
        let server = server.as_ref().map_err(ServerProblem::clone);
        let server = server.and_then(|certificate| {
            certificate.check_key().map(|()| certificate).map_err(ServerProblem::Pair)
        });
        let problem = match server {
            Ok(certificate) => {
                let mut found = self.usable(certificate, secret);
                found.extend(unread.as_ref().map(|text| {
                    let message = format!(
                        "the certificate is used by Envoy, and istiod reports it (IST0161): {text}"
                    );
                    let help = "issue a certificate without malformed extensions";
                    Found::new(rule::SECRET_CERTIFICATE, message, help, secret)
                }));
                return found;
            }
            Err(problem) => problem,
        };
        let (rule, message, help) = match problem {
            ServerProblem::Keys(text) => (
                rule::SECRET_KEYS,
                format!("istiod finds no certificate, {NO_CLIENT}: {text}"),
                "a Secret of type kubernetes.io/tls has tls.crt and tls.key",
            ),
            ServerProblem::Pair(PairProblem::Certificate(text)) => (
                rule::SECRET_CERTIFICATE,
                format!("the certificate is rejected by Envoy, {NO_CLIENT}: {text}"),
                "write the certificate as PEM, followed by its chain",
            ),
            ServerProblem::Pair(PairProblem::Key(text)) => (
                rule::SECRET_PRIVATE_KEY,
                format!("Envoy rejects the Secret, {NO_CLIENT}: {text}"),
                "write the private key of this certificate, as PEM",
            ),
            ServerProblem::Pair(PairProblem::Size(text)) => (
                rule::SECRET_PRIVATE_KEY,
                format!("Envoy rejects the Secret, {NO_CLIENT}: {text}"),
                "use an RSA key of 2048 bits or more, or one on P-256, P-384 or P-521",
            ),
        };
        let mut found = vec![Found::new(rule, message, help, secret)];
        if rule != rule::SECRET_CERTIFICATE
            && let Some(text) = unread
        {
            let message = format!("the certificate is reported by istiod (IST0161): {text}");
            let help = "write the certificate as PEM, followed by its chain";
            found.push(Found::new(rule::SECRET_CERTIFICATE, message, help, secret));
        }
        found
    }

    /// What is found of a certificate that Envoy uses.
    fn usable(&self, certificate: &ServerCertificate, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        let (first, last) = certificate.validity;
        let help = "renew it, and keep the name of the Secret";
        if let Some(now) = self.options.at.map(|at| at.seconds) {
            let soon = now.saturating_add(i64::from(self.options.expiring_days) * 86_400);
            let last = last.unwrap_or(i64::MAX);
            let first = first.unwrap_or(i64::MIN);
            if now > last {
                let message =
                    format!("the certificate expired at {}, and clients reject it", date(last));
                found.push(Found::new(rule::CERTIFICATE_EXPIRED, message, help, secret));
            } else if now < first {
                let message = format!(
                    "the certificate is valid from {} on, and clients reject it before",
                    date(first)
                );
                found.push(Found::new(rule::CERTIFICATE_EXPIRED, message, help, secret));
            } else if soon > last {
                let message = format!("the certificate expires at {}", date(last));
                found.push(Found::new(rule::CERTIFICATE_EXPIRING, message, help, secret));
            }
        }
        let hosts = self.used.gateway.and_then(|of| self.gateways.hosts(of, self.used.at.server()));
        let hosts: Vec<String> = hosts.into_iter().flatten().collect();
        let is_named = |host: &String| certificate.dns_names.iter().any(|name| names(name, host));
        if !hosts.is_empty() && !hosts.iter().any(|host| host == "*" || is_named(host)) {
            let names: Vec<String> =
                certificate.dns_names.iter().take(5).map(|name| Quoted(name).to_string()).collect();
            let names = match names.len() {
                0 => "it has no DNS name among its subject alternative names".to_owned(),
                _ => format!("its names are {}", names.join(", ")),
            };
            let message = format!(
                "the certificate is for none of the server's hosts, and browsers reject it: {names}"
            );
            let help = "add the hosts to the certificate's subject alternative names";
            found.push(Found::new(rule::CERTIFICATE_HOSTS, message, help, secret));
        }
        found
    }

    fn ca(&self, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let Some(Known { ca, .. }) = secret.known() else { return Vec::new() };
        let now = self.options.at.map(|at| at.seconds);
        let (rule, message, help) = match ca {
            Err(CaProblem::Keys(text)) => (
                rule::SECRET_KEYS,
                format!("istiod finds no CA for client certificates, {NO_CLIENT}: {text}"),
                "add the CA as ca.crt, here or in a Secret with the name and -cacert",
            ),
            Err(CaProblem::Load(LoadProblem::Ca(error))) => (
                rule::SECRET_CERTIFICATE,
                format!("the CA for client certificates is rejected by Envoy, {NO_CLIENT}: {error}"),
                "write the CA as PEM",
            ),
            Err(CaProblem::Load(LoadProblem::Crl(error))) => (
                rule::SECRET_CRL,
                format!("the CRL is rejected by Envoy, {NO_CLIENT}: {error}"),
                "write the CRL as PEM, or remove it",
            ),
            Ok(ca) => match ca.last.filter(|last| now.is_some_and(|now| now > *last)) {
                Some(last) => (
                    rule::CERTIFICATE_EXPIRED,
                    format!("the CA for client certificates expired at {}, and verifies none", date(last)),
                    "write the new certificate of the CA",
                ),
                None if !ca.has_ca => (
                    rule::SECRET_CERTIFICATE,
                    "no certificate of the CA for client certificates is a CA's, and what it issued is not verified".to_owned(),
                    "write the certificate of the CA that issues client certificates",
                ),
                None => return self.crl(ca, secret),
            },
        };
        vec![Found::new(rule, message, help, secret)]
    }

    /// What is found of the CRLs of CAs: a finding for each kind of problem.
    fn crl(&self, ca: &CaBundle, secret: &'a SetSecret) -> Vec<Found<'a>> {
        let now = self.options.at.map(|at| at.seconds);
        let mut problems = ca.crl_problems(now);
        problems.sort_by_key(|(problem, _)| *problem);
        let kinds = problems.chunk_by(|(one, _), (other, _)| discriminant(one) == discriminant(other));
        let mut found: Vec<_> = kinds.filter_map(|same| Self::of_crl(same, secret)).collect();
        let soon = now.map(|now| now.saturating_add(i64::from(self.options.expiring_days) * 86_400));
        let next = now.and_then(|now| ca.next_to_expire(now));
        found.extend(next.filter(|(_, end)| Some(*end) < soon).map(|(subject, end)| {
            let message = format!("the CRL of the CA {} expires at {}", Quoted(subject), date(end));
            let help = "Envoy rejects all client certificates below the CA then: write a new CRL before";
            Found::new(rule::CERTIFICATE_EXPIRING, message, help, secret)
        }));
        found
    }

    /// The finding about a problem that CAs have in common.
    fn of_crl(same: &[(CrlProblem, &str)], secret: &'a SetSecret) -> Option<Found<'a>> {
        const MOST: usize = 5;
        let (problem, _) = same.first()?;
        let names = same.iter().take(MOST).map(|(_, subject)| Quoted(subject).to_string());
        let mut cas = names.collect::<Vec<_>>().join(", ");
        if let Some(more @ 1..) = same.len().checked_sub(MOST) {
            cas += &format!(" and {more} more");
        }
        let (why, help) = match problem {
            CrlProblem::Missing => (
                format!("there is no CRL that Envoy can use of the CA {cas}"),
                "add the CRL of each CA of the chain, also of the root, or remove all CRLs",
            ),
            CrlProblem::NoIssuer => (
                format!("the issuer of the CA {cas} is missing, and with CRLs Envoy verifies the chain up to the root"),
                "add the certificates of the CAs above it",
            ),
            CrlProblem::NotAllowed => (
                format!("the key usage of the CA {cas} does not include cRLSign"),
                "issue the CA's certificate with cRLSign, or remove all CRLs",
            ),
            CrlProblem::Expired(end) => {
                (format!("the CRL of the CA {cas} expired at {}", date(*end)), "write the current CRL")
            }
            CrlProblem::NotValidYet(first) => (
                format!("the CRL of the CA {cas} is valid from {} on", date(*first)),
                "write the current CRL",
            ),
        };
        let message = format!("Envoy rejects all client certificates below a CA: {why}");
        Some(Found::new(rule::SECRET_CRL, message, help, secret))
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

fn date(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
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
