//! URIs in certificates, as far as Go rejects them.
//!
//! Source: `net/url.Parse` of Go 1.26.

use std::net::Ipv6Addr;

/// The host of a URI with its port, or `None` if Go does not accept the URI, which is ASCII.
pub(super) fn host(uri: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(uri).ok()?;
    let (uri, fragment) = text.split_once('#').unwrap_or((text, ""));
    unescape(fragment, Part::Other)?;
    if uri.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return None;
    }
    if uri == "*" {
        return Some(Vec::new());
    }
    let (scheme, rest) = scheme(uri)?;
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Some(Vec::new());
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return None;
        }
    }
    let authority =
        rest.strip_prefix("//").filter(|_| !scheme.is_empty() || !rest.starts_with("///"));
    let (host, path) = match authority {
        Some(authority) => {
            let (authority, path) =
                authority.split_at(authority.find('/').unwrap_or(authority.len()));
            (self::authority(&scheme, authority)?, path)
        }
        None => (Vec::new(), rest),
    };
    unescape(path, Part::Other)?;
    Some(host)
}

/// The scheme in lower case, which may be empty, and the text after it.
fn scheme(uri: &str) -> Option<(String, &str)> {
    let end = uri.bytes().enumerate().find(|(at, byte)| match byte {
        b'a'..=b'z' | b'A'..=b'Z' => false,
        b'0'..=b'9' | b'+' | b'-' | b'.' => *at == 0,
        _ => true,
    });
    match end {
        Some((0, b':')) => None,
        Some((at, b':')) => {
            let (scheme, rest) = uri.split_at(at);
            Some((scheme.to_ascii_lowercase(), rest.get(1..)?))
        }
        _ => Some((String::new(), uri)),
    }
}

fn authority(scheme: &str, authority: &str) -> Option<Vec<u8>> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return host_and_port(scheme, authority);
    };
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    user.bytes().all(is_allowed).then_some(())?;
    unescape(user, Part::Other)?;
    host_and_port(scheme, host)
}

fn host_and_port(scheme: &str, host: &str) -> Option<Vec<u8>> {
    match host.rfind('[') {
        Some(1..) => return None,
        Some(_) => return ip_literal(host),
        None => {}
    }
    let is_strict = matches!(scheme, "http" | "https");
    let colon = if is_strict { host.find(':') } else { host.rfind(':') };
    if let Some(at) = colon {
        is_port(host.get(at..)?).then_some(())?;
    }
    unescape(host, Part::Host)
}

fn ip_literal(host: &str) -> Option<Vec<u8>> {
    let (address, port) = host.get(1..)?.rsplit_once(']')?;
    let (literal, zone) = address.split_at(address.find("%25").unwrap_or(address.len()));
    let literal = String::from_utf8(unescape(literal, Part::Host)?).ok()?;
    let zone = unescape(zone, Part::Zone)?;
    let is_valid = is_port(port) && literal.parse::<Ipv6Addr>().is_ok() && zone != b"%";
    let host = || [b"[", literal.as_bytes(), &zone, b"]", port.as_bytes()].concat();
    is_valid.then(host)
}

fn is_port(port: &str) -> bool {
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// Checks and decodes the percent escapes of a part.
fn unescape(text: &str, part: Part) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            let is_valid = part == Part::Other || byte >= 0x80 || is_host_byte(byte);
            is_valid.then(|| out.push(byte))?;
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        rest = after;
        let hex = |digit: u8| char::from(digit).to_digit(16);
        let value = match *digits {
            [high, low] => u8::try_from(hex(high)? * 16 + hex(low)?).ok()?,
            _ => return None,
        };
        let is_valid = match part {
            Part::Host => value >= 0x80 || value == b'%',
            Part::Zone => value == b'%' || value == b' ' || is_host_byte(value),
            Part::Other => true,
        };
        is_valid.then(|| out.push(value))?;
    }
    Some(out)
}

/// Whether a byte may occur in a host without an escape.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}
