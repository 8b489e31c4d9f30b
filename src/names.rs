//! Host names and addresses, as Kubernetes and Go judge them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether it is a lowercase subdomain of RFC 1123, as Kubernetes' `IsDNS1123Subdomain` without the
/// limit of its length.
pub(crate) fn is_subdomain(text: &str) -> bool {
    let is_alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.split('.').all(|label| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(is_alphanumeric)
            && bytes.last().is_some_and(is_alphanumeric)
            && bytes.iter().all(|b| is_alphanumeric(b) || *b == b'-')
    })
}

/// Go's `netip.ParseAddr`.
pub(crate) fn is_ip(text: &str) -> bool {
    match text.find(['.', ':', '%']).and_then(|at| text.as_bytes().get(at)) {
        Some(b'.') => text.parse::<Ipv4Addr>().is_ok(),
        Some(b':') => {
            let (address, zone) = text.split_once('%').map_or((text, None), |(a, z)| (a, Some(z)));
            zone != Some("") && address.parse::<Ipv6Addr>().is_ok()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_netip() {
        for good in ["1.2.3.4", "::1", "fe80::1%eth0", "::ffff:1.2.3.4", "1::1.2.3.4"] {
            assert!(is_ip(good), "{good}");
        }
        for bad in ["", "01.2.3.4", "1.2.3", "1.2.3.4%e", "fe80::1%", "[::1]", "1.2.3.4/24", "::g"]
        {
            assert!(!is_ip(bad), "{bad}");
        }
    }
}
