//! TLS settings that do not have the effect that they seem to have.

use crate::{
    ServerTlsSettings, TlsMode, TlsProtocol,
    client_certificate::{Rejection, check_hash, check_spki},
    rule,
    tls_plan::{CaSource, CredentialName, CredentialScheme, TlsField, TlsPlan},
    validate::{
        Options,
        ciphers::{Foreign, foreign},
        findings::{Findings, Location},
        versions::CREDENTIAL_NAMES_MUTUAL,
    },
};

/// Settings on a plain HTTP port, where only the redirect has an effect.
pub(super) fn check_on_http(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    for field in [TlsField::CredentialName, TlsField::CredentialNames] {
        if plan.is_set(field) && !plan.terminates_tls() {
            let message = "this port is plain HTTP, so the certificate is not used";
            let help =
                "set the port's protocol to HTTPS and mode to SIMPLE, or remove it".to_owned();
            let place = place.field(field.as_str());
            findings.warning(rule::lint::CREDENTIAL_ON_HTTP, &place, message, help);
        }
    }
}

pub(super) fn check(
    tls: &ServerTlsSettings,
    plan: &TlsPlan<'_>,
    place: &Location<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    check_skip_verify(plan, place, findings);
    if !plan.terminates_tls() {
        return check_passthrough(plan, place, findings);
    }
    check_versions(tls, place, findings);
    check_ciphers(tls, place, findings);
    check_pins(tls, place, findings);
    check_names(plan, place, findings);
    check_ignored(plan, place, findings);
    check_files(tls, plan, place, options, findings);
}

/// Fields that have no effect in a passthrough mode, by who reports them.
enum Idle {
    /// The webhook warns about certificates.
    Certificate,
    Setting,
    /// Reported in every mode, or has an effect.
    Not,
}

fn idle_in_passthrough(field: TlsField) -> Idle {
    match field {
        TlsField::ServerCertificate
        | TlsField::PrivateKey
        | TlsField::CaCertificates
        | TlsField::CaCrl
        | TlsField::CredentialName
        | TlsField::CredentialNames
        | TlsField::TlsCertificates => Idle::Certificate,
        TlsField::MinProtocolVersion
        | TlsField::MaxProtocolVersion
        | TlsField::CipherSuites
        | TlsField::EcdhCurves
        | TlsField::AlpnProtocols
        | TlsField::SubjectAltNames
        | TlsField::VerifyCertificateSpki
        | TlsField::VerifyCertificateHash
        | TlsField::CaCertCredentialName => Idle::Setting,
        TlsField::HttpsRedirect | TlsField::Mode | TlsField::InsecureSkipVerify => Idle::Not,
    }
}

fn check_passthrough(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    let idle = |wanted: fn(Idle) -> bool| {
        let fields = plan.set.iter().filter(move |field| wanted(idle_in_passthrough(*field)));
        fields.map(TlsField::as_str)
    };
    if place.field("mode").is_set() {
        for field in idle(|idle| matches!(idle, Idle::Setting)) {
            let message = "has no effect: in this mode, the gateway does not terminate TLS";
            let help = "write mode: SIMPLE to terminate TLS here, or remove it".to_owned();
            findings.warning(rule::lint::PASSTHROUGH_SETTINGS, &place.field(field), message, help);
        }
        return;
    }
    let idle: Vec<_> = idle(|idle| !matches!(idle, Idle::Not)).collect();
    if idle.is_empty() {
        let message = "tls without a mode means PASSTHROUGH: the backend terminates TLS";
        let help = "write mode: PASSTHROUGH if that is meant, else a mode and a credentialName";
        findings.warning(rule::lint::EMPTY_TLS, place, message, help.to_owned());
    } else {
        let message = format!(
            "tls without a mode means PASSTHROUGH: {} {} no effect",
            idle.join(", "),
            if idle.len() == 1 { "has" } else { "have" }
        );
        let help = "add mode: SIMPLE to terminate TLS here".to_owned();
        findings.warning(rule::lint::MODE_ABSENT, place, message, help);
    }
}

