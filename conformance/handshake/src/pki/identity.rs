//! Clients.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use istio_gateway::client_certificate::{
    ClientCertificate, Encoding, ExtendedKeyUsage, KeyUsage, Revocation, Trust, ValidationContext,
    Validity,
};
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
    SerialNumber,
};
use rsa::sha2::{Digest as _, Sha256};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SigningKey},
};

use super::{Authority, DAY, Pki, REVOKED_SERIAL, RsaKey, ca_params, now, params};

/// Names that a valid client has.
pub(crate) const GOOD_URI: &str = "spiffe://lab/ns/a/sa/good";
pub(crate) const GOOD_DNS: &str = "client.good.test";
const OTHER_URI: &str = "spiffe://lab/ns/b/sa/bad";

/// A certificate that a client presents, and what is true of it.
pub struct Identity {
    name: &'static str,
    certified_key: Arc<CertifiedKey>,
    facts: Facts,
    names: Vec<String>,
    spki: String,
    hash: String,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    Root,
    Intermediate,
    OtherRoot,
    OtherIntermediate,
    /// A key that is not the root's, under the root's name.
    RootOfTheSameName,
    Itself,
}

/// What does not depend on who looks at it.
#[derive(Clone, Copy, Debug)]
struct Facts {
    issuer: Issuer,
    is_root: bool,
    sends_chain: bool,
    has_broken_signature: bool,
    /// Whether it says which key signed it.
    names_key: bool,
    validity: Validity,
    is_revoked: bool,
    extended_key_usage: ExtendedKeyUsage,
    key_usage: KeyUsage,
    encoding: Encoding,
    has_key: bool,
}

const SOUND: Facts = Facts {
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

    /// What it is to a listener that trusts `ca` and has revocation lists of these issuers.
    pub(crate) fn seen_from(
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
            // The name leads to the root, whose key it is not.
            (Some(Issuer::Root), Issuer::RootOfTheSameName) if !names_key => Trust::BadSignature,
            (Some(Issuer::Root), Issuer::Root) if has_broken_signature => Trust::BadSignature,
            (Some(Issuer::Root), Issuer::Root) => Trust::Trusted,
            (Some(Issuer::Root), Issuer::Intermediate) if sends_chain => Trust::Trusted,
            (Some(Issuer::Root), Issuer::Intermediate) => Trust::IncompleteChain,
            (Some(Issuer::Intermediate), Issuer::Intermediate) => Trust::Trusted,
            _ => Trust::UnknownIssuer,
        }
    }
}

/// Whose key a certificate is about.
enum Key {
    Elliptic(Box<KeyPair>),
    Rsa(RsaKey),
}

impl Key {
    fn elliptic() -> Result<Self> {
        Ok(Self::Elliptic(Box::new(KeyPair::generate()?)))
    }

    fn into_signing_key(self) -> Result<Arc<dyn SigningKey>> {
        match self {
            Self::Elliptic(key) => {
                let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
                Ok(rustls::crypto::ring::sign::any_supported_type(&der)?)
            }
            Self::Rsa(key) => Ok(Arc::new(key)),
        }
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        match self {
            Self::Elliptic(key) => key.der_bytes(),
            Self::Rsa(key) => key.der_bytes(),
        }
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match self {
            Self::Elliptic(key) => key.algorithm(),
            Self::Rsa(key) => PublicKeyData::algorithm(key),
        }
    }
}

