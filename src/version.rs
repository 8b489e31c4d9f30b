//! Releases of Istio.

use std::{fmt, str::FromStr};

/// A minor release of Istio, such as 1.31. The default is the newest.
///
/// ```
/// use istio_gateway::IstioVersion;
///
/// let version: IstioVersion = "1.29.2".parse()?;
/// assert_eq!(version.to_string(), "1.29");
/// assert!(version < IstioVersion::NEWEST);
/// assert_eq!(
///     "2.0".parse::<IstioVersion>().unwrap_err().to_string(),
///     r#"unknown release of Istio "2.0": supported are 1.20 to 1.32"#,
/// );
/// # Ok::<(), istio_gateway::UnknownIstioVersion>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IstioVersion {
    minor: u8,
}

impl IstioVersion {
    /// The oldest supported release.
    pub const OLDEST: Self = Self { minor: 20 };
    /// The newest release, and the default.
    pub const NEWEST: Self = Self { minor: 32 };

    /// The release `1.minor`, to compare with.
    pub(crate) const fn of(minor: u8) -> Self {
        Self { minor }
    }

    /// The number after `1.`.
    #[must_use]
    pub const fn minor(self) -> u8 {
        self.minor
    }
}

impl Default for IstioVersion {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for IstioVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// A leading `v` and a patch number are accepted and ignored.
impl FromStr for IstioVersion {
    type Err = UnknownIstioVersion;

    fn from_str(text: &str) -> Result<Self, UnknownIstioVersion> {
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
            .filter(|version| (Self::OLDEST..=Self::NEWEST).contains(version))
            .ok_or_else(|| UnknownIstioVersion { text: text.chars().take(60).collect() })
    }
}

/// The error for a string that is not a supported release of Istio.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownIstioVersion {
    /// The string, at most 60 characters of it.
    pub text: String,
}

impl fmt::Display for UnknownIstioVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text } = self;
        let (oldest, newest) = (IstioVersion::OLDEST, IstioVersion::NEWEST);
        write!(f, "unknown release of Istio {text:?}: supported are {oldest} to {newest}")
    }
}

impl std::error::Error for UnknownIstioVersion {}
