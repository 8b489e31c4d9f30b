//! The policy, and the one decision that both its constructors feed.

use std::fmt;

#[cfg(feature = "x509")]
use super::Crl;
#[cfg(any(feature = "envoy", feature = "validate"))]
use super::Source;
use super::{
    Admission, ClientCertificate, Decision, RejectReason, Rejection, Revocation, TrustedCa,
    ValidationContext, verify::verify,
};

/// What a gateway requires of a client's certificate.
///
/// ```
/// use istio_gateway::{
///     ServerTlsSettings,
///     client_certificate::{ClientCertificate, ClientCertificatePolicy, Request, Verification},
/// };
///
/// let policy = ClientCertificatePolicy::from_settings(&ServerTlsSettings::optional_mutual("edge-cert"));
/// assert_eq!(policy.request(), Request::Optional);
/// assert_eq!(policy.verification(), Verification::Enforced);
/// let ca = policy.context().and_then(|context| context.trusted_ca.source());
/// assert_eq!(ca.unwrap().to_string(), "the secret kubernetes://edge-cert-cacert");
///
/// assert!(policy.decide(None).is_accepted());
/// let expired = policy.decide(Some(&ClientCertificate::EXPIRED));
/// assert_eq!(expired.to_string(), "rejected: it has expired");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificatePolicy {
    is_terminated: bool,
    requires: bool,
    context: Option<ValidationContext>,
    is_server_certificate_pending: bool,
}

/// Whether a client's certificate is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Request {
    /// The gateway does not terminate TLS: the backend decides.
    NotTerminated,
    /// No certificate is requested, and none is sent.
    NotRequested,
    /// A certificate is requested, and a client without one is accepted.
    Optional,
    /// A certificate is requested, and a client without one is rejected.
    Required,
}

impl Request {
    /// A name for programs.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::NotTerminated => "not-terminated",
            Self::NotRequested => "not-requested",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotTerminated => "TLS passthrough: the backend decides",
            Self::NotRequested => "no certificate is requested",
            Self::Optional => "a certificate is requested and optional",
            Self::Required => "a certificate is required",
        })
    }
}

/// What becomes of a certificate that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verification {
    /// None is presented here.
    None,
    /// It is verified, and the client is rejected if that fails.
    Enforced,
    /// It is verified, and the client is accepted anyway; only Envoy's counters show it.
    ReportedOnly,
}

impl Verification {
    /// A name for programs.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Enforced => "enforced",
            Self::ReportedOnly => "reported-only",
        }
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "nothing is verified",
            Self::Enforced => "what fails verification is rejected",
            Self::ReportedOnly => "what fails verification is accepted anyway",
        })
    }
}

/// A row of [`ClientCertificatePolicy::outcomes`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClientOutcome {
    /// A name of the client for programs: `none`, `valid`, or what is wrong as
    /// [`CertificateError::id`](super::CertificateError::id) has it.
    pub id: &'static str,
    /// The client in plain words.
    pub client: &'static str,
    /// Its certificate.
    pub certificate: Option<ClientCertificate>,
    /// What happens to it.
    pub decision: Decision,
}

impl ClientCertificatePolicy {
    /// The policy of a listener that terminates TLS, by its `require_client_certificate` and its
    /// validation context.
    ///
    /// ```
    /// use istio_gateway::client_certificate::{
    ///     ClientCertificatePolicy, Request, ValidationContext,
    /// };
    ///
    /// // A context without a CA: a certificate is required, and none is requested.
    /// let policy =
    ///     ClientCertificatePolicy::from_context(true, Some(ValidationContext::default()));
    /// assert_eq!(policy.request(), Request::NotRequested);
    /// assert_eq!(policy.decide(None).to_string(), "accepted without a certificate");
    /// ```
    #[must_use]
    pub fn from_context(
        require_client_certificate: bool,
        context: Option<ValidationContext>,
    ) -> Self {
        Self {
            is_terminated: true,
            requires: require_client_certificate,
            context,
            is_server_certificate_pending: false,
        }
    }

    /// The policy of a listener that leaves TLS to the backend.
    #[must_use]
    pub fn passthrough() -> Self {
        Self { is_terminated: false, ..Self::from_context(false, None) }
    }

