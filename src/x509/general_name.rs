//! Alternative names, and Envoy's matching of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    name::Name,
    read::{Element, Reader, SEQUENCE, context, explicit},
};

/// A name of one of the types that a certificate can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GeneralName {
    Email(Vec<u8>),
    Dns(Vec<u8>),
    Directory(Name),
    Uri(Vec<u8>),
    Ip(Vec<u8>),
    /// Another type: its number, and the encoding.
    Other(u32, Vec<u8>),
}

impl GeneralName {
    /// Source: BoringSSL's `GENERAL_NAME`.
    pub(super) fn read(der: &mut Reader<'_>) -> Option<Self> {
        let Element { tag, mut content, whole } = der.element()?;
        let bytes = || content.0.to_vec();
        let other = |number: u32| Self::Other(number, whole.to_vec());
        const OTHER_NAME: u32 = explicit(0);
        const EMAIL: u32 = context(1);
        const DNS: u32 = context(2);
        const X400: u32 = explicit(3);
        const DIRECTORY: u32 = explicit(4);
        const EDI_PARTY: u32 = explicit(5);
        const URI: u32 = context(6);
        const IP: u32 = context(7);
        const REGISTERED_ID: u32 = context(8);
        Some(match tag {
            EMAIL => Self::Email(bytes()),
            DNS => Self::Dns(bytes()),
            URI => Self::Uri(bytes()),
            IP => Self::Ip(bytes()),
            DIRECTORY => {
                let name = Name::read(&mut content)?;
                content.is_empty().then_some(Self::Directory(name))?
            }
            OTHER_NAME => {
                content.oid()?;
                let mut value = content.read(explicit(0))?;
                let is_valid = value.element()?.is_valid() && value.is_empty();
                (is_valid && content.is_empty()).then(|| other(0))?
            }
            X400 => other(3),
            EDI_PARTY => {
                let is_string = |reader: Reader<'_>| {
                    let mut reader = reader;
                    reader.element().is_some_and(|element| {
                        matches!(element.tag, 12 | 19 | 20 | 28 | 30) && element.is_valid()
                    }) && reader.is_empty()
                };
                content.optional(explicit(0))?.is_none_or(is_string).then_some(())?;
                is_string(content.read(explicit(1))?).then_some(())?;
                content.is_empty().then(|| other(5))?
            }
            REGISTERED_ID => content.as_oid().map(|_| other(8))?,
            _ => return None,
        })
    }

    /// The names of an extension, or of a field with an implicit tag.
    pub(super) fn read_all(content: Reader<'_>) -> Option<Vec<Self>> {
        content.all(Self::read)
    }

    /// The number of the type.
    pub(super) fn kind(&self) -> u32 {
        match self {
            Self::Email(_) => 1,
            Self::Dns(_) => 2,
            Self::Directory(_) => 4,
            Self::Uri(_) => 6,
            Self::Ip(_) => 7,
            Self::Other(number, _) => *number,
        }
    }

    /// Whether Envoy finds the name equal to a wanted one, whose type is not given.
    ///
    /// Source: Envoy's `StringSanMatcher::match`, and the types for which
    /// `CertificateValidationContextConfigImpl` makes a matcher.
    pub(super) fn matches(&self, wanted: &str) -> bool {
        match self {
            Self::Email(name) | Self::Uri(name) => name == wanted.as_bytes(),
            Self::Dns(pattern) => is_dns_match(wanted.as_bytes(), pattern),
            Self::Ip(address) => ip(address).is_some_and(|address| address == wanted),
            Self::Directory(_) | Self::Other(..) => false,
        }
    }
}

