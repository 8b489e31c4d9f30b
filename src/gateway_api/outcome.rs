//! What becomes of a Gateway.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{conditions::Condition, rule, schema};
use crate::{Diagnostic, Gateway, Server, json};

/// What istiod makes of a Gateway.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conversion {
    /// What becomes of each listener, in the Gateway's order. Empty where istiod looks at none of
    /// them.
    pub listeners: Vec<ConvertedListener>,
    /// The Gateway's own conditions, but for `Programmed`: it depends on the Services of a cluster.
    pub conditions: Vec<Condition>,
    /// Why listeners are refused, and what istiod does without saying so. Paths begin at the root of
    /// the Gateway's document. See [`rule`](super::rule).
    pub diagnostics: Vec<Diagnostic>,
}

impl Conversion {
    /// Of a Gateway that istiod does not see, or makes nothing of.
    pub(super) fn without_answer(diagnostics: Vec<Diagnostic>) -> Self {
        let (listeners, conditions) = (Vec::new(), Vec::new());
        Self { listeners, conditions, diagnostics }
    }

    /// Whether every listener is valid, the Gateway accepted as a whole, and what it refers to towards
    /// backends usable. One that an API server rejects is not valid, nor one with unknown fields.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        use super::Status;
        let is_sound = |rule| !schema::is_rejection(rule) && rule != rule::UNKNOWN_FIELD;
        self.diagnostics.iter().all(|found| is_sound(found.rule))
            && self.listeners.iter().all(ConvertedListener::is_valid)
            && self
                .conditions
                .iter()
                .all(|c| !matches!(c.kind, "Accepted" | "ResolvedRefs") || c.status == Status::True)
    }

    /// The servers that istiod programs, with the names of their listeners.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &Server)> {
        self.listeners.iter().filter_map(|listener| Some((&*listener.name, listener.server()?)))
    }

    /// The Gateways of Istio's that istiod makes, one of each server, with the names of their
    /// listeners. They have no selector: istiod binds them to the Gateway's pods by other means.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, Gateway)> {
        self.servers().map(|(name, server)| {
            (name, Gateway { servers: vec![server.clone()], ..Gateway::default() })
        })
    }
}

/// What istiod makes of a listener.
///
/// It is written as an object with `name`, `valid`, `server` and `conditions`, in which `server` is
/// what upstream's builder gives, even if the listener is not valid.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConvertedListener {
    /// The listener's name.
    pub name: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

impl ConvertedListener {
    /// Whether the listener is valid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused(_))
    }

    /// The server, if istiod programs it.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        match &self.outcome {
            Outcome::Programmed(server) => Some(server),
            Outcome::WithoutServer | Outcome::Refused(_) => None,
        }
    }
}

impl Serialize for ConvertedListener {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let server = match &self.outcome {
            Outcome::Programmed(server) => Some(server),
            Outcome::WithoutServer => None,
            Outcome::Refused(server) => server.as_ref().map(|UnusableServer(server)| server),
        };
        let mut out = serializer.serialize_struct("Listener", 4)?;
        out.serialize_field("name", &self.name)?;
        out.serialize_field("valid", &self.is_valid())?;
        out.serialize_field("server", &InDialect(server))?;
        out.serialize_field("conditions", &self.conditions)?;
        out.end()
    }
}

/// What becomes of a listener.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is valid, and this is its server.
    Programmed(Server),
    /// It is valid, and no server is made of it: its protocol is HTTPS or TLS, and it has no `tls`.
    WithoutServer,
    /// It is not valid, and istiod programs nothing. There may be what its builder had made by then.
    Refused(Option<UnusableServer>),
}

/// A server that must not be used.
///
/// When pilot's builder finds that a listener is not valid, it still returns the server, as far as
/// it has come: of a listener whose CA cannot be found that is one that asks clients for nothing.
/// istiod does not program it, and neither must anyone else, so all that can be done with it is to
/// write it down, as Istio's JSON.
///
/// ```compile_fail,E0277
/// fn use_it(server: istio_gateway::gateway_api::UnusableServer) -> istio_gateway::Server {
///     server.into()
/// }
/// ```
///
/// The only thing wrong above is `into`:
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
