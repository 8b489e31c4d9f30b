//! A client's certificate against a policy.

use std::fmt;

use super::{
    bundle::{self, ReadError},
    certificate::Certificate,
    facts::{has_name, is_pinned, mark},
    general_name::GeneralName,
    path::{self, Failure, Settings},
    pem,
    signature::PublicKey,
    trust::Authorities,
};
use crate::{
    Timestamp,
    client_certificate::{
        CertificateError, ClientCertificate, ClientCertificatePolicy, Decision, Encoding, KeyUsage,
        TrustedCa,
    },
};

/// The longest list of certificates that Envoy reads, in bytes.
const LONGEST_MESSAGE: usize = 102_400;

/// The certificates that a client sends: its own, then intermediates.
#[derive(Clone, Debug)]
pub struct ClientChain {
    certificates: Vec<Vec<u8>>,
    /// Those that can be read; `None` if one cannot, or they are too long to be.
    parsed: Option<Vec<Certificate>>,
    leaf: Option<Certificate>,
}

/// A version of TLS, with its own rules for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// 1.2, and older ones.
    V1_2,
    /// 1.3.
    V1_3,
}

/// Why it is unknown what happens to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unknown {
    /// The policy has a CA, and it was not given.
    Ca,
    /// The policy has a CRL, and it was not given.
    Crl,
    /// The signature of a key on P-224 is not verified here.
    Signature,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ca => "the CA is not known",
            Self::Crl => "the CRL is not known",
            Self::Signature => "signatures with a key on P-224 are not verified",
        })
    }
}

impl std::error::Error for Unknown {}

/// What Envoy finds in a client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    certificate: ClientCertificate,
    failure: Option<ChainFailure>,
    policy: ClientCertificatePolicy,
}

/// The first error of the chain's verification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainFailure {
    /// The error.
    pub error: CertificateError,
    /// The certificate that it is about: 0 is the client's, 1 its issuer.
    pub depth: usize,
    /// That certificate's subject.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Envoy's own words, in its log and in `%DOWNSTREAM_TRANSPORT_FAILURE_REASON%`.
    pub message: &'static str,
}

impl Verification {
    /// The certificate as the policy sees it. Of the errors of the chain, it has the first.
    #[must_use]
    pub fn certificate(&self) -> &ClientCertificate {
        &self.certificate
    }

    /// The first error of the chain, whether or not the policy waives it.
    #[must_use]
    pub fn failure(&self) -> Option<&ChainFailure> {
        self.failure.as_ref()
    }

    /// The policy as it is with its CRL, which may come with the CA.
    #[must_use]
    pub fn policy(&self) -> &ClientCertificatePolicy {
        &self.policy
    }

    /// What happens to the client.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.policy.decide(Some(&self.certificate))
    }
}

impl ClientChain {
    /// Reads PEM: the first certificate is the client's, the others are sent with it. Blocks of other
    /// types, such as private keys, are skipped.
    ///
    /// # Errors
    ///
    /// If there is no certificate, or a block is malformed PEM.
    pub fn from_pem(text: &[u8]) -> Result<Self, ReadError> {
        let mut certificates = Vec::new();
        for block in pem::blocks(text) {
            let block = block.map_err(ReadError::from)?;
            if bundle::is_certificate(&block.kind) {
                if !block.is_plain() {
                    return Err(ReadError::Pem { line: block.line });
                }
                certificates.push(block.bytes.to_vec());
            }
        }
        if certificates.is_empty() {
            Err(ReadError::Empty)
        } else {
            Ok(Self::from_der(certificates))
        }
    }

    /// The certificates as they are sent, in DER. They may be malformed.
    #[must_use]
    pub fn from_der(certificates: Vec<Vec<u8>>) -> Self {
        let leaf = certificates.first().and_then(|der| Certificate::parse(der));
        let length: usize = certificates.iter().map(Vec::len).sum();
        let parsed = (length <= LONGEST_MESSAGE)
            .then(|| certificates.iter().map(|der| Certificate::parse(der)).collect())
            .flatten();
        Self { certificates, parsed, leaf }
    }

    /// The same, followed by more certificates.
    #[must_use]
    pub fn with_chain(self, chain: Self) -> Self {
        Self::from_der([self.certificates, chain.certificates].concat())
    }