    /// The same, while the secret with the server's own certificate has not arrived: every client is
    /// rejected.
    #[must_use]
    pub fn with_server_certificate_pending(self) -> Self {
        Self { is_server_certificate_pending: true, ..self }
    }

    /// The same with a CRL, if it has none.
    #[cfg(feature = "x509")]
    pub(crate) fn with_crl(mut self) -> Self {
        if let Some(context) = &mut self.context {
            context.crl.get_or_insert(Crl::usable(super::Source::Inline));
        }
        self
    }

    /// Where the CA comes from.
    #[cfg(any(feature = "envoy", feature = "validate"))]
    pub(crate) fn ca_source(&mut self) -> Option<&mut Source> {
        match &mut self.context.as_mut()?.trusted_ca {
            TrustedCa::Absent => None,
            TrustedCa::Given(source) | TrustedCa::Pending(source) => Some(source),
        }
    }

    /// What certificates are verified with; none where the listener has no validation context.
    #[must_use]
    pub fn context(&self) -> Option<&ValidationContext> {
        self.context.as_ref()
    }

    /// Why Envoy rejects the configuration, if it does.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        self.context.as_ref().and_then(ValidationContext::rejection)
    }

    /// Whether a client's certificate is requested.
    ///
    /// Without a CA `require_client_certificate` has no effect. Names and pins demand a
    /// certificate by themselves, since no certificate matches none, unless untrusted ones are
    /// accepted.
    ///
    /// Source: Envoy's `DefaultCertValidator::initializeSslContexts` and
    /// `addClientValidationContext`.
    #[must_use]
    pub fn request(&self) -> Request {
        if !self.is_terminated {
            return Request::NotTerminated;
        }
        let Some(context) = &self.context else { return Request::NotRequested };
        let has_ca = context.trusted_ca != TrustedCa::Absent;
        let demands = context.has_pins() || !context.subject_alt_names.is_empty();
        match (context.accepts_untrusted, has_ca) {
            (_, true) if self.requires => Request::Required,
            (true, _) => Request::Optional,
            (false, _) if demands => Request::Required,
            (false, true) => Request::Optional,
            (false, false) => Request::NotRequested,
        }
    }

    /// What becomes of a certificate that is presented.
    #[must_use]
    pub fn verification(&self) -> Verification {
        match (self.request(), &self.context) {
            (Request::NotTerminated | Request::NotRequested, _) | (_, None) => Verification::None,
            (_, Some(context)) if context.accepts_untrusted => Verification::ReportedOnly,
            (_, Some(_)) => Verification::Enforced,
        }
    }

    /// What happens to a client with this certificate, or with none.
    #[must_use]
    pub fn decide(&self, certificate: Option<&ClientCertificate>) -> Decision {
        if !self.is_terminated {
            return Decision::Passthrough;
        }
        if let Some(rejection) = self.rejection() {
            return Decision::Reject(RejectReason::ConfigurationRejected(rejection));
        }
        if self.is_secret_missing() {
            return Decision::Reject(RejectReason::SecretMissing);
        }
        match (self.request(), certificate, &self.context) {
            (Request::Required, None, _) => Decision::Reject(RejectReason::NoCertificate),
            (Request::Required | Request::Optional, Some(certificate), Some(context)) => {
                verify(context, certificate)
            }
            _ => Decision::Accept(Admission::Anonymous),
        }
    }

    /// What happens to each client that this policy distinguishes from others: revocation counts only
    /// where there is a CRL, SANs and pins only where there are some.
    ///
    /// ```
    /// use istio_gateway::{ServerTlsSettings, client_certificate::ClientCertificatePolicy};
    ///
    /// let policy = ClientCertificatePolicy::from_settings(&ServerTlsSettings::mutual("edge-cert"));
    /// let outcomes = policy.outcomes();
    /// assert_eq!(outcomes[0].client, "no certificate");
    /// assert_eq!(outcomes[0].decision.to_string(), "rejected: no certificate");
    /// assert_eq!(outcomes[1].decision.to_string(), "accepted with a verified certificate");
    /// assert!(!outcomes.iter().any(|row| row.id == "revoked"));
    /// ```
    #[must_use]
    pub fn outcomes(&self) -> Vec<ClientOutcome> {
        let tells = |row: &ClientOutcome| {
            row.certificate.as_ref().is_none_or(|certificate| {
                (self.has_crl() || certificate.revocation == Revocation::NotRevoked)
                    && (self.has_names() || certificate.has_matching_name)
                    && (self.has_pins() || certificate.is_pinned)
            })
        };
        self.all_outcomes().into_iter().filter(tells).collect()
    }

    /// What happens to each client that some policy distinguishes from others: the same clients for
    /// every policy, so that two can be compared client by client.
    ///
    /// Certificates are seen from each policy: where two differ in their CA, names or pins, the same
    /// client stands for other certificates, and their [`context`](Self::context) is to be compared as
    /// well.
    ///
    /// ```
    /// use istio_gateway::{ServerTlsSettings, client_certificate::ClientCertificatePolicy};
    ///
    /// let old = ClientCertificatePolicy::from_settings(&ServerTlsSettings::optional_mutual("edge-cert"));
    /// let new = ClientCertificatePolicy::from_settings(&ServerTlsSettings::allow_insecure_fallback("edge-cert"));
    /// let accepted: Vec<_> = old
    ///     .all_outcomes()
    ///     .into_iter()
    ///     .zip(new.all_outcomes())
    ///     .filter(|(old, new)| !old.decision.is_accepted() && new.decision.is_accepted())
    ///     .map(|(_, new)| new.id)
    ///     .collect();
    /// assert!(accepted.contains(&"self-signed") && !accepted.contains(&"no-key"));
    /// ```
    #[must_use]
    pub fn all_outcomes(&self) -> Vec<ClientOutcome> {
        CLIENTS
            .iter()
            .map(|&(id, client, certificate)| ClientOutcome {
                id,
                client,
                certificate,
                decision: self.decide(certificate.as_ref()),
            })
            .collect()
    }

    pub(super) fn has_crl(&self) -> bool {
        self.context().is_some_and(|context| context.crl.is_some())
    }

    pub(super) fn has_names(&self) -> bool {
        self.context().is_some_and(|context| !context.subject_alt_names.is_empty())
    }

    pub(super) fn has_pins(&self) -> bool {
        self.context().is_some_and(ValidationContext::has_pins)
    }

    fn is_secret_missing(&self) -> bool {
        let is_pending =
            |context: &ValidationContext| matches!(context.trusted_ca, TrustedCa::Pending(_));
        self.is_server_certificate_pending || self.context.as_ref().is_some_and(is_pending)
    }
}

