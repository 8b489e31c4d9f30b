//! The result of the translation.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{conditions::Condition, rule, schema};
use crate::{Diagnostic, Gateway, Server, json};

/// istiod's translation of a Gateway.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conversion {
    /// The outcome of each listener, in the Gateway's order. Empty if istiod does not check the
    /// listeners.
    pub listeners: Vec<ConvertedListener>,
    /// The Gateway's own conditions except `Programmed`, which depends on the Services of a cluster. Empty
    /// if they depend on placeholders.
    pub conditions: Vec<Condition>,
    /// Why listeners are rejected, and what istiod drops or replaces silently. Paths start at the root
    /// of the Gateway's document. See [`rule`](super::rule).
    pub diagnostics: Vec<Diagnostic>,
}

impl Conversion {
    /// The result for a Gateway that istiod does not see or does not translate.
    pub(super) fn without_answer(diagnostics: Vec<Diagnostic>) -> Self {
        let (listeners, conditions) = (Vec::new(), Vec::new());
        Self { listeners, conditions, diagnostics }
    }

    /// Whether every listener is valid, the Gateway is accepted, and its references for backends are
    /// usable. A Gateway that an API server rejects is not valid, nor is one with unknown fields.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        use super::ConditionStatus;
        let is_sound = |rule| !schema::is_rejection(rule) && rule != rule::UNKNOWN_FIELD;
        self.diagnostics.iter().all(|found| is_sound(found.rule))
            && self.listeners.iter().all(ConvertedListener::is_valid)
            && self.conditions.iter().all(|c| {
                !matches!(c.kind, "Accepted" | "ResolvedRefs") || c.status == ConditionStatus::True
            })
    }

    /// The servers that istiod programs, with the names of their listeners.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &Server)> {
        self.listeners.iter().filter_map(|listener| Some((&*listener.name, listener.server()?)))
    }

    /// The Istio Gateways that istiod generates, one for each server, with the names of their
    /// listeners. They have no selector: istiod binds them to the Gateway's pods differently.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, Gateway)> {
        self.servers().map(|(name, server)| {
            (name, Gateway { servers: vec![server.clone()], ..Gateway::default() })
        })
    }
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
        let server = match &self.outcome {
            ListenerOutcome::Programmed(server) => Some(server),
            ListenerOutcome::WithoutServer | ListenerOutcome::DependsOnPlaceholders => None,
            ListenerOutcome::Rejected(server) => {
                server.as_ref().map(|UnusableServer(server)| server)
            }
        };
        let mut out = serializer.serialize_struct("Listener", 4)?;
        out.serialize_field("name", &self.name)?;
        let depends = self.outcome == ListenerOutcome::DependsOnPlaceholders;
        out.serialize_field("valid", &(!depends).then(|| self.is_valid()))?;
        out.serialize_field("server", &InDialect(server))?;
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
    /// It is valid, but has no server: its protocol is HTTPS or TLS, and it has no `tls`.
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
