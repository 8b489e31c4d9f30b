//! A listener, and the library's predictions.

use istio_gateway::client_certificate::{
    CertificateError, ClientCertificate, ClientCertificatePolicy, Decision, Forwarding,
    RejectReason, Request, ValidationContext,
};

use crate::{Endpoint, Identity, pki::Issuer};

/// A listener, and the library's predictions.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) forwarding: Forwarding,
    /// The equivalent listeners of `handshake.json`.
    pub(super) golden: Vec<String>,
    pub(super) policy: ClientCertificatePolicy,
    /// The issuer that is the CA, and the issuers with CRLs.
    pub(super) ca: Option<Issuer>,
    pub(super) lists: Vec<Issuer>,
}

impl Listener {
    pub(super) fn decide(&self, identity: Option<&Identity>) -> Decision {
        self.policy.decide(identity.map(|identity| self.see(identity)).as_ref())
    }

    /// The errors that the gateway finds in a client's certificate, even if it ignores them.
    pub(super) fn flaws(&self, identity: Option<&Identity>) -> Vec<CertificateError> {
        let Some(identity) = identity.filter(|_| self.asks()) else { return Vec::new() };
        let context = self.policy.context().cloned();
        let context = context.map(|c| ValidationContext { accepts_untrusted: false, ..c });
        let policy = ClientCertificatePolicy::from_context(false, context);
        match policy.decide(Some(&self.see(identity))) {
            Decision::Reject(RejectReason::InvalidCertificate(flaws)) => flaws,
            _ => Vec::new(),
        }
    }

    fn asks(&self) -> bool {
        let asks = matches!(self.policy.request(), Request::Optional | Request::Required);
        let is_missing = Decision::Reject(RejectReason::SecretMissing);
        asks && self.policy.decide(None) != is_missing
    }

    fn see(&self, identity: &Identity) -> ClientCertificate {
        let nothing = ValidationContext::default();
        let context = self.policy.context().unwrap_or(&nothing);
        identity.seen_from(context, self.ca, &self.lists)
    }
}

type Sabotage = fn(&Listener) -> Listener;

/// Predictions that are wrong on purpose: each must be detected.
pub(super) const SABOTAGES: [(&str, Sabotage); 4] = [
    ("verification were waived everywhere", |listener| {
        with_context(listener, |context| context.accepts_untrusted = true)
    }),
    ("it were waived nowhere", |listener| {
        with_context(listener, |context| context.accepts_untrusted = false)
    }),
    ("no certificate were required", |listener| {
        let context = listener.policy.context().cloned();
        let policy = ClientCertificatePolicy::from_context(false, context);
        Listener { policy, ..listener.clone() }
    }),
    ("no header were forwarded", |listener| Listener {
        forwarding: Forwarding::Sanitize,
        ..listener.clone()
    }),
];

fn with_context(listener: &Listener, change: fn(&mut ValidationContext)) -> Listener {
    let mut context = listener.policy.context().cloned();
    if let Some(context) = &mut context {
        change(context);
    }
    let requires = listener.policy.request() == Request::Required;
    let policy = ClientCertificatePolicy::from_context(requires, context);
    Listener { policy, ..listener.clone() }
}