    /// The subject of the client's certificate, such as `CN=client`; `None` if it cannot be read.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        self.leaf.as_ref().map(|leaf| leaf.subject.to_string())
    }

    /// The number of certificates.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether a compliant client can prove with its key that the certificate is its own. If not, most
    /// clients send no certificate: Envoy's request lists the algorithms that it supports.
    ///
    /// Envoy supports RSA of at least 528 bits, P-256 and P-384.
    #[must_use]
    pub fn can_sign(&self, version: TlsVersion) -> bool {
        match self.leaf.as_ref().and_then(|leaf| leaf.key.as_ref()) {
            Some(PublicKey::P256(_) | PublicKey::P384(_)) => true,
            Some(PublicKey::P521(_)) => version == TlsVersion::V1_2,
            Some(key @ PublicKey::Rsa(_)) => {
                version == TlsVersion::V1_2 || key.rsa_size().is_some_and(|size| size >= 66)
            }
            _ => false,
        }
    }

    /// Whether Envoy cannot write the certificate to `x-forwarded-client-cert`: a DNS or URI SAN has a byte that
    /// no HTTP header can carry. It then answers each request with 503, in the modes in which it writes the header
    /// ([`Forwarding::header`](crate::client_certificate::Forwarding::header)).
    #[must_use]
    pub fn breaks_forwarding(&self) -> bool {
        let names = self.leaf.as_ref().map(Certificate::names).unwrap_or_default();
        names.iter().any(|name| match name {
            GeneralName::Dns(text) | GeneralName::Uri(text) => text.iter().any(is_control),
            _ => false,
        })
    }

    /// What Envoy finds at a point in time, with the policy's CA if it has one.
    ///
    /// The CA and the CRL of the policy are given as `authorities`; their names in the policy do not
    /// matter. A CRL of `authorities` counts even if the policy has none: istiod takes one from the
    /// Secret of the CA, and Envoy one from the CA's PEM text.
    ///
    /// The client is assumed to have its certificate's private key.
    ///
    /// # Errors
    ///
    /// If the answer depends on something that is not known.
    pub fn verify(
        &self,
        policy: &ClientCertificatePolicy,
        authorities: Option<&Authorities>,
        at: Timestamp,
        version: TlsVersion,
    ) -> Result<Verification, Unknown> {
        let mut verification = self.verify_apart_from_chain(policy, version);
        let certificate = &mut verification.certificate;
        let is_unread = matches!(certificate.encoding, Encoding::Malformed | Encoding::TooLong);
        let (Some(context), Some(leaf), Some(chain)) = (policy.context(), &self.leaf, &self.parsed)
        else {
            return Ok(verification);
        };
        if is_unread || policy.rejection().is_some() {
            return Ok(verification);
        }
        if context.trusted_ca == TrustedCa::Absent {
            return Ok(verification);
        }
        let authorities = authorities.ok_or(Unknown::Ca)?;
        if context.crl.is_some() && !authorities.checks_crls() {
            return Err(Unknown::Crl);
        }
        let settings: Settings = authorities.settings(at.seconds);
        let sent: Vec<&Certificate> = chain.iter().collect();
        let verified = path::verify(&sent, authorities.store(), &settings);
        match verified.result {
            Ok(()) => {}
            Err(Failure::NotVerified) => return Err(Unknown::Signature),
            Err(Failure::Found(problem, depth)) => {
                let error = problem.error();
                mark(certificate, error);
                let about = verified.chain.get(depth).copied().unwrap_or(leaf);
                verification.failure = Some(ChainFailure {
                    error,
                    depth,
                    subject: about.subject.to_string(),
                    issuer: about.issuer.to_string(),
                    message: problem.message(),
                });
            }
        }
        if authorities.checks_crls() {
            verification.policy = policy.clone().with_crl();
        }
        Ok(verification)
    }

    /// The same without the verification of the chain, as if it passed: what a CA that is not known cannot
    /// change for the better.
    #[must_use]
    pub fn verify_apart_from_chain(
        &self,
        policy: &ClientCertificatePolicy,
        version: TlsVersion,
    ) -> Verification {
        let mut verification = Verification {
            certificate: ClientCertificate {
                encoding: self.encoding(version),
                ..ClientCertificate::VALID
            },
            failure: None,
            policy: policy.clone(),
        };
        let (Some(context), Some(leaf)) = (policy.context(), &self.leaf) else {
            return verification;
        };
        let certificate = &mut verification.certificate;
        if matches!(certificate.encoding, Encoding::Malformed | Encoding::TooLong) {
            return verification;
        }
        if !leaf.allows_signing() {
            certificate.key_usage = KeyUsage::NoSigning;
        }
        certificate.has_matching_name = has_name(leaf, context);
        certificate.is_pinned = is_pinned(leaf, context);
        verification
    }

    fn encoding(&self, version: TlsVersion) -> Encoding {
        let lists = match version {
            TlsVersion::V1_2 => 3,
            TlsVersion::V1_3 => 4,
        };
        let each = match version {
            TlsVersion::V1_2 => 3,
            TlsVersion::V1_3 => 5,
        };
        let length: usize = self.certificates.iter().map(|der| der.len() + each).sum();
        let key = self.leaf.as_ref().map(|leaf| &leaf.key);
        match key {
            _ if lists + length > LONGEST_MESSAGE => Encoding::TooLong,
            None => Encoding::Malformed,
            Some(None | Some(PublicKey::P224)) => Encoding::Malformed,
            _ if self.parsed.is_none() => Encoding::Malformed,
            _ if !self.can_sign(version) => Encoding::UnsupportedKey,
            _ => Encoding::WellFormed,
        }
    }
}

/// Source: nghttp2's `nghttp2_check_header_value`, which Envoy calls.
fn is_control(byte: &u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0a..=0x1f | 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &[u8] = include_bytes!("../../tests/it/client_certificates/client.pem");

    /// Lengths and flips at every byte: an answer, and no panic.
    #[test]
    fn damaged_certificates_are_answered() {
        let chain = ClientChain::from_pem(CLIENT).unwrap().certificates;
        let (mut read, mut unread) = (0, 0);
        for at in 0..chain[0].len() {
            for damaged in [chain[0][..at].to_vec(), {
                let mut flipped = chain[0].clone();
                flipped[at] ^= 0x41;
                flipped
            }] {
                match Certificate::parse(&damaged) {
                    Some(_) => read += 1,
                    None => unread += 1,
                }
                assert!(super::super::crl::RevocationList::parse(&damaged).is_none());
            }
        }
        assert!(read > 100 && unread > chain[0].len(), "{read} {unread}");
    }
}
