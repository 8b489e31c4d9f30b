//! The `ListenerSet`s of a Gateway.

use std::{borrow::Cow, collections::HashMap};

use super::{
    Context,
    class::Class,
    conditions::{Problem, SetState, of_set_not_allowed},
    findings::Findings,
    input::{Identity, Listener, ListenerNamespaces, ListenerSet, ObjectReference},
    is_name_too_long,
    listener::{self, Conflicts, TOO_MANY_LABELS},
    outcome::{ConvertedListener, ConvertedListenerSet, ListenerOutcome},
    resources::Resources,
    rule, schema, selector,
};
use crate::{Diagnostic, FieldPath, Timestamp, diagnostic::Quoted, go::Quote, sort};

/// A `ListenerSet` whose parent has the name of the Gateway.
pub(super) struct Attached<'a> {
    set: Cow<'a, ListenerSet>,
    /// Its listeners with their ports.
    listeners: Vec<Listener>,
    /// Whether the Gateway allows it.
    is_allowed: bool,
    /// The findings about one that an API server rejects because of its size: it is ignored.
    too_large: Vec<Diagnostic>,
}

impl Attached<'_> {
    fn is_ignored(&self) -> bool {
        !self.too_large.is_empty()
    }
}

fn at_parent() -> FieldPath {
    FieldPath::root().key("spec").key("parentRef")
}

