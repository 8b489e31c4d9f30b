//! Cipher suite names of other programs.

pub(super) use crate::ciphers::{NAMES, is_valid};

/// How Istio treats a suite name of another program.
pub(super) enum Foreign {
    /// The suite under OpenSSL's name.
    Named(&'static str),
    /// A TLS 1.3 suite, which cannot be configured.
    Tls13,
}

/// Recognizes names that IANA, Java or Go use, and OpenSSL names in another case.
pub(super) fn foreign(suite: &str) -> Option<Foreign> {
    const TLS13: [&str; 5] = [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ];
    const IANA: [(&str, &str); 15] = [
        ("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
        ("ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"),
        ("ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
        ("ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"),
        ("ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"),
        ("ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"),
        ("ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"),
        ("RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"),
        ("RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
        ("RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"),
        ("RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"),
        ("RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA"),
    ];
    if TLS13.iter().any(|name| name.eq_ignore_ascii_case(suite)) {
        return Some(Foreign::Tls13);
    }
    let bare = suite.strip_prefix("TLS_").unwrap_or(suite);
    // Both CHACHA20 suites are written with and without their hash.
    let bare = bare
        .strip_suffix("_POLY1305_SHA256")
        .map_or_else(|| bare.to_owned(), |start| format!("{start}_POLY1305"));
    let iana =
        IANA.iter().find(|(name, _)| name.eq_ignore_ascii_case(&bare)).map(|(_, name)| *name);
    let spelled = || {
        let same = |name: &&str| name.eq_ignore_ascii_case(&suite.trim().replace('_', "-"));
        NAMES.iter().copied().find(same).filter(|name| *name != suite)
    };
    iana.or_else(spelled).map(Foreign::Named)
}
