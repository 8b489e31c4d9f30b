//! istiod's translation of a Gateway of Gateway API: Istio servers, and conditions.
//!
//! ```
//! use istio_gateway::{
//!     TlsMode,
//!     gateway_api::{Gateway, InMemory, Options, convert},
//! };
//!
//! let gateway: Gateway = serde_json::from_str(
//!     r#"{
//!         "metadata": {"name": "edge", "namespace": "infra"},
//!         "spec": {
//!             "gatewayClassName": "istio",
//!             "listeners": [{
//!                 "name": "https", "port": 443, "protocol": "HTTPS",
//!                 "tls": {"certificateRefs": [{"name": "edge-cert"}]}
//!             }],
//!             "tls": {"frontend": {"default": {"validation": {
//!                 "mode": "AllowInsecureFallback",
//!                 "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}]
//!             }}}}
//!         }
//!     }"#,
//! )?;
//! // The objects to which it refers do not exist.
//! let conversion = convert(&gateway, &InMemory::default(), &Options::default());
//! let listener = &conversion.listeners[0];
//! assert_eq!(listener.server(), None);
//! let resolved = listener.conditions.iter().find(|c| c.kind == "ResolvedRefs").unwrap();
//! assert_eq!(resolved.reason, "InvalidCertificateRef");
//! assert_eq!(
//!     resolved.message,
//!     "invalid certificate reference //edge-cert., secret infra/edge-cert not found",
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! The input types are minimal: they ignore unknown fields. They implement serde, so other types for
//! Gateway API can be converted to them.
//!
//! Servers, conditions and messages are upstream's, including known upstream bugs, which are reported
//! as findings, as is everything that istiod drops silently. A test compares them with pilot's own for
//! 144 Gateways, and CI for thousands of random ones.
//!
//! # Limits
//!
//! Not translated are waypoints, the previous status, and everything that depends on the Services of a
//! cluster: the addresses of a Gateway, and so its own `Programmed` and `AddressesAssigned` conditions. [`Manifests`] are checked against the schemas of Gateway API 1.7, as
//! they are written; of a [`Gateway`] only the size is checked.

mod back;
mod class;
mod clients;
mod conditions;
mod documents;
mod findings;
mod input;
mod istio_manifest;
mod listener;
mod outcome;
mod overlap;
mod references;
mod resources;
mod routes;
mod schema;
mod selector;
mod sets;
mod tls;
mod unknown;
mod verdict_cache;

pub use back::{ReverseConversion, from_istio};
pub use conditions::{Condition, ConditionStatus};
pub use documents::{ConvertedRoutes, Manifests, ObjectFindings};
pub use input::{
    ALLOW_INSECURE_FALLBACK, ALLOW_VALID_ONLY, Address, AllowedListeners, AllowedRoutes,
    BackendTls, ConfigMap, FrontendTls, FrontendTlsValidation, GROUP, Gateway, GatewayClass,
    GatewayClassSpec, GatewaySpec, GatewayTls, GrantFrom, GrantTo, Infrastructure, LabelExpression,
    LabelSelector, Listener, ListenerNamespaces, ListenerSet, ListenerSetSpec, ListenerTls,
    Metadata, Namespace, ObjectReference, ParametersReference, ParentReference, PortTls,
    ReferenceGrant, ReferenceGrantSpec, RouteKind, RouteNamespaces, Secret, SecretReference,
    TlsConfig,
};
pub use istio_manifest::{GatewayManifest, ListenerSetManifest};
pub use outcome::{
    Conversion, ConvertedListener, ConvertedListenerSet, ListenerOutcome, UnusableServer,
};
pub use resources::{InMemory, Resources};
pub use routes::GeneratedVirtualService;

use std::collections::HashMap;

use self::{
    class::Class,
    conditions::{GatewayState, Problem, reason},
    findings::Findings,
    input::Identity,
    listener::Conflicts,
    unknown::Assumed,
    verdict_cache::VerdictCache,
};
use crate::{Diagnostic, FieldPath, IstioVersion, is_placeholder, rule::gateway_api as rule};

