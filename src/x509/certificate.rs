//! Certificates as BoringSSL parses them.

#[cfg(feature = "x509")]
use super::signature::PublicKey;
use super::{
    constraints::NameConstraints,
    general_name::{AuthorityKey, DistributionPoint, GeneralName},
    name::Name,
    read::{Bits, OCTET_STRING, Reader, SEQUENCE, Time, context, explicit},
    signed::Signature,
};

/// Encoded object identifiers of extensions, of which only the last byte differs.
pub(super) mod id {
    pub(crate) const SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 14];
    pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(crate) const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 17];
    pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub(crate) const ISSUING_POINT: &[u8] = &[0x55, 0x1d, 28];
    pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
    pub(crate) const CRL_POINTS: &[u8] = &[0x55, 0x1d, 31];
    pub(crate) const POLICIES: &[u8] = &[0x55, 0x1d, 32];
    pub(crate) const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
    pub(crate) const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 35];
    pub(crate) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
    pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub(crate) const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
    /// `clientAuth`
    pub(crate) const CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
}

/// Bits of a key usage.
pub(super) mod usage {
    pub(crate) const DIGITAL_SIGNATURE: u16 = 0x80;
    pub(crate) const KEY_AGREEMENT: u16 = 0x08;
    pub(crate) const CERTIFICATE_SIGN: u16 = 0x04;
    pub(crate) const CRL_SIGN: u16 = 0x02;
}

/// A certificate.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) issuer: Name,
    pub(super) subject: Name,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
    /// The encoded public key.
    pub(super) public_key_info: Vec<u8>,
    /// `None` for a key that BoringSSL does not read.
    #[cfg(feature = "x509")]
    pub(super) key: Option<PublicKey>,
    pub(super) signature: Signature,
    /// What is signed.
    pub(super) signed: Vec<u8>,
    pub(super) extensions: Extensions,
    /// `None` if BoringSSL does not accept one of them, so that it rejects every chain with it.
    pub(super) facts: Option<Facts>,
}

/// The extensions, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Extensions(Vec<Extension>);

#[derive(Clone, Debug)]
struct Extension {
    id: Vec<u8>,
    is_critical: bool,
    value: Vec<u8>,
}

/// What the verification takes from the extensions.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    is_first_version: bool,
    has_constraints: bool,
    is_ca: bool,
    pub(super) path_length: Option<u64>,
    key_usage: Option<u16>,
    /// Whether the extended key usage has `clientAuth`; `None` without the extension.
    is_for_clients: Option<bool>,
    pub(super) subject_key: Option<Vec<u8>>,
    pub(super) authority_key: Option<AuthorityKey>,
    pub(super) is_self_issued: bool,
    pub(super) is_self_signed: bool,
    pub(super) alternative_names: Option<Vec<GeneralName>>,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) crl_points: Vec<DistributionPoint>,
    pub(super) has_unknown_critical: bool,
}

impl Certificate {
    /// Source: BoringSSL's `X509_parse_with_algorithms`.
    pub(super) fn parse(der: &[u8]) -> Option<Self> {
        let mut input = Reader(der);
        let mut outer = input.read(SEQUENCE).filter(|_| input.is_empty())?;
        let signed = outer.element().filter(|element| element.tag == SEQUENCE)?;
        let algorithm = algorithm(&mut outer)?;
        let bits = outer.bits().filter(|_| outer.is_empty())?;
        let mut tbs = signed.content;
        let version = version(&mut tbs)?;
        let serial = tbs.integer()?.to_vec();
        let inner_algorithm = self::algorithm(&mut tbs)?;
        let issuer = Name::read(&mut tbs)?;
        let mut validity = tbs.read(SEQUENCE)?;
        let not_before = Time::read(&mut validity, true)?;
        let not_after = Time::read(&mut validity, true).filter(|_| validity.is_empty())?;
        let subject = Name::read(&mut tbs)?;
        let public_key_info = tbs.element().filter(|element| element.tag == SEQUENCE)?;
        let mut info = public_key_info.content;
        self::algorithm(&mut info)?;
        info.bits().filter(|_| info.is_empty())?;
        if version > 1 {
            for tag in [context(1), context(2)] {
                tbs.optional(tag)?.is_none_or(|id| id.as_bits().is_some()).then_some(())?;
            }
        }
        let mut extensions = Extensions::default();
        if version == 3
            && let Some(list) = tbs.optional(explicit(3))?
        {
            extensions = Extensions::read(list)?;
        }
        tbs.is_empty().then_some(())?;
        let facts = Facts::new(version, &serial, &issuer, &subject, &extensions);
        Some(Self {
            der: der.to_vec(),
            #[cfg(feature = "x509")]
            key: PublicKey::of(public_key_info.content),
            public_key_info: public_key_info.whole.to_vec(),
            signature: Signature::new(algorithm, inner_algorithm, bits),
            signed: signed.whole.to_vec(),
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            extensions,
            facts,
        })
    }

