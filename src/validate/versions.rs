//! When each field, value and rule came.

use std::{fmt, str::FromStr};

/// A minor release of Istio, such as 1.31.
///
/// ```
/// use istio_gateway::validate::Version;
///
/// let version: Version = "1.29.2".parse()?;
/// assert_eq!(version.to_string(), "1.29");
/// assert!(version < Version::NEWEST);
/// assert_eq!(
///     "2.0".parse::<Version>().unwrap_err().to_string(),
///     r#"no known release of Istio: "2.0"; known are 1.20 to 1.32"#,
/// );
/// # Ok::<(), istio_gateway::validate::UnknownVersion>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    minor: u8,
}

impl Version {
    /// The oldest release that can be asked for.
    pub const OLDEST: Self = Self { minor: 20 };
    /// The newest release, and the default.
    pub const NEWEST: Self = Self { minor: 31 };
    /// The release to come: upstream's main branch, as far as this crate knows it.
    pub const NEXT: Self = Self { minor: 32 };

    /// The number behind `1.`.
    #[must_use]
    pub fn minor(self) -> u8 {
        self.minor
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// A leading `v` and a patch number are taken and do not count.
impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let minor = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("1"), Some(minor), None, None) => Some(minor),
            (Some("1"), Some(minor), Some(patch), None) if is_number(patch) => Some(minor),
            _ => None,
        };
        minor
            .filter(|minor| is_number(minor))
            .and_then(|minor| minor.parse().ok())
            .map(|minor| Self { minor })
            .filter(|version| (Self::OLDEST..=Self::NEXT).contains(version))
            .ok_or_else(|| UnknownVersion { text: text.chars().take(60).collect() })
    }
}

/// A text that is no release of Istio that this crate knows of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownVersion {
    /// The text, at most 60 characters of it.
    pub text: String,
}

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text } = self;
        let (oldest, next) = (Version::OLDEST, Version::NEXT);
        write!(f, "no known release of Istio: {text:?}; known are {oldest} to {next}")
    }
}

impl std::error::Error for UnknownVersion {}

/// Something that a release brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Feature {
    /// The field's path from the spec, such as `servers[].tls.caCrl`; a value behind `=`.
    pub name: &'static str,
    /// The minor release that brought it: 26 for 1.26.
    pub since: u8,
}

/// Since when the custom resource has its v1.
pub(super) const CRD_V1: Version = Version { minor: 22 };
/// Since when the custom resource bounds its numbers.
pub(super) const CRD_BOUNDS: Version = Version { minor: 22 };
/// Since when the custom resource has its CEL rules.
pub(super) const CRD_CEL: Version = Version { minor: 26 };
/// Since when the webhook takes `credentialNames` with the mutual modes.
pub(super) const CREDENTIAL_NAMES_MUTUAL: Version = Version { minor: 27 };

/// All fields and values that came after Istio 1.0, and what the custom resource came to ask.
///
/// ```
/// use istio_gateway::validate::features;
///
/// let skip = features().iter().find(|f| f.name == "servers[].tls.insecureSkipVerify").unwrap();
/// assert_eq!(skip.since, 31);
/// ```
#[must_use]
pub fn features() -> &'static [Feature] {
    FEATURES
}

const fn feature(name: &'static str, since: u8) -> Feature {
    Feature { name, since }
}

/// Read from upstream's release tags; `conformance/versions` checks it against the modules of
/// istio.io/api.
static FEATURES: &[Feature] = &[
    feature("servers[].bind", 1),
    feature("servers[].defaultEndpoint", 1),
    feature("servers[].name", 7),
    feature("servers[].port.targetPort", 7),
    feature("servers[].tls.credentialName", 1),
    feature("servers[].tls.cipherSuites", 1),
    feature("servers[].tls.mode=AUTO_PASSTHROUGH", 1),
    feature("servers[].tls.mode=ISTIO_MUTUAL", 3),
    feature("servers[].tls.mode=OPTIONAL_MUTUAL", 19),
    feature("servers[].tls.verifyCertificateSpki", 3),
    feature("servers[].tls.verifyCertificateHash", 3),
    feature("servers[].tls.caCrl", 22),
    feature("servers[].tls.credentialNames", 26),
    feature("servers[].tls.tlsCertificates", 26),
    feature("servers[].tls.caCertCredentialName", 28),
    feature("servers[].tls.insecureSkipVerify", 31),
    feature("servers[].tls.ecdhCurves", 32),
    feature("apiVersion=networking.istio.io/v1", CRD_V1.minor),
    feature("numbers within 0..4294967295", CRD_BOUNDS.minor),
    feature("CEL rules", CRD_CEL.minor),
];