/// Whether a wanted DNS name fits one of a certificate, which may be a wildcard.
///
/// Source: Envoy's `Utility::dnsNameMatch`.
fn is_dns_match(wanted: &[u8], pattern: &[u8]) -> bool {
    let (wanted, pattern) = (wanted.to_ascii_lowercase(), pattern.to_ascii_lowercase());
    if wanted == pattern {
        return true;
    }
    let split = |name: &[u8]| {
        let at = name.iter().position(|b| *b == b'.')?;
        Some((name.get(..at)?.to_vec(), name.get(at + 1..)?.to_vec()))
    };
    let (Some((label, rest)), Some((pattern, pattern_rest))) = (split(&wanted), split(&pattern))
    else {
        return false;
    };
    let mut parts = pattern.split(|b| *b == b'*');
    let (Some(start), Some(end), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    rest == pattern_rest
        && !pattern_rest.contains(&b'*')
        && !pattern.starts_with(b"xn--")
        && pattern.len() <= label.len() + 1
        && label.starts_with(start)
        && label.ends_with(end)
}

/// An address as Envoy, and so `inet_ntop`, writes it.
fn ip(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
            let [.., a, b, c, d] = address.octets();
            Some(format!("::{a}.{b}.{c}.{d}"))
        }
        _ => Some(address.to_string()),
    }
}

/// The distribution point of a CRL, or one that a certificate refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DistributionPoint {
    pub(super) name: Option<PointName>,
    /// Whether there is a list of reasons, or another issuer. BoringSSL skips such a point.
    pub(super) is_partial: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PointName {
    Full(Vec<GeneralName>),
    /// A name below the issuer's.
    Relative(Name),
}

impl DistributionPoint {
    /// Source: BoringSSL's `DIST_POINT` and `setup_dp`.
    pub(super) fn read(der: &mut Reader<'_>, issuer: &Name) -> Option<Self> {
        let mut point = der.read(SEQUENCE)?;
        let name = point.optional(explicit(0))?;
        let reasons = point.optional(context(1))?;
        let other = point.optional(explicit(2))?;
        if !point.is_empty() || reasons.is_some_and(|bits| bits.as_bits().is_none()) {
            return None;
        }
        let other = other.map_or(Some(None), |names| GeneralName::read_all(names).map(Some))?;
        let base = other.iter().flatten().find_map(|name| match name {
            GeneralName::Directory(name) => Some(name),
            _ => None,
        });
        let name = match name {
            Some(name) => Some(PointName::read(name, base.unwrap_or(issuer))?),
            None => None,
        };
        Some(Self { name, is_partial: reasons.is_some() || other.is_some() })
    }
}

impl PointName {
    pub(super) fn read(mut der: Reader<'_>, issuer: &Name) -> Option<Self> {
        let Element { tag, content, .. } = der.element().filter(|_| der.is_empty())?;
        match tag {
            _ if tag == explicit(0) => GeneralName::read_all(content).map(Self::Full),
            _ if tag == explicit(1) => issuer.with_relative(content).map(Self::Relative),
            _ => None,
        }
    }

    /// Whether two points have a name in common.
    ///
    /// Source: BoringSSL's `idp_check_dp`.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let holds = |names: &[GeneralName], wanted: &Name| {
            names.iter().any(|name| match name {
                GeneralName::Directory(name) => name.canonical == wanted.canonical,
                _ => false,
            })
        };
        match (self, other) {
            (Self::Relative(one), Self::Relative(two)) => one.canonical == two.canonical,
            (Self::Full(names), Self::Relative(name))
            | (Self::Relative(name), Self::Full(names)) => holds(names, name),
            (Self::Full(one), Self::Full(two)) => one.iter().any(|name| match name {
                GeneralName::Directory(name) => holds(two, name),
                _ => two.contains(name),
            }),
        }
    }
}

/// The identifier of the key that signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AuthorityKey {
    pub(super) key: Option<Vec<u8>>,
    pub(super) serial: Option<Vec<u8>>,
    /// The first directory name of the issuer.
    pub(super) issuer: Option<Name>,
}

impl AuthorityKey {
    /// Source: BoringSSL's `AUTHORITY_KEYID`.
    pub(super) fn read(der: &mut Reader<'_>) -> Option<Self> {
        let mut sequence = der.read(SEQUENCE)?;
        let key = sequence.optional(context(0))?.map(|key| key.0.to_vec());
        let names = sequence.optional(explicit(1))?;
        let names = names.map_or(Some(Vec::new()), GeneralName::read_all)?;
        let serial = match sequence.optional(context(2))? {
            Some(serial) => Some(serial.as_integer()?.to_vec()),
            None => None,
        };
        let issuer = names.into_iter().find_map(|name| match name {
            GeneralName::Directory(name) => Some(name),
            _ => None,
        });
        sequence.is_empty().then_some(Self { key, serial, issuer })
    }
}
