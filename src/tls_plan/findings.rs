//! What of TLS settings has no effect, or makes Envoy reject the server: facts that the validation and the
//! translation report under one id.

use super::{CaSource, CertificateSource, EnvoyRejection, IgnoreReason, TlsField, TlsPlan};
use crate::{
    RuleId,
    client_certificate::{Rejection, check_hash, check_spki},
    curves::{self, CurveError},
    diagnostic::Quoted,
    rule::lint as rule,
};

/// A fact about a field.
pub(crate) struct TlsFinding {
    pub(crate) rule: RuleId,
    pub(crate) field: TlsField,
    /// The item of the field, and a field of that.
    pub(crate) item: Option<usize>,
    pub(crate) part: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) help: String,
    /// What Envoy rejects because of it.
    #[cfg_attr(
        not(feature = "envoy"),
        expect(dead_code, reason = "only the translation reports it")
    )]
    pub(crate) rejection: Option<EnvoyRejection>,
}

impl TlsFinding {
    fn new(rule: RuleId, field: TlsField, message: impl Into<String>, help: &str) -> Self {
        let (message, help) = (message.into(), help.to_owned());
        Self { rule, field, item: None, part: None, message, help, rejection: None }
    }
}

const LISTENER: &str = "Envoy rejects the listener of this port";
const SECRETS: &str = "Envoy rejects the server's secrets, so that no client can connect";

impl TlsPlan<'_> {
    /// The facts, by the numbers of the fields.
    pub(crate) fn findings(&self) -> Vec<TlsFinding> {
        let mut found = Vec::new();
        for field in self.set.iter() {
            match self.ignore_reason(field) {
                Some(reason) => found.extend(self.ignored(field, reason)),
                None => self.used(field, &mut found),
            }
        }
        found
    }

    /// A field without effect, unless the validation and the translation report it differently.
    pub(crate) fn ignored(&self, field: TlsField, reason: IgnoreReason) -> Option<TlsFinding> {
        use TlsField as F;
        const NOT_REQUESTED: &str =
            "has no effect: in this mode no client certificate is requested";
        let (rule, message, help) = match field {
            F::InsecureSkipVerify => (
                rule::SKIP_VERIFY_NO_EFFECT,
                NOT_REQUESTED,
                "remove it, or write mode: OPTIONAL_MUTUAL to request client certificates",
            ),
            F::HttpsRedirect
            | F::Mode
            | F::ServerCertificate
            | F::PrivateKey
            | F::CredentialName
            | F::CredentialNames
            | F::TlsCertificates => return None,
            F::CaCertificates | F::CaCrl if reason == IgnoreReason::Passthrough => return None,
            // As for certificates, the webhook rejects it.
            F::CaCertificates if reason == IgnoreReason::ProxyCa => return None,
            F::CaCertificates if reason == IgnoreReason::NoCertificateRequested => {
                (rule::CA_IGNORED, NOT_REQUESTED, "write mode: MUTUAL, or remove it")
            }
            F::CaCertificates => (
                rule::CA_IGNORED,
                "has no effect: with a credential, the CA is that of the Secret",
                "add the CA to the Secret as ca.crt, and remove this",
            ),
            _ if reason == IgnoreReason::Passthrough => (
                rule::PASSTHROUGH_SETTINGS,
                "has no effect: in this mode, the gateway does not terminate TLS",
                "write mode: SIMPLE to terminate TLS here, or remove it",
            ),
            F::CaCrl if reason == IgnoreReason::SecretCrl => (
                rule::CRL_IGNORED,
                "has no effect: with a credential, the CRL is the Secret's ca.crl",
                "add the CRL to the Secret as ca.crl, and remove this",
            ),
            F::CaCrl => (rule::CRL_IGNORED, NOT_REQUESTED, "remove it"),
            F::CaCertCredentialName => (
                rule::CA_CREDENTIAL_IGNORED,
                "has no effect: it applies only in MUTUAL and OPTIONAL_MUTUAL, and only with \
                 credentialName or credentialNames",
                "write caCertificates for a file, or remove it",
            ),
            F::SubjectAltNames => (
                rule::SAN_WITH_SIMPLE,
                "has no effect: SIMPLE requests no client certificate",
                "write mode: MUTUAL, or remove it",
            ),
            F::VerifyCertificateSpki | F::VerifyCertificateHash => (
                rule::PINS_IGNORED,
                "has no effect: pins apply only in MUTUAL and OPTIONAL_MUTUAL, and only with \
                 credentialName or credentialNames",
                "remove it",
            ),
            F::MinProtocolVersion
            | F::MaxProtocolVersion
            | F::CipherSuites
            | F::EcdhCurves
            | F::AlpnProtocols => return None,
        };
        Some(TlsFinding::new(rule, field, message, help))
    }

    /// Values of a field that has an effect.
    fn used(&self, field: TlsField, found: &mut Vec<TlsFinding>) {
        let validation = self.validation.as_ref();
        match field {
            TlsField::SubjectAltNames if validation.is_some_and(|of| of.ca == CaSource::Absent) => {
                let message = format!(
                    "{LISTENER}: SIMPLE requests no client certificate, and no CA verifies the names"
                );
                let help = "write mode: MUTUAL, or remove it";
                let rejection = Some(EnvoyRejection::Listener);
                let names = TlsFinding::new(rule::SAN_WITH_SIMPLE, field, message, help);
                found.push(TlsFinding { rejection, ..names });
            }
            TlsField::VerifyCertificateSpki => {
                let pins = validation.map_or([].as_slice(), |of| of.verify_certificate_spki);
                let want = "a pin is a base64 encoded SHA-256 of 44 characters";
                found.extend(bad_pins(rule::SPKI_FORMAT, field, pins, check_spki, want));
            }
            TlsField::VerifyCertificateHash => {
                let pins = validation.map_or([].as_slice(), |of| of.verify_certificate_hash);
                let want =
                    "a hash is a SHA-256 of 64 hexadecimal digits, optionally with 31 colons";
                found.extend(bad_pins(rule::HASH_FORMAT, field, pins, check_hash, want));
            }
            TlsField::EcdhCurves => {
                let names = self.parameters.map_or([].as_slice(), |of| of.ecdh_curves);
                found.extend(curves::errors(names).map(|(index, error)| bad_curve(index, error)));
            }
            TlsField::TlsCertificates => {
                let CertificateSource::FilePairs(pairs) = self.certificates else { return };
                let with_ca = pairs.iter().enumerate();
                let with_ca = with_ca.filter(|(_, pair)| !pair.ca_certificates.is_empty());
                found.extend(with_ca.map(|(index, _)| TlsFinding {
                    item: Some(index),
                    part: Some("caCertificates"),
                    ..TlsFinding::new(
                        rule::CERTIFICATE_CA_IGNORED,
                        field,
                        "has no effect: clients are verified with tls.caCertificates",
                        "move it to tls.caCertificates",
                    )
                }));
            }
            _ => {}
        }
    }
}

