//! The extensions of a certificate that Go parses.
//!
//! Source: `crypto/x509.processExtensions` of Go 1.26.

use std::{collections::HashSet, net::IpAddr};

use super::{
    der::{BOOLEAN, Der, INTEGER, OCTET_STRING, OID, SEQUENCE, context, explicit},
    uri,
};

/// The extensions of `2.5.29`, by their last number.
const CERTIFICATE_EXTENSION: [u8; 2] = [0x55, 0x1d];
/// `1.3.6.1.5.5.7.1.1`
const AUTHORITY_INFO_ACCESS: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 1, 1];

/// Checks an extension, of whatever kind.
///
/// # Errors
///
/// The name of the extension, if Go rejects it.
pub(super) fn check(id: &[u8], is_critical: bool, value: Der<'_>) -> Result<(), &'static str> {
    let known = id.strip_prefix(&CERTIFICATE_EXTENSION).unwrap_or_default();
    let not_critical = (!is_critical).then_some(value);
    let (name, valid) = match known {
        [14] => ("subject key identifier", not_critical.and_then(subject_key_identifier)),
        [15] => ("key usage", key_usage(value)),
        [17] => ("subject alternative names", subject_alternative_names(value)),
        [19] => ("basic constraints", basic_constraints(value)),
        [30] => ("name constraints", name_constraints(value)),
        [31] => ("CRL distribution points", crl_distribution_points(value)),
        [32] => ("certificate policies", policies(value)),
        [33] => ("policy mappings", policy_mappings(value)),
        [35] => ("authority key identifier", not_critical.and_then(authority_key_identifier)),
        [36] => ("policy constraints", policy_constraints(value)),
        [37] => ("extended key usage", extended_key_usage(value)),
        [54] => ("inhibit any-policy", inhibit_any_policy(value)),
        _ if id == AUTHORITY_INFO_ACCESS => {
            ("authority information access", not_critical.and_then(authority_info_access))
        }
        _ => return Ok(()),
    };
    valid.ok_or(name)
}

fn authority_info_access(mut value: Der<'_>) -> Option<()> {
    let mut list = value.read(SEQUENCE)?;
    while !list.is_empty() {
        let mut access = list.read(SEQUENCE)?;
        access.oid()?;
        access.optional(context(6))?;
    }
    Some(())
}

fn subject_key_identifier(mut value: Der<'_>) -> Option<()> {
    value.read(OCTET_STRING).map(drop)
}

fn key_usage(mut value: Der<'_>) -> Option<()> {
    value.bits().map(drop)
}

fn subject_alternative_names(mut value: Der<'_>) -> Option<()> {
    let mut names = value.read(SEQUENCE)?;
    while !names.is_empty() {
        let (tag, name) = names.any()?;
        let is_valid = match tag ^ 0x80 {
            1 | 2 => name.is_ascii(),
            6 => name.is_ascii() && is_uri(name),
            7 => matches!(name.len(), 4 | 16),
            _ => true,
        };
        is_valid.then_some(())?;
    }
    Some(())
}

fn is_uri(name: &[u8]) -> bool {
    uri::host(name).is_some_and(|host| host.is_empty() || is_domain(&host, false))
}

fn basic_constraints(mut value: Der<'_>) -> Option<()> {
    let mut constraints = value.read(SEQUENCE)?;
    if constraints.peek(BOOLEAN) {
        constraints.boolean()?;
    }
    if constraints.peek(INTEGER) {
        constraints.small_integer().filter(|length| *length >= 0)?;
    }
    Some(())
}

fn name_constraints(mut value: Der<'_>) -> Option<()> {
    let mut constraints = value.read(SEQUENCE).filter(|_| value.is_empty())?;
    let permitted = constraints.optional(explicit(0))?;
    let excluded = constraints.optional(explicit(1))?;
    let subtrees = [permitted, excluded].map(|tree| tree.unwrap_or(Der(&[])));
    let is_empty = subtrees.iter().all(|tree| tree.is_empty());
    (constraints.is_empty() && !is_empty).then_some(())?;
    subtrees.into_iter().try_for_each(name_subtrees)
}

fn name_subtrees(mut subtrees: Der<'_>) -> Option<()> {
    while !subtrees.is_empty() {
        let mut subtree = subtrees.read(SEQUENCE)?;
        let (tag, value) = subtree.any()?;
        let is_valid = match tag ^ 0x80 {
            1 if value.contains(&b'@') => value.is_ascii() && is_mailbox(value),
            1 | 2 => value.is_ascii() && is_domain(value, true),
            6 => value.is_ascii() && !is_ip(value) && is_domain(value, true),
            7 => {
                let (_, mask) = value.split_at(value.len() / 2);
                matches!(value.len(), 8 | 32) && is_mask(mask)
            }
            _ => true,
        };
        is_valid.then_some(())?;
    }
    Some(())
}

/// Whether text is an address without a zone, as for Go's `net.ParseIP`.
fn is_ip(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

/// Whether bits are ones followed by zeros.
fn is_mask(mask: &[u8]) -> bool {
    let mut bits = mask.iter().skip_while(|byte| **byte == 0xff);
    let is_last_right = bits.next().is_none_or(|byte| byte.leading_ones() == byte.count_ones());
    is_last_right && bits.all(|byte| *byte == 0)
}

/// Source: `parseRFC2821Mailbox`.
fn is_mailbox(address: &[u8]) -> bool {
    let after = match address.strip_prefix(b"\"") {
        Some(rest) => after_quoted(rest),
        None => after_atoms(address),
    };
    let domain = after.and_then(|after| after.strip_prefix(b"@"));
    domain.is_some_and(|domain| is_domain(domain, false))
}

fn after_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some(rest),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                if !matches!(escaped, 1..=9 | 11 | 12 | 14..=127) {
                    return None;
                }
            }
            1..=8 | 11 | 12 | 14..=33 | 35..=91 | 93..=127 => {}
            _ => return None,
        }
    }
}

