//! The result of the translation.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{conditions::Condition, input::Metadata, rule, schema};
use crate::{Diagnostic, Gateway, Server, json};

/// istiod's translation of a Gateway.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conversion {
    /// The outcome of each listener, in the Gateway's order. Empty if istiod does not check the
    /// listeners.
    pub listeners: Vec<ConvertedListener>,
    /// The outcome of each `ListenerSet` whose parent is the Gateway: the oldest first, then by namespace
    /// and name.
    pub listener_sets: Vec<ConvertedListenerSet>,
    /// The Gateway's own conditions except `Programmed`, which depends on the Services of a cluster. Empty
    /// if they depend on placeholders.
    pub conditions: Vec<Condition>,
    /// Why listeners are rejected, and what istiod drops or replaces silently. Paths start at the root
    /// of the Gateway's document. See [`rule`](super::rule).
    pub diagnostics: Vec<Diagnostic>,
}

impl Conversion {
    /// A result with findings only.
    pub(super) fn new(diagnostics: Vec<Diagnostic>) -> Self {
        let (listeners, listener_sets, conditions) = (Vec::new(), Vec::new(), Vec::new());
        Self { listeners, listener_sets, conditions, diagnostics }
    }

    /// Whether every listener is valid, also of `ListenerSet`s, the Gateway and these are accepted, and
    /// its references for backends are usable. A Gateway that an API server rejects is not valid, nor is one with unknown fields.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        is_valid(&self.listeners, &self.conditions, &self.diagnostics)
            && self.listener_sets.iter().all(ConvertedListenerSet::is_valid)
    }

    /// The servers that istiod programs for the Gateway's own listeners, with the names of these.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &Server)> {
        servers(&self.listeners)
    }

    /// The Istio Gateways that istiod generates for the Gateway's own listeners, one for each server,
    /// with the names of these. They have no selector: istiod binds them to the Gateway's pods
    /// differently.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, Gateway)> {
        gateways(&self.listeners)
    }
}

/// istiod's translation of a `ListenerSet`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConvertedListenerSet {
    /// The `ListenerSet`'s namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The outcome of each listener, in its order. Empty if istiod does not check the listeners.
    pub listeners: Vec<ConvertedListener>,
    /// Its own conditions. `Programmed` is among them only if it is False whatever the Services of the
    /// cluster are. Empty if istiod writes none, or if they depend on placeholders.
    pub conditions: Vec<Condition>,
    /// Findings. Paths start at the root of its document.
    pub diagnostics: Vec<Diagnostic>,
}

impl ConvertedListenerSet {
    pub(super) fn without_answer(metadata: &Metadata, diagnostics: Vec<Diagnostic>) -> Self {
        let Metadata { namespace, name, .. } = metadata.clone();
        let (listeners, conditions) = (Vec::new(), Vec::new());
        Self { namespace, name, listeners, conditions, diagnostics }
    }

    /// Whether it is accepted and each of its listeners is valid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !self.conditions.is_empty()
            && is_valid(&self.listeners, &self.conditions, &self.diagnostics)
    }

    /// The Istio Gateways that istiod generates, as [`Conversion::gateways`].
    pub fn gateways(&self) -> impl Iterator<Item = (&str, Gateway)> {
        gateways(&self.listeners)
    }
}

fn is_valid(
    listeners: &[ConvertedListener],
    conditions: &[Condition],
    diagnostics: &[Diagnostic],
) -> bool {
    use super::ConditionStatus;
    let is_sound = |rule| !schema::is_rejection(rule) && rule != rule::UNKNOWN_FIELD;
    diagnostics.iter().all(|found| is_sound(found.rule))
        && listeners.iter().all(ConvertedListener::is_valid)
        && conditions.iter().all(|c| {
            !matches!(c.kind, "Accepted" | "ResolvedRefs") || c.status == ConditionStatus::True
        })
}