impl<R: Resources + ?Sized> Context<'_, R> {
    /// The `ListenerSet`s of the Gateway in the order in which istiod looks for conflicts.
    pub(super) fn sets(&self, found: &mut Findings) -> Vec<Attached<'_>> {
        let (namespace, name) = self.gateway.metadata.identity();
        let mut sets = match self.assumed.is_replaced {
            true => Vec::new(),
            false => self.resources.listener_sets(namespace, name),
        };
        sort::sort_by_cached_key(&mut sets, |set| {
            let created: Option<Timestamp> = set.metadata.creation_timestamp.parse().ok();
            (created, format!("{}/{}", set.metadata.namespace, set.metadata.name))
        });
        let namespaces = self.allowed_namespaces(!sets.is_empty(), found);
        let attach = |set| {
            let set: Cow<'_, ListenerSet> = set;
            let mut too_large = Findings::default();
            is_name_too_long(&set.metadata, &mut too_large);
            for found in schema::too_large(&schema::LISTENER_SET, &*set) {
                too_large.too_large(found.message, found.path);
            }
            let mut listeners = set.spec.listeners.clone();
            for listener in &mut listeners {
                listener.port = listener::port(listener).unwrap_or(listener.port);
            }
            let is_allowed = namespaces.allow(&set.metadata.namespace);
            Attached { set, listeners, is_allowed, too_large: too_large.finish() }
        };
        sets.into_iter().map(attach).collect()
    }

    /// The namespaces whose `ListenerSet`s may attach.
    ///
    /// Source: pilot's `NamespaceAcceptedByAllowListeners`.
    fn allowed_namespaces(&self, is_needed: bool, found: &mut Findings) -> Allowed<'_> {
        let allowed = self.gateway.spec.allowed_listeners.as_ref();
        let allowed = allowed.filter(|_| is_needed).and_then(|allowed| allowed.namespaces.as_ref());
        let Some(ListenerNamespaces { from, selector }) = allowed else { return Allowed::None };
        match (from.as_deref(), selector) {
            (Some("All"), _) => Allowed::All,
            (Some("Same"), _) => Allowed::Same(&self.gateway.metadata.namespace),
            (None | Some("Selector"), Some(selector)) if selector::is_valid(selector) => {
                let Some(names) = self.selected_namespaces(selector) else {
                    let at = FieldPath::root().key("spec").key("allowedListeners");
                    found.too_large(
                        TOO_MANY_LABELS.to_owned(),
                        at.key("namespaces").key("selector"),
                    );
                    return Allowed::None;
                };
                let is_any = self.assumed.is_usable("Namespace", "", "");
                Allowed::Selected { names, is_any }
            }
            _ => Allowed::None,
        }
    }

    /// The conflicts of the Gateway's listeners and those of the sets that it allows.
    pub(super) fn conflicts<'a>(
        &'a self,
        sets: &'a [Attached<'_>],
    ) -> HashMap<Identity<'a>, Conflicts> {
        let own = (&self.gateway.metadata, self.gateway.spec.listeners.as_slice());
        let sets = sets.iter().filter(|attached| attached.is_allowed && !attached.is_ignored());
        let sets = sets.map(|attached| (&attached.set.metadata, attached.listeners.as_slice()));
        listener::conflicts([own].into_iter().chain(sets))
    }

    /// `address` is the problem of the Gateway's addresses, and whether none is left.
    ///
    /// Source: pilot's `ListenerSetCollection`.
    pub(super) fn convert_sets(
        &self,
        sets: &[Attached<'_>],
        conflicts: &HashMap<Identity<'_>, Conflicts>,
        address: Option<&(Problem, bool)>,
        found: &mut Findings,
    ) -> Vec<ConvertedListenerSet> {
        // istiod looks at the kind only here.
        let sets = sets.iter().filter(|attached| attached.set.is_of_gateway());
        let convert = |attached: &Attached<'_>| {
            let set = &*attached.set;
            let mut own = Findings::default();
            if attached.is_ignored() {
                return ConvertedListenerSet::without_answer(
                    &set.metadata,
                    attached.too_large.clone(),
                );
            }
            if !attached.is_allowed {
                return self.not_allowed(set, own);
            }
            let is_given_up = address.is_some_and(|(_, is_given_up)| *is_given_up);
            let listeners = match is_given_up {
                true => Vec::new(),
                false => {
                    let conflicts = conflicts.get(&set.metadata.identity());
                    self.listeners_of_set(set, &attached.listeners, conflicts, &mut own)
                }
            };
            found.clients.add_used(&own.clients);
            std::mem::take(&mut own.clients).report(None, &mut own);
            if own.is_too_large() {
                return ConvertedListenerSet::without_answer(&set.metadata, own.finish());
            }
            if let Some((problem, _)) = address {
                let message = format!("Parent not accepted: {}", problem.message);
                own.error(rule::LISTENER_SET, at_parent(), message, None);
            }
            let valid_listeners = listeners.iter().filter(|listener| listener.is_valid()).count();
            let parent = address.map(|(problem, _)| problem.clone());
            let state = SetState { parent, is_given_up, valid_listeners };
            let conditions = state.conditions();
            let answer = ConvertedListenerSet::without_answer(&set.metadata, own.finish());
            ConvertedListenerSet { listeners, conditions, ..answer }
        };
        sets.map(convert).collect()
    }

    fn listeners_of_set(
        &self,
        set: &ListenerSet,
        listeners: &[Listener],
        conflicts: Option<&Conflicts>,
        found: &mut Findings,
    ) -> Vec<ConvertedListener> {
        let context = Context { set: Some(set), ..*self };
        let mut each = Vec::new();
        for (index, (listener, written)) in listeners.iter().zip(&set.spec.listeners).enumerate() {
            let at = FieldPath::root().key("spec").key("listeners").index(index);
            found.clients.enter(false);
            each.push(match conflicts.and_then(|conflicts| conflicts.get(&listener.name)) {
                Some(reason) => context.conflicting(listener, reason, &at, found),
                None => {
                    let problem = listener::port(written).err();
                    if let Some(problem) = &problem {
                        found.protocol(&problem.message, at.clone(), "add a port");
                    }
                    context.listener(listener, problem, &at, found)
                }
            });
            if found.is_too_large() {
                break;
            }
        }
        each
    }

    fn not_allowed(&self, set: &ListenerSet, mut found: Findings) -> ConvertedListenerSet {
        let message = "The parent Gateway does not allow this reference; check the \
                       'spec.allowedRoutes'";
        let allowed = self.gateway.spec.allowed_listeners.as_ref();
        let selects = allowed
            .and_then(|allowed| allowed.namespaces.as_ref())
            .is_some_and(|namespaces| namespaces.selector.is_some());
        let help = match selects && self.resources.namespaces().is_empty() {
            true => {
                "add the Namespaces of the cluster, with their labels: there are none among the input, and \
                     the Gateway selects namespaces of ListenerSets by labels"
            }
            false => "the field is spec.allowedListeners of the Gateway, not spec.allowedRoutes",
        };
        found.error(rule::LISTENER_SET, at_parent(), message, help.to_owned());
        let answer = ConvertedListenerSet::without_answer(&set.metadata, found.finish());
        ConvertedListenerSet { conditions: of_set_not_allowed(message), ..answer }
    }

    /// The `ListenerSet`s of a Gateway that is not translated.
    pub(super) fn sets_without_gateway(&self, class: Class) -> Vec<ConvertedListenerSet> {
        let sets = self.sets(&mut Findings::default());
        let sets = sets.iter().filter(|attached| attached.set.is_of_gateway());
        let convert = |attached: &Attached<'_>| {
            let mut found = Findings::default();
            let mut conditions = Vec::new();
            if attached.is_ignored() {
                return ConvertedListenerSet::without_answer(
                    &attached.set.metadata,
                    attached.too_large.clone(),
                );
            }
            if class == Class::WithoutListenerSets {
                let class = Quote(&self.gateway.spec.gateway_class_name);
                let message = format!("The {class} GatewayClass does not support ListenerSet");
                conditions = of_set_not_allowed(&message);
                found.error(rule::LISTENER_SET, at_parent(), message, None);
            } else {
                let message = "the Gateway is not translated, and neither is this ListenerSet";
                found.warning(rule::NO_PARENT, at_parent(), message, None);
            }
            let answer =
                ConvertedListenerSet::without_answer(&attached.set.metadata, found.finish());
            ConvertedListenerSet { conditions, ..answer }
        };
        sets.map(convert).collect()
    }

    /// The Istio Gateway of a listener has the names of its owner and of the listener: if a `ListenerSet`
    /// has those of the Gateway, its listener replaces the other one.
    pub(super) fn replace_same_names(
        &self,
        listeners: &mut [ConvertedListener],
        sets: &[ConvertedListenerSet],
        path: &FieldPath,
        found: &mut Findings,
    ) {
        let own = self.gateway.metadata.identity();
        let Some(set) = sets.iter().find(|set| (&*set.namespace, &*set.name) == own) else {
            return;
        };
        for (index, listener) in listeners.iter_mut().enumerate() {
            let Some(other) = set.listeners.iter().find(|other| other.name == listener.name) else {
                continue;
            };
            let is_replaced = listener.server().is_some() && other.server().is_some();
            if is_replaced {
                listener.outcome = ListenerOutcome::WithoutServer;
            }
            let what = if is_replaced {
                "that one replaces this one"
            } else {
                "istiod mixes up their conflicts"
            };
            let message = format!(
                "a ListenerSet with the namespace and name of the Gateway has a listener {}, too: {what}, \
                 and the status does not report it",
                Quoted(&listener.name)
            );
            let at = path.clone().key("listeners").index(index).key("name");
            found.warning(rule::SAME_NAME, at, message, "rename one of them".to_owned());
        }
    }

    /// A CA of the Gateway is looked up in the namespace of the `ListenerSet`.
    pub(super) fn foreign_ca(&self, ca: &ObjectReference, at: FieldPath, found: &mut Findings) {
        let Some(set) = self.set.filter(|_| ca.namespace.is_none()) else { return };
        let own = &set.metadata.namespace;
        if *own == self.gateway.metadata.namespace {
            return;
        }
        let message = format!(
            "the CA {} of the Gateway's spec.tls.frontend has no namespace: istiod looks it up in that of the \
             ListenerSet, {}, so that its owner decides which clients are trusted",
            Quoted(&ca.name),
            Quoted(own)
        );
        let help = "set the namespace of the caCertificateRef in the Gateway".to_owned();
        found.warning(rule::SET_CA, at, message, help);
    }
}

/// Namespaces whose `ListenerSet`s may attach.
enum Allowed<'a> {
    None,
    All,
    Same(&'a str),
    /// In their order.
    Selected {
        names: Vec<String>,
        /// Whether there are others whose labels are unknown.
        is_any: bool,
    },
}

impl Allowed<'_> {
    fn allow(&self, namespace: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Same(own) => *own == namespace,
            Self::Selected { names, is_any } => {
                *is_any || names.binary_search_by(|name| name.as_str().cmp(namespace)).is_ok()
            }
        }
    }
}
