//! Whether Envoy takes a text for a pin. `conformance/handshake` and a real Envoy are the judges.

use super::Rejection;

/// What Envoy makes of a pinned key: padded base64 of 32 bytes.
///
/// Source: the bounds of `CertificateValidationContext.verify_certificate_spki`, and Envoy's
/// `Base64::decode`.
pub(crate) fn check_spki(pin: &str) -> Result<(), Rejection> {
    if pin.chars().count() != 44 {
        return Err(Rejection::PinLength);
    }
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    // The last digit holds four bits of the hash, and two that are none.
    const LAST: [char; 16] =
        ['A', 'E', 'I', 'M', 'Q', 'U', 'Y', 'c', 'g', 'k', 'o', 's', 'w', '0', '4', '8'];
    let is_good = pin
        .strip_suffix('=')
        .is_some_and(|digits| digits.bytes().all(is_digit) && digits.ends_with(LAST));
    if is_good { Ok(()) } else { Err(Rejection::InvalidPin) }
}

/// What Envoy makes of a pinned certificate: 64 hexadecimal digits, or as many with 31 colons, wherever
/// they stand.
///
/// Source: the bounds of `CertificateValidationContext.verify_certificate_hash`, and Envoy's
/// `DefaultCertValidator::initializeSslContexts`.
pub(crate) fn check_hash(pin: &str) -> Result<(), Rejection> {
    if !(64..=95).contains(&pin.chars().count()) {
        return Err(Rejection::PinLength);
    }
    let has_colons = pin.len() == 95;
    let mut digits = pin.bytes().filter(|b| !(has_colons && *b == b':'));
    let is_good = digits.clone().count() == 64 && digits.all(|b| b.is_ascii_hexdigit());
    if is_good { Ok(()) } else { Err(Rejection::InvalidPin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pin that Envoy 1.40.0 was shown in a context with secrets, and what it did.
    #[test]
    fn pins_are_what_envoy_takes() {
        const GOOD: Result<(), Rejection> = Ok(());
        const LENGTH: Result<(), Rejection> = Err(Rejection::PinLength);
        const INVALID: Result<(), Rejection> = Err(Rejection::InvalidPin);
        let hash = "e9a1c73b4c9ed09938d899cd7160c28e30c0af5c2d98868a436e05ca1ddb30cf";
        let (head, tail) = hash.split_at(10);
        let colons = |n| ":".repeat(n);
        for (pin, want) in [
            (hash.to_owned(), GOOD),
            (hash.to_uppercase(), GOOD),
            (["e9"; 32].join(":"), GOOD),
            (colons(31) + hash, GOOD),
            (format!("{head}{}{tail}", colons(31)), GOOD),
            (format!("{}{}{}", &hash[..33], colons(31), &hash[33..]), GOOD),
            (format!("{head}:{tail}"), INVALID),
            (format!("{head}{} {tail}", colons(30)), INVALID),
            (format!("{}:", &hash[..63]), INVALID),
            (format!("z{}", &hash[1..]), INVALID),
            (format!("{hash}00"), INVALID),
            (hash[2..].to_owned(), LENGTH),
            (format!("é{}", &hash[2..]), LENGTH),
            (["e9"; 32].join(":") + ":", LENGTH),
            (String::new(), LENGTH),
        ] {
            assert_eq!(check_hash(&pin), want, "{pin}");
        }
        let key = "K+eTy1Sp+hl+GM51HwQr2deoHn4K/V0Su5ZERzteFls=";
        for (pin, want) in [
            (key.to_owned(), GOOD),
            (key.replace("ls=", "lt="), INVALID),
            (key.replace('+', "-"), INVALID),
            ("!".repeat(44), INVALID),
            ("A".repeat(44), INVALID),
            ("A".repeat(42) + "==", INVALID),
            ("A".repeat(40) + "=AA=", INVALID),
            (key[..43].to_owned(), LENGTH),
            (format!("{key}="), LENGTH),
            ("AAAA".to_owned(), LENGTH),
        ] {
            assert_eq!(check_spki(&pin), want, "{pin}");
        }
    }
}