/// Options of the translation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The release of Istio. The translation of releases before 1.31 is unknown: it is that of 1.31,
    /// which may be wrong.
    pub istio: IstioVersion,
    /// The labels of the pods of Gateways for which istiod creates none, as the selector of
    /// [`istio_manifest`](GatewayManifest::istio_manifest). Without labels they have no manifest, and a
    /// finding reports it.
    pub selector: std::collections::BTreeMap<String, String>,
}

impl Options {
    /// Options for a release of Istio.
    #[must_use]
    pub fn istio(istio: IstioVersion) -> Self {
        Self { istio, ..Self::default() }
    }
}

/// Translates a Gateway as istiod does. It accepts any Gateway and never fails, like istiod.
///
/// A Gateway that is larger than an API server accepts
/// ([`TOO_LARGE`](crate::rule::gateway_api::TOO_LARGE)) is not translated: it has no listeners and no
/// conditions, and is not valid.
///
/// Source: pilot's `GatewayCollection`, and the functions that it calls.
#[must_use]
pub fn convert<R: Resources + ?Sized>(
    gateway: &Gateway,
    resources: &R,
    options: &Options,
) -> Conversion {
    let cache = &VerdictCache::default();
    let assumed = Assumed::NOTHING;
    let context = Context { gateway, set: None, resources, options, cache, assumed };
    let too_large = schema::too_large(&schema::GATEWAY, gateway);
    if too_large.is_empty() { context.convert() } else { context.without_answer(too_large) }
}

/// Whether a name is longer than an API server accepts.
fn is_name_too_long(metadata: &Metadata, found: &mut Findings) -> bool {
    let Metadata { name, namespace, .. } = metadata;
    for (text, most, key) in [(name, 253, "name"), (namespace, 63, "namespace")] {
        if text.len() > most && !is_placeholder(text) {
            let at = FieldPath::root().key("metadata").key(key);
            found.too_large(format!("must be no more than {most} characters"), at);
        }
    }
    found.is_too_large()
}

/// A Gateway with the inputs of its translation.
struct Context<'a, R: ?Sized> {
    gateway: &'a Gateway,
    /// The `ListenerSet` whose listeners are translated; `None` for those of the Gateway.
    set: Option<&'a ListenerSet>,
    resources: &'a R,
    options: &'a Options,
    cache: &'a VerdictCache,
    assumed: Assumed<'a>,
}

