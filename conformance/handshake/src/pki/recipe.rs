//! How a client's certificate is made.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use istio_gateway::client_certificate::{Encoding, ExtendedKeyUsage, Validity};
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
    SerialNumber,
};
use rsa::sha2::{Digest as _, Sha256};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SigningKey},
};

use super::{
    Authority, DAY, Pki, REVOKED_SERIAL, RsaKey,
    identity::{Facts, GOOD_DNS, GOOD_URI, Identity, Issuer, SOUND},
    now, params,
};

const OTHER_URI: &str = "spiffe://lab/ns/b/sa/bad";

/// How a client's certificate is made.
pub(super) struct Recipe {
    pub(super) facts: Facts,
    pub(super) params: CertificateParams,
    pub(super) key: Key,
    /// The last change of the chain.
    pub(super) damage: fn(&mut Vec<CertificateDer<'static>>),
}

impl Recipe {
    /// A valid certificate.
    pub(super) fn sound(name: &str) -> Result<Self> {
        let mut params = params(name);
        params.subject_alt_names =
            vec![SanType::DnsName(GOOD_DNS.try_into()?), SanType::URI(GOOD_URI.try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Self { facts: SOUND, params, key: Key::elliptic()?, damage: |_| {} })
    }

    pub(super) fn of(name: &str, change: impl FnOnce(&mut Self) -> Result<()>) -> Result<Self> {
        let mut recipe = Self::sound(name)?;
        change(&mut recipe)?;
        Ok(recipe)
    }

    pub(super) fn issuer(&mut self, issuer: Issuer) {
        self.facts.issuer = issuer;
    }

    pub(super) fn other_name(&mut self) -> Result<()> {
        self.params.subject_alt_names = vec![SanType::URI(OTHER_URI.try_into()?)];
        Ok(())
    }

    pub(super) fn expired(&mut self) {
        self.facts.validity = Validity::Expired;
        self.params.not_before = now() - DAY * 10;
        self.params.not_after = now() - DAY;
    }

    pub(super) fn revoked(&mut self) {
        self.facts.is_revoked = true;
        self.params.serial_number = Some(SerialNumber::from(REVOKED_SERIAL));
    }

    pub(super) fn bad_signature(&mut self) {
        self.facts.has_broken_signature = true;
        self.damage = |chain| change_leaf(chain, |der| flip_last(der));
    }

    pub(super) fn for_servers(&mut self) {
        self.facts.extended_key_usage = ExtendedKeyUsage::Other;
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    }

    pub(super) fn malformed(&mut self, damage: fn(&mut Vec<CertificateDer<'static>>)) {
        self.facts.encoding = Encoding::Malformed;
        self.damage = damage;
    }

    pub(super) fn bake(
        self,
        name: &'static str,
        authorities: &Authorities<'_>,
    ) -> Result<Identity> {
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

/// The key of a certificate.
pub(super) enum Key {
    Elliptic(Box<KeyPair>),
    Rsa(RsaKey),
}

impl Key {
    pub(super) fn elliptic() -> Result<Self> {
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

pub(super) struct Authorities<'a> {
    pki: &'a Pki,
    other_intermediate: Authority,
    same_name: Authority,
}

impl<'a> Authorities<'a> {
    pub(super) fn new(pki: &'a Pki) -> Result<Self> {
        Ok(Self {
            pki,
            other_intermediate: pki.other_root.below("another intermediate")?,
            same_name: Authority::root("lab root")?,
        })
    }
}

/// The root's own certificate with its key.
pub(super) fn root_as_client(name: &'static str, pki: &Pki, facts: Facts) -> Result<Identity> {
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

pub(super) fn change_leaf(chain: &mut Vec<CertificateDer<'static>>, change: fn(&mut Vec<u8>)) {
    let mut leaf = chain.remove(0).to_vec();
    change(&mut leaf);
    chain.insert(0, CertificateDer::from(leaf));
}

pub(super) fn flip_last(der: &mut [u8]) {
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