/// How a client's certificate is made.
struct Recipe {
    facts: Facts,
    params: CertificateParams,
    key: Key,
    /// What is done to the chain at last.
    damage: fn(&mut Vec<CertificateDer<'static>>),
}

impl Recipe {
    /// Without a flaw.
    fn sound(name: &str) -> Result<Self> {
        let mut params = params(name);
        params.subject_alt_names =
            vec![SanType::DnsName(GOOD_DNS.try_into()?), SanType::URI(GOOD_URI.try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Self { facts: SOUND, params, key: Key::elliptic()?, damage: |_| {} })
    }

    fn of(name: &str, change: impl FnOnce(&mut Self) -> Result<()>) -> Result<Self> {
        let mut recipe = Self::sound(name)?;
        change(&mut recipe)?;
        Ok(recipe)
    }

    fn issuer(&mut self, issuer: Issuer) {
        self.facts.issuer = issuer;
    }

    fn other_name(&mut self) -> Result<()> {
        self.params.subject_alt_names = vec![SanType::URI(OTHER_URI.try_into()?)];
        Ok(())
    }

    fn expired(&mut self) {
        self.facts.validity = Validity::Expired;
        self.params.not_before = now() - DAY * 10;
        self.params.not_after = now() - DAY;
    }

    fn revoked(&mut self) {
        self.facts.is_revoked = true;
        self.params.serial_number = Some(SerialNumber::from(REVOKED_SERIAL));
    }

    fn bad_signature(&mut self) {
        self.facts.has_broken_signature = true;
        self.damage = |chain| change_leaf(chain, |der| flip_last(der));
    }

    fn for_servers(&mut self) {
        self.facts.extended_key_usage = ExtendedKeyUsage::Other;
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    }

    fn malformed(&mut self, damage: fn(&mut Vec<CertificateDer<'static>>)) {
        self.facts.encoding = Encoding::Malformed;
        self.damage = damage;
    }

    fn bake(self, name: &'static str, authorities: &Authorities<'_>) -> Result<Identity> {
        let Self { facts, params, key, damage } = self;
        let names = params.subject_alt_names.iter().filter_map(|san| match san {
            SanType::DnsName(name) | SanType::URI(name) => Some(name.as_str().to_owned()),
            _ => None,
        });
        let names = names.collect();
        let spki = BASE64_STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
        let Authorities { pki, other_intermediate, same_name } = authorities;
        let (signer, between) = match facts.issuer {
            Issuer::Root => (&pki.root, None),
            Issuer::Intermediate => (&pki.intermediate, Some(&pki.intermediate)),
            Issuer::OtherRoot => (&pki.other_root, None),
            Issuer::OtherIntermediate => (other_intermediate, Some(other_intermediate)),
            Issuer::RootOfTheSameName => (same_name, None),
            Issuer::Itself => (&pki.root, None),
        };
        let leaf = match (&key, facts.issuer) {
            (Key::Elliptic(key), Issuer::Itself) => params.self_signed(&**key)?,
            _ => params.signed_by(&key, &signer.issuer)?,
        };
        let mut chain = vec![leaf.der().clone()];
        chain.extend(between.filter(|_| facts.sends_chain).map(Authority::der));
        damage(&mut chain);
        let key = if facts.has_key { key } else { Key::elliptic()? };
        let hash = hexadecimal(&Sha256::digest(chain.first().context("an empty chain")?));
        let certified_key = Arc::new(CertifiedKey::new(chain, key.into_signing_key()?));
        Ok(Identity { name, certified_key, facts, names, spki, hash })
    }
}

struct Authorities<'a> {
    pki: &'a Pki,
    other_intermediate: Authority,
    same_name: Authority,
}

impl<'a> Authorities<'a> {
    fn new(pki: &'a Pki) -> Result<Self> {
        Ok(Self {
            pki,
            other_intermediate: pki.other_root.below("another intermediate")?,
            same_name: Authority::root("lab root")?,
        })
    }
}

type Change = fn(&mut Recipe) -> Result<()>;

/// Clients with a certificate, under the names of `tests/golden/handshake.json`, and behind them
/// those that it leaves to a handshake's own failures.
const CLIENTS: [(&str, Change); 39] = [
    ("valid", |_| Ok(())),
    ("pinned", |_| Ok(())),
    ("wrong_san", Recipe::other_name),
    ("untrusted", |r| {
        r.issuer(Issuer::OtherRoot);
        Ok(())
    }),
    ("untrusted_wrong_san", |r| {
        r.issuer(Issuer::OtherRoot);
        r.other_name()
    }),
    ("same_dn_issuer", |r| {
        r.issuer(Issuer::RootOfTheSameName);
        Ok(())
    }),
    ("same_dn_issuer_named_key", |r| {
        r.issuer(Issuer::RootOfTheSameName);
        r.facts.names_key = true;
        r.params.use_authority_key_identifier_extension = true;
        Ok(())
    }),
    ("self_signed", |r| {
        r.issuer(Issuer::Itself);
        Ok(())
    }),
    ("untrusted_pinned", |r| {
        r.issuer(Issuer::OtherRoot);
        Ok(())
    }),
    ("expired", |r| {
        r.expired();
        Ok(())
    }),
    ("expired_pinned", |r| {
        r.expired();
        Ok(())
    }),
    ("not_yet", |r| {
        r.facts.validity = Validity::NotYetValid;
        r.params.not_before = now() + DAY;
        r.params.not_after = now() + DAY * 2;
        Ok(())
    }),
    ("revoked", |r| {
        r.revoked();
        Ok(())
    }),
    ("no_eku_client", |r| {
        r.for_servers();
        Ok(())
    }),
    ("no_eku_ext", |r| {
        r.params.extended_key_usages.clear();
        Ok(())
    }),
    ("untrusted_server_eku", |r| {
        r.issuer(Issuer::OtherRoot);
        r.for_servers();
        Ok(())
    }),
    ("no_digsig_ku", |r| {
        r.facts.key_usage = KeyUsage::NoSigning;
        r.params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
        // A client without any use for its key is no client to the verification of the chain.
        r.facts.extended_key_usage = ExtendedKeyUsage::Other;
        Ok(())
    }),
    ("key_agreement_ku", |r| {
        r.facts.key_usage = KeyUsage::NoSigning;
        r.params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
        Ok(())
    }),
    ("weak_rsa1024", |r| {
        r.key = Key::Rsa(RsaKey::generate(1024)?);
        Ok(())
    }),
    ("rsa2048", |r| {
        r.key = Key::Rsa(RsaKey::generate(2048)?);
        Ok(())
    }),
    ("int_complete", |r| {
        r.issuer(Issuer::Intermediate);
        Ok(())
    }),
    ("int_incomplete", |r| {
        r.issuer(Issuer::Intermediate);
        r.facts.sends_chain = false;
        Ok(())
    }),
    ("untrusted_int", |r| {
        r.issuer(Issuer::OtherIntermediate);
        Ok(())
    }),
    ("no_san", |r| {
        r.params.subject_alt_names.clear();
        Ok(())
    }),
    ("bad_sig", |r| {
        r.bad_signature();
        Ok(())
    }),
    ("expired_server_eku", |r| {
        r.expired();
        r.for_servers();
        Ok(())
    }),
    ("expired_revoked", |r| {
        r.expired();
        r.revoked();
        Ok(())
    }),
    ("expired_bad_sig", |r| {
        r.expired();
        r.bad_signature();
        Ok(())
    }),
    ("revoked_bad_sig", |r| {
        r.revoked();
        r.bad_signature();
        Ok(())
    }),
    ("revoked_server_eku", |r| {
        r.revoked();
        r.for_servers();
        Ok(())
    }),
    ("untrusted_expired", |r| {
        r.issuer(Issuer::OtherRoot);
        r.expired();
        Ok(())
    }),
    ("untrusted_no_digsig_ku", |r| {
        r.issuer(Issuer::OtherRoot);
        r.facts.key_usage = KeyUsage::NoSigning;
        r.params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
        Ok(())
    }),
    // Without the root's key, its own certificate is nobody's; `all` puts its key in.
    ("ca_as_client", |r| {
        r.issuer(Issuer::Itself);
        r.facts.is_root = true;
        r.params = ca_params("lab root");
        Ok(())
    }),
    ("wrong_key", |r| {
        r.facts.has_key = false;
        Ok(())
    }),
    ("untrusted_wrong_key", |r| {
        r.issuer(Issuer::OtherRoot);
        r.facts.has_key = false;
        Ok(())
    }),
    ("garbage", |r| {
        r.malformed(|chain| *chain = vec![CertificateDer::from(b"no certificate".to_vec())]);
        Ok(())
    }),
    ("truncated", |r| {
        r.malformed(|chain| change_leaf(chain, |der| der.truncate(der.len() / 2)));
        Ok(())
    }),
    ("trailing", |r| {
        r.malformed(|chain| change_leaf(chain, |der| der.extend(*b"more")));
        Ok(())
    }),
    ("garbage_chain", |r| {
        r.malformed(|chain| chain.push(CertificateDer::from(b"no certificate".to_vec())));
        Ok(())
    }),
];

pub(super) fn all(pki: &Pki) -> Result<BTreeMap<&'static str, Identity>> {
    let authorities = Authorities::new(pki)?;
    let mut identities = BTreeMap::new();
    for (name, change) in CLIENTS {
        let recipe = Recipe::of(name, change)?;
        let identity = if recipe.facts.is_root {
            root_as_client(name, pki, recipe.facts)?
        } else {
            recipe.bake(name, &authorities)?
        };
        identities.insert(name, identity);
    }
    Ok(identities)
}

pub(super) fn untrusted_with_uri(pki: &Pki, uri: &str) -> Result<Identity> {
    let recipe = Recipe::of("another URI", |r| {
        r.issuer(Issuer::OtherRoot);
        r.params.subject_alt_names = vec![SanType::URI(uri.try_into()?)];
        Ok(())
    })?;
    recipe.bake("untrusted_with_uri", &Authorities::new(pki)?)
}

/// The root's own certificate with its key.
fn root_as_client(name: &'static str, pki: &Pki, facts: Facts) -> Result<Identity> {
    let key = pki.root.issuer.key();
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signing_key = rustls::crypto::ring::sign::any_supported_type(&der)?;
    Ok(Identity {
        name,
        certified_key: Arc::new(CertifiedKey::new(vec![pki.root.der()], signing_key)),
        facts,
        names: Vec::new(),
        spki: BASE64_STANDARD.encode(Sha256::digest(key.subject_public_key_info())),
        hash: hexadecimal(&Sha256::digest(pki.root.der())),
    })
}

fn change_leaf(chain: &mut Vec<CertificateDer<'static>>, change: fn(&mut Vec<u8>)) {
    let mut leaf = chain.remove(0).to_vec();
    change(&mut leaf);
    chain.insert(0, CertificateDer::from(leaf));
}

fn flip_last(der: &mut [u8]) {
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
