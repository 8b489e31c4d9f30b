//! A client's certificate, and its facts.

use std::sync::Arc;

use istio_gateway::client_certificate::{
    ClientCertificate, Encoding, ExtendedKeyUsage, KeyUsage, Revocation, Trust, ValidationContext,
    Validity,
};
use rustls::sign::CertifiedKey;

/// Names that a valid client has.
pub(crate) const GOOD_URI: &str = "spiffe://lab/ns/a/sa/good";

pub(crate) const GOOD_DNS: &str = "client.good.test";

/// A certificate that a client presents, and its facts.
pub struct Identity {
    pub(super) name: &'static str,
    pub(super) certified_key: Arc<CertifiedKey>,
    pub(super) facts: Facts,
    pub(super) names: Vec<String>,
    pub(super) spki: String,
    pub(super) hash: String,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The CA that gateways trust.
    Root,
    /// A CA below it.
    Intermediate,
    /// An unrelated CA.
    OtherRoot,
    /// A CA below that.
    OtherIntermediate,
    /// A key that is not the root's, under the root's name.
    RootOfTheSameName,
    /// The certificate's own key.
    Itself,
}

/// The facts that do not depend on the policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) issuer: Issuer,
    pub(super) is_root: bool,
    pub(super) sends_chain: bool,
    pub(super) has_broken_signature: bool,
    /// Whether it has an authority key identifier.
    pub(super) names_key: bool,
    pub(super) validity: Validity,
    pub(super) is_revoked: bool,
    pub(super) extended_key_usage: ExtendedKeyUsage,
    pub(super) key_usage: KeyUsage,
    pub(super) encoding: Encoding,
    pub(super) has_key: bool,
}

pub(super) const SOUND: Facts = Facts {
    issuer: Issuer::Root,
    is_root: false,
    sends_chain: true,
    has_broken_signature: false,
    names_key: false,
    validity: Validity::Current,
    is_revoked: false,
    extended_key_usage: ExtendedKeyUsage::Client,
    key_usage: KeyUsage::Signing,
    encoding: Encoding::WellFormed,
    has_key: true,
};

impl Identity {
    /// Its name; where `tests/golden/handshake.json` has the same client, it has the same name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The SHA-256 of its public key in base64, as `verifyCertificateSpki` has it.
    #[must_use]
    pub fn spki(&self) -> &str {
        &self.spki
    }

    /// The SHA-256 of the certificate in hexadecimal, as `verifyCertificateHash` and
    /// `x-forwarded-client-cert` have it.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub(crate) fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified_key)
    }

    /// The facts for a listener that trusts `ca` and has CRLs of these issuers.
    #[must_use]
    pub fn seen_from(
        &self,
        context: &ValidationContext,
        ca: Option<Issuer>,
        lists: &[Issuer],
    ) -> ClientCertificate {
        let Facts {
            issuer,
            is_root: _,
            sends_chain: _,
            has_broken_signature: _,
            names_key: _,
            validity,
            is_revoked,
            extended_key_usage,
            key_usage,
            encoding,
            has_key,
        } = self.facts;
        let mut pins =
            context.verify_certificate_spki.iter().chain(&context.verify_certificate_hash);
        let has_name = |wanted: &String| self.names.contains(wanted);
        ClientCertificate {
            encoding,
            has_key,
            key_usage,
            trust: self.trust(ca),
            validity,
            extended_key_usage,
            revocation: if is_revoked && lists.contains(&issuer) {
                Revocation::Revoked
            } else if issuer == Issuer::Intermediate && !lists.contains(&Issuer::Intermediate) {
                Revocation::NoList
            } else {
                Revocation::NotRevoked
            },
            has_matching_name: context.subject_alt_names.iter().any(has_name),
            is_pinned: pins.any(|pin| *pin == self.spki || *pin == self.hash),
        }
    }

    fn trust(&self, ca: Option<Issuer>) -> Trust {
        let Facts { issuer, is_root, sends_chain, has_broken_signature, names_key, .. } =
            self.facts;
        match (ca, issuer) {
            (Some(Issuer::Root), _) if is_root => Trust::Trusted,
            (_, Issuer::Itself) => Trust::SelfSigned,
            // The issuer's name is the root's, but not its key.
            (Some(Issuer::Root), Issuer::RootOfTheSameName) if !names_key => Trust::BadSignature,
            (Some(Issuer::Root), Issuer::Root) if has_broken_signature => Trust::BadSignature,
            (Some(Issuer::Root), Issuer::Root) => Trust::Trusted,
            (Some(Issuer::Root), Issuer::Intermediate) if sends_chain => Trust::Trusted,
            (Some(Issuer::Root), Issuer::Intermediate) => Trust::IncompleteChain,
            (Some(Issuer::Intermediate), Issuer::Intermediate)
            | (Some(Issuer::OtherRoot), Issuer::OtherRoot) => Trust::Trusted,
            _ => Trust::UnknownIssuer,
        }
    }
}
