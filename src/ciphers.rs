//! The cipher suites that Istio accepts.

/// The OpenSSL names that Istio knows, for TLS 1.2 and below.
pub(crate) const NAMES: [&str; 15] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
];

/// istiod's `security.IsValidCipherSuite`: a known name, or an OpenSSL expression, which is recognized
/// by a first byte that is not a letter or number in Latin-1 (Go converts the byte to a rune).
pub(crate) fn is_valid(suite: &str) -> bool {
    let Some(&first) = suite.as_bytes().first() else { return true };
    suite == "ALL" || NAMES.contains(&suite) || !char::from(first).is_alphanumeric()
}
