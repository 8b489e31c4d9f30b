//! The extensions of a certificate that Go reads.
//!
//! Source: `crypto/x509.processExtensions` of Go 1.26.

use std::{collections::HashSet, net::IpAddr};

use super::{
    der::{Der, INTEGER, OCTET_STRING, OID, SEQUENCE, context, explicit},
    quoted, uri,
};

/// What is wrong, without `x509: ` before it.
type Outcome<T = ()> = Result<T, String>;

/// The extensions of `2.5.29`, by their last number.
const CERTIFICATE_EXTENSION: [u8; 2] = [0x55, 0x1d];
/// `1.3.6.1.5.5.7.1.1`
const AUTHORITY_INFO_ACCESS: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 1, 1];

pub(super) fn check(id: &[u8], is_critical: bool, value: Der<'_>) -> Outcome {
    if id == AUTHORITY_INFO_ACCESS {
        return authority_info_access(is_critical, value);
    }
    let known = id.strip_prefix(&CERTIFICATE_EXTENSION).unwrap_or_default();
    match known {
        [14] => subject_key_identifier(is_critical, value),
        [15] => key_usage(value),
        [17] => subject_alternative_names(value),
        [19] => basic_constraints(value),
        [30] => name_constraints(value),
        [31] => crl_distribution_points(value),
        [32] => policies(value),
        [33] => policy_mappings(value),
        [35] => authority_key_identifier(is_critical, value),
        [36] => policy_constraints(value),
        [37] => extended_key_usage(value),
        [54] => inhibit_any_policy(value),
        _ => Ok(()),
    }
}

fn authority_info_access(is_critical: bool, mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid authority info access";
    if is_critical {
        return Err("authority info access incorrectly marked critical".to_owned());
    }
    let mut list = value.read(SEQUENCE).ok_or(INVALID)?;
    while !list.is_empty() {
        let mut access = list.read(SEQUENCE).ok_or(INVALID)?;
        access.oid().ok_or(INVALID)?;
        access.optional(context(6)).ok_or(INVALID)?;
    }
    Ok(())
}

fn subject_key_identifier(is_critical: bool, mut value: Der<'_>) -> Outcome {
    if is_critical {
        return Err("subject key identifier incorrectly marked critical".to_owned());
    }
    value.read(OCTET_STRING).ok_or("invalid subject key identifier")?;
    Ok(())
}

fn key_usage(mut value: Der<'_>) -> Outcome {
    value.bits().ok_or("invalid key usage")?;
    Ok(())
}