    /// Source: BoringSSL's `ssl_cert_check_key_usage`.
    pub(super) fn allows_signing(&self) -> bool {
        self.extensions.first(id::KEY_USAGE).is_none_or(|mut value| {
            let bits = value.bits().filter(|_| value.is_empty());
            bits.is_some_and(|bits| bits.bytes.first().is_some_and(|first| first & 0x80 != 0))
        })
    }

    /// The alternative names; none if the extension is malformed.
    ///
    /// Source: BoringSSL's `X509_get_ext_d2i`.
    pub(super) fn names(&self) -> Vec<GeneralName> {
        let names = self
            .extensions
            .parse(id::ALTERNATIVE_NAMES, |der| der.read(SEQUENCE).and_then(GeneralName::read_all));
        names.flatten().unwrap_or_default()
    }

    /// Whether this certificate may have issued another.
    ///
    /// Source: BoringSSL's `X509_check_issued`.
    pub(super) fn issues(&self, other: &Self) -> bool {
        let (Some(facts), Some(others)) = (&self.facts, &other.facts) else { return false };
        self.subject.canonical == other.issuer.canonical
            && self.is_named_by(others.authority_key.as_ref())
            && facts.allows(usage::CERTIFICATE_SIGN)
    }

    /// Whether the identifier of a signing key is that of this certificate.
    ///
    /// Source: BoringSSL's `X509_check_akid`.
    pub(super) fn is_named_by(&self, key: Option<&AuthorityKey>) -> bool {
        let subject_key = self.facts.as_ref().and_then(|facts| facts.subject_key.as_deref());
        key.is_none_or(|key| is_named(key, subject_key, &self.serial, &self.issuer))
    }
}

fn is_named(key: &AuthorityKey, subject_key: Option<&[u8]>, serial: &[u8], issuer: &Name) -> bool {
    let is_key = match (&key.key, subject_key) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    };
    is_key
        && key.serial.as_ref().is_none_or(|wanted| wanted == serial)
        && key.issuer.as_ref().is_none_or(|wanted| wanted.canonical == issuer.canonical)
}

/// The encoding of an identifier of an algorithm.
///
/// Source: BoringSSL's `x509_parse_algorithm`.
pub(super) fn algorithm<'a>(der: &mut Reader<'a>) -> Option<Reader<'a>> {
    let sequence = der.read(SEQUENCE)?;
    let mut rest = sequence;
    rest.oid()?;
    let is_valid = rest.is_empty() || rest.element()?.is_valid() && rest.is_empty();
    is_valid.then_some(sequence)
}

/// The version, from 1 to 3.
fn version(tbs: &mut Reader<'_>) -> Option<u8> {
    let Some(mut wrapper) = tbs.optional(explicit(0))? else { return Some(1) };
    match *wrapper.integer().filter(|_| wrapper.is_empty())? {
        [version @ 0..=2] => Some(version + 1),
        _ => None,
    }
}

impl Extensions {
    pub(super) fn read(mut list: Reader<'_>) -> Option<Self> {
        let sequence = list.read(SEQUENCE).filter(|_| list.is_empty())?;
        sequence.all(Extension::read).map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of an extension. `None` if it occurs twice.
    #[expect(clippy::option_option, reason = "the outer one is an error")]
    pub(super) fn get(&self, id: &[u8]) -> Option<Option<Reader<'_>>> {
        let mut found = self.0.iter().filter(|extension| extension.id == id);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => None,
            (one, _) => Some(one.map(|extension| Reader(&extension.value))),
        }
    }

    /// The value of the first extension with an identifier.
    pub(super) fn first(&self, id: &[u8]) -> Option<Reader<'_>> {
        let found = self.0.iter().find(|extension| extension.id == id);
        found.map(|extension| Reader(&extension.value))
    }

    /// An extension that is read by a function up to its end. `None` if that fails, or it occurs twice.
    #[expect(clippy::option_option, reason = "the outer one is an error")]
    pub(super) fn parse<T>(
        &self,
        id: &[u8],
        read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
    ) -> Option<Option<T>> {
        let Some(mut value) = self.get(id)? else { return Some(None) };
        read(&mut value).filter(|_| value.is_empty()).map(Some)
    }

    /// Whether there is a critical extension other than these.
    pub(super) fn has_critical_besides(&self, known: &[&[u8]]) -> bool {
        self.0.iter().any(|extension| extension.is_critical && !known.contains(&&*extension.id))
    }
}

impl Extension {
    fn read(der: &mut Reader<'_>) -> Option<Self> {
        let mut extension = der.read(SEQUENCE)?;
        let id = extension.oid()?.to_vec();
        let is_critical = extension.flag(super::read::BOOLEAN)?;
        let value = extension.read(OCTET_STRING)?.0.to_vec();
        extension.is_empty().then_some(Self { id, is_critical, value })
    }
}