fn check_skip_verify(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    if !plan.is_set(TlsField::InsecureSkipVerify) {
        return;
    }
    let place = place.field("insecureSkipVerify");
    let waived = [
        TlsField::SubjectAltNames,
        TlsField::VerifyCertificateSpki,
        TlsField::VerifyCertificateHash,
        TlsField::CaCrl,
    ];
    let waived = waived.into_iter().filter(|field| plan.is_set(*field));
    let waived: Vec<_> = waived.map(TlsField::as_str).collect();
    let waived = match waived.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} is not enforced either"),
        many => format!("; {} are not enforced either", many.join(", ")),
    };
    let (rule, message, help) = match plan.mode {
        Ok(TlsMode::Mutual) => (
            rule::lint::SKIP_VERIFY_MUTUAL,
            "a client certificate is required but not verified: self-signed, expired or of an unknown CA",
            "remove it, or write mode: OPTIONAL_MUTUAL if the backend verifies certificates",
        ),
        Ok(TlsMode::OptionalMutual) => (
            rule::lint::SKIP_VERIFY_OPTIONAL,
            "unverified certificates are accepted, and neither the backend nor RBAC by principal can \
             distinguish them from verified ones",
            "remove it, unless the backend verifies every certificate itself",
        ),
        Ok(TlsMode::IstioMutual) => (
            rule::lint::SKIP_VERIFY_ISTIO_MUTUAL,
            "certificates are not verified: any client can claim any identity of the mesh",
            "remove it",
        ),
        Ok(TlsMode::Passthrough | TlsMode::AutoPassthrough | TlsMode::Simple) | Err(_) => {
            let message = "has no effect: in this mode no client certificate is requested";
            let help = "remove it, or write mode: OPTIONAL_MUTUAL to request client certificates";
            let rule = rule::lint::SKIP_VERIFY_NO_EFFECT;
            return findings.warning(rule, &place, message, help.to_owned());
        }
    };
    findings.warning(rule, &place, format!("{message}{waived}"), help.to_owned());
}

fn check_versions(tls: &ServerTlsSettings, place: &Location<'_, '_>, findings: &mut Findings) {
    let (min, max) = (tls.min_protocol_version, tls.max_protocol_version);
    let tls12 = i32::from(TlsProtocol::Tlsv12);
    if (1..tls12).contains(&min) {
        let message = "TLS 1.0 and 1.1 are deprecated (RFC 8996)";
        let help = "write TLSV1_2".to_owned();
        findings.warning(rule::lint::OLD_TLS, &place.field("minProtocolVersion"), message, help);
    }
    let lowest = if min == 0 { tls12 } else { min };
    if max > 0 && lowest > max {
        let message = if min == 0 {
            "minProtocolVersion exceeds maxProtocolVersion: it defaults to TLSV1_2"
        } else {
            "minProtocolVersion exceeds maxProtocolVersion"
        };
        let help = "remove it".to_owned();
        findings.warning(
            rule::lint::VERSION_ORDER,
            &place.field("maxProtocolVersion"),
            message,
            help,
        );
    }
}

fn check_ciphers(tls: &ServerTlsSettings, place: &Location<'_, '_>, findings: &mut Findings) {
    let suites = place.field("cipherSuites");
    let mut nodes = suites.items();
    for (index, suite) in tls.cipher_suites.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| suites.item(index, None));
        match foreign(suite) {
            Some(Foreign::Named(name)) => {
                let message = "not a cipher suite name that Istio and Envoy know: ignored";
                findings.warning(rule::lint::CIPHER_NAME, &place, message, format!("write {name}"));
            }
            Some(Foreign::Tls13) => {
                let message = "cipher suites of TLS 1.3 cannot be configured: all are enabled, and \
                               this entry is ignored";
                findings.warning(rule::lint::TLS13_CIPHER, &place, message, "remove it".to_owned());
            }
            None => {}
        }
    }
}

