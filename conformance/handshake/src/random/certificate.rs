//! Certificates and CRLs with any content.

use anyhow::Result;

use super::{
    der::{bits, boolean, flags, integer, octets, oid, seq, set, time, tlv},
    keys::{How, Key},
};

pub(super) mod id {
    pub(crate) const SUBJECT_KEY: &str = "2.5.29.14";
    pub(crate) const KEY_USAGE: &str = "2.5.29.15";
    pub(crate) const ALTERNATIVE_NAMES: &str = "2.5.29.17";
    pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    pub(crate) const ISSUING_POINT: &str = "2.5.29.28";
    pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
    pub(crate) const CRL_POINTS: &str = "2.5.29.31";
    pub(crate) const POLICIES: &str = "2.5.29.32";
    pub(crate) const POLICY_MAPPINGS: &str = "2.5.29.33";
    pub(crate) const AUTHORITY_KEY: &str = "2.5.29.35";
    pub(crate) const POLICY_CONSTRAINTS: &str = "2.5.29.36";
    pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    pub(crate) const INHIBIT_ANY_POLICY: &str = "2.5.29.54";
}

pub(super) const DAY: i64 = 86_400;

#[derive(Clone, Debug)]
pub(super) struct Extension {
    pub(super) id: Vec<u8>,
    pub(super) is_critical: bool,
    pub(super) value: Vec<u8>,
}

impl Extension {
    pub(super) fn new(id: &str, value: Vec<u8>) -> Self {
        Self { id: oid(id), is_critical: false, value }
    }

    fn encode(&self) -> Vec<u8> {
        let critical = if self.is_critical { boolean(true) } else { Vec::new() };
        seq(&[self.id.clone(), critical, octets(&self.value)])
    }
}

/// The parts of a certificate, each encoded.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) version: u8,
    pub(super) serial: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) validity: [Vec<u8>; 2],
    pub(super) subject: Vec<u8>,
    pub(super) key: Key,
    /// The encoded key, if it is not that of `key`.
    pub(super) public: Option<Vec<u8>>,
    pub(super) unique: Vec<u8>,
    pub(super) extensions: Vec<Extension>,
    pub(super) signer: Key,
    pub(super) how: How,
    /// The algorithm that stands within, if it is another one.
    pub(super) inner: Option<Vec<u8>>,
    pub(super) breaks_signature: bool,
}

/// An issuer of certificates.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub(super) der: Vec<u8>,
    pub(super) template: Template,
    /// What it sends of the certificates above.
    pub(super) above: Vec<Vec<u8>>,
}

impl Template {
    /// A CA's, or without extensions for anybody.
    pub(super) fn new(subject: Vec<u8>, key: Key, issuer: Option<&Self>, serial: u64) -> Self {
        let now = now();
        let subject_key = key_identifier(&key);
        let mut extensions =
            vec![Extension::new(id::SUBJECT_KEY, octets(&subject_key.to_be_bytes()))];
        if let Some(issuer) = issuer {
            let named = key_identifier(&issuer.key).to_be_bytes();
            extensions.push(Extension::new(id::AUTHORITY_KEY, seq(&[tlv(0x80, &named)])));
        }
        Self {
            version: 2,
            serial: integer(&[&[1], &serial.to_be_bytes()[..]].concat()),
            issuer: issuer.map_or_else(|| subject.clone(), |issuer| issuer.subject.clone()),
            validity: [time(now - 30 * DAY), time(now + 30 * DAY)],
            subject,
            signer: issuer.map_or_else(|| key.clone(), |issuer| issuer.key.clone()),
            key,
            public: None,
            unique: Vec::new(),
            extensions,
            how: How::USUAL,
            inner: None,
            breaks_signature: false,
        }
    }

    pub(super) fn into_ca(mut self) -> Self {
        self.set(id::BASIC_CONSTRAINTS, true, seq(&[boolean(true)]));
        self.set(id::KEY_USAGE, true, flags(&[0, 5, 6]));
        self
    }

    /// Adds an extension, or replaces it.
    pub(super) fn set(&mut self, id: &str, is_critical: bool, value: Vec<u8>) {
        self.remove(id);
        self.extensions.push(Extension { is_critical, ..Extension::new(id, value) });
    }

    pub(super) fn remove(&mut self, id: &str) {
        let id = oid(id);
        self.extensions.retain(|extension| extension.id != id);
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let algorithm = self.signer.algorithm(self.how);
        let version =
            if self.version == 0 { Vec::new() } else { tlv(0xa0, &integer(&[self.version])) };
        let extensions: Vec<_> = self.extensions.iter().map(Extension::encode).collect();
        let extensions =
            if extensions.is_empty() { Vec::new() } else { tlv(0xa3, &seq(&extensions)) };
        let public = match &self.public {
            Some(public) => public.clone(),
            None => self.key.public()?,
        };
        let signed = seq(&[
            version,
            self.serial.clone(),
            self.inner.clone().unwrap_or_else(|| algorithm.clone()),
            self.issuer.clone(),
            seq(&self.validity),
            self.subject.clone(),
            public,
            self.unique.clone(),
            extensions,
        ]);
        let mut signature = self.signer.sign(self.how, &signed)?;
        if self.breaks_signature
            && let Some(last) = signature.last_mut()
        {
            *last ^= 1;
        }
        Ok(seq(&[signed, algorithm, bits(&signature)]))
    }

    pub(super) fn into_authority(self, above: Vec<Vec<u8>>) -> Result<Authority> {
        Ok(Authority { der: self.encode()?, template: self, above })
    }
}

impl Authority {
    pub(super) fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// Its CRL.
    pub(super) fn list(
        &self,
        revoked: &[Vec<u8>],
        [last, next]: [i64; 2],
        extensions: &[Extension],
        is_damaged: bool,
    ) -> Result<String> {
        let key = &self.template.key;
        let algorithm = key.algorithm(How::USUAL);
        let revoked: Vec<_> =
            revoked.iter().map(|serial| seq(&[serial.clone(), time(last)])).collect();
        let mut extensions: Vec<_> = extensions.iter().map(Extension::encode).collect();
        extensions.push(Extension::new("2.5.29.20", integer(&[1])).encode());
        let signed = seq(&[
            integer(&[1]),
            algorithm.clone(),
            self.template.subject.clone(),
            time(last),
            time(next),
            if revoked.is_empty() { Vec::new() } else { seq(&revoked) },
            tlv(0xa0, &seq(&extensions)),
        ]);
        let mut signature = key.sign(How::USUAL, &signed)?;
        if is_damaged && let Some(last) = signature.last_mut() {
            *last ^= 1;
        }
        Ok(pem("X509 CRL", &seq(&[signed, algorithm, bits(&signature)])))
    }
}

pub(super) fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

pub(super) fn key_identifier(key: &Key) -> u64 {
    let public = key.public().unwrap_or_default();
    public.iter().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)))
}

pub(super) fn pem(kind: &str, der: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let digits = STANDARD.encode(der);
    let lines = digits.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

/// A name of one attribute for each pair.
pub(super) fn name(attributes: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let parts = attributes.iter().map(|(id, tag, value)| set(&[seq(&[oid(id), tlv(*tag, value)])]));
    seq(&parts.collect::<Vec<_>>())
}

pub(super) fn common_name(text: &str) -> Vec<u8> {
    name(&[("2.5.4.10", 12, b"Lab"), ("2.5.4.3", 12, text.as_bytes())])
}
