//! The result of a run.

use std::{collections::BTreeMap, fmt, time::Duration};

use istio_gateway::client_certificate::CertificateError;

/// Each error of a chain: predictions without it must be found wrong.
pub(super) const SELF_CHECKS: [CertificateError; 16] = [
    CertificateError::BadEncoding,
    CertificateError::InvalidKeyUsage,
    CertificateError::UnknownIssuer,
    CertificateError::SelfSigned,
    CertificateError::InvalidExtension,
    CertificateError::UnhandledCriticalExtension,
    CertificateError::InvalidCa,
    CertificateError::InvalidPurpose,
    CertificateError::PathLengthExceeded,
    CertificateError::Revoked,
    CertificateError::UnknownRevocationStatus,
    CertificateError::UnusableRevocationList,
    CertificateError::BadSignature,
    CertificateError::Expired,
    CertificateError::NameConstraintViolation,
    CertificateError::NotValidForName,
];

/// The prediction that Envoy answers with 503, which is left out, too.
pub(super) const FORWARDING: &str = "unavailable";

/// Errors that must have ended a handshake for the run to count, and how often.
const ENOUGH: usize = 5;

/// The result of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Envoy's version.
    pub envoy: String,
    /// The seed of the certificates.
    pub seed: u64,
    /// Clients.
    pub clients: usize,
    /// Listeners.
    pub listeners: usize,
    /// Connections.
    pub cells: usize,
    /// Connections by outcome.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Rejected connections by the error that ended the handshake.
    pub errors: BTreeMap<&'static str, usize>,
    /// Rejected connections by Envoy's words.
    pub messages: BTreeMap<&'static str, usize>,
    /// Accepted connections by the kind of key.
    pub accepted_keys: BTreeMap<&'static str, usize>,
    /// The wrong predictions.
    pub wrong: Vec<String>,
    /// Errors that were left out on purpose, and how many wrong predictions were found.
    pub self_checks: Vec<(&'static str, usize)>,
    /// How long the connections took.
    pub elapsed: Duration,
    /// How long the predictions took.
    pub predicting: Duration,
}

impl Report {
    /// Whether all predictions are right, every error occurred, and all wrong predictions were found.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        let occurred = |error: &CertificateError| {
            self.errors.get(error.id()).is_some_and(|count| *count >= ENOUGH)
        };
        let is_answered = self.outcomes.get(FORWARDING).is_some_and(|count| *count >= ENOUGH);
        self.wrong.is_empty()
            && is_answered
            && self.cells > 0
            && SELF_CHECKS.iter().all(occurred)
            && self.self_checks.len() == SELF_CHECKS.len() + 1
            && self.self_checks.iter().all(|(_, wrong)| *wrong > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wrong in &self.wrong {
            writeln!(f, "wrong: {wrong}")?;
        }
        let list = |counts: &BTreeMap<&'static str, usize>| {
            let parts = counts.iter().map(|(what, count)| format!("{count} {what}"));
            parts.collect::<Vec<_>>().join(", ")
        };
        writeln!(
            f,
            "random clients: {} (seed {}), {} listeners, Envoy {}",
            self.clients, self.seed, self.listeners, self.envoy
        )?;
        writeln!(
            f,
            "connections: {}; {:.1} s, predicted in {:.1} s",
            list(&self.outcomes),
            self.elapsed.as_secs_f64(),
            self.predicting.as_secs_f64()
        )?;
        writeln!(f, "rejected for: {}", list(&self.errors))?;
        writeln!(f, "Envoy's words: {}", list(&self.messages))?;
        writeln!(f, "accepted with a key of: {}", list(&self.accepted_keys))?;
        let checks = self.self_checks.iter().map(|(what, wrong)| format!("{what} {wrong}"));
        writeln!(f, "self-check, wrong without: {}", checks.collect::<Vec<_>>().join(", "))?;
        write!(f, "random: {} predicted, {} wrong", self.cells, self.wrong.len())
    }
}
