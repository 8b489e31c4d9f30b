//! One client on one listener.

use istio_gateway::client_certificate::{Admission, Decision, Flaw, HeaderSeen, Refusal};

use crate::{Identity, Logged, Outcome, Seen, TlsVersion, client::FORGED};

use super::listener::Listener;

/// Those of Envoy's counters that a decision tells.
pub(super) const COUNTERS: [&str; 6] = [
    "handshake",
    "no_certificate",
    "fail_verify_no_cert",
    "fail_verify_error",
    "fail_verify_san",
    "fail_verify_cert_hash",
];

/// What the library says.
pub(super) struct Cell<'a> {
    pub(super) decision: Decision,
    pub(super) header: Option<HeaderSeen>,
    pub(super) header_beside_forged: Option<HeaderSeen>,
    identity: Option<&'a Identity>,
    /// What there is to be found, whether it matters or not.
    found: Vec<Flaw>,
}

impl<'a> Cell<'a> {
    pub(super) fn of(listener: &Listener, identity: Option<&'a Identity>) -> Self {
        let decision = listener.decide(identity);
        Self {
            header: decision.header(listener.forwarding, false),
            header_beside_forged: decision.header(listener.forwarding, true),
            decision,
            identity,
            found: listener.flaws(identity),
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match &self.decision {
            Decision::LetIn(Admission::Anonymous) => Outcome::Anonymous,
            Decision::LetIn(Admission::Verified) => Outcome::Verified,
            Decision::LetIn(Admission::Unverified(_)) => Outcome::Unverified,
            _ => Outcome::Refused,
        }
    }

    /// What Envoy and the backend say otherwise.
    pub(super) fn wrong(&self, seen: &Seen, logged: &Logged, version: TlsVersion) -> Vec<String> {
        let mut wrong = Vec::new();
        if seen.outcome != self.outcome() {
            wrong.push(format!(
                "Envoy: {}, predicted: {}; {seen:?} {logged:?}",
                seen.outcome.id(),
                self.decision
            ));
            return wrong;
        }
        let headers = [
            ("no header", self.header, &seen.header),
            ("a forged header", self.header_beside_forged, &seen.header_beside_forged),
        ];
        for (sent, predicted, text) in headers {
            let found = (seen.outcome != Outcome::Refused).then(|| self.header_of(text.as_deref()));
            if found != predicted.map(Ok) {
                wrong.push(format!(
                    "{sent} sent, the backend sees {found:?}, predicted: {predicted:?}"
                ));
            }
        }
        match (&self.decision, &logged.failure) {
            (Decision::Refused(refusal), Some(failure)) => {
                let words = words(refusal, version);
                if !words.iter().any(|words| failure.contains(words)) {
                    wrong.push(format!("refused for {failure}, predicted: {refusal} ({words:?})"));
                }
            }
            (Decision::Refused(_), None) => wrong.push("refused, and no reason logged".to_owned()),
            (_, Some(failure)) => wrong.push(format!("let in, and a failure logged: {failure}")),
            (_, None) => {}
        }
        if seen.outcome != Outcome::Refused && logged.version.as_deref() != Some(version.as_str()) {
            wrong.push(format!("{} was spoken", logged.version.as_deref().unwrap_or("no TLS")));
        }
        wrong
    }

    /// Whose words a header has. The gateway's own are known by the certificate's hash.
    fn header_of(&self, text: Option<&str>) -> Result<HeaderSeen, String> {
        let Some(text) = text else { return Ok(HeaderSeen::Nothing) };
        let (is_forged, rest) = match text.strip_prefix(FORGED) {
            Some(rest) => (true, rest.strip_prefix(',').unwrap_or(rest)),
            None => (false, text),
        };
        let own = self.identity.map(|identity| format!("Hash={};", identity.hash()));
        let is_own = own.is_some_and(|own| rest.starts_with(&own) && !rest.contains(','));
        match (is_forged, rest.is_empty(), is_own) {
            (true, true, _) => Ok(HeaderSeen::Forged),
            (true, false, true) => Ok(HeaderSeen::ForgedAndOwn),
            (false, false, true) => Ok(HeaderSeen::Own),
            _ => Err(text.to_owned()),
        }
    }

    /// Which of [`COUNTERS`] move.
    pub(super) fn counters(&self, version: TlsVersion) -> Vec<&'static str> {
        let mut counters = match &self.decision {
            Decision::LetIn(Admission::Anonymous) => vec!["handshake", "no_certificate"],
            Decision::LetIn(_) => vec!["handshake"],
            Decision::Refused(Refusal::NoCertificate) => vec!["fail_verify_no_cert"],
            _ => Vec::new(),
        };
        let found = met(&self.found, version).and_then(|flaw| match flaw {
            Flaw::Malformed | Flaw::NotForSigning | Flaw::NoKey => None,
            Flaw::OtherName => Some("fail_verify_san"),
            Flaw::NotPinned => Some("fail_verify_cert_hash"),
            _ => Some("fail_verify_error"),
        });
        counters.extend(found);
        counters
    }
}

/// Which of these flaws a handshake of this version meets first.
fn met(flaws: &[Flaw], version: TlsVersion) -> Option<Flaw> {
    let is_late = |flaw: &Flaw| version == TlsVersion::V1_2 && *flaw == Flaw::NotForSigning;
    let is_early = |flaw: &&Flaw| !is_late(flaw) && **flaw != Flaw::NoKey;
    let first = flaws.iter().find(is_early);
    first.or_else(|| flaws.first()).copied()
}

/// What of Envoy's own words about a refusal is to be in its log: one of these.
fn words(refusal: &Refusal, version: TlsVersion) -> &'static [&'static str] {
    let flaw = match refusal {
        Refusal::NoCertificate => return &["PEER_DID_NOT_RETURN_A_CERTIFICATE"],
        Refusal::SecretMissing => return &["Secret_is_not_supplied_by_SDS"],
        Refusal::Flawed(flaws) => met(flaws, version),
        _ => None,
    };
    match flaw {
        Some(Flaw::Malformed) => &["CANNOT_PARSE_LEAF_CERT", "DECODE_ERROR"],
        Some(Flaw::NotForSigning) => &["KEY_USAGE_BIT_INCORRECT"],
        Some(Flaw::UnknownIssuer | Flaw::IncompleteChain) => {
            &["unable_to_get_local_issuer_certificate"]
        }
        // The one where it is no CA besides.
        Some(Flaw::SelfSigned) => {
            &["unable_to_get_local_issuer_certificate", "self_signed_certificate"]
        }
        Some(Flaw::NotForClients) => &["unsupported_certificate_purpose"],
        Some(Flaw::Revoked) => &["certificate_revoked"],
        Some(Flaw::NoList) => &["unable_to_get_certificate_CRL"],
        Some(Flaw::ListUnusable) => &["CRL_has_expired", "unable_to_get_certificate_CRL"],
        Some(Flaw::BadSignature) => &["certificate_signature_failure"],
        Some(Flaw::Expired) => &["certificate_has_expired"],
        Some(Flaw::NotYetValid) => &["certificate_is_not_yet_valid"],
        Some(Flaw::OtherName) => &["SAN_matcher"],
        Some(Flaw::NotPinned) => &["cert_hash_and_spki"],
        Some(Flaw::NoKey) => &["SSL_routines:OPENSSL_internal:BAD_SIGNATURE"],
        _ => &[],
    }
}