fn check_pins(tls: &ServerTlsSettings, place: &Location<'_, '_>, findings: &mut Findings) {
    let (spki, hash) = (place.field("verifyCertificateSpki"), place.field("verifyCertificateHash"));
    let mut check = |field: &Location<'_, '_>,
                     pins: &[String],
                     check: fn(&str) -> Result<(), Rejection>,
                     rule,
                     want: &str| {
        let mut nodes = field.items();
        for (index, pin) in pins.iter().enumerate() {
            let place = nodes.next().unwrap_or_else(|| field.item(index, None));
            if let Err(rejection) = check(pin) {
                let what = if rejection.rejects_listener() {
                    "Envoy rejects the listener of this port"
                } else {
                    "Envoy rejects the server's secrets, so that no client can connect"
                };
                let message = format!("{what}: {want}");
                let help = "compute it again from the certificate".to_owned();
                findings.warning(rule, &place, message, help);
            }
        }
    };
    let want = "a pin is a base64 encoded SHA-256 of 44 characters";
    check(&spki, &tls.verify_certificate_spki, check_spki, rule::lint::SPKI_FORMAT, want);
    let want = "a hash is a SHA-256 of 64 hexadecimal digits, optionally with 31 colons";
    check(&hash, &tls.verify_certificate_hash, check_hash, rule::lint::HASH_FORMAT, want);
}

fn check_names(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    if plan.mode == Ok(TlsMode::Simple) && plan.is_set(TlsField::SubjectAltNames) {
        let message = if plan.validation.as_ref().is_some_and(|of| of.ca == CaSource::Absent) {
            "Envoy rejects this configuration: SIMPLE requests no client certificate, and no CA \
             verifies the names"
        } else {
            "has no effect: SIMPLE requests no client certificate"
        };
        let help = "write mode: MUTUAL, or remove it".to_owned();
        let names = place.field("subjectAltNames");
        findings.warning(rule::lint::SAN_WITH_SIMPLE, &names, message, help);
    }
    if plan.mode == Ok(TlsMode::OptionalMutual) && !plan.is_set(TlsField::InsecureSkipVerify) {
        let identity = [
            TlsField::SubjectAltNames,
            TlsField::VerifyCertificateSpki,
            TlsField::VerifyCertificateHash,
        ];
        let has_effect =
            |field: &TlsField| plan.is_set(*field) && plan.ignore_reason(*field).is_none();
        for field in identity.into_iter().filter(has_effect) {
            let message = "clients without a certificate are rejected, as with MUTUAL";
            let help = "write mode: MUTUAL, or remove it and let an AuthorizationPolicy decide";
            let place = place.field(field.as_str());
            findings.warning(
                rule::lint::OPTIONAL_MUTUAL_IDENTITY,
                &place,
                message,
                help.to_owned(),
            );
        }
    }
}

/// Fields for client certificates that have no effect.
fn check_ignored(plan: &TlsPlan<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    for (field, _) in plan.ignored_fields() {
        let (rule, message, help) = match field {
            TlsField::VerifyCertificateSpki | TlsField::VerifyCertificateHash => (
                rule::lint::PINS_IGNORED,
                "has no effect: pins apply only in MUTUAL and OPTIONAL_MUTUAL, and only with \
                 credentialName or credentialNames",
                "remove it",
            ),
            TlsField::CaCrl if plan.uses_credentials() => (
                rule::lint::CRL_IGNORED,
                "has no effect: with a credential, the CRL is the Secret's ca.crl",
                "add the CRL to the Secret as ca.crl, and remove this",
            ),
            TlsField::CaCertCredentialName => (
                rule::lint::CA_CREDENTIAL_IGNORED,
                "has no effect: it applies only in MUTUAL and OPTIONAL_MUTUAL, and only with \
                 credentialName or credentialNames",
                "write caCertificates for a file, or remove it",
            ),
            // The webhook or another rule reports these.
            TlsField::HttpsRedirect
            | TlsField::Mode
            | TlsField::ServerCertificate
            | TlsField::PrivateKey
            | TlsField::CaCertificates
            | TlsField::CaCrl
            | TlsField::CredentialName
            | TlsField::CredentialNames
            | TlsField::TlsCertificates
            | TlsField::SubjectAltNames
            | TlsField::MinProtocolVersion
            | TlsField::MaxProtocolVersion
            | TlsField::CipherSuites
            | TlsField::InsecureSkipVerify
            | TlsField::EcdhCurves
            | TlsField::AlpnProtocols => continue,
        };
        let place = place.field(field.as_str());
        findings.warning(rule, &place, message, help.to_owned());
    }
}