impl Facts {
    /// Source: BoringSSL's `x509v3_cache_extensions`.
    fn new(
        version: u8,
        serial: &[u8],
        issuer: &Name,
        subject: &Name,
        extensions: &Extensions,
    ) -> Option<Self> {
        let mut facts = Self { is_first_version: version == 1, ..Self::default() };
        if let Some((is_ca, length)) = extensions.parse(id::BASIC_CONSTRAINTS, basic)? {
            (facts.has_constraints, facts.is_ca) = (true, is_ca);
            if let Some(length) = length {
                let is_negative = length.first().is_some_and(|first| first & 0x80 != 0);
                (is_ca && !is_negative).then_some(())?;
                facts.path_length = small(&length);
            }
        }
        facts.key_usage = extensions.parse(id::KEY_USAGE, |der| {
            let bits: Bits<'_> = der.bits()?;
            let byte = |index| u16::from(bits.bytes.get(index).copied().unwrap_or_default());
            Some(byte(0) | byte(1) << 8)
        })?;
        let purposes = extensions.parse(id::EXTENDED_KEY_USAGE, |der| {
            der.read(SEQUENCE)?.all(|der| der.oid().map(<[u8]>::to_vec))
        })?;
        facts.is_for_clients = purposes.map(|list| list.iter().any(|id| id == id::CLIENT));
        facts.subject_key = extensions
            .parse(id::SUBJECT_KEY, |der| der.read(OCTET_STRING).map(|key| key.0.to_vec()))?;
        facts.authority_key = extensions.parse(id::AUTHORITY_KEY, AuthorityKey::read)?;
        facts.is_self_issued = subject.canonical == issuer.canonical;
        let is_own = facts
            .authority_key
            .as_ref()
            .is_none_or(|key| is_named(key, facts.subject_key.as_deref(), serial, issuer));
        facts.is_self_signed =
            facts.is_self_issued && is_own && facts.allows(usage::CERTIFICATE_SIGN);
        facts.alternative_names = extensions.parse(id::ALTERNATIVE_NAMES, |der| {
            der.read(SEQUENCE).and_then(GeneralName::read_all)
        })?;
        facts.name_constraints = extensions.parse(id::NAME_CONSTRAINTS, NameConstraints::read)?;
        let points = extensions.parse(id::CRL_POINTS, |der| {
            der.read(SEQUENCE)?.all(|der| DistributionPoint::read(der, issuer))
        })?;
        facts.crl_points = points.unwrap_or_default();
        facts.has_unknown_critical = extensions.has_critical_besides(&[
            id::KEY_USAGE,
            id::ALTERNATIVE_NAMES,
            id::BASIC_CONSTRAINTS,
            id::POLICIES,
            id::EXTENDED_KEY_USAGE,
            id::POLICY_CONSTRAINTS,
            id::NAME_CONSTRAINTS,
            id::POLICY_MAPPINGS,
            id::INHIBIT_ANY_POLICY,
        ]);
        Some(facts)
    }

    /// Whether the key usage has one of these bits, or is absent.
    pub(super) fn allows(&self, bits: u16) -> bool {
        self.key_usage.is_none_or(|usage| usage & bits != 0)
    }

    /// Source: BoringSSL's `check_ca`.
    pub(super) fn is_ca(&self) -> bool {
        self.allows(usage::CERTIFICATE_SIGN)
            && (self.is_first_version && self.is_self_signed || self.has_constraints && self.is_ca)
    }

    /// Whether the basic constraints make it a CA.
    pub(super) fn claims_ca(&self) -> bool {
        self.is_ca
    }

    /// Whether it may be a client's, or a CA's for clients.
    ///
    /// Source: BoringSSL's `check_purpose_ssl_client`.
    pub(super) fn is_for_clients(&self, must_be_ca: bool) -> bool {
        let usages = usage::DIGITAL_SIGNATURE | usage::KEY_AGREEMENT;
        let has_usage = if must_be_ca { self.is_ca() } else { self.allows(usages) };
        has_usage && self.is_for_clients != Some(false)
    }
}

/// Whether it is a CA, and the bytes of its path length.
fn basic(der: &mut Reader<'_>) -> Option<(bool, Option<Vec<u8>>)> {
    let mut sequence = der.read(SEQUENCE)?;
    let is_ca = sequence.flag(super::read::BOOLEAN)?;
    let length = match sequence.optional(super::read::INTEGER)? {
        Some(length) => Some(length.as_integer()?.to_vec()),
        None => None,
    };
    sequence.is_empty().then_some((is_ca, length))
}

/// A number that is not negative; `None` if it is too large to matter.
pub(super) fn small(integer: &[u8]) -> Option<u64> {
    let significant = integer.strip_prefix(&[0]).unwrap_or(integer);
    (significant.len() <= 7)
        .then(|| significant.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
