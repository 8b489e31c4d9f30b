//! Certificate authorities, and client certificates with every defect.

mod clients;
mod identity;
mod keys;
mod recipe;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

pub(crate) use identity::{GOOD_DNS, GOOD_URI};
pub use identity::{Identity, Issuer};
use keys::RsaKey;

const HOUR: Duration = Duration::HOUR;
const DAY: Duration = Duration::DAY;
const REVOKED_SERIAL: u64 = 0x5e;

/// A CA with its key.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A CRL, as PEM.
#[derive(Clone, Debug)]
pub struct RevocationList(pub(crate) String);

/// All certificates, generated for each run.
pub struct Pki {
    root: Authority,
    intermediate: Authority,
    other_root: Authority,
    /// The CA of the gateway.
    server_root: Authority,
    server_certificate: String,
    server_key: String,
    identities: BTreeMap<&'static str, Identity>,
}

impl Authority {
    fn root(name: &str) -> Result<Self> {
        let issuer = CertifiedIssuer::self_signed(ca_params(name), KeyPair::generate()?)?;
        Ok(Self { issuer })
    }

    fn below(&self, name: &str) -> Result<Self> {
        let key = KeyPair::generate()?;
        let issuer = CertifiedIssuer::signed_by(ca_params(name), key, &self.issuer)?;
        Ok(Self { issuer })
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// Its CRL, whose next update is in an hour or, if it is stale, was an hour ago.
    fn revocation_list(&self, revoked: &[u64], is_stale: bool) -> Result<RevocationList> {
        let now = now();
        let list = CertificateRevocationListParams {
            this_update: now - DAY,
            next_update: if is_stale { now - HOUR } else { now + HOUR },
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|&serial| RevokedCertParams {
                    serial_number: SerialNumber::from(serial),
                    revocation_time: now - DAY,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(RevocationList(list.signed_by(&self.issuer)?.pem()?))
    }
}

impl Pki {
    /// Generates everything.
    ///
    /// # Errors
    ///
    /// If a key or a certificate cannot be made.
    pub fn generate() -> Result<Self> {
        let root = Authority::root("lab root")?;
        let intermediate = root.below("lab intermediate")?;
        let other_root = Authority::root("another root")?;
        let server_root = Authority::root("gateway root")?;
        let key = KeyPair::generate()?;
        let mut params = params("gateway");
        params.subject_alt_names = vec![SanType::DnsName("*.gateway.test".try_into()?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &server_root.issuer)?;
        let mut pki = Self {
            root,
            intermediate,
            other_root,
            server_root,
            server_certificate: certificate.pem(),
            server_key: key.serialize_pem(),
            identities: BTreeMap::new(),
        };
        pki.identities = clients::all(&pki)?;
        Ok(pki)
    }

    /// The CA that a gateway is to trust.
    #[must_use]
    pub fn root(&self) -> &Authority {
        &self.root
    }

    /// A CA below [`root`](Self::root).
    #[must_use]
    pub fn intermediate(&self) -> &Authority {
        &self.intermediate
    }

    /// An unrelated CA.
    #[must_use]
    pub fn other_root(&self) -> &Authority {
        &self.other_root
    }

    /// The root that clients trust for the gateway.
    #[must_use]
    pub fn server_root(&self) -> CertificateDer<'static> {
        self.server_root.der()
    }

    /// The gateway's certificate, for `*.gateway.test`, and its key, as PEM.
    #[must_use]
    pub fn server_certificate(&self) -> (&str, &str) {
        (&self.server_certificate, &self.server_key)
    }

    /// A client by its name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn identity(&self, name: &str) -> Result<&Identity> {
        self.identities.get(name).with_context(|| format!("no client is named {name}"))
    }

    /// Every client that has a certificate.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.identities.values()
    }

    /// A client of another root, with this URI as its only SAN.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn untrusted_with_uri(&self, uri: &str) -> Result<Identity> {
        clients::untrusted_with_uri(self, uri)
    }

    /// The root's CRL, which has the client `revoked`.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn root_list(&self, is_stale: bool) -> Result<RevocationList> {
        self.root.revocation_list(&[REVOKED_SERIAL], is_stale)
    }

    /// The intermediate's CRL, which is empty.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn intermediate_list(&self) -> Result<RevocationList> {
        self.intermediate.revocation_list(&[], false)
    }

    /// The CRL of an unrelated CA.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn foreign_list(&self) -> Result<RevocationList> {
        self.other_root.revocation_list(&[], false)
    }
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Valid for a day before and after now.
fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = now() - DAY;
    params.not_after = now() + DAY;
    params
}

fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = params(common_name);
    params.not_before = now() - DAY * 30;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
    ];
    params
}
