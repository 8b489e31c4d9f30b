//! URIs in certificates, as far as Go refuses them.
//!
//! Source: `net/url.Parse` of Go 1.26.

use std::net::Ipv6Addr;

use super::quoted;

type Outcome<T = ()> = Result<T, String>;

/// The host of a URI, with its port. The URI is ASCII.
pub(super) fn host(uri: &[u8]) -> Outcome<String> {
    let text = String::from_utf8_lossy(uri);
    let (before, fragment) = match text.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (&*text, None),
    };
    let failed = |text: &str, error: &str| format!("parse {}: {error}", quoted(text.as_bytes()));
    let host = parse(before).map_err(|error| failed(before, &error))?;
    if let Some(fragment) = fragment {
        unescape(fragment, Part::Other).map_err(|error| failed(&text, &error))?;
    }
    Ok(host)
}

fn parse(uri: &str) -> Outcome<String> {
    if uri.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if uri == "*" {
        return Ok(String::new());
    }
    let (scheme, rest) = scheme(uri)?;
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok(String::new());
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let mut path = rest;
    let mut host = String::new();
    if (!scheme.is_empty() || !rest.starts_with("///"))
        && let Some(authority) = rest.strip_prefix("//")
    {
        let end = authority.find('/').unwrap_or(authority.len());
        let (authority, behind) = authority.split_at(end);
        path = behind;
        host = self::authority(&scheme, authority)?;
    }
    unescape(path, Part::Other)?;
    Ok(host)
}

fn scheme(uri: &str) -> Outcome<(String, &str)> {
    for (at, byte) in uri.bytes().enumerate() {
        match byte {
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => {
                let (scheme, rest) = uri.split_at(at);
                return Ok((scheme.to_ascii_lowercase(), rest.get(1..).unwrap_or_default()));
            }
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            _ => break,
        }
    }
    Ok((String::new(), uri))
}

fn authority(scheme: &str, authority: &str) -> Outcome<String> {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return host_and_port(scheme, authority);
    };
    let host = host_and_port(scheme, host)?;
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(is_allowed) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    user.splitn(2, ':').try_for_each(|part| unescape(part, Part::Other).map(|_| ()))?;
    Ok(host)
}

fn host_and_port(scheme: &str, host: &str) -> Outcome<String> {
    match host.rfind('[') {
        Some(1..) => return Err("invalid IP-literal".to_owned()),
        Some(_) => return ip_literal(host),
        None => {}
    }
    let first = host.find(':');
    let is_strict = matches!(scheme, "http" | "https");
    if let Some(at) = if is_strict { first } else { host.rfind(':') } {
        check_port(host.get(at..).unwrap_or_default())?;
    }
    unescape(host, Part::Host)
}

fn ip_literal(host: &str) -> Outcome<String> {
    let (address, port) =
        host.get(1..).and_then(|host| host.rsplit_once(']')).ok_or("missing ']' in host")?;
    check_port(port)?;
    let (literal, zone) = match address.find("%25") {
        Some(at) => address.split_at(at),
        None => (address, ""),
    };
    let literal = unescape(literal, Part::Host)?;
    let zone = unescape(zone, Part::Zone)?;
    if literal.parse::<Ipv6Addr>().is_err() || zone == "%" {
        return Err("invalid host".to_owned());
    }
    Ok(format!("[{literal}{zone}]{port}"))
}

fn check_port(port: &str) -> Outcome {
    let is_valid = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    if is_valid {
        Ok(())
    } else {
        Err(format!("invalid port {} after host", quoted(port.as_bytes())))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// Checks the escapes of a part, and undoes them.
fn unescape(text: &str, part: Part) -> Outcome<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let invalid = |escape: &[u8]| format!("invalid URL escape {}", quoted(escape));
        if byte == b'%' {
            let escape = bytes.get(at..at + 3);
            let digits = escape.and_then(|escape| escape.get(1..));
            let value = digits
                .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let Some(value) = value else {
                let end = bytes.len().min(at + 3);
                return Err(invalid(bytes.get(at..end).unwrap_or_default()));
            };
            let escape = escape.unwrap_or_default();
            let is_refused = match part {
                Part::Host => value < 0x80 && escape != b"%25",
                Part::Zone => escape != b"%25" && value != b' ' && !is_host_byte(value),
                Part::Other => false,
            };
            if is_refused {
                return Err(invalid(escape));
            }
            out.push(value);
            at += 3;
            continue;
        }
        if part != Part::Other && byte < 0x80 && !is_host_byte(byte) {
            let byte = quoted(&[byte]);
            return Err(format!("invalid character {byte} in host name"));
        }
        out.push(byte);
        at += 1;
    }
    // What is no UTF-8 is no name of a host either way.
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// What may stand in a host unescaped.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}