fn bad_pins(
    rule: RuleId,
    field: TlsField,
    pins: &[String],
    check: fn(&str) -> Result<(), Rejection>,
    want: &str,
) -> impl Iterator<Item = TlsFinding> {
    let bad = pins.iter().enumerate().filter_map(move |(i, pin)| Some((i, check(pin).err()?)));
    bad.map(move |(index, rejection)| {
        let (what, rejection) = match rejection.rejects_listener() {
            true => (LISTENER, EnvoyRejection::Listener),
            false => (SECRETS, EnvoyRejection::Secrets),
        };
        let help = "compute it again from the certificate";
        TlsFinding {
            item: Some(index),
            rejection: Some(rejection),
            ..TlsFinding::new(rule, field, format!("{what}: {want}"), help)
        }
    })
}

fn bad_curve(index: usize, error: CurveError<'_>) -> TlsFinding {
    let (message, help) = match error {
        CurveError::Unknown(name) => (
            format!("{SECRETS}: {} is not a curve that it knows", Quoted(name)),
            curves::suggestion(name).map_or_else(
                || "write names such as X25519, P-256 or X25519MLKEM768".to_owned(),
                |known| format!("write {known}"),
            ),
        ),
        CurveError::Duplicate(name) => (
            format!("{SECRETS}: {} is in the list twice", Quoted(name)),
            "keep one of them".to_owned(),
        ),
    };
    TlsFinding {
        item: Some(index),
        rejection: Some(EnvoyRejection::Secrets),
        ..TlsFinding::new(rule::CURVE_NAME, TlsField::EcdhCurves, message, &help)
    }
}