fn subject_alternative_names(mut value: Der<'_>) -> Outcome {
    let mut names = value.read(SEQUENCE).ok_or("invalid subject alternative names")?;
    while !names.is_empty() {
        let (tag, name) = names.any().ok_or("invalid subject alternative name")?;
        let malformed = |kind: &str| Err(format!("SAN {kind} is malformed"));
        match tag ^ 0x80 {
            1 if !name.is_ascii() => return malformed("rfc822Name"),
            2 if !name.is_ascii() => return malformed("dNSName"),
            6 if !name.is_ascii() => return malformed("uniformResourceIdentifier"),
            6 => {
                let wrong = |error: &str| format!("cannot parse URI {}: {error}", quoted(name));
                let host = uri::host(name).map_err(|error| wrong(&error))?;
                if !host.is_empty() && !is_domain(host.as_bytes(), false) {
                    return Err(wrong("invalid domain"));
                }
            }
            7 if !matches!(name.len(), 4 | 16) => {
                return Err(format!("cannot parse IP address of length {}", name.len()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn basic_constraints(mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid basic constraints";
    let mut constraints = value.read(SEQUENCE).ok_or(INVALID)?;
    if constraints.peek(super::der::BOOLEAN) {
        constraints.boolean().ok_or(INVALID)?;
    }
    if constraints.peek(INTEGER) {
        constraints.small_integer().filter(|length| *length >= 0).ok_or(INVALID)?;
    }
    Ok(())
}

fn name_constraints(mut value: Der<'_>) -> Outcome {
    let mut read = || {
        let mut constraints = value.read(SEQUENCE).filter(|_| value.is_empty())?;
        let permitted = constraints.optional(explicit(0))?;
        let excluded = constraints.optional(explicit(1))?;
        constraints.is_empty().then_some((permitted, excluded))
    };
    let (permitted, excluded) = read().ok_or("invalid NameConstraints extension")?;
    let subtrees = [permitted, excluded].map(|tree| tree.unwrap_or(Der(&[])));
    if subtrees.iter().all(|tree| tree.is_empty()) {
        return Err("empty name constraints extension".to_owned());
    }
    subtrees.into_iter().try_for_each(name_subtrees)
}

fn name_subtrees(mut subtrees: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid NameConstraints extension";
    while !subtrees.is_empty() {
        let mut subtree = subtrees.read(SEQUENCE).ok_or(INVALID)?;
        let (tag, value) = subtree.any().ok_or(INVALID)?;
        match tag ^ 0x80 {
            1 | 2 | 6 if !value.is_ascii() => {
                let text = Utf8Lossy(value).quoted();
                return Err(format!(
                    "invalid constraint value: x509: {text} cannot be encoded as an IA5String"
                ));
            }
            1 if !is_mail_constraint(value) => {
                return Err(format!("failed to parse rfc822Name constraint {}", quoted(value)));
            }
            2 if !is_domain(value, true) => {
                return Err(format!("failed to parse dnsName constraint {}", quoted(value)));
            }
            6 => {
                let text = quoted(value);
                let is_ip = std::str::from_utf8(value).is_ok_and(is_go_ip);
                if is_ip {
                    return Err(format!(
                        "failed to parse URI constraint {text}: cannot be IP address"
                    ));
                }
                if !is_domain(value, true) {
                    return Err(format!("failed to parse URI constraint {text}"));
                }
            }
            7 => {
                let (8 | 32) = value.len() else {
                    let length = value.len();
                    return Err(format!("IP constraint contained value of length {length}"));
                };
                let mask = value.get(value.len() / 2..).unwrap_or_default();
                if !is_mask(mask) {
                    let digits: String = mask.iter().map(|byte| format!("{byte:02x}")).collect();
                    return Err(format!("IP constraint contained invalid mask {digits}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// An address as Go's `net.ParseIP` reads it: without a zone, as Rust does.
fn is_go_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// Ones, and behind them zeros.
fn is_mask(mask: &[u8]) -> bool {
    let mut bits = mask.iter().skip_while(|byte| **byte == 0xff);
    let is_last_right = bits.next().is_none_or(|byte| byte.leading_ones() == byte.count_ones());
    is_last_right && bits.all(|byte| *byte == 0)
}

fn is_mail_constraint(value: &[u8]) -> bool {
    if value.contains(&b'@') { is_mailbox(value) } else { is_domain(value, true) }
}

/// Source: `parseRFC2821Mailbox`.
fn is_mailbox(address: &[u8]) -> bool {
    let behind = match address.strip_prefix(b"\"") {
        Some(rest) => behind_quoted(rest),
        None => behind_atoms(address),
    };
    let domain = behind.and_then(|behind| behind.strip_prefix(b"@"));
    domain.is_some_and(|domain| is_domain(domain, false))
}

fn behind_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&byte, behind) = rest.split_first()?;
        rest = behind;
        match byte {
            b'"' => return Some(rest),
            b'\\' => {
                let (escaped, behind) = rest.split_first()?;
                rest = behind;
                if !matches!(escaped, 1..=9 | 11 | 12 | 14..=127) {
                    return None;
                }
            }
            1..=8 | 11 | 12 | 14..=31 | 32 | 33 | 35..=91 | 93..=127 => {}
            _ => return None,
        }
    }
}

fn behind_atoms(mut rest: &[u8]) -> Option<&[u8]> {
    let mut local = Vec::new();
    while let Some((&byte, behind)) = rest.split_first() {
        if byte == b'\\' {
            let (&escaped, behind) = behind.split_first()?;
            local.push(escaped);
            rest = behind;
        } else if byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte) {
            local.push(byte);
            rest = behind;
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

fn crl_distribution_points(mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid CRL distribution point";
    let mut points = value.read(SEQUENCE).ok_or("invalid CRL distribution points")?;
    while !points.is_empty() {
        let mut point = points.read(SEQUENCE).ok_or(INVALID)?;
        let Some(mut name) = point.optional(explicit(0)).ok_or(INVALID)? else { continue };
        let mut names = name.read(explicit(0)).ok_or(INVALID)?;
        while names.peek(context(6)) {
            names.read(context(6)).ok_or(INVALID)?;
        }
    }
    Ok(())
}

fn policies(mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid certificate policies";
    let mut seen = HashSet::new();
    let mut list = value.read(SEQUENCE).ok_or(INVALID)?;
    while !list.is_empty() {
        let mut policy = list.read(SEQUENCE).ok_or(INVALID)?;
        let Der(id) = policy.read(OID).ok_or(INVALID)?;
        // Numbers of any size, each as short as can be.
        let is_complete = id.last().is_some_and(|last| last & 0x80 == 0);
        let is_short =
            id.split_inclusive(|byte| byte & 0x80 == 0).all(|n| n.first() != Some(&0x80));
        if !seen.insert(id) || !is_complete || !is_short {
            return Err(INVALID.to_owned());
        }
    }
    Ok(())
}

fn policy_mappings(mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid policy mappings extension";
    let mut list = value.read(SEQUENCE).ok_or(INVALID)?;
    while !list.is_empty() {
        let mut mapping = list.read(SEQUENCE).ok_or(INVALID)?;
        mapping.read(OID).ok_or(INVALID)?;
        mapping.read(OID).ok_or(INVALID)?;
    }
    Ok(())
}

fn authority_key_identifier(is_critical: bool, mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid authority key identifier";
    if is_critical {
        return Err("authority key identifier incorrectly marked critical".to_owned());
    }
    let mut identifier = value.read(SEQUENCE).ok_or(INVALID)?;
    identifier.optional(context(0)).ok_or(INVALID)?;
    Ok(())
}

fn policy_constraints(mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid policy constraints extension";
    let mut constraints = value.read(SEQUENCE).ok_or(INVALID)?;
    for tag in [context(0), context(1)] {
        if constraints.peek(tag) {
            constraints.small_integer_of(tag).ok_or(INVALID)?;
        }
    }
    Ok(())
}

fn extended_key_usage(mut value: Der<'_>) -> Outcome {
    const INVALID: &str = "invalid extended key usages";
    let mut usages = value.read(SEQUENCE).ok_or(INVALID)?;
    while !usages.is_empty() {
        usages.oid().ok_or(INVALID)?;
    }
    Ok(())
}

fn inhibit_any_policy(mut value: Der<'_>) -> Outcome {
    value.small_integer().ok_or("invalid inhibit any policy extension")?;
    Ok(())
}

/// A text that may be no UTF-8.
struct Utf8Lossy<'a>(&'a [u8]);

impl Utf8Lossy<'_> {
    /// As Go's `%q` has it: bytes that are no characters as `\xff`.
    fn quoted(&self) -> String {
        let mut out = String::from("\"");
        for chunk in self.0.utf8_chunks() {
            let valid = quoted(chunk.valid().as_bytes());
            out.push_str(valid.get(1..valid.len() - 1).unwrap_or_default());
            out.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
        }
        out.push('"');
        out
    }
}