/// Every client that some policy distinguishes.
pub(super) const CLIENTS: [(&str, &str, Option<ClientCertificate>); 15] = [
    ("none", "no certificate", None),
    ("valid", "a valid certificate", Some(ClientCertificate::VALID)),
    ("unknown-issuer", "issued by another CA", Some(ClientCertificate::UNKNOWN_ISSUER)),
    ("self-signed", "self-signed", Some(ClientCertificate::SELF_SIGNED)),
    (
        "incomplete-chain",
        "sent without its intermediate",
        Some(ClientCertificate::INCOMPLETE_CHAIN),
    ),
    ("expired", "expired", Some(ClientCertificate::EXPIRED)),
    ("not-yet-valid", "not valid yet", Some(ClientCertificate::NOT_YET_VALID)),
    ("not-for-clients", "no clientAuth EKU", Some(ClientCertificate::FOR_SERVERS)),
    ("revoked", "revoked", Some(ClientCertificate::REVOKED)),
    ("no-revocation-list", "of an issuer without a CRL", Some(ClientCertificate::WITHOUT_LIST)),
    ("other-name", "without a required SAN", Some(ClientCertificate::OTHER_NAME)),
    ("not-pinned", "not pinned", Some(ClientCertificate::NOT_PINNED)),
    (
        "not-for-signing",
        "keyUsage lacks digitalSignature",
        Some(ClientCertificate::NOT_FOR_SIGNING),
    ),
    ("no-key", "presented without its key", Some(ClientCertificate::WITHOUT_KEY)),
    ("malformed", "unreadable", Some(ClientCertificate::MALFORMED)),
];
