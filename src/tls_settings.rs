//! Hand-written methods of the generated TLS types: names, typed access, constructors, predicates.

use std::{fmt, str::FromStr};

use prost::UnknownEnumValue;

use crate::{
    ServerTlsSettings, TlsMode, TlsProtocol,
    proto::{
        analysis::v1alpha1::analysis_message_base::Level, mesh::v1alpha1::ForwardClientCertDetails,
        networking::v1alpha3::client_tls_settings,
    },
    tls_plan::TlsPlan,
};

/// A string that is not the name of an enum value. Names are compared exactly, as Istio does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownEnumName {
    /// The string.
    pub text: String,
}

impl fmt::Display for UnknownEnumName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown value {}", crate::diagnostic::Quoted(&self.text))
    }
}

impl std::error::Error for UnknownEnumName {}

macro_rules! names {
    ($($Enum:ty)*) => {$(
        impl $Enum {
            /// The value's name in JSON and YAML.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.as_str_name()
            }
        }

        impl fmt::Display for $Enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str_name())
            }
        }

        impl FromStr for $Enum {
            type Err = UnknownEnumName;

            fn from_str(text: &str) -> Result<Self, UnknownEnumName> {
                Self::from_str_name(text).ok_or_else(|| UnknownEnumName { text: text.to_owned() })
            }
        }
    )*};
}

names!(TlsMode TlsProtocol client_tls_settings::TlSmode ForwardClientCertDetails Level);

/// Settings for common cases. Certificates come from a Kubernetes Secret in the namespace of the
/// gateway's pods.
impl ServerTlsSettings {
    /// TLS with a server certificate; no client certificate is requested.
    ///
    /// ```
    /// use istio_gateway::{ServerTlsSettings, json};
    ///
    /// let tls = ServerTlsSettings::simple("edge-cert");
    /// assert_eq!(json::to_string(&tls), r#"{"mode":"SIMPLE","credentialName":"edge-cert"}"#);
    /// ```
    #[must_use]
    pub fn simple(credential_name: impl Into<String>) -> Self {
        Self::with_credential(TlsMode::Simple, credential_name)
    }

    /// TLS in which a client must present a certificate that the Secret's CA issued.
    ///
    /// The CA is the key `ca.crt` of the Secret, or of a Secret of the same name that ends in
    /// `-cacert`.
    #[must_use]
    pub fn mutual(credential_name: impl Into<String>) -> Self {
        Self::with_credential(TlsMode::Mutual, credential_name)
    }

    /// TLS in which a client may present a certificate, and is rejected if its verification fails.
    #[must_use]
    pub fn optional_mutual(credential_name: impl Into<String>) -> Self {
        Self::with_credential(TlsMode::OptionalMutual, credential_name)
    }

    /// **Accepts clients with any certificate: self-signed, expired, revoked or of an unknown CA. In
    /// `x-forwarded-client-cert` it looks the same as a verified one.**
    ///
    /// Gateway API calls this `AllowInsecureFallback`: [`optional_mutual`](Self::optional_mutual) with
    /// `insecure_skip_verify`. The backend must verify the certificate itself. Requires Istio 1.31;
    /// older releases ignore the flag and verify certificates.
    ///
    /// ```
    /// use istio_gateway::ServerTlsSettings;
    ///
    /// let tls = ServerTlsSettings::allow_insecure_fallback("edge-cert");
    /// assert!(tls.requests_client_certificate());
    /// assert!(!tls.requires_client_certificate());
    /// assert!(!tls.verifies_client_certificate());
    /// ```
    #[must_use]
    pub fn allow_insecure_fallback(credential_name: impl Into<String>) -> Self {
        Self { insecure_skip_verify: Some(true), ..Self::optional_mutual(credential_name) }
    }

    fn with_credential(mode: TlsMode, credential_name: impl Into<String>) -> Self {
        Self { mode: mode.into(), credential_name: credential_name.into(), ..Self::default() }
    }
}

/// Typed enums. prost's getters (`mode()`, `min_protocol_version()`) convert an unknown number to the
/// enum's first value: **an unknown mode to PASSTHROUGH**.
impl ServerTlsSettings {
    /// The mode, or its number if this version of the crate has no name for it.
    ///
    /// ```
    /// use istio_gateway::{ServerTlsSettings, TlsMode, json};
    ///
    /// let tls: ServerTlsSettings = json::from_str(r#"{"mode": "MUTUAL"}"#)?;
    /// assert_eq!(tls.tls_mode(), Ok(TlsMode::Mutual));
    ///
    /// let newer: ServerTlsSettings = json::from_str(r#"{"mode": 6}"#)?;
    /// assert_eq!(newer.tls_mode().unwrap_err().0, 6);
    /// assert_eq!(newer.mode(), TlsMode::Passthrough); // prost's getter
    /// # Ok::<(), istio_gateway::Error>(())
    /// ```
    ///
    /// # Errors
    /// The number, if it is unknown.
    pub fn tls_mode(&self) -> Result<TlsMode, UnknownEnumValue> {
        self.mode.try_into()
    }

