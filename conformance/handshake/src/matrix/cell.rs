//! One client on one listener.

use istio_gateway::client_certificate::{
    Admission, CertificateError, Decision, RejectReason, XfccHeader,
};

use crate::{Identity, Logged, Outcome, Seen, TlsVersion, client::FORGED};

use super::listener::Listener;

/// Envoy's counters that a decision predicts.
pub(super) const COUNTERS: [&str; 6] = [
    "handshake",
    "no_certificate",
    "fail_verify_no_cert",
    "fail_verify_error",
    "fail_verify_san",
    "fail_verify_cert_hash",
];

/// The library's prediction.
pub(super) struct Cell<'a> {
    pub(super) decision: Decision,
    pub(super) header: Option<XfccHeader>,
    pub(super) header_beside_forged: Option<XfccHeader>,
    identity: Option<&'a Identity>,
    /// All errors of the certificate, whether or not they matter.
    found: Vec<CertificateError>,
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
            Decision::Accept(Admission::Anonymous) => Outcome::Anonymous,
            Decision::Accept(Admission::Verified) => Outcome::Verified,
            Decision::Accept(Admission::Unverified(_)) => Outcome::Unverified,
            _ => Outcome::Refused,
        }
    }

    /// The differences from Envoy and the backend.
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
            (Decision::Reject(refusal), Some(failure)) => {
                let words = words(refusal, version);
                if !words.iter().any(|words| failure.contains(words)) {
                    wrong.push(format!("refused for {failure}, predicted: {refusal} ({words:?})"));
                }
            }
            (Decision::Reject(_), None) => wrong.push("refused, and no reason logged".to_owned()),
            (_, Some(failure)) => wrong.push(format!("let in, and a failure logged: {failure}")),
            (_, None) => {}
        }
        if seen.outcome != Outcome::Refused && logged.version.as_deref() != Some(version.as_str()) {
            wrong.push(format!("{} was spoken", logged.version.as_deref().unwrap_or("no TLS")));
        }
        wrong
    }

    /// Who set the header. The certificate's hash identifies the gateway's own.
    fn header_of(&self, text: Option<&str>) -> Result<XfccHeader, String> {
        let Some(text) = text else { return Ok(XfccHeader::Absent) };
        let (is_forged, rest) = match text.strip_prefix(FORGED) {
            Some(rest) => (true, rest.strip_prefix(',').unwrap_or(rest)),
            None => (false, text),
        };
        let own = self.identity.map(|identity| format!("Hash={};", identity.hash()));
        let is_own = own.is_some_and(|own| rest.starts_with(&own) && !rest.contains(','));
        match (is_forged, rest.is_empty(), is_own) {
            (true, true, _) => Ok(XfccHeader::ClientSupplied),
            (true, false, true) => Ok(XfccHeader::ClientSuppliedAndGatewaySet),
            (false, false, true) => Ok(XfccHeader::GatewaySet),
            _ => Err(text.to_owned()),
        }
    }

    /// Which of [`COUNTERS`] change.
    pub(super) fn counters(&self, version: TlsVersion) -> Vec<&'static str> {
        let mut counters = match &self.decision {
            Decision::Accept(Admission::Anonymous) => vec!["handshake", "no_certificate"],
            Decision::Accept(_) => vec!["handshake"],
            Decision::Reject(RejectReason::NoCertificate) => vec!["fail_verify_no_cert"],
            _ => Vec::new(),
        };
        let found = met(&self.found, version).and_then(|flaw| match flaw {
            CertificateError::BadEncoding
            | CertificateError::InvalidKeyUsage
            | CertificateError::NoKey => None,
            CertificateError::NotValidForName => Some("fail_verify_san"),
            CertificateError::NotPinned => Some("fail_verify_cert_hash"),
            _ => Some("fail_verify_error"),
        });
        counters.extend(found);
        counters
    }
}

/// Which of these errors a handshake of this version reports first.
fn met(flaws: &[CertificateError], version: TlsVersion) -> Option<CertificateError> {
    let is_late = |flaw: &CertificateError| {
        version == TlsVersion::V1_2 && *flaw == CertificateError::InvalidKeyUsage
    };
    let is_early = |flaw: &&CertificateError| !is_late(flaw) && **flaw != CertificateError::NoKey;
    let first = flaws.iter().find(is_early);
    first.or_else(|| flaws.first()).copied()
}

/// Envoy's messages for a rejection: its log must have one of these.
fn words(refusal: &RejectReason, version: TlsVersion) -> &'static [&'static str] {
    let flaw = match refusal {
        RejectReason::NoCertificate => return &["PEER_DID_NOT_RETURN_A_CERTIFICATE"],
        RejectReason::SecretMissing => return &["Secret_is_not_supplied_by_SDS"],
        RejectReason::InvalidCertificate(flaws) => met(flaws, version),
        _ => None,
    };
    match flaw {
        Some(CertificateError::BadEncoding) => &["CANNOT_PARSE_LEAF_CERT", "DECODE_ERROR"],
        Some(CertificateError::InvalidKeyUsage) => &["KEY_USAGE_BIT_INCORRECT"],
        Some(CertificateError::UnknownIssuer | CertificateError::IncompleteChain) => {
            &["unable_to_get_local_issuer_certificate"]
        }
        // The one that is also not a CA.
        Some(CertificateError::SelfSigned) => {
            &["unable_to_get_local_issuer_certificate", "self_signed_certificate"]
        }
        Some(CertificateError::InvalidPurpose) => &["unsupported_certificate_purpose"],
        Some(CertificateError::Revoked) => &["certificate_revoked"],
        Some(CertificateError::UnknownRevocationStatus) => &["unable_to_get_certificate_CRL"],
        Some(CertificateError::UnusableRevocationList) => {
            &["CRL_has_expired", "unable_to_get_certificate_CRL"]
        }
        Some(CertificateError::BadSignature) => &["certificate_signature_failure"],
        Some(CertificateError::Expired) => &["certificate_has_expired"],
        Some(CertificateError::NotValidYet) => &["certificate_is_not_yet_valid"],
        Some(CertificateError::NotValidForName) => &["SAN_matcher"],
        Some(CertificateError::NotPinned) => &["cert_hash_and_spki"],
        Some(CertificateError::NoKey) => &["SSL_routines:OPENSSL_internal:BAD_SIGNATURE"],
        _ => &[],
    }
}