fn servers(listeners: &[ConvertedListener]) -> impl Iterator<Item = (&str, &Server)> {
    listeners.iter().filter_map(|listener| Some((&*listener.name, listener.server()?)))
}

fn gateways(listeners: &[ConvertedListener]) -> impl Iterator<Item = (&str, Gateway)> {
    servers(listeners).map(|(name, server)| {
        (name, Gateway { servers: vec![server.clone()], ..Gateway::default() })
    })
}

/// istiod's translation of a listener.
///
/// It is serialized as an object with `name`, `valid`, `server` and `conditions`, where `server` is the
/// result of upstream's builder even if the listener is not valid. `valid` is null if it depends on
/// placeholders.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConvertedListener {
    /// The listener's name.
    pub name: String,
    /// The outcome.
    pub outcome: ListenerOutcome,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

impl ConvertedListener {
    /// Whether the listener is valid, whatever its placeholders are replaced with.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        match self.outcome {
            ListenerOutcome::Programmed(_) | ListenerOutcome::WithoutServer => true,
            ListenerOutcome::Rejected(_) | ListenerOutcome::DependsOnPlaceholders => false,
        }
    }

    /// The server of istiod's builder, even if the listener is not valid.
    pub(super) fn built_server(&self) -> Option<&Server> {
        match &self.outcome {
            ListenerOutcome::Programmed(server) => Some(server),
            ListenerOutcome::WithoutServer | ListenerOutcome::DependsOnPlaceholders => None,
            ListenerOutcome::Rejected(server) => {
                server.as_ref().map(|UnusableServer(server)| server)
            }
        }
    }

    /// The server, if istiod programs it.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        match &self.outcome {
            ListenerOutcome::Programmed(server) => Some(server),
            ListenerOutcome::WithoutServer
            | ListenerOutcome::Rejected(_)
            | ListenerOutcome::DependsOnPlaceholders => None,
        }
    }
}

impl Serialize for ConvertedListener {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Listener", 4)?;
        out.serialize_field("name", &self.name)?;
        let depends = self.outcome == ListenerOutcome::DependsOnPlaceholders;
        out.serialize_field("valid", &(!depends).then(|| self.is_valid()))?;
        out.serialize_field("server", &InDialect(self.built_server()))?;
        out.serialize_field("conditions", &self.conditions)?;
        out.end()
    }
}

/// The outcome of a listener.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ListenerOutcome {
    /// It is valid, and this is its server.
    Programmed(Server),
    /// It is valid, but has no server: its protocol is HTTPS or TLS, and it has no `tls`; or a listener
    /// of a `ListenerSet` replaces it, as both have the same names.
    WithoutServer,
    /// It is not valid, and istiod programs nothing. There may be a partial result of its builder.
    Rejected(Option<UnusableServer>),
    /// The outcome depends on what the placeholders of the Gateway, or of an object to which it refers,
    /// are replaced with.
    DependsOnPlaceholders,
}

/// A server that must not be used.
///
/// If a listener is not valid, pilot's builder still returns the partial server: if its CA cannot be
/// found, a server that does not request client certificates. istiod does not program it, and neither
/// must anyone else, so it can only be serialized, as Istio's JSON.
///
/// ```compile_fail,E0277
/// fn use_it(server: istio_gateway::gateway_api::UnusableServer) -> istio_gateway::Server {
///     server.into()
/// }
/// ```
///
/// Only `into` is wrong above:
///
/// ```
/// fn write_it(server: istio_gateway::gateway_api::UnusableServer) -> String {
///     serde_json::to_string(&server).unwrap()
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UnusableServer(Server);

impl UnusableServer {
    pub(super) fn new(server: Server) -> Self {
        Self(server)
    }
}

impl Serialize for UnusableServer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::serde::serialize(&self.0, serializer)
    }
}

/// A server in Istio's JSON, or null.
struct InDialect<'a>(Option<&'a Server>);

impl Serialize for InDialect<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(server) => json::serde::serialize(server, serializer),
            None => serializer.serialize_none(),
        }
    }
}