impl<R: Resources + ?Sized> Context<'_, R> {
    fn convert(&self) -> Conversion {
        let mut found = Findings::default();
        if is_name_too_long(&self.gateway.metadata, &mut found) {
            return self.without_answer(found.finish());
        }
        let spec = &self.gateway.spec;
        let path = FieldPath::root().key("spec");
        let class = self.class(&path.clone().key("gatewayClassName"), &mut found);
        if class != Class::Translated {
            let listener_sets = self.sets_without_gateway(class);
            return Conversion { listener_sets, ..Conversion::new(found.finish()) };
        }
        let address = self.address_problem(&mut found);
        let is_given_up = matches!(address, Some((_, true)));
        let sets = self.sets(&mut found);
        let conflicts = self.conflicts(&sets);
        let mut listeners = match is_given_up {
            true => Vec::new(),
            false => self.listeners(&path, &conflicts, &mut found),
        };
        if found.is_too_large() {
            return self.without_answer(found.finish());
        }
        let mut listener_sets = self.convert_sets(&sets, &conflicts, address.as_ref(), &mut found);
        self.replace_same_names(&mut listeners, &listener_sets, &path, &mut found);
        let problem = address.map(|(problem, _)| problem);
        let problem = problem.or_else(|| self.parameters_problem(&mut found));
        let mut all = listeners.iter().chain(listener_sets.iter().flat_map(|set| &set.listeners));
        if !spec.is_managed()
            && self.options.selector.is_empty()
            && all.any(|listener| listener.server().is_some())
        {
            let message = "the Gateway is bound to an existing Service, whose pods are unknown; \
                           an Istio Gateway without a selector applies to all gateway pods";
            let help = "set the labels of its pods: --selector istio=ingressgateway".to_owned();
            found.warning(rule::NO_SELECTOR, path.clone().key("addresses"), message, help);
        }
        self.old_validations(&path, &mut found);
        let frontend = spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        let at_frontend = path.clone().key("tls").key("frontend");
        // If istiod does not check the listeners, the settings that they would look up are unknown.
        let frontend = frontend.filter(|_| !is_given_up).map(|frontend| (frontend, at_frontend));
        std::mem::take(&mut found.clients).report(frontend, &mut found);
        let backend = self.backend(&path, &mut found);
        let conditions = GatewayState {
            problem,
            backend,
            listeners: spec.listeners.len(),
            valid_listeners: listeners.iter().filter(|listener| listener.is_valid()).count(),
            is_insecure: self.is_insecure(),
        };
        let conditions = conditions.conditions();
        let (overlaps, of_sets) = overlap::findings(&listeners, &listener_sets);
        for (set, found) in listener_sets.iter_mut().zip(of_sets) {
            set.diagnostics.extend(found);
        }
        overlaps.into_iter().for_each(|overlap| found.push(overlap));
        Conversion { listeners, listener_sets, conditions, diagnostics: found.finish() }
    }

    /// The result for a Gateway that istiod does not see or does not translate.
    fn without_answer(&self, diagnostics: Vec<Diagnostic>) -> Conversion {
        let listener_sets = self.sets_without_gateway(Class::Ignored);
        Conversion { listener_sets, ..Conversion::new(diagnostics) }
    }

    /// The object to which the listeners belong.
    fn owner(&self) -> &Metadata {
        self.set.map_or(&self.gateway.metadata, |set| &set.metadata)
    }

    fn owner_kind(&self) -> &'static str {
        if self.set.is_some() { "ListenerSet" } else { "Gateway" }
    }

    fn listeners(
        &self,
        path: &FieldPath,
        conflicts: &HashMap<Identity<'_>, Conflicts>,
        found: &mut Findings,
    ) -> Vec<ConvertedListener> {
        let conflicts = conflicts.get(&self.gateway.metadata.identity());
        let mut each = Vec::new();
        for (index, listener) in self.gateway.spec.listeners.iter().enumerate() {
            let at = path.clone().key("listeners").index(index);
            found.clients.enter(self.assumed.depends(index));
            each.push(match conflicts.and_then(|conflicts| conflicts.get(&listener.name)) {
                Some(reason) => self.conflicting(listener, reason, &at, found),
                None => self.listener(listener, None, &at, found),
            });
            if found.is_too_large() {
                break;
            }
        }
        each
    }

    /// Why the Gateway is not accepted because of its addresses, and whether its listeners are not
    /// checked.
    ///
    /// Source: pilot's `extractGatewayServices`.
    fn address_problem(&self, found: &mut Findings) -> Option<(Problem, bool)> {
        let spec = &self.gateway.spec;
        let path = FieldPath::root().key("spec");
        let is_host =
            |address: &&Address| address.kind.as_deref().is_none_or(|kind| kind == "Hostname");
        const SERVICE_TYPE: &str = "networking.istio.io/service-type";
        if !spec.is_managed() {
            let (hosts, others): (Vec<_>, Vec<_>) = spec.addresses.iter().partition(is_host);
            if !others.is_empty() {
                let others: Vec<_> = others.iter().map(|address| address.value.as_str()).collect();
                let message =
                    format!("only Hostname is supported, ignoring [{}]", others.join(" "));
                found.error(rule::NOT_ACCEPTED, path.key("addresses"), message.as_str(), None);
                let problem = Problem::new("UnsupportedAddress", message);
                return Some((problem, hosts.is_empty()));
            }
            if self.gateway.metadata.annotations.contains_key(SERVICE_TYPE) {
                let message = format!(
                    "annotation {SERVICE_TYPE} is deprecated, use Spec.Infrastructure.Routeability"
                );
                let at = FieldPath::root().key("metadata").key("annotations").key(SERVICE_TYPE);
                found.error(rule::NOT_ACCEPTED, at, message.as_str(), None);
                return Some((Problem::new("DeprecatedField", message), false));
            }
        }
        None
    }

    /// Source: pilot's `validateParametersRef`.
    fn parameters_problem(&self, found: &mut Findings) -> Option<Problem> {
        let parameters = self.gateway.spec.infrastructure.as_ref()?.parameters_ref.as_ref()?;
        let ParametersReference { group, kind, name } = parameters;
        let namespace = &self.gateway.metadata.namespace;
        let message = if kind != "ConfigMap" || !group.is_empty() {
            format!(
                "Unsupported parametersRef group/kind {group}/{kind}, only ConfigMap is supported"
            )
        } else if self.resources.config_map(namespace, name).is_none()
            && !self.assumed.is_usable("ConfigMap", namespace, name)
        {
            format!("parametersRef ConfigMap {namespace}/{name} does not exist")
        } else {
            return None;
        };
        let at = FieldPath::root().key("spec").key("infrastructure").key("parametersRef");
        found.error(rule::NOT_ACCEPTED, at, message.as_str(), None);
        Some(Problem::new("InvalidParameters", message))
    }

    fn backend(&self, path: &FieldPath, found: &mut Findings) -> Option<Problem> {
        let backend = self.gateway.spec.tls.as_ref()?.backend.as_ref()?;
        let reference = backend.client_certificate_ref.as_ref()?;
        let at = path.clone().key("tls").key("backend").key("clientCertificateRef");
        let Err(problem) = self.check_client_certificate(reference) else {
            let message = "no effect: istiod reports the reference as resolved, and gateways present no \
                           certificate to backends";
            let help = "use a DestinationRule with tls.mode MUTUAL and credentialName".to_owned();
            found.warning(rule::CLIENT_CERTIFICATE_UNUSED, at, message, help);
            return None;
        };
        if problem.reason == reason::NOT_PERMITTED {
            found.certificate_problem(&problem, true, at);
        } else {
            found.error(rule::CLIENT_CERTIFICATE, at, problem.message.as_str(), None);
        }
        Some(problem)
    }

    fn is_insecure(&self) -> bool {
        let frontend = self.gateway.spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        let is_insecure = |config: &TlsConfig| {
            config.validation.as_ref().is_some_and(|v| v.mode == ALLOW_INSECURE_FALLBACK)
        };
        frontend.is_some_and(|frontend| {
            is_insecure(&frontend.default)
                || frontend.per_port.iter().any(|entry| is_insecure(&entry.tls))
        })
    }

    /// Reports settings that are not used.
    fn old_validations(&self, path: &FieldPath, found: &mut Findings) {
        for (index, listener) in self.gateway.spec.listeners.iter().enumerate() {
            if listener.tls.is_some() && matches!(listener.protocol.as_str(), "HTTP" | "TCP") {
                let at = path.clone().key("listeners").index(index).key("tls");
                let message = format!(
                    "not supported with protocol {}: the API server rejects it, and istiod's webhook \
                     rejects the generated Gateway",
                    listener.protocol
                );
                let help = "set the protocol to HTTPS or TLS, or remove tls".to_owned();
                found.warning(rule::PLAIN_TLS, at, message, help);
            }
            if listener.tls.as_ref().is_some_and(|tls| tls.frontend_validation.is_some()) {
                let at = path.clone().key("listeners").index(index).key("tls");
                let message = "this field was removed and is ignored: client certificates are not \
                               requested";
                let help = format!(
                    "use spec.tls.frontend.default.validation or, for port {} only, \
                     spec.tls.frontend.perPort[].tls.validation",
                    listener.port
                );
                found.warning(rule::OLD_VALIDATION, at.key("frontendValidation"), message, help);
            }
        }
        let frontend = self.gateway.spec.tls.as_ref().and_then(|tls| tls.frontend.as_ref());
        let mut seen = std::collections::HashSet::new();
        for (index, entry) in frontend.iter().flat_map(|f| &f.per_port).enumerate() {
            if !seen.insert(entry.port) {
                let at = path.clone().key("tls").key("frontend").key("perPort").index(index);
                let message = format!("ignored: an earlier entry has port {}", entry.port);
                let help = "remove one of them".to_owned();
                found.warning(rule::PORT_REPEATED, at.key("port"), message, help);
            }
        }
    }
}
