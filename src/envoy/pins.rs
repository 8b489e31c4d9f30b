//! Whether Envoy takes a text for a pin.

/// A pinned key: padded base64 of 32 bytes.
pub(super) fn is_spki(pin: &str) -> bool {
    let Some(digits) = pin.strip_suffix('=').filter(|_| pin.len() == 44) else { return false };
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    // The last digit holds four bits of the hash, and two that are none.
    digits.bytes().all(is_digit)
        && digits.ends_with([
            'A', 'E', 'I', 'M', 'Q', 'U', 'Y', 'c', 'g', 'k', 'o', 's', 'w', '0', '4', '8',
        ])
}

/// A pinned certificate: 64 hex digits, or 32 pairs and colons.
pub(super) fn is_hash(pin: &str) -> bool {
    let is_hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    match pin.len() {
        64 => is_hex(pin),
        95 => pin.split(':').all(|pair| pair.len() == 2 && is_hex(pair)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_what_envoy_takes() {
        let hash = "e9a1c73b4c9ed09938d899cd7160c28e30c0af5c2d98868a436e05ca1ddb30cf";
        assert!(is_hash(hash) && is_hash(&hash.to_uppercase()));
        assert!(is_hash(&["e9"; 32].join(":")));
        assert!(!is_hash(&["e9"; 32].join("-")) && !is_hash(&hash[2..]) && !is_hash(""));
        assert!(!is_hash(&"z".repeat(64)));
        assert!(is_spki("K+eTy1Sp+hl+GM51HwQr2deoHn4K/V0Su5ZERzteFls="));
        assert!(!is_spki("K+eTy1Sp+hl+GM51HwQr2deoHn4K/V0Su5ZERzteFls"));
        assert!(!is_spki(&"!".repeat(44)) && !is_spki("AAAA"));
        assert!(!is_spki("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="));
    }
}
