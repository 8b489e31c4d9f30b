//! Certificate revocation lists.

use std::collections::HashSet;

#[cfg(feature = "x509")]
use super::problem::Problem;
use super::{
    certificate::{Certificate, Extensions, algorithm, id},
    general_name::{AuthorityKey, PointName},
    name::Name,
    read::{GENERALIZED_TIME, INTEGER, Reader, SEQUENCE, Time, UTC_TIME, context, explicit},
    signed::Signature,
};

/// A CRL.
#[derive(Clone, Debug)]
pub(super) struct RevocationList {
    pub(super) der: Vec<u8>,
    pub(super) issuer: Name,
    pub(super) last_update: Time,
    pub(super) next_update: Option<Time>,
    revoked: HashSet<Vec<u8>>,
    pub(super) authority_key: Option<AuthorityKey>,
    pub(super) scope: Scope,
    pub(super) has_unknown_critical: bool,
    pub(super) signature: Signature,
    /// What is signed.
    pub(super) signed: Vec<u8>,
}

/// The certificates that a list is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    is_there: bool,
    point: Option<PointName>,
    only_users: bool,
    only_cas: bool,
    only_attributes: bool,
    is_unsupported: bool,
}

impl RevocationList {
    /// Source: BoringSSL's `X509_CRL`.
    pub(super) fn parse(der: &[u8]) -> Option<Self> {
        let mut input = Reader(der);
        let mut outer = input.read(SEQUENCE)?;
        let signed = outer.element().filter(|element| element.tag == SEQUENCE)?;
        let outer_algorithm = algorithm(&mut outer)?;
        let bits = outer.bits().filter(|_| outer.is_empty())?;
        let mut list = signed.content;
        let version = list.optional(INTEGER)?;
        let is_second = version.is_some_and(|version| version.0 == [1]);
        if version.is_some() && !is_second {
            return None;
        }
        let inner_algorithm = algorithm(&mut list)?;
        let issuer = Name::read(&mut list)?;
        let last_update = Time::read(&mut list, false)?;
        let has_next = list.peek(UTC_TIME) || list.peek(GENERALIZED_TIME);
        let next_update = if has_next { Some(Time::read(&mut list, false)?) } else { None };
        let mut has_unknown_critical = false;
        let mut revoked = HashSet::new();
        if let Some(entries) = list.optional(SEQUENCE)? {
            for (serial, extensions) in entries.all(entry)? {
                revoked.insert(serial);
                let Some(extensions) = extensions else { continue };
                (is_second && !extensions.is_empty()).then_some(())?;
                has_unknown_critical |= extensions.has_critical_besides(&[]);
            }
        }
        let extensions = match list.optional(explicit(0))? {
            Some(found) => {
                let found = Extensions::read(found)?;
                (is_second && !found.is_empty()).then_some(found)?
            }
            None => Extensions::default(),
        };
        list.is_empty().then_some(())?;
        let scope = extensions.parse(id::ISSUING_POINT, |der| Scope::read(der, &issuer))?;
        let authority_key = extensions.parse(id::AUTHORITY_KEY, AuthorityKey::read)?;
        has_unknown_critical |=
            extensions.has_critical_besides(&[id::ISSUING_POINT, id::AUTHORITY_KEY]);
        Some(Self {
            der: der.get(..der.len() - input.0.len())?.to_vec(),
            last_update,
            next_update,
            revoked,
            authority_key,
            scope: scope.unwrap_or_default(),
            has_unknown_critical,
            signature: Signature::new(outer_algorithm, inner_algorithm, bits),
            signed: signed.whole.to_vec(),
            issuer,
        })
    }

    /// The first second at which it is valid, since 1970, and the first one after it.
    pub(super) fn validity(&self) -> (i64, i64) {
        let seconds = |time: Time| time.seconds.unwrap_or(i64::MIN);
        (seconds(self.last_update), self.next_update.map_or(i64::MAX, seconds))
    }

    /// Source: BoringSSL's `check_crl_time`.
    #[cfg(feature = "x509")]
    pub(super) fn check_time(&self, at: i64) -> Result<(), Problem> {
        let (first, end) = self.validity();
        if first > at {
            return Err(Problem::CrlNotYetValid);
        }
        if self.next_update.is_some() && end <= at {
            return Err(Problem::CrlHasExpired);
        }
        Ok(())
    }

    pub(super) fn revokes(&self, certificate: &Certificate) -> bool {
        self.revoked.contains(&certificate.serial)
    }
}

/// The serial number of a revoked certificate, and the extensions of its entry.
fn entry(der: &mut Reader<'_>) -> Option<(Vec<u8>, Option<Extensions>)> {
    let mut entry = der.read(SEQUENCE)?;
    let serial = entry.integer()?.to_vec();
    Time::read(&mut entry, false)?;
    let rest = entry.element();
    let extensions = match rest {
        Some(list) if list.tag == SEQUENCE => Some(Extensions::read(Reader(list.whole))?),
        Some(_) => return None,
        None => None,
    };
    entry.is_empty().then_some((serial, extensions))
}

impl Scope {
    /// Source: BoringSSL's `ISSUING_DIST_POINT` and `setup_idp`.
    fn read(der: &mut Reader<'_>, issuer: &Name) -> Option<Self> {
        let mut sequence = der.read(SEQUENCE)?;
        let point = match sequence.optional(explicit(0))? {
            Some(name) => Some(PointName::read(name, issuer)?),
            None => None,
        };
        let (only_users, only_cas) = (sequence.flag(context(1))?, sequence.flag(context(2))?);
        let reasons = sequence.optional(context(3))?;
        let is_indirect = sequence.flag(context(4))?;
        let only_attributes = sequence.flag(context(5))?;
        let is_valid = reasons.is_none_or(|bits| bits.as_bits().is_some()) && sequence.is_empty();
        let restrictions = [only_users, only_cas, only_attributes];
        let has_several = restrictions.iter().filter(|is_set| **is_set).count() > 1;
        is_valid.then_some(Self {
            is_there: true,
            point,
            only_users,
            only_cas,
            only_attributes,
            is_unsupported: has_several || is_indirect || reasons.is_some(),
        })
    }

    /// Whether BoringSSL uses a CRL with this scope.
    pub(super) fn is_supported(&self) -> bool {
        !self.is_unsupported
    }

    /// Whether the list is about a certificate.
    ///
    /// Source: BoringSSL's `crl_crldp_check`.
    pub(super) fn covers(&self, certificate: &Certificate) -> bool {
        let Some(facts) = &certificate.facts else { return false };
        let is_excluded = if facts.claims_ca() { self.only_users } else { self.only_cas };
        if self.only_attributes || is_excluded {
            return false;
        }
        let mut points = facts.crl_points.iter().filter(|point| !point.is_partial);
        let meets = points.any(|point| match (&point.name, &self.point) {
            (Some(one), Some(other)) if self.is_there => one.meets(other),
            _ => true,
        });
        meets || self.point.is_none()
    }
}