fn after_atoms(mut rest: &[u8]) -> Option<&[u8]> {
    let mut local = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'\\' {
            let (&escaped, after) = after.split_first()?;
            local.push(escaped);
            rest = after;
        } else if byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte) {
            local.push(byte);
            rest = after;
        } else {
            break;
        }
    }
    let has_two_dots = local.windows(2).any(|two| two == b"..");
    let is_dot = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b'.');
    (!is_dot(local.first()) && !is_dot(local.last()) && !has_two_dots).then_some(rest)
}

/// Source: `domainNameValid`.
fn is_domain(name: &[u8], is_constraint: bool) -> bool {
    if name.is_empty() {
        return true;
    }
    let name = if is_constraint { name.strip_prefix(b".").unwrap_or(name) } else { name };
    name.split(|byte| *byte == b'.')
        .all(|label| !label.is_empty() && label.iter().all(|byte| (33..=126).contains(byte)))
}

fn crl_distribution_points(mut value: Der<'_>) -> Option<()> {
    let mut points = value.read(SEQUENCE)?;
    while !points.is_empty() {
        let mut point = points.read(SEQUENCE)?;
        let Some(mut name) = point.optional(explicit(0))? else { continue };
        let mut names = name.read(explicit(0))?;
        while names.peek(context(6)) {
            names.read(context(6))?;
        }
    }
    Some(())
}

fn policies(mut value: Der<'_>) -> Option<()> {
    let mut seen = HashSet::new();
    let mut list = value.read(SEQUENCE)?;
    while !list.is_empty() {
        let mut policy = list.read(SEQUENCE)?;
        let Der(id) = policy.read(OID)?;
        // Numbers of any size, each in its shortest encoding.
        let is_complete = id.last().is_some_and(|last| last & 0x80 == 0);
        let is_short =
            id.split_inclusive(|byte| byte & 0x80 == 0).all(|n| n.first() != Some(&0x80));
        (is_complete && is_short && seen.insert(id)).then_some(())?;
    }
    Some(())
}

fn policy_mappings(mut value: Der<'_>) -> Option<()> {
    let mut list = value.read(SEQUENCE)?;
    while !list.is_empty() {
        let mut mapping = list.read(SEQUENCE)?;
        mapping.read(OID)?;
        mapping.read(OID)?;
    }
    Some(())
}

fn authority_key_identifier(mut value: Der<'_>) -> Option<()> {
    let mut identifier = value.read(SEQUENCE)?;
    identifier.optional(context(0)).map(drop)
}

fn policy_constraints(mut value: Der<'_>) -> Option<()> {
    let mut constraints = value.read(SEQUENCE)?;
    for tag in [context(0), context(1)] {
        if constraints.peek(tag) {
            constraints.small_integer_of(tag)?;
        }
    }
    Some(())
}

fn extended_key_usage(mut value: Der<'_>) -> Option<()> {
    let mut usages = value.read(SEQUENCE)?;
    while !usages.is_empty() {
        usages.oid()?;
    }
    Some(())
}

fn inhibit_any_policy(mut value: Der<'_>) -> Option<()> {
    value.small_integer().map(drop)
}
