//! Whether istiod gives a Secret to a gateway.

use super::{Found, Judge, NO_CLIENT};
use crate::{diagnostic::Quoted, is_placeholder, rule::lint as rule, validate::outline::Access};

impl<'a> Judge<'a> {
    /// The finding about a Secret that istiod does not give to the gateway.
    ///
    /// Source: istiod's `filterAuthorizedResources`.
    pub(super) fn denied(&self, namespace: &str, name: &str) -> Option<Found<'a>> {
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
                (
                    message,
                    "create the Secret in the namespace of the gateway's pods, and write its name alone",
                )
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
        let is_permitted =
            |permitted: &Option<Box<str>>| permitted.as_deref().is_none_or(|of| of == name);
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
        Some((
            message,
            "create a ReferenceGrant from Gateway to Secret in the namespace of the Secret",
        ))
    }
}