fn check_files(
    tls: &ServerTlsSettings,
    plan: &TlsPlan<'_>,
    place: &Location<'_, '_>,
    options: &Options,
    findings: &mut Findings,
) {
    if plan.validation.as_ref().is_some_and(|of| of.crl.is_some()) {
        let message = "this file needs a current CRL of every issuer in a client's chain, otherwise all \
                       certificates of that chain are rejected";
        let help = "check that the file has a CRL of every CA, including intermediates".to_owned();
        findings.note(rule::lint::CRL_COVERAGE, &place.field("caCrl"), message, help);
    }
    if let Some(CaSource::Credential(name)) = plan.validation.as_ref().map(|of| &of.ca) {
        check_ca_suffix(name, place, findings);
    }
    let is_mutual = matches!(plan.mode, Ok(TlsMode::Mutual | TlsMode::OptionalMutual));
    if is_mutual && plan.is_set(TlsField::CredentialNames) {
        let names = place.field("credentialNames");
        let message = format!(
            "istiod accepts credentialNames in this mode only since Istio {CREDENTIAL_NAMES_MUTUAL}"
        );
        let help = "write credentialName for one certificate".to_owned();
        if options.istio < CREDENTIAL_NAMES_MUTUAL {
            findings.warning(rule::lint::CREDENTIAL_NAMES_MUTUAL, &names, message, help);
        } else {
            findings.note(rule::lint::CREDENTIAL_NAMES_MUTUAL, &names, message, help);
        }
    }
    let certificates = place.field("tlsCertificates");
    let mut nodes = certificates.items();
    for (index, certificate) in tls.tls_certificates.iter().enumerate() {
        let place = nodes.next().unwrap_or_else(|| certificates.item(index, None));
        if !certificate.ca_certificates.is_empty() {
            let message = "has no effect: clients are verified with tls.caCertificates";
            let help = "move it to tls.caCertificates".to_owned();
            findings.warning(
                rule::lint::CERTIFICATE_CA_IGNORED,
                &place.field("caCertificates"),
                message,
                help,
            );
        }
    }
}

fn check_ca_suffix(name: &CredentialName<'_>, place: &Location<'_, '_>, findings: &mut Findings) {
    use CredentialScheme as Scheme;
    let is_elsewhere = match name.scheme() {
        None | Some(Scheme::Kubernetes | Scheme::KubernetesGateway) => false,
        Some(Scheme::ConfigMap | Scheme::Sds | Scheme::Builtin | Scheme::Invalid) => true,
    };
    if is_elsewhere || name.as_str().ends_with(CredentialName::CA_SUFFIX) {
        return;
    }
    let message = "istiod returns a CA only for names that end in \"-cacert\": every client \
                   is rejected";
    let help = format!(
        "write {:?}: istiod uses the Secret without the suffix if there is none with it",
        CredentialName::ca_of(name.as_str()).as_str()
    );
    let place = place.field("caCertCredentialName");
    findings.warning(rule::lint::CA_CREDENTIAL_SUFFIX, &place, message, help);
}