    /// The oldest protocol version that the gateway accepts; `TlsAuto` is the gateway's default.
    ///
    /// # Errors
    /// The number, if it is unknown.
    pub fn min_tls_protocol(&self) -> Result<TlsProtocol, UnknownEnumValue> {
        self.min_protocol_version.try_into()
    }

    /// The newest protocol version that the gateway accepts; `TlsAuto` is the gateway's default.
    ///
    /// # Errors
    /// The number, if it is unknown.
    pub fn max_tls_protocol(&self) -> Result<TlsProtocol, UnknownEnumValue> {
        self.max_protocol_version.try_into()
    }
}

/// Requirements for client certificates, as istiod configures Envoy for these settings.
impl ServerTlsSettings {
    /// Whether the gateway terminates TLS. With PASSTHROUGH and `AUTO_PASSTHROUGH` it routes by the
    /// server name (SNI), and the backend terminates TLS. `false` also for an unknown mode.
    #[must_use]
    pub fn terminates_tls(&self) -> bool {
        self.tls_mode().is_ok() && TlsPlan::new(self).terminates_tls()
    }

    /// Whether the gateway requests a client's certificate.
    #[must_use]
    pub fn requests_client_certificate(&self) -> bool {
        TlsPlan::new(self).requests_client_certificate()
    }

    /// Whether the gateway rejects a client without a certificate.
    ///
    /// MUTUAL and `ISTIO_MUTUAL` do. So does `OPTIONAL_MUTUAL` with subject alternative names or pins
    /// to match, unless verification is skipped.
    #[must_use]
    pub fn requires_client_certificate(&self) -> bool {
        let plan = TlsPlan::new(self);
        plan.requests_client_certificate()
            && plan.validation.is_some_and(|validation| validation.rejects_absent_certificate())
    }

    /// Whether the gateway rejects a client whose certificate fails verification. If not, it accepts
    /// any certificate whose key the client has.
    #[must_use]
    pub fn verifies_client_certificate(&self) -> bool {
        self.requests_client_certificate() && self.insecure_skip_verify != Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [TlsMode; 6] = [
        TlsMode::Passthrough,
        TlsMode::Simple,
        TlsMode::Mutual,
        TlsMode::AutoPassthrough,
        TlsMode::IstioMutual,
        TlsMode::OptionalMutual,
    ];

    #[test]
    fn names_are_istio_s() {
        for mode in MODES {
            assert_eq!(mode.as_str().parse(), Ok(mode));
            assert_eq!(mode.to_string(), mode.as_str());
        }
        assert_eq!(format!("{:>8}", TlsMode::Simple), "  SIMPLE");
        let error = "Simple".parse::<TlsMode>().unwrap_err();
        assert_eq!(error.to_string(), r#"unknown value "Simple""#);
    }

    /// Requested, required and verified, as observed with Envoy.
    #[track_caller]
    fn asks(tls: &ServerTlsSettings, want: [bool; 3]) {
        let got = [
            tls.requests_client_certificate(),
            tls.requires_client_certificate(),
            tls.verifies_client_certificate(),
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn each_mode_asks_what_envoy_asks() {
        let settings = |mode: TlsMode, skip| ServerTlsSettings {
            mode: mode.into(),
            insecure_skip_verify: skip,
            ..Default::default()
        };
        for skip in [None, Some(false)] {
            asks(&settings(TlsMode::Passthrough, skip), [false; 3]);
            asks(&settings(TlsMode::AutoPassthrough, skip), [false; 3]);
            asks(&settings(TlsMode::Simple, skip), [false; 3]);
            asks(&settings(TlsMode::Mutual, skip), [true, true, true]);
            asks(&settings(TlsMode::IstioMutual, skip), [true, true, true]);
            asks(&settings(TlsMode::OptionalMutual, skip), [true, false, true]);
        }
        asks(&settings(TlsMode::Simple, Some(true)), [false; 3]);
        asks(&settings(TlsMode::Mutual, Some(true)), [true, true, false]);
        asks(&settings(TlsMode::OptionalMutual, Some(true)), [true, false, false]);
    }

    #[test]
    fn optional_with_names_or_pins_is_required_after_all() {
        let names = |tls| ServerTlsSettings { subject_alt_names: vec!["a".into()], ..tls };
        let pins = |tls| ServerTlsSettings { verify_certificate_spki: vec!["a".into()], ..tls };
        let files = || ServerTlsSettings {
            credential_name: String::new(),
            ..ServerTlsSettings::optional_mutual("")
        };
        asks(&names(ServerTlsSettings::optional_mutual("c")), [true, true, true]);
        asks(&pins(ServerTlsSettings::optional_mutual("c")), [true, true, true]);
        asks(&pins(files()), [true, false, true]);
        asks(&names(ServerTlsSettings::allow_insecure_fallback("c")), [true, false, false]);
    }
}
